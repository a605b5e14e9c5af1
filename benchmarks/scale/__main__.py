"""Measure how much memory and time panels, long files and many short series take.

Each piece of work is done in a process of its own. Results are kept in scale.json and scale.md,
where cases that are not asked for stay as they are.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path

from ..speed.machine import describe, notes_on_others, share_taken
from ..speed.outcome import Outcome
from ..speed.report import table
from .alone import FailedError, NotThereError
from .cases import CASES
from .crew import Crew
from .report import Results, target_lines

RESULTS = Path(__file__).parents[1] / "results"
PACKAGES = (
    "sklearn-lstm",
    "scikit-learn",
    "numpy",
    "pandas",
    "tensorflow",
    "pyarrow",
    "distributed",
)


def arguments(given=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--case",
        nargs="+",
        default=[],
        metavar="NAME",
        dest="cases",
        help=f"of {', '.join(CASES)}; or all",
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round: does it run?")
    parser.add_argument("--rounds", type=int, default=3, help="how often (default 3)")
    parser.add_argument(
        "--neuralforecast",
        metavar="PYTHON",
        help="a Python that has neuralforecast, if this one does not",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the results (default benchmarks/results; with --quick none)",
    )
    given = parser.parse_args(given)
    unknown = [name for name in given.cases if name not in CASES]
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    if given.rounds < 1:
        parser.error("--rounds must be 1 or more")
    if given.out is None and not given.quick:
        given.out = RESULTS
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
    return given


def main(given=None):
    given = arguments(given)
    n_rounds = 1 if given.quick else given.rounds
    crew = Crew(n_rounds, is_quick=given.quick, their_python=given.neuralforecast)
    results = Results(given.out)
    results.begin(describe(PACKAGES) | {"rounds": n_rounds, "is_quick": given.quick})
    try:
        failed = [name for name in given.cases or CASES if not measured(name, crew, results)]
    finally:
        crew.close()
    return f"failed: {', '.join(failed)}" if failed else 0


def measured(name, crew, results):
    """Measure a case and print its table; tell whether it ran, or could not be asked for yet."""
    started = time.perf_counter()
    size, title = CASES[name].sized(crew.is_quick)
    print(f"\n{name}: {title}", flush=True)
    taken = [] if crew.is_quick else [share_taken()]
    try:
        outcome = CASES[name].measure(crew, size)
    except NotThereError as error:
        outcome = Outcome([], [], spoiled=str(error))
    except FailedError as error:
        print(f"failed: {error}", file=sys.stderr)
        results.add(name, size, title, error=str(error).strip().splitlines()[-1].rstrip("."))
        return False
    taken += [] if crew.is_quick else [share_taken()]
    outcome.notes += notes_on_others(taken)
    results.add(name, size, title, outcome)
    shown = [] if outcome.spoiled else table(asdict(outcome))
    print(*shown, *target_lines(name, results.cases[name]), sep="\n")
    print(*outcome.notes, f"({time.perf_counter() - started:.0f} s)", sep="\n", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
