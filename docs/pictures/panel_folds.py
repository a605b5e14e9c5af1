"""Draw the folds of a panel whose series begin and end on different days."""

import matplotlib.pyplot as plt
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
    rows = pd.Series(range(len(X)), X.index)
    for fold, parts in enumerate(cv.split(X)):
        for line, store in enumerate(STORES):
            height = fold + 0.2 * (line - 1.5)
            of_store = rows[store]
            for part, color in zip((of_store, *parts), (UNUSED, TRAIN, TEST), strict=True):
                days = of_store.index[of_store.isin(part)]
                if len(days):
                    end = days[-1] + pd.Timedelta("1D")
                    ax.hlines(height, days[0], end, color, linewidth=5)
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
