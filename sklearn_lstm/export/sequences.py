"""Windows as a network reads them, and where those that end earlier do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..engine.architecture import Architecture

if TYPE_CHECKING:
    from .graph import Graph


class Sequences(NamedTuple):
    """Names of windows and of their lengths.

    Parameters
    ----------
    windows : str
        Of shape (n_samples, n_timesteps, n_features), and a whole number of segments.
    lengths : str or None
        How many steps each knows, int64; None where they know all.
    """

    windows: str
    lengths: str | None


def read_sequences(graph: Graph, windows: str, architecture: Architecture) -> Sequences:
    """Add what windows need before a network reads them.

    Where the network was trained on unequal lengths, steps of NaN at the end are after a sequence's
    end, and take its last known values; the number of steps is that of the windows.

    Parameters
    ----------
    graph : Graph
    windows : str
    architecture : Architecture
    """
    if not architecture.is_ragged:
        return Sequences(windows, None)
    axis_of_steps, axis_of_features = 1, 2
    is_number = graph.cast(graph.add("Not", graph.add("IsNaN", windows)), np.float32)
    is_step = graph.add("ReduceMax", is_number, axes=[axis_of_features], keepdims=0)
    n_known = graph.add("ReduceSum", is_step, [axis_of_steps], keepdims=0)
    # Of a window without any known step it takes the first, whose NaN tells of it.
    lengths = graph.cast(graph.add("Max", n_known, 1.0), np.int64)
    places = graph.add("Min", _step_numbers(graph, windows, architecture), _last(graph, lengths))
    places = graph.add("Unsqueeze", places, [axis_of_features])
    places = graph.add("Expand", places, [1, 1, architecture.n_features])
    return Sequences(graph.add("GatherElements", windows, places, axis=axis_of_steps), lengths)


def in_segments(graph: Graph, lengths: str, segment_length: int) -> str:
    """Return of how many segments so many steps are the beginning."""
    return graph.add("Div", graph.add("Add", lengths, [segment_length - 1]), [segment_length])


def is_known(graph: Graph, steps: str, lengths: str) -> str:
    """Tell which of the steps, (n_steps, n_samples, n), are before the end of their sample."""
    numbers = graph.add("Unsqueeze", _range(graph, graph.add("Shape", steps), 0), [1])
    return graph.add("Unsqueeze", graph.add("Less", numbers, lengths), [2])


def spoiled_by_nan(graph: Graph, windows: str, predictions: str, n_dimensions: int) -> str:
    """Make the predictions of windows that hold NaN or infinity NaN.

    Runtimes lose NaN in functions that they bound, such as the hyperbolic tangent.
    """
    zeros = graph.add("Mul", windows, 0.0)
    zero = graph.add("ReduceSum", zeros, [1, 2], keepdims=0)
    zero = graph.add("Reshape", zero, [-1] + [1] * (n_dimensions - 1))
    return graph.add("Add", predictions, zero)


def _step_numbers(graph, windows, architecture):
    """Return 0, 1, ... for each step, up to whole segments."""
    n_steps = graph.add("Shape", windows)
    if architecture.is_segmented:
        length = architecture.segment_length
        n_steps = graph.add("Mul", in_segments(graph, n_steps, length), [length])
    return _range(graph, n_steps, 1)


def _range(graph, shape, axis):
    return graph.add("Range", 0, graph.add("Gather", shape, axis), 1)


def _last(graph, lengths):
    return graph.add("Unsqueeze", graph.add("Sub", lengths, [1]), [1])
