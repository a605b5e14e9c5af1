"""
A panel of stores, with covariates
==================================

Twelve stores sell more when something is on offer, and offers are planned ahead. One model learns
from all of them, and is told the plan: a MultiIndex ``(store, day)`` is all that it takes. The
comparison shows what the plan is worth.
"""

# %%
# A panel is a MultiIndex
# -----------------------
# Stores of different size, a week with a busy Saturday, an offer every now and then. Sales are
# made up, by a seed.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_lstm import ForecastDisplay, LSTMForecaster, LSTMRegressor, backtest

rng = np.random.default_rng(0)
days = pd.date_range("2023-01-01", periods=420, name="day")
week = np.array([0.9, 0.85, 0.9, 1.0, 1.25, 1.5, 0.6])[days.day_of_week]


def one_store(size, lift):
    """Return a table of one store: sales, and whether something was on offer."""
    begins = rng.random(len(days)) < 0.05
    on_offer = np.convolve(begins, np.ones(4))[: len(days)] > 0  # for four days
    wave = 1 + 0.15 * np.sin(2 * np.pi * days.day_of_year / 365.25)
    sales = size * week * wave * np.where(on_offer, lift, 1) * rng.gamma(80, 1 / 80, len(days))
    return pd.DataFrame({"sales": sales.round(), "on_offer": on_offer.astype(float)}, index=days)


stores = pd.concat(
    {f"store {i}": one_store(rng.uniform(60, 400), rng.uniform(1.4, 2.0)) for i in range(1, 13)},
    names=["store"],
)
print(stores.head(3).to_string())

# %%
# With the plan, and without
# --------------------------
# Eight forecasts of two weeks each. ``X`` holds what is known ahead; sales of other days are not
# in it. A small network and few epochs, so that this page builds in seconds.

lstm = LSTMRegressor(
    16, epochs=10, learning_rate=0.01, learning_rate_schedule="cosine", batch_size=128
)
forecaster = LSTMForecaster(
    lstm,
    window_length=21,
    horizon=14,
    normalize="window",
    calendar=True,
    integer=True,
    random_state=0,
)
y, X = stores["sales"], stores[["on_offer"]]
results = {
    "the plan is known": backtest(forecaster, y, X, n_windows=8, refit=False, coverage=0.9),
    "it is not": backtest(forecaster, y, n_windows=8, refit=False, coverage=0.9),
}
scores = pd.DataFrame({name: result.scores().loc["forecast"] for name, result in results.items()})
print(scores.loc[["RMSE", "skill", "coverage"]].round(2).to_string())

# %%
# Two weeks of one store
# ----------------------
# The forecast from the last fortnight's eve, with the offers of these two weeks shaded. ``skill``
# is measured against the better of last day's and last week's sales.

before, after = days[-15], days[-14:]
is_known = stores.index.get_level_values("day") <= before
fitted = forecaster.fit(y[is_known], X[is_known])
plan, store = X[~is_known], "store 3"

fig, (ax, bars) = plt.subplots(1, 2, figsize=(10, 4), width_ratios=(5, 2), layout="constrained")
ForecastDisplay.from_estimator(
    fitted, y[~is_known], X=plan, series=store, n_past=42, ax=ax, unit="sales of a day"
)
offers = X.loc[store, "on_offer"].loc[days[-56] :]
for day in offers.index[offers > 0]:
    half = pd.Timedelta("12h")
    ax.axvspan(day - half, day + half, color="C2", alpha=0.15, linewidth=0)
ax.set_title(f"{store.capitalize()}, days on offer shaded", loc="left")
drawn = bars.bar(scores.columns, 100 * scores.loc["skill"], color=["C3", "0.7"], width=0.6)
bars.bar_label(drawn, fmt="%.0f %%")
bars.spines[["top", "right"]].set_visible(False)
bars.set(title="skill, 8 fortnights of 12 stores", ylabel="percent")
plt.show()
