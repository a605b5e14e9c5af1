"""Other packages' LSTMs, fitted and asked as their users do, maybe under another Python.

Each class imports its package when it is made, and gets the series in its own layout then: neither
is timed.
"""

from __future__ import annotations

import logging
import time
import warnings

import numpy as np
import pandas as pd

from .hours import known, n_updates

START = "2020-01-01"
QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


def fit_and_forecast(package, series, task):
    """Return the seconds of both, and the forecast of each series."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    forecaster = FORECASTERS[package](known(horizon=task["horizon"], **series), task)
    started = time.perf_counter()
    forecaster.fit()
    fitted = time.perf_counter()
    forecasts = forecaster.forecast()
    ended = time.perf_counter()
    return {
        "fit": fitted - started,
        "forecast": ended - fitted,
        "forecasts": [np.ravel(values).astype(float).tolist() for values in forecasts],
    }


class NeuralForecastLSTM:
    """One layer, a linear decoder, the squared error; each window is standardised."""

    def __init__(self, histories, task):
        import neuralforecast
        import neuralforecast.losses.pytorch
        import neuralforecast.models

        n_updates_ = n_updates(histories, task)
        self.forecaster = neuralforecast.NeuralForecast(
            [
                neuralforecast.models.LSTM(
                    h=task["horizon"],
                    input_size=task["window_length"],
                    encoder_n_layers=1,
                    encoder_hidden_size=task["units"],
                    decoder_layers=1,
                    loss=neuralforecast.losses.pytorch.MSE(),
                    max_steps=n_updates_,
                    windows_batch_size=task["batch_size"],
                    scaler_type="standard",
                    **QUIET,
                )
            ],
            freq=1,
        )
        parts = [
            pd.DataFrame({"unique_id": i, "ds": np.arange(len(history)), "y": history})
            for i, history in enumerate(histories)
        ]
        self.table = pd.concat(parts, ignore_index=True)

    def fit(self):
        self.forecaster.fit(self.table)

    def forecast(self):
        table = self.forecaster.predict()
        return [values.to_numpy() for _, values in table.groupby("unique_id")["LSTM"]]


class DartsRNN:
    """A recurrent network that is trained to predict each next step, and fed with its forecasts."""

    def __init__(self, histories, task):
        import darts
        import darts.dataprocessing.transformers
        import darts.models

        self.horizon = task["horizon"]
        self.scaler = darts.dataprocessing.transformers.Scaler()
        self.model = darts.models.RNNModel(
            model="LSTM",
            input_chunk_length=task["window_length"],
            training_length=task["window_length"] + 1,
            hidden_dim=task["units"],
            batch_size=task["batch_size"],
            n_epochs=task["epochs"],
            random_state=0,
            pl_trainer_kwargs=QUIET,
        )
        self.series = [
            darts.TimeSeries.from_values(history.astype(np.float32)) for history in histories
        ]

    def fit(self):
        self.scaled = self.scaler.fit_transform(self.series)
        self.model.fit(self.scaled)

    def forecast(self):
        forecasts = self.model.predict(self.horizon, series=self.scaled)
        return [forecast.values() for forecast in self.scaler.inverse_transform(forecasts)]


class SkforecastRNN:
    """Keras's LSTM and a dense layer for all steps of the horizon; for one series only."""

    def __init__(self, histories, task):
        from skforecast.deep_learning import ForecasterRnn, create_and_compile_model

        self.make_network, self.make_forecaster = create_and_compile_model, ForecasterRnn
        self.task = task
        (history,) = histories
        times = pd.date_range(START, periods=len(history), freq="h")
        self.table = pd.DataFrame({"y": history}, times)

    def fit(self):
        import keras

        keras.utils.set_random_seed(0)
        task = self.task
        network = self.make_network(
            series=self.table,
            lags=task["window_length"],
            steps=task["horizon"],
            levels="y",
            recurrent_layer="LSTM",
            recurrent_units=task["units"],
            dense_units=None,
            compile_kwargs={"optimizer": keras.optimizers.Adam(0.001), "loss": "mse"},
        )
        self.forecaster = self.make_forecaster(
            network,
            levels="y",
            lags=task["window_length"],
            fit_kwargs={
                "epochs": task["epochs"],
                "batch_size": task["batch_size"],
                "verbose": 0,
            },
        )
        self.forecaster.fit(self.table)

    def forecast(self):
        return [self.forecaster.predict()["pred"].to_numpy()]


FORECASTERS = {
    "neuralforecast": NeuralForecastLSTM,
    "darts": DartsRNN,
    "skforecast": SkforecastRNN,
}
FOR_ONE_SERIES = ("skforecast",)
