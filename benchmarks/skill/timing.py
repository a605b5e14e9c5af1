"""How long a forecast takes with nothing set: synthetic series, each case in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

NAME = "timing"
SEED = 0


@dataclass(frozen=True)
class Case:
    """Series, how far ahead they are forecast, and how many seconds that may take.

    Parameters
    ----------
    lengths : tuple of int
        Rows of each series.

    freq : str

    seasons : tuple of int
        Rows in a season.

    horizon : int

    target : float
        Seconds.
    """

    lengths: tuple[int, ...]
    freq: str
    seasons: tuple[int, ...]
    horizon: int
    target: float

    def series(self, quick=False):
        """Return seasons, a random walk and noise; a panel if there are several series."""
        rng = np.random.default_rng(SEED)
        lengths = [min(length, 120) for length in self.lengths[:3]] if quick else self.lengths
        index = pd.date_range("2000-01-02", periods=max(lengths), freq=self.freq, name="time")
        all_of = [self._one(index[-length:], rng) for length in lengths]
        return all_of[0] if len(all_of) == 1 else pd.concat(dict(enumerate(all_of)))

    def _one(self, index, rng):
        t, noise = np.arange(len(index)), rng.normal(size=(2, len(index)))
        values = 50 + 0.1 * noise[0].cumsum() + noise[1]
        for season in self.seasons:
            values += 5 * np.sin(2 * np.pi * (t / season + rng.uniform()))
        return pd.Series(values, index)


CASES = {
    "1,000 hours, 24 ahead": Case((1_000,), "h", (24, 168), 24, 10.0),
    "10,000 hours, 24 ahead": Case((10_000,), "h", (24, 168), 24, 30.0),
    "359 series of 80 to 2,600 weeks, 13 ahead": Case(
        tuple(np.linspace(80, 2_600, 359).round().astype(int).tolist()), "W", (52,), 13, 40.0
    ),
}


def measure(name, quick=False):
    """Return the seconds of a fit with its intervals, and of a forecast with them."""
    import tensorflow  # noqa: F401  imports don't count

    from sklearn_lstm import LSTMForecaster

    case = CASES[name]
    y = case.series(quick)
    started = time.perf_counter()
    forecaster = LSTMForecaster(horizon=case.horizon, random_state=SEED).fit(y)
    fitted = time.perf_counter()
    forecaster.predict_interval()
    return {"fit": fitted - started, "predict": time.perf_counter() - fitted}


def run(quick=False, say=print):
    """Measure each case in a process of its own."""
    found = {}
    for name in CASES:
        command = [sys.executable, "-m", "benchmarks.skill.timing", name, *(["--quick"] * quick)]
        root = Path(__file__).parents[2]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=root)
        found[name] = json.loads(done.stdout.splitlines()[-1])
        say(f"  {name}: {found[name]['fit']:.1f} s")
    return {"cases": found}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], quick="--quick" in sys.argv[2:])))
