"""Axes to draw on, matplotlib imported late."""


def pyplot():
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Pictures need matplotlib. Install it with: pip install 'sklearn-lstm[plot]'"
        ) from error
    return plt


def new_axes(ax, size=(9, 4)):
    """Return what to draw on: the given Axes, which matplotlib's subplots may give many of."""
    if ax is not None:
        if not hasattr(ax, "get_xaxis_transform"):
            raise TypeError(
                f"ax={ax!r} is no matplotlib Axes. Give one, such as plt.gca(), or None; of "
                "several subplots, one of them (axes[0])."
            )
        return ax
    _, ax = pyplot().subplots(figsize=size, layout="constrained")
    return ax


def tidy(ax):
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", alpha=0.3)
