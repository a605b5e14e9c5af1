"""Forecasters side by side, a bar each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ._axes import new_axes, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAIVE = ("persistence", "seasonal naive")
MEASURES = ("MASE", "RMSE", "MAE", "WQL", "MSIS")  # of which less is better
MOST_TIMES_THE_NAIVE = 4  # beyond which bars are cut, so that the others can be told apart


class ComparisonDisplay:
    """A bar for each forecaster, the best at the top, and a line at the best naive forecast.

    Make one with :meth:`ComparisonResult.plot`; the constructor only stores.

    Parameters
    ----------
    scores : DataFrame
        As :meth:`ComparisonResult.scores` returns it.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes drawn on.

    figure_ : matplotlib Figure
        Figure of these axes.

    bars_ : matplotlib BarContainer
        The bars, from top to bottom.
    """

    ax_: Axes
    figure_: Any

    def __init__(self, scores: pd.DataFrame) -> None:
        self.scores = scores

    def plot(self, ax: Axes | None = None, *, measure: str = "MASE") -> ComparisonDisplay:
        """Draw on given or new axes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        measure : {"MASE", "RMSE", "MAE", "WQL", "MSIS"}, default="MASE"
            How long the bars are. Who has none of it is left out.

        Returns
        -------
        display : ComparisonDisplay
            The display itself.
        """
        if measure not in MEASURES:
            raise ValueError(f"measure={measure!r} must be one of {', '.join(MEASURES)}.")
        scores = self.scores[measure].dropna().sort_values(kind="stable")
        if scores.empty:
            raise ValueError(
                f"measure={measure!r} is not known of any forecaster. Take another, such as 'RMSE'."
            )
        ax = new_axes(ax, size=(8, 1.2 + 0.38 * len(scores)))
        naive = scores[scores.index.isin(NAIVE)].min()
        end = scores.max() if naive != naive else min(scores.max(), MOST_TIMES_THE_NAIVE * naive)
        end = end or 1.0  # all may be without error
        colors = ["0.7" if name in NAIVE else "C0" for name in scores.index]
        colors[0] = "0.7" if scores.index[0] in NAIVE else "C3"
        self.bars_ = ax.barh(range(len(scores)), scores.clip(upper=1.05 * end), color=colors)
        ax.set_yticks(range(len(scores)), labels=[str(name) for name in scores.index])
        ax.invert_yaxis()
        for place, (name, value) in enumerate(scores.items()):
            ax.text(
                1.01, place, self._text(name, value), va="center", fontsize="small",
                transform=ax.get_yaxis_transform(),
            )  # fmt: skip
        if naive == naive:
            ax.axvline(naive, color="0.4", linestyle="--", linewidth=1, zorder=0)
        ax.set_xlim(0, 1.05 * end)
        ax.set_xlabel(measure + (", the better naive forecast dashed" if naive == naive else ""))
        tidy(ax)
        ax.grid(axis="y", visible=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _text(self, name, value):
        coverage = self.scores["coverage"].get(name) if "coverage" in self.scores else None
        text = f"{value:.3g}"
        if coverage is not None and coverage == coverage:
            text += f"   {100 * coverage:.0f} % covered"
        return text
