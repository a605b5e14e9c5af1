"""From a task to its figures: every contender forecasts the same rows."""

from __future__ import annotations

import time

from sklearn_lstm import LSTMForecaster

from . import contenders
from .default_before import default_before
from .many import scores, target
from .rows import tiny

NOTHING_SET, BEFORE = "nothing set", "default before"
LSTMS = (NOTHING_SET, BEFORE)
NAIVE = ("persistence", "seasonal naive")
OTHERS = tuple(name for name in contenders.CONTENDERS if name not in NAIVE)
CONTENDERS = (*LSTMS, *OTHERS, *NAIVE)


def nothing_set(known, horizon):
    """Return the forecaster whose defaults are judged; holes are filled where it would refuse."""
    forecaster = LSTMForecaster(horizon=horizon, random_state=0)
    if forecaster.missing == "error" and target(known).isna().to_numpy().any():
        forecaster.set_params(missing="interpolate")
    return forecaster


def run(task, names=CONTENDERS, say=print):
    """Return what the report says about a task.

    Parameters
    ----------
    task : Task

    names : iterable of str
        Of contenders.

    say : callable
        Takes a line.

    Returns
    -------
    result : dict
        ``windows`` and ``contenders``: for each its ``scores`` and ``seconds``, or in ``left_out``
        why there are none.
    """
    data = task.load()
    found = {name: _measure(name, task, data) for name in names}
    for name, of in found.items():
        say(f"  {name}: " + (of.get("left_out") or f"{of['scores']} ({of['seconds']:.1f} s)"))
    facts = {"kind": task.kind, "freq": task.freq, "horizon": task.horizon, "season": task.season}
    return {**facts, "windows": task.windows(data)._asdict(), "contenders": found}


def _measure(name, task, data):
    if absent := contenders.packages_absent(name):
        return {"left_out": f"{' and '.join(absent)} not installed"}
    if name in LSTMS:
        result, seconds = _forecast(name, task, data)
    else:
        try:
            result, seconds = contenders.forecast(name, task, data)
        except Exception as error:  # whatever other libraries raise: the others still run
            return {"left_out": str(error).split("\n")[0]}
    return {"scores": scores(result), "seconds": seconds}


def _forecast(name, task, data):
    import tensorflow  # noqa: F401  imports don't count

    known = task.before_first_origin(data)
    started = time.perf_counter()
    if name == BEFORE:
        forecaster = default_before(known, task.horizon, task.name)
    else:
        forecaster = nothing_set(known, task.horizon)
    forecaster = tiny(forecaster) if task.is_quick else forecaster
    result = task.backtest(forecaster, data, adaptive=name != BEFORE)  # it had none of that
    return result, time.perf_counter() - started
