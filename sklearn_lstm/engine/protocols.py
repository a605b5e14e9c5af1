"""What the parts of a training ask of each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from .architecture import Architecture


class Trainer(Protocol):
    """A network with the data of one fit, as :func:`.loop.run_epochs` drives it."""

    def run(
        self,
        orders: np.ndarray,
        seeds: np.ndarray,
        shares: np.ndarray,
        seconds: float,
        stop: threading.Event,
    ) -> tuple[list[float], list[float] | None]:
        """Pass over samples once in each order, shape (n_epochs, n_drawn).

        ``seeds`` are for what else is random in an epoch, ``shares`` those of the learning rate,
        each of shape (n_epochs,). After the pass in which so many seconds are over the rest are
        left out. Return the mean loss of each pass that was made, and its validation loss, None
        without validation data. An interruption is heard after about so many seconds, within a
        pass, too. So is ``stop`` where trainings run side by side: it raises a
        KeyboardInterrupt.
        """

    def weights(self) -> list[np.ndarray]:
        """Return the present weights, in the order of Keras."""

    def optimizer_state(self) -> list:
        """Return the same for the optimizer."""


class Watcher(Protocol):
    """Who follows a training, epoch by epoch."""

    def begin_epoch(self) -> None:
        """Hear that one begins."""

    def end_epoch(self, history: Any, weights: Callable[[], list[np.ndarray]]) -> bool:
        """Hear that one has ended; return whether it is to be the last.

        ``history`` is the :class:`.loop.History` so far, with the best weights where early stopping
        looks for these; ``weights`` returns those of now.
        """


class Network(Protocol):
    """A network within a compiled program: tensors in, tensors out."""

    variables: list

    def load(self, weights: list[np.ndarray], architecture: Architecture) -> None:
        """Start from weights in the order and the shapes of Keras."""

    def weights(self) -> list[np.ndarray]:
        """Return the present weights in that order and those shapes."""

    def fuse(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        """Bring arrays shaped as Keras's weights into the shapes of the variables."""

    def split(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        """Bring arrays shaped as the variables into the shapes of Keras."""

    def predict(self, x: Any, layout: Any, noise: Any = None, lengths: Any = None) -> Any:
        """Return outputs, (n_samples, n_outputs), of x, (n_timesteps, n_samples, n_features).

        With ``lengths``, (n_samples,), those of samples differ, and x holds no NaN after their end.
        """

    def draw_noise(self, n_samples: Any, layout: Any, rate: Any, seed: Any) -> Any:
        """Draw the dropout of a whole batch, as :meth:`predict` takes it."""

    def penalty(self) -> Any:
        """Return the sum of squares of all kernels."""

    def clip(self, gradients: Any, norm: Any) -> list:
        """Limit the norm of the gradient of each of Keras's weights."""


class Optimizer(Protocol):
    """What updates a network's variables within a compiled program, and has some of its own."""

    variables: list

    def load(self, state: list | None) -> None:
        """Start from a state, None for none."""

    def state(self) -> list:
        """Return the state as NumPy arrays, those like weights in the shapes of Keras."""

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss whose gradients :meth:`apply` wants."""

    def apply(self, gradients: Any, rate: Any) -> None:
        """Update the variables with their gradients, at this learning rate."""
