"""The order of the examples in the gallery: from the first forecast on."""

NAMES = [
    "first_forecast",
    "compare_regressors",
    "store_panel",
    "electricity_weather",
    "many_series",
    "missing_values",
    "intervals_break",
    "anomalies",
    "quantiles",
    "explain",
    "grid_search",
    "pruning",
    "custom_network",
    "dask",
    "classify_sensors",
    "onnx",
]


def position(file_name):
    """Return what examples are sorted by; those that are not listed come last."""
    name = file_name.removeprefix("plot_").removesuffix(".py")
    return (NAMES.index(name) if name in NAMES else len(NAMES)), name
