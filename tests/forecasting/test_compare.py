"""Several forecasters are judged on the same origins and scored on the same rows."""

import re
import sys
import types
from importlib.machinery import ModuleSpec

import numpy as np
import pandas as pd
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge, RidgeCV

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest, compare

DROP = dict.fromkeys(["LSTMForecaster", "gradient boosting"], "drop")

pytestmark = pytest.mark.filterwarnings("ignore:The forecast is no better")


@pytest.fixture(autouse=True)
def statsforecast(monkeypatch, request):
    """Whether the library is there does not depend on the machine: it is not."""
    monkeypatch.setitem(sys.modules, "statsforecast", None)


@pytest.fixture
def days():
    t = np.arange(90)
    values = 20 + 5 * np.sin(2 * np.pi * t / 7) + np.random.default_rng(0).standard_normal(90)
    return pd.Series(values, pd.date_range("2024-01-01", periods=90, name="day"), name="load")


def last(history, horizon):
    return np.full(horizon, history.iloc[-1])


def test_each_scores_as_in_a_backtest_of_its_own(days):
    ridge = LSTMForecaster(Ridge(), window_length=10, horizon=3)
    frozen = FrozenEstimator(LSTMForecaster(Ridge(), window_length=5, horizon=3).fit(days[:60]))
    others = {"last": last, "mine": ridge, "frozen": frozen, **DROP}
    result = compare(days, horizon=3, n_windows=4, stride=2, forecasters=others, coverage=0.8)
    scores = result.scores()
    assert set(scores.index) == {
        "persistence", "seasonal naive", "ridge", "mine", "frozen", "last"
    }  # fmt: skip
    options = {"n_windows": 4, "stride": 2, "season_length": 7, "coverage": 0.8}
    built_in = LSTMForecaster(
        RidgeCV(np.logspace(-3, 3, 13)), horizon=3, missing="interpolate", random_state=0
    )
    for name, forecaster in {"mine": ridge, "frozen": frozen, "ridge": built_in}.items():
        alone = backtest(forecaster, days, refit=False, **options).scores()
        columns = ["MASE", "RMSE", "MAE", "skill", "WQL", "coverage", "MSIS", "n"]
        np.testing.assert_allclose(
            scores.loc[name, columns].astype(float), alone.loc["forecast", columns].astype(float)
        )
        for naive in ("persistence", "seasonal naive"):
            assert scores.loc[naive, "RMSE"] == pytest.approx(alone.loc[naive, "RMSE"])
    assert scores.loc["last", "MASE"] == pytest.approx(scores.loc["persistence", "MASE"])
    assert scores["MASE"].is_monotonic_increasing
    assert (scores["seconds"] >= 0).all()
    by_step = result.scores("step")
    assert by_step.index.names == ["forecaster", "step"]
    alone = backtest(ridge, days, refit=False, **options).scores("step")
    assert by_step.loc[("mine", 2), "RMSE"] == pytest.approx(alone.loc[(2, "forecast"), "RMSE"])


def test_refit_and_quantiles_reach_those_that_are_fitted(days):
    mine = LSTMForecaster(Ridge(), window_length=10, horizon=2)
    options = {"n_windows": 3, "refit": True, "quantiles": [0.2, 0.7], "season_length": 7}
    result = compare(days, horizon=2, forecasters={"mine": mine, **DROP}, **options)
    alone = backtest(mine, days, coverage=0.9, **options)
    pd.testing.assert_frame_equal(result.results["mine"].predictions, alone.predictions)


def test_nothing_set_and_boosting_take_part(days):
    fast = LSTMForecaster(LSTMRegressor(2, epochs=1), window_length=7, horizon=1, random_state=0)
    result = compare(
        days[:60], horizon=1, n_windows=2, forecasters={"LSTMForecaster": fast}, coverage=None
    )
    assert {"LSTMForecaster", "gradient boosting"} < set(result.results)
    assert not result.errors
    alone = backtest(fast, days[:60], n_windows=2, refit=False, season_length=7)
    assert result.scores().loc["LSTMForecaster", "RMSE"] == pytest.approx(
        alone.scores().loc["forecast", "RMSE"]
    )


def test_what_fails_is_shown_and_stops_nobody(days):
    def failing(history, horizon):
        raise ZeroDivisionError("no luck")

    wrong = pd.DataFrame({"origin": days.index[[30]], "timestamp": days.index[[31]], "y_pred": 1.0})
    others = {"failing": failing, "number": 7, "elsewhere": wrong, **DROP}
    result = compare(days, horizon=2, n_windows=3, forecasters=others)
    scores = result.scores()
    assert list(scores.index[-3:]) == ["failing", "number", "elsewhere"]
    assert scores.loc[["failing", "number", "elsewhere"], "RMSE"].isna().all()
    assert scores["n"].tolist() == [6, 6, 6, 0, 0, 0]
    assert isinstance(result.errors["failing"], ZeroDivisionError)
    printed = repr(result)
    assert "failing failed: ZeroDivisionError: no luck The forecaster was called with" in printed
    assert "number failed: TypeError: forecaster is a int" in printed
    assert "elsewhere failed: ValueError: It has no forecast for the origins" in printed
    result.plot()


def test_all_are_scored_on_the_rows_that_all_have(days):
    panel = pd.concat({("a", 1): days, ("b", 2): days[70:] * 2}, names=["k", "n", "day"])
    table = backtest(
        lambda history, horizon: np.full((len(history.groupby(level=[0, 1])), horizon), 20.0),
        panel, horizon=2, n_windows=4,
    ).predictions  # fmt: skip
    given = table[["series", "origin", "timestamp", "y_pred"]].drop(index=[2, 5])
    given.loc[0, "y_pred"] = np.nan
    result = compare(panel, horizon=2, n_windows=4, forecasters={"table": given, **DROP})
    scores = result.scores()
    ridge = result.results["ridge"].predictions
    key = ["series", "origin", "step"]
    is_given = table.drop(index=[0, 2, 5])
    expected = {tuple(row) for row in is_given[key].itertuples(index=False)}
    # The ridge is fitted once, at the first origin.
    alone = backtest(
        LSTMForecaster(RidgeCV(np.logspace(-3, 3, 13)), horizon=2), panel, n_windows=4, refit=False
    ).predictions
    expected &= {tuple(row) for row in alone[key].itertuples(index=False)}
    for of_one in result.results.values():
        found = [tuple(row) for row in of_one.predictions[key].itertuples(index=False)]
        assert sorted(found) == sorted(expected)
    assert (scores["n"] == len(expected)).all()
    error = (ridge["y"] - ridge["y_pred"]).abs()
    assert scores.loc["ridge", "MAE"] == pytest.approx(error.mean())
    assert f"Scored are the {len(expected)} of {len(table)} values" in repr(result)


def test_who_has_no_intervals_is_judged_without(days):
    short = LSTMForecaster(Ridge(), window_length=5, horizon=1)
    others = {"last": last, "short": short, **DROP}
    result = compare(days[:60], horizon=3, n_windows=2, forecasters=others)
    assert np.isnan(result.scores().loc["short", "coverage"])
    assert any("short without intervals: Intervals reach 1" in note for note in result.notes)
    assert np.isnan(result.scores().loc["last", "coverage"])
    assert any(note.startswith("last without intervals: ") for note in result.notes)
    printed = repr(result)
    assert "last without intervals: The forecaster returned no 'lower', 'upper'" in printed
    assert not result.errors


def test_missing_values_and_covariates_not_known_ahead(days):
    X = pd.DataFrame({"known": np.arange(90) % 7, "past": days.shift(1, fill_value=20)}, days.index)
    days.iloc[[40, 86]] = np.nan
    result = compare(
        days, X, horizon=2, n_windows=3, past_covariates=["past"], coverage=None, season_length=7,
        forecasters={"last": lambda history, horizon, X: X["known"][-horizon:], **DROP},
    )  # fmt: skip
    assert not result.errors
    assert result.scores()["n"].unique().tolist() == [5]
    expected = LSTMForecaster(
        RidgeCV(np.logspace(-3, 3, 13)), horizon=2, missing="interpolate", past_covariates=["past"]
    ).fit(days[:84], X[:84])
    np.testing.assert_allclose(
        result.results["ridge"].predictions["y_pred"][:2], expected.predict(X=X[84:86])
    )


def test_without_a_season_nothing_repeats_it():
    walk = np.random.default_rng(0).standard_normal(80).cumsum()
    result = compare(walk, horizon=1, n_windows=3, forecasters=DROP, season_length=1)
    assert set(result.scores().index) == {"persistence", "ridge"}
    assert "no season" in repr(result)


def test_a_constant_series_is_sorted_by_rmse():
    def off(history, horizon):
        return history[-1:].repeat(horizon) + 1

    result = compare(
        np.full(60, 3.0), horizon=2, n_windows=2, coverage=None, forecasters={"off": off, **DROP}
    )
    assert result.scores()["MASE"].isna().all()
    assert result.scores().index[-1] == "off"
    with pytest.raises(ValueError, match="measure='MASE' is not known of any"):
        result.plot()
    result.plot(measure="RMSE")


def test_wrong_arguments_are_refused(days):
    with pytest.raises(ValueError, match=r"leaves out 'rigde'.*Did you mean 'ridge'"):
        compare(days, horizon=1, forecasters={"rigde": "drop"})
    with pytest.raises(ValueError, match="horizon=0"):
        compare(days, horizon=0)
    with pytest.raises(ValueError, match="coverage=90"):
        compare(days, horizon=1, coverage=90)
    with pytest.raises(ValueError, match="too little of 5 rows"):
        compare(days[:5], horizon=1, n_windows=10)
    everything = ["persistence", "seasonal naive", "ridge"]
    with pytest.raises(ValueError, match=r"No forecaster is left to compare. All are dropped"):
        compare(days, horizon=1, forecasters=DROP | dict.fromkeys(everything, "drop"))
    with pytest.raises(ValueError, match=re.escape("is left to compare. bad: ")):
        compare(
            days, horizon=1,
            forecasters=DROP | dict.fromkeys(everything, "drop") | {"bad": Ridge()},
        )  # fmt: skip


class MeanOfSeason:
    """Forecasts its season's length over the mean of what it was fitted on and the last value."""

    calls: list = []

    def __init__(self, season_length):
        self.season_length = season_length

    def fit(self, y):
        assert np.isfinite(y).all()
        self.calls.append(("fit", len(y)))
        self.mean, self.last = y.mean(), y[-1]
        return self

    def predict(self, h, level=None):
        value = self.mean + self.last / self.season_length + np.arange(h)
        bounds = {f"lo-{p}": value - p for p in level or []}
        return {"mean": value} | bounds | {f"hi-{p}": value + p for p in level or []}

    def forward(self, y, h, level=None):
        self.calls.append(("forward", len(y)))
        self.last = y[-1]
        return self.predict(h, level)


@pytest.fixture
def with_statsforecast(monkeypatch, statsforecast):
    MeanOfSeason.calls = []
    package, models = types.ModuleType("statsforecast"), types.ModuleType("statsforecast.models")
    package.__spec__ = ModuleSpec("statsforecast", None)
    package.models = models
    models.AutoETS = models.AutoTheta = models.MSTL = MeanOfSeason
    monkeypatch.setitem(sys.modules, "statsforecast", package)
    monkeypatch.setitem(sys.modules, "statsforecast.models", models)


def test_without_statsforecast_its_models_are_left_out(days):
    result = compare(days, horizon=1, n_windows=2, forecasters={**DROP, "MSTL": last})
    assert "Without AutoETS, AutoTheta: statsforecast is not installed." in repr(result)
    assert "AutoETS" not in result.scores().index
    assert "MSTL" in result.scores().index
    drop = DROP | dict.fromkeys(["AutoETS", "AutoTheta", "MSTL"], "drop")
    without = compare(days, horizon=1, forecasters=drop)
    assert not without.notes


def test_models_of_statsforecast_are_fitted_once_and_go_on(days, with_statsforecast):
    days.iloc[20] = np.nan
    drop = {**DROP, "AutoTheta": "drop", "MSTL": "drop"}
    options = {"horizon": 2, "n_windows": 3, "season_length": 7, "forecasters": drop}
    result = compare(days, quantiles=[0.1, 0.5, 0.95], coverage=0.8, **options)
    assert MeanOfSeason.calls == [("fit", 84), ("forward", 86), ("forward", 88)]
    rows = result.results["AutoETS"].predictions
    known = days.interpolate()
    for origin, n_known in enumerate([84, 86, 88]):
        expected = known[:84].mean() + known.iloc[n_known - 1] / 7 + np.arange(2)
        of_origin = rows[2 * origin : 2 * origin + 2]
        np.testing.assert_allclose(of_origin["y_pred"], expected)
        np.testing.assert_allclose(of_origin["lower"], expected - 80)
        np.testing.assert_allclose(of_origin[0.1], expected - 80)
        np.testing.assert_allclose(of_origin[0.5], expected)
        np.testing.assert_allclose(of_origin[0.95], expected + 90)
    MeanOfSeason.calls = []
    compare(days, refit=True, **options)
    assert MeanOfSeason.calls == [("fit", 84), ("fit", 86), ("fit", 88)]


def test_models_of_statsforecast_take_each_series_by_itself(days, with_statsforecast):
    frame = pd.DataFrame({"a": days, "b": days * 3 + 1})
    panel = pd.concat({"x": frame[40:], "y": frame}, names=["k", "day"])
    result = compare(panel, horizon=2, n_windows=2, season_length=7, forecasters=DROP)
    rows = result.results["MSTL"].predictions
    assert len(rows) == 16
    for (key, column), of_series in rows.groupby("series"):
        values = panel.loc[key, column]
        origins = [values[of_series["origin"].iloc[i]] for i in (0, 2)]
        fitted = values[: of_series["origin"].iloc[0]].mean()
        expected = np.add.outer(fitted + np.array(origins) / 7, np.arange(2)).ravel()
        np.testing.assert_allclose(of_series["y_pred"], expected)


def test_an_error_of_a_statsforecast_model_names_the_series(days, with_statsforecast, monkeypatch):
    def refuse(self, y):
        raise RuntimeError("tiny")

    monkeypatch.setattr(MeanOfSeason, "fit", refuse)
    result = compare(pd.concat({"x": days}, names=["k", "day"]), horizon=1, forecasters=DROP)
    assert "AutoETS failed: RuntimeError: tiny series 'x'." in repr(result)


def test_models_of_statsforecast_see_nothing_later(days, with_statsforecast):
    noise = days.copy()
    noise[86:] = 1e5
    options = {"horizon": 2, "n_windows": 3, "season_length": 7, "forecasters": DROP}
    first, second = (
        compare(y, **options).results["AutoETS"].predictions["y_pred"] for y in (days, noise)
    )
    pd.testing.assert_series_equal(first[:4], second[:4])
