"""How good forecasts would have been: a rolling origin, beside the obvious baselines."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator
from sklearn.utils.parallel import Parallel, delayed
from tqdm.auto import tqdm

from .._callbacks import CallbackSupportMixin, fit_task, places, running, watched_by, with_callbacks
from .._checks import check_share
from .backtest_result import BacktestResult
from .contenders import Asked, FromHistory, Frozen, Refitted
from .forecast_table import judge_table
from .forecaster import LSTMForecaster
from .function_forecasts import FunctionForecasts
from .left_out import judged_origins, remarks_on_origins, why_left_out
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


def backtest(
    forecaster: Any,
    y: Any,
    X: Any = None,
    *,
    horizon: int | None = None,
    n_windows: int | None = None,
    stride: int | None = None,
    refit: bool | int = True,
    coverage: float | None = None,
    adaptive: bool = True,
    align: str = "end",
    quantiles: Any = None,
    season_length: int | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    callbacks: Any = None,
) -> BacktestResult:
    """Forecast the past from a rolling origin, and measure how good that would have been.

    At each origin the forecaster knows the rows until then and nothing later, but for the
    covariates known ahead. The last forecast ends with the data, that of each series of a panel
    with its own. Whatever is judged, the origins are the same and the same naive forecasts stand
    beside it.

    Parameters
    ----------
    forecaster : LSTMForecaster, FrozenEstimator, callable or DataFrame
        What is to be judged.

        - An :class:`LSTMForecaster` is cloned, and fitted as ``refit`` says.
        - ``FrozenEstimator(fitted)`` of a fitted one, see :class:`sklearn.frozen.FrozenEstimator`,
          is left as it is: nothing is fitted, and ``y`` holds the series it was fitted on, or some
          of them, by their names and with more rows; an array begins with the same row. From
          origins before the end of the rows it has learned from it remembers what it forecasts,
          which flatters it.
        - A function is called at each origin as ``f(history, horizon)``, with ``X`` as
          ``f(history, horizon, X)``, see the notes.
        - A table holds forecasts that were made elsewhere: columns ``origin`` (the last timestamp
          known), ``timestamp`` (or time as the last level of the index), ``y_pred``, for more than
          one series ``series``, and where they are asked for ``lower``, ``upper`` and a column for
          each quantile, named by its level. The tables of Nixtla's ``cross_validation``, with
          ``unique_id``, ``cutoff``, ``ds`` and one model, are read as they are. Origins and steps
          are those of the table.

    y : {array-like, Series, DataFrame}
        As for :meth:`LSTMForecaster.fit`.

    X : {array-like, Series, DataFrame}, default=None
        As for :meth:`LSTMForecaster.fit`. Covariates known ahead are taken as they came true, which
        flatters a forecast that will have to do with a forecast of them. A table needs none.

    horizon : int, default=None
        Steps of each forecast; None for that of the forecaster. A function needs it.

    n_windows : int, default=None
        Number of origins. None: 5, or with ``stride`` as many as the last fifth of the rows has
        room for.

    stride : int, default=None
        Rows between origins; None for ``horizon``, so that forecasts don't overlap.

    refit : bool or int, default=True
        Whether to fit anew at each origin, or, with a number, at every so-many-th of them. False:
        once, at the first, and one pass over the data forecasts from all origins. It matters to an
        :class:`LSTMForecaster` alone.

    coverage : float, default=None
        Share of the values that intervals are to cover; None for no intervals.

    adaptive : bool, default=True
        Whether the interval of an origin goes by the errors of the origins before it, too, as far
        as their truth is known by then: the newest take the places of the oldest, so that coverage
        comes back after a break. Only forecasters that are not fitted anew at each origin have
        such errors, and only for series whose timestamps lie on one grid: elsewhere the result
        notes that they don't.

    align : {"end", "date"}, default="end"
        How origins of the series of a panel go together. ``"end"`` counts them back from the end of
        each series, so that all that are long enough are judged, also those that ended long ago;
        see the notes on what is known of the others then. ``"date"`` has them at the same moments,
        counted back from the end of the last series: whoever has no rows after an origin is not
        judged there. Where all series end together both are the same. A table has its own origins:
        there it says whether season and unit of the MASE come from the rows before the first origin
        of each series, or before the first of all.

    quantiles : list of float, default=None
        Levels of quantiles to forecast as well, such as ``[0.1, 0.5, 0.9]``: columns of the
        predictions, named by their level. None for none.

    season_length : int, default=None
        Rows in a season, for the seasonal naive forecast and the MASE; None infers it from the
        rows before the first origin.

    n_jobs : int, default=None
        Fits, or calls of a function, that run at the same time, see :class:`joblib.Parallel`.

    verbose : int, default=0
        If positive, show a progress bar.

    callbacks : callback or list of callback, default=None
        Those of :mod:`sklearn.callback`, which scikit-learn 1.9 brought, such as ``ProgressBar()``:
        they are told of each fit, or each origin where nothing is fitted; those that go on to inner
        estimators also of the fit of the forecaster, its members and their epochs. Of a table,
        which is there already, they are told nothing.

    Returns
    -------
    result : BacktestResult
        With ``predictions``, ``scores()`` and ``plot()``.

    Raises
    ------
    TypeError
        If the forecaster is none of those above.

    ImportError
        If there are callbacks, and scikit-learn is older than 1.9.

    ValueError
        If the rows before the first origin are too few; if a function returns another number of
        forecasts, other timestamps or NaN; if a table names series or timestamps that ``y`` does
        not have, or repeats one. What a function raises itself is raised, with a note of the
        origin.

    Warns
    -----
    UserWarning
        If the forecast is no better than a naive one; if series are left out, which
        ``result.left_out`` names; if the first origin lies before the end of the rows that a frozen
        forecaster knows; or if a forecaster of ``missing="auto"`` lacks values.

    Notes
    -----
    A fit holds the rows of each series until its own origin, and no later ones. With
    ``align="end"`` and series that end on different days, these origins are different days, too:
    one series is then forecast by a regressor that may have learned from rows of *others* that are
    later than its origin. That is how the M competitions and Nixtla's ``cross_validation`` judge,
    and harmless for series that have little to do with each other. Where something happens to all
    at once, such as a holiday or a strike, it flatters; ``align="date"`` keeps it out. Errors that
    intervals adapt to go by the calendar either way: those whose truth was known at an origin.

    A function gets the ``history`` in the form of ``y``, as floats and with NaN for absent
    timestamps; of a panel the rows of all series that have any by then, in one call. It returns the
    ``horizon`` next values, in the form of :meth:`LSTMForecaster.predict`: of a Series or DataFrame
    the index counts, which must hold the timestamps that follow; an array is taken by its order,
    ``(horizon,)`` or ``(horizon, n_columns)``, of a panel ``(n_series, horizon)`` or ``(n_series,
    horizon, n_columns)``. With ``coverage`` or ``quantiles`` it returns a dict of these, or a
    DataFrame, under the names ``"y_pred"``, ``"lower"``, ``"upper"`` and the levels. ``X`` comes as
    a DataFrame (an array for arrays) of the rows of the history and, below them, the ``horizon``
    that follow: every column is taken for known ahead.

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

    Any function is judged on the same origins:

    >>> def last_days(history, horizon):
    ...     return [history.iloc[-5:].mean()] * horizon
    >>> result = backtest(last_days, y, horizon=7, n_windows=26)
    >>> result.scores().loc["forecast", "RMSE"].round(2)
    np.float64(3.59)
    """
    check_choices(refit=refit, align=align, adaptive=adaptive)
    asked = Asked(horizon, coverage, checked_levels(coverage, quantiles), season_length, adaptive)
    run = watched_by(Backtest(), callbacks)
    layout = {"n_windows": n_windows, "stride": stride}
    if isinstance(forecaster, pd.DataFrame):
        result = judge_table(forecaster, y, asked, align, **layout)
    else:
        result = judge(
            contender_of(forecaster, asked), y, X, asked, **layout, align=align, refit=refit,
            n_jobs=n_jobs, verbose=verbose, run=run,
        )  # fmt: skip
    if 0 < len(result.left_out) < len(result.naive_errors):
        warnings.warn(result.remarks[0], UserWarning, stacklevel=2)
    _warn_if_useless(result)
    return result


def check_choices(*, refit, align, adaptive=True):
    """Refuse what is none of the choices, before anything is computed."""
    if not isinstance(refit, bool | np.bool_) and whole_number(refit, "refit", None) is None:
        raise ValueError("refit=None must be True, False or a whole number of at least 1.")
    if not isinstance(adaptive, bool | np.bool_):
        raise ValueError(f"adaptive={adaptive!r} must be True or False.")
    if not (isinstance(align, str) and align in ("end", "date")):
        raise ValueError(f"align={align!r} must be 'end' or 'date'.")


def checked_levels(coverage, quantiles):
    """Refuse what are no shares; return the levels as a list of numbers."""
    if coverage is not None:
        check_share(coverage, "coverage")
    if quantiles is None:
        return []
    levels = np.atleast_1d(quantiles).tolist()
    for level in levels:
        check_share(level, "quantiles")
    if not levels or len(set(levels)) < len(levels):
        raise ValueError(f"quantiles={levels} must be levels that differ, such as [0.1, 0.5, 0.9].")
    return levels


def contender_of(forecaster, asked):
    """Return what is to be judged in the form in which all are.

    Parameters
    ----------
    forecaster : LSTMForecaster, FrozenEstimator, callable or Contender

    asked : Asked

    Returns
    -------
    contender : Contender
    """
    if isinstance(forecaster, FromHistory):
        return forecaster
    if isinstance(forecaster, LSTMForecaster):
        return Refitted(forecaster, has_intervals=len(asked.names) > 1)
    inner = forecaster.estimator if isinstance(forecaster, FrozenEstimator) else None
    if isinstance(inner, LSTMForecaster):
        return Frozen(inner)
    if callable(forecaster) and not isinstance(forecaster, type):
        return FunctionForecasts(forecaster)
    if isinstance(forecaster, type):
        name = forecaster.__name__
        raise TypeError(f"forecaster={name} is a class: give an instance, {name}().")
    name = type(forecaster).__name__
    raise TypeError(
        f"forecaster is a {name if inner is None else f'{name} of a {type(inner).__name__}'}, not "
        "an LSTMForecaster, FrozenEstimator(fitted LSTMForecaster), function of history and "
        "horizon, or DataFrame of forecasts. Put a regressor into a forecaster: "
        "LSTMForecaster(Ridge())."
    )


def judge(
    contender, y, X, asked, *, n_windows=None, stride=None, align="end", refit=True, n_jobs=None,
    verbose=0, run=None,
):  # fmt: skip
    """Forecast from a rolling origin.

    Parameters
    ----------
    contender : Contender

    asked : Asked
        With a season of None to be inferred, and a horizon of None for that of the contender.

    y, X, n_windows, stride, align, refit, n_jobs, verbose : as for :func:`backtest`

    run : Backtest, default=None
        With callbacks, if there are any.

    Returns
    -------
    result : BacktestResult
    """
    horizon = whole_number(asked.horizon, "horizon", contender.horizon)
    if horizon is None:
        raise ValueError("horizon=None: say how many steps are to be forecast, such as horizon=1.")
    stride = whole_number(stride, "stride", None)
    n_windows = whole_number(n_windows, "n_windows", 5 if stride is None else None)
    stride = stride or horizon
    asked = replace(asked, horizon=horizon)
    panel = contender.read(y, X)
    first_seen = first_seen_rows(panel)
    n_known = lay_out_origins(
        panel, first_seen, horizon, n_windows, stride, contender.n_needed, align
    )
    contender.check(panel, n_known, asked)
    n_windows = n_known.shape[1]
    before = panel.until(n_known[:, 0])
    asked = replace(asked, season_length=season_before(asked.season_length, before, horizon))
    n_per_fit = whole_number(contender.n_per_fit(bool_or_int(refit), n_windows), "refit", None)
    predictions = (run or Backtest()).forecast(
        contender, panel, first_seen, n_known, n_per_fit, asked, n_jobs, verbose
    )
    judged = judged_origins(panel, n_known, first_seen, horizon, contender, n_per_fit)
    return BacktestResult(
        predictions=predictions,
        horizon=horizon,
        stride=stride,
        n_windows=n_windows,
        season_length=asked.season_length,
        naive_errors=naive_errors(panel, n_known[:, 0], n_known[:, -1], asked.season_length),
        coverage=asked.coverage,
        quantiles=asked.quantiles or None,
        left_out=why_left_out(panel, first_seen, judged, contender.n_needed, predictions),
        notes=[
            *remarks_on_origins(panel, n_known, judged),
            *contender.notes(panel, asked, n_per_fit),
        ],
    )


def bool_or_int(refit):
    """Return NumPy's truths as Python's, of which there is one each."""
    return bool(refit) if isinstance(refit, np.bool_) else refit


class Backtest(CallbackSupportMixin):
    """The forecasts from all origins, a job for each fit, as callbacks are told of them."""

    @with_callbacks
    def forecast(self, contender, panel, first_seen, n_known, n_per_fit, asked, n_jobs, verbose):
        """Return the forecasts; the rows come in the same order for any jobs."""
        begins = range(0, n_known.shape[1], n_per_fit)
        with fit_task(
            self,
            task_name="backtest",
            max_subtasks=len(begins),
            sequential_subtasks=False,
        ):
            chunks = (n_known[:, begin : begin + n_per_fit] for begin in begins)
            jobs = (
                delayed(_run)(
                    contender,
                    needed_rows(panel, first_seen, chunk, asked.horizon, contender),
                    asked,
                    place,
                )
                for chunk, place in zip(
                    chunks, places("origin", len(begins), int(contender.learns)), strict=True
                )
            )
            parts = Parallel(n_jobs=n_jobs, return_as="generator" if verbose else "list")(jobs)
            progress = tqdm(parts, total=len(begins), desc="backtest", disable=not verbose)
            rows = pd.concat(progress, ignore_index=True)
        numbers = {name: number for number, name in enumerate(panel.names)}
        order = np.argsort([numbers[name] for name in rows["series"]], kind="stable")
        return rows.iloc[order].reset_index(drop=True)


def _run(contender, needed, asked, place):
    """Forecast from some origins."""
    panel, n_known = needed
    has_truth = n_known <= (panel.lengths - asked.horizon)[:, np.newaxis]
    numbers, known = np.nonzero(has_truth)[0], n_known[has_truth]
    with running(place):
        found = contender.forecast(panel, n_known, numbers, known, asked)
    return side_by_side(panel, numbers, known, asked.horizon, asked.season_length, found)


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
        f"skill {skill:.1%}. Use that, or try other settings.",
        UserWarning,
        stacklevel=3,
    )
