"""How good forecasts would have been: a rolling origin, beside the obvious baselines."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed
from tqdm.auto import tqdm

from .._checks import check_share
from .backtest_result import BacktestResult
from .forecaster import LSTMForecaster
from .panel_forecaster import PanelForecaster
from .read_panel import read_panel
from .rolling_origin import (
    NAIVE,
    first_seen_rows,
    lay_out_origins,
    naive_errors,
    needed_rows,
    season_before,
    side_by_side,
    whole_number,
)
from .time_series import check_values


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
    horizon = whole_number(horizon, "horizon", forecaster.horizon)
    stride = whole_number(stride, "stride", None)
    n_windows = whole_number(n_windows, "n_windows", 5 if stride is None else None)
    stride = stride or horizon
    core = PanelForecaster(**forecaster.get_params(deep=False))
    first_seen = first_seen_rows(panel)
    n_known = lay_out_origins(panel, first_seen, horizon, n_windows, stride, core)
    n_windows = n_known.shape[1]
    before = panel.until(n_known[:, 0])
    season_length = season_before(season_length, before)
    n_per_fit = n_windows if refit is False else 1 if refit is True else refit
    begins = range(0, n_windows, whole_number(n_per_fit, "refit", None))
    chunks = (n_known[:, begin : begin + begins.step] for begin in begins)
    jobs = (
        delayed(_run)(forecaster, needed, horizon, coverage, season_length)
        for needed in (needed_rows(panel, first_seen, chunk, horizon, core) for chunk in chunks)
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
        naive_errors=naive_errors(before, season_length),
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
    return side_by_side(panel, numbers, known, horizon, season_length, found)


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
