"""Forecasters in files, stored without pickle."""

from __future__ import annotations

import zipfile
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from sklearn.utils.validation import check_is_fitted

from ._output_files import written_whole
from .forecasting.forecaster import LSTMForecaster
from .forecasting.panel_forecaster import PanelForecaster
from .forecasting.time_series import Panel

FORMAT = "sklearn-lstm forecaster 1"
TRUSTED = [
    "sklearn_lstm.engine.architecture.Architecture",
    "sklearn_lstm.engine.loss.AbsoluteError",
    "sklearn_lstm.engine.loss.Huber",
    "sklearn_lstm.engine.loss.SquaredError",
    "sklearn_lstm.engine.member.Member",
    "sklearn_lstm.forecasting.calendar.Calendars",
    "sklearn_lstm.forecasting.calendar.Grid",
    "sklearn_lstm.forecasting.forecaster.LSTMForecaster",
    "sklearn_lstm.forecasting.conformal.ConformalErrors",
    "sklearn_lstm.forecasting.normalize.Normalizer",
    "sklearn_lstm.forecasting.time_series.Layout",
    "sklearn_lstm.forecasting.time_series.Panel",
    "sklearn_lstm._regressor.LSTMRegressor",
    "sklearn_lstm.forecasting.local_models.LocalModels",
    "sklearn_lstm.forecasting.panel_forecaster.PanelForecaster",
    "sklearn_lstm.forecasting.window_model.WindowModel",
]


def save_forecaster(
    forecaster: LSTMForecaster, path: str | Path, *, columns: dict[str, Any] | None = None
) -> None:
    """Write a fitted forecaster to a file that can be read without running code from it.

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
    ValueError
        If the regressor is made of other parts: those would not be trusted when the file is read.
    """
    sio = _skops()
    check_is_fitted(forecaster)
    data = sio.dumps({"format": FORMAT, "forecaster": forecaster, "columns": columns or {}})
    foreign = sorted(set(sio.get_untrusted_types(data=data)) - set(TRUSTED))
    if foreign:
        raise ValueError(
            f"The forecaster holds {', '.join(foreign)}, which would not be trusted when read. Use "
            "a regressor of sklearn-lstm or scikit-learn, or keep the object with joblib.dump."
        )
    with written_whole(path) as unfinished:
        unfinished.write_bytes(data)


def load_forecaster(path: str | Path) -> tuple[LSTMForecaster, dict[str, Any]]:
    """Read a forecaster that :func:`save_forecaster` wrote.

    Only types of this package and those that skops trusts by itself, NumPy's and scikit-learn's,
    are built.

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
        If the file is no such model, is damaged, or asks for other types, which are named.
    """
    sio = _skops()
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    damaged = (
        zipfile.BadZipFile, EOFError, JSONDecodeError, KeyError, OSError, ValueError, TypeError,
        AttributeError, IndexError, RecursionError, MemoryError,
    )  # fmt: skip
    try:
        foreign = sorted(set(sio.get_untrusted_types(file=path)) - set(TRUSTED))
    except damaged as error:
        raise ValueError(f"{path} is no model file, or damaged ({error}).") from error
    if foreign:
        raise ValueError(
            f"{path} was refused: it asks for {', '.join(foreign)}, which a forecaster does not "
            "need."
        )
    try:
        content = sio.load(path, trusted=TRUSTED)
    except damaged as error:
        raise ValueError(f"{path} is no model file, or damaged ({error}).") from error
    if not _is_model(content):
        raise ValueError(f"{path} holds no forecaster of sklearn-lstm.")
    return content["forecaster"], content["columns"]


def _is_model(content):
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return False
    forecaster, columns = content.get("forecaster"), content.get("columns")
    return (
        isinstance(forecaster, LSTMForecaster)
        and isinstance(getattr(forecaster, "_panel", None), Panel)
        and isinstance(getattr(forecaster, "_core", None), PanelForecaster)
        and isinstance(columns, dict)
    )


def _skops() -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise ImportError(
            "Model files need skops. Install it with: pip install 'sklearn-lstm[cli]'"
        ) from error
    return skops.io
