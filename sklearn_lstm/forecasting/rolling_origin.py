"""Origins in the past, what is known at them, and forecasts beside truth and baselines."""

from __future__ import annotations

from numbers import Integral

import numpy as np
import pandas as pd

from ..windows.time_index import joined_ranges
from .baselines import (
    infer_season_length,
    last_values,
    persistence,
    seasonal_errors,
    seasonal_naive,
)
from .defaults import looked_at

NAIVE = ["persistence", "seasonal naive"]
SHARE_BACKTESTED = 0.2  # of the rows, where only a stride is given


def whole_number(value, name, default):
    """Return a whole number of at least 1, the default for None, or refuse what is none."""
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name}={value!r} must be a whole number of at least 1.")
    return int(value)


def lay_out_origins(panel, first_seen, horizon, n_windows, stride, n_needed, align="end"):
    """Lay origins out over the last rows.

    Parameters
    ----------
    panel : Panel

    first_seen : ndarray of int, shape (n_series,)

    horizon, stride, n_needed : int

    n_windows : int or None
        None: as many as the last fifth of the rows has room for.

    align : {"end", "date"}, default="end"
        Whether origins are counted from the end of each series, or are the same moments for all.

    Returns
    -------
    n_known : ndarray of int, shape (n_series, n_windows)
        How many rows of each series are known at each origin; of one that ends or begins between
        the moments of all, as many as it has by then.
    """
    times = panel.calendars.distinct_times()[0] if align == "date" else None
    n_rows = int(panel.lengths.max()) if times is None else len(times)
    if n_windows is None:
        n_windows = max(1, 1 + (int(SHARE_BACKTESTED * n_rows) - horizon) // stride)
    room = (n_rows - horizon - n_needed) // stride + 1
    if n_windows > room:
        raise ValueError(
            f"n_windows={n_windows} of {horizon} steps, {stride} apart, leave too little of "
            f"{n_rows} rows before the first: the forecaster needs {n_needed}. "
            + (f"Lower n_windows to {room} or less." if room > 0 else "Give more rows.")
        )
    # A stride beyond the rows lays out one origin, but need not be a number that NumPy holds.
    back = horizon + min(stride, n_rows) * np.arange(n_windows)[::-1]
    if times is None:
        n_known = np.maximum(panel.lengths[:, np.newaxis] - back, 0)
    else:
        n_known = panel.calendars.n_known(times[n_rows - back - 1])
    if not can_learn(first_seen, n_known[:, 0], n_needed).any():
        raise ValueError(
            f"No series has the {n_needed} rows that the forecaster needs before the "
            f"first of n_windows={n_windows} origins. Lower n_windows."
        )
    return n_known


def season_before(season_length, before, horizon):
    known = before.keep(first_seen_rows(before) < before.lengths)
    season_length = whole_number(season_length, "season_length", None)
    if season_length is None:
        return infer_season_length(looked_at(known), before.freq, horizon=horizon)
    longest = known.lengths.max()
    if season_length > longest:
        raise ValueError(
            f"season_length={season_length} is longer than the {longest} rows before the first "
            "origin. Lower it, or n_windows."
        )
    return season_length


def needed_rows(panel, first_seen, n_known, horizon, contender):
    """Return the series and rows that a job needs for its origins.

    Returns
    -------
    panel : Panel
        The series that can be forecast from the first origin, until the last step needed.

    n_known : ndarray of shape (n_series, n_origins)
        How many of their rows are known at each origin.
    """
    is_long_enough = can_learn(first_seen, n_known[:, 0], contender.n_needed)
    n_known = n_known[is_long_enough]
    needed = panel.keep(is_long_enough)
    return needed.until(n_known[:, -1] + contender.n_reach(horizon)), n_known


def side_by_side(panel, numbers, known, horizon, season_length, found):
    """Put forecasts, truth and baselines side by side.

    Parameters
    ----------
    panel : Panel

    numbers, known : ndarray of int, shape (n_origins,)
        Number of the series, in order, and how many of its rows are known.

    horizon, season_length : int

    found : dict
        Names of columns, and for each an array of shape (n_origins, horizon, n_columns).

    Returns
    -------
    predictions : DataFrame
        A row for each series and column, origin and step.
    """
    begins = panel.offsets[numbers]
    rows = begins[:, np.newaxis] + known[:, np.newaxis] + np.arange(horizon)
    filled = last_values(panel.y, panel.offsets)
    values = {
        "y": panel.y[np.minimum(rows, len(panel.y) - 1)],  # a table may leave out last steps
        **found,
        NAIVE[0]: persistence(filled, begins, known, horizon),
        NAIVE[1]: seasonal_naive(filled, begins, known, horizon, season_length),
    }
    # From origins of series to those of each of their columns.
    n_columns, counts = panel.y.shape[1], np.bincount(numbers, minlength=len(panel))
    of_series = np.repeat(np.arange(len(panel)), n_columns)
    of_origins = joined_ranges((np.cumsum(counts) - counts)[of_series], counts[of_series])
    columns = np.repeat(np.tile(np.arange(n_columns), len(panel)), counts[of_series])
    numbers, known = numbers[of_origins], known[of_origins]
    places = (panel.calendars.begins[numbers] + known)[:, np.newaxis] + np.arange(-1, horizon)
    names = np.fromiter(panel.names, dtype=object).repeat(counts[of_series] * horizon)
    table = {
        "series": pd.Series(names, dtype=object),
        "origin": panel.calendars.at(places[:, 0], numbers).repeat(horizon),
        "step": np.tile(np.arange(1, horizon + 1), len(known)),
        "timestamp": panel.calendars.at(places[:, 1:].ravel(), numbers.repeat(horizon)),
    }
    for name, of_all in values.items():
        table[name] = of_all[of_origins, :, columns].ravel()
    return pd.DataFrame(table)


def first_seen_rows(panel):
    """Return the row of each series from which on all its columns have had a value, (n_series,).

    The number of its rows where one never has.
    """
    known = np.isfinite(panel.y)
    if known.all():
        return np.zeros(len(panel), dtype=np.intp)
    rows = np.arange(len(known)) - np.repeat(panel.offsets[:-1], panel.lengths)
    ends = np.repeat(panel.lengths, panel.lengths)
    firsts = np.where(known, rows[:, np.newaxis], ends[:, np.newaxis])
    first_seen = np.zeros((len(panel), known.shape[1]), dtype=np.intp)
    has_rows = panel.lengths > 0
    starts = panel.offsets[:-1][has_rows]
    first_seen[has_rows] = np.minimum.reduceat(firsts, starts, axis=0)
    return first_seen.max(axis=1)


def can_learn(first_seen, n_known, n_needed):
    """Whether each series is long enough at an origin, and not all missing."""
    return (n_known >= n_needed) & (first_seen < n_known)


def first_origin(panel, numbers, known):
    """Return how many rows of each series are known at the first of some origins.

    Parameters
    ----------
    panel : Panel

    numbers, known : ndarray of int, shape (n_origins,)
        Number of the series of each origin, and how many of its rows are known there.

    Returns
    -------
    n_known : ndarray of int, shape (n_series,)
    """
    calendars = panel.calendars
    if len(calendars.grids) == 1:
        times = calendars.begins[numbers] + known - 1
    else:
        pairs = zip(numbers.tolist(), known.tolist(), strict=True)
        times = [calendars[number].times()[n - 1] for number, n in pairs]
    return calendars.n_known([min(times)])[:, 0]


def naive_errors(panel, first, last, season_length):
    """Return the unit of the MASE: the mean absolute change from one season to the next.

    Parameters
    ----------
    panel : Panel

    first, last : ndarray of int, shape (n_series,)
        How many rows of each are known at the first origin of all, and at the last of its own: a
        series that has no whole season before the one is measured before the other.

    season_length : int

    Returns
    -------
    errors : dict of float
        By the name of each series; NaN where no season has passed.
    """
    errors, later = (
        seasonal_errors(before.y, before.offsets, season_length).ravel()
        for before in (panel.until(first), panel.until(last))
    )
    return dict(zip(panel.names, np.where(np.isnan(errors), later, errors), strict=True))
