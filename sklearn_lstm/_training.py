"""Network and arrays to trained weights, an epoch in one compiled program.

Tracing a network costs a hundred times what a small epoch does. So programs are kept, one for each
:class:`Recipe`, and lent to one fit at a time, which gives them weights and data of its own.
"""

import json
import threading
from collections import OrderedDict
from contextlib import contextmanager
from typing import NamedTuple

import keras
import tensorflow as tf

from ._network import VariableDropout, build

MAX_IDLE_PROGRAMS = 16

LOSSES = {
    "squared_error": keras.losses.mean_squared_error,
    "absolute_error": keras.losses.mean_absolute_error,
    "huber": keras.losses.huber,
}
OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}


class Recipe(NamedTuple):
    """All that is compiled into a program; numbers that a search may vary are not."""

    n_features: int
    n_outputs: int
    units: tuple
    bidirectional: bool
    has_dropout: bool
    has_penalty: bool
    clips: bool
    loss: str
    optimizer: str
    in_halves: bool


class Numbers(NamedTuple):
    """What a program is given anew for each fit."""

    learning_rate: float
    dropout: float
    alpha: float
    clipnorm: float
    batch_size: int


def optimizer_recipe(optimizer, learning_rate):
    """Write an optimizer as text, and its learning rate, which stays out of the recipe.

    Parameters
    ----------
    optimizer : str or keras.optimizers.Optimizer
    learning_rate : float
        Of an optimizer given by name.

    Returns
    -------
    recipe : str
    learning_rate : float or None
        None if the optimizer has a schedule of its own.
    """
    if isinstance(optimizer, str):
        return optimizer, learning_rate
    config = keras.optimizers.serialize(optimizer)
    learning_rate = config["config"]["learning_rate"]
    if isinstance(learning_rate, dict):
        return json.dumps(config, sort_keys=True), None
    config["config"]["learning_rate"] = 1.0
    return json.dumps(config, sort_keys=True), float(learning_rate)


def make_optimizer(recipe):
    """Make a new Keras optimizer from its text."""
    if recipe in OPTIMIZERS:
        return OPTIMIZERS[recipe]()
    return keras.optimizers.deserialize(json.loads(recipe))


class Program:
    """A network, its optimizer and the compiled function that trains them for one epoch."""

    def __init__(self, recipe):
        self.recipe = recipe
        meta = {"X_shape_": (None, None, recipe.n_features), "n_outputs_": recipe.n_outputs}
        rate = 0.5 if recipe.has_dropout else 0.0
        self.network = build(meta, recipe.units, rate, recipe.bidirectional, 0, 0, VariableDropout)
        self.variables = self.network.trainable_variables
        self.optimizer = make_optimizer(recipe.optimizer)
        self.optimizer.build(self.variables)
        self.initial_state = self.optimizer_state()
        self.dropout_rate = tf.Variable(rate, trainable=False)
        self.dropout_layers = [
            layer for layer in self.network.layers if isinstance(layer, VariableDropout)
        ]
        for layer in self.dropout_layers:
            layer.rate = self.dropout_rate
        self.run = self._compile()

    def load(self, weights, optimizer_state, numbers):
        """Start from these weights, as if the program had been built for them."""
        state = self.initial_state if optimizer_state is None else optimizer_state
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)
        for variable, value in zip(self.optimizer.variables, state, strict=True):
            variable.assign(value)
        if numbers.learning_rate is not None:
            self.optimizer.learning_rate = numbers.learning_rate
        self.dropout_rate.assign(numbers.dropout)

    def seed_dropout(self, seed):
        for i, layer in enumerate(self.dropout_layers):
            layer.seed_generator.state.assign([seed, i])

    def optimizer_state(self):
        return [variable.numpy() for variable in self.optimizer.variables]

    def _compile(self):
        number, numbers, indices = (
            tf.TensorSpec([], tf.float32),
            tf.TensorSpec([None], tf.float32),
            tf.TensorSpec([None], tf.int32),
        )
        samples = (
            tf.TensorSpec([None, self.recipe.n_features], tf.float32),
            indices,
            tf.TensorSpec([None, self.recipe.n_outputs], tf.float32),
            numbers,
        )
        size = tf.TensorSpec([], tf.int32)
        return tf.function(
            self._epoch,
            input_signature=[samples, samples, indices, size, size, number, number],
            autograph=False,
        )

    def _epoch(self, train, validation, order, n_timesteps, batch_size, alpha, clipnorm):
        """Pass once over the samples in the given order, then over the validation samples."""
        n_samples = tf.size(order)

        def step(begin, total):
            end = tf.minimum(begin + batch_size, n_samples)
            with tf.GradientTape() as tape:
                loss = self._batch_loss(train, order[begin:end], n_timesteps)
                if self.recipe.has_penalty:
                    loss += alpha * self._penalty()
            gradients = tape.gradient(loss, self.variables)
            if self.recipe.clips:
                gradients = [tf.clip_by_norm(gradient, clipnorm) for gradient in gradients]
            self.optimizer.apply(gradients, self.variables)
            return end, total + loss * tf.cast(end - begin, tf.float32)

        _, total = tf.while_loop(
            lambda begin, _: begin < n_samples, step, (tf.constant(0), tf.constant(0.0))
        )
        loss = total / tf.cast(n_samples, tf.float32)
        return loss, self._mean_loss(validation, n_timesteps)

    def _batch_loss(self, train, batch, n_timesteps):
        """Mean weighted loss of a batch, computed in two halves that run side by side.

        BlockLSTM has no gradient for an empty batch, so both halves of a single sample are that
        sample, and the second counts for nothing.
        """
        n_samples = tf.size(batch)
        if not self.recipe.in_halves:
            total = self._summed_loss(train, batch, n_timesteps, training=True)
        else:
            half = (n_samples + 1) // 2
            total = self._summed_loss(train, batch[:half], n_timesteps, training=True)
            rest = batch[tf.minimum(half, n_samples - 1) :]
            counts = tf.cast(n_samples > 1, tf.float32)
            total += counts * self._summed_loss(train, rest, n_timesteps, training=True)
        return total / tf.cast(n_samples, tf.float32)

    def _summed_loss(self, samples, batch, n_timesteps, *, training):
        rows, starts, y, sample_weight = samples
        steps = tf.gather(starts, batch)[:, tf.newaxis] + tf.range(n_timesteps)
        predicted = self.network(tf.gather(rows, steps), training=training)
        losses = LOSSES[self.recipe.loss](tf.gather(y, batch), predicted)
        return tf.reduce_sum(losses * tf.gather(sample_weight, batch))

    def _mean_loss(self, samples, n_timesteps, batch_size=256):
        n_samples = tf.size(samples[1])

        def step(begin, total):
            end = tf.minimum(begin + batch_size, n_samples)
            batch = tf.range(begin, end)
            return end, total + self._summed_loss(samples, batch, n_timesteps, training=False)

        _, total = tf.while_loop(
            lambda begin, _: begin < n_samples, step, (tf.constant(0), tf.constant(0.0))
        )
        return total / tf.cast(n_samples, tf.float32)

    def _penalty(self):
        kernels = [variable for variable in self.variables if len(variable.shape) == 2]
        return tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in kernels])


class ProgramTrainer:
    """A program with the data and numbers of one fit; see :mod:`._epochs` for what it offers."""

    def __init__(self, program, numbers, train, validation):
        self._program = program
        self._train = _as_tensors(train)
        self._has_validation = validation is not None
        self._validation = _as_tensors(train[:0] if validation is None else validation)
        self._scalars = (
            tf.constant(train.windows.n_timesteps),
            tf.constant(numbers.batch_size),
            tf.constant(numbers.alpha, tf.float32),
            tf.constant(numbers.clipnorm, tf.float32),
        )

    def run_epoch(self, order, seed):
        self._program.seed_dropout(seed)
        losses = self._program.run(
            self._train, self._validation, tf.constant(order), *self._scalars
        )
        loss, validation_loss = (float(value) for value in losses)
        return loss, validation_loss if self._has_validation else None

    def weights(self):
        return [variable.numpy() for variable in self._program.variables]

    def optimizer_state(self):
        return self._program.optimizer_state()


def _as_tensors(samples):
    windows = samples.windows
    arrays = (windows.rows, windows.starts, samples.y, samples.sample_weight)
    return tuple(map(tf.constant, arrays))


@contextmanager
def program_trainer(recipe, numbers, weights, optimizer_state, train, validation):
    """Lend a compiled program, set to the weights and data of one fit."""
    with _programs.lend(recipe) as program:
        program.load(weights, optimizer_state, numbers)
        yield ProgramTrainer(program, numbers, train, validation)


class _ProgramCache:
    """Idle programs, the least recently used first, each lent to one thread at a time."""

    def __init__(self, max_idle):
        self._max_idle = max_idle
        self._idle = OrderedDict()
        self._lock = threading.Lock()
        self._serial = 0

    @contextmanager
    def lend(self, recipe):
        program = self._take(recipe) or Program(recipe)
        try:
            yield program
        finally:
            self._give_back(recipe, program)

    def _take(self, recipe):
        with self._lock:
            for serial, (idle_recipe, _) in reversed(self._idle.items()):
                if idle_recipe == recipe:
                    return self._idle.pop(serial)[1]
        return None

    def _give_back(self, recipe, program):
        with self._lock:
            self._serial += 1
            self._idle[self._serial] = recipe, program
            while len(self._idle) > self._max_idle:
                self._idle.popitem(last=False)


_programs = _ProgramCache(MAX_IDLE_PROGRAMS)
