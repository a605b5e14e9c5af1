"""Nothing of what comes later is in a window, a scale, a filled value or a forecast."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, Ridge

from sklearn_lstm import LSTMForecaster, LSTMRegressor, SequenceWindower, backtest

N_DAYS = 60
DAYS = pd.date_range("2024-01-01", periods=N_DAYS)


def wave(seed, n_columns=1):
    rng = np.random.default_rng(seed)
    t = np.arange(N_DAYS)[:, np.newaxis]
    values = 30 + 5 * np.sin(t / 2 + seed) + rng.standard_normal((N_DAYS, n_columns))
    return pd.DataFrame(values, index=DAYS, columns=list("pq")[:n_columns])


SERIES = {
    "single": lambda: wave(0)["p"],
    "columns": lambda: wave(0, 2),
    "panel": lambda: pd.concat(
        {"a": wave(1)["p"], "b": wave(2)["p"].iloc[7:], "c": 100 * wave(3)["p"].iloc[3:]}
    ),
}
HOLES = {"skip": [20, 21, 33], "interpolate": [20, 21, 33, 47, 52, 53]}


def with_holes(y, missing):
    """Leave out values at the same days of every series, and a day altogether."""
    if missing == "error":
        return y
    y, days = y.copy(), y.index.get_level_values(-1)
    y[days.isin(DAYS[HOLES[missing]])] = np.nan
    return y[days != DAYS[33]]


def replaced_after(y, day, seed=0):
    rng = np.random.default_rng(seed)
    is_later = y.index.get_level_values(-1) > day
    y = y.copy()
    y[is_later] = 1e5 * rng.standard_normal(y[is_later].shape)
    return y


@pytest.mark.filterwarnings("ignore:The forecast is no better")
@pytest.mark.parametrize("refit", [True, False, 2])
@pytest.mark.parametrize("missing", ["error", "skip", "interpolate"])
@pytest.mark.parametrize("shape", SERIES)
@pytest.mark.parametrize("normalize", ["last", "window", "standard", "minmax", None])
def test_forecasts_of_the_past_do_not_change_with_what_came_later(normalize, shape, missing, refit):
    y = with_holes(SERIES[shape](), missing)
    forecaster = LSTMForecaster(
        Ridge(0.1), window_length=5, horizon=2, normalize=normalize, missing=missing, log=False,
        calibration_fraction=0.4,
    )  # fmt: skip
    options = {"n_windows": 5, "stride": 2, "refit": refit, "coverage": 0.7, "season_length": 7}
    found = backtest(forecaster, y, **options).predictions
    origins = sorted(found["origin"].unique())
    for origin in (origins[0], origins[2]):
        other = backtest(forecaster, replaced_after(y, origin), **options).predictions
        is_before = found["origin"] <= origin
        assert is_before.any()
        assert not is_before.all()
        columns = ["y_pred", "lower", "upper"]
        pd.testing.assert_frame_equal(found.loc[is_before, columns], other.loc[is_before, columns])
        assert (found.loc[~is_before, "y"] != other.loc[~is_before, "y"]).any()
        assert found.loc[is_before, "y_pred"].notna().any()


@pytest.mark.filterwarnings("ignore:The forecast is no better")
@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("align", ["end", "date"])
def test_no_series_is_seen_beyond_its_own_origin(align, refit):
    """Those that end earlier have earlier origins; by date nothing later is seen of any series.

    Intervals that adapt go by the errors that the calendar tells: what c was by then is known of a.
    """
    ends = {"a": 60, "b": 57, "c": 38}
    parts = {name: wave(i)["p"].iloc[:n] for i, (name, n) in enumerate(ends.items())}
    y = pd.concat(parts)
    forecaster = LSTMForecaster(Ridge(0.1), window_length=5, horizon=2, log=False)
    options = {"n_windows": 4, "refit": refit, "coverage": 0.7, "align": align, "season_length": 7,
               "adaptive": align == "date"}  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # by date, c has ended
        found = backtest(forecaster, y, **options).predictions
        first = found.groupby("series")["origin"].min()
        origins = first if align == "end" else dict.fromkeys(ends, first.min())
        other = {name: replaced_after(part, origins[name]) for name, part in parts.items()}
        again = backtest(forecaster, pd.concat(other), **options).predictions
    is_first = found["origin"] == found["series"].map(first)
    columns = ["y_pred", "lower", "upper"]
    pd.testing.assert_frame_equal(found.loc[is_first, columns], again.loc[is_first, columns])
    assert (found.loc[is_first, "y"] != again.loc[is_first, "y"]).any()


@pytest.mark.filterwarnings("ignore:The forecast is no better")
@pytest.mark.parametrize("normalize", ["last", "window"])
def test_an_lstm_forecasts_the_past_alike_whatever_came_later(normalize):
    y = with_holes(SERIES["panel"](), "interpolate")
    lstm = LSTMRegressor(3, epochs=2, learning_rate=0.05, random_state=0, early_stopping=True)
    forecaster = LSTMForecaster(
        lstm, window_length=5, normalize=normalize, missing="interpolate", log=False,
        interval_method=None,
    )  # fmt: skip
    options = {"n_windows": 3, "refit": False, "season_length": 7}
    found = backtest(forecaster, y, **options).predictions
    origin = found["origin"].min()
    other = backtest(forecaster, replaced_after(y, origin), **options).predictions
    is_before = found["origin"] == origin
    pd.testing.assert_series_equal(found["y_pred"][is_before], other["y_pred"][is_before])


@pytest.mark.filterwarnings("ignore:The forecast is no better")
@pytest.mark.parametrize("strategy", ["direct", "recursive"])
@pytest.mark.parametrize("past", [True, False])
def test_past_covariates_of_later_days_are_not_looked_at(past, strategy):
    y, rng = SERIES["single"](), np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.standard_normal(N_DAYS)}, index=DAYS)
    forecaster = LSTMForecaster(
        Ridge(0.1), window_length=5, horizon=2, strategy=strategy,
        past_covariates=["x"] if past else None,
    )  # fmt: skip
    options = {"n_windows": 4, "refit": False, "season_length": 7}
    found = backtest(forecaster, y, X, **options).predictions
    origin = found["origin"].min()
    other = backtest(forecaster, y, replaced_after(X, origin), **options).predictions
    is_first = found["origin"] == origin
    is_same = np.allclose(found["y_pred"][is_first], other["y_pred"][is_first])
    assert is_same == past  # what is known ahead is there to be seen


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**16),
    n_rows=st.integers(2, 25),
    window_length=st.integers(1, 6),
    n_series=st.integers(1, 3),
    max_gap=st.sampled_from([None, "1D", "2D"]),
    padding=st.sampled_from(["nan", "edge"]),
)
def test_windows_that_end_before_a_day_hold_nothing_of_later_ones(
    seed, n_rows, window_length, n_series, max_gap, padding
):
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(1, 4, n_rows).cumsum(), "D")
    index = pd.MultiIndex.from_arrays([rng.integers(0, n_series, n_rows), days])
    X = pd.DataFrame(rng.standard_normal((n_rows, 2)), index=index)
    day = days[rng.integers(0, n_rows)]
    is_known = days <= day
    windower = SequenceWindower(window_length, max_gap=max_gap, padding=padding)
    found = np.asarray(windower.fit_transform(X))[is_known]
    other = np.asarray(windower.fit_transform(replaced_after(X, day, seed)))[is_known]
    np.testing.assert_array_equal(found, other)
    alone = np.asarray(windower.fit_transform(X[is_known]))
    np.testing.assert_array_equal(found, alone)


class Spy(LinearRegression):
    def fit(self, X, y):
        self.X_, self.y_ = np.array(X), np.array(y)
        return super().fit(X, y)


def windows_seen(y, window_length, **params):
    forecaster = LSTMForecaster(
        Spy(), window_length=window_length, missing="interpolate", interval_method=None,
        log=False, **{"normalize": None, **params},
    )  # fmt: skip
    return forecaster.fit(y).regressor_


nan = np.nan


@pytest.mark.parametrize("later", [40.0, -1000.0])
def test_a_gap_at_the_end_of_a_window_repeats_the_last_value_known_by_then(later):
    y = np.array([1.0, 2, 3, 4, nan, nan, later, 8, 9, 10, 11, 12])
    seen = windows_seen(y, 4)
    step = (later - 4) / 3
    pairs = {tuple(window): y for window, y in zip(seen.X_, seen.y_, strict=True)}
    assert pairs[3, 4, 4, 4] == later
    assert pairs[4, 4 + step, 4 + 2 * step, later] == 8
    assert pairs[later, later, later, 8] == 9
    assert len(pairs) == 12 - 4 - 2  # no value follows the windows until 4 and its repetition


@pytest.mark.parametrize("normalize", ["last", "window"])
def test_the_scale_of_a_window_is_that_of_its_own_values(normalize):
    windows = []
    for later in (40.0, -1000.0):
        y = np.array([1.0, 2, 3, 4, nan, nan, later, 8, 9, 10, 11, 12, 14, 11, 17, 10])
        seen = windows_seen(y, 4, normalize=normalize)
        windows.append(seen.X_[0] / seen.X_[0].std())  # the unit is that of the whole series
    np.testing.assert_allclose(windows[0], windows[1])
    filled = np.array([3.0, 4, 4, 4])
    filled -= filled[-1] if normalize == "last" else filled.mean()
    np.testing.assert_allclose(windows[0], filled / filled.std())


def test_a_gap_at_the_beginning_of_a_window_repeats_the_first_value_in_it():
    y = np.array([500.0, nan, nan, 3, 4, 5, 6, 7, 8, 9])
    seen = windows_seen(y, 4)
    assert [3, 3, 3, 4] in seen.X_.tolist()
    np.testing.assert_allclose(seen.X_[0], [500, 334 + 1 / 3, 168 + 2 / 3, 3])


def test_values_of_the_series_beside_it_fill_no_window():
    a, b = np.r_[np.arange(8.0), nan], np.r_[nan, 500 + np.arange(9.0)]
    y = pd.concat({"a": pd.Series(a, DAYS[:9]), "b": pd.Series(b, DAYS[:10])})
    seen = windows_seen(y, 3)
    assert {tuple(window) for window in seen.X_.tolist()} == {
        *((i, i + 1.0, i + 2.0) for i in range(5)),
        *((500.0 + i, 501.0 + i, 502.0 + i) for i in range(6)),
        (500.0, 500.0, 501.0),
    }
