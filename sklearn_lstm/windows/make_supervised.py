"""Targets beside rows: the value to predict, steps after each row."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import timedelta
from itertools import islice
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from .._checks import plain_table
from .._warn import warn_user
from .holes import come_after_holes
from .time_index import Timeline


def make_supervised(
    data: Any,
    target: Hashable | list[Hashable] | None = None,
    *,
    horizon: int | Iterable[int] = 1,
    max_gap: str | timedelta | float | None = "auto",
) -> tuple[Any, Any]:
    """Put the value that is to be predicted beside each row.

    ``y[i]`` is the target ``horizon`` steps after row ``i``. The last rows, whose target is not
    known yet, are left out, and so are rows before a hole in the time index, whose target would lie
    across it.

    Parameters
    ----------
    data : {array-like, Series, DataFrame} of shape (n_steps,) or (n_steps, n_features)
        A series, or several on one time axis, rows in time order. A MultiIndex
        ``(series, ..., time)`` keeps the series of a panel apart.

    target : label, int or list of these, default=None
        Column or columns to predict; a position where ``data`` is an array. None: all of them.

    horizon : int, range or list of int, default=1
        How many steps ahead. With several, ``y`` has a column for each.

    max_gap : "auto", str, timedelta, float or None, default="auto"
        Largest distance between the timestamps of neighbouring rows, such as ``"1D"`` for a time
        index or ``1`` for a numeric one: no row is put beside a target across a larger gap. With
        ``"auto"`` a gap is a missing step of a time index that is regular else, more than 1.5 times
        the median distance within the series; weekends are none where no row is at a weekend. A
        warning says how many rows are left out for it. Indexes of numbers, and irregular ones, have
        no gaps then. With None steps are rows: a missing date is not a step.

    Returns
    -------
    X : {ndarray, DataFrame} of shape (n_samples, n_features)
        The rows that have a target, a DataFrame where ``data`` is one or a Series.

    y : {ndarray, Series, DataFrame} of shape (n_samples,) or (n_samples, n_outputs)
        Their targets, on the index of ``X``. With several horizons the columns are named
        ``temp_step1, temp_step2, ...``, one target after the other.

    Raises
    ------
    ValueError
        If the horizon is below 1 or the series no longer than it, an index is out of order,
        ``target`` is not a column, ``max_gap`` does not fit the index, or the values are times or
        complex.

    See Also
    --------
    SequenceWindower : Cut windows that end at each row.

    Examples
    --------
    >>> from sklearn_lstm import make_supervised
    >>> X, y = make_supervised([10, 20, 30, 40, 50], horizon=2)
    >>> X.ravel(), y
    (array([10, 20, 30]), array([30, 40, 50]))
    >>> X, y = make_supervised([10, 20, 30, 40, 50], horizon=range(1, 4))
    >>> y
    array([[20, 30, 40],
           [30, 40, 50]])

    The third of January is missing, so that the second has no target a day later:

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-05"])
    >>> X, y = make_supervised(pd.Series([1, 2, 4, 5], index=days), max_gap="1D")
    >>> X.index.day.tolist(), y.tolist()
    ([1, 4], [2, 5])
    """
    frame, is_pandas = _as_frame(plain_table(data, "data"))
    steps = _check_horizon(horizon, len(frame))
    columns = _target_columns(frame, target)
    is_auto = isinstance(max_gap, str) and max_gap == "auto"
    timeline = Timeline(frame, len(frame), None if is_auto else max_gap)
    begins_segment = timeline.begins_segment
    if is_auto and timeline.times is not None:
        begins_segment = begins_segment | come_after_holes(timeline.times, timeline.begins_series)
    place = _with_targets(begins_segment, max(steps))
    if is_auto:
        n_left_out = len(_with_targets(timeline.begins_series, max(steps))) - len(place)
        _warn_of_holes(timeline, begins_segment, n_left_out, horizon)
    if not place.size:
        raise ValueError(
            f"horizon={horizon!r} reaches beyond the end: no series of the {len(frame)} rows is "
            f"longer than {max(steps)} steps, holes apart. Lower horizon."
        )
    order = np.arange(len(frame)) if timeline.order is None else timeline.order
    place = place[np.argsort(order[place])]
    X = frame.iloc[order[place]]
    is_single_step = isinstance(horizon, Integral)
    names, values = [], []
    for name, position in columns:
        for step in steps:
            names.append(name if is_single_step else f"{name}_step{step}")
            values.append(frame.iloc[order[place + step], position].to_numpy())
    y = pd.DataFrame(dict(enumerate(values)), index=X.index)
    y.columns = pd.Index(names, tupleize_cols=False)
    if is_single_step and len(columns) == 1 and not isinstance(target, list | pd.Index):
        y = y.iloc[:, 0]
    return (X, y) if is_pandas else (X.to_numpy(copy=True), y.to_numpy(copy=True))


def _with_targets(begins_segment, n_ahead):
    """Return the places of rows that have one so many rows ahead in the same segment."""
    segment = np.cumsum(begins_segment)
    n_ahead = min(n_ahead, len(segment))
    place = np.arange(len(segment) - n_ahead)
    return place[segment[place] == segment[place + n_ahead]]


def _warn_of_holes(timeline, begins_segment, n_left_out, horizon):
    if not n_left_out:
        return
    is_hole = begins_segment & ~timeline.begins_series
    first = int(is_hole.argmax())
    before, after = timeline.timestamp(first - 1), timeline.timestamp(first)
    n_holes = is_hole.sum()
    holes = f"{n_holes} holes, the first" if n_holes > 1 else "a hole"
    rows = f"{n_left_out} rows" if n_left_out > 1 else "1 row"
    warn_user(
        f"The time index has {holes} between {before!s} and {after!s}: {rows}, whose target "
        f"horizon={horizon!r} ahead would lie across {'one' if n_holes > 1 else 'it'}, left out. "
        "Fill the holes (DataFrame.asfreq), or set max_gap: to the distance that is no hole "
        "yet, or to None to count rows."
    )


def _check_horizon(horizon, n_rows):
    if isinstance(horizon, Integral):
        steps: list[Any] = [horizon]
    else:
        try:
            steps = list(islice(horizon, n_rows + 1))  # more can't be there
        except TypeError:
            steps = []
    is_ahead = all(
        isinstance(step, Integral) and not isinstance(step, bool) and int(step) >= 1
        for step in steps
    )
    if not steps or not is_ahead or len(set(steps)) < len(steps):
        raise ValueError(
            f"horizon={horizon!r} must be a whole number of steps ahead, 1 or more, or a range or "
            "list of different ones. (A horizon of 0 would predict what the row already holds.)"
        )
    return [int(step) for step in steps]


def _as_frame(data):
    if isinstance(data, pd.Series):
        data, is_pandas = data.to_frame(name="y" if data.name is None else data.name), True
    elif isinstance(data, pd.DataFrame):
        is_pandas = True
    else:
        values = np.asarray(data)
        if values.ndim not in (1, 2):
            raise ValueError(
                "data must be a series (n_steps,) or a table (n_steps, n_features), got shape "
                f"{values.shape}. Reshape it."
            )
        data, is_pandas = pd.DataFrame(values), False
    if not data.columns.is_unique:
        twice = data.columns[data.columns.duplicated()][0]
        raise ValueError(f"data has several columns {twice!r}: give each a name of its own.")
    if not data.size:
        raise ValueError(f"data of shape {data.shape} holds no value: give it a row at least.")
    return data, is_pandas


def _target_columns(frame, target):
    """Return (label, position) for each target column."""
    if target is None:
        return [(name, position) for position, name in enumerate(frame.columns)]
    is_array = isinstance(target, np.ndarray) and target.ndim == 1
    names = list(target) if is_array or isinstance(target, list | pd.Index) else [target]
    labels = frame.columns.tolist()
    if not names:
        raise ValueError(f"target={target!r} names no column; there are {labels}.")
    places = [_place_of(name, labels) for name in names]
    if None in places:
        unknown = names[places.index(None)]
        raise ValueError(f"target {unknown!r} is not a column; there are {labels}.")
    if len(set(places)) < len(places):
        raise ValueError(f"target={target!r} names a column twice. Name each once.")
    return list(zip(names, places, strict=True))


def _place_of(name, labels):
    """Return the position of a column, None where there is none; True is not the column 1."""
    for place, label in enumerate(labels):
        if isinstance(name, Hashable) and name == label:
            return None if isinstance(name, bool) and not isinstance(label, bool) else place
    return None
