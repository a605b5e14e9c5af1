"""Fitted estimators taken apart: what makes windows, and what predicts from them."""

from __future__ import annotations

from contextlib import nullcontext
from copy import copy
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if

from .._checks import plain_table, reads_windows
from .._pipeline import ScaledTargetRegressor, index_kept
from ..windows.rows import Windows, rows_of
from ..windows.sequence_windower import SequenceWindower


class Opened(NamedTuple):
    """What an estimator is behind the step that makes windows.

    Attributes
    ----------
    windows : Windows
        As that step makes them of the data.

    predictor : object
        Predicts from arrays of windows what the estimator predicts, on the same scale.

    network : estimator or None
        The one with a ``model_`` in it, if it reads these windows and no step comes between.

    feature_names : list
    """

    windows: Windows
    predictor: Any
    network: Any
    feature_names: list


def unwrapped(estimator):
    """Return what searches and frozen estimators have fitted."""
    while True:
        if isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        else:
            return estimator


def open_estimator(estimator, X):
    """Let the first steps of an estimator make windows.

    Parameters
    ----------
    estimator : estimator
        Fitted.

    X : array-like
        What its ``predict`` takes.

    Returns
    -------
    opened : Opened
    """
    estimator = unwrapped(estimator)
    if isinstance(estimator, TransformedTargetRegressor):
        is_ours = isinstance(estimator, ScaledTargetRegressor)
        if is_ours and not isinstance(X, Windows):
            X = plain_table(X, "X")
        with index_kept(X) if is_ours else nullcontext():
            inner = open_estimator(estimator.regressor_, X)
        return inner._replace(predictor=_around(estimator, inner.predictor))
    if isinstance(estimator, Pipeline):
        return _open_pipeline(estimator, X)
    return _as_opened(X, estimator, names=_names(X))


def _around(estimator, regressor):
    """Return the same transformer of targets around another fitted regressor."""
    around = copy(estimator)
    around.regressor_ = regressor
    return around


def rescaled(predictor, network, outputs, array):
    """Return what a predictor makes of outputs of the network in it.

    Parameters
    ----------
    predictor, network : as in :class:`Opened`

    outputs : ndarray of shape (n_rows, n_network_outputs)

    array : ndarray of shape (n_rows, n_timesteps, n_features)
        Windows that they may be of.
    """
    if not isinstance(predictor, TransformedTargetRegressor):
        return outputs.reshape(len(outputs), *network.predict(array[:1]).shape[1:])
    inner = rescaled(predictor.regressor_, network, outputs, array)
    return _around(predictor, _Saying(inner, network)).predict(array)


class _Saying:
    """Predicts what it is told."""

    def __init__(self, values, network):
        self.values = values
        self.quantile_ = getattr(network, "quantile_", 0.5)

    def predict(self, X):
        return self.values


def _open_pipeline(pipeline, X):
    names = _names(X)
    for place, (_, step) in enumerate(pipeline.steps[:-1]):
        if step is None or step == "passthrough":
            continue
        X = step.transform(X)
        rest = pipeline[place + 1 :]
        if isinstance(step, SequenceWindower) and step.flatten:
            windows = np.asarray(X).reshape(len(X), -1, step.window_length).transpose(0, 2, 1)
            rest = _Flattening(rest, getattr(X, "columns", None))
            return _as_opened(windows, rest, names)
        if getattr(X, "ndim", 2) == 3:
            return _as_opened(X, rest, names or _names_seen(step))
        names = _names_after(step, names, X)
    return _as_opened(X, pipeline[-1:], names)


def _as_opened(X, predictor, names):
    windows = _as_windows(X, predictor)
    n_features = windows.shape[2]
    if names is None or len(names) != n_features:
        names = [f"x{i}" for i in range(n_features)]
    steps = predictor.steps if isinstance(predictor, Pipeline) else [("", predictor)]
    network = unwrapped(steps[0][1]) if len(steps) == 1 else None
    has_network = hasattr(type(network), "model_")
    return Opened(windows, predictor, network if has_network else None, [str(n) for n in names])


def _as_windows(X, predictor):
    if isinstance(X, Windows):
        return X
    array = np.asarray(plain_table(X, "X"))
    if array.ndim == 2 and _reads_windows(predictor):
        array = array[:, :, np.newaxis]
    if array.ndim != 3:
        name = type(predictor).__name__
        raise ValueError(
            f"X of shape {array.shape} holds no windows, and no step of the estimator cuts any "
            f"before {name}: give windows (n_samples, n_timesteps, n_features), or a pipeline with "
            "a SequenceWindower. Of a regressor on a table the importances are "
            "sklearn.inspection.permutation_importance."
        )
    return rows_of(array if array.dtype.kind == "f" else array.astype(float))


def _reads_windows(predictor):
    if isinstance(predictor, Pipeline):
        return _reads_windows(predictor.steps[-1][1])
    return hasattr(predictor, "__sklearn_tags__") and reads_windows(predictor)


def _names(X):
    return list(X.columns) if isinstance(X, pd.DataFrame) else None


def _names_seen(step):
    names = getattr(step, "feature_names_in_", None)
    return None if names is None else list(names)


def _names_after(step, names, X):
    """Return what the columns are called behind a step, None where nobody knows."""
    if hasattr(X, "columns"):
        return list(X.columns)
    if names is None:
        return None
    try:
        return list(step.get_feature_names_out())
    except (AttributeError, TypeError, ValueError):
        return names if len(names) == X.shape[1] else None


class _Flattening:
    """Predicts from windows by what takes each as one row, lag beside lag."""

    def __init__(self, pipeline, columns):
        self.pipeline = pipeline
        self.columns = columns

    def predict(self, windows):
        return self.pipeline.predict(self._flat(windows))

    @available_if(lambda self: hasattr(self.pipeline, "predict_proba"))
    def predict_proba(self, windows):
        return self.pipeline.predict_proba(self._flat(windows))

    @property
    def classes_(self):
        return self.pipeline.classes_

    def _flat(self, windows):
        flat = windows.transpose(0, 2, 1).reshape(len(windows), -1)
        return flat if self.columns is None else pd.DataFrame(flat, columns=self.columns)
