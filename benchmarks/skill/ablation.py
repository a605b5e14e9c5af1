"""What each part of the settings does for ETTh1, 96 → 96 hours, on the validation part alone."""

from __future__ import annotations

import time

import numpy as np

from sklearn_lstm import LSTMRegressor

from .rows import ROWS, tiny, with_lstm
from .running import describe, n_parameters, seeded

TITLE = "What each part does: ETTh1, 96 → 96 hours, validation part"
SEEDS = (0, 1, 2)
SLOW_SEEDS = (0,)
RECIPE = ROWS["etth1-96-96"].candidates[0]
CHANGES = {
    "all of it": {},
    "no segments": {"segment_length": None},
    "no skip connection": {"skip_connection": False},
    "parallel decoding": {"decoding": "parallel"},
    "no dropout": {"dropout": 0.0},
    "constant rate": {"learning_rate_schedule": "constant"},
    "exponential rate": {"learning_rate_schedule": "exponential"},
    "squared error": {"loss": "squared_error"},
    "Huber loss": {"loss": "huber"},
    "clipped gradients": {"clipnorm": 1.0},
    "mean of five": {"ensemble_size": 5},
}
PLAIN = "none of it"  # the regressor's defaults, trained on as many batches


def describe_recipe():
    return describe(RECIPE)


def settings():
    """Return the recipe, the recipe with each thing changed, and the defaults."""
    changed = {name: with_lstm(RECIPE, **params) for name, params in CHANGES.items()}
    return changed | {PLAIN: LSTMRegressor(batch_size=RECIPE.batch_size, epochs=RECIPE.epochs)}


def run(is_quick=False, say=print):
    """Return a line for each setting; the test part is cut off before anything else."""
    row = ROWS["etth1-96-96"]
    protocol = row.protocol.quick() if is_quick else row.protocol
    known = protocol.before_test(protocol.load())
    lines = {}
    for name, setting in settings().items():
        reads_steps = setting.segment_length is None
        seeds = SLOW_SEEDS if reads_steps or is_quick else SEEDS
        setting = tiny(setting) if is_quick else setting
        lines[name] = _line(protocol.for_validation(), known, setting, seeds)
        say(f"  {name}: {lines[name]}")
    return {"lines": lines}


def _line(protocol, known, setting, seeds):
    scores, seconds = [], []
    for seed in seeds:
        started = time.perf_counter()
        fitted = protocol.fit(protocol.before_test(known), seeded(setting, seed))
        seconds.append(time.perf_counter() - started)
        scores.append(protocol.evaluate(fitted, known))
    return {
        "scores": scores,
        "seconds": float(np.mean(seconds)),
        "n_parameters": n_parameters(fitted.regressor_),
    }
