"""What a careful user of other libraries would try: statsforecast and LightGBM by mlforecast."""

from __future__ import annotations

import importlib.util
import time
import warnings
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
from scipy.stats import norm

from .many import COVERAGE, TAIL, Task, columns

LONGEST_ETS_SEASON = 24  # of statsforecast, as of forecast::ets
LEVEL = round(100 * COVERAGE)
# AutoTheta takes minutes for 20,000 rows, with squared growth, and MSTL decomposes at every origin.
MOST_ROWS = 4_000  # the last ones, of statsforecast's models
WITHIN = 120.0  # seconds of the processor for a contender and a task: others don't count
SECOND_SEASONS = {48: 336, 169: 845, 7: 365}  # a week of half hours or of calls, a year of days
PACKAGES = {
    "AutoETS": ("statsforecast",),
    "AutoTheta": ("statsforecast",),
    "MSTL": ("statsforecast",),
    "LightGBM": ("mlforecast", "lightgbm"),
}


class TooSlowError(Exception):
    """A contender has used up its time."""


@dataclass
class Origins:
    """Series as they are known at each origin: holes filled from what came before it.

    Parameters
    ----------
    series : list of ndarray of shape (n_rows,)
        NaN is missing.

    n_known : ndarray of int, shape (n_origins,)
        Rows known at each origin.

    horizon, season : int
    """

    series: list
    n_known: np.ndarray
    horizon: int
    season: int

    @classmethod
    def of(cls, task, data):
        windows, series = task.windows(data), columns(data)
        last = len(series[0]) - task.horizon
        n_known = last - windows.stride * np.arange(windows.n_windows)[::-1]
        return cls(series, n_known, task.horizon, task.season)

    def known(self, values, n_known):
        """Return the rows from the first known value, interpolated, and after the last repeated."""
        known = values[:n_known]
        if np.isfinite(known).all():
            return known
        return pd.Series(known).interpolate().dropna().to_numpy()

    @property
    def shape(self):
        return len(self.series), len(self.n_known), self.horizon


def packages_absent(name):
    """Return which packages a contender lacks."""
    return [p for p in PACKAGES.get(name, ()) if importlib.util.find_spec(p) is None]


def forecast(name, task, data):
    """Return mean, lower and upper bound of a contender, and the seconds that it took.

    Returns
    -------
    result : BacktestResult

    seconds : float
        Of one fit and the forecasts from all origins.

    Raises
    ------
    TooSlowError
        After two minutes of the processor.

    NotImplementedError
        Where it has nothing to say, such as MSTL without a season.
    """
    origins, blank = Origins.of(task, data), task.blank(data)
    run = CONTENDERS[name]
    _warm_up(run)
    started, begun = time.perf_counter(), time.process_time()

    def within(i, j):
        if time.process_time() - begun > WITHIN:
            raise TooSlowError(
                f"after {WITHIN:.0f} s of the processor "
                f"at series {i + 1} of {len(origins.series)}, "
                f"origin {j + 1} of {len(origins.n_known)}"
            )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = run(origins, task, data, within)
    seconds = time.perf_counter() - started
    predictions = blank.predictions.assign(
        **{column: values.reshape(-1) for column, values in found.items()}
    )
    coverage = COVERAGE if "lower" in found else None
    return replace(blank, predictions=predictions, coverage=coverage), seconds


@cache
def _warm_up(run):
    """Import, and compile, what a contender needs: neither counts."""
    t = np.arange(60)
    index = pd.date_range("2020-01-01", periods=len(t), name="time")
    data = pd.DataFrame({"value": 10 + np.sin(t * np.pi / 2) + t / 60}, index)
    origins = Origins(columns(data), np.array([50]), horizon=4, season=4)
    run(origins, Task("", "", "series", "D", 4, 4), data, lambda i, j: None)


def naive(season_length):
    """Return a contender: the last season, with bounds from the changes between seasons."""

    def run(origins, task, data, within):
        season = season_length or task.season
        return _by_series(origins, within, lambda known: _Naive(known, season))

    return run


class _Naive:
    """Seasonal naive forecast; normal bounds that widen with each season [1]_.

    References
    ----------
    .. [1] R. J. Hyndman, G. Athanasopoulos, "Forecasting: principles and practice", 3rd edition,
       section 5.5, https://otexts.com/fpp3/prediction-intervals.html.
    """

    def __init__(self, known, season):
        changes = known[season:] - known[:-season]
        self.season, self.scale = season, np.sqrt(np.mean(changes**2))

    def forward(self, known, h):
        step = np.arange(h)
        mean = known[len(known) - self.season + step % self.season]
        width = norm.ppf(1 - TAIL) * self.scale * np.sqrt(1 + step // self.season)
        return {"y_pred": mean, "lower": mean - width, "upper": mean + width}


class _Statsforecast:
    """A fitted model of statsforecast, which keeps its parameters from origin to origin."""

    def __init__(self, model, known):
        self.model = model.fit(known[-MOST_ROWS:])

    def forward(self, known, h):
        found = self.model.forward(known[-MOST_ROWS:], h=h, level=[LEVEL])
        names = {"y_pred": "mean", "lower": f"lo-{LEVEL}", "upper": f"hi-{LEVEL}"}
        return {ours: np.asarray(found[theirs]) for ours, theirs in names.items()}


def auto_ets(origins, task, data, within):
    from statsforecast.models import AutoETS

    season = task.season if task.season <= LONGEST_ETS_SEASON else 1
    return _by_series(origins, within, lambda known: _Statsforecast(AutoETS(season), known))


def auto_theta(origins, task, data, within):
    from statsforecast.models import AutoTheta

    return _by_series(origins, within, lambda known: _Statsforecast(AutoTheta(task.season), known))


def mstl(origins, task, data, within):
    from statsforecast.models import MSTL

    if task.season == 1:
        raise NotImplementedError("MSTL needs a season.")
    second = SECOND_SEASONS.get(task.season) if len(origins.series) == 1 else None
    is_known_twice = second and origins.n_known[0] >= 2 * second
    seasons = [task.season, second] if is_known_twice else [task.season]
    return _by_series(origins, within, lambda known: _Statsforecast(MSTL(seasons), known))


def _by_series(origins, within, fit):
    """Fit each series before the first origin, and go on from each origin."""
    found = {name: np.empty(origins.shape) for name in ("y_pred", "lower", "upper")}
    for i, values in enumerate(origins.series):
        model = fit(origins.known(values, origins.n_known[0]))
        for j, n_known in enumerate(origins.n_known):
            of_origin = model.forward(origins.known(values, n_known), origins.horizon)
            for name, array in found.items():
                array[i, j] = of_origin[name]
            within(i, j)
    return found


def light_gbm(origins, task, data, within):
    from .light_gbm import LightGBM

    return LightGBM(origins, task, data.index, LEVEL).forecasts(within)


CONTENDERS = {
    "AutoETS": auto_ets,
    "AutoTheta": auto_theta,
    "MSTL": mstl,
    "LightGBM": light_gbm,
    "persistence": naive(1),
    "seasonal naive": naive(None),
}
