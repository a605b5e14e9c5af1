"""Errors of forecasts, as the publications define them."""

import numpy as np


def mse(y, forecast):
    return float(np.mean((y - forecast) ** 2))


def mae(y, forecast):
    return float(np.mean(np.abs(y - forecast)))


def smape(y, forecast):
    """Return 200 |y - f| / (|y| + |f|) in percent, averaged over all values."""
    return float(np.mean(200 * np.abs(y - forecast) / (np.abs(y) + np.abs(forecast))))


def seasonal_mae(history, season):
    """Return the mean absolute change from one season to the next."""
    return mae(history[season:], history[:-season])


def mase(y, forecast, history, season):
    """Return the absolute error in units of the seasonal naive forecast's within the history."""
    return mae(y, forecast) / seasonal_mae(history, season)
