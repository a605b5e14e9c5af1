"""Forecasts of a function, which is called at each origin with what is known there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from .conformal import NoIntervalError
from .contenders import FromHistory
from .time_series import name_of

LARGEST_ROUNDING = 1e-9  # relative, far above that of float64 and below what bounds mean


class FunctionForecasts(FromHistory):
    """A function of the history and the horizon, called at each origin.

    Parameters
    ----------
    function : callable
    """

    def __init__(self, function: Callable) -> None:
        self._function = function

    def n_per_fit(self, refit, n_windows):
        return 1

    def forecast(self, panel, n_known, numbers, known, asked):
        before = panel.until(n_known[:, 0])
        origin = before.calendars.at(before.calendars.ends - 1).max()
        X = _covariates(panel.until(n_known[:, 0] + asked.horizon))
        try:
            given = self._function(before.history(), asked.horizon, *X)
        except StopIteration as error:  # which would end the loop of whoever called
            raise ValueError(
                f"The forecaster raised StopIteration, called with the rows until {origin!s}. "
                "Give next() a default."
            ) from error
        except Exception as error:
            error.add_note(f"The forecaster was called with the rows until {origin!s}.")
            raise
        parts = given if _is_mapping(given) else {"y_pred": given}
        lacking = [name for name in asked.names if name not in parts]
        if "y_pred" in lacking:
            raise ValueError(
                f"The forecaster returned {list(parts)} at the origin {origin!s}, without 'y_pred'."
            )
        if lacking:
            raise NoIntervalError(
                f"The forecaster returned no {', '.join(map(repr, lacking))} at the origin "
                f"{origin!s}. Return a dict or DataFrame of {asked.names}, or ask for none: "
                "coverage=None, quantiles=None."
            )
        read = _Answer(before, origin, asked.horizon, numbers)
        found = {name: read(parts[name], name) for name in asked.names}
        if asked.coverage is not None and is_crossed(found["lower"], found["upper"]).any():
            raise ValueError(
                f"The 'lower' that the forecaster returned at the origin {origin!s} lies above its "
                "'upper'. Exchange them."
            )
        return found


def is_crossed(lower, upper):
    """Tell where bounds lie in the wrong order, by more than rounding; a missing one does not."""
    return lower > upper + LARGEST_ROUNDING * np.maximum(np.abs(lower), np.abs(upper))


def _covariates(panel):
    """Return the covariates in a list, in the form of ``y`` but with columns; none without any."""
    if panel.layout.covariates is None:
        return []
    if not panel.layout.is_pandas:
        return [panel.X.copy()]
    return [pd.DataFrame(panel.X, panel.history().index, panel.layout.covariates, copy=True)]


def shortened(value, n_shown=60):
    """Return what is shown of a value in a message."""
    text = repr(value)
    return text if len(text) <= n_shown else f"{text[:n_shown]}..."


def _is_mapping(given):
    return isinstance(given, Mapping) or (isinstance(given, pd.DataFrame) and "y_pred" in given)


class _Answer:
    """Reads what a function returned: labelled values by their index, arrays in their order.

    Parameters
    ----------
    before : Panel
        The rows that were known.

    origin : label
        The last timestamp, for messages.

    horizon : int

    numbers : ndarray of int
        The series of which a forecast is wanted.
    """

    def __init__(self, before, origin, horizon, numbers):
        self._before, self._origin = before, origin
        self._horizon, self._numbers = horizon, numbers
        self._shape = len(before), horizon, before.y.shape[1]

    def __call__(self, values, name):
        before, (n_series, horizon, n_columns) = self._before, self._shape
        if isinstance(values, pd.Series | pd.DataFrame) and before.layout.is_pandas:
            values = self._in_order(values, name)
        try:
            values = np.asarray(values, dtype=float)
        except (TypeError, ValueError) as error:
            self._refuse(name, f"is no array of numbers ({shortened(values)}): {error}")
        of_one = (horizon,) if before.layout.levels is None else (n_series, horizon)
        expected = [(*of_one, n_columns), *([of_one] if n_columns == 1 else [])]
        if values.shape not in expected:
            self._refuse(name, f"has the shape {values.shape}, not {expected[-1]}")
        values = values.reshape(self._shape)[self._numbers]
        if not np.isfinite(values).all():
            number, step, _ = map(int, np.argwhere(~np.isfinite(values))[0])
            key = before.keys[self._numbers[number]]
            of_series = "" if key is None else f" of {name_of(key)}"
            self._refuse(name, f"is not finite at step {step + 1}{of_series}")
        return values

    def _in_order(self, values, name):
        """Return labelled values as an array, NaN for a series that is not wanted."""
        before = self._before
        index = before.wrap(np.empty(self._shape)).index
        if values.index.has_duplicates:
            self._refuse(name, f"repeats {values.index[values.index.duplicated()][0]!s}")
        is_known = values.index.isin(index) if values.index.nlevels == index.nlevels else [False]
        if not np.all(is_known):
            self._refuse(
                name,
                f"is for {values.index[np.argmin(is_known)]!s}, but to forecast are {index[0]!s} "
                f"to {index[-1]!s}. Give it these timestamps, or return an array (to_numpy())",
            )
        is_absent = ~index.isin(values.index)
        is_wanted = np.isin(np.arange(len(before)), self._numbers).repeat(self._shape[1])
        if (is_absent & is_wanted).any():
            self._refuse(name, f"lacks {index[is_absent & is_wanted][0]!s}")
        if before.layout.y_ndim == 2:
            columns = before.layout.columns
            lacking = [column for column in columns if column not in values]
            if lacking:
                self._refuse(name, f"lacks the column {lacking[0]!r}")
            values = values[columns]
        array = values.reindex(index).to_numpy(dtype=float)
        of_one = self._shape[1:2] if before.layout.levels is None else self._shape[:2]
        return array.reshape(*of_one, *array.shape[1:])

    def _refuse(self, name, why):
        what = "forecast" if name == "y_pred" else repr(name)
        raise ValueError(
            f"The {what} that the forecaster returned at the origin {self._origin!s} {why}."
        )
