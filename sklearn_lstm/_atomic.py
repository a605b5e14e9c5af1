"""Fits whose result appears in one step, and methods that read one result throughout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from ._callbacks import OF_CALLBACKS, without

T = TypeVar("T")
Method = TypeVar("Method", bound=Callable[..., Any])


@contextmanager
def replaced_at_once(estimator: T) -> Iterator[T]:
    """Give a copy to work on, whose attributes become the estimator's when all went well.

    Until then the estimator is as before, and so it stays if anything is raised, a
    ``KeyboardInterrupt`` included. Other threads see the old fit or the new one, nothing between.
    Attributes must be set anew, not changed in place.

    Callbacks, and what scikit-learn keeps of them during a fit, stay with the estimator itself: it
    is told of its end whatever comes of the copy, which would else be told of an end of its own
    where a method of scikit-learn fits it.

    Parameters
    ----------
    estimator : estimator

    Yields
    ------
    copied : estimator
        A shallow copy.
    """
    copied = shallow_copy(estimator)
    copied.__dict__ = without(vars(copied))
    yield copied
    kept = {name: vars(estimator)[name] for name in OF_CALLBACKS if name in vars(estimator)}
    estimator.__dict__ = vars(copied) | kept  # to update it would be a step for each attribute


def on_snapshot(method: Method) -> Method:
    """Have a method work with the attributes as they are when it is called.

    A fit that ends meanwhile, in another thread, does not replace some of what it reads.

    Parameters
    ----------
    method : function
        It must not set attributes.

    Returns
    -------
    method : function
    """

    @wraps(method)
    def reading(self, *args, **options):
        return method(shallow_copy(self), *args, **options)

    return reading  # type: ignore[return-value]


def shallow_copy(estimator: T) -> T:
    """Copy all attributes, those that pickling leaves out among them."""
    copied = object.__new__(type(estimator))
    copied.__dict__ = vars(estimator).copy()
    return copied
