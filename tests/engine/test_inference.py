import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sklearn_lstm import LSTMRegressor, SequenceWindower


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
    projected = []
    project = inference._project
    monkeypatch.setattr(
        inference, "_project", lambda s, cell: projected.append(s.size) or project(s, cell)
    )
    lstm.predict(X)
    assert sum(projected) <= X.size


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
