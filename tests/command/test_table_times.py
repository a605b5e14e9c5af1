"""Which row of a table is named where its times can't be read."""

import pandas as pd
import pytest

from sklearn_lstm.command.table_times import as_time, find_time_column

DAYS = [str(day.date()) for day in pd.date_range("2020-01-01", periods=20)]
HOURS = [str(hour) for hour in pd.date_range("2020-01-01", periods=20, freq="h")]
GERMAN = [f"{day:%d.%m.%Y}" for day in pd.date_range("2020-01-01", periods=20)]


@pytest.mark.parametrize(
    ("times", "row", "odd"),
    [
        (DAYS, 7, "2020-13-45"),
        (DAYS, 19, "Total"),
        (DAYS, 0, "Date"),
        (HOURS, 7, "2020-01-01 24:00"),
        (DAYS, 8, "2020/01/09"),
        (GERMAN, 5, "45.13.2020"),
        (GERMAN, 7, "8.1.20"),
        (DAYS, 3, ""),
    ],
)
def test_the_row_that_is_no_time_is_named(times, row, odd):
    times = [*times[:row], odd, *times[row + 1 :]]
    with pytest.raises(ValueError, match=f"{odd!r} at row {row}"):
        find_time_column(pd.DataFrame({"date": times, "y": range(20)}))
    with pytest.raises(ValueError, match=f"{odd!r} at row {row}"):
        as_time(pd.Series(times, name="date"), [], None)


def test_rows_without_a_time_are_not_blamed_for_another():
    times = [*DAYS[:3], None, *DAYS[4:9], "2020-13-45", *DAYS[10:]]
    with pytest.raises(ValueError, match="'2020-13-45' at row 9 can't be read"):
        find_time_column(pd.DataFrame({"date": times, "y": range(20)}))
