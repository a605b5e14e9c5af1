"""LSTMs for time series that behave like every other scikit-learn estimator."""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "BacktestResult": "forecasting.backtest_result",
    "ComparisonDisplay": "plotting.comparison_display",
    "ComparisonResult": "forecasting.comparison_result",
    "Explanation": "inspection.explanation",
    "ExplanationDisplay": "plotting.explanation_display",
    "ForecastDisplay": "plotting.forecast_display",
    "LSTMClassifier": "_classifier",
    "LSTMForecaster": "forecasting.forecaster",
    "LSTMRegressor": "_regressor",
    "LossCurveDisplay": "plotting.loss_curve_display",
    "PanelTimeSeriesSplit": "model_selection.panel_time_series_split",
    "SequencePadder": "windows.sequence_padder",
    "SequenceWindower": "windows.sequence_windower",
    "TRUSTED_TYPES": "_storage",
    "backtest": "forecasting.backtest",
    "compare": "forecasting.compare",
    "explain": "inspection.explain",
    "load_forecaster": "_storage",
    "load_model": "_storage",
    "lstm_network": "engine.keras_builder",
    "make_lstm_pipeline": "_pipeline",
    "make_supervised": "windows.make_supervised",
    "save_forecaster": "_storage",
    "save_model": "_storage",
    "save_onnx": "export.onnx_file",
    "suggest_forecaster": "forecasting.suggest",
    "suggest_window_length": "forecasting.suggest",
    "to_onnx": "export.onnx_file",
}

__all__ = [
    "TRUSTED_TYPES",
    "BacktestResult",
    "ComparisonDisplay",
    "ComparisonResult",
    "Explanation",
    "ExplanationDisplay",
    "ForecastDisplay",
    "LSTMClassifier",
    "LSTMForecaster",
    "LSTMRegressor",
    "LossCurveDisplay",
    "PanelTimeSeriesSplit",
    "SequencePadder",
    "SequenceWindower",
    "__version__",
    "backtest",
    "compare",
    "explain",
    "load_forecaster",
    "load_model",
    "lstm_network",
    "make_lstm_pipeline",
    "make_supervised",
    "save_forecaster",
    "save_model",
    "save_onnx",
    "suggest_forecaster",
    "suggest_window_length",
    "to_onnx",
]


def __getattr__(name: str) -> object:
    if name == "datasets":
        return import_module("sklearn_lstm.datasets")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "datasets"})
