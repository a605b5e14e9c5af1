"""``LSTMForecaster(columns="separate")``: a regressor for every series."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge

import sklearn_lstm.forecasting.local_models as room
from sklearn_lstm import (
    LSTMForecaster,
    LSTMRegressor,
    backtest,
    load_forecaster,
    save_forecaster,
)
from sklearn_lstm.forecasting.conformal import ConformalErrors


@pytest.fixture
def frame():
    """Three columns of 90 days, of different size and season."""
    t = np.arange(90)
    noise = np.random.default_rng(0).standard_normal((90, 3))
    values = np.column_stack([np.sin(t / 2), np.cos(t / 3), np.sin(t / 5)])
    values = (3 + values + 0.1 * noise) * [1, 100, 0.01]
    return pd.DataFrame(values, pd.date_range("2024-01-01", periods=90, name="day"), list("abc"))


def separate(regressor=None, **params):
    defaults = {"window_length": 6, "horizon": 3, "normalize": "minmax", "log": False}
    return LSTMForecaster(
        Ridge(0.1) if regressor is None else regressor,
        **{**defaults, "columns": "separate", **params},
    )


def alone(model, y, X=None):
    return clone(model).set_params(columns="joint").fit(y, X)


def as_panel(frame):
    return frame.unstack().rename_axis(["shop", "day"])


class Picky(Ridge):
    """Refuses what has a target above 50."""

    def fit(self, X, y):
        if y.max() > 50:
            raise ZeroDivisionError("above 50")
        return super().fit(X, y)


@pytest.mark.parametrize("normalize", ["minmax", "standard", "last", "window", None])
@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_each_column_is_forecast_as_if_it_were_alone(frame, normalize, strategy):
    model = separate(normalize=normalize, strategy=strategy, log=True, interval_method=None)
    found = model.fit(frame).predict(5)
    assert list(found.columns) == ["a", "b", "c"]
    for name in frame:
        expected = alone(model, frame[name])
        np.testing.assert_array_equal(found[name], expected.predict(5))
        number = list(frame).index(name)
        np.testing.assert_array_equal(model.regressor_[number].coef_, expected.regressor_.coef_)


def test_covariates_are_scaled_for_each_series(frame):
    future = pd.date_range("2024-01-01", periods=95, name="day")
    x = {name: np.cos(np.arange(95) / 2) * 10**i for i, name in enumerate("abc")}
    X = as_panel(pd.DataFrame(x, future)).to_frame("x")
    y = as_panel(frame)
    model = separate(interval_method=None).fit(y, X.loc[y.index])
    found = model.predict(X=X)
    for name in frame:
        expected = alone(model, frame[name], X.loc[name][:90]).predict(X=X.loc[name])
        np.testing.assert_array_equal(found[name], expected)


def test_every_column_of_every_series_of_a_panel_has_its_own(frame):
    panel = pd.concat({"north": frame, "south": frame[::-1].set_axis(frame.index)[30:]})
    model = separate(interval_method=None).fit(panel)
    found = model.predict()
    assert len(model.regressor_) == 6
    number = 0
    for region in ("north", "south"):
        for name in frame:
            expected = alone(model, panel.loc[region, name])
            np.testing.assert_array_equal(found.loc[region, name], expected.predict())
            np.testing.assert_array_equal(model.regressor_[number].coef_, expected.regressor_.coef_)
            number += 1


def test_one_series_is_the_same_either_way(frame):
    model = separate(LSTMRegressor(3, epochs=2), normalize="window", random_state=0)
    together = alone(model, frame["a"])
    model.fit(frame["a"])
    pd.testing.assert_series_equal(model.predict(), together.predict())
    pd.testing.assert_frame_equal(model.predict_interval(), together.predict_interval())


def test_a_seed_does_not_depend_on_the_other_series_or_on_jobs(frame):
    model = separate(LSTMRegressor(3, epochs=2), random_state=0, interval_method=None)
    three = model.fit(frame).predict()
    one = model.fit(frame[["c"]]).predict()
    np.testing.assert_array_equal(three["c"], one["c"])
    with joblib.parallel_config(backend="threading"):
        by_two = model.set_params(n_jobs=2).fit(frame).predict()
    pd.testing.assert_frame_equal(by_two, three)


@pytest.mark.slow
def test_processes_change_nothing(frame):
    model = separate(LSTMRegressor(3, epochs=2), random_state=0)
    expected = model.fit(frame).predict_interval()
    found = model.set_params(n_jobs=2).fit(frame).predict_interval()
    pd.testing.assert_frame_equal(found, expected)


def test_intervals_are_those_of_each_series_by_itself(frame):
    y = frame.assign(noisy=frame["a"] + np.random.default_rng(3).standard_normal(len(frame)))
    model = separate(horizon=2).fit(y)
    bounds, quantiles = model.predict_interval(coverage=0.7), model.predict_quantiles([0.2, 0.7])
    for name in y:
        own = alone(separate(horizon=2), y[name])
        np.testing.assert_allclose(bounds[name], own.predict_interval(coverage=0.7))
        np.testing.assert_allclose(quantiles[name], own.predict_quantiles([0.2, 0.7]))
    calm, noisy = (np.diff(bounds[name], axis=1).mean() for name in ("a", "noisy"))
    assert noisy > 2 * calm


def test_a_series_with_too_few_errors_of_its_own_goes_by_those_of_all():
    errors = ConformalErrors(
        np.array([1.0, -2.0, 3.0, -4.0, 30.0])[:, np.newaxis, np.newaxis], np.array([0, 0, 0, 0, 1])
    )
    radius = errors.half_width(0.8, np.array([1, 0, 0]))
    assert radius.ravel().tolist() == [30.0, 4.0, 4.0]  # the fifth of all five, the fourth of four


def test_errors_in_any_order_belong_to_their_series():
    rng = np.random.default_rng(0)
    errors, ids = rng.standard_normal((60, 2, 1)), rng.integers(0, 4, 60)
    found = ConformalErrors(errors, ids).half_width(0.5, np.array([3, 1, 3]))
    for radius, number in zip(found, [3, 1, 3], strict=True):
        own = np.sort(np.abs(errors[ids == number]), axis=0)
        np.testing.assert_array_equal(radius, own[int(np.ceil((len(own) + 1) * 0.5)) - 1])


def test_a_backtest_leaves_out_a_series_while_it_has_no_whole_window(frame):
    late = frame[["a", "b"]].copy()
    late.iloc[:60:4, 1] = np.nan  # no six values in a row
    model = separate(missing="skip", window_length=5, horizon=2)
    found = backtest(model, late, n_windows=14, stride=2, season_length=7).predictions
    alone_a = backtest(
        alone(model, frame["a"]), frame["a"], n_windows=14, stride=2, season_length=7
    )
    of_a, of_b = (found[found["series"] == name] for name in "ab")
    np.testing.assert_allclose(of_a["y_pred"], alone_a.predictions["y_pred"])
    assert of_b["y_pred"].isna().any()
    assert of_b["y_pred"].iloc[-2:].notna().all()


def test_messages_name_the_column(frame):
    ends_early = frame[["a", "b"]].copy()
    ends_early.iloc[-3:, 1] = np.nan
    model = separate(missing="skip").fit(ends_early)
    with pytest.raises(ValueError, match=r"last window of column 'b' of y lacks 3 of its 6 values"):
        model.predict()


def test_a_regressor_that_predicts_nan_is_named(frame):
    class Silent(Ridge):
        def predict(self, X):
            return np.full_like(super().predict(X), np.nan)

    model = separate(Silent(), interval_method=None).fit(frame[["a", "b"]])
    with pytest.raises(ValueError, match=r"regressor predicts NaN for column 'a' of y"):
        model.predict()


def test_a_series_too_short_to_be_calibrated_has_the_errors_of_the_others(frame):
    short = frame["c"][-12:]  # all of it is calibration part
    panel = pd.concat({"a": frame["a"], "short": short}, names=["shop", "day"])
    bounds = separate(calibration_fraction=0.2).fit(panel).predict_interval(coverage=0.8)
    begin = int(0.8 * (82 + 4))  # of the windows of both, in the order of time
    same_begin = separate(calibration_fraction=1 - (begin + 0.5) / 82)
    of_a = alone(same_begin, frame["a"]).predict_interval(coverage=0.8)
    np.testing.assert_allclose(bounds.loc["a"], of_a)
    width = {name: bounds.loc[name, "upper"] - bounds.loc[name, "lower"] for name in ("a", "short")}
    in_spreads = width["a"].to_numpy() / np.ptp(frame["a"][: 6 + begin])
    np.testing.assert_allclose(width["short"], in_spreads * np.ptp(short))


def test_a_series_whole_only_at_its_end_has_the_errors_of_the_others(frame):
    holed = frame["b"].copy()
    holed.iloc[:75:3] = np.nan
    panel = pd.concat({"a": frame["a"], "holed": holed}, names=["shop", "day"])
    bounds = separate(missing="skip").fit(panel).predict_interval(coverage=0.8)
    assert np.isfinite(bounds).all(axis=None)
    of_a = alone(separate(missing="skip"), frame["a"]).predict_interval(coverage=0.8)
    np.testing.assert_allclose(bounds.loc["a"], of_a)


def test_a_series_without_a_window_is_named_and_nothing_is_changed(frame):
    model = separate(missing="skip").fit(frame)
    before = model.predict()
    holed = frame.copy()
    holed.loc[holed.index[::4], "b"] = np.nan
    with pytest.raises(ValueError, match=r"column 'b' of y: No window of 6 steps .* 23 of 90 rows"):
        model.fit(holed)
    with pytest.raises(ValueError, match="series 'b': No window of 6 steps"):
        model.fit(as_panel(holed))
    pd.testing.assert_frame_equal(model.predict(), before)


@pytest.mark.parametrize("n_jobs", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_another_error_says_in_which_series_it_was(frame, n_jobs):
    model = separate(Picky(), normalize=None, n_jobs=n_jobs, interval_method=None)
    with pytest.raises(ZeroDivisionError) as caught:
        model.fit(frame)
    assert caught.value.__notes__ == ["This happened in the fit of column 'b' of y."]
    assert not hasattr(model, "regressor_")


def test_a_task_holds_its_own_series_only(frame, monkeypatch):
    sizes = []

    class Weighing(joblib.Parallel):
        def __call__(self, jobs):
            jobs = [(job.function, args, kwargs) for job, args, kwargs in jobs]
            sizes.append([len(pickle.dumps(job)) for job in jobs])
            return super().__call__(jobs)

    monkeypatch.setattr(room, "Parallel", Weighing)
    model = separate(interval_method=None)
    model.fit(frame)
    model.fit(pd.concat([frame.add_suffix(str(i)) for i in range(5)], axis=1))
    assert [len(of_fit) for of_fit in sizes] == [3, 15]
    assert max(map(max, sizes)) < 1.02 * min(map(min, sizes))
    assert max(map(max, sizes)) < 2000 + frame["a"].to_numpy().nbytes


def test_a_refit_learns_from_what_is_new(frame):
    model = separate().fit(frame[:70])
    stays = clone(model).fit(frame[:70]).update(frame[70:]).predict()
    learned = model.update(frame[70:], refit=True)
    pd.testing.assert_frame_equal(learned.predict(), separate().fit(frame).predict())
    assert not stays.equals(learned.predict())


@pytest.mark.parametrize("refit", [True, False])
def test_a_backtest_is_that_of_each_series(frame, refit):
    rows = backtest(separate(), frame, n_windows=4, refit=refit).predictions
    for name in frame:
        of_one = backtest(separate(columns="joint"), frame[name], n_windows=4, refit=refit)
        found = rows.loc[rows["series"] == name, "y_pred"]
        np.testing.assert_array_equal(found, of_one.predictions["y_pred"])


def test_series_that_never_changed_stay_where_they_are(frame):
    found = separate().fit(frame.assign(b=7.0)).predict_interval()
    np.testing.assert_array_equal(found["b"], 7.0)
    assert (found["a", "upper"] > found["a", "lower"]).all()


@pytest.mark.parametrize("regressor", [Ridge(), LSTMRegressor(3, epochs=1)])
def test_a_file_brings_all_regressors_back(frame, regressor, tmp_path):
    model = separate(regressor, random_state=0).fit(as_panel(frame))
    save_forecaster(model, tmp_path / "m.skops")
    found, _ = load_forecaster(tmp_path / "m.skops")
    pd.testing.assert_series_equal(found.predict(), model.predict())
    pd.testing.assert_frame_equal(found.predict_interval(), model.predict_interval())
    assert repr(found) == repr(model)
    reread = pickle.loads(pickle.dumps(model))
    pd.testing.assert_series_equal(reread.predict(), model.predict())


def test_parameters_are_those_of_scikit_learn(frame):
    model = separate(n_jobs=2)
    assert clone(model).get_params()["n_jobs"] == 2
    with pytest.raises(ValueError, match="n_jobs"):
        separate(n_jobs=0.5).fit(frame)
    with pytest.raises(ValueError, match="separate"):
        separate(columns="own").fit(frame)
    fitted = separate().fit(frame)
    before = fitted.predict_interval()
    fitted.set_params(columns="joint", n_jobs=3, window_length=20)
    pd.testing.assert_frame_equal(fitted.predict_interval(), before)
