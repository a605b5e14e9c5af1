"""One line for each input: the door, what is done, and what has to come of it.

``Case("a row equal to the first", lambda: ..., gives([[1.0, 2.0]]))``: values, without a warning.
``Case("a window of True", lambda: ..., refuses("window_length", "True"))``: an error that says so.
``Case("rows that may recur", lambda: ..., warns("history=", then=gives(...)))``: both.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

# What is nobody's fault but of a tiny example.
IGNORED = ("The forecast is no better", "ConvergenceWarning")


@dataclass(frozen=True)
class Case:
    """An input through one door, and what has to come of it."""

    name: str
    call: Callable[[], Any]
    expected: Callable[[Callable[[], Any]], None]

    def check(self):
        self.expected(self.call)


def _run(call):
    """Return what came of a call, and the warnings it gave."""
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        result = call()
    said = [
        f"{one.category.__name__}: {one.message}"
        for one in given
        if issubclass(one.category, UserWarning | RuntimeWarning)
    ]
    return result, [one for one in said if not any(text in one for text in IGNORED)]


def gives(expected, **tolerance):
    """Expect values, or what a function of one argument says yes to, and no warning."""

    def judge(call):
        result, said = _run(call)
        assert not said, f"warned: {said}"
        _compare(result, expected, tolerance)

    return judge


def warns(*words, then=None):
    """Expect one warning that has all the words, and no other."""

    def judge(call):
        result, said = _run(call)
        assert len(said) == 1, f"warned: {said}"
        _has_words(said[0], words)
        if then is not None:
            then(lambda: result)

    return judge


def refuses(*words, of=(ValueError, TypeError)):
    """Expect an error that has all the words, which name the culprit, quote it and help."""

    def judge(call):
        try:
            result, _ = _run(call)
        except of as error:
            _has_words(str(error), words)
            return
        raise AssertionError(f"nothing was refused; it gave {result!r}")

    return judge


def _has_words(text, words):
    missing = [word for word in words if word not in text]
    assert not missing, f"{missing} not in: {text}"


def _compare(result, expected, tolerance):
    if callable(expected):
        assert expected(result), f"not as expected: {result!r}"
    else:
        np.testing.assert_allclose(
            np.asarray(result, dtype=float), expected, **{"rtol": 1e-7, "atol": 1e-12} | tolerance
        )
