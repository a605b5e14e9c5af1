"""What comes after a panel: new rows, and the covariates of its future."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ..windows.time_index import split_series
from .calendar import Calendars
from .frequency import as_times, checked_timestamps
from .read_panel import (
    check_alike,
    in_time,
    layout_of,
    nearest,
    places_on_grids,
    read_panel,
    shown,
    split_of,
    values_of,
)
from .read_table import as_columns, as_table, covariates_table

LONGEST_LEAP = 100  # known lengths, by which new rows may lie after the last one
MOST_FUTURE_TIMESTAMPS = 100_000


def extend_panel(panel, y, X=None, *, fills_holes=False):
    """Append later rows to a panel.

    Parameters
    ----------
    panel : Panel

    y, X : as for :func:`read_panel`
        Rows that follow those of the panel, of all its series or some.

    fills_holes : bool, default=False
        Whether timestamps may be absent; their values are then NaN.

    Returns
    -------
    panel : Panel
        A new one.
    """
    y, X = as_table(y, "y_new"), covariates_table(X, "X_new")
    layout = layout_of(y, X)
    check_alike(y, X)
    is_series = layout.is_pandas and layout.y_ndim == 1
    same_columns = is_series or layout.columns == panel.layout.columns
    if not same_columns or layout.describe() != panel.layout.describe():
        raise ValueError(
            f"y_new is {layout.describe()}, but fit was given {panel.layout.describe()}. Give it "
            "the same form."
        )
    if layout.covariates != panel.layout.covariates:
        raise ValueError(
            f"X_new has {_in_words(layout.covariates)}, but fit was given "
            f"{_in_words(panel.layout.covariates)}. Give it the same."
        )
    if not len(y):
        return panel
    values, covariates = values_of(y, X, "y_new")
    split = split_of(y)
    numbers = _numbers_in_fit(panel, split.series_ids)
    counts = np.diff(split.offsets)
    after = np.arange(len(y)) if not layout.is_pandas else None
    if after is None:
        split, after = _places_after(panel, split, numbers, fills_holes)
    n_more = np.zeros(len(panel), dtype=np.int64)
    n_more[numbers] = after[split.offsets[1:] - 1] + 1
    calendars = panel.calendars.extended(n_more)
    starts = np.cumsum(calendars.n_steps) - calendars.n_steps
    new = np.repeat((starts + panel.lengths)[numbers], counts) + after
    y_all, X_all = (
        _longer(panel, known, starts, int(calendars.n_steps.sum())) for known in (panel.y, panel.X)
    )
    y_all[new] = values if split.order is None else values[split.order]
    X_all[new] = covariates if split.order is None else covariates[split.order]
    return replace(panel, calendars=calendars, y_all=y_all, X_all=X_all, starts=starts)


def _in_words(covariates):
    return "no covariates" if covariates is None else f"the columns {covariates}"


def _longer(panel, known, starts, n_rows):
    """Copy the rows of each series to another start; the rows between are NaN."""
    longer = np.full((n_rows, known.shape[1]), np.nan)
    pairs = zip(starts.tolist(), panel.offsets.tolist(), panel.lengths.tolist(), strict=False)
    for start, begin, length in pairs:
        longer[start : start + length] = known[begin : begin + length]
    return longer


def read_other_panel(panel, y, X=None, *, fills_holes=False):
    """Read other series than those that were fitted, to be forecast in their place.

    Parameters
    ----------
    panel : Panel
        What was fitted.

    y : as for :func:`read_panel`
        As many columns, at the same frequency.

    X : as for :func:`read_panel`, default=None
        Covariates of the same rows, and of later ones.

    fills_holes : bool, default=False
        Whether timestamps may be absent; their values are then NaN.

    Returns
    -------
    other : Panel

    X : array, Series, DataFrame or None
        What is left for the future.
    """
    y, X = as_table(y, "y"), covariates_table(X)
    layout, fitted = layout_of(y, X), panel.layout
    is_same = (layout.is_pandas, layout.y_ndim) == (fitted.is_pandas, fitted.y_ndim)
    if not is_same or (layout.y_ndim == 2 and layout.columns != fitted.columns):
        raise ValueError(
            f"y is {layout.describe()}, but fit was given {fitted.describe()}. Give it the same "
            "columns in the same form; how many series there are may differ."
        )
    if layout.covariates != fitted.covariates:
        raise ValueError(
            f"X has {_in_words(layout.covariates)}, but fit was given "
            f"{_in_words(fitted.covariates)}. With y, give those of its rows and, of the steps to "
            "forecast, those known ahead."
        )
    check_alike(y, X)
    past, future = _split_at_the_end(y, X)
    other = read_panel(y, past, fills_holes=fills_holes, freq=panel.freq)
    if layout.is_pandas and other.freq != panel.freq:
        raise ValueError(
            f"y steps by {other.freq!r}, but what was fitted by {panel.freq!r}. Bring it to that "
            "(resample)."
        )
    return other, future


def _split_at_the_end(y, X):
    """Split covariates in those of the rows of ``y``, and what may be the future."""
    if X is None:
        return None, None
    if isinstance(y, np.ndarray):
        return X[: len(y)], X[len(y) :]
    return X[X.index.isin(y.index)], X


def _numbers_in_fit(panel, series_ids):
    known = {key: number for number, key in enumerate(panel.keys)}
    unknown = next((key for key in series_ids if key not in known), None)
    if unknown is not None:
        raise ValueError(_unknown_series(unknown, panel.keys, "y_new"))
    return np.array([known[key] for key in series_ids])


def _unknown_series(key, known, name):
    return (
        f"{name} holds the series {key!r}, which was not there in fit ({len(known)} series: "
        f"{', '.join(map(repr, known[:3]))}{', ...' if len(known) > 3 else ''}). Fit again with it."
        f"{nearest(key, known)}"
    )


def _places_after(panel, split, numbers, fills_holes):
    """Return a split in time, and how many steps after the known ones each row is, 0 for the next.

    Parameters
    ----------
    panel : Panel

    split : SeriesSplit

    numbers : ndarray of int
        Which of the panel's series are those of the split.

    fills_holes : bool
    """
    split = in_time(split, _title)
    calendars = panel.calendars.keep(numbers)
    check_kind(split.timestamps(0), calendars[0], _title(split.series_ids[0]))
    counts = np.diff(split.offsets)
    is_wrong = ~_follow(calendars, split)
    if not is_wrong.any():
        places = places_on_grids(calendars, np.arange(len(calendars)), split)
        after = np.where(places < 0, -1, places - np.repeat(calendars.ends, counts))
        is_wrong |= np.logical_or.reduceat(after < 0, split.offsets[:-1])
        if not fills_holes:
            is_wrong |= after[split.offsets[1:] - 1] + 1 != counts
    if is_wrong.any():
        for number in range(int(is_wrong.argmax()) + 1):
            name = _title(split.series_ids[number])
            _refuse_wrong(calendars[number], split.timestamps(number), name, fills_holes)
    return split, after


def _title(key):
    return "y_new" if key is None else f"series {key!r} in y_new"


def _follow(calendars, split):
    """Tell of which series the rows begin after the known ones, and do not leap too far."""
    ends = calendars.ends
    first_known, last_known = calendars.at(calendars.begins), calendars.at(ends - 1)
    if split.codes is None:
        first, last = split.level[:1], split.level[-1:]
    else:
        first, last = (
            split.level[split.codes[places]]
            for places in (split.offsets[:-1], split.offsets[1:] - 1)
        )
    follows = np.asarray(first > last_known)
    if isinstance(last, pd.PeriodIndex):
        last, first_known, last_known = (index.asi8 for index in (last, first_known, last_known))
    with np.errstate(divide="ignore", invalid="ignore"):
        leap = np.asarray((last - last_known) / (last_known - first_known))
    return follows & ((calendars.n_steps == 1) | (leap <= LONGEST_LEAP))


def _refuse_wrong(calendar, timestamps, name, fills_holes):
    """Raise an error if a series does not follow the known one, or leaves out timestamps."""
    last = calendar.timestamps[-1]
    if not timestamps[0] > last:
        raise ValueError(
            f"{name} begins at {timestamps[0]!s}, but the series is known until {last!s}. Give the "
            "rows after that only."
        )
    if not _follow(Calendars.of_one(calendar), split_series(timestamps)).all():
        raise ValueError(
            f"{name} reaches to {timestamps[-1]!s}, but the series is known until {last!s}: that "
            f"is more than {LONGEST_LEAP} times as long as all that is known. Is the time right?"
        )
    places = calendar[-1:].places(timestamps) - 1
    if (places < 0).any():
        off = timestamps[places < 0]
        raise ValueError(
            f"{name} steps off the grid of fit ({calendar.freq!r} from {last!s} on): "
            f"{shown(off)}. Bring the timestamps to it."
        )
    if not fills_holes and places[-1] + 1 != len(places):
        absent = calendar.after(places[-1] + 1).difference(timestamps)
        raise ValueError(
            f"{name} leaves out {len(absent)} timestamps after the last known one, first "
            f"{shown(absent)}. Give all of them, or set missing='interpolate'."
        )


def check_kind(timestamps, calendar, name):
    zones = [getattr(index, "tz", None) for index in (timestamps, calendar.timestamps)]
    if _kind(timestamps) != _kind(calendar.timestamps) or (zones[0] is None) != (zones[1] is None):
        raise ValueError(
            f"The index of {name} ({timestamps[0]!s}, ...) is of another kind than that of fit "
            f"(..., {calendar.timestamps[-1]!s}). Give both the same kind of index, and the same "
            "time zone."
        )


def _kind(index):
    return type(index) if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex) else "numbers"


def future_covariates(panel, X, columns, n_steps):
    """Return the covariates of the steps that follow.

    Parameters
    ----------
    panel : Panel

    X : array-like, Series or DataFrame
        At least ``n_steps`` rows for each series.

    columns : list
        Names of those known ahead.

    n_steps : int

    Returns
    -------
    values : list of ndarray of shape (>= n_steps, n_known_ahead)
        For each series, as far as X reaches without a hole.
    """
    X = as_table(X, "X")
    if isinstance(X, np.ndarray) == panel.layout.is_pandas:
        form = "a DataFrame" if panel.layout.is_pandas else "an array"
        raise ValueError(f"X is a {type(X).__name__}: give {form}, as to fit.")
    X = _pick_columns(X, columns, panel.layout.covariates)
    values = as_columns(X, "X")
    if not panel.layout.is_pandas:
        if len(values) < n_steps:
            raise ValueError(
                f"X has {len(values)} rows, but {n_steps} steps are to be forecast: give it a row "
                "for each step of the future."
            )
        _refuse_missing(values, columns, np.arange(1, len(values) + 1), "step")
        return [values]
    rows, series, places = _future_rows(panel, X, n_steps)
    lengths = np.full(len(panel), n_steps)
    np.maximum.at(lengths, series, places + 1)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    future = np.full((offsets[-1], len(columns)), np.nan)
    is_there = np.zeros(len(future), dtype=bool)
    future[offsets[series] + places] = values[rows]
    is_there[offsets[series] + places] = True
    is_known = np.isfinite(future).all(axis=1)
    wanted = offsets[:-1, np.newaxis] + np.arange(n_steps)
    is_lacking = ~(is_there & is_known)[wanted].all(axis=1)
    if is_lacking.any():
        number = int(is_lacking.argmax())
        there, known = is_there[wanted[number]], future[wanted[number]]
        _refuse_lacking(panel.keys[number], panel.calendars[number], there, known, columns)
    until = np.where(is_known, len(future), np.arange(len(future)))
    ends = np.minimum(np.minimum.reduceat(until, offsets[:-1]), offsets[1:])
    pairs = zip(offsets[:-1].tolist(), ends.tolist(), strict=True)
    return [future[begin:end] for begin, end in pairs]


def _future_rows(panel, X, n_steps):
    """Return which rows of X are of the future, but for those that only a hole can lie before.

    A grid that reaches them might be endless: there may be a row of the year 2999.

    Returns
    -------
    rows, series, places : ndarray of int, shape (n_future_rows,)
        Number of the row, of its series in the panel, and of its step, 0 for the next.
    """
    split = split_of(X)
    known = {key: number for number, key in enumerate(panel.keys)}
    given = sorted(
        (known[key], number) for number, key in enumerate(split.series_ids) if key in known
    )
    if not given or not len(X):
        return np.zeros((3, 0), dtype=np.intp)
    numbers, kept = np.array(given).T
    split = _in_order(split.coded().keep(kept))
    calendars = panel.calendars.keep(numbers)
    check_kind(split.timestamps(0), calendars[0], f"X{_of_series(split.series_ids[0])}")
    counts = np.diff(split.offsets)
    n_reached = max(n_steps, min(int(counts.max()), MOST_FUTURE_TIMESTAMPS))
    n_past, n_until = (
        np.repeat(split.level.searchsorted(calendars.at(places), side="right"), counts)
        for places in (calendars.ends - 1, calendars.ends - 1 + n_reached)
    )
    split = split.where((split.codes >= n_past) & (split.codes < n_until))
    places = places_on_grids(calendars, np.arange(len(calendars)), split)
    counts = np.diff(split.offsets)
    is_on = places >= 0
    places = places - np.repeat(calendars.ends, counts)
    return split.order[is_on], np.repeat(numbers, counts)[is_on], places[is_on]


def _in_order(split):
    """Return a split with times in order, or refuse the first series that lacks or repeats one."""
    try:
        ordered = split.sorted_by(as_times(split.level)).in_order()
        wrong = ordered.first_out_of_order()
    except (TypeError, ValueError):
        ordered, wrong = None, 0
    for number in range(len(split.series_ids) if wrong is not None else 0):
        timestamps = split.timestamps(number)
        name = f"X{_of_series(split.series_ids[number])}"
        order = np.argsort(timestamps)
        checked_timestamps(timestamps[order], name, split.rows(number)[order])
    return ordered


def _of_series(key):
    return "" if key is None else f" of series {key!r}"


def _refuse_lacking(key, calendar, is_there, values, columns):
    """Say which of the timestamps to be forecast a series lacks, or which value."""
    n_steps = len(is_there)
    wanted = calendar.after(n_steps)
    absent = wanted[~is_there]
    if len(absent):
        raise ValueError(
            f"X lacks {len(absent)} of the {n_steps} timestamps to be forecast{_of_series(key)}: "
            f"{shown(absent)}. fit was given covariates that are known ahead ({columns}): give "
            "their values of the future, or name them in past_covariates."
        )
    _refuse_missing(values, columns, wanted, f"timestamp{_of_series(key)}")


def _pick_columns(X, columns, fitted):
    if isinstance(X, pd.Series):
        is_named = X.name is not None and X.name != columns[0]
        X = X.to_frame() if is_named or len(columns) > 1 else X.to_frame(columns[0])
    if isinstance(X, pd.DataFrame):
        absent = [column for column in columns if column not in X.columns]
        if absent:
            raise ValueError(
                f"X lacks the columns {absent} that fit was given ({columns} are known ahead)."
                f"{nearest(absent[0], list(X.columns))}"
            )
        return X[columns]
    n_given = 1 if X.ndim == 1 else X.shape[1]
    if n_given == len(columns):
        return X
    if n_given == len(fitted):
        return X[:, columns]
    raise ValueError(
        f"X has {n_given} columns, but {len(columns)} covariates are known ahead: columns "
        f"{columns} of those of fit."
    )


def _refuse_missing(values, columns, wanted, where):
    missing = ~np.isfinite(values)
    if missing.any():
        row, column = map(int, np.argwhere(missing)[0])
        raise ValueError(
            f"X lacks the value of {columns[column]!r} at {where} {wanted[row]!s}, which is to be "
            "forecast. Fill it."
        )
