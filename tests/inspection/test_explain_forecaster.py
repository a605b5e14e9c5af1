"""What forecasts rest on, of any regressor: by hand from coefficients, and by predict itself."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor

from sklearn_lstm import LSTMForecaster, explain

W = 6


@pytest.fixture(scope="module")
def series():
    """A series that repeats what was five steps before, and a price that is known ahead."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=260, name="day")
    price, past = rng.normal(size=260), rng.normal(size=260)
    y = list(rng.normal(size=5))
    for t in range(5, 260):
        y.append(0.9 * y[t - 5] + 2 * price[t] + 0.1 * rng.normal())
    X = pd.DataFrame({"price": price, "noise": past}, index=days)
    return pd.Series(np.array(y) + 50, index=days, name="sales"), X


def forecaster(**params):
    options = {"window_length": W, "interval_method": None, "regressor": LinearRegression()}
    return LSTMForecaster(**{**options, **params})


@pytest.mark.parametrize(
    "regressor", [LinearRegression(), DecisionTreeRegressor(max_depth=8, random_state=0)]
)
def test_a_planted_lag_comes_first_over_many_origins(series, regressor):
    y, X = series
    model = forecaster(regressor=regressor, past_covariates=["noise"]).fit(y, X)
    found = explain(model, n_windows=80, random_state=0)
    assert found.measure == "error"
    assert found.feature_names == ["sales", "price", "noise"]
    assert_array_equal(found.importances.index, [5, 4, 3, 2, 1, 0, -1])
    assert found.importances["sales"].idxmax() == 4
    assert found.importances["price"].idxmax() == -1
    assert found.importances["noise"].max() < 0.2 * found.importances.loc[4, "sales"]
    assert np.isnan(found.importances.loc[-1, ["sales", "noise"]]).all()
    assert found.by_feature.idxmin() == "noise"
    assert found.unit == "sales"


@pytest.mark.parametrize("normalize", ["last", "standard", "minmax", None])
def test_of_a_linear_regressor_effects_add_up_to_what_occluding_everything_does(series, normalize):
    y, X = series
    model = forecaster(normalize=normalize, horizon=3).fit(y, X)
    found = explain(model, X=_future(X), output=2)
    assert_allclose(found.predictions, model.predict(X=_future(X)).iloc[1], rtol=1e-9)
    total = np.nansum(found.effects, axis=(1, 2))
    assert_allclose(total, found.predictions - found.baseline, atol=1e-9)
    assert abs(total[0]) > 0.1


def _future(X):
    days = pd.date_range(X.index[-1], periods=4)[1:]
    return pd.DataFrame({"price": [1.0, -2.0, 0.5], "noise": [0.3, 0.2, 0.1]}, index=days)


def test_of_a_linear_regressor_effects_are_those_of_its_coefficients(series):
    y, _ = series
    model = forecaster(normalize=None).fit(y)
    found = explain(model)
    window = y.to_numpy()[-W:]
    expected = model.regressor_.coef_.ravel() * (window - window.mean())
    assert_allclose(found.effects[0, :, 0], expected, atol=1e-9)
    assert_array_equal(found.samples, y.index[-1:])


def test_an_occluded_forecast_is_that_of_a_series_without_the_value(series):
    y, _ = series
    model = forecaster(normalize="window", regressor=KNeighborsRegressor(5)).fit(y)
    found = explain(model)
    for lag in (0, 4):
        without = y.copy()
        without.iloc[-1 - lag] = y.iloc[-W:].mean()
        expected = model.predict() - model.predict(y=without)
        assert_allclose(found.effects_of(0).loc[lag, "sales"], expected.iloc[0], rtol=1e-6)
    assert_allclose(found.importances, np.abs(found.effects[0]))


def test_over_many_origins_it_is_the_rise_of_the_error_at_each(series):
    y, _ = series
    model = forecaster(normalize=None, horizon=2).fit(y)
    found = explain(model, n_windows=10, segment_length=3)
    rises = []
    for known in range(len(y) - 20, len(y), 2):
        window, truth = y.to_numpy()[known - W : known], y.to_numpy()[known : known + 2]
        without = window.copy()
        without[-6:-3] = window.mean()
        predicted = model.regressor_.predict([window, without])
        errors = np.abs(truth - predicted).mean(axis=1)
        rises.append(errors[1] - errors[0])
    assert_array_equal(found.importances.index, [3, 0])
    assert_allclose(found.importances.loc[3, "sales"], np.mean(rises), rtol=1e-9)
    assert_array_equal(found.samples, y.index[-21:-2:2])


def test_permutations_exchange_windows_on_the_level_of_each(series):
    y, _ = series
    model = forecaster(normalize="last").fit(y)
    found = explain(model, n_windows=30, method="permutation", measure="change", n_repeats=3,
                    random_state=0)  # fmt: skip
    values = y.to_numpy()
    windows = np.array([values[known - W : known] for known in range(230, 260)])
    rng = np.random.RandomState(0)
    changes = []
    for _ in range(3):
        others = windows[rng.permutation(30)]
        others = others - others.mean(axis=1, keepdims=True) + windows.mean(axis=1, keepdims=True)
        changed = windows.copy()
        changed[:, 1] = others[:, 1]
        changes.append(np.abs(_linear(model, windows) - _linear(model, changed)).mean())
    assert_allclose(found.importances.loc[4, "sales"], np.mean(changes), rtol=1e-6)
    assert_allclose(found.importances_std.loc[4, "sales"], np.std(changes), rtol=1e-6)


def _linear(model, windows):
    """Predict relative to last values, as normalize='last' does; scales cancel but for the bias."""
    return windows[:, -1] + (windows - windows[:, -1:]) @ model.regressor_.coef_.ravel()


def test_members_are_averaged_and_logarithms_are_undone():
    months = pd.date_range("2014-01", periods=96, freq="MS")
    t = np.arange(96)
    y = pd.Series(np.exp(0.01 * t + 0.3 * np.sin(t * np.pi / 6)) * 100, index=months, name="sales")
    options = {"window_length": 12, "horizon": 4, "normalize": "window", "log": True}
    model = LSTMForecaster(Ridge(0.01), calendar=True, **options).fit(y)
    found = explain(model)
    assert_allclose(found.predictions, model.predict().mean(), rtol=1e-9)
    without = y.copy()
    without.iloc[-1] = np.exp(np.log(y.iloc[-12:]).mean())
    expected = model.predict().mean() - model.predict(y=without).mean()
    assert_allclose(found.effects_of(0).loc[0, "sales"], expected, rtol=1e-6)
    shorter = explain(model, segment_length=6)
    assert shorter.importances.shape == (2, 1)


def test_default_members_of_any_window_and_scale_are_explained_together():
    t = np.arange(120)
    y = 10 + np.sin(t * np.pi / 6) + 0.05 * np.random.default_rng(0).normal(size=120)
    model = LSTMForecaster(horizon=2, random_state=0).fit(y)
    assert len(model.members_) > 1
    found = explain(model, segment_length=6)
    assert_allclose(found.predictions, model.predict().mean(), rtol=1e-6)
    assert found.importances.index[0] + 1 <= model.window_length_
    assert found.total > 0


def test_other_series_are_explained_on_their_own_scale(series):
    y, X = series
    model = forecaster(normalize="standard").fit(y, X)
    later = (7 * y + 1000).rename("sales")
    future = pd.concat([X, _future(X)])
    found = explain(model, later, X=future)
    assert_allclose(found.predictions, model.predict(y=later, X=future), rtol=1e-9)
    past = explain(FrozenEstimator(model), later, X=X, n_windows=3)
    known = len(later) - 3
    before = later.iloc[:known]
    expected = model.predict(y=before, X=X.iloc[: known + 1]).iloc[0]
    assert_allclose(past.predictions[0], expected, rtol=1e-9)


@pytest.mark.parametrize("columns", ["joint", "shared", "separate"])
def test_columns_and_panels_are_explained(series, columns):
    y, _ = series
    table = pd.DataFrame({"a": y, "b": y.shift(3).bfill() * 10})
    model = forecaster(columns=columns, horizon=2).fit(table)
    found = explain(model, output=("b", 2))
    assert_allclose(found.predictions, model.predict().iloc[1]["b"], rtol=1e-9)
    if columns != "joint":
        assert_allclose(found.importances["a"], 0, atol=1e-9)
    assert found.by_feature["b"] > 0
    whole = explain(model, output="b")
    assert_allclose(whole.predictions, model.predict()["b"].mean(), rtol=1e-9)
    panel = pd.concat({"one": y, "two": 3 * y[:200] + 5}, names=["shop"]).rename("sales")
    model = forecaster(columns=columns).fit(panel)
    found = explain(model)
    assert_array_equal(found.samples.get_level_values("series"), ["one", "two"])
    assert_allclose(found.predictions, model.predict(), rtol=1e-9)
    many = explain(model, n_windows=5, max_samples=7, random_state=0)
    assert len(many.samples) == 7
    with pytest.raises(ValueError, match=r"of each a single origin is explained. Raise n_windows"):
        explain(model, n_windows=5, max_samples=1, method="permutation")


def test_missing_values_stay_missing(series):
    y, _ = series
    y = y.copy()
    y.iloc[-3] = np.nan
    model = forecaster(missing="interpolate").fit(y)
    found = explain(model)
    assert_allclose(found.predictions, model.predict(), rtol=1e-9)
    assert found.effects_of(0).loc[2, "sales"] == 0


def test_whole_numbers_are_explained_before_they_are_rounded(series):
    y, _ = series
    model = forecaster(integer=True).fit(y.round())
    assert explain(model).importances["sales"].max() % 1 != 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "gradient"}, "Take method='occlusion'"),
        ({"method": "permutation"}, "n_windows=None gives none to exchange with. Set n_windows=20"),
        ({"y_true": [1.0]}, "y_true was given, .* set n_windows"),
        ({"background": [1.0]}, "background was given, but the estimator is an LSTMForecaster"),
        ({"n_windows": 0}, "n_windows=0 must be a whole number"),
        ({"n_windows": 400}, r"n_windows=400 of 1 steps leave too little.*Lower n_windows to 254"),
        ({"output": 2}, "output=2 is no step of the forecast, 1 to 1, no column of"),
        ({"output": "x"}, "output='x' is no step"),
        ({"measure": "error"}, "n_windows to a forecaster"),
        ({"X": np.zeros((3, 1))}, "X was given to predict, but not to fit"),
        ({"X": np.zeros((3, 1)), "n_windows": 3}, "X was given with n_windows=3.*Leave X out"),
        ({}, r"X is missing: fit was given covariates that are known ahead"),
    ],
)
def test_what_does_not_suit_a_forecaster_is_refused_with_a_remedy(series, options, message):
    y, X = series
    model = forecaster().fit(y, None if options else X)
    with pytest.raises(ValueError, match=message):
        explain(model, **options)


def test_a_forecaster_must_be_fitted_and_have_a_forecast(series):
    y, _ = series
    with pytest.raises(NotFittedError):
        explain(forecaster())
    broken = y.copy()
    broken.iloc[-4:] = np.nan
    model = forecaster(missing="skip").fit(broken)
    with pytest.raises(ValueError, match="No origin has a forecast"):
        explain(model)
