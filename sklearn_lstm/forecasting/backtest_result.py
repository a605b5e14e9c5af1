"""Forecasts of the past beside what came true, measured and drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn import config_context

from .left_out import remark_on_left_out, remark_on_unforecast
from .rolling_origin import NAIVE
from .scoring import interval_scores, point_scores, quantile_scores, skill_score

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..plotting.forecast_display import ForecastDisplay

MEASURES_SHOWN = ["RMSE", "MAE", "MASE", "skill", "WQL", "coverage", "MSIS", "n"]  # 80 columns


@dataclass(frozen=True, repr=False)
class BacktestResult:
    """Forecasts of the past beside what came true.

    Attributes
    ----------
    predictions : DataFrame
        A row for each series, origin and step, in that order, with the columns ``series``,
        ``origin`` (the last timestamp known), ``step`` (1 is the next), ``timestamp``, ``y``,
        ``y_pred``, ``lower`` and ``upper`` (if a coverage was asked for), ``persistence`` and
        ``seasonal naive``.

    horizon, stride, n_windows : int
        Steps of each forecast, distance between origins, number of origins.

    season_length : int
        Rows in the season that the seasonal naive forecast repeats; 1 if there is none.

    naive_errors : dict
        For each series, the mean absolute change from one season to the next before the first
        origin: the unit of the MASE.

    coverage : float or None
        Share of the values that intervals were to cover.

    quantiles : list of float or None
        Levels of the quantiles, which are the names of their columns in ``predictions``.

    left_out : dict of str
        For each series of ``y`` of which no value is scored, the reason.

    notes : list of str
        What else is to be said of how the series were judged.
    """

    predictions: pd.DataFrame
    horizon: int
    stride: int
    n_windows: int
    season_length: int
    naive_errors: dict
    coverage: float | None = None
    quantiles: list | None = None
    left_out: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)

    @property
    def remarks(self):
        """list of str : What the scores alone don't tell: who is left out, the notes."""
        left_out = (
            [remark_on_left_out(self.left_out, len(self.naive_errors))] if self.left_out else []
        )
        return [*left_out, *remark_on_unforecast(self.predictions), *self.notes]

    def scores(self, by: str | None = None) -> pd.DataFrame:
        """Measure the forecasts and, beside them, the naive ones.

        Parameters
        ----------
        by : {"step", "series", "origin"}, default=None
            What to measure apart; None: everything together.

        Returns
        -------
        scores : DataFrame
            A row for each forecast: ``forecast``, ``persistence``, ``seasonal naive``. The columns:

            - ``RMSE``, ``MAE`` in the unit of the series;
            - ``sMAPE`` in percent, ``200 * |y - f| / (|y| + |f|)`` [1]_;
            - ``MASE``, the absolute error over that of repeating the season before the first origin
              [2]_;
            - ``R2``;
            - ``skill``, one minus the RMSE over that of the better naive forecast: above 0, the
              forecast is worth something;
            - ``pinball``, the quantile loss, mean over the levels ``q`` and the values: ``q * (y -
              f)`` where the quantile ``f`` lies below the truth, ``(1 - q) * (f - y)`` above, as
              :func:`sklearn.metrics.mean_pinball_loss`. The levels are the ``quantiles``, without
              any those of the bounds, ``(1 - coverage) / 2`` and ``(1 + coverage) / 2``;
            - ``WQL``, twice the sum of that loss over the sum of ``|y|``, mean over the levels
              [3]_;
            - ``coverage``, ``width`` of the interval: the share of the values within it, and the
              distance of the bounds;
            - ``MSIS``, the width, and ``2 / (1 - coverage)`` times as much as values lie outside,
              over the unit of the MASE [1]_;
            - ``n``, how many values were scored: those that have a truth and a forecast.

            Quantiles and intervals are those of the forecast, if it has any; naive ones have none.
            Lower is better, but for ``R2``, ``skill`` and ``coverage``.

        References
        ----------
        .. [1] S. Makridakis, E. Spiliotis, V. Assimakopoulos, "The M4 competition: 100,000 time
           series and 61 forecasting methods", International Journal of Forecasting 36(1), 2020.
        .. [2] R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy",
           International Journal of Forecasting 22(4), 2006.
        .. [3] Y. Park, D. Maddix, F.-X. Aubet, K. Kan, J. Gasthaus, Y. Wang, "Learning quantile
           functions without quantile crossing for distribution-free time series forecasting",
           AISTATS 2022.
        """
        if by is None:
            return self._measure([np.arange(len(self.predictions))])
        if by not in ("step", "series", "origin"):
            raise ValueError(f"by={by!r} must be 'step', 'series', 'origin' or None.")
        codes, keys = pd.factorize(self.predictions[by], sort=by != "series")
        order = np.argsort(codes, kind="stable")
        groups = np.split(order, np.cumsum(np.bincount(codes, minlength=len(keys)))[:-1])
        scores = self._measure(groups)
        labels = pd.Index(keys, tupleize_cols=False).repeat(1 + len(NAIVE))
        scores = scores[: len(labels)]  # none, where nothing was forecast
        scores.index = pd.MultiIndex.from_arrays([labels, scores.index], names=[by, "forecast"])
        return scores

    def _measure(self, groups):
        """Score the forecasts on groups of rows, of which those count that have all values."""
        rows = self.predictions
        y, forecasts = rows["y"].to_numpy(), rows[["y_pred", *NAIVE]].to_numpy()
        codes, names = pd.factorize(rows["series"].to_numpy())
        units = np.array([self.naive_errors[name] for name in names], dtype=float)[codes]
        bounds = None if self.coverage is None else rows[["lower", "upper"]].to_numpy()
        levels, quantiles = self._levels()
        is_scored = np.isfinite(y) & np.isfinite(forecasts).all(axis=1)
        table = []
        with config_context(assume_finite=True, skip_parameter_validation=True):
            for group in groups:
                chosen = group[is_scored[group]]
                scores = [point_scores(y[chosen], of[chosen], units[chosen]) for of in forecasts.T]
                naive = min(of_naive["RMSE"] for of_naive in scores[1:])
                for of_forecast in scores:
                    of_forecast["skill"] = skill_score(of_forecast["RMSE"], naive)
                if levels:
                    scores[0] |= quantile_scores(y[chosen], quantiles[chosen], levels)
                if bounds is not None:
                    lower, upper = bounds[chosen].T
                    scores[0] |= interval_scores(
                        y[chosen], lower, upper, units[chosen], self.coverage
                    )
                table += [{**of_forecast, "n": len(chosen)} for of_forecast in scores]
        names = ["forecast", *NAIVE] * len(groups)
        scores = pd.DataFrame(table, index=pd.Index(names, name="forecast"))
        return scores[[*scores.columns.drop("n"), "n"]]

    def _levels(self):
        """Return the levels that are scored, and the quantiles, (n_rows, n_levels)."""
        levels, columns = self.quantiles, self.quantiles
        if not levels and self.coverage is not None:
            levels, columns = [(1 - self.coverage) / 2, (1 + self.coverage) / 2], ["lower", "upper"]
        return levels, self.predictions[columns].to_numpy() if levels else None

    def plot(
        self,
        *,
        series: Any = None,
        step: int | None = None,
        ax: Axes | None = None,
        unit: str | None = None,
    ) -> ForecastDisplay:
        """Draw the forecasts of one series over what came true.

        Parameters
        ----------
        series : label, default=None
            Which one; None for the first.

        step : int, default=None
            Draw only the forecasts so many steps ahead. None: all, where forecasts do not overlap,
            otherwise those one step ahead.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        unit : str, default=None
            Label of the vertical axis; None for the name of the series.

        Returns
        -------
        display : ForecastDisplay
            The drawn display.
        """
        from ..plotting.forecast_display import ForecastDisplay

        rows = self.predictions
        if rows.empty:
            raise ValueError("There is no forecast to draw: left_out says why of each series.")
        series = rows["series"].iloc[0] if series is None else series
        rows = rows[[name == series for name in rows["series"]]]
        if rows.empty:
            raise ValueError(
                f"series={series!r} is none of {self.predictions['series'].unique().tolist()}."
            )
        if step is None and self.stride < self.horizon:
            step = 1
        if step is not None:
            rows = rows[rows["step"] == step]
        if rows.empty:
            raise ValueError(f"step={step!r} was not forecast: the steps are 1 to {self.horizon}.")
        if self.stride > self.horizon:
            rows = _with_gaps(rows)
        rows = rows.set_index("timestamp")
        has_bounds = "lower" in rows
        return ForecastDisplay.from_predictions(
            rows["y"].rename(series if isinstance(series, str) else f"series {series}"),
            rows["y_pred"],
            lower=rows["lower"] if has_bounds else None,
            upper=rows["upper"] if has_bounds else None,
            coverage=self.coverage,
            ax=ax,
            label="forecast" if step is None else f"forecast, {step} ahead",
            unit=unit,
        )

    def __repr__(self):
        season = f"season of {self.season_length}" if self.season_length > 1 else "no season"
        scores = self.scores()
        shown = [name for name in MEASURES_SHOWN if name in scores]
        title = f"Backtest of {self.n_windows} windows, {self.horizon} steps each, {season}"
        return "\n".join([title, scores[shown].round(3).to_string(), *self.remarks])


def _with_gaps(rows):
    """Put a missing value after each forecast, so that no line runs on to the next one."""
    values = ["y", "y_pred", "lower", "upper"]
    ends = rows.groupby("origin").tail(1).copy()
    ends[[name for name in values if name in ends]] = np.nan
    return pd.concat([rows, ends]).sort_values(["origin", "step"], kind="stable")
