"""What all contenders but ours have done to the sequences first; ours has it in its pipeline."""

from __future__ import annotations

import numpy as np


def scaled(train, test):
    """Bring each channel to mean 0 and deviation 1 over all steps of the train part."""
    steps = np.concatenate(train)
    mean, deviation = steps.mean(axis=0), steps.std(axis=0)
    deviation[deviation == 0] = 1
    return tuple([(sequence - mean) / deviation for sequence in part] for part in (train, test))


def padded(train, test):
    """Return arrays ``(n, n_timesteps, n_features)``, as long as the longest of the train part.

    Zeros, which is the mean, stand after the end of shorter sequences; what is longer is cut.
    """
    longest = max(map(len, train))
    arrays = []
    for part in (train, test):
        array = np.zeros((len(part), longest, train[0].shape[1]))
        for row, sequence in zip(array, part, strict=True):
            row[: len(sequence)] = sequence[:longest]
        arrays.append(array)
    return tuple(arrays)
