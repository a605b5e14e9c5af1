"""
Find anomalies by intervals
===========================

What lies outside of an interval that covers 99.5 % is a surprise. A forecaster with intervals so
finds anomalies that no threshold on the values finds: a value may be usual, but not at this hour.
How many it finds, and how many alarms are false, is counted on anomalies that were put there.
"""

# %%
# A meter, with faults
# --------------------
# Eleven weeks of hours; nine without a fault, to learn from. In the last two, thirty hours are
# off by two kilowatts, most of them to values that are usual at another hour.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest

plt.rcParams["date.converter"] = "concise"

rng = np.random.default_rng(0)
n_weeks, n_tested = 11, 2
hours = pd.date_range("2024-02-05", periods=24 * 7 * n_weeks, freq="h", name="hour")
works = (hours.day_of_week < 5) & (hours.hour >= 7) & (hours.hour < 18)
at_work = np.asarray(works * np.sin(np.pi * (hours.hour - 6) / 12))
load = 8 + 9 * at_work + rng.normal(0, 0.4, len(hours))
is_tested = np.arange(len(hours)) >= 24 * 7 * (n_weeks - n_tested)
faults = rng.choice(np.flatnonzero(is_tested), 30, replace=False)
load[faults] += rng.choice([-2, 2], 30)
y = pd.Series(load, index=hours, name="power (kW)")
is_fault = pd.Series(False, index=hours)
is_fault.iloc[faults] = True

# %%
# Learn the usual, judge each hour
# --------------------------------
# One day ahead, so that a fault in the last hour does not spoil the forecast of this one. The
# forecaster is fitted once, on weeks without faults; :class:`~sklearn.frozen.FrozenEstimator` has
# it forecast the others as it is, and ``adaptive=False`` keeps intervals from getting used to
# faults.

lstm = LSTMRegressor(
    32, segment_length=4, epochs=25, learning_rate=0.01, learning_rate_schedule="cosine"
)
forecaster = LSTMForecaster(
    lstm, window_length=48, horizon=24, normalize="standard", log=False, calendar=True,
    random_state=0,
)
fitted = forecaster.fit(y[~is_tested])
result = backtest(FrozenEstimator(fitted), y, n_windows=14, coverage=0.995, adaptive=False)
rows = result.predictions.set_index("timestamp")
alarm = ~rows["y"].between(rows["lower"], rows["upper"])

# %%
# Beside it what costs nothing: an alarm where an hour differs from that of last week by more than
# ever before, and where a value lies outside of all that were seen.

usual = y[~is_tested]
last_week = (y - y.shift(168)).abs()
alarms = {
    "interval": alarm,
    "unlike last week": (last_week > last_week[~is_tested].max())[rows.index],
    "never seen": ~y.between(usual.min(), usual.max())[rows.index],
}
truth = is_fault[rows.index]
counts = pd.DataFrame(
    {
        name: {"found": (a & truth).sum(), "false alarms": (a & ~truth).sum()}
        for name, a in alarms.items()
    }
)
print(counts.to_string(), f"\nof {truth.sum()} faults in {len(truth)} hours")

# %%
# The band is what was to be expected. Red are faults that it found, hollow those that it missed,
# crosses false alarms.

fig, ax = plt.subplots(figsize=(10, 4.2), layout="constrained")
ax.fill_between(
    rows.index,
    rows["lower"],
    rows["upper"],
    color="C0",
    alpha=0.3,
    linewidth=0,
    label="99.5 % interval",
)
ax.plot(rows["y"], color="0.3", linewidth=0.7)
marks = {
    "found": (truth & alarm, {"marker": "o", "color": "C3"}),
    "missed": (truth & ~alarm, {"marker": "o", "color": "C3", "markerfacecolor": "none"}),
    "false alarm": (~truth & alarm, {"marker": "x", "color": "black"}),
}
for name, (which, look) in marks.items():
    ax.plot(rows["y"][which], linestyle="none", label=f"{name}: {which.sum()}", **look)
ax.set(ylabel=y.name, ylim=(None, 1.22 * rows["y"].max()))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, ncols=4, loc="upper left")
plt.show()
