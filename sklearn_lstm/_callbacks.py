"""The only door to scikit-learn's callbacks, of 1.9 and later; before, nothing here does anything.

A fit is a task of its estimator's context, and what it consists of are tasks beneath. Those of a
forecaster are opened far below it, in functions of arrays; so the level at which they are is a
variable of the context, as the listeners of :mod:`._progress` are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial, wraps
from threading import Lock
from typing import Any, NamedTuple

import sklearn
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn 1.6 to 1.8

    class NoContext:
        """Stands where a context stands."""

        max_subtasks = 0

        def subcontext(self, **options):
            return self

        def call_on_fit_task_begin(self, **arguments):
            return self

        def call_on_fit_task_end(self, **arguments):
            return False

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Without ``set_callbacks``, by which others see that there are none."""

        def _init_callback_context(self, **options):
            return NoContext()

    def with_callbacks(method):
        """Add a frame, as scikit-learn does, and nothing else."""

        @wraps(method)
        def unwatched(estimator, *args, **kwargs):
            return method(estimator, *args, **kwargs)

        return unwatched


# What scikit-learn keeps on an estimator while it is fitted; and the callbacks beside it.
OF_A_RUNNING_FIT = ("_callback_fit_ctx", "_skl_callbacks_to_teardown", "_parent_callback_ctx")
OF_CALLBACKS = ("_skl_callbacks", *OF_A_RUNNING_FIT)


class WatchedMixin(CallbackSupportMixin):
    """Takes callbacks, and pickles without them once it is fitted.

    Before, they go along: that is how those that were set on a step of a pipeline reach the worker
    processes of a search.
    """

    def __getstate__(self):
        dropped = OF_CALLBACKS if _is_fitted(self) else OF_A_RUNNING_FIT
        return without(super().__getstate__(), dropped)


def without(state: Any, dropped: tuple[str, ...] = OF_CALLBACKS) -> Any:
    """Return attributes but for those of callbacks; the same object where there are none."""
    if not isinstance(state, dict) or state.keys().isdisjoint(dropped):
        return state
    return {name: value for name, value in state.items() if name not in dropped}


def _is_fitted(estimator):
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def is_watched(estimator: Any) -> bool:
    """Tell whether an estimator has callbacks, its own or those of what it is part of."""
    return bool(getattr(estimator, "_skl_callbacks", None))


def watched_by(estimator: Any, callbacks: Any) -> Any:
    """Set callbacks, one or a list of them, or None.

    Parameters
    ----------
    estimator : CallbackSupportMixin

    callbacks : callback, list of callback or None

    Returns
    -------
    estimator : CallbackSupportMixin

    Raises
    ------
    ImportError
        If scikit-learn has none.

    TypeError
        If it is no callback.
    """
    if callbacks is None:
        return estimator
    if not hasattr(estimator, "set_callbacks"):
        raise ImportError(
            f"callbacks={callbacks!r} need scikit-learn 1.9, and this is {sklearn.__version__}. "
            "Leave them out, or install it: pip install 'scikit-learn>=1.9'."
        )
    return estimator.set_callbacks(
        *(callbacks if isinstance(callbacks, list | tuple) else [callbacks])
    )


class Level(NamedTuple):
    """A task, and the estimator whose task it is."""

    estimator: Any
    context: Any


_present: ContextVar[Level | None] = ContextVar("level", default=None)


@contextmanager
def at(level: Level | None) -> Iterator[None]:
    """Have the tasks within the block be those of a level; of None, nobody's."""
    token = _present.set(level)
    try:
        yield
    finally:
        _present.reset(token)


@contextmanager
def running(level: Level | None, ends_with: dict | None = None, **data: Any) -> Iterator[None]:
    """Tell callbacks that a task begins, and that it ends unless it fails.

    Parameters
    ----------
    level : Level or None

    ends_with : dict, default=None
        What is to be told at the end alone.

    **data : dict
        X, y and metadata.
    """
    if level is not None:
        level.context.call_on_fit_task_begin(estimator=level.estimator, **data)
    with at(level):
        yield
    if level is not None:
        level.context.call_on_fit_task_end(estimator=level.estimator, **data, **(ends_with or {}))


@contextmanager
def fit_task(
    estimator: Any,
    fitted: Any = None,
    *,
    X: Any = None,
    y: Any = None,
    metadata: dict | None = None,
    **options: Any,
) -> Iterator[Any]:
    """Open the context of a fit.

    It belongs within :func:`._atomic.replaced_at_once`, whose step ends a fit, and is the object's
    own, not the copy's: what is torn down is what the object says, after an error, too.

    Parameters
    ----------
    estimator : CallbackSupportMixin
        In a method that scikit-learn's ``with_callbacks`` or ``_fit_context`` wraps.

    fitted : estimator, default=None
        The copy that is fitted, which callbacks are shown in the end; None: nothing that X and y
        are for.

    X, y, metadata : object, default=None
        What callbacks are shown.

    **options : dict
        ``task_name``, ``max_subtasks``, ``sequential_subtasks``.

    Yields
    ------
    watch : FitWatch or None
        What tells callbacks of the networks that are trained; None where there are none.
    """
    context = estimator._init_callback_context(**options)
    shown = {} if fitted is None else {"reconstruction_attributes": partial(vars, fitted)}
    level, data = Level(estimator, context), {"X": X, "y": y, "metadata": metadata}
    with running(level, shown, **data):
        yield FitWatch(level, data) if is_watched(estimator) else None


@contextmanager
def subtasks(name: str, n: int, *, in_order: bool = True) -> Iterator[None]:
    """Open a level of n tasks at most beneath the present one."""
    level = _present.get()
    if level is None:
        yield
        return
    context = level.context.subcontext(task_name=name, max_subtasks=n, sequential_subtasks=in_order)
    with running(Level(level.estimator, context)):
        yield


def places(name: str, n: int, n_subtasks: int = 0) -> list[Level | None]:
    """Return n tasks of the present level for jobs that run side by side, made before these.

    Where there are no callbacks all are None, which is less to be sent to other processes.

    Parameters
    ----------
    name : str

    n : int
        All that the level was opened for, which must not be ``in_order``.

    n_subtasks : int, default=0
        Of each; none if it is a single fit.
    """
    level = _present.get()
    if level is None or not is_watched(level.estimator):
        return [None] * n
    return [
        Level(
            level.estimator,
            level.context.subcontext(task_name=name, task_id=i, max_subtasks=n_subtasks),
        )
        for i in range(n)
    ]


@contextmanager
def inner_fit(estimator: Any, name: str = "fit") -> Iterator[None]:
    """Make the fit of another estimator a task of the present level, or the only one of its job.

    Callbacks are handed on where it takes any. Who doesn't is a task none the less, without the
    warning that scikit-learn gives: of a forecaster's members the user has chosen none.
    """
    level = _present.get()
    if level is None:
        yield
        return
    context = level.context
    if context.max_subtasks != 0:
        context = context.subcontext(task_name=name)
    takes_callbacks = hasattr(estimator, "set_callbacks")
    with (
        context.propagate_callback_context(estimator) if takes_callbacks else nullcontext(),
        running(Level(level.estimator, context)),
    ):
        yield


class NetworkWatch:
    """Tells callbacks of the epochs of one network: a :class:`.engine.protocols.Watcher`.

    As a context it is the task of that network, if the fit has several.

    Parameters
    ----------
    level : Level
        The estimator, and the task whose subtasks are the epochs.

    data : dict
        X, y and metadata of the fit.

    shown : callable
        ``shown(history, weights)`` returns the attributes of the estimator as it would be now.

    lock : Lock
        Held while callbacks are called: those of several threads are called one after the other.

    is_whole_fit : bool
        Whether the task is that of the fit, of which callbacks are told elsewhere.
    """

    def __init__(
        self, level: Level, data: dict, shown: Callable, lock: Lock, *, is_whole_fit: bool
    ) -> None:
        self._level, self._data, self._shown, self._lock = level, data, shown, lock
        self._is_whole_fit = is_whole_fit

    def __enter__(self):
        if not self._is_whole_fit:
            self._begin(self._level.context)
        return self

    def __exit__(self, error, *_):
        if error is None and not self._is_whole_fit:
            self._end(self._level.context)

    def begin_epoch(self):
        self._epoch = self._level.context.subcontext(task_name="epoch")
        self._begin(self._epoch)

    def end_epoch(self, history, weights):
        return self._end(
            self._epoch, reconstruction_attributes=lambda: self._shown(history, weights())
        )

    def _begin(self, context):
        with self._lock:
            context.call_on_fit_task_begin(estimator=self._level.estimator, **self._data)

    def _end(self, context, **shown):
        with self._lock:
            return context.call_on_fit_task_end(
                estimator=self._level.estimator, **self._data, **shown
            )


class FitWatch(NamedTuple):
    """What the networks of a fit are watched by.

    Attributes
    ----------
    level : Level
        The estimator that is fitted, and its context.

    data : dict
        X, y and metadata.
    """

    level: Level
    data: dict

    def of_networks(self, n_networks: int, n_epochs: int, shown: Callable) -> list[NetworkWatch]:
        """Return a watch for each network, before there are threads.

        Parameters
        ----------
        n_networks, n_epochs : int

        shown : callable
            ``shown(i, history, weights)`` returns the attributes of the estimator as it would be
            with network i alone, trained so far.
        """
        estimator, context = self.level
        contexts = [context]
        if n_networks > 1:
            contexts = [
                context.subcontext(task_name="network", task_id=i, max_subtasks=n_epochs)
                for i in range(n_networks)
            ]
        lock = Lock()
        return [
            NetworkWatch(
                Level(estimator, one),
                self.data,
                partial(shown, i),
                lock,
                is_whole_fit=n_networks == 1,
            )
            for i, one in enumerate(contexts)
        ]
