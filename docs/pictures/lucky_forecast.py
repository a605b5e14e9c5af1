"""Draw how forty networks do on a short test part, and afterwards."""

import warnings
from itertools import product

import matplotlib.pyplot as plt
import numpy as np

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest

warnings.filterwarnings("ignore", "The forecast is no better")

N_TEST, N_AFTER = 20, 400
LENGTHS, EPOCHS = (3, 5, 10, 15, 20, 25, 30, 40), (4, 8, 12, 16, 20)


def skill(rows):
    error, naive = (rows["y"] - rows[name] for name in ("y_pred", "persistence"))
    return 1 - np.sqrt((error**2).mean() / (naive**2).mean())


price = 100 + np.cumsum(np.random.default_rng(2).standard_normal(1000))
on_test, afterwards = [], []
for seed, (window_length, epochs) in enumerate(product(LENGTHS, EPOCHS)):
    forecaster = LSTMForecaster(
        LSTMRegressor(16, epochs=epochs, learning_rate=0.02),
        window_length=window_length, interval_method=None, random_state=seed,
    )  # fmt: skip
    rows = backtest(forecaster, price, n_windows=N_TEST + N_AFTER, refit=False).predictions
    on_test.append(skill(rows[:N_TEST]))
    afterwards.append(skill(rows[N_TEST:]))
best = int(np.argmax(on_test))

_, ax = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
ax.axhline(0, color="0.7", linewidth=1)
ax.axvline(0, color="0.7", linewidth=1)
ax.scatter(on_test, afterwards, s=20)
ax.scatter(on_test[best], afterwards[best], s=70, color="C1")
ax.annotate(
    f"the one that would be shown:\n{on_test[best]:+.1%} on the test part,\n"
    f"{afterwards[best]:+.1%} afterwards",
    (on_test[best], afterwards[best]),
    (-10, -60),
    textcoords="offset points",
    ha="right",
    arrowprops={"arrowstyle": "-"},
)
ax.set_xlabel(f"skill on a test part of {N_TEST} days")
ax.set_ylabel(f"skill on the {N_AFTER} days after it")
ax.xaxis.set_major_formatter("{x:.1%}")
ax.yaxis.set_major_formatter("{x:.1%}")
