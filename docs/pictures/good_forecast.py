"""Draw a year of sales forecast by a forecaster left alone, beside the naive forecasts."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_lstm import LSTMForecaster, backtest

t = np.arange(120)
rng = np.random.default_rng(0)
sales = np.exp(0.012 * t + 0.2 * np.sin(2 * np.pi * t / 12) + 0.03 * rng.standard_normal(120))
y = pd.Series(100 * sales, index=pd.date_range("2014-01", periods=120, freq="MS"), name="sales")
forecaster = LSTMForecaster(horizon=12, interval_method=None, random_state=0)
result = backtest(forecaster, y, n_windows=3, refit=False)
scores = result.scores()
last = result.predictions.query("origin == origin.max()").set_index("timestamp")
names = {"y_pred": "left alone", "seasonal naive": "as last year", "persistence": "as last month"}

_, ax = plt.subplots(figsize=(9, 3.8), layout="constrained")
ax.plot(y[-48:-11], color="0.4", label="known")
ax.plot(last["y"], color="black", label="what came true")
for (column, name), style in zip(names.items(), ("-", "--", ":"), strict=True):
    row = scores.loc["forecast" if column == "y_pred" else column]
    ax.plot(last[column], style, label=f"{name}: RMSE {row.RMSE:.0f} over three years")
ax.set_title(f"Skill {scores.loc['forecast', 'skill']:+.0%} over the better naive forecast")
ax.set_ylabel("sales")
ax.legend()
