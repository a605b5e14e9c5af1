"""Sines and cosines of day, week and year, against the calendar by hand."""

import datetime
import math

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_lstm.forecasting.calendar_features import CalendarFeatures
from sklearn_lstm.forecasting.read_panel import read_panel


def panel_of(index):
    return read_panel(pd.Series(np.arange(float(len(index))), index=index))


def by_hand(times, cycles):
    """Features of datetimes, with the standard library alone."""
    rows = []
    for time in times:
        row = []
        for name, n_harmonics in cycles:
            midnight = datetime.datetime(time.year, time.month, time.day, tzinfo=None)
            clock = datetime.datetime(
                time.year, time.month, time.day, time.hour, time.minute, time.second
            )
            share = {
                "day": (clock - midnight).total_seconds() / 86400,
                "week": time.weekday() / 7,
                "year": (midnight - datetime.datetime(time.year - 1, 12, 31)).days / 365.25,
            }[name]
            for k in range(1, n_harmonics + 1):
                row += [math.sin(2 * math.pi * k * share), math.cos(2 * math.pi * k * share)]
        rows.append(row)
    return np.array(rows)


DAY, WEEK, YEAR, SHORT_YEAR = ("day", 4), ("week", 3), ("year", 3), ("year", 2)
FREQUENCIES = [
    ("10min", 200, (DAY, WEEK)),
    ("h", 100, (DAY, WEEK)),
    ("h", 13_000, (DAY, WEEK, YEAR)),
    ("6h", 60, (DAY, WEEK)),
    ("D", 40, (WEEK,)),
    ("B", 40, (WEEK,)),
    ("D", 501, (WEEK,)),  # 500 days from the first to the last
    ("D", 502, (WEEK, YEAR)),
    ("W-SUN", 60, ()),
    ("W-SUN", 90, (YEAR,)),
    ("MS", 14, ()),
    ("ME", 30, (YEAR,)),
    ("QS", 20, (SHORT_YEAR,)),
    ("YS", 20, ()),
    ("2YS", 20, ()),
]


@pytest.mark.parametrize(("freq", "n", "cycles"), FREQUENCIES)
def test_features_are_those_of_the_calendar(freq, n, cycles):
    index = pd.date_range("2019-03-05 07:00", periods=n, freq=freq)
    panel = panel_of(index)
    features = CalendarFeatures.of(panel)
    assert features.cycles == cycles
    found = features.of_rows(panel.calendars)
    assert found.shape == (n, features.n_features) == (n, 2 * sum(k for _, k in cycles))
    if cycles:
        assert_allclose(found, by_hand(index.to_pydatetime(), cycles), atol=1e-12)


@pytest.mark.parametrize(
    ("freq", "cycles"),
    [("h", (DAY, WEEK)), ("D", (WEEK,)), ("M", (YEAR,)), ("2M", (YEAR,)), ("Q", (SHORT_YEAR,))],
)
def test_a_period_is_its_begin(freq, cycles):
    index = pd.period_range("2019-03-05", periods=60, freq=freq)
    panel = panel_of(index)
    features = CalendarFeatures.of(panel)
    assert features.cycles == cycles
    begins = [one.start_time.to_pydatetime() for one in index]
    assert_allclose(features.of_rows(panel.calendars), by_hand(begins, cycles), atol=1e-12)


def test_the_hour_is_that_of_the_clock_on_the_wall():
    index = pd.date_range("2024-10-20", periods=300, freq="h", tz="Europe/Berlin")
    panel = panel_of(index)
    features = CalendarFeatures.of(panel)
    found = features.of_rows(panel.calendars)
    assert_allclose(found, by_hand(index.to_pydatetime(), (DAY, WEEK)), atol=1e-12)
    at_two = index[(index.hour == 2) & (index.day == 27)]
    assert len(at_two) == 2
    rows = index.get_indexer(at_two)
    assert_array_equal(found[rows[0]], found[rows[1]])


@pytest.mark.parametrize(
    "index",
    [
        None,
        pd.RangeIndex(40),
        pd.Index(np.arange(2000, 2040)),
        pd.Index(np.arange(40) * 0.5),
        pd.timedelta_range(0, periods=40, freq="h"),
    ],
    ids=["array", "range", "numbers", "fractions", "timedeltas"],
)
def test_without_dates_there_is_nothing_to_see(index):
    y = np.arange(40.0)
    try:
        panel = read_panel(y if index is None else pd.Series(y, index=index))
    except (ValueError, TypeError):
        assert isinstance(index, pd.TimedeltaIndex)  # which no forecaster takes
        return
    features = CalendarFeatures.of(panel)
    assert (features.cycles, features.n_features) == ((), 0)
    assert features.of_rows(panel.calendars).shape == (40, 0)
    numbers, places = np.zeros(3, dtype=int), np.arange(6).reshape(3, 2)
    assert features.at(panel.calendars, numbers, places).shape == (3, 2, 0)


def series(first, n, freq="D", **options):
    return pd.Series(np.arange(float(n)), pd.date_range(first, periods=n, freq=freq, **options))


PANELS = {
    "one grid": lambda: {"a": series("2022-01-03", 700), "b": series("2023-05-09", 30)},
    "begins apart, hours": lambda: {
        "a": series("2024-01-01 05:00", 30, "h"),
        "b": series("2024-01-03 23:00", 50, "h"),
    },
    "two grids": lambda: {
        "a": series("2024-01-01 05:00", 30, "h"),
        "b": series("2024-01-01 09:30", 40, "h"),
    },
    "months": lambda: {"a": series("2020-01-01", 40, "MS"), "b": series("2019-02-01", 40, "MS")},
}


@pytest.mark.parametrize("make", PANELS.values(), ids=PANELS)
def test_each_series_of_a_panel_has_the_features_of_its_own_dates(make):
    parts = make()
    panel = read_panel(pd.concat(parts))
    features = CalendarFeatures.of(panel)
    expected = [by_hand(part.index.to_pydatetime(), features.cycles) for part in parts.values()]
    found = features.of_rows(panel.calendars)
    assert_allclose(found, np.concatenate(expected).reshape(found.shape), atol=1e-12)


@pytest.mark.parametrize("make", PANELS.values(), ids=PANELS)
def test_places_have_the_features_of_their_rows(make):
    panel = read_panel(pd.concat(make()))
    features = CalendarFeatures((("day", 2), ("week", 3), ("year", 2)))
    calendars, of_rows = panel.calendars, features.of_rows(panel.calendars)
    numbers = np.array([1, 0, 1, 0])
    steps = np.array([[0, 1, 2], [5, 6, 7], [17, 18, 19], [27, 28, 29]])
    found = features.at(calendars, numbers, calendars.begins[numbers][:, np.newaxis] + steps)
    rows = panel.offsets[numbers][:, np.newaxis] + steps
    assert_array_equal(found, of_rows[rows])


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2024-01-30", periods=40),
        pd.date_range("2024-10-25", periods=40, freq="h", tz="Europe/Berlin"),
        pd.period_range("2020-01", periods=40, freq="M"),
    ],
    ids=["days", "hours with a zone", "periods"],
)
def test_what_follows_the_last_row_has_a_calendar_too(index):
    features = CalendarFeatures((("day", 1), ("week", 2), ("year", 1)))
    short = panel_of(index[:25]).calendars
    places = np.arange(20, 40)[np.newaxis]
    found = features.at(short, np.zeros(1, dtype=int), places)
    assert_array_equal(found[0], features.of_rows(panel_of(index).calendars)[20:])
    assert short.n_steps[0] == 25


def test_places_before_the_grid_are_taken_for_its_begin():
    panel = panel_of(pd.date_range("2024-01-01", periods=10))
    features = CalendarFeatures((WEEK,))
    found = features.at(panel.calendars, np.zeros(1, dtype=int), np.array([[-3, -1, 0, 1]]))
    expected = features.of_rows(panel.calendars)
    assert_array_equal(found[0], expected[[0, 0, 0, 1]])


def test_no_place_has_no_features():
    panel = panel_of(pd.date_range("2024-01-01", periods=10))
    found = CalendarFeatures((WEEK,)).at(
        panel.calendars, np.zeros(0, dtype=int), np.zeros((0, 4), dtype=int)
    )
    assert found.shape == (0, 4, 6)


def test_the_calendar_of_a_cut_panel_is_that_of_its_rows():
    panel = read_panel(pd.concat(PANELS["one grid"]()))
    features = CalendarFeatures.of(panel)
    cut = panel.until([600, 11])
    rows = np.r_[0:600, 700:711]
    assert_array_equal(features.of_rows(cut.calendars), features.of_rows(panel.calendars)[rows])


def test_weeks_of_a_cycle_are_far_from_each_other():
    panel = panel_of(pd.date_range("2024-01-01", periods=21))
    found = CalendarFeatures((("week", 3),)).of_rows(panel.calendars)
    assert_allclose(found[:7], found[7:14], atol=1e-12)
    distances = np.linalg.norm(found[:7, np.newaxis] - found[np.newaxis, :7], axis=2)
    assert (distances[~np.eye(7, dtype=bool)] > 1).all()
