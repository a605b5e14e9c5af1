"""What holds of forecasts whatever the series and the settings."""

import pickle
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression, Ridge

from sklearn_lstm import (
    LSTMForecaster,
    LSTMRegressor,
    backtest,
    load_forecaster,
    load_model,
    save_forecaster,
    save_model,
)

pytestmark = pytest.mark.filterwarnings("ignore:The forecast is no better")

FEW = settings.default.max_examples // 3  # of what fits many times
START = pd.Timestamp("2023-01-31")
FREQUENCIES = ["h", "D", "B", "W-WED", "MS", "ME", "QS", "YS", "15min"]


def values_of(seed, n_rows, level=10.0, size=1.0):
    """A wave and noise, so that no two windows are alike."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_rows)
    wave = np.sin(t / rng.uniform(0.5, 4)) + 0.3 * rng.standard_normal(n_rows)
    return size * (level + wave + rng.uniform(-0.05, 0.05) * t)


@dataclass
class Task:
    """A series, and a forecaster of it."""

    y: pd.Series
    settings: dict

    def forecaster(self, regressor=None, **others):
        return LSTMForecaster(regressor or Ridge(0.1), **{**self.settings, **others})

    def fitted(self, **others):
        return self.forecaster(**others).fit(self.y)


@st.composite
def tasks(draw, normalize=("last", "window", "standard", "minmax"), **others):
    y = values_of(
        seed=draw(st.integers(0, 2**16)),
        n_rows=draw(st.integers(40, 80)),
        level=draw(st.sampled_from([-5.0, 0.0, 10.0])),
        size=draw(st.sampled_from([1e-3, 1.0, 1e4])),
    )
    index = pd.date_range(START, periods=len(y), freq=draw(st.sampled_from(FREQUENCIES)))
    settings = {
        "window_length": draw(st.integers(1, 8)),
        "horizon": draw(st.integers(1, 4)),
        "strategy": draw(st.sampled_from(["direct", "recursive"])),
        "normalize": draw(st.sampled_from(normalize)),
        "log": False,
        "non_negative": False,
        "calibration_fraction": 0.4,
        **others,
    }
    return Task(pd.Series(y, index), settings)


@st.composite
def panels(draw, max_series=4, **others):
    """A task whose series end on different days."""
    task = draw(tasks(**others))
    n_series = draw(st.integers(2, max_series))
    task.y = pd.concat(
        {
            name: (
                10.0**number * task.y.sample(frac=1, random_state=number).set_axis(task.y.index)
            )[: len(task.y) - number]
            for number, name in enumerate("cadb"[:n_series])
        }
    )
    return task


def assert_near(found, expected, y, tolerance=1e-7):
    """Compare up to rounding at the size of the series."""
    assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(y).max())


def bounds_and_quantiles(forecaster):
    return [
        forecaster.predict_interval(coverage=0.7),
        forecaster.predict_quantiles([0.2, 0.5, 0.7]),
    ]


def forecast_by_loops(task, known):
    """Return what a regression without penalty, for which units make no difference, makes of it.

    It learns from the task's series, and goes on from the values known.
    """
    y, w = task.y.to_numpy(), task.settings["window_length"]
    ahead = task.settings["horizon"] if task.settings["strategy"] == "direct" else 1

    def level(window):
        return window[-1] if task.settings["normalize"] == "last" else 0.0

    windows = [y[end - w : end] for end in range(w, len(y) - ahead + 1)]
    following = [y[end : end + ahead] for end in range(w, len(y) - ahead + 1)]
    pairs = [(a - level(a), b - level(a)) for a, b in zip(windows, following, strict=True)]
    learned = LinearRegression().fit(*map(np.array, zip(*pairs, strict=True)))
    values = list(known)
    while len(values) < len(known) + task.settings["horizon"]:
        window = np.array(values[-w:])
        values.extend(learned.predict([window - level(window)])[0] + level(window))
    return values[len(known) :]


@given(task=tasks(normalize=[None, "last"]))
def test_a_forecast_is_what_loops_and_the_regressor_alone_make_of_the_windows(task):
    forecast = task.forecaster(LinearRegression()).fit(task.y).predict()
    assert_near(forecast, forecast_by_loops(task, task.y), task.y, 1e-6)
    n_steps = len(task.y) + len(forecast)
    index = pd.date_range(START, periods=n_steps, freq=task.y.index.freq)
    assert forecast.index.equals(index[len(task.y) :])


@given(task=tasks(), kind=st.sampled_from(["array", "list", "column", "rows", "periods", "zone"]))
def test_the_form_of_a_series_changes_no_value(task, kind):
    y = task.y
    days = pd.date_range("2024-03-25", periods=len(y), tz="Europe/Paris")
    y = {
        "array": y.to_numpy(),
        "list": y.tolist(),
        "column": y.to_frame("sales"),
        "rows": y.reset_index(drop=True),
        "periods": y.set_axis(pd.period_range("2020-01", periods=len(y), freq="M")),
        "zone": y.set_axis(days),
    }[kind]
    forecast = task.forecaster().fit(y).predict()
    assert_near(np.ravel(forecast), task.fitted().predict(), task.y)


@given(task=tasks(), unit=st.sampled_from([10, -1, 1 / 3, 1e-6]), level=st.sampled_from([0, 7]))
def test_another_unit_is_another_unit_of_the_forecast(task, unit, level):
    y = unit * (task.y + level * task.y.std())
    other = task.forecaster().fit(y)
    known = task.fitted()
    expected = unit * (known.predict() + level * task.y.std())
    assert_near(other.predict(), expected, y, 1e-6)
    lower, upper = other.predict_interval(coverage=0.6).to_numpy().T
    bounds = unit * (known.predict_interval(coverage=0.6).to_numpy() + level * task.y.std())
    assert_near(np.c_[lower, upper], np.sort(bounds, axis=1), y, 1e-6)


@given(task=tasks(log=True), unit=st.sampled_from([10, 1 / 3, 1e-6]))
def test_another_unit_of_logarithms_is_another_unit_of_the_forecast(task, unit):
    task.y = np.exp(task.y / task.y.std() / 3)
    other = task.forecaster().fit(unit * task.y)
    assert_allclose(other.predict(), unit * task.fitted().predict(), rtol=1e-5)


@settings(max_examples=FEW)
@given(task=panels(), seed=st.integers(0, 99))
def test_the_order_of_the_series_in_a_panel_changes_no_forecast(task, seed):
    names = np.random.default_rng(seed).permutation(task.y.index.unique(0))
    moved = pd.concat([task.y.loc[[name]] for name in names])
    expected = task.fitted().predict()
    found = task.forecaster().fit(moved).predict().reindex(expected.index)
    for name in names:
        assert_near(found.loc[name], expected.loc[name], task.y.loc[name], 1e-6)


@settings(max_examples=FEW)
@given(task=panels())
def test_series_may_alternate_in_a_panel(task):
    order = np.argsort(task.y.index.get_level_values(1), kind="stable")
    expected = task.fitted().predict()
    found = task.forecaster().fit(task.y.iloc[order]).predict().reindex(expected.index)
    assert_near(found / expected, 1, 1, 1e-6)


@settings(max_examples=FEW)
@given(task=panels(max_series=3, columns="joint", normalize=["last", "standard"]))
def test_the_order_of_columns_changes_no_forecast(task):
    wide = task.y.unstack(level=0).dropna()
    expected = task.forecaster().fit(wide).predict()
    found = task.forecaster().fit(wide[wide.columns[::-1]]).predict()[wide.columns]
    for name in wide.columns:
        assert_near(found[name], expected[name], wide[name], 1e-6)


@settings(max_examples=FEW)
@given(task=panels(max_series=3, columns="separate", interval_method=None))
def test_separate_series_are_forecast_alike_alone_and_side_by_side(task):
    expected = task.fitted().predict()
    with joblib.parallel_config("threading"):
        assert_array_equal(task.fitted(n_jobs=2).predict(), expected)
    for name in task.y.index.unique(0):
        alone = task.forecaster(columns="joint").fit(task.y.loc[name]).predict()
        assert_near(expected.loc[name], alone, task.y.loc[name])


@given(task=panels(max_series=3, interval_method=None))
def test_a_series_that_was_not_fitted_is_forecast_alike_whatever_lies_beside_it(task):
    forecaster = task.fitted()
    expected = forecaster.predict(y=task.y)
    for name in task.y.index.unique(0):
        alone = forecaster.predict(y=task.y.loc[[name]])
        assert_near(alone, expected.loc[[name]], task.y.loc[name])


@given(task=tasks())
def test_a_series_that_was_fitted_is_forecast_alike_as_another_one(task):
    forecaster = task.fitted()
    assert_near(forecaster.predict(y=task.y), forecaster.predict(), task.y)


@given(task=tasks(), n_steps=st.integers(1, 9))
def test_a_longer_forecast_begins_as_a_shorter_one(task, n_steps):
    forecaster = task.fitted(interval_method=None)
    longest = forecaster.predict(9)
    pd.testing.assert_series_equal(forecaster.predict(n_steps), longest[:n_steps], rtol=1e-9)


@given(task=tasks(), shares=st.lists(st.floats(0.2, 0.7), min_size=2, max_size=5, unique=True))
def test_a_higher_coverage_is_a_wider_interval_about_the_forecast(task, shares):
    forecaster = task.fitted()
    forecast = forecaster.predict().to_numpy()
    rounding = 1e-9 * np.abs(task.y).max()
    bounds = [forecaster.predict_interval(coverage=share) for share in sorted(shares)]
    for narrow, wide in pairwise(bounds):
        assert (wide["lower"] <= narrow["lower"] + rounding).all()
        assert (wide["upper"] >= narrow["upper"] - rounding).all()
    assert (bounds[0]["lower"] <= forecast + rounding).all()
    assert (bounds[0]["upper"] >= forecast - rounding).all()


@given(task=tasks(), levels=st.lists(st.floats(0.15, 0.85), min_size=2, max_size=6, unique=True))
def test_quantiles_do_not_cross(task, levels):
    quantiles = task.fitted().predict_quantiles(sorted(levels)).to_numpy()
    assert (np.diff(quantiles, axis=1) >= -1e-9 * np.abs(task.y).max()).all()
    shuffled = task.fitted().predict_quantiles(levels)
    assert_array_equal(shuffled[sorted(levels)], quantiles)


@settings(max_examples=FEW)
@given(task=st.one_of(tasks(), panels()))
def test_a_model_that_was_written_and_read_forecasts_bit_by_bit_the_same(task):
    forecaster = task.fitted()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.skops"
        save_forecaster(forecaster, path, columns={"target": "sales"})
        read, columns = load_forecaster(path)
        save_model(read, path)
        twice = load_model(path)
    assert columns == {"target": "sales"}
    for again in (pickle.loads(pickle.dumps(forecaster)), read, twice):
        assert_array_equal(again.predict(), forecaster.predict())
        assert again.predict().index.equals(forecaster.predict().index)
        for one, other in zip(
            bounds_and_quantiles(again), bounds_and_quantiles(forecaster), strict=True
        ):
            pd.testing.assert_frame_equal(one, other, check_exact=True, check_freq=False)


@settings(max_examples=FEW)
@given(task=tasks(), n_new=st.integers(1, 6), refit=st.booleans())
def test_an_update_row_by_row_is_one_of_all_rows(task, n_new, refit):
    whole, task.y = task.y, task.y[:-n_new]
    together = task.fitted().update(whole[-n_new:], refit=refit)
    by_row = task.fitted()
    for row in range(len(whole) - n_new, len(whole)):
        by_row.update(whole[row : row + 1], refit=refit)
    assert_near(by_row.predict(), together.predict(), whole)
    assert together.predict().index.equals(task.forecaster().fit(whole).predict().index)
    for one, other in zip(
        bounds_and_quantiles(by_row), bounds_and_quantiles(together), strict=True
    ):
        assert_near(one, other, whole)


@given(task=tasks(normalize=[None, "last"]), n_new=st.integers(1, 6))
def test_an_update_learns_nothing_or_all(task, n_new):
    whole, task.y = task.y, task.y[:-n_new]
    updated, refitted = (
        task.forecaster(LinearRegression()).fit(task.y).update(whole[-n_new:], refit=refit)
        for refit in (False, True)
    )
    assert_near(updated.predict(), forecast_by_loops(task, whole), whole, 1e-6)
    expected = task.forecaster(LinearRegression()).fit(whole).predict()
    assert_near(refitted.predict(), expected, whole)


@settings(max_examples=FEW)
@given(task=tasks(), seed=st.integers(0, 99), holes=st.integers(1, 4))
def test_a_row_that_is_absent_is_one_without_a_value(task, seed, holes):
    task.settings["missing"] = "interpolate"
    rows = np.random.default_rng(seed).choice(np.arange(9, len(task.y) - 9), holes, replace=False)
    missing = task.y.copy()
    missing.iloc[rows] = np.nan
    expected = task.forecaster().fit(missing).predict()
    found = task.forecaster().fit(missing.dropna()).predict()
    pd.testing.assert_series_equal(found, expected, check_freq=False)
    assert np.isfinite(expected).all()


@given(task=tasks(), sign=st.booleans())
def test_whole_and_non_negative_forecasts_are_the_others_rounded_and_cut(task, sign):
    plain = task.fitted().predict()
    lowest = 0.0 if sign else -np.inf
    found = task.fitted(integer=True, non_negative=sign).predict()
    near = np.abs(plain % 1 - 0.5) < 1e-6  # where rounding may go either way
    assert_array_equal(found[~near], plain.clip(lower=lowest).round()[~near])


@settings(max_examples=FEW)
@given(task=tasks(interval_method=None), n_windows=st.integers(1, 3), stride=st.integers(1, 4))
def test_a_backtest_forecasts_what_a_forecaster_fitted_until_then_does(task, n_windows, stride):
    horizon = task.settings["horizon"]
    result = backtest(
        task.forecaster(), task.y, n_windows=n_windows, stride=stride, season_length=1
    )
    rows = result.predictions
    origins = [len(task.y) - horizon - stride * back for back in range(n_windows)][::-1]
    assert_array_equal(rows["origin"].unique(), task.y.index[[at - 1 for at in origins]])
    for at, (_, of_origin) in zip(origins, rows.groupby("origin"), strict=True):
        expected = task.forecaster().fit(task.y[:at]).predict()
        assert_near(of_origin["y_pred"], expected, task.y)
        assert_array_equal(of_origin["y"], task.y[at : at + horizon])
        assert_array_equal(of_origin["persistence"], [task.y.iloc[at - 1]] * horizon)
    error = rows["y_pred"] - rows["y"]
    assert_allclose(result.scores().loc["forecast", "RMSE"], np.sqrt((error**2).mean()))


@settings(max_examples=FEW)
@given(task=st.one_of(tasks(), panels(max_series=3)), refit=st.sampled_from([True, False, 2]))
def test_noise_after_an_origin_changes_nothing_that_was_forecast_from_it(task, refit):
    days = task.y.index.get_level_values(-1)
    options = {
        "n_windows": 3, "refit": refit, "coverage": 0.5, "season_length": 1, "align": "date"
    }  # fmt: skip
    found = backtest(task.forecaster(), task.y, **options).predictions
    origin = found["origin"].unique()[1]
    noisy = task.y.where(days <= origin, 1e3 * task.y.abs().max())
    other = backtest(task.forecaster(), noisy, **options).predictions
    columns = ["y_pred", "lower", "upper", "persistence", "seasonal naive"]
    is_known = found["origin"] <= origin
    pd.testing.assert_frame_equal(found.loc[is_known, columns], other.loc[is_known, columns])


@settings(max_examples=FEW // 3)
@given(
    task=tasks(normalize=["last", "window"], interval_method=None), unit=st.sampled_from([8, 0.25])
)
def test_an_lstm_forecasts_alike_in_another_unit_and_from_a_file(task, unit):
    lstm = LSTMRegressor(2, epochs=1, random_state=0)
    forecaster = task.forecaster(lstm).fit(task.y)
    with tempfile.TemporaryDirectory() as folder:
        save_model(forecaster, Path(folder) / "model.skops")
        read = load_model(Path(folder) / "model.skops")
    assert_array_equal(read.predict(), forecaster.predict())
    assert_array_equal(pickle.loads(pickle.dumps(forecaster)).predict(), forecaster.predict())
    other = task.forecaster(lstm).fit(unit * task.y)
    assert_near(other.predict(), unit * forecaster.predict(), unit * task.y, 1e-3)  # float32
