"""Hourly series, for whichever Python reads them: no library but NumPy and pandas is needed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..data.folder import find_folder
from .data import series

M4, ONE = "M4 hourly", "one series"
FILE = "m4_hourly.csv.gz"
LEVEL = 10  # of the synthetic series, in its standard deviations


def is_there(name):
    return name != M4 or (find_folder() / FILE).is_file()


def load(name, n_series, n_steps):
    """Return series as arrays: the first of the M4 competition, or a synthetic one."""
    if name == ONE:
        return [LEVEL + series(n_steps, 1, np.float64)[:, 0]]
    y = pd.read_csv(find_folder() / FILE).groupby("unique_id", sort=False)["y"]
    return [values.to_numpy(float)[-n_steps:] for _, values in y][:n_series]


def known(name, n_series, n_steps, horizon):
    """Return them without their last hours, which are to be forecast."""
    return [values[:-horizon] for values in load(name, n_series, n_steps)]


def n_updates(histories, task):
    """Return how many batches the epochs have, of all windows with a horizon behind them."""
    length = task["window_length"] + task["horizon"] - 1
    n_windows = sum(len(history) - length for history in histories)
    return task["epochs"] * -(-n_windows // task["batch_size"])
