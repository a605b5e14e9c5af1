"""The hourly series of the M4 competition: one forecast of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.base import clone

from sklearn_lstm import LSTMForecaster

from . import files, metrics
from .protocol import Protocol

HORIZON = 48
DAY = 24


@dataclass(frozen=True)
class Competition(Protocol):
    """All series in one model, which forecasts the last 48 hours of each."""

    n_series: int | None = None

    measures = ("sMAPE", "MASE")

    def load(self):
        y = files.indexed("m4_hourly.csv.gz", "unique_id", "t", times=False)["y"]
        names = y.index.unique(level=0)[: self.n_series]
        return y.loc[names] if self.n_series else y

    def before_test(self, data):
        return data.groupby(level=0, sort=False).head(-HORIZON)

    def for_validation(self):
        return self

    def fit(self, known, estimator):
        return clone(estimator).set_params(interval_method=None).fit(known)

    def evaluate(self, fitted, data):
        return self._scores(data, fitted.predict())

    def naive(self, data):
        histories = _by_series(self.before_test(data))
        after = self._test(data).index

        def repeat(positions):
            values = np.concatenate([history[positions] for history in histories])
            return self._scores(data, pd.Series(values, after))

        hour = np.arange(HORIZON)
        return {
            "persistence": repeat(np.full(HORIZON, -1)),
            "seasonal naive": repeat(hour % DAY - DAY),
        }

    def quick(self):
        return replace(self, n_series=5)

    def with_defaults(self):
        return self, LSTMForecaster(horizon=HORIZON)

    def _test(self, data):
        return data.groupby(level=0, sort=False).tail(HORIZON)

    def _scores(self, data, forecast):
        """Average over series what is averaged over the hours of each."""
        after = self._test(data)
        of_series = zip(
            _by_series(after),
            _by_series(forecast.loc[after.index]),
            _by_series(self.before_test(data)),
            strict=True,
        )
        errors = [
            (metrics.smape(y, predicted), metrics.mase(y, predicted, history, DAY))
            for y, predicted, history in of_series
        ]
        return dict(zip(self.measures, np.mean(errors, axis=0).tolist(), strict=True))


def _by_series(y):
    return [values.to_numpy() for _, values in y.groupby(level=0, sort=False)]
