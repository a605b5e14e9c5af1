"""The network of :class:`LSTMRegressor` for training on the CPU, compiled once for all its sizes.

Its variables have no fixed shape, so that a search over units, features or outputs traces nothing
new, unless they change the road, see :mod:`.roads`, or features turn from even to odd in number.
They hold Keras's weights as the LSTM operation wants them: kernel and recurrent kernel in one, and
in sizes that it is fast with, filled up by zeros, which training leaves at zero.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from .lstm_op import GATES, run_lstm
from .products import product
from .quiet_tensorflow import tf
from .roads import even, padded
from .tensors import arrays_of, assign, to_tensor
from .weights import Cell, Dense, Parts, pack, unpack


class Topology(NamedTuple):
    """What networks have in common that share a compiled program."""

    n_layers: int
    bidirectional: bool
    is_segmented: bool
    is_parallel: bool
    skip_connection: bool
    pooling: str
    pads: bool = False
    own_gradient: bool = False

    @classmethod
    def of(cls, architecture, own_gradient=False):
        a = architecture
        return cls(
            len(a.units), a.bidirectional, a.is_segmented, a.is_parallel, a.skip_connection,
            a.pooling, not a.is_segmented and even(a.n_features) != a.n_features, own_gradient,
        )  # fmt: skip


class FusedNetwork:
    """LSTM layers between what reads a window and what makes the outputs.

    The windows share their rows. Time or segments run along the first axis, samples along the
    second.
    """

    def __init__(self, topology):
        def dense():
            return Dense(_variable(2), _variable(1))

        self._parts = Parts(
            segments=dense() if topology.is_segmented else None,
            layers=[
                [dense() for _ in range(2 if topology.bidirectional else 1)]
                for _ in range(topology.n_layers)
            ],
            positions=_variable(2) if topology.is_parallel else None,
            output=dense(),
            skip=_variable(2) if topology.skip_connection else None,
        )
        self._pooling, self._pads = topology.pooling, topology.pads
        self._run_lstm = partial(run_lstm, own_gradient=topology.own_gradient)
        self.variables = pack(self._parts)

    def load(self, weights, architecture):
        self._layout = _Layout(architecture)
        assign(self.variables, map(to_tensor, self.fuse(weights)))

    def weights(self):
        return self.split(arrays_of(self.variables))

    def fuse(self, arrays):
        """Bring arrays shaped as Keras's weights, of the sizes last loaded, into those here."""
        return self._layout.fuse(arrays)

    def split(self, arrays):
        return self._layout.split(arrays)

    def predict(self, x, layout, noise=None, lengths=None):
        """Return the outputs, shape (n_samples, n_outputs), of windows.

        Parameters
        ----------
        x : tensor of shape (n_timesteps, n_samples, n_features)
        layout : Layout
        noise : list of tensors, default=None
            What :meth:`draw_noise` returned; None outside of training.
        lengths : tensor of shape (n_samples,), default=None
            How many steps samples have, where they differ; the longest of them has all.
        """
        parts = self._parts
        if self._pads:  # the LSTM operation reads them, and wants their number even
            x = tf.pad(x, [[0, 0], [0, 0], [0, 1]])
        outputs = self._outputs(x, layout, noise, lengths)
        if parts.skip is None:
            return outputs
        flat = tf.reshape(tf.transpose(x, (1, 0, 2)), [tf.shape(x)[1], -1])
        return tf.add_n([outputs, product(flat, parts.skip)])

    def _outputs(self, x, layout, noise, lengths):
        parts = self._parts
        if parts.segments is not None:
            x = tf.nn.relu(_dense_of_steps(_cut(x, layout.segment_length), parts.segments))
            if lengths is not None:
                lengths = (lengths + layout.segment_length - 1) // layout.segment_length
        noise = noise or [None] * len(parts.layers)
        states = []
        for layer, drawn in zip(parts.layers, noise, strict=True):
            is_last = layer is parts.layers[-1]
            h, state, last = _run_layer(
                self._run_lstm, x, layer, lengths, only_last=is_last and self._pooling == "last"
            )
            states.append(state)
            if not is_last:
                x = h if drawn is None else h * drawn[: tf.shape(h)[0]]
        if parts.positions is not None:
            return self._decoded(states, tf.shape(x)[1], noise)
        read = self._pooled(h, last, lengths)
        return _dense(read if drawn is None else read * drawn[0], parts.output)

    def _pooled(self, h, last, lengths):
        """Return what of the states of all steps the output reads, shape (n_samples, n)."""
        if self._pooling == "last":
            return last
        if lengths is None:
            reduce = tf.reduce_mean if self._pooling == "mean" else tf.reduce_max
            return reduce(h, axis=0)
        is_known = tf.transpose(tf.sequence_mask(lengths, tf.shape(h)[0]))[..., tf.newaxis]
        if self._pooling == "max":
            return tf.reduce_max(tf.where(is_known, h, h.dtype.min), axis=0)
        n_known = tf.cast(lengths, h.dtype)[:, tf.newaxis]
        return tf.reduce_sum(tf.where(is_known, h, 0), axis=0) / n_known

    def _decoded(self, states, n_samples, noise):
        """Return the outputs of one step from the window's states, for each of their segments."""
        positions = self._parts.positions
        n_segments = tf.shape(positions)[0]
        x = tf.repeat(positions, n_samples, axis=0)[tf.newaxis]
        for (cell,), state, drawn in zip(self._parts.layers, states, noise, strict=True):
            h, _ = self._run_lstm(x, *cell, *(tf.tile(part, [n_segments, 1]) for part in state))
            x = h if drawn is None else h * tf.reshape(drawn[-n_segments:], tf.shape(h))
        outputs = tf.reshape(_dense(x[0], self._parts.output), [n_segments, n_samples, -1])
        return tf.reshape(tf.transpose(outputs, (1, 0, 2)), [n_samples, -1])

    def draw_noise(self, n_samples, layout, rate, seed):
        """Draw dropout: what each layer's outputs are multiplied with, for a whole batch."""
        parts, n_steps = self._parts, -(-layout.n_timesteps // layout.segment_length)
        n_layers = len(parts.layers)
        noise = []
        for i, layer in enumerate(parts.layers):
            n_read = 0 if i == n_layers - 1 else n_steps
            n_decoded = 0 if parts.positions is None else tf.shape(parts.positions)[0]
            n_outputs = sum(tf.size(cell.bias) // 4 for cell in layer)
            ones = tf.ones([tf.maximum(n_read + n_decoded, 1), n_samples, n_outputs])
            layer_seed = tf.stack([seed[0], seed[1] * n_layers + i])
            noise.append(tf.nn.experimental.stateless_dropout(ones, rate=rate, seed=layer_seed))
        return noise

    def penalty(self):
        kernels = [v for v in self.variables if self._is_kernel(v)]
        return tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in kernels])

    def _is_kernel(self, variable):
        return len(variable.shape) == 2 and variable is not self._parts.positions

    def clip(self, gradients, norm):
        """Limit the norm of each gradient, kernel and recurrent kernel each by itself."""
        lstm_kernels = {id(cell.kernel) for layer in self._parts.layers for cell in layer}
        clipped = []
        for gradient, variable in zip(gradients, self.variables, strict=True):
            n_units = tf.shape(gradient)[-1] // 4
            is_lstm_kernel = id(variable) in lstm_kernels
            parts = [gradient[:-n_units], gradient[-n_units:]] if is_lstm_kernel else [gradient]
            parts = [tf.clip_by_norm(part, norm) for part in parts]
            clipped.append(tf.concat(parts, axis=0) if is_lstm_kernel else parts[0])
        return clipped


def _variable(n_dimensions):
    shape = [None] * n_dimensions
    return tf.Variable(np.zeros([0] * n_dimensions, np.float32), shape=tf.TensorShape(shape))


def _cut(x, segment_length):
    """Cut windows, (n_timesteps, n_samples, n_features), in segments whose steps lie in a row."""
    n_timesteps, n_samples, n_features = tf.unstack(tf.shape(x))
    n_segments = n_timesteps // segment_length
    x = tf.reshape(x, [n_segments, segment_length, n_samples, n_features])
    return tf.reshape(
        tf.transpose(x, (0, 2, 1, 3)), [n_segments, n_samples, segment_length * n_features]
    )


def _dense(x, layer):
    """Apply a dense layer to x, shape (n, n_inputs)."""
    return tf.nn.bias_add(product(x, layer.kernel), layer.bias)


def _dense_of_steps(x, layer):
    """Apply a dense layer to the last axis of x, shape (n, n_samples, n_inputs)."""
    outputs = _dense(tf.reshape(x, [-1, tf.shape(x)[2]]), layer)
    return tf.reshape(outputs, [tf.shape(x)[0], tf.shape(x)[1], tf.shape(outputs)[1]])


def _run_layer(run_lstm, x, layer, lengths, *, only_last):
    """Run one LSTM layer; where samples have lengths, they end there.

    Return the outputs of all steps, (n_timesteps, n_samples, n), or None where only the last are
    wanted and all samples end there; the last state of its last direction; and the last outputs,
    (n_samples, n).
    """
    to_end = only_last and lengths is None
    outputs, lasts, state = [], [], None
    for direction, (w, b) in enumerate(layer):
        b = tf.convert_to_tensor(b)
        initial = tf.zeros([tf.shape(x, tf.int64)[1], tf.size(b, tf.int64) // 4])
        read = _reversed(x, lengths) if direction else x
        h, c = run_lstm(read, w, b, initial, initial, to_end=to_end)
        state = (h, c) if to_end else (_at_the_end(h, lengths), _at_the_end(c, lengths))
        outputs.append(_reversed(h, lengths) if direction and not to_end else h)
        lasts.append(state[0])
    if to_end:
        return None, state, _side_by_side(lasts)
    return _side_by_side(outputs), state, _side_by_side(lasts)


def _side_by_side(directions):
    return directions[0] if len(directions) == 1 else tf.concat(directions, axis=-1)


def _reversed(x, lengths):
    if lengths is None:
        return tf.reverse(x, [0])
    return tf.reverse_sequence(x, lengths, seq_axis=0, batch_axis=1)


def _at_the_end(x, lengths):
    if lengths is None:
        return x[-1]
    return tf.gather_nd(x, tf.stack([lengths - 1, tf.range(tf.size(lengths))], axis=1))


class _Place(NamedTuple):
    """Where an array lies in a larger one: the shape of that, and its indices there by axis."""

    shape: tuple
    indices: tuple

    def put(self, array):
        padded = np.zeros(self.shape, np.float32)
        padded[np.ix_(*self.indices)] = array
        return padded

    def take(self, padded):
        return padded[np.ix_(*self.indices)]


class _Layout:
    """Where Keras's weights of a certain architecture lie in the variables of a fused network."""

    def __init__(self, architecture):
        self._architecture = architecture
        self._places = list(_places(architecture))

    def fuse(self, weights):
        parts = unpack(weights, self._architecture)
        layers = [[_merged(cell) for cell in layer] for layer in parts.layers]
        arrays = pack(parts._replace(layers=layers))
        return [place.put(array) for place, array in zip(self._places, arrays, strict=True)]

    def split(self, fused):
        arrays = [place.take(array) for place, array in zip(self._places, fused, strict=True)]
        parts = unpack(arrays, self._architecture, Dense)
        layers = [[_parted(cell) for cell in layer] for layer in parts.layers]
        return pack(parts._replace(layers=layers))


def _places(a):
    """Yield where each of the arrays lies in its variable."""
    inputs, n_inputs = np.arange(a.n_inputs), even(a.n_inputs)
    if a.is_segmented:
        n_values = a.segment_length * a.n_features
        yield _Place((n_values, n_inputs), (np.arange(n_values), inputs))
        yield _Place((n_inputs,), (inputs,))
    first_inputs, n_first_inputs = inputs, n_inputs
    for n_units in a.units:
        units, n_padded = np.arange(n_units), padded(n_units)
        rows = np.concatenate([inputs, n_inputs + units])
        columns = np.concatenate([gate * n_padded + units for gate in range(4)])
        for _ in range(a.n_directions):
            yield _Place((n_inputs + n_padded, 4 * n_padded), (rows, columns))
            yield _Place((4 * n_padded,), (columns,))
        inputs = np.concatenate([d * n_padded + units for d in range(a.n_directions)])
        n_inputs = a.n_directions * n_padded
    if a.is_parallel:
        n_segments = a.n_outputs // a.segment_length
        yield _Place((n_segments, n_first_inputs), (np.arange(n_segments), first_inputs))
    outputs = np.arange(a.n_decoded)
    yield _Place((n_inputs, a.n_decoded), (inputs, outputs))
    yield _Place((a.n_decoded,), (outputs,))
    if a.skip_connection:
        width = a.n_features if a.is_segmented else even(a.n_features)
        rows = np.arange(a.n_timesteps)[:, np.newaxis] * width + np.arange(a.n_features)
        yield _Place((a.n_timesteps * width, a.n_outputs), (rows.ravel(), np.arange(a.n_outputs)))


def _merged(cell):
    """Bring a cell into the operation's form."""
    kernel = np.concatenate([cell.kernel, cell.recurrent_kernel])
    return Dense(_swap_gates(kernel), _swap_gates(cell.bias))


def _parted(merged):
    n_units = len(merged.bias) // 4
    kernel = _swap_gates(merged.kernel)
    parts = kernel[:-n_units], kernel[-n_units:], _swap_gates(merged.bias)
    return Cell(*map(np.ascontiguousarray, parts))


def _swap_gates(array):
    """Bring the gates from Keras's order into the operation's, or back."""
    gates = array.reshape(*array.shape[:-1], 4, -1)
    return np.ascontiguousarray(gates[..., GATES, :]).reshape(array.shape)
