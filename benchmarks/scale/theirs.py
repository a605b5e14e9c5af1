"""neuralforecast's LSTM on the same panel, in a process of its own, maybe of another Python."""

from __future__ import annotations

import logging
import warnings

from .footing import Work
from .series import panel

N_WARM_STEPS = 3


def fit(n_series, n_steps, window_length, horizon, units, batch_size):
    """Train for as many batches of windows as an epoch has."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    n_updates = n_series * (n_steps - window_length - horizon + 1) // batch_size

    def forecaster(max_steps):
        from neuralforecast import NeuralForecast
        from neuralforecast.losses.pytorch import MSE
        from neuralforecast.models import LSTM

        lstm = LSTM(
            h=horizon,
            input_size=window_length,
            encoder_n_layers=1,
            encoder_hidden_size=units,
            decoder_layers=1,
            loss=MSE(),
            max_steps=max_steps,
            windows_batch_size=batch_size,
            scaler_type="standard",
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        return NeuralForecast([lstm], freq="h")

    forecaster(N_WARM_STEPS).fit(table(4, window_length + horizon + 2 * batch_size // 4))
    df = table(n_series, n_steps)
    with Work() as work:
        forecaster(n_updates).fit(df)
    return {"seconds": work.seconds, "peak": work.peak, "updates": n_updates}


def table(n_series, n_steps):
    """Return the panel as neuralforecast wants it."""
    return panel(n_series, n_steps, "h").rename_axis(["unique_id", "ds"]).rename("y").reset_index()
