"""What a fitted forecaster says of itself: what was chosen, and why."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._atomic import on_snapshot
from .held_out import told_of_held_out

MOST_NAMED = 5  # columns
INTERVALS = {
    "conformal": "errors on rows held back (conformal)",
    "cqr": "quantiles of a network, corrected by their errors on rows held back (cqr)",
}


class _ReprOfFitted:
    """``__repr__``: the call that makes such a forecaster, and as comments what a fit chose.

    Of the class it is scikit-learn's own, by which its printer knows what it can break into lines:
    so a search or a pipeline around a forecaster is printed as ever.
    """

    def __get__(self, forecaster: Any, owner: Any = None) -> Any:
        if forecaster is None:
            return BaseEstimator.__repr__
        return lambda *args, **options: _described(forecaster, *args, **options)


@on_snapshot
def _described(forecaster, *args, **options):
    call = BaseEstimator.__repr__(forecaster, *args, **options)
    if not forecaster.__sklearn_is_fitted__():
        return call
    return "\n# ".join([call, *_chosen(forecaster), *_members(forecaster)])


class DescriptionMixin:
    """What is printed and shown of a :class:`LSTMForecaster`."""

    __repr__ = _ReprOfFitted()  # type: ignore[assignment]

    @on_snapshot
    def summary(self) -> str:
        """Say what was chosen and why, and how good forecasts of rows held back have been.

        Returns
        -------
        text : str
            Lines to print: what is forecast, the season, whether logarithms, what intervals go by,
            the members with their weights, and the mean absolute error of forecasts of rows that
            were held back, beside the better naive forecast. These rows were learned from by
            nothing that forecasts them; what is ``"auto"`` was chosen from all rows, so that a
            :func:`backtest` is the stricter judge.

        Examples
        --------
        >>> from sklearn.linear_model import Ridge
        >>> from sklearn_lstm import LSTMForecaster
        >>> from sklearn_lstm.datasets import load_seattle_weather
        >>> y = load_seattle_weather()["temp_max"]
        >>> print(LSTMForecaster(Ridge(), horizon=3).fit(y).summary())
        3 steps of 'temp_max' from 1461 rows, one each 'D'
        season: 7 steps
        log: no, not all values are positive
        intervals: errors on rows held back (conformal)
        <BLANKLINE>
        ...weight regressor  window_length normalize columns ...
        member...
        Ridge      1.0     Ridge             15      last   joint ...
        <BLANKLINE>
        On rows held back: mean absolute error ... over 289 forecasts of 3 steps, ...
        """
        check_is_fitted(self)
        table = _table(self).to_string()
        lines = "\n".join(_chosen(self))
        return f"{lines}\n\n{table}\n\n{told_of_held_out(self._core)}"  # type: ignore[attr-defined]

    @property
    def _repr_html_(self):
        # An AttributeError where scikit-learn is set to show text.
        drawn = super()._repr_html_  # type: ignore[misc]
        return lambda: drawn() + _as_html(self)

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options)  # type: ignore[misc]
        if "text/html" in bundle:
            bundle["text/html"] += _as_html(self)
        return bundle


def _chosen(forecaster):
    """Return lines that say what is forecast, and what all members have in common."""
    core, panel = forecaster._core, forecaster._panel
    among = f" of {len(panel)} series" if len(panel) > 1 else ""
    step = f", one each {panel.freq!r}" if isinstance(panel.freq, str) else ""
    columns = _columns(panel.layout)
    steps = "a step" if core.horizon == 1 else f"{core.horizon} steps"
    season = {None: "not looked for", 1: "none"}.get(
        core.season_length_, f"{core.season_length_} steps"
    )
    has_intervals = core.errors_ is not None
    return [
        f"{steps} of {columns} from {len(panel.y)} rows{among}{step}",
        f"season: {season}",
        ", ".join(filter(None, [f"log: {'yes' if core.log_ else 'no'}", core.log_reason_])),
        f"intervals: {INTERVALS[core.interval_method] if has_intervals else 'none'}",
    ]


def _columns(layout):
    """Return what is forecast: the names of a few columns, the number of many."""
    if len(layout.columns) > MOST_NAMED:
        return f"{len(layout.columns)} columns"
    names = layout.columns if layout.is_pandas else [None]
    return ", ".join("y" if name is None else repr(name) for name in names)


def _members(forecaster):
    """Return a line for each member."""
    return [
        f"{row.weight:.0%} {name}, window of {row.window_length} ({row.why})"
        for name, row in forecaster.members_.iterrows()
    ]


def _table(forecaster):
    """Return what is told of members, errors only where several were compared."""
    table = forecaster.members_
    return table.dropna(axis=1, how="all").round({"weight": 2, "error": 2})


@on_snapshot
def _as_html(forecaster):
    if not forecaster.__sklearn_is_fitted__():
        return ""
    lines = [*_chosen(forecaster), told_of_held_out(forecaster._core)]
    text = "<br>".join(escape(line) for line in lines)
    with pd.option_context("display.max_colwidth", None):
        table = _table(forecaster).to_html()
    return f'<div class="sklearn-lstm-summary"><p>{text}</p>{table}</div>'
