"""Trainings side by side, of which none goes on when one has failed or the user has stopped them.

TensorFlow holds no lock of Python's while a program runs, so threads are enough.
"""

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from threading import Event, Lock

SECONDS_UNHEARD = 0.1  # on Windows, where Ctrl-C does not end a wait


def map_side_by_side(train, items, n_at_once):
    """Call ``train(item, stop)`` for each item; return what they return, in their order.

    Ctrl-C reaches the main thread alone, which waits here. It, and any other error, sets the
    ``stop`` that the others look at between two calls of their programs.

    Parameters
    ----------
    train : callable
    items : sequence
    n_at_once : int
        With one, no thread is started.

    Raises
    ------
    BaseException
        Of those that failed by themselves the first, in the order of the items; a
        KeyboardInterrupt after all others have ended.
    """
    stop = Event()
    if n_at_once == 1:
        return [train(item, stop) for item in items]
    with ThreadPoolExecutor(n_at_once) as pool:
        try:
            running = [pool.submit(copy_context().run, train, item, stop) for item in items]
            _wait(running)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    errors = [one.exception() for one in running if not one.cancelled()]
    # Those that were stopped end as if the user had interrupted them.
    for error in sorted(filter(None, errors), key=lambda e: isinstance(e, KeyboardInterrupt)):
        raise error
    return [one.result() for one in running]


def _wait(running):
    """Wait until all are done or one has failed, for moments, between which Ctrl-C is heard."""
    others = set(running)
    while others:
        done, others = wait(running, SECONDS_UNHEARD, FIRST_EXCEPTION)
        if any(one.exception() for one in done):
            return


@contextmanager
def shared_bar(bar):
    """Let trainings in several threads move a progress bar on; close it in the end."""
    try:
        yield _SharedBar(bar)
    finally:
        bar.close()


class _SharedBar:
    def __init__(self, bar):
        self._bar, self._lock = bar, Lock()

    def show(self, n_new, history):
        with self._lock:
            self._bar.show(n_new, history)
