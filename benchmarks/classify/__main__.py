"""Classify labelled sequences beside neighbours, linear models, Keras's LSTM and MiniRocket.

Settings are chosen within the train part; the test part is looked at once. Results are kept in
classify.json and classify.md, where sets that are not asked for stay as they are.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.data.folder import VARIABLE
from benchmarks.skill import files
from benchmarks.skill.__main__ import machine

from . import running, sets
from .choosing import GRID, N_FOLDS, Training
from .report import Results, contender_table, means

RESULTS = Path(__file__).parents[1] / "results"
QUICK_SETS = ("italy-power-demand", "japanese-vowels")
QUICK_GRID = {
    "pooling": ("last", "mean"),
    "bidirectional": (False,),
    "segment_length": (None, 10),
}
QUICK_SAMPLES = 40  # of each part
CHECKED = "japanese-vowels"
TOLERANCE = 0.02  # below the goal, with --check


def arguments(given=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classify", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(sets.SETS)}")
    parser.add_argument("--choose", action="store_true", help="stop before the test part")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"tiny parts of {' and '.join(QUICK_SETS)}, one seed: does it run?",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help=f"one seed of what is on record for {CHECKED}: fail {TOLERANCE} below the goal",
    )
    parser.add_argument(
        "--contenders",
        nargs="+",
        choices=running.CONTENDERS,
        metavar="contender",
        help="renew these alone, with the settings on record, and leave the rest of a set: of "
        + ", ".join(running.CONTENDERS),
    )
    parser.add_argument(
        "--aeon",
        default=sys.executable,
        metavar="PYTHON",
        help="a Python that has aeon, if this one does not",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the results (default benchmarks/results; with --quick or --check none)",
    )
    found = parser.parse_args(given)
    if unknown := [name for name in found.names if name not in sets.SETS]:
        parser.error(f"no set {', '.join(unknown)}; there are {', '.join(sets.SETS)}")
    if not found.names:
        found.names = list(QUICK_SETS if found.quick else sets.SETS)
    if found.check:
        found.names = [CHECKED]
    if found.out is None and not (found.quick or found.check):
        found.out = RESULTS
    return found


def main(given=None):
    given = arguments(given)
    if absent := sets.absent(given.names):
        print(
            f"{files.FOLDER} has no {', '.join(absent)} (python -m benchmarks.data --list tells "
            f"where they are from, {VARIABLE} names another folder)"
            + (": skipped." if given.check else ".")
        )
        return 0 if given.check else 1
    if given.check:
        return check()
    version = None if given.choose else running.aeon_version(given.aeon)
    if version is None and not given.choose:
        print("1-NN DTW and MiniRocket are left out: aeon is not installed (see --aeon)")
    results = Results(given.out)
    for name in given.names:
        started = time.perf_counter()
        print(f"\n{name}", flush=True)
        run(name, given, results, version)
        print(f"({time.perf_counter() - started:.0f} s)", flush=True)
    return 0


def run(name, given, results, version):
    """Choose and, unless that is all, classify the test part."""
    train, test = sets.load(name)
    training, grid, seeds, n_folds = Training(), GRID, running.SEEDS, N_FOLDS
    if given.quick:
        train, test = few(train), few(test)
        training, grid, seeds, n_folds = Training(6), QUICK_GRID, (0,), 2
    known = results.sets.get(name, {}) if given.contenders else {}
    trials = known.get("trials") or running.choose(train, grid, training, n_folds, say)
    setting = trials[0]["setting"]
    say(f"  chosen: {running.describe(setting)}")
    if given.choose:
        return
    asked = given.contenders or running.CONTENDERS
    contenders = known.get("contenders", {})
    here = [name for name in asked if name not in running.IN_AEON]
    contenders |= running.score_here(setting, train, test, training, seeds, say, here)
    in_aeon = [name for name in asked if name in running.IN_AEON]
    if version is not None and in_aeon:
        contenders |= running.score_in_aeon(given.aeon, train, test, seeds, say, in_aeon)
    result = {
        "facts": sets.facts(train, test),
        "epochs": training.epochs(len(train)),
        "n_folds": n_folds,
        "trials": trials,
        "contenders": contenders,
    }
    with_aeon = f", aeon {version}" if version else ""
    results.add(name, result, machine(given.quick, ("scikeras", "keras")) + with_aeon)
    print(*contender_table(result), sep="\n")


def few(part):
    """Return some of the sequences of a part, all classes among them."""
    return part[sets.spread_rows(len(part), QUICK_SAMPLES)]


def check():
    """Return 1 if the LSTM is clearly below the goal, with one seed of the setting on record."""
    known = Results(RESULTS).sets[CHECKED]
    train, test = sets.load(CHECKED)
    setting = known["trials"][0]["setting"]
    result = {
        "contenders": running.score_here(
            setting, train, test, Training(), (0,), say, names=[running.OURS]
        )
    }
    goal = sets.SETS[CHECKED].goal - TOLERANCE
    mean = means(result)[running.OURS]
    print(f"{CHECKED}: {mean:.3f}, at least {goal:.3f} is asked for")
    return int(mean < goal)


def say(line):
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
