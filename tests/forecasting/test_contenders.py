"""A fitted forecaster is judged as it is."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, Ridge

from sklearn_lstm import LSTMForecaster, backtest


@pytest.fixture
def days():
    t = np.arange(100)
    rng = np.random.default_rng(0)
    values = 20 + 5 * np.sin(2 * np.pi * t / 7) + rng.standard_normal(100)
    return pd.Series(values, index=pd.date_range("2024-01-01", periods=100), name="load")


@pytest.fixture
def forecaster():
    return LSTMForecaster(Ridge(0.1), window_length=7, horizon=3, normalize="standard")


@pytest.fixture
def shops(days):
    parts = {"a": days, "b": 10 * days[20:] + 3, "c": days.iloc[::-1].set_axis(days.index)}
    return pd.concat(parts, names=["shop", "day"]).rename("load")


def until(panel, day):
    return panel[panel.index.get_level_values(-1) <= day]


def after_updates(forecaster, y, origins, method, **options):
    """Forecast from each origin by the public methods alone."""
    found = []
    for previous, origin in zip([None, *origins[:-1]], origins, strict=True):
        times = y.index.get_level_values(-1)
        if previous is not None:
            forecaster.update(y[(times > previous) & (times <= origin)])
        found.append(np.asarray(getattr(forecaster, method)(**options)))
    return found


@pytest.mark.parametrize("normalize", ["standard", "last", "window", "minmax"])
@pytest.mark.parametrize("log", [False, True])
def test_a_frozen_forecaster_forecasts_as_with_updates(days, forecaster, normalize, log):
    forecaster.set_params(normalize=normalize, log=log).fit(days[:80])
    options = {"n_windows": 5, "coverage": 0.7, "quantiles": [0.2, 0.5]}
    rows = backtest(FrozenEstimator(forecaster), days, **options).predictions
    origins = list(days.index[[84, 87, 90, 93, 96]])
    assert list(rows["origin"].unique()) == origins
    forecaster.update(days[80:85])
    known = [FrozenEstimator(forecaster), days[:85], origins]
    for columns, method, extra in [
        (["y_pred"], "predict", {}),
        (["lower", "upper"], "predict_interval", {"coverage": 0.7}),
        ([0.2, 0.5], "predict_quantiles", {"quantiles": [0.2, 0.5]}),
    ]:
        judged = LSTMForecaster(**known[0].estimator.get_params(deep=False)).fit(days[:80])
        judged.update(days[80:85])
        expected = np.concatenate(after_updates(judged, days, origins, method, **extra))
        found = rows[columns].to_numpy()
        np.testing.assert_allclose(found, expected.reshape(found.shape))


def test_errors_to_come_at_an_update_are_not_lost(days, forecaster):
    forecaster.fit(days[:70]).update(days[70:81])
    rows = backtest(FrozenEstimator(forecaster), days, n_windows=5, coverage=0.7).predictions
    origins = list(rows["origin"].unique())
    forecaster.update(days[(days.index > days.index[80]) & (days.index <= origins[0])])
    expected = after_updates(forecaster, days, origins, "predict_interval", coverage=0.7)
    found = rows[["lower", "upper"]].to_numpy()
    np.testing.assert_allclose(found, np.concatenate(expected).reshape(found.shape))


def test_series_on_several_grids_keep_the_errors_of_fit_in_a_backtest():
    rng = np.random.default_rng(0)
    early = pd.Series(rng.normal(size=90), pd.date_range("2019-01-01", periods=90, freq="2D"))
    late = pd.Series(rng.normal(size=120), pd.date_range("2019-01-02", periods=120, freq="2D"))
    noisy = late.copy()
    noisy.iloc[104:] *= 100  # from the first origin on
    forecaster = LSTMForecaster(Ridge(), window_length=5, horizon=2)
    found = []
    for other in (late, noisy):
        panel = pd.concat({"a": early, "b": other}, names=["series", "time"])
        rows = backtest(forecaster, panel, n_windows=8, refit=False, coverage=0.8).predictions
        found.append(rows.loc[rows["series"] == "a", ["lower", "upper"]].to_numpy())
    np.testing.assert_array_equal(*found)


def test_nothing_is_fitted_and_nothing_changes(days, forecaster):
    class Counting(LinearRegression):
        n_fits = 0

        def fit(self, X, y):
            Counting.n_fits += 1
            return super().fit(X, y)

    forecaster.set_params(regressor=Counting()).fit(days[:80])
    before, n_fits = forecaster.predict(), Counting.n_fits
    backtest(FrozenEstimator(forecaster), days, n_windows=6, refit=True)
    assert Counting.n_fits == n_fits
    pd.testing.assert_series_equal(forecaster.predict(), before)
    assert forecaster.history_.index[-1] == days.index[79]


@pytest.mark.parametrize("columns", ["joint", "separate"])
def test_series_of_a_panel_are_found_by_their_names(shops, forecaster, columns):
    forecaster.set_params(columns=columns).fit(until(shops, "2024-03-20"))
    frozen = FrozenEstimator(forecaster)
    origin = pd.Timestamp("2024-04-06")
    reordered = pd.concat([shops.loc[[name]] for name in "cab"])
    some = shops.loc[["c", "b"]]
    forecaster_now = LSTMForecaster(**forecaster.get_params(deep=False))
    forecaster_now.fit(until(shops, "2024-03-20"))
    times = shops.index.get_level_values(-1)
    forecaster_now.update(shops[(times > "2024-03-20") & (times <= origin)])
    expected, bounds = forecaster_now.predict(), forecaster_now.predict_interval(coverage=0.5)
    for y in (shops, reordered, some):
        rows = backtest(frozen, y, n_windows=1, coverage=0.5).predictions
        assert set(rows["origin"]) == {origin}
        index = pd.MultiIndex.from_frame(rows[["series", "timestamp"]])
        np.testing.assert_allclose(rows["y_pred"], expected.loc[index])
        if y is some and columns == "joint":
            continue  # the newest errors of the series left out are not known then
        np.testing.assert_allclose(rows[["lower", "upper"]], bounds.loc[index])


def test_covariates_are_those_of_fit(days, forecaster):
    X = pd.DataFrame({"x": np.cos(np.arange(100.0)), "z": np.arange(100) % 5}, index=days.index)
    forecaster.set_params(past_covariates=["x"]).fit(days[:90], X[:90])
    rows = backtest(FrozenEstimator(forecaster), days, X, n_windows=1).predictions
    expected = forecaster.update(days[90:97], X[90:97]).predict(X=X[97:])
    np.testing.assert_allclose(rows["y_pred"], expected)
    with pytest.raises(ValueError, match=r"X has no covariates, but fit was given .*\['x', 'z'\]"):
        backtest(FrozenEstimator(forecaster), days)


@pytest.mark.parametrize("normalize", ["standard", "last", "window", "minmax"])
def test_a_frozen_forecaster_sees_nothing_later(days, forecaster, normalize):
    noise = days.copy()
    noise[94:] = 1e5 * np.random.default_rng(1).standard_normal(6)
    frozen = FrozenEstimator(forecaster.set_params(normalize=normalize, log=False).fit(days[:80]))
    options = {"n_windows": 3, "coverage": 0.7, "season_length": 7}
    first, second = (backtest(frozen, y, **options).predictions for y in (days, noise))
    columns = ["y_pred", "lower", "upper"]
    known = first["origin"] < days.index[94]
    assert known.sum() == 6
    pd.testing.assert_frame_equal(first.loc[known, columns], second.loc[known, columns])
    assert (first.loc[~known, columns] != second.loc[~known, columns]).all(axis=None)


@pytest.mark.parametrize("columns", ["joint", "shared", "separate"])
def test_columns_are_frozen_too(days, forecaster, columns):
    frame = pd.DataFrame({"a": days, "b": days.iloc[::-1].to_numpy()})
    forecaster.set_params(columns=columns).fit(frame[:80])
    rows = backtest(FrozenEstimator(forecaster), frame, n_windows=1, quantiles=[0.3]).predictions
    forecaster.update(frame[80:97])
    expected, quantile = forecaster.predict(), forecaster.predict_quantiles([0.3])
    for name, of_one in rows.groupby("series"):
        np.testing.assert_allclose(of_one["y_pred"], expected[name])
        np.testing.assert_allclose(of_one[0.3], quantile[name, 0.3])
    with pytest.raises(ValueError, match=r"y is DataFrame of the columns \['a', 'c'\], but fit"):
        backtest(FrozenEstimator(forecaster), frame.rename(columns={"b": "c"}))


def test_arrays_begin_with_the_same_row(days, forecaster):
    y = days.to_numpy()
    rows = backtest(FrozenEstimator(forecaster.fit(y[:80])), y, n_windows=2).predictions
    np.testing.assert_allclose(rows["y_pred"][3:], forecaster.update(y[80:97]).predict())


def test_it_warns_where_it_may_have_seen_what_it_forecasts(days, shops, forecaster):
    frozen = FrozenEstimator(forecaster.fit(days[:91]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        backtest(frozen, days, n_windows=3)
    with pytest.warns(UserWarning, match=r"first origin, 2024-03-28.* before 2024-03-31"):
        backtest(frozen, days, n_windows=4)
    frozen = FrozenEstimator(forecaster.fit(shops))
    with pytest.warns(UserWarning, match="flatters it"):
        backtest(frozen, shops.loc[["b"]], n_windows=1)
    with pytest.warns(UserWarning, match=r"first origin, 96, lies before 99"):
        backtest(FrozenEstimator(forecaster.fit(days.to_numpy())), days.to_numpy(), n_windows=1)


def test_another_form_or_series_is_refused(days, shops, forecaster):
    of_days = FrozenEstimator(forecaster.fit(days))
    periods = days.set_axis(days.index.to_period())
    for y, message in [
        (days.to_numpy(), "an array of 1 dimensions, but fit was given Series"),
        (days.rename("wind"), "y is 'wind', but the frozen forecaster was fitted on 'load'"),
        (days.asfreq("2D"), "steps by '2D'"),
        (periods, "of another kind"),
        (shops, "with a MultiIndex"),
    ]:
        with pytest.raises(ValueError, match=message):
            backtest(of_days, y, n_windows=1)
    of_shops = LSTMForecaster(Ridge(), window_length=7, horizon=3).fit(shops.loc[["a", "b"]])
    with pytest.raises(ValueError, match=r"series 'c', which the frozen .* \(2 series: a, b\)"):
        backtest(FrozenEstimator(of_shops), shops)
    with pytest.raises(NotFittedError):
        backtest(FrozenEstimator(LSTMForecaster()), days)
    with pytest.raises(TypeError, match="FrozenEstimator of a Ridge, not"):
        backtest(FrozenEstimator(Ridge()), days)


def test_intervals_reach_as_far_as_was_fitted(days, forecaster):
    frozen = FrozenEstimator(forecaster.fit(days[:80]))
    assert len(backtest(frozen, days, horizon=6, n_windows=1).predictions) == 6
    with pytest.raises(ValueError, match="Intervals reach 3 steps ahead"):
        backtest(frozen, days, horizon=6, n_windows=1, coverage=0.5)
    without = LSTMForecaster(Ridge(), window_length=7, interval_method=None).fit(days[:80])
    with pytest.raises(ValueError, match="interval_method=None"):
        backtest(FrozenEstimator(without), days, n_windows=1, quantiles=[0.5])


def test_quantiles_are_those_of_the_forecaster(days, forecaster):
    levels = [0.1, 0.5, 0.9]
    result = backtest(forecaster, days, n_windows=1, quantiles=levels)
    expected = forecaster.fit(days[:97]).predict_quantiles(levels)
    np.testing.assert_allclose(result.predictions[levels], expected)
    assert "lower" not in result.predictions
    for bad in ([], [0.5, 0.5], [0.1, 1], 50):
        with pytest.raises(ValueError, match="quantiles"):
            backtest(forecaster, days, quantiles=bad)
