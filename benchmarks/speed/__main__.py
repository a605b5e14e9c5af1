"""Measure speed and memory beside scikeras, Keras, skorch and PyTorch.

Contenders take turns, each in a process of its own. Results are kept in speed.json and speed.md,
where cases that are not asked for stay as they are.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path

from .cases import CASES
from .contenders import CONTENDERS, N_THREADS, OTHER_WAYS_TO_PREDICT, missing_packages
from .crew import Crew
from .machine import MatrixProducts, describe, notes_on_others, share_taken
from .report import Results, table, target_lines
from .their_forecasters import FORECASTERS

RESULTS = Path(__file__).parents[1] / "results"


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="case", help=f"of {', '.join(CASES)}; or all")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: does it run?")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender (default 5)")
    for package in FORECASTERS:
        parser.add_argument(
            f"--{package}",
            default=sys.executable,
            metavar="PYTHON",
            help=f"a Python that has {package}, for end-to-end, if this one does not",
        )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the results (default benchmarks/results; with --quick none)",
    )
    given = parser.parse_args()
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


def main():
    given = arguments()
    for name in CONTENDERS | OTHER_WAYS_TO_PREDICT:
        if missing := missing_packages(name):
            print(f"{name} is left out: {' and '.join(missing)} not installed")
    pythons = {package: getattr(given, package) for package in FORECASTERS}
    n_rounds = 1 if given.quick else given.rounds
    crew = Crew(n_rounds, is_quick=given.quick, pythons=pythons)
    try:
        return run(given, crew)
    finally:
        crew.close()


def run(given, crew):
    with crew.together({"NumPy": (MatrixProducts,)}) as remotes:
        crew.peak_gflops = remotes["NumPy"].call("peak_gflops", 3 if given.quick else 20).value
    results = Results(given.out)
    results.begin(
        describe()
        | {
            "threads": N_THREADS,
            "rounds": crew.n_rounds,
            "peak_gflops": crew.peak_gflops,
            "is_quick": given.quick,
        }
    )
    failed = [name for name in given.cases or CASES if not measured(name, crew, results)]
    return f"failed: {', '.join(failed)}" if failed else 0


def measured(name, crew, results):
    """Measure a case and print its table; tell whether it ran."""
    started = time.perf_counter()
    taken = [] if crew.is_quick else [share_taken()]
    size, title = CASES[name].sized(crew.is_quick)
    print(f"\n{name}: {title}", flush=True)
    try:
        outcome = CASES[name].measure(crew, size)
    except Exception as error:
        last_line = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        print(f"failed: {error}", file=sys.stderr)
        results.add(name, title, error=last_line[0])
        crew.dismiss()
        return False
    taken += [] if crew.is_quick else [share_taken()]
    outcome.notes += notes_on_others(taken)
    results.add(name, title, outcome)
    print(*table(asdict(outcome)), *target_lines(name, results.cases[name]), sep="\n")
    print(*outcome.notes, f"({time.perf_counter() - started:.0f} s)", sep="\n", flush=True)
    crew.dismiss()
    return True


if __name__ == "__main__":
    sys.exit(main())
