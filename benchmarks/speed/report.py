"""Results as JSON, which outlives a run, and as a page made from it."""

from __future__ import annotations

import json
from dataclasses import asdict

from .cases import CASES
from .contenders import CONTENDERS, OTHER_WAYS_TO_PREDICT, missing_packages
from .growth import plot

INTRODUCTION = """\
# Speed

`python -m benchmarks.speed` has written this page; `benchmarks/README.md` says how.

A ratio is another contender's time divided by ours in the same round; ratios and seconds are
medians over the rounds. Without a ratio, the contenders did not learn alike.
"""
ABSENT = "absent"


class Results:
    """What is known of each case, from this run and from earlier ones."""

    def __init__(self, folder):
        self._folder = folder
        self._path = folder / "speed.json" if folder else None
        self.runs, self.cases = {}, {}
        if folder and self._path.exists():
            known = json.loads(self._path.read_text())
            self.runs, self.cases = known["runs"], known["cases"]
        self.run = str(max(map(int, self.runs), default=0) + 1)

    def begin(self, machine):
        self.runs[self.run] = machine

    def add(self, name, title, outcome=None, error=None):
        """Replace what is known of a case, and write both files."""
        self.cases[name] = {"run": self.run, "title": title, "error": error}
        if outcome is not None:
            self.cases[name]["outcome"] = asdict(outcome)
        if self._folder:
            self._write()
            if name == "growth" and outcome is not None:
                plot(outcome.rows, self._folder / "growth.png")

    def _write(self):
        self._folder.mkdir(parents=True, exist_ok=True)
        used = {case["run"] for case in self.cases.values()}
        self.runs = {run: machine for run, machine in self.runs.items() if run in used}
        known = {"runs": self.runs, "cases": self.cases}
        self._path.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
        (self._folder / "speed.md").write_text(page(self.runs, self.cases))


def page(runs, cases):
    """Return the whole report: targets, each case's table, the machine."""
    known = [name for name in CASES if name in cases]
    parts = [INTRODUCTION, _targets(cases), *(_section(name, cases[name]) for name in known)]
    return "\n".join([*parts, _machines(runs, cases)])


def target_lines(name, case):
    """Return a line of the table of targets for each target of a case."""
    lines = []
    for target in CASES[name].targets:
        figure = (case.get("outcome") or {}).get("figures", {}).get(target.what)
        measured = (
            _why_missing(target, case) if figure is None else f"{number(figure)}{target.unit}"
        )
        verdict = "" if figure is None else "yes" if target.is_met(figure) else _missed(target)
        lines.append(f"| {name} | {target.what} | {target} | {measured} | {verdict} |")
    return lines


def _missed(target):
    return "not yet" if target.is_goal else "**no**"


def _why_missing(target, case):
    if case.get("error"):
        return f"failed: {case['error']}".replace("|", "/")
    if case["outcome"]["spoiled"]:
        return case["outcome"]["spoiled"]
    for name in CONTENDERS | OTHER_WAYS_TO_PREDICT:
        if target.what.startswith(name) and missing_packages(name):
            return f"{' and '.join(missing_packages(name))} not installed"
    return "not measured"


def _targets(cases):
    lines = ["| case | measure | target | measured | met |", "|---|---|---|---|---|"]
    for name, case in CASES.items():
        if name in cases:
            lines += target_lines(name, cases[name])
        else:
            lines += [f"| {name} | {t.what} | {t} | not measured yet | |" for t in case.targets]
    return "\n".join([*lines, ""])


def _section(name, case):
    lines = [f"## {name}", "", f"{case['title'][0].upper()}{case['title'][1:]}.", ""]
    if case.get("error"):
        return "\n".join([*lines, f"Failed: {case['error']}", ""])
    outcome = case["outcome"]
    lines += [*table(outcome), ""]
    if name == "growth":
        lines += [
            "![Seconds for an epoch against four sizes, both axes logarithmic](growth.png)",
            "",
        ]
    if outcome["spoiled"]:
        lines += [f"No ratios: {outcome['spoiled']}.", ""]
    return "\n".join([*lines, *(f"{note}\n" for note in outcome["notes"])])


def table(outcome):
    """Return the lines of an outcome's table."""
    columns = outcome["columns"]
    rows = [f"| {' | '.join(map(number, row))} |" for row in outcome["rows"]]
    return [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|", *rows]


def number(value):
    """Write a cell: three digits of a float, everything else as it is."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(map(number, value))
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _machines(runs, cases):
    used = {run: [n for n in CASES if n in cases and cases[n]["run"] == run] for run in runs}
    used = {run: names for run, names in used.items() if names}
    lines = ["## Machine", ""]
    if len(used) > 1:
        lines += [f"The figures come from {len(used)} runs.", ""]
    for run, names in used.items():
        lines += [f"Of {', '.join(names)}:", ""] if len(used) > 1 else []
        lines += [f"- {line}" for line in machine_lines(runs[run])] + [""]
    return "\n".join(lines)


def machine_lines(machine):
    versions = machine["versions"]
    there = [f"{name} {v}" for name, v in versions.items() if v != ABSENT]
    absent = [name for name, v in versions.items() if v == ABSENT]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}, "
        f"{machine['system']}",
        f"Python {machine['python']}, {', '.join(there)}",
        f"load of the machine when the run began: {machine['load']}",
        f"{machine['threads']} threads for each contender, float32; {machine['rounds']} rounds, "
        "fewer of what takes minutes",
        f"peak of float32 matrix products, by NumPy: {machine['peak_gflops']:.0f} GFLOP/s",
    ]
    if absent:
        lines.append(f"not installed, and left out: {', '.join(absent)}")
    if machine["is_quick"]:
        lines.append("**quick sizes, which show that it runs and nothing else**")
    return lines
