"""Lengths of time as users write them."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from sklearn_lstm import PanelTimeSeriesSplit
from sklearn_lstm.model_selection.lengths import check_length, moved


@pytest.mark.parametrize(
    ("value", "moved_by_it"),
    [
        ("7D", "2024-03-08 12:00"),
        ("1W", "2024-03-08 12:00"),
        ("W", "2024-03-08 12:00"),
        ("W-SUN", "2024-03-03 12:00"),
        ("36h", "2024-03-03 00:00"),
        ("1 day 12:00:00", "2024-03-03 00:00"),
        (timedelta(hours=1), "2024-03-01 13:00"),
        (np.timedelta64(90, "m"), "2024-03-01 13:30"),
        (pd.offsets.Hour(3), "2024-03-01 15:00"),
        ("D", "2024-03-02 12:00"),
        ("ME", "2024-03-31 12:00"),
        ("2MS", "2024-05-01 12:00"),
        (pd.DateOffset(months=1), "2024-04-01 12:00"),
    ],
)
def test_a_length_is_what_pandas_means_by_it(value, moved_by_it):
    length = check_length(value, "gap", least=0)
    assert moved(pd.Timestamp("2024-03-01 12:00"), length) == pd.Timestamp(moved_by_it)


def test_days_of_a_zone_are_those_of_the_wall_clock_and_hours_pass():
    noon = pd.Timestamp("2024-04-02 12:00", tz="Europe/Berlin")  # clocks went forward on 31 March
    for day in ("3D", "D", pd.offsets.Day(1), timedelta(days=1)):
        assert moved(noon, check_length(day, "gap", least=0), -3).hour == 12
    assert moved(noon, check_length("72h", "gap", least=0), -1).hour == 12
    assert moved(noon, check_length("71h", "gap", least=0), -1).hour == 12
    left_out = moved(pd.Timestamp("2024-04-01 02:30", tz="Europe/Berlin"), pd.Timedelta("1D"), -1)
    assert left_out == pd.Timestamp("2024-03-31 03:00", tz="Europe/Berlin")


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"test_size": 0}, ValueError, "test_size=0 must be 1 or more"),
        ({"gap": -1}, ValueError, "gap=-1 must be 0 or more"),
        ({"gap": "-1D"}, ValueError, "gap='-1D' must be at least zero"),
        ({"max_train_size": "0D"}, ValueError, "max_train_size='0D' must be longer than zero"),
        ({"test_size": pd.DateOffset(months=-1)}, ValueError, "must be longer than zero"),
        ({"test_size": "7"}, ValueError, "test_size='7' is no length of time: .* '7D'"),
        ({"test_size": "a month"}, ValueError, "test_size='a month' is no length of time"),
        ({"gap": pd.NaT}, TypeError, "gap=NaT must be a whole number"),
        ({"gap": np.timedelta64("NaT")}, ValueError, "is no length of time"),
        ({"test_size": 0.2}, TypeError, "test_size=0.2 must be a whole number of timestamps"),
        ({"test_size": True}, TypeError, "test_size=True must be a whole number"),
        ({"gap": None}, TypeError, "gap=None must be a whole number"),
        ({"n_splits": 0}, ValueError, "n_splits=0 must be a whole number of at least 1"),
        ({"n_splits": 2.0}, ValueError, "n_splits=2.0 must be"),
        ({"backcast": 1}, TypeError, "backcast=1 must be True or False"),
    ],
)
def test_what_is_no_length_is_refused_by_name(given, error, said):
    with pytest.raises(error, match=said):
        PanelTimeSeriesSplit(**given)


@pytest.mark.parametrize(
    ("index", "given", "said"),
    [
        (pd.Index(range(3, 30)), {"gap": "2D"}, "gap='2D' .* holds numbers .*: give a number"),
        (pd.timedelta_range("1h", periods=30, freq="h"), {"test_size": "ME"}, "holds durations"),
    ],
)
def test_a_length_has_to_fit_the_index(index, given, said):
    X = pd.DataFrame({"x": 0.0}, index=index)
    with pytest.raises(ValueError, match=said):
        next(PanelTimeSeriesSplit(2, **given).split(X))


@pytest.mark.parametrize("days", ["2D", pd.offsets.Day(2), timedelta(days=2)])
def test_days_are_a_length_of_durations_too(days):
    X = pd.DataFrame({"x": 0.0}, index=pd.timedelta_range("1D", periods=10))
    ((train, test),) = PanelTimeSeriesSplit(1, test_size=days, gap=days).split(X)
    assert (train.tolist(), test.tolist()) == ([*range(6)], [8, 9])
