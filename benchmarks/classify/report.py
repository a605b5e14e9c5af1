"""Results as JSON, which outlives a run, and as a page made from it."""

from __future__ import annotations

import json

import numpy as np

from benchmarks.skill.report import machines
from benchmarks.skill.tables import number, table

from .choosing import SHARED
from .contenders import EUCLIDEAN
from .published import PUBLISHED
from .running import CONTENDERS, ENSEMBLE, OURS, describe
from .sets import SETS

AT_LEAST = 4  # of five sets, on which the LSTM is to be above the nearest neighbour

INTRODUCTION = """\
# Classification

`python -m benchmarks.classify` has written this page; `benchmarks/README.md` says how.

Accuracies of the test part: the mean of three seeds, and the deviation between them, which says
nothing about another test part. What is not random has one figure. The best of a row is in bold; an
empty cell was not measured.
"""


class Results:
    """What is known of each set, from this run and from earlier ones.

    Parameters
    ----------
    folder : Path or None
        None: nothing is written.
    """

    def __init__(self, folder):
        self._folder = folder
        self._path = folder / "classify.json" if folder else None
        is_there = folder is not None and self._path.exists()
        self.sets = json.loads(self._path.read_text()) if is_there else {}

    def add(self, name, result, machine):
        """Replace what is known of a set, and write both files."""
        self.sets[name] = result | {"machine": machine}
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.sets, indent=1, ensure_ascii=False, allow_nan=False)
        self._path.write_text(text + "\n")
        (self._folder / "classify.md").write_text(page(self.sets))


def page(results):
    """Return the whole report: the tables, each set's section, the machine."""
    known = [name for name in SETS if name in results]
    lines = table(("", *CONTENDERS), [summary(name, results[name]) for name in known])
    parts = [INTRODUCTION, *lines, "", *targets(results), "", *advice(results)]
    for name in known:
        parts += section(name, results[name])
    return "\n".join([*parts, *machines(results)])


def means(result):
    """Return the mean accuracy of each contender."""
    return {
        name: float(np.mean(contender["scores"]))
        for name, contender in result["contenders"].items()
    }


def summary(name, result):
    """Return the cells of a set in the large table."""
    of = means(result)
    best = max(of.values())
    cells = []
    for contender in CONTENDERS:
        if contender not in of:
            cells.append("")
            continue
        cell = with_spread(result["contenders"][contender]["scores"])
        cells.append(f"**{cell}**" if of[contender] == best else cell)
    return [SETS[name].title, *cells]


def with_spread(scores):
    """Write a mean, with the deviation between the seeds where there are several."""
    mean = f"{np.mean(scores):.3f}"
    return f"{mean} ± {np.std(scores):.3f}" if len(scores) > 1 else mean


def targets(results):
    """Return the lines of the table of targets."""
    above = [name for name in results if is_above_neighbour(results[name])]
    is_met = "yes" if len(above) >= AT_LEAST else "**no**"
    lines = [
        [
            f"{OURS} above {EUCLIDEAN}",
            f"≥ {AT_LEAST} of {len(SETS)} sets",
            f"{len(above)} of {len(results)}",
            is_met,
        ]
    ]
    for name, set_ in SETS.items():
        mean = means(results[name]).get(OURS) if name in results else None
        if set_.goal is not None and mean is not None:
            met = "yes" if mean >= set_.goal else "**no**"
            lines.append([f"{OURS} on {set_.title}", f"≥ {set_.goal}", number(mean), met])
    return table(("measure", "target", "measured", "met"), lines)


def is_above_neighbour(result):
    of = means(result)
    return of.get(OURS, 0.0) > of.get(EUCLIDEAN, 1.0)


def advice(results):
    """Say where another contender is better than the LSTM, ensembles apart."""
    better = []
    for name, result in results.items():
        of = means(result)
        best = max(of, key=of.get)
        margin = of[best] - max(of.get(OURS, 0.0), of.get(ENSEMBLE, 0.0))
        if margin > 0:
            better.append(f"{best} on {SETS[name].title}, by {margin:.4f}")
    if not better:
        return ["No other contender is above both LSTMs on a set.", ""]
    return [f"Better than both LSTMs, where they may be the pick: {'; '.join(better)}.", ""]


def section(name, result):
    """Return the lines about one set."""
    n = result["facts"]
    shortest, longest = n["n_timesteps"]
    lengths = f"{longest}" if shortest == longest else f"{shortest} to {longest}"
    epochs = f"{result['epochs']} epochs"
    return [
        f"## {SETS[name].title}",
        "",
        f"`{name}`. {SETS[name].about} {n['n_train']} sequences to train on, {n['n_test']} to "
        f"test, {lengths} steps of {n['n_features']}, {n['n_classes']} classes.",
        "",
        f"Chosen, and trained for {epochs}:",
        "",
        "```python",
        f"LSTMClassifier({describe(SHARED | result['trials'][0]['setting'])})",
        "```",
        "",
        *contender_table(result),
        "",
        *_published(name),
        *_trials(result),
        "",
    ]


def contender_table(result):
    """Return the lines of the table of everything that classified the test part."""
    of = result["contenders"]
    lines = [
        [name, with_spread(of[name]["scores"]), number(of[name]["seconds"], 2)]
        for name in CONTENDERS
        if name in of
    ]
    return table(("", "accuracy", "seconds to fit and predict"), lines)


def _published(name):
    lines = [[p.name, number(p.accuracy), p.source] for p in PUBLISHED.get(name, ())]
    if not lines:
        return ["No published figure is quoted.", ""]
    return [*table(("published", "accuracy", "source"), lines), ""]


def _trials(result):
    trials = result["trials"]
    lines = [
        [number(t["accuracy"]), number(t["log_loss"]), f"`{describe(t['setting'])}`"]
        for t in trials
    ]
    return [
        f"Cross-validated within the train part, {result['n_folds']} folds:",
        "",
        *table(("accuracy", "loss", "setting"), lines),
    ]
