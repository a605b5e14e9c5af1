"""Results in files that appear whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Give a path to write to, which takes the place of ``path`` when all went well.

    Parameters
    ----------
    path : path

    Yields
    ------
    unfinished : Path
        In the same folder, with the same ending.
    """
    path = Path(path)
    check_output(path)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=path.parent) as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        unfinished.replace(path)


def check_output(path: str | Path) -> None:
    """Refuse a path that can't be written to.

    Parameters
    ----------
    path : path

    Raises
    ------
    ValueError
        If its folder is missing, or it is a folder.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file in it.")
    if not path.parent.is_dir():
        raise ValueError(f"There is no folder {path.parent} for {path.name}. Create it.")
