"""From a row to its figures: choose, fit, and only then look at the test part."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import Ridge

from .protocol import Protocol
from .rows import tiny, with_lstm, with_regressor


@dataclass(frozen=True)
class Trial:
    """A setting and its mean error on the validation part."""

    setting: Any
    error: float


@dataclass(frozen=True)
class Choice:
    """What was tried, with LSTMs and with ridge."""

    lstms: tuple[Trial, ...]
    ridges: tuple[Trial, ...]

    @property
    def lstm(self):
        return _best(self.lstms)

    @property
    def ridge(self):
        return _best(self.ridges)


@dataclass(frozen=True)
class Contender:
    """Something that forecasts the test part."""

    name: str
    protocol: Protocol
    setting: Any
    seeds: tuple[int, ...]


def describe(setting):
    """Write a setting as it would be typed."""
    return " ".join(repr(setting).split())


def choose(row, data, say=print):
    """Try all settings on the stretch before the test part, which is cut off at once."""
    known = row.protocol.before_test(data)
    say(f"  {row.protocol.criterion} on the validation part:")
    lstms = [_try(row, known, setting, row.choice_seeds, say) for setting in row.candidates]
    windows = _best(lstms)
    ridges = [
        _try(row, known, with_regressor(windows, Ridge(alpha=alpha)), (None,), say)
        for alpha in row.alphas
    ]
    return Choice(tuple(lstms), tuple(ridges))


def _try(row, known, setting, seeds, say):
    started = time.perf_counter()
    scores = [row.protocol.validate(known, seeded(setting, seed)) for seed in seeds]
    trial = Trial(setting, float(np.mean([row.protocol.error(score) for score in scores])))
    say(f"  {trial.error:.4g}  {describe(setting)}  ({time.perf_counter() - started:.0f} s)")
    return trial


def _best(trials):
    return min(trials, key=lambda trial: trial.error).setting


def seeded(setting, seed):
    return clone(setting).set_params(random_state=seed)


def contenders(row, choice):
    """Return what is fitted before the test part is looked at."""
    ensemble = with_lstm(choice.lstm, ensemble_size=row.ensemble_size)
    found = [Contender("LSTM", row.protocol, ensemble, row.seeds), *nothing_set(row)]
    return [*found, Contender("ridge", row.protocol, choice.ridge, (None,))]


def nothing_set(row):
    """Return the forecaster with its defaults, if the protocol has a place for it."""
    defaults = row.protocol.with_defaults()
    if defaults is None:
        return []
    protocol, setting = defaults
    setting = tiny(setting) if row.is_quick else setting
    return [Contender("LSTM, nothing set", protocol, setting, row.seeds)]


def fit(contender, data, seed):
    """Return what is fitted on the data before the test part, and how long it took."""
    known = contender.protocol.before_test(data)
    started = time.perf_counter()
    fitted = contender.protocol.fit(known, seeded(contender.setting, seed))
    return fitted, time.perf_counter() - started


def measure(contender, say=print):
    """Fit a contender with its seeds and forecast the test part with each."""
    data, scores, seconds = contender.protocol.load(), [], []
    for seed in contender.seeds:
        fitted, taken = fit(contender, data, seed)
        seconds.append(taken)
        scores.append(contender.protocol.evaluate(fitted, data))
        say(f"  {contender.name}, seed {seed}: {scores[-1]} ({taken:.0f} s)")
    return {
        "setting": describe(contender.setting),
        "scores": scores,
        "seconds": float(np.mean(seconds)),
        "n_parameters": n_parameters(fitted.regressor_),
    }


def n_parameters(regressor):
    if isinstance(regressor, list):
        return sum(map(n_parameters, regressor))
    weights = getattr(regressor, "weights_", None) or [
        regressor.coef_,
        getattr(regressor, "intercept_", ()),
    ]
    return int(sum(np.size(weight) for weight in weights))


def report_choice(choice):
    """Return what was tried as the results keep it."""
    return [
        {"setting": describe(trial.setting), "error": trial.error}
        for trial in (*choice.lstms, *choice.ridges)
    ]


def renew_defaults(row, known, say=print):
    """Return what the report says about a row, with what nothing set forecasts now."""
    found = {one.name: measure(one, say) for one in nothing_set(row)}
    return {**known, "contenders": known["contenders"] | found}


def run(row, say=print):
    """Return everything that the report says about a row."""
    data = row.protocol.load()
    choice = choose(row, data, say)
    say(f"  chosen: {describe(choice.lstm)}")
    naive = row.protocol.naive(data)
    return {
        "trials": report_choice(choice),
        "contenders": {
            contender.name: measure(contender, say) for contender in contenders(row, choice)
        }
        | {name: {"scores": [scores]} for name, scores in naive.items()},
    }
