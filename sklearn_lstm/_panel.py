"""What a forecaster is given, one series or many, as arrays on calendars, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from ._calendar import Calendar, checked_stamps, covers, frequency_of, grid_of
from ._validation import as_numbers

FEWEST_STAMPS_THAT_STEP = 3
LONGEST_LEAP = 100  # known lengths, by which new rows may lie after the last one
MOST_FUTURE_STAMPS = 100_000


@dataclass(frozen=True)
class Track:
    """One series without holes in its calendar; values that are absent are NaN.

    ``y`` has the shape ``(n_steps, n_columns)``, ``X`` the shape ``(n_steps, n_covariates)``.
    """

    key: Any
    calendar: Calendar
    y: np.ndarray
    X: np.ndarray

    def __len__(self):
        return len(self.y)

    def __getitem__(self, first_steps):
        return Track(self.key, self.calendar[first_steps], self.y[first_steps], self.X[first_steps])


@dataclass(frozen=True)
class Layout:
    """How the data was given, so that answers come in the same form."""

    is_pandas: bool
    y_ndim: int
    columns: list
    levels: list | None
    covariates: list | None

    def describe(self):
        if not self.is_pandas:
            width = "" if self.y_ndim == 1 else f" and {len(self.columns)} columns"
            return f"an array of {self.y_ndim} dimensions{width}"
        kind = "Series" if self.y_ndim == 1 else f"DataFrame of the columns {self.columns}"
        return kind if self.levels is None else f"{kind} with a MultiIndex (series, time)"


@dataclass(frozen=True)
class Panel:
    """Series that are forecast together."""

    tracks: list[Track]
    layout: Layout

    @property
    def keys(self):
        return [track.key for track in self.tracks]

    @property
    def names(self):
        """A name for each series and column, in the order of what :meth:`wrap` is given."""
        columns, is_panel = self.layout.columns, self.layout.levels is not None
        if self.layout.y_ndim == 1 and (columns == [None] or not self.layout.is_pandas):
            columns = ["y"]
        if self.layout.y_ndim == 1:
            return self.keys if is_panel else columns
        if not is_panel:
            return columns
        return [(key, column) for key in self.keys for column in columns]

    def keep(self, chosen):
        tracks = [track for track, kept in zip(self.tracks, chosen, strict=True) if kept]
        return replace(self, tracks=tracks)

    def until(self, n_steps):
        """Return the first steps of each series; a number for each of them."""
        cut = [track[:n] for track, n in zip(self.tracks, n_steps, strict=True)]
        return replace(self, tracks=cut)

    def wrap(self, values, suffixes=None):
        """Put forecasts into the container of ``y``, on the stamps that follow.

        Parameters
        ----------
        values : ndarray of shape (n_series, n_steps, n_columns) or (..., n_suffixes)

        suffixes : list, default=None
            Names of the last axis, such as ``["lower", "upper"]``.

        Returns
        -------
        forecast : ndarray, Series or DataFrame
        """
        layout = self.layout
        if not layout.is_pandas:
            return values[0] if layout.y_ndim == 2 else values[0, :, 0]
        flat = values.reshape(len(self.tracks) * values.shape[1], -1)
        index = self._future_index(values.shape[1])
        if suffixes is None and layout.y_ndim == 1:
            return pd.Series(flat[:, 0], index=index, name=layout.columns[0])
        if suffixes is None:
            return pd.DataFrame(flat, index=index, columns=pd.Index(layout.columns))
        if layout.y_ndim == 1:
            return pd.DataFrame(flat, index=index, columns=pd.Index(suffixes))
        columns = pd.MultiIndex.from_product([layout.columns, suffixes])
        return pd.DataFrame(flat, index=index, columns=columns)

    def _future_index(self, n_steps):
        return self._joined([track.calendar.after(n_steps) for track in self.tracks])

    def _joined(self, stamps):
        """Put the stamps of each series under its key."""
        if self.layout.levels is None:
            return stamps[0]
        rows = [
            (*(key if isinstance(key, tuple) else (key,)), stamp)
            for key, of_series in zip(self.keys, stamps, strict=True)
            for stamp in of_series
        ]
        return pd.MultiIndex.from_tuples(rows, names=self.layout.levels)

    def history(self):
        """Return ``y`` as it was given, absent stamps included."""
        values = np.concatenate([track.y for track in self.tracks])
        layout = self.layout
        if not layout.is_pandas:
            return values if layout.y_ndim == 2 else values[:, 0]
        index = self._joined([track.calendar.stamps for track in self.tracks])
        if layout.y_ndim == 1:
            return pd.Series(values[:, 0], index=index, name=layout.columns[0])
        return pd.DataFrame(values, index=index, columns=pd.Index(layout.columns))


def read_panel(y, X=None, *, fills_holes=False):
    """Read what ``fit`` was given.

    Parameters
    ----------
    y : array-like, Series or DataFrame
        One series, several columns, or a panel.

    X : array-like, Series or DataFrame, default=None
        Covariates of the same rows.

    fills_holes : bool, default=False
        Whether stamps may be absent; their values are then NaN.

    Returns
    -------
    panel : Panel
    """
    y, X = _as_table(y, "y"), None if X is None else _as_table(X, "X")
    layout = _layout(y, X)
    _check_alike(y, X)
    if not len(y):
        raise ValueError("y is empty: give it at least window_length + horizon values.")
    values, covariates = _values(y, X, "y")
    series = [(key, _checked(key, stamps), rows) for key, stamps, rows in _series_in(y)]
    freq = _common_frequency(series)
    tracks = [
        _track(key, stamps, freq, values[rows], covariates[rows], fills_holes)
        for key, stamps, rows in series
    ]
    return Panel(tracks, layout)


def _values(y, X, name):
    values = as_numbers(y, name).reshape(len(y), -1)
    return values, np.empty((len(y), 0)) if X is None else _covariates_of(y, X)


def _as_table(data, name):
    """Return pandas data as they are, everything else as an array."""
    if isinstance(data, pd.Series | pd.DataFrame):
        return data
    array = np.asarray(data)
    if array.ndim not in (1, 2):
        raise ValueError(
            f"{name} has {array.ndim} dimensions (shape {array.shape}), but a series has one, and "
            "several on one time axis have two, (n_steps, n_columns)."
        )
    return array


def _layout(y, X):
    is_pandas = isinstance(y, pd.Series | pd.DataFrame)
    if isinstance(y, pd.DataFrame):
        columns = list(y.columns)
    elif isinstance(y, pd.Series):
        columns = [y.name]
    else:
        columns = list(range(1 if y.ndim == 1 else y.shape[1]))
    if not columns:
        raise ValueError("y has no column: give it at least one series.")
    _refuse_same_names(columns, "y")
    _refuse_same_names(column_names(X) or [], "X")
    has_levels = is_pandas and isinstance(y.index, pd.MultiIndex)
    return Layout(
        is_pandas, y.ndim, columns, list(y.index.names) if has_levels else None, column_names(X)
    )


def _refuse_same_names(names, of_what):
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ValueError(f"{of_what} has several columns named {name!r}. Rename them.")


def column_names(X):
    """Return the names of covariates, numbers for those of an array, None without any."""
    if X is None:
        return None
    if isinstance(X, pd.DataFrame):
        return list(X.columns)
    if isinstance(X, pd.Series):
        return [X.name]
    return list(range(1 if X.ndim == 1 else X.shape[1]))


def _check_alike(y, X):
    if X is None or isinstance(y, np.ndarray) == isinstance(X, np.ndarray):
        return
    raise ValueError(
        f"y is a {type(y).__name__}, but X a {type(X).__name__}: give both an index, or neither, "
        "so that it is sure which rows belong together."
    )


def _covariates_of(y, X):
    """Return the covariates of each row of ``y``."""
    values = as_numbers(X, "X").reshape(len(X), -1)
    if isinstance(y, np.ndarray):
        if len(X) != len(y):
            raise ValueError(
                f"X has {len(X)} rows, but y has {len(y)}. Give fit the covariates of the same "
                "rows; those of the future go to predict."
            )
        return values
    if X.index.equals(y.index):
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
            f"X lacks {len(absent)} of the {len(y)} stamps of y, first {absent[0]!s}. Give it a "
            "row for each."
        )
    if len(X) > len(y):
        raise ValueError(
            f"X has {len(X) - len(y)} rows more than y. Give fit the same rows, X.loc[y.index]; "
            "those of the future go to predict."
        )
    return values[places]


def _series_in(y):
    """Yield key, stamps and row numbers of each series."""
    if isinstance(y, np.ndarray):
        yield None, None, np.arange(len(y))
        return
    if not isinstance(y.index, pd.MultiIndex):
        yield None, y.index, np.arange(len(y))
        return
    if y.index.nlevels == 1:
        raise ValueError(
            f"A MultiIndex must have the levels (series, ..., time), but has {y.index.names} only."
        )
    codes, keys = y.index.droplevel(-1).factorize()
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        raise ValueError(f"Row {row} of y belongs to no series: {y.index[row]}. Name it.")
    stamps = y.index.get_level_values(-1)
    order = np.argsort(codes, kind="stable")
    for key, rows in zip(keys, np.split(order, np.cumsum(np.bincount(codes))[:-1]), strict=True):
        yield key, stamps[rows], rows


def _checked(key, stamps):
    return None if stamps is None else checked_stamps(stamps, _name(key))


def _name(key):
    return "y" if key is None else f"series {key!r}"


def _common_frequency(series):
    """Return the frequency of the longest series, which the others must have, too."""
    if series[0][1] is None:
        return None
    key, longest, _ = max(series, key=lambda one: len(one[1]))
    freq = frequency_of(longest, _name(key))
    for other, stamps, _ in series:
        own = _own_frequency(stamps, freq, _name(other))
        if own != freq:
            raise ValueError(
                f"Series {other!r} steps by {own!r}, but {_name(key)} by {freq!r}. Fit "
                "a forecaster for each frequency, or bring them to one (resample)."
            )
    return freq


def _own_frequency(stamps, freq, name):
    """Return the given frequency if it may be that of the stamps, else what is."""
    try:
        grid = grid_of(stamps, freq).stamps
    except ValueError:
        return frequency_of(stamps, name)
    if len(stamps) < FEWEST_STAMPS_THAT_STEP or covers(grid, stamps):
        return freq
    try:
        return frequency_of(stamps, name)
    except ValueError:
        return freq


def _track(key, stamps, freq, y, X, fills_holes):
    if stamps is None:
        return Track(key, Calendar(None, None, len(y)), y, X)
    calendar = grid_of(stamps, freq, _name(key))
    return Track(key, calendar, *_on_grid(calendar, stamps, y, X, _name(key), fills_holes))


def _on_grid(calendar, stamps, y, X, name, fills_holes):
    """Insert NaN where stamps of the calendar are absent, or refuse to."""
    if len(stamps) == calendar.n_steps:
        return y, X
    rows = calendar.places(stamps)
    if not fills_holes:
        absent = calendar.stamps[np.isin(np.arange(calendar.n_steps), rows, invert=True)]
        raise ValueError(
            f"The stamps of {name} step by {calendar.freq!r}, but {len(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} absent, first {_shown(absent)}. Set "
            "missing='interpolate' or missing='skip', or fill them "
            f"({name}.asfreq({calendar.freq!r}).interpolate())."
        )
    full = [np.full((calendar.n_steps, values.shape[1]), np.nan) for values in (y, X)]
    full[0][rows], full[1][rows] = y, X
    return full


def _shown(stamps, n_shown=3):
    return ", ".join(map(str, stamps[:n_shown])) + (", ..." if len(stamps) > n_shown else "")


def extend_panel(panel, y, X=None, *, fills_holes=False):
    """Append later rows to a panel.

    Parameters
    ----------
    panel : Panel

    y, X : as for :func:`read_panel`
        Rows that follow those of the panel, of all its series or some.

    fills_holes : bool, default=False
        Whether stamps may be absent; their values are then NaN.

    Returns
    -------
    panel : Panel
        A new one.
    """
    y, X = _as_table(y, "y_new"), None if X is None else _as_table(X, "X_new")
    layout = _layout(y, X)
    _check_alike(y, X)
    is_series = layout.is_pandas and layout.y_ndim == 1
    same_columns = is_series or layout.columns == panel.layout.columns
    if not same_columns or layout.describe() != panel.layout.describe():
        raise ValueError(
            f"y_new is {layout.describe()}, but fit was given {panel.layout.describe()}. Give it "
            "the same form."
        )
    if layout.covariates != panel.layout.covariates:
        raise ValueError(
            f"X_new has the columns {layout.covariates}, but fit was given "
            f"{panel.layout.covariates}. Give it the same columns."
        )
    if not len(y):
        return panel
    values, covariates = _values(y, X, "y_new")
    tracks = dict(zip(panel.keys, panel.tracks, strict=True))
    for key, stamps, rows in _series_in(y):
        if key not in tracks:
            raise ValueError(_unknown_series(key, panel.keys, "y_new"))
        tracks[key] = _longer(tracks[key], stamps, values[rows], covariates[rows], fills_holes)
    return replace(panel, tracks=list(tracks.values()))


def _unknown_series(key, known, name):
    return (
        f"{name} holds the series {key!r}, which was not there in fit ({len(known)} series: "
        f"{', '.join(map(repr, known[:3]))}{', ...' if len(known) > 3 else ''}). Fit again with it."
        f"{nearest(key, known)}"
    )


def nearest(name, known):
    """Return a question after the known name that is most like another, empty if none is."""
    close = get_close_matches(str(name), map(str, known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _longer(track, stamps, y, X, fills_holes):
    name = "y_new" if track.key is None else f"series {track.key!r} in y_new"
    if stamps is not None:
        stamps = checked_stamps(stamps, name)
        places = places_after(track.calendar, stamps, name)
        if not fills_holes and places[-1] + 1 != len(places):
            absent = track.calendar.after(places[-1] + 1).difference(stamps)
            raise ValueError(
                f"{name} leaves out {len(absent)} stamps after the last known one, first "
                f"{_shown(absent)}. Give all of them, or set missing='interpolate'."
            )
        full = [np.full((places[-1] + 1, values.shape[1]), np.nan) for values in (y, X)]
        full[0][places], full[1][places] = y, X
        y, X = full
    return Track(
        track.key,
        track.calendar.extended(len(y)),
        np.concatenate([track.y, y]),
        np.concatenate([track.X, X]),
    )


def places_after(calendar, stamps, name):
    """Return how many steps after the last known stamp each of some others lies, 0 for the next."""
    last = calendar.stamps[-1]
    _check_kind(stamps, calendar, name)
    if not stamps[0] > last:
        raise ValueError(
            f"{name} begins at {stamps[0]!s}, but the series is known until {last!s}. Give the "
            "rows after that only."
        )
    if calendar.leaps_to(stamps[-1]) > LONGEST_LEAP:
        raise ValueError(
            f"{name} reaches to {stamps[-1]!s}, but the series is known until {last!s}: that is "
            f"more than {LONGEST_LEAP} times as long as all that is known. Is the time right?"
        )
    places = calendar[-1:].places(stamps) - 1
    if (places < 0).any():
        off = stamps[places < 0]
        raise ValueError(
            f"{name} steps off the grid of fit ({calendar.freq!r} from {last!s} on): "
            f"{_shown(off)}. Bring the stamps to it."
        )
    return places


def _check_kind(stamps, calendar, name):
    zones = [getattr(index, "tz", None) for index in (stamps, calendar.stamps)]
    if _kind(stamps) != _kind(calendar.stamps) or (zones[0] is None) != (zones[1] is None):
        raise ValueError(
            f"The index of {name} ({stamps[0]!s}, ...) is of another kind than that of fit "
            f"(..., {calendar.stamps[-1]!s}). Give both the same kind of index, and the same time "
            "zone."
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
    X = _as_table(X, "X")
    if isinstance(X, np.ndarray) == panel.layout.is_pandas:
        wanted = "a DataFrame, as to fit" if panel.layout.is_pandas else "an array, as to fit"
        raise ValueError(f"X is a {type(X).__name__}: give {wanted}.")
    X = _pick_columns(X, columns, panel.layout.covariates)
    values = as_numbers(X, "X").reshape(len(X), -1)
    if not panel.layout.is_pandas:
        if len(values) < n_steps:
            raise ValueError(
                f"X has {len(values)} rows, but {n_steps} steps are to be forecast: give it a row "
                "for each step of the future."
            )
        _refuse_missing(values, columns, np.arange(1, len(values) + 1), "step")
        return [values]
    given = {key: (stamps, rows) for key, stamps, rows in _series_in(X)}
    return [_future_of(track, given, values, columns, n_steps) for track in panel.tracks]


def _future_of(track, given, values, columns, n_steps):
    of_series = "" if track.key is None else f" of series {track.key!r}"
    wanted = track.calendar.after(n_steps)
    stamps, rows = given.get(track.key, (wanted[:0], np.array([], dtype=int)))
    if len(stamps):
        name = f"X{of_series}"
        order = np.argsort(stamps)
        stamps, rows = checked_stamps(stamps[order], name), rows[order]
        _check_kind(stamps, track.calendar, name)
        is_future = stamps > track.calendar.stamps[-1]
        stamps, rows = stamps[is_future], rows[is_future]
    places = track.calendar[-1:].places(stamps[:MOST_FUTURE_STAMPS]) - 1
    future = np.full((max(n_steps, places.max(initial=-1) + 1), len(columns)), np.nan)
    is_there = np.zeros(len(future), dtype=bool)
    future[places[places >= 0]] = values[rows[: len(places)][places >= 0]]
    is_there[places[places >= 0]] = True
    absent = wanted[~is_there[:n_steps]]
    if len(absent):
        raise ValueError(
            f"X lacks {len(absent)} of the {n_steps} stamps to be forecast{of_series}: "
            f"{_shown(absent)}. fit was given covariates that are known ahead ({columns}): give "
            "their values of the future, or name them in past_columns."
        )
    _refuse_missing(future[:n_steps], columns, wanted, f"stamp{of_series}")
    known = np.isfinite(future).all(axis=1)
    return future if known.all() else future[: int((~known).argmax())]


def _pick_columns(X, columns, fitted):
    if isinstance(X, pd.Series):
        return X.to_frame(columns[0]) if len(columns) == 1 else X.to_frame()
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
        row, column = np.argwhere(missing)[0]
        raise ValueError(
            f"X lacks the value of {columns[column]!r} at {where} {wanted[row]!s}, which is to be "
            "forecast. Fill it."
        )
