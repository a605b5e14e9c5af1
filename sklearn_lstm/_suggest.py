"""Settings that suit a series, from its length, season and level, with reasons in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._forecaster import LSTMForecaster
from ._naive import infer_season_length
from ._panel import read_panel
from ._regressor import LSTMRegressor

SHORTEST_WINDOW, LONGEST_SEASON = 14, 168
N_UPDATES, FEWEST_EPOCHS, MOST_EPOCHS = 2500, 10, 150
BATCH_SIZE = 32
DRIFT = 0.5  # standard deviations between the last quarter and the rest
GROWTH = 1.5  # ratio of changes at high and at low level


def suggest_forecaster(
    y: Any, *, horizon: int = 1, window_length: int | None = None, random_state: Any = 0
) -> tuple[LSTMForecaster, str]:
    """Choose settings for a series.

    Parameters
    ----------
    y : {array-like, Series, DataFrame}
        As for :meth:`LSTMForecaster.fit`. Missing values are allowed.

    horizon : int, default=1
        Steps to forecast.

    window_length : int, default=None
        Steps in a window; None chooses them.

    random_state : int, RandomState instance or None, default=0
        As for :class:`LSTMForecaster`.

    Returns
    -------
    forecaster : LSTMForecaster
        Not fitted.

    reasons : str
        What was chosen, and why, in a line.

    Examples
    --------
    >>> from sklearn_lstm import suggest_forecaster
    >>> from sklearn_lstm.datasets import load_seattle_weather
    >>> y = load_seattle_weather()["temp_max"]
    >>> forecaster, reasons = suggest_forecaster(y, horizon=7)
    >>> forecaster.window_length, forecaster.normalize
    (15, 'standard')
    >>> print(reasons)
    1461 values, one each 'D', season of 7: window of 15 steps, 55 epochs,
    normalize='standard' (the level stays)
    """
    for name, value in {"horizon": horizon, "window_length": window_length}.items():
        if value is not None and value < 1:
            raise ValueError(f"{name}={value!r} must be at least 1.")
    panel = read_panel(y, fills_holes=True)
    series = [track.y for track in panel.tracks]
    for name, values in zip(panel.keys, series, strict=True):
        if np.isnan(values).all(axis=0).any():
            raise ValueError(f"{'y' if name is None else f'Series {name!r}'} holds no value.")
    freq = panel.tracks[0].calendar.freq
    season = _season(series, freq)
    shortest = min(map(len, series))
    if window_length is None:
        window_length = _window_length(season, shortest, horizon)
    n_windows = sum(max(0, len(values) - window_length - horizon + 1) for values in series)
    epochs = int(np.clip(N_UPDATES * BATCH_SIZE / max(n_windows, 1), FEWEST_EPOCHS, MOST_EPOCHS))
    drifts = _drifts(series)
    log = drifts and _grows_with_level(series)
    forecaster = LSTMForecaster(
        LSTMRegressor(units=32, epochs=epochs, batch_size=BATCH_SIZE, learning_rate=0.005),
        window_length=window_length,
        horizon=horizon,
        normalize="last" if drifts else "standard",
        log=log,
        missing="interpolate",
        random_state=random_state,
    )
    n_values = sum(map(len, series))
    n_missing = sum(int(np.isnan(values).any(axis=1).sum()) for values in series)
    among = f"{n_values} values" + (f" of {len(series)} series" if len(series) > 1 else "")
    gaps = f", {n_missing} of them missing and interpolated" if n_missing else ""
    step = f", one each {freq!r}" if isinstance(freq, str) else ""
    level = "the level wanders" if drifts else "the level stays"
    reasons = (
        f"{among}{gaps}{step}, {f'season of {season}' if season > 1 else 'no season'}: window of "
        f"{window_length} steps, {epochs} epochs, normalize={forecaster.normalize!r} ({level})"
        + (", log=True (changes grow with the level)" if log else "")
    )
    if len(series) > 1 and (shortest - horizon) // 2 <= window_length:
        reasons += f"; the shortest series has {shortest} values, which keeps the window short"
    return forecaster, reasons


def _season(series, freq):
    """The season, or where that is too long for a window, the best of the shorter ones."""
    season = infer_season_length(series, freq)
    if season <= LONGEST_SEASON:
        return season
    return infer_season_length(series, freq, longest=LONGEST_SEASON)


def _window_length(season, n_values, horizon):
    """Whole seasons and a step, so that a window holds last season's value and its predecessor."""
    n_seasons = -(-SHORTEST_WINDOW // season)
    wanted = n_seasons * season + 1 if season > 1 else 2 * SHORTEST_WINDOW
    return max(1, min(wanted, (n_values - horizon) // 2))


def _drifts(series):
    """Whether the last quarter of most series lies far from the rest."""
    distances = []
    for values in series:
        rest, last = np.split(values, [3 * len(values) // 4])
        if len(rest) and np.isfinite(rest).any() and np.isfinite(last).any():
            spread = np.nanstd(rest)
            distance = abs(np.nanmean(last) - np.nanmean(rest))
            distances.append(distance / spread if spread > 0 else 0.0)
    return bool(distances) and float(np.median(distances)) > DRIFT


def _grows_with_level(series):
    """Whether all values are positive and change more where they are high."""
    if any(np.nanmin(values) <= 0 for values in series):
        return False
    ratios = []
    for values in series:
        level, change = values[:-1], np.abs(np.diff(values, axis=0))
        is_high = level > np.nanmedian(level)
        high, low = change[is_high], change[~is_high]
        if np.isfinite(high).any() and np.nansum(low) > 0:
            ratios.append(np.nanmean(high) / np.nanmean(low))
    return bool(ratios) and float(np.median(ratios)) > GROWTH
