"""Many small tasks of every kind, for what is chosen when nothing is set, and how each is cut."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from benchmarks.data.sources import read_sources
from sklearn_lstm import LSTMForecaster, backtest
from sklearn_lstm.forecasting.conformal import NoIntervalError

from . import files

FOLDER, PREFIX = "many", "many-"
COVERAGE = 0.9
TAIL = (1 - COVERAGE) / 2
MOST_ORIGINS = 24  # strides between origins; a few more come of rounding down
MONTH, N_MONTH = f"{PREFIX}births-month", 30
N_ROWS_QUICK, N_SERIES_QUICK = 400, 3


class Windows(NamedTuple):
    """How many rows at the end are forecast, and from which origins."""

    n_test: int
    stride: int
    n_windows: int


@dataclass(frozen=True)
class Task:
    """A data set, and what is to be forecast of it.

    Parameters
    ----------
    name, file : str

    kind : str
        ``"series"``, ``"columns"`` or ``"panel"``.

    freq : str
        Of pandas, or a number where there are no dates.

    horizon, season : int
        Steps of each forecast; rows in a season, 1 for none.

    n_test : int or None
        Rows at the end that are forecast, None: by the rule.

    is_validation : bool
        Whether the test part is cut off, so that the stretch before it takes its place.

    is_quick : bool
        Whether to keep the end of a series, and the first series of a panel.
    """

    name: str
    file: str
    kind: str
    freq: str
    horizon: int
    season: int
    n_test: int | None = None
    is_validation: bool = False
    is_quick: bool = False

    @property
    def has_dates(self):
        return not self.freq.replace(".", "").isdigit()

    def load(self):
        """Return the rows that this variant may see, with a column for each target."""
        keys = ("series", "time") if self.kind == "panel" else ("time",)
        data = files.indexed(f"{FOLDER}/{self.file}", *keys, times=self.has_dates)
        if self.has_dates and self.kind != "panel":
            data = data.asfreq(self.freq)  # of the influenza four weeks are absent
        if self.is_quick:
            data = self._shortened(data)
        return without_last(data, self.windows(data).n_test) if self.is_validation else data

    def windows(self, data):
        """Return the origins: about 25 in the last fifth, not all at one place of the season."""
        n_test = self.n_test or max(n_times(data) // 5, self.horizon + self.horizon // 4)
        stride = max(1, (n_test - self.horizon) // MOST_ORIGINS)
        stride += self.season > 1 and stride % self.season == 0
        return Windows(n_test, stride, (n_test - self.horizon) // stride + 1)

    def before_first_origin(self, data):
        """Return what is fitted on."""
        of = self.windows(data)
        return without_last(data, self.horizon + (of.n_windows - 1) * of.stride)

    def backtest(self, forecaster, data, coverage=COVERAGE, *, adaptive=True):
        """Fit once, before the first origin, and forecast from all.

        Without intervals, where the rows are too few to hold some back for them.
        """
        try:
            return self._backtest(forecaster, data, coverage, adaptive)
        except NoIntervalError:
            return self._backtest(forecaster, data, None, adaptive)

    def _backtest(self, forecaster, data, coverage, adaptive):
        of = self.windows(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # no skill is in the table
            return backtest(
                forecaster,
                target(data),
                horizon=self.horizon,
                n_windows=of.n_windows,
                stride=of.stride,
                refit=False,
                coverage=coverage,
                adaptive=adaptive,
                season_length=self.season,
            )

    def blank(self, data):
        """Return a backtest whose truth, naive forecasts and units are everybody's."""
        any_forecaster = LSTMForecaster(
            Ridge(), window_length=1, horizon=self.horizon, log=False, missing="interpolate"
        )
        return self.backtest(any_forecaster, data, coverage=None)

    def for_validation(self):
        return replace(self, is_validation=True)

    def quick(self):
        return replace(self, is_quick=True)

    def _shortened(self, data):
        if self.kind == "panel":
            data = data.loc[data.index.unique(level=0)[:N_SERIES_QUICK]]
            return data.groupby(level=0, sort=False).tail(N_ROWS_QUICK)
        return data.iloc[-max(N_ROWS_QUICK, 5 * self.season) :]


def names():
    """Return the names of the tasks, whether or not their data are at hand."""
    listed = [name for source in read_sources() for name in source.rows.split(", ")]
    return [name for name in listed if name.startswith(PREFIX) and not name.endswith("*")]


def task(name):
    """Return a task of the manifest, or the last month of the births, as it is published."""
    if name == MONTH:
        return replace(task(f"{PREFIX}births"), name=name, horizon=N_MONTH, n_test=N_MONTH)
    file = f"{name.removeprefix(PREFIX)}.csv"
    row = files.table(f"{FOLDER}/manifest.csv").set_index("file").loc[file]
    counts = int(row["horizon"]), int(row["season"])
    return Task(name, file, row["kind"], str(row["freq"]), *counts)


def n_times(data):
    """Return the number of time steps; the series of these panels begin and end together."""
    return len(data.index.unique(level=-1))


def without_last(data, n_rows):
    if isinstance(data.index, pd.MultiIndex):
        return data.groupby(level=0, sort=False).head(-n_rows)
    return data.iloc[:-n_rows]


def target(data):
    """Return a Series of a single column."""
    return data.iloc[:, 0] if data.shape[1] == 1 else data


def columns(data):
    """Return the values of each series, in the order of a backtest's predictions."""
    if isinstance(data.index, pd.MultiIndex):
        return [of.to_numpy(dtype=float) for _, of in data.iloc[:, 0].groupby(level=0, sort=False)]
    return list(data.to_numpy(dtype=float).T)


def scores(result):
    """Measure a backtest with intervals: its own scores, and the quantile loss of bounds and mid.

    Returns
    -------
    scores : dict
        ``MASE``, ``MAE``, ``sMAPE``, ``n``, and if there are intervals ``coverage``, ``pinball``,
        the mean of the quantile losses at .05, .5 and .95, and ``WQL``, twice that over the mean
        of the absolute values.
    """
    of_forecast = result.scores().loc["forecast"]
    found = {name: float(of_forecast[name]) for name in ("MASE", "MAE", "sMAPE")}
    found["n"] = int(of_forecast["n"])
    rows = result.predictions
    if "lower" not in rows:
        return found
    rows = rows[np.isfinite(rows[["y", "y_pred", "persistence", "seasonal naive"]]).all(axis=1)]
    losses = [
        np.maximum(level * (rows["y"] - rows[name]), (level - 1) * (rows["y"] - rows[name])).mean()
        for level, name in ((TAIL, "lower"), (0.5, "y_pred"), (1 - TAIL, "upper"))
    ]
    pinball = float(np.mean(losses))
    wql = 2 * pinball / float(rows["y"].abs().mean())
    return found | {"coverage": float(of_forecast["coverage"]), "pinball": pinball, "WQL": wql}
