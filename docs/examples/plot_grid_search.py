"""
Tune a pipeline with GridSearchCV
=================================

Scaling, windows and the network are one estimator, so scikit-learn's own search finds the length
of the window and the size of the network together. Every candidate is scored on the same days,
whatever its window, and a year that the search has not seen has the last word.
"""

# %%
# Rows and targets
# ----------------
# Tomorrow's highest temperature stands beside today's row. The last year is kept apart.

import joblib
import matplotlib.pyplot as plt
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import SequenceWindower, make_lstm_pipeline, make_supervised
from sklearn_lstm.datasets import load_seattle_weather

weather = load_seattle_weather()[["temp_max", "temp_min", "wind"]]
X, y = make_supervised(weather, target="temp_max", horizon=1)
X_train, X_test, y_train, y_test = X[:-365], X[-365:], y[:-365], y[-365:]

# %%
# The search
# ----------
# Nine candidates on two folds in time. Twelve epochs of two networks are few, and enough for a
# page.

model = make_lstm_pipeline(
    scaler=StandardScaler(),
    target_scaler=StandardScaler(),
    epochs=12,
    learning_rate=0.005,
    learning_rate_schedule="cosine",
    skip_connection=True,
    ensemble_size=2,
    random_state=0,
)
grid = {
    "regressor__windower__window_length": [3, 7, 14],
    "regressor__lstm__units": [4, 16, 32],
}
search = GridSearchCV(
    model, grid, cv=TimeSeriesSplit(2, test_size=270), scoring="neg_root_mean_squared_error"
)
with joblib.parallel_config(backend="threading", n_jobs=2):
    search.fit(X_train, y_train)
print(search.best_params_)

# %%
# The year that it has not seen
# -----------------------------
# Beside it "as today", which costs nothing, and a ridge regression on the windows of the same
# length, laid flat.

window_length = search.best_params_["regressor__windower__window_length"]
ridge = make_pipeline(StandardScaler(), SequenceWindower(window_length, flatten=True), Ridge())
first = window_length - 1  # the first whole window
windows = ridge[:-1].fit_transform(X_train)[first:]
ridge[-1].fit(windows, y_train[first:])
forecasts = {
    "as today": X_test["temp_max"],
    "ridge": ridge.predict(X_test),
    "LSTM": search.predict(X_test),
}
errors = {name: root_mean_squared_error(y_test, values) for name, values in forecasts.items()}
print({name: round(error, 2) for name, error in errors.items()})

# %%
# On the left what the search has seen, on the right the test year. Neighbours differ by little,
# as two seeds do, and the best of them from a ridge by not much more: a reason to search over
# little, and to have a ridge beside it.

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), width_ratios=(3, 2), layout="constrained")
units, lengths = (grid[name] for name in sorted(grid))
table = -search.cv_results_["mean_test_score"].reshape(len(units), len(lengths))
image = left.imshow(table, cmap="viridis_r", aspect="auto")
for row, column in ((i, j) for i in range(len(units)) for j in range(len(lengths))):
    is_dark = table[row, column] > (table.min() + table.max()) / 2
    left.text(
        column, row, f"{table[row, column]:.2f}", ha="center", va="center",
        color="white" if is_dark else "black",
    )
left.set_xticks(range(len(lengths)), lengths)
left.set_yticks(range(len(units)), units)
left.set(xlabel="window_length (days)", ylabel="units", title="RMSE (°C), two folds")
bars = right.bar(list(errors), list(errors.values()), color=["0.7", "C0", "C3"], width=0.6)
right.bar_label(bars, fmt="%.2f")
right.spines[["top", "right"]].set_visible(False)
right.set(title="RMSE (°C), the year after")
plt.show()
