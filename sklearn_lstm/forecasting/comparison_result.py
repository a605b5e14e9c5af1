"""Forecasters side by side, scored on the same rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .backtest_result import BacktestResult
from .left_out import remark_on_left_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..plotting.comparison_display import ComparisonDisplay

MEASURES = ["MASE", "RMSE", "MAE", "skill", "WQL", "coverage", "MSIS"]
MEASURES_SHOWN = ["MASE", "RMSE", "skill", "WQL", "coverage", "seconds"]


@dataclass(frozen=True, repr=False)
class ComparisonResult:
    """What came of several forecasters on the same origins.

    Attributes
    ----------
    results : dict
        For each forecaster that did not fail its :class:`BacktestResult`, on the rows that all of
        them have.

    seconds : dict
        How long each took, the failing ones, too.

    errors : dict
        For each that failed, the error.

    notes : list of str
        What else is to be said: what was left out, and who has no intervals.

    n_forecast : int
        How many values the naive forecasts have; those that others lack are scored for none.
    """

    results: dict[str, BacktestResult]
    seconds: dict[str, float]
    errors: dict[str, Exception] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    n_forecast: int = 0

    def scores(self, by: str | None = None) -> pd.DataFrame:
        """Measure the forecasters.

        Parameters
        ----------
        by : {"step", "series", "origin"}, default=None
            What to measure apart; None: everything together.

        Returns
        -------
        scores : DataFrame
            A row for each forecaster, best MASE first (RMSE, where no series has a unit for the
            MASE), those that failed at the end. The columns ``MASE``, ``RMSE``, ``MAE``, ``skill``,
            ``WQL``, ``coverage``, ``MSIS``, as in :meth:`BacktestResult.scores`, and ``seconds``;
            ``n``, how many values were scored, is the same for all. With ``by`` a row for each
            forecaster and value of that, in the same order, without ``seconds``.
        """
        order = self._order()
        if by is not None:
            parts = {
                name: self.results[name].scores(by).xs("forecast", level="forecast")
                for name in order
                if name in self.results
            }
            scores = pd.concat(parts, names=["forecaster"])
            return scores.reindex(columns=[*MEASURES, "n"])
        scores = pd.DataFrame({name: self._whole(name) for name in order}).T
        scores = scores.reindex(columns=[*MEASURES, "n"])
        scores.insert(len(MEASURES), "seconds", [self.seconds[name] for name in order])
        return scores.rename_axis(index="forecaster")

    def _whole(self, name):
        if name not in self.results:
            return pd.Series({"n": 0}, dtype=float)
        return self.results[name].scores().loc["forecast"]

    def _order(self):
        """Return the names, the best first."""
        scores = pd.DataFrame({name: self._whole(name) for name in self.results}).T
        by = "RMSE" if scores["MASE"].isna().all() else "MASE"
        return [*scores[by].sort_values(kind="stable").index, *self.errors]

    def plot(self, *, measure: str = "MASE", ax: Axes | None = None) -> ComparisonDisplay:
        """Draw a bar for each forecaster, the best at the top.

        Parameters
        ----------
        measure : {"MASE", "RMSE", "MAE", "WQL", "MSIS"}, default="MASE"
            How long the bars are. Where the MASE has no unit, take the RMSE.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        Returns
        -------
        display : ComparisonDisplay
            The drawn display.
        """
        from ..plotting.comparison_display import ComparisonDisplay

        return ComparisonDisplay(self.scores()).plot(ax, measure=measure)

    @property
    def left_out(self):
        """dict of str : For each series that is scored for none, whose forecast lacks, and why."""
        reasons: dict = {}
        for name, result in self.results.items():
            for series, why in result.left_out.items():
                reasons.setdefault(series, f"{name}: {why}")
        return reasons

    @property
    def remarks(self):
        """list of str : The notes, and a line for each forecaster that failed."""
        n_scored = len(next(iter(self.results.values())).predictions)
        remarks = [*self.notes]
        if n_scored < self.n_forecast:
            remarks.append(
                f"Scored are the {n_scored} of {self.n_forecast} values that all have forecast."
            )
        reasons = self.left_out
        if reasons:
            n_series = len(next(iter(self.results.values())).naive_errors)
            remarks.append(remark_on_left_out(reasons, n_series))
        for name, error in self.errors.items():
            said = " ".join([str(error), *getattr(error, "__notes__", [])])
            remarks.append(f"{name} failed: {type(error).__name__}: {said}")
        return remarks

    def __repr__(self):
        first = next(iter(self.results.values()))
        season = f"season of {first.season_length}" if first.season_length > 1 else "no season"
        scores = self.scores()[MEASURES_SHOWN].dropna(axis=1, how="all")
        table = scores.astype(float).round(3).to_string(na_rep="", index_names=False)
        title = (
            f"Comparison of {len(self.seconds)} forecasters, {first.n_windows} forecasts of "
            f"{first.horizon} steps, {season}"
        )
        return "\n".join([title, table, *self.remarks])


def on_common_rows(reference, results, errors):
    """Keep the rows for which all have a forecast; who shares none with the others has failed.

    Parameters
    ----------
    reference : BacktestResult
        A naive forecast, which says what rows there are and on what unit errors are.

    results : dict of BacktestResult

    errors : dict
        Who shares no row is put there.

    Returns
    -------
    results : dict of BacktestResult
    """
    numbers = {name: number for number, name in enumerate(reference.naive_errors)}
    common = _scored(reference, numbers)
    kept = []
    for name, result in results.items():
        shared = common[common.isin(_scored(result, numbers))]
        if len(shared) or not len(common):
            common = shared
            kept.append(name)
        else:
            errors[name] = ValueError("It has no forecast for the origins and steps of the others.")
    same = {
        name: getattr(reference, name)
        for name in ("naive_errors", "horizon", "stride", "n_windows", "season_length")
    }
    of_kept = {}
    for name in kept:
        rows = results[name].predictions
        rows = rows[_index(rows, numbers).isin(common)].reset_index(drop=True)
        of_kept[name] = replace(results[name], predictions=rows, **same)
    return of_kept


def _scored(result, numbers):
    """Return the index of the rows that have a truth and a forecast."""
    rows = result.predictions
    return _index(rows, numbers)[np.isfinite(rows[["y", "y_pred"]].to_numpy()).all(axis=1)]


def _index(rows, numbers):
    """Return what tells forecasts apart: series, origin and step."""
    codes, names = pd.factorize(rows["series"].to_numpy(dtype=object))
    series = np.array([numbers[name] for name in names], dtype=np.intp)[codes]
    return pd.MultiIndex.from_arrays([series, rows["origin"], rows["step"]])
