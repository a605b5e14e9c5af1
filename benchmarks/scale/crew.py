"""Processes for the cases, a new one for each call."""

from __future__ import annotations

import statistics
import subprocess
import sys
from contextlib import suppress

from .alone import Alone, FailedError

OURS = f"{__package__}.{{}}"


class Crew:
    """Calls functions, each time in a new process, as often as there are rounds.

    Where it only matters that a case runs, a process stays for the next, and saves the time of
    importing TensorFlow.

    Parameters
    ----------
    n_rounds : int

    is_quick : bool, default=False

    their_python : str, default=None
        A Python that has neuralforecast; None for this one.
    """

    def __init__(self, n_rounds, *, is_quick=False, their_python=None):
        self.n_rounds = n_rounds
        self.is_quick = is_quick
        self.their_python = their_python or sys.executable
        self._kept = None

    def call(self, function, **arguments):
        """Call a function of this package, ``"module:name"``, once."""
        process = self._kept or Alone()
        self._kept = process if self.is_quick else None
        try:
            return process.call(OURS.format(function), **arguments)
        except FailedError:
            self.close()
            raise
        finally:
            if not self.is_quick:
                process.close()

    def repeat(self, function, at_most=None, **arguments):
        """Return the medians of what a function answers in each round."""
        n_rounds = min(self.n_rounds, at_most or self.n_rounds)
        return typical([self.call(function, **arguments) for _ in range(n_rounds)])

    def ask_them(self, function, **arguments):
        """Call a function under the Python that has neuralforecast."""
        n_rounds, answers = self.n_rounds, []
        for _ in range(n_rounds):
            process = Alone(self.their_python)
            try:
                answers.append(process.call(OURS.format(function), **arguments))
            finally:
                process.close()
        return typical(answers)

    def version_of_theirs(self):
        """Return the version of neuralforecast, or None where it is not installed."""
        asked = "from importlib.metadata import version; print(version('neuralforecast'))"
        with suppress(OSError):
            done = subprocess.run(
                [self.their_python, "-c", asked], capture_output=True, text=True, check=False
            )
            return done.stdout.strip() or None

    def close(self):
        if self._kept is not None:
            self._kept.close()
            self._kept = None


def typical(answers):
    """Return the medians of numbers, and of everything else the last."""
    last = answers[-1]
    return {
        name: statistics.median(answer[name] for answer in answers)
        if isinstance(value, float | int)
        else value
        for name, value in last.items()
    }
