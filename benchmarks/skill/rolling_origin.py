"""Series that are forecast again and again by a forecaster that is fitted once."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, backtest

from .protocol import Protocol

N_ROWS_QUICK, N_SERIES_QUICK = 1000, 3


@dataclass(frozen=True)
class RollingOrigin(Protocol):
    """Forecasts from each of the last origins; the rows before the first one are known.

    Parameters
    ----------
    loader : callable
        Returns a frame with the target in its first column, and covariates.

    horizon, n_windows, step : int
        Steps of each forecast, number of origins, rows between them (None: the horizon).

    n_validated : int
        Number of origins on which settings are chosen.

    season : int
        Rows in a season.

    known_ahead : tuple of str
        Covariates that everybody may use. Others are seen in the window only: a forecaster names
        them in its ``past_covariates``.

    scored_step : int or None
        Step of the horizon whose error counts, None for all.

    is_quick : bool
        Whether to keep the end of a series, or the first series of a panel.
    """

    loader: Callable
    horizon: int
    n_windows: int
    n_validated: int
    season: int
    step: int | None = None
    known_ahead: tuple[str, ...] = ()
    scored_step: int | None = None
    measures: tuple[str, ...] = ("RMSE", "MAE")
    is_quick: bool = False

    @property
    def n_test(self):
        return self.horizon + (self.n_windows - 1) * (self.step or self.horizon)

    def load(self):
        data = self.loader()
        if not self.is_quick:
            return data
        if isinstance(data.index, pd.MultiIndex):
            return data.loc[data.index.unique(level=0)[:N_SERIES_QUICK]]
        return data.iloc[-self.n_test - self.for_validation().n_test - N_ROWS_QUICK :]

    def before_test(self, data):
        if isinstance(data.index, pd.MultiIndex):
            return data.groupby(level=0, sort=False).head(-self.n_test)
        return data.iloc[: -self.n_test]

    def for_validation(self):
        return replace(self, n_windows=self.n_validated)

    def fit(self, known, estimator):
        forecaster = clone(estimator).set_params(interval_method=None)
        return forecaster.fit(*self._series(known, forecaster))

    def evaluate(self, fitted, data):
        return self._scores(self._backtest(fitted, data), "forecast")

    def naive(self, data):
        any_forecaster = LSTMForecaster(
            Ridge(), window_length=1, horizon=self.horizon, log=False, missing="interpolate"
        )
        result = self._backtest(any_forecaster, data)
        return {name: self._scores(result, name) for name in ("persistence", "seasonal naive")}

    def quick(self):
        return replace(self, is_quick=True)

    def with_defaults(self):
        alone = replace(self, known_ahead=())
        has_holes = self.before_test(self.load()).iloc[:, 0].isna().any()
        missing = {"missing": "interpolate"} if has_holes else {}
        return alone, LSTMForecaster(horizon=self.horizon, **missing)

    def _series(self, data, forecaster):
        covariates = [*self.known_ahead, *(forecaster.past_covariates or ())]
        return data.iloc[:, 0], data[covariates] if covariates else None

    def _backtest(self, forecaster, data):
        """Judge a forecaster; one that is fitted as it is."""
        is_fitted = hasattr(forecaster, "window_length_")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # no skill is in the table
            return backtest(
                FrozenEstimator(forecaster) if is_fitted else forecaster,
                *self._series(data, forecaster),
                n_windows=self.n_windows,
                stride=self.step,
                refit=False,
                season_length=self.season,
            )

    def _scores(self, result, name):
        if self.scored_step is None:
            scores = result.scores().loc[name]
        else:
            scores = result.scores(by="step").loc[(self.scored_step, name)]
        found = {**scores, "MSE": scores["RMSE"] ** 2}
        return {measure: float(found[measure]) for measure in self.measures}
