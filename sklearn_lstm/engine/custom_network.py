"""A custom network to trained weights, through scikeras."""

from .quiet_tensorflow import tf  # first, for Keras imports TensorFlow, too

# isort: split
import inspect
import random
import threading
from contextlib import contextmanager
from time import monotonic
from weakref import WeakKeyDictionary

import keras
import numpy as np
from tensorflow.python.eager import context as tf_context

_one_at_a_time = threading.RLock()
_kept_models: WeakKeyDictionary = WeakKeyDictionary()


class CustomTrainers:
    """What trains the networks of a fit, one after the other, for a :class:`CustomArchitecture`."""

    n_at_once = 1

    def __init__(self, architecture, optimizer, hyperparameters, train, validation):
        self._of_fit = architecture, optimizer, hyperparameters, train, validation

    def lend(self, member, state):
        """Lend a :class:`.protocols.Trainer` that starts from weights and the optimizer's state.

        Each of these may be None.
        """
        return _custom_trainer(*self._of_fit, member.seed, state)


@contextmanager
def _custom_trainer(architecture, optimizer, hyperparameters, train, validation, seed, state):
    """Lend a trainer.

    Foreign code may draw from the global generators, so these are lent to it too, seeded, and put
    back afterwards; hence one such training at a time in a process.
    """
    with _one_at_a_time, _local_seeds(seed):
        rule = keras.optimizers.get(optimizer) if isinstance(optimizer, str) else optimizer.make()
        if hyperparameters.learning_rate is not None:
            rule.learning_rate = hyperparameters.learning_rate
        if hyperparameters.clipnorm is not None:
            rule.clipnorm = hyperparameters.clipnorm
        loss = hyperparameters.loss
        regressor = _keras_regressor(
            architecture, loss.link, loss=_keras_loss(loss), optimizer=rule,
            batch_size=hyperparameters.batch_size,
        )  # fmt: skip
        trainer = ScikerasTrainer(regressor, train, validation)
        trainer.load(*state)
        yield trainer


def custom_model(architecture, weights):
    """Build the Keras model of a :class:`CustomArchitecture` and give it these weights."""
    a = architecture
    with _one_at_a_time, _local_seeds(0):
        # Any loss will do: this model predicts.
        regressor = _keras_regressor(a, None, loss="mean_squared_error")
        regressor.initialize(np.zeros((2, a.n_timesteps, a.n_features)), np.zeros((2, a.n_outputs)))
        regressor.model_.set_weights(weights)
        return regressor.model_


def kept_model(architecture, member):
    """Return the Keras model of a :class:`.member.Member`, built once and kept as long as it."""
    if member not in _kept_models:
        _kept_models[member] = custom_model(architecture, member.weights)
    return _kept_models[member]


class ScikerasTrainer:
    """A scikeras regressor with the data of one fit; a :class:`.protocols.Trainer`."""

    def __init__(self, regressor, train, validation):
        self._regressor = regressor
        self._train = _as_arrays(train)
        self._fit_params = {"validation_data": _as_arrays(validation)} if validation else {}
        regressor.initialize(*self._train[:2])
        self._model = regressor.model_
        optimizer = self._model.optimizer
        self._optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of scaled losses
        self._learning_rate = self._optimizer.get_config()["learning_rate"]

    def load(self, weights, optimizer_state):
        if weights is not None:
            self._model.set_weights(weights)
        if optimizer_state is not None:
            self._model.optimizer.build(self._model.trainable_variables)
            for variable, value in zip(
                self._model.optimizer.variables, optimizer_state, strict=True
            ):
                variable.assign(value)

    def run(self, orders, seeds, shares, seconds, stop):
        # A Ctrl-C comes up within Keras's own loop; and there is no other thread that would stop.
        n_done, end = 0, monotonic() + seconds
        for order, seed, share in zip(orders, seeds, shares, strict=True):
            self._seed_noise(int(seed))
            self._set_learning_rate(share)
            X, y, sample_weight = (array[order] for array in self._train)
            self._regressor.partial_fit(X, y, sample_weight=sample_weight, **self._fit_params)
            n_done += 1
            if monotonic() >= end:
                break
        curves = [self._regressor.history_.get(name) for name in ("loss", "val_loss")]
        return tuple(curve and curve[-n_done:] for curve in curves)

    def _set_learning_rate(self, share):
        if not isinstance(self._learning_rate, dict):
            self._optimizer.learning_rate = self._learning_rate * share
        elif share != 1:
            raise ValueError(
                "learning_rate_schedule is set, but the optimizer that network compiles has a "
                "schedule of its own. Set learning_rate_schedule='constant'."
            )

    def _seed_noise(self, seed):
        states = [v for v in self._model.variables if v.name == "seed_generator_state"]
        for i, state in enumerate(states):
            state.assign([seed, i << 20])

    def weights(self):
        return self._model.get_weights()

    def optimizer_state(self):
        return [variable.numpy() for variable in self._model.optimizer.variables]


def _keras_loss(loss):
    """Return a loss as a function in Keras's convention: the mean over a sample's targets."""

    def of_samples(y, outputs):
        if loss.customs_predict:
            outputs = loss.outputs_beneath(tf.math, outputs)
        y = tf.reshape(y, [tf.shape(outputs)[0], -1])
        return tf.reduce_mean(loss.per_target(tf, y, outputs, loss.numbers), axis=-1)

    return of_samples


def _keras_regressor(architecture, link, **params):
    with _unpatched_keras():
        from scikeras.wrappers import KerasRegressor

    def build(meta, compile_kwargs, params):
        # The loss says how many outputs there are; scikeras knows of targets only, as numbers.
        meta = {**meta, "n_outputs_": architecture.n_outputs, **(architecture.classes or {})}
        model = _call_builder(
            architecture, {"meta": meta, "compile_kwargs": compile_kwargs, "params": params}
        )
        _check_model(architecture, model)
        if not model.compiled:
            model.compile(**compile_kwargs)
        elif link is not None:
            raise ValueError(
                "What is predicted is made of the outputs (several levels of quantile, or "
                "exponentials for 'poisson' and 'gamma'), and needs the loss that belongs to it, "
                "but network compiles its model with one of its own. Leave compile() to the "
                "estimator, or set another loss or a single level such as quantile=0.5."
            )
        return model

    # The samples arrive in the order of the epoch, so Keras has nothing to shuffle.
    return KerasRegressor(model=build, shuffle=False, verbose=0, warm_start=True, **params)


def _call_builder(architecture, offered):
    """Call a builder as scikeras does: with its own parameters and what else it has names for."""
    network, network_params = architecture.network, architecture.params
    try:
        accepted = inspect.signature(network).parameters
    except ValueError as error:
        raise TypeError(
            f"network={network!r} must be a builder in the convention of scikeras, builder(meta, "
            "**network_params) -> keras.Model, but it has no signature."
        ) from error
    reserved = offered.keys() & network_params.keys()
    if reserved:
        raise ValueError(
            f"network_params names {sorted(reserved)}, which the builder is given anyway: leave "
            "them out."
        )
    takes_all = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
    offered = {name: value for name, value in offered.items() if takes_all or name in accepted}
    return network(**offered, **network_params)


def _check_model(architecture, model):
    n_outputs = architecture.n_outputs
    window_shape = architecture.n_timesteps, architecture.n_features
    name = getattr(architecture.network, "__name__", repr(architecture.network))
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"network={name} must build a keras.Model, but it returned {model!r} of type "
            f"{type(model).__name__}."
        )
    outputs = model(np.zeros((1, *window_shape), dtype=np.float32))
    if getattr(model, "outputs", None) is None:
        raise TypeError(
            f"network={name} built a subclassed model, {type(model).__name__}, which scikeras "
            "can't train. Build a keras.Sequential, or a functional keras.Model(inputs, outputs)."
        )
    shape = tuple(getattr(outputs, "shape", ()))
    if shape != (1, n_outputs):
        raise ValueError(
            f"network={name} built a model whose output for one window has the shape {shape}, but "
            f"y asks for (1, {n_outputs}). End it with Dense(meta['n_outputs_'])."
        )
    if architecture.classes is not None:
        _check_probabilities(architecture, name, np.asarray(outputs)[0])


def _check_probabilities(architecture, name, outputs):
    """Refuse a classifier's model that gives no probabilities for a first window."""
    is_multiclass = architecture.classes["target_type_"] == "multiclass"
    adds_up = not is_multiclass or abs(outputs.sum() - 1) < 1e-3
    if outputs.min() < 0 or outputs.max() > 1 or not adds_up or (outputs == 0).all():
        activation = "softmax" if is_multiclass else "sigmoid"
        raise ValueError(
            f"network={name} built a model whose output for one window, {outputs}, are no "
            f"probabilities. End it with Dense(meta['n_outputs_'], activation={activation!r})."
        )


def _as_arrays(samples):
    # scikeras drops samples of weight zero, which would make other batches than those of Keras.
    sample_weight = np.maximum(samples.sample_weight, np.finfo(np.float32).tiny)
    windows, y = (np.asarray(array, np.float32) for array in (samples.windows, samples.y))
    return windows, y.reshape(len(y), -1), sample_weight


@contextmanager
def _unpatched_keras():
    """Undo what the first import of scikeras changes in Keras's classes.

    It gives them ways to pickle that Keras 3 no longer needs.
    """
    owners = (keras.Model, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer)
    slots = [(owner, name) for owner in owners for name in ("__reduce__", "__deepcopy__")]
    before = [vars(owner).get(name) for owner, name in slots]
    yield
    for (owner, name), method in zip(slots, before, strict=True):
        if vars(owner).get(name) is method:
            continue
        if method is None:
            delattr(owner, name)
        else:
            setattr(owner, name, method)


@contextmanager
def _local_seeds(seed):
    """Seed the generators of Python, NumPy and TensorFlow, and put them back afterwards."""
    python, numpy = random.getstate(), np.random.get_state()
    tensorflow = tf_context.global_seed()
    generator = getattr(tf_context.context(), "_rng", None)
    random.seed(seed)
    np.random.seed(seed)
    tf.random.set_seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        tf.random.set_seed(tensorflow)
        if generator is not None:
            tf_context.context()._rng = generator
