"""Intervals between quantiles that an LSTM is trained for, beside loops and split conformal."""

import pickle
from math import ceil

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest, load_model, save_model
from sklearn_lstm.forecasting.conformal import ConformalQuantiles, NoIntervalError
from sklearn_lstm.forecasting.member import Forecasts
from sklearn_lstm.forecasting.quantile_intervals import LEVELS

W, H = 5, 2


def tiny(**params):
    """Trained for a moment: what it predicts is of no matter."""
    return LSTMRegressor(3, epochs=2, skip_connection=True, learning_rate=0.01, **params)


def forecaster(regressor=None, **params):
    settings = {"window_length": W, "horizon": H, "log": False, "random_state": 0}
    return LSTMForecaster(regressor or tiny(), interval_method="cqr", **{**settings, **params})


def series(n_steps=80, name="load", seed=0):
    values = 5 + np.sin(np.arange(n_steps)) + np.random.default_rng(seed).standard_normal(n_steps)
    return pd.Series(values, pd.date_range("2024-01-01", periods=n_steps, freq="D"), name=name)


def panel():
    """Three series of different lengths and scales."""
    parts = {"a": series(80), "b": 100 * series(60, seed=1), "c": series(70, seed=2) - 40}
    return pd.concat(parts, names=["shop", "day"])


def order_statistic(scores, coverage):
    k = ceil(round((len(scores) + 1) * coverage, 9))
    return np.sort(scores, axis=0)[k - 1]


def windows_and_targets(z):
    ends = range(W, len(z) - H + 1)
    X = np.array([z[end - W : end] for end in ends])[..., np.newaxis]
    return X, np.array([z[end : end + H] for end in ends])


def quantile_lstm(z):
    """An LSTM trained for quantiles on windows cut by a loop."""
    lstm = tiny(loss="quantile", quantile=list(LEVELS), random_state=1)
    return lstm.fit(*windows_and_targets(z))


def by_hand(y):
    """Errors on the windows held back, and the quantiles that follow, on the scale of the series.

    The forecaster scales by what it learns from: before calibration by the rows before.
    """
    values = y.to_numpy()
    n_windows = len(values) - W - H + 1
    first = int(0.8 * n_windows)
    n_before = W - 1 + first + 1
    loc, scale = values[:n_before].mean(), values[:n_before].std()
    z = (values - loc) / scale
    X, Y = windows_and_targets(z)
    held = slice(n_before - W, None)
    errors = Y[held, :, np.newaxis] - quantile_lstm(z[:n_before]).predict(X[held])
    final_loc, final_scale = values.mean(), values.std()
    last = ((values[-W:] - final_loc) / final_scale)[np.newaxis, :, np.newaxis]
    lstm = quantile_lstm((values - final_loc) / final_scale)
    quantiles = final_loc + final_scale * lstm.predict(last)[0]
    return errors, quantiles, scale


def test_the_correction_is_that_of_a_loop():
    y = series()
    errors, quantiles, scale = by_hand(y)
    model = forecaster(tiny(random_state=1), normalize="standard", random_state=None).fit(y)
    assert_allclose(model._core.errors_.errors[:, :, 0], errors, atol=1e-6)
    for coverage, lower, upper in ((0.9, 0, 6), (0.8, 1, 5), (0.6, 2, 4)):
        scores = np.maximum(-errors[..., lower], errors[..., upper])
        margin = scale * order_statistic(scores, coverage)
        found = model.predict_interval(coverage=coverage).to_numpy()
        low, high = quantiles[:, lower] - margin, quantiles[:, upper] + margin
        assert (low < high).all()
        assert_allclose(found, np.stack([low, high], axis=1), atol=1e-5)


def test_each_quantile_is_moved_by_the_errors_of_the_nearest_level():
    y = series(200)
    errors, quantiles, scale = by_hand(y)
    model = forecaster(tiny(random_state=1), normalize="standard", random_state=None).fit(y)
    asked = [0.9, 0.07, 0.5, 0.3]
    found = model.predict_quantiles(asked)
    assert list(found.columns) == asked
    expected = []
    for level, place in zip(asked, (5, 0, 3, 2), strict=True):
        n = len(errors)
        up = ceil(round((n + 1) * max(level, 1 - level), 9))
        rank = up if level >= 0.5 else n + 1 - up
        expected.append(quantiles[:, place] + scale * np.sort(errors[..., place], axis=0)[rank - 1])
    expected = np.sort(np.array(expected).T, axis=1)[:, [3, 0, 2, 1]]
    assert_allclose(found, expected, atol=1e-5)


def test_quantiles_do_not_cross():
    model = forecaster(normalize=None).fit(series())
    lstm = model._core.quantile_member_.model_.regressor_
    predicted = lstm.predict(series().to_numpy()[np.newaxis, -W:, np.newaxis])[0]
    calibration = model._core.errors_
    calibration.errors = np.zeros((30, H, 1, len(LEVELS)))
    calibration.errors[..., 2] = 9  # at the level 0.25 everything lies far above
    found = model.predict_quantiles([0.9, 0.3, 0.5])
    assert (predicted[:, 2] + 9 > predicted[:, 5]).all()
    expected = np.stack([predicted[:, 2] + 9, predicted[:, 3], predicted[:, 5]], axis=1)
    assert_allclose(found, expected, rtol=1e-9)


def test_where_no_whole_number_lies_between_quantiles_the_nearest_does():
    core = forecaster(integer=True, non_negative=False).fit(series())._core
    core.errors_ = ConformalQuantiles(np.zeros((30, H, 1, len(LEVELS))), LEVELS)
    one, scale = np.zeros(1, int), np.ones((1, 1, 1))
    levels = np.linspace([3.2, 4.8], [3.4, 6.1], len(LEVELS), axis=-1)
    quantiles = Forecasts(levels[np.newaxis, :, np.newaxis], scale, one)
    forecasts = Forecasts(np.full((1, H, 1), 100.0), scale, one, quantiles)
    lower, upper = core.interval(forecasts, 0.9)
    assert_array_equal(np.ravel(lower), [3, 5])
    assert_array_equal(np.ravel(upper), [3, 6])


def test_the_forecast_is_that_of_other_methods():
    for regressor in (tiny(), None):
        models = [
            LSTMForecaster(regressor, horizon=H, interval_method=how, random_state=0)
            for how in ("conformal", "cqr")
        ]
        first, second = (model.fit(series(60)).predict() for model in models)
        pd.testing.assert_series_equal(first, second)


@pytest.fixture(scope="module")
def uneven():
    """A daily wave by the hour, whose noise is ten times larger in the second half of a day."""
    t = np.arange(24 * 45)
    noise = np.where(t % 24 < 12, 0.2, 2.0) * np.random.default_rng(0).standard_normal(len(t))
    index = pd.date_range("2024-01-01", periods=len(t), freq="h")
    return pd.Series(10 + 3 * np.sin(2 * np.pi * t / 24) + noise, index)


def test_intervals_are_wide_where_the_noise_is(uneven):
    lstm = LSTMRegressor(
        12, epochs=30, skip_connection=True, learning_rate=0.01, batch_size=64,
        learning_rate_schedule="cosine",
    )  # fmt: skip
    found = {}
    for method in ("conformal", "cqr"):
        model = LSTMForecaster(
            lstm, window_length=24, horizon=6, normalize="standard", calendar=True,
            interval_method=method, random_state=0,
        ).fit(uneven[: 24 * 35])  # fmt: skip
        result = backtest(FrozenEstimator(model), uneven, n_windows=216, coverage=0.9, stride=1)
        table = result.predictions
        is_quiet = table["timestamp"].dt.hour < 12
        width = table["upper"] - table["lower"]
        is_covered = (table["y"] >= table["lower"]) & (table["y"] <= table["upper"])
        found[method] = (
            width[~is_quiet].mean() / width[is_quiet].mean(),
            is_covered.mean(),
            is_covered[is_quiet].mean(),
            is_covered[~is_quiet].mean(),
            width.mean(),
        )
    ratio, coverage, when_quiet, when_loud, width = found["cqr"]
    assert ratio > 2.5
    assert 0.84 < coverage < 0.95
    assert when_quiet - when_loud < 0.15
    even, even_coverage, *even_halves, even_width = found["conformal"]
    assert 0.9 < even < 1.1
    assert 0.84 < even_coverage < 0.95
    assert even_halves[0] - even_halves[1] > 0.15
    assert width < 0.9 * even_width


# What it refuses.


@pytest.mark.parametrize(
    "regressor",
    [
        Ridge(),
        make_pipeline(StandardScaler(), Ridge()),
        GridSearchCV(tiny(), {"units": [2, 3]}),
    ],
    ids=["Ridge", "pipeline", "search"],
)
def test_other_regressors_are_refused_with_the_remedy(regressor):
    with pytest.raises(ValueError, match=r"(?s)'cqr'.*no LSTMRegressor.*interval_method='conf"):
        forecaster(regressor).fit(series())


def test_quantiles_are_not_fed_back():
    with pytest.raises(ValueError, match=r"strategy='recursive' with horizon=2 .*'direct'"):
        forecaster(strategy="recursive").fit(series())
    model = forecaster(strategy="recursive", horizon=1).fit(series())
    assert model.predict_interval(coverage=0.8).shape == (1, 2)
    assert model.predict(5).shape == (5,)


def test_too_few_errors_and_steps_without_are_refused():
    model = forecaster().fit(series(40))
    with pytest.raises(NoIntervalError, match=r"coverage=0.9 is too extreme for \d calibration"):
        model.predict_interval(coverage=0.9)
    with pytest.raises(NoIntervalError, match="horizon that was fitted"):
        model.predict_interval(H + 1, coverage=0.5)
    assert model.predict(H + 3).shape == (H + 3,)
    short = forecaster(window_length=9).fit(series(11))
    assert short.predict().shape == (H,)
    with pytest.raises(NoIntervalError, match="too short to hold back"):
        short.predict_interval()


# What a model is asked for.


def bounds_of(model, **call):
    return model.predict_interval(coverage=0.8, **call)


@pytest.mark.parametrize("columns", ["joint", "shared", "separate"])
@pytest.mark.parametrize("is_panel", [False, True])
def test_it_is_stored_whole(tmp_path, columns, is_panel):
    y = panel() if is_panel else pd.DataFrame({"a": series(), "b": 9 * series(seed=4)})
    model = forecaster(columns=columns, normalize="last").fit(y)
    expected, quantiles = bounds_of(model), model.predict_quantiles([0.3, 0.6])
    assert np.isfinite(expected).all(axis=None)
    save_model(model, tmp_path / "model.skl")
    for again in (pickle.loads(pickle.dumps(model)), load_model(tmp_path / "model.skl")):
        pd.testing.assert_frame_equal(bounds_of(again), expected)
        pd.testing.assert_frame_equal(again.predict_quantiles([0.3, 0.6]), quantiles)
    assert clone(model).get_params()["interval_method"] == "cqr"


def test_separate_columns_are_judged_as_if_they_came_alone():
    frame = pd.DataFrame({"a": series(), "b": 9 * series(seed=4)})
    together = bounds_of(forecaster(columns="separate").fit(frame))
    for name in frame:
        assert_allclose(together[name], bounds_of(forecaster().fit(frame[name])), rtol=1e-6)


def test_intervals_have_the_scale_of_each_series():
    y = pd.concat({"small": series(), "large": 1000 * series()}, names=["shop", "day"])
    bounds = bounds_of(forecaster(normalize="last").fit(y))
    assert_allclose(1000 * bounds.loc["small"], bounds.loc["large"], rtol=1e-6)


def test_another_series_has_intervals_on_its_own_scale():
    model = forecaster(normalize="window").fit(panel())
    other = series(30, name="new", seed=7)
    other = pd.concat({"x": other, "y": 500 + 10 * other}, names=["shop", "day"])
    bounds = bounds_of(model, y=other)
    assert_allclose(500 + 10 * bounds.loc["x"], bounds.loc["y"], rtol=1e-6)
    assert (bounds["lower"] < bounds["upper"]).all()


def test_covariates_known_ahead_are_seen():
    y = series(120)
    X = pd.DataFrame({"jump": np.random.default_rng(0).random(120) < 0.3}, y.index).astype(float)
    lstm = tiny().set_params(epochs=60, learning_rate=0.02)
    model = forecaster(lstm, normalize="standard").fit(y + 20 * X["jump"], X)
    future = pd.date_range(y.index[-1], periods=H + 1)[1:]
    low, high = (
        bounds_of(model, X=pd.DataFrame({"jump": jump}, future)).to_numpy()
        for jump in ([0.0] * H, [1.0] * H)
    )
    assert (high - low > 5).all()


def test_logarithms_give_positive_bounds_that_follow_the_level():
    y = np.exp(series())
    logs = bounds_of(forecaster().fit(np.log(y)))
    assert_allclose(bounds_of(forecaster(log=True).fit(y)), np.exp(logs), rtol=1e-9)


def test_bounds_of_counts_are_whole_and_not_negative():
    y = np.maximum(np.round(series(120) - 4.5), 0)
    free = bounds_of(forecaster(non_negative=False).fit(y))
    bounded = bounds_of(forecaster().fit(y))
    assert (free["lower"] < 0).any()
    assert_allclose(bounded, np.maximum(free, 0))
    whole = bounds_of(forecaster(integer=True).fit(y))
    assert_array_equal(whole, np.round(whole))
    assert_array_equal(whole["lower"], np.ceil(bounded["lower"]))
    assert_array_equal(whole["upper"], np.floor(bounded["upper"]))
    quantiles = forecaster(integer=True).fit(y).predict_quantiles([0.4, 0.6])
    assert_array_equal(quantiles, np.round(quantiles))


def test_what_never_changed_is_certain():
    constant = pd.Series(7.0, series().index)
    y = pd.concat({"still": constant, "moving": series()}, names=["shop", "day"])
    model = forecaster().fit(y)
    assert_array_equal(bounds_of(model).loc["still"], 7)
    assert_array_equal(model.predict_quantiles([0.3, 0.7]).loc["still"], 7)
    assert_array_equal(bounds_of(forecaster().fit(constant)), 7)


# As time goes on.


def test_update_moves_errors_along():
    y = series(100)
    model = forecaster(normalize=None).fit(y[:80])
    old, core = model._core.errors_.errors, model._core
    newer = y[80:] + 50
    model.update(newer)
    quantiles = core.quantile_member_.model_.regressor_
    values = np.concatenate([y[:80], newer])
    # The last origin before the new values knew 80; each step's error came with its own truth.
    added = [
        values[origin + step]
        - quantiles.predict(values[np.newaxis, origin - W : origin, None])[0, step]
        for step in (H - 1,)
        for origin in range(80 - step, 100 - step)
    ]
    found = model._core.errors_.errors
    assert found.shape == old.shape
    n = min(len(old), len(added))
    assert_allclose(found[-n:, H - 1, 0], np.array(added)[-n:], atol=1e-9)
    before = forecaster(normalize=None).fit(y[:80])._core.errors_.errors
    assert_array_equal(core.errors_.errors, before)


def test_a_frozen_backtest_forecasts_as_with_updates():
    y = series(100)
    model = forecaster().fit(y[:80])
    result = backtest(FrozenEstimator(model), y, n_windows=4, stride=3, adaptive=False,
                      coverage=0.8, quantiles=[0.3, 0.6])  # fmt: skip
    for origin, rows in result.predictions.groupby("origin"):
        updated = clone(model).fit(y[:80])
        updated._panel = updated.update(y[80:][y[80:].index <= origin])._panel
        updated._core = model._core  # with the errors of fit
        assert_allclose(rows[["lower", "upper"]], bounds_of(updated))
        assert_allclose(rows[[0.3, 0.6]], updated.predict_quantiles([0.3, 0.6]))


def test_a_backtest_that_refits_keeps_the_method():
    y = series(90)
    result = backtest(forecaster(), y, n_windows=2, stride=H, refit=True, coverage=0.8)
    for origin, rows in result.predictions.groupby("origin"):
        expected = bounds_of(forecaster().fit(y[y.index <= origin]))
        assert_allclose(rows[["lower", "upper"]], expected)


def test_intervals_of_a_backtest_widen_after_a_break():
    y = series(160)
    y[120:] += np.random.default_rng(5).standard_normal(40) * 20
    model = forecaster().fit(y[:110])
    frozen, moving = (
        backtest(FrozenEstimator(model), y, n_windows=45, stride=1, coverage=0.8, adaptive=how)
        for how in (False, True)
    )
    scores = [result.scores().loc["forecast"] for result in (frozen, moving)]
    assert scores[1]["coverage"] > scores[0]["coverage"] + 0.1
    assert scores[1]["width"] > 1.5 * scores[0]["width"]


def test_with_nothing_set_short_series_are_held_back_in_parts():
    y = series(60)
    model = LSTMForecaster(horizon=H, interval_method="cqr", random_state=0).fit(y)
    conformal = LSTMForecaster(horizon=H, random_state=0).fit(y)
    assert len(model._core.errors_.errors) == len(conformal._core.errors_.errors)
    assert (bounds_of(model)["lower"] < bounds_of(model)["upper"]).all()
    networks = [
        of.quantile_member_.settings.regressor.ensemble_size
        for of in (model._core, forecaster(tiny(ensemble_size=2)).fit(y)._core)
    ]
    assert networks == [3, 2]  # what is given stays
