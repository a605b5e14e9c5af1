"""Networks of other builders, and the built-in builder in scikeras itself."""

import pickle
import random
import warnings
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
import sklearn
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

from sklearn_lstm import LSTMRegressor, SequenceWindower, lstm_network, make_lstm_pipeline
from sklearn_lstm.engine import loop
from sklearn_lstm.engine.custom_network import ScikerasTrainer
from sklearn_lstm.engine.programs import ProgramTrainer


def gru(meta, units=4):
    return keras.Sequential(
        [
            keras.Input(meta["X_shape_"][1:]),
            keras.layers.GRU(units),
            keras.layers.Dense(meta["n_outputs_"]),
        ]
    )


def noisy(meta):
    return keras.Sequential(
        [keras.layers.LSTM(3), keras.layers.Dropout(0.5), keras.layers.Dense(meta["n_outputs_"])]
    )


class Subclassed(keras.Model):
    def __init__(self, n_outputs):
        super().__init__()
        self.recurrent, self.dense = keras.layers.GRU(3), keras.layers.Dense(n_outputs)

    def call(self, windows):
        return self.dense(self.recurrent(windows))


class Builder:
    def __call__(self, meta):
        return gru(meta)


def subclassed(meta):
    return Subclassed(meta["n_outputs_"])


def one_output_too_many(meta):
    return gru({**meta, "n_outputs_": meta["n_outputs_"] + 1})


def nothing(meta):
    return None


def compiled(meta, compile_kwargs):
    model = gru(meta)
    model.compile(optimizer=keras.optimizers.SGD(0.3), loss="mae")
    return model


PARAMS = {"epochs": 3, "learning_rate": 0.01, "random_state": 0}


def test_both_roads_train_the_built_in_network_to_the_same_weights(windows):
    X, y = windows
    own = LSTMRegressor(5, clipnorm=0.5, **PARAMS)
    start = clone(own).set_params(epochs=1, learning_rate=1e-38, optimizer="sgd").fit(X, y)
    foreign = LSTMRegressor(
        network=lstm_network, network_params={"units": 5}, clipnorm=0.5, warm_start=True, **PARAMS
    ).fit(X, y)
    foreign.weights_ = start.weights_
    foreign._members = [replace(member, losses=[]) for member in foreign._members]
    weights = np.arange(70) % 3
    foreign.fit(X, y, weights)
    own.fit(X, y, weights)
    for one, other in zip(own.weights_, foreign.weights_, strict=True):
        assert_allclose(one, other, atol=1e-5)
    assert_allclose(own.predict(X), foreign.predict(X), atol=1e-5)
    assert_allclose(own.loss_curve_, foreign.loss_curve_, rtol=1e-4)


def test_a_foreign_network_behaves_like_the_built_in_one(windows):
    X, y = windows
    lstm = LSTMRegressor(
        network=gru, network_params={"units": 6}, early_stopping=True, loss="huber", **PARAMS
    )
    lstm.set_params(epochs=30, n_iter_no_change=3, learning_rate=0.1).fit(X, y)
    assert lstm.n_iter_ == len(lstm.validation_loss_curve_) <= 30
    assert lstm.model_.count_params() == sum(w.size for w in lstm.weights_)
    twin = clone(lstm).fit(X, y)
    assert_array_equal(twin.predict(X), lstm.predict(X))
    loaded = pickle.loads(pickle.dumps(lstm))
    assert b"Sequential" not in pickle.dumps(lstm)
    assert_allclose(loaded.predict(X), lstm.predict(X), atol=1e-6)
    assert lstm.fit(X, y[:, 0]).predict(X).shape == (70,)


@pytest.mark.parametrize("network", [gru, noisy])
def test_partial_fit_keeps_the_pace_of_a_foreign_optimizer(windows, network):
    X, y = windows
    whole = LSTMRegressor(network=network, **PARAMS).fit(X, y)
    pieces = LSTMRegressor(network=network, **{**PARAMS, "epochs": 2}).fit(X, y).partial_fit(X, y)
    for one, other in zip(whole.weights_, pieces.weights_, strict=True):
        assert_allclose(one, other, atol=1e-6)


def test_a_foreign_fit_leaves_no_trace(windows):
    X, y = windows
    tf.random.set_seed(5)
    tf.random.uniform([])
    expected_next = tf.random.uniform([]).numpy()
    tf.random.set_seed(5)
    tf.random.uniform([])
    owners = (keras.Model, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer)
    methods = [(vars(o).get("__reduce__"), vars(o).get("__deepcopy__")) for o in owners]
    python, numpy = random.getstate(), np.random.get_state()[1].copy()

    LSTMRegressor(network=gru, **PARAMS).fit(X, y).predict(X)

    assert random.getstate() == python
    assert_array_equal(np.random.get_state()[1], numpy)
    assert tf.random.uniform([]).numpy() == expected_next
    assert [(vars(o).get("__reduce__"), vars(o).get("__deepcopy__")) for o in owners] == methods


def test_missing_history_repeats_the_first_known_step_for_a_foreign_network():
    rows = np.random.default_rng(0).standard_normal((30, 2))
    X = SequenceWindower(5).fit_transform(rows)
    model = LSTMRegressor(network=gru, **PARAMS).fit(X, rows[:, 0])
    padded = SequenceWindower(5, padding="edge").fit_transform(rows)
    assert_allclose(model.predict(X), model.predict(padded), atol=1e-6)


def test_a_builder_may_compile_by_itself(windows):
    X, y = windows
    model = LSTMRegressor(network=compiled, **PARAMS).fit(X, y)
    predicted = LSTMRegressor(network=compiled, **{**PARAMS, "epochs": 2}).fit(X, y).predict(X)
    assert_allclose(model.loss_curve_[2], np.abs(predicted - y).mean(), rtol=0.2)


@pytest.mark.parametrize(
    ("network", "error", "message"),
    [
        (nothing, TypeError, "network=nothing must build a keras.Model, but it returned None"),
        (one_output_too_many, ValueError, r"has the shape \(1, 3\), but y asks for \(1, 2\)"),
        ("gru", ValueError, "'network' parameter of LSTMRegressor must be"),
        (subclassed, TypeError, "subclassed model, Subclassed, .*functional"),
        (dict, TypeError, "network=.*dict.* has no signature"),
    ],
)
def test_a_builder_that_does_not_fit_is_refused(windows, network, error, message):
    lstm = LSTMRegressor(network=network, **PARAMS)
    with pytest.raises(error, match=message):
        lstm.fit(*windows)
    assert vars(lstm) == vars(clone(lstm))


@pytest.mark.skipif(
    sklearn.__version__.startswith("1.6."),
    reason="scikeras 0.13 itself fails in a Pipeline of scikit-learn 1.6; from 1.7 on it works",
)
def test_the_built_in_network_works_in_scikeras_behind_a_windower(waves):
    from scikeras.wrappers import KerasRegressor

    X, y = waves
    model = Pipeline(
        [
            ("scaler", MinMaxScaler()),
            ("windower", SequenceWindower(5, padding="edge")),
            (
                "lstm",
                KerasRegressor(
                    model=lstm_network, model__units=8, loss="mse", optimizer="adam",
                    optimizer__learning_rate=0.02, epochs=15, verbose=0, random_state=0,
                ),
            ),
        ]
    )  # fmt: skip
    assert model.fit(X[:60], y[:60]).score(X[60:], y[60:]) > 0.5


@pytest.mark.parametrize("shape", [(9, 4), (9, 4, 1)])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_builder_takes_windows_of_two_and_three_dimensions(shape, bidirectional):
    model = lstm_network(
        {"X_shape_": shape, "n_outputs_": 2},
        units=(3, 2), dropout=0.1, bidirectional=bidirectional, alpha=0.1, seed=0,
    )  # fmt: skip
    assert model(np.zeros(shape, np.float32)).shape == (9, 2)
    same = lstm_network(
        {"X_shape_": shape, "n_outputs_": 2}, units=(3, 2), bidirectional=bidirectional, seed=0
    )
    assert len(same.get_weights()) == (14 if bidirectional else 8)


def test_validation_weights_count_alike_on_both_roads(windows):
    X, y = windows
    lstm = LSTMRegressor(network=gru, **PARAMS)
    weights = np.arange(20) % 3
    lstm.fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:], sample_weight_val=weights)
    squares = (lstm.predict(X[50:]) - y[50:]) ** 2
    weighted = np.sum(weights[:, np.newaxis] * squares) / squares.size
    assert_allclose(lstm.validation_loss_curve_[-1], weighted, rtol=1e-4)


@pytest.mark.parametrize("network", [None, gru], ids=["built in", "custom"])
def test_a_call_ends_with_the_epoch_in_which_its_time_is_over(windows, network, monkeypatch):
    X, y = windows
    trainer = ProgramTrainer if network is None else ScikerasTrainer
    original, n_asked, fits = trainer.run, [], []

    def run(self, orders, *others):
        n_asked.append(len(orders))
        return original(self, orders, *others)

    monkeypatch.setattr(trainer, "run", run)
    for seconds, expected in ((0, [5, 1, 2, 1, 1]), (60, [5])):
        monkeypatch.setattr(loop, "SECONDS_OF_A_CALL", seconds)
        fits.append(LSTMRegressor(4, network=network, epochs=5, random_state=0).fit(X, y))
        assert n_asked == expected
        n_asked.clear()
    assert fits[0].loss_curve_ == fits[1].loss_curve_
    for one, other in zip(*(lstm.weights_ for lstm in fits), strict=True):
        assert_array_equal(one, other)


def test_both_roads_draw_the_same_samples(windows):
    X, y = windows
    params = {**PARAMS, "max_samples": 0.3, "batch_size": 8, "epochs": 1}
    foreign = LSTMRegressor(network=lstm_network, network_params={"units": 5}, **params).fit(X, y)
    own = LSTMRegressor(5, **params).fit(X, y)
    own.weights_ = foreign.weights_
    own.set_params(optimizer="sgd", epochs=3, warm_start=True).fit(X, y)
    foreign.set_params(optimizer="sgd", epochs=3, warm_start=True).fit(X, y)
    assert_allclose(own.loss_curve_[1:], foreign.loss_curve_[1:], rtol=1e-4)
    for one, other in zip(own.weights_, foreign.weights_, strict=True):
        assert_allclose(one, other, atol=1e-5)


def test_builders_may_be_objects(windows):
    X, y = windows
    lstm = LSTMRegressor(network=Builder(), **PARAMS).fit(X, y)
    assert lstm.predict(X).shape == y.shape
    with pytest.raises(ValueError, match=r"network_params names \['meta'\]"):
        lstm.set_params(network_params={"meta": 1}).fit(X, y)


def test_network_params_set_after_fit_do_not_touch_what_was_fitted(windows):
    X, y = windows
    lstm = LSTMRegressor(network=gru, network_params={"units": 3}, **PARAMS).fit(X, y)
    before = lstm.predict(X)
    lstm.set_params(network_params={"units": 8})
    assert_allclose(pickle.loads(pickle.dumps(lstm)).predict(X), before, atol=1e-6)


def scheduled(meta):
    model = gru(meta)
    model.compile(keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10)), "mse")
    return model


def scaled_loss(meta):
    model = gru(meta)
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)), "mse")
    return model


def test_a_builder_with_a_schedule_of_its_own_takes_no_other(windows):
    X, y = windows
    lstm = LSTMRegressor(network=scheduled, **PARAMS).fit(X, y)
    with pytest.raises(ValueError, match=r"learning_rate_schedule is set, but .* of its own"):
        lstm.set_params(learning_rate_schedule="cosine").fit(X, y)


def test_a_builder_may_scale_its_loss(windows):
    lstm = LSTMRegressor(network=scaled_loss, learning_rate_schedule="cosine", **PARAMS)
    losses = lstm.set_params(epochs=5).fit(*windows).loss_curve_
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"decoding": "foo"}, "decoding='foo' must be 'dense' or 'parallel'"),
        ({"decoding": "parallel"}, "segment_length=None"),
        ({"segment_length": 0}, "segment_length=0 must be None, or 1 or more"),
        ({"segment_length": 4}, "segment_length=4 does not divide the window of 6 steps"),
        ({"segment_length": 2, "decoding": "parallel", "bidirectional": True}, "bidirectional"),
    ],
)
def test_the_builder_refuses_segments_that_do_not_fit(params, message):
    with pytest.raises(ValueError, match=message):
        lstm_network({"X_shape_": (10, 6, 2), "n_outputs_": 4}, **params)


@pytest.mark.parametrize("network", [gru, compiled])
def test_a_foreign_network_is_averaged_and_scheduled_like_the_built_in_one(windows, network):
    X, y = windows
    lstm = LSTMRegressor(network=network, learning_rate_schedule="cosine", **PARAMS)
    lstm.set_params(epochs=10, ensemble_size=2).fit(X, y)
    n = len(lstm.weights_) // 2
    weights, alone = lstm.weights_, []
    for part in (weights[:n], weights[n:]):
        one = clone(lstm).set_params(ensemble_size=1, epochs=1).fit(X, y)
        one.weights_ = part
        alone.append(one.predict(X))
    assert np.abs(alone[0] - alone[1]).max() > 1e-3
    assert_allclose(lstm.predict(X), np.mean(alone, axis=0), atol=1e-6)
    assert_allclose(lstm.model_.predict(X, verbose=0), lstm.predict(X), atol=1e-6)
    constant = clone(lstm).set_params(learning_rate_schedule="constant").fit(X, y)
    first, last = (np.diff(model.loss_curve_)[[0, -1]] for model in (constant, lstm))
    assert abs(last[1]) < abs(first[1])
    assert lstm.loss_curve_[0] == constant.loss_curve_[0]


def test_a_pipeline_of_tables_around_a_foreign_network_warns_of_nothing():
    days = pd.date_range("2024-01-01", periods=60)
    X = pd.DataFrame({"a": np.sin(np.arange(60)), "b": 1.0}, days)
    model = make_lstm_pipeline(5, network=gru, epochs=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert model.fit(X, X["a"]).predict(X).shape == (60,)
