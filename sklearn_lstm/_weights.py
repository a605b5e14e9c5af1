"""The list of weight arrays: its order, which is Keras's, and its values before training.

For each LSTM layer, and each direction of it, there are ``kernel (n_inputs, 4 units)``,
``recurrent_kernel (units, 4 units)`` and ``bias (4 units,)``, the gates in the order input,
forget, cell, output; ``kernel`` and ``bias`` of the output layer come last.
"""

from typing import NamedTuple

import numpy as np


class Cell(NamedTuple):
    """The weights of one direction of one LSTM layer."""

    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray


def unpack(weights, bidirectional):
    """Split the list into LSTM layers, each a list of one or two cells, and the output layer."""
    *recurrent, kernel, bias = weights
    cells = [Cell(*recurrent[i : i + 3]) for i in range(0, len(recurrent), 3)]
    n_directions = 2 if bidirectional else 1
    layers = [cells[i : i + n_directions] for i in range(0, len(cells), n_directions)]
    return layers, (kernel, bias)


def initial_weights(rng, *, units, bidirectional, n_features, n_outputs):
    """Draw weights as Keras initialises them.

    Kernels are Glorot uniform [1]_, recurrent kernels orthogonal [2]_, biases zero but for those
    of the forget gate, which are one [3]_.

    References
    ----------
    .. [1] X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
       networks", AISTATS 2010.
    .. [2] A. M. Saxe, J. L. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of
       learning in deep linear neural networks", ICLR 2014, arXiv:1312.6120.
    .. [3] R. Jozefowicz, W. Zaremba, I. Sutskever, "An empirical exploration of recurrent network
       architectures", ICML 2015.
    """
    weights = []
    n_inputs = n_features
    for n_units in units:
        for _ in range(2 if bidirectional else 1):
            bias = np.zeros(4 * n_units, dtype=np.float32)
            bias[n_units : 2 * n_units] = 1
            weights += [
                _glorot_uniform(rng, n_inputs, 4 * n_units),
                _orthogonal(rng, n_units, 4 * n_units),
                bias,
            ]
        n_inputs = n_units * (2 if bidirectional else 1)
    return [
        *weights,
        _glorot_uniform(rng, n_inputs, n_outputs),
        np.zeros(n_outputs, dtype=np.float32),
    ]


def _glorot_uniform(rng, n_inputs, n_outputs):
    limit = np.sqrt(6 / (n_inputs + n_outputs))
    return rng.uniform(-limit, limit, (n_inputs, n_outputs)).astype(np.float32)


def _orthogonal(rng, n_rows, n_columns):
    q, r = np.linalg.qr(rng.standard_normal((n_columns, n_rows)))
    return (q * np.sign(np.diag(r))).T.astype(np.float32)
