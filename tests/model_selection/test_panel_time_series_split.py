"""Folds by date, beside TimeSeriesSplit and beside sets of dates told apart by hand."""

import datetime
import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import StackingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    TimeSeriesSplit,
    check_cv,
    cross_val_predict,
    cross_validate,
)
from sklearn.pipeline import make_pipeline

from sklearn_lstm import (
    LSTMForecaster,
    PanelTimeSeriesSplit,
    SequenceWindower,
    load_model,
    make_lstm_pipeline,
    make_supervised,
    save_model,
)

DAYS = pd.date_range("2024-01-01", periods=40, name="day")
SPANS = {"a": (0, 40), "b": (0, 22), "c": (25, 40), "d": (5, 36)}  # b ends early, c begins late


@pytest.fixture(scope="module")
def panel():
    """Rows of four series of unequal lengths in no order."""
    index = [(name, DAYS[i]) for name, (begin, end) in SPANS.items() for i in range(begin, end)]
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_tuples(index, names=["store", "day"])
    level = index.get_level_values("store").map({"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0})
    sales = level + np.sin(index.get_level_values("day").day_of_year / 3)
    X = pd.DataFrame({"sales": sales + 0.1 * rng.standard_normal(len(index))}, index=index)
    return X.iloc[rng.permutation(len(X))]


def of_days(X, rows):
    return set(X.index[rows].get_level_values(-1))


@pytest.mark.parametrize("n_rows", [12, 31])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"n_splits": 2},
        {"n_splits": 3, "test_size": 2},
        {"n_splits": 3, "test_size": 2, "gap": 2},
        {"n_splits": 4, "max_train_size": 3},
        {"n_splits": 2, "test_size": 3, "gap": 1, "max_train_size": 4},
    ],
)
def test_one_series_in_order_is_split_as_by_time_series_split(n_rows, given):
    X = pd.DataFrame({"x": 0.0}, index=pd.date_range("2024-01-01", periods=n_rows, freq="h"))
    folds = list(PanelTimeSeriesSplit(**given).split(X))
    expected = list(TimeSeriesSplit(**given).split(X))
    assert len(folds) == len(expected) == PanelTimeSeriesSplit(**given).get_n_splits()
    for fold, wanted in zip(folds, expected, strict=True):
        for rows, wanted_rows in zip(fold, wanted, strict=True):
            assert_array_equal(rows, wanted_rows)
            assert rows.dtype == wanted_rows.dtype


@pytest.mark.parametrize(
    ("in_days", "in_time"),
    [
        ({"test_size": 5, "gap": 2}, {"test_size": "5D", "gap": "2D"}),
        ({"test_size": 7, "max_train_size": 9}, {"test_size": "1W", "max_train_size": "216h"}),
        (
            {"test_size": 3, "gap": 1, "max_train_size": 10},
            {
                "test_size": datetime.timedelta(days=3),
                "gap": np.timedelta64(1, "D"),
                "max_train_size": pd.offsets.Day(10),
            },
        ),
    ],
)
def test_a_panel_is_split_by_date_whatever_its_order(panel, in_days, in_time):
    expected = TimeSeriesSplit(3, **in_days).split(np.empty(len(DAYS)))
    for given in (in_days, in_time):
        folds = list(PanelTimeSeriesSplit(3, **given).split(panel))
        for (train, test), (days, days_tested) in zip(
            folds, TimeSeriesSplit(3, **in_days).split(np.empty(len(DAYS))), strict=True
        ):
            day = panel.index.get_level_values("day")
            assert_array_equal(train, np.flatnonzero(day.isin(DAYS[days])))
            assert_array_equal(test, np.flatnonzero(day.isin(DAYS[days_tested])))
    assert len(list(expected)) == len(folds)


def test_series_have_the_rows_of_a_fold_that_they_have(panel):
    (train, test), (_, later_test) = PanelTimeSeriesSplit(2, test_size=10).split(panel)
    assert set(panel.index[train].get_level_values("store")) == {"a", "b", "d"}
    assert set(panel.index[test].get_level_values("store")) == {"a", "b", "c", "d"}
    assert "b" not in set(panel.index[later_test].get_level_values("store"))


def kinds_of_index():
    days = DAYS[:12]
    yield "dates that repeat", days.repeat(3)
    yield "days of Python", pd.Index([day.date() for day in days])
    yield "periods", days.to_period("D")
    yield "numbers", pd.Index(np.arange(12) * 5 + 3)
    yield "fractions", pd.Index(np.arange(12) / 4)
    yield "nullable numbers", pd.Index(np.arange(12), dtype="Int64")
    yield "durations", pd.timedelta_range("1D", periods=12)
    yield "a zone", days.tz_localize("Asia/Tokyo")
    yield "seconds", days.as_unit("s")
    ids = ["x", "y"]
    yield "a panel of periods", pd.MultiIndex.from_product([ids, days.to_period("D")])
    yield "a panel of numbers", pd.MultiIndex.from_product([ids, range(12)])
    yield "a hierarchy", pd.MultiIndex.from_product([ids, ["p", "q"], days])
    unused = pd.MultiIndex.from_product([ids, DAYS])
    yield "levels that no row has", unused[unused.get_level_values(1).isin(days)]


@pytest.mark.parametrize(
    "index", [pytest.param(index, id=name) for name, index in kinds_of_index()]
)
def test_any_index_of_time_is_split(index):
    rng = np.random.default_rng(1)
    index = index[rng.permutation(len(index))]
    time = index.get_level_values(-1)
    expected = TimeSeriesSplit(3, gap=1).split(np.empty(12))
    order = np.sort(time.unique())
    folds = list(PanelTimeSeriesSplit(3, gap=1).split(pd.DataFrame({"x": 0.0}, index=index)))
    for (train, test), (earlier, later) in zip(folds, expected, strict=True):
        assert_array_equal(train, np.flatnonzero(time.isin(order[earlier])))
        assert_array_equal(test, np.flatnonzero(time.isin(order[later])))


def test_a_hole_in_time_counts_as_long_as_it_is():
    days = DAYS[:20].delete(slice(8, 12))
    X = pd.DataFrame({"x": 0.0}, index=days)
    cv = PanelTimeSeriesSplit(2, test_size="5D", gap="4D", max_train_size="6D")
    (train, test), (later_train, later_test) = cv.split(X)
    assert days[test].day.tolist() == [13, 14, 15]  # of 11 to 15
    assert days[train].day.tolist() == [3, 4, 5, 6, 7, 8]  # before 13 - 4, the 8th the last there
    assert days[later_test].day.tolist() == [16, 17, 18, 19, 20]
    assert days[later_train].day.tolist() == [
        3,
        4,
        5,
        6,
        7,
        8,
    ]  # before 16 - 4


def test_months_end_with_their_last_day():
    days = pd.date_range("2024-01-01", "2024-05-31")
    X = pd.DataFrame({"x": 0.0}, index=days)
    for month in ("ME", pd.DateOffset(months=1)):
        folds = list(PanelTimeSeriesSplit(3, test_size=month).split(X))
        assert [set(days[test].month) for _, test in folds] == [{3}, {4}, {5}]
        assert [days[train[-1]].month for train, _ in folds] == [2, 3, 4]


def test_days_of_a_zone_are_cut_at_midnight():
    hours = pd.date_range("2024-03-25", "2024-04-07 23:00", freq="h", tz="Europe/Berlin")
    X = pd.DataFrame({"x": 0.0}, index=hours)
    for _, test in PanelTimeSeriesSplit(3, test_size="4D").split(X):
        assert hours[test[0]].hour == 0
        assert hours[test[-1]].hour == 23


def test_dates_are_those_of_the_targets_where_rows_have_none():
    y = pd.Series(0.0, index=DAYS[::-1])
    X = np.zeros((40, 1))
    for rows, expected in zip(
        PanelTimeSeriesSplit(3).split(X, y), PanelTimeSeriesSplit(3).split(y), strict=True
    ):
        assert_array_equal(rows[0], expected[0])
        assert_array_equal(rows[1], expected[1])
    polars = pytest.importorskip("polars")  # which the extra "test" installs
    table = polars.DataFrame({"day": y.index.to_numpy(), "x": np.zeros(40)})
    assert_array_equal(next(PanelTimeSeriesSplit(3).split(table))[0], expected_first(y))


def expected_first(y):
    return next(PanelTimeSeriesSplit(3).split(y))[0]


DAYS_AND_NONE = pd.MultiIndex.from_arrays([["a", "a", "b"], [DAYS[0], pd.NaT, DAYS[1]]])


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (np.zeros((9, 1)), r"X \(ndarray\) has none.*TimeSeriesSplit"),
        ([[1.0], [2.0]], r"X \(list\) has none"),
        (pd.DataFrame({"x": range(9)}), r"X \(DataFrame\) has none.*set_index"),
        (pd.DataFrame({"x": [1, 2]}, index=["p", "q"]), "must hold times, .* holds .'p'"),
        (pd.Series([1, 2, 3], index=[DAYS[0], pd.NaT, DAYS[1]]), "NaT or NaN, first at row 1"),
        (pd.Series([1, 2, 3], index=DAYS_AND_NONE), "NaT or NaN, first at row 1"),
        (pd.Series([1, 2], index=[1.0, np.inf]), "holds inf, first at row 1"),
        (
            pd.Series(0, index=pd.MultiIndex.from_product([DAYS[:3], ["a", "b"]])),
            "time must be the last level",
        ),
    ],
)
def test_rows_without_dates_are_refused(X, said):
    with pytest.raises(ValueError, match=said):
        next(PanelTimeSeriesSplit(2).split(X))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"n_splits": 50},
            "n_splits=50, gap=0 leave nothing .* 40 distinct .* 2024-01-01 .* Lower",
        ),
        ({"n_splits": 4, "test_size": 10}, "test_size=10, gap=0 leave nothing to learn from"),
        ({"n_splits": 3, "test_size": 10, "gap": 10}, "gap=10 leave nothing .* before 2024-01-11"),
        ({"n_splits": 2, "test_size": "20D"}, "test_size='20D', gap=0 leave nothing"),
        ({"n_splits": 2, "test_size": "999999D"}, "leave nothing to learn from"),
        ({"test_size": "1D", "gap": "40D"}, "gap='40D' leave nothing .* before 2024-02-05"),
        (
            {"test_size": "12h", "n_splits": 2},
            "test part of fold 0 holds no row, .* between 2024-02-08 .* and 2024-02-09 .*, which "
            "is longer than test_size='12h'. Raise test_size",
        ),
        ({"n_splits": 1, "test_size": 20, "gap": 19, "backcast": True}, None),
        (
            {"n_splits": 1, "test_size": 10, "gap": 20, "backcast": True},
            "backcast=True nothing is left to learn from after gap=20 from 2024-01-30",
        ),
    ],
)
def test_a_part_without_rows_is_refused_with_its_dates(panel, given, said):
    cv = PanelTimeSeriesSplit(**given)
    if said is None:
        assert all(len(rows) for fold in cv.split(panel) for rows in fold)
        return
    with pytest.raises(ValueError, match=said):
        list(cv.split(panel))


def test_rows_and_targets_of_different_number_are_refused(panel):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        next(PanelTimeSeriesSplit(2).split(panel, panel["sales"][1:]))


def test_an_empty_table_is_refused():
    with pytest.raises(ValueError, match="0 distinct timestamps"):
        next(PanelTimeSeriesSplit().split(pd.DataFrame({"x": []}, index=DAYS[:0])))


def test_no_date_is_on_both_sides_and_tests_follow_each_other(panel):
    for given in ({}, {"gap": 3}, {"test_size": "4D", "gap": "36h"}, {"max_train_size": "8D"}):
        tested = []
        for train, test in PanelTimeSeriesSplit(4, **given).split(panel):
            assert max(of_days(panel, train)) < min(of_days(panel, test))
            tested.append(of_days(panel, test))
        assert all(max(one) < min(other) for one, other in pairwise(tested))
        assert max(tested[-1]) == DAYS[-1]


def test_backcast_tests_each_row_once(panel):
    cv = PanelTimeSeriesSplit(3, test_size=8, gap=2, max_train_size=10, backcast=True)
    assert cv.get_n_splits() == 4
    folds = list(cv.split(panel))
    assert_array_equal(np.sort(np.concatenate([test for _, test in folds])), np.arange(len(panel)))
    (train, test), rest = folds[0], folds[1:]
    assert of_days(panel, test) == set(DAYS[:16])
    assert of_days(panel, train) == set(DAYS[18:28])
    plain = PanelTimeSeriesSplit(3, test_size=8, gap=2, max_train_size=10).split(panel)
    for fold, expected in zip(rest, plain, strict=True):
        assert_array_equal(fold[0], expected[0])
        assert_array_equal(fold[1], expected[1])


def test_backcast_keeps_a_gap_of_time(panel):
    cv = PanelTimeSeriesSplit(2, test_size="5D", gap="72h", backcast=True)
    train, test = next(cv.split(panel))
    assert of_days(panel, test) == set(DAYS[:30])
    assert of_days(panel, train) == set(DAYS[33:])


def test_cross_val_predict_and_stacking_take_folds_that_cover_all_rows(panel):
    X, y = make_supervised(panel.sort_index())
    model = make_pipeline(SequenceWindower(3, flatten=True), Ridge())
    with pytest.raises(ValueError, match="only works for partitions"):
        cross_val_predict(model, X, y, cv=PanelTimeSeriesSplit(3))
    cv = PanelTimeSeriesSplit(3, backcast=True)
    expected = np.empty(len(y))
    for train, test in cv.split(X):
        expected[test] = clone(model).fit(X.iloc[train], y.iloc[train]).predict(X.iloc[test])
    assert_allclose(cross_val_predict(model, X, y, cv=cv), expected)
    stack = StackingRegressor([("ridge", model)], Ridge(), cv=cv).fit(X, y)
    assert_allclose(stack.final_estimator_.coef_, Ridge().fit(expected[:, None], y).coef_)


def test_it_is_a_cross_validator(panel):
    cv = PanelTimeSeriesSplit(3, test_size="5D")
    assert check_cv(cv) is cv
    shown = (
        "PanelTimeSeriesSplit(backcast=False, gap=0, max_train_size=None, n_splits=3, "
        "test_size='5D')"
    )
    assert "".join(repr(cv).split()) == "".join(shown.split())
    again = pickle.loads(pickle.dumps(cv))
    for one, other in zip(cv.split(panel), again.split(panel), strict=True):
        assert_array_equal(one[1], other[1])
    with pytest.warns(UserWarning, match="groups parameter is ignored by PanelTimeSeriesSplit"):
        next(cv.split(panel, groups=np.zeros(len(panel))))
    with sklearn.config_context(enable_metadata_routing=True):
        assert cv.get_metadata_routing().split.requests == {}
        assert not hasattr(cv, "set_split_request")
        scores = cross_validate(Ridge(), panel, panel["sales"], cv=cv, params={})
    assert len(scores["test_score"]) == 3


def test_scores_of_a_search_over_an_lstm_are_those_of_its_folds(panel):
    X, y = make_supervised(panel.sort_index().groupby("store").tail(20))
    rows = np.random.default_rng(2).permutation(len(X))
    X, y = X.iloc[rows], y.iloc[rows]
    model = make_lstm_pipeline(3, units=2, epochs=1, random_state=0)
    cv = PanelTimeSeriesSplit(2, test_size="5D")
    grid = {"regressor__windower__window_length": [2, 3]}
    search = GridSearchCV(model, grid, cv=cv, scoring="neg_mean_absolute_error", refit=False)
    search.fit(X, y)
    day = X.index.get_level_values("day")
    last = day.max()
    for fold, cut in enumerate([last - pd.Timedelta("10D"), last - pd.Timedelta("5D")]):
        train, test = day <= cut, (day > cut) & (day <= cut + pd.Timedelta("5D"))
        for candidate, window_length in enumerate([2, 3]):
            fitted = clone(model).set_params(**dict.fromkeys(grid, window_length))
            fitted.fit(X[train], y[train])
            error = mean_absolute_error(y[test], fitted.predict(X[test]))
            assert search.cv_results_[f"split{fold}_test_score"][candidate] == pytest.approx(-error)
            # Each series goes on from its own training rows: in one go the windows are the same.
            together = X[day <= cut + pd.Timedelta("5D")]
            windower = fitted.regressor_["windower"]
            scaled = fitted.regressor_["scaler"].transform(together)
            scaled = pd.DataFrame(scaled, together.index)
            windows = np.asarray(windower.set_params(history="none").transform(scaled))
            of_tests = windows[(day[day <= cut + pd.Timedelta("5D")] > cut)]
            alone = fitted.regressor_["lstm"].predict(of_tests)
            unscaled = fitted.transformer_.inverse_transform(alone.reshape(-1, 1)).ravel()
            assert mean_absolute_error(y[test], unscaled) == pytest.approx(error)


@pytest.mark.parametrize("resource", ["n_samples", "ridge__max_iter"])
def test_successive_halving_takes_it(panel, resource):
    X, y = make_supervised(panel.sort_index())
    model = make_pipeline(SequenceWindower(3, flatten=True), Ridge())
    model.steps[-1] = ("ridge", Ridge(solver="lsqr"))
    resources = {"min_resources": 30} if resource == "n_samples" else {"max_resources": 9}
    search = HalvingGridSearchCV(
        model, {"ridge__alpha": [0.1, 1.0, 10.0]}, cv=PanelTimeSeriesSplit(2),
        resource=resource, random_state=0, **resources,
    ).fit(X, y)  # fmt: skip
    assert search.n_splits_ == 2
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_forecaster_is_searched_on_a_long_panel(panel):
    y = panel["sales"].sort_index().loc[["a"]]
    other = y.rename({"a": "z"}, level="store") * 2
    y = pd.concat([y, other])
    forecaster = LSTMForecaster(Ridge(), horizon=2, interval_method=None)
    search = GridSearchCV(forecaster, {"window_length": [2, 5]}, cv=PanelTimeSeriesSplit(2))
    search.fit(y)
    day = y.index.get_level_values("day")
    (train, test), _ = PanelTimeSeriesSplit(2).split(y)
    fitted = clone(forecaster).set_params(window_length=2).fit(y[day < DAYS[14]])
    assert fitted.score(y[(day >= DAYS[14]) & (day < DAYS[27])]) == pytest.approx(
        search.cv_results_["split0_test_score"][0]
    )
    assert len(train) == 28
    assert len(test) == 26


def test_a_file_of_a_search_holds_it(panel, tmp_path):
    y = panel["sales"].sort_index()
    cv = PanelTimeSeriesSplit(2, test_size=pd.Timedelta("5D"), gap="24h")
    model = make_pipeline(SequenceWindower(3, flatten=True), Ridge())
    search = GridSearchCV(model, {"ridge__alpha": [0.1, 1.0]}, cv=cv).fit(panel, panel["sales"])
    save_model(search, tmp_path / "search.skops")
    loaded = load_model(tmp_path / "search.skops").cv
    assert repr(loaded) == repr(cv)
    for one, other in zip(cv.split(y), loaded.split(y), strict=True):
        assert_array_equal(one[1], other[1])


@pytest.mark.parametrize("length", ["2400ms", "2600ms", "1999999us"])
@pytest.mark.parametrize("index", [pd.date_range, pd.timedelta_range])
def test_lengths_may_be_finer_than_the_unit_of_the_index(length, index):
    start = "2024-01-01" if index is pd.date_range else "0s"
    fine = index(start, periods=12, freq="s").as_unit("ns")
    cv = PanelTimeSeriesSplit(2, test_size=length, gap=length, max_train_size=length, backcast=True)
    of_fine, of_coarse = (
        [(train.tolist(), test.tolist()) for train, test in cv.split(pd.Series(0.0, at))]
        for at in (fine, fine.as_unit("s"))
    )
    assert of_coarse == of_fine


@pytest.mark.parametrize("kind", ["timestamp[ms]", "timestamp[s, tz=Asia/Tokyo]", "duration[s]"])
def test_times_of_arrow_are_times(kind):
    index = pd.date_range("2024-03-28", periods=20)
    index = index - index[0] if kind == "duration[s]" else index
    index = index.tz_localize("Asia/Tokyo") if "tz" in kind else index
    cv = PanelTimeSeriesSplit(2, test_size="3D", gap="30h", max_train_size="9D")
    of_arrow, of_pandas = (
        [(train.tolist(), test.tolist()) for train, test in cv.split(pd.Series(0.0, at))]
        for at in (pd.Index(index.to_series().astype(f"{kind}[pyarrow]")), index)
    )
    assert of_arrow == of_pandas
