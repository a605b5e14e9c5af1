"""
Electricity with a weather forecast
===================================

Tomorrow's load depends on tomorrow's weather, of which a forecast is known today. Give the
forecaster that forecast, as it was, rather than the weather that came true: a backtest with the
true weather flatters, and this page shows by how much.
"""

# %%
# A year of hours
# ---------------
# Heating in the cold, cooling in the heat, people who get up and go to bed. The weather forecast
# errs by a degree and a half, for hours on end. All of it is made up, by a seed.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest

plt.rcParams["date.converter"] = "concise"

rng = np.random.default_rng(1)
hours = pd.date_range("2024-01-01", periods=24 * 240, freq="h", name="hour")


def wandering(size, persistence):
    """Return noise that stays for a while, of the given standard deviation."""
    noise = rng.normal(0, size * np.sqrt(1 - persistence**2), len(hours))
    for i in range(1, len(noise)):
        noise[i] += persistence * noise[i - 1]
    return noise


yearly = -9 * np.cos(2 * np.pi * hours.day_of_year / 366)
daily = -4 * np.cos(2 * np.pi * (hours.hour - 4) / 24)
temperature = 12 + yearly + daily + wandering(5, 0.985)
expected = temperature + wandering(1.5, 0.9)  # what the weather forecast said the day before
at_home = 6 * np.exp(-(((hours.hour - 19) / 3.5) ** 2)) + 4 * np.exp(
    -(((hours.hour - 8) / 2.5) ** 2)
)
load = 40 + at_home - 3 * (hours.day_of_week >= 5) + wandering(0.8, 0.8)
load += 0.9 * np.clip(15 - temperature, 0, None) + 1.3 * np.clip(temperature - 21, 0, None)
y = pd.Series(load, index=hours, name="load (GW)")

# %%
# Three forecasters, a month of days
# ----------------------------------
# A window of two days, the next 24 hours, once a day for thirty days. The network reads four
# hours at once (``segment_length``), which makes it fast. Ridge and network get the same. A
# backtest warns of a forecast that is no better than the naive one; here the table says so.

lstm = LSTMRegressor(
    32, segment_length=4, skip_connection=True, epochs=6, learning_rate=0.005,
    learning_rate_schedule="cosine",
)
weather = {
    "none": None,
    "forecast": pd.DataFrame({"temperature": expected}, index=hours),
    "true": pd.DataFrame({"temperature": temperature}, index=hours),
}
warnings.filterwarnings("ignore", "The forecast is no better")
skills, results = {}, {}
for name, regressor in {"LSTM": lstm, "ridge": Ridge()}.items():
    forecaster = LSTMForecaster(
        regressor, window_length=48, horizon=24, calendar=True, interval_method=None, random_state=0
    )
    for kind, X in weather.items():
        result = backtest(forecaster, y, X, n_windows=30, refit=False)
        skills[name, kind] = result.scores().loc["forecast", "skill"]
        results[name, kind] = result.predictions
skills = pd.Series(skills).unstack()[list(weather)]
print(skills.round(2).to_string())

# %%
# The week in which the weather mattered most
# -------------------------------------------
# On the left one week, each day forecast at the midnight before it. On the right the skill over
# the better of two naive forecasts, the last hour and the last day. A load that bends with the
# temperature is where a network gains on a ridge; bars for the true weather are hatched, since
# nobody has that.

fig, (left, right) = plt.subplots(
    1, 2, figsize=(10.5, 4), width_ratios=(5, 3), layout="constrained"
)
without, with_it = (results["LSTM", kind].set_index("timestamp") for kind in ("none", "forecast"))
worst = (without["y"] - without["y_pred"]).abs().resample("7D").mean().idxmax()
week = slice(worst, worst + pd.Timedelta("167h"))
left.plot(with_it.loc[week, "y"], color="black", label="came true")
left.plot(without.loc[week, "y_pred"], color="0.6", linestyle="--", label="LSTM without weather")
left.plot(with_it.loc[week, "y_pred"], color="C3", label="LSTM with the weather forecast")
left.set(ylabel=y.name)
left.legend(frameon=False, fontsize="small")
places = np.arange(len(weather))
for shift, (name, color) in zip((-0.2, 0.2), {"LSTM": "C3", "ridge": "C0"}.items(), strict=True):
    bars = right.bar(places + shift, 100 * skills.loc[name], 0.38, color=color, label=name)
    bars[-1].set(hatch="//", alpha=0.5)
    right.bar_label(bars, fmt="%.0f")
right.set_xticks(places, [f"{kind}\nweather" for kind in ("no", "forecast", "true")])
right.axhline(0, color="black", linewidth=0.8)
right.set(title="skill (%), 30 days", ylim=(-6, 118 * skills.to_numpy().max()))
right.legend(frameon=False, loc="upper left")
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
