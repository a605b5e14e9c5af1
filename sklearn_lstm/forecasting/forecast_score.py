"""The score of a fitted forecaster on the rows that follow: one number, for searches."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .calibration import MOST_ORIGINS_JUDGED
from .extend import extend_panel
from .panel_forecaster import PanelForecaster
from .read_panel import nearest, read_panel
from .rolling_origin import naive_errors, season_before
from .scoring import point_scores
from .time_series import Panel, check_values

LARGEST_ROUNDING = 1e-9  # relative, of a sum over a season, which a sine repeats but for rounding


class RollingScoreMixin:
    """The ``score`` of a fitted :class:`LSTMForecaster`, by which searches go."""

    _core: PanelForecaster
    _panel: Panel

    def score(self, y: Any, X: Any = None) -> float:
        """Return minus the MASE of forecasts of the rows that follow: higher is better.

        They are forecast from every origin among them that has ``horizon`` rows after it, the first
        being the last row known so far, and nothing is trained or kept. Each forecast knows the
        rows until its origin and the covariates known ahead. So a search finds the parameters of
        the forecaster itself: ``GridSearchCV(forecaster, grid, cv=TimeSeriesSplit()).fit(y, X)``.

        Parameters
        ----------
        y : {array-like, Series, DataFrame}
            The rows that follow those known so far, in the form of :meth:`LSTMForecaster.fit`;
            those of an array are taken to follow at once. The fitted rows themselves give the score
            on rows that it has learned from, which flatters it; an array is recognised by its
            values.

        X : {array-like, Series, DataFrame}, default=None
            Covariates of these rows, all columns of ``fit``.

        Returns
        -------
        score : float
            Minus the mean absolute error, in units of the mean absolute change from one season to
            the next of each series in the rows that were known [1]_. That unit makes series and
            folds of different size comparable: at -1 a forecast is as far off as repeating the last
            season was there. A series
            that repeats its season exactly is measured by its changes from row to row; one that
            doesn't change doesn't count.

        Raises
        ------
        ValueError
            If the rows don't follow, are fewer than the horizon, or can't be forecast from one of
            the origins; if a panel was split by rows rather than by dates.

        References
        ----------
        .. [1] R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy",
           International Journal of Forecasting 22(4), 2006.

        Examples
        --------
        >>> from sklearn.linear_model import Ridge
        >>> from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
        >>> from sklearn_lstm import LSTMForecaster
        >>> from sklearn_lstm.datasets import load_seattle_weather
        >>> y = load_seattle_weather()["temp_max"]
        >>> forecaster = LSTMForecaster(Ridge(), horizon=7, interval_method=None)
        >>> grid = {"window_length": [3, 14], "normalize": ["last", "standard"]}
        >>> search = GridSearchCV(forecaster, grid, cv=TimeSeriesSplit(3)).fit(y)
        >>> search.best_params_, search.best_score_.round(2)
        ({'normalize': 'standard', 'window_length': 14}, np.float64(-0.78))
        """
        check_is_fitted(self)
        return score_of_rows(self._core, self._panel, y, X)


def score_of_rows(core, fitted, y, X=None):
    """Forecast rows from origins within them, and return minus the MASE.

    Parameters
    ----------
    core : PanelForecaster

    fitted : Panel
        What is known so far.

    y, X : as for :meth:`LSTMForecaster.score`

    Returns
    -------
    score : float
    """
    given = read_panel(y, X, fills_holes=core.missing != "error", freq=fitted.freq)
    if _are_the_fitted_rows(given, fitted):
        panel, first = fitted, np.full(len(fitted), core.window_length_)
    else:
        _refuse_rows_of_no_date(given, fitted)
        panel = _extended(fitted, y, X, fills_holes=core.missing != "error")
        check_values(panel, core.missing, core.log_, is_chosen=core.log == "auto")
        first = np.where(panel.lengths > fitted.lengths, fitted.lengths, panel.lengths)
    numbers, known = _origins(panel, first, core.horizon)
    if not len(numbers):
        longest = int((panel.lengths - first).max())
        raise ValueError(
            f"y has {given.lengths.max()} rows of a series at most, of which {max(longest, 0)} can "
            f"be forecast, but horizon={core.horizon} needs as many for one forecast. Give more "
            "rows (in a search fewer or larger folds: n_splits=, test_size=), or lower horizon."
        )
    forecast = core.values(core.forecast_from(panel, numbers, known, core.horizon))
    rows = (panel.offsets[numbers] + known)[:, np.newaxis] + np.arange(core.horizon)
    return _minus_mase(panel, numbers, known, panel.y[rows], forecast, _units(fitted))


def _extended(fitted, y, X, *, fills_holes):
    try:
        return extend_panel(fitted, y, X, fills_holes=fills_holes)
    except ValueError as error:  # its messages call the rows as update does
        said = str(error).replace("y_new", "y").replace("X_new", "X")
        raise ValueError(said) from error


def _are_the_fitted_rows(given, fitted):
    """Tell whether rows are those of fit again: a search asks for their score, too.

    An array has no timestamps; it is taken for the same if all its values are.
    """
    return (
        given.keys == fitted.keys
        and np.array_equal(given.lengths, fitted.lengths)
        and np.array_equal(given.y, fitted.y, equal_nan=True)
        and all(
            given.calendars[i].timestamps is None
            or given.calendars[i].timestamps.equals(fitted.calendars[i].timestamps)
            for i in range(len(given))
        )
    )


def _refuse_rows_of_no_date(given, fitted):
    """Refuse rows of a panel that a split by rows has put together, not one by dates."""
    if fitted.layout.levels is None or given.layout.levels is None:
        return
    remedy = (
        "Of a long panel TimeSeriesSplit splits rows, not dates. Split by dates, "
        "cv=PanelTimeSeriesSplit(), and leave out series that begin after the first fit."
    )
    known = set(fitted.keys)
    unknown = next((key for key in given.keys if key not in known), None)
    if unknown is not None:
        raise ValueError(
            f"y holds the series {unknown!r}, which was not there in fit."
            f"{nearest(unknown, fitted.keys)} {remedy}"
        )
    begin = given.calendars.at(given.calendars.begins).min()
    absent = np.array([key not in set(given.keys) for key in fitted.keys])
    rest = fitted.keep(absent).calendars if absent.any() else None
    if rest is None or not (rest.at(rest.ends - 1) >= begin).any():
        return
    key = fitted.keys[int(absent.argmax())]
    raise ValueError(
        f"y begins at {begin!s}, but lacks the series {key!r} of fit, which is known beyond that. "
        f"{remedy}"
    )


def _origins(panel, first, horizon):
    """Return origins of whole forecasts, evenly spaced where there are very many."""
    n_origins = np.maximum(panel.lengths - horizon + 1 - first, 0)
    distance = 1 + int(n_origins.sum()) // MOST_ORIGINS_JUDGED
    known = [
        np.arange(begin, begin + n, distance) for begin, n in zip(first, n_origins, strict=True)
    ]
    numbers = np.repeat(np.arange(len(panel)), [len(of_series) for of_series in known])
    return numbers, np.concatenate(known).astype(np.intp)


def _units(fitted):
    """Return the unit of the MASE of each series and column, (n_series, n_columns).

    It comes from the fitted rows alone, and the season doesn't depend on the horizon, so that all
    candidates of a search are measured on one scale. A series that repeats its season exactly, or
    has seen no whole one, is measured by its changes from row to row.
    """
    lengths, season = fitted.lengths, season_before(None, fitted, 1)
    of_seasons, of_rows = (
        np.array(list(naive_errors(fitted, lengths, lengths, n_rows).values()))
        for n_rows in (season, 1)
    )
    has_unit = of_seasons > LARGEST_ROUNDING * of_rows
    return np.where(has_unit, of_seasons, of_rows).reshape(len(fitted), -1)


def _minus_mase(panel, numbers, known, truth, forecast, units):
    """Return minus the mean absolute error in units of each series, or say why there is none."""
    units = np.broadcast_to(units[numbers][:, np.newaxis], truth.shape)
    has_truth = np.isfinite(truth)
    lacking = has_truth & ~np.isfinite(forecast)
    if lacking.any():
        origin = int(np.argwhere(lacking)[0][0])
        series = panel.series[numbers[origin]]
        raise ValueError(
            f"{series.name} can't be forecast from {series.timestamp(known[origin] - 1)}: too many "
            "values before are missing. A score of the rest would not be comparable. Set "
            "missing='interpolate', or fill them."
        )
    mase = point_scores(truth[has_truth], forecast[has_truth], units[has_truth])["MASE"]
    if np.isnan(mase):
        why = "y holds no value" if not has_truth.any() else "the rows of fit don't change"
        raise ValueError(
            f"There is no score, since {why}: errors are measured in units of the changes there. "
            "Give other rows."
        )
    return -float(mase)
