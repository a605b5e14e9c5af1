"""Trials one after the other in a process of their own, and what came of each."""

from __future__ import annotations

import multiprocessing
import traceback
import warnings
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import LinAlgWarning

from .random_doors import QUICK, SAID, pipeline, regressor
from .random_tables import CommandError, forecast_command, predict_command

DOORS = QUICK | {
    "predict_command": predict_command, "regressor": regressor, "pipeline": pipeline,
    "forecast_command": forecast_command,
}  # fmt: skip
TRAINED = {"regressor": 0.3, "pipeline": 0.1, "forecast_command": 0.05}  # as often as the others
GOOD, REFUSED, UNCLEAR, WRONG, HANG = "good", "refused clearly", "unclear", "silently wrong", "hang"
BAD = (UNCLEAR, WRONG, HANG)
# Errors that say nothing of parameters and rows, though they derive from ValueError.
NO_WORDS = (UnicodeError, np.linalg.LinAlgError, pd.errors.OutOfBoundsDatetime)
FEWEST_WORDS = 4
MOST_MEMORY = 6 * 2**30  # bytes for a process of trials, TensorFlow's included


@dataclass(frozen=True)
class Outcome:
    """What came of a trial: its kind, its door, its input and what is to be said of it."""

    number: int
    door: str
    kind: str
    words: str
    said: str = ""


def one_trial(seed, number, doors):
    """Draw a trial and judge what comes of it.

    Parameters
    ----------
    seed, number : int
        Both together are the seed of its generator.

    doors : list of str
        Names of :data:`DOORS` from which one is drawn.
    """
    door, trial = drawn(seed, number, doors)
    kind, said = _outcome(trial)
    return Outcome(number, door, kind, " ".join(trial.words.split()), " ".join(said.split()))


def drawn(seed, number, doors):
    """Return the door of a trial, and the trial."""
    rng = np.random.default_rng([seed, number])
    weights = np.array([TRAINED.get(door, 1.0) for door in doors])
    door = doors[rng.choice(len(doors), p=weights / weights.sum())]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return door, DOORS[door](rng)


def _is_deep(category):
    """Tell what NumPy says of numbers; of its matrix a regressor may speak by itself."""
    return issubclass(category, RuntimeWarning) and not issubclass(category, LinAlgWarning)


def _outcome(trial):
    before = _fingerprint(trial.given)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result, error = trial.call(), None
        except Exception as raised:  # whatever it is, it is judged
            result, error = None, raised
    if _fingerprint(trial.given) != before:
        return WRONG, "what was given is not as before"
    SAID[:] = [str(one.message) for one in caught]
    deep = [one for one in caught if _is_deep(one.category)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if error is None:
                trial.check(result)
            else:
                trial.after_error()
        except Exception as disagreement:
            return WRONG, f"{type(disagreement).__name__}: {disagreement}"
    if error is not None:
        return (REFUSED if _is_clear(error) else UNCLEAR), _shown(error)
    if deep:
        return UNCLEAR, f"warned of numbers that tell a user nothing: {deep[0].message}"
    return GOOD, ""


def _is_clear(error):
    """Tell whether an error is about what was given: of this package, or scikit-learn's checks."""
    if not isinstance(error, ValueError | TypeError) or isinstance(error, NO_WORDS):
        return False
    where = traceback.extract_tb(error.__traceback__)[-1].filename.replace("\\", "/")
    is_ours = "/sklearn_lstm/" in where or "/sklearn/" in where or isinstance(error, CommandError)
    return is_ours and len(str(error).split()) >= FEWEST_WORDS and "Traceback" not in str(error)


def _shown(error):
    frame = traceback.extract_tb(error.__traceback__)[-1]
    at = "/".join(frame.filename.replace("\\", "/").split("/")[-2:])
    return f"{type(error).__name__} at {at}:{frame.lineno}: {error}"


def _fingerprint(given):
    """Return what tells whether an input has been changed."""
    if isinstance(given, tuple) and not all(isinstance(one, int | float) for one in given):
        return [_fingerprint(one) for one in given]
    if isinstance(given, pd.Series | pd.DataFrame):
        return repr(given.index.tolist()), repr(given.to_numpy().tolist()), str(given.columns
            if isinstance(given, pd.DataFrame) else given.name)  # fmt: skip
    if isinstance(given, np.ma.MaskedArray):
        return given.data.tobytes(), np.ma.getmaskarray(given).tobytes()
    if isinstance(given, np.ndarray):
        return str(given.dtype), given.shape, repr(given.tolist())
    return repr(given)


def _serve(connection, trial, seed, doors):
    """Run the trials whose numbers come in, until the other end is closed."""
    with suppress(ImportError):  # not on Windows
        import resource

        # What asks for all memory shall get an error, and leave other processes alone.
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    with suppress(EOFError):
        while True:
            connection.send(trial(seed, connection.recv(), doors))


class Worker:
    """A process that runs trials, begun anew when one hangs or takes it down.

    Parameters
    ----------
    seed : int

    doors : list of str

    limit : float
        Seconds that one trial may take.

    trial : callable, default=one_trial
        What is run, a function that can be imported.
    """

    def __init__(self, seed, doors, limit, trial=one_trial):
        self.seed, self.doors, self.limit, self.trial = seed, doors, limit, trial
        self._process = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._stop()

    def run(self, number):
        """Return the outcome of a trial."""
        is_new = self._process is None
        if is_new:
            self._start()
        try:
            self._connection.send(number)
            # A new process imports first, which is not the trial's fault.
            if self._connection.poll(self.limit + 60 * is_new):
                return self._connection.recv()
            said = f"no answer within {self.limit:g} s"
        except (EOFError, OSError):
            self._process.join()
            said = f"the process died with exit code {self._process.exitcode}"
        self._stop()
        return Outcome(number, "?", HANG, f"trial {number}", said)

    def _start(self):
        # Forked children of a process with TensorFlow in it would hang by themselves.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        args = theirs, self.trial, self.seed, self.doors
        self._process = context.Process(target=_serve, args=args, daemon=True)
        self._process.start()
        theirs.close()

    def _stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._connection.close()
            self._process = None


def counts(outcomes):
    """Return a table of how many of each kind came out of each door, as text."""
    kinds = (GOOD, REFUSED, *BAD)
    found = Counter((outcome.door, outcome.kind) for outcome in outcomes)
    doors = sorted({outcome.door for outcome in outcomes})
    lines = [f"{'door':18}" + "".join(f"{kind:>17}" for kind in kinds)]
    for door in [*doors, "all"]:
        numbers = [
            sum(n for (of, its), n in found.items() if its == kind and door in (of, "all"))
            for kind in kinds
        ]
        lines.append(f"{door:18}" + "".join(f"{n:17,}" for n in numbers))
    return "\n".join(lines)
