"""LightGBM on lags and calendar by mlforecast, recursively, with settings that suit a series."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.preprocessing import FunctionTransformer

FEWEST_LAGS = 14  # where there is no season
N_SEASONS = 4
MANY_ROWS = 1000
MOST_TRIED = 5_000  # rows of a series that scales are chosen by
CALIBRATED_FROM = 6  # horizons: of less, nothing is kept back for intervals
OF_THE_YEAR = ("month", "quarter", "week", "dayofyear")  # to be learned of two years at least
TWO_YEARS = pd.Timedelta(days=730)
CALENDAR = {
    "M": ["month"],
    "Q": ["quarter"],
    "W": ["month", "week"],
    "D": ["dayofweek", "day", "month", "dayofyear"],
    "30min": ["hour", "minute", "dayofweek"],
}


class Scale(NamedTuple):
    """What is learned in place of the values."""

    differences: tuple[int, ...]
    log: bool


class LightGBM:
    """One model for all series of a task.

    Parameters
    ----------
    origins : Origins

    task : Task

    index : Index
        Of the rows.

    level : int
        Percentage that intervals are to cover.
    """

    def __init__(self, origins, task, index, level):
        self.origins, self.task, self.level = origins, task, level
        self.times = _times(index, task)
        n_known = int(origins.n_known[0])
        has_room = n_known >= CALIBRATED_FROM * task.horizon
        self.n_calibrated = int(np.clip(n_known // (4 * task.horizon), 2, 10)) if has_room else 0
        self.n_smallest = n_known - max(1, self.n_calibrated) * task.horizon

    def forecasts(self, within):
        """Return what forecasts there are from each origin.

        Parameters
        ----------
        within : callable
            Called with a series and an origin now and then, to end what takes too long.
        """
        origins = self.origins
        model = self._fit(self._chosen(within), origins.n_known[0], self.n_calibrated)
        found = {"y_pred": np.empty(origins.shape)}
        if self.n_calibrated:
            below, above = self._widths(model)
            found |= {name: np.empty(origins.shape) for name in ("lower", "upper")}
        for j, n_known in enumerate(origins.n_known):
            mean = self._predict(model, n_known)
            found["y_pred"][:, j] = mean
            if self.n_calibrated:
                found["lower"][:, j], found["upper"][:, j] = mean - below, mean + above
            within(len(origins.series) - 1, j)
        return found

    def _chosen(self, within):
        """Return the scale that errs least on the last one or two horizons that are known."""
        horizon, n_known = self.task.horizon, self.origins.n_known[0]
        n_tried = min(2, max(1, self.n_calibrated))
        ends = [n_known - horizon * back for back in range(n_tried)]
        known = [self.origins.known(values, n_known) for values in self.origins.series]
        spread = np.array([np.ptp(values) + 1e-9 for values in known])[:, np.newaxis]

        def error(scale):
            model = self._fit(scale, n_known - n_tried * horizon, most=MOST_TRIED)
            within(0, 0)
            errors = [self._predict(model, end - horizon) - self._truth(end) for end in ends]
            return np.mean(np.abs(errors) / spread)

        is_log_possible = min(values.min() for values in known) >= 0
        return min(self._candidates(is_log_possible), key=error)

    def _truth(self, end):
        """Return the last horizon before a row."""
        known = (self.origins.known(values, end) for values in self.origins.series)
        return np.stack([values[-self.task.horizon :] for values in known])

    def _candidates(self, is_log_possible):
        season = self.task.season
        wanted = [(), (1,), (season,)] if season > 1 else [(), (1,)]
        possible = [steps for steps in wanted if not steps or self._lags(steps)[-1] >= 3]
        logs = (False, True) if is_log_possible else (False,)
        return [Scale(steps, log) for log in logs for steps in possible]

    def _lags(self, differences):
        """Return the steps back that leave a third of the smallest fit to learn from."""
        season = self.task.season
        room = max(1, 2 * self.n_smallest // 3 - sum(differences))
        nearest = season if season > 1 else FEWEST_LAGS
        seasons = [n * season for n in range(2, N_SEASONS + 1)] if season > 1 else []
        week = [336] if season == 48 else []
        wanted = [*range(1, nearest + 1), *seasons, *week]
        return [lag for lag in wanted if lag <= room] or [1]

    def _fit(self, scale, n_known, n_calibrated=0, most=None):
        from mlforecast import MLForecast
        from mlforecast.utils import PredictionIntervals

        lags, n_series = self._lags(scale.differences), len(self.origins.series)
        n_rows = n_series * (n_known - sum(scale.differences) - lags[-1])
        model = MLForecast(
            {"y_pred": _regressor(n_rows)},
            freq=self.task.freq if self.task.has_dates else 1,
            lags=lags,
            date_features=self._date_features(),
            target_transforms=_transforms(scale, n_series),
        )
        intervals = PredictionIntervals(n_calibrated, self.task.horizon) if n_calibrated else None
        return model.fit(
            self._frame(n_known, most), static_features=[], prediction_intervals=intervals
        )

    def _date_features(self):
        if not self.task.has_dates:
            return []
        freq = self.task.freq
        wanted = CALENDAR.get(freq, CALENDAR.get(freq[:1], []))
        n_rows = self.n_smallest
        if self.times[n_rows - 1] - self.times[0] >= TWO_YEARS:
            return wanted
        return [name for name in wanted if name not in OF_THE_YEAR]

    def _predict(self, model, n_known):
        horizon = self.task.horizon
        return self._by_series(model.predict(horizon, new_df=self._frame(n_known))["y_pred"])

    def _widths(self, model):
        """Return the steps down and up to the bounds: those of the first origin, kept as it is."""
        found = model.predict(self.task.horizon, level=[self.level])
        lower, mean, upper = (
            self._by_series(found[name])
            for name in (f"y_pred-lo-{self.level}", "y_pred", f"y_pred-hi-{self.level}")
        )
        return mean - lower, upper - mean

    def _by_series(self, column):
        return column.to_numpy().reshape(len(self.origins.series), self.task.horizon)

    def _frame(self, n_known, most=None):
        """Return the known rows of all series, or the last of each, one below the other."""
        parts = []
        for number, values in enumerate(self.origins.series):
            known = self.origins.known(values, n_known)[-(most or n_known) :]
            times = self.times[n_known - len(known) : n_known]
            parts.append(pd.DataFrame({"unique_id": f"{number:06d}", "ds": times, "y": known}))
        return pd.concat(parts, ignore_index=True)


def _regressor(n_rows):
    """Return trees that are smaller where there are few rows, and have leaves all the same."""
    from lightgbm import LGBMRegressor

    return LGBMRegressor(
        n_estimators=200,
        learning_rate=0.05,
        num_leaves=31 if n_rows > MANY_ROWS else 8,
        min_child_samples=20 if n_rows > MANY_ROWS else 5,
        random_state=0,
        n_jobs=1,
        verbosity=-1,
    )


def _transforms(scale, n_series):
    from mlforecast import target_transforms

    found = []
    if scale.log:
        both_ways = FunctionTransformer(np.log1p, np.expm1)
        found.append(target_transforms.GlobalSklearnTransformer(both_ways))
    if scale.differences:
        found.append(target_transforms.Differences(list(scale.differences)))
    if n_series > 1:
        found.append(target_transforms.LocalStandardScaler())
    return found


def _times(index, task):
    """Return the stamps, without time zone, or the numbers of the rows."""
    times = index.unique(level=-1)
    if not task.has_dates:
        return np.arange(len(times))
    return times.tz_localize(None) if times.tz is not None else times
