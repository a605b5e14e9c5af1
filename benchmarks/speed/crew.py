"""The contenders, each in its process, taking turns."""

from __future__ import annotations

import math
import statistics
from contextlib import contextmanager

from .contenders import CONTENDERS, OTHER_WAYS_TO_PREDICT, OURS, missing_packages
from .process import Remote


class Crew:
    """Contenders and others, one process each, and what all cases are told.

    A process ends with the case that it was started for. Where it only matters that a case runs, it
    stays for the next, and saves the time of importing TensorFlow.
    """

    def __init__(self, n_rounds, *, is_quick=False, pythons=None):
        self.n_rounds = n_rounds
        self.is_quick = is_quick
        self.pythons = pythons or {}  # of the packages that live in another
        self.names = [name for name in CONTENDERS if not missing_packages(name)]
        self.peak_gflops = math.nan
        self._contenders = {}
        self._idle = []

    def only(self, *names):
        """Return those of the names whose packages are installed."""
        return [name for name in names if not missing_packages(name)]

    def take(self, problem, names=None):
        """Hand contenders a problem, and return the loss of a constant."""
        names = names or self.names
        for name in names:
            if name not in self._contenders:
                self._contenders[name] = self._start((CONTENDERS | OTHER_WAYS_TO_PREDICT)[name])
        for name in names:
            self._contenders[name].ready()
        return max([self.call(name, "take", problem).value for name in names])

    def call(self, contender, name, *args):
        return self._contenders[contender].call(name, *args)

    def take_turns(self, turn, names=None, at_most=None):
        """Return what ``turn(name, round)`` gives in each round, for one after the other."""
        results = {name: [] for name in names or self.names}
        for number in range(self._n_rounds(at_most)):
            for name in rotated(list(results), number):
                results[name].append(turn(name, number))
        return results

    @contextmanager
    def together(self, makers):
        """Give a process to each object ``name: (make, *args)``, until the block ends."""
        remotes = {name: self._start(*maker) for name, maker in makers.items()}
        try:
            for remote in remotes.values():
                remote.ready()
            yield remotes
        finally:
            for remote in remotes.values():
                self._end(remote)

    def watch_afresh(self, makers, name, at_most=None):
        """Return the replies to ``watch(name)``, from new processes in each round."""
        replies = {maker: [] for maker in makers}
        for _ in range(self._n_rounds(at_most)):
            with self.together(makers) as remotes:
                for maker, remote in remotes.items():
                    replies[maker].append(remote.watch(name))
        return replies

    def dismiss(self):
        """End the contenders' processes."""
        for remote in self._contenders.values():
            self._end(remote)
        self._contenders = {}

    def close(self):
        self.dismiss()
        for remote in self._idle:
            remote.close()

    def _start(self, make, *args):
        remote = self._idle.pop(0) if self._idle else Remote()
        return remote.host(make, *args)

    def _end(self, remote):
        if self.is_quick and remote.is_idle:
            self._idle.append(remote)
        else:
            remote.close()

    def _n_rounds(self, at_most):
        return min(self.n_rounds, at_most or self.n_rounds)


def rotated(names, number):
    """Begin with another one in each round, so that nobody always follows the same."""
    begin = number % len(names)
    return names[begin:] + names[:begin]


def ratios(seconds, base=OURS):
    """Return the median over the rounds of each one's time divided by ours in the same round."""
    return {
        name: statistics.median(
            theirs / ours for theirs, ours in zip(values, seconds[base], strict=True)
        )
        for name, values in seconds.items()
    }


def medians(values):
    return {name: statistics.median(of_name) for name, of_name in values.items()}


def listed(values):
    return ", ".join(f"{name} {value:.3g}" for name, value in values.items())


def why_unlike(losses, variance, factor):
    """Return what speaks against a comparison: nothing learned, or not the same; else None."""
    losses = medians(losses)
    if not all(map(math.isfinite, losses.values())):
        return f"a loss is not finite: {listed(losses)}"
    if not max(losses.values()) < 0.9 * variance:
        return f"did not learn: losses {listed(losses)}; a constant has {variance:.3g}"
    if max(losses.values()) > factor * min(losses.values()):
        return f"did not learn alike: losses {listed(losses)}"
    return None
