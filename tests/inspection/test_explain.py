"""What predictions rest on: planted lags and features, and numbers found in other ways."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from sklearn_lstm import (
    LSTMClassifier,
    LSTMRegressor,
    SequencePadder,
    SequenceWindower,
    explain,
    make_lstm_pipeline,
)


class Linear(RegressorMixin, BaseEstimator):
    """A linear regressor of windows of three dimensions, which knows nothing of this package."""

    def fit(self, X, y):
        self.inner_ = LinearRegression().fit(np.reshape(X, (len(X), -1)), y)
        self.coef_ = self.inner_.coef_.reshape(*np.shape(y)[1:], *np.shape(X)[1:])
        return self

    def predict(self, X):
        assert X.ndim == 3
        return self.inner_.predict(X.reshape(len(X), -1))


@pytest.fixture(scope="module")
def planted():
    """Rows of three features; the target is what the second was two rows ago."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        rng.normal(size=(300, 3)),
        columns=["noise", "cause", "more_noise"],
        index=pd.date_range("2024-01-01", periods=300),
    )
    y = (10 * X["cause"].shift(2)).fillna(0).rename("sales")
    return X, y


@pytest.fixture(scope="module")
def windows(planted):
    X, y = planted
    return SequenceWindower(4).fit_transform(X)[3:], y.to_numpy()[3:]


@pytest.fixture(scope="module")
def lstm(windows):
    X, y = windows
    model = LSTMRegressor(4, epochs=30, learning_rate=0.02, skip_connection=True, random_state=0)
    return model.fit(X, y / 10)


@pytest.fixture(scope="module")
def pipeline(planted):
    params = {"epochs": 30, "learning_rate": 0.02, "skip_connection": True, "random_state": 0}
    return make_lstm_pipeline(4, units=4, **params).fit(*planted)


@pytest.mark.parametrize("method", ["occlusion", "permutation", "gradient"])
def test_a_planted_lag_and_feature_come_first_and_noise_is_near_zero(lstm, windows, method):
    found = explain(lstm, windows[0], method=method, random_state=0)
    assert found.importances.shape == (4, 3)
    assert found.importances.stack().idxmax() == (2, "x1")
    assert found.by_feature.idxmax() == "x1"
    assert found.by_lag.idxmax() == 2
    others = found.importances.stack().drop((2, "x1"))
    assert others.max() < 0.15 * found.importances.loc[2, "x1"]


@pytest.mark.parametrize("method", ["occlusion", "permutation", "gradient"])
def test_of_a_pipeline_they_are_named_and_in_the_unit_of_y(pipeline, planted, method):
    X, y = planted
    found = explain(pipeline, X, y if method != "gradient" else None, method=method, random_state=0)
    assert found.feature_names == list(X.columns)
    assert found.importances.stack().idxmax() == (2, "cause")
    # Of a standard normal cause the mean absolute deviation is 0.8, and 10 times that in y.
    assert 4 < found.importances.loc[2, "cause"] < 14
    rows = X.index.get_indexer(found.samples)
    assert_allclose(found.predictions, pipeline.predict(X)[rows], rtol=1e-5, atol=1e-4)
    assert rows.min() >= 3  # the windows before miss their first steps
    assert found.unit == ("sales" if method != "gradient" else None)


def test_of_a_linear_regressor_effects_are_coefficients_times_deviations(windows):
    X, _ = windows
    y = X @ np.array([1.0, -2.0, 0.5]) @ np.array([1.0, 0.0, 3.0, -1.0])
    model = Linear().fit(X, y)
    found = explain(model, X, max_samples=None)
    expected = model.coef_ * (X - X.mean(axis=0))
    assert_allclose(found.effects, expected, atol=1e-10)
    assert_allclose(found.importances, np.abs(expected).mean(axis=0), atol=1e-10)
    assert_allclose(found.by_feature, np.abs(expected.sum(axis=1)).mean(axis=0), atol=1e-10)
    assert_allclose(found.by_lag, np.abs(expected.sum(axis=2)).mean(axis=0), atol=1e-10)
    assert_allclose(found.predictions, y, atol=1e-10)
    assert_allclose(found.baseline, model.predict(X.mean(axis=0, keepdims=True))[0], atol=1e-10)
    assert_allclose(found.effects.sum(axis=(1, 2)), found.predictions - found.baseline)
    assert_allclose(found.total, np.abs(expected.sum(axis=(1, 2))).mean(), atol=1e-10)
    assert_array_equal(found.importances.index, [3, 2, 1, 0])


def test_segments_are_occluded_whole_and_counted_from_lag_0(windows):
    X, _ = windows
    model = Linear().fit(X, X.sum(axis=(1, 2)))
    found = explain(model, X, segment_length=3, max_samples=None)
    off = X - X.mean(axis=0)
    assert_array_equal(found.importances.index, [3, 0])
    assert_allclose(found.effects[:, 0], off[:, 0], atol=1e-10)
    assert_allclose(found.effects[:, 1], off[:, 1:].sum(axis=1), atol=1e-10)


def test_the_rise_of_the_error_is_that_of_predictions_without_the_cell(lstm, windows):
    X, y = windows
    found = explain(lstm, X, y / 10, max_samples=None)
    for lag, feature in [(2, 1), (0, 0)]:
        occluded = X.copy()
        occluded[:, 3 - lag, feature] = X[:, 3 - lag, feature].mean()
        rise = mean_absolute_error(y / 10, lstm.predict(occluded)) - mean_absolute_error(
            y / 10, lstm.predict(X)
        )
        assert_allclose(found.importances.loc[lag, f"x{feature}"], rise, rtol=1e-9, atol=1e-12)
    assert found.measure == "error"
    assert explain(lstm, X, y / 10, measure="change", random_state=0).measure == "change"


def test_permutations_are_those_of_a_loop(lstm, windows):
    X, y = windows
    rng = np.random.RandomState(3)
    orders = [rng.permutation(len(X)) for _ in range(2)]
    found = explain(lstm, X, y, method="permutation", n_repeats=2, max_samples=None, random_state=3)
    usual = mean_absolute_error(y, lstm.predict(X))
    for lag, feature in [(2, 1), (3, 2)]:
        rises = []
        for order in orders:
            permuted = X.copy()
            permuted[:, 3 - lag, feature] = X[order, 3 - lag, feature]
            rises.append(mean_absolute_error(y, lstm.predict(permuted)) - usual)
        name = f"x{feature}"
        assert_allclose(found.importances.loc[lag, name], np.mean(rises), rtol=1e-9, atol=1e-12)
        assert_allclose(found.importances_std.loc[lag, name], np.std(rises), rtol=1e-6, atol=1e-12)


def test_permutations_agree_with_scikit_learn_on_columns_of_lags(windows):
    X, y = windows
    noisy = y + np.random.default_rng(1).normal(size=len(y))
    model = Linear().fit(X, noisy)
    ours = explain(
        model, X, noisy, method="permutation", n_repeats=60, max_samples=None, random_state=0
    )
    theirs = permutation_importance(
        model.inner_, X.reshape(len(X), -1), noisy, scoring="neg_mean_absolute_error",
        n_repeats=60, random_state=0,
    )  # fmt: skip
    assert_allclose(
        ours.importances.to_numpy().ravel(), theirs.importances_mean, rtol=0.03, atol=0.01
    )


def test_permutation_importance_of_scikit_learn_works_on_a_pipeline_and_has_no_lags(
    pipeline, planted
):
    X, y = planted
    options = {"scoring": "neg_mean_absolute_error", "n_repeats": 3, "random_state": 0}
    theirs = permutation_importance(pipeline, X, y, **options)
    ours = explain(pipeline, X, y, method="permutation", max_samples=None, random_state=0)
    assert X.columns[theirs.importances_mean.argmax()] == ours.by_feature.idxmax() == "cause"
    # Of one lag that counts, it is the same whether rows or windows are exchanged.
    assert_allclose(theirs.importances_mean[1], ours.by_feature["cause"], rtol=0.1)


def test_exchanged_windows_keep_their_order_where_exchanged_rows_lose_it():
    level = 50 * np.sin(np.arange(400) / 40)  # smooth: neighbouring rows are alike
    X = pd.DataFrame({"a": level}, index=pd.date_range("2024-01-01", periods=400))
    y = pd.Series(np.gradient(level), X.index)  # a matter of small differences between lags
    model = make_pipeline(SequenceWindower(3, flatten=True), LinearRegression())
    model.set_output(transform="pandas").fit(X, y)
    theirs = permutation_importance(
        model, X, y, scoring="neg_mean_absolute_error", random_state=0
    ).importances_mean[0]
    ours = explain(model, X, y, method="permutation", random_state=0).by_feature["a"]
    # Rows thrown together differ by tens, windows as they were by what slopes there are.
    assert theirs > 10 * ours > 0


def test_gradients_are_those_of_predictions_by_finite_differences(pipeline, planted):
    X, _ = planted
    inner = pipeline.regressor_
    windows = np.array(inner[:-1].transform(X)[10:14])
    found = explain(pipeline, X[7:14], method="gradient", background=X)
    assert_array_equal(found.samples, X.index[10:14])
    mean = np.nanmean(np.asarray(inner[:-1].transform(X))[3:], axis=0)
    scale = pipeline.transformer_.data_range_[0]
    expected = np.empty_like(found.effects)
    for step, feature in np.ndindex(4, 3):
        above, below = windows.copy(), windows.copy()
        above[:, step, feature] += 1e-4
        below[:, step, feature] -= 1e-4
        slope = (inner[-1].predict(above) - inner[-1].predict(below)) / 2e-4 * scale
        expected[:, step, feature] = slope * (windows - mean)[:, step, feature]
    assert_allclose(found.effects, expected, rtol=1e-3, atol=1e-3)


def test_gradients_of_a_linear_network_are_its_occlusions(windows):
    X, y = windows
    model = LSTMRegressor(1, epochs=1, skip_connection=True, random_state=0).fit(X, y)
    model.weights_ = [w * (0 if w.shape != (12, 1) else 1) + (w.shape == (12, 1)) for w in
                      model.weights_]  # fmt: skip
    options = {"max_samples": 20, "random_state": 0}
    ours, theirs = (
        explain(model, X, method=method, **options) for method in ("gradient", "occlusion")
    )
    assert_allclose(ours.effects, theirs.effects, rtol=1e-4, atol=1e-5)
    assert_allclose(ours.importances, theirs.importances, rtol=1e-4, atol=1e-5)
    assert_allclose(ours.baseline, theirs.baseline, rtol=1e-4, atol=1e-5)


def test_one_window_is_explained_beside_a_background(windows):
    X, _ = windows
    model = Linear().fit(X, X[:, -1, 0])
    found = explain(model, X[:1], background=X[1:])
    expected = X[0, -1, 0] - X[1:, -1, 0].mean()
    assert_allclose(found.effects_of(0).loc[0, "x0"], expected)
    assert_allclose(found.importances.loc[0, "x0"], abs(expected))
    drawn = explain(model, X[:1], background=X[1:], method="permutation", n_repeats=40)
    usual = np.abs(X[0, -1, 0] - X[1:, -1, 0]).mean()
    assert_allclose(drawn.importances.loc[0, "x0"], usual, rtol=0.5)


def test_outputs_are_explained_together_or_one_alone(windows):
    X, _ = windows
    model = Linear().fit(X, np.column_stack([X[:, 0, 0], -3 * X[:, 3, 2]]))
    off = np.abs(X - X.mean(axis=0)).mean(axis=0)
    one, both = (explain(model, X, output=of, max_samples=None).importances for of in (1, None))
    assert_allclose(one.loc[0, "x2"], 3 * off[3, 2])
    assert_allclose(one.loc[3, "x0"], 0, atol=1e-12)
    assert_allclose(both.loc[[3, 0], ["x0", "x2"]], [[off[0, 0] / 2, 0], [0, 1.5 * off[3, 2]]],
                    atol=1e-12)  # fmt: skip


@pytest.fixture(scope="module")
def classifier(windows):
    X, _ = windows
    labels = np.where(X[:, 1, 2] > 0, "up", "down")
    model = LSTMClassifier(6, epochs=30, learning_rate=0.02, skip_connection=True, random_state=0)
    return model.fit(X, labels), labels


@pytest.mark.parametrize("method", ["occlusion", "permutation", "gradient"])
def test_of_a_classifier_the_probability_of_a_class_is_explained(classifier, windows, method):
    (model, _), (X, _) = classifier, windows
    found = explain(model, X, method=method, output="up", max_samples=None, random_state=0)
    assert_allclose(found.predictions, model.predict_proba(X)[:, 1], rtol=1e-5)
    assert found.importances.stack().idxmax() == (2, "x2")
    assert found.unit == "probability"
    other = explain(model, X, method=method, output="down", max_samples=None, random_state=0)
    assert_allclose(other.effects, -found.effects, atol=1e-6)
    usual = explain(model, X, method=method, max_samples=None, random_state=0)
    is_up = model.predict(X) == "up"
    sign = np.where(is_up, 1, -1)[:, np.newaxis, np.newaxis]
    assert_allclose(usual.effects, sign * found.effects, atol=1e-6)


def test_the_error_of_a_classifier_is_what_the_true_class_lacks(classifier, windows):
    (model, labels), (X, _) = classifier, windows
    found = explain(model, X, labels, max_samples=None)
    occluded = X.copy()
    occluded[:, 1, 2] = X[:, 1, 2].mean()
    true = np.arange(len(X)), (labels == "up").astype(int)
    rise = (model.predict_proba(X)[true] - model.predict_proba(occluded)[true]).mean()
    assert_allclose(found.importances.loc[2, "x2"], rise, rtol=1e-9)


@pytest.mark.parametrize("method", ["occlusion", "gradient"])
def test_several_labels_are_explained_side_by_side_or_one_alone(windows, method):
    X, _ = windows
    labels = (X[:, 1, :2] > 0).astype(int)
    params = {"epochs": 30, "learning_rate": 0.02, "skip_connection": True, "random_state": 0}
    model = LSTMClassifier(4, **params).fit(X, labels)
    found = explain(model, X, method=method, output=1, max_samples=None)
    assert_allclose(found.predictions, model.predict_proba(X)[:, 1], rtol=1e-5)
    assert found.importances.stack().idxmax() == (2, "x1")
    both = explain(model, X, method=method, max_samples=None)
    assert_allclose(both.predictions, model.predict_proba(X).mean(axis=1), rtol=1e-5)
    assert set(both.importances.loc[2].nlargest(2).index) == {"x0", "x1"}
    assert both.unit == "probability"


def test_gradients_of_quantiles_on_the_scale_of_y_are_their_slopes(planted):
    X, y = planted
    model = make_lstm_pipeline(
        4, units=3, epochs=2, loss="quantile", quantile=[0.1, 0.5, 0.9], random_state=0
    ).fit(X, y)
    options = {"output": 2, "max_samples": 5, "random_state": 0}
    found = explain(model, X, method="gradient", **options)
    inner, scale = model.regressor_, model.transformer_.data_range_[0]
    rows = X.index.get_indexer(found.samples)
    assert_allclose(found.predictions, model.predict(X)[rows, 2], rtol=1e-5)
    cut = np.array(inner[:-1].transform(X)[rows])
    off = (cut - np.asarray(inner[:-1].transform(X))[3:].mean(axis=0))[:, 3, 1]
    above, below = cut.copy(), cut.copy()
    above[:, 3, 1] += 1e-4
    below[:, 3, 1] -= 1e-4
    slope = (inner[-1].predict(above) - inner[-1].predict(below))[:, 2] / 2e-4 * scale
    assert_allclose(found.effects[:, 3, 1], slope * off, rtol=1e-3, atol=1e-4)


def test_windows_of_one_feature_may_have_two_dimensions():
    X = np.random.default_rng(0).normal(size=(60, 4))
    params = {"epochs": 30, "learning_rate": 0.02, "skip_connection": True, "random_state": 0}
    model = LSTMRegressor(3, **params).fit(X, X[:, 1])
    found = explain(model, X)
    assert found.importances.shape == (4, 1)
    assert found.importances["x0"].idxmax() == 2
    assert_allclose(found.by_lag, found.importances["x0"])


def test_rows_of_a_panel_are_explained_each_in_its_series(planted):
    X, y = planted
    panel = pd.concat({"one": X[:150], "two": X[150:]}, names=["shop"])
    of_panel = pd.concat({"one": y[:150], "two": y[150:]}, names=["shop"])
    model = make_pipeline(SequenceWindower(4, padding="edge"), Linear()).fit(panel, of_panel)
    found = explain(model, panel, of_panel, max_samples=None)
    expected = model.predict(panel)[panel.index.get_indexer(found.samples)]
    assert_allclose(found.predictions, expected, rtol=1e-6)
    assert len(found.samples) == 300
    assert found.importances.stack().idxmax() == (2, "cause")
    with pytest.raises(ValueError, match="same index in another order"):
        explain(model, panel, of_panel[::-1])


def test_sequences_of_unequal_lengths_are_explained_as_far_as_they_go():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(rng.integers(3, 6), 2)) for _ in range(60)]
    y = np.array([int(x[0, 0] > 0) for x in X])
    params = {"epochs": 3, "random_state": 0}
    model = make_pipeline(SequencePadder(StandardScaler()), LSTMClassifier(3, **params)).fit(X, y)
    found = explain(model, X, max_samples=None)
    missing = np.array([np.arange(5) >= len(x) for x in X])
    assert (found.effects[missing] == 0).all()
    assert (found.effects[~missing] != 0).any()
    by_gradient = explain(model, X, method="gradient", max_samples=None)
    assert np.isfinite(by_gradient.effects).all()


@pytest.mark.parametrize("method", ["occlusion", "permutation", "gradient"])
def test_a_value_stays_where_shorter_sequences_have_none_to_stand_for_it(method):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 5, 2))
    X[::2, 3:] = np.nan
    model = LSTMRegressor(3, epochs=1, random_state=0).fit(X, np.arange(20.0))
    long, short = X[1::2], X[::2]
    found = explain(model, long, background=short, method=method, random_state=0)
    assert np.abs(found.effects[:, :3]).min() > 0
    assert_array_equal(found.effects[:, 3:], 0)
    assert np.isfinite(found.baseline).all()
    assert np.isfinite(explain(model, X, method=method, random_state=0).effects).all()


def test_any_regressor_on_flattened_windows_is_explained(planted):
    X, y = planted
    steps = [("windows", SequenceWindower(4, flatten=True)), ("model", Ridge(1e-6))]
    search = GridSearchCV(Pipeline(steps), {"windows__window_length": [4]}, cv=TimeSeriesSplit(2))
    found = explain(search.fit(X[3:], y[3:]), X, max_samples=None)
    coefficients = np.zeros((4, 3))
    coefficients[1, 1] = 10
    values = SequenceWindower(4).fit_transform(X)[3:]
    expected = np.abs(coefficients * (values - values.mean(axis=0))).mean(axis=0)
    assert_allclose(found.importances.to_numpy(), expected, atol=0.5)
    assert found.feature_names == list(X.columns)
    trees = Pipeline([*steps[:1], ("model", DecisionTreeRegressor(max_depth=6))])
    found = explain(trees.set_output(transform="pandas").fit(X, y), X, y, random_state=0)
    assert found.importances.stack().idxmax() == (2, "cause")
    labels = y.to_numpy() > 0
    model = make_pipeline(SequenceWindower(4, flatten=True), LogisticRegression()).fit(X, labels)
    assert explain(model, X, labels).importances.stack().idxmax() == (2, "cause")


def test_all_that_it_takes_is_a_predict(windows):
    class LastValue:
        def predict(self, X):
            return X[:, -1, 2]

    X, y = windows
    found = explain(LastValue(), X, y, measure="change", max_samples=None)
    expected = np.abs(X[:, -1, 2] - X[:, -1, 2].mean()).mean()
    assert_allclose(found.importances.loc[0, "x2"], expected)
    assert_allclose(found.total, expected)


def test_samples_are_drawn_alike_and_no_more_than_asked_for(windows):
    X, _ = windows
    model = Linear().fit(X, X[:, 0, 0])
    first, again = (explain(model, X, max_samples=9, random_state=4) for _ in range(2))
    assert len(first.samples) == 9
    assert_array_equal(first.samples, again.samples)
    assert_allclose(first.predictions, X[first.samples, 0, 0], atol=1e-10)


def test_blocks_of_windows_give_what_all_at_once_do(windows, monkeypatch):
    X, y = windows
    model = Linear().fit(X, y)
    options = {"method": "permutation", "max_samples": 50, "n_repeats": 2, "random_state": 0}
    whole = explain(model, X, y, **options)
    monkeypatch.setattr("sklearn_lstm.inspection.changes.VALUES_AT_ONCE", 12 * 7)
    parts = explain(model, X, y, **options)
    assert_allclose(parts.importances, whole.importances, atol=1e-12)
    assert_allclose(parts.effects, whole.effects, atol=1e-12)


def test_a_million_windows_are_explained_by_those_that_are_drawn():
    """They take 200 MB written out, and the rows 4 MB."""
    rows = np.random.default_rng(0).normal(size=(1_000_000, 1)).astype(np.float32)
    X = SequenceWindower(50).fit_transform(rows)
    model = Linear()
    model.inner_ = DummyRegressor(strategy="constant", constant=1.0).fit([[0]], [1.0])
    model.inner_.predict = lambda flat: flat[:, -1].astype(float)
    tracemalloc.start()
    found = explain(model, X, random_state=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
    assert found.effects.shape == (200, 50, 1)
    assert_allclose(found.importances.loc[0, "x0"], np.sqrt(2 / np.pi), rtol=0.2)


def test_nothing_imports_tensorflow_but_gradients():
    code = (
        "import sys, numpy as np\n"
        "from sklearn.linear_model import Ridge\n"
        "from sklearn.pipeline import make_pipeline\n"
        "from sklearn_lstm import LSTMForecaster, SequenceWindower, explain\n"
        "X = np.random.default_rng(0).normal(size=(40, 2))\n"
        "model = make_pipeline(SequenceWindower(3, flatten=True), Ridge()).fit(X, X[:, 0])\n"
        "explain(model, X, X[:, 0])\n"
        "explain(LSTMForecaster(Ridge(), window_length=3).fit(X[:, 0]))\n"
        "print('tensorflow' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "shap"}, "method='shap' must be one of 'occlusion', 'permutation', 'gradient'"),
        ({"measure": "r2"}, "measure='r2' must be one of 'auto', 'change', 'error'"),
        ({"measure": "error"}, "needs the truth: give y_true"),
        ({"method": "gradient", "measure": "error"}, "method='gradient' has none"),
        ({"method": "gradient"}, "not through Linear.*Take method='occlusion'"),
        ({"segment_length": 0}, "segment_length=0 must be a whole number"),
        ({"n_repeats": 1.5}, "n_repeats=1.5 must be a whole number"),
        ({"max_samples": -1}, "max_samples=-1 must be a whole number"),
        ({"output": 7}, r"output=7 is none of the outputs, \[0\]"),
        ({"X": [1]}, "X was given, but the estimator is a Linear: give its rows"),
        ({"n_windows": 3}, "n_windows was given, but .* those of a forecaster"),
        ({"feature_names": ["a"]}, r"feature_names=\['a'\] must be 3 names"),
        ({"y_true": [1.0]}, "y_true has 1 values, but data 297 samples"),
        ({"y_true": np.zeros((297, 2))}, "y_true has 2 columns, but 1 outputs are explained"),
        ({"background": np.zeros((5, 2, 3))}, r"background holds windows of shape \(2, 3\)"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_remedy(windows, options, message):
    X, y = windows
    model = Linear().fit(X, y)
    with pytest.raises(ValueError, match=message):
        explain(model, X, **options)


def test_too_few_windows_and_what_is_none_are_refused(windows, lstm):
    X, y = windows
    model = Linear().fit(X, y)
    with pytest.raises(ValueError, match=r"1 complete window, .* Give more, or .* background="):
        explain(model, X[:1])
    with pytest.raises(ValueError, match="none of them complete"):
        explain(lstm, np.full((2, 4, 3), np.nan))
    with pytest.raises(NotFittedError):
        explain(LSTMRegressor(), X)
    with pytest.raises(ValueError, match="data=None: give the windows"):
        explain(model)
    with pytest.raises(TypeError, match="has no predict"):
        explain(StandardScaler().fit(X[:, 0]), X)
    with pytest.raises(ValueError, match=r"holds no windows.*permutation_importance"):
        explain(Ridge().fit(X[:, 0], y), X[:, 0])
    with pytest.raises(ValueError, match="X has 2 features"):
        explain(lstm, X[:, :, :2])
    with pytest.raises(ValueError, match="sample=9 is none of the 5"):
        explain(model, X, max_samples=5).effects_of(9)


def test_classifiers_without_the_probabilities_of_one_target_are_refused(planted):
    X, y = planted
    is_high, cut = (y > 0).to_numpy(), SequenceWindower(3, flatten=True)
    model = make_pipeline(cut, RidgeClassifier()).fit(X, is_high)
    with pytest.raises(TypeError, match="has no predict_proba: probabilities are explained"):
        explain(model, X)
    labels = np.c_[is_high, ~is_high]
    model = make_pipeline(cut, DecisionTreeClassifier(max_depth=1)).fit(X, labels)
    with pytest.raises(TypeError, match="a list of the probabilities of 2 targets"):
        explain(model, X)


def test_gradients_without_tensorflow_say_what_to_do(windows, lstm, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn_lstm.engine.quiet_tensorflow", None)
    with pytest.raises(ImportError, match=r"needs TensorFlow, .* method='occlusion'"):
        explain(lstm, windows[0], method="gradient")


def test_its_repr_names_the_most_important_feature_first(windows):
    X, _ = windows
    found = explain(Linear().fit(X, 5 * X[:, 0, 2]), X, feature_names=["a", "b", "c"])
    lines = repr(found).splitlines()
    assert lines[0] == "Explanation of 200 predictions by occlusion: mean absolute change"
    assert lines[2].split()[0] == "c"
    assert lines[2].split()[-1] == "3"
