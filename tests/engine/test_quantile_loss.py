"""The pinball loss and its ordered outputs beside scikit-learn, finite differences and Keras."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn.base import clone
from sklearn.metrics import mean_pinball_loss

from sklearn_lstm import LSTMRegressor
from sklearn_lstm.engine import programs as training
from sklearn_lstm.engine.loss import Quantile

START = np.log1p(np.exp(-2))  # the deviation that untrained networks begin with
SEVERAL = [(0.5,), (0.05, 0.95), (0.1, 0.25, 0.9), (0.5, 0.8, 0.9, 0.99), (1e-9, 0.3, 1 - 1e-12)]


def outputs_for(loss, n_targets, *, n_samples=40, scale=1.0, seed=0):
    shape = n_samples, loss.n_outputs(n_targets)
    return (scale * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def per_target(loss, y, outputs):
    return loss.per_target(tf, tf.constant(y), tf.constant(outputs), tf.constant(loss.numbers))


@pytest.mark.parametrize("levels", [0.1, 0.5, 0.9, *SEVERAL])
@pytest.mark.parametrize("n_targets", [1, 2])
def test_the_loss_is_scikit_learns_averaged_over_levels(levels, n_targets):
    loss = Quantile(levels)
    outputs = outputs_for(loss, n_targets)
    y = np.random.default_rng(1).standard_normal((40, n_targets)).astype(np.float32)
    predictions = loss.predictions(outputs.astype(float)).reshape(40, n_targets, -1)
    found = np.mean(per_target(loss, y, outputs), axis=0)
    for target in range(n_targets):
        expected = [
            mean_pinball_loss(y[:, target], predictions[:, target, k], alpha=level)
            for k, level in enumerate(np.atleast_1d(levels))
        ]
        assert_allclose(found[target], np.mean(expected), rtol=1e-5)


@pytest.mark.parametrize("levels", SEVERAL)
@pytest.mark.parametrize("scale", [1.0, 30.0, 1e4])
def test_quantiles_never_cross_whatever_the_outputs(levels, scale):
    loss = Quantile(levels)
    predictions = loss.predictions(outputs_for(loss, 2, n_samples=2000, scale=scale))
    assert predictions.shape == (2000, 2, len(levels))
    assert np.isfinite(predictions).all()
    assert (np.diff(predictions) >= 0).all()


def test_outputs_of_zero_are_the_quantiles_of_a_normal():
    levels = (0.01, 0.2, 0.5, 0.6, 0.99)
    found = Quantile(levels).predictions(np.zeros((1, 5)))[0, 0]
    assert_allclose(found, START * norm.ppf(levels), rtol=1e-6, atol=1e-7)
    pair = Quantile((0.1, 0.9)).predictions(np.zeros((1, 2)))[0, 0]
    assert_allclose(pair, START * norm.ppf([0.1, 0.9]), rtol=1e-6)


def test_three_quantiles_by_hand():
    median, lower_gap, upper_gap = 2.0, -1.0, 3.0
    outputs = np.array([[median, lower_gap, upper_gap]])
    gap = norm.ppf(0.9)
    below, above = (gap * np.log1p(np.exp(output - 2)) for output in (lower_gap, upper_gap))
    expected = [median - below, median, median + above]
    assert_allclose(Quantile((0.1, 0.5, 0.9)).predictions(outputs)[0, 0], expected, rtol=1e-6)


def test_a_single_level_leaves_the_outputs_alone():
    outputs = outputs_for(Quantile(0.3), 2)
    assert_array_equal(Quantile(0.3).predictions(outputs), outputs)
    assert_array_equal(Quantile((0.3,)).predictions(outputs)[..., 0], outputs)


@pytest.mark.parametrize("levels", [0.2, *SEVERAL[:4]])
def test_gradients_are_those_of_differences(levels):
    loss = Quantile(levels)
    outputs = outputs_for(loss, 2, n_samples=6)
    y = np.random.default_rng(2).standard_normal((6, 2)).astype(np.float32)
    with tf.GradientTape() as tape:
        variable = tf.Variable(outputs)
        total = tf.reduce_sum(
            loss.per_target(tf, tf.constant(y), variable, tf.constant(loss.numbers))
        )
    found = tape.gradient(total, variable).numpy()

    def total_of(outputs):
        quantiles = loss.predictions(outputs).reshape(6, 2, -1)
        error = y[..., np.newaxis] - quantiles
        at = np.atleast_1d(levels)
        return np.where(error > 0, at * error, (at - 1) * error).mean(axis=2).sum()

    exact = outputs.astype(float)
    for place in np.ndindex(*outputs.shape):
        step = np.zeros_like(exact)
        step[place] = 1e-6
        expected = (total_of(exact + step) - total_of(exact - step)) / 2e-6
        assert_allclose(found[place], expected, atol=1e-4)


def test_levels_and_their_number_trace_nothing(windows, monkeypatch):
    X, y = windows
    monkeypatch.setattr(training, "_programs", training._ProgramCache(4))
    before = training.n_traces()
    for quantile in (0.5, 0.1, 0.99, [0.1, 0.9], (0.2, 0.5, 0.7), [0.5]):
        LSTMRegressor(3, epochs=1, loss="quantile", quantile=quantile).fit(X, y)
    assert training.n_traces() == before + 1


@pytest.mark.parametrize("quantile", [0.2, [0.1, 0.5, 0.9]])
@pytest.mark.parametrize(
    "params", [{}, {"segment_length": 2, "decoding": "parallel", "skip_connection": True}], ids=str
)
def test_the_networks_for_a_gpu_and_for_an_optimizer_object_train_as_the_fused_one_does(
    windows, quantile, params, monkeypatch
):
    X, y = windows
    lstm = LSTMRegressor(4, loss="quantile", quantile=quantile, epochs=3, learning_rate=0.01)
    lstm.set_params(random_state=0, **params)
    fused = clone(lstm).fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    by_object = clone(lstm).set_params(optimizer=tf.keras.optimizers.Adam(0.01))
    by_object.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    monkeypatch.setattr(training, "_has_gpu", lambda: True)
    for_a_gpu = clone(lstm).fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    for other in (by_object, for_a_gpu):
        assert_allclose(other.validation_loss_curve_, fused.validation_loss_curve_, rtol=1e-4)
        assert_allclose(other.predict(X), fused.predict(X), atol=1e-4)


def test_parts_of_a_batch_sum_up_to_the_whole(windows, monkeypatch):
    X, y = windows
    lstm = LSTMRegressor(4, loss="quantile", quantile=[0.1, 0.9], epochs=3, random_state=0)
    fits = []
    for n_parts in (1, 4):
        monkeypatch.setattr(training, "number_of_parts", lambda *_, n=n_parts: n)
        fits.append(clone(lstm).fit(X, y))
    assert_allclose(fits[0].loss_curve_, fits[1].loss_curve_, rtol=1e-5)
    assert_allclose(fits[0].predict(X), fits[1].predict(X), atol=1e-5)
