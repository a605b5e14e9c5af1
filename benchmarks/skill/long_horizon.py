"""ETTh1 as the literature on long horizons cuts and scores it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import LSTMForecaster

from . import files, metrics
from .protocol import Protocol
from .rolling_origin import RollingOrigin

N_TRAIN, N_VALIDATION, N_TEST = 8640, 2880, 2880
DAY = 24


@dataclass(frozen=True)
class Fitted:
    scaler: StandardScaler
    regressor_: Any


def etth1(column=None):
    """Return the rows that the protocol uses, of all columns or of one."""
    rows = files.indexed("ETTh1.csv", "date").iloc[: N_TRAIN + N_VALIDATION + N_TEST]
    return rows if column is None else rows[[column]]


def z_scored_oil_temperature():
    rows = etth1("OT")
    train = rows.iloc[:N_TRAIN]
    return (rows - train.mean()) / train.std(ddof=0)


@dataclass(frozen=True)
class LongHorizon(Protocol):
    """Every window of every column is a sample of one network; errors are those of z-scores.

    The last value of a window is taken from it and added to its forecast.
    """

    window_length: int
    horizon: int
    column: str | None = None
    n_test: int = N_TEST
    n_fitted: int = N_TRAIN

    measures = ("MSE", "MAE")
    criterion = "(MSE + MAE) / 2"

    def load(self):
        return etth1(self.column).to_numpy()

    def before_test(self, data):
        return data[: -self.n_test]

    def for_validation(self):
        return replace(self, n_test=N_VALIDATION)

    def fit(self, known, estimator):
        train = known[:N_TRAIN]
        scaler = StandardScaler().fit(train)
        rows = scaler.transform(train)[-self.n_fitted :]
        X, y = map(np.concatenate, zip(*self._windows(rows), strict=True))
        last = X[:, -1:]
        return Fitted(scaler, clone(estimator).fit(X - last, y - last))

    def evaluate(self, fitted, data):
        def forecast(X):
            last = X[:, -1:]
            return last + fitted.regressor_.predict(X - last)

        return self._scores(data, fitted.scaler, forecast)

    def naive(self, data):
        scaler = StandardScaler().fit(data[:N_TRAIN])
        day = np.arange(self.horizon) % DAY - DAY
        return {
            "persistence": self._scores(data, scaler, lambda X: X[:, -1:]),
            "seasonal naive": self._scores(data, scaler, lambda X: X[:, day]),
        }

    def error(self, scores):
        return (scores["MSE"] + scores["MAE"]) / 2

    def quick(self):
        return replace(self, n_fitted=self.window_length + self.horizon + 200)

    def with_defaults(self):
        if self.column is None:
            return None
        protocol = RollingOrigin(
            z_scored_oil_temperature,
            horizon=self.horizon,
            n_windows=N_TEST - self.horizon + 1,
            n_validated=N_VALIDATION - self.horizon + 1,
            step=1,
            season=DAY,
            measures=self.measures,
        )
        return protocol, LSTMForecaster(horizon=self.horizon)

    def _windows(self, rows):
        """Yield all windows of each column, and what follows them."""
        for column in rows.T:
            windows = sliding_window_view(column, self.window_length + self.horizon)
            yield windows[:, : self.window_length], windows[:, self.window_length :]

    def _scores(self, data, scaler, forecast):
        """Average over all windows whose targets are test rows: columns have equally many."""
        rows = scaler.transform(data[-self.n_test - self.window_length :])
        pairs = [(y, forecast(X)) for X, y in self._windows(rows)]
        return {
            "MSE": float(np.mean([metrics.mse(y, predicted) for y, predicted in pairs])),
            "MAE": float(np.mean([metrics.mae(y, predicted) for y, predicted in pairs])),
        }
