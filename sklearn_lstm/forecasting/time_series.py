"""What a forecaster is given, one series or many, as arrays on calendars, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from .._checks import as_numbers
from .calendar import Calendar, checked_timestamps, covers, frequency_of, grid_of

FEWEST_TIMESTAMPS_THAT_STEP = 3


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

    @property
    def name(self):
        return _name(self.key)

    def timestamp(self, row):
        timestamps = self.calendar.timestamps
        return f"row {row}" if timestamps is None else str(timestamps[row])

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

    @property
    def titles(self):
        """What messages call each series and column."""
        columns = self.layout.columns
        if len(columns) == 1:
            return [track.name for track in self.tracks]
        return [f"column {column!r} of {track.name}" for track in self.tracks for column in columns]

    def keep(self, chosen):
        tracks = [track for track, kept in zip(self.tracks, chosen, strict=True) if kept]
        return replace(self, tracks=tracks)

    def until(self, n_steps):
        """Return the first steps of each series; a number for each of them."""
        cut = [track[:n] for track, n in zip(self.tracks, n_steps, strict=True)]
        return replace(self, tracks=cut)

    def wrap(self, values, suffixes=None):
        """Put forecasts into the container of ``y``, on the timestamps that follow.

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

    def _joined(self, timestamps):
        """Put the timestamps of each series under its key."""
        if self.layout.levels is None:
            return timestamps[0]
        rows = [
            (*(key if isinstance(key, tuple) else (key,)), timestamp)
            for key, of_series in zip(self.keys, timestamps, strict=True)
            for timestamp in of_series
        ]
        return pd.MultiIndex.from_tuples(rows, names=self.layout.levels)

    def history(self):
        """Return ``y`` as it was given, absent timestamps included."""
        values = np.concatenate([track.y for track in self.tracks])
        layout = self.layout
        if not layout.is_pandas:
            return values if layout.y_ndim == 2 else values[:, 0]
        index = self._joined([track.calendar.timestamps for track in self.tracks])
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
        Whether timestamps may be absent; their values are then NaN.

    Returns
    -------
    panel : Panel
    """
    y, X = as_table(y, "y"), None if X is None else as_table(X, "X")
    layout = layout_of(y, X)
    check_alike(y, X)
    if not len(y):
        raise ValueError("y is empty: give it at least window_length + horizon values.")
    values, covariates = values_of(y, X, "y")
    series = [(key, _checked(key, timestamps), rows) for key, timestamps, rows in series_in(y)]
    freq = _common_frequency(series)
    tracks = [
        _track(key, timestamps, freq, values[rows], covariates[rows], fills_holes)
        for key, timestamps, rows in series
    ]
    return Panel(tracks, layout)


def values_of(y, X, name):
    values = as_numbers(y, name).reshape(len(y), -1)
    return values, np.empty((len(y), 0)) if X is None else _covariates_of(y, X)


def as_table(data, name):
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


def check_alike(y, X):
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
            f"X lacks {len(absent)} of the {len(y)} timestamps of y, first {absent[0]!s}. Give it "
            "a row for each."
        )
    if len(X) > len(y):
        raise ValueError(
            f"X has {len(X) - len(y)} rows more than y. Give fit the same rows, X.loc[y.index]; "
            "those of the future go to predict."
        )
    return values[places]


def series_in(y):
    """Yield key, timestamps and row numbers of each series."""
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
    timestamps = y.index.get_level_values(-1)
    order = np.argsort(codes, kind="stable")
    for key, rows in zip(keys, np.split(order, np.cumsum(np.bincount(codes))[:-1]), strict=True):
        yield key, timestamps[rows], rows


def _checked(key, timestamps):
    return None if timestamps is None else checked_timestamps(timestamps, _name(key))


def _name(key):
    return "y" if key is None else f"series {key!r}"


def _common_frequency(series):
    """Return the frequency of the longest series, which the others must have, too."""
    if series[0][1] is None:
        return None
    key, longest, _ = max(series, key=lambda one: len(one[1]))
    freq = frequency_of(longest, _name(key))
    for other, timestamps, _ in series:
        own = _own_frequency(timestamps, freq, _name(other))
        if own != freq:
            raise ValueError(
                f"Series {other!r} steps by {own!r}, but {_name(key)} by {freq!r}. Fit "
                "a forecaster for each frequency, or bring them to one (resample)."
            )
    return freq


def _own_frequency(timestamps, freq, name):
    """Return the given frequency if it may be that of the timestamps, else what is."""
    try:
        grid = grid_of(timestamps, freq).timestamps
    except ValueError:
        return frequency_of(timestamps, name)
    if len(timestamps) < FEWEST_TIMESTAMPS_THAT_STEP or covers(grid, timestamps):
        return freq
    try:
        return frequency_of(timestamps, name)
    except ValueError:
        return freq


def _track(key, timestamps, freq, y, X, fills_holes):
    if timestamps is None:
        return Track(key, Calendar(None, None, len(y)), y, X)
    calendar = grid_of(timestamps, freq, _name(key))
    return Track(key, calendar, *_on_grid(calendar, timestamps, y, X, _name(key), fills_holes))


def _on_grid(calendar, timestamps, y, X, name, fills_holes):
    """Insert NaN where timestamps of the calendar are absent, or refuse to."""
    if len(timestamps) == calendar.n_steps:
        return y, X
    rows = calendar.places(timestamps)
    if not fills_holes:
        absent = calendar.timestamps[np.isin(np.arange(calendar.n_steps), rows, invert=True)]
        raise ValueError(
            f"The timestamps of {name} step by {calendar.freq!r}, but {len(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} absent, first {shown(absent)}. Set "
            "missing='interpolate' or missing='skip', or fill them "
            f"({name}.asfreq({calendar.freq!r}).interpolate())."
        )
    full = [np.full((calendar.n_steps, values.shape[1]), np.nan) for values in (y, X)]
    full[0][rows], full[1][rows] = y, X
    return full


def shown(timestamps, n_shown=3):
    return ", ".join(map(str, timestamps[:n_shown])) + (
        ", ..." if len(timestamps) > n_shown else ""
    )


def nearest(name, known):
    """Return a question after the known name that is most like another, empty if none is."""
    close = get_close_matches(str(name), map(str, known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def check_values(tracks, missing, log, *, is_chosen=False):
    """Refuse values that can't be used.

    Parameters
    ----------
    tracks : list of Track

    missing : str
        With ``"error"``, missing values are refused.

    log : bool
        Whether all values must be positive.

    is_chosen : bool
        Whether that was not asked for, but chosen in ``fit``.
    """
    for track in tracks:
        _check_missing(track, missing)
        if log and (track.y <= 0).any():
            row = int((track.y <= 0).any(axis=1).argmax())
            found = f"{track.name} has {np.nanmin(track.y[row]):g} at {track.timestamp(row)}"
            raise ValueError(
                "The values of fit had the forecaster learn logarithms (log='auto'), which need "
                f"positive values, but {found}. Fit with log=False, or update(..., refit=True)."
                if is_chosen
                else f"log=True needs positive values, but {found}. Set log=False, or add a "
                "constant."
            )


def _check_missing(track, how):
    lacking = np.isnan(track.y).any(axis=1) | np.isnan(track.X).any(axis=1)
    for values, name in ((track.y, "y"), (track.X, "X")):
        is_empty = np.isnan(values).all(axis=0)
        if is_empty.any():
            column = f" in column {int(is_empty.argmax())} of {name}" if values.shape[1] > 1 else ""
            where = track.name if name == "y" or track.key is not None else "X"
            raise ValueError(f"{where} holds no value{column}: leave it out.")
    if how == "error" and lacking.any():
        where = "y" if np.isnan(track.y).any() else "X"
        rows = np.flatnonzero(lacking)
        timestamps = ", ".join(track.timestamp(row) for row in rows[:3])
        raise ValueError(
            f"{len(rows)} of {len(track)} rows of {track.name} lack a value in {where}, "
            f"first {timestamps}{', ...' if len(rows) > 3 else ''}. Set missing='interpolate' or "
            "missing='skip', or fill them."
        )
