"""The two demonstrations of the command, as functions that anyone can call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import GridSearchCV, ParameterGrid, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .._output_files import check_output, written_together
from .._pipeline import make_lstm_pipeline
from ..datasets import load_seattle_weather
from ..plotting.forecast_display import ForecastDisplay
from ..plotting.loss_curve_display import LossCurveDisplay
from ..windows.make_supervised import make_supervised
from ..windows.sequence_windower import SequenceWindower

N_TEST = 365
UNIT = "highest temperature of the day (°C)"
COLUMNS = ["temp_max", "temp_min", "wind"]
GRID = {
    "regressor__windower__window_length": [7, 14, 28],
    "regressor__lstm__units": [16, 32],
}
QUICK_GRID = {"regressor__windower__window_length": [7, 14]}

FILES = ("forecast.png", "loss.png", "forecast.csv", "model.joblib")

TUTORIAL_SERIES = [
    20, 21, 22, 24, 27, 30, 32, 33, 35, 34, 32, 29, 25, 22, 21, 20, 18, 17, 16, 15,
]  # fmt: skip


def make_folder(folder: str | Path) -> list[Path]:
    """Make the folder of the demo's files if it is missing, and refuse it if they can't be written.

    Parameters
    ----------
    folder : path

    Returns
    -------
    paths : list of Path
        Where ``forecast.png``, ``loss.png``, ``forecast.csv`` and ``model.joblib`` go.

    Raises
    ------
    ValueError
        If the folder can't be made, or a file in it not be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"The folder {folder} can't be made: {error.strerror}. Name another."
        ) from error
    paths = [folder / name for name in FILES]
    for path in paths:
        check_output(path)
    return paths


@dataclass(frozen=True)
class WeatherDemo:
    """What :func:`run_weather_demo` found."""

    model: VotingRegressor
    search: GridSearchCV
    scores: pd.DataFrame
    forecast: pd.DataFrame

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``forecast.png``, ``loss.png``, ``forecast.csv`` and ``model.joblib``.

        Parameters
        ----------
        folder : path
            Made if it is missing.

        Returns
        -------
        paths : list of Path
            The written files: all of them, or none if one can't be written.
        """
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        paths = make_folder(folder)
        forecast, loss = (Figure(figsize=size, layout="constrained") for size in ((9, 6), (6, 4)))
        for figure in (forecast, loss):
            FigureCanvasAgg(figure)
        self._draw_forecast(forecast)
        self._draw_loss(loss)
        with written_together(*paths) as (forecast_png, loss_png, csv, model):
            forecast.savefig(forecast_png, dpi=130)
            loss.savefig(loss_png, dpi=130)
            self.forecast.to_csv(csv, float_format="%.2f")
            joblib.dump(self.model, model)
        return paths

    def _draw_loss(self, figure):
        display = LossCurveDisplay.from_estimator(self.model.estimators_[0], ax=figure.subplots())
        display.ax_.set_title("Training of the LSTM (first seed)", loc="left")
        display.ax_.set_ylabel("mean squared error (target scaled to [0, 1])")

    def _draw_forecast(self, figure):
        year, month = figure.subplots(2, 1)
        for ax, rows, span in (
            (year, self.forecast, "the test year"),
            (month, self.forecast["2015-07":"2015-08"], "two months of it"),
        ):
            ForecastDisplay.from_predictions(
                rows["temp_max"], rows["lstm"], ax=ax, label="LSTM, one day ahead", unit=UNIT
            )
            ax.set_ylabel("highest temperature (°C)")
            ax.set_title(f"Seattle, {span}", loc="left")


def run_weather_demo(
    *, quick: bool = False, on_fit: Callable[[int], Any] | None = None
) -> WeatherDemo:
    """Search, fit and test an LSTM on the next day's highest temperature in Seattle.

    The last 365 days are the test set. A grid search over ``TimeSeriesSplit`` on the days before
    chooses window length and units; the best setting is fitted with five seeds, whose mean is the
    forecast.

    Parameters
    ----------
    quick : bool, default=False
        Whether to search less and train shorter, to see that everything runs.

    on_fit : callable, default=None
        Called with the total number of fits after each of them.

    Returns
    -------
    result : WeatherDemo
        With ``model``, ``search``, ``scores`` (RMSE and MAE in °C, and skill, which is one minus
        RMSE over that of persistence) and ``forecast``.
    """
    weather = load_seattle_weather()
    X, y = make_supervised(weather[COLUMNS], target="temp_max", horizon=1)
    X_train, X_test, y_train, y_test = X[:-N_TEST], X[-N_TEST:], y[:-N_TEST], y[-N_TEST:]
    grid = QUICK_GRID if quick else GRID
    n_seeds, epochs, cv = (2, 5, 2) if quick else (5, 80, 3)
    n_fits = len(ParameterGrid(grid)) * cv + n_seeds
    on_fit = on_fit or (lambda n_fits: None)

    def score_and_tell(model, X, y):
        on_fit(n_fits)
        return -root_mean_squared_error(y, model.predict(X))

    search = GridSearchCV(
        make_lstm_pipeline(epochs=epochs, learning_rate=0.003, random_state=0),
        grid,
        cv=TimeSeriesSplit(cv, test_size=120),
        scoring=score_and_tell,
        refit=False,
    ).fit(X_train, y_train)
    best = clone(search.estimator).set_params(**search.best_params_)
    seeds = [
        (f"seed_{seed}", clone(best).set_params(regressor__lstm__random_state=seed))
        for seed in range(n_seeds)
    ]
    model = VotingRegressor(seeds).fit(X_train, y_train)
    for _ in seeds:
        on_fit(n_fits)
    ridge = make_pipeline(
        StandardScaler().set_output(transform="pandas"),
        SequenceWindower(best.regressor.named_steps["windower"].window_length, flatten=True),
        Ridge(),
    ).fit(X_train, y_train)

    forecast = pd.DataFrame(
        {
            "temp_max": y_test.to_numpy(),
            "lstm": model.predict(X_test),
            "lstm_one_seed": model.estimators_[0].predict(X_test),
            "ridge": ridge.predict(X_test),
            "persistence": X_test["temp_max"].to_numpy(),
        },
        index=(X_test.index + pd.Timedelta(days=1)).rename("date"),
    )
    return WeatherDemo(model, search, _scores(forecast), forecast)


def _scores(forecast):
    truth = forecast.pop("temp_max")
    scores = pd.DataFrame(
        {
            name: {
                "RMSE": root_mean_squared_error(truth, predicted),
                "MAE": mean_absolute_error(truth, predicted),
            }
            for name, predicted in forecast.items()
        }
    ).T
    scores["skill"] = 1 - scores["RMSE"] / scores.loc["persistence", "RMSE"]
    forecast.insert(0, "temp_max", truth)
    return scores


@dataclass(frozen=True)
class TutorialDemo:
    """What :func:`run_tutorial` found."""

    model: TransformedTargetRegressor
    n_parameters: int
    loss: float
    forecast: pd.DataFrame


def run_tutorial() -> TutorialDemo:
    """Run the 20-day temperature exercise of many LSTM tutorials, without their leak.

    67 % of the days train a network of ``LSTM(50)`` and ``Dense(1)`` on windows of five days, with
    mean squared error, Adam, 100 epochs and batches of one. The scaler sees those days only.

    Returns
    -------
    result : TutorialDemo
        With ``model``, ``n_parameters``, the final training ``loss`` on the [0, 1] scale and the
        ``forecast`` of the remaining days.

    Examples
    --------
    >>> from sklearn_lstm.command.demo import run_tutorial
    >>> result = run_tutorial()
    >>> result.n_parameters, result.loss < 0.02
    (10451, True)
    """
    series = pd.Series(TUTORIAL_SERIES, index=pd.RangeIndex(1, 21, name="day"), name="temperature")
    n_train = int(len(series) * 0.67)
    X, y = make_supervised(series)
    model = make_lstm_pipeline(
        window_length=5, units=50, epochs=100, batch_size=1, random_state=0
    ).fit(X[: n_train - 1], y[: n_train - 1])
    lstm = model.regressor_.named_steps["lstm"]
    days = X[n_train - 1 :]
    forecast = pd.DataFrame(
        {
            "temperature": y[n_train - 1 :],
            "lstm": model.predict(days),
            "persistence": days["temperature"],
        }
    )
    forecast.index = forecast.index + 1
    return TutorialDemo(
        model=model,
        n_parameters=sum(weight.size for weight in lstm.weights_),
        loss=lstm.loss_curve_[-1],
        forecast=forecast,
    )
