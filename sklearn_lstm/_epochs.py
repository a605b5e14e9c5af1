"""The course of a training: epochs, shuffling, early stopping, interruption, divergence.

A trainer, be it the compiled program or scikeras, offers

- ``run_epoch(order, seed)``: pass once over the samples in that order and return the mean loss
  and the validation loss (None without validation data);
- ``weights()``: the present weights as NumPy arrays;
- ``optimizer_state()``: the same for the optimizer.
"""

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ._rows import RowWindows


@dataclass(frozen=True)
class Samples:
    """What a network learns from, in float32; targets of shape ``(n_samples, n_outputs)``."""

    windows: RowWindows
    y: np.ndarray
    sample_weight: np.ndarray

    def __len__(self):
        return len(self.windows)

    def __getitem__(self, selection):
        return Samples(self.windows[selection], self.y[selection], self.sample_weight[selection])


class Patience(NamedTuple):
    """Stop when the validation loss has not fallen by ``tol`` for ``n_iter_no_change`` epochs."""

    n_iter_no_change: int
    tol: float


class Course(NamedTuple):
    """How a training went; the optimizer's state is None where it doesn't belong to the weights."""

    weights: list
    optimizer_state: list | None
    losses: list
    validation_losses: list

    def with_epoch(self, weights, loss, validation_loss):
        more = [] if validation_loss is None else [validation_loss]
        return Course(weights, None, [*self.losses, loss], [*self.validation_losses, *more])


def run_epochs(trainer, n_samples, *, epochs, seed, shuffle, patience=None, progress=False):
    """Train for the given epochs, a range of their numbers.

    What is random in an epoch depends on the seed and its number alone, so that ten epochs are the
    same ten in one call or in ten.
    """
    course = Course([], None, [], [])
    best_weights, lowest, n_waited = None, np.inf, 0
    bar = _progress_bar(epochs, shown=progress)
    try:
        for epoch in bar:
            rng = np.random.default_rng([seed, epoch])
            order = rng.permutation(n_samples) if shuffle else np.arange(n_samples)
            losses = trainer.run_epoch(order.astype(np.int32), int(rng.integers(2**31)))
            _check_finite(losses, epoch)
            course = course.with_epoch(trainer.weights(), *losses)
            bar.set_postfix(_named(*losses))
            if patience is None:
                continue
            validation_loss = losses[1]
            n_waited = 0 if validation_loss < lowest - patience.tol else n_waited + 1
            if validation_loss < lowest:
                lowest, best_weights = validation_loss, course.weights
            if n_waited >= patience.n_iter_no_change:
                break
    except KeyboardInterrupt:
        if not course.losses:
            raise
        kept = "best" if patience else "last whole"
        warnings.warn(
            f"Training interrupted by user: the weights are those of the {kept} epoch of "
            f"{len(course.losses)}.",
            stacklevel=5,
        )
    else:
        _check_finite(course.weights, epoch)
        course = course._replace(optimizer_state=trainer.optimizer_state())
    finally:
        bar.close()
    if best_weights is None or best_weights is course.weights:
        return course
    return course._replace(weights=best_weights, optimizer_state=None)


def _check_finite(values, epoch):
    diverged = [value for value in values if value is not None and not np.isfinite(value).all()]
    if diverged:
        raise ValueError(
            f"The training diverged: the loss or a weight became NaN or infinite in epoch {epoch}. "
            "Lower learning_rate (or alpha), scale X and y (MinMaxScaler), or limit the gradients "
            "with clipnorm=1.0."
        )


def _named(loss, validation_loss):
    if validation_loss is None:
        return {"loss": f"{loss:.4g}"}
    return {"loss": f"{loss:.4g}", "validation_loss": f"{validation_loss:.4g}"}


class _NoBar:
    def __init__(self, epochs):
        self._epochs = epochs

    def __iter__(self):
        return iter(self._epochs)

    def set_postfix(self, values):
        pass

    def close(self):
        pass


def _progress_bar(epochs, *, shown):
    if not shown:
        return _NoBar(epochs)
    from tqdm import tqdm

    return tqdm(epochs, desc="training", unit="epoch")
