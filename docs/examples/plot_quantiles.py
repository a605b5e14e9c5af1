"""
Quantiles by one network
========================

How windy may tomorrow be? A network with ``loss="quantile"`` learns several quantiles at once,
which never cross. Whether they hold what they promise is seen by counting, on days that were not
learned from; and a simple forecast of quantiles stands beside them.
"""

# %%
# Five levels
# -----------
# Three years of daily wind in Seattle to learn from, the fourth to count.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import mean_pinball_loss

from sklearn_lstm import make_lstm_pipeline, make_supervised
from sklearn_lstm.datasets import load_seattle_weather

plt.rcParams["date.converter"] = "concise"

weather = load_seattle_weather().drop(columns="weather")
angle = 2 * np.pi * weather.index.day_of_year / 365.25
weather = weather.assign(winter=np.cos(angle), spring=np.sin(angle))
X, y = make_supervised(weather, target="wind", horizon=1)
X_train, X_test, y_train, y_test = X[:-365], X[-365:], y[:-365], y[-365:]
levels = [0.05, 0.25, 0.5, 0.75, 0.95]
model = make_lstm_pipeline(
    window_length=7, units=16, epochs=20, dropout=0.2, learning_rate=0.005,
    learning_rate_schedule="cosine", ensemble_size=3, loss="quantile", quantile=levels,
    random_state=0,
)
model.fit(X_train, y_train)
quantiles = pd.DataFrame(model.predict(X_test), index=X_test.index, columns=levels)

# %%
# What costs nothing: the quantiles of the same month in the years before.

of_month = y_train.groupby(y_train.index.month).quantile(levels).unstack()
naive = of_month.loc[X_test.index.month].set_axis(X_test.index)


def pinball(values):
    """Return the mean pinball loss over the levels, in m/s."""
    return np.mean([mean_pinball_loss(y_test, values[level], alpha=level) for level in levels])


skill = 1 - pinball(quantiles) / pinball(naive)
print(f"pinball loss (m/s): {pinball(quantiles):.3f}, of the month {pinball(naive):.3f}")

# %%
# A fan, and whether it can be believed
# -------------------------------------
# Each day of two months is forecast the evening before. On the right, the share of the test days
# that lay below each quantile, with the range in which nine of ten such counts would lie if the
# levels were true and days independent.

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), width_ratios=(5, 3), layout="constrained")
shown = slice("2015-10-15", "2015-12-15")
fan = quantiles[shown]
days_ahead = fan.index + pd.Timedelta("1D")
for lower, upper, alpha in ((0.05, 0.95, 0.2), (0.25, 0.75, 0.35)):
    left.fill_between(
        days_ahead, fan[lower], fan[upper], color="C0", alpha=alpha, linewidth=0,
        label=f"{upper - lower:.0%} between",
    )
left.plot(days_ahead, fan[0.5], color="C0", label="median")
left.plot(days_ahead, y_test[shown], "o", color="black", markersize=3, label="came true")
left.set(
    ylabel="wind tomorrow (m/s)",
    title=f"Skill {skill:+.0%} over the month's quantiles",
    ylim=(0, None),
)
left.legend(frameon=False, fontsize="small", ncols=2, loc="upper left")
left.set_ylim(0, 1.25 * max(y_test[shown].max(), fan[0.95].max()))
below = [100 * (y_test < quantiles[level]).mean() for level in levels]
spread = 1.645 * 100 * np.sqrt(np.array(levels) * (1 - np.array(levels)) / len(y_test))
right.errorbar(
    100 * np.array(levels),
    100 * np.array(levels),
    yerr=spread,
    color="0.6",
    capsize=4,
    label="if true",
)
right.plot(100 * np.array(levels), below, "o", color="C3", label="counted")
right.set(xlabel="level (%)", ylabel="days below (%)", title="365 days of the test year")
right.legend(frameon=False)
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
