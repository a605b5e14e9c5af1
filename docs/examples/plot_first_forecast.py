"""
The first forecast
==================

A series goes in, its next two weeks come out, with an interval. Nothing is set but the horizon.
Then the same forecaster goes over the past, to see what its forecasts would have been worth.
"""

# %%
# Four years of daily temperatures
# --------------------------------
# The forecaster is given all but the last two weeks, which are there to judge it by.

import matplotlib.pyplot as plt

from sklearn_lstm import ForecastDisplay, LSTMForecaster, backtest
from sklearn_lstm.datasets import load_seattle_weather

y = load_seattle_weather()["temp_max"]
forecaster = LSTMForecaster(horizon=14, random_state=0).fit(y[:-14])
print(forecaster.predict().round(1).head(3))

# %%
# Left alone, a forecast is the weighted mean of members that differ. Each has earned its weight
# on days that were held back from it:

print(forecaster.members_[["weight", "window_length", "calendar"]].round(2).to_string())

# %%
# Is it any good?
# ---------------
# One forecast proves nothing. A backtest makes 26 of them, two weeks apart, over the last year;
# each knows the days before it and no others. ``skill`` is how far the error stays below that of
# the better naive forecast: repeat the last day, or the last week.

result = backtest(
    LSTMForecaster(horizon=14, random_state=0), y, n_windows=26, refit=False, coverage=0.9
)
scores = result.scores()
print(scores[["RMSE", "MASE", "skill", "coverage"]].round(2).to_string())

# %%
# The interval was to cover 90 % of the days to come. How many it did cover stands in the title,
# beside the skill.

fig, ax = plt.subplots(figsize=(9, 4.2), layout="constrained")
ForecastDisplay.from_estimator(
    forecaster, y[-14:], n_past=60, ax=ax, unit="highest temperature in Seattle (°C)"
)
earned = scores.loc["forecast"]
ax.set_title(
    f"26 such forecasts: skill {earned['skill']:+.0%}, "
    f"{earned['coverage']:.0%} of the days within the interval",
    loc="left",
)
plt.show()
