"""One member of a forecast: a regressor, its window, how it is normalised, what it sees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from .._sklearn_private import set_random_states
from ..windows.rows import joined_ranges
from .calendar_features import CalendarFeatures
from .check_regressor import completed
from .local_models import LocalModels
from .normalize import Normalizer
from .protocols import SeriesModel
from .window_model import WindowModel

# Values of histories and covariates that are written out together, 64 MB.
VALUES_AT_ONCE = 2**23


class Forecasts(NamedTuple):
    """Forecasts of series.

    Attributes
    ----------
    values : ndarray of shape (n_origins, n_steps, n_columns) or \
            (n_origins, n_steps, n_columns, n_levels)
        Logarithms where these are forecast; of a member that predicts quantiles, all of these.

    scale : ndarray of shape (n_origins, 1, n_columns)
        By which errors of different series, and of different times, can be compared. 0 of what
        never changed.

    series_ids : ndarray of shape (n_origins,)
        Number of the series that was fitted, -1 of another.

    of_quantiles : Forecasts or None
        Those of quantiles, if intervals are found by these.

    longest : ndarray of int, shape (n_origins,), or None
        Of a mean, steps of the longest window among the members that had a forecast.
    """

    values: np.ndarray
    scale: np.ndarray
    series_ids: np.ndarray
    of_quantiles: Any = None
    longest: Any = None

    @property
    def judged(self):
        """Forecasts : Those whose errors intervals go by."""
        return self if self.of_quantiles is None else self.of_quantiles

    @property
    def is_broken(self):
        """ndarray of bool, shape (n_origins, n_columns) : Where some step has no forecast."""
        broken = np.isnan(self.values).any(axis=(1, *range(3, self.values.ndim)))
        return broken if self.of_quantiles is None else broken | self.of_quantiles.is_broken

    def errors(self, truth):
        """Return truth minus forecast in units of the scale, NaN where that is not known.

        Parameters
        ----------
        truth : ndarray of shape (n_origins, n_steps, n_columns)
            Logarithms where these are forecast.

        Returns
        -------
        errors : ndarray in the shape of ``values``
        """
        of_levels = (1,) * (self.values.ndim - truth.ndim)
        truth, scale = (of.reshape(*of.shape, *of_levels) for of in (truth, self.scale))
        with np.errstate(divide="ignore", invalid="ignore"):
            errors = (truth - self.values) / scale
        return np.where(np.isfinite(errors), errors, np.nan)


@dataclass(frozen=True)
class MemberSettings:
    """What makes a member another one than the next.

    Parameters
    ----------
    name : str
        Such as ``"long LSTM"``.

    regressor : estimator
        It is cloned.

    window_length : int

    normalize : {"last", "window", "standard", "minmax"} or None

    columns : {"joint", "shared", "separate"}

    calendar : CalendarFeatures

    sees_covariates : bool, default=True

    max_windows : int, default=None
        As for :class:`.window_model.WindowModel`.

    season_length : int, default=None
        By which the window is shortened where rows are few; None: it is not.

    reason : str, default=""
        Why this window, in words.

    levels : tuple of float, default=()
        Of the quantiles that the regressor predicts; empty: it predicts values.
    """

    name: str
    regressor: Any
    window_length: int
    normalize: str | None
    columns: str
    calendar: CalendarFeatures
    sees_covariates: bool = True
    max_windows: int | None = None
    season_length: int | None = None
    reason: str = ""
    levels: tuple = ()

    def fitting(self, room):
        """Return the same with whole seasons less in its window, if it has no more room."""
        if self.season_length is None or self.window_length <= room:
            return self
        n_seasons = max(1, room // self.season_length)
        return replace(self, window_length=n_seasons * self.season_length)


@dataclass(frozen=True)
class Task:
    """What all members of a forecast have in common.

    Parameters
    ----------
    n_ahead : int
        Steps that a regressor predicts at once.

    is_ahead : ndarray of bool, shape (n_covariates,)
        Which covariates are known ahead.

    fills : bool
        Whether missing values within a window are interpolated.

    n_jobs : int or None
    """

    n_ahead: int
    is_ahead: np.ndarray
    fills: bool
    n_jobs: int | None

    def reach(self, n_steps):
        """Return how many steps the blocks of a regressor take to come so far."""
        return ceil(n_steps / self.n_ahead) * self.n_ahead


class ForecastMember:
    """Learns from a panel by a regressor, and forecasts its series from any origin.

    Parameters
    ----------
    settings : MemberSettings
    task : Task
    """

    def __init__(self, settings, task):
        self.settings = settings
        self.task = task

    def __repr__(self):
        settings = self.settings
        return f"{settings.name} on windows of {settings.window_length} steps"

    @property
    def is_ahead(self):
        """ndarray of bool : Which of the covariates that it sees are known ahead."""
        return self.task.is_ahead if self.settings.sees_covariates else np.empty(0, dtype=bool)

    def fit(self, panel, seed, *, may_lack_windows=False):
        """Learn from all rows of a panel.

        Parameters
        ----------
        panel : Panel

        seed : int or None
            None leaves every ``random_state`` as it is.

        may_lack_windows : bool, default=False
            Whether a series without a whole window is forecast as NaN, where each has a regressor
            of its own.
        """
        settings = self.settings
        self.n_split_ = 1 if settings.columns == "joint" else panel.y_all.shape[1]
        regressor = completed(settings.regressor)
        if seed is not None:
            set_random_states(regressor, seed)
        model: SeriesModel = WindowModel(
            regressor,
            window_length=settings.window_length,
            n_ahead=self.task.n_ahead,
            normalize=settings.normalize,
            is_ahead=self.is_ahead,
            fills=self.task.fills,
            n_calendar=settings.calendar.n_features,
            max_windows=settings.max_windows,
            n_levels=len(settings.levels) or None,
        )
        if settings.columns == "separate":
            model = LocalModels(
                model, panel.titles, n_jobs=self.task.n_jobs, may_lack_windows=may_lack_windows
            )
        self.model_ = model.fit(*self.in_units(panel))
        self.error_scale_ = None
        return self

    def in_units(self, panel):
        """Return values, covariates, offsets and times of each unit, end to end.

        A unit is a series, or a column of one where columns are forecast each by itself.
        """
        y, X, offsets = panel.stacked()
        X = X if self.settings.sees_covariates else X[:, :0]
        if self.settings.calendar.n_features:
            X = np.concatenate([X, self.settings.calendar.of_rows(panel.calendars)], axis=1)
        if self.n_split_ == 1:
            return y, X, offsets, panel.times() if len(panel) > 1 else None
        lengths = np.repeat(panel.lengths, self.n_split_)
        rows = joined_ranges(np.repeat(offsets[:-1], self.n_split_), lengths)
        column = np.repeat(np.tile(np.arange(self.n_split_), len(panel)), lengths)
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        return y[rows, column][:, np.newaxis], X[rows], offsets, panel.times()[rows]

    @property
    def scale(self):
        """ndarray of shape (n_series, n_columns) : The scale of each series; NaN of constant ones.

        Not of its windows, which may have their own.
        """
        normalizer = self.model_.normalizer_
        scale = np.where(normalizer.is_constant_, np.nan, normalizer.scale_)
        return self._joined(scale[:, np.newaxis])[:, 0]

    def measure_on(self, scale):
        """Take another scale of each series for the unit of errors, that on which they were found.

        Parameters
        ----------
        scale : ndarray of shape (n_series, n_columns)
            NaN where it was not known.
        """
        self.error_scale_ = scale

    def forecast_from(self, panel, series_ids, n_known, n_steps):
        """Forecast from origins in the past, many but not all at once.

        Parameters
        ----------
        panel : Panel
            The series that were fitted, with rows after these.

        series_ids : ndarray of int, shape (n_origins,)
            Number of the series of each origin.

        n_known : ndarray of int, shape (n_origins,)
            How many of its rows are known. Where these are fewer than a window has, the rest of it
            is missing.

        n_steps : int

        Returns
        -------
        forecasts : Forecasts
        """
        values, scale = self._predict(panel, series_ids, n_known, n_steps)
        return self._forecasts(values, scale, series_ids)

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
        series_ids = np.arange(len(panel))
        ahead = self._covariates_ahead(panel, futures, n_steps)
        if not is_other:
            values, scale = self._predict(panel, series_ids, panel.lengths, n_steps, ahead)
            return self._forecasts(values, scale, series_ids)
        of_units, _, offsets, _ = self.in_units(panel)
        normalizer = Normalizer(self.settings.normalize).fit(of_units, offsets, self.task.n_ahead)
        values, scale = self._predict(panel, series_ids, panel.lengths, n_steps, ahead, normalizer)
        scale = np.where(normalizer.is_constant_[:, np.newaxis], 0, scale)
        return Forecasts(self._joined(values), self._joined(scale), np.full(len(panel), -1))

    def _predict(self, panel, series_ids, n_known, n_steps, ahead=None, normalizer=None):
        """Return forecasts of units and their scale, many but not all at once."""
        n_features = 1 + len(self.is_ahead) + self.settings.calendar.n_features
        n_rows = self.settings.window_length + self.task.reach(n_steps)
        n_at_once = max(1, VALUES_AT_ONCE // (panel.y_all.shape[1] * n_rows * n_features))
        parts = []
        for begin in range(0, max(len(series_ids), 1), n_at_once):
            block = slice(begin, begin + n_at_once)
            values, covariates, unit_ids = self._histories(
                panel, series_ids[block], n_known[block], n_steps,
                None if ahead is None else ahead[block],
            )  # fmt: skip
            part = self.model_.forecast(values, covariates, unit_ids, n_steps, normalizer)
            parts.append(part)
        values, scale = map(np.concatenate, zip(*parts, strict=True))
        return values, scale

    def _forecasts(self, values, scale, series_ids):
        """Put units side by side, and measure their scale as errors are measured."""
        values, scale = self._joined(values), self._joined(scale)
        final = self.scale[series_ids][:, np.newaxis]
        # A window's own scale is in units of the values, whatever was learned of the series.
        if self.error_scale_ is not None and self.settings.normalize != "window":
            measured = self.error_scale_[series_ids][:, np.newaxis]
            scale = scale * (np.where(np.isnan(measured), final, measured) / final)
        return Forecasts(values, np.where(np.isnan(final), 0, scale), series_ids)

    def _histories(self, panel, series_ids, n_known, n_steps, ahead=None):
        """Return the last values before origins, covariates, and the number of each unit.

        Parameters
        ----------
        ahead : ndarray of shape (n_origins, n_reach, n_covariates), default=None
            Covariates of the steps that follow; None: the panel has them.
        """
        w, n_reach = self.settings.window_length, self.task.reach(n_steps)
        y, X, starts, ends = panel.parts()
        steps = n_known[:, np.newaxis] + np.arange(-w, n_reach)
        rows = starts[series_ids][:, np.newaxis] + np.maximum(steps, 0)
        histories = y[rows[:, :w]]
        # Nothing lies before a series. A window that is filled with its first value, as holes are
        # with their neighbours, would be of a kind that was never learned from.
        histories[n_known < w] = np.nan
        x = self._covariates(X, np.minimum(rows, ends[series_ids][:, np.newaxis] - 1), ahead)
        if self.settings.calendar.n_features:
            places = panel.calendars.begins[series_ids][:, np.newaxis] + steps
            calendar = self.settings.calendar.at(panel.calendars, series_ids, places)
            x = np.concatenate([x, calendar], axis=2)
        unit_ids = (series_ids[:, np.newaxis] * self.n_split_ + np.arange(self.n_split_)).ravel()
        histories = histories if self.n_split_ == 1 else split_columns(histories)
        return histories, np.repeat(x, self.n_split_, axis=0), unit_ids

    def _covariates(self, X, rows, ahead):
        w = self.settings.window_length
        if not self.settings.sees_covariates:
            return np.empty((*rows.shape, 0))
        if ahead is not None:
            return np.concatenate([X[rows[:, :w]], ahead], axis=1)
        x = X[rows]
        x[:, w:, ~self.is_ahead] = x[:, w - 1 : w, ~self.is_ahead]
        return x

    def _covariates_ahead(self, panel, futures, n_steps):
        """Return the covariates of the steps after each series, the last where none is known."""
        n_reach, is_ahead = self.task.reach(n_steps), self.task.is_ahead
        ahead = np.empty((len(panel), n_reach, len(is_ahead)))
        if not len(is_ahead):
            return ahead
        for i, series in enumerate(panel.series):
            ahead[i] = _last_known(series.X)
            if futures is not None:
                future = futures[i]
                steps = np.minimum(np.arange(n_reach), len(future) - 1)
                ahead[i][:, is_ahead] = future[steps]
        return ahead

    def _joined(self, values):
        return values if self.n_split_ == 1 else join_columns(values, self.n_split_)


def split_columns(values):
    """Make each column a unit: from (n, n_steps, n_columns) to (n * n_columns, n_steps, 1).

    What comes after the columns, such as levels of quantiles, stays.
    """
    n_steps, rest = values.shape[1], values.shape[3:]
    return np.swapaxes(values, 1, 2).reshape(-1, n_steps, 1, *rest)


def join_columns(values, n_columns):
    """Bring units back side by side: from (n * n_columns, n_steps, 1) to (n, n_steps, n_columns).

    What comes after the columns stays.
    """
    n_steps, rest = values.shape[1], values.shape[3:]
    return np.swapaxes(values.reshape(-1, n_columns, n_steps, *rest), 1, 2)


def _last_known(values):
    """Return the last value of each column that is not missing, shape (1, n_columns)."""
    rows = np.where(np.isfinite(values), np.arange(len(values))[:, np.newaxis], -1).max(axis=0)
    return values[rows, np.arange(values.shape[1])][np.newaxis]
