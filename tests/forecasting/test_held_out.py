"""How far off forecasts of rows held back have been: what a backtest of these rows says."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest, load_model, save_model
from sklearn_lstm.forecasting.calibration import HeldBack
from sklearn_lstm.forecasting.held_out import held_out_errors, told_of_held_out
from sklearn_lstm.forecasting.read_panel import read_panel


def weeks(n, seed=0):
    rng = np.random.default_rng(seed)
    values = 30 + 5 * np.sin(np.arange(n) * 2 * np.pi / 7) + rng.standard_normal(n)
    return pd.Series(values, pd.date_range("2024-01-01", periods=n), name="sold")


@pytest.mark.parametrize("params", [{}, {"log": True}, {"strategy": "recursive"}])
def test_they_are_those_of_a_backtest_on_the_same_rows(params):
    y = weeks(90)
    forecaster = LSTMForecaster(Ridge(), horizon=2, **params).fit(y)
    held_out = forecaster._core.held_out_
    result = backtest(
        forecaster.set_params(window_length=forecaster.window_length_),
        y, n_windows=held_out["n_forecasts"], stride=1, season_length=7, refit=False,
    )  # fmt: skip
    expected = result.scores()["MAE"]
    assert forecaster._core.season_length_ == 7
    assert set(held_out) == {"n_forecasts", *expected.index}
    for name, error in expected.items():
        assert held_out[name] == pytest.approx(error)


def test_members_are_mixed_as_at_each_origin_and_steps_without_truth_left_out():
    y = np.array([1.0, 5.0, 2.0, 6.0, np.nan, 7.0])
    truth = np.array([[[2.0], [6.0]], [[6.0], [np.nan]]])  # after two rows, and after three
    members = np.array([[[[2.0], [4.0]], [[5.0], [9.0]]], [[[4.0], [8.0]], [[9.0], [9.0]]]])
    held_back = HeldBack(
        members, np.ones((2, 2, 1, 1)), truth, np.zeros(2, int), np.array([2, 3]), [None, None]
    )
    core = SimpleNamespace(log_=False, season_length_=2, values=lambda forecasts: forecasts.values)
    weights = np.array([[0.5, 1.0], [0.5, 0.0]])
    found = held_out_errors(core, read_panel(y, fills_holes=True), held_back, weights)
    # Forecasts are 3, 6 and 5; the last values 5, 5 and 2; the season before 1, 5 and 5.
    assert found == pytest.approx(
        {
            "n_forecasts": 2,
            "forecast": (1 + 0 + 1) / 3,
            "persistence": (3 + 1 + 4) / 3,
            "seasonal naive": (1 + 1 + 1) / 3,
        }
    )


def test_panels_may_have_holes():
    panel = pd.concat({"a": weeks(80), "b": 10 * weeks(60, seed=1)}, names=["shop", "day"])
    panel.iloc[[70, 100]] = np.nan
    forecaster = LSTMForecaster(Ridge(), window_length=7, missing="interpolate").fit(panel)
    held_out = forecaster._core.held_out_
    assert held_out["n_forecasts"] > 10
    assert np.isfinite(list(held_out.values())).all()
    assert "seasonal naive" not in held_out  # no season was looked for


def test_nothing_is_measured_where_nothing_is_held_back(tmp_path):
    y = weeks(60)
    alone = LSTMForecaster(Ridge(), window_length=7, interval_method=None).fit(y)
    assert alone._core.held_out_ is None
    assert "not known: backtest" in told_of_held_out(alone._core)
    fitted = LSTMForecaster(Ridge(), horizon=2).fit(y)
    save_model(fitted, tmp_path / "m.skops")
    loaded = load_model(tmp_path / "m.skops")
    assert loaded._core.held_out_ == fitted._core.held_out_
    assert loaded.summary() == fitted.summary()


def test_rows_held_back_for_quantiles_alone_are_not_denied():
    network = LSTMRegressor(2, epochs=1, random_state=0)
    forecaster = LSTMForecaster(network, window_length=3, interval_method="cqr").fit(weeks(60))
    summary = forecaster.summary()
    assert "corrected by their errors on rows held back" in summary
    assert "No rows were held back" not in summary
    assert "not known: backtest" in summary


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ({"forecast": 1.5, "persistence": 3.0, "seasonal naive": 2.0}, "25% less than repeating "
         "the last season (2)"),
        ({"forecast": 1.5, "persistence": 1.0}, "50% more than repeating the last value (1)"),
        ({"forecast": 0.99, "persistence": 1.0}, "about as good as repeating the last value (1)"),
        ({"forecast": 0.1, "persistence": 0.0}, "worse than repeating the last value (0)"),
        ({"forecast": 0.0, "persistence": 0.0}, "as good as repeating the last value (0)"),
    ],
)  # fmt: skip
def test_the_better_naive_forecast_is_what_counts(errors, said):
    core = LSTMForecaster(Ridge(), window_length=7).fit(weeks(60))._core
    core.held_out_ = {"n_forecasts": 12, **errors}
    sentence = told_of_held_out(core)
    assert sentence.endswith(said + ".")
    assert f"mean absolute error {errors['forecast']:.4g} over 12 forecasts of a step" in sentence
