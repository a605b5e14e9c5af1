"""Forecasts of members from origins whose truth was held back: for weights, and for intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from .._callbacks import subtasks
from ..windows.rows import joined_ranges
from .defaults import count_windows
from .member import ForecastMember
from .window_model import NoWindowError

MOST_ORIGINS_JUDGED = 20_000  # by which a share of 90 % is known to 0.2 %, and errors stay small
# Forecasts of each member, 32 MB, where there are several; and of one by itself.
MOST_VALUES_JUDGED, MOST_VALUES_OF_ONE = 4_000_000, 20_000_000
# Few rows are held back in several parts, each forecast by what was learned before it: of the last
# fifth alone, all origins of a short series see the same few months.
MOST_FOLDS, STEPS_OF_ONE_FOLD = 4, 2000
MOST_WINDOWS_OF_FOLDS = 50_000  # that would take long to learn from several times
SHARE_OF_FOLDS = 0.5  # of the windows, held back part by part
FEWEST_ORIGINS_OF_FOLD = 3
FEWEST_WINDOWS = 3  # from which a member, one of several, learns anything


@dataclass(frozen=True)
class HeldBack:
    """What members forecast of a calibration part, and what came true.

    Attributes
    ----------
    values : ndarray of shape (n_members, n_origins, n_steps, n_columns) or \
            (n_members, n_origins, n_steps, n_columns, n_levels)
        Origins in the order of time. NaN where a member has no forecast.

    scale : ndarray of shape (n_members, n_origins, 1, n_columns)

    truth : ndarray of shape (n_origins, n_steps, n_columns)

    series_ids : ndarray of shape (n_origins,)

    n_known : ndarray of int, shape (n_origins,)
        How many rows of its series come before each origin.

    error_scales : list of ndarray of shape (n_series, n_columns), or None
        For each member, the scale of the series as it was last learned; None where it never
        learned.
    """

    values: np.ndarray
    scale: np.ndarray
    truth: np.ndarray
    series_ids: np.ndarray
    n_known: np.ndarray
    error_scales: list

    def of_members(self, chosen):
        """Return what some of the members forecast, given by their numbers."""
        return replace(self, values=self.values[chosen], scale=self.scale[chosen])

    def errors(self):
        """Return truth minus forecast in units of the scale, in the shape of ``values``."""
        of_levels = (1,) * (self.values.ndim - self.scale.ndim)
        truth, scale = (of.reshape(*of.shape, *of_levels) for of in (self.truth, self.scale))
        with np.errstate(divide="ignore", invalid="ignore"):
            errors = (truth - self.values) / scale
        still = (self.scale == 0).all(axis=(0, 1, 2))
        for column in np.flatnonzero(still):
            if (truth[:, :, column] == self.values[:, :, :, column]).all():
                errors[:, :, :, column] = 0.0
        return np.where(np.isfinite(errors), errors, np.nan)

    def by_origin(self):
        """Return the mean absolute error of each member at each origin, on one scale for all.

        It is that of the first member that has one.
        """
        first = np.isfinite(self.scale).all(axis=(2, 3)).argmax(axis=0)
        scale = self.scale[first, np.arange(len(first))]
        with np.errstate(divide="ignore", invalid="ignore"):
            errors = np.abs(self.truth - self.values) / scale
        errors = np.where(np.isfinite(errors), errors, np.nan)
        known = np.isfinite(errors)
        counts = known.sum(axis=(2, 3))
        total = np.where(known, errors, 0).sum(axis=(2, 3))
        with np.errstate(invalid="ignore"):
            return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def hold_back(panel, settings, task, horizon, fraction, seed, *, is_folded=None):
    """Learn from the first part of a panel, or from several, and forecast what follows.

    Parameters
    ----------
    panel : Panel

    settings : list of MemberSettings
        One, if it predicts quantiles.

    task : Task

    horizon : int

    fraction : float
        Share of the windows, the last ones, whose forecasts are compared with the truth.

    seed : int or None

    is_folded : bool, default=None
        Whether several parts are held back where rows are few; None: if there are several members,
        whose weights these are for.

    Returns
    -------
    held_back : HeldBack or None
        None where no series is long enough.
    """
    needed = min(one.window_length for one in settings)
    is_folded = len(settings) > 1 if is_folded is None else is_folded
    cuts = _cuts(panel, needed, horizon, fraction, n_folds=MOST_FOLDS if is_folded else 1)
    folds = []
    with subtasks("calibration", len(cuts) * len(settings)):
        for n_before, n_until in pairwise([*cuts, None]):
            fold = _fold(panel, settings, task, horizon, n_before, n_until, seed)
            if fold is not None:
                folds.append(fold)
    if not folds:
        return None
    values, scale, truth, series_ids, n_known, scales = zip(*folds, strict=True)
    last_scales = [
        next((scale for scale in reversed(of_member) if scale is not None), None)
        for of_member in zip(*scales, strict=True)
    ]
    return HeldBack(
        np.concatenate(values, axis=1),
        np.concatenate(scale, axis=1),
        np.concatenate(truth),
        np.concatenate(series_ids),
        np.concatenate(n_known),
        last_scales,
    )


def _cuts(panel, window_length, horizon, fraction, n_folds):
    """Return how many rows of each series come before each part that is held back."""
    times, counts = panel.calendars.distinct_times(window_length - 1, horizon)
    if not len(times):
        return []
    n_before = np.cumsum(counts)
    n_windows = n_before[-1]
    last = min(int((1 - fraction) * n_windows), n_windows - 1)
    n_folds = min(n_folds, max(1, STEPS_OF_ONE_FOLD // len(times)))
    n_folds = n_folds if n_windows <= MOST_WINDOWS_OF_FOLDS else 1
    first = last
    if n_folds > 1:
        first = max(int((1 - SHARE_OF_FOLDS) * n_windows), horizon + FEWEST_WINDOWS)
        first = min(first, last)
        n_held_back = len(times) - _place(n_before, first)
        n_folds = min(n_folds, max(1, int(n_held_back) // FEWEST_ORIGINS_OF_FOLD))
    numbers = first + (n_windows - first) * np.arange(n_folds) // n_folds
    begins = [times[_place(n_before, number)] for number in numbers]
    return list(panel.calendars.n_known(begins).T)


def _place(n_before, number):
    return np.searchsorted(n_before, number, side="right")


def _fold(panel, settings, task, horizon, n_before, n_until, seed):
    """Learn from the rows before a part, and forecast from the origins in it."""
    needed = min(one.window_length for one in settings) + task.n_ahead
    is_known = n_before >= needed
    before = panel.keep(is_known).until(n_before[is_known])
    is_known[is_known] = before.reduced(np.logical_or, np.isfinite(before.y)).all(axis=1)
    if not is_known.any():
        return None
    part, n_before = panel.keep(is_known), n_before[is_known]
    before = part.until(n_before)
    ends = part.lengths - horizon + 1
    if n_until is not None:
        ends = np.minimum(ends, n_until[is_known])
    n_origins = np.maximum(ends - n_before, 0)
    series_ids = np.repeat(np.arange(len(part)), n_origins)
    n_known = joined_ranges(n_before, n_origins).astype(np.intp)
    is_separate = any(one.columns == "separate" for one in settings)
    n_levels = max(1, len(settings[0].levels or ()))
    most_values = MOST_VALUES_JUDGED if len(settings) > 1 else MOST_VALUES_OF_ONE
    n_values = horizon * part.y_all.shape[1] * n_levels
    most = min(MOST_ORIGINS_JUDGED, 1 + most_values // n_values)
    series_ids, n_known = _sample(series_ids, n_known, most, is_separate, seed)
    order = np.argsort(clock(part, series_ids, n_known), kind="stable")
    series_ids, n_known = series_ids[order], n_known[order]
    rows = (part.starts[series_ids] + n_known)[:, np.newaxis] + np.arange(horizon)
    truth = part.y_all[rows]
    of_levels = (len(settings[0].levels),) if settings[0].levels else ()
    values = np.full((len(settings), *truth.shape, *of_levels), np.nan)
    scales = np.full((len(settings), len(truth), 1, truth.shape[2]), np.nan)
    of_series: list = [None] * len(settings)
    for i, of_member in enumerate(settings):
        member = _learned(before, of_member, task, seed, is_one=len(settings) == 1)
        if member is None:
            continue
        values[i], scales[i] = member.forecast_from(part, series_ids, n_known, horizon)[:2]
        of_series[i] = np.full((len(panel), truth.shape[2]), np.nan)
        of_series[i][is_known] = member.scale
    return values, scales, truth, np.flatnonzero(is_known)[series_ids], n_known, of_series


def _learned(before, settings, task, seed, *, is_one):
    """Return a member that has learned from some rows, None where they are too few for it."""
    if not is_one:
        room = int(before.lengths.max()) - task.n_ahead - FEWEST_WINDOWS + 1
        settings = settings.fitting(room)
        if count_windows(before, settings.window_length, task.n_ahead) < FEWEST_WINDOWS:
            return None
    try:
        return ForecastMember(settings, task).fit(before, seed, may_lack_windows=True)
    except NoWindowError:
        return None


def clock(panel, series_ids, n_known):
    """Return when origins are, in steps: by one clock for all series on one grid.

    Where there are several grids, in steps before the end of each series.
    """
    calendars = panel.calendars
    if len(calendars.grids) == 1:
        return calendars.begins[series_ids] + n_known
    return n_known - calendars.n_steps[series_ids]


def _sample(series_ids, n_known, n_drawn, is_separate, seed):
    """Draw some of very many origins; where each series is judged by itself, of each."""
    if is_separate:
        n_drawn *= int(series_ids.max(initial=0)) + 1
    if len(series_ids) <= n_drawn:
        return series_ids, n_known
    rng = np.random.default_rng([0 if seed is None else seed, 1])
    drawn = np.sort(rng.choice(len(series_ids), n_drawn, replace=False, shuffle=False))
    return series_ids[drawn], n_known[drawn]
