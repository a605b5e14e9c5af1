"""aeon's contenders, maybe under another Python, which needs nothing of ours.

Arrays travel through a file: ``train`` and ``test`` are lists of sequences, scaled.
"""

from __future__ import annotations

import time

import numpy as np

from .scaling import padded


def read(path):
    """Return (train, y_train), (test, y_test), lists of arrays and labels."""
    with np.load(path, allow_pickle=False) as stored:
        return tuple(
            (np.split(stored[f"{part}_steps"], stored[f"{part}_ends"][:-1]), stored[f"{part}_y"])
            for part in ("train", "test")
        )


def write(path, train, y_train, test, y_test):
    arrays = {}
    for part, X, y in (("train", train, y_train), ("test", test, y_test)):
        arrays[f"{part}_steps"] = np.concatenate(X)
        arrays[f"{part}_ends"] = np.cumsum([len(sequence) for sequence in X])
        arrays[f"{part}_y"] = np.asarray(y)
    np.savez(path, **arrays)


def dtw(path):
    """Return the accuracy of the nearest neighbour under dynamic time warping, no window."""
    from aeon.distances import dtw_pairwise_distance

    (train, y_train), (test, y_test) = read(path)
    started = time.perf_counter()
    distances = dtw_pairwise_distance(_channels_first(test), _channels_first(train))
    found = y_train[distances.argmin(axis=1)]
    return {"accuracy": float((found == y_test).mean()), "seconds": time.perf_counter() - started}


def minirocket(path, seed):
    """Return the accuracy of MiniRocket with ridge, aeon's defaults, of padded sequences."""
    from aeon.classification.convolution_based import MiniRocketClassifier

    (train, y_train), (test, y_test) = read(path)
    train, test = (array.transpose(0, 2, 1) for array in padded(train, test))
    started = time.perf_counter()
    classifier = MiniRocketClassifier(random_state=seed).fit(train, y_train)
    accuracy = float((classifier.predict(test) == y_test).mean())
    return {"accuracy": accuracy, "seconds": time.perf_counter() - started}


def version():
    """Return aeon's version."""
    import aeon

    return aeon.__version__


def _channels_first(sequences):
    """Return a list in aeon's layout, ``(n_channels, n_timepoints)``."""
    return [np.ascontiguousarray(sequence.T) for sequence in sequences]
