"""The network of :class:`LSTMRegressor` for training on the CPU, compiled once for all its sizes.

Its variables have no fixed shape, so that a search over units, features or outputs traces nothing
new. They hold Keras's weights as the LSTM operation wants them: kernel and recurrent kernel in one,
and sizes made even by zeros, which training leaves at zero.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ._lstm_op import GATES, run_lstm
from ._weights import Cell, unpack


class FusedNetwork:
    """LSTM layers and a dense output, over windows that share their rows."""

    def __init__(self, n_layers, bidirectional):
        n_directions = 2 if bidirectional else 1
        self._bidirectional = bidirectional
        self._cells = [
            [(_variable(2), _variable(1)) for _ in range(n_directions)] for _ in range(n_layers)
        ]
        self._output = _variable(2), _variable(1)
        self.variables = [
            v for layer in [*self._cells, [self._output]] for pair in layer for v in pair
        ]

    @staticmethod
    def prepare_rows(rows):
        """Make the number of features even."""
        return np.pad(rows, [(0, 0), (0, rows.shape[1] % 2)]) if rows.shape[1] % 2 else rows

    def load(self, weights):
        self._layout = _Layout(weights, self._bidirectional)
        for variable, value in zip(self.variables, self.fuse(weights), strict=True):
            variable.assign(value)

    def weights(self):
        return self.split([variable.numpy() for variable in self.variables])

    def fuse(self, arrays):
        """Bring arrays shaped as Keras's weights, of the sizes last loaded, into those here."""
        return self._layout.fuse(arrays)

    def split(self, arrays):
        return self._layout.split(arrays)

    def predict(self, rows, starts, n_timesteps, noise=None):
        """Return the outputs, shape (n_samples, n_outputs).

        ``noise`` is what :meth:`draw_noise` returned, or None outside of training.
        """
        steps = tf.range(n_timesteps)[:, tf.newaxis] + starts
        x = tf.gather(rows, steps)
        for i, layer in enumerate(self._cells):
            is_last = i == len(self._cells) - 1
            outputs = []
            for direction, (w, b) in enumerate(layer):
                initial = tf.zeros([tf.size(starts), tf.size(b) // 4])
                h, _ = run_lstm(tf.reverse(x, [0]) if direction else x, w, b, initial, initial)
                h = h[-1] if is_last else h
                outputs.append(tf.reverse(h, [0]) if direction and not is_last else h)
            x = tf.concat(outputs, axis=-1) if len(outputs) > 1 else outputs[0]
            if noise is not None:
                x *= noise[i]
        kernel, bias = self._output
        return tf.nn.bias_add(tf.matmul(x, kernel), bias)

    def draw_noise(self, n_samples, n_timesteps, rate, seed):
        """Draw dropout: what each layer's outputs are multiplied with, for a whole batch."""
        noise = []
        for i, layer in enumerate(self._cells):
            n_outputs = sum(tf.size(b) // 4 for _, b in layer)
            steps = [] if i == len(self._cells) - 1 else [n_timesteps]
            ones = tf.ones([*steps, n_samples, n_outputs])
            layer_seed = tf.stack([seed[0], seed[1] * len(self._cells) + i])
            noise.append(tf.nn.experimental.stateless_dropout(ones, rate=rate, seed=layer_seed))
        return noise

    def penalty(self):
        kernels = self.variables[::2]
        return tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in kernels])

    def clip(self, gradients, norm):
        """Limit the norm of each gradient, kernel and recurrent kernel each by itself."""
        clipped = []
        for gradient, variable in zip(gradients, self.variables, strict=True):
            n_units = tf.shape(gradient)[-1] // 4
            is_lstm_kernel = len(variable.shape) == 2 and variable is not self._output[0]
            parts = [gradient[:-n_units], gradient[-n_units:]] if is_lstm_kernel else [gradient]
            parts = [tf.clip_by_norm(part, norm) for part in parts]
            clipped.append(tf.concat(parts, axis=0) if is_lstm_kernel else parts[0])
        return clipped


def _variable(n_dimensions):
    shape = [None] * n_dimensions
    return tf.Variable(np.zeros([0] * n_dimensions, np.float32), shape=tf.TensorShape(shape))


class _Place(NamedTuple):
    """Where the weights of a cell lie in the fused, even-sized array."""

    shape: tuple
    inputs: np.ndarray
    states: np.ndarray
    columns: np.ndarray


class _Layout:
    """Where Keras's weights of certain sizes lie in the variables of a fused network."""

    def __init__(self, weights, bidirectional):
        layers, (kernel, _) = unpack(weights, bidirectional)
        n_directions = 2 if bidirectional else 1
        n_inputs = _even(len(layers[0][0].kernel))
        inputs = np.arange(len(layers[0][0].kernel))
        self._places = []
        for layer in layers:
            units = np.arange(len(layer[0].recurrent_kernel))
            n_units = _even(len(units))
            shape = n_inputs + n_units, 4 * n_units
            columns = np.concatenate([gate * n_units + units for gate in range(4)])
            place = _Place(shape, inputs, n_inputs + units, columns)
            self._places += [place] * n_directions
            n_inputs = n_directions * n_units
            inputs = np.concatenate([d * n_units + units for d in range(n_directions)])
        self._output_shape, self._output_inputs = (n_inputs, kernel.shape[1]), inputs

    def fuse(self, weights):
        *recurrent, kernel, bias = weights
        fused = []
        for i, place in enumerate(self._places):
            cell = Cell(*map(_swap_gates, recurrent[3 * i : 3 * i + 3]))
            w, b = np.zeros(place.shape, np.float32), np.zeros(place.shape[1], np.float32)
            w[np.ix_(place.inputs, place.columns)] = cell.kernel
            w[np.ix_(place.states, place.columns)] = cell.recurrent_kernel
            b[place.columns] = cell.bias
            fused += [w, b]
        padded = np.zeros(self._output_shape, np.float32)
        padded[self._output_inputs] = kernel
        return [*fused, padded, bias]

    def split(self, fused):
        *recurrent, kernel, bias = fused
        weights = []
        for place, w, b in zip(self._places, recurrent[::2], recurrent[1::2], strict=True):
            rows = w[:, place.columns]
            cell = rows[place.inputs], rows[place.states], b[place.columns]
            weights += map(_swap_gates, cell)
        return [*weights, kernel[self._output_inputs], bias]


def _even(n):
    return n + n % 2


def _swap_gates(array):
    """Bring the gates from Keras's order into the operation's, or back."""
    gates = array.reshape(*array.shape[:-1], 4, -1)
    return np.ascontiguousarray(gates[..., GATES, :]).reshape(array.shape)
