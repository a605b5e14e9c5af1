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
VALIDATION_BATCH = 256

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


class OptimizerRecipe(NamedTuple):
    """An optimizer's class and settings, its learning rate apart unless that is a schedule."""

    kind: type
    settings: str

    def make(self):
        return self.kind.from_config(json.loads(self.settings))

    def __str__(self):
        return f"{self.kind.__qualname__} {self.settings}"


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
    optimizer: OptimizerRecipe
    in_halves: bool


class Numbers(NamedTuple):
    """What a program is given anew for each fit."""

    learning_rate: float
    dropout: float
    alpha: float
    clipnorm: float
    batch_size: int


def optimizer_recipe(optimizer, learning_rate):
    """Split an optimizer into what is compiled in and its learning rate, which is not.

    Parameters
    ----------
    optimizer : str or keras.optimizers.Optimizer
    learning_rate : float
        Of an optimizer given by name.

    Returns
    -------
    recipe : OptimizerRecipe
    learning_rate : float or None
        None if the optimizer has a schedule of its own.
    """
    if isinstance(optimizer, str):
        return OptimizerRecipe(OPTIMIZERS[optimizer], "{}"), learning_rate
    kind = type(optimizer)
    try:
        settings = optimizer.get_config()
        learning_rate = settings["learning_rate"]
        if isinstance(learning_rate, dict):
            learning_rate = None
        else:
            settings["learning_rate"] = 1.0
        recipe = OptimizerRecipe(kind, json.dumps(settings, sort_keys=True))
        recipe.make().build([keras.Variable([0.0])])
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
    return recipe, learning_rate


class Program:
    """A network, its optimizer and the compiled function that trains them for one epoch."""

    def __init__(self, recipe):
        self.recipe = recipe
        meta = {"X_shape_": (None, None, recipe.n_features), "n_outputs_": recipe.n_outputs}
        rate = 0.5 if recipe.has_dropout else 0.0
        self.network = build(
            meta, recipe.units, rate, recipe.bidirectional, 0, 0, dropout_class=VariableDropout
        )
        self.variables = self.network.trainable_variables
        self.optimizer = recipe.optimizer.make()
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
            layer.seed_generator.state.assign([seed, i << 20])  # it counts up its second word

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
        ).get_concrete_function()

    def _epoch(self, train, validation, order, n_timesteps, batch_size, alpha, clipnorm):
        """Pass once over the samples in the given order, then over the validation samples."""

        def trained(begin, end):
            with tf.GradientTape() as tape:
                loss = self._batch_loss(train, order[begin:end], n_timesteps)
                if self.recipe.has_penalty:
                    loss += alpha * self._penalty()
                scaled_loss = self.optimizer.scale_loss(loss)
            gradients = tape.gradient(scaled_loss, self.variables)
            if self.recipe.clips:
                gradients = [tf.clip_by_norm(gradient, clipnorm) for gradient in gradients]
            self.optimizer.apply(gradients, self.variables)
            return loss * tf.cast(end - begin, tf.float32)

        def validated(begin, end):
            return self._summed_loss(validation, tf.range(begin, end), n_timesteps, training=False)

        loss = _mean_over_batches(trained, tf.size(order), batch_size)
        return loss, _mean_over_batches(validated, tf.size(validation[1]), VALIDATION_BATCH)

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

    def _penalty(self):
        kernels = [variable for variable in self.variables if len(variable.shape) == 2]
        return tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in kernels])


def _mean_over_batches(summed_loss, n_samples, batch_size):
    """Call ``summed_loss(begin, end)`` for one batch after the other, and divide by n_samples."""

    def step(begin, total):
        end = tf.minimum(begin + batch_size, n_samples)
        return end, total + summed_loss(begin, end)

    start = tf.constant(0), tf.constant(0.0)
    _, total = tf.while_loop(lambda begin, _: begin < n_samples, step, start)
    return total / tf.cast(n_samples, tf.float32)


class ProgramTrainer:
    """A program with the data and numbers of one fit; see :mod:`._epochs` for what it offers."""

    def __init__(self, program, numbers, train, validation):
        self._program = program
        self._train = _as_tensors(train)
        self._has_validation = validation is not None
        if validation is None:
            rows, starts, y, sample_weight = self._train
            self._validation = rows[:0], starts[:0], y[:0], sample_weight[:0]
        else:
            shares_rows = validation.windows.rows is train.windows.rows
            self._validation = _as_tensors(validation, self._train[0] if shares_rows else None)
        self._scalars = (
            tf.constant(train.windows.n_timesteps, tf.int32),
            tf.constant(min(numbers.batch_size, len(train)), tf.int32),
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


def _as_tensors(samples, rows=None):
    rows = tf.constant(samples.windows.rows) if rows is None else rows
    arrays = samples.windows.starts, samples.y, samples.sample_weight
    return rows, *map(tf.constant, arrays)


@contextmanager
def program_trainer(recipe, numbers, state, train, validation):
    """Lend a compiled program, set to the data of one fit and a state: weights, optimizer's."""
    with _programs.lend(recipe) as program:
        program.load(*state, numbers)
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
