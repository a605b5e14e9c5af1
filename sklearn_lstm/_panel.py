"""What a forecaster is given, one series or many, as arrays on calendars, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from ._calendar import Calendar, checked_stamps, clock, grid_of
from ._validation import as_numbers


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
            return f"an array of {self.y_ndim} dimensions"
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
        columns = ["y"] if columns == [None] else columns
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
    tracks = [
        _track(key, stamps, values[rows], covariates[rows], fills_holes)
        for key, stamps, rows in _series_in(y)
    ]
    _check_one_frequency(tracks)
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
    has_levels = is_pandas and isinstance(y.index, pd.MultiIndex)
    return Layout(
        is_pandas, y.ndim, columns, list(y.index.names) if has_levels else None, column_names(X)
    )


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
    places = X.index.get_indexer(y.index)
    if (places < 0).any():
        absent = y.index[places < 0]
        raise ValueError(
            f"X lacks {len(absent)} of the {len(y)} stamps of y, first {absent[0]!s}. Give it a "
            "row for each."
        )
    raise ValueError(
        f"X has {len(X) - len(y)} rows more than y (or another order). Give fit the same rows, "
        "X.loc[y.index]; those of the future go to predict."
    )


def _series_in(y):
    """Yield key, stamps and row numbers of each series."""
    if isinstance(y, np.ndarray):
        yield None, None, np.arange(len(y))
        return
    if not isinstance(y.index, pd.MultiIndex):
        yield None, y.index, np.arange(len(y))
        return
    series = y.index.droplevel(-1)
    codes, keys = series.factorize()
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        raise ValueError(f"Row {row} of y belongs to no series: {y.index[row]}. Name it.")
    stamps = y.index.get_level_values(-1)
    order = np.argsort(codes, kind="stable")
    for key, rows in zip(keys, np.split(order, np.cumsum(np.bincount(codes))[:-1]), strict=True):
        yield key, stamps[rows], rows


def _track(key, stamps, y, X, fills_holes):
    name = "y" if key is None else f"series {key!r}"
    if stamps is None:
        return Track(key, Calendar(None, None, len(y)), y, X)
    stamps = checked_stamps(stamps, name)
    calendar = grid_of(stamps, name=name)
    return Track(key, calendar, *_on_grid(calendar, stamps, y, X, name, fills_holes))


def _on_grid(calendar, stamps, y, X, name, fills_holes):
    """Insert NaN where stamps of the calendar are absent, or refuse to."""
    if len(stamps) == calendar.n_steps:
        return y, X
    absent = calendar.stamps.difference(stamps)
    if not fills_holes:
        raise ValueError(
            f"The stamps of {name} step by {calendar.freq!r}, but {len(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} absent, first {_shown(absent)}. Set "
            "missing='interpolate' or missing='skip', or fill them "
            f"({name}.asfreq({calendar.freq!r}).interpolate())."
        )
    rows = calendar.stamps.get_indexer(stamps)
    full = [np.full((calendar.n_steps, values.shape[1]), np.nan) for values in (y, X)]
    full[0][rows], full[1][rows] = y, X
    return full


def _shown(stamps, n_shown=3):
    return ", ".join(map(str, stamps[:n_shown])) + (", ..." if len(stamps) > n_shown else "")


def _check_one_frequency(tracks):
    first = tracks[0]
    for track in tracks[1:]:
        if track.calendar.freq != first.calendar.freq:
            raise ValueError(
                f"Series {track.key!r} steps by {track.calendar.freq!r}, but series {first.key!r} "
                f"by {first.calendar.freq!r}. Fit a forecaster for each frequency, or bring them "
                "to one (resample)."
            )


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
    if layout.columns != panel.layout.columns or layout.describe() != panel.layout.describe():
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
    close = get_close_matches(str(key), map(str, known), n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return (
        f"{name} holds the series {key!r}, which was not there in fit ({len(known)} series: "
        f"{', '.join(map(repr, known[:3]))}{', ...' if len(known) > 3 else ''}){hint}. Fit again "
        "with it."
    )


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
    zones = [getattr(index, "tz", None) for index in (stamps, calendar.stamps)]
    if _kind(stamps) != _kind(calendar.stamps) or (zones[0] is None) != (zones[1] is None):
        raise ValueError(
            f"The index of {name} ({stamps[0]!s}, ...) is of another kind than that of fit "
            f"(..., {last!s}). Give both the same kind of index, and the same time zone."
        )
    if not stamps[0] > last:
        raise ValueError(
            f"{name} begins at {stamps[0]!s}, but the series is known until {last!s}. Give the "
            "rows after that only."
        )
    n_following = 1
    following = calendar.after(len(stamps))
    while following[-1] < stamps[-1]:
        n_following = 2 * len(following)
        following = calendar.after(n_following)
    places = following.get_indexer(stamps)
    if (places < 0).any():
        off = stamps[places < 0]
        raise ValueError(
            f"{name} steps off the grid of fit ({calendar.freq!r} from {last!s} on): "
            f"{_shown(off)}. Bring the stamps to it."
        )
    return places


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
    wanted = track.calendar.after(n_steps)
    of_series = "" if track.key is None else f" of series {track.key!r}"
    stamps, rows = given.get(track.key, (wanted[:0], np.array([], dtype=int)))
    is_future = clock(stamps) > clock(track.calendar.stamps[-1:])[0] if len(stamps) else []
    stamps, rows = stamps[is_future], rows[is_future]
    if stamps.has_duplicates:
        raise ValueError(f"The index of X repeats {stamps[stamps.duplicated()][0]!s}{of_series}.")
    if len(stamps):
        n_reach = max(n_steps, len(stamps))
        wanted = track.calendar.after(n_reach)
    places = stamps.get_indexer(wanted)
    absent = wanted[:n_steps][places[:n_steps] < 0]
    if len(absent):
        raise ValueError(
            f"X lacks {len(absent)} of the {n_steps} stamps to be forecast{of_series}: "
            f"{_shown(absent)}. fit was given covariates that are known ahead ({columns}): give "
            "their values of the future, or name them in past_columns."
        )
    n_whole = len(places) if (places >= 0).all() else int((places < 0).argmax())
    future = values[rows[places[:n_whole]]]
    _refuse_missing(future[:n_steps], columns, wanted, f"stamp{of_series}")
    known = np.isfinite(future).all(axis=1)
    return future if known.all() else future[: int((~known).argmax())]


def _pick_columns(X, columns, fitted):
    if isinstance(X, pd.Series):
        X = X.to_frame()
    if isinstance(X, pd.DataFrame):
        absent = [column for column in columns if column not in X.columns]
        if absent:
            raise ValueError(
                f"X lacks the columns {absent} that fit was given ({columns} are known ahead)."
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
