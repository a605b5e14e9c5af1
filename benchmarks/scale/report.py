"""Results as JSON, which outlives a run, and as a page made from it."""

from __future__ import annotations

import json
from dataclasses import asdict

from ..speed.report import ABSENT, number, table
from .cases import CASES
from .growth import plot
from .paper import on_paper

INTRODUCTION = """\
# Scale

`python -m benchmarks.scale` has written this page; `benchmarks/README.md` says how.

Peaks are those of the resident memory above what a process holds when the work begins.
"""


class Results:
    """What is known of each case, from this run and from earlier ones."""

    def __init__(self, folder):
        self._folder = folder
        self._path = folder / "scale.json" if folder else None
        self.runs, self.cases = {}, {}
        if folder and self._path.exists():
            known = json.loads(self._path.read_text())
            self.runs, self.cases = known["runs"], known["cases"]
        self.run = str(max(map(int, self.runs), default=0) + 1)

    def begin(self, machine):
        self.runs[self.run] = machine

    def add(self, name, size, title, outcome=None, error=None):
        """Replace what is known of a case, and write both files."""
        self.cases[name] = {
            "run": self.run,
            "is_quick": self.runs[self.run]["is_quick"],
            "size": size,
            "title": title,
            "error": error,
        }
        if outcome is not None:
            self.cases[name]["outcome"] = asdict(outcome)
        if self._folder:
            self._write()
            if name == "growth" and outcome is not None:
                plot(outcome.rows, self._folder / "scale_growth.png")

    def _write(self):
        used = {case["run"] for case in self.cases.values()}
        self.runs = {run: machine for run, machine in self.runs.items() if run in used}
        known = {"runs": self.runs, "cases": self.cases}
        self._path.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
        (self._folder / "scale.md").write_text(page(self.runs, self.cases))


def page(runs, cases):
    """Return the whole report: targets, each case's table, a larger number on paper, machines."""
    known = [name for name in CASES if name in cases]
    parts = [INTRODUCTION, _targets(cases), *(_section(name, cases[name]) for name in known)]
    return "\n".join([*parts, _machines(runs, cases)])


def target_lines(name, case):
    """Return a line of the table of targets for each target of a case.

    Small sizes meet a target or not without meaning anything by it.
    """
    lines = []
    for target in CASES[name].targets:
        figure = (case.get("outcome") or {}).get("figures", {}).get(target.what)
        if figure is None:
            measured, verdict = _why_missing(case), ""
        else:
            measured = f"{number(figure)}{target.unit}"
            verdict = "quick" if case["is_quick"] else "yes" if target.is_met(figure) else "**no**"
        lines.append(f"| {name} | {target.what} | {target} | {measured} | {verdict} |")
    return lines


def _why_missing(case):
    why = f"failed: {case['error']}" if case.get("error") else case["outcome"]["spoiled"]
    return (why or "not measured").replace("|", "/")


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
        return "\n".join([*lines, f"Failed: {case['error']}.", ""])
    outcome = case["outcome"]
    if outcome["spoiled"]:
        return "\n".join([*lines, f"Not measured: {outcome['spoiled']}.", ""])
    lines += [*table(outcome), ""]
    if CASES[name].before:
        lines += [f"Before, with all windows written out: {CASES[name].before}.", ""]
    if name == "growth":
        lines += [
            "![Memory and seconds of a fit against the number of series](scale_growth.png)",
            "",
        ]
    lines += [f"{note}\n" for note in outcome["notes"]]
    if name == "many-short-on-dask":
        lines += on_paper(outcome["figures"], case["size"])
    return "\n".join(lines)


def _machines(runs, cases):
    lines = ["## Machine", ""]
    for run, machine in runs.items():
        names = [name for name in CASES if name in cases and cases[name]["run"] == run]
        lines += [f"Of {', '.join(names)}:", ""] if len(runs) > 1 else []
        lines += [f"- {line}" for line in machine_lines(machine)] + [""]
    return "\n".join(lines)


def machine_lines(machine):
    there = [f"{name} {v}" for name, v in machine["versions"].items() if v != ABSENT]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}, "
        f"{machine['system']}",
        f"Python {machine['python']}, {', '.join(there)}",
        f"load of the machine when the run began: {machine['load']}",
        f"medians of {machine['rounds']} rounds; one of what takes minutes",
    ]
    if machine["is_quick"]:
        lines.append("**quick sizes, which show that it runs and nothing else**")
    return lines
