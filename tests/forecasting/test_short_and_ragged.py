"""Series of a panel that are much shorter than the others, and columns that end early."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, load_model, save_model

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
