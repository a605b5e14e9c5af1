"""What a case hands back, and the targets that it is held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Target:
    """A bound for one of the figures of a case; a goal is worked for, and nothing fails by it."""

    what: str
    bound: float
    unit: str = ""
    at_most: bool = False
    is_goal: bool = False

    def is_met(self, figure):
        return figure <= self.bound if self.at_most else figure >= self.bound

    def __str__(self):
        bound = f"{'≤' if self.at_most else '≥'} {self.bound:g}{self.unit}"
        return f"{bound}, a goal" if self.is_goal else bound


def at_least(what, bound, unit=""):
    return Target(what, bound, unit)


def at_most(what, bound, unit=""):
    return Target(what, bound, unit, at_most=True)


def goal(what, bound, unit=""):
    return Target(what, bound, unit, is_goal=True)


@dataclass
class Outcome:
    """Figures by the names that targets use, a table, and sentences below it."""

    columns: list[str]
    rows: list[list[Any]]
    figures: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    spoiled: str | None = None  # why there are no ratios
