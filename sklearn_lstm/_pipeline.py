"""The ready pipeline, from scikit-learn's own parts."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.validation import check_is_fitted

from ._atomic import on_snapshot, replaced_at_once
from ._callbacks import WatchedMixin, fit_task, inner_fit, with_callbacks
from ._checks import (
    NonFiniteError,
    explain_text,
    plain_table,
    refuse_non_finite,
    refuse_other_order,
)
from ._quantiles import mean_d2_pinball_score
from ._regressor import LSTMRegressor
from .windows.sequence_windower import SequenceWindower


class ScaledTargetRegressor(WatchedMixin, TransformedTargetRegressor):
    """``TransformedTargetRegressor`` around an LSTM pipeline, see :func:`make_lstm_pipeline`.

    It refuses a ``y_val``, which it would leave unscaled, and a ``y`` of the same index as ``X`` in
    another order, since rows are paired by place, as everywhere in scikit-learn. It has every
    scaler, those that a search puts in place included, hand on the index of a DataFrame to the
    windower.
    """

    @with_callbacks
    def fit(self, X: Any, y: Any, **fit_params: Any) -> ScaledTargetRegressor:
        """Fit like ``TransformedTargetRegressor``; see :func:`make_lstm_pipeline`."""
        for name in fit_params:
            if name.split("__")[-1] == "y_val":
                raise ValueError(
                    f"{name} can't be used here: the pipeline scales y but not y_val, so the two "
                    "losses could not be compared. Set early_stopping=True with "
                    "validation_fraction instead, or fit the inner pipeline (.regressor) on "
                    "scaled y and y_val."
                )
        X, y = plain_table(X, "X"), plain_table(y, "y")
        refuse_other_order(X, y)
        with (
            replaced_at_once(self) as fitted,
            fit_task(self, fitted, X=X, y=y, max_subtasks=1),
            ExitStack() as inner,
            index_kept(X),
            _rows_named(X, y),
        ):
            if self.regressor is not None:
                fitted.regressor = _Prototype(self.regressor, inner)
            super(ScaledTargetRegressor, fitted).fit(X, y, **fit_params)
            fitted.regressor = self.regressor
        return self

    @on_snapshot
    def predict(self, X: Any, **predict_params: Any) -> np.ndarray:
        """Predict like ``TransformedTargetRegressor``; see :func:`make_lstm_pipeline`."""
        X = plain_table(X, "X")
        with index_kept(X), _rows_named(X):
            if self._levels() is None:
                return super().predict(X, **predict_params)
            quantiles = self.regressor_.predict(X, **predict_params)
        unscaled = [self._unscaled(quantiles[..., k]) for k in range(quantiles.shape[-1])]
        return np.stack(unscaled, axis=-1)

    @on_snapshot
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R², or, of several quantiles, what :meth:`LSTMRegressor.score` returns."""
        levels, X, y = self._levels(), plain_table(X, "X"), plain_table(y, "y")
        refuse_other_order(X, y)
        if levels is None:
            return super().score(X, y, sample_weight)
        return mean_d2_pinball_score(y, self.predict(X), levels, sample_weight)

    def _levels(self):
        """Return the levels of several quantiles, None if it predicts single values."""
        check_is_fitted(self)
        last = self.regressor_[-1] if isinstance(self.regressor_, Pipeline) else self.regressor_
        levels = getattr(last, "quantile_", 0.5)
        return levels if np.ndim(levels) else None

    def _unscaled(self, y):
        if y.ndim > 1:
            return self.transformer_.inverse_transform(y)
        return self.transformer_.inverse_transform(y.reshape(-1, 1)).ravel()


class _Prototype:
    """A regressor whose clone is fitted as a task of the present fit, which clones it itself.

    Parameters
    ----------
    regressor : estimator

    inner : ExitStack
        Ends the task.
    """

    def __init__(self, regressor, inner):
        self._regressor, self._inner = regressor, inner

    def __sklearn_clone__(self):
        regressor = clone(self._regressor)
        self._inner.enter_context(inner_fit(regressor))
        return regressor

    def __getattr__(self, name):
        return getattr(self._regressor, name)

    def __repr__(self):
        return repr(self._regressor)


def index_kept(X):
    return config_context(transform_output="pandas") if hasattr(X, "iloc") else nullcontext()


@contextmanager
def _rows_named(X, y=None):
    """Where a scaler finds NaN, infinity or text, say in which row or column."""
    try:
        yield
    except NonFiniteError:
        raise  # it says so already
    except ValueError as error:  # scikit-learn's, which is known by its text alone
        explain_text(error, X, "X")
        if any(word in str(error) for word in ("contains NaN", "contains infinity")):
            remedy = "Fill the value or drop its row"
            for values, name in ((y, "y"), (X, "X")):
                if values is not None:
                    _refuse_if_numeric(values, name, remedy)
        raise


def _refuse_if_numeric(values, name, remedy):
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        return
    refuse_non_finite(array, name, remedy, columns=getattr(values, "columns", None))


def make_lstm_pipeline(
    window_length: int = 10,
    *,
    scaler: Any = None,
    target_scaler: Any = None,
    memory: Any = None,
    **lstm_params: Any,
) -> TransformedTargetRegressor:
    """Put scaling, windows and an LSTM together.

    Parameters
    ----------
    window_length : int, default=10
        Steps in a window, see :class:`SequenceWindower`.

    scaler : transformer or "passthrough", default=None
        Scales the columns of X; None for :class:`~sklearn.preprocessing.MinMaxScaler`.

    target_scaler : transformer or "passthrough", default=None
        Scales y, and predictions back; None for ``MinMaxScaler``. For quantiles it must be
        increasing, as scalers are.

    memory : str or joblib.Memory, default=None
        Where the fitted transformers are cached, see :class:`~sklearn.pipeline.Pipeline`. Windows
        are cached written out, ``window_length`` times the size of the rows.

    **lstm_params : dict
        Parameters of :class:`LSTMRegressor`, such as ``units=32``.

    Returns
    -------
    model : TransformedTargetRegressor
        Its ``regressor`` is a ``Pipeline`` of the steps ``scaler``, ``windower`` and ``lstm``, so a
        search varies ``regressor__windower__window_length`` or ``regressor__lstm__units``. The
        scaler hands on DataFrames: their index tells the windower about time, series and gaps.

    Raises
    ------
    TypeError
        If a scaler is no transformer, or a parameter unknown.

    Examples
    --------
    >>> from sklearn_lstm import make_lstm_pipeline, make_supervised
    >>> from sklearn_lstm.datasets import load_seattle_weather
    >>> weather = load_seattle_weather()[["temp_max", "temp_min"]]
    >>> X, y = make_supervised(weather, target="temp_max", horizon=1)
    >>> model = make_lstm_pipeline(window_length=7, units=8, epochs=5, random_state=0)
    >>> model.fit(X[:-30], y[:-30]).predict(X[-30:]).shape
    (30,)
    """
    scaler = _transformer(scaler, "scaler")
    target_scaler = _transformer(target_scaler, "target_scaler")
    if hasattr(scaler, "set_output"):
        scaler.set_output(transform="pandas")
    steps = [
        ("scaler", scaler),
        ("windower", SequenceWindower(window_length)),
        ("lstm", LSTMRegressor(**lstm_params)),
    ]
    return ScaledTargetRegressor(
        regressor=Pipeline(steps, memory=memory),
        transformer=None if target_scaler == "passthrough" else target_scaler,
    )


def _transformer(scaler, name):
    if scaler is None:
        return MinMaxScaler()
    if isinstance(scaler, str) and scaler == "passthrough":
        return scaler
    if not (hasattr(scaler, "fit") and hasattr(scaler, "transform")) or isinstance(scaler, type):
        raise TypeError(
            f"{name}={scaler!r} must be a transformer such as StandardScaler(), 'passthrough', or "
            "None for MinMaxScaler()."
        )
    return clone(scaler)
