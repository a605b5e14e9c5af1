"""Fitted estimators as files of ONNX."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from .._classifier import LSTMClassifier
from .._output_files import check_output, written_whole
from .network import add_network
from .parts import parts_of
from .sequences import read_sequences, spoiled_by_nan


def to_onnx(estimator: Any) -> bytes:
    """Return a fitted estimator as a model of ONNX [1]_, which predicts the same without Python.

    Parameters
    ----------
    estimator : estimator
        A fitted :class:`LSTMRegressor` or :class:`LSTMClassifier` with any of their parameters but
        ``network``; what :func:`make_lstm_pipeline` returns; or a
        :class:`~sklearn.pipeline.Pipeline` of scalers, a :class:`SequenceWindower` or
        :class:`SequencePadder`, and one of the two. Scalers, of the target, too, may be
        ``MinMaxScaler``, ``StandardScaler``, ``RobustScaler``, ``MaxAbsScaler`` or
        ``"passthrough"``.

    Returns
    -------
    content : bytes
        Of a file ``.onnx``, of opset 13. Its input ``windows``, float32, has the shape
        ``(n_samples, n_timesteps, n_features)`` and the units of X: windows are cut outside, values
        are scaled inside. Its output is what the estimator predicts, float32, in the unit of y:
        ``predictions`` with the shape that ``predict`` returns, of a classifier ``probabilities``
        as ``predict_proba`` does.

    Raises
    ------
    ImportError
        If the package onnx is missing.

    NotFittedError
        If the estimator is not fitted.

    TypeError
        If it is of another kind, or has a scaler or transformer of another kind.

    ValueError
        If it has a ``network`` of its own, or the windower ``flatten=True``.

    See Also
    --------
    save_onnx : Writes the file.
    save_model : Keeps any fitted model, forecasters among them, for Python.

    Notes
    -----
    All is computed in float32: predictions differ by some 1e-6 of the scale of y from those of the
    estimator. A window that holds NaN, such as missing history, is answered by NaN. After a fit on
    sequences of unequal lengths trailing steps of NaN are after a sequence's end, as in
    ``predict``, and windows may have any number of steps.

    The file says of itself (``metadata_props``), each if it is known: ``sklearn_lstm`` (the
    version), ``estimator``, and as JSON ``feature_names``, ``classes`` and ``quantiles``.

    References
    ----------
    .. [1] https://onnx.ai

    Examples
    --------
    >>> import numpy as np
    >>> import onnxruntime
    >>> from sklearn_lstm import make_lstm_pipeline, make_supervised, to_onnx
    >>> X, y = make_supervised(20 + 5 * np.sin(np.arange(100) / 3))
    >>> model = make_lstm_pipeline(window_length=8, units=4, epochs=2, random_state=0).fit(X, y)
    >>> session = onnxruntime.InferenceSession(to_onnx(model))
    >>> window = X[np.newaxis, -8:].astype("float32")  # (1, 8, 1), not scaled
    >>> (predictions,) = session.run(None, {"windows": window})
    >>> np.allclose(predictions, model.predict(X)[-1:], atol=1e-4)
    True
    """
    graph, parts = _new_graph(), parts_of(estimator)
    lstm, architecture = parts.lstm, parts.architecture
    sequences = read_sequences(graph, "windows", architecture)
    scaled = sequences.windows
    for scaling in parts.scalings:
        scaled = scaling.add_to(graph, scaled)
    predictions, n_dimensions = _add_predictions(graph, sequences._replace(windows=scaled), parts)
    predictions = spoiled_by_nan(graph, sequences.windows, predictions, n_dimensions)
    returned = "probabilities" if isinstance(lstm, LSTMClassifier) else "predictions"
    graph.add("Reshape", predictions, [-1, *parts.shape], name=returned)
    n_timesteps = "n_timesteps" if architecture.is_ragged else lstm.n_timesteps_
    return graph.content(
        given=("windows", ["n_samples", n_timesteps, architecture.n_features]),
        returned=(returned, ["n_samples", *parts.shape]),
        metadata=_metadata(estimator, parts),
        version=__version__,
    )


def save_onnx(estimator: Any, path: str | Path) -> None:
    """Write a fitted estimator to a file of ONNX, see :func:`to_onnx`.

    Parameters
    ----------
    estimator : estimator
        As for :func:`to_onnx`. It is left as it is.

    path : path
        The file, ``.onnx`` by custom. It appears whole or not at all.

    Raises
    ------
    ImportError, NotFittedError, TypeError, ValueError
        As for :func:`to_onnx`, and a ValueError if the file can't be written.

    See Also
    --------
    to_onnx : The content of the file, with an example.
    """
    check_output(path)
    content = to_onnx(estimator)
    with written_whole(path) as unfinished:
        unfinished.write_bytes(content)


def _new_graph():
    try:
        from .graph import Graph
    except ImportError as error:
        raise ImportError(
            "Models of ONNX need the package onnx. Install it with: "
            "pip install 'sklearn-lstm[onnx]'"
        ) from error
    return Graph()


def _add_predictions(graph, sequences, parts):
    """Add the mean of what networks predict; return its name and the number of its dimensions."""
    lstm = parts.lstm
    of_networks = [
        lstm._loss.onnx_predictions(
            graph, add_network(graph, sequences, member.weights, parts.architecture)
        )
        for member in lstm._members
    ]
    mean = of_networks[0] if len(of_networks) == 1 else graph.add("Mean", *of_networks)
    if isinstance(lstm, LSTMClassifier):
        return _of_all_classes(graph, mean, lstm), 2
    has_levels = np.ndim(getattr(lstm, "quantile_", 0.5))
    return parts.of_target.inverse(n_axes_after=has_levels).add_to(graph, mean), 2 + has_levels


def _of_all_classes(graph, probabilities, lstm):
    """Put beside the probability of the second of two classes that of the first."""
    if lstm._target_type != "binary":
        return probabilities
    return graph.add("Concat", graph.add("Sub", 1.0, probabilities), probabilities, axis=1)


def _metadata(estimator, parts):
    known = {
        "feature_names": parts.feature_names,
        "classes": getattr(parts.lstm, "classes_", None),
        "quantiles": getattr(parts.lstm, "quantile_", None),
    }
    as_json = {
        name: json.dumps(np.asarray(values).tolist(), default=str)
        for name, values in known.items()
        if values is not None
    }
    return {"sklearn_lstm": __version__, "estimator": type(estimator).__name__, **as_json}
