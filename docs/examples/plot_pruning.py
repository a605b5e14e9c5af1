"""
Prune a search with Optuna
==========================

Most candidates of a search are seen to be poor after a few epochs. ``partial_fit`` is one epoch
more of the same training, so that a search can look at each and give up early. Below is the rule
of Optuna's median pruner in plain Python, which this page runs, and then the same with Optuna.
"""

# %%
# Rows for three purposes
# -----------------------
# To learn from, to prune and choose by, and a last year that is looked at once. Scales come from
# the first.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import root_mean_squared_error
from sklearn.preprocessing import MinMaxScaler

from sklearn_lstm import LSTMRegressor, SequenceWindower, make_supervised
from sklearn_lstm.datasets import load_seattle_weather

weather = load_seattle_weather()[["temp_max", "temp_min", "wind"]]
X, y = make_supervised(weather, target="temp_max", horizon=1)
n_days = 14
learn, choose, test = slice(n_days - 1, -600), slice(-600, -365), slice(-365, None)
scaler = MinMaxScaler().fit(X[:-600])
windows = SequenceWindower(n_days).fit_transform(scaler.transform(X))
low, high = y[learn].min(), y[learn].max()
target = ((y - low) / (high - low)).to_numpy()


def error(lstm, rows):
    """Return the RMSE in °C."""
    return root_mean_squared_error(y[rows], low + (high - low) * lstm.predict(windows[rows]))


# %%
# Give up what is worse than the median
# -------------------------------------
# Sixteen candidates, twelve epochs at most. From the fourth candidate on, one that is worse after
# an epoch than the median of those before it at the same epoch is pruned; the first two epochs
# are let pass.

rng = np.random.default_rng(0)
curves, lstms = [], []
for _ in range(16):
    lstm = LSTMRegressor(
        units=int(rng.choice([4, 8, 16, 32])),
        learning_rate=10 ** rng.uniform(-4, -1.3),
        dropout=rng.uniform(0, 0.4),
        random_state=0,
    )
    curve = []
    for epoch in range(12):
        curve.append(error(lstm.partial_fit(windows[learn], target[learn]), choose))
        others = [other[epoch] for other in curves if len(other) > epoch]
        if epoch >= 2 and len(others) > 3 and curve[-1] > np.median(others):
            break
    curves.append(curve)
    lstms.append(lstm)
best = min(range(16), key=lambda i: curves[i][-1])
n_epochs = sum(map(len, curves))
persistence = root_mean_squared_error(y[test], X["temp_max"][test])
print(f"{n_epochs} of {16 * 12} epochs were trained")
print(f"test year: {error(lstms[best], test):.2f} °C, as today: {persistence:.2f} °C")

# %%
# With Optuna
# -----------
# The same loop is an objective; Optuna proposes the numbers, and keeps those that were promising
# in mind. This needs ``pip install optuna``.
#
# .. code-block:: python
#
#    import optuna
#
#    def objective(trial):
#        lstm = LSTMRegressor(
#            units=trial.suggest_categorical("units", [4, 8, 16, 32]),
#            learning_rate=trial.suggest_float("learning_rate", 1e-4, 5e-2, log=True),
#            dropout=trial.suggest_float("dropout", 0, 0.4),
#            random_state=0,
#        )
#        for epoch in range(12):
#            lstm.partial_fit(windows[learn], target[learn])
#            trial.report(error(lstm, choose), epoch)
#            if trial.should_prune():
#                raise optuna.TrialPruned
#        return error(lstm, choose)
#
#    pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2)
#    study = optuna.create_study(pruner=pruner, sampler=optuna.samplers.TPESampler(seed=0))
#    study.optimize(objective, n_trials=40)
#    study.best_params
#
# A search over a whole pipeline, window and scaler included, takes ``make_lstm_pipeline`` with
# scikit-learn's successive halving over its epochs instead: see :doc:`/tuning`.

fig, ax = plt.subplots(figsize=(9, 4.2), layout="constrained")
for i, curve in enumerate(curves):
    is_pruned = len(curve) < 12
    look = {"color": "0.7", "linewidth": 1} if is_pruned else {"color": "C0", "linewidth": 1.5}
    if i == best:
        look = {"color": "C3", "linewidth": 2.5, "zorder": 5}
    ax.plot(range(1, len(curve) + 1), curve, **look)
    if is_pruned:
        ax.plot(len(curve), curve[-1], "x", color="0.4")
for color, name in (("C3", "best"), ("C0", "trained to the end"), ("0.7", "pruned at the cross")):
    ax.plot([], [], color=color, label=name)
ax.set(
    xlabel="epoch", ylabel="RMSE (°C) on the days to choose by", yscale="log", xlim=(1, 12.2),
    title=f"{n_epochs} of {16 * 12} epochs were trained",
)
ax.yaxis.set_major_formatter("{x:g}")
ax.yaxis.set_minor_formatter("{x:g}")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
plt.show()
