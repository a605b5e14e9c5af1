"""Intervals between quantiles that an LSTM is trained for, beside loops and split conformal ones."""

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
from sklearn_lstm.forecasting.conformal import NoIntervalError
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
    levels = np.arange(0.05, 0.96, 0.01).round(2).tolist()
    found = forecaster().fit(series(200)).predict_quantiles(levels)
    assert (np.diff(found, axis=1) >= 0).all()


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
