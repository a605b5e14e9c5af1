"""Models of statsforecast, each series by itself; the library is optional."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pandas as pd

from .contenders import FromHistory

SEASONAL = ["MSTL"]  # those that are of no use without a season
STATSFORECAST = ["AutoETS", "AutoTheta", *SEASONAL]


def has_statsforecast():
    """Tell whether the library is installed, without importing it."""
    return find_spec("statsforecast") is not None


class StatsforecastModel(FromHistory):
    """A model that is fitted to each series at the first origin, and goes on from later ones.

    It is fitted as often as an ``LSTMForecaster`` would be. In between, ``forward`` applies what
    was fitted to the longer history. Missing values are interpolated from the known ones.

    Parameters
    ----------
    name : {"AutoETS", "AutoTheta", "MSTL"}
        Class in ``statsforecast.models``.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def n_per_fit(self, refit, n_windows):
        return n_windows if refit is False else 1 if refit is True else refit

    def forecast(self, panel, n_known, numbers, known, asked):
        levels = {column: _interval(column, asked) for column in asked.names}
        n_columns = panel.y.shape[1]
        found = {name: np.empty((len(numbers), asked.horizon, n_columns)) for name in levels}
        for number in np.unique(numbers):
            origins = np.flatnonzero(numbers == number)
            rows = slice(*panel.offsets[number : number + 2])
            for column in range(n_columns):
                history = panel.y[rows, column]
                try:
                    of_origins = self._forecasts(
                        history, n_known[number, 0], known[origins], levels, asked
                    )
                except Exception as error:
                    error.add_note(f"{panel.titles[number * n_columns + column]}.")
                    raise
                for name, values in of_origins.items():
                    found[name][origins, :, column] = values
        return found

    def _forecasts(self, values, n_fitted, known, levels, asked):
        """Return the forecasts of one series, for each name of shape (n_origins, horizon)."""
        from statsforecast import models

        wanted = sorted({level for _, level in levels.values() if level is not None})
        options = {"h": asked.horizon, "level": wanted or None}
        model = getattr(models, self._name)(season_length=asked.season_length)
        model = model.fit(y=_filled(values[:n_fitted]))
        found: dict = {name: [] for name in levels}
        for n in known:
            forecast = (
                model.predict(**options)
                if n == n_fitted
                else model.forward(y=_filled(values[:n]), **options)
            )
            for name, (side, level) in levels.items():
                key = side if level is None else f"{side}-{level}"
                found[name].append(np.asarray(forecast[key], dtype=float))
        return found


def _interval(name, asked):
    """Return what the library calls a column: the side, and the width of the interval in percent.

    Its quantiles are the bounds of intervals about the forecast.
    """
    if name in ("lower", "upper"):
        return {"lower": "lo", "upper": "hi"}[name], _percent(asked.coverage)
    if name == "y_pred" or name == 0.5:
        return "mean", None
    return "lo" if name < 0.5 else "hi", _percent(abs(1 - 2 * name))


def _percent(share):
    percent = round(100 * share, 6)
    return int(percent) if percent == int(percent) else percent


def _filled(values):
    return pd.Series(values).interpolate(limit_direction="both").to_numpy()
