"""Tables that look like the public series of the benchmarks, made up from a seed.

The real ones have no licence, or one that forbids changed copies, so they are not in the
repository. These have the same names, columns that are read, calendars and traps: what is written
beside each function is what a test needs of it, and ``test_series.py`` looks for it in the real
files as well, where they are.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from sklearn_lstm.datasets import load_seattle_weather

M4_LENGTHS = {"H1": 700, "H2": 960, "H3": 748, "H4": 700, "H5": 960, "H6": 812}


def _red(rng, n_rows, kept):
    """Noise of deviation one, of which a share is kept from row to row."""
    start = rng.standard_normal() / np.sqrt(1 - kept**2)
    noise = np.r_[start, rng.standard_normal(n_rows - 1)]
    return lfilter([1.0], [1.0, -kept], noise) * np.sqrt(1 - kept**2)


def _wave(index, rows_of_a_turn, shift=0.0):
    """A cosine that is highest ``shift`` rows after the first one."""
    return np.cos(2 * np.pi * (np.arange(len(index)) - shift) / rows_of_a_turn)


def airline_passengers():
    """144 months written as ``1949-01``: counts that grow, and swing the more the larger."""
    rng = np.random.default_rng(1)
    months = pd.period_range("1949-01", periods=144, freq="M")
    season = 0.2 * _wave(months, 12, 6.5) + 0.07 * _wave(months, 6, 1)
    growth = 4.8 + 0.01 * np.arange(144) + 0.02 * _red(rng, 144, 0.7)
    return pd.DataFrame(
        {"month": months.astype(str), "passengers": np.exp(growth + season).round().astype(int)}
    )


def melbourne_daily_min_temp():
    """Ten years of days, of which the last of 1984 and of 1988 are absent, not missing."""
    rng = np.random.default_rng(2)
    days = pd.date_range("1981-01-01", "1990-12-31")
    temp = 11.2 + 4.2 * _wave(days, 365.25, 30) + 2.5 * _red(rng, len(days), 0.55)
    table = pd.DataFrame({"date": days.strftime("%Y-%m-%d"), "temp": temp.clip(0).round(1)})
    return table[~table["date"].isin(["1984-12-31", "1988-12-31"])]


def beijing_pm25():
    """Five years of hours; whole runs of the target are missing, the first 24 hours among them."""
    rng = np.random.default_rng(3)
    hours = pd.date_range("2010-01-01", "2014-12-31 23:00", freq="h")
    n_rows = len(hours)
    dirt = 0.85 * _red(rng, n_rows, 0.97) + 0.15 * _wave(hours, 24)
    pm25 = pd.Series(np.exp(4.2 + 0.8 * dirt).round())
    for first in [0, *rng.integers(24, n_rows - 155, 60)]:
        pm25[first : first + (24 if first == 0 else rng.integers(1, 155))] = np.nan
    warmth = -12 * _wave(hours, 8766, 400) - 4 * _wave(hours, 24, 5)
    wind = rng.choice(["NE", "NW", "SE", "cv"], n_rows // 6 + 1).repeat(6)[:n_rows]
    return pd.DataFrame(
        {
            "datetime": hours,
            "pm2.5": pm25,
            "DEWP": (warmth + 8 * dirt).round().astype(int),
            "TEMP": (12 + warmth + 3 * _red(rng, n_rows, 0.95)).round(),
            "PRES": (1016 - 0.6 * warmth + 3 * _red(rng, n_rows, 0.98)).round(),
            "cbwd": wind,
            "Iws": np.exp(2 - dirt + 0.5 * rng.standard_normal(n_rows)).round(2),
            "Is": rng.binomial(1, 0.01, n_rows),
            "Ir": rng.binomial(2, 0.03, n_rows),
        }
    )


def etth1():
    """As many hours as the literature uses: six loads, and the oil that they warm slowly."""
    rng = np.random.default_rng(4)
    hours = pd.date_range("2016-07-01", periods=14400, freq="h", name="date")
    n_rows = len(hours)
    loads = {
        name: mean + size * (0.8 * _wave(hours, 24, hour) + 0.8 * _red(rng, n_rows, 0.9))
        for name, mean, size, hour in [
            ("HUFL", 8.0, 5.0, 20), ("HULL", 2.0, 2.0, 14), ("MUFL", 5.0, 5.0, 21),
            ("MULL", 1.0, 1.5, 13), ("LUFL", 3.0, 1.0, 19), ("LULL", 0.8, 0.5, 2),
        ]
    }  # fmt: skip
    slow = 6 * _wave(hours, 8766, 800) + 3 * _red(rng, n_rows, 0.99)
    oil = 14 + slow + 2.5 * _wave(hours, 24, 15) + 0.6 * rng.standard_normal(n_rows)
    return pd.DataFrame(loads | {"OT": oil}, hours).round(3).reset_index()


def jena_weather_2020_hourly():
    """A year of hours with one stamp twice, one absent, and -9999 for a broken wind gauge."""
    rng = np.random.default_rng(5)
    hours = pd.date_range("2020-01-01 01:00", "2021-01-01 00:00", freq="h", name="date")
    n_rows = len(hours)
    sun = np.clip(-_wave(hours, 24) - 0.6 * _wave(hours, 8784) - 0.2, 0, None)
    warmth = 9.5 - 9 * _wave(hours, 8784, 500) - 3.5 * _wave(hours, 24, 3)
    warmth = warmth + 3 * _red(rng, n_rows, 0.98)
    humid = 75 - 2 * (warmth - 9.5) + 8 * _red(rng, n_rows, 0.9)
    wind = np.exp(0.6 + 0.5 * _red(rng, n_rows, 0.9))
    wind[4000:4003] = -9999
    table = pd.DataFrame(
        {
            "p (mbar)": 990 + 8 * _red(rng, n_rows, 0.995),
            "T (degC)": warmth,
            "rh (%)": humid.clip(20, 100),
            "Tdew (degC)": warmth - (100 - humid) / 5,
            "SWDR (W/m2)": 600 * sun,
            "wv (m/s)": wind,
            "wd (deg)": (200 + 70 * _red(rng, n_rows, 0.9)) % 360,
            "rain (mm)": rng.exponential(0.3, n_rows) * rng.binomial(1, 0.05, n_rows),
        },
        hours,
    ).round(2)
    return table.iloc[np.r_[:3000, 2999:6000, 6001:n_rows]].reset_index()


def m4_hourly():
    """Series of several lengths and scales; the last 48 hours of each are the test part."""
    rng = np.random.default_rng(6)
    of_series = []
    for name, length in M4_LENGTHS.items():
        hours = np.arange(length + 48)
        scale, phase = 10 ** rng.uniform(1, 5), rng.uniform(0, 24)
        pattern = 1 + 0.4 * _wave(hours, 24, phase) + 0.1 * _wave(hours, 168, phase)
        y = scale * pattern * np.exp(0.05 * _red(rng, len(hours), 0.9))
        split = np.where(hours < length, "train", "test")
        of_series.append(
            pd.DataFrame({"unique_id": name, "t": hours + 1, "y": y.round(1), "split": split})
        )
    return pd.concat(of_series)


def walmart_weekly():
    """A panel: weeks of four stores of several sizes, one after the other, and their holidays."""
    rng = np.random.default_rng(7)
    weeks = pd.date_range("2010-02-05", periods=143, freq="7D")
    is_holiday = weeks.isocalendar().week.isin([6, 36, 47, 52]).to_numpy().astype(int)
    season = 1 + 0.08 * _wave(weeks, 52.18, 46) + 0.15 * is_holiday
    return pd.concat(
        pd.DataFrame(
            {
                "Store": store,
                "Date": weeks.strftime("%Y-%m-%d"),
                "Weekly_Sales": (size * season * (1 + 0.05 * _red(rng, 143, 0.5))).round(2),
                "Holiday_Flag": is_holiday,
            }
        )
        for store, size in enumerate([1.5e6, 2e6, 4e5, 9e5], start=1)
    )


def vic_electricity():
    """Three years of half hours in UTC; temperature and holidays are known ahead."""
    rng = np.random.default_rng(8)
    times = pd.date_range("2011-12-31 13:00", "2014-12-31 12:30", freq="30min")
    n_rows, local = len(times), times + pd.Timedelta(hours=11)
    warmth = 16 + 5 * _wave(times, 17532, 800) + 4 * _wave(times, 48, 8)
    warmth = warmth + 3 * _red(rng, n_rows, 0.99)
    is_holiday = np.isin(local.strftime("%m-%d"), ["01-01", "01-26", "04-25", "12-25", "12-26"])
    is_free = is_holiday | (local.day_of_week >= 5)
    daily = 700 * _wave(times, 48, 9) + 350 * _wave(times, 24, 16)
    demand = 4500 + daily - 500 * is_free + 8 * (warmth - 17) ** 2 + 120 * _red(rng, n_rows, 0.95)
    return pd.DataFrame(
        {"Time": times, "Demand": demand, "Temperature": warmth.round(1), "Holiday": is_holiday}
    )


def sp500_daily():
    """Weekdays only, and a price of which the last value says all that there is to know."""
    rng = np.random.default_rng(9)
    days = pd.bdate_range("2000-01-03", periods=3200)
    close = 1450 * np.exp(np.cumsum(0.012 * rng.standard_t(4, len(days)) / np.sqrt(2)))
    return pd.DataFrame({"date": days, "close": close.round(2)})


def seattle_weather():
    """The real one, which comes with the package."""
    return load_seattle_weather()[
        ["precipitation", "temp_max", "temp_min", "wind", "weather"]
    ].reset_index()


TABLES = {
    "airline_passengers.csv": airline_passengers,
    "melbourne_daily_min_temp.csv": melbourne_daily_min_temp,
    "seattle_weather.csv": seattle_weather,
    "beijing_pm25.csv": beijing_pm25,
    "ETTh1.csv": etth1,
    "jena_weather_2020_hourly.csv": jena_weather_2020_hourly,
    "m4_hourly.csv.gz": m4_hourly,
    "walmart_weekly.csv": walmart_weekly,
    "vic_electricity.csv.gz": vic_electricity,
    "sp500_daily.csv": sp500_daily,
}


def write_tables(folder):
    for name, make in TABLES.items():
        make().to_csv(folder / name, index=False)
    return folder
