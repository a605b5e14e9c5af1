"""A forecaster that is left alone: a weighted mean of members that differ."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import Ridge, RidgeCV

from sklearn_lstm import (
    LSTMForecaster,
    LSTMRegressor,
    backtest,
    load_model,
    save_model,
    suggest_window_length,
)
from sklearn_lstm.forecasting import defaults, panel_forecaster
from sklearn_lstm.forecasting.calendar_features import CalendarFeatures
from sklearn_lstm.forecasting.member import ForecastMember, MemberSettings, Task
from sklearn_lstm.forecasting.read_panel import read_panel
from sklearn_lstm.forecasting.smoothing import ExponentialSmoothing


@pytest.fixture(autouse=True)
def brief(monkeypatch):
    """Networks that are trained for a moment: what is tested here holds for those, too."""
    regressor = defaults.default_regressor

    def trained_briefly(*args):
        return regressor(*args).set_params(units=4, epochs=2)

    monkeypatch.setattr(defaults, "default_regressor", trained_briefly)


@pytest.fixture
def all_count(monkeypatch):
    """No member is left out for weighing next to nothing, as networks do that learned so little."""
    monkeypatch.setattr(panel_forecaster, "LIGHTEST", 0.0)


def week(n, seed=0, first="2024-01-01", level=30.0, freq="D"):
    rng = np.random.default_rng(seed)
    values = level + 5 * np.sin(np.arange(n) * 2 * np.pi / 7) + rng.standard_normal(n)
    return pd.Series(values, pd.date_range(first, periods=n, freq=freq), name="sold")


def alone(**params):
    return LSTMForecaster(**{"horizon": 3, "random_state": 0, **params})


def settings_of(forecaster):
    return {one.settings.name: one.settings for one in forecaster._core.members_}


def test_long_series_have_five_members_and_short_ones_fewer(all_count):
    found = settings_of(alone(interval_method=None).fit(week(200)))
    kinds = {name: (type(one.regressor), one.window_length) for name, one in found.items()}
    assert kinds == {
        "LSTM": (LSTMRegressor, 15),
        "ridge": (RidgeCV, 15),
        "long LSTM": (LSTMRegressor, 29),
        "long ridge": (RidgeCV, 29),
        "smoothing": (ExponentialSmoothing, 56),
    }
    assert found["long LSTM"].normalize == "window"
    few = settings_of(alone(interval_method=None, horizon=1).fit(week(8)))
    assert {name: one.window_length for name, one in few.items()} == {"LSTM": 3, "ridge": 3}


@pytest.mark.parametrize("n_columns", [1, 2])
def test_a_forecast_is_the_weighted_mean_of_the_members_fitted_apart(n_columns, all_count):
    y = pd.DataFrame({name: week(130, seed) for seed, name in enumerate("pq"[:n_columns])})
    forecaster = alone(log=False, non_negative=False).fit(y)
    core, expected = forecaster._core, 0
    assert len(core.members_) > 1
    assert core.weights_.sum() == pytest.approx(1)
    for member, weight in zip(core.members_, core.weights_, strict=True):
        one = member.settings
        apart = LSTMForecaster(
            one.regressor, window_length=one.window_length, horizon=3, normalize=one.normalize,
            log=False, columns=one.columns, calendar=bool(one.calendar.cycles),
            non_negative=False, interval_method=None, random_state=0,
        ).fit(y)  # fmt: skip
        expected = expected + weight * apart.predict()
    pd.testing.assert_frame_equal(forecaster.predict(), expected)
    assert forecaster.window_length_ == max(m.settings.window_length for m in core.members_)
    for member, found in zip(core.members_, forecaster.regressor_, strict=True):
        assert type(found) is type(member.settings.regressor)


def test_a_regressor_that_is_given_is_the_only_member():
    y = week(60)
    forecaster = LSTMForecaster(Ridge(), horizon=3).fit(y)
    (member,) = forecaster._core.members_
    assert isinstance(forecaster.regressor_, Ridge)
    one = member.settings
    assert (one.normalize, one.columns, one.calendar.cycles) == ("last", "joint", ())
    assert forecaster.window_length_ == suggest_window_length(y, horizon=3)[0] == 15
    spelt = LSTMForecaster(
        Ridge(), horizon=3, window_length=15, normalize="last", log=False, columns="joint",
        calendar=False, missing="error", non_negative=True,
    ).fit(y)  # fmt: skip
    assert_array_equal(forecaster.predict_interval(), spelt.predict_interval())


@pytest.mark.filterwarnings("ignore:The forecast is no better")
def test_a_given_regressor_sees_the_calendar_if_asked():
    rng = np.random.default_rng(0)
    index = pd.date_range("2024-01-01", periods=120)
    y = pd.Series(np.where(index.day_of_week == 6, 9.0, 0.0) + 0.01 * rng.random(120), index)
    params = {"window_length": 1, "interval_method": None}
    blind = LSTMForecaster(Ridge(1e-3), **params).fit(y[:118])
    seeing = clone(blind).set_params(calendar=True).fit(y[:118])
    errors = []
    for one in (blind, seeing):
        found = backtest(one, y, n_windows=7, refit=False).predictions
        errors.append((found["y"] - found["y_pred"]).abs())
    assert errors[1].max() < 0.5 < errors[0].max()


@pytest.mark.parametrize("n_series", [1, 3])
def test_of_very_many_windows_some_are_drawn(n_series):
    class Counts(Ridge):
        def fit(self, X, y):
            self.rows_ = X.copy()
            return super().fit(X, y)

    parts = {str(i): pd.Series(np.arange(40.0) + 100 * i, week(40).index) for i in range(n_series)}
    panel = read_panel(pd.concat(parts) if n_series > 1 else parts["0"])
    task = Task(1, np.empty(0, dtype=bool), fills=False, n_jobs=None)
    settings = MemberSettings("one", Counts(), 4, None, "joint", CalendarFeatures(()), True, 20)
    found = ForecastMember(settings, task).fit(panel, None).model_.regressor_.rows_
    every = ForecastMember(
        MemberSettings("one", Counts(), 4, None, "joint", CalendarFeatures(())), task
    ).fit(panel, None).model_.regressor_.rows_  # fmt: skip
    assert len(every) == 36 * n_series
    places = [np.flatnonzero((every == row).all(axis=1)).item() for row in found]
    assert len(places) == 20
    assert (np.diff(places) > 0).all()  # each once, in the order of time
    for series in range(n_series):  # neither one series nor one stretch is left out
        firsts = found[found[:, 0] // 100 == series, 0] % 100
        assert firsts.min() < 18 <= firsts.max()  # of both halves
    again = ForecastMember(settings, task).fit(panel, None).model_.regressor_.rows_
    assert_array_equal(again, found)


def test_a_series_too_short_for_the_long_window_is_forecast_by_the_others(all_count, monkeypatch):
    monkeypatch.setattr(defaults, "FEWEST_LONG_WINDOWS", 2)
    rng = np.random.default_rng(0)
    days = pd.Series(20 + 5 * np.sin(np.arange(130) / 7 * 2 * np.pi) + rng.random(130),
                     pd.date_range("2024-01-01", periods=130, freq="D"))  # fmt: skip
    panel = pd.concat({"a": days, "b": days[::-1].set_axis(days.index), "c": days[:14]})
    forecaster = alone(log=False, non_negative=False).fit(panel)
    members, weights = forecaster._core.members_, forecaster._core.weights_
    values = np.array([m.forecast_next(forecaster._panel, None, 3).values[..., 0] for m in members])
    has_room = np.array([m.settings.window_length <= 14 for m in members])
    assert set(settings_of(forecaster)) >= {"LSTM", "ridge", "long LSTM", "long ridge"}
    assert_array_equal(np.isfinite(values).all(axis=2)[:, 2], has_room)
    assert not has_room.all()
    found = forecaster.predict()
    assert_allclose(found["a"], weights @ values[:, 0])
    assert_allclose(found["c"], weights[has_room] @ values[has_room, 2] / weights[has_room].sum())


COVARIATES = pd.DataFrame(
    {"price": np.random.default_rng(9).random(100), "rain": np.random.default_rng(8).random(100)},
    pd.date_range("2024-01-01", periods=100),
)


def test_covariates_are_seen_by_all_members_but_smoothing():
    y = week(90) + 20 * COVARIATES["price"][:90]
    forecaster = alone(past_covariates=["rain"]).fit(y, COVARIATES[:90])
    core = forecaster._core
    weights = dict(zip(settings_of(forecaster), core.weights_, strict=True))
    assert weights["ridge"] > 0.5  # it is told what the price will be
    assert weights.get("smoothing", 0) < 0.2
    low, high = (COVARIATES[["price"]][90:].assign(price=p) for p in (0.1, 0.9))
    difference = forecaster.predict(X=high) - forecaster.predict(X=low)
    assert (difference > 5).all()
    with pytest.raises(ValueError, match="X is missing"):
        forecaster.predict()
    assert forecaster.predict_interval(X=high).shape == (3, 2)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"columns": "separate"},
        {"columns": "joint"},
        {"strategy": "recursive"},
        {"log": True},
        {"normalize": "standard"},
        {"normalize": None},
        {"window_length": 5},
        {"window_length": 1},
        {"calendar": False},
        {"integer": True},
        {"missing": "skip"},
        {"interval_method": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("shape", ["single", "columns", "panel"])
def test_members_are_of_one_mind_with_every_setting(shape, params):
    y = {
        "single": lambda: week(60),
        "columns": lambda: pd.DataFrame({"p": week(60), "q": week(60, 1, level=300)}),
        "panel": lambda: pd.concat({"a": week(60), "b": week(50, 1, level=300)}),
    }[shape]()
    forecaster = alone(horizon=2, **params).fit(y)
    found = forecaster.predict()
    level = 30 if shape == "single" else np.where(found > 150, 300, 30)
    assert (np.abs(found - level) < 15).to_numpy().all()
    assert len(found) == (4 if shape == "panel" else 2)
    if forecaster.interval_method is None:
        return
    bounds = forecaster.predict_interval(coverage=0.6).to_numpy().reshape(-1, 2)
    middle = found.to_numpy().ravel()
    assert (bounds[:, 0] <= middle).all()
    assert (middle <= bounds[:, 1]).all()
    assert (bounds[:, 0] < bounds[:, 1]).any()


def test_a_logarithm_makes_a_geometric_mean_of_the_members():
    y = np.exp(week(90, level=0) / 10)
    forecaster = alone(log=True).fit(y)
    core = forecaster._core
    logs = [m.forecast_next(core.logged(forecaster._panel), None, 3).values[0, :, 0]
            for m in core.members_]  # fmt: skip
    assert_allclose(forecaster.predict(), np.exp(core.weights_ @ logs))


def test_another_series_is_forecast_by_all_members():
    y, other = week(120), week(60, 5, first="2025-03-01", level=500)
    forecaster = alone(log=False, non_negative=False).fit(y)
    core = forecaster._core
    panel = read_panel(other)
    of_members = [m.forecast_next(panel, None, 3, is_other=True).values[0, :, 0]
                  for m in core.members_]  # fmt: skip
    found = forecaster.predict(y=other)
    assert_allclose(found, core.weights_ @ of_members)
    assert (np.abs(found - 500) < 15).all()
    assert list(found.index) == list(pd.date_range("2025-04-30", periods=3))
    assert_allclose(forecaster.predict(y=y), forecaster.predict())


def test_another_series_needs_the_shortest_window_alone():
    forecaster = alone(log=False).fit(week(120))
    lengths = [one.window_length for one in settings_of(forecaster).values()]
    assert min(lengths) < max(lengths)
    assert np.isfinite(forecaster.predict(y=week(min(lengths), 3))).all()
    with pytest.raises(ValueError, match=f"a window takes {min(lengths)}"):
        forecaster.predict(y=week(min(lengths) - 1, 3))


def test_an_update_moves_on_and_a_refit_learns_anew():
    y = week(110)
    forecaster = alone(log=False, non_negative=False).fit(y[:100])
    core = forecaster._core
    forecaster.update(y[100:])
    for found, fitted in zip(forecaster._core.regressor_, core.regressor_, strict=True):
        assert found is fitted
    panel = read_panel(y)
    expected = core.weights_ @ [
        m.forecast_from(panel, np.array([0]), np.array([110]), 3).values[0, :, 0]
        for m in core.members_
    ]
    assert_allclose(forecaster.predict(), expected)
    forecaster.update(week(113)[110:], refit=True)
    pd.testing.assert_series_equal(forecaster.predict(), alone(
        log=False, non_negative=False).fit(forecaster.history_).predict())  # fmt: skip


def test_steps_beyond_the_horizon_are_forecast_from_the_forecast():
    forecaster = alone(log=False, non_negative=False).fit(week(100))
    far = forecaster.predict(10)
    assert_allclose(far[:3], forecaster.predict())
    assert np.isfinite(far).all()
    assert list(far.index) == list(pd.date_range("2024-04-10", periods=10))
    with pytest.raises(ValueError, match="Intervals reach 3 steps ahead"):
        forecaster.predict_interval(10)


INDEXES = {
    "months": pd.date_range("2015-01-01", periods=100, freq="MS"),
    "periods": pd.period_range("2015-01", periods=100, freq="M"),
    "quarters": pd.period_range("2000-01", periods=100, freq="Q"),
    "hours of a zone": pd.date_range("2024-10-25", periods=100, freq="h", tz="Europe/Berlin"),
    "numbers": pd.Index(np.arange(1900, 2000)),
    "fractions": pd.Index(np.arange(100) * 0.25),
    "none": None,
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_any_index_will_do(index):
    y = week(100).to_numpy()
    y = y if index is None else pd.Series(y, index)
    known = y[:97] if index is None else y.iloc[:97]
    found = alone().fit(known).predict()
    assert np.isfinite(found).all()
    if index is not None:
        assert list(found.index) == list(index[97:])


@pytest.mark.parametrize("index", ["none", "numbers"])
def test_a_calendar_needs_dates(index):
    y = week(100).to_numpy()
    y = y if index == "none" else pd.Series(y, INDEXES[index])
    with pytest.raises(
        ValueError, match=r"calendar=True needs timestamps.*no dates.*Give it an index of da"
    ):
        alone(calendar=True).fit(y)
    yearly = pd.Series(week(60).to_numpy(), pd.date_range("1950", periods=60, freq="YS"))
    with pytest.raises(ValueError, match=r"calendar=True .* y has \d+ steps of 'YS-JAN'.*'auto'"):
        alone(calendar=True).fit(yearly)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 8, 11, 14, 17, 21, 26, 34, 45, 60])
def test_short_series_have_a_forecast(n):
    forecaster = alone(horizon=1).fit(week(n))
    found = forecaster.predict()
    assert 15 < found.iloc[0] < 45
    assert forecaster._core.weights_.sum() == pytest.approx(1)
    if n < 20:
        with pytest.raises(ValueError, match=r"too short to hold back|too extreme for"):
            forecaster.predict_interval()
    if n > 30:
        assert forecaster.predict_interval().shape == (1, 2)


@pytest.mark.parametrize("value", [7.0, 0.1, 0.0, -3.3])
def test_a_constant_series_stays_as_it_is(value):
    y = pd.Series(value, pd.date_range("2024-01-01", periods=60))
    forecaster = alone().fit(y)
    assert (forecaster.predict() == value).all()
    assert (forecaster.predict_interval() == value).to_numpy().all()


def test_series_with_many_zeros_are_not_forecast_below():
    rng = np.random.default_rng(1)
    y = pd.Series(rng.binomial(1, 0.2, 90) * rng.integers(1, 5, 90), week(90).index)
    forecaster = alone().fit(y)
    assert not forecaster.log_
    assert (forecaster.predict() >= 0).all()
    bounds = forecaster.predict_interval()
    assert (bounds["lower"] == 0).all()
    assert (bounds["upper"] > 0).all()
    assert (forecaster.predict_quantiles([0.05, 0.5]) >= 0).to_numpy().all()


def test_counts_are_forecast_as_whole_numbers():
    y = pd.Series(np.random.default_rng(2).poisson(3, 90), week(90).index)
    forecaster = alone(integer=True).fit(y)
    exact = clone(forecaster).set_params(integer=False).fit(y)
    found, bounds = forecaster.predict(), forecaster.predict_interval()
    assert_array_equal(found, exact.predict().round())
    assert_array_equal(bounds["lower"], np.ceil(exact.predict_interval()["lower"]))
    assert_array_equal(bounds["upper"], np.floor(exact.predict_interval()["upper"]))
    narrow = forecaster.predict_interval(coverage=0.02)
    for one in (bounds, narrow):
        assert (one == one.round()).to_numpy().all()
        assert (one["lower"] <= found).all()
        assert (found <= one["upper"]).all()
    quantiles = forecaster.predict_quantiles([0.1, 0.9])
    assert_array_equal(quantiles, exact.predict_quantiles([0.1, 0.9]).round())


def falling():
    index = pd.date_range("2024-01-01", periods=60)
    return pd.Series(np.linspace(60, 0.5, 60), index)


def test_what_was_never_negative_stays_so():
    line = {"regressor": Ridge(1e-6), "window_length": 3, "horizon": 4, "log": False}
    free = LSTMForecaster(**line, non_negative=False).fit(falling())
    assert (free.predict() < 0).any()
    for non_negative in ("auto", True):
        bounded = LSTMForecaster(**line, non_negative=non_negative).fit(falling())
        assert_array_equal(bounded.predict(), free.predict().clip(lower=0))
        assert_array_equal(bounded.predict_interval(), free.predict_interval().clip(lower=0))
        levels = [0.2, 0.8]
        assert_array_equal(
            bounded.predict_quantiles(levels), free.predict_quantiles(levels).clip(lower=0)
        )


def test_what_was_negative_may_be_so_again():
    y = falling()
    y.iloc[3] = -0.1
    line = {"regressor": Ridge(1e-6), "window_length": 3, "horizon": 4, "log": False}
    free = LSTMForecaster(**line, non_negative=False).fit(y)
    assert_array_equal(LSTMForecaster(**line).fit(y).predict(), free.predict())
    kept = LSTMForecaster(**line, non_negative=True).fit(y)
    assert_array_equal(kept.predict(), free.predict().clip(lower=0))


def test_each_column_of_each_series_is_bounded_by_itself():
    y = pd.DataFrame({"p": falling(), "q": falling() - 30})
    panel = pd.concat({"a": y, "b": y[["q", "p"]].set_axis(["p", "q"], axis=1)})
    line = {"regressor": Ridge(1e-6), "window_length": 3, "horizon": 4, "log": False}
    found = LSTMForecaster(**line, columns="separate").fit(panel).predict()
    assert (found.loc["a", "p"].min(), found.loc["b", "q"].min()) == (0, 0)
    assert (found.loc["a", "q"] < -25).all()
    assert (found.loc["b", "p"] < -25).all()
    # Another series by what it holds itself.
    model = LSTMForecaster(**line).fit(falling())
    assert (model.predict(y=falling() - 30) < -25).all()
    assert (model.predict(y=falling() + 1e-9) >= 0).all()


@pytest.mark.filterwarnings("ignore:The forecast is no better")
@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("shape", ["single", "columns", "panel"])
def test_nothing_is_learned_from_later_rows(shape, refit):
    y = {
        "single": lambda: week(60),
        "columns": lambda: pd.DataFrame({"p": week(60), "q": week(60, 1)}),
        "panel": lambda: pd.concat({"a": week(60), "b": week(50, 1, first="2024-01-11")}),
    }[shape]()
    cut = pd.Timestamp("2024-02-25")
    later = y.index.get_level_values(-1) > cut
    noisy = y.copy()
    noisy[later] = -1e4 * np.random.default_rng(0).random(noisy[later].shape)
    found = [
        backtest(alone(horizon=2), one, n_windows=4, stride=1, refit=refit, coverage=0.7)
        .predictions.drop(columns="y")
        for one in (y, noisy)
    ]  # fmt: skip
    own, is_known = ["y_pred", "lower", "upper"], found[0]["origin"] <= cut
    assert is_known.any()
    assert not is_known.all()
    pd.testing.assert_frame_equal(found[0].loc[is_known, own], found[1].loc[is_known, own])


def make_kept():
    y = pd.concat({"a": week(90), "b": week(80, 1)})
    return alone(past_covariates=["rain"]).fit(y, pd.concat({k: COVARIATES[:90].loc[y[k].index]
                                                             for k in "ab"}))  # fmt: skip


@pytest.mark.parametrize("how", ["file", "pickle"])
def test_a_kept_model_forecasts_the_same(how, tmp_path):
    model = make_kept()
    future = pd.concat({"a": COVARIATES[["price"]][90:], "b": COVARIATES[["price"]][80:]})
    if how == "file":
        save_model(model, tmp_path / "model.skops")
        again = load_model(tmp_path / "model.skops")
    else:
        again = pickle.loads(pickle.dumps(model))
    pd.testing.assert_series_equal(again.predict(X=future), model.predict(X=future))
    pd.testing.assert_frame_equal(
        again.predict_interval(X=future), model.predict_interval(X=future)
    )
    assert [repr(one) for one in again._core.members_] == [repr(o) for o in model._core.members_]
    far = pd.concat({"a": COVARIATES[["price"]][88:], "b": COVARIATES[["price"]][80:]})
    assert_array_equal(again.predict(6, X=far), model.predict(6, X=far))


def test_a_seed_decides_all(all_count):
    y = week(80)
    first, second = alone().fit(y), alone().fit(y)
    assert_array_equal(first._core.weights_, second._core.weights_)
    pd.testing.assert_frame_equal(first.predict_interval(), second.predict_interval())
    other = alone(random_state=1).fit(y)
    assert not first.predict().equals(other.predict())
    state = np.random.get_state()[1].copy()
    np.random.seed(5)
    alone().fit(y)
    drawn = np.random.random()
    np.random.seed(5)
    assert drawn == np.random.random()
    np.random.set_state(("MT19937", state, 624, 0, 0.0))


@pytest.mark.parametrize("regressor", [None, Ridge()])
def test_covariates_without_a_column_are_none(regressor):
    y, nothing = week(70), pd.DataFrame(index=pd.date_range("2024-01-01", periods=90))
    model = alone(regressor=regressor, interval_method=None)
    expected = clone(model).fit(y[:60]).predict()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given = clone(model).fit(y[:60], nothing[:60])
        pd.testing.assert_series_equal(given.predict(), expected)
        pd.testing.assert_series_equal(given.predict(X=nothing[60:]), expected)
        pd.testing.assert_series_equal(clone(model).fit(y[:60]).predict(X=nothing[60:]), expected)
        arrays = clone(model).fit(y[:60].to_numpy(), np.empty((60, 0)))
        assert arrays.predict(X=np.empty((3, 0))).shape == (3,)
        moved = given.update(y[60:65], nothing[60:65]).predict()
        again = clone(model).fit(y[:60]).update(y[60:65])
        pd.testing.assert_series_equal(moved, again.predict(X=nothing[65:]))
        given.update(y[65:70], nothing[65:70], refit=True)
    parts = [backtest(model, y, X, n_windows=2).predictions for X in (None, nothing[:70])]
    pd.testing.assert_frame_equal(*parts)


def test_holes_are_filled_for_all_members():
    y = week(90)
    y.iloc[[20, 41, 42, 80, 88]] = np.nan
    with pytest.warns(UserWarning, match="5 of 90 rows lack a value"):
        model = alone().fit(y)
    assert np.isfinite(model.predict()).all()
    lengths = {name: one.window_length for name, one in settings_of(model).items()}
    full = {name: one.window_length for name, one in settings_of(alone().fit(week(90))).items()}
    assert set(lengths) & set(full)
    for name in set(lengths) & set(full):
        assert lengths[name] == full[name]


def test_a_straight_line_goes_on():
    y = pd.Series(np.arange(100.0), week(100).index)
    assert_allclose(alone().fit(y).predict(), [100, 101, 102], atol=0.05)


def test_a_season_without_noise_goes_on():
    y = pd.Series(np.tile([4.0, 1, 2, 3, 9, 1, 0], 15), week(105).index)
    assert_allclose(alone().fit(y).predict(), [4, 1, 2], atol=0.05)


def test_smoothing_knows_no_other_column():
    t = np.arange(96)
    two = np.column_stack([10 + 3 * np.sin(t * np.pi / 6), 500 + 90 * np.cos(t * np.pi / 6)])
    frame = pd.DataFrame(two, pd.date_range("2015", periods=96, freq="MS"), columns=["a", "b"])
    found = {}
    for columns in ("joint", "shared", "separate"):
        core = alone(columns=columns).fit(frame)._core
        found[columns] = [
            member.settings.columns
            for member in core.members_
            if member.settings.name == "smoothing"
        ]
    assert found == {"joint": ["shared"], "shared": ["shared"], "separate": ["separate"]}


def test_positive_series_of_a_panel_are_learned_as_logarithms_with_nothing_set():
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=60)
    level = {"small": 3.0, "large": 4000.0}
    parts = {name: pd.Series(of + 0.1 * of * rng.random(60), days) for name, of in level.items()}
    panel = pd.concat(parts, names=["shop", "day"])
    assert alone().fit(panel).log_
    assert not alone().fit(panel.loc["small"]).log_
    assert not LSTMForecaster(Ridge(), window_length=5).fit(panel).log_
    panel.iloc[7] = 0.0
    assert not alone().fit(panel).log_
