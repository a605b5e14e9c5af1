"""A function of the history is judged on the origins of a forecaster."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, backtest

pytestmark = pytest.mark.filterwarnings("ignore:The forecast is no better")


@pytest.fixture
def days():
    values = 20 + np.random.default_rng(0).standard_normal(60).cumsum()
    return pd.Series(values, index=pd.date_range("2024-01-01", periods=60, name="day"), name="n")


@pytest.fixture
def panel(days):
    parts = {"a": days, "late": days[52:] * 3, "ended": days[:30] - 7}
    return pd.concat(parts, names=["shop", "day"]).rename("n")


def last(history, horizon):
    return np.full(horizon, history.iloc[-1])


def test_a_function_is_called_with_what_is_known_at_each_origin(days):
    calls = []

    def watching(history, horizon):
        calls.append(history)
        return last(history, horizon)

    result = backtest(watching, days, horizon=3, n_windows=4, stride=2)
    assert len(calls) == 4
    for history, n_known in zip(calls, [51, 53, 55, 57], strict=True):
        pd.testing.assert_series_equal(history, days[:n_known], check_freq=False)
    forecaster = LSTMForecaster(Ridge(), window_length=5, horizon=3)
    other = backtest(forecaster, days, n_windows=4, stride=2, refit=False).predictions
    same = ["series", "origin", "step", "timestamp", "y", "persistence", "seasonal naive"]
    pd.testing.assert_frame_equal(result.predictions[same], other[same])
    np.testing.assert_array_equal(result.predictions["y_pred"], result.predictions["persistence"])


def test_a_function_sees_nothing_later_and_can_change_nothing(days):
    def spoiling(history, horizon):
        forecast = np.full(horizon, history.mean())
        history[:] = 0
        return forecast

    noise = days.copy()
    noise[55:] = 1e6
    first, second = (
        backtest(spoiling, y, horizon=2, n_windows=5, season_length=1).predictions
        for y in (days, noise)
    )
    known = first["origin"] <= days.index[54]
    assert known.sum() == 6
    pd.testing.assert_series_equal(first["y_pred"][known], second["y_pred"][known])
    means = [days[:n].mean() for n in (50, 52, 54, 56, 58)]
    np.testing.assert_allclose(first["y_pred"], np.repeat(means, 2))


def test_the_form_of_y_is_kept(days, panel):
    frame = pd.DataFrame({"a": days, "b": -days})
    for y, expected in [
        (days.to_numpy(), days.to_numpy()[:58]),
        (frame.to_numpy(), frame.to_numpy()[:58]),
        (frame, frame[:58]),
        (days.iloc[[*range(40), *range(41, 60)]], days.where(days.index != days.index[40])[:58]),
        (days.set_axis(days.index.to_period()), days.set_axis(days.index.to_period())[:58]),
    ]:
        seen = []

        def watching(history, horizon, seen=seen):
            seen.append(history)
            values = np.asarray(history)[-1]
            return np.full((horizon, *values.shape), values)

        rows = backtest(watching, y, horizon=2, n_windows=1).predictions
        assert type(seen[0]) is type(expected)
        np.testing.assert_array_equal(seen[0], expected)
        if isinstance(expected, pd.Series | pd.DataFrame):
            assert seen[0].index.equals(expected.index)
        np.testing.assert_array_equal(rows["y_pred"], rows["persistence"])


def test_a_panel_comes_whole_and_goes_by_its_index(panel):
    seen = []

    def by_series(history, horizon):
        seen.append(history)
        parts = {}
        for name, of_series in history.groupby(level=0):
            days = of_series.index.get_level_values(-1)
            ahead = pd.date_range(days[-1], periods=horizon + 1, name="day")[1:]
            parts[name] = pd.Series(of_series.iloc[-1], ahead)
        return pd.concat(parts, names=["shop"]).sort_index(ascending=False)

    rows = backtest(by_series, panel, horizon=2, n_windows=4, align="date").predictions
    keys = [history.index.unique(level=0).tolist() for history in seen]
    assert keys == [["a", "ended"], *[["a", "late", "ended"]] * 3]
    pd.testing.assert_series_equal(
        seen[-1].sort_index(), panel[panel.index.get_level_values(1) < "2024-02-28"].sort_index()
    )
    assert rows["series"].value_counts().to_dict() == {"a": 8, "late": 6}
    np.testing.assert_array_equal(rows["y_pred"], rows["persistence"])

    def as_array(history, horizon):
        lasts = history.groupby(level=0, sort=False).last()
        return np.repeat(lasts.to_numpy()[:, np.newaxis], horizon, axis=1)

    of_arrays = backtest(as_array, panel, horizon=2, n_windows=4, align="date").predictions
    pd.testing.assert_frame_equal(of_arrays, rows)

    def only_wanted(history, horizon):
        return by_series(history.drop("ended", level="shop"), horizon)

    found = backtest(only_wanted, panel, horizon=2, n_windows=4, align="date").predictions
    pd.testing.assert_frame_equal(found, rows)


def test_columns_go_by_their_names(days):
    frame = pd.DataFrame({"a": days, "b": -days})

    def reordered(history, horizon):
        ahead = pd.date_range(history.index[-1], periods=horizon + 1)[1:]
        values = pd.DataFrame([history.iloc[-1]] * horizon, ahead)
        return values[["b", "a"]].iloc[::-1]

    rows = backtest(reordered, frame, horizon=3, n_windows=2).predictions
    np.testing.assert_array_equal(rows["y_pred"], rows["persistence"])


def test_columns_of_a_panel_go_by_names_and_series(days):
    frame = pd.DataFrame({"n": days, "m": -days})
    panel = pd.concat({"x": frame, "y": frame * 2}, names=["shop", "day"])

    def as_table(history, horizon):
        ahead = pd.date_range(history.index[-1][1], periods=horizon + 1, name="day")[1:]
        parts = {
            key: pd.DataFrame([history.loc[key].iloc[-1]] * horizon, ahead)[["m", "n"]]
            for key in "yx"
        }
        return {"y_pred": pd.concat(parts), 0.5: pd.concat(parts) + 1}

    rows = backtest(as_table, panel, horizon=2, n_windows=2, quantiles=[0.5]).predictions
    assert len(rows) == 16
    np.testing.assert_array_equal(rows["y_pred"], rows["persistence"])
    np.testing.assert_array_equal(rows[0.5], rows["persistence"] + 1)


def test_covariates_reach_over_the_horizon(days, panel):
    X = pd.DataFrame({"x": np.arange(60.0)}, days.index)
    seen = []

    def watching(history, horizon, X):
        seen.append(X)
        return X["x"].iloc[-horizon:]

    rows = backtest(watching, days, X, horizon=2, n_windows=2).predictions
    assert rows["y_pred"].tolist() == [56, 57, 58, 59]
    pd.testing.assert_frame_equal(seen[0], X[:58], check_freq=False)
    array = backtest(
        lambda history, horizon, X: X[len(history) :, 0], days.to_numpy(), X.to_numpy(),
        horizon=2, n_windows=2,
    )  # fmt: skip
    assert array.predictions["y_pred"].tolist() == [56, 57, 58, 59]


def with_bounds(history, horizon):
    value = history.iloc[-1]
    return {"y_pred": [value] * horizon, "lower": [value - 1] * horizon,
            "upper": [value + 2] * horizon, 0.5: [value] * horizon}  # fmt: skip


def test_bounds_and_quantiles_come_beside_the_forecast(days):
    result = backtest(with_bounds, days, horizon=2, n_windows=3, coverage=0.8, quantiles=[0.5])
    rows = result.predictions
    np.testing.assert_allclose(rows["lower"], rows["persistence"] - 1)
    np.testing.assert_allclose(rows["upper"], rows["persistence"] + 2)
    np.testing.assert_array_equal(rows[0.5], rows["y_pred"])

    def as_table(history, horizon):
        ahead = pd.date_range(history.index[-1], periods=horizon + 1)[1:]
        return pd.DataFrame(with_bounds(history, horizon), ahead)

    again = backtest(as_table, days, horizon=2, n_windows=3, coverage=0.8, quantiles=[0.5])
    pd.testing.assert_frame_equal(again.predictions, rows)
    assert "lower" not in backtest(with_bounds, days, horizon=2).predictions
    for options, lacking in [
        ({"coverage": 0.8}, "'lower', 'upper'"),
        ({"quantiles": [0.1]}, "0.1"),
    ]:
        with pytest.raises(ValueError, match=f"no {lacking} at the origin 2024-02-"):
            backtest(last, days, horizon=2, **options)


def shifted(history, horizon):
    return history[-horizon:]


def lacking_one(history, horizon):
    return pd.Series(1.0, pd.date_range(history.index[-1], periods=horizon)[1:])


def repeating(history, horizon):
    return pd.Series(1.0, [history.index[-1] + pd.Timedelta("1D")] * horizon)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda history, horizon: [1.0] * 3, "has the shape (3,), not (2,)"),
        (lambda history, horizon: np.ones((1, 2)), "has the shape (1, 2), not (2,)"),
        (lambda history, horizon: [1.0, np.nan], "is not finite at step 2"),
        (lambda history, horizon: [np.inf, 1.0], "is not finite at step 1"),
        (shifted, "is for 2024-02-22 00:00:00, but to forecast are 2024-02-24 00:00:00"),
        (lacking_one, "lacks 2024-02-25 00:00:00"),
        (repeating, "repeats 2024-02-24 00:00:00"),
        (lambda history, horizon: {"mean": [1.0, 2.0]}, "returned ['mean']"),
    ],
)
def test_what_a_function_returns_wrongly_is_said_with_the_origin(days, function, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        backtest(function, days, horizon=2, n_windows=3)
    assert "at the origin 2024-02-23" in str(caught.value)


def test_series_and_columns_that_lack_are_named(days, panel):
    frame = pd.DataFrame({"a": days, "b": days})

    def without(history, horizon):
        ahead = pd.date_range(history.index[-1], periods=horizon + 1)[1:]
        return pd.DataFrame({"a": [1.0] * horizon}, ahead)

    with pytest.raises(ValueError, match="lacks the column 'b'"):
        backtest(without, frame, horizon=2, n_windows=1)
    with pytest.raises(ValueError, match="is not finite at step 1 of series 'late'"):
        backtest(
            lambda history, horizon: np.array([[1.0] * 2, [np.nan] * 2, [1.0] * 2]), panel,
            horizon=2, n_windows=1,
        )  # fmt: skip


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_of_the_function_keeps_its_type_and_names_the_origin(days, n_jobs):
    def failing(history, horizon):
        if history.index[-1] == pd.Timestamp("2024-02-25"):
            raise ZeroDivisionError("no")
        return last(history, horizon)

    with pytest.raises(ZeroDivisionError, match="no") as caught:
        backtest(failing, days, horizon=2, n_windows=4, n_jobs=n_jobs)
    assert any("rows until 2024-02-25" in note for note in caught.value.__notes__)


def test_a_function_needs_a_horizon(days):
    with pytest.raises(ValueError, match="horizon=None: say how many"):
        backtest(last, days)
    with pytest.raises(TypeError, match="forecaster=LSTMForecaster is a class: give an instance"):
        backtest(LSTMForecaster, days)
    for wrong in (Ridge(), "naive", None):
        with pytest.raises(TypeError, match="not an LSTMForecaster, FrozenEstimator"):
            backtest(wrong, days, horizon=1)
