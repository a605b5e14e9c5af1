"""How predictions change when a cell of their windows is replaced, one cell after the other."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

VALUES_AT_ONCE = 2**22  # of windows that are written out together, 32 MB


class Subject(Protocol):
    """What is explained: windows, and what predicts from them.

    Attributes
    ----------
    lags : ndarray of int, shape (n_timesteps,)
        See :class:`.cells.Grid`, as for ``is_seen``.

    is_seen : ndarray of bool, shape (n_timesteps, n_features)

    feature_names : list of str

    samples : Index of length n_samples
        What each sample is called.

    unit : str or None
        Of what is predicted.

    has_truth : bool
    """

    lags: np.ndarray
    is_seen: np.ndarray
    feature_names: list
    samples: Any
    unit: str | None
    has_truth: bool

    def __len__(self) -> int: ...

    def read(self, rows: slice) -> np.ndarray:
        """Return the windows of some samples, (n_rows, n_timesteps, n_features), to be changed."""

    def predict(self, array: np.ndarray, rows: slice) -> np.ndarray:
        """Return all that is predicted from windows of these samples, (n_rows, n_outputs)."""

    def explained(self, outputs: np.ndarray, usual: np.ndarray) -> np.ndarray:
        """Return those outputs that are explained, given those of unchanged windows."""

    def errors(self, outputs: np.ndarray, rows: slice) -> np.ndarray:
        """Return how far outputs are off the truth, NaN where it is not known."""

    def uninformative(self, array: np.ndarray, rows: slice) -> np.ndarray:
        """Return what stands for values that are occluded, in a shape that fits windows."""

    def draw_donors(self, rng: np.random.RandomState) -> np.ndarray:
        """Return from which window each sample gets its permuted values, (n_samples,)."""

    def donated(self, array: np.ndarray, donors: np.ndarray) -> np.ndarray:
        """Return the values of these windows as they stand in the samples'."""


class Changes(NamedTuple):
    """What came of the replacements.

    Attributes
    ----------
    predictions : ndarray of shape (n_samples,)
        Of unchanged windows, mean over the outputs that are explained.

    baseline : ndarray of shape (n_samples,)
        Of windows that were replaced altogether.

    effects : dict of Cell to ndarray of shape (n_samples,)
        Prediction less that with the cell replaced.

    importances : dict of Cell to ndarray of shape (n_repeats,)
    """

    predictions: np.ndarray
    baseline: np.ndarray
    effects: dict
    importances: dict


def replaced_changes(subject, grid, donors, *, by_error):
    """Predict with each cell replaced, block after block of windows.

    Parameters
    ----------
    subject : Subject

    grid : Grid

    donors : list of ndarray or None
        For each repeat which window gives the values; None for uninformative ones.

    by_error : bool
        Whether importance is the rise of the error, not how much predictions change.

    Returns
    -------
    changes : Changes
    """
    cells, n = grid.cells, len(subject)
    predictions = np.empty(n)
    effects = np.zeros((len(cells), n))
    totals, counts = np.zeros((2, len(cells), len(donors)))
    for rows in blocks(subject):
        array = subject.read(rows)
        usual = subject.predict(array, rows)
        explained = subject.explained(usual, usual)
        errors = subject.errors(usual, rows) if by_error else None
        predictions[rows] = explained.mean(axis=1)
        for repeat, of_repeat in enumerate(donors):
            others = (
                subject.uninformative(array, rows)
                if of_repeat is None
                else subject.donated(array, of_repeat[rows])
            )
            others = _where_both_known(array, others)
            for place, cell in enumerate(cells):
                outputs = _with_cell(subject, array, others, cell, rows)
                change = explained - subject.explained(outputs, usual)
                effects[place, rows] += change.mean(axis=1) / len(donors)
                found = np.abs(change) if errors is None else subject.errors(outputs, rows) - errors
                totals[place, repeat] += np.nansum(found)
                counts[place, repeat] += np.isfinite(found).sum()
    importances = totals / np.maximum(counts, 1)
    return Changes(
        predictions,
        predictions - effects[cells.index(grid.everything)],
        dict(zip(cells, effects, strict=True)),
        dict(zip(cells, importances, strict=True)),
    )


def _where_both_known(array, others):
    """Return others, but the own values where either is missing.

    What is missing tells nothing, and a longer sequence can't have the end of a shorter one.
    """
    return np.where(np.isnan(array) | np.isnan(others), array, others)


def _with_cell(subject, array, others, cell, rows):
    """Predict with one cell replaced; the windows are as before afterwards."""
    kept = array[cell.index].copy()
    array[cell.index] = others[cell.index]
    try:
        return subject.predict(array, rows)
    finally:
        array[cell.index] = kept


def blocks(subject):
    """Return the samples in parts whose windows are written out together."""
    n_at_once = max(1, VALUES_AT_ONCE // subject.is_seen.size)
    return (slice(begin, begin + n_at_once) for begin in range(0, len(subject), n_at_once))


def summed_changes(subject, grid, attributions):
    """Sum what gradients attribute to each value, cell by cell.

    Parameters
    ----------
    subject : Subject

    grid : Grid

    attributions : callable
        Returns those of the windows of a block, (n_rows, n_outputs, n_timesteps, n_features).

    Returns
    -------
    changes : Changes
    """
    cells, n = grid.cells, len(subject)
    predictions, baseline = np.empty((2, n))
    effects, totals = np.zeros((len(cells), n)), np.zeros((len(cells), 1))
    for rows in blocks(subject):
        array = subject.read(rows)
        usual = subject.predict(array, rows)
        explained = subject.explained(usual, usual)
        others = _where_both_known(array, subject.uninformative(array, rows))
        predictions[rows] = explained.mean(axis=1)
        baseline[rows] = subject.explained(subject.predict(others, rows), usual).mean(axis=1)
        attributed = attributions(array, others, usual)
        for place, cell in enumerate(cells):
            change = attributed[(slice(None), *cell.index)].sum(axis=(2, 3))
            effects[place, rows] = change.mean(axis=1)
            totals[place] += np.abs(change).sum() / (n * change.shape[1])
    return Changes(
        predictions,
        baseline,
        dict(zip(cells, effects, strict=True)),
        dict(zip(cells, totals, strict=True)),
    )
