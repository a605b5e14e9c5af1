"""Which forecaster is best for a series: simple and strong ones, on the same origins."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from tqdm.auto import tqdm

from .._callbacks import CallbackSupportMixin, fit_task, inner_fit, watched_by, with_callbacks
from .backtest import Backtest, check_choices, checked_levels, contender_of, judge
from .comparison_result import ComparisonResult, on_common_rows
from .conformal import NoIntervalError
from .contenders import Asked, Naive
from .forecast_table import judge_table
from .forecaster import LSTMForecaster
from .read_panel import nearest, read_panel
from .statsforecast_models import SEASONAL, STATSFORECAST, StatsforecastModel, has_statsforecast
from .time_series import n_lacking

PENALTIES = np.logspace(-3, 3, 13)  # of the ridge, chosen by leaving one window out
DEFAULT, RIDGE, BOOSTING = "LSTMForecaster", "ridge", "gradient boosting"
PERSISTENCE, SEASONAL_NAIVE = "persistence", "seasonal naive"
KNOWN = [PERSISTENCE, SEASONAL_NAIVE, DEFAULT, RIDGE, BOOSTING, *STATSFORECAST]


def compare(
    y: Any,
    X: Any = None,
    *,
    horizon: int,
    forecasters: dict[str, Any] | None = None,
    n_windows: int | None = None,
    stride: int | None = None,
    align: str = "end",
    refit: bool | int = False,
    coverage: float | None = 0.9,
    quantiles: Any = None,
    season_length: int | None = None,
    past_covariates: list | None = None,
    random_state: Any = 0,
    n_jobs: int | None = None,
    verbose: int = 0,
    callbacks: Any = None,
) -> ComparisonResult:
    """Judge forecasters on the same origins: those that come with the package, and others.

    These are

    - ``"LSTMForecaster"`` with nothing set but the horizon;
    - ``"ridge"`` and ``"gradient boosting"``, an :class:`LSTMForecaster` of
      :class:`~sklearn.linear_model.RidgeCV` and one of
      :class:`~sklearn.ensemble.HistGradientBoostingRegressor`;
    - ``"persistence"`` and, where there is a season, ``"seasonal naive"``;
    - ``"AutoETS"``, ``"AutoTheta"`` and, where there is a season, ``"MSTL"`` of statsforecast, if
      that is installed: each series by itself, without covariates.

    The first three interpolate missing values, as ``missing="interpolate"``, and those of
    statsforecast, too.

    Parameters
    ----------
    y, X : {array-like, Series, DataFrame}
        As for :func:`backtest`.

    horizon : int
        Steps of each forecast.

    forecasters : dict, default=None
        More of them by their names: anything that :func:`backtest` takes. One of the names above
        takes that place, and ``"drop"`` leaves it out.

    n_windows, stride, align, refit, coverage, quantiles, season_length, n_jobs : default=None
        As for :func:`backtest`, but ``refit=False`` and ``coverage=0.9``. Who has no intervals is
        judged without, which a note says.

    past_covariates : list, default=None
        Columns of ``X`` that are not known ahead, for the forecasters named above; a function
        gets them all.

    random_state : int, RandomState instance or None, default=0
        For the forecasters named above.

    verbose : int, default=0
        If positive, show a progress bar.

    callbacks : callback or list of callback, default=None
        As for :func:`backtest`, with a task for each forecaster above its origins.

    Returns
    -------
    result : ComparisonResult
        With ``scores()``, ``plot()`` and, for each forecaster, ``results``. One that fails is
        shown with its error, and the others are judged. All are scored on the same rows: those
        for which every one has a forecast.

    Raises
    ------
    ValueError
        If the series can't be read, or the rows before the first origin are too few for any.

    ImportError
        If there are callbacks, and scikit-learn is older than 1.9.

    See Also
    --------
    backtest : One forecaster.

    Examples
    --------
    >>> from sklearn_lstm import compare
    >>> from sklearn_lstm.datasets import load_seattle_weather
    >>> y = load_seattle_weather()["temp_max"]
    >>> def last_days(history, horizon):
    ...     return [history.iloc[-5:].mean()] * horizon
    >>> drop = dict.fromkeys(
    ...     ["LSTMForecaster", "gradient boosting", "AutoETS", "AutoTheta", "MSTL"], "drop"
    ... )
    >>> forecasters = {"last days": last_days, **drop}
    >>> result = compare(y, horizon=7, n_windows=26, forecasters=forecasters, coverage=None)
    >>> result.scores()[["MASE", "RMSE", "skill"]].round(2)
                    MASE  RMSE  skill
    forecaster
    last days       0.77  3.59   0.14
    ridge           0.79  3.62   0.13
    persistence     0.88  4.19   0.00
    seasonal naive  1.02  4.83  -0.15
    """
    check_choices(refit=refit, align=align)
    forecasters, comparison = _checked(forecasters), watched_by(Comparison(), callbacks)
    asked = Asked(horizon, coverage, checked_levels(coverage, quantiles), season_length)
    layout = {"n_windows": n_windows, "stride": stride, "align": align}
    naive = judge(Naive(is_seasonal=False), y, X, without_bounds(asked), **layout)
    asked = replace(asked, season_length=naive.season_length)
    contenders, notes = _contenders(
        forecasters, asked, past_covariates=past_covariates, random_state=random_state
    )
    notes += _notes_on_missing(y, X)
    options = {**layout, "refit": refit, "n_jobs": n_jobs}
    results, seconds, errors = comparison.judge(contenders, y, X, asked, options, notes, verbose)
    results = on_common_rows(naive, results, errors)
    if not results:
        failed = "; ".join(f"{name}: {error}" for name, error in errors.items())
        raise ValueError(f"No forecaster is left to compare. {failed or 'All are dropped.'}")
    n_forecast = int(np.isfinite(naive.predictions["y"]).sum())
    return ComparisonResult(results, seconds, errors, notes, n_forecast)


class Comparison(CallbackSupportMixin):
    """Forecasters judged one after the other, as callbacks are told of them."""

    @with_callbacks
    def judge(self, contenders, y, X, asked, options, notes, verbose):
        """Return results, seconds and errors by the names of the forecasters."""
        results: dict[str, Any] = {}
        seconds: dict[str, float] = {}
        errors: dict[str, Exception] = {}
        with fit_task(self, task_name="compare", max_subtasks=len(contenders)):
            for name, forecaster in tqdm(contenders.items(), desc="compare", disable=not verbose):
                started = time.perf_counter()
                run = Backtest()
                try:
                    with inner_fit(run, name):
                        options = {**options, "run": run}
                        results[name] = _judged(name, forecaster, y, X, asked, options, notes)
                except Exception as error:  # what others can do is worth knowing all the same
                    errors[name] = error
                seconds[name] = time.perf_counter() - started
        return results, seconds, errors


def _checked(forecasters):
    """Refuse what is no dict of forecasters; what a single one is to be is seen when it is judged.

    A text that is no forecaster was meant to leave one out.
    """
    if forecasters is None:
        return {}
    if not isinstance(forecasters, dict):
        raise TypeError(
            f"forecasters is a {type(forecasters).__name__}, but must be a dict of forecasters by "
            "their names, each once: {'mine': LSTMForecaster(Ridge(), horizon=...)}."
        )
    for name, one in forecasters.items():
        if isinstance(one, str) and one != "drop":
            raise ValueError(
                f"forecasters[{name!r}]={one!r} is text: give a forecaster, or 'drop' to leave it "
                "out."
            )
    return forecasters


def without_bounds(asked):
    """Return what is asked for, but for intervals and quantiles."""
    return replace(asked, coverage=None, quantiles=[])


def _contenders(given, asked, **options):
    """Return forecasters by their names, and what is to be said of those that are left out."""
    season, horizon = asked.season_length, asked.horizon

    def of(regressor=None):
        return LSTMForecaster(regressor, horizon=horizon, missing="interpolate", **options)

    contenders: dict[str, Any] = {
        PERSISTENCE: Naive(is_seasonal=False),
        SEASONAL_NAIVE: Naive(is_seasonal=True),
        DEFAULT: of(),
        RIDGE: of(RidgeCV(PENALTIES)),
        BOOSTING: of(HistGradientBoostingRegressor()),
        **{name: StatsforecastModel(name) for name in STATSFORECAST},
    }
    unknown = [name for name, one in given.items() if _is_drop(one) and name not in KNOWN]
    if unknown:
        raise ValueError(
            f"forecasters leaves out {unknown[0]!r}, which is none of {KNOWN}."
            f"{nearest(unknown[0], KNOWN)}"
        )
    notes = []
    absent = set() if has_statsforecast() else set(STATSFORECAST)
    absent = {name for name in absent if name not in given}
    if absent:
        names = ", ".join(name for name in STATSFORECAST if name in absent)
        notes.append(f"Without {names}: statsforecast is not installed.")
    if season == 1:
        absent |= {name for name in (SEASONAL_NAIVE, *SEASONAL) if name not in given}
    contenders = {name: one for name, one in contenders.items() if name not in absent} | given
    return {name: one for name, one in contenders.items() if not _is_drop(one)}, notes


def _notes_on_missing(y, X):
    """Say how many rows lack a value, which the forecasters that come along interpolate."""
    panel = read_panel(y, X, fills_holes=True)
    n = n_lacking(panel)
    return [f"{n} of {len(panel.y)} rows lack a value; the known ones fill them."] if n else []


def _is_drop(forecaster):
    return isinstance(forecaster, str) and forecaster == "drop"


def _judged(name, forecaster, y, X, asked, options, notes):
    """Judge a forecaster; without intervals, where it has none."""
    if isinstance(forecaster, Naive):
        asked = without_bounds(asked)
    try:
        return _judge_any(forecaster, y, X, asked, options)
    except NoIntervalError as error:
        result = _judge_any(forecaster, y, X, without_bounds(asked), options)
        notes.append(f"{name} without intervals: {error}")
        return result


def _judge_any(forecaster, y, X, asked, options):
    if isinstance(forecaster, pd.DataFrame):
        return judge_table(forecaster, y, replace(asked, horizon=None), options["align"])
    return judge(contender_of(forecaster, asked), y, X, asked, **options)
