import datetime
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor, VotingRegressor
from sklearn.linear_model import LinearRegression, Ridge, RidgeCV
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest, make_lstm_pipeline
from sklearn_lstm.forecasting.smoothing import ExponentialSmoothing


@pytest.fixture
def days():
    """A noisy season of 7 days, from 2 to 8."""
    t = np.arange(120)
    rng = np.random.default_rng(0)
    values = 5 + 3 * np.sin(2 * np.pi * t / 7) + 0.1 * rng.standard_normal(120)
    return pd.Series(
        values, index=pd.date_range("2024-01-01", periods=120, name="day"), name="load"
    )


def lagged(values, window_length, n_ahead):
    """Windows and what follows each, by a loop."""
    X, Y = [], []
    for end in range(window_length, len(values) - n_ahead + 1):
        X.append(values[end - window_length : end])
        Y.append(values[end : end + n_ahead])
    return np.array(X), np.array(Y)


def forecaster(regressor=None, **params):
    defaults = {"window_length": 7, "normalize": "minmax", "log": False}
    return LSTMForecaster(regressor or Ridge(1e-8), **{**defaults, **params})


class Spy(LinearRegression):
    """Keeps what it is given."""

    def fit(self, X, y):
        self.X_, self.y_ = X, y
        return super().fit(X, y)

    def predict(self, X):
        self.n_calls_ = getattr(self, "n_calls_", 0) + 1
        return super().predict(X)


def test_direct_is_one_regression_on_scaled_windows(days):
    z = (days.to_numpy() - days.min()) / (days.max() - days.min())
    X, Y = lagged(z, 10, 4)
    expected = Ridge(0.1).fit(X, Y).predict([z[-10:]])[0] * (days.max() - days.min()) + days.min()
    found = forecaster(Ridge(0.1), window_length=10, horizon=4).fit(days).predict()
    np.testing.assert_allclose(found, expected)
    assert found.name == "load"
    assert list(found.index) == list(pd.date_range("2024-04-30", periods=4))


def test_beyond_its_horizon_it_feeds_blocks_back(days):
    z = (days.to_numpy() - days.mean()) / days.std(ddof=0)
    X, Y = lagged(z, 7, 3)
    ridge = Ridge(0.1).fit(X, Y)
    known = list(z)
    for _ in range(3):
        known += list(ridge.predict([known[-7:]])[0])
    expected = np.array(known[len(z) :][:8]) * days.std(ddof=0) + days.mean()
    found = forecaster(Ridge(0.1), horizon=3, normalize="standard").fit(days).predict(8)
    np.testing.assert_allclose(found, expected)


def test_recursive_feeds_single_steps_back(days):
    y = days.to_numpy()
    X, Y = lagged(y, 7, 1)
    ridge = Ridge(0.1).fit(X, Y.ravel())
    known = list(y)
    for _ in range(5):
        known.append(ridge.predict([known[-7:]])[0])
    model = forecaster(Ridge(0.1), horizon=5, strategy="recursive", normalize=None).fit(days)
    np.testing.assert_allclose(model.predict(), known[-5:])
    np.testing.assert_allclose(model.predict(2), known[len(y) : len(y) + 2])


def test_last_takes_the_last_value_of_each_window_away(days):
    y = days.to_numpy()
    X, Y = lagged(y, 7, 2)
    ridge = LinearRegression().fit(X - X[:, -1:], Y - X[:, -1:])
    expected = ridge.predict([y[-7:] - y[-1]])[0] + y[-1]
    found = forecaster(LinearRegression(), horizon=2, normalize="last").fit(days).predict()
    np.testing.assert_allclose(found, expected)


def test_a_trend_goes_on_beyond_what_was_seen():
    line = np.arange(40.0)
    found = forecaster(normalize="last", horizon=3).fit(line).predict()
    np.testing.assert_allclose(found, [40, 41, 42], rtol=1e-6)
    grown = 2.0 ** np.arange(20)
    found = forecaster(normalize="last", horizon=3, log=True).fit(grown).predict()
    np.testing.assert_allclose(found, [2.0**20, 2.0**21, 2.0**22], rtol=1e-6)


@pytest.mark.parametrize("normalize", ["minmax", "standard", "last", "window"])
def test_another_unit_gives_the_same_forecast_in_that_unit(days, normalize):
    model = forecaster(Ridge(1.0), normalize=normalize, horizon=3)
    celsius = model.fit(days).predict()
    fahrenheit = model.fit(32 + 1.8 * days).predict()
    np.testing.assert_allclose(fahrenheit, 32 + 1.8 * celsius)
    bounds = model.predict_interval()
    np.testing.assert_allclose((bounds["lower"] + bounds["upper"]) / 2, fahrenheit)


def test_window_normalisation_sees_each_window_at_its_own_scale(days):
    spy = forecaster(Spy(), normalize="window", interval_method=None).fit(days).regressor_
    X, Y = lagged(days.to_numpy(), 7, 1)
    center, spread = X.mean(axis=1, keepdims=True), X.std(axis=1, keepdims=True)
    np.testing.assert_allclose(spy.X_, (X - center) / spread)
    np.testing.assert_allclose(spy.y_, ((Y - center) / spread).ravel())


@pytest.mark.parametrize(
    ("index", "following"),
    [
        (pd.date_range("2023-01-31", periods=30, freq="ME"), ["2025-07-31", "2025-08-31"]),
        (pd.date_range("2024-01-01", periods=30, freq="B"), ["2024-02-12", "2024-02-13"]),
        (
            pd.date_range("2024-01-01", periods=30, freq="30min"),
            ["2024-01-01 15:00", "2024-01-01 15:30"],
        ),
        (pd.date_range("2024-01-05", periods=30, freq="W-FRI"), ["2024-08-02", "2024-08-09"]),
        (pd.period_range("2024-01", periods=30, freq="M"), ["2026-07", "2026-08"]),
        (
            pd.date_range("2024-03-02", periods=30, tz="Europe/Berlin"),  # the clock goes forward
            ["2024-04-01", "2024-04-02"],
        ),
        (pd.RangeIndex(30), [30, 31]),
        (pd.RangeIndex(1990, 2020), [2020, 2021]),
        (pd.Index(np.arange(0, 60, 2)), [60, 62]),
        (pd.Index(np.arange(30) / 4), [7.5, 7.75]),
    ],
    ids=[
        "month ends", "business days", "half hours", "Fridays", "periods", "zone", "rows", "years",
        "steps", "floats",
    ],
)  # fmt: skip
def test_the_forecast_lies_on_the_stamps_that_follow(index, following):
    values = np.sin(np.arange(30.0))
    y = pd.Series(values, index=pd.Index(list(index)) if index.dtype.kind == "M" else index)
    model = forecaster(horizon=2).fit(y)
    found = model.predict()
    if isinstance(index, pd.DatetimeIndex):
        assert list(found.index) == [
            pd.Timestamp(timestamp, tz=index.tz) for timestamp in following
        ]
    elif isinstance(index, pd.PeriodIndex):
        assert [str(period) for period in found.index] == following
    else:
        assert list(found.index) == following
    assert found.index.dtype == y.index.dtype
    np.testing.assert_allclose(found, forecaster(horizon=2).fit(values).predict())
    reread = pickle.loads(pickle.dumps(model))
    pd.testing.assert_series_equal(reread.predict(), found)
    pd.testing.assert_series_equal(reread.history_, model.history_, check_freq=False)


def test_arrays_give_arrays():
    rng = np.random.default_rng(0)
    y = rng.standard_normal((60, 2))
    model = forecaster(horizon=3).fit(y)
    assert model.predict().shape == (3, 2)
    assert model.predict_interval().shape == (3, 2, 2)
    assert model.predict_quantiles([0.2, 0.5, 0.8]).shape == (3, 2, 3)
    single = forecaster(horizon=3).fit(y[:, 0])
    assert single.predict().shape == (3,)
    assert single.predict_interval().shape == (3, 2)
    assert single.predict_quantiles([0.5]).shape == (3, 1)
    assert forecaster(horizon=3).fit(list(y[:, 0])).predict().shape == (3,)


def test_joint_columns_are_seen_together_and_shared_ones_are_not():
    rng = np.random.default_rng(0)
    lead = rng.standard_normal(200)
    frame = pd.DataFrame({"lead": lead[1:], "follow": lead[:-1]})  # follow is lead a step later
    joint = forecaster(interval_method=None, normalize="standard").fit(frame)
    found = joint.predict()
    assert list(found.columns) == ["lead", "follow"]
    np.testing.assert_allclose(found["follow"], lead[-1:], atol=1e-6)
    shared = joint.set_params(columns="shared").fit(frame).predict()
    assert abs(shared["follow"].iloc[0] - lead[-1]) > 0.1


def test_shared_columns_are_a_panel_of_series(days):
    frame = pd.DataFrame({"a": days, "b": 100 - 7 * days.shift(3).bfill()})
    shared = forecaster(horizon=3, columns="shared").fit(frame)
    panel = frame.unstack().rename_axis(["name", "day"])
    of_panel = forecaster(horizon=3).fit(panel)
    pd.testing.assert_frame_equal(
        shared.predict(), of_panel.predict().unstack(level=0), check_names=False, check_freq=False
    )
    wide, long = shared.predict_interval(), of_panel.predict_interval()
    assert list(wide.columns) == [(n, b) for n in "ab" for b in ("lower", "upper")]
    for name in "ab":
        np.testing.assert_allclose(wide[name], long.loc[name])


def test_a_panel_may_mix_lengths_and_rows():
    rng = np.random.default_rng(0)
    long = pd.Series(rng.standard_normal(60), index=pd.date_range("2024-01-01", periods=60))
    short = pd.Series(10 + rng.standard_normal(30), index=pd.date_range("2024-02-01", periods=30))
    panel = pd.concat({"long": long, "short": short}, names=["shop", "day"])
    model = forecaster(horizon=2).fit(panel)
    found = model.predict()
    assert found.index.names == ["shop", "day"]
    assert found["long"].index[0] == pd.Timestamp("2024-03-01")
    assert found["short"].index[0] == pd.Timestamp("2024-03-02")
    mixed = panel.sample(frac=1, random_state=0).sort_index(level="day")
    pd.testing.assert_series_equal(model.fit(mixed).predict().sort_index(), found.sort_index())
    three_levels = pd.concat({"north": panel}, names=["region"])
    np.testing.assert_allclose(model.fit(three_levels).predict(), found)


@pytest.mark.parametrize(("window_length", "horizon"), [(7, 1), (7, 3), (2, 5), (1, 4)])
def test_covariates_of_every_step_ahead_are_seen(window_length, horizon):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(150)
    y = 3 * x + 1
    model = LSTMForecaster(
        Ridge(1e-9), window_length=window_length, horizon=horizon, interval_method=None
    ).fit(y[:100], x[:100])
    np.testing.assert_allclose(model.predict(X=x[100:]), y[100 : 100 + horizon], atol=1e-5)
    np.testing.assert_allclose(model.predict(12, X=x[100:]), y[100:112], atol=1e-5)
    recursive = model.set_params(strategy="recursive").fit(y[:100], x[:100])
    np.testing.assert_allclose(recursive.predict(9, X=x[100:]), y[100:109], atol=1e-5)


def test_a_clock_time_that_is_left_out_in_spring_comes_back_the_day_after():
    nights = pd.date_range("2024-03-01 02:30", periods=40, freq="D")
    index = nights.tz_localize("Europe/Berlin", nonexistent="shift_forward")
    y = pd.Series(np.sin(np.arange(40)), index=index)
    for n_known in (29, 30, 31, 32):  # on the 31st there is no half past two
        model = forecaster(horizon=5).fit(y[:n_known])
        assert model.predict().index.tolist() == index[n_known : n_known + 5].tolist()
        model.update(y[n_known : n_known + 3])
        assert model.predict().index.tolist() == index[n_known + 3 : n_known + 8].tolist()


@pytest.mark.parametrize("panel", [False, True])
def test_a_zone_that_its_name_does_not_find_is_kept(days, panel):
    zone = datetime.timezone(datetime.timedelta(hours=1), "home")
    y = days.tz_localize(zone)
    y = pd.concat({"a": y, "b": y}) if panel else y
    model = forecaster().fit(y)
    pd.testing.assert_series_equal(pickle.loads(pickle.dumps(model)).predict(), model.predict())


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_times_of_arrow_are_times(zone):
    pa = pytest.importorskip("pyarrow")
    days = pd.date_range("2024-01-01", periods=40, tz=zone)
    y = pd.Series(np.sin(np.arange(40.0)), days)
    of_arrow = y.set_axis(days.astype(pd.ArrowDtype(pa.timestamp("us", zone))))
    forecaster = LSTMForecaster(Ridge(), window_length=5, horizon=2)
    expected = forecaster.fit(y).predict()
    pd.testing.assert_series_equal(forecaster.predict(y=of_arrow), expected, check_index_type=False)
    panel = pd.concat({"a": of_arrow, "b": of_arrow})
    found = forecaster.fit(panel).predict().loc["a"].index  # maybe in another unit of time
    assert (found == expected.index).all()


@pytest.mark.parametrize(("dtype", "first"), [("int8", -100), ("uint8", 50), ("uint64", 0)])
def test_times_may_be_whole_numbers_of_any_width(dtype, first):
    numbers = np.arange(first, first + 200)
    y = pd.Series(np.sin(np.arange(200)), index=pd.Index(numbers.astype(dtype)))
    model = forecaster(horizon=2, missing="interpolate").fit(y.drop(y.index[[20, 30]])[:-5])
    assert len(model.history_) == 195
    found = model.update(y[-5:]).predict()
    assert found.index.tolist() == [numbers[-1] + 1, numbers[-1] + 2]


@pytest.mark.parametrize("missing", ["error", "interpolate", "skip"])
def test_periods_that_overlap_are_refused(days, missing):
    months = pd.period_range("2010", periods=120, freq="M")
    with pytest.raises(ValueError, match="'2M', but 60 of 120 lie between, first 2010-02"):
        forecaster(missing=missing).fit(days.set_axis(pd.PeriodIndex(months, freq="2M")))


def test_a_covariate_of_the_far_future_costs_nothing(days):
    minutes = pd.date_range("2024", periods=123, freq="min")
    X = pd.DataFrame({"price": np.cos(np.arange(123))}, index=minutes)
    model = forecaster(horizon=2).fit(days.set_axis(minutes[:120]), X[:120])
    placeholder = pd.DataFrame({"price": [0.0]}, index=pd.DatetimeIndex(["2261-12-31"]))
    found = model.predict(X=pd.concat([X, placeholder]))
    pd.testing.assert_series_equal(found, model.predict(X=X))


def test_a_series_of_another_name_is_another_covariate(days):
    X = pd.DataFrame({"price": np.cos(np.arange(123)), "load": 1.0})
    y = days.reset_index(drop=True)
    model = forecaster(horizon=2).fit(y, X[["price"]][:120])
    expected = model.predict(X=X[["price"]])
    for future in (X["price"], X["price"].rename(None)):
        pd.testing.assert_series_equal(model.predict(X=future), expected)
    with pytest.raises(ValueError, match=r"X lacks the columns \['price'\]"):
        model.predict(X=X["load"])
    with pytest.raises(ValueError, match=r"X lacks the columns \['load'\]"):
        forecaster(horizon=2).fit(y, X[:120]).predict(X=X["price"])


def test_covariates_known_ahead_are_demanded_by_stamp(days):
    X = pd.DataFrame(
        {"price": np.cos(np.arange(130))}, index=pd.date_range("2024-01-01", periods=130)
    )
    model = forecaster(horizon=5).fit(days, X[:120])
    with pytest.raises(ValueError, match=r"'price'.*from 2024-04-30.*to 2024-05-04"):
        model.predict()
    with pytest.raises(ValueError, match=r"X lacks 2 of the 5 timestamps.*2024-05-03.*2024-05-04"):
        model.predict(X=X[:123])
    with pytest.raises(ValueError, match=r"X lacks the columns \['price'\].*mean 'prize'"):
        model.predict(X=X.rename(columns={"price": "prize"}))
    with pytest.raises(ValueError, match="neither time nor numbers"):
        model.predict(X=X.set_axis(X.index.strftime("day %j")))
    with pytest.raises(ValueError, match="another kind"):
        model.predict(X=X.reset_index(drop=True))
    gap = X.copy()
    gap.iloc[121, 0] = np.nan
    with pytest.raises(ValueError, match="'price' at timestamp 2024-05-01"):
        model.predict(X=gap)
    pd.testing.assert_series_equal(model.predict(X=X), model.predict(X=X[120:125]))
    pd.testing.assert_series_equal(
        model.predict(X=X[120:].assign(other=1)), model.predict(X=X[120:][::-1])
    )


def test_past_columns_are_used_and_never_asked_for():
    rng = np.random.default_rng(0)
    hint = rng.standard_normal(100)
    y = np.roll(hint, 1)  # tomorrow's value is today's hint
    X = np.column_stack([hint, np.zeros(100)])
    model = forecaster(past_covariates=[0, 1], normalize="standard").fit(y, X)
    np.testing.assert_allclose(model.predict(), hint[-1:], atol=1e-6)
    model = forecaster(past_covariates=[0], normalize="standard").fit(y, X)
    np.testing.assert_allclose(model.predict(X=np.zeros(1)), hint[-1:], atol=1e-6)
    with pytest.raises(ValueError, match=r"past_covariates=\['rain'\]"):
        forecaster(past_covariates=["rain"]).fit(y, X)


def test_nothing_is_learned_from_the_future(days):
    later = days.copy()
    later.iloc[90:] = 1e6
    for normalize in ("minmax", "standard", "last", "window"):
        model = forecaster(normalize=normalize, horizon=2)
        np.testing.assert_array_equal(
            model.fit(days[:90]).predict(), model.fit(later[:90]).predict()
        )
    spy = forecaster(Spy(), normalize=None, interval_method=None).fit(days).regressor_
    X, Y = lagged(days.to_numpy(), 7, 1)
    np.testing.assert_array_equal(spy.X_, X)
    np.testing.assert_array_equal(spy.y_, Y.ravel())


def test_the_interval_is_an_order_statistic_of_held_back_errors(days):
    model = forecaster(Ridge(0.1), horizon=3, normalize=None, calibration_fraction=0.25).fit(days)
    y = days.to_numpy()
    X, Y = lagged(y, 7, 3)
    first = int(0.75 * len(X))  # the first window of the calibration part
    n_known = first + 7
    ridge = Ridge(0.1).fit(*lagged(y[:n_known], 7, 3))
    errors = Y[first:] - ridge.predict(X[first:])
    rank = int(np.ceil((len(errors) + 1) * 0.8))
    radius = np.sort(np.abs(errors), axis=0)[rank - 1]
    forecast = model.predict()
    bounds = model.predict_interval(coverage=0.8)
    np.testing.assert_allclose(bounds["upper"] - forecast, radius)
    np.testing.assert_allclose(forecast - bounds["lower"], radius)
    np.testing.assert_allclose(model.predict_interval(2, coverage=0.8), bounds[:2])
    above = np.sort(errors, axis=0)[int(np.ceil((len(errors) + 1) * 0.9)) - 1]
    below = -np.sort(-errors, axis=0)[int(np.ceil((len(errors) + 1) * 0.9)) - 1]
    quantiles = model.predict_quantiles([0.1, 0.9])
    np.testing.assert_allclose(quantiles[0.9] - forecast, above)
    np.testing.assert_allclose(quantiles[0.1] - forecast, below)


def test_intervals_of_logarithms_are_positive_and_lopsided():
    rng = np.random.default_rng(0)
    y = np.exp(rng.standard_normal(200))
    model = forecaster(log=True).fit(y)
    forecast, bounds = model.predict()[0], model.predict_interval()[0]
    assert 0 < bounds[0] < forecast < bounds[1]
    assert bounds[1] - forecast > forecast - bounds[0]
    np.testing.assert_allclose(bounds[0] * bounds[1], forecast**2)


@pytest.mark.parametrize("normalize", ["minmax", "window"])
def test_intervals_of_a_panel_have_the_scale_of_each_series(normalize):
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((150, 2))
    frame = pd.DataFrame({"small": noise[:, 0], "large": 1000 * noise[:, 1]})
    bounds = forecaster(columns="shared", normalize=normalize).fit(frame).predict_interval()
    width = {name: (bounds[name]["upper"] - bounds[name]["lower"]).iloc[0] for name in frame}
    assert 500 < width["large"] / width["small"] < 2000


def test_what_intervals_can_not_do_is_said(days):
    model = forecaster(horizon=2).fit(days)
    with pytest.raises(ValueError, match=r"reach 2 steps ahead.*Fit with horizon=3"):
        model.predict_interval(3)
    with pytest.raises(
        ValueError,
        match=r"coverage=0.99 is too extreme for 2. .*it needs 99",
    ):
        model.predict_interval(coverage=0.99)
    with pytest.raises(ValueError, match=r"coverage=90 must lie between 0 and 1"):
        model.predict_interval(coverage=90)
    with pytest.raises(ValueError, match="interval_method=None"):
        forecaster(interval_method=None).fit(days).predict_interval()
    short = forecaster(window_length=20, horizon=5).fit(days[:26])
    assert len(short.predict()) == 5
    with pytest.raises(ValueError, match="too short to hold back"):
        short.predict_interval()


def test_update_goes_on_without_learning(days):
    model = forecaster(horizon=3).fit(days[:80])
    weights = model.regressor_.coef_.copy()
    step_by_step = clone(model).fit(days[:80])
    for day in range(80, 100):
        assert step_by_step.update(days[day : day + 1]) is step_by_step
    at_once = model.update(days[80:100])
    pd.testing.assert_series_equal(step_by_step.predict(), at_once.predict())
    np.testing.assert_array_equal(at_once.regressor_.coef_, weights)
    z = (days[93:100] - days[:80].min()) / (days[:80].max() - days[:80].min())
    expected = model.regressor_.predict([z])[0] * (days[:80].max() - days[:80].min())
    np.testing.assert_allclose(at_once.predict(), expected + days[:80].min())
    assert at_once.predict().index[0] == days.index[100]
    pd.testing.assert_series_equal(at_once.history_, days[:100], check_freq=False)
    assert len(at_once.predict_interval()) == 3


def test_update_with_refit_is_a_fit_on_everything(days):
    X = pd.DataFrame({"x": np.cos(np.arange(123))}, index=pd.date_range("2024-01-01", periods=123))
    once = forecaster(horizon=3).fit(days, X[:120])
    twice = forecaster(horizon=3).fit(days[:90], X[:90]).update(days[90:], X[90:120], refit=True)
    pd.testing.assert_frame_equal(twice.predict_interval(X=X), once.predict_interval(X=X))


def test_update_of_some_series_of_a_panel(days):
    panel = pd.concat({"a": days[:90], "b": days[:90] * 2}, names=["shop", "day"])
    model = forecaster().fit(panel)
    model.update(pd.concat({"b": days[90:95] * 2}, names=["shop", "day"]))
    found = model.predict()
    assert found["a"].index[0] == days.index[90]
    assert found["b"].index[0] == days.index[95]
    with pytest.raises(ValueError, match=r"series 'bb', which was not there in fit.*mean 'b'"):
        model.update(pd.concat({"bb": days[95:96]}, names=["shop", "day"]))


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (lambda y: y[85:95], "begins at 2024-03-26.*known until 2024-03-30"),
        (lambda y: y[91:95], "leaves out 1 timestamps.*2024-03-31"),
        (lambda y: y[90:95].to_numpy(), "an array of 1 dimensions, but fit was given Series"),
        (lambda y: y[90:95].to_frame(), "DataFrame of the columns"),
        (lambda y: y[90:95].shift(freq="1h"), "off the grid"),
        (lambda y: y[90:95].tz_localize("UTC"), "zone|kind"),
        (lambda y: y[90:95].where(y[90:95].index != "2024-04-01"), "lack a value in y"),
        (lambda y: y[90:95].reset_index(drop=True), "another kind"),
        (lambda y: y[90:95].shift(freq="40000D"), "Is the time right"),
    ],
)
def test_what_does_not_follow_is_refused_and_nothing_lost(days, new, message):
    model = forecaster(horizon=2, missing="error").fit(days[:90])
    before = model.predict()
    with pytest.raises(ValueError, match=message):
        model.update(new(days))
    pd.testing.assert_series_equal(model.predict(), before)


def test_missing_values_are_counted_and_shown(days):
    days.iloc[[3, 50, 51, 52]] = np.nan
    model = forecaster(missing="error")
    with pytest.raises(ValueError, match=r"4 of 120 rows of y.*2024-01-04.*2024-02-20.*\.\.\."):
        model.fit(days)
    absent = days.dropna()
    with pytest.raises(ValueError, match="step by 'D', but 4 are absent, first 2024-01-04"):
        model.fit(absent)


@pytest.mark.parametrize("absent", [False, True])
def test_missing_values_are_interpolated_with_a_warning(days, absent):
    days.iloc[[3, 50, 51, 52]] = np.nan
    y = days.dropna() if absent else days
    with pytest.warns(UserWarning, match=r"4 of 120 rows lack a value, first y at 2024-01-04"):
        model = forecaster(horizon=2).fit(y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asked = forecaster(horizon=2, missing="interpolate").fit(y)
        pd.testing.assert_series_equal(model.predict(), asked.predict())


def test_a_warning_of_missing_values_points_at_its_caller(days):
    model = forecaster()
    with pytest.warns(UserWarning, match="1 of 90 rows lack a value") as of_fit:
        model.fit(days[:90].drop(days.index[7]))
    with pytest.warns(UserWarning, match="1 of 5 rows lack a value") as of_update:
        model.update(days[90:95].drop(days.index[92]))
    assert {one.filename for one in [*of_fit, *of_update]} == {__file__}


def test_missing_covariates_are_counted_with_the_values(days):
    X = pd.DataFrame({"x": np.cos(np.arange(123))}, index=pd.date_range("2024-01-01", periods=123))
    days.iloc[3] = X.iloc[3, 0] = X.iloc[9, 0] = np.nan
    with pytest.warns(UserWarning, match="2 of 120 rows lack a value"):
        forecaster().fit(days, X[:120])


def test_an_update_warns_of_what_is_newly_missing(days):
    days.iloc[[3, 100]] = np.nan
    with pytest.warns(UserWarning, match="1 of 90 rows lack a value"):
        model = forecaster().fit(days[:90])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.update(days[90:95])
    with pytest.warns(UserWarning, match="1 of 10 rows lack a value"):
        model.update(days[95:105])


def test_the_series_that_lacks_a_value_is_named(days):
    panel = pd.concat({"a": days, "b": days.drop(days.index[5])})
    with pytest.warns(UserWarning, match=r"1 of 240 rows.*first series 'b' at 2024-01-06"):
        forecaster().fit(panel)


def test_skip_learns_from_the_whole_windows(days):
    days.iloc[[30, 60]] = np.nan
    model = forecaster(Spy(), missing="skip", normalize=None, interval_method=None).fit(days)
    X, Y = lagged(days.to_numpy(), 7, 1)
    whole = np.isfinite(X).all(axis=1) & np.isfinite(Y).all(axis=1)
    np.testing.assert_array_equal(model.regressor_.X_, X[whole])
    assert whole.sum() == len(X) - 2 * 8
    pd.testing.assert_series_equal(
        model.predict(), clone(model).fit(days.dropna()).predict(), check_freq=False
    )
    days.iloc[-2] = np.nan
    with pytest.raises(ValueError, match="lacks 1 of its 7 values, first 2024-04-28"):
        model.fit(days).predict()


def test_interpolation_looks_back_only(days):
    days.iloc[40:43] = np.nan
    y = days.to_numpy()
    model = forecaster(Spy(), missing="interpolate", normalize=None, interval_method=None).fit(days)
    spy = model.regressor_
    seen = {tuple(window): target for window, target in zip(spy.X_, spy.y_, strict=True)}
    ends_in_the_gap = (*y[36:40], y[39], y[39], y[39])  # rows 36 to 42 predict row 43
    assert seen[ends_in_the_gap] == y[43]
    line = np.interp(np.arange(40, 43), [39, 43], [y[39], y[43]])
    assert seen[(*y[38:40], *line, *y[43:45])] == y[45]
    assert np.isfinite(model.regressor_.y_).all()
    assert len(model.regressor_.y_) == 120 - 7 - 3
    days.iloc[-2:] = np.nan
    assert np.isfinite(model.fit(days).predict()).all()
    days.iloc[-5:] = np.nan
    with pytest.raises(ValueError, match="lacks more than half of its 7 values"):
        model.fit(days).predict()


@pytest.mark.parametrize("normalize", ["minmax", "standard", "last", "window", None])
@pytest.mark.parametrize("value", [0.0, -3.5, 0.1])
def test_a_constant_goes_on(normalize, value):
    model = forecaster(horizon=3, normalize=normalize).fit(np.full(60, value))
    np.testing.assert_array_equal(model.predict(5), value)
    np.testing.assert_array_equal(model.predict_interval(), value)


def test_a_constant_series_does_not_disturb_the_others(days):
    frame = pd.DataFrame({"load": days, "flat": 4.0})
    found = forecaster(horizon=2, columns="shared").fit(frame).predict()
    assert (found["flat"] == 4).all()
    assert np.isfinite(found["load"]).all()


BAD = {
    "empty": (lambda y: y[:0], "y is empty"),
    "short": (lambda y: y[:8], r"y has 8 values.*window_length=7 and horizon=2.*at least 9.*to 6"),
    "text": (lambda y: y.astype(object).where(y.index != y.index[3], "sunny"), "sunny"),
    "infinite": (lambda y: y.where(y.index != y.index[5], np.inf), "infinity, first at row 5"),
    "irregular": (
        lambda y: y.set_axis(y.index[:60].append(y.index[60:] + pd.Timedelta("2h"))),
        "no frequency: row 60, 2024-03-01 02:00:00, comes 1 days 02:00:00 after",
    ),
    "duplicate": (
        lambda y: y.set_axis(y.index[:5].append(y.index[4:-1])),
        r"repeats the timestamp 2024-01-05 00:00:00 at row 5.*zone",
    ),
    "unsorted": (lambda y: y[::-1], r"row 1, 2024-04-28.*comes after 2024-04-29.*sort_index"),
    "text index": (lambda y: y.set_axis(y.index.strftime("%d.%m.%Y")), r"to_datetime\(y.index\)"),
    "no timestamp": (
        lambda y: y.set_axis(y.index.where(y.index != y.index[9])),
        "lacks a timestamp at row 9",
    ),
    "three dimensions": (lambda y: np.zeros((9, 2, 2)), "has 3 dimensions"),
    "no column": (lambda y: y.to_frame()[[]], "no column"),
    "all missing": (lambda y: y * np.nan, "y holds no value: leave it out"),
    "mixed frequency": (
        lambda y: pd.concat(
            {"a": y, "b": y.set_axis(pd.date_range("2024", periods=120, freq="h"))}
        ),
        "Series 'b' steps by 'h', but series 'a' by 'D'",
    ),
    "weeks among days": (
        lambda y: pd.concat({"a": y, "b": y[::7]}),
        "Series 'b' steps by 'W-MON', but series 'a' by 'D'",
    ),
    "custom business days": (
        lambda y: y.set_axis(
            pd.bdate_range("2024", periods=120, freq="C", holidays=["2024-05-01"])
        ),
        r"custom business days.*asfreq",
    ),
    "same names": (lambda y: pd.concat([y, y], axis=1), "several columns named 'load'"),
    "no level of series": (
        lambda y: y.set_axis(pd.MultiIndex.from_arrays([y.index])),
        "must have the levels",
    ),
    "short series": (
        lambda y: pd.concat({"a": y, "b": y[:8]}),
        r"series 'b' has 8 values \(1 of 2 series are too short\)",
    ),
    "clock put back": (
        lambda y: y.set_axis(
            pd.date_range("2024-10-26", periods=120, freq="h", tz="Europe/Berlin").tz_localize(None)
        ),
        r"repeats the timestamp 2024-10-27 02:00:00.*tz_localize",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), BAD.values(), ids=BAD)
def test_bad_series_are_explained_and_nothing_is_lost(days, spoil, message):
    model = forecaster(horizon=2).fit(days)
    before = model.predict()
    with pytest.raises(ValueError, match=message):
        model.fit(spoil(days))
    pd.testing.assert_series_equal(model.predict(), before)


def test_hours_run_through_the_change_of_clocks():
    hours = pd.date_range("2024-10-20", periods=240, freq="h", tz="Europe/Berlin")
    y = pd.Series(np.sin(np.arange(240)), index=hours)
    found = forecaster(horizon=2).fit(y[:170]).predict()
    assert list(found.index) == list(hours[170:172])
    assert len(forecaster(horizon=2).fit(y).predict()) == 2


def test_a_series_that_never_changed_stays_at_its_last_value(days):
    for normalize in ("minmax", "standard", "last", "window", None):
        model = forecaster(normalize=normalize, horizon=2).fit(np.zeros(60))
        np.testing.assert_array_equal(model.update(np.arange(1.0, 21)).predict(), [20, 20])


@pytest.mark.parametrize("columns", ["panel", "shared"])
def test_a_series_that_was_constant_at_first_does_not_widen_the_others(days, columns):
    launched = days.where(days.index > days.index[105], 0.0) * 100
    others = {"a": days, "c": days.iloc[::-1].set_axis(days.index)}
    with_launch = {"a": others["a"], "b": launched, "c": others["c"]}
    join = (
        (lambda series: pd.concat(series, names=["shop", "day"])) if columns == "panel"
        else pd.DataFrame
    )  # fmt: skip
    widths = []
    for series in (others, with_launch):
        bounds = forecaster(Ridge(0.1), columns="shared").fit(join(series)).predict_interval()
        bounds = bounds.loc["a"] if columns == "panel" else bounds["a"]
        widths.append((bounds["upper"] - bounds["lower"]).iloc[0])
    assert 0.3 < widths[1] / widths[0] < 3


@pytest.mark.parametrize("missing", ["skip", "interpolate"])
def test_a_series_without_a_whole_window_leaves_the_others_be(days, missing):
    holes = days.copy()
    holes.iloc[::5] = np.nan
    if missing == "interpolate":
        holes.iloc[1::2] = np.nan
    panel = pd.concat({"a": days, "b": holes}, names=["shop", "day"])
    model = forecaster(Spy(), missing=missing, interval_method=None).fit(panel)
    assert len(model.regressor_.X_) == 120 - 7
    with pytest.raises(ValueError, match="last window of series 'b'"):
        model.predict()
    needed = {"skip": "must have 8.*missing='interpolate'", "interpolate": "half of a window must"}
    message = rf"No window of 7 steps .* is whole: \d+ of 120 rows .*{needed[missing]}"
    with pytest.raises(ValueError, match=message):
        forecaster(missing=missing).fit(holes)


def test_a_panel_has_the_frequency_of_its_longest_series(days):
    no_sundays = days[days.index.day_of_week < 6][:60]
    few = days[40:55].iloc[[0, 4, 14]]
    panel = pd.concat({"few": few, "a": days, "shop": no_sundays}, names=["shop", "day"])
    model = forecaster(missing="interpolate", window_length=5).fit(panel)
    assert model.freq_ == "D"
    alone = forecaster(missing="interpolate").fit(no_sundays)
    assert alone.freq_ == "D"


@pytest.mark.parametrize("step", [0.1, 0.25, 1 / 12])
def test_decimal_stamps_may_have_holes_and_go_on(step):
    values = np.sin(np.arange(60.0))
    whole = pd.Series(values, index=2000 + step * np.arange(60))
    holed = whole.drop(index=whole.index[30])
    model = forecaster(missing="interpolate").fit(holed.iloc[:-5])
    assert np.isnan(model.history_.iloc[30])
    np.testing.assert_array_equal(model.history_.dropna(), holed.iloc[:-5])
    X = pd.DataFrame({"x": np.cos(np.arange(63))}, index=2000 + step * np.arange(63))
    model = forecaster(horizon=3).fit(whole.iloc[:-5], X.iloc[:55])
    found = model.update(whole.iloc[-5:], X.iloc[55:60]).predict(X=X.iloc[55:])
    np.testing.assert_allclose(found.index, 2000 + step * np.arange(60, 63))


def test_small_integers_are_counted_without_overflow():
    y = pd.Series(np.sin(np.arange(100.0)), index=np.arange(0, 100).astype("int8"))
    assert forecaster().fit(y).predict().index[0] == 100


def test_a_series_does_not_see_how_far_the_covariates_of_another_reach():
    rng = np.random.default_rng(0)
    index = pd.date_range("2024-01-01", periods=110)
    x = pd.Series(rng.standard_normal(110), index=index)
    X = pd.concat({"a": x, "b": x + 1}, names=["shop", "day"]).to_frame("x")
    y = X["x"].rename("y") * 2
    known = y[y.index.get_level_values("day") < index[100]]
    model = forecaster(horizon=5).fit(known, X.loc[known.index])
    far = model.predict(2, X=X)
    short = X.drop(index=[("b", day) for day in index[102:]])
    np.testing.assert_array_equal(model.predict(2, X=short)["a"], far["a"])


def test_covariates_may_come_in_any_order(days):
    X = pd.DataFrame({"x": np.cos(np.arange(123))}, index=pd.date_range("2024-01-01", periods=123))
    model = forecaster(horizon=3)
    in_order = model.fit(days, X[:120]).predict(X=X)
    shuffled = X.sample(frac=1, random_state=0)
    mixed = model.fit(days, shuffled[shuffled.index <= days.index[-1]]).predict(X=shuffled)
    pd.testing.assert_series_equal(mixed, in_order)
    unnamed = X["x"].rename(None)
    pd.testing.assert_series_equal(model.fit(days, unnamed[:120]).predict(X=unnamed), in_order)


def test_bad_covariates_are_explained(days):
    X = pd.DataFrame({"x": np.arange(120.0)}, index=days.index)
    cases = [
        (X[:100], "X lacks 20 of the 120 timestamps of y, first 2024-04-10"),
        (X.to_numpy(), "y is a Series, but X a ndarray"),
        (pd.concat([X, X.set_axis(X.index + pd.Timedelta("120D"))]), "120 rows more than y"),
        (pd.concat({"a": X}), "X has 2 levels, but that of y has 1"),
        (X.assign(y=1).set_axis(["x", "x"], axis=1), "X has several columns named 'x'"),
        (X.assign(x="red"), r"X holds text.*\['x'\]"),
        (X.where(X.x != 7), "lack a value in X, first 2024-01-08"),
    ]
    for bad, message in cases:
        with pytest.raises(ValueError, match=message):
            forecaster(missing="error").fit(days, bad)
    with pytest.raises(ValueError, match="X has 3 rows, but y has 120"):
        forecaster().fit(days.to_numpy(), np.zeros(3))
    with pytest.raises(ValueError, match="not to fit"):
        forecaster().fit(days).predict(X=X)
    with pytest.raises(ValueError, match=r"log=True needs positive values.*2024-01-02"):
        forecaster(log=True).fit(days.where(days.index != days.index[1], -1.0))


def test_any_regressor_serves(days):
    regressors = [
        HistGradientBoostingRegressor(max_iter=5),
        make_pipeline(StandardScaler(), Ridge()),
        GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=TimeSeriesSplit(2)),
    ]
    for regressor in regressors:
        model = forecaster(regressor, horizon=3).fit(days)
        assert np.abs(model.predict() - days[1:4].to_numpy()).max() < 6
    boosted = forecaster(regressors[0], horizon=3).fit(days)
    X, Y = lagged((days.to_numpy() - days.min()) / (days.max() - days.min()), 7, 3)
    second = clone(regressors[0]).fit(X, Y[:, 1])
    z = (days[-7:] - days.min()) / (days.max() - days.min())
    expected = second.predict([z])[0] * (days.max() - days.min()) + days.min()
    np.testing.assert_allclose(boosted.predict().iloc[1], expected)


def test_an_lstm_reads_windows(days):
    X = pd.DataFrame({"x": np.cos(np.arange(130))}, index=pd.date_range("2024-01-01", periods=130))
    lstm = LSTMRegressor(units=4, epochs=2)
    searched = GridSearchCV(lstm, {"units": [2, 3]}, cv=TimeSeriesSplit(2))
    averaged = VotingRegressor([("a", lstm), ("b", clone(lstm))])
    for regressor, horizon in ((lstm, 3), (searched, 3), (averaged, 1)):
        model = LSTMForecaster(regressor, window_length=7, horizon=horizon, random_state=0)
        model.fit(days, X[:120])
        assert np.isfinite(model.predict(X=X)).all()
        part = getattr(model.regressor_, "best_estimator_", model.regressor_)
        part = part.estimators_[0] if regressor is averaged else part
        assert (part.n_timesteps_, part.n_features_in_) == (7, 3)
    seeds = [part.random_state for part in model.regressor_.estimators_]
    assert len(set(seeds)) == 2


def test_the_default_has_members_of_three_kinds(days):
    model = LSTMForecaster(interval_method=None, random_state=0).fit(days)
    kinds = {type(regressor) for regressor in model.regressor_}
    assert kinds == {LSTMRegressor, RidgeCV, ExponentialSmoothing}
    assert model.regressor is None
    lengths = {one.settings.name: one.settings.window_length for one in model._core.members_}
    assert lengths == {"LSTM": 15, "ridge": 15, "smoothing": 56}
    assert (model.window_length, model.window_length_) == ("auto", 56)
    assert (model.log, model.log_) == ("auto", False)
    again = clone(model).fit(days)
    assert model.predict().equals(again.predict())
    other = clone(model).set_params(random_state=1).fit(days)
    assert not model.predict().equals(other.predict())


def test_a_logarithm_that_was_chosen_meets_what_has_none():
    t = np.arange(144)
    growing = np.exp(t / 60) * (1 + 0.2 * np.sin(2 * np.pi * t / 12))
    model = LSTMForecaster(Ridge(), horizon=3).fit(growing)
    assert model.log_
    with pytest.raises(ValueError, match=r"log='auto'\), which need positive values, but y has -1"):
        model.update([-1.0])
    dips = growing.copy()
    dips[-5] = 0
    with pytest.raises(ValueError, match=r"log='auto'\).*y has 0 at row 139. Fit with log=False"):
        backtest(model, dips, n_windows=2, refit=False)
    ends = growing.copy()
    ends[-2] = -1  # only scored
    assert backtest(model, ends, n_windows=2).predictions["y"].iloc[-2] == -1
    negative = model.fit(growing - 100)
    assert not negative.log_


def read_series(name, folder):
    def read(file, column, by):
        table = pd.read_csv(folder / file, parse_dates=[by], index_col=by)[column]
        return table[~table.index.duplicated()]

    return {
        "airline": lambda: read("airline_passengers.csv", "passengers", "month")[:96],
        "melbourne": lambda: read("melbourne_daily_min_temp.csv", "temp", "date")[:-365],
        "jena": lambda: read("jena_weather_2020_hourly.csv", "T (degC)", "date")[:7900],
        "ETTh1": lambda: read("ETTh1.csv", "OT", "date")[:10_000],
        "electricity": lambda: read("vic_electricity.csv.gz", "Demand", "Time")[20_000:40_000],
    }[name]()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "horizon", "n_windows"),
    [
        ("airline", 1, 24),
        ("airline", 12, 2),
        ("melbourne", 1, 365),
        ("jena", 1, 500),
        ("jena", 24, 20),
        ("ETTh1", 24, 40),
        ("electricity", 48, 40),
    ],
)
def test_left_alone_it_beats_both_naive_forecasts(tables, name, horizon, n_windows):
    y = read_series(name, tables)  # without the parts on which the package reports its skill
    forecaster = LSTMForecaster(
        horizon=horizon, missing="interpolate", interval_method=None, random_state=0
    )
    scores = backtest(forecaster, y, n_windows=n_windows, refit=False).scores()
    assert scores.loc["forecast", "skill"] > 0.05


def test_a_forecaster_cuts_windows_itself(days):
    with pytest.raises(ValueError, match="holds a SequenceWindower"):
        LSTMForecaster(make_lstm_pipeline()).fit(days)
    with pytest.raises(ValueError, match="Pipeline"):
        LSTMForecaster(make_pipeline(StandardScaler(), LSTMRegressor(2, epochs=1))).fit(
            pd.DataFrame({"a": days, "b": days})
        )


def test_it_is_a_scikit_learn_estimator(days):
    model = LSTMForecaster(Ridge(2.0), horizon=2, window_length=7)
    assert model.get_params()["regressor__alpha"] == 2
    model.set_params(regressor__alpha=0.1, horizon=3).fit(days)
    assert model.regressor_.alpha == 0.1
    assert repr(model).startswith(repr(clone(model)) + "\n# ")  # what was chosen, as comments
    reread = pickle.loads(pickle.dumps(model))
    pd.testing.assert_frame_equal(reread.predict_interval(), model.predict_interval())
    assert reread.update(days[-1:].shift(freq="D")).predict().index[0] == pd.Timestamp("2024-05-01")
    for name, value in {
        "horizon": 0,
        "normalize": "robust",
        "window_length": 2.5,
        "columns": 1,
    }.items():
        with pytest.raises(ValueError, match=name):
            clone(model).set_params(**{name: value}).fit(days)
    with pytest.raises(ValueError, match="horizon=0"):
        model.predict(0)


def test_parameters_set_after_a_fit_wait_for_the_next(days):
    frame = pd.DataFrame({"a": days, "b": days * 2})
    model = forecaster(horizon=3, log=True, columns="shared").fit(frame)
    before = model.predict_interval()
    model.set_params(
        horizon=1, log=False, columns="joint", window_length=50, strategy="recursive",
        normalize="last", missing="skip", interval_method=None, regressor=None,
    )  # fmt: skip
    pd.testing.assert_frame_equal(model.predict_interval(), before)


SERIES = {
    "seattle": ("seattle_weather.csv", "date", "temp_max", 300),
    "melbourne": ("melbourne_daily_min_temp.csv", "date", "temp", 700),
    "electricity": ("vic_electricity.csv.gz", "Time", "Demand", 3000),
}


@pytest.mark.parametrize("regressor", ["ridge", pytest.param("lstm", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SERIES)
def test_intervals_cover_what_they_promise(tables, name, regressor):
    file, time, column, n_test = SERIES[name]
    y = pd.read_csv(tables / file, parse_dates=[time], index_col=time)[column][-10_000:]
    n_train = len(y) - n_test
    horizon = 3
    models = {
        "ridge": Ridge(),
        "lstm": LSTMRegressor(16, epochs=30, learning_rate=0.005, batch_size=64),
    }
    model = LSTMForecaster(
        models[regressor], window_length=14, horizon=horizon, normalize="standard",
        missing="interpolate", calibration_fraction=0.3, random_state=0,
    )  # fmt: skip
    model.fit(y[:n_train])
    inside = []
    for origin in range(n_train, len(y) - horizon, horizon):
        truth = y[origin : origin + horizon]
        bounds = model.predict_interval(coverage=0.9).reindex(truth.index)
        inside += list((truth >= bounds["lower"]) & (truth <= bounds["upper"]))
        model.update(truth)
    assert 0.85 <= np.mean(inside) <= 0.95
