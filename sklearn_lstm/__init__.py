"""LSTMs for time series that behave like every other scikit-learn estimator."""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "BacktestResult": "_backtest",
    "ForecastDisplay": "_plot",
    "LSTMForecaster": "_forecaster",
    "LSTMRegressor": "_regressor",
    "LossCurveDisplay": "_plot",
    "SequenceWindower": "_windows",
    "backtest": "_backtest",
    "load_forecaster": "_model_file",
    "lstm_network": "_network",
    "make_lstm_pipeline": "_pipeline",
    "make_supervised": "_windows",
    "save_forecaster": "_model_file",
    "suggest_forecaster": "_suggest",
    "suggest_window_length": "_suggest",
}

__all__ = [
    "BacktestResult",
    "ForecastDisplay",
    "LSTMForecaster",
    "LSTMRegressor",
    "LossCurveDisplay",
    "SequenceWindower",
    "__version__",
    "backtest",
    "load_forecaster",
    "lstm_network",
    "make_lstm_pipeline",
    "make_supervised",
    "save_forecaster",
    "suggest_forecaster",
    "suggest_window_length",
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
