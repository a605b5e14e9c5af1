"""How far trainings are, told to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[int, int], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have trainings within the block told, those of other processes aside.

    Parameters
    ----------
    listener : callable
        Called with the epochs that a network, or all of an ensemble, has been trained and those it
        is to be: ``(0, n)`` where a training begins.
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


class ToldProgress:
    """A progress bar that tells a listener instead of drawing."""

    def __init__(self, n_epochs: int, listener: Listener) -> None:
        self._n_done, self._n_epochs, self._listener = 0, n_epochs, listener
        listener(0, n_epochs)

    def show(self, n_new, history):
        self._n_done += n_new
        self._listener(self._n_done, self._n_epochs)

    def close(self):
        pass


def told_progress(n_epochs: int) -> ToldProgress | None:
    """Return a bar for whoever listens, None if nobody does."""
    listener = _listener.get()
    return None if listener is None else ToldProgress(n_epochs, listener)
