"""One network of an ensemble, between the calls that train it."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan

import numpy as np

from .loop import History


@dataclass(frozen=True, eq=False)
class Member:
    """One network of an ensemble: its seed, its weights, and how its training went so far.

    Parameters
    ----------
    seed : int
        What is random in the training of this network.
    weights : list of ndarray or None
        In the order of Keras; None before the first training of a custom network, whose builder
        makes them.
    losses : list of float
        Mean training loss of each epoch.
    validation_losses : list of float or None
        The same for validation, NaN for epochs without; None if there never was any.
    optimizer : str or None
        The optimizer last trained with, its settings included.
    optimizer_state : list of ndarray or None
        None where there is none that belongs to the weights.
    """

    seed: int
    weights: list[np.ndarray] | None = None
    losses: list[float] = field(default_factory=list)
    validation_losses: list[float] | None = None
    optimizer: str | None = None
    optimizer_state: list | None = None

    def after(self, history: History, optimizer: str) -> Member:
        """Return what the member is after a history of training."""
        n_new = len(history.losses)
        return Member(
            self.seed,
            history.weights,
            self.losses + history.losses,
            _joined(self.validation_losses, len(self.losses), history.validation_losses, n_new),
            optimizer,
            history.optimizer_state,
        )


def _joined(before, n_before, new, n_new):
    """Join two curves, NaN where there was no validation; None if there never was."""
    if not before and not new:
        return None
    return (before or [nan] * n_before) + (new or [nan] * n_new)
