"""What a fitted estimator does with windows, one thing after the other."""

from __future__ import annotations

from typing import Any, NamedTuple

from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._atomic import on_snapshot
from .._classifier import LSTMClassifier
from .._regressor import LSTMRegressor
from ..engine.architecture import Architecture
from ..windows.sequence_padder import SequencePadder
from ..windows.sequence_windower import SequenceWindower
from .scaling import Scaling, scaling_of


class Parts(NamedTuple):
    """Scalings of windows, networks, and what becomes of their predictions.

    Parameters
    ----------
    scalings : list of Scaling
        Of windows, in the order in which they are applied.
    lstm : LSTMRegressor or LSTMClassifier
        A copy, which no other fit changes.
    architecture : Architecture
    of_target : Scaling
        Of the target before the fit.
    shape : list of int
        Of a sample's predictions.
    feature_names : list of str or None
        Of the first of the transformers that knows them, or of the LSTM.
    """

    scalings: list[Scaling]
    lstm: LSTMRegressor | LSTMClassifier
    architecture: Architecture
    of_target: Scaling
    shape: list[int]
    feature_names: list[str] | None


def parts_of(estimator: Any) -> Parts:
    """Take a fitted estimator apart.

    Parameters
    ----------
    estimator : estimator

    Raises
    ------
    TypeError, ValueError, NotFittedError
        As :func:`.onnx_file.to_onnx`.
    """
    if not isinstance(estimator, KINDS):
        raise _unknown(estimator, "estimator")
    check_is_fitted(estimator)
    inner, of_target = estimator, Scaling()
    if isinstance(estimator, TransformedTargetRegressor):
        inner = estimator.regressor_
        of_target = scaling_of(estimator.transformer_, "target_scaler")
    steps = inner.steps if isinstance(inner, Pipeline) else [("lstm", inner)]
    name, lstm = steps[-1]
    if not isinstance(lstm, LSTMS):
        raise _unknown(lstm, name)
    check_is_fitted(lstm)
    lstm = _as_fitted(lstm)
    architecture = lstm._architecture
    if not isinstance(architecture, Architecture):
        raise ValueError(
            f"network={lstm.network!r} can't be exported: ONNX files hold the built-in network "
            "alone. Export the model of Keras: model_.export(path)."
        )
    transformers = [step for step in steps[:-1] if step[1] not in (None, "passthrough")]
    shape = _shape(lstm)
    if not shape and getattr(estimator, "_training_dim", 1) == 2:  # a y of one column
        shape = [1]
    names = _feature_names([transformer for _, transformer in transformers] + [lstm])
    return Parts(_scalings(transformers), lstm, architecture, of_target, shape, names)


LSTMS = (LSTMRegressor, LSTMClassifier)
KINDS = (*LSTMS, Pipeline, TransformedTargetRegressor)


def _unknown(estimator, name):
    kind = type(estimator).__name__
    if hasattr(estimator, "best_estimator_") or hasattr(estimator, "param_grid"):
        return TypeError(f"{name} is a {kind}: give its best_estimator_ once it is fitted.")
    return TypeError(
        f"{name} is a {kind}, which can't be exported: give a fitted LSTMRegressor or "
        "LSTMClassifier, a Pipeline that ends with one, or what make_lstm_pipeline returns. Others "
        "are kept whole by save_model."
    )


@on_snapshot
def _as_fitted(lstm):
    return lstm


def _scalings(transformers):
    """Return what is done to rows before windows are cut from them, which may be done after, too.

    Parameters
    ----------
    transformers : list of tuple
        Their names and themselves.
    """
    if not transformers:
        return []
    *scalers, (name, windower) = transformers
    scalings = [scaling_of(scaler, scaler_name) for scaler_name, scaler in scalers]
    if isinstance(windower, SequencePadder):
        of_steps = windower.scaler_
        return scalings if of_steps is None else [*scalings, scaling_of(of_steps, "scaler")]
    if not isinstance(windower, SequenceWindower):
        raise TypeError(
            f"{name}={windower!r} stands before the LSTM and can't be exported: there only a "
            "SequenceWindower or a SequencePadder may, and scalers of rows before it."
        )
    if windower.flatten:
        raise ValueError(
            f"{name} has flatten=True, so that the LSTM reads all features as steps of one. Set "
            "flatten=False to export the model."
        )
    return scalings


def _shape(lstm):
    """Return the shape of a sample's predictions, of a classifier's probabilities."""
    if isinstance(lstm, LSTMClassifier):
        return [len(lstm.classes_)]
    shape = [lstm.n_outputs_] if lstm._y_ndim == 2 else []
    levels = getattr(lstm, "quantile_", 0.5)
    return [*shape, len(levels)] if hasattr(levels, "__len__") else shape


def _feature_names(parts):
    """Return the names of columns as the first of some parts that knows them does."""
    return next((list(p.feature_names_in_) for p in parts if hasattr(p, "feature_names_in_")), None)
