"""From the look of a series to the settings that are not given: window, logarithm, regressor."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from ._naive import infer_season_length
from ._regressor import LSTMRegressor

SHORTEST_WINDOW, LONGEST_WINDOW = 14, 192
LONG_SEASON, LONGEST_SEASON, N_LONG_SEASONS = 24, 168, 4
LONGEST_MEMORY = 60
N_UPDATES, FEWEST_EPOCHS, MOST_EPOCHS = 1250, 5, 75
SMALLEST_BATCH, LARGEST_BATCH, UPDATES_OF_AN_EPOCH = 32, 256, 300
FEWEST_STEPS_CUT, LONGEST_SEGMENT = 48, 24
DRIFT = 0.5  # standard deviations between the last quarter and the rest
GROWTH = 1.25  # ratio of changes at high and at low level


class Window(NamedTuple):
    """How long a window should be, and why."""

    length: int
    season: int
    reason: str


def choose_window(series, freq, horizon):
    """Choose the length of windows.

    Parameters
    ----------
    series : list of ndarray of shape (n_steps, n_columns)
        NaN is missing.

    freq : str, float or None

    horizon : int

    Returns
    -------
    Window
    """
    season = _season(series, freq)
    shortest = min(map(len, series))
    room = max(1, (shortest - horizon) // 2)
    if season > 1:
        n_seasons = _n_seasons(season, room)
        wanted = n_seasons * season + (season < LONG_SEASON or n_seasons == 1)
        counted = "one season" if n_seasons == 1 else f"{n_seasons} seasons"
        reason = f"{counted} of {season} steps{' and a step' if wanted % season else ''}"
    else:
        memory = _memory(series)
        wanted = max(2 * SHORTEST_WINDOW, memory + 1)
        reason = "no season; changes " + (
            f"are correlated up to {memory} steps apart" if memory else "are not correlated"
        )
    if wanted > room:
        reason += f"; no more than half of {shortest} values"
    return Window(min(wanted, room), season, reason)


def _season(series, freq):
    """The season, or where that is too long for a window, the best of the shorter ones."""
    season = infer_season_length(series, freq)
    if season <= LONGEST_SEASON:
        return season
    return infer_season_length(series, freq, longest=LONGEST_SEASON)


def _n_seasons(season, room):
    """Two weeks of days, two years of months, four days of hours.

    With a step more a window holds the last season's value and its predecessor; several long
    seasons do that anyway, and can be cut in segments.
    """
    if season < LONG_SEASON:
        return -(-SHORTEST_WINDOW // season)
    return max(1, min(N_LONG_SEASONS, LONGEST_WINDOW // season, room // season))


def _memory(series):
    """Return the largest lag at which changes are still correlated, in the median of the series."""
    lags = []
    for values in series:
        changes = np.diff(pd.DataFrame(values).interpolate().bfill().to_numpy(), axis=0)
        lags += [_last_correlated(column) for column in changes.T]
    return int(np.median(lags))


def _last_correlated(changes):
    n = len(changes)
    centered = changes - changes.mean() if n else changes
    if not n or not centered.any():
        return 0
    spectrum = np.fft.rfft(centered, 2 * n)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: min(n, LONGEST_MEMORY)]
    is_certain = np.abs(correlation) > 3 / np.sqrt(n) * correlation[0]
    return int(np.flatnonzero(is_certain)[-1])


def choose_log(series):
    """Whether all values are positive, the level wanders, and changes grow with it."""
    return _drift(series) and _grows_with_level(series)


def _drift(series):
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


def default_regressor(n_windows, window_length):
    """Return the regressor of a forecaster that was given none.

    Small networks with a linear path beside them, trained briefly with a rate that falls to
    nothing, averaged: what did well on the stretch before the test part of a dozen series.
    """
    batch_size = SMALLEST_BATCH
    while batch_size < LARGEST_BATCH and n_windows > 2 * batch_size * UPDATES_OF_AN_EPOCH:
        batch_size *= 2
    epochs = int(np.clip(N_UPDATES * batch_size / max(n_windows, 1), FEWEST_EPOCHS, MOST_EPOCHS))
    return LSTMRegressor(
        32,
        segment_length=_segment_length(window_length),
        skip_connection=True,
        ensemble_size=3,
        dropout=0.2,
        loss="huber",
        learning_rate=0.005,
        learning_rate_schedule="cosine",
        batch_size=batch_size,
        epochs=epochs,
    )


def _segment_length(window_length):
    """Return the longest segments, up to 24 steps, that cut a long window evenly."""
    if window_length < FEWEST_STEPS_CUT:
        return None
    divisors = [n for n in range(2, LONGEST_SEGMENT + 1) if window_length % n == 0]
    return divisors[-1] if divisors else None
