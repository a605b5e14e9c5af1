"""Targets beside rows: the value to predict, steps after each row."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from .time_index import Timeline


def make_supervised(
    data: Any,
    target: Hashable | list[Hashable] | None = None,
    *,
    horizon: int | Iterable[int] = 1,
) -> tuple[Any, Any]:
    """Put the value that is to be predicted beside each row.

    ``y[i]`` is the target ``horizon`` steps after row ``i``. The last rows, whose target is not
    known yet, are left out. Steps are rows: a missing date is not a step.

    Parameters
    ----------
    data : {array-like, Series, DataFrame} of shape (n_steps,) or (n_steps, n_features)
        A series, or several on one time axis, rows in time order. A MultiIndex
        ``(series, ..., time)`` keeps the series of a panel apart.

    target : label, int or list of these, default=None
        Column or columns to predict; a position where ``data`` is an array. None: all of them.

    horizon : int, range or list of int, default=1
        How many steps ahead. With several, ``y`` has a column for each.

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
        If the horizon is below 1 or the series no longer than it, or an index is out of order.

    KeyError
        If ``target`` is not a column.

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
    """
    steps = _check_horizon(horizon)
    frame, is_pandas = _as_frame(data)
    columns = _target_columns(frame, target)
    timeline = Timeline(frame, len(frame))
    order = np.arange(len(frame)) if timeline.order is None else timeline.order
    series = np.cumsum(timeline.begins_series)
    place = np.arange(len(frame) - max(steps))
    place = place[series[place] == series[place + max(steps)]]
    if not place.size:
        raise ValueError(
            f"horizon={horizon!r} reaches beyond the end: no series of the {len(frame)} rows is "
            f"longer than {max(steps)} steps. Lower horizon."
        )
    place = place[np.argsort(order[place])]
    X = frame.iloc[order[place]]
    is_single_step = isinstance(horizon, Integral)
    targets = pd.DataFrame(
        {
            (name if is_single_step else f"{name}_step{step}"): frame.iloc[
                order[place + step], position
            ].to_numpy()
            for name, position in columns
            for step in steps
        },
        index=X.index,
    )
    is_series = is_single_step and len(columns) == 1 and not isinstance(target, list | pd.Index)
    y = targets.iloc[:, 0] if is_series else targets
    return (X, y) if is_pandas else (X.to_numpy(copy=True), y.to_numpy(copy=True))


def _check_horizon(horizon: Any) -> list[int]:
    try:
        steps: list[Any] = [horizon] if isinstance(horizon, Integral) else list(horizon)
    except TypeError:
        steps = []
    is_ahead = all(isinstance(step, Integral) and int(step) >= 1 for step in steps)
    if not steps or not is_ahead or len(set(steps)) < len(steps):
        raise ValueError(
            f"horizon={horizon!r} must be a whole number of steps ahead, 1 or more, or a range or "
            "list of different ones. (A horizon of 0 would predict what the row already holds.)"
        )
    return steps


def _as_frame(data):
    if isinstance(data, pd.Series):
        return data.to_frame(name="y" if data.name is None else data.name), True
    if hasattr(data, "columns") and not isinstance(data, pd.DataFrame):
        data = pd.DataFrame(np.asarray(data), columns=list(data.columns))
    if isinstance(data, pd.DataFrame):
        if not data.columns.is_unique:
            twice = data.columns[data.columns.duplicated()][0]
            raise ValueError(f"data has several columns {twice!r}: give each a name of its own.")
        return data, True
    values = np.asarray(data)
    if values.ndim not in (1, 2) or not len(values):
        raise ValueError(
            f"data must be a series (n_steps,) or a table (n_steps, n_features) with at least one "
            f"row, got shape {values.shape}."
        )
    return pd.DataFrame(values), False


def _target_columns(frame, target):
    """Return (label, position) for each target column."""
    if target is None:
        targets = list(frame.columns)
    else:
        targets = list(target) if isinstance(target, list | pd.Index | np.ndarray) else [target]
    if not targets:
        raise ValueError(f"target={target!r} names no column; there are {list(frame.columns)}.")
    unknown = [name for name in targets if name not in frame.columns]
    if unknown:
        raise KeyError(f"target {unknown[0]!r} is not a column; there are {list(frame.columns)}")
    return [(name, frame.columns.get_loc(name)) for name in targets]
