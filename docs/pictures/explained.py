"""Draw what forecasts of sales rest on: many of the past, and one with an offer to come."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, explain

rng = np.random.default_rng(0)
days = pd.date_range("2024-01-01", periods=400, name="day")
price = np.where(rng.random(400) < 0.2, 0.7, 1.0)  # an offer on one day in five
weekend = 20 * (days.dayofweek >= 5)
y = pd.Series(100 + weekend - 80 * (price - 1) + rng.normal(0, 3, 400), days, name="sales")
X = pd.DataFrame({"price": price, "visitors": 30 + rng.normal(0, 3, 400)}, days)
forecaster = LSTMForecaster(Ridge(), window_length=14, horizon=3, past_covariates=["visitors"])
forecaster.fit(y[:-3], X[:-3])
offer = X[["price"]][-3:].assign(price=[1.0, 0.7, 1.0])

_, axes = plt.subplots(2, 2, figsize=(10, 5.6), width_ratios=(3, 1), layout="constrained")
explain(forecaster, n_windows=80, output=2).plot(axes[0])
explain(forecaster, X=offer, output=2).plot(axes[1])
axes[0, 0].set_title("80 forecasts of the day after the next: what they rest on")
axes[1, 0].set_title("The forecast of a day with an offer: what moves it from the usual")
