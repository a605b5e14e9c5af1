"""Tables in Markdown."""

from __future__ import annotations

import numpy as np


def table(columns, rows):
    """Return the lines of a table."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|", *lines]


def number(value, digits=4):
    """Write a cell: some digits of a float, all that precede its point, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:.0f}"
    return np.format_float_positional(value, precision=digits, fractional=False, trim="-")
