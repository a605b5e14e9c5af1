"""The engine beside Keras's own fit, and what its programs may not disturb."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone

from sklearn_lstm import LSTMRegressor, SequenceWindower
from sklearn_lstm.engine import programs as training
from sklearn_lstm.engine import roads, threads
from sklearn_lstm.engine.architecture import Architecture
from sklearn_lstm.engine.batches import Layout
from sklearn_lstm.engine.fused_network import FusedNetwork, Topology
from sklearn_lstm.engine.keras_builder import FusedLSTM
from sklearn_lstm.engine.keras_network import DrawnDropout
from sklearn_lstm.engine.weights import initial_weights
from sklearn_lstm.windows.rows import LARGE_IN_A_FILE, FollowingSteps, Windows

EPOCHS = 5
KERAS_LOSSES = {
    "squared_error": "mean_squared_error",
    "absolute_error": "mean_absolute_error",
    "huber": "huber",
}


class ParallelDecoder(keras.layers.Layer):
    """One step of an LSTM layer's cell for each position, from the same state."""

    def __init__(self, cell, n_segments):
        super().__init__()
        self.step, self.n_segments = lambda x, state: cell(x, state)[0], n_segments
        self.n_inputs = cell.units

    def build(self, *_):
        self.positions = self.add_weight((self.n_segments, self.n_inputs))

    def call(self, h, c):
        n_samples = keras.ops.shape(h)[0]
        states = []
        for i in range(self.n_segments):
            position = keras.ops.tile(self.positions[i : i + 1], (n_samples, 1))
            states.append(self.step(position, [h, c]))
        return keras.ops.stack(states, axis=1)


def plain_keras(estimator, X, n_outputs):
    """The same network of Keras's own layers, with the weights that the estimator starts from."""
    units = estimator.units if isinstance(estimator.units, tuple) else (estimator.units,)
    penalty = keras.regularizers.L2(estimator.alpha) if estimator.alpha else None
    length, is_parallel = estimator.segment_length, estimator.decoding == "parallel"
    window = x = keras.Input(X.shape[1:])
    if length:
        x = keras.layers.Reshape((X.shape[1] // length, length * X.shape[2]))(window)
        x = keras.layers.Dense(units[0], activation="relu", kernel_regularizer=penalty)(x)
    for i, n_units in enumerate(units):
        layer = keras.layers.LSTM(
            n_units,
            return_sequences=i < len(units) - 1,
            return_state=is_parallel,
            kernel_regularizer=penalty,
            recurrent_regularizer=penalty,
        )
        x = (keras.layers.Bidirectional(layer) if estimator.bidirectional else layer)(x)
    if is_parallel:
        _, h, c = x
        x = ParallelDecoder(layer.cell, n_outputs // length)(h, c)
    x = keras.layers.Dense(length if is_parallel else n_outputs, kernel_regularizer=penalty)(x)
    x = keras.layers.Reshape((n_outputs,))(x)
    if estimator.skip_connection:
        skip = keras.layers.Dense(n_outputs, use_bias=False, kernel_regularizer=penalty)
        x = keras.layers.Add()([x, skip(keras.layers.Flatten()(window))])
    model = keras.Model(window, x)
    y = np.zeros((len(X), n_outputs))
    untrained = clone(estimator).set_params(epochs=1, learning_rate=1e-38, optimizer="sgd")
    model.set_weights(untrained.fit(X, y).weights_)
    return model


OPTIONS = [
    {},
    {"clipnorm": 0.05},
    {"units": (6, 4)},
    {"bidirectional": True},
    {"units": (5, 3), "bidirectional": True, "clipnorm": 0.1, "alpha": 1e-3},
    {"loss": "absolute_error"},
    {"loss": "huber"},
    {"batch_size": 7},
    {"optimizer": "sgd", "learning_rate": 0.05},
    {"optimizer": "rmsprop"},
    {"optimizer": "adamw"},
    {"units": 7, "batch_size": 5},
    {"units": (64, 3), "clipnorm": 0.05, "alpha": 1e-3},
    {"segment_length": 3},
    {"units": (5, 3), "segment_length": 2, "bidirectional": True, "alpha": 1e-3},
    {"skip_connection": True, "clipnorm": 0.05, "alpha": 1e-3},
    {"segment_length": 2, "decoding": "parallel", "skip_connection": True},
    {"units": 5, "segment_length": 1, "decoding": "parallel", "clipnorm": 0.02, "alpha": 1e-3},
]


# Weights multiply what each sample loses, whatever else is set; a weight that stands for all is
# read in another way.
@pytest.mark.parametrize(
    ("params", "weighted"),
    [*((params, True) for params in OPTIONS), *((params, False) for params in OPTIONS[:5])],
    ids=str,
)
def test_training_equals_keras(windows, params, weighted, monkeypatch):
    train_beside_keras(windows, params, 65, weighted, monkeypatch)


@pytest.mark.parametrize("n_samples", [64, 70], ids=["whole batches", "last batch of 6"])
def test_training_equals_keras_whatever_the_last_batch_has(windows, n_samples, monkeypatch):
    params = {"units": (5, 3), "bidirectional": True, "clipnorm": 0.1, "alpha": 1e-3}
    for options in (params, {"segment_length": 2, "decoding": "parallel"}):
        train_beside_keras(windows, options, n_samples, True, monkeypatch)


def train_beside_keras(windows, params, n_samples, weighted, monkeypatch):
    monkeypatch.setattr(training, "number_of_parts", lambda batch_size, _: min(batch_size, 3))
    X, y = (np.asarray(part)[:n_samples].astype(np.float32) for part in windows)
    sample_weight = np.random.default_rng(0).uniform(0, 3, n_samples) if weighted else None
    lstm = LSTMRegressor(**{"units": 6, "learning_rate": 0.01, **params})
    lstm.set_params(epochs=EPOCHS, shuffle=False, random_state=0)
    model = plain_keras(lstm, X, 2)

    lstm.fit(X, y, sample_weight)

    optimizer = keras.optimizers.get(lstm.optimizer)
    optimizer.learning_rate = lstm.learning_rate
    optimizer.clipnorm = lstm.clipnorm
    model.compile(optimizer=optimizer, loss=KERAS_LOSSES[lstm.loss])
    history = model.fit(
        X, y, lstm.batch_size, EPOCHS, verbose=0, shuffle=False, sample_weight=sample_weight
    )
    for ours, theirs in zip(lstm.weights_, model.get_weights(), strict=True):
        assert_allclose(ours, theirs, atol=1e-4)
    if not lstm.alpha:
        assert_allclose(lstm.loss_curve_, history.history["loss"], rtol=1e-4)


def test_a_keras_optimizer_lends_its_settings_and_is_left_alone(windows):
    X, y = windows
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True, clipvalue=0.2)
    before = optimizer.get_config()
    lstm = LSTMRegressor(4, optimizer=optimizer, epochs=EPOCHS, shuffle=False, random_state=0)
    model = plain_keras(clone(lstm).set_params(optimizer="sgd"), X, 2)

    lstm.fit(X, y)

    assert optimizer.get_config() == before
    assert not optimizer.built
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True, clipvalue=0.2), "mse")
    model.fit(X, y, 32, EPOCHS, verbose=0, shuffle=False)
    for ours, theirs in zip(lstm.weights_, model.get_weights(), strict=True):
        assert_allclose(ours, theirs, atol=1e-4)


@keras.saving.register_keras_serializable()
class Halved(keras.optimizers.SGD):
    """An optimizer of the user's own, unknown to Keras's registry."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(0.5 * gradient, variable, learning_rate)


@pytest.mark.parametrize(
    "optimizer",
    [
        Halved(0.1),
        keras.optimizers.SGD(0.05, loss_scale_factor=1000.0),
        keras.optimizers.Adam(0.05, gradient_accumulation_steps=2),
    ],
    ids=["own class", "scaled loss", "accumulated"],
)
@pytest.mark.parametrize("clipnorm", [None, 0.05])
def test_unusual_optimizers_train_as_in_keras(windows, optimizer, clipnorm):
    X, y = windows
    lstm = LSTMRegressor(
        4, optimizer=optimizer, clipnorm=clipnorm, epochs=2, shuffle=False, random_state=0
    )
    model = plain_keras(clone(lstm).set_params(optimizer="sgd"), X, 2)
    lstm.fit(X, y)
    settings = optimizer.get_config() | {"clipnorm": clipnorm}
    model.compile(type(optimizer).from_config(settings), "mse")
    model.fit(X, y, 32, 2, verbose=0, shuffle=False)
    for ours, theirs in zip(lstm.weights_, model.get_weights(), strict=True):
        assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (keras.optimizers.SGD(0.1, use_ema=True), "use_ema=False"),
        (keras.optimizers.SGD(lambda: 0.1), "optimizer=SGD.*float or a Keras schedule"),
        (keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD()), "optimizer=LossScale"),
    ],
)
def test_optimizers_that_cannot_be_copied_are_refused_by_name(windows, optimizer, message):
    with pytest.raises(ValueError, match=message):
        LSTMRegressor(3, optimizer=optimizer, epochs=1).fit(*windows)


def test_a_learning_rate_schedule_of_keras_is_followed(windows):
    X, y = windows
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([3], [0.1, 1e-38])
    stopped = LSTMRegressor(
        4, optimizer=keras.optimizers.SGD(schedule), epochs=4, shuffle=False, random_state=0
    ).fit(X, y)
    assert stopped.loss_curve_[0] > stopped.loss_curve_[2]
    assert_allclose(stopped.loss_curve_[2:], stopped.loss_curve_[3], rtol=1e-6)


@pytest.mark.parametrize("schedule", ["exponential", "cosine"])
@pytest.mark.parametrize("optimizer", ["adam", keras.optimizers.Adam(0.02)])
def test_a_learning_rate_schedule_is_that_of_keras(windows, schedule, optimizer):
    X, y = windows
    lstm = LSTMRegressor(
        4, optimizer=optimizer, learning_rate=0.02, learning_rate_schedule=schedule, batch_size=10,
        epochs=8, shuffle=False, random_state=0,
    )  # fmt: skip
    model = plain_keras(
        clone(lstm).set_params(optimizer="sgd", learning_rate_schedule="constant"), X, 2
    )
    curve = {
        "exponential": keras.optimizers.schedules.ExponentialDecay(0.02, 8, 0.01),
        "cosine": keras.optimizers.schedules.CosineDecay(0.02, 8),
    }[schedule]
    model.compile("adam", "mse")
    rates = keras.callbacks.LearningRateScheduler(lambda epoch: float(curve(epoch)))
    model.fit(X, y, 10, 8, verbose=0, shuffle=False, callbacks=[rates])
    for ours, theirs in zip(lstm.fit(X, y).weights_, model.get_weights(), strict=True):
        assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("kind", [keras.optimizers.Adam, keras.optimizers.RMSprop])
def test_an_optimizer_object_trains_positions_as_the_named_one_does(windows, kind):
    X, y = windows
    lstm = LSTMRegressor(
        4, segment_length=2, decoding="parallel", epochs=3, learning_rate=0.01, random_state=0
    )
    named = clone(lstm).set_params(optimizer=kind.__name__.lower()).fit(X, y)
    by_object = clone(lstm).set_params(optimizer=kind(0.01)).fit(X, y)
    for one, other in zip(named.weights_, by_object.weights_, strict=True):
        assert_allclose(one, other, atol=1e-5)


def test_two_schedules_at_once_are_refused(windows):
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    lstm = LSTMRegressor(
        3, optimizer=keras.optimizers.SGD(schedule), learning_rate_schedule="cosine", epochs=1
    )
    with pytest.raises(ValueError, match="has a schedule of its own"):
        lstm.fit(*windows)


@pytest.mark.parametrize("options", [{}, {"return_sequences": True}, {"go_backwards": True},
                                     {"return_sequences": True, "go_backwards": True}])  # fmt: skip
@pytest.mark.parametrize("n_features", [1, 2])
def test_the_fused_layer_equals_keras(options, n_features):
    x = np.random.default_rng(0).standard_normal((5, 7, n_features)).astype(np.float32)
    fused, plain = FusedLSTM(3, **options), keras.layers.LSTM(3, **options)
    fused.build(x.shape), plain.build(x.shape)
    plain.set_weights(fused.get_weights())
    assert_allclose(fused(x), plain(x), atol=1e-6)


@pytest.mark.parametrize("options", [{"activation": "relu"}, {"dropout": 0.3}, {"use_bias": False}])
def test_where_the_fused_operation_does_not_apply_keras_computes(options):
    x = np.random.default_rng(0).standard_normal((5, 7, 2)).astype(np.float32)
    fused, plain = FusedLSTM(3, **options), keras.layers.LSTM(3, **options)
    fused.build(x.shape), plain.build(x.shape)
    plain.set_weights(fused.get_weights())
    assert_allclose(fused(x), plain(x), atol=1e-6)


def test_a_mask_falls_to_keras():
    x = np.random.default_rng(0).standard_normal((2, 4, 2)).astype(np.float32)
    mask = np.array([[1, 1, 0, 0], [1, 1, 1, 1]], dtype=bool)
    fused = FusedLSTM(3)
    assert_allclose(fused(x, mask=mask)[0], fused(x[:1, :2])[0], atol=1e-6)


def test_dropout_trains_with_noise_and_predicts_without(windows):
    X, y = windows
    params = {"units": (6, 4), "epochs": 3, "random_state": 0}
    without = LSTMRegressor(**params).fit(X, y)
    low = LSTMRegressor(**params, dropout=0.1).fit(X, y)
    high = LSTMRegressor(**params, dropout=0.6).fit(X, y)
    assert without.loss_curve_ != low.loss_curve_ != high.loss_curve_
    assert_allclose(high.predict(X), high.predict(X), rtol=0)
    again = clone(high).fit(X, y)
    assert again.loss_curve_ == high.loss_curve_
    other_seed = clone(high).set_params(random_state=1).fit(X, y)
    assert other_seed.loss_curve_ != high.loss_curve_


def loaded(architecture):
    network = FusedNetwork(Topology.of(architecture))
    weights = initial_weights(np.random.default_rng(0), architecture)
    network.load(weights, architecture)
    return network, weights


def dropped_by_the_fused_network(shape, rate, seed):
    network, _ = loaded(Architecture(1, 1, 1, units=(shape[1],) * 2))
    return [
        drawn.numpy()[0]
        for drawn in network.draw_noise(shape[0], Layout(1, 1, 1, 0, 0), rate, [seed, 5])
    ]


def dropped_by_keras(shape, rate, seed):
    layers = [DrawnDropout(0.5), DrawnDropout(0.5)]
    for i, layer in enumerate(layers):
        layer.drawn = rate, iter([[seed, 2 * 5 + i]])
    return [np.asarray(layer(np.ones(shape, np.float32), training=True)) for layer in layers]


@pytest.mark.parametrize("drop", [dropped_by_the_fused_network, dropped_by_keras])
def test_dropout_sets_the_given_share_to_zero_and_scales_the_rest(drop):
    first, second = drop((200, 200), 0.25, 3)
    for dropped in (first, second):
        assert abs((dropped == 0).mean() - 0.25) < 0.01
        assert_allclose(dropped[dropped != 0], 1 / 0.75, rtol=1e-6)
    both = ((first == 0) & (second == 0)).mean()
    assert abs(both - 0.25**2) < 0.01  # layers drop independently


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"units": (5, 3), "bidirectional": True, "alpha": 1e-3, "clipnorm": 0.1},
        {"segment_length": 2, "decoding": "parallel", "skip_connection": True, "clipnorm": 1e-3,
         "alpha": 1e-3, "learning_rate_schedule": "cosine"},
    ],
    ids=str,
)  # fmt: skip
def test_the_network_for_a_gpu_trains_as_the_one_for_a_cpu(windows, params, monkeypatch):
    X, y = windows
    lstm = LSTMRegressor(**{"units": 4, **params}, epochs=3, learning_rate=0.01, random_state=0)
    fused = clone(lstm).fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    monkeypatch.setattr(training, "_has_gpu", lambda: True)
    keras_built = clone(lstm).fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    assert_allclose(keras_built.validation_loss_curve_, fused.validation_loss_curve_, rtol=1e-4)
    for one, other in zip(fused.weights_, keras_built.weights_, strict=True):
        assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_training_goes_on_on_another_kind_of_machine(windows, optimizer, monkeypatch):
    X, y = windows
    lstm = LSTMRegressor((5, 3), optimizer=optimizer, learning_rate=0.01, random_state=0)
    here = clone(lstm).partial_fit(X, y).partial_fit(X, y).partial_fit(X, y)
    moving = clone(lstm).partial_fit(X, y)
    monkeypatch.setattr(training, "_has_gpu", lambda: True)
    moving.partial_fit(X, y)
    monkeypatch.setattr(training, "_has_gpu", lambda: False)
    moving.partial_fit(X, y)
    for one, other in zip(here.weights_, moving.weights_, strict=True):
        assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("epochs", [4, 5, 6])
def test_divergence_in_the_last_epoch_is_called_by_its_number(windows, epochs):
    X, y = windows
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([epochs - 2], [1e-9, 3e38])
    lstm = LSTMRegressor(
        3, epochs=epochs, batch_size=len(X), optimizer=keras.optimizers.SGD(schedule),
        random_state=0,
    )  # fmt: skip
    with pytest.raises(ValueError, match=f"in epoch {epochs}\\."):
        lstm.fit(X, 1000 * y)


def test_a_batch_is_cut_where_it_pays(monkeypatch):
    monkeypatch.setattr(roads, "cpu_count", lambda: 4)
    assert roads.number_of_parts(1, (1000,)) == 1
    assert roads.number_of_parts(32, (16,)) == 1
    assert roads.number_of_parts(32, (16, 50)) == 2
    assert roads.number_of_parts(256, (64,)) == 4
    monkeypatch.setattr(roads, "cpu_count", lambda: 12)
    parts = {roads.number_of_parts(64, (units,)) for units in range(1, 300)}
    assert parts == {1, 2, 4, 8}


@pytest.mark.parametrize("units", [4, (4, 4)])
@pytest.mark.parametrize("params", [{}, {"segment_length": 2, "decoding": "parallel"}], ids=str)
def test_dropout_does_not_depend_on_the_number_of_parts(windows, units, params, monkeypatch):
    X, y = windows
    lstm = LSTMRegressor(units, dropout=0.4, epochs=3, batch_size=48, random_state=0, **params)
    fits = []
    for n_cores in (1, 2, 5):
        monkeypatch.setattr(training, "number_of_parts", lambda *_, n=n_cores: n)
        fits.append(clone(lstm).fit(X, y))
    for other in fits[1:]:
        assert_allclose(other.loss_curve_, fits[0].loss_curve_, rtol=1e-5)
        for one, two in zip(fits[0].weights_, other.weights_, strict=True):
            assert_allclose(one, two, atol=1e-5)


def test_a_search_traces_one_program_for_all_numbers_and_sizes(windows, monkeypatch):
    X, y = windows
    monkeypatch.setattr(training, "_programs", training._ProgramCache(4))
    monkeypatch.setattr(training, "number_of_parts", lambda *_: 2)
    before = training.n_traces()
    params = {"units": 3, "epochs": 1, "dropout": 0.1, "alpha": 0.1, "clipnorm": 1.0}
    for change in (
        {}, {"learning_rate": 0.1}, {"dropout": 0.4}, {"alpha": 0.2}, {"clipnorm": 0.1},
        {"batch_size": 20}, {"random_state": 3}, {"units": 8}, {"units": 5},
    ):  # fmt: skip
        LSTMRegressor(**{**params, **change}).fit(X, y)
    LSTMRegressor(**params).fit(X[:, 2:], y)
    LSTMRegressor(**params).fit(X[:40], y[:40, 0])
    LSTMRegressor(**params).fit(X[:, :, :1], y)
    assert training.n_traces() == before + 1


def test_few_programs_are_kept(windows, monkeypatch):
    X, y = windows
    monkeypatch.setattr(training, "_programs", training._ProgramCache(4))
    before = training.n_traces()
    for n_layers in (1, 2, 3, 4, 5, 6):
        LSTMRegressor((2,) * n_layers, epochs=1).fit(X, y)
    assert training.n_traces() == before + 6
    assert len(training._programs._idle) == 4


@pytest.mark.parametrize("sizes", [(2, 6), (3, 5), (5, 1), (64, 128)])
@pytest.mark.parametrize("n_features", [1, 2, 3])
@pytest.mark.parametrize(
    "params",
    [
        {"bidirectional": True},
        {"bidirectional": True, "skip_connection": True},
        {"segment_length": 2, "decoding": "parallel", "skip_connection": True},
    ],
    ids=str,
)
def test_a_fused_network_gives_back_the_weights_it_was_given(sizes, n_features, params):
    network, weights = loaded(Architecture(4, n_features, 2, sizes, **params))
    for given, returned in zip(weights, network.weights(), strict=True):
        np.testing.assert_array_equal(given, returned)


def test_the_own_gradient_is_for_many_units_and_few_samples_at_a_time():
    assert not roads.own_gradient_pays((64,), 1)
    assert roads.own_gradient_pays((96,), 16)
    assert not roads.own_gradient_pays((96,), 32)
    assert roads.own_gradient_pays((16, 256), 64)
    assert not roads.own_gradient_pays((256,), 128)


@pytest.mark.parametrize(
    "params",
    [
        {"bidirectional": True},
        {"pooling": "mean"},
        {"pooling": "max", "units": 6},
        {"units": 6, "segment_length": 2, "decoding": "parallel", "dropout": 0.2},
        {},
    ],
    ids=str,
)
@pytest.mark.parametrize("is_ragged", [False, True])
def test_networks_train_alike_by_either_gradient(params, is_ragged, monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 20, 2)), rng.normal(size=(60, 2))
    if is_ragged:
        for window, length in zip(X, rng.integers(1, 21, 60), strict=True):
            window[length:] = np.nan
    params = {"units": (6, 4), "epochs": 3, "random_state": 0} | params
    lstm = LSTMRegressor(**params).fit(X, y)
    monkeypatch.setattr(roads, "FEWEST_UNITS", 6)
    monkeypatch.setattr(roads, "UNITS_FOR_A_SAMPLE", 0)
    own = clone(lstm).fit(X, y)
    for one, other in zip(lstm.weights_, own.weights_, strict=True):
        assert_allclose(one, other, atol=1e-5)
    assert any((one != other).any() for one, other in zip(lstm.weights_, own.weights_, strict=True))


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_weights_that_are_all_the_same_scale_the_loss(windows, weight):
    X, y = windows
    lstm = LSTMRegressor(4, epochs=2, learning_rate=1e-9, random_state=0)
    plain = clone(lstm).fit(X, y).loss_curve_
    for weights in (np.full(len(X), weight), np.broadcast_to(weight, len(X))):
        weighted = clone(lstm).fit(X, y, sample_weight=weights).loss_curve_
        assert_allclose(weighted, np.multiply(weight, plain), rtol=1e-5)


@pytest.mark.parametrize(("given", "expected"), [(None, 4), (1, 1), (2, 2), (8, 4)])
def test_programs_have_as_many_threads_as_the_process(monkeypatch, given, expected):
    monkeypatch.setattr(threads, "cpu_count", lambda: 4)
    monkeypatch.setattr(threads, "n_allotted", lambda: given)
    assert training._n_threads() == expected


def test_a_fit_is_the_same_whatever_was_fitted_before(windows):
    X, y = windows
    lstm = LSTMRegressor(5, epochs=2, dropout=0.2, random_state=3)
    first = clone(lstm).fit(X, y)
    clone(lstm).set_params(random_state=8, learning_rate=0.1, dropout=0.5).fit(2 * X, y[:, ::-1])
    second = clone(lstm).fit(X, y)
    for one, other in zip(first.weights_, second.weights_, strict=True):
        np.testing.assert_array_equal(one, other)


def test_windows_that_share_rows_train_as_windows_written_out():
    rows = np.random.default_rng(0).standard_normal((60, 2))
    view = SequenceWindower(5).fit_transform(rows)
    y = rows[:, 0]
    lstm = LSTMRegressor(4, epochs=2, random_state=0)
    from_view = clone(lstm).fit(view, y)
    from_copy = clone(lstm).fit(view[4:].copy(), y[4:])
    for one, other in zip(from_view.weights_, from_copy.weights_, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("relative", [None, "last", "window"])
@pytest.mark.parametrize("max_samples", [None, 20])
def test_rows_too_many_to_be_copied_train_as_few_do(tmp_path, relative, max_samples):
    few = np.random.default_rng(0).standard_normal((110, 2)).astype(np.float32)
    mapped = np.memmap(tmp_path / "rows", np.float32, "w+", shape=(LARGE_IN_A_FILE // 8 + 1, 2))
    mapped[: len(few)] = few
    starts = np.arange(100, dtype=np.int32)
    lstm = LSTMRegressor(3, epochs=3, max_samples=max_samples, random_state=0)
    fitted = []
    for rows in (mapped, few):
        windows = Windows(rows, starts, 6, relative=relative, n_relative=1 if relative else 0)
        fitted.append(clone(lstm).fit(windows, FollowingSteps(windows, 2, 1)))
    for found, expected in zip(*(model.weights_ for model in fitted), strict=True):
        assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
