"""What a figure is held against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    """A number that an error must not exceed, or contenders of the same run to be beaten."""

    value: float | None = None
    than: tuple[str, ...] = ()
    is_strict: bool = False

    def limit(self, errors):
        return min(errors[name] for name in self.than) if self.than else self.value

    def is_met(self, error, errors):
        limit = self.limit(errors)
        return error < limit if self.is_strict else error <= limit

    def __str__(self):
        sign = "<" if self.is_strict else "≤"
        return f"{sign} {' and '.join(self.than) if self.than else format(self.value, '.4g')}"


def at_most(value):
    return Bound(value)


def under(value):
    return Bound(value, is_strict=True)


def better_than(*names):
    return Bound(than=names, is_strict=True)


@dataclass(frozen=True)
class Published:
    """Errors that others report, by measure."""

    name: str
    errors: dict[str, float]
    source: str
