"""
Explain a forecast
==================

Which columns does tomorrow's temperature rest on, and how many days back? And of one forecast: what
made it warmer than usual? ``explain`` takes away parts of windows and looks what changes; here on
days that were not learned from.
"""

# %%
# A model of tomorrow
# -------------------
# Three years of daily weather in Seattle to learn from, the fourth to look at. The last column is
# made up, by a seed: a column that says nothing, to see whether it is found out.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import explain, make_lstm_pipeline, make_supervised
from sklearn_lstm.datasets import load_seattle_weather

weather = load_seattle_weather().drop(columns="weather")
weather["noise"] = np.random.default_rng(0).normal(size=len(weather))
X, y = make_supervised(weather, target="temp_max", horizon=1)
X_train, X_test, y_train, y_test = X[:-365], X[-365:], y[:-365], y[-365:]
model = make_lstm_pipeline(
    window_length=10, scaler=StandardScaler(), target_scaler=StandardScaler(), units=16,
    epochs=20, learning_rate=0.005, learning_rate_schedule="cosine", ensemble_size=3,
    random_state=0,
)
model.fit(X_train, y_train)
error = np.abs(y_test - model.predict(X_test)).mean()
naive = np.abs(y_test - X_test["temp_max"]).mean()
print(f"mean absolute error: {error:.2f} °C, of the day before {naive:.2f} °C")

# %%
# A year of forecasts
# -------------------
# Permutation gives each window the values of another one, cell by cell: by how much the error
# rises is what a cell is worth.

year = explain(model, X_test, y_test, method="permutation", random_state=0)
print(year.by_feature.round(2))

# %%
# One forecast
# ------------
# Occlusion puts what is usual in the place of a cell: the forecast less that without the cell is
# what the cell added, signed. This is the warmest forecast of the year.

warmest = int(model.predict(X_test).argmax())
one = explain(model, X_test[: warmest + 1][-10:], background=X_train)
print(f"{one.samples[-1]:%d %B %Y}: {one.predictions[-1]:.1f} °C for tomorrow")

# %%
# Above what a year of forecasts rests on, below what moved the one from the usual. The last day's
# temperatures count, days before hardly. The column of noise is worth nothing over the year, and
# yet it moved the one forecast: what a network does with a column is one thing, whether that is
# of use another, which takes the truth to tell.

_, axes = plt.subplots(2, 2, figsize=(10, 5.6), width_ratios=(3, 1), layout="constrained")
year.plot(axes[0])
one.plot(axes[1], sample=-1)
axes[0, 0].set_title("365 forecasts: rise of the error, in °C")
axes[1, 0].set_title(
    f"The forecast of {one.samples[-1]:%d %B}: what moved it from the usual, in °C"
)
plt.show()
