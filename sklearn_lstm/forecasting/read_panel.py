"""What a forecaster is given, as a panel: arrays on calendars."""

from __future__ import annotations

from difflib import get_close_matches

import numpy as np
import pandas as pd

from .._checks import refuse_same_names
from ..windows.rows import joined_ranges
from ..windows.time_index import refuse_time_before_last, split_series
from .calendar import Calendar, Calendars, Grid, grid_of, shared_grid
from .frequency import (
    LARGEST_SHARE_ABSENT,
    as_times,
    checked_timestamps,
    code_of,
    covers,
    frequency_of,
)
from .read_table import as_columns, as_table, covariates_table
from .time_series import Layout, Panel, name_of

FEWEST_THAT_STEP = 3  # timestamps, below which any frequency fits
# Series of one frequency may differ in phase, such as hours that begin at :00 and at :30. Beyond
# a few phases each series gets a grid of its own, which takes longer, but no more memory.
MOST_SHARED_GRIDS = 8


def read_panel(y, X=None, *, fills_holes=False, freq=None):
    """Read what ``fit`` was given.

    Parameters
    ----------
    y : array-like, Series or DataFrame
        One series, several columns, or a panel.

    X : array-like, Series or DataFrame, default=None
        Covariates of the same rows.

    fills_holes : bool, default=False
        Whether timestamps may be absent; their values are then NaN.

    freq : str or float, default=None
        The step between timestamps, where they may be read so: five business days could be days.
        None: what they look like.

    Returns
    -------
    panel : Panel
    """
    y, X = as_table(y, "y"), covariates_table(X)
    layout = layout_of(y, X)
    check_alike(y, X)
    if not len(y):
        raise ValueError("y is empty: give it at least window_length + horizon values.")
    values, covariates = values_of(y, X, "y")
    split = split_of(y)
    if isinstance(y, np.ndarray):
        calendars = Calendars.of_one(Calendar(None, 0, len(y)))
    else:
        split = in_time(split)
        calendars = _calendars(split, fills_holes, freq)
    starts = np.cumsum(calendars.n_steps) - calendars.n_steps
    rows = _rows_on_calendars(calendars, split, starts)
    n_rows = int(calendars.n_steps.sum())
    y_all, X_all = (
        _moved(*one, split.order, rows, n_rows) for one in ((values, y), (covariates, X))
    )
    return Panel(split.series_ids, calendars, y_all, X_all, starts, layout)


def _is_same(index, other):
    """Compare indices; where levels are, by their codes, and not each row's values."""
    if isinstance(index, pd.MultiIndex) and isinstance(other, pd.MultiIndex):
        pairs = zip((*index.levels, *index.codes), (*other.levels, *other.codes), strict=False)
        if index.nlevels == other.nlevels and len(index) == len(other):
            is_same = all(
                mine.equals(its) if isinstance(mine, pd.Index) else np.array_equal(mine, its)
                for mine, its in pairs
            )
            if is_same:
                return True
    return index.equals(other)


def split_of(y):
    """Tell which rows of ``y`` belong to which series; those of an array are one."""
    split = split_series(pd.RangeIndex(len(y)) if isinstance(y, np.ndarray) else y.index)
    nameless = [key != key for key in split.series_ids]
    if any(nameless):
        row = int(split.rows(nameless.index(True)).min())
        raise ValueError(f"Row {row} of y belongs to no series: {y.index[row]}. Name it.")
    return split


def in_time(split, title=name_of):
    """Return a split of which the level holds times, periods or numbers, in order in each series.

    Parameters
    ----------
    split : SeriesSplit

    title : callable, default=name_of
        From a series id to what messages call the series.
    """
    try:
        ordered = split.sorted_by(as_times(split.level))
        wrong = ordered.first_out_of_order()
    except (TypeError, ValueError):  # the message is about the first series that is to blame
        if isinstance(split.index, pd.MultiIndex):
            refuse_time_before_last(split.index)
        for number, key in enumerate(split.series_ids):
            checked_timestamps(split.timestamps(number), title(key), split.rows(number))
        raise
    if wrong is not None:
        rows = split.rows(wrong)
        checked_timestamps(ordered.timestamps(wrong), title(split.series_ids[wrong]), rows)
    return ordered


def values_of(y, X, name):
    values = as_columns(y, name)
    return values, np.empty((len(y), 0)) if X is None else _covariates_of(y, X)


def layout_of(y, X):
    is_pandas = isinstance(y, pd.Series | pd.DataFrame)
    if isinstance(y, pd.DataFrame):
        columns = list(y.columns)
    elif isinstance(y, pd.Series):
        columns = [y.name]
    else:
        columns = list(range(1 if y.ndim == 1 else y.shape[1]))
    if not columns:
        raise ValueError("y has no column: give it at least one series.")
    refuse_same_names(columns, "y")
    refuse_same_names(column_names(X) or [], "X")
    has_levels = is_pandas and isinstance(y.index, pd.MultiIndex)
    return Layout(
        is_pandas,
        y.ndim,
        columns,
        list(y.index.names) if has_levels else None,
        column_names(X),
        _categories_of(y.index.levels[:-1]) if has_levels else None,
    )


def _categories_of(levels):
    """Return categories, and whether they are ordered, of each level that has any; or None."""
    found = [
        (list(level.categories), bool(level.ordered))
        if isinstance(level, pd.CategoricalIndex)
        else None
        for level in levels
    ]
    return found if any(of_level is not None for of_level in found) else None


def column_names(X):
    """Return the names of covariates, numbers for those of an array, None without any."""
    if X is None:
        return None
    if isinstance(X, pd.DataFrame):
        return list(X.columns)
    if isinstance(X, pd.Series):
        return [X.name]
    return list(range(1 if X.ndim == 1 else X.shape[1]))


def check_alike(y, X):
    if X is None or isinstance(y, np.ndarray) == isinstance(X, np.ndarray):
        return
    raise ValueError(
        f"y is a {type(y).__name__}, but X a {type(X).__name__}: give both an index, or neither, "
        "so that it is sure which rows belong together."
    )


def _covariates_of(y, X):
    """Return the covariates of each row of ``y``."""
    values = as_columns(X, "X")
    if isinstance(y, np.ndarray):
        if len(X) != len(y):
            raise ValueError(
                f"X has {len(X)} rows, but y has {len(y)}. Give fit the covariates of the same "
                "rows; those of the future go to predict."
            )
        return values
    if _is_same(X.index, y.index):
        return values
    if X.index.has_duplicates:
        row = int(X.index.duplicated().argmax())
        raise ValueError(
            f"The index of X repeats {X.index[row]!s} at row {row}. Drop it "
            "(X[~X.index.duplicated()])."
        )
    if X.index.nlevels != y.index.nlevels:
        raise ValueError(
            f"The index of X has {X.index.nlevels} levels, but that of y has {y.index.nlevels}. "
            "Give X the same MultiIndex (series, ..., time)."
        )
    places = X.index.get_indexer(y.index)
    if (places < 0).any():
        absent = y.index[places < 0]
        raise ValueError(
            f"X lacks {len(absent)} of the {len(y)} timestamps of y, first {absent[0]!s}. Give it "
            "a row for each."
        )
    if len(X) > len(y):
        raise ValueError(
            f"X has {len(X) - len(y)} rows more than y. Give fit the same rows, X.loc[y.index]; "
            "those of the future go to predict."
        )
    return values[places]


def _calendars(split, fills_holes, freq):
    """Return the calendars of all series, which have one frequency, the given one if it may be."""
    counts = np.diff(split.offsets)
    longest = int(counts.argmax())
    name = name_of(split.series_ids[longest])
    timestamps = split.timestamps(longest)
    is_date = isinstance(timestamps, pd.DatetimeIndex)
    if getattr(timestamps, "freqstr", None) or isinstance(freq, str) != is_date:
        freq = None
    if freq is None:
        freq = frequency_of(timestamps, name)
    else:
        freq = _own_frequency(timestamps, freq, name)
    if split.codes is None:
        calendar = grid_of(split.level, freq, name)
        _refuse_holes(calendar, split.level, name, fills_holes)
        return Calendars.of_one(calendar)
    calendars = _on_shared_grids(split, freq)
    is_placed = calendars.codes >= 0
    is_sparse = counts < LARGEST_SHARE_ABSENT * calendars.n_steps
    for number in np.flatnonzero(~is_placed | (is_sparse & (counts >= FEWEST_THAT_STEP))):
        key = split.series_ids[number]
        own = _own_frequency(split.timestamps(number), freq, name_of(key))
        if own != freq:
            raise ValueError(
                f"Series {key!r} steps by {own!r}, but {name} by {freq!r}. Fit "
                "a forecaster for each frequency, or bring them to one (resample)."
            )
    has_holes = (counts != calendars.n_steps) & (not fills_holes)
    for number in np.flatnonzero(~is_placed | has_holes):
        timestamps, name = split.timestamps(number), name_of(split.series_ids[number])
        own = grid_of(timestamps, freq, name)
        _refuse_holes(own, timestamps, name, fills_holes)
        calendars.codes[number], calendars.n_steps[number] = len(calendars.grids), own.n_steps
        calendars.grids.append(own.grid)
    return calendars


def _on_shared_grids(split, freq):
    """Return the calendars of those series that share a few grids; the code of others is -1.

    A grid is compared with the few distinct timestamps of the level, not with the rows.
    """
    level, codes = split.level, split.codes
    first = codes[split.offsets[:-1]].astype(np.intp)
    last = codes[split.offsets[1:] - 1].astype(np.intp)
    n_series = len(first)
    grids: list[Grid | None] = []
    begins, n_steps = np.zeros((2, n_series), dtype=np.int64)
    numbers = np.full(n_series, -1)
    while (numbers < 0).any() and len(grids) < MOST_SHARED_GRIDS:
        rest = np.flatnonzero(numbers < 0)
        span = slice(first[rest].min(), last[rest].max() + 1)
        grid = shared_grid(level[span], freq)
        if grid is None:
            break
        places = np.full(len(level), -1)
        places[span] = grid.places(level[span])
        fits = rest[_all_true(places >= 0, codes, split.offsets)[rest]]
        if not len(fits):
            break
        numbers[fits], begins[fits] = len(grids), places[first[fits]]
        n_steps[fits] = places[last[fits]] - begins[fits] + 1
        grids.append(grid)
    return Calendars(grids, numbers, begins, n_steps)


def _all_true(is_true, codes, offsets):
    """Tell of which series all codes are true."""
    if is_true.all():
        return np.ones(len(offsets) - 1, dtype=bool)
    return np.logical_and.reduceat(is_true[codes], offsets[:-1])


def _own_frequency(timestamps, freq, name):
    """Return the given frequency if it may be that of the timestamps, else what is."""
    try:
        grid = grid_of(timestamps, freq).timestamps
    except ValueError:
        return frequency_of(timestamps, name)
    if len(timestamps) < FEWEST_THAT_STEP or covers(grid, timestamps):
        return freq
    try:
        return frequency_of(timestamps, name)
    except ValueError:
        return freq


def _refuse_holes(calendar, timestamps, name, fills_holes):
    if fills_holes or len(timestamps) == calendar.n_steps:
        return
    places = calendar.places(timestamps)
    absent = calendar.timestamps[np.isin(np.arange(calendar.n_steps), places, invert=True)]
    fill = f"asfreq({calendar.freq!r})"
    if not isinstance(timestamps, pd.DatetimeIndex | pd.PeriodIndex):
        first, last = calendar.timestamps[[0, -1]]
        fill = f"reindex(np.linspace({first}, {last}, {calendar.n_steps}))"
    raise ValueError(
        f"The timestamps of {name} step by {calendar.freq!r}, but {len(absent)} "
        f"{'is' if len(absent) == 1 else 'are'} absent, first {shown(absent)}. Set "
        "missing='interpolate' or missing='skip', or fill them "
        f"({code_of(name)}.{fill}.interpolate())."
    )


def _rows_on_calendars(calendars, split, starts):
    """Return where each row of a split belongs on the calendars, None where no row is absent."""
    counts = np.diff(split.offsets)
    if (calendars.n_steps == counts).all():
        return None
    return places_on_grids(calendars, np.arange(len(calendars)), split) + np.repeat(
        starts - calendars.begins, counts
    )


def places_on_grids(calendars, numbers, split):
    """Return the place of each row on the grid of its series, -1 where it lies off the grid.

    Parameters
    ----------
    calendars : Calendars

    numbers : ndarray of int, shape (n_series_of_split,)
        Which of the calendars is that of each series of the split.

    split : SeriesSplit
        As :func:`in_time` returns it.

    Returns
    -------
    places : ndarray of int, shape (n_rows,)
        In the order of the split.
    """
    if split.codes is None:
        return calendars.grids[calendars.codes[numbers[0]]].places(split.level)
    codes, counts = calendars.codes[numbers], np.diff(split.offsets)
    places = np.empty(len(split.codes), dtype=np.int64)
    for code in np.unique(codes):
        series = np.flatnonzero(codes == code)
        rows = joined_ranges(split.offsets[series], counts[series])
        rows = slice(None) if len(rows) == len(places) else rows
        of_used, used = pd.factorize(split.codes[rows])
        places[rows] = calendars.grids[code].places(split.level[used])[of_used]
    return places


def _moved(values, given, order, rows, n_rows):
    """Bring values into the order of their series, and to their rows; never what was given itself.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)

    given : ndarray, Series, DataFrame or None
        What they were made from.

    order, rows : ndarray of int or None

    n_rows : int
        With those that are absent.
    """
    if rows is not None:
        full = np.full((n_rows, values.shape[1]), np.nan)
        full[rows] = values if order is None else values[order]
        return full
    if order is not None:
        return values[order]
    is_own = given is None or not np.may_share_memory(values, _first_column(given))
    return np.ascontiguousarray(values) if is_own else np.array(values, order="C")


def _first_column(data):
    if isinstance(data, pd.DataFrame):
        data = data.iloc[:, 0]
    return np.asarray(data)


def shown(timestamps, n_shown=3):
    return ", ".join(map(str, timestamps[:n_shown])) + (
        ", ..." if len(timestamps) > n_shown else ""
    )


def nearest(name, known):
    """Return a question after the known name that is most like another, empty if none is."""
    close = get_close_matches(str(name), map(str, known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
