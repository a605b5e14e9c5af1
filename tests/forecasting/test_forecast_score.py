"""The score of a forecaster, and the searches of scikit-learn that go by it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.neural_network import MLPRegressor

from sklearn_lstm import LSTMForecaster, backtest

pytestmark = pytest.mark.filterwarnings("ignore:The forecast is no better")


@pytest.fixture
def days():
    t = np.arange(140)
    values = 20 + 5 * np.sin(2 * np.pi * t / 7) + np.random.default_rng(0).standard_normal(140)
    return pd.Series(values, pd.date_range("2024-01-01", periods=140), name="load")


@pytest.fixture
def forecaster():
    return LSTMForecaster(Ridge(), window_length=7, horizon=3, interval_method=None)


GRID = {"window_length": [2, 7], "regressor__alpha": [0.1, 10.0]}


def by_a_loop(forecaster, y, n_fitted, X=None):
    """Update and predict row by row, errors over the change from a season to the next."""
    errors = []
    for origin in range(n_fitted, len(y) - forecaster.horizon + 1):
        if origin > n_fitted:
            new = slice(origin - 1, origin)
            forecaster.update(y[new], None if X is None else X[new])
        steps = slice(origin, origin + forecaster.horizon)
        forecast = forecaster.predict(X=None if X is None else X[steps])
        errors.append(np.abs(np.asarray(y[steps]) - np.asarray(forecast)))
    known = np.asarray(y)[:n_fitted]
    unit = np.abs(known[7:] - known[:-7]).mean(axis=0)
    return -(np.array(errors) / unit).mean()


@pytest.mark.parametrize("form", ["series", "array", "frame", "periods"])
def test_it_is_minus_the_mase_from_a_rolling_origin(days, forecaster, form):
    y = {
        "series": days,
        "array": days.to_numpy(),
        "frame": pd.DataFrame({"a": days, "b": days[::-1].to_numpy() ** 2}),
        "periods": days.set_axis(days.index.to_period()),
    }[form]
    forecaster.fit(y[:100])
    score = forecaster.score(y[100:])
    assert forecaster.history_.shape == y[:100].shape  # nothing is kept
    if form != "array":  # whose season is found by its look alone
        result = backtest(FrozenEstimator(forecaster), y, n_windows=38, stride=1)
        assert score == pytest.approx(-result.scores().loc["forecast", "MASE"])
    assert score == pytest.approx(by_a_loop(forecaster, y, 100))


def test_covariates_are_sliced_with_the_series(days, forecaster):
    X = pd.DataFrame({"x": np.cos(np.arange(140.0)), "z": np.arange(140) % 5}, days.index)
    forecaster.set_params(past_covariates=["x"]).fit(days[:100], X[:100])
    score = forecaster.score(days[100:], X[100:])
    assert score == pytest.approx(by_a_loop(forecaster, days, 100, X))
    with pytest.raises(ValueError, match="X has no covariates, but fit was given"):
        forecaster.score(days[100:])


def test_it_does_not_look_ahead(days, forecaster):
    forecaster.fit(days[:100])
    other = days.copy()
    other.iloc[103] = 1e5  # the last truth of the last of two forecasts
    scores = [forecaster.score(y[100:104]) for y in (days, other)]
    last = forecaster.update(days[100:101]).predict().iloc[-1]
    unit = days[:100].diff(7).abs().mean()
    errors = [abs(y.iloc[103] - last) for y in (days, other)]
    assert scores[0] - scores[1] == pytest.approx((errors[1] - errors[0]) / 6 / unit)


@pytest.mark.parametrize("form", ["series", "array", "frame"])
@pytest.mark.parametrize("covariates", [False, True])
def test_a_grid_search_scores_what_a_loop_would(days, forecaster, form, covariates):
    y = {
        "series": days,
        "array": days.to_numpy(),
        "frame": pd.DataFrame({"a": days, "b": days[::-1].to_numpy()}),
    }[form]
    X = pd.DataFrame({"z": np.arange(140.0) % 5}, days.index) if covariates else None
    X = X.to_numpy() if covariates and form == "array" else X
    cv = TimeSeriesSplit(3, test_size=12)  # enough rows to see the season of an array
    search = GridSearchCV(forecaster, GRID, cv=cv, error_score="raise").fit(y, X)
    found = search.cv_results_
    for number, params in enumerate(found["params"]):
        for fold, (train, test) in enumerate(cv.split(y)):
            end = test[-1] + 1
            fitted = LSTMForecaster(Ridge(), horizon=3, interval_method=None).set_params(**params)
            fitted.fit(y[: train[-1] + 1], None if X is None else X[: train[-1] + 1])
            expected = by_a_loop(fitted, y[:end], train[-1] + 1, None if X is None else X[:end])
            assert found[f"split{fold}_test_score"][number] == pytest.approx(expected)
    future = None if X is None else X[-3:]
    if X is not None and form != "array":
        future = future.set_axis(pd.date_range(days.index[-1], periods=4)[1:])
    again = LSTMForecaster(Ridge(), horizon=3, interval_method=None).set_params(
        **search.best_params_
    )
    np.testing.assert_allclose(
        search.best_estimator_.predict(X=future), again.fit(y, X).predict(X=future)
    )


def test_workers_and_other_searches_agree(days, forecaster):
    options = {"cv": TimeSeriesSplit(3), "error_score": "raise"}
    alone = GridSearchCV(forecaster, GRID, **options).fit(days)
    shared = GridSearchCV(forecaster, GRID, n_jobs=2, **options).fit(days)
    drawn = RandomizedSearchCV(forecaster, GRID, n_iter=4, random_state=0, **options).fit(days)
    key = "mean_test_score"
    np.testing.assert_allclose(shared.cv_results_[key], alone.cv_results_[key])
    np.testing.assert_allclose(sorted(drawn.cv_results_[key]), sorted(alone.cv_results_[key]))
    scores = cross_val_score(forecaster, days, cv=TimeSeriesSplit(3), error_score="raise")
    of_default = alone.cv_results_["params"].index({"window_length": 7, "regressor__alpha": 0.1})
    forecaster.set_params(regressor__alpha=0.1)
    scores = cross_val_score(forecaster, days, cv=TimeSeriesSplit(3), error_score="raise")
    assert scores.mean() == pytest.approx(alone.cv_results_[key][of_default])


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_halving_spends_a_parameter(days):
    mlp = MLPRegressor(hidden_layer_sizes=(4,), solver="lbfgs", random_state=0)
    forecaster = LSTMForecaster(mlp, window_length=7, horizon=2, interval_method=None)
    search = HalvingGridSearchCV(
        forecaster, {"window_length": [2, 7], "normalize": ["last", "standard"]},
        resource="regressor__max_iter", min_resources=4, max_resources=8, factor=2,
        cv=TimeSeriesSplit(2), error_score="raise", random_state=0,
    ).fit(days)  # fmt: skip
    assert search.best_estimator_.regressor.max_iter == 8
    assert search.best_estimator_.predict().index[0] == pd.Timestamp("2024-05-20")


class Memory(LinearRegression):
    """Knows what followed each window that it has learned from, and nothing else."""

    def fit(self, X, y):
        self.answers_ = {row.tobytes(): of_row for row, of_row in zip(X, y, strict=True)}
        return self

    def predict(self, X):
        nothing = np.zeros_like(next(iter(self.answers_.values())))
        return np.array([self.answers_.get(row.tobytes(), nothing) for row in X])


@pytest.mark.parametrize("form", ["series", "array"])
def test_the_train_score_is_of_the_rows_that_were_learned(days, form):
    y = days if form == "series" else days.to_numpy()
    forecaster = LSTMForecaster(
        Memory(), window_length=3, normalize=None, interval_method=None, non_negative=False
    )
    search = GridSearchCV(
        forecaster, {"window_length": [3]}, cv=TimeSeriesSplit(3), return_train_score=True,
        error_score="raise",
    ).fit(y)  # fmt: skip
    assert search.cv_results_["mean_train_score"][0] == pytest.approx(0, abs=1e-6)
    assert search.cv_results_["mean_test_score"][0] < -1


def panel_of(days):
    return pd.concat({"a": days, "b": 3 * days[50:], "c": days[20:]}, names=["shop", "day"])


def test_a_panel_is_split_by_dates(days, forecaster):
    y = panel_of(days)
    times = y.index.get_level_values("day")
    splits = [
        (
            np.flatnonzero(times < day),
            np.flatnonzero((times >= day) & (times < day + 20 * days.index.freq)),
        )
        for day in days.index[[100, 120]]
    ]
    search = GridSearchCV(forecaster, GRID, cv=splits, error_score="raise").fit(y)
    best = search.best_params_
    forecaster.set_params(**best).fit(y.iloc[splits[1][0]])
    result = backtest(FrozenEstimator(forecaster), y, n_windows=18, stride=1, season_length=7)
    assert search.cv_results_["split1_test_score"][search.best_index_] == pytest.approx(
        -result.scores().loc["forecast", "MASE"]
    )


def test_a_panel_split_by_rows_is_refused(days, forecaster):
    y = panel_of(days)
    with pytest.raises(ValueError, match=r"y holds the series '[bc]', which was not.*splits rows"):
        cross_val_score(forecaster, y, cv=TimeSeriesSplit(3), error_score="raise")
    last = TimeSeriesSplit(2, test_size=10)  # within the last series
    with pytest.raises(ValueError, match=r"lacks the series 'a' of fit, .* Split by dates"):
        cross_val_score(forecaster, y, cv=last, error_score="raise")


def test_rows_that_do_not_follow_are_refused(days, forecaster):
    forecaster.fit(days[:100])
    for y, message in [
        (days[90:], "y begins at 2024-03-31 00:00:00, but the series is known until 2024-04-09"),
        (days[:50], "y begins at 2024-01-01"),
        (days[100:102], "y has 2 rows .* but horizon=3 needs as many"),
        (days[100:].to_numpy(), "y is an array of 1 dimensions, but fit was given Series"),
    ]:
        with pytest.raises(ValueError, match=message):
            forecaster.score(y)
    flat = LSTMForecaster(Ridge(), window_length=3).fit(np.ones(30))
    with pytest.raises(ValueError, match="the rows of fit don't change"):
        flat.score(np.arange(5.0))
    with pytest.raises(ValueError, match="y holds no value"):
        forecaster.score(days[100:] * np.nan)


def test_what_can_not_be_forecast_is_not_left_out(days, forecaster):
    y = days.copy()
    y.iloc[105] = np.nan
    forecaster.set_params(missing="skip").fit(y[:100])
    with pytest.raises(ValueError, match=r"y can't be forecast from 2024-04-15.* 'interpolate'|="):
        forecaster.score(y[100:])
    assert np.isfinite(forecaster.set_params(missing="interpolate").fit(y[:100]).score(y[100:]))


def test_scores_of_scikit_learn_are_refused_with_the_remedy(days, forecaster):
    with pytest.raises(TypeError, match=r"horizon=.* is a Series.*leave scoring=None"):
        cross_val_score(
            forecaster, days, days, cv=TimeSeriesSplit(2), scoring="neg_mean_absolute_error",
            error_score="raise",
        )  # fmt: skip
