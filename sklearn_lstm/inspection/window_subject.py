"""A fitted estimator and windows of it, to be explained."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from .._checks import plain_table, refuse_other_order
from ..windows.rows import count_missing_steps
from .opened import open_estimator, rescaled, unwrapped

MOST_AVERAGED = 10_000  # windows of the background whose mean is taken
STEP = 1e-4  # of outputs, which are of the size of 1, by which the slope of a scaler is found


class WindowSubject:
    """Windows, and an estimator that predicts from each.

    Parameters
    ----------
    estimator : estimator
        Fitted.

    X : array-like
        What its ``predict`` takes.

    y_true : array-like or None

    output : int, label or None
        Which output, or class, is explained; None for all outputs, and for the class predicted.

    background : array-like or None
        Windows or rows, as ``X``, that say what is usual; None for ``X``.

    max_samples : int or None
        Windows to draw; None: all.

    feature_names : list of str or None

    rng : RandomState

    Attributes
    ----------
    See :class:`.changes.Subject`, and:

    opened : Opened

    output_number : int or None
        The column that is explained.
    """

    def __init__(
        self, estimator, X, y_true, *, output, background, max_samples, feature_names, rng
    ):
        if not hasattr(estimator, "predict"):
            raise TypeError(f"estimator={estimator!r} has no predict: give a fitted regressor.")
        is_of_scikit_learn = hasattr(estimator, "__sklearn_tags__")
        if is_of_scikit_learn:
            check_is_fitted(estimator)
        if X is None:
            raise ValueError("data=None: give the windows or rows that are to be explained.")
        refuse_other_order(X, y_true)
        self.opened = open_estimator(estimator, X)
        self._estimator = unwrapped(estimator)
        self._is_classifier = is_of_scikit_learn and is_classifier(estimator)
        _, n_timesteps, n_features = self.opened.windows.shape
        self.feature_names = self._names(feature_names)
        self.lags = np.arange(n_timesteps)[::-1]
        self.is_seen = np.ones((n_timesteps, n_features), dtype=bool)
        chosen = _drawn(_complete(self.opened.windows, "data"), max_samples, rng)
        self._windows = self.opened.windows.take(chosen)
        index = X.index if isinstance(X, pd.DataFrame | pd.Series) else pd.RangeIndex(len(X))
        self.samples = index[chosen]
        self._own_background = background is None
        self._background = self._windows_of(X if background is None else background, rng)
        self._mean = None
        self._set_outputs(output, y_true, chosen, len(X))
        self.unit = "probability" if self._is_classifier else _name_of(y_true)

    def __len__(self):
        return len(self._windows)

    def _names(self, given):
        if given is None:
            return self.opened.feature_names
        n_features = self.opened.windows.shape[2]
        if isinstance(given, str) or len(given) != n_features:
            raise ValueError(
                f"feature_names={given!r} must be {n_features} names, one for each feature."
            )
        return [str(name) for name in given]

    def _windows_of(self, background, rng):
        if self._own_background:
            opened = self.opened.windows
        else:
            opened = open_estimator(self._estimator, background).windows
            if opened.shape[1:] != self.opened.windows.shape[1:]:
                raise ValueError(
                    f"background holds windows of shape {opened.shape[1:]}, data of shape "
                    f"{self.opened.windows.shape[1:]}. Give it windows or rows as data."
                )
        name = "data" if self._own_background else "background"
        complete = _complete(opened, name)
        if len(complete) < 2:
            raise ValueError(
                f"{name} holds 1 complete window, which can't say what is usual. Give more, or "
                "windows that are as background=, such as those of fit."
            )
        return opened.take(_drawn(complete, MOST_AVERAGED, rng))

    def _set_outputs(self, output, y_true, chosen, n_samples):
        """Find out what is predicted, and which of it is explained."""
        usual = self.predict(self.read(slice(0, 1)), slice(0, 1))
        self._classes = self._known_classes()
        n_outputs = usual.shape[1]
        if self._classes is not None:
            known, name = self._classes.tolist(), "the classes"
        else:
            known, name = list(range(n_outputs)), "the outputs"
        if output is not None and output not in known:
            raise ValueError(f"output={output!r} is none of {name}, {known}.")
        self.output_number = None if output is None else known.index(output)
        self.has_truth = y_true is not None
        if self.has_truth:
            self._truth = self._targets(y_true, n_samples, n_outputs)[chosen]

    def _known_classes(self):
        """Return the classes of which one is predicted; None of numbers and of several labels."""
        if not self._is_classifier:
            return None
        first = self.opened.predictor.predict(self.read(slice(0, 1)))
        return np.asarray(self.opened.predictor.classes_) if np.ndim(first) == 1 else None

    def _targets(self, y_true, n_samples, n_outputs):
        """Return the truth of what is explained, (n_samples, n_explained)."""
        y = np.asarray(plain_table(y_true, "y_true") if self._classes is None else y_true)
        if len(y) != n_samples:
            raise ValueError(f"y_true has {len(y)} values, but data {n_samples} samples.")
        if self._classes is not None:
            is_true = y.reshape(-1, 1) == self._classes
            if not is_true.any(axis=1).all():
                row = int(is_true.any(axis=1).argmin())
                raise ValueError(f"y_true holds {y[row]!r}, none of {self._classes.tolist()}.")
            return is_true if self.output_number is None else is_true[:, [self.output_number]]
        y = y.reshape(n_samples, -1).astype(float)
        if self.output_number is not None and y.shape[1] == n_outputs:
            return y[:, [self.output_number]]
        n_explained = n_outputs if self.output_number is None else 1
        if y.shape[1] != n_explained:
            raise ValueError(
                f"y_true has {y.shape[1]} columns, but {n_explained} outputs are explained. Give "
                "it a column for each, or name one of them with output=."
            )
        return y

    def read(self, rows):
        return self._windows.take(rows).to_array().copy()

    def predict(self, array, rows):
        predictor = self.opened.predictor
        if not self._is_classifier:
            # Copied, since it may be a view of the windows, which are changed in place.
            return np.array(predictor.predict(array), dtype=float).reshape(len(array), -1)
        if not hasattr(predictor, "predict_proba"):
            raise TypeError(
                f"estimator={self._estimator!r} has no predict_proba: probabilities are explained, "
                "not classes."
            )
        probabilities = predictor.predict_proba(array)
        if isinstance(probabilities, list):
            raise TypeError(
                f"estimator={self._estimator!r} gives a list of the probabilities of "
                f"{len(probabilities)} targets. Fit one for each, and explain these."
            )
        return probabilities

    def explained(self, outputs, usual):
        if self.output_number is not None:
            return outputs[:, [self.output_number]]
        if self._classes is None:
            return outputs
        return np.take_along_axis(outputs, self.explained_classes(usual), axis=1)

    def explained_classes(self, usual):
        """Return the column of the class that is explained of each sample, (n_rows, 1)."""
        return usual.argmax(axis=1)[:, np.newaxis]

    @property
    def picks_class(self):
        """bool : Whether it is the predicted class that is explained."""
        return self._classes is not None and self.output_number is None

    @cached_property
    def network_model(self):
        """keras.Model : Of the network that reads the windows."""
        return self.opened.network.model_

    def slopes(self, array, outputs):
        """Return how steeply what is explained grows with outputs of the network.

        Parameters
        ----------
        array : ndarray of shape (n_rows, n_timesteps, n_features)

        outputs : ndarray of shape (n_rows, n_network_outputs)

        Returns
        -------
        slopes : ndarray of shape (n_rows, n_explained)
        """
        if self._is_classifier:
            return np.ones((len(array), 1))
        above, below = (
            rescaled(self.opened.predictor, self.opened.network, outputs + step, array)
            for step in (STEP, -STEP)
        )
        slopes = (above - below).reshape(len(array), -1) / (2 * STEP)
        return self.explained(slopes, slopes)

    def errors(self, outputs, rows):
        truth = self._truth[rows]
        if self._classes is not None and self.output_number is None:
            return 1 - outputs[truth][:, np.newaxis]
        return np.abs(truth - self.explained(outputs, outputs))

    def uninformative(self, array, rows):
        if self._mean is None:
            self._mean = _mean_window(self._background)
        return np.broadcast_to(self._mean, array.shape)

    def draw_donors(self, rng):
        if self._own_background and len(self) > 1:
            return rng.permutation(len(self))
        return rng.randint(len(self._background), size=len(self))

    def donated(self, array, donors):
        own = self._own_background and len(self) > 1
        return (self._windows if own else self._background).take(donors).to_array()


def _complete(windows, name):
    """Return the numbers of the windows that miss no first step, as ``fit`` learns from them."""
    n_before, _, _ = count_missing_steps(windows)
    complete = np.flatnonzero(n_before == 0)
    if not len(complete):
        raise ValueError(
            f"{name} holds {len(windows)} windows of {windows.n_timesteps} steps, none of them "
            "complete. Give more rows."
        )
    return complete


def _drawn(numbers, n, rng):
    if n is None or len(numbers) <= n:
        return numbers
    return np.sort(rng.choice(numbers, n, replace=False))


def _mean_window(windows, n_at_once=1024):
    """Return the mean of windows at each step, of what is known, (n_timesteps, n_features)."""
    total, n_known = np.zeros((2, *windows.shape[1:]))
    for begin in range(0, len(windows), n_at_once):
        array = windows.take(slice(begin, begin + n_at_once)).to_array()
        total += np.nansum(array, axis=0, dtype=float)
        n_known += np.isfinite(array).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return total / n_known


def _name_of(y: Any):
    name = getattr(y, "name", None)
    return name if isinstance(name, str) else None
