"""A panel in, arrays out: settings, the fit, errors held back, forecasts from any origin."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from .._sklearn_private import set_random_states
from ..windows.rows import joined_ranges
from ..windows.sequence_windower import SequenceWindower
from .conformal import ConformalErrors, NoIntervalError
from .defaults import (
    SHORTEST_WINDOW,
    choose_log,
    choose_window,
    count_windows,
    default_regressor,
)
from .local_models import LocalModels
from .normalize import Normalizer
from .protocols import SeriesModel
from .read_panel import nearest
from .time_series import check_values
from .window_model import NoWindowError, WindowModel

MOST_ORIGINS_JUDGED = 20_000  # by which a share of 90 % is known to 0.2 %, and errors stay small
ORIGINS_AT_ONCE = 8_192  # whose histories are written out together: some megabytes


class Forecasts(NamedTuple):
    """Forecasts of units: of series, or of their columns where each is forecast by itself.

    Attributes
    ----------
    values : ndarray of shape (n_units, n_steps, n_unit_columns)
        Logarithms where these are forecast.

    scale : ndarray of shape (n_units, 1, n_unit_columns)
        By which errors of different units can be compared.

    unit_ids : ndarray of shape (n_units,)
        Number of the series that was fitted, or of its column.
    """

    values: np.ndarray
    scale: np.ndarray
    unit_ids: np.ndarray


@dataclass(eq=False)
class PanelForecaster:
    """What :class:`LSTMForecaster` does, for series that are a panel already.

    Parameters are those of :class:`LSTMForecaster`. It keeps what was learned, not the panel.
    """

    regressor: Any
    window_length: Any
    horizon: int
    strategy: str
    normalize: str | None
    log: Any
    columns: str
    past_covariates: Any
    missing: str
    interval_method: str | None
    calibration_fraction: float
    random_state: Any
    n_jobs: int | None

    errors_: Any = None
    error_scale_: Any = None

    def fit(self, panel, *, may_lack_windows=False):
        """Learn to forecast, and measure how far off forecasts are.

        Parameters
        ----------
        panel : Panel

        may_lack_windows : bool, default=False
            Whether a series without a whole window is forecast as NaN, where each has a regressor
            of its own.
        """
        self._check_regressor()
        self.is_ahead_ = self._find_known_ahead(panel.layout.covariates)
        check_values(panel, self.missing, self.log != "auto" and self.log)
        self.n_split_ = 1 if self.columns == "joint" else panel.y_all.shape[1]
        self._choose_settings(panel)
        self._check_lengths(panel)
        seed = self.random_state
        if seed is not None:
            seed = check_random_state(seed).randint(2**31 - 1)
        self.errors_, self.error_scale_ = self._calibrate(panel, seed) or (None, None)
        self.model_ = self._train(panel, seed, may_lack_windows=may_lack_windows)
        return self

    def _check_regressor(self):
        parts = [] if self.regressor is None else self.regressor.get_params().values()
        if any(isinstance(part, SequenceWindower) for part in parts):
            raise ValueError(
                "regressor holds a SequenceWindower, but the forecaster cuts the windows and "
                "scales the series itself. Give it the regressor alone, such as LSTMRegressor()."
            )

    def _find_known_ahead(self, covariates):
        past = list(self.past_covariates or ())
        covariates = covariates or []
        unknown = [column for column in past if column not in covariates]
        if unknown:
            raise ValueError(
                f"past_covariates={past} names {unknown}, but X has {covariates}."
                f"{nearest(unknown[0], covariates)}"
            )
        return np.array([column not in past for column in covariates], dtype=bool)

    def _choose_settings(self, panel):
        """Set what was left to the look of the series."""
        self.log_ = choose_log(panel) if self.log == "auto" else bool(self.log)
        self.window_length_ = self.window_length
        if self.window_length == "auto":
            self.window_length_ = choose_window(panel, self.n_ahead).length
        self.regressor_ = self.regressor
        if self.regressor is None:
            n_windows = count_windows(panel, self.window_length_, self.n_ahead)
            if self.columns == "separate":
                n_windows //= len(panel)
            elif self.columns == "shared":
                n_windows *= self.n_split_
            self.regressor_ = default_regressor(n_windows, self.window_length_)

    @property
    def n_ahead(self):
        """int : Steps that the regressor predicts at once."""
        return 1 if self.strategy == "recursive" else self.horizon

    @property
    def n_needed(self):
        """int : Rows that a series must have to be learned from in a backtest."""
        is_chosen = self.window_length == "auto"
        return (SHORTEST_WINDOW if is_chosen else self.window_length) + self.n_ahead

    def _check_lengths(self, panel):
        needed = self.window_length_ + self.n_ahead
        is_short = panel.lengths < needed
        if not is_short.any():
            return
        shortest = panel.series[int(panel.lengths.argmin())]
        ahead = f"horizon={self.horizon}" if self.strategy == "direct" else "one step ahead"
        room = len(shortest) - self.n_ahead
        remedy = "Lower horizon, or give" if self.n_ahead > 1 else "Give"
        if room > 0:
            remedy = f"Lower window_length to {room} or less, or give"
        n_short, n_series = is_short.sum(), len(panel)
        among = f" ({n_short} of {n_series} series are too short)" if n_series > 1 else ""
        raise ValueError(
            f"{shortest.name} has {len(shortest)} values{among}, but "
            f"window_length={self.window_length_} and {ahead} need at least {needed}. {remedy} "
            "more values."
        )

    def _train(self, panel, seed, *, may_lack_windows) -> SeriesModel:
        regressor = clone(self.regressor_)
        if seed is not None:
            set_random_states(regressor, seed)
        model: SeriesModel = WindowModel(
            regressor,
            window_length=self.window_length_,
            n_ahead=self.n_ahead,
            normalize=self.normalize,
            is_ahead=self.is_ahead_,
            fills=self.missing == "interpolate",
        )
        if self.columns == "separate":
            model = LocalModels(
                model, panel.titles, n_jobs=self.n_jobs, may_lack_windows=may_lack_windows
            )
        return model.fit(*self._units(panel))

    def _units(self, panel):
        """Return values, covariates, offsets and times of each unit, end to end."""
        y, X, offsets = panel.stacked()
        y = np.log(y) if self.log_ else y
        if self.n_split_ == 1:
            return y, X, offsets, panel.times() if len(panel) > 1 else None
        lengths = np.repeat(panel.lengths, self.n_split_)
        rows = joined_ranges(np.repeat(offsets[:-1], self.n_split_), lengths)
        column = np.repeat(np.tile(np.arange(self.n_split_), len(panel)), lengths)
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        return y[rows, column][:, np.newaxis], X[rows], offsets, panel.times()[rows]

    def _calibrate(self, panel, seed):
        """Measure the errors of a model that has not seen the last part, and say on which scale."""
        if self.interval_method is None:
            return None
        n_before = self._rows_before_calibration(panel)
        is_known = n_before >= self.window_length_ + self.n_ahead
        before = panel.keep(is_known).until(n_before[is_known])
        is_known[is_known] = before.reduced(np.logical_or, np.isfinite(before.y)).all(axis=1)
        if not is_known.any():
            return None
        part, n_before = panel.keep(is_known), n_before[is_known]
        try:
            model = self._train(part.until(n_before), seed, may_lack_windows=True)
        except NoWindowError:
            return None
        n_origins = np.maximum(part.lengths - self.horizon + 1 - n_before, 0)
        series_ids = np.repeat(np.arange(len(part)), n_origins)
        n_known = joined_ranges(n_before, n_origins).astype(np.intp)
        series_ids, n_known = self._sample(series_ids, n_known, seed)
        found = self._forecast(model, part, series_ids, n_known, self.horizon)
        errors = self._errors_of(model, found, self._truth(part, series_ids, n_known))
        if not np.isfinite(errors).any():
            return None
        normalizer, n_split = model.normalizer_, self.n_split_
        scale = np.full((len(panel) * n_split, 1, normalizer.scale_.shape[1]), np.nan)
        kept = self._unit_ids(np.flatnonzero(is_known))
        scale[kept, 0] = np.where(normalizer.is_constant_, np.nan, normalizer.scale_)
        by_unit = kept[found.unit_ids] if self.columns == "separate" else None
        return ConformalErrors(errors, by_unit), scale

    def _rows_before_calibration(self, panel):
        """Return how many rows of each series the calibration part leaves."""
        times, counts = panel.calendars.distinct_times(self.window_length_ - 1, self.horizon)
        if not len(times):
            return np.zeros(len(panel), dtype=int)
        n_before = np.cumsum(counts)
        number = min(int((1 - self.calibration_fraction) * n_before[-1]), n_before[-1] - 1)
        begin = times[np.searchsorted(n_before, number, side="right")]
        return panel.calendars.n_known([begin])[:, 0]

    def _sample(self, series_ids, n_known, seed):
        """Draw some of very many origins; where each series is judged by itself, of each."""
        n_drawn = MOST_ORIGINS_JUDGED
        if self.columns == "separate":
            n_drawn *= int(series_ids.max(initial=0)) + 1
        if len(series_ids) <= n_drawn:
            return series_ids, n_known
        rng = np.random.default_rng([0 if seed is None else seed, 1])
        drawn = np.sort(rng.choice(len(series_ids), n_drawn, replace=False, shuffle=False))
        return series_ids[drawn], n_known[drawn]

    def _errors_of(self, model, found, truth):
        """Return truth minus forecast, each on the scale of its own history."""
        is_constant = model.normalizer_.is_constant_
        errors = (truth - found.values) / found.scale
        errors = np.where(is_constant[found.unit_ids][:, np.newaxis], np.nan, errors)
        for column in np.flatnonzero(is_constant.all(axis=0)):
            if (truth == found.values)[..., column].all():
                errors[..., column] = 0.0
        return errors

    def _unit_ids(self, series_ids):
        return (series_ids[:, np.newaxis] * self.n_split_ + np.arange(self.n_split_)).ravel()

    def _split(self, values):
        """Make the columns of series units of their own, if they are forecast so.

        Parameters
        ----------
        values : ndarray of shape (n, n_steps, n_columns)

        Returns
        -------
        values : ndarray of shape (n * n_split, n_steps, n_unit_columns)
        """
        if self.n_split_ == 1:
            return values
        return values.transpose(0, 2, 1).reshape(-1, values.shape[1], 1)

    def _joined(self, values):
        """Bring units back side by side, in whatever they hold for each column."""
        if self.n_split_ == 1:
            return values
        values = values.reshape(-1, self.n_split_, *values.shape[1:])
        return np.moveaxis(values, 1, 3)[:, :, 0]

    def _logged(self, values):
        with np.errstate(divide="ignore", invalid="ignore"):  # a truth that is only scored
            return np.log(values) if self.log_ else values

    def _unlogged(self, values):
        return np.exp(values) if self.log_ else values

    def _truth(self, panel, series_ids, n_known):
        """Return what came true after origins, for each unit."""
        y, _, starts, _ = panel.parts()
        rows = (starts[series_ids] + n_known)[:, np.newaxis] + np.arange(self.horizon)
        return self._split(self._logged(y[rows]))

    def _forecast(self, model, panel, series_ids, n_known, n_steps):
        """Forecast from origins, many but not all at once."""
        parts = []
        for begin in range(0, max(len(series_ids), 1), ORIGINS_AT_ONCE):
            of_block = slice(begin, begin + ORIGINS_AT_ONCE)
            block = self._histories(panel, series_ids[of_block], n_known[of_block], n_steps)
            parts.append(model.forecast(*block, n_steps))
        values, scale = map(np.concatenate, zip(*parts, strict=True))
        return Forecasts(values, scale, self._unit_ids(series_ids))

    def _histories(self, panel, series_ids, n_known, n_steps):
        """Return the last values before origins, their covariates and those that follow."""
        w, n_reach = self.window_length_, self._reach(n_steps)
        y, X, starts, ends = panel.parts()
        rows = (starts[series_ids] + n_known)[:, np.newaxis] + np.arange(-w, n_reach)
        x = X[np.minimum(rows, ends[series_ids][:, np.newaxis] - 1)]
        x[:, w:, ~self.is_ahead_] = x[:, w - 1 : w, ~self.is_ahead_]
        histories = self._split(self._logged(y[rows[:, :w]]))
        return histories, np.repeat(x, self.n_split_, axis=0), self._unit_ids(series_ids)

    def _reach(self, n_steps):
        """Return how many steps the blocks of the regressor take to come so far."""
        return ceil(n_steps / self.n_ahead) * self.n_ahead

    def forecast_from(self, panel, series_ids, n_known, n_steps):
        """Forecast from origins in the past.

        Parameters
        ----------
        panel : Panel
            The series that were fitted, with rows after these.

        series_ids : ndarray of int, shape (n_origins,)
            Number of the series of each origin.

        n_known : ndarray of int, shape (n_origins,)
            How many of its rows are known; at least ``window_length``.

        n_steps : int

        Returns
        -------
        forecasts : Forecasts
        """
        return self._forecast(self.model_, panel, series_ids, n_known, n_steps)

    def forecast_next(self, panel, futures, n_steps, *, is_other=False):
        """Forecast what follows the last row of each series.

        Parameters
        ----------
        panel : Panel

        futures : list of ndarray of shape (>= 1, n_known_ahead), or None
            Covariates known ahead, of the steps that follow each series; where they end early, the
            last stand for the rest.

        n_steps : int

        is_other : bool, default=False
            Whether these are other series than were fitted: their scales are learned from the rows
            that they have.

        Returns
        -------
        forecasts : Forecasts
        """
        w = self.window_length_
        y, X, _, ends = panel.parts()
        rows = ends[:, np.newaxis] + np.arange(-w, 0)
        x = np.concatenate([X[rows], self._covariates_ahead(panel, futures, n_steps)], axis=1)
        unit_ids = np.arange(len(panel) * self.n_split_)
        histories = self._split(self._logged(y[rows])), np.repeat(x, self.n_split_, axis=0)
        if not is_other:
            return Forecasts(*self.model_.forecast(*histories, unit_ids, n_steps), unit_ids)
        of_units, _, offsets, _ = self._units(panel)
        normalizer = Normalizer(self.normalize).fit(of_units, offsets, self.n_ahead)
        values, scale = self.model_.forecast(*histories, unit_ids, n_steps, normalizer)
        still = normalizer.is_constant_[:, np.newaxis]
        return Forecasts(values, np.where(still, 0, scale), np.full(len(unit_ids), -1))

    def _covariates_ahead(self, panel, futures, n_steps):
        """Return the covariates of the steps after each series, the last where none is known."""
        n_reach = self._reach(n_steps)
        ahead = np.empty((len(panel), n_reach, len(self.is_ahead_)))
        if not len(self.is_ahead_):
            return ahead
        for i, series in enumerate(panel.series):
            ahead[i] = _last_known(series.X)
            if futures is not None:
                future = futures[i]
                steps = np.minimum(np.arange(n_reach), len(future) - 1)
                ahead[i][:, self.is_ahead_] = future[steps]
        return ahead

    def values(self, forecasts):
        """Return forecasts on the scale of the series, (n_series, n_steps, n_columns)."""
        return self._joined(self._unlogged(forecasts.values))

    def interval(self, forecasts, coverage):
        """Return lower and upper bounds, each in the shape of :meth:`values`."""
        values, _, unit_ids = forecasts
        half_width = self.errors_.half_width(coverage, unit_ids)[:, : values.shape[1]]
        half_width = half_width * self._as_calibrated(forecasts)
        bounds = values - half_width, values + half_width
        return tuple(self._joined(self._unlogged(bound)) for bound in bounds)

    def quantiles(self, forecasts, levels):
        """Return values at levels, shape (n_series, n_steps, n_columns, n_levels)."""
        values, _, unit_ids = forecasts
        errors = [self.errors_.quantile(level, unit_ids)[:, : values.shape[1]] for level in levels]
        scale = self._as_calibrated(forecasts)
        found = [self._joined(self._unlogged(values + error * scale)) for error in errors]
        return np.stack(found, axis=-1)

    def _as_calibrated(self, forecasts):
        """Measure the scale of histories with that on which errors were measured."""
        _, scale, unit_ids = forecasts
        if len(unit_ids) and unit_ids[0] < 0:
            return scale
        normalizer = self.model_.normalizer_
        final = normalizer.scale_[unit_ids][:, np.newaxis]
        calibrated = self.error_scale_[unit_ids]
        calibrated = np.where(np.isnan(calibrated), final, calibrated)
        still = normalizer.is_constant_[unit_ids][:, np.newaxis]
        return np.where(still, 0, scale * calibrated / final)

    def check_reach(self, n_steps):
        """Refuse intervals that there are no errors for."""
        if self.errors_ is None:
            raise NoIntervalError(
                "This forecaster has no intervals: "
                + (
                    "it was fitted with interval_method=None. Set it to 'conformal'."
                    if self.interval_method is None
                    else "the series was too short to hold back a calibration part. Shorten "
                    "window_length or horizon, or give more values."
                )
            )
        n_calibrated = self.errors_.errors.shape[1]
        if n_steps > n_calibrated:
            raise NoIntervalError(
                f"Intervals reach {n_calibrated} steps ahead, the horizon that was fitted, not "
                f"{n_steps}. Fit with horizon={n_steps}."
            )


def _last_known(values):
    """Return the last value of each column that is not missing, shape (1, n_columns)."""
    rows = np.where(np.isfinite(values), np.arange(len(values))[:, np.newaxis], -1).max(axis=0)
    return values[rows, np.arange(values.shape[1])][np.newaxis]
