"""How far off forecasts of rows that were held back have been, beside the naive ones."""

from __future__ import annotations

import numpy as np

from .baselines import persistence, seasonal_naive
from .member import Forecasts
from .normalize import unlogged
from .weights import mixed

MOST_VALUES_MEASURED = 2**20  # by which a mean is known well, and in milliseconds
SMALLEST_SKILL = 0.02  # below it a forecast is called as good as a naive one
NAMES = {"persistence": "the last value", "seasonal naive": "the last season"}


def held_out_errors(core, panel, held_back, weights):
    """Return mean absolute errors on a calibration part, in units of the series.

    Nothing is trained for it, and none of these rows was learned from by what forecasts them; but
    what is chosen by the look of the series was chosen from all rows.

    Parameters
    ----------
    core : PanelForecaster

    panel : Panel
        What is fitted, logarithms where these are forecast.

    held_back : HeldBack

    weights : ndarray of shape (n_members or 1, n_origins)
        Of the members at each origin, found on the errors at others.

    Returns
    -------
    errors : dict or None
        ``n_forecasts``, and the errors of ``forecast``, ``persistence`` and, if there is a season,
        ``seasonal naive``, all on the same rows, those for which all are known. None if there are
        none.
    """
    every = slice(None, None, 1 + held_back.truth.size // MOST_VALUES_MEASURED)
    series_ids, n_known = held_back.series_ids[every], held_back.n_known[every]
    truth = unlogged(held_back.truth[every], core.log_)
    mean = mixed(held_back.values[:, every], weights[:, every])
    forecasts = {"forecast": core.values(Forecasts(mean, held_back.scale[0, every], series_ids))}
    # Beside missing values there are no naive forecasts: to fill them would copy all rows.
    origins = panel.y, panel.offsets[series_ids], n_known, truth.shape[1]
    forecasts["persistence"] = unlogged(persistence(*origins), core.log_)
    if (core.season_length_ or 1) > 1:
        forecasts["seasonal naive"] = unlogged(
            seasonal_naive(*origins, core.season_length_), core.log_
        )
    known = np.all([np.isfinite(values) for values in (truth, *forecasts.values())], axis=0)
    if not known.any():
        return None
    errors = {
        name: float(np.abs(truth - values)[known].mean()) for name, values in forecasts.items()
    }
    return {"n_forecasts": int(known.any(axis=(1, 2)).sum()), **errors}


def told_of_held_out(core):
    """Say in a sentence how good forecasts have been, beside the better of the naive ones.

    Parameters
    ----------
    core : PanelForecaster

    Returns
    -------
    sentence : str
    """
    if core.held_out_ is None:
        return (
            "No forecast was compared with rows held back, so how good they have been is not "
            "known: backtest."
        )
    errors = dict(core.held_out_)
    n_forecasts, error = errors.pop("n_forecasts"), errors.pop("forecast")
    name, naive = min(errors.items(), key=lambda item: item[1])
    steps = "a step" if core.horizon == 1 else f"{core.horizon} steps"
    counted = "one forecast" if n_forecasts == 1 else f"{n_forecasts} forecasts"
    return (
        f"On rows held back: mean absolute error {error:.4g} over {counted} of {steps}, "
        f"{_compared(error, naive)} repeating {NAMES[name]} ({naive:.4g})."
    )


def _compared(error, naive):
    if naive == 0:
        return "as good as" if error == 0 else "worse than"
    skill = 1 - error / naive
    if abs(skill) < SMALLEST_SKILL:
        return "about as good as"
    return f"{skill:.0%} less than" if skill > 0 else f"{-skill:.0%} more than"
