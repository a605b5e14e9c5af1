"""The tables that the series come from."""

from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parents[3] / "shared" / "data"


def are_there():
    return FOLDER.is_dir()


def table(name):
    """Return a file as it is: every loader begins here, and a test puts noise in here."""
    return pd.read_csv(FOLDER / name)


def indexed(name, *keys, times=True):
    """Return a file with an index, whose last key is a time unless told otherwise."""
    frame = table(name)
    if times:
        frame[keys[-1]] = pd.to_datetime(frame[keys[-1]])
    return frame.set_index(list(keys) if len(keys) > 1 else keys[0])
