"""Models in files, stored without pickle."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from . import __version__
from ._output_files import check_output, written_whole
from ._stable_names import TRUSTED_TYPES

if TYPE_CHECKING:
    from .forecasting.forecaster import LSTMForecaster

__all__ = ["TRUSTED_TYPES", "load_forecaster", "load_model", "save_forecaster", "save_model"]

FORMAT = "sklearn-lstm model"
VERSION = 2
# Arrays are stored as they are, and the text of a large model unpacks to ten times its size. What
# says more was made to fill the memory, and is refused before it does.
MOST_TIMES_UNPACKED, MOST_BYTES_OF_SMALL_FILE = 100, 2**24
HEADER = "sklearn-lstm.json"  # the entry of the file that says what it is, and holds the objects

# What searches hold beside estimators, which skops does not trust by itself: plain data, and
# functions of two arrays.
_PARTS_OF_SEARCHES = [
    *(f"sklearn.model_selection._split.{name}" for name in (
        "GroupKFold", "GroupShuffleSplit", "KFold", "LeaveOneGroupOut", "PredefinedSplit",
        "RepeatedKFold", "RepeatedStratifiedKFold", "ShuffleSplit", "StratifiedGroupKFold",
        "StratifiedKFold", "StratifiedShuffleSplit", "TimeSeriesSplit",
    )),
    *(f"sklearn.metrics._scorer.{name}" for name in (
        "_MultimetricScorer", "_PassthroughScorer", "_Scorer",
    )),
    *(f"sklearn.metrics._regression.{name}" for name in (
        "d2_absolute_error_score", "d2_pinball_score", "explained_variance_score", "max_error",
        "mean_absolute_error", "mean_absolute_percentage_error", "mean_pinball_loss",
        "mean_squared_error", "mean_squared_log_error", "median_absolute_error", "r2_score",
        "root_mean_squared_error", "root_mean_squared_log_error",
    )),
    *(f"sklearn.metrics._classification.{name}" for name in (
        "accuracy_score", "balanced_accuracy_score", "brier_score_loss", "cohen_kappa_score",
        "d2_log_loss_score", "f1_score", "jaccard_score", "log_loss", "matthews_corrcoef",
        "precision_score", "recall_score",
    )),
    *(f"sklearn.metrics._ranking.{name}" for name in (
        "average_precision_score", "roc_auc_score", "top_k_accuracy_score",
    )),
    *(f"sklearn.utils._metadata_requests.{name}" for name in (
        "MetadataRequest", "MethodMetadataRequest",
    )),
]  # fmt: skip

_SIGNS_OF_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError, ValueError, TypeError,
    AttributeError, IndexError, RecursionError, MemoryError, NotImplementedError, RuntimeError,
    ArithmeticError,
)  # fmt: skip


def save_model(
    model: BaseEstimator, path: str | Path, *, metadata: dict[str, Any] | None = None
) -> None:
    """Write a fitted model to a file that can be read without running code from it.

    Parameters
    ----------
    model : estimator
        A forecaster, a regressor, a pipeline, a search or another estimator around them, all of
        sklearn-lstm and scikit-learn. It is left as it is.

    path : path
        The file, ``.skops`` by custom. It appears whole or not at all.

    metadata : dict, default=None
        Plain values and arrays to keep with the model.

    Raises
    ------
    ValueError
        If the model is made of other parts: those would not be trusted when the file is read. A
        custom ``network`` or an optimizer object is code, for which ``joblib.dump`` is the place.

    See Also
    --------
    load_model : Reads the file.

    Notes
    -----
    The file is an archive of skops [1]_. What is of this package is written under names that don't
    change when code moves, so that later versions read it; what is of scikit-learn is bound to its
    version, which warns when it reads another's. Arrays are not compressed: those of a trained
    model hardly shrink.

    References
    ----------
    .. [1] https://skops.readthedocs.io

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_lstm import LSTMForecaster, load_model, save_model
    >>> forecaster = LSTMForecaster(Ridge(), window_length=12, horizon=2)
    >>> _ = forecaster.fit(np.sin(np.arange(60)))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(forecaster, f"{folder}/waves.skops")
    ...     loaded = load_model(f"{folder}/waves.skops")
    >>> bool((loaded.predict() == forecaster.predict()).all())
    True
    """
    from ._flatten import Flattener

    sio = _skops()
    check_output(path)
    check_is_fitted(model)
    _check_metadata(metadata)
    flattener = Flattener()
    header = {
        "format": FORMAT,
        "version": VERSION,
        "sklearn-lstm": __version__,
        "model": flattener.plain(model),
        "metadata": flattener.plain(dict(metadata or {})),
        "objects": flattener.objects,
    }
    _refuse_untrusted(flattener.parts, model)
    content = {
        "arrays": flattener.arrays,
        "small_arrays": flattener.small_arrays(),
        "parts": flattener.parts,
    }
    with written_whole(path) as unfinished:
        sio.dump(content, unfinished)
        with zipfile.ZipFile(unfinished, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(HEADER, json.dumps(header))


def load_model(path: str | Path, *, return_metadata: bool = False) -> Any:
    """Read a model that :func:`save_model` wrote.

    Only types of this package, and NumPy's and scikit-learn's as far as skops trusts them, are
    built. TensorFlow is not loaded.

    Parameters
    ----------
    path : path

    return_metadata : bool, default=False
        Whether to return what was kept with the model, too.

    Returns
    -------
    model : estimator
        Predicts as when it was saved, and can be trained further.

    metadata : dict
        Only with ``return_metadata=True``.

    Raises
    ------
    ValueError
        If the file is no such model, is damaged, would unpack to more than a hundred times its
        size, asks for other types, which are named, or was written by a later version of
        sklearn-lstm that writes another format.

    FileNotFoundError
        If there is no file.

    See Also
    --------
    save_model : Writes the file, with an example.
    """
    _skops()
    path = Path(path)
    if path.is_dir() or (path.exists() and not path.is_file()):
        raise ValueError(f"{path} is a folder or device: name a file.")
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    header = _read_header(path)
    content = _read_content(path)
    try:
        model, metadata = _built(header, content, _most_bytes(path))
    except _SIGNS_OF_DAMAGE as error:
        raise _damaged(path, error) from error
    return (model, metadata) if return_metadata else model


def save_forecaster(
    forecaster: LSTMForecaster, path: str | Path, *, columns: dict[str, Any] | None = None
) -> None:
    """Write a fitted forecaster and the names of its columns, see :func:`save_model`.

    Parameters
    ----------
    forecaster : LSTMForecaster
        Its regressor may be :class:`LSTMRegressor` or one of scikit-learn's.

    path : path
        The file, ``.skops`` by custom. It appears whole or not at all.

    columns : dict, default=None
        Names of the columns that it was fitted on, for whoever reads a table for it.

    Raises
    ------
    TypeError
        If it is no forecaster, or ``columns`` no dict.

    ValueError
        If the regressor is made of other parts: those would not be trusted when the file is read.
    """
    from .forecasting.forecaster import LSTMForecaster

    if not isinstance(forecaster, LSTMForecaster):
        raise TypeError(
            f"forecaster={forecaster!r} is no LSTMForecaster: keep it with save_model(model, path)."
        )
    if columns is not None and not isinstance(columns, Mapping):
        raise TypeError(f"columns={columns!r} must be a dict of names, or None.")
    save_model(forecaster, path, metadata={"columns": dict(columns or {})})


def load_forecaster(path: str | Path) -> tuple[LSTMForecaster, dict[str, Any]]:
    """Read a forecaster that :func:`save_forecaster` or :func:`save_model` wrote.

    Parameters
    ----------
    path : path

    Returns
    -------
    forecaster : LSTMForecaster
        Forecasts as when it was saved.

    columns : dict
        What was saved with it.

    Raises
    ------
    ValueError
        As for :func:`load_model`, and if the file holds another model.
    """
    from .forecasting.forecaster import LSTMForecaster

    model, metadata = load_model(path, return_metadata=True)
    if not isinstance(model, LSTMForecaster):
        raise ValueError(
            f"{path} holds no forecaster of sklearn-lstm, but a {type(model).__name__}."
        )
    return model, metadata.get("columns", {})


def _check_metadata(metadata):
    if metadata is not None and not isinstance(metadata, Mapping):
        raise TypeError(f"metadata={metadata!r} must be a dict, or None.")


def _refuse_untrusted(parts, model):
    """Refuse parts of other packages, which would not be built when the file is read."""
    sio = _skops()
    try:
        found = sio.get_untrusted_types(data=sio.dumps(parts))
    except (TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"The {type(model).__name__} holds something that can't be written without pickle "
            f"({error}). Keep the model with joblib.dump(model, path)."
        ) from error
    untrusted = sorted(set(found) - set(_PARTS_OF_SEARCHES))
    if untrusted:
        raise ValueError(
            f"The {type(model).__name__} holds {', '.join(untrusted)}, which would not be trusted "
            "when read. Use parts of sklearn-lstm and scikit-learn that skops trusts, or keep the "
            "model with joblib.dump(model, path)."
        )


def _read_header(path):
    """Return what the file says about itself, if this version can read it."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(path, archive)
            is_skops = "schema.json" in archive.namelist()
            header = json.loads(archive.read(HEADER)) if HEADER in archive.namelist() else {}
        is_model = header.get("format") == FORMAT and isinstance(header.get("version"), int)
    except _SIGNS_OF_DAMAGE as error:
        raise _damaged(path, error) from error
    if is_model and header["version"] > VERSION:
        writer = header.get("sklearn-lstm")
        raise ValueError(
            f"{path} has format {header['version']}, but sklearn-lstm {__version__} reads format "
            f"{VERSION}. It was written by sklearn-lstm {writer}: "
            f"pip install 'sklearn-lstm>={writer}'."
        )
    if not is_skops:
        raise _damaged(path, "it is no archive of skops")
    if not is_model or header["version"] != VERSION:
        raise ValueError(
            f"{path} holds no model of sklearn-lstm, or not one of save_model. Read a file of "
            "skops.io.dump with skops.io.load(path, trusted=sklearn_lstm.TRUSTED_TYPES)."
        )
    return header


def _check_sizes(path, archive):
    """Refuse a file that would unpack to many times its size, by what its entries declare.

    No more than what is declared is ever unpacked.
    """
    n_bytes, most = sum(entry.file_size for entry in archive.infolist()), _most_bytes(path)
    if n_bytes > most:
        raise ValueError(f"it would unpack to {n_bytes:,} bytes, of a file at most {most:,}")


def _most_bytes(path):
    return MOST_BYTES_OF_SMALL_FILE + MOST_TIMES_UNPACKED * path.stat().st_size


def _read_content(path):
    """Return what skops holds, all of it trusted."""
    sio = _skops()
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return sio.load(path, trusted=_PARTS_OF_SEARCHES)
    except UntrustedTypesFoundException as error:
        untrusted = set(sio.get_untrusted_types(file=path)) - set(_PARTS_OF_SEARCHES)
        raise ValueError(
            f"{path} was refused: it asks for {', '.join(sorted(untrusted))}, which no model of "
            "sklearn-lstm needs."
        ) from error
    except _SIGNS_OF_DAMAGE as error:
        raise _damaged(path, error) from error


def _built(header, content, most_bytes):
    from ._flatten import Unflattener

    unflattener = Unflattener(
        header["objects"], content["arrays"], content["small_arrays"], content["parts"], most_bytes
    )
    model, metadata = (unflattener.value(header[name]) for name in ("model", "metadata"))
    if not isinstance(model, BaseEstimator) or not isinstance(metadata, dict):
        raise ValueError("it holds no estimator")
    check_is_fitted(model)
    return model, metadata


def _damaged(path, error):
    return ValueError(
        f"{path} is no model file, or damaged ({str(error) or type(error).__name__})."
    )


def _skops() -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise ImportError(
            "Model files need skops. Install it with: pip install 'sklearn-lstm[cli]'"
        ) from error
    return skops.io
