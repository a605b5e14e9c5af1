"""The LSTM's settings: chosen on the train part alone, from a grid that all sets share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import ceil

import numpy as np
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import LSTMClassifier, SequencePadder

N_FOLDS = 4
FOLD_SEED = 0
LONG = 100  # steps, from which sequences are read in segments: step by step takes minutes
DROPOUT = 0.3  # tried with the best of the grid
SHARED = {
    "units": 50,
    "learning_rate": 0.01,
    "learning_rate_schedule": "cosine",
    "batch_size": 16,
}
GRID = {
    "pooling": ("last", "mean", "max"),
    "bidirectional": (False, True),
    "segment_length": (None, 5, 10),
}


@dataclass(frozen=True)
class Training:
    """How long each network learns: so many updates, whatever the size of the set."""

    n_updates: int = 600

    def epochs(self, n_samples):
        return max(1, round(self.n_updates / ceil(n_samples / SHARED["batch_size"])))


def candidates(part, grid=GRID):
    """Return the settings of the grid that suit the length of the sequences."""
    is_long = min(map(len, part.X)) >= LONG
    settings = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    return [s for s in settings if (s["segment_length"] is not None) == is_long]


def pipeline(setting, n_samples, training, seed):
    """Return what is fitted for a setting."""
    lstm = LSTMClassifier(
        **(SHARED | setting), epochs=training.epochs(n_samples), random_state=seed
    )
    return make_pipeline(SequencePadder(StandardScaler()), lstm)


def folds(part, n_folds=N_FOLDS):
    """Return (fit, validation) rows: classes in the same shares, and no group on both sides."""
    if part.groups is None:
        splitter = StratifiedKFold(n_folds, shuffle=True, random_state=FOLD_SEED)
    else:
        splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=FOLD_SEED)
    return list(splitter.split(np.zeros(len(part)), part.y, part.groups))


def cross_validate(setting, part, training, n_folds=N_FOLDS):
    """Return the accuracy and the logarithmic loss of a setting over all folds."""
    n_right, loss = 0, 0.0
    classes = np.unique(part.y)
    for fit, validation in folds(part, n_folds):
        fitted = pipeline(setting, len(fit), training, seed=0).fit(part[fit].X, part.y[fit])
        held = part[validation]
        probabilities = fitted.predict_proba(held.X)
        n_right += int((fitted.classes_[probabilities.argmax(axis=1)] == held.y).sum())
        loss += log_loss(held.y, probabilities, labels=classes, normalize=False)
    return {"accuracy": n_right / len(part), "log_loss": float(loss / len(part))}
