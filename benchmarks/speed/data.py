"""What is learned: the next value of a noisy day, or its class, from windows of several series."""

# ruff: noqa: RUF001

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PERIOD = 24
NOISE = 0.4  # leaves an error that no contender gets below, so that few epochs suffice to compare


@dataclass(frozen=True)
class Problem:
    """Windows, a network and how it is trained."""

    n_windows: int
    n_timesteps: int
    n_features: int
    units: tuple[int, ...]
    batch_size: int
    epochs: int
    bidirectional: bool = False
    n_classes: int | None = None  # of the next value; None: the value itself is learned

    def __str__(self):
        layers = " + ".join(map(str, self.units))
        return (
            f"{self.n_windows} × {self.n_timesteps} × {self.n_features}, {layers} units"
            f"{', bidirectional' * self.bidirectional}"
            f"{f', {self.n_classes} classes' if self.n_classes else ''}, batch {self.batch_size}, "
            f"{self.epochs} epochs"
        )

    @property
    def forward_operations(self):
        """Multiplications and additions in the matrix products of the LSTM layers, one pass."""
        n_directions = 1 + self.bidirectional
        n_inputs, products = self.n_features, 0
        for units in self.units:
            products += n_directions * 4 * units * (n_inputs + units)
            n_inputs = n_directions * units
        return 2 * self.n_windows * self.n_timesteps * products

    @property
    def training_operations(self):
        """One epoch: the gradients by weights and by inputs cost a forward pass each."""
        return 3 * self.forward_operations


def series(n_rows, n_features, dtype=np.float32):
    """Return rows in time order, each column with mean 0 and variance 1."""
    rng = np.random.default_rng(0)
    phase = np.arange(n_features) / n_features
    rows = np.sin(2 * np.pi * (np.arange(n_rows)[:, np.newaxis] / PERIOD + phase))
    rows += NOISE * rng.standard_normal(rows.shape)
    rows -= rows.mean(axis=0)
    rows /= rows.std(axis=0)
    return rows.astype(dtype)


def rows_of(problem):
    return series(problem.n_windows + problem.n_timesteps, problem.n_features)


def windows_and_targets(problem):
    """Return 3-D windows as SequenceWindower gives them, and the value after each, or its class."""
    from sklearn_lstm import SequenceWindower

    rows, n_timesteps = rows_of(problem), problem.n_timesteps
    windows = SequenceWindower(n_timesteps).fit_transform(rows[:-1])
    y = rows[n_timesteps:, 0].copy()
    return windows[n_timesteps - 1 :], classes(y, problem.n_classes) if problem.n_classes else y


def classes(values, n_classes):
    """Return classes of the same size: the lowest values, the next ones, and so on."""
    ranks = values.argsort().argsort()
    return ranks * n_classes // len(values)


def loss_of_a_constant(y, n_classes):
    """Return the loss of who has learned nothing of the windows: variance, or entropy."""
    if n_classes is None:
        return float(np.var(y))
    shares = np.bincount(y) / len(y)
    return float(-(shares * np.log(shares)).sum())
