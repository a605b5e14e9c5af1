"""The built-in network as operations of ONNX.

ONNX takes steps before samples, has a row of weights for each unit of a gate, a second bias, which
is zero here, and the gates in the order input, output, forget, cell where Keras has input, forget,
cell, output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..engine.architecture import Architecture
from ..engine.weights import unpack
from .sequences import Sequences, in_segments, is_known

if TYPE_CHECKING:
    from .graph import Graph


class States(NamedTuple):
    """What an LSTM operation returns, as ONNX names it: of all steps, and after the last ones."""

    Y: str  # (n_steps, n_directions, n_samples, units)
    Y_h: str  # (n_directions, n_samples, units)
    Y_c: str


def add_network(
    graph: Graph, sequences: Sequences, weights: list[np.ndarray], architecture: Architecture
) -> str:
    """Add a network; return the name of its outputs, of shape (n_samples, n_outputs).

    Parameters
    ----------
    graph : Graph
    sequences : Sequences
    weights : list of ndarray
        Those of one network.
    architecture : Architecture
    """
    parts = unpack(weights, architecture)
    steps, lengths = _steps(graph, sequences, parts.segments, architecture)
    layers = _run_layers(graph, parts.layers, steps, lengths)
    if architecture.is_parallel:
        outputs = _decoded_in_parallel(graph, sequences, parts, layers, architecture.n_outputs)
    else:
        pooled = _pooled(graph, layers[-1], parts.layers[-1], lengths, architecture.pooling)
        outputs = graph.add("Gemm", pooled, *parts.output)
    if parts.skip is None:
        return outputs
    values = graph.add("Reshape", sequences.windows, [0, len(parts.skip)])
    return graph.add("Add", outputs, graph.add("MatMul", values, parts.skip))


def _steps(graph, sequences, segments, architecture):
    """Return what the first layer reads, (n_steps, n_samples, n_inputs), and how many steps."""
    steps, lengths = sequences
    if segments is not None:
        n_values = len(segments.kernel)
        steps = graph.add("Reshape", steps, [0, -1, n_values])
        steps = graph.add("Add", graph.add("MatMul", steps, segments.kernel), segments.bias)
        steps = graph.add("Relu", steps)
        lengths = lengths and in_segments(graph, lengths, architecture.segment_length)
    return graph.add("Transpose", steps, perm=[1, 0, 2]), lengths


def _run_layers(graph, layers, steps, lengths):
    """Return the :class:`States` of each layer."""
    lengths = lengths and graph.cast(lengths, np.int32)
    states: list[States] = []
    for i, layer in enumerate(layers):
        if i:
            steps = _of_all_steps(graph, states[-1].Y, layers[i - 1])
        states.append(_lstm(graph, layer, steps, lengths))
    return states


def _lstm(graph, layer, steps, lengths, *initial):
    optional = [lengths, *initial] if lengths or initial else []
    names = graph.add_several(
        "LSTM",
        steps,
        np.stack([_reordered(cell.kernel).T for cell in layer]),
        np.stack([_reordered(cell.recurrent_kernel).T for cell in layer]),
        np.stack([np.append(_reordered(cell.bias), 0 * cell.bias) for cell in layer]),
        *optional,
        names=[None, None, None],
        hidden_size=_n_units(layer),
        direction="bidirectional" if len(layer) > 1 else "forward",
    )
    return States(*names)


def _reordered(array):
    """Put gates along the last axis in ONNX's order."""
    i, f, c, o = np.split(np.asarray(array), 4, axis=-1)
    return np.concatenate([i, o, f, c], axis=-1)


def _n_units(layer):
    return len(layer[0].recurrent_kernel)


def _of_all_steps(graph, states, layer):
    """Put directions side by side: (n_steps, n_samples, n_directions * units)."""
    if len(layer) == 1:
        return graph.add("Squeeze", states, [1])
    states = graph.add("Transpose", states, perm=[0, 2, 1, 3])
    return graph.add("Reshape", states, [0, 0, len(layer) * _n_units(layer)])


def _pooled(graph, states, layer, lengths, pooling):
    """Return what the output layer reads, (n_samples, n_directions * units)."""
    if pooling == "last":
        if len(layer) == 1:
            return graph.add("Squeeze", states.Y_h, [0])
        last = graph.add("Transpose", states.Y_h, perm=[1, 0, 2])
        return graph.add("Reshape", last, [0, len(layer) * _n_units(layer)])
    over_steps: dict[str, Any] = {"axes": [0], "keepdims": 0}
    steps = _of_all_steps(graph, states.Y, layer)
    if lengths is None:
        return graph.add("ReduceMean" if pooling == "mean" else "ReduceMax", steps, **over_steps)
    known = is_known(graph, steps, lengths)
    if pooling == "max":
        return graph.add("ReduceMax", graph.add("Where", known, steps, -np.inf), **over_steps)
    steps = graph.add("Where", known, steps, 0.0)
    total = graph.add("ReduceSum", steps, [0], keepdims=0)
    n_known = graph.add("Unsqueeze", graph.cast(lengths, np.float32), [1])
    return graph.add("Div", total, n_known)


def _decoded_in_parallel(graph, sequences, parts, layers, n_outputs):
    """Go on from the states after the last step by one for each position."""
    n_positions, n_inputs = parts.positions.shape
    n_samples = graph.add("Gather", graph.add("Shape", sequences.windows), [0])
    shape = graph.add("Concat", n_samples, [n_positions, n_inputs], axis=0)
    steps = graph.add("Expand", parts.positions, shape)
    steps = graph.add("Reshape", steps, [1, -1, n_inputs])  # positions beside positions: one step
    for layer, states in zip(parts.layers, layers, strict=True):
        initial = [_repeated(graph, state, n_positions, layer) for state in states[1:]]
        decoded = _lstm(graph, layer, steps, None, *initial)
        steps = graph.add("Squeeze", decoded.Y, [1])
    outputs = graph.add("Gemm", graph.add("Squeeze", steps, [0]), *parts.output)
    return graph.add("Reshape", outputs, [-1, n_outputs])


def _repeated(graph, state, n_positions, layer):
    """Give each position the state of its sample."""
    n_units = _n_units(layer)
    state = graph.add("Reshape", state, [-1, 1, n_units])
    state = graph.add("Expand", state, [1, n_positions, 1])
    return graph.add("Reshape", state, [1, -1, n_units])
