"""Frames with a target in their first column, and what may help to forecast it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from . import files

SEATTLE_PAST = ["temp_min", "precipitation", "wind"]
BEIJING_PAST = ["DEWP", "TEMP", "PRES", "Iws", "Is", "Ir", "NE", "NW", "SE", "cv"]
JENA_PAST = [
    "p (mbar)", "rh (%)", "Tdew (degC)", "SWDR (W/m2)", "wv (m/s)", "rain (mm)", "sin_wd", "cos_wd",
]  # fmt: skip
CALENDAR = ("sin", "cos")
CLOCK = ("sin_hour", "cos_hour")


def of_the_year(index):
    """Sine and cosine of the day of the year: a calendar is known ahead."""
    angle = 2 * np.pi * index.day_of_year / 365.25
    return pd.DataFrame({"sin": np.sin(angle), "cos": np.cos(angle)}, index=index)


def of_the_day(index):
    """Sine and cosine of the hour: a clock is known ahead."""
    angle = 2 * np.pi * index.hour / 24
    return pd.DataFrame({"sin_hour": np.sin(angle), "cos_hour": np.cos(angle)}, index=index)


def airline():
    return files.indexed("airline_passengers.csv", "month").astype(float)


def melbourne():
    temperature = files.indexed("melbourne_daily_min_temp.csv", "date").asfreq("D")
    return temperature.join(of_the_year(temperature.index))


def seattle():
    weather = files.indexed("seattle_weather.csv", "date")
    return weather[["temp_max", *SEATTLE_PAST]].join(of_the_year(weather.index))


def beijing():
    """As in the tutorial: without the first day, zero for what is missing."""
    air = files.indexed("beijing_pm25.csv", "datetime").iloc[24:]
    wind = pd.get_dummies(air["cbwd"], dtype=float)
    air = air.drop(columns="cbwd").fillna({"pm2.5": 0}).astype(float)
    return air.join(wind).join(of_the_day(air.index))


def jena():
    weather = files.indexed("jena_weather_2020_hourly.csv", "date").replace(-9999, np.nan)
    weather = weather[~weather.index.duplicated()].asfreq("h")
    direction = np.deg2rad(weather["wd (deg)"])
    weather = weather.assign(sin_wd=np.sin(direction), cos_wd=np.cos(direction))
    return weather[["T (degC)", *JENA_PAST]].join(of_the_day(weather.index))


def electricity():
    """Temperature, and whether a day is free: a public holiday, or a weekend in Melbourne."""
    data = files.indexed("vic_electricity.csv.gz", "Time")
    weekday = data.index.tz_localize("UTC").tz_convert("Australia/Melbourne").day_of_week
    is_free = data["Holiday"].astype(bool) | (weekday >= 5)
    return data[["Demand", "Temperature"]].assign(free=is_free.astype(float))


def walmart():
    """The holidays of the shops, and the time of the year with its first overtone."""
    data = files.indexed("walmart_weekly.csv", "Store", "Date")
    once = of_the_year(data.index.get_level_values("Date")).set_axis(data.index)
    twice = pd.DataFrame({"sin2": 2 * once.sin * once.cos, "cos2": once.cos**2 - once.sin**2})
    return data[["Weekly_Sales", "Holiday_Flag"]].astype(float).join(once).join(twice)


def sp500():
    return files.indexed("sp500_daily.csv", "date")[["close"]].reset_index(drop=True)
