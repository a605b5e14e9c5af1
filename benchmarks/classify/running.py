"""From a set to its figures: choose on the train part, and only then look at the test part."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.scale.alone import Alone, FailedError

from . import theirs
from .choosing import DROPOUT, N_FOLDS, candidates, cross_validate, pipeline
from .contenders import HAS_SEEDS, HERE, IN_AEON
from .scaling import scaled

OURS = "LSTMClassifier"
ENSEMBLE = "LSTMClassifier, 5 networks"
SEEDS = (0, 1, 2)
CONTENDERS = (OURS, ENSEMBLE, *HERE, *IN_AEON)
MODULE = "benchmarks.classify.theirs"


def choose(train, grid, training, n_folds=N_FOLDS, say=print):
    """Return the trials, best first: by accuracy, then by the loss.

    The best of the grid is tried with dropout, too.
    """

    def trial(setting):
        scores = cross_validate(setting, train, training, n_folds)
        say(f"  {scores['accuracy']:.4f} {scores['log_loss']:.4f} {describe(setting)}")
        return {"setting": setting, **scores}

    trials = [trial(setting) for setting in candidates(train, grid)]
    best = min(trials, key=_worse)["setting"]
    return sorted([*trials, trial({**best, "dropout": DROPOUT})], key=_worse)


def _worse(trial):
    return -trial["accuracy"], trial["log_loss"]


def describe(setting):
    return ", ".join(f"{name}={value!r}" for name, value in setting.items())


def score_here(setting, train, test, training, seeds=SEEDS, say=print, names=None):
    """Return accuracies and seconds on the test part of all that run in this environment.

    ``names`` are those that are asked for; None: all.
    """
    epochs = training.epochs(len(train))

    def ours(n_networks):
        def accuracy(train, test, seed, epochs):
            whole = {**setting, "ensemble_size": n_networks}
            fitted = pipeline(whole, len(train), training, seed).fit(train.X, train.y)
            return float(fitted.score(test.X, test.y))

        return accuracy

    contenders = {OURS: ours(1), ENSEMBLE: ours(5), **HERE}
    results = {}
    for name in contenders if names is None else names:
        of_seeds = seeds if name in (OURS, ENSEMBLE, *HAS_SEEDS) else seeds[:1]
        started = time.perf_counter()
        scores = [contenders[name](train, test, seed, epochs) for seed in of_seeds]
        seconds = (time.perf_counter() - started) / len(of_seeds)
        results[name] = {"scores": scores, "seconds": seconds}
        say(f"  {name}: {scores}")
    return results


def score_in_aeon(python, train, test, seeds=SEEDS, say=print, names=IN_AEON):
    """Return what aeon's contenders reach under a Python that has aeon."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "set.npz")
        X_train, X_test = scaled(train.X, test.X)
        theirs.write(path, X_train, train.y, X_test, test.y)
        process = Alone(python)
        try:
            for name in names:
                is_drawn = name in HAS_SEEDS
                answers = [
                    process.call(f"{MODULE}:minirocket", path=path, seed=seed)
                    if is_drawn
                    else process.call(f"{MODULE}:dtw", path=path)
                    for seed in (seeds if is_drawn else seeds[:1])
                ]
                results[name] = {
                    "scores": [answer["accuracy"] for answer in answers],
                    "seconds": min(answer["seconds"] for answer in answers),
                }
                say(f"  {name}: {results[name]['scores']}")
        finally:
            process.close()
    return results


def aeon_version(python):
    """Return the version of aeon that a Python has; None: it has none."""
    process = None
    try:
        process = Alone(python)
        return process.call(f"{MODULE}:version")
    except (OSError, FailedError):
        return None
    finally:
        if process is not None:
            process.close()
