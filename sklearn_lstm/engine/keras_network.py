"""Keras's own network and optimizers for training: on a GPU, and for optimizers given as objects.

They offer what :class:`FusedNetwork` and :class:`FusedOptimizer` do, but for one size only.
"""

from .quiet_tensorflow import tf  # first, for Keras imports TensorFlow, too

# isort: split
import json
from typing import Any, NamedTuple

import keras
import numpy as np

from .keras_builder import build


class OptimizerConfig(NamedTuple):
    """An optimizer's class and settings, its learning rate apart unless that is a schedule."""

    kind: Any
    settings: str

    def make(self):
        return self.kind.from_config(json.loads(self.settings))

    @property
    def has_schedule(self):
        return isinstance(json.loads(self.settings)["learning_rate"], dict)

    def __str__(self):
        return f"{self.kind.__module__}.{self.kind.__qualname__} {self.settings}"


def optimizer_config(optimizer, clipnorm):
    """Split an optimizer of Keras into what is compiled in and its learning rate, which is not.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
    clipnorm : float or None
        Compiled in, too: optimizers clip after they have undone a scaled or gathered loss.

    Returns
    -------
    config : OptimizerConfig
    learning_rate : float or None
        None if the optimizer has a schedule of its own.
    """
    kind = type(optimizer)
    try:
        settings = optimizer.get_config()
        learning_rate = settings["learning_rate"]
        if isinstance(learning_rate, dict):
            learning_rate = None
        else:
            settings["learning_rate"] = 1.0
        if clipnorm is not None:
            settings["clipnorm"] = clipnorm
        config = OptimizerConfig(kind, json.dumps(settings, sort_keys=True))
        config.make().build([keras.Variable([0.0])])
    except Exception as error:
        raise ValueError(
            f"optimizer={kind.__name__}(...) can't be used: a copy could not be made of its "
            f"settings ({type(error).__name__}: {error}). Give it a float or a Keras schedule as "
            "learning rate, and settings that get_config returns."
        ) from error
    if settings.get("use_ema"):
        raise ValueError(
            f"optimizer={kind.__name__}(use_ema=True) can't be used: the averaged weights would be "
            "lost. Set use_ema=False."
        )
    return config, learning_rate


class DrawnDropout(keras.layers.Dropout):
    """Dropout whose rate, and a seed for each call, are tensors of the program being traced."""

    drawn: tuple = ()  # rate, and an iterator of seeds

    def call(self, inputs, training=False):
        if not training:
            return inputs
        rate, seeds = self.drawn
        return tf.nn.experimental.stateless_dropout(inputs, rate=rate, seed=next(seeds))


class KerasNetwork:
    """The network that ``lstm_network`` builds, over windows that share their rows."""

    def __init__(self, architecture, has_dropout):
        self._network = build(
            architecture,
            dropout=0.5 if has_dropout else 0.0,  # any: the layers are told theirs
            alpha=0,
            seed=0,
            dropout_class=DrawnDropout,
        )
        self._dropouts = [x for x in self._network.layers if isinstance(x, DrawnDropout)]
        self.keras_variables = self._network.trainable_variables
        self.variables = [variable.value for variable in self.keras_variables]

    def load(self, weights, architecture):
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)

    def weights(self):
        return [variable.numpy() for variable in self.variables]

    def fuse(self, arrays):
        return arrays

    def split(self, arrays):
        return arrays

    def predict(self, x, layout, noise=None, lengths=None):
        """Return the outputs, shape (n_samples, n_outputs); see :class:`FusedNetwork`."""
        if noise is not None:
            rate, seed = noise
            n_layers = len(self._dropouts)
            for i, layer in enumerate(self._dropouts):
                calls = (i, n_layers + i)  # reading, and decoding
                layer.drawn = (
                    rate,
                    iter([tf.stack([seed[0], 2 * n_layers * seed[1] + call]) for call in calls]),
                )
        windows = self._windows(tf.transpose(x, (1, 0, 2)), lengths)
        return self._network(windows, training=noise is not None)

    def _windows(self, x, lengths):
        """Return windows as the network reads them: NaN after the end of those that are shorter."""
        shape = self._network.input_shape
        if lengths is not None:
            is_known = tf.sequence_mask(lengths, tf.shape(x)[1])[..., tf.newaxis]
            x = tf.where(is_known, x, np.nan)
            n_more = 0 if shape[1] is None else shape[1] - tf.shape(x)[1]
            x = tf.pad(x, [[0, 0], [0, n_more], [0, 0]], constant_values=np.nan)
        return tf.ensure_shape(x, shape)

    def draw_noise(self, n_samples, layout, rate, seed):
        """Leave the drawing of dropout to the layers."""
        return rate, seed

    def penalty(self):
        kernels = [v.value for v in self.keras_variables if v.name.endswith("kernel")]
        return tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in kernels])

    def clip(self, gradients, norm):
        return [tf.clip_by_norm(gradient, norm) for gradient in gradients]


class KerasOptimizer:
    """An optimizer made from a config, for the variables of a :class:`KerasNetwork`."""

    def __init__(self, config, variables):
        self._optimizer = config.make()
        self._optimizer.build(variables)
        self._has_schedule = config.has_schedule
        self._variables = variables
        self.variables = [variable.value for variable in self._optimizer.variables]
        self._initial_state = self.state()

    def load(self, state):
        state = self._initial_state if state is None else state
        for variable, value in zip(self._optimizer.variables, state, strict=True):
            variable.assign(value)

    def state(self):
        return [variable.numpy() for variable in self._optimizer.variables]

    def scale_loss(self, loss):
        return self._optimizer.scale_loss(loss)

    def apply(self, gradients, rate):
        if not self._has_schedule:
            self._optimizer.learning_rate.assign(rate)
        self._optimizer.apply(gradients, self._variables)
