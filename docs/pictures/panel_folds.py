"""Draw the folds of a panel whose series begin and end on different days."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from sklearn_lstm import PanelTimeSeriesSplit

TRAIN, TEST, UNUSED = "#4c78a8", "#f2a541", "0.85"
STORES = {"A": ("2024-01-01", "2024-06-30"), "B": ("2024-01-01", "2024-04-20"),
          "C": ("2024-02-25", "2024-06-30"), "D": ("2024-01-20", "2024-06-10")}  # fmt: skip
index = pd.concat(
    [pd.DataFrame({"store": store, "day": pd.date_range(*span)}) for store, span in STORES.items()]
)
X = pd.DataFrame({"sales": 0.0}, index=pd.MultiIndex.from_frame(index))
GROWING = {"n_splits": 4, "test_size": "28D"}
SPLITS = {
    'PanelTimeSeriesSplit(4, test_size="28D")': GROWING,
    '..., gap="7D", max_train_size="56D"': {**GROWING, "gap": "7D", "max_train_size": "56D"},
    "..., backcast=True": {**GROWING, "backcast": True},
}


def draw(ax, cv):
    """Draw a line for each store within each fold, colored by the part that its days are in."""
    day, store = (X.index.get_level_values(name) for name in ("day", "store"))
    for fold, (train, test) in enumerate(cv.split(X)):
        color = np.full(len(X), UNUSED, dtype=object)
        color[train], color[test] = TRAIN, TEST
        for line, name in enumerate(STORES):
            rows = np.flatnonzero(store == name)
            height = np.full(len(rows), fold + 0.2 * (line - 1.5))
            ax.scatter(day[rows], height, c=color[rows], marker="_", lw=5, s=12)
    ax.set_yticks(range(cv.get_n_splits()), range(cv.get_n_splits()))
    ax.set_ylim(cv.get_n_splits() - 0.4, -0.6)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)


fig, axes = plt.subplots(
    3, figsize=(8.5, 7.6), sharex=True, height_ratios=(4, 4, 5), layout="constrained"
)
for ax, (title, given) in zip(axes, SPLITS.items(), strict=True):
    draw(ax, PanelTimeSeriesSplit(**given))
    ax.set_title(title, loc="left", fontsize=10, family="monospace")
    ax.set_ylabel("fold, stores A to D")
months = pd.date_range("2024-01-01", "2024-07-01", freq="MS")
axes[-1].set_xticks(months, months.strftime("%b"))
labels = {"training part": TRAIN, "test part": TEST, "neither": UNUSED}
fig.legend(
    [Line2D([], [], color=color, lw=5) for color in labels.values()], list(labels),
    loc="outside lower center", ncols=3, frameon=False,
)  # fmt: skip
