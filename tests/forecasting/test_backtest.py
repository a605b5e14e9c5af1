import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn.utils.parallel
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, Ridge

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest


@pytest.fixture
def days():
    t = np.arange(100)
    rng = np.random.default_rng(0)
    values = 20 + 5 * np.sin(2 * np.pi * t / 7) + rng.standard_normal(100)
    return pd.Series(
        values, index=pd.date_range("2024-01-01", periods=100, name="day"), name="load"
    )


@pytest.fixture
def forecaster():
    return LSTMForecaster(Ridge(0.1), window_length=7, horizon=3, normalize="standard")


class Counting(LinearRegression):
    n_fits = n_predictions = 0

    def fit(self, X, y):
        Counting.n_fits += 1
        return super().fit(X, y)

    def predict(self, X):
        Counting.n_predictions += 1
        return super().predict(X)


def by_a_loop(forecaster, y, X, origins, horizon, refit):
    forecasts = []
    for i, origin in enumerate(origins):
        known_X = None if X is None else X[:origin]
        if i % refit == 0:
            forecaster.fit(y[:origin], known_X)
        else:
            new = slice(origins[i - 1], origin)
            forecaster.update(y[new], None if X is None else X[new])
        future = None if X is None else X[origin : origin + horizon]
        forecasts.append(np.asarray(forecaster.predict(horizon, X=future)))
    return np.array(forecasts)


@pytest.mark.parametrize(("refit", "every"), [(True, 1), (False, 99), (2, 2)])
@pytest.mark.parametrize("covariates", ["none", "known ahead", "past"])
def test_it_forecasts_as_a_loop_would(days, forecaster, refit, every, covariates):
    X = None
    if covariates != "none":
        X = pd.DataFrame({"x": np.cos(np.arange(100.0)), "z": np.arange(100) % 5}, index=days.index)
        forecaster.set_params(past_covariates=["x", "z"] if covariates == "past" else ["z"])
    result = backtest(forecaster, days, X, n_windows=4, stride=2, refit=refit)
    origins = [91, 93, 95, 97]
    expected = by_a_loop(forecaster, days, X, origins, 3, every)
    found = result.predictions
    np.testing.assert_allclose(found["y_pred"], expected.ravel())
    rows = np.add.outer(origins, np.arange(3)).ravel()
    np.testing.assert_array_equal(found["y"], days.iloc[rows])
    assert list(found["timestamp"]) == list(days.index[rows])
    assert list(found["origin"]) == list(days.index[np.repeat(origins, 3) - 1])
    assert list(found["step"]) == [1, 2, 3] * 4
    assert set(found["series"]) == {"load"}


def test_one_pass_serves_all_origins_without_refit(days):
    Counting.n_fits = Counting.n_predictions = 0
    forecaster = LSTMForecaster(Counting(), window_length=7, horizon=2)
    backtest(forecaster, days, n_windows=20, refit=False)
    assert (Counting.n_fits, Counting.n_predictions) == (1, 1)


@pytest.mark.filterwarnings("ignore:The forecast is no better")
@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("normalize", ["minmax", "standard", "last", "window"])
def test_a_forecast_does_not_depend_on_what_comes_later(days, forecaster, refit, normalize):
    forecaster.set_params(normalize=normalize, log=False)
    other = days.copy()
    other.iloc[-6:] = 1e5 * np.random.default_rng(1).standard_normal(6)
    results = [
        backtest(forecaster, y, n_windows=5, refit=refit, coverage=0.8, season_length=7).predictions
        for y in (days, other)
    ]
    before = results[0]["timestamp"] < other.index[-6]
    assert before.sum() == 9
    first_after = results[0]["origin"] <= other.index[-7]
    columns = ["y_pred", "lower", "upper", "persistence", "seasonal naive"]
    pd.testing.assert_frame_equal(
        results[0].loc[first_after, columns], results[1].loc[first_after, columns]
    )


@pytest.mark.parametrize("refit", [True, False])
def test_what_is_chosen_does_not_depend_on_what_comes_later(refit):
    t = np.arange(120)
    y = np.exp(t / 60) * (1 + 0.2 * np.sin(2 * np.pi * t / 12))
    other = y.copy()
    other[-12:] = np.random.default_rng(0).uniform(0.1, 1e4, 12)
    found = [
        backtest(LSTMForecaster(Ridge()), series, n_windows=12, refit=refit, season_length=12)
        for series in (y, other)
    ]
    first = [result.predictions["y_pred"].iloc[0] for result in found]
    assert first[0] == first[1]


def test_scores_are_the_textbooks(days, forecaster):
    result = backtest(forecaster, days, n_windows=6, coverage=0.8)
    rows, scores = result.predictions, result.scores()
    error = (rows["y"] - rows["y_pred"]).abs()
    forecast = scores.loc["forecast"]
    assert forecast["RMSE"] == pytest.approx(np.sqrt((error**2).mean()))
    assert forecast["MAE"] == pytest.approx(error.mean())
    smape = 200 * (error / (rows["y"].abs() + rows["y_pred"].abs())).mean()
    assert forecast["sMAPE"] == pytest.approx(smape)
    assert result.season_length == 7
    unit = days[:82].diff(7).abs().mean()
    assert forecast["MASE"] == pytest.approx(error.mean() / unit)
    r2 = 1 - (error**2).sum() / ((rows["y"] - rows["y"].mean()) ** 2).sum()
    assert forecast["R2"] == pytest.approx(r2)
    inside = (rows["y"] >= rows["lower"]) & (rows["y"] <= rows["upper"])
    assert forecast["coverage"] == pytest.approx(inside.mean())
    assert forecast["width"] == pytest.approx((rows["upper"] - rows["lower"]).mean())
    persistence = np.sqrt(((rows["y"] - rows["persistence"]) ** 2).mean())
    seasonal = np.sqrt(((rows["y"] - rows["seasonal naive"]) ** 2).mean())
    assert forecast["skill"] == pytest.approx(1 - forecast["RMSE"] / min(persistence, seasonal))
    assert scores["skill"].drop("forecast").max() == 0
    assert len(result.scores("step")) == 9
    assert len(result.scores("origin")) == 18
    one_step = rows[rows["step"] == 2]
    assert result.scores("step").loc[(2, "persistence"), "MAE"] == pytest.approx(
        (one_step["y"] - one_step["persistence"]).abs().mean()
    )
    with pytest.raises(ValueError, match="by='day'"):
        result.scores("day")


def test_the_naive_forecasts_repeat_what_was_known(days, forecaster):
    rows = backtest(forecaster, days, horizon=9, n_windows=2, stride=4, season_length=7).predictions
    y = days.to_numpy()
    for origin, of_origin in rows.groupby("origin"):
        known = y[: days.index.get_loc(origin) + 1]
        np.testing.assert_array_equal(of_origin["persistence"], known[-1])
        expected = [*known[-7:], *known[-7:-5]]
        np.testing.assert_array_equal(of_origin["seasonal naive"], expected)


def test_it_warns_where_a_forecast_is_worth_nothing():
    walk = np.cumsum(np.random.default_rng(0).standard_normal(400))
    useless = LSTMForecaster(DummyRegressor(), window_length=20, normalize="standard")
    with pytest.warns(UserWarning, match=r"no better than the naive one \(persistence\).*skill -"):
        result = backtest(useless, walk, n_windows=100, refit=False)
    assert result.scores().loc["forecast", "skill"] <= 0


def test_it_is_silent_where_a_forecast_is_good(days, forecaster):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = backtest(forecaster, days, n_windows=5)
    assert result.scores().loc["forecast", "skill"] > 0.2
    assert "season of 7" in repr(result)
    assert "RMSE" in repr(result)


def test_windows_and_steps_lay_out_the_origins(days, forecaster):
    def origins(**params):
        return backtest(forecaster, days, refit=False, **params).predictions["origin"].unique()

    assert len(origins()) == 5
    assert origins()[-1] == days.index[96]
    assert len(origins(stride=1)) == 18  # in the last 20 rows
    assert list(origins(n_windows=3, stride=10)) == list(days.index[[76, 86, 96]])
    with pytest.raises(ValueError, match=r"n_windows=50 .* too little of 100 rows.*to 30 or less"):
        origins(n_windows=50)
    for bad in (
        {"n_windows": 0}, {"stride": 1.5}, {"horizon": -1}, {"refit": 0.5}, {"n_windows": True},
        {"season_length": 1000}, {"coverage": 90}, {"horizon": 9, "coverage": 0.9},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=next(iter(bad))):
            backtest(forecaster, days, **bad)


def shops(days):
    late = days[60:].rename("late") * 3  # begins too late for the first origins
    ended = days[:50] - 7
    return pd.concat({"a": days, "late": late, "ended": ended}, names=["shop", "day"])


def test_series_of_a_panel_are_judged_at_the_same_moments_if_asked_for(days, forecaster):
    panel = shops(days)
    with pytest.warns(
        UserWarning, match=r"Left out 1 of 3 series: 'ended' \(it ends at 2024-02-19"
    ):
        result = backtest(forecaster, panel, n_windows=10, coverage=0.5, align="date")
    rows = result.predictions
    origins = {name: set(of_series["origin"]) for name, of_series in rows.groupby("series")}
    assert len(origins["a"]) == 10
    assert origins["late"] == set(days.index[np.arange(69, 97, 3)])
    assert "ended" not in origins
    assert list(result.left_out) == ["ended"]
    assert "Left out 1 of 3 series: 'ended'" in repr(result)
    first = rows[rows["origin"] == days.index[69]]
    known = panel[panel.index.get_level_values("day") <= days.index[69]]
    expected = forecaster.fit(known).predict()
    np.testing.assert_allclose(first.set_index("series").loc["late", "y_pred"], expected["late"])
    assert set(result.scores("series").index.get_level_values(0)) == {"a", "late"}


@pytest.mark.parametrize("refit", [True, False, 2])
def test_series_that_end_on_different_days_are_all_judged(days, forecaster, refit):
    lengths = {"a": 100, "b": 93, "c": 70, "d": 41}
    parts = {name: days[:n] + 5 * i for i, (name, n) in enumerate(lengths.items())}
    panel = pd.concat(parts, names=["shop", "day"])
    result = backtest(forecaster, panel, n_windows=3, stride=2, refit=refit)
    assert not result.left_out
    for name, of_series in result.predictions.groupby("series"):
        places = lengths[name] - 3 - 2 * np.arange(3)[::-1]
        assert list(of_series["origin"].unique()) == list(days.index[places - 1])
    assert "last origins between 2024-02-07" in repr(result)
    # The first fit holds each series until its own origin.
    known = pd.concat({name: part[:-7] for name, part in parts.items()}, names=["shop", "day"])
    expected = forecaster.fit(known).predict()
    for name, of_series in result.predictions.groupby("series"):
        np.testing.assert_allclose(of_series["y_pred"][:3], expected[name])


@pytest.mark.parametrize("refit", [True, False])
def test_where_series_end_together_both_ways_to_count_are_one(days, forecaster, refit):
    panel = pd.concat({"a": days, "b": days[40:] * 2}, names=["shop", "day"])
    options = {"n_windows": 6, "stride": 2, "refit": refit, "coverage": 0.6}
    of_ends, of_dates = (
        backtest(forecaster, panel, align=align, **options) for align in ("end", "date")
    )
    pd.testing.assert_frame_equal(of_ends.predictions, of_dates.predictions)
    pd.testing.assert_frame_equal(of_ends.scores(), of_dates.scores())


def test_a_series_too_short_for_the_first_fit_is_named(days, forecaster):
    panel = pd.concat({"a": days, "short": days[:14]}, names=["shop", "day"])
    with pytest.warns(UserWarning, match=r"'short' \(of its 14 rows 5 .* which needs 10"):
        result = backtest(forecaster, panel, n_windows=3, refit=False)
    assert list(result.left_out) == ["short"]
    result = backtest(forecaster, panel, n_windows=3, refit=True)  # from the last it is learned
    assert not result.left_out
    assert "1 of 2 series are judged from some of the 3 origins only" in repr(result)


def test_a_series_without_truth_is_named(days, forecaster):
    other = days.copy()
    other[-9:] = np.nan
    panel = pd.concat({"a": days, "b": other}, names=["shop", "day"])
    forecaster.set_params(missing="interpolate")
    with pytest.warns(UserWarning, match=r"'b' \(none of its values that are forecast is known"):
        backtest(forecaster, panel, n_windows=3)


def test_series_on_several_grids_are_each_counted_in_their_own_steps(days, forecaster):
    half = days.set_axis(days.index + pd.Timedelta("12h"))[:77]
    panel = pd.concat({"a": days, "b": half}, names=["shop", "day"])
    result = backtest(forecaster, panel, n_windows=3, stride=2, refit=False, coverage=0.5)
    origins = {name: list(rows["origin"].unique()) for name, rows in
               result.predictions.groupby("series")}  # fmt: skip
    assert origins["a"] == list(days.index[[92, 94, 96]])
    assert origins["b"] == list(half.index[[69, 71, 73]])
    assert "Intervals don't adapt to the newest errors" in repr(result)


def test_a_late_series_has_a_unit_for_the_mase(days, forecaster):
    panel = pd.concat({"a": days, "late": days[70:] * 4}, names=["shop", "day"])
    result = backtest(forecaster, panel, n_windows=10, season_length=7)
    of_late = (days[70:97] * 4).diff(7).abs().mean()  # none at the first origin, day 69
    assert result.naive_errors["late"] == pytest.approx(of_late)
    assert result.naive_errors["a"] == pytest.approx(days[:70].diff(7).abs().mean())


def test_columns_are_judged_one_by_one(days, forecaster):
    frame = pd.DataFrame({"a": days, "b": days.iloc[::-1].to_numpy()})
    for columns in ("joint", "shared"):
        result = backtest(forecaster.set_params(columns=columns), frame, n_windows=3, refit=False)
        rows = result.predictions
        expected = forecaster.fit(frame[:91]).predict()
        for name in "ab":
            found = rows[(rows["series"] == name) & (rows["origin"] == frame.index[90])]
            np.testing.assert_allclose(found["y_pred"], expected[name])
            np.testing.assert_array_equal(found["y"], frame[name][91:94])


def test_intervals_are_those_of_the_forecaster(days, forecaster):
    rows = backtest(forecaster, days, n_windows=1, coverage=0.7).predictions
    bounds = forecaster.fit(days[:97]).predict_interval(coverage=0.7)
    np.testing.assert_allclose(rows[["lower", "upper"]], bounds)
    positive = forecaster.set_params(log=True)
    rows = backtest(positive, days, n_windows=1, coverage=0.7).predictions
    np.testing.assert_allclose(
        rows[["lower", "upper"]], positive.fit(days[:97]).predict_interval(coverage=0.7)
    )


def test_missing_truth_is_not_scored(days, forecaster):
    days.iloc[[40, 95]] = np.nan
    forecaster.set_params(missing="interpolate")
    result = backtest(forecaster, days, n_windows=4, refit=False)
    assert result.predictions["y"].isna().sum() == 1
    assert np.isfinite(result.scores().loc["forecast", "RMSE"])
    assert np.isfinite(result.predictions["seasonal naive"]).all()


def test_arrays_count_their_rows(days, forecaster):
    of_array = backtest(forecaster, days.to_numpy(), n_windows=3, season_length=7).predictions
    of_series = backtest(forecaster, days, n_windows=3, season_length=7).predictions
    np.testing.assert_allclose(of_array["y_pred"], of_series["y_pred"])
    assert of_array["timestamp"].tolist() == list(range(91, 100))
    assert of_array["origin"].unique().tolist() == [90, 93, 96]


def test_panels_of_several_columns_are_scored_by_series(days, forecaster):
    frame = pd.DataFrame({"n": days, "m": days * 2})
    panel = pd.concat({"a": frame, "b": frame + 1}, names=["shop", "day"])
    result = backtest(forecaster, panel, n_windows=2, refit=False)
    by_series = result.scores("series")
    names = by_series.index.get_level_values(0).unique().tolist()
    assert names == [("a", "n"), ("a", "m"), ("b", "n"), ("b", "m")]
    rows = result.predictions
    rows = rows[[name == ("b", "m") for name in rows["series"]]]
    expected = (rows["y"] - rows["y_pred"]).abs().mean()
    assert by_series["MAE"].iloc[9] == pytest.approx(expected)


@pytest.mark.parametrize("freq", ["M", "Q", "D", "h", "W"])
def test_periods_are_backtested(days, forecaster, freq):
    y = days.set_axis(pd.period_range("2000-01", periods=100, freq=freq))
    result = backtest(forecaster, y, n_windows=2, refit=False)
    np.testing.assert_allclose(
        result.predictions["y_pred"],
        backtest(forecaster, days, n_windows=2, refit=False).predictions["y_pred"],
    )
    assert result.predictions["timestamp"].iloc[-1] == y.index[-1]


def test_logarithms_refuse_a_truth_that_has_none(days, forecaster):
    days.iloc[95] = -1
    with pytest.raises(ValueError, match=r"log=True needs positive values.*2024-04-05"):
        backtest(forecaster.set_params(log=True), days, n_windows=4, refit=False)


def test_what_can_not_be_scored_is_counted(days, forecaster):
    days.iloc[90:] = np.nan
    forecaster.set_params(missing="interpolate")
    with pytest.warns(UserWarning, match="No forecast could be scored"):
        result = backtest(forecaster, days, n_windows=2, refit=False)
    assert result.scores()["n"].tolist() == [0, 0, 0]


def test_a_series_that_begins_with_nothing_waits(days, forecaster):
    late = days.where(days.index > days.index[93])
    panel = pd.concat({"a": days, "late": late}, names=["shop", "day"])
    forecaster.set_params(missing="interpolate")
    rows = backtest(forecaster, panel, n_windows=4).predictions
    assert set(rows.loc[rows["origin"] == days.index[87], "series"]) == {"a"}


def test_only_forecasters_are_judged(days):
    with pytest.raises(TypeError, match=r"Ridge, not an LSTMForecaster"):
        backtest(Ridge(), days)


def test_a_job_is_sent_what_its_origins_need_and_no_more(days, forecaster, monkeypatch):
    sent = []

    class Watching(sklearn.utils.parallel.Parallel):
        def __call__(self, jobs):
            return super().__call__(sent.append(job[1][1]) or job for job in jobs)

    monkeypatch.setattr("sklearn_lstm.forecasting.backtest.Parallel", Watching)
    panel = pd.concat({"a": days, "late": days[66:]}, names=["shop", "day"])
    backtest(forecaster.set_params(horizon=2), panel, horizon=3, n_windows=10, stride=3)
    assert len(sent) == 10
    for number, (part, n_known) in enumerate(sent):
        origin = 70 + 3 * number
        can_learn = origin - 66 >= 7 + 2
        expected = {"a": origin, "late": origin - 66} if can_learn else {"a": origin}
        assert dict(zip(part.keys, n_known[:, 0], strict=True)) == expected
        for series in part.series:
            reach = expected[series.key] + 4  # two blocks of the regressor for three steps
            assert len(series) == min(reach, 34 if series.key == "late" else 100)


@pytest.mark.slow
def test_workers_change_nothing(days):
    forecaster = LSTMForecaster(
        LSTMRegressor(4, epochs=2), window_length=7, horizon=2, random_state=0
    )
    one, two = (
        backtest(forecaster, days, n_windows=4, n_jobs=n, coverage=0.8).predictions for n in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two)


def test_the_forecaster_is_left_alone(days, forecaster):
    forecaster.fit(days[:50])
    before = forecaster.predict()
    backtest(forecaster, days, n_windows=2, coverage=None)
    pd.testing.assert_series_equal(forecaster.predict(), before)
    assert forecaster.interval_method == "conformal"


@pytest.mark.parametrize(
    ("period", "freq", "expected"),
    [
        (24, "h", 24), (168, "h", 168), (48, "30min", 48), (7, "D", 7), (12, "MS", 12),
        (4, "QE", 4), (52, "W-SUN", 52), (5, "B", 5), (11, None, 11), (9, None, 9),
    ],
)  # fmt: skip
def test_the_season_is_found(period, freq, expected):
    from sklearn_lstm.forecasting.baselines import infer_season_length

    rng = np.random.default_rng(0)
    season = rng.standard_normal(period).cumsum()
    values = np.tile(season, 8)[:, np.newaxis]
    values = values + 0.1 * rng.standard_normal(values.shape)
    assert infer_season_length([values], freq) == expected


def test_noise_has_no_season():
    from sklearn_lstm.forecasting.baselines import infer_season_length

    noise = np.random.default_rng(0).standard_normal((300, 1))
    assert infer_season_length([noise]) == 1
    assert infer_season_length([noise[:10]], "D") == 1
