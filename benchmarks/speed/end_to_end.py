"""Forecasts from end to end beside other packages: fit and forecast as their users do."""

from __future__ import annotations

import statistics
import subprocess
from contextlib import suppress

import numpy as np
import pandas as pd

from ..data.folder import VARIABLE
from ..scale.alone import Alone
from .contenders import LEARNING_RATE, OURS
from .crew import medians, ratios, rotated
from .hours import FILE, M4, is_there, known, load, n_updates
from .outcome import Outcome
from .their_forecasters import FOR_ONE_SERIES, FORECASTERS

DAY = 24
AT_MOST = 3  # rounds: some of them take minutes
THEIRS = "benchmarks.speed.their_forecasters:fit_and_forecast"
NOTE = (
    "Each fit is the first of its process, imports apart, and everything that it takes is counted. "
    "All have one LSTM layer, the same windows, units, learning rate and batch, and as many "
    "epochs, or updates where a package asks for these. sklearn-lstm, neuralforecast and "
    "skforecast predict the whole horizon at once; darts's `RNNModel` is trained to predict each "
    "next step and fed with its forecasts. MASE: the absolute error in units of that of the day "
    "before, within the known hours. neuralforecast draws the windows of a batch from those of 32 "
    "series; skforecast's `ForecasterRnn` has no network that series share, so it takes part where "
    "there is one."
)


class OurForecaster:
    """LSTMForecaster with one LSTM and no intervals."""

    def __init__(self, series, task):
        import keras  # noqa: F401
        import tensorflow  # noqa: F401

        import sklearn_lstm.engine.programs  # noqa: F401
        from sklearn_lstm import LSTMForecaster, LSTMRegressor

        lstm = LSTMRegressor(
            task["units"],
            learning_rate=LEARNING_RATE,
            batch_size=task["batch_size"],
            epochs=task["epochs"],
            random_state=0,
        )
        self.forecaster = LSTMForecaster(
            lstm,
            window_length=task["window_length"],
            horizon=task["horizon"],
            normalize="window",
            interval_method=None,
        )
        self.y = long_series(known(horizon=task["horizon"], **series))

    def fit(self):
        self.forecaster.fit(self.y)

    def forecast(self):
        forecast = self.forecaster.predict()
        if not isinstance(forecast, pd.Series):
            return [np.asarray(forecast).tolist()]
        of_series = forecast.groupby(level=0, sort=False)
        return [values.tolist() for _, values in of_series]


def long_series(histories):
    """Return one array as it is, and several as a Series with a MultiIndex."""
    if len(histories) == 1:
        return histories[0]
    keys = pd.concat({i: pd.Series(history) for i, history in enumerate(histories)})
    return keys.rename_axis(["series", "hour"])


def end_to_end(crew, tasks):
    """Fit and forecast, each package in new processes, for several series and for one."""
    rows, figures, notes = [], {}, [NOTE]
    versions = {package: version_of(package, crew.pythons[package]) for package in FORECASTERS}
    for name, (series, task) in tasks.items():
        if not is_there(name):
            notes.append(
                f"{name} is left out: {FILE} is not in the folder that {VARIABLE} names "
                "(`python -m benchmarks.data`)."
            )
            continue
        answers = answers_of(crew, {"name": name, **series}, task, versions)
        rows += rows_of(name, answers, load(name, **series), task["horizon"], versions)
        seconds = {package: seconds_of(of) for package, of in answers.items()}
        figures |= {f"{name}: {p} ÷ ours": ratio for p, ratio in ratios(seconds).items()}
        size = f"{len(load(name, **series))} series" if name == M4 else f"{series['n_steps']} hours"
        updates = n_updates(known(name, horizon=task["horizon"], **series), task)
        notes.append(
            f"{name}: {size}, window {task['window_length']}, horizon {task['horizon']}, "
            f"{task['units']} units, batch {task['batch_size']}, epochs {task['epochs']}, which is "
            f"{updates} updates."
        )
    if absent := [package for package, version in versions.items() if version is None]:
        notes.append(f"Not installed, and left out: {', '.join(absent)}.")
    return Outcome(
        columns=["", "", "seconds of the fit", "of the forecast", "both ÷ ours", "MASE"],
        rows=rows,
        figures=figures,
        notes=notes,
        spoiled=None if rows else "no series",
    )


def answers_of(crew, series, task, versions):
    """Return what each one answers in each round."""
    packages = [
        package
        for package, version in versions.items()
        if version is not None and (series["name"] != M4 or package not in FOR_ONE_SERIES)
    ]
    answers = {name: [] for name in (OURS, *packages)}
    for number in range(min(crew.n_rounds, AT_MOST)):
        for name in rotated(list(answers), number):
            answers[name].append(
                ask_ours(crew, series, task)
                if name == OURS
                else ask(crew.pythons[name], name, series, task)
            )
    return answers


def ask_ours(crew, series, task):
    with crew.together({OURS: (OurForecaster, series, task)}) as remotes:
        fit = remotes[OURS].call("fit")
        forecast = remotes[OURS].call("forecast")
    return {"fit": fit.seconds, "forecast": forecast.seconds, "forecasts": forecast.value}


def ask(python, package, series, task):
    process = Alone(python)
    try:
        return process.call(THEIRS, package=package, series=series, task=task)
    finally:
        process.close()


def rows_of(name, answers, series, horizon, versions):
    relative = ratios({package: seconds_of(of) for package, of in answers.items()})
    fits = medians({package: [answer["fit"] for answer in of] for package, of in answers.items()})
    return [
        [
            name,
            package if package == OURS else f"{package} {versions[package]}",
            fits[package],
            statistics.median(answer["forecast"] for answer in of),
            relative[package],
            mase(series, of[-1]["forecasts"], horizon),
        ]
        for package, of in answers.items()
    ]


def seconds_of(answers):
    return [answer["fit"] + answer["forecast"] for answer in answers]


def mase(series, forecasts, horizon):
    """Return the mean over series of the error, in units of the seasonal naive forecast's."""
    errors = [
        np.mean(np.abs(values[-horizon:] - forecast))
        / np.mean(np.abs(values[DAY:-horizon] - values[: -horizon - DAY]))
        for values, forecast in zip(series, forecasts, strict=True)
    ]
    return float(np.mean(errors))


def version_of(package, python):
    """Return the version that a Python has of a package; None: it has none."""
    asked = f"from importlib.metadata import version; print(version({package!r}))"
    with suppress(OSError):
        done = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False)
        return done.stdout.strip() or None
