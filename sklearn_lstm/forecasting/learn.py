"""What a forecaster learns from a panel, as a fit of which its callbacks are told."""

from __future__ import annotations

from .._callbacks import fit_task, with_callbacks
from .panel_forecaster import PanelForecaster


@with_callbacks
def learn(forecaster, panel, *, may_lack_windows=False):
    """Fit what a forecaster forecasts by; the forecaster itself is left as it is.

    Parameters
    ----------
    forecaster : LSTMForecaster

    panel : Panel

    may_lack_windows : bool, default=False
        As for :meth:`PanelForecaster.fit`.

    Returns
    -------
    core : PanelForecaster
    """
    core = PanelForecaster(**forecaster.get_params(deep=False))
    # Without the rows held back, then with these: what forecasts, and what predicts quantiles.
    n_rounds = 4 if core.interval_method == "cqr" else 2
    with fit_task(forecaster, max_subtasks=n_rounds):
        return core.fit(panel, may_lack_windows=may_lack_windows)
