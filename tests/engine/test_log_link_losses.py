"""``loss="poisson"`` and ``"gamma"`` beside scikit-learn's deviances and Keras."""

import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import mean_gamma_deviance, mean_poisson_deviance

from sklearn_lstm import LSTMRegressor, make_lstm_pipeline
from sklearn_lstm.engine.loss import LOSSES

N = 70
LOSS_NAMES = ["poisson", "gamma"]
DEVIANCES = {"poisson": mean_poisson_deviance, "gamma": mean_gamma_deviance}


def gamma_loss(y, predicted):
    """The negative log-likelihood of a gamma distribution, up to what no prediction changes."""
    return keras.ops.mean(keras.ops.log(predicted) + y / predicted, axis=-1)


KERAS_LOSSES = {"poisson": "poisson", "gamma": gamma_loss}


@pytest.fixture
def data(windows):
    """Windows and two columns of counts, of which the second is larger."""
    X, y = windows
    rng = np.random.default_rng(0)
    return X, rng.poisson(np.exp(0.5 * y + [0.5, 3])) + 1.0


def lstm(loss, **params):
    given = {"units": 4, "epochs": 2, "learning_rate": 0.02, "random_state": 0}
    return LSTMRegressor(loss=loss, **given | params)


def untrained(estimator, X, y, sample_weight=None):
    started = clone(estimator).set_params(epochs=1, learning_rate=1e-30)
    return started.fit(X, y, sample_weight)


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_differences_of_the_loss_are_half_those_of_scikit_learns_deviance(name):
    loss, rng = LOSSES[name], np.random.default_rng(1)
    y = rng.gamma(2.0, 3.0, (40, 1)).astype("f4")
    one, other = rng.standard_normal((2, 40, 1)).astype("f4")
    values = [
        float(np.mean(loss.per_target(tf, tf.constant(y), tf.constant(out), None)))
        for out in (one, other)
    ]
    deviances = [DEVIANCES[name](y[:, 0], np.exp(out[:, 0].astype(float))) for out in (one, other)]
    assert_allclose(values[0] - values[1], (deviances[0] - deviances[1]) / 2, rtol=1e-4)


@pytest.mark.parametrize("name", LOSS_NAMES)
@pytest.mark.parametrize("weighted", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_training_equals_keras(data, name, weighted):
    X, y = data
    X = np.asarray(X, dtype="f4")
    weights = np.random.default_rng(2).uniform(0, 2, N) if weighted else None
    estimator = lstm(name, shuffle=False)
    inputs = keras.Input((6, 3))
    outputs = keras.layers.Dense(2, activation="exponential")(keras.layers.LSTM(4)(inputs))
    model = keras.Model(inputs, outputs)
    model.set_weights(untrained(estimator, X, y, weights).weights_)
    model.compile(keras.optimizers.Adam(0.02), KERAS_LOSSES[name])
    history = model.fit(X, y, 32, 2, verbose=0, shuffle=False, sample_weight=weights)

    estimator.fit(X, y, weights)

    for ours, theirs in zip(estimator.weights_, model.get_weights(), strict=True):
        assert_allclose(ours, theirs, atol=1e-4)
    assert_allclose(estimator.loss_curve_, history.history["loss"], rtol=1e-4)
    assert_allclose(estimator.predict(X), model.predict(X, verbose=0), rtol=1e-4)


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_the_validation_loss_is_the_formula(data, name):
    X, y = data
    estimator = lstm(name).fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:])
    mu, y = estimator.predict(X[50:]), y[50:]
    expected = mu - y * np.log(mu) if name == "poisson" else np.log(mu) + y / mu
    assert_allclose(estimator.validation_loss_curve_[-1], expected.mean(), rtol=1e-4)


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_training_begins_at_the_logarithm_of_the_weighted_mean(data, name):
    X, y = data
    weights = np.random.default_rng(3).uniform(0, 2, N)
    for given in (None, weights):
        start = untrained(lstm(name), X, 1000 * y, given)
        assert_allclose(start.weights_[-1], np.log(np.average(1000 * y, axis=0, weights=given)),
                        rtol=1e-5)  # fmt: skip


def test_the_mean_of_very_large_targets_does_not_overflow(data):
    X, y = data
    start = untrained(lstm("gamma"), X, 1e37 * y[:, 0] / y[:, 0].max())
    assert_allclose(start.weights_[-1], np.log(1e37 * (y[:, 0] / y[:, 0].max()).mean()), rtol=1e-5)


def test_counts_that_are_all_zero_are_learned(data):
    X, _ = data
    predicted = lstm("poisson", epochs=40, learning_rate=0.1).fit(X, np.zeros(N)).predict(X)
    assert (predicted > 0).all()
    assert (predicted < 0.1).all()


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_predictions_are_positive_and_survive_a_pickle(data, name):
    X, y = data
    estimator = lstm(name, ensemble_size=2).fit(X, y)
    predicted = estimator.predict(X)
    assert (predicted > 0).all()
    assert_array_equal(pickle.loads(pickle.dumps(estimator)).predict(X), predicted)
    assert_allclose(estimator.model_.predict(X, verbose=0), predicted, rtol=1e-4)
    alone = clone(estimator).set_params(ensemble_size=1).fit(X, y)
    halves, n = [], len(alone.weights_)
    for i in range(2):
        alone.weights_ = estimator.weights_[i * n : (i + 1) * n]
        halves.append(alone.predict(X))
    assert_allclose(predicted, np.mean(halves, axis=0), atol=1e-12)


def test_rates_that_depend_on_the_window_are_learned():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 3, 1))
    y = rng.poisson(np.exp(1 + 0.6 * X[:, -1, 0]))
    model = lstm("poisson", units=8, epochs=40).fit(X[:300], y[:300])
    linear = PoissonRegressor(alpha=0).fit(X[:300, :, 0], y[:300])  # which is the truth
    ours, best = (
        mean_poisson_deviance(y[300:], predicted)
        for predicted in (model.predict(X[300:]), linear.predict(X[300:, :, 0]))
    )
    constant = mean_poisson_deviance(y[300:], np.full(100, y[:300].mean()))
    assert ours - best < 0.2 * (constant - best)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("poisson", -1.0, r"loss='poisson' is for targets of zero or more, but y is -1 at row 3"),
        ("gamma", -1.0, r"loss='gamma' is for targets of more than zero, but y is -1 at row 3"),
        ("gamma", 0.0, r"loss='gamma' .* more than zero, but y is 0 at row 3"),
    ],
)
def test_targets_without_a_loss_are_refused_and_nothing_changed(data, name, value, message):
    X, y = data
    estimator, bad = lstm(name), y.copy()
    bad[3, 1] = value
    with pytest.raises(ValueError, match=message + ", column 1"):
        estimator.fit(X, bad)
    with pytest.raises(ValueError, match=message):
        estimator.fit(X, bad[:, 1])
    with pytest.raises(ValueError, match="X_val, y_val: " + message):
        estimator.fit(X, y, X_val=X, y_val=bad)
    assert vars(estimator) == vars(clone(estimator))
    before = estimator.fit(X, y).predict(X)
    with pytest.raises(ValueError, match=message):
        estimator.partial_fit(X, bad)
    assert_array_equal(estimator.predict(X), before)


def test_what_a_pipeline_makes_zero_gamma_refuses_with_a_remedy(waves):
    X, y = waves
    model = make_lstm_pipeline(3, loss="gamma", units=2, epochs=1, random_state=0)
    with pytest.raises(ValueError, match=r"y is 0 at row .*target_scaler='passthrough'"):
        model.fit(X, y + 5)
    unscaled = clone(model).set_params(transformer=None).fit(X, y + 5)
    assert (unscaled.predict(X) > 0).all()
    counts = clone(model).set_params(regressor__lstm__loss="poisson").fit(X, np.round(y + 5))
    assert (counts.predict(X) > 0).all()


def compiled(meta):
    model = keras.Sequential([keras.Input(meta["X_shape_"][1:]), keras.layers.LSTM(2),
                              keras.layers.Dense(meta["n_outputs_"])])  # fmt: skip
    model.compile("sgd", "mse")
    return model


def plain(meta):
    return keras.Sequential([keras.Input(meta["X_shape_"][1:]), keras.layers.LSTM(2),
                             keras.layers.Dense(meta["n_outputs_"])])  # fmt: skip


def test_outputs_of_a_custom_network_are_logarithms(data):
    X, y = data
    estimator = lstm("poisson", network=plain).fit(X, y)
    assert_allclose(estimator.model_.predict(X, verbose=0), estimator.predict(X), rtol=1e-4)
    assert (estimator.predict(X) > 0).all()
    with pytest.raises(ValueError, match="exponentials for 'poisson' and 'gamma'"):
        lstm("poisson", network=compiled).fit(X, y)


@pytest.mark.slow
@pytest.mark.parametrize("name", LOSS_NAMES)
def test_an_optimizer_of_keras_trains_as_the_named_one_does(data, name):
    X, y = data
    own = lstm(name).fit(X, y)
    by_object = lstm(name, optimizer=keras.optimizers.Adam(0.02)).fit(X, y)
    for one, other in zip(own.weights_, by_object.weights_, strict=True):
        assert_allclose(one, other, atol=1e-4)
