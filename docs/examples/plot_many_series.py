"""
Many series, one model
======================

Eighty short series learn together what none of them could learn alone, and the model then
forecasts twelve others that it has never seen, from their own rows and without training. A ridge
for each series, fitted on its own few rows, stands beside it.
"""

# %%
# Ninety-two shops, two years of weeks
# ------------------------------------
# Every shop has a level, a trend and a phase of its own, and all have peaks of one shape, a
# quarter apart, but for their height. Made up, by a seed.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, LSTMRegressor

plt.rcParams["date.converter"] = "concise"

rng = np.random.default_rng(0)
weeks = pd.date_range("2023-01-02", periods=104, freq="W-MON", name="week")
t = np.arange(len(weeks))


def one_series():
    """Return weekly sales: trend, a season of thirteen weeks with a sharp peak, and noise."""
    level, growth = np.exp(rng.normal(5, 1)), rng.normal(0, 0.003)
    phase, size = rng.integers(13), rng.uniform(0.3, 0.8)
    peak = np.exp(np.cos(2 * np.pi * (t - phase) / 13) * 2 - 2)
    return level * np.exp(growth * t + size * peak + rng.normal(0, 0.06, len(t)))


panel = pd.concat(
    {f"shop {i:02}": pd.Series(one_series(), index=weeks) for i in range(92)}, names=["shop"]
).rename("sales")
shops = panel.index.get_level_values("shop")
week = panel.index.get_level_values("week")
is_known, is_new = week < weeks[-13], shops >= "shop 80"

# %%
# One model for all, and a ridge for each
# ---------------------------------------
# Each window is brought to its own mean and spread, so that large and small shops are alike to
# the network. The network sees the first eighty shops until the last quarter; the ridges see
# their own shop until then.

lstm = LSTMRegressor(
    24, epochs=15, learning_rate=0.005, learning_rate_schedule="cosine", batch_size=64
)
one_for_all = LSTMForecaster(
    lstm, window_length=26, horizon=13, normalize="window", log=True, random_state=0
).fit(panel[is_known & ~is_new])
each_alone = LSTMForecaster(
    Ridge(), window_length=26, horizon=13, log=True, columns="separate", interval_method=None
).fit(panel[is_known & is_new])

# %%
# Shops that it has not seen
# --------------------------
# ``predict(y=)`` takes their rows until now, and gives what follows. The error of each shop is
# measured against its sales of a quarter ago.

history, truth = panel[is_known & is_new], panel[~is_known & is_new]
forecast = one_for_all.predict(y=history)
bounds = one_for_all.predict_interval(y=history, coverage=0.9)
naive = history.groupby("shop").tail(13).set_axis(truth.index)


def error(values):
    """Return the mean absolute error of each shop, as a share of its mean."""
    return ((values - truth).abs().groupby("shop").mean() / truth.groupby("shop").mean()).mean()


errors = {
    "one model, which has not seen them": error(forecast),
    "a ridge for each": error(each_alone.predict()),
    "as a quarter ago": error(naive),
}
is_within = (truth >= bounds["lower"]) & (truth <= bounds["upper"])
print({name: f"{share:.1%}" for name, share in errors.items()}, f"covered: {is_within.mean():.0%}")

# %%
# All twelve of them, with intervals of 90 %:

fig, axes = plt.subplots(3, 4, figsize=(10, 5.6), sharex=True, layout="constrained")
for ax, shop in zip(axes.flat, truth.index.unique("shop"), strict=True):
    ax.plot(history[shop][-39:], color="0.3", linewidth=1)
    ax.plot(truth[shop], color="black", linewidth=1.6)
    ax.plot(forecast[shop], color="C3", linestyle="--")
    ax.fill_between(
        weeks[-13:],
        bounds.loc[shop, "lower"],
        bounds.loc[shop, "upper"],
        color="C3",
        alpha=0.2,
        linewidth=0,
    )
    ax.set_title(shop, fontsize="small", loc="left", pad=2)
    ax.tick_params(labelsize=7)
    ax.spines[["top", "right"]].set_visible(False)
shown = ",  ".join(f"{name} {share:.1%}" for name, share in errors.items())
fig.suptitle(f"Mean absolute error: {shown}", fontsize="medium")
plt.show()
