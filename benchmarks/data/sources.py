"""What is known about each file: ``sources.csv``, and whether a folder holds these very files."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

TABLE = Path(__file__).with_name("sources.csv")
BUNDLED = "bundled"  # in the column "fetch": the file comes with the package


@dataclass(frozen=True)
class Source:
    """A file of the folder.

    Parameters
    ----------
    file : str
        Its path within the folder.

    sha256 : str

    origin, licence : str
        Where it was taken from, and under which licence; most have none, so they can't be
        distributed with this project.

    changed : str
        How it differs from the original; empty: not at all.

    fetch : str
        Address of the original, where the file can be made of it; ``"bundled"`` where it comes
        with the package; empty where it has to be made by hand.

    rows : str
        Rows of the skill benchmark that read it, or ``classify-`` and a set; empty: none.
    """

    file: str
    sha256: str
    origin: str
    licence: str
    changed: str
    fetch: str
    rows: str

    def state(self, folder):
        """Return ``"ok"``, ``"absent"`` or ``"differs"``."""
        path = Path(folder) / self.file
        if not path.is_file():
            return "absent"
        return "ok" if digest(path.read_bytes()) == self.sha256 else "differs"

    def is_read_by(self, names):
        """Tell whether one of these rows reads it."""
        patterns = self.rows.split(", ")
        return any(fnmatch(name, pattern) for name in names for pattern in patterns)


def digest(content):
    return hashlib.sha256(content).hexdigest()


def read_sources():
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [Source(**row) for row in csv.DictReader(file)]


def is_complete(folder):
    """Tell whether a folder has a file for every row and every set of the benchmarks."""
    return all((Path(folder) / source.file).is_file() for source in read_sources() if source.rows)
