"""Sequences of unequal lengths to one array-like of windows."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from .._atomic import on_snapshot, replaced_at_once
from .._callbacks import WatchedMixin, fit_task
from .._checks import FLOATS, plain_table
from .._sklearn_private import HasMethods, fit_context
from .rows import Windows, count_missing_steps, row_numbers, rows_of


class SequencePadder(WatchedMixin, TransformerMixin, BaseEstimator):
    """Put sequences of unequal lengths into one array, NaN after the end of the shorter ones.

    Each sequence stays a sample of its own, so ``y`` stays aligned, and a
    :class:`~sklearn.pipeline.Pipeline` that ends with :class:`LSTMClassifier` or
    :class:`LSTMRegressor`, which read such arrays, takes a list of arrays.

    Parameters
    ----------
    scaler : transformer, default=None
        Such as :class:`~sklearn.preprocessing.StandardScaler`. It is fitted on the steps of all
        sequences, as rows one below the other, and applied to those of each. None leaves the values
        as they are.

    Attributes
    ----------
    n_features_in_ : int
        Number of features of each step.

    n_timesteps_ : int
        Number of steps of the longest sequence.

    scaler_ : transformer
        The fitted scaler, None if there is none.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the sequences are DataFrames whose columns all are strings.

    See Also
    --------
    LSTMClassifier : Classifies such sequences.
    SequenceWindower : Cuts windows of one length from the rows of a series.

    Notes
    -----
    The result is an array-like that keeps the steps end to end, so that it takes the memory of the
    steps, however long the longest sequence is. It has ``shape``, ``dtype``, indexing by samples
    and ``__array__``: what asks for an array gets one written out.

    Sequences are ``(n_timesteps, n_features)``. Those of aeon are ``(n_channels, n_timepoints)``:
    transpose them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lstm import SequencePadder
    >>> X = [np.array([[1.0], [2.0], [3.0]]), np.array([[4.0]])]
    >>> padded = SequencePadder().fit_transform(X)
    >>> np.asarray(padded)[:, :, 0]
    array([[ 1.,  2.,  3.],
           [ 4., nan, nan]])
    """

    _parameter_constraints = {"scaler": [None, HasMethods(["fit", "transform"])]}

    def __init__(self, scaler: Any = None) -> None:
        self.scaler = scaler

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: object = None) -> Self:
        """Remember the number of features and the longest length, and fit the scaler.

        Parameters
        ----------
        X : list of array-like, or array-like of shape (n_samples, n_timesteps, n_features)
            Sequences of shape ``(n_timesteps_i, n_features)``. In an array trailing steps of NaN
            are after a sequence's end, leading ones missing history.

        y : object, default=None
            Ignored.

        Returns
        -------
        self : SequencePadder

        Raises
        ------
        ValueError
            If a sequence is empty, lacks a dimension, has another number of features than the
            others, no known step, or NaN or infinity between known steps. The message names it.
        """
        with replaced_at_once(self) as fitted, fit_task(self, fitted, X=X):
            fitted._fit(X)
        return self

    def _fit(self, X):
        sequences = _Sequences.of(X)
        self.n_features_in_, self.n_timesteps_ = sequences.rows.shape[1], sequences.longest
        if sequences.names is not None:
            self.feature_names_in_ = sequences.names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.scaler_ = None if self.scaler is None else clone(self.scaler).fit(sequences.rows)

    @on_snapshot
    def transform(self, X: Any) -> Windows:
        """Return the sequences as one array-like.

        Parameters
        ----------
        X : list of array-like, or array-like of shape (n_samples, n_timesteps, n_features)
            Sequences, as for :meth:`fit`.

        Returns
        -------
        padded : array-like of shape (n_samples, n_timesteps, n_features)
            As many steps as the longest sequence of ``fit`` has, or of X if that is longer.

        Raises
        ------
        ValueError
            As for :meth:`fit`, if X has other features, or if the scaler makes NaN or infinity, or
            other than one row of each step.
        """
        check_is_fitted(self)
        sequences = _Sequences.of(X)
        self._check_features(sequences)
        rows = sequences.rows
        if self.scaler_ is not None:
            rows = _as_floats(self.scaler_.transform(rows), "What scaler made of X")
            sequences.check_scaled(rows)
        return sequences.padded(rows, max(sequences.longest, self.n_timesteps_))

    def _check_features(self, sequences):
        n_features = sequences.rows.shape[1]
        if n_features != self.n_features_in_:
            raise ValueError(
                f"X has {n_features} features, but SequencePadder is expecting "
                f"{self.n_features_in_} features as input. Give it the columns of fit."
            )
        names, fitted = sequences.names, getattr(self, "feature_names_in_", None)
        if names is not None and fitted is not None and list(names) != list(fitted):
            raise ValueError(
                "The feature names should match those that were passed during fit: X has columns "
                f"{list(names)}, fit had {list(fitted)}. Give them in this order."
            )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "n_timesteps_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        return tags


class _Sequences:
    """Sequences end to end: their known steps, how many each has, and how many miss before."""

    def __init__(self, rows, lengths, n_before, names=None):
        self.rows, self.lengths, self.n_before, self.names = rows, lengths, n_before, names

    @classmethod
    def of(cls, X):
        """Read what a caller gives."""
        is_column = isinstance(X, np.ndarray | pd.Series) and X.ndim == 1 and X.dtype.kind == "O"
        if isinstance(X, list | tuple) or is_column:
            return cls._of_list(list(X))
        if not hasattr(X, "__array__"):
            raise ValueError(
                f"X is a {type(X).__name__}, but sequences are a list of arrays (n_timesteps, "
                "n_features), or an array (n_samples, n_timesteps, n_features)."
            )
        if not isinstance(X, Windows):
            X = _as_floats(plain_table(X, "X"), "X")
        if X.ndim != 3:
            raise ValueError(
                f"X has the shape {X.shape}, but sequences are a list of arrays (n_timesteps, "
                "n_features), or an array (n_samples, n_timesteps, n_features). Of one feature "
                "give X[:, :, np.newaxis]."
            )
        if 0 in X.shape:
            raise ValueError(f"X of shape {X.shape} holds no value: give a sample, step, feature.")
        windows = X if isinstance(X, Windows) else rows_of(X)
        n_before, n_after, bad = count_missing_steps(windows)
        if bad is not None:
            sample, step = bad
            raise _unreadable(sample, step, np.asarray(X[sample]))
        lengths = windows.n_timesteps - n_before - n_after
        array = np.asarray(X)
        step = np.arange(windows.n_timesteps)
        is_known = (step >= n_before[:, None]) & (step < (n_before + lengths)[:, None])
        return cls(array[is_known], lengths, n_before)

    @classmethod
    def _of_list(cls, X):
        if not len(X):
            raise ValueError("X is an empty list: give at least one sequence.")
        tables = [plain_table(sequence, f"X[{i}]") for i, sequence in enumerate(X)]
        arrays = [_as_rows(table, i) for i, table in enumerate(tables)]
        widths = np.array([array.shape[1] for array in arrays])
        if (widths != widths[0]).any():
            i = int(np.argmax(widths != widths[0]))
            raise ValueError(
                f"X[{i}] has {widths[i]} features (shape {arrays[i].shape}), but X[0] has "
                f"{widths[0]}. A sequence is (n_timesteps, n_features), all with the same features."
            )
        ends = [_known_part(array, i) for i, array in enumerate(arrays)]
        rows = np.concatenate([a[begin:end] for a, (begin, end) in zip(arrays, ends, strict=True)])
        n_before, last = np.array(ends).T
        return cls(rows, last - n_before, n_before, _common_names(tables))

    @property
    def longest(self):
        return int((self.n_before + self.lengths).max())

    def check_scaled(self, rows):
        """Refuse rows that can't stand in the place of those that were read."""
        if rows.ndim != 2 or len(rows) != len(self.rows):
            raise ValueError(
                f"scaler made {rows.shape} of {self.rows.shape}, but has to return a row for each "
                "step. Give it one that does, such as StandardScaler()."
            )
        bad = ~np.isfinite(rows).all(axis=1)
        if bad.any():
            row = int(bad.argmax())
            sample = int(np.searchsorted(np.cumsum(self.lengths), row, side="right"))
            step = row - int(self.lengths[:sample].sum()) + int(self.n_before[sample])
            raise ValueError(
                f"scaler made {rows[row]} of {self.rows[row]}, step {step} of sample {sample}: NaN "
                "or infinity would end the sequence. Take another scaler, or leave the sample out."
            )

    def padded(self, rows, n_timesteps):
        """Return windows of these rows, which stand in the place of those that were read."""
        ends = np.cumsum(self.lengths)
        first, last, starts = (
            row_numbers(numbers, len(rows) + n_timesteps)
            for numbers in (ends - self.lengths, ends - 1, ends - self.lengths - self.n_before)
        )
        return Windows(rows, starts, n_timesteps, first=first, last=last, outside="end")


def _as_rows(sequence, i):
    """Return a sequence as an array of floats, shape (n_timesteps, n_features)."""
    array = _as_floats(sequence, f"X[{i}]")
    if array.ndim != 2:
        hint = f" Of one feature give X[{i}].reshape(-1, 1)." if array.ndim == 1 else ""
        raise ValueError(
            f"X[{i}] was taken for a sequence, but has the shape {array.shape}: a sequence is "
            f"(n_timesteps, n_features).{hint}"
        )
    if not array.size:
        raise ValueError(f"X[{i}] is empty, of shape {array.shape}. Leave it and its y out.")
    return array


def _as_floats(values, name):
    """Return values as an array of floats, of their own type where they are."""
    try:
        array = np.asarray(values)
        return array if array.dtype in FLOATS else array.astype(float)
    except (TypeError, ValueError) as error:
        reason = str(error).rstrip(".")
        raise ValueError(f"{name} holds something that is no number: {reason}.") from error


def _known_part(array, i):
    """Return where the known steps of a sequence begin and end."""
    known = np.flatnonzero(~np.isnan(array).all(axis=1))
    begin, end = (int(known[0]), int(known[-1]) + 1) if len(known) else (0, len(array))
    bad = ~np.isfinite(array[begin:end]).all(axis=1)
    if bad.any():
        raise _unreadable(i, begin + int(bad.argmax()), array)
    return begin, end


def _unreadable(i, step, array):
    if np.isnan(array).all():
        return ValueError(
            f"Sample {i} of X has no known step: all its values are NaN. Leave it out."
        )
    return ValueError(
        f"X contains NaN or infinity between the known steps of sample {i}, first at step {step}: "
        f"{array[step]}. Fill it, or leave the sample out."
    )


def _common_names(tables):
    """Return the names of the columns of DataFrames, where all have the same, all of them text."""
    if not all(isinstance(table, pd.DataFrame) for table in tables):
        return None
    columns = tables[0].columns
    for i, table in enumerate(tables):
        if not table.columns.equals(columns):
            raise ValueError(
                f"X[{i}] has columns {list(table.columns)}, but X[0] has {list(columns)}. Give all "
                "sequences the same columns in the same order."
            )
    if not all(isinstance(name, str) for name in columns):
        return None
    return np.asarray(columns, dtype=object)
