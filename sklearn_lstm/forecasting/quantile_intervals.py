"""Intervals between quantiles that a network is trained for: its settings, its fit, its errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.base import clone

from .._callbacks import subtasks
from .._regressor import LSTMRegressor
from .calibration import hold_back
from .member import ForecastMember

# Around the shares that are asked for most, 90, 80 and 50 %, and the median. Of what lies further
# out a network sees less than one value in twenty: there the correction is the better guide.
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
# No other members average the errors of a single network out: three had an MSIS lower by 6 % on
# ETTh1, and by 1 % on Melbourne's temperatures.
N_NETWORKS = 3


def quantile_settings(settings, regressor, n_ahead, horizon):
    """Return the settings of the member that predicts quantiles.

    Parameters
    ----------
    settings : list of MemberSettings
        Of the members that forecast.

    regressor : estimator or None
        What the forecaster was given; None: nothing, and the first LSTM serves.

    n_ahead, horizon : int
        Steps that a regressor predicts at once, and that are forecast.

    Returns
    -------
    settings : MemberSettings
        Those of an LSTM among the members, but for the loss; where nothing was given, with several
        networks.

    Raises
    ------
    ValueError
        If there is none, or if it would have to be fed quantiles.
    """
    lstm = next((one for one in settings if isinstance(one.regressor, LSTMRegressor)), None)
    if lstm is None:
        raise ValueError(
            f"interval_method='cqr' trains an LSTM for quantiles, but regressor={regressor!r} is "
            "no LSTMRegressor. Give it one by itself, without a pipeline or search around it, or "
            "set interval_method='conformal', which takes any regressor."
        )
    if n_ahead < horizon:
        raise ValueError(
            f"interval_method='cqr' predicts the quantiles of all steps at once, but "
            f"strategy='recursive' with horizon={horizon} would have to feed them back. Set "
            "strategy='direct', or interval_method='conformal'."
        )
    of_quantiles = clone(lstm.regressor).set_params(loss="quantile", quantile=LEVELS)
    if regressor is None:
        of_quantiles.set_params(ensemble_size=N_NETWORKS)
    return replace(lstm, name="quantiles", regressor=of_quantiles, levels=LEVELS)


def fit_quantiles(
    panel, settings, task, horizon, fraction, seed, *, is_folded, may_lack_windows=False
):
    """Measure the errors of predicted quantiles on what is held back, then learn from everything.

    Parameters
    ----------
    panel : Panel

    settings : MemberSettings
        As :func:`quantile_settings` returns them.

    task, horizon, fraction, seed, is_folded : as for :func:`.calibration.hold_back`

    may_lack_windows : bool, default=False
        As for :meth:`.member.ForecastMember.fit`.

    Returns
    -------
    member : ForecastMember or None
        None where no error could be measured: it would be of no use.

    held_back : HeldBack or None
        With the errors.
    """
    held_back = hold_back(panel, [settings], task, horizon, fraction, seed, is_folded=is_folded)
    if held_back is None or not np.isfinite(held_back.errors()).any():
        return None, None
    with subtasks("training", 1):
        member = ForecastMember(settings, task).fit(panel, seed, may_lack_windows=may_lack_windows)
    member.measure_on(held_back.error_scales[0])
    return member, held_back
