"""LSTMs for time series that behave like every other scikit-learn estimator."""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "ForecastDisplay": "_plot",
    "LSTMRegressor": "_regressor",
    "LossCurveDisplay": "_plot",
    "SequenceWindower": "_windows",
    "lstm_network": "_network",
    "make_lstm_pipeline": "_pipeline",
    "make_supervised": "_windows",
}

__all__ = [
    "ForecastDisplay",
    "LSTMRegressor",
    "LossCurveDisplay",
    "SequenceWindower",
    "__version__",
    "lstm_network",
    "make_lstm_pipeline",
    "make_supervised",
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
