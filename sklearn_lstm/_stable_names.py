"""What model files call the classes of this package, wherever these live."""

from __future__ import annotations

from importlib import import_module

# Every class that a fitted model can hold. The name stands in files, so it stays; the path is where
# the class is to be found today. A class that moves changes its path here and nothing else.
PATHS = {
    "AbsoluteError": "engine.loss.AbsoluteError",
    "Architecture": "engine.architecture.Architecture",
    "CalendarFeatures": "forecasting.calendar_features.CalendarFeatures",
    "Calendars": "forecasting.calendar.Calendars",
    "ConformalErrors": "forecasting.conformal.ConformalErrors",
    "ConformalQuantiles": "forecasting.conformal.ConformalQuantiles",
    "ExponentialSmoothing": "forecasting.smoothing.ExponentialSmoothing",
    "ForecastMember": "forecasting.member.ForecastMember",
    "Gamma": "engine.loss.Gamma",
    "Grid": "forecasting.calendar.Grid",
    "Huber": "engine.loss.Huber",
    "LSTMClassifier": "_classifier.LSTMClassifier",
    "LSTMForecaster": "forecasting.forecaster.LSTMForecaster",
    "LSTMRegressor": "_regressor.LSTMRegressor",
    "Layout": "forecasting.time_series.Layout",
    "LocalModels": "forecasting.local_models.LocalModels",
    "Logistic": "engine.loss.Logistic",
    "Member": "engine.member.Member",
    "MemberSettings": "forecasting.member.MemberSettings",
    "Multinomial": "engine.loss.Multinomial",
    "Normalizer": "forecasting.normalize.Normalizer",
    "Panel": "forecasting.time_series.Panel",
    "PanelForecaster": "forecasting.panel_forecaster.PanelForecaster",
    "PanelTimeSeriesSplit": "model_selection.panel_time_series_split.PanelTimeSeriesSplit",
    "Poisson": "engine.loss.Poisson",
    "Quantile": "engine.loss.Quantile",
    "ScaledTargetRegressor": "_pipeline.ScaledTargetRegressor",
    "SequencePadder": "windows.sequence_padder.SequencePadder",
    "SequenceWindower": "windows.sequence_windower.SequenceWindower",
    "SquaredError": "engine.loss.SquaredError",
    "Task": "forecasting.member.Task",
    "WindowModel": "forecasting.window_model.WindowModel",
}

TRUSTED_TYPES = [f"{__package__}.{path}" for path in PATHS.values()]

_NAMES = dict(zip(TRUSTED_TYPES, PATHS, strict=True))


def stable_name(cls: type) -> str | None:
    """Return what files call a class, None for a class that is not of this package.

    Parameters
    ----------
    cls : type

    Returns
    -------
    name : str or None

    Raises
    ------
    TypeError
        If the class is of this package, but has no name.

    Examples
    --------
    >>> from sklearn_lstm import LSTMRegressor
    >>> from sklearn_lstm._stable_names import stable_name
    >>> stable_name(LSTMRegressor)
    'LSTMRegressor'
    """
    path = f"{cls.__module__}.{cls.__qualname__}"
    name = _NAMES.get(path)
    if name is None and path.startswith(f"{__package__}."):
        raise TypeError(
            f"{path} has no stable name, so that no model file can hold it: add it to PATHS in "
            "sklearn_lstm/_stable_names.py."
        )
    return name


def class_named(name: str) -> type:
    """Return the class that files call by a name.

    Parameters
    ----------
    name : str

    Returns
    -------
    cls : type

    Raises
    ------
    ValueError
        If there is none.
    """
    if name not in PATHS:
        raise ValueError(f"there is no type {name!r}")
    module, _, cls = PATHS[name].rpartition(".")
    return getattr(import_module(f"{__package__}.{module}"), cls)
