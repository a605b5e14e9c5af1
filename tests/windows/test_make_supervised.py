import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from sklearn_lstm import make_supervised


@pytest.mark.parametrize("horizon", [1, 3])
def test_target_is_the_value_horizon_steps_later(horizon):
    series = pd.Series(range(10), index=pd.date_range("2024-01-01", periods=10), name="t")
    X, y = make_supervised(series, horizon=horizon)
    assert list(X.columns) == ["t"]
    assert y.name == "t"
    assert X.index.equals(y.index)
    for day in X.index:
        assert y[day] == series[day + pd.Timedelta(days=horizon)]
    assert len(X) == 10 - horizon


def test_several_horizons_and_targets_have_a_column_each():
    frame = pd.DataFrame({"a": range(6), "b": range(10, 16)})
    X, y = make_supervised(frame, target=["b", "a"], horizon=[1, 2])
    assert list(y.columns) == ["b_step1", "b_step2", "a_step1", "a_step2"]
    assert_array_equal(y.iloc[0], [11, 12, 1, 2])
    assert len(X) == 4


def test_one_horizon_in_a_list_keeps_its_column():
    _, y = make_supervised([1, 2, 3], horizon=[1])
    assert y.shape == (2, 1)


def test_all_columns_are_targets_unless_one_is_named():
    table = np.arange(8).reshape(4, 2)
    X, y = make_supervised(table)
    assert_array_equal(X, table[:-1])
    assert_array_equal(y, table[1:])
    assert_array_equal(make_supervised(table, target=1)[1], [3, 5, 7])


def test_series_of_a_panel_do_not_mix():
    index = pd.MultiIndex.from_tuples(
        [("x", 1), ("y", 1), ("x", 2), ("y", 2), ("x", 3), ("z", 1)], names=["store", "week"]
    )
    sales = pd.DataFrame({"sales": [1, 10, 2, 20, 3, 99]}, index=index)
    X, y = make_supervised(sales, target="sales")
    assert list(X.index) == [("x", 1), ("y", 1), ("x", 2)]
    assert list(y) == [2, 20, 3]


@pytest.mark.parametrize("horizon", [0, -2, 1.5, "1", [], [1, 0], [2, 2]])
def test_horizon_must_look_ahead(horizon):
    with pytest.raises((ValueError, TypeError), match="horizon="):
        make_supervised([1, 2, 3], horizon=horizon)


def test_impossible_requests_say_why():
    with pytest.raises(ValueError, match=r"horizon=3 reaches beyond the end.*Lower horizon"):
        make_supervised([1, 2, 3], horizon=3)
    with pytest.raises(ValueError, match=r"'c' is not a column; there are \['a'\]"):
        make_supervised(pd.DataFrame({"a": [1, 2]}), target="c")
    with pytest.raises(ValueError, match="shape"):
        make_supervised(np.zeros((2, 2, 2)))
    backwards = pd.Series([1, 2], index=pd.to_datetime(["2024-01-02", "2024-01-01"]))
    with pytest.raises(ValueError, match="row 1, 2024-01-01"):
        make_supervised(backwards)


def test_columns_must_be_told_apart():
    with pytest.raises(ValueError, match="several columns 'a'"):
        make_supervised(pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]))
    with pytest.raises(ValueError, match=r"target=\[\] names no column"):
        make_supervised(pd.DataFrame({"a": [1, 2]}), target=[])


def test_polars_frames_keep_their_names():
    X, y = make_supervised(pl.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}), target="b")
    assert list(X.columns) == ["a", "b"]
    assert list(y) == [5, 6]


def test_what_comes_of_arrays_may_be_changed_and_changes_nothing():
    values = np.arange(6.0)
    X, y = make_supervised(values)
    X[:], y[:] = -1, -1
    assert values.tolist() == [0, 1, 2, 3, 4, 5]


def gaps(index, horizon, **params):
    """Which rows have a target, and how many steps after them it lies."""
    series = pd.Series(np.arange(float(len(index))), index=index, name="t")
    return make_supervised(series, horizon=horizon, **params)


DAYS = pd.date_range("2024-01-01", periods=40)


@pytest.mark.parametrize("horizon", [1, 3])
def test_no_row_has_a_target_across_a_hole(horizon):
    days = DAYS.delete(slice(5, 35))
    with pytest.warns(UserWarning, match=rf"a hole.*2024-01-05.*2024-02-05.*: {horizon} rows?,"):
        X, y = gaps(days, horizon)
    for day, value in y.items():
        assert days[int(value)] - day == pd.Timedelta(days=horizon)
    assert len(X) == 10 - 2 * horizon


def test_none_counts_rows_across_holes():
    days = DAYS.delete(slice(5, 35))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, y = gaps(days, 1, max_gap=None)
        assert_array_equal(y, np.arange(1, 10))
        _, y = gaps(days, 1, max_gap="1D")
        assert_array_equal(y, [1, 2, 3, 4, 6, 7, 8, 9])
        _, y = gaps(pd.Index([1, 2, 3, 7, 8]), 1, max_gap=1)
        assert_array_equal(y, [1, 2, 4])
        _, y = gaps(pd.Index([1, 2, 3, 7, 8]), 1)
        assert_array_equal(y, [1, 2, 3, 4])


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2023-11-30", periods=40, freq="ME"),
        pd.date_range("2019-01-01", periods=30, freq="QS"),
        pd.date_range("2000-01-01", periods=12, freq="YS"),
        pd.date_range("2024-01-01", periods=40, freq="B"),
        pd.date_range("2024-03-20", periods=30, tz="Europe/Paris"),
        pd.date_range("2024-03-30", periods=48, freq="h", tz="Europe/Paris"),
        pd.period_range("2024-01", periods=30, freq="M"),
        pd.timedelta_range("0s", periods=30, freq="10min"),
        pd.date_range("2024-01-01", periods=30, freq="W-FRI"),
    ],
    ids=str,
)
def test_calendars_have_no_holes_until_a_step_is_missing(index):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, y = gaps(index, 1)
    assert_array_equal(y, np.arange(1, len(index)))
    with pytest.warns(UserWarning, match="a hole"):
        _, y = gaps(index.delete(7), 1)
    assert_array_equal(y, np.delete(np.arange(1, len(index) - 1), 6))


def test_irregular_times_have_no_holes():
    seconds = np.cumsum(np.random.default_rng(0).exponential(100, 50))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, y = gaps(pd.Timestamp("2024-01-01") + pd.to_timedelta(seconds, "s"), 2)
    assert_array_equal(y, np.arange(2, 50))


def test_each_series_has_a_step_of_its_own():
    weeks = pd.date_range("2024-01-01", periods=10, freq="W").delete(4)
    index = pd.MultiIndex.from_tuples([("d", t) for t in DAYS[:10]] + [("w", t) for t in weeks])
    sales = pd.DataFrame({"sales": np.arange(19.0)}, index=index)
    with pytest.warns(UserWarning, match=r"a hole.*2024-01-28.*2024-02-11.*: 1 row,"):
        _, y = make_supervised(sales, target="sales")
    assert_array_equal(y, np.delete(np.arange(1, 19), [9, 13]))


@pytest.mark.parametrize("max_gap", [True, 0, -1, np.nan, np.inf, [], "x", "5"])
def test_a_gap_must_be_a_distance(max_gap):
    for index in (DAYS, pd.Index(np.arange(40) * 2)):
        with pytest.raises(ValueError, match="max_gap="):
            gaps(index, 1, max_gap=max_gap)
