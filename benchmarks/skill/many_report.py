"""The part of the page about the many tasks: targets, contenders, a line for each task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import timing
from .bounds import Published, at_most
from .many import COVERAGE, MONTH, PREFIX
from .many_running import BEFORE, CONTENDERS, LSTMS, NOTHING_SET
from .tables import number, table

SEASONAL = "seasonal naive"
MONASH = "arXiv:2105.06643"
PUBLISHED = (
    Published("TBATS", {"MAE": 399.00}, MONASH),
    Published("ETS", {"MAE": 419.73}, MONASH),
    Published("N-BEATS", {"MAE": 422.00}, MONASH),
    Published("DeepAR", {"MAE": 424.93}, MONASH),
)
MONTH_BAR, MONTH_GOAL = at_most(425), at_most(399)
CLEARLY_BETTER = 0.95  # ratio of MASE; closer ones trade places with the next test part
MEASURES = {
    "MASE": "the best of a line is in bold",
    "WQL": "twice the quantile losses at .05, .5 and .95 over the absolute values; all three means",
    "pinball": "the mean of those three quantile losses, in the unit of the series",
    "coverage": "share of the values within intervals that are to cover 90 %",
    "sMAPE": "in percent",
    "seconds": "of one fit and all forecasts",
}
ABOUT = """\
Tasks of every kind, for what is chosen when nothing is set. About 25 forecasts of the horizon in
the last fifth of the rows, all by one fit on what precedes the first of them; MASE is in units of
the seasonal naive forecast's error on the rows of that fit, and intervals are to cover 90 %.
"Default before" are the settings that a forecaster chose by itself before the tasks were added:
three equal networks. AutoETS, AutoTheta and MSTL are those of statsforecast on at most the last
4,000 rows, with parameters kept from origin to origin; LightGBM forecasts recursively from lags
and calendar by mlforecast.
"""


@dataclass(frozen=True)
class Target:
    """A number over so many tasks, and what it should be."""

    title: str
    value: float
    n_tasks: int
    target: float
    goal: float | None = None

    @property
    def verdict(self):
        parts = [_met("target", self.value, self.target)]
        if self.goal is not None:
            parts.append(_met("goal", self.value, self.goal))
        return ", ".join(parts)


def _at_most(bound):
    return "" if bound is None else f"≤ {bound:g}"


def _met(name, value, bound):
    return f"{name} met" if value <= bound else f"**{name} missed**"


def sections(results):
    """Return the lines about everything that is known of the tasks, of births and of time."""
    tasks = of_tasks(results)
    lines = []
    if tasks:
        lines += ["## Many tasks, nothing set", "", ABOUT.rstrip(), ""]
        lines += [*_targets_table(tasks), "", *_contenders_table(tasks), ""]
        lines += [*_better_picks(tasks), ""]
        for measure, about in MEASURES.items():
            lines += [f"### {measure}", "", f"{about[0].upper()}{about[1:]}.", ""]
            lines += [*_measure_table(tasks, measure), ""]
        lines += _left_out(tasks)
    if MONTH in results:
        lines += _month_section(results[MONTH])
    if timing.NAME in results:
        lines += _timing_section(results[timing.NAME])
    return lines


def of_tasks(results):
    """Return the results of the tasks that are averaged over."""
    return {name: of for name, of in results.items() if name.startswith(PREFIX) and name != MONTH}


def geometric_mean(values):
    return float(np.exp(np.mean(np.log(values))))


def mean_or_none(values, mean=np.mean):
    return float(mean(values)) if values else None


def targets(tasks):
    """Return the numbers by which the defaults are judged, those of them that are known.

    Parameters
    ----------
    tasks : dict of dict
        The result of each task, where both the defaults and those before are known.
    """
    mase, wql = (ratios(tasks, measure, BEFORE) for measure in ("MASE", "WQL"))
    to_best = [ratio for result in tasks.values() if (ratio := of_best(result)) is not None]
    to_naive, distances = ratios(tasks, "MASE", SEASONAL), coverage_distances(tasks)
    found = [
        ("MASE ÷ default before, geometric mean", geometric_mean, mase, 0.92, 0.88),
        ("MASE ÷ best other of each task in hindsight", geometric_mean, to_best, 1.00, 0.95),
        ("MASE ÷ seasonal naive, worst task", max, to_naive, 1.03, 1.00),
        ("MASE ÷ default before, worst task", max, mase, 1.05, None),
        ("distance of coverage from .90, mean", np.mean, distances, 0.04, 0.03),
        ("WQL ÷ default before, geometric mean", geometric_mean, wql, 0.95, None),
    ]
    return [
        Target(title, float(summary(values)), len(values), target, goal)
        for title, summary, values, target, goal in found
        if values
    ]


def _targets_table(tasks):
    both = {
        name: of
        for name, of in tasks.items()
        if all(score(of, lstm, "MASE") is not None for lstm in LSTMS)
    }
    if not both:
        return []
    columns = ("nothing set", "tasks", "", "target", "goal", "met?")
    lines = [
        [
            one.title,
            str(one.n_tasks),
            number(one.value),
            _at_most(one.target),
            _at_most(one.goal),
            one.verdict,
        ]
        for one in targets(both)
    ]
    return table(columns, lines)


def _contenders_table(tasks):
    """Return a line for each contender, over the tasks where it and the defaults before are."""
    lines = []
    for name in CONTENDERS:
        mase, wql = (ratios(tasks, measure, BEFORE, name) for measure in ("MASE", "WQL"))
        known = [of for of in tasks.values() if score(of, name, "MASE") is not None]
        if not known:
            continue
        lines.append(
            [
                name,
                str(len(known)),
                number(mean_or_none(mase, geometric_mean)),
                number(mean_or_none(wql, geometric_mean)),
                number(mean_or_none(coverage_distances(tasks, name))),
                number(sum(of["contenders"][name]["seconds"] for of in known)),
            ]
        )
    columns = ("", "tasks", "MASE ÷ default before", "WQL ÷ default before")
    return table((*columns, "distance of coverage from .90", "seconds, all tasks"), lines)


def _better_picks(tasks):
    """Return for which tasks another contender is clearly the better pick, and by how much."""
    picks = {}
    for task, of in tasks.items():
        known = {name: score(of, name, "MASE") for name in CONTENDERS if name not in LSTMS}
        known = {name: mase for name, mase in known.items() if mase}
        if not known or not score(of, NOTHING_SET, "MASE"):
            continue
        best = min(known, key=known.__getitem__)
        ratio = known[best] / score(of, NOTHING_SET, "MASE")
        if ratio < CLEARLY_BETTER:
            name = task.removeprefix(PREFIX)
            picks.setdefault(best, []).append(f"{name} ({number(ratio)})")
    found = [f"- {best}: {', '.join(names)}" for best, names in picks.items()]
    about = "Where another contender is the better pick, with its MASE over that of nothing set:"
    return [about, "", *found] if found else ["No other contender is clearly the better pick."]


def _measure_table(tasks, measure):
    columns = ("task", "frequency", "season", "horizon", "origins", *CONTENDERS)
    lines = []
    for name, of in tasks.items():
        facts = [of["freq"], of["season"], of["horizon"], of["windows"]["n_windows"]]
        values = [value_of(of, contender, measure) for contender in CONTENDERS]
        lines.append([name.removeprefix(PREFIX), *map(str, facts), *_cells(values, measure)])
    return table(columns, lines)


def _cells(values, measure):
    best = min((one for one in values if one is not None), default=None)
    return [
        f"**{number(one)}**" if measure == "MASE" and one == best else number(one) for one in values
    ]


def value_of(result, name, measure):
    if measure == "seconds":
        return result["contenders"].get(name, {}).get("seconds")
    return score(result, name, measure)


def _left_out(tasks):
    """Return a line for each reason why contenders have no figures."""
    reasons = {}
    for task, of in tasks.items():
        for name, found in of["contenders"].items():
            if "left_out" in found:
                reasons.setdefault((name, found["left_out"]), []).append(task.removeprefix(PREFIX))
    lines = [f"- {name}, {reason}: {', '.join(of)}" for (name, reason), of in reasons.items()]
    return ["Left out:", "", *lines, ""] if lines else []


def _month_section(result):
    values = {name: score(result, name, "MAE") for name in CONTENDERS}
    lines = [[name, number(value), ""] for name, value in values.items() if value is not None]
    lines += [[one.name, number(one.errors["MAE"]), one.source] for one in PUBLISHED]
    ours = values[NOTHING_SET]
    verdicts = [
        f"{name} {bound}" + (" met" if bound.is_met(ours, values) else " **missed**")
        for name, bound in (("bar", MONTH_BAR), ("goal", MONTH_GOAL))
        if ours is not None
    ]
    return [
        "## Births in the USA, the last 30 days",
        "",
        f"`{MONTH}`. One forecast with nothing set, fitted on all days before, as in the Monash "
        f"archive ({MONASH}); {', '.join(verdicts)}.",
        "",
        *table(("", "MAE", "source"), lines),
        "",
    ]


def _timing_section(result):
    lines = []
    for name, case in timing.CASES.items():
        if name in result["cases"]:
            seconds = sum(result["cases"][name].values())
            verdict = _met("target", seconds, case.target)
            parts = [number(seconds, 3), number(result["cases"][name]["fit"], 3)]
            lines.append([name, *parts, f"≤ {case.target:g}", verdict])
    return [
        "## Seconds with nothing set",
        "",
        f"`{timing.NAME}`. Synthetic series; each in a process of its own, imports apart.",
        "",
        *table(("", "fit and forecast with interval", "fit", "target", "met?"), lines),
        "",
    ]


def score(result, name, measure):
    """Return a score of a contender, None where it was left out."""
    return result["contenders"].get(name, {}).get("scores", {}).get(measure)


def ratios(tasks, measure, than=BEFORE, name=NOTHING_SET):
    """Return the scores of a contender over those of another, where both are known."""
    pairs = [(score(of, name, measure), score(of, than, measure)) for of in tasks.values()]
    return [ours / theirs for ours, theirs in pairs if ours is not None and theirs]


def of_best(result):
    """Return the MASE over that of the best contender that is no LSTM; None: there is none."""
    others = [name for name in CONTENDERS if name not in LSTMS]
    known = [mase for name in others if (mase := score(result, name, "MASE"))]
    return score(result, NOTHING_SET, "MASE") / min(known) if known else None


def coverage_distances(tasks, name=NOTHING_SET):
    known = [score(result, name, "coverage") for result in tasks.values()]
    return [abs(one - COVERAGE) for one in known if one is not None]
