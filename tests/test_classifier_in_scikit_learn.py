"""``LSTMClassifier`` where scikit-learn's tools put it."""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    TimeSeriesSplit,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import LSTMClassifier, SequenceWindower, load_model, save_model

N = 60
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, 5))
WORDS = np.array(["low", "middle", "high"])
NUMBER = np.digitize(X.sum(axis=1), [-1, 1])
Y = WORDS[NUMBER]
HIGH = Y == "high"


@pytest.fixture
def lstm():
    return LSTMClassifier(3, epochs=2, learning_rate=0.03, random_state=0)


def series():
    """Rows of a series, and whether its mean over the last three rows is positive."""
    rows = np.random.default_rng(1).standard_normal((80, 2))
    mean = np.convolve(rows[:, 0], np.ones(3) / 3)[:80]
    return rows, np.where(mean > 0, "up", "down")


def test_behind_a_windower_every_row_has_a_class(lstm):
    rows, y = series()
    model = make_pipeline(StandardScaler(), SequenceWindower(4), lstm.set_params(epochs=40))
    model.fit(rows[:60], y[:60])
    assert_array_equal(model.classes_, ["down", "up"])
    assert model.predict_proba(rows).shape == (80, 2)
    assert model.score(rows[60:], y[60:]) > 0.7
    scores = cross_val_score(model, rows, y, cv=TimeSeriesSplit(3), error_score="raise")
    windows = model[:-1].transform(rows)
    assert_array_equal(model.predict(rows), model[-1].predict(windows))
    assert scores.shape == (3,)


def test_a_search_over_stratified_folds(lstm):
    grid = {"units": [2, 4], "pooling": ["last", "mean"]}
    search = GridSearchCV(lstm, grid, cv=StratifiedKFold(3), error_score="raise").fit(X, Y)
    train, test = next(StratifiedKFold(3).split(X, Y))
    first = clone(lstm).set_params(**search.cv_results_["params"][0]).fit(X[train], Y[train])
    assert search.cv_results_["split0_test_score"][0] == first.score(X[test], Y[test])
    assert_array_equal(search.classes_, ["high", "low", "middle"])
    assert search.predict_proba(X).shape == (N, 3)


@pytest.mark.slow
def test_a_search_in_two_processes_finds_the_same(lstm):
    grid = {"learning_rate": [0.001, 0.1], "class_weight": [None, "balanced"]}
    scores = [
        GridSearchCV(lstm, grid, cv=3, n_jobs=n_jobs, scoring="neg_log_loss").fit(X, Y).cv_results_
        for n_jobs in (1, 2)
    ]
    assert_allclose(scores[0]["mean_test_score"], scores[1]["mean_test_score"], rtol=1e-4)


def test_cross_val_predict_fills_in_probabilities(lstm):
    folds = StratifiedKFold(3)
    proba = cross_val_predict(lstm, X, Y, cv=folds, method="predict_proba")
    for train, test in folds.split(X, Y):
        expected = clone(lstm).fit(X[train], Y[train]).predict_proba(X[test])
        assert_allclose(proba[test], expected, atol=1e-12)


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "neg_brier_score", "f1"])
def test_scorers_read_it(lstm, scoring):
    lstm.fit(X, HIGH)
    better = clone(lstm).set_params(epochs=100).fit(X, HIGH)
    assert get_scorer(scoring)(better, X, HIGH) > get_scorer(scoring)(lstm, X, HIGH)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_it_is_calibrated(lstm, method):
    model = CalibratedClassifierCV(lstm, method=method, cv=2).fit(X, Y)
    assert_allclose(model.predict_proba(X).sum(axis=1), 1)


def test_voters_average_its_probabilities(lstm):
    linear = LogisticRegression()
    vote = VotingClassifier([("lstm", lstm), ("linear", linear)], voting="soft").fit(X, Y)
    numbers = np.unique(Y, return_inverse=True)[1]
    each = [clone(one).fit(X, numbers).predict_proba(X) for one in (lstm, linear)]
    assert_allclose(vote.predict_proba(X), np.mean(each, axis=0), atol=1e-12)
    stack = StackingClassifier([("lstm", lstm)], final_estimator=linear, cv=2).fit(X, Y)
    assert set(stack.predict(X)) <= set(WORDS)


def test_a_threshold_is_tuned(lstm):
    model = TunedThresholdClassifierCV(lstm, scoring="balanced_accuracy", cv=2).fit(X, HIGH)
    expected = model.estimator_.predict_proba(X)[:, 1] >= model.best_threshold_
    assert_array_equal(model.predict(X), expected)


def test_one_against_the_rest(lstm):
    model = OneVsRestClassifier(lstm).fit(X, Y)
    first = clone(lstm).fit(X, (Y == "high").astype(int))
    assert_allclose(model.estimators_[0].decision_function(X), first.decision_function(X))
    assert model.score(X, Y) == accuracy_score(Y, model.predict(X))
    labels = np.column_stack([HIGH, X[:, 0] > 0]).astype(int)
    assert OneVsRestClassifier(lstm).fit(X, labels).predict(X).shape == (N, 2)


def test_several_columns_of_classes(lstm):
    columns = np.column_stack([Y, np.where(X[:, 0] > 0, "a", "b")])
    assert MultiOutputClassifier(lstm).fit(X, columns).predict(X).shape == (N, 2)
    labels = np.column_stack([HIGH, X[:, 0] > 0]).astype(int)
    assert ClassifierChain(lstm).fit(X, labels).predict_proba(X).shape == (N, 2)


def test_weights_are_routed_to_where_they_are_asked_for(lstm):
    weights = np.random.default_rng(3).uniform(0, 3, N)
    with sklearn.config_context(enable_metadata_routing=True):
        asking = lstm.set_fit_request(sample_weight=True)
        model = Pipeline([("scaler", StandardScaler().set_fit_request(sample_weight=False)),
                          ("lstm", asking)])  # fmt: skip
        model.fit(X, Y, sample_weight=weights)
        expected = clone(lstm).fit(StandardScaler().fit_transform(X), Y, weights)
        found = cross_validate(
            model, X, Y, cv=StratifiedKFold(2), params={"sample_weight": weights},
            scoring=get_scorer("accuracy").set_score_request(sample_weight=True),
            error_score="raise",
        )  # fmt: skip
        train, test = next(StratifiedKFold(2).split(X, Y))
        part = clone(model).fit(X[train], Y[train], sample_weight=weights[train])
        score = accuracy_score(Y[test], part.predict(X[test]), sample_weight=weights[test])
    assert_allclose(model.predict_proba(X), expected.predict_proba(model[0].transform(X)))
    assert_allclose(found["test_score"][0], score)


def test_classes_of_partial_fit_are_routed(lstm):
    with sklearn.config_context(enable_metadata_routing=True):
        asking = lstm.set_partial_fit_request(classes=True, sample_weight=True)
        assert asking.get_metadata_routing().partial_fit.requests == {
            "classes": True, "sample_weight": True,
        }  # fmt: skip


@pytest.mark.parametrize(
    "make",
    [
        lambda lstm: lstm,
        lambda lstm: make_pipeline(StandardScaler(), lstm),
        lambda lstm: GridSearchCV(lstm, {"units": [2]}, cv=StratifiedKFold(2)),
        lambda lstm: lstm.set_params(ensemble_size=2, class_weight={"high": 2.0, "low": 1.0}),
    ],
    ids=["alone", "pipeline", "search", "ensemble"],
)
def test_model_files_hold_it(lstm, make, tmp_path):
    model = make(lstm).fit(X, Y)
    save_model(model, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")
    assert_array_equal(loaded.classes_, model.classes_)
    assert loaded.classes_.dtype == model.classes_.dtype
    assert_array_equal(loaded.predict(X), model.predict(X))
    assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert str(loaded.get_params()) == str(model.get_params())


@pytest.mark.parametrize(
    "y", [HIGH, NUMBER - 1, Y.astype(object), np.column_stack([HIGH, ~HIGH]).astype(int)],
    ids=["bool", "negative", "objects", "labels"],
)  # fmt: skip
def test_model_files_keep_any_labels(lstm, y, tmp_path):
    model = lstm.fit(X, y)
    save_model(model, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")
    assert loaded.classes_.dtype == model.classes_.dtype
    assert_array_equal(loaded.predict(X), model.predict(X))
    assert_array_equal(loaded.partial_fit(X, y).predict_proba(X),
                       model.partial_fit(X, y).predict_proba(X))  # fmt: skip


def test_balanced_weights_help_the_rare_class():
    rare = X.sum(axis=1) > np.sort(X.sum(axis=1))[-8]
    lstm = LSTMClassifier(4, epochs=15, learning_rate=0.02, random_state=0)
    plain, balanced = (
        balanced_accuracy_score(rare, lstm.set_params(class_weight=w).fit(X, rare).predict(X))
        for w in (None, "balanced")
    )
    assert balanced > plain
