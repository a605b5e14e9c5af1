"""Random inputs through every public door, for as long as there is time.

    python -m tests.robustness                    # some minutes
    python -m tests.robustness --long             # an hour, for the night
    python -m tests.robustness --seed 3 --only 17 # one of them again, with what it said

Prints how many were good, refused clearly, unclear, silently wrong or hung, and a line for each of
the last three kinds; these make the exit code 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace

from .random_trials import BAD, DOORS, HANG, REFUSED, Worker, counts, drawn

LONGEST_LINE = 600


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.robustness", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--long", action="store_true", help="an hour")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, help="of all inputs (default: from the clock)")
    parser.add_argument("--doors", nargs="+", choices=DOORS, default=list(DOORS), metavar="DOOR")
    parser.add_argument("--only", type=int, help="the number of one trial, as printed")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for each trial")
    parser.add_argument("--refused", action="store_true", help="print what is refused, too")
    args = parser.parse_args()
    seed = int(time.time()) if args.seed is None else args.seed
    ends = time.monotonic() + 60 * (60.0 if args.long else args.minutes)
    outcomes = []
    with Worker(seed, args.doors, args.limit) as worker:
        number = args.only or 0
        while time.monotonic() < ends:
            outcome = worker.run(number)
            if outcome.kind == HANG:  # the process that knew is gone
                door, trial = drawn(seed, number, args.doors)
                outcome = replace(outcome, door=door, words=trial.words)
            outcomes.append(outcome)
            is_asked = args.only is not None or (args.refused and outcome.kind == REFUSED)
            if outcome.kind in BAD or is_asked:
                print(_line(seed, args.doors, outcome), flush=True)
            if args.only is not None:
                break
            number += 1
    print(f"\nseed {seed}, {len(outcomes):,} inputs\n{counts(outcomes)}")
    return int(any(outcome.kind in BAD for outcome in outcomes))


def _line(seed, doors, outcome):
    again = f"--seed {seed} --only {outcome.number}"
    if doors != list(DOORS):
        again += f" --doors {' '.join(doors)}"
    text = f"{outcome.kind.upper()} {outcome.door} ({again}): {outcome.words}"
    return f"{text[:LONGEST_LINE]}\n    {outcome.said[:LONGEST_LINE]}"


if __name__ == "__main__":
    sys.exit(main())
