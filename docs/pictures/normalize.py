"""Draw a growing series forecast with two normalisations."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_lstm import ForecastDisplay, LSTMForecaster, LSTMRegressor

t = np.arange(120)
rng = np.random.default_rng(0)
sales = np.exp(0.012 * t + 0.2 * np.sin(2 * np.pi * t / 12) + 0.03 * rng.standard_normal(120))
y = pd.Series(100 * sales, index=pd.date_range("2014-01", periods=120, freq="MS"), name="sales")
_, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True, layout="constrained")
lstm = LSTMRegressor(units=32, epochs=100, learning_rate=0.01, batch_size=16)
settings = {"normalize": "minmax"}, {"normalize": "last", "log": True}
for ax, params in zip(axes, settings, strict=True):
    forecaster = LSTMForecaster(lstm, window_length=13, horizon=24, random_state=0, **params)
    forecaster.set_params(strategy="recursive", interval_method=None).fit(y[:-24])
    ForecastDisplay.from_estimator(forecaster, y, ax=ax)
    ax.set_title(", ".join(f"{name}={value!r}" for name, value in params.items()), loc="left")
