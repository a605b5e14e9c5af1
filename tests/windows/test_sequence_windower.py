import datetime
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from sklearn_lstm import SequenceWindower
from sklearn_lstm.windows.rows import rows_of


def reference_windows(rows, window_length, series=None, labels=None, max_gap=None, before=None):
    """Walk back from each row, in plain Python; ``before`` holds earlier rows of one series."""
    rows = [list(map(float, row)) for row in rows]
    known = [list(map(float, row)) for row in ([] if before is None else before)]
    n_features = len(rows[0])
    windows = []
    for i in range(len(rows)):
        window, j = [rows[i]], i
        while len(window) < window_length:
            earlier = [k for k in range(j) if series is None or series[k] == series[i]]
            if not earlier:
                n_wanted = window_length - len(window)
                window = known[max(0, len(known) - n_wanted) :] + window
                break
            if max_gap is not None and labels[j] - labels[earlier[-1]] > max_gap:
                break
            j = earlier[-1]
            window.insert(0, rows[j])
        windows.append([[float("nan")] * n_features] * (window_length - len(window)) + window)
    return np.array(windows)


sizes = {
    "n_rows": st.integers(1, 14),
    "window_length": st.integers(1, 7),
    "n_features": st.integers(1, 3),
    "seed": st.integers(0, 2**16),
}


@settings(deadline=None, max_examples=150)
@given(
    **sizes,
    dtype=st.sampled_from([np.float32, np.float64, np.int16, bool]),
    kind=st.sampled_from(
        ["array", "default", "int", "time", "zone", "period", "float", "date", "text"]
    ),
    flatten=st.booleans(),
)
def test_windows_equal_a_walk_back_in_plain_python(
    n_rows, window_length, n_features, seed, dtype, kind, flatten
):
    rng = np.random.default_rng(seed)
    rows = (rng.standard_normal((n_rows, n_features)) * 9).astype(dtype)
    steps = np.cumsum(rng.integers(1, 4, n_rows))
    index = {
        "default": pd.RangeIndex(n_rows),
        "int": pd.Index(steps),
        "float": pd.Index(steps / 4),
        "time": pd.Timestamp("2020-02-27") + pd.to_timedelta(steps, "D"),
        "zone": pd.date_range("2024-03-30", periods=n_rows, freq="h", tz="Europe/Paris"),
        "period": pd.period_range("2020-11", periods=n_rows, freq="M"),
        "date": pd.Index([datetime.date(2023, 12, 20) + datetime.timedelta(int(s)) for s in steps]),
        "text": pd.Index([f"{step:03d}" for step in steps]),
    }
    X = rows if kind == "array" else pd.DataFrame(rows, index=index[kind])
    windower = SequenceWindower(window_length, flatten=flatten, padding="nan")

    windows = windower.fit_transform(X)

    expected = reference_windows(rows, window_length)
    if flatten:
        expected = expected.transpose(0, 2, 1).reshape(n_rows, -1)
    assert_array_equal(windows, expected)
    assert windows.dtype == (np.float32 if dtype == np.float32 else np.float64)


@settings(deadline=None, max_examples=100)
@given(**sizes, max_gap=st.integers(1, 3), n_series=st.integers(1, 3), times=st.booleans())
def test_windows_stay_within_series_and_gaps(
    n_rows, window_length, n_features, seed, max_gap, n_series, times
):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n_rows, n_features))
    series = rng.integers(0, n_series, n_rows)
    steps = np.cumsum(rng.integers(1, 4, n_rows))
    labels = pd.Timestamp("2020-02-27") + pd.to_timedelta(steps, "D") if times else steps
    X = pd.DataFrame(rows, index=pd.MultiIndex.from_arrays([series, labels]))
    windower = SequenceWindower(window_length, max_gap=f"{max_gap}D" if times else max_gap)

    windows = windower.fit_transform(X)

    expected = reference_windows(rows, window_length, series, steps, max_gap)
    assert_array_equal(windows, expected)


@pytest.mark.parametrize("as_frame", [False, True])
@pytest.mark.parametrize("gap", [0, 3])
@settings(deadline=None, max_examples=20)
@given(window_length=st.integers(1, 12), seed=st.integers(0, 99))
def test_history_of_a_fold_is_the_rows_of_its_training_part(as_frame, gap, window_length, seed):
    rows = np.random.default_rng(seed).standard_normal((40, 2))
    index = pd.date_range("2024-01-01", periods=40)
    whole = reference_windows(rows, window_length)
    for train, test in TimeSeriesSplit(4, gap=gap).split(rows):
        X = pd.DataFrame(rows, index=index) if as_frame else rows
        X_train, X_test = (X.iloc[train], X.iloc[test]) if as_frame else (X[train], X[test])
        windower = SequenceWindower(window_length).fit(X_train)

        assert_array_equal(windower.transform(X_train), whole[train])
        expected = reference_windows(rows[test], window_length, before=rows[train])
        assert_array_equal(windower.transform(X_test), expected)
        if gap == 0:
            assert_array_equal(expected, whole[test])
        if as_frame and gap:
            windower.set_params(max_gap="1D").fit(X_train)
            expected = reference_windows(rows[test], window_length)
            assert_array_equal(windower.transform(X_test), expected)


def test_folds_of_a_frame_with_a_default_index_know_their_place():
    X = pd.DataFrame({"a": np.arange(20.0)})
    windower = SequenceWindower(3).fit(X.iloc[:10])
    assert_array_equal(windower.transform(X.iloc[10:12])[0, :, 0], [8, 9, 10])
    assert np.isnan(windower.transform(X.iloc[4:6])[0, 0, 0])
    windower.set_params(max_gap=1).fit(X.iloc[:10])
    assert np.isnan(windower.transform(X.iloc[11:13])[0, 0, 0])


def test_each_series_of_a_panel_gets_its_own_history():
    index = pd.MultiIndex.from_product([range(6), ["x", "y"]], names=["day", "store"]).swaplevel()
    X = pd.DataFrame({"sales": np.arange(12.0)}, index=index)  # x: 0, 2, 4, ...; y: 1, 3, 5, ...
    windower = SequenceWindower(3).fit(X.iloc[:8])
    new = pd.DataFrame(
        {"sales": [8.0, 100.0, 9.0]},
        index=pd.MultiIndex.from_tuples([("x", 4), ("z", 4), ("y", 4)], names=["store", "day"]),
    )
    nan = np.nan
    expected = [[4, 6, 8], [nan, nan, 100], [5, 7, 9]]
    assert_array_equal(windower.transform(new)[:, :, 0], expected)


def test_history_none_starts_every_call_anew():
    windower = SequenceWindower(3, history="none").fit(np.zeros((9, 1)))
    windows = windower.transform(np.ones((3, 1)))
    assert_array_equal(np.isnan(windows[:, :, 0]).sum(axis=1), [2, 1, 0])


def test_rows_before_the_fitted_ones_get_no_history():
    X = pd.DataFrame({"a": np.arange(9.0)}, index=pd.date_range("2024-01-01", periods=9))
    windower = SequenceWindower(2).fit(X.iloc[4:])
    assert np.isnan(windower.transform(X.iloc[:2])[0, 0, 0])


def test_output_is_a_view_on_one_padded_copy():
    X = np.random.default_rng(0).standard_normal((1000, 3))
    windows = SequenceWindower(50).fit_transform(X)
    rows = rows_of(windows)
    assert rows.rows.base is not None
    assert np.shares_memory(rows.rows, windows)
    assert rows.rows.shape == (1049, 3)
    assert_array_equal(rows.to_array(), windows)


@pytest.mark.parametrize(
    "change", [np.ascontiguousarray, np.asfortranarray, lambda w: w[::2], lambda w: w[::-1],
               lambda w: w[:, ::2], lambda w: w[:, :, 1:], lambda w: w[4:5], lambda w: w[[3, 1]]],
)  # fmt: skip
def test_rows_are_found_beneath_windows_of_any_layout(change):
    windows = change(SequenceWindower(5).fit_transform(np.arange(60.0).reshape(20, 3)))
    assert_array_equal(rows_of(windows).to_array(), windows)


def test_flattened_windows_have_names_and_containers(waves):
    X, _ = waves
    windower = SequenceWindower(3, flatten=True).fit(X)
    names = ["a_lag2", "a_lag1", "a_lag0", "b_lag2", "b_lag1", "b_lag0"]
    assert list(windower.get_feature_names_out()) == names
    as_pandas = windower.set_output(transform="pandas").transform(X)
    assert list(as_pandas.columns) == names
    assert as_pandas.index.equals(X.index)
    assert_array_equal(as_pandas["a_lag1"].to_numpy()[1:], X["a"].to_numpy()[:-1])
    as_polars = windower.set_output(transform="polars").transform(X)
    assert as_polars.columns == names


def test_windows_of_three_dimensions_stay_an_array_whatever_container_is_set(waves):
    X, _ = waves
    windower = SequenceWindower(3).set_output(transform="pandas")
    assert isinstance(windower.fit_transform(X), np.ndarray)
    with sklearn.config_context(transform_output="pandas"):
        assert SequenceWindower(3).fit_transform(X).shape == (len(X), 3, 2)
    assert not hasattr(windower.fit(X), "get_feature_names_out")


@pytest.mark.parametrize("regressor", [Ridge(), HistGradientBoostingRegressor(min_samples_leaf=5)])
def test_flattened_windows_feed_ordinary_regressors(waves, regressor):
    X, y = waves
    model = make_pipeline(
        MinMaxScaler().set_output(transform="pandas"), SequenceWindower(4, flatten=True), regressor
    )
    assert model.fit(X[:60], y[:60]).score(X[60:], y[60:]) > 0.8


def test_padding_repeats_the_first_known_row_where_asked():
    X = np.array([[1.0], [2.0]])
    windows = SequenceWindower(3, padding="edge").fit_transform(X)[:, :, 0]
    assert_array_equal(windows, [[1, 1, 1], [1, 1, 2]])
    flat = SequenceWindower(3, flatten=True, padding="nan").fit_transform(X)
    assert_array_equal(flat, [[np.nan, np.nan, 1], [np.nan, 1, 2]])


def test_a_window_length_set_after_fit_uses_the_history_there_is():
    windower = SequenceWindower(3).fit(np.arange(5.0).reshape(-1, 1))
    new = np.array([[5.0]])
    assert_array_equal(windower.set_params(window_length=2).transform(new)[0, :, 0], [4, 5])
    longer = windower.set_params(window_length=4).transform(new)[0, :, 0]
    assert_array_equal(longer, [np.nan, 3, 4, 5])


DAYS = pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-02", "2024-01-02"])


@pytest.mark.parametrize(
    ("X", "params", "message"),
    [
        (
            pd.DataFrame({"a": [1.0, 2, 3]}, index=DAYS[[0, 2, 3]]),
            {},
            r"row 2, 2024-01-02.*does not come after 2024-01-02.*duplicated",
        ),
        (
            pd.DataFrame(
                {"a": range(4)}, index=pd.MultiIndex.from_arrays([list("abab"), [1, 5, 2, 5]])
            ),
            {},
            "row 3 of series 'b', 5, does not come after 5",
        ),
        (
            pd.DataFrame({"a": [1.0]}, index=pd.MultiIndex.from_tuples([(1, "x")])),
            {},
            r"last level of the MultiIndex must be time or numbers, but holds 'x'",
        ),
        (
            pd.DataFrame({"a": [1.0, 2]}, index=pd.MultiIndex.from_product([DAYS[:2], [7]])),
            {},
            "times in level 0, but time must be the last level",
        ),
        (
            pd.DataFrame({"a": [1.0, 2]}, index=pd.to_datetime(["2024-01-01", None])),
            {},
            r"lacks a timestamp at row 1 \(NaT\)",
        ),
        (pd.DataFrame({"a": [1.0], "d": DAYS[:1]}), {}, r"dates in columns \['d'\].*set_index"),
        (pd.DataFrame({"a": [1.0, pd.NA]}, dtype=object), {}, r"\['a'\].*fill what is missing"),
        (pl.DataFrame({"a": ["x"]}), {}, "text"),
        ([["1"], ["2"]], {}, "text"),
        (pd.DataFrame({"a": [1.0]}, index=DAYS[:1]), {"max_gap": "5"}, "with its unit"),
        (pd.DataFrame({"a": [1.0]}, index=DAYS[:1]), {"max_gap": ""}, "with its unit"),
        (pd.DataFrame({"a": [1.0]}, index=["x"]), {"max_gap": 1}, "index of times or numbers"),
        (
            np.zeros((3, 1)),
            {"max_gap": "1D"},
            r"max_gap='1D' needs rows with an index .*set_output",
        ),
        (pd.DataFrame({"a": [1.0, 2]}), {"max_gap": "1D"}, "max_gap='1D' does not fit the index"),
        (pd.DataFrame({"a": [1.0]}, index=DAYS[:1]), {"max_gap": 2}, "a timedelta such as '1D'"),
        (pd.DataFrame({"a": [1.0]}, index=DAYS[:1]), {"max_gap": "x"}, "max_gap='x' is not a time"),
        (pd.DataFrame({"a": [1.0]}, index=DAYS[:1]), {"max_gap": "-1D"}, "longer than zero"),
        ([[1.0], [np.nan]], {}, "X contains NaN, first at row 1"),
        (pd.DataFrame({"a": [1.0], "b": [np.inf]}), {}, "infinity, first at row 0, column 'b'"),
        (pd.DataFrame({"a": [1.0], "b": ["rain"]}), {}, r"columns \['b'\].*OneHotEncoder"),
        ([["x"]], {}, "X holds text"),
        (np.zeros((3, 2, 2)), {}, "dim 3"),
        (np.zeros((0, 2)), {}, "0 sample"),
        (np.zeros(3), {}, "Reshape your data"),
        (np.zeros((3, 1), dtype=complex), {}, "Complex data not supported"),
    ],
)
def test_input_without_usable_rows_is_refused_by_name(X, params, message):
    windower = SequenceWindower(2, **params)
    with pytest.raises(ValueError, match=message):
        windower.fit(X)
    assert vars(windower) == vars(SequenceWindower(2, **params))


@pytest.mark.parametrize("value", [0, -1, 2.5, "7", None])
def test_window_length_must_be_a_positive_int(value):
    with pytest.raises(ValueError, match="'window_length' parameter of SequenceWindower must be"):
        SequenceWindower(value).fit([[1.0]])


def test_an_index_unlike_that_of_fit_is_refused(waves):
    X, _ = waves
    windower = SequenceWindower(3).fit(X)
    with pytest.raises(ValueError, match="can't be compared with that of fit"):
        windower.transform(X.set_axis(np.arange(1, len(X) + 1)))


def test_an_index_of_text_is_no_time():
    X = pd.DataFrame({"a": np.arange(4.0)}, index=list("dbca"))
    windower = SequenceWindower(2).fit(X)
    assert_array_equal(windower.transform(X + 4)[0, :, 0], [3, 4])
    assert np.isnan(windower.transform(X)[0, 0, 0])


def test_dates_are_times_as_python_has_them():
    days = [datetime.date(2024, 1, day) for day in (1, 2, 5)]
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0]}, index=days)
    windower = SequenceWindower(2, max_gap="1D").fit(X)
    assert_array_equal(windower.transform(X)[:, 0, 0], [np.nan, 1, np.nan])
    with pytest.raises(ValueError, match="row 1, 2024-01-01"):
        windower.fit(X.iloc[[0, 0, 1]])


@pytest.mark.parametrize("flatten", [False, True])
@pytest.mark.parametrize("kind", ["time", "zone", "period", "int", "panel"])
@settings(deadline=None, max_examples=20)
@given(**sizes, max_gap=st.sampled_from([None, 2]))
def test_rows_in_any_order_get_the_windows_of_their_time(
    kind, flatten, n_rows, window_length, n_features, seed, max_gap
):
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.integers(1, 4, 2 * n_rows))
    index = {
        "time": pd.Timestamp("2020-02-27") + pd.to_timedelta(steps, "D"),
        "zone": pd.Timestamp("2024-03-30", tz="Europe/Paris") + pd.to_timedelta(steps, "D"),
        "period": pd.PeriodIndex.from_ordinals(steps + 20_000, freq="D"),
        "int": pd.Index(steps),
        "panel": pd.MultiIndex.from_arrays([rng.integers(0, 2, 2 * n_rows), steps]),
    }[kind]
    if max_gap is not None and kind in ("time", "zone", "period"):
        max_gap = f"{max_gap}D"
    X = pd.DataFrame(rng.standard_normal((2 * n_rows, n_features)), index=index)
    fitted, new = X.iloc[:n_rows], X.iloc[n_rows:]
    windower = SequenceWindower(window_length, max_gap=max_gap, flatten=flatten, padding="nan")
    expected = np.asarray(windower.fit(fitted).transform(new))

    orders = rng.permutation(n_rows), rng.permutation(n_rows)
    found = windower.fit(fitted.iloc[orders[0]]).transform(new.iloc[orders[1]])

    assert_array_equal(np.asarray(found), expected[orders[1]])


def test_labels_tell_what_follows_even_where_new_ones_count_from_zero():
    X = pd.DataFrame({"a": np.arange(12.0)})
    windower = SequenceWindower(3).fit(X.iloc[4:])
    assert_array_equal(windower.transform(X.iloc[:2])[:, 0, 0], [np.nan, np.nan])
    dated = X.set_axis(pd.date_range("2024-01-01", periods=12))
    after = windower.fit(dated.iloc[:6]).transform(X.iloc[:3] + 6)
    assert_array_equal(after[0, :, 0], [4, 5, 6])


def test_one_series_with_a_multiindex_goes_by_its_labels():
    index = pd.MultiIndex.from_product([["x"], range(5)])
    X = pd.DataFrame({"a": np.arange(5.0)}, index=index)
    windower = SequenceWindower(2).fit(X)
    assert np.isnan(windower.transform(X + 50)[0, 0, 0])


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_rows_that_resemble_the_first_fitted_ones_still_follow(offset):
    rows = offset + np.r_[np.zeros(20), np.arange(30.0) / 100, np.zeros(20), np.arange(1, 31) / 100]
    rows = rows.reshape(-1, 1)
    windower = SequenceWindower(4).fit(rows[:50])
    assert_array_equal(windower.transform(rows[50:])[0, :, 0], rows[47:51, 0])
    rounded = rows[:50] * (1 + 1e-15)
    assert np.isnan(windower.transform(rounded)[0, 0, 0])


@pytest.mark.parametrize("max_gap", ["1h", np.timedelta64(1, "h"), pd.Timedelta("1h")])
@pytest.mark.parametrize("zone", [None, "Europe/Paris"])
def test_gaps_are_measured_on_one_clock(zone, max_gap):
    hours = pd.date_range("2024-03-30 20:00", periods=12, freq="h", tz=zone).delete(7)
    X = pd.DataFrame({"a": np.arange(11.0)}, index=hours)
    windows = SequenceWindower(2, max_gap=max_gap).fit_transform(X)
    assert_array_equal(np.flatnonzero(np.isnan(windows[:, 0, 0])), [0, 7])


def test_parameters_set_after_fit_are_checked_too():
    windower = SequenceWindower(3).fit(np.zeros((5, 1))).set_params(window_length=0)
    with pytest.raises(ValueError, match="'window_length'"):
        windower.transform(np.zeros((5, 1)))


def test_a_gap_is_seen_in_numbers_of_few_bits():
    X = pd.DataFrame({"x": [0.0, 1.0, 2.0]}, index=pd.Index([-100, -99, 100], dtype="int8"))
    windows = SequenceWindower(2, max_gap=5).fit(X).transform(X)
    assert_array_equal(np.asarray(windows)[:, :, 0], [[np.nan, 0], [0, 1], [np.nan, 2]])


def test_rows_of_no_series_keep_their_history_in_a_stored_windower():
    index = pd.MultiIndex.from_product([["a", np.nan], range(5)])
    X = pd.DataFrame({"x": np.arange(10.0)}, index=index)
    is_known = index.get_level_values(1) < 3
    windower = pickle.loads(pickle.dumps(SequenceWindower(2).fit(X[is_known])))
    found = np.asarray(windower.transform(X[~is_known]))[:, :, 0]
    assert_array_equal(found, [[2, 3], [3, 4], [7, 8], [8, 9]])


@pytest.mark.parametrize(
    "index", [pd.RangeIndex(8), pd.MultiIndex.from_product([[0, 1], range(4)])]
)
def test_windows_do_not_change_with_what_they_were_cut_from(index):
    X = pd.DataFrame(np.arange(16.0).reshape(8, 2), index=index)
    windows = SequenceWindower(3).fit(X).transform(X)
    expected = np.array(windows)
    X.iloc[2:5] = -1
    X[0] *= 2
    X.iat[7, 1] = np.nan
    assert_array_equal(np.asarray(windows), expected)
