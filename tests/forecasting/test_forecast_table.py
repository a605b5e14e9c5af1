"""Forecasts made elsewhere are put beside truth and baselines."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, backtest

FORECASTS = ["series", "origin", "timestamp", "y_pred", "lower", "upper", 0.5]

pytestmark = pytest.mark.filterwarnings("ignore:The forecast is no better")


@pytest.fixture
def days():
    t = np.arange(80)
    values = 20 + 5 * np.sin(2 * np.pi * t / 7) + np.random.default_rng(0).standard_normal(80)
    return pd.Series(values, index=pd.date_range("2024-01-01", periods=80), name="load")


@pytest.fixture
def panel(days):
    parts = {"a": days, "late": days[40:] * 3, "ended": days[:75] - 7}
    return pd.concat(parts, names=["shop", "day"]).rename("load")


def judged(y, **options):
    forecaster = LSTMForecaster(Ridge(), window_length=7, horizon=3)
    options = {"n_windows": 4, "refit": False, "coverage": 0.8, "quantiles": [0.5]} | options
    return backtest(forecaster, y, **options)


def shuffled(rows):
    return rows.sample(frac=1, random_state=0)


@pytest.mark.parametrize("stride", [2, 3, 5])
@pytest.mark.parametrize("kind", ["series", "panel", "columns", "array", "periods", "numbers"])
def test_a_table_is_judged_as_the_forecaster_that_made_it(days, panel, kind, stride):
    y = {
        "series": days,
        "panel": panel,
        "columns": pd.DataFrame({"a": days, "b": -2 * days}),
        "array": days.to_numpy(),
        "periods": days.set_axis(days.index.to_period()),
        "numbers": days.set_axis(np.arange(80) * 0.5),
    }[kind]
    expected = judged(y, stride=stride)
    table = shuffled(expected.predictions[FORECASTS])
    found = backtest(table, y, coverage=0.8, quantiles=[0.5])
    pd.testing.assert_frame_equal(found.predictions, expected.predictions)
    pd.testing.assert_frame_equal(found.scores(), expected.scores())
    for name in ("horizon", "stride", "n_windows", "season_length", "naive_errors", "coverage"):
        assert getattr(found, name) == getattr(expected, name)


def test_time_may_be_the_index_and_one_series_needs_no_name(days, panel):
    rows = judged(days).predictions
    alone = rows[["origin", "timestamp", "y_pred"]].set_index("timestamp")
    found = backtest(alone, days).predictions
    pd.testing.assert_series_equal(found["y_pred"], rows["y_pred"])
    assert "lower" not in found
    named = rows[["origin", "timestamp", "y_pred"]].assign(series="another name")
    pd.testing.assert_frame_equal(backtest(named, days).predictions, found)
    rows = judged(panel).predictions
    indexed = rows.set_index(["series", "timestamp"])[["origin", "y_pred"]]
    found = backtest(indexed, panel).predictions
    pd.testing.assert_frame_equal(found, rows[found.columns], check_column_type=False)


def test_a_table_of_nixtla_is_read_as_it_is(panel):
    expected = judged(panel, quantiles=[0.1, 0.5, 0.9], coverage=0.8)
    rows = expected.predictions
    names = {"series": "unique_id", "timestamp": "ds", "origin": "cutoff", "y": "y"}
    table = rows.rename(columns=names)[list(names.values())]
    table = table.assign(
        **{"AutoETS": rows["y_pred"], "AutoETS-lo-80": rows["lower"],
           "AutoETS-hi-80.0": rows["upper"], "AutoETS-lo-50": 0.0}
    )  # fmt: skip
    for given in (table, table.set_index("unique_id")):
        found = backtest(given, panel, coverage=0.8, quantiles=[0.1, 0.5, 0.9])
        same = rows.columns.difference([0.1, 0.5, 0.9], sort=False)
        pd.testing.assert_frame_equal(found.predictions[same], rows[same])
        np.testing.assert_array_equal(found.predictions[0.1], rows["lower"])
        np.testing.assert_array_equal(found.predictions[0.5], rows["y_pred"])
    with pytest.raises(ValueError, match=r"2 models, \['AutoETS', 'MSTL'\]: keep the columns of"):
        backtest(table.assign(MSTL=1.0), panel)
    with pytest.raises(ValueError, match=r"none for 'lower', which coverage=0.9"):
        backtest(table, panel, coverage=0.9)


def test_steps_that_a_table_leaves_out_are_not_scored(days):
    rows = judged(days, horizon=3, stride=1).predictions
    third = rows[rows["step"] == 3]
    for kept in (third, rows[rows["origin"] > rows["origin"].iloc[3]], rows[::2]):
        found = backtest(kept[["origin", "timestamp", "y_pred"]], days, season_length=7)
        same = ["origin", "step", "timestamp", "y", "y_pred", "persistence", "seasonal naive"]
        expected = kept[same].reset_index(drop=True)
        pd.testing.assert_frame_equal(found.predictions[same], expected, check_column_type=False)
        error = (kept["y"] - kept["y_pred"]).abs()
        assert found.scores().loc["forecast", "MAE"] == pytest.approx(error.mean())
        known = days[: kept["origin"].min()]
        assert found.naive_errors["load"] == pytest.approx(known.diff(7).abs().mean())


def test_a_missing_forecast_is_not_scored(days):
    table = judged(days).predictions[["origin", "timestamp", "y_pred"]]
    table.loc[4, "y_pred"] = np.nan
    assert backtest(table, days).scores()["n"].tolist() == [11, 11, 11]


def test_scales_come_from_before_the_first_origin_in_time(days):
    hours = pd.date_range("2024-01-01 00:30", periods=80, freq="D")
    y = pd.concat({"a": days, "b": days.set_axis(hours) ** 2}, names=["shop", "time"])
    table = pd.DataFrame({"series": ["b", "a"], "origin": [hours[59], days.index[69]],
                          "timestamp": [hours[60], days.index[70]], "y_pred": 1.0})  # fmt: skip
    result = backtest(table, y, season_length=1)
    assert result.naive_errors["a"] == pytest.approx(days[:70].diff().abs().mean())
    result = backtest(table, y, season_length=1, align="date")
    assert result.naive_errors["a"] == pytest.approx(days[:60].diff().abs().mean())
    assert result.naive_errors["b"] == pytest.approx((days[:60] ** 2).diff().abs().mean())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.assign(series=t["series"].replace("late", "Late")), "the series 'Late', which "
         "y does not hold (3 series: 'a', 'late', 'ended'). Did you mean 'late'?"),
        (lambda t: t.assign(series=[None, *t["series"][1:]]), "Row 0 of the forecasts names no"),
        (lambda t: t.drop(columns="series"), "no column 'series', but y holds 3: 'a', 'late',"),
        (lambda t: t.assign(timestamp=t["timestamp"] + pd.Timedelta("3D")), "has the timestamp "
         "2024-03-21 00:00:00, which series 'a' does not have: it is known from 2024-01-01"),
        (lambda t: t.assign(origin=t["origin"] - pd.Timedelta("1h")), "origin 2024-03-07 23:00"),
        (lambda t: t.assign(origin=t["timestamp"]), "is not before it"),
        (lambda t: pd.concat([t, t[5:6]]), "repeats the timestamp 2024-03-14 00:00:00 of "
         "series 'a' for the origin 2024-03-11"),
        (lambda t: t.assign(timestamp=t["timestamp"].astype(str)), "timestamp of the forecasts is "
         "neither time nor number ('2024-03-09', ...). Convert it: pd.to_datetime(table["),
        (lambda t: t.assign(timestamp=range(len(t))), "has the timestamp 0, which series 'a'"),
        (lambda t: t.rename(columns={"y_pred": "y_perd"}), "no 'y_pred'"),
        (lambda t: t.assign(y_pred=np.inf), "holds infinity"),
        (lambda t: t.assign(y_pred="one"), "could not convert"),
        (lambda t: t[:0], "is empty"),
    ],
)  # fmt: skip
def test_what_a_table_has_wrong_is_named(panel, change, message):
    table = judged(panel, n_windows=4).predictions[["series", "origin", "timestamp", "y_pred"]]
    with pytest.raises(ValueError, match=re.escape(message)):
        backtest(change(table), panel)


def test_a_table_has_its_own_origins(days):
    table = judged(days).predictions[["origin", "timestamp", "y_pred"]]
    for name in ("horizon", "n_windows", "stride"):
        with pytest.raises(ValueError, match=f"{name}=3 goes not with a table"):
            backtest(table, days, **{name: 3})
