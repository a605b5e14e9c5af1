import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, suggest_forecaster, suggest_window_length
from sklearn_lstm.datasets import load_seattle_weather


def series(values, freq="D"):
    return pd.Series(values, index=pd.date_range("2020-01-01", periods=len(values), freq=freq))


def seasonal(n, period):
    rng = np.random.default_rng(0)
    return np.sin(2 * np.pi * np.arange(n) / period) + 0.1 * rng.standard_normal(n)


@pytest.mark.parametrize(
    ("freq", "period", "window_length", "reason"),
    [
        ("D", 7, 15, "2 seasons of 7 steps and a step"),
        ("MS", 12, 25, "2 seasons of 12 steps and a step"),
        ("QS", 4, 17, "4 seasons of 4 steps and a step"),
        ("h", 24, 96, "4 seasons of 24 steps"),
        ("30min", 48, 192, "4 seasons of 48 steps"),
        ("10min", 144, 145, "one season of 144 steps and a step"),
        ("W-SUN", 52, 156, "3 seasons of 52 steps"),
    ],
)
def test_a_window_holds_whole_seasons(freq, period, window_length, reason):
    y = series(seasonal(800, period), freq)
    assert suggest_window_length(y) == (window_length, reason)
    forecaster, reasons = suggest_forecaster(y)
    assert forecaster.window_length == window_length
    assert f"window of {window_length} steps" in reasons
    assert f"({reason})" in reasons


def test_a_window_holds_the_steps_whose_changes_are_correlated():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(5000)
    walk = np.cumsum(noise)
    assert suggest_window_length(walk) == (28, "no season; changes are not correlated")
    echo = noise.copy()
    echo[40:] += 0.5 * noise[:-40]  # what happens comes back 40 steps later
    length, reason = suggest_window_length(np.cumsum(echo))
    assert length == 41
    assert reason == "no season; changes are correlated up to 40 steps apart"


def test_a_window_takes_no_more_than_half_of_the_values():
    y = series(seasonal(60, 24), "h")
    length, reason = suggest_window_length(y, horizon=20)
    assert length == 20
    assert reason.startswith(
        "one season of 24 steps and a step; cut to 20: no more than half of 60"
    )
    length, reason = suggest_window_length(y[:20])
    assert length == 9
    assert reason.endswith("not correlated; cut to 9: no more than half of 20 values, 1 ahead")


def test_a_forecaster_left_alone_takes_what_is_suggested():
    y = series(np.exp(np.arange(144) / 60) * (2 + seasonal(144, 12)), "MS")
    suggested, _ = suggest_forecaster(y, horizon=3, random_state=4)
    alone = LSTMForecaster(horizon=3, random_state=4).fit(y)
    members = [member.settings for member in alone._core.members_]
    of_lstm = next(settings for settings in members if settings.name == "LSTM")
    assert of_lstm.window_length == suggested.window_length
    assert alone.window_length_ == max(settings.window_length for settings in members)
    assert alone.log_ is suggested.log is True
    lstm = suggested.regressor.set_params(ensemble_size=1)  # the others take the place of the rest
    assert of_lstm.regressor.get_params() == lstm.get_params()


def test_more_windows_take_fewer_epochs_and_larger_batches():
    lengths = (60, 1000, 20_000, 200_000)
    found = [suggest_forecaster(np.zeros(n), window_length=10)[0].regressor for n in lengths]
    assert [lstm.epochs for lstm in found] == [75, 1250 * 32 // 990, 5, 5]
    assert [lstm.batch_size for lstm in found] == [32, 32, 64, 256]


def test_long_windows_are_read_in_segments():
    y = series(seasonal(800, 24), "h")
    lengths = {w: suggest_forecaster(y, window_length=w)[0].regressor for w in (96, 100, 97, 40)}
    assert [lstm.segment_length for lstm in lengths.values()] == [24, 20, None, None]
    for window_length, lstm in lengths.items():
        forecaster = LSTMForecaster(lstm.set_params(epochs=1), window_length=window_length)
        forecaster.fit(y)


def test_growth_takes_logarithms():
    t = np.arange(144)
    growing = np.exp(t / 60) * (1 + 0.2 * np.sin(2 * np.pi * t / 12))
    forecaster, reasons = suggest_forecaster(series(growing, "MS"))
    assert forecaster.log
    assert "the level wanders, and changes grow with it" in reasons
    steady = 100 + t + 5 * np.sin(2 * np.pi * t / 12)
    for kept in (growing - 5, steady, load_seattle_weather()["temp_max"]):
        assert not suggest_forecaster(kept)[0].log


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
    assert "cut to 5: no more than half of 12 values of the shortest series, 2 ahead" in reasons


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0, 3.0], np.ones(50), np.arange(50.0)])
def test_odd_series_get_settings_without_a_warning(values, recwarn):
    forecaster, _ = suggest_forecaster(np.asarray(values))
    assert forecaster.window_length >= 1
    assert not recwarn.list


def test_what_can_not_be_is_refused():
    with pytest.raises(ValueError, match="y holds no value"):
        suggest_forecaster(np.full(30, np.nan))
    for name in ("horizon", "window_length"):
        for value in (0, 2.5, True, "7", None):
            with pytest.raises(ValueError, match=f"{name}={value!r} must be a whole number"):
                suggest_forecaster(np.arange(30.0), **{name: value})


@pytest.mark.parametrize("freq", ["D", "h", "MS", "YS", "5min"])
def test_the_shortest_series_get_settings(freq):
    walk = np.cumsum(np.random.default_rng(0).standard_normal(30))
    for n in range(2, 31):
        y = series(walk[:n], freq)
        length, _ = suggest_window_length(y)
        assert 1 <= length <= max(1, n // 2)
        LSTMForecaster(Ridge(), interval_method=None).fit(y)


def test_a_season_too_long_for_a_window_is_said():
    length, reason = suggest_window_length(series(seasonal(3000, 288), "5min"))
    assert reason.startswith("a season of 288 steps is too long; changes are")
    assert length == 28


def test_columns_decide_about_logarithms_each_by_itself():
    rng = np.random.default_rng(0)
    t = np.arange(200)
    steady = [100 + t / 2 + noise * rng.standard_normal(200) for noise in (0.1, 20)]
    steady[1] += 100
    for column in steady:
        assert not suggest_forecaster(column)[0].log
    assert not suggest_forecaster(np.column_stack(steady))[0].log
    growing = [scale * np.exp(t / 50 + 0.1 * rng.standard_normal(200)) for scale in (1, 1000)]
    assert suggest_forecaster(np.column_stack(growing))[0].log
    assert not suggest_forecaster(growing[0][:40])[0].log
