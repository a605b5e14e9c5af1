"""The made-up series have the calendars and traps of the real ones, which are looked at too."""

import numpy as np
import pandas as pd
import pytest
import series


def read(folder, name, *times):
    return pd.read_csv(folder / name, parse_dates=[*times])


def test_they_are_the_same_each_time(made_up_series):
    for name, make in series.TABLES.items():
        pd.testing.assert_frame_equal(
            make().reset_index(drop=True), make().reset_index(drop=True), obj=name
        )
    assert {path.name for path in made_up_series.iterdir()} == set(series.TABLES)


def test_they_have_columns_of_the_real_files(made_up_series, real_series):
    for name in series.TABLES:
        made_up, real = (
            pd.read_csv(folder / name, nrows=1000) for folder in (made_up_series, real_series)
        )
        assert set(made_up) <= set(real), name
        for column in made_up:
            kinds = [pd.api.types.is_numeric_dtype(table[column]) for table in (made_up, real)]
            assert kinds[0] == kinds[1], (name, column)


def test_months_are_labels_and_swings_grow(tables):
    table = pd.read_csv(tables / "airline_passengers.csv")
    assert list(table["month"][[0, 95, 143]]) == ["1949-01", "1956-12", "1960-12"]
    years = table["passengers"].to_numpy().reshape(12, 12)
    assert np.ptp(years[-1]) > 2 * np.ptp(years[0])


def test_two_days_are_absent(tables):
    dates = read(tables, "melbourne_daily_min_temp.csv", "date")["date"]
    absent = pd.date_range("1981-01-01", "1990-12-31").difference(dates)
    assert list(absent.strftime("%Y-%m-%d")) == ["1984-12-31", "1988-12-31"]


def test_runs_of_values_are_missing(tables):
    table = read(tables, "beijing_pm25.csv", "datetime")
    assert table["datetime"].diff()[1:].eq(pd.Timedelta(hours=1)).all()
    missing = table["pm2.5"].isna()
    assert missing[:24].all()
    assert missing.groupby((~missing).cumsum()).sum().max() > 100
    assert set(table["cbwd"]) == {"NE", "NW", "SE", "cv"}


def test_a_stamp_is_repeated_one_is_absent_and_a_number_says_missing(tables):
    table = read(tables, "jena_weather_2020_hourly.csv", "date")
    steps = table["date"].diff()[1:]
    assert steps.eq(pd.Timedelta(0)).sum() == 1
    assert steps.gt(pd.Timedelta(hours=1)).sum() == 1
    assert table.eq(-9999).any(axis=None)


def test_series_have_several_lengths_and_scales(tables):
    table = pd.read_csv(tables / "m4_hourly.csv.gz")
    assert set(table.query("split == 'test'").groupby("unique_id").size()) == {48}
    lengths = table.query("split == 'train'").groupby("unique_id").size()
    assert {700, 960} <= set(lengths)
    means = table.groupby("unique_id")["y"].mean()
    assert means.max() > 100 * means.min()


def test_series_of_a_panel_follow_each_other(tables):
    table = read(tables, "walmart_weekly.csv", "Date")
    assert set(table.groupby("Store").size()) == {143}
    assert table["Store"].is_monotonic_increasing
    assert not table["Date"].is_monotonic_increasing
    assert set(table["Holiday_Flag"]) == {0, 1}


def test_half_hours_have_covariates_and_no_gap(tables):
    table = read(tables, "vic_electricity.csv.gz", "Time")
    assert table["Time"].diff()[1:].eq(pd.Timedelta(minutes=30)).all()
    assert table.shape == (52608, 4)
    assert 0.01 < table["Holiday"].mean() < 0.06


def test_trading_days_leave_weekends_out_and_changes_are_noise(tables):
    table = read(tables, "sp500_daily.csv", "date")
    assert table["date"].dt.day_of_week.max() == 4
    changes = np.diff(np.log(table["close"]))
    assert np.corrcoef(changes[1:], changes[:-1])[0, 1] == pytest.approx(0, abs=0.15)
