"""The settings of a forecaster with nothing set as they were when the many tasks were added.

They are written out, so that they stay the reference when the package's defaults change.
"""

from __future__ import annotations

import numpy as np

from sklearn_lstm import LSTMForecaster, LSTMRegressor, suggest_window_length

from .many import columns, target

N_UPDATES, FEWEST_EPOCHS, MOST_EPOCHS = 1250, 5, 75
SMALLEST_BATCH, LARGEST_BATCH, UPDATES_OF_AN_EPOCH = 32, 256, 300
FEWEST_STEPS_CUT, LONGEST_SEGMENT = 48, 24
FEWEST_FOR_LOG = 48
DRIFT, GROWTH = 0.5, 1.25


# The rule for windows has changed since; of the others it finds the same.
WINDOWS = {"many-calls": 28}


def default_before(known, horizon, name=None):
    """Return three equal networks for the rows that are known of a task."""
    window_length = WINDOWS.get(name)
    if window_length is None:
        window_length, _ = suggest_window_length(target(known), horizon=horizon)
    n_windows = _count_windows(known, window_length, horizon)
    return LSTMForecaster(
        three_networks(n_windows, window_length),
        window_length=window_length,
        horizon=horizon,
        strategy="direct",
        normalize="last",
        log=_takes_log(columns(known)),
        columns="joint",
        missing="interpolate",
        interval_method="conformal",
        calibration_fraction=0.2,
        random_state=0,
    )


def three_networks(n_windows, window_length):
    """Return small networks with a linear path, whose number of updates is bounded."""
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


def _count_windows(known, window_length, horizon):
    n_series = len(known.index.unique(level=0)) if known.index.nlevels > 1 else 1
    return n_series * max(0, len(known) // n_series - window_length - horizon + 1)


def _segment_length(window_length):
    if window_length < FEWEST_STEPS_CUT:
        return None
    divisors = [n for n in range(2, LONGEST_SEGMENT + 1) if window_length % n == 0]
    return divisors[-1] if divisors else None


def _takes_log(series):
    """Whether all values are positive, the level wanders, and changes grow with it."""
    known = [values[np.isfinite(values)] for values in series]
    long_enough = [i for i, values in enumerate(known) if len(values) >= FEWEST_FOR_LOG]
    return bool(
        all(len(values) and (values > 0).all() for values in known)
        and len(long_enough) > len(known) / 2
        and np.median([_drift(known[i]) for i in long_enough]) > DRIFT
        and np.median([_growth(series[i]) for i in long_enough]) > GROWTH
    )


def _drift(known):
    """Return by how many standard deviations the last quarter lies off the rest."""
    rest, last = np.split(known, [3 * len(known) // 4])
    return abs(last.mean() - rest.mean()) / rest.std() if rest.std() > 0 else 0.0


def _growth(values):
    """Return how much larger changes are above the median than below it."""
    level, change = values[:-1], np.abs(np.diff(values))
    is_known = np.isfinite(change)
    level, change = level[is_known], change[is_known]
    is_high = level > np.median(level)
    if not is_high.any() or not change[~is_high].any():
        return 1.0
    return change[is_high].mean() / change[~is_high].mean()
