"""What all protocols have in common: nothing but ``evaluate`` and ``naive`` gets the test part."""

from __future__ import annotations

from abc import ABC, abstractmethod


class Protocol(ABC):
    """How a series is cut, learned from and judged.

    Attributes
    ----------
    measures : tuple of str
        Names of the errors; the first is the one with bars.
    """

    measures: tuple[str, ...]

    @abstractmethod
    def load(self):
        """Return the whole data, test part included."""

    @abstractmethod
    def before_test(self, data):
        """Return what may be known: the data without the test part, which comes last."""

    @abstractmethod
    def for_validation(self):
        """Return the same protocol with the stretch before the test part in its place."""

    @abstractmethod
    def fit(self, known, estimator):
        """Return everything that is fitted, from what ``before_test`` has left."""

    @abstractmethod
    def evaluate(self, fitted, data):
        """Return the errors on the test part by their measures."""

    @abstractmethod
    def naive(self, data):
        """Return the errors of persistence and the seasonal naive forecast on the test part."""

    @abstractmethod
    def quick(self):
        """Return the same with little to learn from, to see that it runs."""

    def with_defaults(self):
        """Return protocol and forecaster with nothing set but the horizon; None: there is none."""
        return None

    def validate(self, known, estimator):
        """Return the errors on the stretch before the test part, learned from what precedes it."""
        inner = self.for_validation()
        return inner.evaluate(inner.fit(inner.before_test(known), estimator), known)

    @property
    def criterion(self):
        """str : Name of the number by which settings are chosen."""
        return self.measures[0]

    def error(self, scores):
        """Return the number by which settings are chosen."""
        return scores[self.measures[0]]
