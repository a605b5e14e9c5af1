"""The measures are those of scikit-learn, and of the formulas worked out by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_pinball_loss

from sklearn_lstm import BacktestResult, LSTMForecaster, backtest


@pytest.fixture
def result():
    """Two origins, two steps; the naive error, the unit, is 2."""
    days = pd.date_range("2024-01-01", periods=4)
    predictions = pd.DataFrame(
        {
            "series": "a",
            "origin": days[[0, 0, 2, 2]],
            "step": [1, 2, 1, 2],
            "timestamp": days,
            "y": [10.0, 20.0, -30.0, 40.0],
            "y_pred": [11.0, 20.0, -30.0, 30.0],
            "lower": [8.0, 21.0, -35.0, 25.0],
            "upper": [12.0, 25.0, -25.0, 35.0],
            "persistence": 0.0,
            "seasonal naive": 0.0,
        }
    )
    return BacktestResult(predictions, 2, 2, 2, 1, {"a": 2.0}, coverage=0.8)


def test_bounds_are_scored_by_hand(result):
    forecast = result.scores().loc["forecast"]
    # Outside by 1 at the second value, by 5 at the last one; 2 / (1 - 0.8) = 10.
    assert forecast["MSIS"] == pytest.approx(np.mean([4, 4 + 10, 10, 10 + 50]) / 2)
    assert forecast["coverage"] == 0.5
    assert forecast["width"] == 7
    of_lower = [0.1 * 2, 0.9 * 1, 0.1 * 5, 0.1 * 15]
    of_upper = [0.1 * 2, 0.1 * 5, 0.1 * 5, 0.9 * 5]
    assert forecast["pinball"] == pytest.approx(np.mean(of_lower + of_upper))
    wql = [2 * sum(of_lower) / 100, 2 * sum(of_upper) / 100]
    assert forecast["WQL"] == pytest.approx(np.mean(wql))
    naive = result.scores().drop("forecast")
    assert naive[["pinball", "WQL", "coverage", "width", "MSIS"]].isna().all(axis=None)


def test_intervals_are_scored_by_step(result):
    by_step = result.scores("step").xs("forecast", level="forecast")
    assert by_step["coverage"].tolist() == [1, 0]
    assert by_step["width"].tolist() == [7, 7]
    assert by_step["MSIS"].tolist() == pytest.approx([3.5, (14 + 60) / 2 / 2])
    assert by_step["pinball"].tolist() == pytest.approx([0.35, (0.9 + 1.5 + 0.5 + 4.5) / 4])
    assert by_step["WQL"].tolist() == pytest.approx([2 * 0.35 / 20, 2 * 1.85 / 30])
    assert by_step["n"].tolist() == [2, 2]


def test_levels_asked_for_are_scored_in_place_of_the_bounds():
    rng = np.random.default_rng(0)
    y = pd.Series(rng.gamma(2, size=200), pd.date_range("2024-01-01", periods=200))
    forecaster = LSTMForecaster(Ridge(), window_length=5, horizon=2)
    levels = [round(0.1 * k, 1) for k in range(1, 10)]
    result = backtest(
        forecaster, y, n_windows=20, refit=False, coverage=0.9, quantiles=levels, season_length=1
    )
    rows = result.predictions
    forecast = result.scores().loc["forecast"]
    losses = [mean_pinball_loss(rows["y"], rows[level], alpha=level) for level in levels]
    assert forecast["pinball"] == pytest.approx(np.mean(losses))
    assert forecast["WQL"] == pytest.approx(np.mean(losses) * 2 / rows["y"].abs().mean())
    inside = rows["y"].between(rows["lower"], rows["upper"])
    assert forecast["coverage"] == pytest.approx(inside.mean())
    by_step = result.scores("step").xs("forecast", level="forecast")["pinball"]
    second = rows[rows["step"] == 2]
    losses = [mean_pinball_loss(second["y"], second[level], alpha=level) for level in levels]
    assert by_step[2] == pytest.approx(np.mean(losses))
    of_bounds = backtest(forecaster, y, n_windows=20, refit=False, coverage=0.9, season_length=1)
    losses = [
        mean_pinball_loss(rows["y"], rows["lower"], alpha=0.05),
        mean_pinball_loss(rows["y"], rows["upper"], alpha=0.95),
    ]
    assert of_bounds.scores().loc["forecast", "pinball"] == pytest.approx(np.mean(losses))
    assert "MSIS" not in backtest(forecaster, y, quantiles=levels, refit=False).scores()


def test_rows_without_bounds_count_for_the_forecast_alone(result):
    result.predictions.loc[3, ["lower", "upper"]] = np.nan
    forecast = result.scores().loc["forecast"]
    assert forecast["n"] == 4
    assert forecast["MAE"] == 11 / 4
    assert forecast["coverage"] == 2 / 3
    assert forecast["MSIS"] == pytest.approx(np.mean([4, 14, 10]) / 2)
    assert forecast["WQL"] == pytest.approx(2 * (0.2 + 0.9 + 0.5 + 0.2 + 0.5 + 0.5) / 2 / 60)
    result.predictions[["lower", "upper"]] = np.nan
    assert result.scores().loc["forecast", ["coverage", "WQL", "MSIS"]].isna().all()


def test_what_has_no_size_has_no_relative_loss(result):
    result.predictions["y"] = 0.0
    result.naive_errors["a"] = 0.0
    forecast = result.scores().loc["forecast"]
    assert np.isnan(forecast["WQL"])
    assert np.isnan(forecast["MSIS"])
    assert forecast["pinball"] > 0


@pytest.mark.parametrize("exponent", [-1000, 900])
def test_squares_of_any_size_are_numbers(result, exponent, recwarn):
    values = ["y", "y_pred", "lower", "upper", "persistence"]
    rows = result.predictions.assign(persistence=1.0)
    usual = replace(result, predictions=rows).scores().loc["forecast"]
    rows = rows.assign(**np.ldexp(rows[values], exponent))
    units = {"a": np.ldexp(2.0, exponent)}
    extreme = replace(result, predictions=rows, naive_errors=units).scores().loc["forecast"]
    in_units = ["RMSE", "MAE", "pinball", "width"]
    np.testing.assert_allclose(np.ldexp(extreme[in_units], -exponent), usual[in_units], rtol=1e-12)
    free = ["sMAPE", "MASE", "R2", "skill", "WQL", "coverage", "MSIS"]
    np.testing.assert_allclose(extreme[free], usual[free], rtol=1e-12)
    assert not recwarn.list
