"""Network and arrays to trained weights, whole epochs in one compiled program.

Tracing a network costs a hundred times what a small epoch does. So programs are kept, one for each
:class:`ProgramKey`, and lent to one training at a time, which gives them weights and data of its
own. Whoever asks meanwhile gets a twin: the same compiled function with other variables.
"""

import os
import threading
from collections import OrderedDict
from contextlib import ExitStack, contextmanager, suppress
from copy import copy
from time import monotonic
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from .architecture import Architecture
from .batches import Data, Layout, Reader, Reading, Taken
from .call_size import MOST_TARGETS, VALIDATION_BATCH, CallSize
from .fused_network import FusedNetwork, Topology
from .loss import Loss
from .optimizers import FusedOptimizer
from .own_threads import run_in_own_threads
from .protocols import Network, Optimizer
from .quiet_tensorflow import tf
from .roads import number_of_parts, own_gradient_pays
from .tensors import to_scalar, to_tensor
from .threads import n_allotted, n_usable

MAX_IDLE_PROGRAMS = 16
FEW_NETWORKS = 4  # for each thread


class ProgramKey(NamedTuple):
    """All that is compiled into a program; numbers that a search may vary are not.

    Sizes are but by the road that they take, see :mod:`.roads`.
    """

    topology: Topology
    reading: Reading
    validation_reading: Reading | None
    has_dropout: bool
    has_penalty: bool
    clips: bool
    loss: type[Loss]
    optimizer: Any
    n_parts: int
    fixed: Architecture | None

    @property
    def validates(self):
        return self.validation_reading is not None

    @property
    def is_fused(self):
        return self.fixed is None


class Hyperparameters(NamedTuple):
    """What a program is given anew for each fit."""

    learning_rate: float | None
    dropout: float
    alpha: float
    clipnorm: float | None
    batch_size: int
    n_drawn: int
    loss: Loss


def program_key(architecture, optimizer, hyperparameters, train, validation):
    """Return what must be compiled to train such a network with such an optimizer."""
    has_gpu = _has_gpu()
    is_fused = isinstance(optimizer, str) and not has_gpu
    has_dropout = hyperparameters.dropout > 0
    whole = has_gpu or (has_dropout and not is_fused)
    units, batch_size = architecture.units, hyperparameters.batch_size
    n_parts = 1 if whole else number_of_parts(batch_size, units)
    return ProgramKey(
        topology=Topology.of(
            architecture, is_fused and own_gradient_pays(units, batch_size // n_parts)
        ),
        reading=Reading.of(train, is_drawn=hyperparameters.n_drawn < len(train)),
        validation_reading=None if validation is None else Reading.of(validation),
        has_dropout=has_dropout,
        has_penalty=hyperparameters.alpha > 0,
        clips=hyperparameters.clipnorm is not None,
        loss=type(hyperparameters.loss),
        optimizer=optimizer,
        n_parts=n_parts,
        fixed=None if is_fused else _fixed(architecture),
    )


def _fixed(architecture):
    """Leave out what Keras's layers need not be told."""
    a = architecture
    return a if a.is_segmented or a.skip_connection else a._replace(n_timesteps=None)


def _keep_to_allotted_threads():
    """Let TensorFlow use the threads that this process was given, if it has not begun yet.

    Otherwise each of joblib's worker processes would use all cores.
    """
    ask, variables = tf.config.threading, ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    said = any(map(os.environ.get, variables)) or (
        ask.get_intra_op_parallelism_threads() or ask.get_inter_op_parallelism_threads()
    )
    if n_allotted() is None or said:
        return
    with suppress(RuntimeError):  # it has begun
        ask.set_intra_op_parallelism_threads(n_allotted())
        ask.set_inter_op_parallelism_threads(n_allotted())


def _n_threads():
    """Return how many threads this process may train in."""
    n_threads = n_usable()
    return min(n_threads, tf.config.threading.get_inter_op_parallelism_threads() or n_threads)


def _has_gpu():
    return bool(tf.config.list_logical_devices("GPU"))


def _network_and_optimizer(key: ProgramKey) -> tuple[Network, Optimizer]:
    """Build both; an optimizer object updates variables of Keras, so it has Keras's network."""
    if key.is_fused:
        fused = FusedNetwork(key.topology)
        return fused, FusedOptimizer(key.optimizer, fused)
    from .keras_network import KerasNetwork, KerasOptimizer

    network = KerasNetwork(key.fixed, key.has_dropout)
    if isinstance(key.optimizer, str):
        return network, FusedOptimizer(key.optimizer, network)
    return network, KerasOptimizer(key.optimizer, network.keras_variables)


class Program:
    """A network, its optimizer and the compiled function that trains them."""

    n_traced = 0

    def __init__(self, key):
        self.key = key
        self.network, self.optimizer = _network_and_optimizer(key)
        self.run = self._compile()

    def twin(self):
        """Return a program that shares what is compiled, with variables of its own.

        It is there in 3 ms, where tracing and the first run take 400, and both may run at a time.
        """
        twin = copy(self)
        twin.network, twin.optimizer = _network_and_optimizer(self.key)
        pairs = zip(self._variables(), twin._variables(), strict=True)
        instead = {id(own.handle): others.handle for own, others in pairs}
        twin.run = copy(self.run)
        twin.run.set_external_captures([instead[id(x)] for x in self.run.captured_inputs])
        return twin

    def _variables(self):
        return [*self.network.variables, *self.optimizer.variables]

    def load(self, architecture, weights, optimizer_state):
        """Start from these weights, as if the program had been built for them."""
        self.network.load(weights, architecture)
        self.optimizer.load(optimizer_state)

    def _compile(self):
        def many(*shape, dtype=tf.float32):
            return tf.TensorSpec(shape, dtype)

        key, whole, number = self.key, many(dtype=tf.int32), many()
        Program.n_traced += 1
        validation: tuple = ()
        if key.validates:
            validation = Data.spec(key.validation_reading), Taken.spec()
        return tf.function(
            self._epochs_on_gpu if _has_gpu() else self._epochs_in_own_threads,
            input_signature=[
                whole, Data.spec(key.reading), Taken.spec(None),
                validation, Part.spec(), many(None, dtype=tf.int32), many(None), number,
                Layout(*[whole] * len(Layout._fields)), whole, number, number, number,
                many(None, None),
            ],
            autograph=False,
        ).get_concrete_function()  # fmt: skip

    def _epochs_on_gpu(self, n_threads, *arguments):
        return self._epochs(*arguments)

    def _epochs_in_own_threads(self, n_threads, *arguments):
        curves = [tf.TensorSpec([None])] * 2
        return run_in_own_threads(self._epochs, arguments, n_threads, curves)

    def _epochs(
        self, train, samples, validation, part, seeds, learning_rates, seconds, layout, batch_size,
        dropout, alpha, clipnorm, loss_numbers,
    ):  # fmt: skip
        """Pass over samples once in each order, and each time over validation samples.

        Passes that would begin when so many seconds are over are left out, but for the first.
        Return the sums of losses of each pass, in training and in validation.
        """
        train_reader = self._reader(train, layout, self.key.reading)
        if self.key.validates:
            validation_data, validation_samples = validation
            validation_reader = self._reader(validation_data, layout, self.key.validation_reading)

        def train_batch(batch, seed, learning_rate):
            with tf.GradientTape() as tape:
                total, n_values = self._batch_loss(
                    train_reader, batch, layout, loss_numbers, dropout, seed
                )
                loss = total / n_values
                if self.key.has_penalty:
                    penalty = alpha * self.network.penalty()
                    loss, total = loss + penalty, total + n_values * penalty
                scaled_loss = self.optimizer.scale_loss(loss)
            gradients = tape.gradient(scaled_loss, self.network.variables)
            if self.key.clips:
                gradients = self.network.clip(gradients, clipnorm)
            self.optimizer.apply(gradients, learning_rate)
            return total

        def validate_batch(batch, begin):
            losses = self._losses(validation_reader.read(batch), layout, loss_numbers)
            return tf.reduce_sum(losses)

        def epoch(i, losses, validation_losses):
            seed, learning_rate = seeds[i], learning_rates[i]
            loss, validation_loss = tf.unstack(tf.where(i == 0, part.sums, tf.zeros(2)))

            def run_batch(batch, begin):
                return train_batch(batch, tf.stack([seed, part.n_before + begin]), learning_rate)

            of_epoch = samples.of_these(i)
            n_samples = tf.size(of_epoch.numbers)
            loss = _run_batches(run_batch, of_epoch, batch_size, tf.constant(0), n_samples, loss)
            losses = losses.write(i, loss)
            if self.key.validates:
                validation_loss = _run_batches(
                    validate_batch, validation_samples, VALIDATION_BATCH,
                    part.validation_begin, part.validation_end, validation_loss,
                )  # fmt: skip
                validation_losses = validation_losses.write(i, validation_loss)
            return i + 1, losses, validation_losses

        n_epochs, end = tf.size(seeds), tf.timestamp() + tf.cast(seconds, tf.float64)

        def has_time(i, *_):
            return (i < n_epochs) & ((i == 0) | (tf.timestamp() < end))

        curves = [tf.TensorArray(tf.float32, n_epochs, element_shape=[]) for _ in range(2)]
        n_done, *curves = tf.while_loop(
            has_time, epoch, (tf.constant(0), *curves), parallel_iterations=1
        )
        return tuple(curve.stack()[:n_done] for curve in curves)

    def _reader(self, data, layout, reading):
        return Reader(data, layout, reading, whole=not self.key.is_fused)

    def _batch_loss(self, reader, batch, layout, loss_numbers, dropout, seed):
        """Return the sum of a batch's weighted losses and their number.

        The LSTM operation has no gradient for an empty batch, so a part that would be empty is one
        sample, which counts for nothing.
        """
        n_samples, n_parts = tf.size(batch.numbers), self.key.n_parts
        noise = None
        if self.key.has_dropout:
            noise = self.network.draw_noise(n_samples, layout, dropout, seed)
        if n_parts == 1:
            losses = self._losses(reader.read(batch), layout, loss_numbers, noise)
            return tf.reduce_sum(losses), tf.cast(tf.size(losses), tf.float32)
        totals = []
        for k in range(n_parts):
            begin, end = n_samples * k // n_parts, n_samples * (k + 1) // n_parts
            counts = tf.cast(end > begin, tf.float32)
            begin = tf.minimum(begin, n_samples - 1)
            part = slice(begin, tf.maximum(end, begin + 1))
            part_noise = None if noise is None else [drawn[..., part, :] for drawn in noise]
            losses = self._losses(
                reader.read(batch.of_these(part)), layout, loss_numbers, part_noise
            )
            totals.append(counts * tf.reduce_sum(losses))
        return tf.add_n(totals), tf.cast(n_samples * layout.n_targets, tf.float32)

    def _losses(self, samples, layout, loss_numbers, noise=None):
        """Return weighted losses, shape (n_samples, n_targets)."""
        outputs = self.network.predict(samples.x, layout, noise, samples.lengths)
        losses = self.key.loss.per_target(tf, samples.y, outputs, loss_numbers)
        if samples.sample_weight is not None:
            losses *= samples.sample_weight[:, tf.newaxis]
        return losses


class Part(NamedTuple):
    """Which part of its epoch a call passes over, where that is too long for one call.

    Parameters
    ----------
    n_before : int
        How many samples were trained on before these.
    validation_begin, validation_end : int
        Which of the validation samples are passed over afterwards.
    sums : sequence of two float
        The sums of losses so far, in training and in validation.
    """

    n_before: Any
    validation_begin: Any
    validation_end: Any
    sums: Any

    @classmethod
    def spec(cls):
        number = tf.TensorSpec([], tf.int32)
        return cls(number, number, number, tf.TensorSpec([2]))

    def to_tensors(self):
        n_before, begin, end = (to_scalar(n, np.int32) for n in self[:3])
        return Part(n_before, begin, end, to_tensor(self.sums, np.float32))


def _run_batches(run_batch, samples, batch_size, begin, end, total):
    """Run one batch of samples after the other; return ``total`` with what each returns."""

    def step(begin, total):
        after = begin + batch_size
        return after, total + run_batch(samples.of_these(slice(begin, after)), begin)

    _, total = tf.while_loop(
        lambda begin, _: begin < end, step, (begin, total), parallel_iterations=1
    )
    return total


class DataOfFit:
    """The samples of a fit as tensors, the same for all of its networks."""

    def __init__(self, key, train, validation, n_drawn):
        self._samples, self._reading = train, key.reading
        self._takes_all = n_drawn == len(train)
        self._rows = Data.rows_of(train.windows, self._reading)
        self._train, self.n_validation = None, 0
        self.validation: tuple = ()
        self._lock = threading.Lock()
        if validation is not None:
            reading, self.n_validation = key.validation_reading, len(validation)
            is_shared = (
                validation.windows.rows is train.windows.rows
                and reading.dtype == self._reading.dtype
            )
            self.validation = (
                Data.of(validation.windows, reading, self._rows if is_shared else None),
                Taken.of(validation, reading),
            )
            self._held = validation  # rows that stay on the host must not go

    def layout(self, segment_length):
        return Layout.of(self._samples, segment_length)

    def taken(self, orders):
        """Return windows, and the samples of these orders among them.

        Where an epoch takes a part of very many, its windows alone go to TensorFlow.
        """
        windows, samples = self._samples.windows, Taken.of(self._samples, self._reading, orders)
        if not self._takes_all:
            numbers = np.arange(orders.size, dtype=np.int32).reshape(orders.shape)
            data = Data.of(windows[orders.ravel()], self._reading, self._rows)
            return data, samples._replace(numbers=to_tensor(numbers))
        with self._lock:
            if self._train is None:
                self._train = Data.of(windows, self._reading, self._rows)
        return self._train, samples


class ProgramTrainer:
    """A program with the data and hyperparameters of one fit: a :class:`.protocols.Trainer`."""

    def __init__(self, program, hyperparameters, architecture, n_weights, data, n_threads):
        self._program = program
        self._learning_rate = hyperparameters.learning_rate or 0
        self._data, self._n_drawn = data, hyperparameters.n_drawn
        self._n_threads = to_scalar(min(n_threads, program.key.n_parts), np.int32)
        layout = data.layout(architecture.segment_length)
        self._n_targets = layout.n_targets
        n_steps, forward = layout.n_timesteps, 2 * n_weights * layout.n_timesteps
        self._training = CallSize(hyperparameters.batch_size, n_steps, 3 * forward, self._n_targets)
        self._validating = CallSize(VALIDATION_BATCH, n_steps, forward)
        self._scalars = (
            Layout(*(to_scalar(n, np.int32) for n in layout)),
            to_scalar(hyperparameters.batch_size, np.int32),
            to_scalar(hyperparameters.dropout, np.float32),
            to_scalar(hyperparameters.alpha, np.float32),
            to_scalar(hyperparameters.clipnorm or 0, np.float32),
            to_tensor(hyperparameters.loss.numbers),
        )

    def run(self, orders, seeds, shares, seconds, stop):
        n_trained = n_validated = 0
        n_drawn, n_validation = self._n_drawn, self._data.n_validation
        fits = n_drawn <= self._training.n_samples and n_validation <= self._validating.n_samples
        n_epochs = max(MOST_TARGETS // (n_drawn * self._n_targets), 1) if fits else 1
        orders, seeds, shares = orders[:n_epochs], seeds[:n_epochs], shares[:n_epochs]
        sums = np.zeros((2, 1), np.float32)
        while n_trained < n_drawn or n_validated < n_validation:
            if n_trained and stop.is_set():
                raise KeyboardInterrupt
            begin, validation_begin = n_trained, n_validated
            n_trained = min(begin + self._training.n_samples, n_drawn)
            if fits or begin == n_drawn:
                n_validated = min(validation_begin + self._validating.n_samples, n_validation)
            part = Part(begin, validation_begin, n_validated, sums[:, 0])
            sums = self._call(orders[:, begin:n_trained], seeds, shares, seconds, part)
        losses = self._means(sums[0], n_drawn)
        if not self._program.key.validates:
            return losses, None
        return losses, self._means(sums[1], n_validation)

    def _call(self, orders, seeds, shares, seconds, part):
        """Return the sums of losses of each epoch, in training and in validation."""
        rates = (self._learning_rate * shares).astype(np.float32)
        data, samples = self._data.taken(orders)
        began = monotonic()
        curves = self._program.run(
            self._n_threads, data, samples, self._data.validation, part.to_tensors(),
            to_tensor(seeds), to_tensor(rates), to_scalar(seconds, np.float32), *self._scalars,
        )  # fmt: skip
        sums = np.array([curve.numpy() for curve in curves])
        took, n_epochs = monotonic() - began, sums.shape[1]
        if orders.size:
            self._training.adapt(n_epochs * orders.shape[1], took, seconds)
        if part.validation_end > part.validation_begin:
            n_validated = part.validation_end - part.validation_begin
            self._validating.adapt(n_epochs * n_validated, took, seconds)
        return sums

    def _means(self, sums, n_samples):
        return (sums / np.float32(n_samples) / np.float32(self._n_targets)).tolist()

    def weights(self):
        return self._program.network.weights()

    def optimizer_state(self):
        return self._program.optimizer.state()


def _n_at_once(n_networks, n_threads):
    """Return how many networks train at once: one for each thread, or all of a few.

    Of five on two cores the last would train alone, which would take 3 times as long as one network
    instead of 2.5.
    """
    return n_networks if n_threads > 1 and n_networks <= FEW_NETWORKS * n_threads else n_threads


class ProgramTrainers:
    """What trains the networks of a fit, side by side.

    The parts of a batch, which decide how its gradient is rounded, are as many beside others as
    alone, in fewer threads. Programs of Keras's layers, for a GPU above all, run one by one.
    """

    def __init__(self, n_networks, key, architecture, hyperparameters, train, validation):
        self._key, self._architecture = key, architecture
        self._hyperparameters = hyperparameters
        self._data = DataOfFit(key, train, validation, hyperparameters.n_drawn)
        n_threads = _n_threads()
        self.n_at_once = _n_at_once(n_networks, n_threads) if key.is_fused else 1
        self._n_threads = max(1, n_threads // self.n_at_once)
        # Threads that call TensorFlow in turns wait 5 ms each time for Python's lock. With this one
        # the first of five small networks begins after 10 ms, not after 35.
        self._setting_up = threading.Lock()

    @contextmanager
    def lend(self, member, state):
        """Lend a compiled program, set to this fit and a state: weights, optimizer's."""
        with ExitStack() as lent:
            with self._setting_up:
                program = lent.enter_context(_programs.lend(self._key))
                program.load(self._architecture, *state)
            yield ProgramTrainer(
                program, self._hyperparameters, self._architecture,
                sum(weight.size for weight in state[0]), self._data, self._n_threads,
            )  # fmt: skip


def n_traces():
    """Return how many programs this process has traced so far."""
    return Program.n_traced


class _ProgramCache:
    """Idle programs, one of each key, the least recently used first; lent to one thread each."""

    def __init__(self, max_idle):
        self._max_idle = max_idle
        self._idle = OrderedDict()
        self._known: WeakValueDictionary = WeakValueDictionary()  # idle or lent, by key
        self._lock, self._tracing = threading.Lock(), threading.Lock()

    @contextmanager
    def lend(self, key):
        with self._lock:
            program = self._idle.pop(key, None)
        program = program or self._new(key)
        try:
            yield program
        finally:
            self._give_back(key, program)

    def _new(self, key):
        with self._tracing:  # who waits for the same has its twin
            known = self._known.get(key)
            if known is None or not key.is_fused:
                program = self._known[key] = Program(key)
                return program
        return known.twin()

    def _give_back(self, key, program):
        with self._lock:
            self._known[key] = self._idle[key] = program
            self._idle.move_to_end(key)
            while len(self._idle) > self._max_idle:
                self._idle.popitem(last=False)


_programs = _ProgramCache(MAX_IDLE_PROGRAMS)
_keep_to_allotted_threads()
