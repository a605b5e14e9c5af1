"""The tables that the series come from."""

import pandas as pd

from benchmarks.data.folder import find_folder
from benchmarks.data.sources import read_sources

FOLDER = find_folder()


def absent(rows):
    """Return the names of the files that these rows read and that are not in the folder."""
    read = [source.file for source in read_sources() if source.is_read_by(rows)]
    return [name for name in read if not (FOLDER / name).is_file()]


def table(name):
    """Return a file as it is: every loader begins here, and a test puts noise in here."""
    return pd.read_csv(FOLDER / name)


def indexed(name, *keys, times=True):
    """Return a file with an index, whose last key is a time unless told otherwise."""
    frame = table(name)
    if times:
        frame[keys[-1]] = pd.to_datetime(frame[keys[-1]])
    return frame.set_index(list(keys) if len(keys) > 1 else keys[0])
