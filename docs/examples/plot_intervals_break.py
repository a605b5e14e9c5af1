"""
Intervals, and when they break
==============================

An interval of 90 % covers 90 % of the values to come, as long as errors to come are like those
that were measured. Here they are not: from one day on the series is three times as noisy.
Intervals that stay as they were break; those that take new errors into account recover. Look at
coverage over time, not only at its mean.
"""

# %%
# A series that changes its character
# -----------------------------------
# Two years of calm days, then half a year of rough ones, made up by a seed.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest

plt.rcParams["date.converter"] = "concise"

rng = np.random.default_rng(3)
n_calm, n_rough = 700, 200
days = pd.date_range("2023-01-01", periods=n_calm + n_rough, name="day")
noise = rng.normal(0, np.where(np.arange(len(days)) < n_calm, 1.0, 3.0))
for i in range(1, len(noise)):
    noise[i] += 0.5 * noise[i - 1]
week = np.array([0, 0, 1, 1, 2, 3, 1])[days.day_of_week]
y = pd.Series(50 + week + noise, index=days, name="demand")
change = days[n_calm]

# %%
# Kept, and moving along
# ----------------------
# One fit before the first origin, and a forecast of the next day on each of 400 days. With
# ``adaptive=True``, the default, each interval goes by the newest errors that were known at its
# origin, as after :meth:`~sklearn_lstm.LSTMForecaster.update`.

lstm = LSTMRegressor(16, epochs=15, learning_rate=0.005, skip_connection=True)
forecaster = LSTMForecaster(lstm, window_length=14, horizon=1, random_state=0)
results = {
    "kept": backtest(forecaster, y, n_windows=400, refit=False, coverage=0.9, adaptive=False),
    "moving along": backtest(forecaster, y, n_windows=400, refit=False, coverage=0.9),
}
rows = {name: result.predictions.set_index("timestamp") for name, result in results.items()}
within = pd.DataFrame(
    {name: part["y"].between(part["lower"], part["upper"]) for name, part in rows.items()}
)
by_part = within.groupby(np.where(within.index < change, "before", "after"), sort=False).mean()
print(by_part.round(2).to_string())

# %%
# Above, both intervals about the change; below, the share of the last 40 days that they covered.
# The mean over all days would have hidden how bad it was, and for how long.

colors = {"kept": "0.5", "moving along": "C3"}
fig, (above, below) = plt.subplots(
    2, 1, figsize=(9.5, 5.4), sharex=True, height_ratios=(3, 2), layout="constrained"
)
shown = slice(change - pd.Timedelta("90D"), None)
above.plot(y[shown], color="black", marker=".", markersize=4, linewidth=0.6, label="what came true")
for name, part in rows.items():
    above.fill_between(
        part[shown].index, part["lower"][shown], part["upper"][shown],
        color=colors[name], alpha=0.35, linewidth=0, label=f"90 %, {name}",
    )
    below.plot(
        100 * within[name].rolling(40).mean()[shown], color=colors[name], linewidth=2, label=name
    )
below.axhline(90, color="black", linestyle="--", linewidth=1)
for ax in (above, below):
    ax.axvline(change, color="0.2", linestyle=":")
    ax.spines[["top", "right"]].set_visible(False)
above.set_ylabel(y.name)
above.legend(frameon=False, ncols=3, loc="upper left", fontsize="small")
below.set(ylabel="covered of the\nlast 40 days (%)", ylim=(20, 102))
below.legend(frameon=False, loc="lower left")
plt.show()
