"""Scalers of scikit-learn as sums and products of ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

if TYPE_CHECKING:
    from .graph import Graph


class Scaling(NamedTuple):
    """``(x - center) / scale + offset``, within bounds.

    Each is a number for each column, or for all; None for none. The center is taken off first:
    levels may be thousands of times the changes around them, which float32 would lose in a product.
    """

    center: Any = None
    scale: Any = None
    offset: Any = None
    bounds: tuple[float, float] | None = None

    def add_to(self, graph: Graph, values: str) -> str:
        """Add it to a graph, the columns of the values along their last axis."""
        if self.center is not None:
            values = graph.add("Add", values, -1.0 * self.center)
        if self.scale is not None:
            values = graph.add("Mul", values, 1.0 / self.scale)
        if self.offset is not None:
            values = graph.add("Add", values, 1.0 * self.offset)
        if self.bounds is not None:
            values = graph.add("Clip", values, *self.bounds)
        return values

    def inverse(self, n_axes_after: int = 0) -> Scaling:
        """Return the way back, which has no bounds, for columns with so many axes behind them."""
        behind = (1,) * n_axes_after
        offset, scale, center = (
            None if numbers is None else np.reshape(numbers, (-1, *behind))
            for numbers in (self.offset, self.scale, self.center)
        )
        return Scaling(offset, None if scale is None else 1.0 / scale, center)


def scaling_of(scaler: Any, name: str) -> Scaling:
    """Return what a fitted scaler does.

    Parameters
    ----------
    scaler : transformer
    name : str
        What an error calls it.

    Raises
    ------
    TypeError
        If it is another transformer than those that are known.
    """
    kind = type(scaler)
    if kind is MinMaxScaler:
        low, high = map(float, scaler.feature_range)
        bounds = (low, high) if scaler.clip else None
        return Scaling(scaler.data_min_, 1 / scaler.scale_, low or None, bounds)
    if kind is StandardScaler:
        return Scaling(scaler.mean_ if scaler.with_mean else None, scaler.scale_)
    if kind is RobustScaler:
        return Scaling(scaler.center_, scaler.scale_)
    if kind is MaxAbsScaler:
        bounds = (-1.0, 1.0) if getattr(scaler, "clip", False) else None
        return Scaling(None, scaler.scale_, None, bounds)
    if kind is FunctionTransformer and scaler.func is None and scaler.inverse_func is None:
        return Scaling()
    raise TypeError(
        f"{name}={scaler!r} can't be exported: take MinMaxScaler, StandardScaler, RobustScaler or "
        "MaxAbsScaler, or transform before the model and export what follows."
    )
