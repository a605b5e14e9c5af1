import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sklearn_lstm import LSTMRegressor, SequenceWindower


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("units", [5, (6, 3), (4, 5, 3)])
def test_predictions_equal_those_of_keras(windows, units, bidirectional):
    X, y = windows
    lstm = LSTMRegressor(units, bidirectional=bidirectional, epochs=2, learning_rate=0.05)
    lstm.fit(X, y)
    assert_allclose(lstm.predict(X), lstm.model_.predict(X, verbose=0), atol=1e-5)


@pytest.mark.parametrize("params", [{}, {"units": (4, 3), "bidirectional": True}])
def test_a_window_starts_at_its_first_known_step(params):
    rows = np.random.default_rng(0).standard_normal((30, 2))
    X = SequenceWindower(6).fit_transform(rows)
    lstm = LSTMRegressor(**{"units": 4, **params}, epochs=1, random_state=0).fit(X, rows[:, 0])
    predicted = lstm.predict(X)
    for i in range(6):
        known = rows[np.newaxis, : i + 1].astype(np.float32)
        expected = lstm.model_.layers[0](known)
        for layer in lstm.model_.layers[1:]:
            expected = layer(expected)
        assert_allclose(predicted[i], expected[0, 0], atol=1e-5)


def test_incomplete_windows_far_apart_are_taken_by_themselves(monkeypatch):
    from sklearn_lstm import _inference

    rows = np.random.default_rng(0).standard_normal((400, 2))
    index = pd.MultiIndex.from_product([range(8), range(50)])
    X = SequenceWindower(5).fit_transform(pd.DataFrame(rows, index=index))
    lstm = LSTMRegressor(3, epochs=1, random_state=0).fit(X, rows[:, 0])
    projected = []
    project = _inference._project
    monkeypatch.setattr(
        _inference, "_project", lambda s, cell: projected.append(s.size) or project(s, cell)
    )
    lstm.predict(X)
    assert sum(projected) <= X.size


def test_a_prediction_does_not_depend_on_its_neighbours():
    rows = np.random.default_rng(0).standard_normal((700, 2))
    X = SequenceWindower(6).fit_transform(rows)
    lstm = LSTMRegressor(8, epochs=1, random_state=0).fit(X, rows[:, 0])
    whole = lstm.predict(X)
    some = np.random.default_rng(1).permutation(700)[:300]
    assert_allclose(lstm.predict(X[some]), whole[some], rtol=0, atol=1e-13)
    for i in (0, 3, 699):
        assert_allclose(lstm.predict(X[i : i + 1]), whole[i : i + 1], rtol=0, atol=1e-13)
