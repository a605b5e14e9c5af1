"""Files that can be had from where they were taken."""

from __future__ import annotations

import urllib.request
from importlib.resources import files
from pathlib import Path

from .sources import BUNDLED, digest

SECONDS = 60


def fetch(source, folder, read=None):
    """Put a file into the folder, if it is what the table says; return what happened.

    Parameters
    ----------
    source : Source

    folder : path

    read : callable or None
        Returns the bytes at an address; None: from the network.

    Raises
    ------
    OSError
        If the address can't be reached.

    ValueError
        If what is there is another file now, or if there is no address.
    """
    if not source.fetch:
        raise ValueError(f"made by hand from {source.origin} ({source.changed})")
    content = _bundled(source) if source.fetch == BUNDLED else (read or download)(source.fetch)
    content = _as_we_have_it(content, source)
    if digest(content) != source.sha256:
        raise ValueError(f"{source.fetch} has changed: SHA-256 is {digest(content)} now")
    path = Path(folder) / source.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return "copied from the package" if source.fetch == BUNDLED else f"from {source.fetch}"


def download(address):
    with urllib.request.urlopen(address, timeout=SECONDS) as answer:
        return answer.read()


def _bundled(source):
    return (files("sklearn_lstm.datasets") / "data" / source.file).read_bytes()


def _as_we_have_it(content, source):
    if not source.changed:
        return content
    header, *lines = content.decode().replace('"', "").splitlines()
    return "\n".join([header.lower(), *lines, ""]).encode()
