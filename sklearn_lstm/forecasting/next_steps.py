"""What ``predict`` was asked, and what members forecast of it."""

from __future__ import annotations

from numbers import Integral

from .check_histories import check_histories, check_horizon, check_lengths
from .extend import future_covariates, read_other_panel
from .read_table import covariates_table, shortened
from .time_series import check_values


def forecast_next(core, fitted, horizon, X, y, *, calibrated=False):
    """Forecast what follows the fitted panel, or another.

    Parameters
    ----------
    core : PanelForecaster

    fitted : Panel
        What is known so far.

    horizon, X, y : as for :meth:`LSTMForecaster.predict`

    calibrated : bool, default=False
        Whether bounds are asked for.

    Returns
    -------
    panel : Panel
        The fitted one, or that of ``y``.

    forecasts : Forecasts
    """
    n_steps = _n_steps(core, horizon)
    if calibrated:
        core.check_reach(n_steps)
    panel, X = series_asked(core, fitted, X, y)
    futures = futures_of(core, panel, X, n_steps)
    forecasts = core.forecast_next(
        panel, futures, n_steps, is_other=y is not None, for_bounds=calibrated
    )
    check_histories(panel, forecasts.is_broken, core, is_other=y is not None)
    return panel, forecasts


def series_asked(core, fitted, X, y):
    """Return the panel to forecast, the fitted one or that of ``y``, and what is left of ``X``."""
    X = covariates_table(X)
    if y is None:
        return fitted, X
    panel, X = read_other_panel(fitted, y, X, fills_holes=core.missing != "error")
    check_values(panel, core.missing, core.log_, is_chosen=core.log == "auto")
    check_lengths(panel, core.n_history)
    return panel, X


def _n_steps(core, horizon):
    """Return the number of steps to forecast, or say what else was given."""
    n_steps = core.horizon if horizon is None else horizon
    if hasattr(n_steps, "__len__") and not isinstance(n_steps, str):
        raise TypeError(
            f"horizon={shortened(horizon)} is a {type(horizon).__name__}, but must be a number "
            "of steps. A search with scoring= predicts rows, which a forecaster can't: leave "
            "scoring=None, for LSTMForecaster.score."
        )
    if isinstance(n_steps, bool) or not isinstance(n_steps, Integral) or n_steps < 1:
        raise ValueError(f"horizon={horizon!r} must be a whole number of at least 1.")
    check_horizon(n_steps)
    return n_steps


def futures_of(core, panel, X, n_steps):
    """Return the future covariates of each series, None where none are known ahead."""
    names = panel.layout.covariates or []
    columns = [name for name, ahead in zip(names, core.is_ahead_, strict=True) if ahead]
    if columns and X is None:
        timestamps = panel.series[0].calendar.after(n_steps)
        span = "" if timestamps is None else f" from {timestamps[0]!s} to {timestamps[-1]!s}"
        raise ValueError(
            f"X is missing: fit was given covariates that are known ahead ({columns}), so "
            f"predict needs their values of the next {n_steps} steps{span}. Pass X, or name "
            "them in past_covariates."
        )
    if not columns and X is not None and not names:
        raise ValueError("X was given to predict, but not to fit. Give it to both or to none.")
    return future_covariates(panel, X, columns, n_steps) if columns else None
