"""Parameters to a Keras network: the fused LSTM layer and the builder that scikeras can call."""

from .quiet_tensorflow import tf  # first, for Keras imports TensorFlow, too

# isort: split
from itertools import count, repeat
from typing import Any

import keras
import numpy as np

from .architecture import Architecture, check_architecture
from .lstm_op import GATES, run_lstm

# What turns outputs into probabilities, by scikit-learn's type of target.
PROBABILITIES = {
    "binary": "sigmoid",
    "multilabel-indicator": "sigmoid",
    "multiclass": "softmax",
}

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"sklearn-lstm trains with Keras's TensorFlow backend, but {keras.backend.backend()!r} is "
        "set. Set the environment variable KERAS_BACKEND=tensorflow before Keras is imported."
    )


@keras.saving.register_keras_serializable("sklearn_lstm")
class FusedLSTM(keras.layers.LSTM):
    """``keras.layers.LSTM`` that runs a whole sequence in one operation on the CPU.

    Where that operation does not apply (a GPU, a mask, dropout within the layer, other activations,
    another precision), Keras's own implementation does, with the same results.
    """

    def _can_fuse(self, mask):
        return (
            mask is None
            and self.use_bias
            and not (self.dropout or self.recurrent_dropout)
            and self.activation is keras.activations.tanh
            and self.recurrent_activation is keras.activations.sigmoid
            and self.compute_dtype == "float32"
            and not tf.config.list_logical_devices("GPU")
        )

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not self._can_fuse(mask):
            return super().inner_loop(sequences, initial_state, mask, training=training)
        x = tf.transpose(sequences, (1, 0, 2))
        if self.go_backwards:
            x = tf.reverse(x, axis=[0])
        kernel = tf.convert_to_tensor(self.cell.kernel)
        if x.shape[2] % 2:
            x = tf.pad(x, [[0, 0], [0, 0], [0, 1]])
            kernel = tf.pad(kernel, [[0, 1], [0, 0]])
        kernel = tf.concat([kernel, self.cell.recurrent_kernel], axis=0)
        bias = tf.convert_to_tensor(self.cell.bias)
        h, c = run_lstm(x, _swap_gates(kernel), _swap_gates(bias), *initial_state)
        outputs = tf.transpose(h, (1, 0, 2)) if self.return_sequences else h[-1][:, tf.newaxis]
        return h[-1], outputs, [h[-1], c[-1]]


def _swap_gates(array):
    gates = tf.split(array, 4, axis=-1)
    return tf.concat([gates[i] for i in GATES], axis=-1)


def lstm_network(
    meta: dict[str, Any],
    units: int | tuple[int, ...] = 50,
    dropout: float = 0.0,
    bidirectional: bool = False,
    alpha: float = 0.0,
    segment_length: int | None = None,
    decoding: str = "dense",
    skip_connection: bool = False,
    pooling: str = "last",
    seed: int | None = None,
) -> keras.Model:
    """Build the network of :class:`LSTMRegressor` or :class:`LSTMClassifier`.

    LSTM layers and a dense output; where ``meta`` is a classifier's, what follows is a sigmoid for
    two classes or several labels, and a softmax for more classes.

    It follows the convention of scikeras, ``builder(meta, **params) -> keras.Model``, so it works
    in both as ``network=lstm_network``, and in scikeras's ``KerasRegressor`` and
    ``KerasClassifier`` as ``model=lstm_network`` (within a Pipeline, scikeras 0.13 needs
    scikit-learn 1.7 or later).

    Parameters
    ----------
    meta : dict
        Of its entries, ``"X_shape_"``, ``(n_samples, n_timesteps, n_features)`` or, for one
        feature, ``(n_samples, n_timesteps)``, and ``"n_outputs_"`` are used; of a classifier also
        ``"target_type_"`` and ``"n_classes_"``.

    units : int or tuple of int, default=50
        Units of the LSTM layer, or of each of the stacked layers.

    dropout : float, default=0.0
        Share of each LSTM layer's outputs, in [0, 1), that is set to zero in training.

    bidirectional : bool, default=False
        Whether each layer also reads the window backwards.

    alpha : float, default=0.0
        Strength of the L2 penalty, ``alpha * sum(w ** 2)`` over all kernels.

    segment_length : int, default=None
        Steps that are read at once; it must divide the window. None reads step by step.

    decoding : {"dense", "parallel"}, default="dense"
        Whether one dense layer makes all outputs, or one more LSTM step each ``segment_length`` of
        them.

    skip_connection : bool, default=False
        Whether a linear map of the window is added to the output.

    pooling : {"last", "mean", "max"}, default="last"
        What of the last layer's states the output reads: the last one, or the mean or the largest
        over all steps.

    seed : int, default=None
        Seed of initial weights and dropout. None: Keras draws one from Python's global generator.

    Returns
    -------
    model : keras.Model
        Not compiled.

    Examples
    --------
    >>> from sklearn_lstm import lstm_network
    >>> model = lstm_network({"X_shape_": (100, 5, 1), "n_outputs_": 1}, units=50)
    >>> model.count_params()
    10451
    """
    n_timesteps, *n_features = meta["X_shape_"][1:]
    # scikeras calls targets of a regressor multiclass, too, if they are whole numbers.
    kind = meta["target_type_"] if "n_classes_" in meta else "continuous"
    architecture = Architecture(
        n_timesteps,
        n_features[0] if n_features else 1,
        # Of several labels scikeras counts one output; the classes are the labels.
        meta["n_outputs_"] if kind in ("binary", "continuous") else meta["n_classes_"],
        (units,) if isinstance(units, int | np.integer) else tuple(units),
        bidirectional,
        segment_length,
        decoding,
        skip_connection,
        pooling,
    )
    network = build(architecture, dropout, alpha, seed, has_feature_axis=bool(n_features))
    activation = PROBABILITIES.get(kind)
    if activation is None:
        return network
    outputs = keras.layers.Activation(activation, dtype="float32")(network.outputs[0])
    return keras.Model(network.inputs[0], outputs)


def plain_network(architecture, dropout, alpha):
    """Build the same network of Keras's own layers, which any Keras can load once it is saved."""
    return build(architecture, dropout, alpha, seed=0, lstm_class=keras.layers.LSTM)


def mean_network(networks):
    """Build the network whose output is the mean of the outputs of others."""
    inputs = keras.Input(networks[0].input_shape[1:], dtype="float32")
    mean = keras.layers.Average(dtype="float32")
    return keras.Model(inputs, mean([network(inputs) for network in networks]))


def predicting_network(network, loss):
    """Build the network whose outputs are what is predicted from those of another."""
    outputs = loss.keras_predictions(keras, network.outputs[0])
    return network if outputs is network.outputs[0] else keras.Model(network.inputs[0], outputs)


def build(
    architecture, dropout, alpha, seed, *, has_feature_axis=True, lstm_class=FusedLSTM,
    dropout_class=keras.layers.Dropout,
):  # fmt: skip
    """Build the network of :func:`lstm_network` of the given kinds of layer."""
    a = architecture
    check_architecture(a)
    seeds = repeat(None) if seed is None else count(seed)
    shape = _n_steps_of_input(a), a.n_features
    inputs = keras.Input(shape if has_feature_axis else shape[:1], dtype="float32")
    window = inputs if has_feature_axis else keras.layers.Reshape(shape, dtype="float32")(inputs)
    mask = None
    if a.is_ragged:
        window, mask = _known_steps(window, a.segment_length or 1)

    def dense(n, **options):
        return keras.layers.Dense(
            n,
            kernel_regularizer=_penalty(alpha),
            **{"kernel_initializer": keras.initializers.GlorotUniform(next(seeds)), **options},
            dtype="float32",
        )

    x = window
    if a.is_segmented:
        segments = shape[0] // a.segment_length, a.segment_length * a.n_features
        x = keras.layers.Reshape(segments, dtype="float32")(window)
        x = dense(a.n_inputs, activation="relu", name="segments")(x)
    layers = []
    for i, n_units in enumerate(a.units):
        returns_all = i < len(a.units) - 1 or a.pooling != "last"
        options = {"units": n_units, "return_sequences": returns_all, "alpha": alpha}
        layer = _lstm_layer(lstm_class, seeds, return_state=a.is_parallel, **options)
        if a.bidirectional:
            layer = keras.layers.Bidirectional(
                layer,
                backward_layer=_lstm_layer(lstm_class, seeds, go_backwards=True, **options),
                dtype="float32",
            )
        noise = dropout_class(dropout, seed=next(seeds), dtype="float32") if dropout else _identity
        layers.append((layer, noise))
    if a.is_parallel:
        x = _decoded(x, layers, a.n_outputs // a.segment_length, seeds, mask)
    else:
        x = _run(x, layers, a.pooling, mask)
    outputs = dense(a.n_decoded, name="output")(x)
    if a.is_parallel:
        outputs = keras.ops.reshape(outputs, (-1, a.n_outputs))
    if a.skip_connection:
        flat = keras.layers.Flatten(dtype="float32")(window)
        skip = dense(a.n_outputs, use_bias=False, kernel_initializer="zeros", name="skip")(flat)
        outputs = keras.layers.Add(dtype="float32")([outputs, skip])
    return keras.Model(inputs, outputs)


def _n_steps_of_input(a):
    """Return the steps of the input, None for any number; segments are filled up."""
    if not a.is_ragged:
        return a.n_timesteps
    return -(-a.n_timesteps // a.segment_length) * a.segment_length if a.is_segmented else None


def _known_steps(window, segment_length):
    """Fill what is NaN at a sample's ends by its first and last step; tell which steps there are.

    Of segments, which have one with a step.
    """
    ops = keras.ops
    is_known = ops.logical_not(ops.all(ops.isnan(window), axis=2))
    number = ops.cumsum(ops.ones_like(is_known, dtype="int32"), axis=1) - 1
    first = ops.cast(ops.argmax(is_known, axis=1, keepdims=True), "int32")
    last = ops.max(ops.where(is_known, number, 0), axis=1, keepdims=True)
    inside = ops.minimum(ops.maximum(number, first), last)
    window = ops.take_along_axis(window, inside[..., None], axis=1)
    if segment_length > 1:
        n_segments = is_known.shape[1] // segment_length
        is_known = ops.any(ops.reshape(is_known, (-1, n_segments, segment_length)), axis=2)
    return window, is_known


def _run(x, layers, pooling, mask):
    for layer, noise in layers:
        is_last = layer is layers[-1][0]
        x = layer(x, mask=mask)
        x = noise(_pooled(x, pooling, mask) if is_last else x)
    return x


def _pooled(x, pooling, mask):
    if pooling == "last":
        return x
    if mask is not None and pooling == "max":
        x = keras.ops.where(mask[..., None], x, float(np.finfo(np.float32).min))
        mask = None
    if pooling == "max":
        return keras.layers.GlobalMaxPooling1D(dtype="float32")(x)
    return keras.layers.GlobalAveragePooling1D(dtype="float32")(x, mask=mask)


def _decoded(x, layers, n_segments, seeds, mask):
    """Return the states after one step from the window's, for each of the output's segments."""
    states = []
    for layer, noise in layers:
        x, *state = layer(x, mask=mask)
        states.append([_for_each_segment(part, n_segments) for part in state])
        x = noise(x)
    one_each = keras.ops.ones_like(keras.layers.RepeatVector(n_segments)(x)[..., 0], dtype="int32")
    # Looked up once for all samples: Keras's optimizers treat each look-up as a gradient by itself.
    number = keras.ops.max(keras.ops.cumsum(one_each, axis=1) - 1, axis=0, keepdims=True)
    uniform = keras.initializers.RandomUniform(seed=next(seeds))
    n_inputs = layers[0][0].units
    positions = keras.layers.Embedding(n_segments, n_inputs, uniform, dtype="float32")(number)
    of_all = positions * keras.ops.cast(one_each, "float32")[..., None]
    x = keras.ops.reshape(of_all, (-1, 1, n_inputs))
    for (layer, noise), state in zip(layers, states, strict=True):
        x = noise(layer(x, initial_state=state)[0])
    return x


def _for_each_segment(state, n_segments):
    repeated = keras.layers.RepeatVector(n_segments, dtype="float32")(state)
    return keras.ops.reshape(repeated, (-1, state.shape[1]))


def _identity(x):
    return x


def _lstm_layer(lstm_class, seeds, *, alpha, **options):
    return lstm_class(
        **options,
        kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
        recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
        kernel_regularizer=_penalty(alpha),
        recurrent_regularizer=_penalty(alpha),
        seed=next(seeds),
        dtype="float32",
    )


def _penalty(alpha):
    return keras.regularizers.L2(alpha) if alpha else None
