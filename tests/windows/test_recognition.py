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
from sklearn_lstm.windows.recognition import n_rows_that_tell

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
