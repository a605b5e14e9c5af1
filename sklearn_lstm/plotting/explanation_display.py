"""What predictions rest on, as a heat map of lags and features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ._axes import new_axes, pyplot, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_TICKS = 12  # lags that are written along the axis


class ExplanationDisplay:
    """A heat map of lags and features, and a bar for each feature.

    Make one with :meth:`Explanation.plot`; the constructor only stores.

    Parameters
    ----------
    values : DataFrame of shape (n_timesteps, n_features)
        What the colours say, a row for each lag.

    by_feature : Series of length n_features
        What the bars say.

    label : str, default="importance"
        What both are, with their unit.

    is_signed : bool, default=False
        Whether values below zero mean the opposite, so that colours part at zero.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the heat map.

    bar_ax_ : matplotlib Axes or None
        Axes of the bars.

    figure_ : matplotlib Figure
        Figure of these axes.

    image_ : matplotlib artist
        The heat map.

    bars_ : matplotlib BarContainer or None
        The bars, in the order of the features.

    colorbar_ : matplotlib Colorbar
        What the colours mean.
    """

    ax_: Axes
    bar_ax_: Axes | None
    figure_: Any
    bars_: Any

    def __init__(
        self,
        *,
        values: pd.DataFrame,
        by_feature: pd.Series,
        label: str = "importance",
        is_signed: bool = False,
    ) -> None:
        self.values = values
        self.by_feature = by_feature
        self.label = label
        self.is_signed = is_signed

    def plot(self, ax: Any = None) -> ExplanationDisplay:
        """Draw on given or new axes.

        Parameters
        ----------
        ax : matplotlib Axes, or two of them, default=None
            Axes for the heat map, and for the bars; of one alone no bars. None makes a new figure.

        Returns
        -------
        display : ExplanationDisplay
            The display itself.
        """
        n_features = self.values.shape[1]
        if ax is None:
            height = 1.4 + 0.4 * max(n_features, 4)
            _, ax = pyplot().subplots(
                1, 2, figsize=(10, height), width_ratios=(3, 1), layout="constrained"
            )
        axes = [ax] if hasattr(ax, "get_xaxis_transform") else np.ravel(ax).tolist()
        if len(axes) > 2:
            raise ValueError(f"ax holds {len(axes)} axes: give one, two or None.")
        axes = [new_axes(one) for one in axes]
        self.ax_, self.bar_ax_ = axes[0], axes[1] if len(axes) == 2 else None
        self.figure_, self.bars_ = self.ax_.figure, None
        self._draw_map(self.ax_)
        if self.bar_ax_ is not None:
            self._draw_bars(self.bar_ax_)
        return self

    def _draw_map(self, ax):
        values = self.values.to_numpy().T
        largest = np.nanmax(np.abs(values), initial=0) or 1.0
        ax.set_facecolor("0.92")  # of what is not seen
        self.image_ = ax.imshow(
            np.ma.masked_invalid(values),
            aspect="auto",
            interpolation="nearest",
            cmap="RdBu_r" if self.is_signed else "Reds",
            vmin=-largest if self.is_signed else 0,
            vmax=largest,
        )
        lags, every = self.values.index, -(-len(self.values) // MOST_TICKS)
        last = int(np.flatnonzero(lags >= 0)[-1]) if (lags >= 0).any() else 0
        places = np.arange(len(lags))[last % every :: every]  # lag 0 among them
        ax.set_xticks(places, labels=[str(lags[place]) for place in places])
        ax.set_xlabel("lag, 0 is the last known row" + ("; to come from -1" * bool(lags.min() < 0)))
        ax.set_yticks(range(len(self.values.columns)), labels=list(self.values.columns))
        if lags.min() < 0:
            ax.axvline(last + 0.5, color="0.3", linestyle="--", linewidth=1)
        self.colorbar_ = self.figure_.colorbar(self.image_, ax=ax, label=self.label)

    def _draw_bars(self, ax):
        values = self.by_feature.to_numpy()
        colors = ["C0" if self.is_signed and value < 0 else "C3" for value in values]
        self.bars_ = ax.barh(range(len(values)), values, color=colors)
        ax.set_yticks(range(len(values)), labels=[])
        ax.set_ylim(len(values) - 0.5, -0.5)  # as in the heat map, so that rows lie side by side
        ax.axvline(0, color="0.4", linewidth=1)
        ax.set_xlabel("sum over lags" if self.is_signed else "all lags together")
        tidy(ax)
        ax.grid(axis="y", visible=False)
