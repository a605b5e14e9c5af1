"""Which series a backtest can't score, and why: nothing is left out without a word."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .rolling_origin import NAIVE, can_learn

MOST_NAMED = 3  # series in a remark; the result holds all


def judged_origins(panel, n_known, first_seen, horizon, contender, n_per_fit):
    """Tell which series are forecast from which origins.

    Parameters
    ----------
    panel : Panel

    n_known : ndarray of int, shape (n_series, n_windows)

    first_seen : ndarray of int, shape (n_series,)

    horizon : int

    contender : Contender

    n_per_fit : int
        Origins of one fit: a series that is too short at the first is not forecast from the others.

    Returns
    -------
    can_be_learned, has_truth : ndarray of bool, shape (n_series, n_windows)
        It is forecast where both hold.

    n_learned : ndarray of int, shape (n_series,)
        Rows that the last fit knew of each.
    """
    fits = np.arange(n_known.shape[1]) // n_per_fit * n_per_fit
    can_be_learned = can_learn(first_seen[:, np.newaxis], n_known[:, fits], contender.n_needed)
    has_truth = n_known <= (panel.lengths - horizon)[:, np.newaxis]
    return can_be_learned, has_truth, n_known[:, fits[-1]]


def why_left_out(panel, first_seen, judged, n_needed, predictions):
    """Say of each series of which no value is scored, why.

    Parameters
    ----------
    panel, first_seen : as for :func:`judged_origins`

    judged : tuple
        What that returned.

    n_needed : int

    predictions : DataFrame
        As :func:`.rolling_origin.side_by_side` returns it.

    Returns
    -------
    reasons : dict of str
        By the name of each series and column, as in the predictions.
    """
    can_be_learned, has_truth, n_learned = judged
    known, scored = known_and_scored(predictions)
    n_columns = panel.y_all.shape[1]
    reasons = {}
    for i, name in enumerate(panel.names):
        if name in scored:
            continue
        number = i // n_columns
        if first_seen[number] == panel.lengths[number]:
            reasons[name] = "it holds no value"
        elif not can_be_learned[number].any():
            reasons[name] = (
                f"of its {panel.lengths[number]} rows {n_learned[number]} come before the last "
                f"fit, which needs {n_needed}"
            )
        elif not (can_be_learned & has_truth)[number].any():
            series = panel.series[number]
            reasons[name] = (
                f"it ends at {series.timestamp(len(series) - 1)}, before a forecast from any of "
                "the origins does"
            )
        elif name in known:
            reasons[name] = "none of its forecasts has the values before it that it needs"
        else:
            reasons[name] = "none of its values that are forecast is known"
    return reasons


def known_and_scored(predictions):
    """Return the names of the series that have a truth, and of those that have a score."""
    has_truth = np.isfinite(predictions["y"].to_numpy())
    forecasts = predictions[["y_pred", *NAIVE]].to_numpy()
    is_scored = has_truth & np.isfinite(forecasts).all(axis=1)
    names = predictions["series"].to_numpy(dtype=object)
    return tuple(set(pd.unique(names[chosen])) for chosen in (has_truth, is_scored))


def remark_on_left_out(reasons, n_series):
    """Return a sentence that names the series left out."""
    named = [f"{name!r} ({why})" for name, why in list(reasons.items())[:MOST_NAMED]]
    more = len(reasons) - len(named)
    return (
        f"Left out {len(reasons)} of {n_series} series: {', '.join(named)}"
        f"{f' and {more} more, see left_out' if more else ''}."
    )


def remarks_on_origins(panel, n_known, judged):
    """Return sentences on series that are judged at other moments than the rest, or less often."""
    can_be_learned, has_truth, _ = judged
    is_judged = can_be_learned & has_truth
    remarks = []
    n_partly = int((is_judged.any(axis=1) & ~is_judged.all(axis=1)).sum())
    if n_partly:
        remarks.append(
            f"{n_partly} of {len(panel)} series are judged from some of the {n_known.shape[1]} "
            "origins only: they begin or end too near to them."
        )
    numbers = np.flatnonzero(is_judged.any(axis=1))
    ends = panel.calendars.at((panel.calendars.begins + n_known[:, -1] - 1)[numbers], numbers)
    if len(ends) and ends.min() != ends.max():
        remarks.append(
            f"The series have their last origins between {ends.min()!s} and {ends.max()!s}, each "
            "counted from its own end; align='date' judges all at the same moments."
        )
    return remarks


def remark_on_unforecast(predictions):
    """Return sentences on values that are known, but have no forecast."""
    y, forecast = predictions["y"].to_numpy(), predictions["y_pred"].to_numpy()
    n_unforecast = int((np.isfinite(y) & ~np.isfinite(forecast)).sum())
    if not n_unforecast:
        return []
    n_known = int(np.isfinite(y).sum())
    return [f"{n_unforecast} of {n_known} values have no forecast, and are not scored."]
