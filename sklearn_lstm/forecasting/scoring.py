"""Measures of forecasts, of arrays."""

from __future__ import annotations

from math import inf

import numpy as np
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error


def point_scores(y, forecast, unit):
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


def interval_scores(y, lower, upper):
    if not len(y):
        return {"coverage": np.nan, "width": np.nan}
    return {"coverage": ((lower <= y) & (y <= upper)).mean(), "width": (upper - lower).mean()}


def skill_score(error, naive):
    """1 - error / naive error; nothing is better than a naive forecast without error."""
    if naive == 0:
        return 0.0 if error == 0 else -inf
    return 1 - error / naive
