"""From the look of a series to the settings that are not given: window, logarithm, regressor."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from .._regressor import LSTMRegressor
from .baselines import infer_season_length

# Chosen on the stretches before the test parts of a dozen series, but for what says otherwise.
SHORTEST_WINDOW, LONGEST_WINDOW = 14, 192
LONG_SEASON, LONGEST_SEASON, N_LONG_SEASONS = 24, 168, 4
LONGEST_MEMORY = 60
# There the best number of epochs was between four and thirty where windows were thousands.
N_UPDATES, FEWEST_EPOCHS, MOST_EPOCHS = 1250, 5, 75
SMALLEST_BATCH, LARGEST_BATCH, UPDATES_OF_AN_EPOCH = 32, 256, 300
# On ETTh1 segments of 24 in windows of 96 had a lower error, and a twelfth of the time of a fit.
FEWEST_STEPS_CUT, LONGEST_SEGMENT = 48, 24
FEWEST_FOR_LOG = 48  # a few dozen values are too short to tell
DRIFT = 0.5  # standard deviations between the last quarter and the rest
GROWTH = 1.25  # ratio of changes at high and at low level
# Of more series, so many evenly spaced ones are looked at: medians over a thousand are as good as
# certain, and over all of 30,000 they would take longer than a linear regressor to train.
MOST_SERIES_LOOKED_AT = 1000


class Window(NamedTuple):
    """How long a window should be, and why."""

    length: int
    reason: str


def looked_at(panel):
    """Return the values of the series of a panel, or of a thousand evenly spaced ones.

    Parameters
    ----------
    panel : Panel

    Returns
    -------
    series : list of ndarray of shape (n_steps, n_columns)
        NaN is missing.
    """
    n_series = len(panel)
    if n_series <= MOST_SERIES_LOOKED_AT:
        return [one.y for one in panel.series]
    numbers = np.linspace(0, n_series - 1, MOST_SERIES_LOOKED_AT).round().astype(int)
    return [panel.series[number].y for number in numbers]


def choose_window(panel, horizon):
    """Choose the length of windows.

    Parameters
    ----------
    panel : Panel

    horizon : int

    Returns
    -------
    Window
    """
    series, freq = looked_at(panel), panel.freq
    shown = infer_season_length(series, freq)
    is_too_long = shown > LONGEST_SEASON
    season = infer_season_length(series, freq, longest=LONGEST_SEASON) if is_too_long else shown
    shortest = int(panel.lengths.min())
    room = max(1, (shortest - horizon) // 2)
    if season > 1:
        n_seasons = _n_seasons(season, room)
        wanted = n_seasons * season + (season < LONG_SEASON or n_seasons == 1)
        counted = "one season" if n_seasons == 1 else f"{n_seasons} seasons"
        reason = f"{counted} of {season} steps{' and a step' if wanted % season else ''}"
    else:
        memory = _memory(series)
        wanted = max(2 * SHORTEST_WINDOW, memory + 1)
        reason = f"a season of {shown} steps is too long" if is_too_long else "no season"
        reason += "; changes " + (
            f"are correlated up to {memory} steps apart" if memory else "are not correlated"
        )
    if wanted > room:
        among = " of the shortest series" if len(panel) > 1 else ""
        reason += f"; cut to {room}: no more than half of {shortest} values{among}, {horizon} ahead"
    return Window(min(wanted, room), reason)


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
    is_certain = np.abs(correlation[1:]) > 3 / np.sqrt(n) * correlation[0]
    return int(1 + np.flatnonzero(is_certain)[-1]) if is_certain.any() else 0


def choose_log(panel):
    """Whether all values are positive, the level of most columns wanders, and changes grow with it.

    Series of a few dozen values are too short to tell.
    """
    if not _is_positive(panel):
        return False
    columns = [column for values in looked_at(panel) for column in values.T]
    long_enough = [column for column in columns if np.isfinite(column).sum() >= FEWEST_FOR_LOG]
    return (
        len(long_enough) > len(columns) / 2
        and float(np.median([_drift(column) for column in long_enough])) > DRIFT
        and float(np.median([_growth(column) for column in long_enough])) > GROWTH
    )


def _is_positive(panel):
    """Tell whether every column of every series holds values, and all are above zero."""
    if (panel.y <= 0).any():
        return False
    is_missing = np.isnan(panel.y)
    return not (is_missing.any() and panel.reduced(np.logical_and, is_missing).any())


def _drift(values):
    """Return by how many standard deviations the last quarter lies off the rest."""
    known = values[np.isfinite(values)]
    rest, last = np.split(known, [3 * len(known) // 4])
    scale = rest.std()
    return abs(last.mean() - rest.mean()) / scale if scale > 0 else 0.0


def _growth(values):
    """Return how much larger changes are above the median than below it."""
    level, change = values[:-1], np.abs(np.diff(values))
    is_known = np.isfinite(change)
    level, change = level[is_known], change[is_known]
    is_high = level > np.median(level) if len(level) else level
    if not np.any(is_high) or not change[~is_high].any():
        return 1.0
    return change[is_high].mean() / change[~is_high].mean()


def count_windows(panel, window_length, horizon):
    """Return how many windows of a panel have ``horizon`` steps after them."""
    return int(np.maximum(0, panel.lengths - window_length - horizon + 1).sum())


def default_regressor(n_windows, window_length):
    """Return the regressor of a forecaster that was given none.

    Small networks with a linear path beside them, trained briefly with a rate that falls to
    nothing, averaged: what did well on the stretch before the test part of a dozen series. Of very
    many windows each epoch draws some, so that the number of updates, and the time, is bounded.
    """
    batch_size = SMALLEST_BATCH
    while batch_size < LARGEST_BATCH and n_windows > 2 * batch_size * UPDATES_OF_AN_EPOCH:
        batch_size *= 2
    epochs = int(np.clip(N_UPDATES * batch_size / max(n_windows, 1), FEWEST_EPOCHS, MOST_EPOCHS))
    most = N_UPDATES * batch_size // FEWEST_EPOCHS
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
        max_samples=most if n_windows > most else None,
    )


def _segment_length(window_length):
    """Return the longest segments, up to 24 steps, that cut a long window evenly."""
    if window_length < FEWEST_STEPS_CUT:
        return None
    divisors = [n for n in range(2, LONGEST_SEGMENT + 1) if window_length % n == 0]
    return divisors[-1] if divisors else None
