import numpy as np
import pandas as pd
import pytest

from sklearn_lstm import suggest_forecaster
from sklearn_lstm.datasets import load_seattle_weather


def series(values, freq="D"):
    return pd.Series(values, index=pd.date_range("2020-01-01", periods=len(values), freq=freq))


def seasonal(n, period):
    rng = np.random.default_rng(0)
    return np.sin(2 * np.pi * np.arange(n) / period) + 0.1 * rng.standard_normal(n)


@pytest.mark.parametrize(
    ("freq", "period", "window_length"),
    [("D", 7, 15), ("h", 24, 25), ("30min", 48, 49), ("MS", 12, 25), ("W-SUN", 52, 53)],
)
def test_a_window_holds_whole_seasons_and_a_step(freq, period, window_length):
    forecaster, reasons = suggest_forecaster(series(seasonal(400, period), freq))
    assert forecaster.window_length == window_length
    assert f"season of {period}:" in reasons
    assert f"window of {window_length} steps" in reasons


def test_more_rows_take_fewer_epochs():
    epochs = [
        suggest_forecaster(series(seasonal(n, 7)))[0].regressor.epochs for n in (60, 1000, 20_000)
    ]
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[0] == 150
    assert epochs[2] == 10


def test_growth_takes_logarithms_and_changes():
    t = np.arange(144)
    growing = np.exp(t / 60) * (1 + 0.2 * np.sin(2 * np.pi * t / 12))
    forecaster, reasons = suggest_forecaster(series(growing, "MS"))
    assert forecaster.normalize == "last"
    assert forecaster.log
    assert "the level wanders" in reasons
    forecaster, _ = suggest_forecaster(load_seattle_weather()["temp_max"])
    assert forecaster.normalize == "standard"
    assert not forecaster.log


def test_what_is_given_is_kept():
    forecaster, _ = suggest_forecaster(
        series(seasonal(200, 7)), horizon=9, window_length=11, random_state=5
    )
    assert (forecaster.horizon, forecaster.window_length, forecaster.random_state) == (9, 11, 5)


def test_gaps_and_short_series_are_said():
    y = series(seasonal(200, 7))
    _, reasons = suggest_forecaster(y.drop(index=y.index[[5, 6]]))
    assert "200 values, 2 of them missing and interpolated" in reasons
    panel = pd.concat({"a": y, "b": y[:12]})
    forecaster, reasons = suggest_forecaster(panel, horizon=2)
    assert forecaster.fit(panel).window_length == 5
    assert "the shortest series has 12 values" in reasons


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0, 3.0], np.ones(50), np.arange(50.0)])
def test_odd_series_get_settings_without_a_warning(values, recwarn):
    forecaster, _ = suggest_forecaster(np.asarray(values))
    assert forecaster.window_length >= 1
    assert not recwarn.list


def test_what_can_not_be_is_refused():
    with pytest.raises(ValueError, match="y holds no value"):
        suggest_forecaster(np.full(30, np.nan))
    for name in ("horizon", "window_length"):
        with pytest.raises(ValueError, match=f"{name}=0 must be at least 1"):
            suggest_forecaster(np.arange(30.0), **{name: 0})
