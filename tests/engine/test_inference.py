import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_lstm import LSTMRegressor, SequenceWindower
from sklearn_lstm.engine.architecture import Architecture
from sklearn_lstm.engine.inference import predict
from sklearn_lstm.engine.member import Member
from sklearn_lstm.engine.weights import initial_weights
from sklearn_lstm.windows.rows import Windows


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("units", [5, (6, 3), (4, 5, 3)])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"segment_length": 3, "skip_connection": True},
        {"segment_length": 2, "decoding": "parallel", "dropout": 0.2},
    ],
    ids=str,
)
def test_predictions_equal_those_of_keras(windows, units, bidirectional, params):
    X, y = windows
    if params.get("decoding") == "parallel" and bidirectional:
        bidirectional = False
    lstm = LSTMRegressor(units, bidirectional=bidirectional, epochs=2, learning_rate=0.05, **params)
    lstm.fit(X, y)
    assert_allclose(lstm.predict(X), lstm.model_.predict(X, verbose=0), atol=1e-5)


@pytest.mark.parametrize("params", [{}, {"units": (4, 3), "bidirectional": True}])
def test_a_window_starts_at_its_first_known_step(params):
    rows = np.random.default_rng(0).standard_normal((30, 2))
    X = SequenceWindower(6).fit_transform(rows)
    lstm = LSTMRegressor(**{"units": 4, **params}, epochs=1, random_state=0).fit(X, rows[:, 0])
    predicted = lstm.predict(X)
    for i in range(6):
        expected = rows[np.newaxis, : i + 1].astype(np.float32)
        for layer in lstm.model_.layers[1:]:
            expected = layer(expected)
        assert_allclose(predicted[i], expected[0, 0], atol=1e-5)


def test_a_segment_that_began_before_the_first_known_step_repeats_it():
    rows = np.random.default_rng(0).standard_normal((30, 2))
    X = SequenceWindower(6).fit_transform(rows)
    lstm = LSTMRegressor(4, segment_length=2, epochs=1, random_state=0).fit(X, rows[:, 0])
    _, cut, read, recurrent, output = lstm.model_.layers
    for i in range(6):
        n_known = i + 1
        known = rows[:n_known] if n_known % 2 == 0 else np.vstack([rows[:1], rows[:n_known]])
        segments = known.reshape(1, -1, 4).astype(np.float32)
        assert cut.name.startswith("reshape")
        assert_allclose(lstm.predict(X)[i], output(recurrent(read(segments)))[0, 0], atol=1e-5)


def test_a_skip_connection_repeats_the_first_known_step():
    rows = np.random.default_rng(0).standard_normal((30, 2))
    X = SequenceWindower(6).fit_transform(rows)
    params = {"epochs": 2, "learning_rate": 0.1, "random_state": 0}
    lstm = LSTMRegressor(4, skip_connection=True, **params).fit(X, rows[:, 0])
    *weights, skip = lstm.weights_
    alone = LSTMRegressor(4, **params).fit(X, rows[:, 0])
    alone.weights_ = weights
    padded = np.vstack([np.repeat(rows[:1], 5, axis=0), rows])
    linear = [padded[i : i + 6].ravel() @ skip[:, 0] for i in range(len(rows))]
    assert np.abs(linear).max() > 0.1
    assert_allclose(lstm.predict(X), alone.predict(X) + linear, atol=1e-12)


def test_incomplete_windows_far_apart_are_taken_by_themselves(monkeypatch):
    from sklearn_lstm.engine import inference

    rows = np.random.default_rng(0).standard_normal((400, 2))
    index = pd.MultiIndex.from_product([range(8), range(50)])
    X = SequenceWindower(5).fit_transform(pd.DataFrame(rows, index=index))
    lstm = LSTMRegressor(3, epochs=1, random_state=0).fit(X, rows[:, 0])
    read = []
    product = inference._product
    monkeypatch.setattr(
        inference, "_product", lambda kernel, x: read.append(x.size) or product(kernel, x)
    )
    lstm.predict(X)
    assert 0 < sum(read) <= X.size


@pytest.mark.parametrize(
    "params", [{}, {"segment_length": 3, "decoding": "parallel", "skip_connection": True}], ids=str
)
def test_a_prediction_does_not_depend_on_its_neighbours(params):
    rows = np.random.default_rng(0).standard_normal((700, 2))
    X = SequenceWindower(6).fit_transform(rows)
    y = np.column_stack([rows, rows, rows])
    lstm = LSTMRegressor(8, epochs=1, random_state=0, **params).fit(X, y)
    whole = lstm.predict(X)
    some = np.random.default_rng(1).permutation(700)[:300]
    assert_allclose(lstm.predict(X[some]), whole[some], rtol=0, atol=1e-13)
    for i in (0, 3, 699):
        assert_allclose(lstm.predict(X[i : i + 1]), whole[i : i + 1], rtol=0, atol=1e-13)


KINDS = {
    "one layer": {},
    "two layers": {"units": (7, 5), "bidirectional": True},
    "segments": {"units": (6, 4), "segment_length": 3, "skip_connection": True},
    "parallel": {"segment_length": 2, "decoding": "parallel", "skip_connection": True},
}


def network(n_features, n_timesteps=6, n_outputs=4, units=(8,), **params):
    """Return an architecture and a member with weights of usual size, no bias zero."""
    architecture = Architecture(n_timesteps, n_features, n_outputs, units, **params)
    rng = np.random.default_rng(0)
    weights = initial_weights(rng, architecture)
    weights = [w + rng.normal(0, 0.2, w.shape).astype(np.float32) for w in weights]
    return Member(0, weights), architecture


@pytest.mark.parametrize("relative", [None, "last", "window"])
@pytest.mark.parametrize("n_features", [1, 9])
@pytest.mark.parametrize("params", KINDS.values(), ids=KINDS)
def test_among_many_a_prediction_is_the_same_wherever_it_stands(params, n_features, relative):
    rng, n = np.random.default_rng(0), 5000
    rows = rng.standard_normal((n + 5, n_features)).cumsum(axis=0) * 0.3
    windows = Windows(rows, np.arange(n), 6, relative=relative, n_relative=1 if relative else 0)
    n_missing = np.where(np.arange(n) % 1000 < 500, 0, 2)
    member, architecture = network(n_features, **params)
    whole = predict(member, windows, n_missing, 0 * n_missing, architecture)
    assert len(np.unique(whole[:, 0])) == n
    selections = [
        rng.permutation(n),
        np.arange(1, n),
        np.sort(rng.permutation(n)[:4700]),
        np.repeat(np.arange(0, n, 2), 2),
    ]
    for some in selections:
        found = predict(member, windows.take(some), n_missing[some], 0 * some, architecture)
        assert_array_equal(found, whole[some])
    for i in (0, 7, 1249, n - 1):
        alone = predict(member, windows.take([i]), n_missing[[i]], n_missing[[0]] * 0, architecture)
        assert_allclose(alone[0], whole[i], rtol=0, atol=2e-6)


def test_values_beyond_float32_are_predicted_among_many_as_alone():
    rows = np.random.default_rng(0).standard_normal((3000, 1))
    rows[100] = 1e200
    windows, n_missing = Windows(rows, np.arange(2900), 6), np.zeros(2900, dtype=int)
    member, architecture = network(1, skip_connection=True)
    many = predict(member, windows, n_missing, 0 * n_missing, architecture)
    alone = predict(member, windows.take([97]), n_missing[:1], 0 * n_missing[:1], architecture)
    assert np.abs(alone).max() > 1e198
    assert_allclose(many[97], alone[0], rtol=1e-12)


def test_a_prediction_goes_by_the_weights_of_the_moment(windows):
    X, y = windows
    lstm = LSTMRegressor(4, epochs=1, random_state=0).fit(X, y)
    first, weights = lstm.predict(X), [2 * w for w in lstm.weights_]
    before = lstm.weights_
    with pytest.raises(ValueError, match="read-only"):
        before[0][0] = 1
    lstm.weights_ = weights
    second = lstm.predict(X)
    assert np.abs(second - first).max() > 0.01
    weights[0][:] = 0  # what was given may change later on
    assert_array_equal(lstm.predict(X), second)
    assert_array_equal(pickle.loads(pickle.dumps(lstm)).predict(X), second)
    lstm.weights_ = before
    assert_array_equal(lstm.predict(X), first)
    refitted = lstm.set_params(units=3).fit(X, y)
    assert_array_equal(refitted.predict(X), pickle.loads(pickle.dumps(refitted)).predict(X))
