"""Draw the windows on both sides of a fold's border."""

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

W, N_TRAIN, N_TEST = 4, 7, 4
TRAIN, TEST, MISSING = "#4c78a8", "#f2a541", "white"


def cell(ax, x, y, step):
    color, style = (MISSING, ":") if step < 0 else (TEST, "--") if step >= N_TRAIN else (TRAIN, "-")
    ax.add_patch(Rectangle((x, y), 0.9, 0.8, facecolor=color, edgecolor="0.3", linestyle=style))
    text = "NaN" if step < 0 else str(step)
    dark = color == TRAIN
    ax.text(
        x + 0.45, y + 0.4, text, ha="center", va="center", fontsize=9,
        color="white" if dark else "black", fontweight="normal" if dark else "bold",
    )  # fmt: skip


fig, ax = plt.subplots(figsize=(8.5, 5.2), layout="constrained")
for row in range(N_TRAIN + N_TEST):
    cell(ax, row, 9, row)
ax.text(-0.3, 9.4, "rows", ha="right", va="center")
ax.text(3.4, 10.1, "training part", ha="center")
ax.text(9, 10.1, "test part", ha="center")
windows = [
    (1, "incomplete: fit leaves it out,\npredict answers all the same"),
    (3, "the first complete window,\nthe first that fit learns from"),
    (7, "its history is handed over\nfrom the training part"),
    (9, ""),
]
for line, (end, note) in enumerate(windows):
    y = 7 - 1.9 * line
    for step in range(end - W + 1, end + 1):
        cell(ax, step, y, step)
    ax.text(-2.5, y + 0.4, f"window of row {end}", ha="right", va="center")
    ax.text(11.3, y + 0.4, note, ha="left", va="center", fontsize=9)
ax.axvline(N_TRAIN - 0.04, color="0.2", linestyle="--", linewidth=1)
ax.set_xlim(-6.5, 16.5)
ax.set_ylim(0.8, 10.8)
ax.axis("off")
