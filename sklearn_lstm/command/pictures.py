"""Forecasts of a table as a picture, several series as small multiples."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..plotting.forecast_display import ForecastDisplay

MOST_DRAWN, N_COLUMNS = 9, 3


def draw_forecasts(
    rows: pd.DataFrame, pasts: list[pd.Series], *, coverage: float | None, n_past: int
) -> tuple[Any, list]:
    """Draw forecasts, each after the past of its series.

    Parameters
    ----------
    rows : DataFrame
        Columns ``forecast`` and, with a coverage, ``lower`` and ``upper``; on an index of times, or
        of series and times.

    pasts : list of Series
        What is known, on such an index; a series is in one of them.

    coverage : float or None
        Share of the values that intervals are to cover.

    n_past : int
        Steps of the past to draw.

    Returns
    -------
    figure : matplotlib Figure

    drawn : list
        Names of the series in it, the first nine; empty where there is one without a name.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    is_panel = isinstance(rows.index, pd.MultiIndex)
    drawn = list(rows.index.unique(0)[:MOST_DRAWN]) if is_panel else []
    n_columns = min(N_COLUMNS, max(1, len(drawn)))
    n_rows = -(-max(1, len(drawn)) // n_columns)
    size = (9, 4) if len(drawn) < 2 else (4.5 * n_columns, 2.8 * n_rows)
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for place, ax in enumerate(axes):
        if place >= max(1, len(drawn)):
            ax.set_axis_off()
            continue
        one, past = rows, pasts[0]
        if is_panel:
            one = rows.xs(drawn[place])
            past = next(past for past in pasts if drawn[place] in past.index.unique(0))
            past = past.xs(drawn[place])
        _draw(one, past[-n_past:], ax, coverage, f"{past.name}", title=drawn[place : place + 1])
        if place and ax.get_legend() is not None:
            ax.get_legend().remove()  # one says it for all
    return figure, drawn


def _draw(rows, past, ax, coverage, unit, title):
    parts = {name: rows[name] for name in ("lower", "upper") if name in rows}
    display = ForecastDisplay(y_pred=rows["forecast"], past=past, coverage=coverage, **parts)
    display.plot(ax, unit=unit)
    if title:
        ax.set_title(str(title[0]), loc="left", fontsize="medium")
