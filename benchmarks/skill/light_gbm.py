"""LightGBM on lags and calendar by mlforecast, recursively, with settings that suit a series."""

from __future__ import annotations

import numpy as np
import pandas as pd

FEWEST_LAGS = 14  # where there is no season
N_SEASONS = 4
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
        kept_back = 2 if n_known >= CALIBRATED_FROM * task.horizon else 0
        self.n_calibrated = min(10, max(kept_back, n_known // (4 * task.horizon)) * (kept_back > 0))
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
        """Return the differences that err least on the last horizon before the first origin."""
        horizon, n_known = self.task.horizon, self.origins.n_known[0]
        known = (self.origins.known(values, n_known) for values in self.origins.series)
        truth = np.stack([values[-horizon:] for values in known])
        scale = truth.std(axis=1, keepdims=True) + 1e-9

        def error(differences):
            model = self._fit(differences, n_known - horizon)
            within(0, 0)
            return np.mean(np.abs(self._predict(model, n_known - horizon) - truth) / scale)

        return min(self._candidates(), key=error)

    def _candidates(self):
        season = self.task.season
        wanted = [(), (1,), (season,)] if season > 1 else [(), (1,)]
        return [steps for steps in wanted if not steps or self._lags(steps)[-1] >= 3]

    def _lags(self, differences):
        """Return the steps back that leave a third of the smallest fit to learn from."""
        season = self.task.season
        room = max(1, 2 * self.n_smallest // 3 - sum(differences))
        nearest = season if season > 1 else FEWEST_LAGS
        seasons = [n * season for n in range(2, N_SEASONS + 1)] if season > 1 else []
        week = [336] if season == 48 else []
        wanted = [*range(1, nearest + 1), *seasons, *week]
        return [lag for lag in wanted if lag <= room] or [1]

    def _fit(self, differences, n_known, n_calibrated=0):
        from lightgbm import LGBMRegressor
        from mlforecast import MLForecast
        from mlforecast.target_transforms import Differences, LocalStandardScaler
        from mlforecast.utils import PredictionIntervals

        transforms = [Differences(list(differences))] if differences else []
        if len(self.origins.series) > 1:
            transforms.append(LocalStandardScaler())
        lags = self._lags(differences)
        n_rows = len(self.origins.series) * (n_known - sum(differences) - lags[-1])
        regressor = LGBMRegressor(
            n_estimators=200,
            learning_rate=0.05,
            num_leaves=31 if n_rows > 1000 else 8,
            min_child_samples=20 if n_rows > 1000 else 5,
            random_state=0,
            n_jobs=1,
            verbosity=-1,
        )
        model = MLForecast(
            {"y_pred": regressor},
            freq=self.task.freq if self.task.has_dates else 1,
            lags=lags,
            date_features=self._date_features(),
            target_transforms=transforms,
        )
        intervals = PredictionIntervals(n_calibrated, self.task.horizon) if n_calibrated else None
        return model.fit(self._frame(n_known), static_features=[], prediction_intervals=intervals)

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

    def _frame(self, n_known):
        """Return the known rows of all series, one below the other."""
        parts = []
        for number, values in enumerate(self.origins.series):
            known = self.origins.known(values, n_known)
            times = self.times[n_known - len(known) : n_known]
            parts.append(pd.DataFrame({"unique_id": f"{number:06d}", "ds": times, "y": known}))
        return pd.concat(parts, ignore_index=True)


def _times(index, task):
    """Return the stamps, without time zone, or the numbers of the rows."""
    times = index.unique(level=-1)
    if not task.has_dates:
        return np.arange(len(times))
    return times.tz_localize(None) if times.tz is not None else times
