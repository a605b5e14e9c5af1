"""Settings that suit a series, with reasons in words."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from .defaults import choose_log, choose_window, count_windows, default_regressor
from .forecaster import LSTMForecaster
from .read_panel import read_panel


def suggest_window_length(y: Any, *, horizon: int = 1) -> tuple[int, str]:
    """Choose how many steps a window should have, from the season and the autocorrelation.

    A window holds whole seasons, those that are usual for the distance between the timestamps and
    that the series shows: 14 steps at least of one shorter than 24, and a step, such as two weeks
    of days or two years of months; up to four of a longer one, such as four days of hours, within
    192 steps. Without a season, or where it is longer than 191 steps, a window holds all steps
    whose changes are correlated, and 28 at least. It takes no more than half of the shortest
    series, ``horizon`` apart.

    Parameters
    ----------
    y : {array-like, Series, DataFrame}
        As for :meth:`LSTMForecaster.fit`. Missing values are allowed.

    horizon : int, default=1
        Steps to forecast.

    Returns
    -------
    window_length : int
        Steps in a window: what ``LSTMForecaster(window_length="auto")`` takes, but that it lets
        no series of a panel count that is shorter than half the median.

    reason : str
        Why.

    Examples
    --------
    >>> from sklearn_lstm import suggest_window_length
    >>> from sklearn_lstm.datasets import load_seattle_weather
    >>> suggest_window_length(load_seattle_weather()["temp_max"])
    (15, '2 seasons of 7 steps and a step')
    """
    window = choose_window(_read(y, horizon=horizon), horizon, suits_all=True)
    return window.length, window.reason


def suggest_forecaster(
    y: Any, *, horizon: int = 1, window_length: int | str = "auto", random_state: Any = 0
) -> tuple[LSTMForecaster, str]:
    """Write out the settings of an LSTM that suit a series, and why.

    With nothing set, a forecaster averages members that differ, of which the first is such an LSTM.
    What is returned here is one regressor, three networks that differ by their seeds, to begin with
    where settings are changed by hand or searched for.

    Parameters
    ----------
    y : {array-like, Series, DataFrame}
        As for :meth:`LSTMForecaster.fit`. Missing values are allowed; they will be interpolated.

    horizon : int, default=1
        Steps to forecast.

    window_length : int or "auto", default="auto"
        Steps in a window.

    random_state : int, RandomState instance or None, default=0
        As for :class:`LSTMForecaster`.

    Returns
    -------
    forecaster : LSTMForecaster
        Not fitted.

    reasons : str
        What was chosen, and why, in a line.

    See Also
    --------
    suggest_window_length : The window alone.

    Examples
    --------
    >>> from sklearn_lstm import suggest_forecaster
    >>> from sklearn_lstm.datasets import load_seattle_weather
    >>> y = load_seattle_weather()["temp_max"]
    >>> forecaster, reasons = suggest_forecaster(y, horizon=7)
    >>> forecaster.window_length, forecaster.regressor.epochs
    (15, 27)
    >>> print(reasons)
    1461 values, one each 'D': window of 15 steps (2 seasons of 7 steps and a step), mean of
    3 networks, 27 epochs
    """
    panel = _read(y, horizon=horizon, window_length=window_length)
    window = choose_window(panel, horizon, suits_all=True)
    length = window.length if isinstance(window_length, str) else window_length
    regressor = default_regressor(count_windows(panel, length, horizon), length)
    log, why_log = choose_log(panel)
    forecaster = LSTMForecaster(
        regressor,
        window_length=length,
        horizon=horizon,
        log=log,
        missing="interpolate",
        random_state=random_state,
    )
    n_missing = int(np.isnan(panel.y).any(axis=1).sum())
    among = f"{len(panel.y)} values" + (f" of {len(panel)} series" if len(panel) > 1 else "")
    gaps = f", {n_missing} of them missing and interpolated" if n_missing else ""
    step = f", one each {panel.freq!r}" if isinstance(panel.freq, str) else ""
    why = window.reason if window_length == "auto" else "as given"
    cut = f" in segments of {regressor.segment_length}" if regressor.segment_length else ""
    reasons = (
        f"{among}{gaps}{step}: window of {length} steps{cut} ({why}), mean of "
        f"{regressor.ensemble_size} networks, {regressor.epochs} epochs"
        + (f", log=True ({why_log})" if log else "")
    )
    return forecaster, reasons


def _read(y, **counts):
    for name, value in counts.items():
        is_whole = isinstance(value, Integral) and not isinstance(value, bool)
        if not (is_whole and value >= 1) and not (name == "window_length" and value == "auto"):
            other = ", or 'auto'" if name == "window_length" else ""
            raise ValueError(f"{name}={value!r} must be a whole number of at least 1{other}.")
    panel = read_panel(y, fills_holes=True)
    is_empty = panel.reduced(np.logical_and, np.isnan(panel.y)).any(axis=1)
    if is_empty.any():
        name = panel.keys[int(is_empty.argmax())]
        raise ValueError(f"{'y' if name is None else f'Series {name!r}'} holds no value.")
    return panel
