"""Synthetic series: days and weeks, a level of their own each, noise."""

from __future__ import annotations

import numpy as np
import pandas as pd

DAILY, WEEKLY = 24, 168
SEASONS = {"h": (DAILY, WEEKLY), "D": (7,)}
NOISE = 0.1


def values(n_series, n_steps, freq, dtype="float64", seed=0):
    """Return positive series, shape (n_series, n_steps), made one by one."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_steps, dtype=np.float32)
    array = np.empty((n_series, n_steps), dtype=dtype)
    for row in array:
        shape = 1 + NOISE * rng.standard_normal(n_steps, dtype=np.float32)
        for period in SEASONS[freq]:
            shape += 0.25 * np.sin(2 * np.pi * (t / period + rng.random(dtype=np.float32)))
        row[:] = np.exp(rng.normal(3, 1)) * np.maximum(shape, 0.01)
    return array


def panel(n_series, n_steps, freq, dtype="float64", seed=0):
    """Return a long Series with a MultiIndex ``(series, time)``, no array of labels written out."""
    times = pd.date_range("2020-01-01", periods=n_steps, freq=freq)
    index = pd.MultiIndex(
        levels=[pd.RangeIndex(n_series), times],
        codes=[
            np.repeat(np.arange(n_series, dtype=np.int32), n_steps),
            np.tile(np.arange(n_steps, dtype=np.int32), n_series),
        ],
        names=["series", "time"],
        verify_integrity=False,
    )
    return pd.Series(values(n_series, n_steps, freq, dtype, seed).ravel(), index, name="value")
