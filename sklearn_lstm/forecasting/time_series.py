"""Series, one or many, as arrays on calendars, and the way back to what was given."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ..windows.rows import joined_ranges
from .calendar import Calendar, Calendars


@dataclass(frozen=True, eq=False)
class TimeSeries:
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
        return name_of(self.key)

    def timestamp(self, row):
        timestamps = self.calendar.timestamps
        return f"row {row}" if timestamps is None else str(timestamps[row])

    def __getitem__(self, steps):
        return TimeSeries(self.key, self.calendar[steps], self.y[steps], self.X[steps])


def name_of(key):
    """Return what messages call a series."""
    return "y" if key is None else f"series {key!r}"


@dataclass(frozen=True)
class Layout:
    """How the data was given, so that answers come in the same container."""

    is_pandas: bool
    y_ndim: int
    columns: list
    levels: list | None
    covariates: list | None
    # For each level of series ids the categories and whether they are ordered, None for others.
    categories: list | None = None

    def describe(self):
        if not self.is_pandas:
            width = "" if self.y_ndim == 1 else f" and {len(self.columns)} columns"
            return f"an array of {self.y_ndim} dimensions{width}"
        kind = "Series" if self.y_ndim == 1 else f"DataFrame of the columns {self.columns}"
        return kind if self.levels is None else f"{kind} with a MultiIndex (series, time)"


@dataclass(frozen=True, eq=False)
class Panel:
    """Series that are forecast together: their rows lie end to end in one array.

    A panel that was cut keeps the rows of the whole one, and knows where its own begin:
    :meth:`parts` returns them uncopied, :meth:`stacked` end to end.

    Parameters
    ----------
    keys : list
        The series ids; ``[None]`` for a series without one.

    calendars : Calendars

    y_all : ndarray of shape (n_all_rows, n_columns)
        float64; what is absent is NaN.

    X_all : ndarray of shape (n_all_rows, n_covariates)

    starts : ndarray of int, shape (n_series,)
        Where the rows of each series begin.

    layout : Layout
    """

    keys: list
    calendars: Calendars
    y_all: np.ndarray
    X_all: np.ndarray
    starts: np.ndarray
    layout: Layout

    def __len__(self):
        return len(self.keys)

    @property
    def lengths(self):
        """Number of rows of each series, shape (n_series,)."""
        return self.calendars.n_steps

    @cached_property
    def offsets(self):
        """Where each series begins in ``y`` and ``X``, and their end, shape (n_series + 1,)."""
        return np.concatenate([[0], np.cumsum(self.lengths)])

    @cached_property
    def y(self):
        """Values of all series, end to end, shape (n_rows, n_columns)."""
        return self._end_to_end(self.y_all)

    @cached_property
    def X(self):  # noqa: N802
        """Covariates of all series, end to end, shape (n_rows, n_covariates)."""
        return self._end_to_end(self.X_all)

    def _end_to_end(self, rows):
        if not len(self):
            return rows[:0]
        if (np.diff(self.starts) == self.lengths[:-1]).all():
            return rows[self.starts[0] : self.starts[-1] + self.lengths[-1]]
        ends = self.starts + self.lengths
        pairs = zip(self.starts.tolist(), ends.tolist(), strict=True)
        return np.concatenate([rows[start:end] for start, end in pairs])

    def stacked(self):
        """Return the rows of all series, end to end, uncopied where nothing was cut.

        Returns
        -------
        y : ndarray of shape (n_rows, n_columns)

        X : ndarray of shape (n_rows, n_covariates)

        offsets : ndarray of int, shape (n_series + 1,)
            Series ``i`` has the rows ``offsets[i]`` to ``offsets[i + 1]``.
        """
        return self.y, self.X, self.offsets

    def parts(self):
        """Return the rows uncopied, among them those that were cut off.

        Returns
        -------
        y : ndarray of shape (n_all_rows, n_columns)

        X : ndarray of shape (n_all_rows, n_covariates)

        starts, ends : ndarray of int, shape (n_series,)
            Series ``i`` has the rows ``starts[i]`` to ``ends[i]``.
        """
        return self.y_all, self.X_all, self.starts, self.starts + self.lengths

    @property
    def series(self):
        """The series one by one: a sequence of TimeSeries, views that are made when asked for."""
        return _Views(self)

    def times(self):
        """Return numbers that order the rows of ``y`` in time, see :meth:`Calendars.times`."""
        return self.calendars.times()

    @property
    def freq(self):
        """Step between timestamps, the same for all series."""
        return self.calendars.freq

    def reduced(self, ufunc, values):
        """Apply the reduction of a ufunc to the rows of each series.

        Parameters
        ----------
        ufunc : ufunc
            Of two arguments, such as ``np.add``.

        values : ndarray of shape (n_rows, ...)
            In the order of ``y``.

        Returns
        -------
        reduced : ndarray of shape (n_series, ...)
            Of a series without a row, what the ufunc makes of nothing.
        """
        has_rows = self.lengths > 0
        if has_rows.all():
            return ufunc.reduceat(values, self.offsets[:-1], axis=0)
        empty = ufunc.reduce(values[:0], axis=0)
        result = np.full((len(self), *values.shape[1:]), empty)
        if has_rows.any():
            result[has_rows] = ufunc.reduceat(values, self.offsets[:-1][has_rows], axis=0)
        return result

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
        columns, names = self.layout.columns, map(name_of, self.keys)
        if len(columns) == 1:
            return list(names)
        return [f"column {column!r} of {name}" for name in names for column in columns]

    def keep(self, chosen):
        """Return some of the series.

        Parameters
        ----------
        chosen : array-like of bool, shape (n_series,)
        """
        chosen = np.asarray(chosen, dtype=bool)
        if chosen.all():
            return self
        return replace(
            self,
            keys=[key for key, kept in zip(self.keys, chosen.tolist(), strict=True) if kept],
            calendars=self.calendars.keep(chosen),
            starts=self.starts[chosen],
        )

    def until(self, n_steps):
        """Return the first steps of each series.

        Parameters
        ----------
        n_steps : array-like of int, shape (n_series,)
        """
        return replace(self, calendars=self.calendars.until(np.asarray(n_steps)))

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
        flat = values.reshape(len(self) * values.shape[1], -1)
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
        levels = self.layout.levels
        if levels is None:
            return self.calendars[0].after(n_steps)
        timestamps, codes = self.calendars.joined_after(n_steps)
        return self._joined(timestamps, codes, np.full(len(self), n_steps), levels)

    def _joined(self, timestamps, codes, lengths, names):
        """Put the timestamps of each series under its key."""
        tuples = [key if isinstance(key, tuple) else (key,) for key in self.keys]
        ids = pd.MultiIndex.from_tuples(tuples, names=names[:-1])
        levels = map(_as_categories, ids.levels, self.layout.categories or [None] * ids.nlevels)
        return pd.MultiIndex(
            levels=[*levels, timestamps],
            codes=[*(np.repeat(of_level, lengths) for of_level in ids.codes), codes],
            names=names,
            verify_integrity=False,
        )

    def history(self):
        """Return ``y`` as it was given, absent timestamps included."""
        layout, values = self.layout, self.y.copy()
        if not layout.is_pandas:
            return values if layout.y_ndim == 2 else values[:, 0]
        if layout.levels is None:
            index = self.calendars[0].timestamps
        else:
            timestamps, codes = self.calendars.joined()
            index = self._joined(timestamps, codes, self.lengths, layout.levels)
        if layout.y_ndim == 1:
            return pd.Series(values[:, 0], index=index, name=layout.columns[0], copy=False)
        return pd.DataFrame(values, index=index, columns=pd.Index(layout.columns), copy=False)

    def __getstate__(self):
        """Return the rows that were not cut off, and keys as arrays: a model file is read soon."""
        return {
            "keys": _packed(self.keys),
            "calendars": self.calendars,
            "y": self.y,
            "X": self.X,
            "layout": self.layout,
        }

    def __setstate__(self, state):
        calendars = state["calendars"]
        vars(self).update(
            keys=_unpacked(state["keys"]),
            calendars=calendars,
            y_all=state["y"],
            X_all=state["X"],
            starts=np.cumsum(calendars.n_steps) - calendars.n_steps,
            layout=state["layout"],
        )


def _as_categories(level, categories):
    """Return a level as the categories that it was given as, others as they are."""
    if categories is None:
        return level
    values, ordered = categories
    return pd.CategoricalIndex(level, categories=values, ordered=ordered, name=level.name)


class _Views(Sequence):
    """The series of a panel; each is a light object on its rows."""

    def __init__(self, panel):
        self._panel = panel

    def __len__(self):
        return len(self._panel)

    def __getitem__(self, number):
        if isinstance(number, slice):
            return [self[i] for i in range(len(self))[number]]
        panel = self._panel
        begin = panel.starts[number]
        rows = slice(begin, begin + panel.lengths[number])
        return TimeSeries(
            panel.keys[number], panel.calendars[number], panel.y_all[rows], panel.X_all[rows]
        )


def _packed(keys):
    """Return series ids as an array where that loses nothing: thousands of strings are slow."""
    types = set(map(type, keys))
    if types == {tuple}:
        widths = set(map(len, keys))
        if len(widths) == 1:
            return {"levels": [_packed(list(of_level)) for of_level in zip(*keys, strict=True)]}
    if types in ({str}, {int}, {float}):
        array = np.array(keys)
        if array.dtype.kind in "Uif" and array.tolist() == keys:
            return array
    return keys


def _unpacked(keys):
    if isinstance(keys, dict):
        return list(zip(*map(_unpacked, keys["levels"]), strict=True))
    return keys.tolist() if isinstance(keys, np.ndarray) else keys


def check_values(panel, missing, log, *, is_chosen=False):
    """Refuse values that can't be used.

    Parameters
    ----------
    panel : Panel

    missing : str
        With ``"error"``, missing values are refused.

    log : bool
        Whether all values must be positive.

    is_chosen : bool
        Whether that was not asked for, but chosen in ``fit``.
    """
    is_bad = _lacks_values(panel, missing)
    if log:
        is_bad |= panel.reduced(np.logical_or, (panel.y <= 0).any(axis=1))
    if is_bad.any():
        series = panel.series[int(is_bad.argmax())]
        _refuse_missing(series, missing)
        _refuse_log(series, is_chosen)


def warn_of_missing(panel, seen=0, *, stacklevel=4):
    """Say how many rows lack a value, where nothing was said about what to do.

    Parameters
    ----------
    panel : Panel

    seen : ndarray of int, shape (n_series,), or 0
        Rows of each series that have been told of already.

    stacklevel : int, default=4
        The default is that of a method that scikit-learn wraps.
    """
    lacking = _lacking(panel)
    seen = np.broadcast_to(seen, len(panel))
    lacking[joined_ranges(panel.offsets[:-1], np.minimum(seen, panel.lengths))] = False
    if lacking.any():
        first = int(lacking.argmax())
        number = int(np.searchsorted(panel.offsets, first, side="right")) - 1
        series, row = panel.series[number], first - panel.offsets[number]
        n_rows = len(lacking) - seen.sum()
        warnings.warn(
            f"{lacking.sum()} of {n_rows} rows lack a value, first {series.name} at "
            f"{series.timestamp(row)}; they are interpolated within "
            "windows. Set missing='interpolate' to do so without a warning, 'skip' to learn from "
            "whole windows only, or 'error'.",
            UserWarning,
            stacklevel=stacklevel,
        )


def n_lacking(panel):
    """Return how many rows of a panel lack a value."""
    return int(_lacking(panel).sum())


def _lacking(panel):
    return np.isnan(panel.y).any(axis=1) | np.isnan(panel.X).any(axis=1)


def _lacks_values(panel, missing):
    """Tell which series hold no value in a column, or lack one although none may."""
    is_bad = np.zeros(len(panel), dtype=bool)
    for values in (panel.y, panel.X):
        is_missing = np.isnan(values)
        if not is_missing.any():
            is_bad |= (panel.lengths == 0) & bool(values.shape[1])
            continue
        is_bad |= panel.reduced(np.logical_and, is_missing).any(axis=1)
        if missing == "error":
            is_bad |= panel.reduced(np.logical_or, is_missing.any(axis=1))
    return is_bad


def _refuse_missing(series, how):
    lacking = np.isnan(series.y).any(axis=1) | np.isnan(series.X).any(axis=1)
    for values, name in ((series.y, "y"), (series.X, "X")):
        is_empty = np.isnan(values).all(axis=0)
        if is_empty.any():
            column = f" in column {int(is_empty.argmax())} of {name}" if values.shape[1] > 1 else ""
            where = series.name if name == "y" or series.key is not None else "X"
            raise ValueError(f"{where} holds no value{column}: leave it out.")
    if how == "error" and lacking.any():
        where = "y" if np.isnan(series.y).any() else "X"
        rows = np.flatnonzero(lacking)
        timestamps = ", ".join(series.timestamp(row) for row in rows[:3])
        raise ValueError(
            f"{len(rows)} of {len(series)} rows of {series.name} lack a value in {where}, "
            f"first {timestamps}{', ...' if len(rows) > 3 else ''}. Set missing='interpolate' or "
            "missing='skip', or fill them."
        )


def _refuse_log(series, is_chosen):
    row = int((series.y <= 0).any(axis=1).argmax())
    found = f"{series.name} has {np.nanmin(series.y[row]):g} at {series.timestamp(row)}"
    raise ValueError(
        "The values of fit had the forecaster learn logarithms (log='auto'), which need "
        f"positive values, but {found}. Fit with log=False, or update(..., refit=True)."
        if is_chosen
        else f"log=True needs positive values, but {found}. Set log=False, or add a constant."
    )
