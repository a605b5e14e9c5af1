"""The score of a fitted forecaster on the rows that follow: one number, for searches."""

from __future__ import annotations

import numpy as np

from .calibration import MOST_ORIGINS_JUDGED
from .extend import extend_panel
from .read_panel import nearest, read_panel
from .rolling_origin import naive_errors, season_before
from .scoring import point_scores
from .time_series import check_values


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
        "Of a long panel TimeSeriesSplit splits rows, not dates. Split by dates: cv takes a list "
        "of (rows to fit, rows to score)."
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
    candidates of a search are measured on one scale.
    """
    season = season_before(None, fitted, 1)
    errors = naive_errors(fitted, fitted.lengths, fitted.lengths, season)
    return np.array(list(errors.values())).reshape(len(fitted), -1)


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
            f"There is no score, since {why}: errors are measured in units of the change from one "
            "season to the next. Give other rows."
        )
    return -float(mase)
