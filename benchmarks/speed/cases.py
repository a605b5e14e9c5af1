"""What is measured, in which sizes, and what is to be reached."""

# ruff: noqa: RUF001

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .data import Problem
from .end_to_end import end_to_end
from .footprint import fit_memory, flat, imports, memory, windows
from .growth import growth
from .hours import M4, ONE
from .outcome import Outcome, Target, at_least, at_most, goal
from .predicting import forecasts, predictions
from .searching import grid, two_workers
from .training import (
    ensembles,
    epochs,
    epochs_of_wide,
    first_fits,
    later_fits,
    marginal_epochs,
    marginal_epochs_of_classifiers,
)


@dataclass(frozen=True)
class Case:
    """A size for the report, a small one to see that all of it runs, and targets."""

    title: str
    measure: Callable[..., Outcome]
    size: Any
    quick: Any
    targets: tuple[Target, ...] = ()

    def sized(self, is_quick):
        """Return the size, and the title with its numbers filled in."""
        size = self.quick if is_quick else self.size
        return size, self.title.format(*(size if isinstance(size, tuple) else (size,)))


def beside(keras, pytorch):
    return at_least("Keras ÷ ours", keras), at_least("PyTorch ÷ ours", pytorch)


TINY = Problem(8, 5, 1, (50,), 1, 100)
MIDDLE = Problem(2000, 24, 1, (50,), 32, 5)
MIDDLE_EPOCH = Problem(2000, 24, 1, (50,), 32, 6)
CLASSIFY = Problem(2000, 24, 1, (50,), 32, 6, n_classes=3)
LARGE = Problem(8000, 96, 7, (64,), 32, 2)
LARGE_128 = Problem(8000, 96, 7, (64,), 128, 2)
WIDE_128 = Problem(4000, 24, 4, (128,), 32, 4)
WIDE_256 = Problem(4000, 24, 4, (256,), 32, 2)
WIDE_256_128 = Problem(4000, 24, 4, (256,), 128, 3)
WIDE_512 = Problem(2000, 24, 4, (512,), 32, 2)
STACKED = Problem(2000, 48, 4, (64, 64), 32, 4)
BIDIRECTIONAL = Problem(2000, 48, 4, (64,), 32, 4, bidirectional=True)

QUICK_TINY = Problem(8, 5, 1, (50,), 1, 30)
QUICK = Problem(400, 8, 2, (16,), 8, 3)
QUICK_CLASSIFY = Problem(400, 8, 2, (16,), 8, 4, n_classes=3)
QUICK_LARGE_BATCH = Problem(400, 8, 2, (16,), 32, 6)
QUICK_WIDE = Problem(400, 8, 2, (32,), 8, 3)
QUICK_STACKED = Problem(400, 8, 2, (12, 12), 8, 4)
QUICK_BIDIRECTIONAL = Problem(400, 8, 2, (12,), 8, 3, bidirectional=True)
QUICK_SERIES = Problem(400, 8, 1, (16,), 8, 3)

GRID = {
    "units": [16, 32],
    "rates": [0.003, 0.01],
    "lengths": [7, 14],
    "epochs": 10,
    "folds": 5,
}
QUICK_GRID = {"units": [16], "rates": [0.01], "lengths": [5], "epochs": 5, "folds": 2}

GROWTH = {
    "n_windows": (500, 1000, 2000, 4000, 8000, 16000),
    "n_timesteps": (6, 12, 24, 48, 96, 192),
    "units": (8, 16, 32, 64, 128, 256, 512),
    "n_features": (1, 2, 4, 8, 16, 32, 64),
}
QUICK_GROWTH = {
    "n_windows": (100, 200),
    "n_timesteps": (4, 8),
    "units": (16, 24),
    "n_features": (1, 2),
}

HOURS = {
    M4: (
        {"n_series": 414, "n_steps": 1008},
        {"window_length": 96, "horizon": 48, "units": 32, "batch_size": 256, "epochs": 1},
    ),
    ONE: (
        {"n_series": 1, "n_steps": 8760},
        {"window_length": 96, "horizon": 24, "units": 50, "batch_size": 32, "epochs": 3},
    ),
}
QUICK_TASK = {"window_length": 24, "horizon": 12, "units": 8, "batch_size": 64, "epochs": 1}
QUICK_HOURS = {
    M4: ({"n_series": 3, "n_steps": 400}, QUICK_TASK),
    ONE: ({"n_series": 1, "n_steps": 400}, QUICK_TASK),
}

CASES = {
    "tiny-first": Case(
        "tiny, the first fit in a process, after imports: {}",
        first_fits,
        TINY,
        QUICK_TINY,
        (at_least("scikeras ÷ ours", 6),),
    ),
    "tiny": Case(
        "tiny, later fits, another seed each: {}",
        later_fits,
        TINY,
        QUICK_TINY,
        (at_least("scikeras ÷ ours", 25), at_least("PyTorch ÷ ours", 1.5)),
    ),
    "middle": Case(
        "middle: {}",
        epochs,
        MIDDLE,
        QUICK,
        beside(5, 1.3),
    ),
    "middle-epoch": Case(
        "middle, an epoch more: {}",
        marginal_epochs,
        MIDDLE_EPOCH,
        QUICK,
        (at_least("Keras ÷ ours", 6.5),),
    ),
    "classify": Case(
        "middle, an epoch more of a classifier: {}",
        marginal_epochs_of_classifiers,
        CLASSIFY,
        QUICK_CLASSIFY,
        (at_least("Keras ÷ ours", 5),),
    ),
    "large": Case(
        "large: {}",
        epochs,
        LARGE,
        QUICK,
        beside(4.3, 1),
    ),
    "large-128": Case(
        "large, large batches: {}",
        epochs,
        LARGE_128,
        QUICK_LARGE_BATCH,
        beside(3.5, 1.5),
    ),
    "wide-128": Case(
        "wide: {}",
        epochs_of_wide,
        WIDE_128,
        QUICK_WIDE,
        (at_least("PyTorch ÷ ours", 1.1),),
    ),
    "wide-256": Case(
        "wider: {}",
        epochs_of_wide,
        WIDE_256,
        QUICK_WIDE,
        (at_least("PyTorch ÷ ours", 0.85),),
    ),
    "wide-256-128": Case(
        "wider, large batches: {}",
        epochs_of_wide,
        WIDE_256_128,
        QUICK_LARGE_BATCH,
        (at_least("PyTorch ÷ ours", 1.2),),
    ),
    "wide-512": Case(
        "widest, to see what is beyond: {}",
        epochs_of_wide,
        WIDE_512,
        QUICK_WIDE,
    ),
    "stacked": Case(
        "stacked: {}",
        epochs,
        STACKED,
        QUICK_STACKED,
        beside(3, 1),
    ),
    "bidirectional": Case(
        "bidirectional: {}",
        epochs,
        BIDIRECTIONAL,
        QUICK_BIDIRECTIONAL,
        beside(3, 1),
    ),
    "ensemble": Case(
        "{0} networks in one regressor, beside one network",
        ensembles,
        (5, {"like middle": MIDDLE, "like tiny": TINY}),
        (2, {"like middle": QUICK, "like tiny": QUICK_TINY}),
        (
            at_most("like middle, ensemble ÷ one network", 3),
            at_most("like tiny, ensemble ÷ one network", 3),
        ),
    ),
    "predict-one": Case(
        "predict one window, after a fit and a pickle: {}",
        predictions,
        (MIDDLE, 1, 1.0),
        (QUICK, 1, 0.05),
        (*beside(200, 1), goal("ONNX Runtime ÷ ours", 1)),
    ),
    "predict-many": Case(
        "predict {1} windows, after a fit and a pickle: {0}",
        predictions,
        (LARGE_128, 8000, 1.0),
        (QUICK, 200, 0.05),
        (
            *beside(1.5, 0.9),
            at_least("PyTorch in blocks of 256 ÷ ours", 0.6),
            goal("ONNX Runtime ÷ ours", 1),
        ),
    ),
    "forecast": Case(
        "{1} recursive one-step forecasts, after a fit: {0}",
        forecasts,
        (MIDDLE, 1000, 50),
        (QUICK_SERIES, 20, 2),
        beside(100, 1),
    ),
    "end-to-end": Case(
        "from end to end beside neuralforecast, darts and skforecast: one fit, one forecast",
        end_to_end,
        HOURS,
        QUICK_HOURS,
    ),
    "growth": Case(
        "how an epoch grows with rows, window length, units and features, around {}",
        growth,
        (Problem(2000, 24, 4, (50,), 32, 3), GROWTH),
        (Problem(100, 4, 1, (16,), 32, 1), QUICK_GROWTH),
    ),
    "grid": Case(
        "grid search: units {0[units]} × learning rate {0[rates]} × window length {0[lengths]}, "
        "TimeSeriesSplit({0[folds]}), daily temperatures, {0[epochs]} epochs, n_jobs=1; scikeras "
        "searches once for each window length",
        grid,
        GRID,
        QUICK_GRID,
        (at_least("scikeras ÷ ours", 10),),
    ),
    "grid-two-workers": Case(
        "the same search with two workers: units {0[units]} × learning rate {0[rates]} × window "
        "length {0[lengths]}",
        two_workers,
        GRID,
        QUICK_GRID,
        (at_least("n_jobs=1 ÷ threads", 1.6),),
    ),
    "import": Case(
        "time of an import, in a new interpreter",
        imports,
        (
            "import sklearn",
            "import sklearn_lstm",
            "from sklearn_lstm import LSTMRegressor, SequenceWindower",
            "from sklearn.neural_network import MLPRegressor",
        ),
        ("import sklearn", "import sklearn_lstm"),
        (at_most("import sklearn_lstm ÷ import sklearn", 1.3),),
    ),
    "windows": Case(
        "windows of {2} steps from {0:,} × {1} rows",
        windows,
        (5_000_000, 8, 96),
        (200_000, 8, 24),
        (at_most("peak ÷ bytes of the input", 1.2), at_most("seconds", 1, " s")),
    ),
    "memory": Case(
        "memory of an epoch over {0:,} × {1} rows through the pipeline: window {2}, batch {3}, {4} "
        "units",
        memory,
        (1_000_000, 7, 96, 256, 32),
        (10_000, 3, 12, 256, 8),
        (
            at_most("peak above the start", 700, " MB"),
            at_most("time, twice the rows ÷ once", 2),
            at_most("memory, twice the rows ÷ once", 2),
        ),
    ),
    "fit-memory": Case(
        "memory of an epoch over windows that share {0:,} × {1} float32 rows: window {2}, batch "
        "{3}, {4} units",
        fit_memory,
        (2_000_000, 7, 24, 1024, 16),
        (20_000, 7, 12, 256, 8),
        (at_most("peak ÷ bytes of the rows", 1.3),),
    ),
    "flat": Case(
        "memory over many fits of differing units, seeds and lengths in one process",
        flat,
        ((50, 300), (5, 25)),
        ((2, 5), (1, 2)),
        (at_most("growth", 30, " MB"), at_most("programs traced", 50)),
    ),
}
