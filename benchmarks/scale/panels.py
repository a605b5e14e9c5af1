"""Work on panels, done in a process of its own. Each function returns what it took."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from .footing import Work
from .series import panel

N_WARM = 4  # series of the panel on which programs are compiled before anything is measured


def fit(n_series, n_steps, window_length, horizon, units, batch_size, segment_length=24):
    """Fit an LSTM on windows read in segments, and no intervals."""
    from sklearn_lstm import LSTMForecaster, LSTMRegressor

    forecaster = LSTMForecaster(
        LSTMRegressor(
            units, segment_length=segment_length, epochs=1, batch_size=batch_size, random_state=0
        ),
        window_length=window_length,
        horizon=horizon,
        interval_method=None,
    )
    forecaster.fit(panel(N_WARM, window_length + horizon + 2 * batch_size // N_WARM, "h"))
    y = panel(n_series, n_steps, "h")
    with Work() as work:
        forecaster.fit(y)
    return took(work) | {"loss": float(forecaster.regressor_.loss_curve_[-1])}


def fit_with_intervals(n_series, n_steps, window_length, horizon, is_warmed=True):
    """Fit the forecaster that is not given a regressor, and ask it for intervals."""
    from sklearn_lstm import LSTMForecaster

    forecaster = LSTMForecaster(window_length=window_length, horizon=horizon, random_state=0)
    if is_warmed:
        forecaster.fit(panel(N_WARM, 2 * (window_length + horizon) + 200, "h")).predict_interval()
    y = panel(n_series, n_steps, "h")
    with Work() as fitting:
        forecaster.fit(y)
    with Work(above=fitting) as predicting:
        bounds = forecaster.predict_interval()
    if not np.isfinite(np.asarray(bounds)).all():
        raise AssertionError("some bounds are not finite")
    return phases(fit=fitting, predict_interval=predicting)


def fit_and_keep(n_series, n_steps, horizon, is_warmed=True):
    """Fit, predict, save and load the forecaster that is given a horizon only."""
    from sklearn_lstm import LSTMForecaster

    forecaster = LSTMForecaster(horizon=horizon, random_state=0)
    save, load = storage()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        if is_warmed:
            save(forecaster.fit(panel(N_WARM, 300, "D", "float32")), path)
            load(path)
        y = panel(n_series, n_steps, "D", "float32")
        with Work() as fitting:
            forecaster.fit(y)
        with Work(above=fitting) as predicting:
            forecast = forecaster.predict()
        with Work(above=fitting) as saving:
            save(forecaster, path)
        with Work(above=fitting) as loading:
            loaded = load(path)
        n_bytes = size_on_disk(path)
    if not np.array_equal(loaded.predict(), forecast):
        raise AssertionError("the loaded forecaster predicts otherwise")
    found = phases(fit=fitting, predict=predicting, save=saving, load=loading)
    return found | {"bytes of the file": n_bytes}


def storage():
    """Return functions that write a forecaster to a file and read it again."""
    import sklearn_lstm

    if "save_model" in sklearn_lstm.__all__:
        save, load = sklearn_lstm.save_model, sklearn_lstm.load_model
    else:
        save, load = sklearn_lstm.save_forecaster, sklearn_lstm.load_forecaster

    def load_alone(path):
        loaded = load(path)
        return loaded[0] if isinstance(loaded, tuple) else loaded

    return save, load_alone


def size_on_disk(path):
    """Return the bytes of a file, or of all the files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def backtest(n_series, n_steps, window_length, horizon, n_windows):
    from sklearn.linear_model import Ridge

    from sklearn_lstm import LSTMForecaster, backtest

    forecaster = LSTMForecaster(Ridge(), window_length=window_length, horizon=horizon)
    backtest(forecaster, panel(N_WARM, n_steps, "D"), n_windows=n_windows)
    y = panel(n_series, n_steps, "D")
    with Work() as work:
        backtest(forecaster, y, n_windows=n_windows)
    return took(work)


def took(work):
    return {
        "seconds": work.seconds,
        "peak": work.peak,
        "anonymous peak": work.anonymous_peak,
    }


def phases(**works):
    """Join what several stretches of work took, by their names."""
    seconds = {f"{name}, seconds": work.seconds for name, work in works.items()}
    peaks = {f"{name}, peak": work.peak for name, work in works.items()}
    return seconds | peaks | {"peak": max(peaks.values())}
