"""Series that begin and end on different days, judged from origins before their own ends."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, backtest, compare

pytestmark = pytest.mark.filterwarnings(
    "ignore:Left out 1 of 4 series", "ignore:The forecast is no better"
)

HORIZON, STRIDE, N_WINDOWS, SEASON, FEWEST = 3, 5, 4, 7, 30
LENGTHS, BEGINS = {"a": 80, "b": 66, "c": 50, "short": 10}, {"a": 0, "b": 0, "c": 40, "short": 9}
FIRST = HORIZON + STRIDE * (N_WINDOWS - 1)  # rows of each that its first origin doesn't know


def _series(number, name):
    n, day = LENGTHS[name], pd.Timestamp("2024-01-01") + pd.Timedelta(days=BEGINS[name])
    noise = np.random.default_rng(number).standard_normal(n).cumsum()
    values = 10 * number + 3 * np.sin(2 * np.pi * np.arange(n) / SEASON) + noise
    return pd.Series(values, pd.date_range(day, periods=n))


SERIES = {name: _series(number, name) for number, name in enumerate(LENGTHS)}
PANEL = pd.concat(SERIES)


def forecaster(**settings):
    return LSTMForecaster(Ridge(), window_length=5, horizon=HORIZON, **settings)


def judged(model, **options):
    options = {"n_windows": N_WINDOWS, "stride": STRIDE, "season_length": SEASON} | options
    return backtest(model, PANEL, align="end", **options)


def known(window):
    back = FIRST - STRIDE * window
    return {name: series[:-back] for name, series in SERIES.items() if len(series) - back >= FEWEST}


def by_loop(n_per_fit, coverage=None, **settings):
    """Fit and forecast one origin after the other, as a user would."""
    tables = {}
    for window in range(N_WINDOWS):
        rows = known(window)
        if window % n_per_fit == 0:
            fitted, until = forecaster(**settings).fit(pd.concat(rows)), rows
        else:
            new = {name: rows[name][len(until[name]) :] for name in rows}
            fitted, until = fitted.update(pd.concat(new)), rows
        table = fitted.predict().rename("y_pred").to_frame()
        if coverage is not None:
            table = table.join(fitted.predict_interval(coverage=coverage))
        for name in rows:
            tables[name, rows[name].index[-1]] = table.loc[name]
    return pd.concat(tables, names=["series", "origin", "timestamp"]).sort_index()


def as_loop(result):
    rows = result.predictions
    return rows.set_index(["series", "origin", "timestamp"]).sort_index()


@pytest.mark.parametrize("columns", ["shared", "separate"])
@pytest.mark.parametrize(("refit", "n_per_fit"), [(True, 1), (2, 2), (False, N_WINDOWS)])
def test_forecasts_are_those_of_a_loop(columns, refit, n_per_fit):
    settings = {"columns": columns, "interval_method": None}
    found = as_loop(judged(forecaster(**settings), refit=refit))
    expected = by_loop(n_per_fit, **settings)
    assert found.index.tolist() == expected.index.tolist()
    np.testing.assert_allclose(found["y_pred"], expected["y_pred"], rtol=1e-9)
    truth = [SERIES[name][timestamp] for name, _, timestamp in found.index]
    np.testing.assert_array_equal(found["y"], truth)


@pytest.mark.parametrize("columns", ["shared", "separate"])
def test_the_interval_of_a_fit_for_one_origin_is_that_of_the_fit(columns):
    found = as_loop(judged(forecaster(columns=columns), coverage=0.7))
    expected = by_loop(1, coverage=0.7, columns=columns)
    for bound in ("lower", "upper"):
        np.testing.assert_allclose(found[bound], expected[bound], rtol=1e-9)


def test_the_unit_of_the_mase_comes_from_the_rows_before_the_first_origin_of_each():
    result = judged(forecaster())
    for name in ("a", "b", "c"):
        seen = SERIES[name][:-FIRST]
        assert result.naive_errors[name] == pytest.approx(seen.diff(SEASON).abs().mean())
    rows = result.predictions
    scaled = (rows["y"] - rows["y_pred"]).abs() / rows["series"].map(result.naive_errors)
    assert result.scores().loc["forecast", "MASE"] == pytest.approx(scaled.mean())


def test_a_function_sees_the_rows_before_the_origin_of_each():
    seen = []

    def last(history, horizon):
        seen.append(history.groupby(level=0).size().to_dict())
        return np.repeat(history.groupby(level=0).tail(1).to_numpy()[:, np.newaxis], horizon, 1)

    found = judged(last, horizon=HORIZON).predictions
    for window, sizes in enumerate(seen):
        back = FIRST - STRIDE * window
        assert sizes == {name: n - back for name, n in LENGTHS.items() if n > back}
    ends = [SERIES[name][origin] for name, origin in found[["series", "origin"]].to_numpy()]
    np.testing.assert_array_equal(found["y_pred"], ends)


def test_a_table_of_the_same_forecasts_has_the_same_scores():
    result = judged(forecaster())
    table = result.predictions[["series", "origin", "timestamp", "y_pred"]]
    pd.testing.assert_frame_equal(
        backtest(table, PANEL, season_length=SEASON).scores(), result.scores()
    )


def test_the_rows_come_in_the_same_order_however_often_is_fitted():
    keys = ["series", "origin", "step"]
    once, anew = (judged(forecaster(), refit=refit).predictions[keys] for refit in (False, True))
    pd.testing.assert_frame_equal(once, anew)


def test_a_comparison_is_of_the_same_rows_in_the_same_order():
    others = dict.fromkeys(["LSTMForecaster", "gradient boosting", "ridge"], "drop")

    def last(history, horizon):
        return np.repeat(history.groupby(level=0).tail(1).to_numpy()[:, np.newaxis], horizon, 1)

    table = judged(forecaster()).predictions[["series", "origin", "timestamp", "y_pred"]]
    given = {"last": last, "table": table[table["series"] != "b"], "ridge": forecaster()}
    options = {"n_windows": N_WINDOWS, "stride": STRIDE, "season_length": SEASON, "coverage": None}
    result = compare(PANEL, horizon=HORIZON, forecasters=others | given, **options)
    assert result.errors == {}
    rows = [one.predictions[["series", "origin", "step", "y"]] for one in result.results.values()]
    for of_other in rows[1:]:
        pd.testing.assert_frame_equal(of_other, rows[0])
    assert set(rows[0]["series"]) == {"a", "c"}
    naive = result.scores().loc[["last", "persistence"], "MASE"]
    assert naive.iloc[0] == pytest.approx(naive.iloc[1])
