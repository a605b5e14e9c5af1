"""Results as JSON, which outlives a run, and as a page made from it."""

from __future__ import annotations

import json

import numpy as np

from . import ablation, many_report
from .rows import ROWS
from .tables import number, table

INTRODUCTION = """\
# Skill

`python -m benchmarks.skill` has written this page; `benchmarks/README.md` says how.

Settings were chosen on the stretch before the test part, each candidate that is listed as a single
network. Errors are means over the seeds with their standard deviation, which says nothing about
another test part. Bars and goals are for the LSTM, and were set before the first run: a bar is
what it should reach, mostly the best simple method that was known, a goal what would be very good.
One in bold was missed. "Nothing set" is `LSTMForecaster` with its defaults and the horizon, on the
target alone; the rows of all columns of ETTh1, which are scored otherwise, lack it. Its defaults
were chosen on stretches before the test parts of these and other series.
"""
COLUMNS = (
    "data",
    "measure",
    "LSTM",
    "nothing set",
    "ridge",
    "persistence",
    "seasonal naive",
    "best known elsewhere",
    "bar",
    "goal",
    "met?",
)
CONTENDERS = ("LSTM", "LSTM, nothing set", "ridge", "persistence", "seasonal naive")


VALIDATION = """\
# Skill, before the test parts

`python -m benchmarks.skill --validation` has written this page: data without their test part, whose
last rows take its place.
"""


class Results:
    """What is known of each row, from this run and from earlier ones.

    Parameters
    ----------
    folder : Path or None
        None: nothing is written.

    is_validation : bool
        Whether the figures are those before the test parts, which have files of their own.
    """

    def __init__(self, folder, is_validation=False):
        self._folder = folder
        self._introduction = VALIDATION if is_validation else INTRODUCTION
        self._name = "validation" if is_validation else "skill"
        self._path = folder / f"{self._name}.json" if folder else None
        is_there = folder is not None and self._path.exists()
        self.rows = json.loads(self._path.read_text()) if is_there else {}

    def add(self, name, result, machine):
        """Replace what is known of a row, and write both files."""
        self.rows[name] = result | {"machine": machine}
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.rows, indent=1, ensure_ascii=False, allow_nan=False)
        self._path.write_text(text + "\n")
        (self._folder / f"{self._name}.md").write_text(page(self.rows, self._introduction))


def page(results, introduction=INTRODUCTION):
    """Return the whole report: the tables, each row's section, the machine."""
    known = [name for name in ROWS if name in results]
    parts = [introduction]
    if known:
        parts += [*table(COLUMNS, [summary(ROWS[n], results[n]) for n in known]), ""]
    parts += many_report.sections(results)
    for name in known:
        parts += section(name, ROWS[name], results[name])
    if "ablation" in results:
        parts += ablation_section(results["ablation"])
    return "\n".join([*parts, *machines(results)])


def errors(result, measure):
    """Return the mean error of each contender."""
    return {
        name: float(np.mean([scores[measure] for scores in contender["scores"]]))
        for name, contender in result["contenders"].items()
    }


def summary(row, result):
    """Return the cells of a row of the large table."""
    measure = row.protocol.measures[0]
    means = errors(result, measure)
    cells = [
        with_spread(result["contenders"][name], measure) if name in means else ""
        for name in CONTENDERS
    ]
    best = min((p.errors[measure] for p in row.published if measure in p.errors), default=None)
    return [
        row.title,
        measure,
        *cells,
        "" if best is None else number(best),
        *(bound_cell(bound, means) for bound in (row.bar, row.goal)),
        verdict(row, means),
    ]


def bound_cell(bound, means):
    if bound is None:
        return ""
    return f"{bound} ({number(bound.limit(means))})" if bound.than else str(bound)


def verdict(row, means):
    """Tell what is met and what is missed, as measured and not as rounded."""
    bounds = {"bar": row.bar, "goal": row.goal}
    parts = [
        f"{name} met" if bound.is_met(means["LSTM"], means) else f"**{name} missed**"
        for name, bound in bounds.items()
        if bound is not None
    ]
    if means["ridge"] < means["LSTM"]:
        parts.append("ridge is better")
    return ", ".join(parts) or "no bar"


def section(name, row, result):
    """Return the lines about one row."""
    return [
        f"## {row.title}",
        "",
        f"`{name}`. {row.about}",
        "",
        *_chosen(row, result),
        *contender_table(row, result),
        "",
        *_published(row),
        *_trials(row, result),
        "",
    ]


def _chosen(row, result):
    of_lstm = result["contenders"]["LSTM"]
    seeds = f"{len(of_lstm['scores'])} seeds" if len(of_lstm["scores"]) > 1 else "one seed"
    return [f"Chosen, and fitted with {seeds}:", "", "```python", of_lstm["setting"], "```", ""]


def contender_table(row, result):
    """Return the lines of the table of everything that forecast the test part."""
    measures = row.protocol.measures
    lines = [
        [
            name,
            *(with_spread(result["contenders"][name], measure) for measure in measures),
            number(result["contenders"][name].get("seconds")),
            number(result["contenders"][name].get("n_parameters")),
        ]
        for name in CONTENDERS
        if name in result["contenders"]
    ]
    return table(("", *measures, "seconds of a fit", "parameters"), lines)


def _published(row):
    lines = [
        [p.name, *(number(p.errors.get(measure)) for measure in row.protocol.measures), p.source]
        for p in row.published
    ]
    if not lines:
        return []
    return [*table(("published", *row.protocol.measures, "source"), lines), ""]


def _trials(row, result):
    lines = [[number(trial["error"]), f"`{trial['setting']}`"] for trial in result["trials"]]
    return table((f"validation {row.protocol.criterion}", "tried"), lines)


def ablation_section(result):
    """Return the lines about what each part of the settings does."""
    lines = [
        [
            name,
            *(with_spread(line, measure) for measure in ("MSE", "MAE")),
            str(len(line["scores"])),
            number(line["seconds"]),
            number(line["n_parameters"]),
        ]
        for name, line in result["lines"].items()
    ]
    columns = ("", "MSE", "MAE", "seeds", "seconds of a fit", "parameters")
    return [
        f"## {ablation.TITLE}",
        "",
        "`ablation`. Single networks but for the mean of five, fitted on the train rows, each with "
        "one thing changed; what reads step by step is slow and has one seed. The test part was "
        f"not looked at. All of it is `{ablation.describe_recipe()}`, which was found on this same "
        "part; none of it are the defaults, trained for as many epochs in batches of that size, "
        "though they are made for more.",
        "",
        *table(columns, lines),
        "",
    ]


def with_spread(contender, measure):
    """Write a mean, and the deviation of the seeds if there are several."""
    values = [scores[measure] for scores in contender["scores"]]
    mean = number(float(np.mean(values)))
    return f"{mean} ± {number(float(np.std(values)), 2)}" if len(values) > 1 else mean


def machines(results):
    """Return what the figures were taken on, each machine once."""
    names = {}
    for name, result in results.items():
        names.setdefault(result["machine"], []).append(name)
    lines = [
        f"- {machine}" + (f": {', '.join(of)}" if len(names) > 1 else "")
        for machine, of in names.items()
    ]
    return ["## Machine", "", *lines, ""]
