"""The command ``sklearn-lstm``: options, tables and files around the package."""

import sys

INTERRUPTED = 130  # what shells say of a command that Ctrl-C has ended


def stopped() -> int:
    """Say that the command was stopped; return its exit code."""
    print("Stopped.", file=sys.stderr)
    return INTERRUPTED
