"""Windows of a panel in the hands of scikit-learn, beside the same windows written out."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    TimeSeriesSplit,
    cross_val_predict,
    learning_curve,
    train_test_split,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import LSTMRegressor, SequenceWindower, lstm_network
from sklearn_lstm.windows.rows import Windows

MAX_GAP = "2D"


@pytest.fixture(scope="module")
def panel():
    """Rows of three series in the order of time, one of them with a gap."""
    rng = np.random.default_rng(0)
    lengths = {"a": 22, "b": 16, "c": 20}
    days = pd.date_range("2024-01-01", periods=30)
    index = [
        (day, name)
        for place, day in enumerate(days)
        for name, length in lengths.items()
        if place < length and not (name == "c" and 8 <= place < 12)
    ]
    index = pd.MultiIndex.from_tuples([(name, day) for day, name in index], names=["id", "day"])
    return pd.DataFrame(rng.standard_normal((len(index), 2)), index=index, columns=["u", "v"])


@pytest.fixture(scope="module")
def y(panel):
    before = panel["v"].groupby("id").shift().fillna(0)
    return (panel["u"] - before).to_numpy()


@pytest.fixture(scope="module")
def windows(panel):
    windows = SequenceWindower(4, max_gap=MAX_GAP).fit_transform(panel)
    assert isinstance(windows, Windows)
    assert np.isnan(windows).any()
    return windows


def small(**params):
    given = {"units": 3, "epochs": 2, "batch_size": 8, "learning_rate": 0.05, "random_state": 0}
    return LSTMRegressor(**{**given, **params})


def assert_same_fit(one, other, *, tolerance=0.0):
    assert len(one.weights_) == len(other.weights_)
    for a, b in zip(one.weights_, other.weights_, strict=True):
        assert_allclose(a, b, rtol=0, atol=tolerance)
    assert_allclose(one.loss_curve_, other.loss_curve_, rtol=0, atol=tolerance)
    if one.validation_loss_curve_ is not None:
        assert_allclose(
            one.validation_loss_curve_, other.validation_loss_curve_, rtol=0, atol=tolerance
        )


CASES = {
    "default": {},
    "not shuffled": {"shuffle": False},
    "early stopping": {"early_stopping": True, "validation_fraction": 0.3, "epochs": 4},
    "skip connection": {"skip_connection": True},
    "segments": {"segment_length": 2},
    "segments and skip connection": {"segment_length": 2, "skip_connection": True},
    "layers of two directions": {"units": (3, 2), "bidirectional": True},
    "ensemble": {"ensemble_size": 2},
    "dropout": {"dropout": 0.3},
    "drawn samples": {"max_samples": 10},
    "huber": {"loss": "huber", "clipnorm": 0.1},
}


@pytest.mark.parametrize("params", CASES.values(), ids=CASES)
@pytest.mark.parametrize("padding", ["nan", "edge"])
def test_a_fit_is_that_on_the_array(panel, y, params, padding):
    windower = SequenceWindower(4, max_gap=MAX_GAP, padding=padding)
    windows = windower.fit_transform(panel)
    array = np.asarray(windows)
    lstm, expected = small(**params).fit(windows, y), small(**params).fit(array, y)
    assert_same_fit(lstm, expected)
    assert lstm.n_features_in_ == expected.n_features_in_ == 2
    assert_allclose(lstm.predict(windows), expected.predict(array), rtol=0, atol=1e-12)
    assert_allclose(lstm.predict(array), expected.predict(windows), rtol=0, atol=1e-12)
    assert lstm.score(windows, y) == pytest.approx(expected.score(array, y), abs=1e-12)
    for i in (0, 5, len(y) - 1):
        assert_allclose(lstm.predict(windows[[i]]), expected.predict(array[[i]]), atol=1e-12)


def test_sample_weights_weigh_the_same_windows(windows, y):
    array, weights = np.asarray(windows), np.arange(len(y)) % 4
    lstm, expected = small(early_stopping=True), small(early_stopping=True)
    lstm.fit(windows, y, sample_weight=weights)
    expected.fit(array, y, sample_weight=weights)
    assert_same_fit(lstm, expected)
    assert not np.array_equal(
        lstm.weights_[0], small(early_stopping=True).fit(array, y).weights_[0]
    )


def test_training_goes_on_from_windows_or_arrays_alike(windows, y):
    array = np.asarray(windows)
    lstm, expected = small(), small()
    for _ in range(3):
        lstm.partial_fit(windows, y)
        expected.partial_fit(array, y)
    assert lstm.n_iter_ == 3
    assert_same_fit(lstm, expected)
    lstm.set_params(warm_start=True).fit(array, y)
    expected.set_params(warm_start=True).fit(windows, y)
    assert_same_fit(lstm, expected)


@pytest.mark.parametrize("as_array", [(False, True), (True, False)])
def test_validation_data_may_be_windows(windows, y, as_array):
    array, n = np.asarray(windows), 35
    both = np.array([windows[i] for i in range(len(y))])
    assert_array_equal(both, array)
    train, validation = (array if written else windows for written in as_array)
    weights = np.linspace(0, 2, len(y) - n)
    lstm = small(early_stopping=True, n_iter_no_change=3).fit(
        train[:n], y[:n], X_val=validation[n:], y_val=y[n:], sample_weight_val=weights
    )
    expected = small(early_stopping=True, n_iter_no_change=3).fit(
        array[:n], y[:n], X_val=array[n:], y_val=y[n:], sample_weight_val=weights
    )
    assert_same_fit(lstm, expected)


def test_a_network_of_another_builder_reads_windows(windows, y):
    params = {"network": lstm_network, "network_params": {"units": 3}}
    array = np.asarray(windows)
    lstm, expected = small(**params).fit(windows, y), small(**params).fit(array, y)
    assert_same_fit(lstm, expected, tolerance=1e-6)
    assert_allclose(lstm.predict(windows), expected.predict(array), atol=1e-6)


def test_windows_of_single_precision_are_trained_on_as_they_are(panel, y):
    windows = SequenceWindower(4).fit_transform(panel.astype(np.float32))
    assert windows.dtype == np.float32
    array = np.asarray(windows)
    lstm, expected = small().fit(windows, y), small().fit(array, y)
    assert_same_fit(lstm, expected)
    assert_allclose(lstm.predict(windows), expected.predict(array), atol=1e-12)


def test_several_targets_go_with_windows(windows, y):
    targets = np.column_stack([y, -y])
    array = np.asarray(windows)
    lstm, expected = small().fit(windows, targets), small().fit(array, targets)
    assert_same_fit(lstm, expected)
    assert lstm.predict(windows).shape == (len(y), 2)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X: X[:, :3], "windows of 3 steps"),
        (lambda X: X[:, :, :1], "1 features"),
    ],
)
def test_windows_of_another_shape_are_refused(windows, y, spoil, message):
    with pytest.raises(ValueError, match=message):
        small().fit(windows, y).predict(spoil(windows))
    shorter = SequenceWindower(3).fit_transform(np.zeros((5, 2)))
    with pytest.raises(ValueError, match="windows of 3 steps"):
        small().fit(windows, y).predict(Windows(np.zeros((9, 2)), np.arange(3), 3))
    with pytest.raises(ValueError, match="windows of 3 steps"):
        small().fit(windows, y).predict(shorter)


def assert_same_search(found, expected):
    assert found.best_params_ == expected.best_params_
    for name in found.cv_results_:
        if name.startswith(("split", "mean_test", "std_test", "rank")):
            assert_allclose(found.cv_results_[name], expected.cv_results_[name], atol=1e-9)


GRID = {"units": [2, 4], "learning_rate": [0.01, 0.1]}


@pytest.mark.parametrize("cv", [TimeSeriesSplit(2), KFold(2), KFold(2, shuffle=True)], ids=str)
def test_a_search_over_windows_is_that_over_the_array(windows, y, cv):
    cv = clone(cv, safe=False)
    if getattr(cv, "shuffle", False):
        cv.random_state = 0
    found = GridSearchCV(small(), GRID, cv=cv, error_score="raise").fit(windows, y)
    expected = GridSearchCV(small(), GRID, cv=cv, error_score="raise").fit(np.asarray(windows), y)
    assert_same_search(found, expected)
    assert_allclose(found.predict(windows), expected.predict(np.asarray(windows)), atol=1e-9)


@pytest.mark.slow
def test_a_search_in_several_processes_is_that_in_one(windows, y):
    options = {"cv": TimeSeriesSplit(2), "error_score": "raise"}
    found = GridSearchCV(small(), {"units": [2, 4]}, n_jobs=2, **options).fit(windows, y)
    alone = GridSearchCV(small(), {"units": [2, 4]}, **options).fit(windows, y)
    assert found.best_params_ == alone.best_params_
    for name in ("split0_test_score", "split1_test_score"):
        assert_allclose(found.cv_results_[name], alone.cv_results_[name], atol=1e-5)


def test_a_pipeline_hands_windows_of_a_panel_on(panel, y, windows):
    pipeline = Pipeline([("windows", SequenceWindower(4, max_gap=MAX_GAP)), ("lstm", small())])
    pipeline.fit(panel, y)
    expected = small().fit(np.asarray(windows), y)
    assert_same_fit(pipeline[-1], expected)
    assert_allclose(pipeline.predict(panel), expected.predict(np.asarray(windows)), atol=1e-12)
    twin = clone(pipeline).fit(panel, y)
    assert_same_fit(twin[-1], pipeline[-1])
    loaded = pickle.loads(pickle.dumps(pipeline))
    assert_array_equal(loaded.predict(panel), pipeline.predict(panel))


def test_a_search_over_the_length_of_windows_of_a_panel(panel, y):
    pipeline = Pipeline([("windows", SequenceWindower(max_gap=MAX_GAP)), ("lstm", small())])
    grid = {"windows__window_length": [2, 4]}
    cv = TimeSeriesSplit(2)
    search = GridSearchCV(pipeline, grid, cv=cv, error_score="raise").fit(panel, y)
    for number, length in enumerate(grid["windows__window_length"]):
        for fold, (train, test) in enumerate(cv.split(panel)):
            windower = SequenceWindower(length, max_gap=MAX_GAP)
            X = np.asarray(windower.fit_transform(panel.iloc[train]))
            lstm = small().fit(X, y[train])
            score = lstm.score(np.asarray(windower.transform(panel.iloc[test])), y[test])
            found = search.cv_results_[f"split{fold}_test_score"][number]
            assert found == pytest.approx(score, abs=1e-9)


def test_a_cached_pipeline_recognises_windows(panel, y, tmp_path):
    steps = [("windows", SequenceWindower(4, max_gap=MAX_GAP)), ("lstm", small())]
    plain = Pipeline(clone(steps, safe=False)).fit(panel, y)
    for _ in range(2):
        cached = Pipeline(clone(steps, safe=False), memory=str(tmp_path)).fit(panel, y)
        assert_same_fit(cached[-1], plain[-1])
        assert_array_equal(cached.predict(panel), plain.predict(panel))


def test_voting_averages_regressors_of_windows(windows, y):
    voting = VotingRegressor([("one", small()), ("other", small(units=2))]).fit(windows, y)
    parts = [small(), small(units=2)]
    expected = np.mean([part.fit(windows, y).predict(windows) for part in parts], axis=0)
    assert_allclose(voting.predict(windows), expected, atol=1e-12)


def test_cross_validated_predictions_and_curves_are_those_of_the_array(windows, y):
    array = np.asarray(windows)
    for cv in (3, KFold(3, shuffle=True, random_state=0)):
        found = cross_val_predict(small(), windows, y, cv=cv)
        assert_allclose(found, cross_val_predict(small(), array, y, cv=cv), atol=1e-12)
    options = {"cv": TimeSeriesSplit(2), "train_sizes": [0.7, 1.0], "error_score": "raise"}
    found = learning_curve(small(), windows, y, **options)
    for one, other in zip(found, learning_curve(small(), array, y, **options), strict=True):
        assert_allclose(one, other, atol=1e-9)


@pytest.mark.parametrize("shuffle", [False, True])
def test_windows_are_parted_without_being_written_out(windows, y, shuffle):
    options = {"shuffle": shuffle, "random_state": 0 if shuffle else None, "test_size": 0.25}
    *parts, y_train, y_test = train_test_split(windows, y, **options)
    *expected, _, _ = train_test_split(np.asarray(windows), y, **options)
    for part, array, of_part in zip(parts, expected, (y_train, y_test), strict=True):
        assert isinstance(part, Windows)
        assert part.rows is windows.rows
        assert_array_equal(part, array)
        assert len(of_part) == len(part)


class NearestLast(RegressorMixin, BaseEstimator):
    """Answers with the target of the window whose last step is nearest."""

    def fit(self, X, y):
        self.last_, self.y_ = np.asarray(X)[:, -1], np.asarray(y)
        return self

    def predict(self, X):
        distance = np.abs(np.asarray(X)[:, -1][:, np.newaxis] - self.last_).sum(axis=2)
        return self.y_[distance.argmin(axis=1)]


def test_a_regressor_that_asks_for_an_array_gets_one(panel, windows, y):
    array = np.asarray(windows)
    pipeline = make_pipeline(SequenceWindower(4, max_gap=MAX_GAP), NearestLast()).fit(panel, y)
    assert_array_equal(pipeline.predict(panel), NearestLast().fit(array, y).predict(array))
    assert_array_equal(pipeline.predict(panel), y)
    found = cross_val_predict(NearestLast(), windows, y, cv=3)
    assert_array_equal(found, cross_val_predict(NearestLast(), array, y, cv=3))


def test_rows_of_lags_feed_a_linear_model(panel, y):
    windows = SequenceWindower(3, max_gap=MAX_GAP, padding="edge").fit_transform(panel)
    X = np.asarray(windows).reshape(len(y), -1)
    flat = SequenceWindower(3, max_gap=MAX_GAP, flatten=True).fit_transform(panel)
    expected = Ridge().fit(flat, y).predict(flat)
    assert_allclose(Ridge().fit(X, y).predict(X), expected)
    assert_array_equal(windows.reshape(len(y), -1), X)


def test_scaled_rows_of_a_panel_keep_their_series(panel, y):
    scaler = StandardScaler().set_output(transform="pandas")
    pipeline = make_pipeline(scaler, SequenceWindower(4, max_gap=MAX_GAP), small()).fit(panel, y)
    scaled = (panel - panel.mean()) / panel.std(ddof=0)
    X = np.asarray(SequenceWindower(4, max_gap=MAX_GAP).fit_transform(scaled))
    expected = small().fit(X, y)
    assert_same_fit(pipeline[-1], expected, tolerance=1e-6)
