"""Rows without timestamps: whether they are the fitted ones again, or follow these."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import TimeSeriesSplit, cross_validate
from sklearn.pipeline import make_pipeline

from sklearn_lstm import SequenceWindower
from sklearn_lstm.windows.recognition import is_later_stretch, n_rows_that_tell

ROWS = np.arange(5.0, 10.0).reshape(-1, 1)
WEEKDAYS = np.tile(np.eye(7), (40, 1))


def first_window(windower, rows):
    return windower.transform(rows)[0, :, 0]


@pytest.mark.parametrize("value", [5.0, 5.1, 9.0])
def test_one_new_row_follows_whatever_its_value_is(value):
    windower = SequenceWindower(4).fit(ROWS)
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        assert_array_equal(first_window(windower, [[value]]), [7, 8, 9, value])
    assert len(given) == (value == 5)


def test_the_warning_names_the_remedies_and_each_of_them_is_one():
    new = [[5.0]]
    windower = SequenceWindower(4).fit(ROWS)
    with pytest.warns(UserWarning, match=r"time index.*history='always'.*history='none'"):
        windower.transform(new)
    days = pd.date_range("2024-01-01", periods=6)
    dated = SequenceWindower(4).fit(pd.DataFrame(ROWS, index=days[:5]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_array_equal(first_window(windower.set_params(history="always"), new), [7, 8, 9, 5])
        nothing = np.full(3, np.nan)
        assert_array_equal(first_window(windower.set_params(history="none"), new), [*nothing, 5])
        assert_array_equal(first_window(dated, pd.DataFrame(new, index=days[5:])), [7, 8, 9, 5])


def test_it_is_given_once_for_each_fit():
    windower = SequenceWindower(4)
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        for n_fits in (1, 2):
            windower.fit(ROWS)
            for _ in range(3):
                windower.transform([[5.0]])
            assert len(given) == n_fits


@pytest.mark.parametrize("history", ["auto", "always", "none"])
def test_the_rows_of_fit_transform_have_no_history(history):
    for rows in (ROWS, ROWS[:2], WEEKDAYS):
        windows = SequenceWindower(4, history=history).fit_transform(rows)
        assert np.isnan(windows[0, :3]).all()
        assert_array_equal(windows[0, 3], rows[0])


@pytest.mark.parametrize("n", [4, 5, 7])
def test_a_window_of_fitted_rows_or_more_is_known(n):
    more = np.vstack([ROWS, ROWS[:2] + 40])
    assert np.isnan(first_window(SequenceWindower(4).fit(ROWS), more[:n])[:3]).all()


def test_what_comes_a_second_time_tells_nothing():
    """Calendar columns, of which each fold begins as the first."""
    y = np.random.default_rng(0).standard_normal(7)[WEEKDAYS.argmax(axis=1)]
    yesterday = np.roll(y, 1)
    model = make_pipeline(SequenceWindower(2, flatten=True), LinearRegression())
    cv = TimeSeriesSplit(4, test_size=35)
    with pytest.warns(UserWarning, match="too regular"):
        scores = cross_validate(model, WEEKDAYS, yesterday, cv=cv)["test_score"]
    dated = pd.DataFrame(WEEKDAYS, index=pd.date_range("2024-01-01", periods=len(WEEKDAYS)))
    expected = cross_validate(model, dated, yesterday, cv=cv)["test_score"]
    np.testing.assert_allclose(scores, expected, rtol=1e-9)


def n_rows_that_tell_by_hand(values, window_length):
    """Try each later place at which the first rows might come again."""
    n = len(values)
    longest = 0
    for place in range(1, n):
        alike = 0
        while place + alike < n and values[place + alike] == values[alike]:
            alike += 1
        if place + alike == n and alike >= min(window_length, (n + 1) // 2):
            return None
        longest = max(longest, alike if place + alike < n else 0)
    return max(longest + 1, min(window_length, n)) if longest else min(window_length, n)


@settings(deadline=None, max_examples=300)
@given(
    values=st.lists(st.integers(0, 2), min_size=1, max_size=30),
    window_length=st.integers(1, 6),
    repeats=st.integers(1, 3),
)
def test_how_many_rows_tell_is_found_by_trying_each_place(values, window_length, repeats):
    values = values * repeats
    rows = np.array(values, dtype=float).reshape(-1, 1)
    expected = n_rows_that_tell_by_hand(values, window_length)
    found = n_rows_that_tell(rows, window_length)
    assert (found is None) == (expected is None)
    # A short repeat at the end counts as one more or not: either way it is chance.
    assert found is None or expected <= found <= max(expected, min(window_length, len(rows)) + 1)


def test_repeats_are_found_from_block_to_block(monkeypatch):
    rows = np.r_[np.arange(20.0), 0, 1, 2, 3, 4, 99].reshape(-1, 1)
    expected = n_rows_that_tell(rows, 3)
    assert expected == n_rows_that_tell_by_hand(rows[:, 0].tolist(), 3) == 6
    monkeypatch.setattr("sklearn_lstm.windows.recognition.BLOCK", 7)
    assert n_rows_that_tell(rows, 3) == expected


def test_a_search_for_repeats_takes_no_longer_than_it_is_worth():
    flat = np.zeros((200_000, 1))
    assert n_rows_that_tell(flat, 10) is None
    assert n_rows_that_tell(np.arange(200_000.0).reshape(-1, 1), 10) == 10


STEPS = np.cumsum(np.random.default_rng(0).standard_normal((60, 2)), axis=0)
NOTHING = np.full(3, np.nan)


@pytest.mark.parametrize("begin", [1, 7, 50, 56])
@pytest.mark.parametrize("n_new", [0, 5])
def test_a_later_stretch_of_the_fitted_rows_has_no_later_row_in_its_windows(begin, n_new):
    rows = np.vstack([STEPS[begin:], STEPS[:n_new] + 100])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        windows = SequenceWindower(4).fit(STEPS).transform(rows)
    assert_array_equal(windows, SequenceWindower(4).fit_transform(rows))


def test_less_than_a_window_of_a_stretch_follows():
    assert_array_equal(
        first_window(SequenceWindower(4).fit(STEPS), STEPS[5:8]), STEPS[[57, 58, 59, 5], 0]
    )


@pytest.mark.parametrize("n", [33, 34, 40, 47])
def test_days_that_come_again_after_fit_follow(n):
    """What follows equals fitted rows, since the series repeats itself, not because it is these."""
    days = np.r_[77.0, 88.0, np.arange(80) % 30].reshape(-1, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        window = first_window(SequenceWindower(4).fit(days[:n]), days[n : n + 20])
    assert_array_equal(window, days[n - 3 : n + 1, 0])


def test_a_dry_spell_of_few_days_is_no_fitted_stretch():
    rain = np.array([1.0, 0, 0, 0, 2, 3, 0, 4, 5, 6]).reshape(-1, 1)
    new = np.zeros((3, 1))
    assert_array_equal(first_window(SequenceWindower(3).fit(rain), new), [5, 6, 0])


@pytest.mark.parametrize("end", [20, 60])
def test_rows_that_go_on_as_the_fitted_ones_precede_them_and_that_is_said(end):
    windower = SequenceWindower(4).fit(STEPS[10:])
    with pytest.warns(UserWarning, match=r"from row 10 on.*history='always'"):
        window = first_window(windower, STEPS[:end])
    assert_array_equal(window, [*NOTHING, STEPS[0, 0]])
    windower.set_params(history="always")
    assert_array_equal(first_window(windower, STEPS[:end]), STEPS[[57, 58, 59, 0], 0])


def test_the_warning_points_at_the_line_of_the_user():
    model = make_pipeline(SequenceWindower(4, flatten=True), LinearRegression()).fit(ROWS, ROWS)
    with pytest.warns(UserWarning, match="history=") as given:
        model.predict(ROWS[:1])
    assert given[0].filename == __file__


def stretch_by_hand(values, begin, n):
    """Whether a stretch is known, by trying all pairs of stretches."""
    half, stretch = n // 2, values[begin : begin + n]
    stretches = [tuple(values[i : i + half]) for i in range(len(values) - half + 1)]
    return len(set(stretches)) == len(stretches) and values[begin - 1] not in (
        values[-1], stretch[0],
    )  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(
    values=st.lists(st.integers(0, 9), min_size=6, max_size=40),
    window_length=st.integers(2, 6),
    data=st.data(),
)
def test_a_stretch_is_known_where_no_half_of_it_comes_twice(values, window_length, data):
    begin = data.draw(st.integers(1, max(1, len(values) - window_length)))
    n = data.draw(st.integers(1, len(values) - begin))
    rows = np.array(values, dtype=float).reshape(-1, 1)
    found = is_later_stretch(rows[begin : begin + n], rows, rows[-1], window_length)
    assert found == (n >= window_length and stretch_by_hand(values, begin, n))


def test_scores_on_the_fitted_rows_are_those_of_their_own_windows():
    rng = np.random.default_rng(0)
    rows = np.cumsum(rng.standard_normal((60, 1)), axis=0)
    model = make_pipeline(SequenceWindower(3, flatten=True), LinearRegression())
    y = np.r_[0, rows[:-1, 0]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = cross_validate(model, rows, y, cv=TimeSeriesSplit(3), return_train_score=True)
    for (train, _), score in zip(
        TimeSeriesSplit(3).split(rows), scores["train_score"], strict=True
    ):
        windows = SequenceWindower(3, flatten=True).fit_transform(rows[train])
        expected = LinearRegression().fit(windows, y[train]).score(windows, y[train])
        np.testing.assert_allclose(score, expected, rtol=1e-9)


def test_a_stored_windower_knows_as_much():
    windower = pickle.loads(pickle.dumps(SequenceWindower(4).fit(ROWS)))
    assert np.isnan(first_window(windower, ROWS)[:3]).all()
    with pytest.warns(UserWarning, match="history="):
        assert_array_equal(first_window(windower, ROWS[:2]), [7, 8, 9, 5])
