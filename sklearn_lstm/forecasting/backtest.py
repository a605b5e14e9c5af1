"""How good forecasts would have been: a rolling origin, beside the obvious baselines."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import ceil, inf
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import clone
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.utils.parallel import Parallel, delayed
from tqdm.auto import tqdm

from .._checks import check_share
from ..windows.time_index import joined_ranges
from .baselines import (
    infer_season_length,
    last_values,
    persistence,
    seasonal_errors,
    seasonal_naive,
)
from .defaults import looked_at
from .forecaster import LSTMForecaster
from .panel_forecaster import PanelForecaster
from .read_panel import read_panel
from .time_series import check_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..plotting.forecast_display import ForecastDisplay

NAIVE = ["persistence", "seasonal naive"]
SHARE_BACKTESTED = 0.2  # of the rows, where only a stride is given


@dataclass(frozen=True, repr=False)
class BacktestResult:
    """Forecasts of the past beside what came true.

    Attributes
    ----------
    predictions : DataFrame
        A row for each series, origin and step, with the columns ``series``, ``origin`` (the last
        timestamp known), ``step`` (1 is the next), ``timestamp``, ``y``, ``y_pred``, ``lower`` and
        ``upper`` (if a coverage was asked for), ``persistence`` and ``seasonal naive``.

    horizon, stride, n_windows : int
        Steps of each forecast, distance between origins, number of origins.

    season_length : int
        Rows in the season that the seasonal naive forecast repeats; 1 if there is none.

    naive_errors : dict
        For each series, the mean absolute change from one season to the next before the first
        origin: the unit of the MASE.

    coverage : float or None
        Share of the values that intervals were to cover.
    """

    predictions: pd.DataFrame
    horizon: int
    stride: int
    n_windows: int
    season_length: int
    naive_errors: dict
    coverage: float | None = None

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
            - ``coverage``, ``width`` of the interval, if there is one;
            - ``n``, how many values were scored: those that have a truth and a forecast.

        References
        ----------
        .. [1] S. Makridakis, E. Spiliotis, V. Assimakopoulos, "The M4 competition: 100,000 time
           series and 61 forecasting methods", International Journal of Forecasting 36(1), 2020.
        .. [2] R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy",
           International Journal of Forecasting 22(4), 2006.
        """
        if by is None:
            return self._measure([np.arange(len(self.predictions))])
        if by not in ("step", "series", "origin"):
            raise ValueError(f"by={by!r} must be 'step', 'series', 'origin' or None.")
        codes, keys = pd.factorize(self.predictions[by], sort=by != "series")
        order = np.argsort(codes, kind="stable")
        groups = np.split(order, np.cumsum(np.bincount(codes, minlength=len(keys)))[:-1])
        scores = self._measure(groups)
        labels = pd.Index(keys, tupleize_cols=False).repeat(len(scores) // len(keys))
        scores.index = pd.MultiIndex.from_arrays([labels, scores.index], names=[by, "forecast"])
        return scores

    def _measure(self, groups):
        """Score the forecasts on groups of rows, of which those count that have all values."""
        rows = self.predictions
        y, forecasts = rows["y"].to_numpy(), rows[["y_pred", *NAIVE]].to_numpy()
        codes, names = pd.factorize(rows["series"].to_numpy())
        units = np.array([self.naive_errors[name] for name in names], dtype=float)[codes]
        bounds = rows[["lower", "upper"]].to_numpy() if "lower" in rows else None
        is_scored = np.isfinite(y) & np.isfinite(forecasts).all(axis=1)
        table = []
        with config_context(assume_finite=True, skip_parameter_validation=True):
            for group in groups:
                chosen = group[is_scored[group]]
                scores = [_errors(y[chosen], of[chosen], units[chosen]) for of in forecasts.T]
                naive = min(of_naive["RMSE"] for of_naive in scores[1:])
                for of_forecast in scores:
                    of_forecast["skill"] = _skill(of_forecast["RMSE"], naive)
                if bounds is not None:
                    scores[0] |= _interval_scores(y[chosen], *bounds[chosen].T)
                table += [{**of_forecast, "n": len(chosen)} for of_forecast in scores]
        names = ["forecast", *NAIVE] * len(groups)
        scores = pd.DataFrame(table, index=pd.Index(names, name="forecast"))
        return scores[[*scores.columns.drop("n"), "n"]]

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
            raise ValueError(f"step={step} was not forecast: the steps are 1 to {self.horizon}.")
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
        return (
            f"Backtest of {self.n_windows} windows, {self.horizon} steps each, {season}\n"
            f"{self.scores().round(3)}"
        )


def _with_gaps(rows):
    """Put a missing value after each forecast, so that no line runs on to the next one."""
    values = ["y", "y_pred", "lower", "upper"]
    ends = rows.groupby("origin").tail(1).copy()
    ends[[name for name in values if name in ends]] = np.nan
    return pd.concat([rows, ends]).sort_values(["origin", "step"], kind="stable")


def _errors(y, forecast, unit):
    if not len(y):
        return dict.fromkeys(["RMSE", "MAE", "sMAPE", "MASE", "R2"], np.nan)
    error, size = np.abs(y - forecast), np.abs(y) + np.abs(forecast)
    scaled = error[unit > 0] / unit[unit > 0]
    return {
        "RMSE": root_mean_squared_error(y, forecast),
        "MAE": mean_absolute_error(y, forecast),
        "sMAPE": 200 * np.divide(error, size, out=np.zeros_like(error), where=size > 0).mean(),
        "MASE": scaled.mean() if len(scaled) else np.nan,
        "R2": r2_score(y, forecast) if len(y) > 1 else np.nan,
    }


def _interval_scores(y, lower, upper):
    if not len(y):
        return {"coverage": np.nan, "width": np.nan}
    return {"coverage": ((lower <= y) & (y <= upper)).mean(), "width": (upper - lower).mean()}


def _skill(error, naive):
    """1 - error / naive error; nothing is better than a naive forecast without error."""
    if naive == 0:
        return 0.0 if error == 0 else -inf
    return 1 - error / naive


def backtest(
    forecaster: LSTMForecaster,
    y: Any,
    X: Any = None,
    *,
    horizon: int | None = None,
    n_windows: int | None = None,
    stride: int | None = None,
    refit: bool | int = True,
    coverage: float | None = None,
    season_length: int | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> BacktestResult:
    """Forecast the past from a rolling origin, and measure how good that would have been.

    At each origin the forecaster knows the rows until then and nothing later, but for the
    covariates known ahead. The last forecast ends with the data.

    Parameters
    ----------
    forecaster : LSTMForecaster
        What is to be judged. It is cloned, not changed.

    y : {array-like, Series, DataFrame}
        As for :meth:`LSTMForecaster.fit`.

    X : {array-like, Series, DataFrame}, default=None
        As for :meth:`LSTMForecaster.fit`. Covariates known ahead are taken as they came true, which
        flatters a forecast that will have to do with a forecast of them.

    horizon : int, default=None
        Steps of each forecast; None for that of the forecaster.

    n_windows : int, default=None
        Number of origins. None: 5, or with ``stride`` as many as the last fifth of the rows has
        room for.

    stride : int, default=None
        Rows between origins; None for ``horizon``, so that forecasts don't overlap.

    refit : bool or int, default=True
        Whether to fit anew at each origin, or, with a number, at every so-many-th of them. False:
        once, at the first, and one pass over the data forecasts from all origins.

    coverage : float, default=None
        Share of the values that intervals are to cover; None for no intervals.

    season_length : int, default=None
        Rows in a season, for the seasonal naive forecast and the MASE; None infers it from the
        rows before the first origin.

    n_jobs : int, default=None
        Fits that run at the same time, see :class:`joblib.Parallel`.

    verbose : int, default=0
        If positive, show a progress bar.

    Returns
    -------
    result : BacktestResult
        With ``predictions``, ``scores()`` and ``plot()``.

    Raises
    ------
    ValueError
        If the rows before the first origin are too few.

    Warns
    -----
    UserWarning
        If the forecast is no better than a naive one.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_lstm import LSTMForecaster, backtest
    >>> from sklearn_lstm.datasets import load_seattle_weather
    >>> y = load_seattle_weather()["temp_max"]
    >>> forecaster = LSTMForecaster(Ridge(), window_length=14, horizon=7)
    >>> result = backtest(forecaster, y, n_windows=26, refit=False)
    >>> result.scores()[["RMSE", "MAE", "skill"]].round(2)
                    RMSE   MAE  skill
    forecast
    forecast        3.57  2.94   0.15
    persistence     4.19  3.31   0.00
    seasonal naive  4.83  3.82  -0.15
    """
    _check_forecaster(forecaster, horizon, coverage)
    panel = read_panel(y, X, fills_holes=forecaster.missing != "error")
    forecaster = clone(forecaster).set_params(
        interval_method=None if coverage is None else "conformal"
    )
    check_values(panel, forecaster.missing, forecaster.log != "auto" and forecaster.log)
    horizon = _whole_number(horizon, "horizon", forecaster.horizon)
    stride = _whole_number(stride, "stride", None)
    n_windows = _whole_number(n_windows, "n_windows", 5 if stride is None else None)
    stride = stride or horizon
    core = PanelForecaster(**forecaster.get_params(deep=False))
    first_seen = _first_seen(panel)
    n_known = _origins(panel, first_seen, horizon, n_windows, stride, core)
    n_windows = n_known.shape[1]
    before = panel.until(n_known[:, 0])
    season_length = _season_length(season_length, before)
    n_per_fit = n_windows if refit is False else 1 if refit is True else refit
    begins = range(0, n_windows, _whole_number(n_per_fit, "refit", None))
    chunks = (n_known[:, begin : begin + begins.step] for begin in begins)
    jobs = (
        delayed(_run)(forecaster, needed, horizon, coverage, season_length)
        for needed in (_needed(panel, first_seen, chunk, horizon, core) for chunk in chunks)
    )
    parts = Parallel(n_jobs=n_jobs, return_as="generator" if verbose else "list")(jobs)
    progress = tqdm(parts, total=len(begins), desc="backtest", disable=not verbose)
    predictions = pd.concat(progress, ignore_index=True)
    result = BacktestResult(
        predictions=predictions,
        horizon=horizon,
        stride=stride,
        n_windows=n_windows,
        season_length=season_length,
        naive_errors=_naive_errors(before, season_length),
        coverage=coverage,
    )
    _warn_if_useless(result)
    return result


def _check_forecaster(forecaster, horizon, coverage):
    if not isinstance(forecaster, LSTMForecaster):
        raise TypeError(
            f"forecaster is a {type(forecaster).__name__}, not an LSTMForecaster. Put a regressor "
            "into one: LSTMForecaster(Ridge())."
        )
    if coverage is None:
        return
    check_share(coverage, "coverage")
    if horizon is not None and horizon > forecaster.horizon:
        raise ValueError(
            f"Intervals reach {forecaster.horizon} steps ahead, the horizon of the forecaster, not "
            f"horizon={horizon}. Set the forecaster's horizon to {horizon}, or coverage=None."
        )


def _whole_number(value, name, default):
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name}={value!r} must be a whole number of at least 1.")
    return int(value)


def _origins(panel, first_seen, horizon, n_windows, stride, core):
    """Return how many rows of each series are known at each origin, (n_series, n_windows)."""
    times, _ = panel.calendars.distinct_times()
    if n_windows is None:
        n_windows = max(1, 1 + (int(SHARE_BACKTESTED * len(times)) - horizon) // stride)
    places = len(times) - horizon - stride * np.arange(n_windows)[::-1]
    room = (len(times) - horizon - core.n_needed) // stride + 1
    if n_windows > room:
        raise ValueError(
            f"n_windows={n_windows} of {horizon} steps, {stride} apart, leave too little of "
            f"{len(times)} rows before the first: the forecaster needs {core.n_needed}. "
            + (f"Lower n_windows to {room} or less." if room > 0 else "Give more rows.")
        )
    n_known = panel.calendars.n_known(times[places - 1])
    if not _can_learn(first_seen, n_known[:, 0], core).any():
        raise ValueError(
            f"No series has the {core.n_needed} rows that the forecaster needs before the "
            f"first of n_windows={n_windows} origins. Lower n_windows."
        )
    return n_known


def _season_length(season_length, before):
    known = before.keep(_first_seen(before) < before.lengths)
    season_length = _whole_number(season_length, "season_length", None)
    if season_length is None:
        return infer_season_length(looked_at(known), before.freq)
    longest = known.lengths.max()
    if season_length > longest:
        raise ValueError(
            f"season_length={season_length} is longer than the {longest} rows before the first "
            "origin. Lower it, or n_windows."
        )
    return season_length


def _needed(panel, first_seen, n_known, horizon, core):
    """Return the series and rows that a fit at the first origin and all forecasts need.

    Returns
    -------
    panel : Panel
        The series that can be learned from, until the last step that is forecast.

    n_known : ndarray of shape (n_series, n_origins)
        How many of their rows are known at each origin.
    """
    can_learn = _can_learn(first_seen, n_known[:, 0], core)
    n_reach = ceil(horizon / core.n_ahead) * core.n_ahead
    n_known = n_known[can_learn]
    return panel.keep(can_learn).until(n_known[:, -1] + n_reach), n_known


def _run(forecaster, needed, horizon, coverage, season_length):
    """Fit at the first of some origins, and forecast from all of them."""
    panel, n_known = needed
    params = clone(forecaster).get_params(deep=False)
    core = PanelForecaster(**params).fit(panel.until(n_known[:, 0]), may_lack_windows=True)
    if forecaster.log == "auto":
        known_rows = panel.until(n_known[:, -1])
        check_values(known_rows, forecaster.missing, core.log_, is_chosen=True)
    has_truth = n_known <= (panel.lengths - horizon)[:, np.newaxis]
    numbers, known = np.nonzero(has_truth)[0], n_known[has_truth]
    forecasts = core.forecast_from(panel, numbers, known, horizon)
    found = {"y_pred": core.values(forecasts)}
    if coverage is not None:
        core.check_reach(horizon)
        found["lower"], found["upper"] = core.interval(forecasts, coverage)
    return _table(panel, numbers, known, horizon, season_length, found)


def _table(panel, numbers, known, horizon, season_length, found):
    """Put forecasts, truth and baselines side by side.

    Parameters
    ----------
    panel : Panel

    numbers, known : ndarray of int, shape (n_origins,)
        Number of the series, in order, and how many of its rows are known.

    horizon, season_length : int

    found : dict
        Names of columns, and for each an array of shape (n_origins, horizon, n_columns).

    Returns
    -------
    predictions : DataFrame
        A row for each series and column, origin and step.
    """
    begins = panel.offsets[numbers]
    rows = begins[:, np.newaxis] + known[:, np.newaxis] + np.arange(horizon)
    filled = last_values(panel.y, panel.offsets)
    values = {
        "y": panel.y[rows],
        **found,
        NAIVE[0]: persistence(filled, begins, known, horizon),
        NAIVE[1]: seasonal_naive(filled, begins, known, horizon, season_length),
    }
    # From origins of series to those of each of their columns.
    n_columns, counts = panel.y.shape[1], np.bincount(numbers, minlength=len(panel))
    of_series = np.repeat(np.arange(len(panel)), n_columns)
    of_origins = joined_ranges((np.cumsum(counts) - counts)[of_series], counts[of_series])
    columns = np.repeat(np.tile(np.arange(n_columns), len(panel)), counts[of_series])
    numbers, known = numbers[of_origins], known[of_origins]
    places = (panel.calendars.begins[numbers] + known)[:, np.newaxis] + np.arange(-1, horizon)
    names = np.fromiter(panel.names, dtype=object).repeat(counts[of_series] * horizon)
    table = {
        "series": pd.Series(names, dtype=object),
        "origin": panel.calendars.at(places[:, 0], numbers).repeat(horizon),
        "step": np.tile(np.arange(1, horizon + 1), len(known)),
        "timestamp": panel.calendars.at(places[:, 1:].ravel(), numbers.repeat(horizon)),
    }
    for name, of_all in values.items():
        table[name] = of_all[of_origins, :, columns].ravel()
    return pd.DataFrame(table)


def _first_seen(panel):
    """Return the row of each series from which on all its columns have had a value, (n_series,).

    The number of its rows where one never has.
    """
    known = np.isfinite(panel.y)
    if known.all():
        return np.zeros(len(panel), dtype=np.intp)
    rows = np.arange(len(known)) - np.repeat(panel.offsets[:-1], panel.lengths)
    ends = np.repeat(panel.lengths, panel.lengths)
    firsts = np.where(known, rows[:, np.newaxis], ends[:, np.newaxis])
    first_seen = np.zeros((len(panel), known.shape[1]), dtype=np.intp)
    has_rows = panel.lengths > 0
    starts = panel.offsets[:-1][has_rows]
    first_seen[has_rows] = np.minimum.reduceat(firsts, starts, axis=0)
    return first_seen.max(axis=1)


def _can_learn(first_seen, n_known, core):
    """Whether each series is long enough at an origin, and not all missing."""
    return (n_known >= core.n_needed) & (first_seen < n_known)


def _naive_errors(panel, season_length):
    errors = seasonal_errors(panel.y, panel.offsets, season_length)
    return dict(zip(panel.names, errors.ravel(), strict=True))


def _warn_if_useless(result):
    scores = result.scores()
    skill = scores.loc["forecast", "skill"]
    if not scores["n"].iloc[0]:
        warnings.warn(
            "No forecast could be scored: each lacks its truth, or a whole window before it.",
            UserWarning,
            stacklevel=3,
        )
    if not skill <= 0:
        return
    best = scores.loc[NAIVE, "RMSE"].idxmin()
    warnings.warn(
        f"The forecast is no better than the naive one ({best}"
        + (f", season of {result.season_length}" if best == "seasonal naive" else "")
        + f"): RMSE {scores.loc['forecast', 'RMSE']:.4g} against {scores.loc[best, 'RMSE']:.4g}, "
        f"skill {skill:.1%}. Use that, or try another window, normalize or regressor.",
        UserWarning,
        stacklevel=3,
    )
