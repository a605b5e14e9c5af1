"""What comes after a panel: new rows, and the covariates of its future."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from .._checks import as_numbers
from .calendar import checked_timestamps
from .time_series import (
    Track,
    as_table,
    check_alike,
    layout_of,
    nearest,
    series_in,
    shown,
    values_of,
)

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
    y, X = as_table(y, "y_new"), None if X is None else as_table(X, "X_new")
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
            f"X_new has the columns {layout.covariates}, but fit was given "
            f"{panel.layout.covariates}. Give it the same columns."
        )
    if not len(y):
        return panel
    values, covariates = values_of(y, X, "y_new")
    tracks = dict(zip(panel.keys, panel.tracks, strict=True))
    for key, timestamps, rows in series_in(y):
        if key not in tracks:
            raise ValueError(_unknown_series(key, panel.keys, "y_new"))
        tracks[key] = _longer(tracks[key], timestamps, values[rows], covariates[rows], fills_holes)
    return replace(panel, tracks=list(tracks.values()))


def _unknown_series(key, known, name):
    return (
        f"{name} holds the series {key!r}, which was not there in fit ({len(known)} series: "
        f"{', '.join(map(repr, known[:3]))}{', ...' if len(known) > 3 else ''}). Fit again with it."
        f"{nearest(key, known)}"
    )


def _longer(track, timestamps, y, X, fills_holes):
    name = "y_new" if track.key is None else f"series {track.key!r} in y_new"
    if timestamps is not None:
        timestamps = checked_timestamps(timestamps, name)
        places = places_after(track.calendar, timestamps, name)
        if not fills_holes and places[-1] + 1 != len(places):
            absent = track.calendar.after(places[-1] + 1).difference(timestamps)
            raise ValueError(
                f"{name} leaves out {len(absent)} timestamps after the last known one, first "
                f"{shown(absent)}. Give all of them, or set missing='interpolate'."
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


def places_after(calendar, timestamps, name):
    """Return how many steps after the last known one timestamps lie, 0 for the next."""
    last = calendar.timestamps[-1]
    _check_kind(timestamps, calendar, name)
    if not timestamps[0] > last:
        raise ValueError(
            f"{name} begins at {timestamps[0]!s}, but the series is known until {last!s}. Give the "
            "rows after that only."
        )
    if calendar.leaps_to(timestamps[-1]) > LONGEST_LEAP:
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
    return places


def _check_kind(timestamps, calendar, name):
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
    given = {key: (timestamps, rows) for key, timestamps, rows in series_in(X)}
    return [_future_of(track, given, values, columns, n_steps) for track in panel.tracks]


def _future_of(track, given, values, columns, n_steps):
    of_series = "" if track.key is None else f" of series {track.key!r}"
    wanted = track.calendar.after(n_steps)
    timestamps, rows = given.get(track.key, (wanted[:0], np.array([], dtype=int)))
    if len(timestamps):
        name = f"X{of_series}"
        order = np.argsort(timestamps)
        timestamps, rows = checked_timestamps(timestamps[order], name), rows[order]
        _check_kind(timestamps, track.calendar, name)
        is_future = timestamps > track.calendar.timestamps[-1]
        timestamps, rows = timestamps[is_future], rows[is_future]
    places = track.calendar[-1:].places(timestamps[:MOST_FUTURE_TIMESTAMPS]) - 1
    future = np.full((max(n_steps, places.max(initial=-1) + 1), len(columns)), np.nan)
    is_there = np.zeros(len(future), dtype=bool)
    future[places[places >= 0]] = values[rows[: len(places)][places >= 0]]
    is_there[places[places >= 0]] = True
    absent = wanted[~is_there[:n_steps]]
    if len(absent):
        raise ValueError(
            f"X lacks {len(absent)} of the {n_steps} timestamps to be forecast{of_series}: "
            f"{shown(absent)}. fit was given covariates that are known ahead ({columns}): give "
            "their values of the future, or name them in past_covariates."
        )
    _refuse_missing(future[:n_steps], columns, wanted, f"timestamp{of_series}")
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
