"""Draw forecasts of a random walk, which follow it a day late."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest

warnings.filterwarnings("ignore", "The forecast is no better")

steps = np.random.default_rng(4).standard_normal(1000)
days = pd.date_range("2020-01-01", periods=1000)
price = pd.Series(100 + np.cumsum(steps), index=days, name="price")
lstm = LSTMRegressor(32, epochs=20, learning_rate=0.005)
forecaster = LSTMForecaster(lstm, window_length=20, interval_method=None, random_state=0)
result = backtest(forecaster, price, n_windows=200, refit=False)
rows = result.predictions.set_index("timestamp")

_, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), width_ratios=(3, 2), layout="constrained")
for ax, part in ((left, rows), (right, rows[-20:])):
    marker = "o" if ax is right else ""
    ax.plot(part["y"], color="0.4", marker=marker, markersize=4, label="price")
    ax.plot(part["y_pred"], color="C1", marker=marker, markersize=4, label="forecast a day ahead")
r2 = 1 - ((rows["y"] - rows["y_pred"]) ** 2).mean() / rows["y"].var()
left.set_title(f"It looks good: $R^2$ = {r2:.2f}")
right.set_title(f"It is yesterday's price: skill {result.scores().loc['forecast', 'skill']:+.0%}")
left.legend()
right.tick_params(axis="x", rotation=45)
