"""Measures of forecasts, of arrays."""

from __future__ import annotations

from math import inf

import numpy as np
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from .normalize import unit_of


def point_scores(y, forecast, unit):
    if not len(y):
        return dict.fromkeys(["RMSE", "MAE", "sMAPE", "MASE", "R2"], np.nan)
    error, size = np.abs(y - forecast), np.abs(y) + np.abs(forecast)
    scaled = error[unit > 0] / unit[unit > 0]
    usual = float(unit_of(np.maximum(np.abs(y), np.abs(forecast)).max()))
    y, forecast = y / usual, forecast / usual
    return {
        "RMSE": usual * root_mean_squared_error(y, forecast),
        "MAE": usual * mean_absolute_error(y, forecast),
        "sMAPE": 200 * np.divide(error, size, out=np.zeros_like(error), where=size > 0).mean(),
        "MASE": scaled.mean() if len(scaled) else np.nan,
        "R2": r2_score(y, forecast) if len(y) > 1 else np.nan,
    }


def interval_scores(y, lower, upper, unit, coverage):
    """Measure intervals, those that have both bounds.

    Parameters
    ----------
    y, lower, upper, unit : ndarray of shape (n_samples,)
        The unit is that of the MASE.

    coverage : float
        Share of the values that the intervals were to cover.
    """
    known = np.isfinite(lower) & np.isfinite(upper)
    if not known.any():
        return dict.fromkeys(["coverage", "width", "MSIS"], np.nan)
    y, lower, upper, unit = (part[known] for part in (y, lower, upper, unit))
    outside = np.maximum(lower - y, 0) + np.maximum(y - upper, 0)
    score = upper - lower + 2 / (1 - coverage) * outside
    scaled = score[unit > 0] / unit[unit > 0]
    return {
        "coverage": (outside == 0).mean(),
        "width": (upper - lower).mean(),
        "MSIS": scaled.mean() if len(scaled) else np.nan,
    }


def quantile_scores(y, quantiles, levels):
    """Measure quantiles, on the rows that have all of them.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)

    quantiles : ndarray of shape (n_samples, n_levels)

    levels : list of float
    """
    known = np.isfinite(quantiles).all(axis=1)
    if not known.any():
        return {"pinball": np.nan, "WQL": np.nan}
    error, size = y[known, np.newaxis] - quantiles[known], np.abs(y[known]).mean()
    pinball = np.maximum(np.array(levels) * error, (np.array(levels) - 1) * error).mean()
    return {"pinball": pinball, "WQL": 2 * pinball / size if size > 0 else np.nan}


def skill_score(error, naive):
    """1 - error / naive error; nothing is better than a naive forecast without error."""
    if naive == 0:
        return 0.0 if error == 0 else -inf
    return 1 - error / naive
