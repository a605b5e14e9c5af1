"""The list of weight arrays: its order, which is Keras's, and its values before training.

In this order, with what a network may lack in brackets:

- [segments: ``kernel (segment_length * n_features, units)`` and ``bias (units,)``];
- for each LSTM layer, and each direction of it, ``kernel (n_inputs, 4 units)``, ``recurrent_kernel
  (units, 4 units)`` and ``bias (4 units,)``, the gates in the order input, forget, cell, output;
- [parallel decoding: ``positions (n_outputs / segment_length, units)``];
- output: ``kernel`` and ``bias``;
- [skip connection: ``kernel (n_timesteps * n_features, n_outputs)``].
"""

from typing import NamedTuple

import numpy as np

from .threads import one_thread_per_product


class Cell(NamedTuple):
    """The weights of one direction of one LSTM layer."""

    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray


class Dense(NamedTuple):
    """The weights of a dense layer."""

    kernel: np.ndarray
    bias: np.ndarray


class Parts(NamedTuple):
    """The weights of a network, part by part; None for what it lacks."""

    segments: Dense | None
    layers: list
    positions: np.ndarray | None
    output: Dense
    skip: np.ndarray | None


def unpack(weights, architecture, cell=Cell):
    """Split the list into the parts of a network; of its layers each is a list of its cells."""
    weights = list(weights)
    segments = Dense(*_take(weights, 2)) if architecture.is_segmented else None
    layers = [
        [cell(*_take(weights, len(cell._fields))) for _ in range(architecture.n_directions)]
        for _ in architecture.units
    ]
    positions = _take(weights, 1)[0] if architecture.is_parallel else None
    output = Dense(*_take(weights, 2))
    return Parts(segments, layers, positions, output, weights[0] if weights else None)


def pack(parts):
    """Put the parts of a network into a list."""
    return [
        *(parts.segments or ()),
        *(array for layer in parts.layers for cell in layer for array in cell),
        *([] if parts.positions is None else [parts.positions]),
        *parts.output,
        *([] if parts.skip is None else [parts.skip]),
    ]


def _take(weights, n):
    taken, weights[:n] = weights[:n], []
    return taken


def initial_weights(rng, architecture, first_outputs=None):
    """Draw weights as Keras initialises them, but for the outputs' bias where those are given.

    Kernels are Glorot uniform [1]_, recurrent kernels orthogonal [2]_, positions uniform between
    -0.05 and 0.05, biases zero but for those of the forget gate, which are one [3]_. The skip
    connection begins at zero, so that it takes only what the LSTM leaves.

    References
    ----------
    .. [1] X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
       networks", AISTATS 2010.
    .. [2] A. M. Saxe, J. L. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of
       learning in deep linear neural networks", ICLR 2014, arXiv:1312.6120.
    .. [3] R. Jozefowicz, W. Zaremba, I. Sutskever, "An empirical exploration of recurrent network
       architectures", ICML 2015.
    """
    a = architecture
    n_inputs, layers = a.n_inputs, []
    segments = positions = skip = None
    if a.is_segmented:
        segments = _initial_dense(rng, a.segment_length * a.n_features, n_inputs)
    for n_units in a.units:
        layers.append([_initial_cell(rng, n_inputs, n_units) for _ in range(a.n_directions)])
        n_inputs = n_units * a.n_directions
    if a.is_parallel:
        shape = a.n_outputs // a.segment_length, a.units[0]
        positions = rng.uniform(-0.05, 0.05, shape).astype(np.float32)
    output = _initial_dense(rng, n_inputs, a.n_decoded)
    if first_outputs is not None:
        bias = np.reshape(first_outputs, (-1, a.n_decoded)).mean(axis=0)
        output = output._replace(bias=bias.astype(np.float32))
    if a.skip_connection:
        skip = np.zeros((a.n_timesteps * a.n_features, a.n_outputs), dtype=np.float32)
    return pack(Parts(segments, layers, positions, output, skip))


def _initial_dense(rng, n_inputs, n_outputs):
    return Dense(_glorot_uniform(rng, n_inputs, n_outputs), np.zeros(n_outputs, dtype=np.float32))


def _initial_cell(rng, n_inputs, n_units):
    bias = np.zeros(4 * n_units, dtype=np.float32)
    bias[n_units : 2 * n_units] = 1
    kernel = _glorot_uniform(rng, n_inputs, 4 * n_units)
    return Cell(kernel, _orthogonal(rng, n_units, 4 * n_units), bias)


def _glorot_uniform(rng, n_inputs, n_outputs):
    limit = np.sqrt(6 / (n_inputs + n_outputs))
    return rng.uniform(-limit, limit, (n_inputs, n_outputs)).astype(np.float32)


def _orthogonal(rng, n_rows, n_columns):
    # Threads within it would wait for each other: 256 units take 35 ms in one thread, and in two
    # 820 where other processes want the cores; the result is the same.
    with one_thread_per_product():
        q, r = np.linalg.qr(rng.standard_normal((n_columns, n_rows)))
    return (q * np.sign(np.diag(r))).T.astype(np.float32)
