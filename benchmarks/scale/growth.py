"""How memory and time grow with the number of series."""

# ruff: noqa: RUF001

from __future__ import annotations

import numpy as np

from ..speed.growth import slope
from ..speed.outcome import Outcome
from .measures import MB, WARM


def growth(crew, size):
    """Fit panels of more and more series, each in a new process."""
    size = dict(size)
    numbers = size.pop("n_series")
    found = [crew.repeat("panels:fit", n_series=n, **size) for n in numbers]
    written_out = [8 * n * n_windows(size) * size["window_length"] / MB for n in numbers]
    seconds = [of["seconds"] for of in found]
    peaks = [max(of["peak"], 1) / MB for of in found]
    return Outcome(
        columns=["series", "seconds", "peak above the start, MB", "windows written out, MB"],
        rows=[list(row) for row in zip(numbers, seconds, peaks, written_out, strict=True)],
        figures={
            "slope of the seconds": slope(numbers, seconds),
            "slope of the peak": slope(numbers, peaks),
        },
        notes=[
            f"{WARM} Windows written out are n windows of w steps of 8 bytes each. The slopes of "
            f"straight lines through all points, both axes logarithmic: seconds "
            f"{slope(numbers, seconds):.2f}, peak {slope(numbers, peaks):.2f}; 1 is proportional."
        ],
    )


def n_windows(size):
    """Count the windows of one series, targets included."""
    return size["n_steps"] - size["window_length"] - size["horizon"] + 1


def plot(rows, path):
    """Draw memory and time against the number of series, and save the picture."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullLocator

    numbers, seconds, peaks, written_out = map(np.array, zip(*rows, strict=True))
    figure = Figure(figsize=(9, 4), layout="constrained")
    memory, time = figure.subplots(1, 2)
    memory.loglog(numbers, written_out, "k--", label="windows written out, n × w × 8 bytes")
    memory.loglog(numbers, peaks, "o-", label="peak of fit above the start")
    memory.set_ylabel("MB")
    time.loglog(numbers, seconds, "o-", label="fit")
    time.set_ylabel("seconds")
    for ax in (memory, time):
        ax.set_xlabel("series")
        ax.set_xticks(numbers, [f"{n:,}" for n in numbers])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.grid(alpha=0.3)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False)  # over no line
    figure.savefig(path, dpi=120)
