"""How the time of an epoch grows with rows, window length, units and features."""

from __future__ import annotations

import statistics
from dataclasses import replace

import numpy as np

from .contenders import OURS
from .outcome import Outcome

NAMES = {
    "n_windows": "rows",
    "n_timesteps": "window length",
    "units": "units",
    "n_features": "features",
}


def growth(crew, size):
    """Vary one size at a time around a problem."""
    problem, sizes = size
    names = crew.only(OURS, "PyTorch")
    rows, figures = [], {}
    for what, values in sizes.items():
        curves = {name: [] for name in names}
        for value in values:
            varied = replace(problem, **{what: (value,) if what == "units" else value})
            for name, seconds in epoch_seconds(crew, varied, names).items():
                curves[name].append(seconds)
        for name, seconds in curves.items():
            rows.append([NAMES[what], name, list(values), seconds, slope(values, seconds)])
            figures[f"slope over {NAMES[what]}, {name}"] = rows[-1][-1]
    return Outcome(
        columns=["varied", "", "sizes", "seconds for an epoch", "slope"],
        rows=rows,
        figures=figures,
        notes=[
            "The slope is that of a straight line through all the points, both axes logarithmic: 1 "
            "is proportional, less is cheaper."
        ],
    )


def epoch_seconds(crew, problem, names):
    crew.take(problem, names)
    for name in names:
        crew.call(name, "fit", 0)
    replies = crew.take_turns(
        lambda name, number: crew.call(name, "fit", number + 1), names=names, at_most=3
    )
    return {
        name: statistics.median(reply.seconds for reply in of) / problem.epochs
        for name, of in replies.items()
    }


def slope(sizes, seconds):
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def plot(rows, path):
    """Draw a panel for each size that was varied, and save the picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), layout="constrained")
    axes = dict(zip(NAMES.values(), figure.subplots(2, 2, sharey=True).flat, strict=True))
    slopes = {what: [] for what in axes}
    for what, name, sizes, seconds, steepness in rows:
        axes[what].loglog(sizes, seconds, "o-", label=name)
        slopes[what].append(f"{name} {steepness:.2f}")
    for what, ax in axes.items():
        sizes = next(row[2] for row in rows if row[0] == what)
        ax.set_title("slope: " + ", ".join(slopes[what]), fontsize="medium")
        ax.set_xlabel(what)
        ax.set_ylabel("seconds for an epoch")
        ax.set_xticks(sizes, [str(size) for size in sizes])
        ax.minorticks_off()
        ax.grid(alpha=0.3)
        ax.legend()
    figure.savefig(path, dpi=120)
