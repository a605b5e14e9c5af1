"""
Many fits at once, on Dask
==========================

Searches, backtests and separate regressors share their fits out through joblib, so whatever
joblib hands work to will do: threads, processes, or a Dask cluster. This page runs 24 fits on two
workers and draws who did what, when.
"""

# %%
# A fit that tells when it ran
# ----------------------------
# Six window lengths on four folds in time, as a search would do. Each returns its error and, for
# the picture, its worker.

import threading
import time

import joblib
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import TimeSeriesSplit
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import make_lstm_pipeline, make_supervised
from sklearn_lstm.datasets import load_seattle_weather

X, y = make_supervised(
    load_seattle_weather()[["temp_max", "temp_min"]], target="temp_max", horizon=1
)


def score(window_length, fold, fit_rows, score_rows):
    """Return a row of the table: settings, error, and which worker took how long."""
    begin = time.perf_counter()
    model = make_lstm_pipeline(
        window_length, scaler=StandardScaler(), target_scaler=StandardScaler(), units=16,
        skip_connection=True, epochs=10, learning_rate=0.005, learning_rate_schedule="cosine",
        random_state=0,
    )
    predicted = model.fit(X.iloc[fit_rows], y.iloc[fit_rows]).predict(X.iloc[score_rows])
    return {
        "window_length": window_length,
        "fold": fold,
        "RMSE": root_mean_squared_error(y.iloc[score_rows], predicted),
        "as today": root_mean_squared_error(y.iloc[score_rows], X["temp_max"].iloc[score_rows]),
        "worker": threading.get_ident(),
        "begin": begin,
        "end": time.perf_counter(),
    }


folds = list(enumerate(TimeSeriesSplit(4).split(X)))
tasks = [
    joblib.delayed(score)(window_length, fold, *rows)
    for window_length in (2, 4, 7, 10, 14, 21)
    for fold, rows in folds
]

# %%
# Hand it to Dask
# ---------------
# With ``distributed`` installed a cluster takes three lines, and only the address tells a cluster
# of machines from one of this process. Where it isn't, two threads do the same.
#
# .. code-block:: python
#
#    from distributed import Client
#
#    client = Client("tcp://scheduler-address:8786")
#    with joblib.parallel_config(backend="dask"):
#        table = joblib.Parallel()(tasks)
#
# A search or a backtest within the ``with`` is handed out in the same way: :doc:`/scaling` says
# what it costs and when it pays.

try:
    from distributed import Client

    client = Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None)
    backend = "dask"
except ImportError:
    client, backend = None, "threading"
with joblib.parallel_config(backend=backend, n_jobs=2):
    table = pd.DataFrame(joblib.Parallel()(tasks))
if client is not None:
    client.close()
print(table.groupby("window_length")[["RMSE", "as today"]].mean().round(2).to_string())

# %%
# A row for each worker, a bar for each fit, coloured by its window. The first fits take longest:
# the program that all others share is compiled then. Below, what came of it: on so few days a
# single network does no better than "as today", whatever its window.

fig, (above, below) = plt.subplots(
    2, 1, figsize=(9.5, 4.6), height_ratios=(2, 3), layout="constrained"
)
lengths = sorted(table["window_length"].unique())
colors = dict(zip(lengths, plt.get_cmap("viridis")([0, 0.2, 0.4, 0.6, 0.8, 0.95]), strict=True))
workers = {worker: row for row, worker in enumerate(table["worker"].unique())}
start = table["begin"].min()
for fit in table.itertuples():
    above.barh(
        workers[fit.worker], fit.end - fit.begin, left=fit.begin - start, height=0.7,
        color=colors[fit.window_length], edgecolor="white", linewidth=1,
    )
above.set_yticks(range(len(workers)), [f"worker {row + 1}" for row in workers.values()])
above.set(xlabel="seconds", title=f"{len(table)} fits, backend {backend!r}")
mean = table.groupby("window_length")["RMSE"].agg(["mean", "std"])
below.bar(
    [str(n) for n in lengths],
    mean["mean"],
    yerr=mean["std"],
    color=list(colors.values()),
    capsize=4,
)
below.axhline(table["as today"].mean(), color="0.4", linestyle="--", linewidth=1, label="as today")
below.set(xlabel="window_length (days)", ylabel="RMSE (°C), four folds", ylim=(0, None))
below.legend(frameon=False, loc="lower right")
for ax in (above, below):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
