"""Axes to draw on, matplotlib imported late."""


def pyplot():
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Pictures need matplotlib. Install it with: pip install 'sklearn-lstm[plot]'"
        ) from error
    return plt


def new_axes(ax):
    if ax is not None:
        return ax
    _, ax = pyplot().subplots(figsize=(9, 4), layout="constrained")
    return ax


def tidy(ax):
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", alpha=0.3)
