"""List the public series that the benchmarks read, check a folder of them, or fetch what can be.

Most have no licence, so they are not part of this project, and most are made from a larger table:
the list says which, and how. A folder is found through the environment's SKLEARN_LSTM_DATA, else at
../shared/data beside the project.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path

from .fetch import fetch
from .folder import VARIABLE, find_folder
from .sources import read_sources


def arguments(given=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data", description=__doc__)
    parser.add_argument("files", nargs="*", metavar="file", help="of the list; or all")
    parser.add_argument("--list", action="store_true", help="origin, licence, hash (the default)")
    parser.add_argument(
        "--check",
        action="store_true",
        help="fail if a file differs from the list, or one that a benchmark reads is absent",
    )
    parser.add_argument("--fetch", action="store_true", help="first get what is absent and can be")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="instead of the one above")
    found = parser.parse_args(given)
    known = {source.file: source for source in read_sources()}
    if unknown := [name for name in found.files if name not in known]:
        parser.error(f"no file {', '.join(unknown)}; there are {', '.join(known)}")
    found.sources = [known[name] for name in found.files or known]
    found.folder = found.folder or find_folder()
    return found


def main(given=None):
    given = arguments(given)
    if given.list or not (given.check or given.fetch):
        print(*map(describe, given.sources), sep="\n\n")
    failed = given.fetch and not fetch_absent(given.sources, given.folder)
    if given.check:
        failed = not check(given.sources, given.folder) or failed
    return int(failed)


def describe(source):
    lines = {
        "from": source.origin,
        "licence": source.licence,
        "changed": source.changed or "not at all",
        "fetched": source.fetch or "no, made by hand",
        "read by": source.rows or "no benchmark",
        "SHA-256": source.sha256,
    }
    return "\n".join([source.file, *(f"  {name:8} {text}" for name, text in lines.items())])


def fetch_absent(sources, folder):
    """Return whether all that is absent and has an address is there now."""
    arrived = True
    for source in sources:
        if source.state(folder) != "absent":
            continue
        try:
            said = fetch(source, folder)
        except (OSError, ValueError) as error:
            said = f"not fetched: {getattr(error, 'reason', error)}"
            arrived = arrived and not source.fetch
        print(textwrap.fill(f"{source.file}: {said}", 100, subsequent_indent="  ",
                            break_long_words=False, break_on_hyphens=False))  # fmt: skip
    if not arrived:
        print(
            f"What did not arrive can be put into {folder} by hand: --list tells from where. "
            f"A folder that is elsewhere is named by --folder or {VARIABLE}."
        )
    return arrived


def check(sources, folder):
    """Return whether a folder holds what the benchmarks read, and nothing else under its name."""
    states = {source: source.state(folder) for source in sources}
    for source, state in states.items():
        print(f"{state:8} {source.file}")
    print(f"{sum(state == 'ok' for state in states.values())} of {len(states)} in {folder}")
    return not any(
        state == "differs" or (state == "absent" and source.rows)
        for source, state in states.items()
    )


if __name__ == "__main__":
    sys.exit(main())
