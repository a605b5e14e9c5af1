"""Forecast real series beside ridge, naive forecasts and published figures.

Settings are chosen before the test part, which is forecast once. Results are kept in skill.json and
skill.md, where rows that are not asked for stay as they are.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.data.folder import VARIABLE
from benchmarks.speed.machine import describe as describe_machine

from . import ablation, files, many, many_running, running, timing
from .report import Results, contender_table, errors, verdict
from .rows import CHECKED, ROWS

RESULTS = Path(__file__).parents[1] / "results"
TASKS = many.names()
ALL_TASKS = "many"
CHOSEN = [*ROWS, "ablation"]
NAMES = [*CHOSEN, *TASKS, timing.NAME]
PACKAGES_OF_TASKS = ("statsforecast", "mlforecast", "lightgbm")
TOLERANCE = 1.05  # of the bar, with --check


def arguments(given=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.skill", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"of {', '.join([*NAMES, ALL_TASKS])}; or all"
    )
    parser.add_argument("--choose", action="store_true", help="stop before the test part")
    parser.add_argument("--quick", action="store_true", help="tiny settings: does it run?")
    parser.add_argument(
        "--check",
        action="store_true",
        help=f"one seed of {', '.join(CHECKED)}: fail 5 %% above the bar, or above persistence",
    )
    parser.add_argument(
        "--defaults",
        action="store_true",
        help=f"of {', '.join(ROWS)}: renew what is forecast with nothing set, and leave the rest",
    )
    parser.add_argument(
        "--validation",
        action="store_true",
        help=f"of {ALL_TASKS}: the stretch before the test part, which is cut off",
    )
    parser.add_argument(
        "--contenders",
        nargs="+",
        choices=many_running.CONTENDERS,
        default=many_running.CONTENDERS,
        metavar="contender",
        help=f"of {ALL_TASKS}: renew these alone of {', '.join(many_running.CONTENDERS)}",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the results (default benchmarks/results; with --quick, --validation or "
        "--check none)",
    )
    found = parser.parse_args(given)
    known = _names_of(found)
    asked = [one for name in found.names for one in (TASKS if name == ALL_TASKS else [name])]
    unknown = [name for name in asked if name not in known]
    if unknown:
        parser.error(f"no row {', '.join(unknown)}; there are {', '.join(known)}")
    found.names = asked or list(CHECKED if found.check else known)
    if found.out is None and not (found.quick or found.check or found.validation):
        found.out = RESULTS
    return found


def _names_of(given):
    """Return the rows that there are in this mode."""
    if given.check:
        return list(ROWS)
    if given.validation:
        return TASKS
    if given.defaults:
        return list(ROWS)
    return CHOSEN if given.choose else NAMES


def main(given=None):
    given = arguments(given)
    names = given.names
    if absent := files.absent(names):
        print(
            f"{files.FOLDER} has no {', '.join(absent)} (python -m benchmarks.data --list tells "
            f"where they are from, {VARIABLE} names another folder)"
            + (": skipped." if given.check else ".")
        )
        return 0 if given.check else 1
    if given.check:
        return check(names, Results(given.out))
    results = Results(given.out, given.validation)
    for name in names:
        started = time.perf_counter()
        print(f"\n{name}", flush=True)
        if name == "ablation":
            run_ablation(given, results)
        elif name in TASKS:
            run_task(name, given, results)
        elif name == timing.NAME:
            results.add(name, timing.run(given.quick, say), machine(given.quick))
        else:
            row = ROWS[name].quick() if given.quick else ROWS[name]
            if given.defaults:
                renew_defaults(name, row, results)
            else:
                run(name, row, results, only_choose=given.choose)
        print(f"({time.perf_counter() - started:.0f} s)", flush=True)
    return 0


def run(name, row, results, only_choose=False):
    """Choose and, unless that is all, forecast the test part; return the result."""
    if only_choose:
        choice = running.choose(row, row.protocol.load(), say)
        say(f"  chosen: {running.describe(choice.lstm)}")
        return None
    result = running.run(row, say)
    results.add(name, result, machine(row.is_quick))
    print(*contender_table(row, result), sep="\n")
    print(verdict(row, errors(result, row.protocol.measures[0])))
    return result


def renew_defaults(name, row, results):
    """Forecast with nothing set, beside what is known of the others."""
    if name not in results.rows:
        say(f"  nothing is known of {name} yet: run it without --defaults")
        return
    result = running.renew_defaults(row, results.rows[name], say)
    results.add(name, result, machine(row.is_quick))


def run_ablation(given, results):
    """Run it with ``--choose`` as well, because it never looks at the test part."""
    results.add("ablation", ablation.run(given.quick, say), machine(given.quick))


def run_task(name, given, results):
    """Renew the contenders that are asked for, and leave the others of this task as they are."""
    task = many.task(name)
    task = task.for_validation() if given.validation else task
    result = many_running.run(task.quick() if given.quick else task, given.contenders, say)
    known = results.rows.get(name, {}).get("contenders", {})
    result["contenders"] = known | result["contenders"]
    results.add(name, result, machine(given.quick, PACKAGES_OF_TASKS))


def check(names, results):
    """Return 1 if the LSTM is clearly above a bar, with one seed."""
    failed = []
    for name in names:
        print(f"\n{name}", flush=True)
        row = replace(ROWS[name], seeds=(0,), choice_seeds=(0,))
        means = errors(run(name, row, results), row.protocol.measures[0])
        allowed = min(TOLERANCE * row.bar.limit(means), means["persistence"])
        if means["LSTM"] > allowed:
            failed.append(name)
    print(f"more than 5 % above the bar, or above persistence: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


def say(line):
    print(line, flush=True)


def machine(is_quick, of_others=()):
    """Say what the figures were taken on."""
    packages = ("sklearn-lstm", "scikit-learn", "numpy", "tensorflow", *of_others)
    known = describe_machine(packages)
    versions = known["versions"]
    return ", ".join(
        [
            f"{known['processor']}, {known['cores']} cores, {known['memory']}",
            f"Python {known['python']}",
            *(f"{name} {versions[name]}" for name in packages if versions[name] != "absent"),
            *(["**tiny settings, which show that it runs and nothing else**"] if is_quick else []),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
