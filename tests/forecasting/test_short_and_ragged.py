"""Series of a panel that are much shorter than the others, and columns that end early."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, load_model, save_model
from sklearn_lstm.forecasting import defaults
from sklearn_lstm.forecasting.calibration import hold_back
from sklearn_lstm.forecasting.read_panel import read_panel

VALUES = 10 + np.sin(np.arange(80) / 3)
DAYS = pd.date_range("2024-01-01", periods=80, freq="D")
SERIES = pd.Series(VALUES, index=DAYS)


def panel_with(n_short, names=("c",)):
    series = {"a": SERIES, "b": SERIES + 1} | dict.fromkeys(names, SERIES[:n_short])
    return pd.concat(series, names=["id", "day"])


def without_short():
    return pd.concat({"a": SERIES, "b": SERIES + 1}, names=["id", "day"])


def fitted(y, regressor=None, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LSTMForecaster(regressor or Ridge(), horizon=3, **settings).fit(y)


def test_a_short_series_does_not_shorten_the_window_of_the_others():
    expected = fitted(without_short())
    with pytest.warns(UserWarning, match=r"series 'c' has 6 values.*'c' is NaN.*window_length=3"):
        model = LSTMForecaster(Ridge(), horizon=3).fit(panel_with(6))
    assert model.window_length_ == expected.window_length_ == 15
    forecast = model.predict()
    pd.testing.assert_series_equal(forecast[["a", "b"]], expected.predict())
    assert forecast["c"].isna().all()
    assert model.predict_interval().loc["c"].isna().all(axis=None)


@pytest.mark.parametrize(
    ("lengths", "shortest"),
    [
        ([10, 100, 100], 100),
        ([33, 100], 100),  # less than half of their median, 66.5
        ([34, 100], 34),
        ([10, 10, 100], 10),
        ([7], 7),
        (np.geomspace(80, 2600, 359).astype(int), 228),  # the median is sqrt(80 * 2600) = 456
    ],
)
def test_series_shorter_than_half_the_median_do_not_set_the_window(lengths, shortest):
    panel = read_panel(pd.concat({i: pd.Series(np.arange(n)) for i, n in enumerate(lengths)}))
    assert defaults.shortest_that_counts(panel) == shortest


def test_the_remedy_of_the_warning_forecasts_all():
    assert fitted(panel_with(6), window_length=3).predict().notna().all()


def test_a_short_series_is_forecast_once_it_is_long_enough():
    model = fitted(panel_with(6))
    model.update(pd.concat({"c": SERIES[6:30]}, names=["id", "day"]))
    expected = fitted(without_short()).predict(y=pd.concat({"c": SERIES[:30]}, names=["id", "day"]))
    # The scale of a window is its own last value, of a series that of its six rows of fit.
    assert model.predict()["c"].notna().all()
    np.testing.assert_allclose(model.predict()["c"], expected["c"], rtol=0.01)


def test_many_short_series_are_counted_and_the_first_named():
    series = {f"s{i}": SERIES for i in range(8)} | {f"c{i}": SERIES[:5] for i in range(4)}
    y = pd.concat(series)
    with pytest.warns(UserWarning, match=r"4 of 12 series .*: series 'c0'.*series 'c2'.* 1 more"):
        LSTMForecaster(Ridge(), horizon=3).fit(y)


def test_series_of_like_lengths_are_all_learned_from():
    series = {name: SERIES[:n] for name, n in zip("abcd", (80, 60, 45, 40), strict=True)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LSTMForecaster(Ridge(), horizon=3).fit(pd.concat(series))
    assert model.predict().notna().all()


def test_with_separate_regressors_the_shortest_series_counts():
    model = fitted(panel_with(12), columns="separate")
    assert model.window_length_ == (12 - 3) // 2
    assert model.predict().notna().all()


def test_a_window_that_is_given_has_to_suit_all():
    with pytest.raises(ValueError, match=r"series 'c' has 6 values.*window_length to 3 or less"):
        LSTMForecaster(Ridge(), window_length=6, horizon=3).fit(panel_with(6))


def test_with_nothing_set_a_member_is_there_for_the_shortest_series():
    with pytest.warns(UserWarning, match="series 'c' has 6 values. They are forecast by what"):
        model = LSTMForecaster(horizon=3, random_state=0).fit(panel_with(6))
    members = model.members_
    assert members.loc["short ridge", "window_length"] == 6
    assert members["window_length"].max() >= 15
    assert model.predict().notna().all()


def test_a_window_is_not_filled_with_what_lies_before_a_series():
    with pytest.warns(UserWarning, match=r"series 'c' has 14 values.*'c' is NaN"):
        model = LSTMForecaster(Ridge(), horizon=3).fit(panel_with(14))
    assert model.window_length_ == 15
    assert model.predict()["c"].isna().all()
    model = fitted(panel_with(15))
    new = pd.concat({"c": SERIES[:15]}, names=["id", "day"])
    assert model.predict()["c"].notna().all()
    np.testing.assert_allclose(model.predict()["c"], model.predict(y=new)["c"], rtol=1e-12)


def noisy(n, seed):
    """The last of a hundred days, but for the three that are to be forecast, and these."""
    values = 30 + 5 * np.sin(np.arange(100) * 2 * np.pi / 7)
    values += np.random.default_rng(seed).standard_normal(100)
    days = pd.Series(values, pd.date_range("2024-01-01", periods=100, name="day"), name="sold")
    return days[97 - n : 97]


@pytest.fixture
def uneven(monkeypatch):
    """Left alone, trained briefly: six series of 97 days, one of 8."""
    regressor = defaults.default_regressor
    brief = lambda *args: regressor(*args).set_params(units=2, epochs=1)  # noqa: E731
    monkeypatch.setattr(defaults, "default_regressor", brief)
    series = {f"long {i}": noisy(97, i) for i in range(6)} | {"short": noisy(8, 9)}
    settings = {"log": False, "non_negative": False, "calendar": False, "random_state": 0}
    return fitted_alone(pd.concat(series, names=["id"]), **settings)


def fitted_alone(y, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LSTMForecaster(horizon=3, **settings).fit(y)


def test_intervals_of_a_short_series_go_by_the_errors_of_the_member_that_forecasts_it(uneven):
    core, panel = uneven._core, uneven._panel
    member = next(one for one in core.members_ if one.settings.name == "short ridge")
    alone = hold_back(panel, [member.settings], core.task_, 3, 0.2, 0, is_folded=True)
    errors = alone.errors()[0, :, :, 0]
    rank = {level: int(np.ceil((len(errors) + 1) * level)) - 1 for level in (0.8, 0.9)}
    margin = np.sort(np.abs(errors), axis=0)[rank[0.8]]
    quantile = np.sort(errors, axis=0)[rank[0.9]]
    values, scale = (
        of[0, :, 0] for of in member.forecast_from(panel, np.array([6]), np.array([8]), 3)[:2]
    )
    np.testing.assert_allclose(uneven.predict()["short"], values)
    bounds = uneven.predict_interval(coverage=0.8).loc["short"]
    np.testing.assert_allclose(bounds["upper"], values + margin * scale)
    np.testing.assert_allclose(bounds["lower"], values - margin * scale)
    quantiles = uneven.predict_quantiles([0.9]).loc["short"]
    np.testing.assert_allclose(quantiles[0.9], values + quantile * scale)


def test_intervals_of_a_short_series_outlive_a_file_and_narrow_once_it_is_long(uneven, tmp_path):
    save_model(uneven, tmp_path / "model.skops")
    bounds = uneven.predict_interval()
    pd.testing.assert_frame_equal(load_model(tmp_path / "model.skops").predict_interval(), bounds)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(uneven)).predict_interval(), bounds)
    later = noisy(97, 9)[:60].set_axis(pd.date_range("2024-04-07", periods=60))
    uneven.update(pd.concat({"short": later}, names=["id", "day"]))
    moved = uneven.predict_interval().loc["short"]
    widths = [(of["upper"] - of["lower"]).mean() for of in (bounds.loc["short"], moved)]
    assert widths[1] < widths[0]


def test_new_series_that_are_too_short_are_named():
    model = fitted(without_short())
    new = pd.concat({"long": SERIES, "one": SERIES[:3], "two": SERIES[:1]})
    message = r"2 of 3 series are too short, a window takes 15 values: series 'one' has 3 values, "
    with pytest.raises(ValueError, match=message + r"series 'two' has 1 value\. .*leave them out"):
        model.predict(y=new)


def wide(**lasts):
    table = pd.DataFrame({"a": SERIES, "b": SERIES + 1, "c": SERIES * 2})
    for name, last in lasts.items():
        table.loc[DAYS[last:], name] = np.nan
    return table


def test_columns_that_end_early_are_named_beside_code_for_the_long_form():
    y = wide(b=50, c=60)
    model = fitted(y, window_length=6)
    with pytest.raises(ValueError, match=r"'b' after 2024-02-19.*'c' after 2024-02-29") as error:
        model.predict()
    code = str(error.value).split("fit(")[1].removesuffix(").")
    long = eval(code, {"y": y})
    forecast = fitted(long, window_length=6).predict()
    assert forecast.notna().all()
    assert forecast["b"].index[0] == DAYS[50]
    assert forecast["a"].index[0] == DAYS[79] + pd.Timedelta("1D")


def test_the_code_for_an_array_runs_too():
    y = wide(b=50).to_numpy()
    with pytest.raises(ValueError, match=r"Columns end early: 1 after row 49") as error:
        fitted(y, window_length=6).predict()
    code = str(error.value).split("fit(", 1)[1].removesuffix(").")
    long = eval(code, {"y": y, "pd": pd})
    assert fitted(long, window_length=6).predict()[1].index[0] == 50


def test_columns_that_begin_late_are_learned_from_where_they_are_known():
    y = wide()
    y.loc[: DAYS[39], "b"] = np.nan
    with pytest.warns(UserWarning, match="40 of 80 rows lack a value"):
        model = LSTMForecaster(Ridge(), window_length=6, horizon=3, columns="shared").fit(y)
    alone = fitted(y["b"].dropna(), window_length=6).predict()
    np.testing.assert_allclose(model.predict()["b"], alone, rtol=0.01)


def test_a_column_that_lacks_its_last_value_alone_is_interpolated():
    assert fitted(wide(b=79), window_length=6).predict().notna().all(axis=None)


def test_categories_of_ids_outlive_a_file(tmp_path):
    table = without_short().rename("y").reset_index()
    table["id"] = pd.Categorical(table["id"], categories=["b", "unused", "a"], ordered=True)
    model = fitted(table.set_index(["id", "day"])["y"], window_length=6)
    save_model(model, tmp_path / "model.skops")
    for one in (model, load_model(tmp_path / "model.skops")):
        level = one.predict().index.levels[0]
        assert list(level.categories) == ["b", "unused", "a"]
        assert level.ordered
        assert one.history_.index.levels[0].equals(level)
