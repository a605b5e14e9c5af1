"""What is held back to weigh members and to measure errors: in order of time, and in parts."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression, Ridge

from sklearn_lstm import LSTMForecaster
from sklearn_lstm.forecasting.calendar_features import CalendarFeatures
from sklearn_lstm.forecasting.calibration import hold_back
from sklearn_lstm.forecasting.member import MemberSettings, Task
from sklearn_lstm.forecasting.read_panel import read_panel

ORIGIN = pd.Timestamp("2024-01-01")


class Spy(LinearRegression):
    """Writes down the values that each fit is shown."""

    log: list = []

    def fit(self, X, y):
        Spy.log.append((np.asarray(X), np.asarray(y).reshape(len(X), -1)))
        return super().fit(X, y)


@pytest.fixture(autouse=True)
def empty_log(monkeypatch):
    monkeypatch.setattr(Spy, "log", [])


def settings(name="spy", window_length=4, **options):
    given = {"normalize": None, "columns": "joint", "calendar": CalendarFeatures(())}
    return MemberSettings(name, Spy(), window_length=window_length, **{**given, **options})


def task(n_ahead=2):
    return Task(n_ahead, np.empty(0, dtype=bool), fills=False, n_jobs=None)


def counting(n, begin=0):
    """A series whose values are the numbers of its days."""
    index = pd.date_range(ORIGIN + pd.Timedelta(days=begin), periods=n)
    return pd.Series(np.arange(begin, begin + n, dtype=float), index)


def shown_until():
    """The last day that each fit saw."""
    return [max(X.max(), y.max()) for X, y in Spy.log]


def test_one_member_has_one_part_the_last_windows():
    y, w, h = counting(60), 4, 2
    held_back = hold_back(read_panel(y), [settings()], task(h), h, 0.2, None)
    n_windows = 60 - w - h + 1
    n_before = int(0.8 * n_windows) + w
    assert shown_until() == [n_before - 1]
    assert_array_equal(held_back.truth[:, 0, 0], np.arange(n_before, 60 - h + 1))
    assert_array_equal(held_back.truth[:, 1, 0], np.arange(n_before + 1, 60))
    assert_allclose(held_back.values[0], held_back.truth)  # a straight line is no riddle
    assert held_back.values.shape == (1, 60 - h + 1 - n_before, h, 1)
    assert_allclose(held_back.errors(), 0, atol=1e-9)


@pytest.mark.parametrize(("n", "h"), [(60, 2), (60, 1), (150, 7), (37, 3)])
def test_members_are_judged_on_the_last_half_part_by_part(n, h):
    of_members = [settings(window_length=4), settings(window_length=6)]
    held_back = hold_back(read_panel(counting(n)), of_members, task(h), h, 0.2, None)
    first_days = held_back.truth[:, 0, 0]
    assert_array_equal(first_days, np.arange(first_days[0], n - h + 1))  # each origin once
    n_windows = n - 4 - h + 1
    assert first_days[0] - 4 == n_windows // 2
    lasts = shown_until()
    assert len(lasts) == 2 * 4
    assert lasts == sorted(lasts)
    assert_array_equal(lasts[::2], lasts[1::2])
    begins = np.array(lasts[::2]) + 1  # a part begins with the first day that was not learned
    assert begins[0] == first_days[0]
    sizes = np.diff([*begins, n - h + 1])
    assert sizes.min() >= 3
    assert sizes.max() - sizes.min() <= 1


class Remembers(LinearRegression):
    """Predicts the last day that it learned."""

    def fit(self, X, y):
        self.last_ = np.max(y)
        return self

    def predict(self, X):
        return np.full((len(X), 2), self.last_)


def test_a_forecast_of_a_part_knows_only_rows_before_it():
    of_members = [settings(), MemberSettings("remembers", Remembers(), 4, None, "joint",
                                             CalendarFeatures(()))]  # fmt: skip
    held_back = hold_back(read_panel(counting(80)), of_members, task(), 2, 0.2, None)
    learned, truth = held_back.values[1, :, 0, 0], held_back.truth[:, 0, 0]
    assert (learned < truth).all()
    parts = np.unique(learned)
    assert len(parts) == 4
    for begin, end in zip(parts, [*parts[1:], np.inf], strict=True):
        assert_array_equal(truth[learned == begin], [d for d in truth if begin < d <= end])


def test_nothing_that_is_held_back_depends_on_what_follows_its_part():
    rng = np.random.default_rng(0)
    y = counting(90) + rng.standard_normal(90)
    of_members = [settings(normalize="standard"), settings(window_length=7, normalize="last")]
    before = hold_back(read_panel(y), of_members, task(), 2, 0.2, None)
    noisy = y.copy()
    noisy.iloc[70:] = 1e4 * rng.standard_normal(20)
    after = hold_back(read_panel(noisy), of_members, task(), 2, 0.2, None)
    first_day = 89 - len(before.truth)
    n_same = 70 - first_day  # origins until day 70
    # The last part to begin before day 70 was learned before it, and so was each before that.
    assert_array_equal(after.values[:, :n_same], before.values[:, :n_same])
    assert (after.values[:, n_same + 1 :] != before.values[:, n_same + 1 :]).all()


def test_the_parts_of_a_panel_begin_at_the_same_times():
    panel = pd.concat({"a": counting(60), "b": counting(30, begin=25), "c": counting(20)})
    of_members = [settings(), settings(window_length=5)]
    held_back = hold_back(read_panel(panel), of_members, task(1), 1, 0.2, None)
    days, lasts = held_back.truth[:, 0, 0], shown_until()
    assert set(held_back.series_ids) == {0, 1}  # c ended before
    begins = np.array(lasts[::2]) + 1
    for number, end in ((0, 60), (1, 55)):
        own = np.sort(days[held_back.series_ids == number])
        assert_array_equal(own, np.arange(begins[0], end))
    assert held_back.error_scales[0].shape == (3, 1)


def test_a_member_that_could_not_learn_has_no_forecast_there():
    of_members = [settings(window_length=3), settings("long", window_length=30)]
    held_back = hold_back(read_panel(counting(60)), of_members, task(), 2, 0.2, None)
    long = np.isfinite(held_back.values[1]).all(axis=(1, 2))
    assert np.isfinite(held_back.values[0]).all()
    assert not long[0]
    assert long[-1]
    assert_array_equal(long, np.sort(long))
    # It needs a window, what follows, and two windows more.
    assert held_back.truth[long][0, 0, 0] >= 30 + 2 + 2
    assert_array_equal(np.isnan(held_back.scale[1]).ravel(), ~long)


def test_a_window_of_seasons_is_cut_where_rows_are_few():
    of_members = [settings(window_length=3), settings("long", window_length=28, season_length=7)]
    hold_back(read_panel(counting(50)), of_members, task(1), 1, 0.2, None)
    lengths = [X.shape[1] for X, _ in Spy.log][1::2]
    lasts = shown_until()[1::2]
    expected = [min(28, (int(last + 1) - 1 - 2) // 7 * 7) for last in lasts]
    assert lengths == expected
    assert len(set(lengths)) > 1


def test_many_windows_are_one_part_and_judged_by_some_origins(monkeypatch):
    from sklearn_lstm.forecasting import calibration

    monkeypatch.setattr(calibration, "STEPS_OF_ONE_FOLD", 50)
    monkeypatch.setattr(calibration, "MOST_VALUES_JUDGED", 20)
    y, of_members = read_panel(counting(60)), [settings(), settings(window_length=5)]
    held_back = hold_back(y, of_members, task(), 2, 0.4, None)
    assert len(Spy.log) == 2
    assert held_back.values.shape[1] == 1 + 20 // 2
    days = held_back.truth[:, 0, 0]
    assert (np.diff(days) > 0).all()
    again = hold_back(y, of_members, task(), 2, 0.4, None)
    assert_array_equal(again.truth, held_back.truth)
    other = hold_back(y, of_members, task(), 2, 0.4, 7)
    assert (other.truth != held_back.truth).any()


@pytest.mark.parametrize("n", [2, 5, 6])
def test_a_series_that_is_too_short_holds_nothing_back(n):
    of_members = [settings(), settings(window_length=5)]
    assert hold_back(read_panel(counting(n)), of_members, task(), 2, 0.2, None) is None
    assert hold_back(read_panel(counting(n)), of_members[:1], task(), 2, 0.2, None) is None


def test_what_stands_still_has_no_error():
    y = pd.Series(7.0, pd.date_range(ORIGIN, periods=40))
    of_members = [settings(normalize="last"), settings(window_length=5, normalize="last")]
    held_back = hold_back(read_panel(y), of_members, task(), 2, 0.2, None)
    assert_array_equal(held_back.errors(), np.zeros(held_back.values.shape))


def test_steps_that_are_fed_back_may_reach_further_than_the_series():
    y = np.random.default_rng(0).standard_normal(10)
    forecaster = LSTMForecaster(
        Ridge(), window_length=5, horizon=8, strategy="recursive", random_state=0
    ).fit(y)
    assert forecaster.predict().shape == (8,)
    with pytest.raises(ValueError, match="too short to hold back a calibration part"):
        forecaster.predict_interval()
