"""Windows and targets as a training wants them: where they end, which there are, in float32."""

from dataclasses import replace

import numpy as np

from .engine.loop import Samples
from .engine.memory import aligned_copy
from .windows.rows import FollowingSteps, Windows


def follows(y, X):
    """Tell whether targets are the steps after just these windows, and need not be written out."""
    return isinstance(y, FollowingSteps) and isinstance(X, Windows) and y.follow(X)


def without_bounds(windows):
    """Windows that reach beyond their bounds are not learned from, so the rest need none."""
    if windows.outside == "nearest":
        return windows
    return replace(windows, first=None, last=None, outside="nan")


def ending_before(windows, n_after, n_timesteps):
    """Return windows of so many steps that end at their last known one."""
    first = np.asarray(windows.starts)
    last = first + (windows.n_timesteps - 1 - n_after).astype(first.dtype)
    return replace(windows, n_timesteps=n_timesteps, first=first, last=last, outside="end")


def words_about(array, sample, step):
    """Say what is wrong with the first window that can't be read."""
    window = array[sample]
    if np.isnan(window).all():
        return f"Sample {sample} of X has no known step: all its values are NaN. Leave it out."
    return (
        f"Input X contains NaN or infinity, first at step {step} of window {sample}: "
        f"{window[step]}. Only leading steps, before a window's history begins, and trailing ones, "
        "after a shorter sequence has ended, may be NaN, in all their features. Fill the value or "
        "leave the window out."
    )


def where(flags):
    """Select what is flagged, which is not copied where it lies in a row."""
    begin, end = int(flags.argmax()), len(flags) - int(flags[::-1].argmax())
    return slice(begin, end) if flags[begin:end].all() else flags


def for_training(samples):
    """Bring targets and weights into the precision that networks are trained in, float32.

    Rows keep theirs until TensorFlow is given them, so that they are not held twice.
    """
    windows, y = samples.windows, samples.y
    if windows.relative is None:
        _check_range_of_float32(windows.rows, "X")
    if isinstance(y, FollowingSteps):
        y = replace(y, windows=windows)
    else:
        y = _as_float32(y.reshape(len(windows), -1), "y")
    weights = samples.sample_weight
    if samples.is_weighted:
        weights = _as_float32(weights, "sample_weight")
    return Samples(windows, y, weights)


def _as_float32(array, name):
    _check_range_of_float32(array, name)
    if array.dtype != np.float32:
        return aligned_copy(array, np.float32)
    return np.ascontiguousarray(array)


def _check_range_of_float32(array, name):
    """Refuse what is infinite in float32, without a copy in it; NaN is none of that."""
    extremes = np.array([np.fmin.reduce(array, axis=None), np.fmax.reduce(array, axis=None)])
    with np.errstate(over="ignore"):
        if not np.isinf(extremes.astype(np.float32)).any():
            return
    raise ValueError(
        f"{name} holds values beyond the range of float32, in which networks are trained. "
        f"Scale {name} first (MinMaxScaler)."
    )
