"""Split-conformal bounds from the errors of a calibration part, which may move along in time."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict, deque
from copy import copy
from functools import cache, partial
from itertools import chain
from math import ceil, floor

import numpy as np


class NoIntervalError(ValueError):
    """There are too few errors, or none, for the interval that is asked for."""


class _Calibration:
    """Errors in order of time, each step and column judged by its own, and series by theirs."""

    def __init__(self, errors, series_ids=None):
        self.errors = errors
        self.series_ids = series_ids

    def extended(self, errors, series_ids=None, *, n_kept=None):
        """Return a calibration that knows newer errors, too, and has dropped the oldest.

        Parameters
        ----------
        errors : ndarray of shape (n_new, n_steps, n_columns, ...)
            In order of time, on the scale of their own histories. NaN where the truth is not known
            yet. Steps are judged apart, so a row may hold errors of several origins, such as all
            that one new value made known; but each error is to be given once.

        series_ids : ndarray of shape (n_new,), default=None
            Number of the series that each belongs to, where series are judged by themselves.

        n_kept : int, default=None
            Newest known errors that are kept of each step and column, of each series where these
            are judged by themselves. None keeps all.

        Returns
        -------
        calibration : of the same class
            This one is left as it is.
        """
        self._check_ids(series_ids)
        calibration = copy(self)
        errors = np.concatenate([self.errors, errors])
        if series_ids is None:
            calibration.errors = _newest(errors, n_kept)
            return calibration
        ids = np.concatenate([self.series_ids, series_ids])
        kept = {i: _newest(errors[ids == i], n_kept) for i in np.unique(ids)}
        calibration.errors = np.concatenate(list(kept.values()))
        calibration.series_ids = np.repeat(list(kept), [len(part) for part in kept.values()])
        return calibration

    def quantile(self, level, series_ids):
        """Return the errors at a level between 0 and 1, one for each step and column.

        Parameters
        ----------
        level : float
        series_ids : ndarray of shape (n_forecasts,)
            Number of the series that is forecast.

        Returns
        -------
        errors : ndarray of shape (n_forecasts or 1, n_steps, n_columns)
            Of what :meth:`at_level` forecasts.
        """

        sign, beyond, asked = _one_side(level)
        return sign * self._of_each(
            series_ids, sign * self.at_level(self.errors, level), beyond, asked
        )

    def at_level(self, values, level):
        """Return values as they are: one forecast stands for all levels."""
        return values

    def rolling_quantile(self, level, errors, origins, series_ids=None, *, n_kept=None):
        """Return the errors at a level that each of many origins would have had.

        See :meth:`ConformalErrors.rolling_half_width`, and :meth:`quantile`.
        """
        sign, beyond, asked = _one_side(level)
        known, new = (sign * self.at_level(of, level) for of in (self.errors, errors))
        return sign * self._rolling(beyond, known, new, origins, series_ids, n_kept, asked)

    def _check_ids(self, series_ids):
        if (series_ids is None) != (self.series_ids is None):
            raise ValueError(
                f"series_ids={series_ids!r}, but this calibration "
                + (
                    "judges all series together: leave it out."
                    if self.series_ids is None
                    else "judges each series by itself: say which one each error belongs to."
                )
            )

    def _of_each(self, series_ids, scores, level, asked):
        """Return the order statistic of scores for each forecast.

        Where a series has too few scores of its own, that of all series stands for it, unless its
        own largest lies beyond: more coverage never means less width.
        """
        if self.series_ids is None:
            return _order_statistic(scores, level, asked)[np.newaxis]
        of_all = cache(lambda: _order_statistic(scores, level, asked))
        series, places = np.unique(series_ids, return_inverse=True)
        order = np.argsort(self.series_ids, kind="stable")
        in_order = self.series_ids[order]
        bounds = (np.searchsorted(in_order, series, side) for side in ("left", "right"))
        found = []
        for begin, end in zip(*bounds, strict=True):
            own, largest = _ranked(scores[order[begin:end]], level)
            is_short = np.isnan(own)
            found.append(
                np.where(is_short, np.fmax(of_all(), largest), own) if is_short.any() else own
            )
        return np.stack(found)[places]

    def _rolling(self, level, known, new, origins, series_ids, n_kept, asked):
        """Return the order statistic of scores at each origin, for :meth:`rolling_half_width`."""
        self._check_ids(series_ids)
        rank_of = partial(_rank_above, level=level)
        if n_kept is not None and rank_of(n_kept) > n_kept:
            raise _too_extreme(asked, level, n_kept, " that are kept")
        together = self.series_ids is None
        of_known = np.zeros(len(known), int) if together else self.series_ids
        of_new = np.zeros(len(new), int) if together else np.asarray(series_ids)
        found = np.empty(new.shape)
        for step, column in np.ndindex(*new.shape[1:]):
            place = (slice(None), step, column)
            newest = _Newest(n_kept, of_known, known[place])
            found[place] = _at_origins(
                newest, of_new, new[place], np.asarray(origins), step + 1, rank_of
            )
        return found


class ConformalErrors(_Calibration):
    """Errors of forecasts whose truth was held back, each on the scale of its own history.

    Parameters
    ----------
    errors : ndarray of shape (n_errors, n_steps, n_columns)
        Truth minus forecast, divided by the scale of the history. NaN where there was none.

    series_ids : ndarray of shape (n_errors,) or None
        Number of the series that each belongs to, where each has a model of its own. A series is
        then judged by its own errors. Where these are too few it is judged by those of all series,
        or by its own largest if that lies beyond. None: always by all.

    Notes
    -----
    If the errors to come are exchangeable with these, the k-th smallest of n absolute errors with
    ``k = ceil((n + 1) * coverage)`` covers at least ``coverage`` of them [1]_. Time series drift,
    so that this is approximate: a backtest tells how far.

    References
    ----------
    .. [1] J. Lei, M. G'Sell, A. Rinaldo, R. Tibshirani, L. Wasserman, "Distribution-free predictive
       inference for regression", JASA 113(523), 2018, :doi:`10.1080/01621459.2017.1307116`.
    """

    def half_width(self, coverage, series_ids):
        """Return the half widths that cover a share of the errors.

        Parameters
        ----------
        coverage : float
        series_ids : ndarray of shape (n_forecasts,)
            Number of the series that is forecast.

        Returns
        -------
        half_width : ndarray of shape (n_forecasts or 1, n_steps, n_columns)
        """
        return self._of_each(series_ids, np.abs(self.errors), coverage, f"{coverage=}")

    def interval(self, values, half_width, coverage):
        """Return lower and upper bounds of forecasts, in the units of these."""
        return values - half_width, values + half_width

    def rolling_half_width(self, coverage, errors, origins, series_ids=None, *, n_kept=None):
        """Return the half widths that each of many origins would have had.

        It is :meth:`half_width` after :meth:`extended` by all that was known at the origin: the
        error ``s`` steps from origin ``t`` is known from origin ``t + s`` on.

        Parameters
        ----------
        coverage : float
        errors : ndarray of shape (n_origins, n_steps, n_columns)
            Truth minus forecast at the origins, as those of calibration; NaN where there is none.
        origins : ndarray of int, shape (n_origins,)
            When each forecast is made, in steps, by one clock for all series. All errors of
            calibration are known by then.
        series_ids : ndarray of shape (n_origins,), default=None
            Number of the series that each belongs to, where series are judged by themselves.
        n_kept : int, default=None
            As for :meth:`extended`.

        Returns
        -------
        half_width : ndarray of shape (n_origins, n_steps, n_columns)
            NaN where too few errors were known.
        """
        known, new = np.abs(self.errors), np.abs(errors)
        return self._rolling(coverage, known, new, origins, series_ids, n_kept, f"{coverage=}")

    # By these names a forecaster asks for what goes on both sides, whatever its errors are of.
    margin, rolling_margin = half_width, rolling_half_width


class ConformalQuantiles(_Calibration):
    """Errors of predicted quantiles, by which intervals between them get their coverage [1]_.

    Parameters
    ----------
    errors : ndarray of shape (n_errors, n_steps, n_columns, n_levels)
        Truth minus predicted quantile, divided by the scale of the history. NaN where there was
        none.

    levels : sequence of float, of length n_levels
        Levels of the quantiles, in ascending order.

    series_ids : ndarray of shape (n_errors,) or None
        As for :class:`ConformalErrors`.

    Notes
    -----
    The score of a truth is how far it lies beyond the nearer of two quantiles, negative where it
    lies between them. An order statistic of the scores is added on both sides, or taken off where
    the quantiles lie too far apart: so widths still follow what was predicted.

    References
    ----------
    .. [1] Y. Romano, E. Patterson, E. Candès, "Conformalized quantile regression", NeurIPS 2019,
       arXiv:1905.03222.
    """

    def __init__(self, errors, levels, series_ids=None):
        super().__init__(errors, series_ids)
        self.levels = tuple(map(float, levels))

    def pair(self, coverage):
        """Return the places of the two levels, one as far from 0 as the other from 1, that suit.

        Of several such pairs that with the share between them nearest to ``coverage``.
        """
        levels = np.array(self.levels)
        lower, upper = np.nonzero(np.triu(np.isclose(levels[:, np.newaxis] + levels, 1), 1))
        if not len(lower):
            raise NoIntervalError(
                f"{coverage=} asks for an interval, but of the levels {self.levels} no two lie "
                "around 0.5. Predict such as quantile=[0.05, 0.5, 0.95]."
            )
        nearest = np.abs(levels[upper] - levels[lower] - coverage).argmin()
        return int(lower[nearest]), int(upper[nearest])

    def correction(self, coverage, series_ids):
        """Return what is to be added on both sides of the :meth:`pair` of quantiles.

        Parameters
        ----------
        coverage : float
        series_ids : ndarray of shape (n_forecasts,)
            Number of the series that is forecast.

        Returns
        -------
        correction : ndarray of shape (n_forecasts or 1, n_steps, n_columns)
            In units of the scale of the history. Negative where the quantiles cover more.
        """
        beyond = _beyond(self.errors, *self.pair(coverage))
        return self._of_each(series_ids, beyond, coverage, f"{coverage=}")

    def rolling_correction(self, coverage, errors, origins, series_ids=None, *, n_kept=None):
        """Return the corrections that each of many origins would have had.

        See :meth:`ConformalErrors.rolling_half_width`; ``errors`` have the shape ``(n_origins,
        n_steps, n_columns, n_levels)``.
        """
        pair = self.pair(coverage)
        known, new = _beyond(self.errors, *pair), _beyond(errors, *pair)
        return self._rolling(coverage, known, new, origins, series_ids, n_kept, f"{coverage=}")

    margin, rolling_margin = correction, rolling_correction

    def at_level(self, values, level):
        """Return of several levels, the last axis of values, that nearest to the one asked for."""
        return values[..., np.abs(np.array(self.levels) - level).argmin()]

    def interval(self, quantiles, correction, coverage):
        """Return lower and upper bounds.

        Parameters
        ----------
        quantiles : ndarray of shape (n_forecasts, n_steps, n_columns, n_levels)
        correction : ndarray of shape (n_forecasts or 1, n_steps, n_columns)
            In the units of the quantiles.
        coverage : float

        Returns
        -------
        lower, upper : ndarray of shape (n_forecasts, n_steps, n_columns)
            They meet in the middle where more would be taken off than lies between the quantiles.
        """
        lower, upper = (quantiles[..., place] for place in self.pair(coverage))
        middle = (lower + upper) / 2
        return np.minimum(lower - correction, middle), np.maximum(upper + correction, middle)


class RollingErrors:
    """Errors as they are known at each of many origins: those before are not what came later.

    Parameters
    ----------
    calibrated : ConformalErrors or ConformalQuantiles
        What was known from the beginning.

    errors, origins, series_ids : as for :meth:`ConformalErrors.rolling_half_width`

    n_kept : int

    n_asked : int
        How many of the origins, the first ones, are asked for.
    """

    def __init__(self, calibrated, errors, origins, series_ids, *, n_kept, n_asked):
        self._calibrated = calibrated
        self._stream = errors, origins, series_ids
        self._n_kept, self._n_asked = n_kept, n_asked
        self.interval, self.at_level = calibrated.interval, calibrated.at_level

    def margin(self, coverage, series_ids):
        """Return what goes on both sides of forecasts, shape (n_asked, n_steps, n_columns)."""
        rolling = self._calibrated.rolling_margin(coverage, *self._stream, n_kept=self._n_kept)
        return self._where_known(rolling, self._calibrated.margin, coverage, series_ids)

    def quantile(self, level, series_ids):
        """Return errors at a level, in the shape of :meth:`margin`."""
        rolling = self._calibrated.rolling_quantile(level, *self._stream, n_kept=self._n_kept)
        return self._where_known(rolling, self._calibrated.quantile, level, series_ids)

    def _where_known(self, rolling, before, level, series_ids):
        rolling = rolling[: self._n_asked]
        known = np.isfinite(rolling)
        return rolling if known.all() else np.where(known, rolling, before(level, series_ids))


def _beyond(errors, lower, upper):
    """Return by how much truths lie beyond the nearer of two quantiles."""
    return np.maximum(-errors[..., lower], errors[..., upper])


def _newest(errors, n_kept):
    """Move the newest known errors of each place to the last rows, and keep so many of these."""
    is_known = np.isfinite(errors)
    order = np.argsort(is_known, axis=0, kind="stable")
    n_longest = is_known.sum(axis=0).max(initial=0)
    n_rows = n_longest if n_kept is None else min(n_kept, n_longest)
    return np.take_along_axis(errors, order[len(errors) - n_rows :], axis=0)


class _Newest:
    """The newest scores of each series, and those of all series, in order of size."""

    def __init__(self, n_kept, series_ids, scores):
        self._by_age: dict[int, deque] = defaultdict(partial(deque, maxlen=n_kept))
        for series, score in _known(series_ids, scores):
            self._by_age[series].append(score)
        by_size = {series: sorted(by_age) for series, by_age in self._by_age.items()}
        self._by_size = defaultdict(list, by_size)
        self._all = sorted(chain.from_iterable(self._by_age.values()))

    def add(self, series, score):
        by_age = self._by_age[series]
        is_full = len(by_age) == by_age.maxlen
        for ordered in (self._by_size[series], self._all):
            if is_full:
                del ordered[bisect_left(ordered, by_age[0])]
            insort(ordered, score)
        by_age.append(score)  # drops the oldest, where it is full

    def ranked(self, series, rank_of):
        """Return the score of a rank, as :meth:`_Calibration._of_each` finds it; NaN without."""
        own, of_all = self._by_size[series], self._all
        rank, rank_of_all = rank_of(len(own)), rank_of(len(of_all))
        if 1 <= rank <= len(own):
            return own[rank - 1]
        if 1 <= rank_of_all <= len(of_all):
            return max([of_all[rank_of_all - 1], *own[-1:]])
        return np.nan


def _known(series_ids, scores):
    is_known = np.isfinite(scores)
    return zip(series_ids[is_known].tolist(), scores[is_known].tolist(), strict=True)


def _at_origins(newest, series_ids, scores, origins, n_ahead, rank_of):
    """Return the score of a rank at each origin, after those that are ``n_ahead`` older."""
    order = np.argsort(origins, kind="stable")
    n_known = np.searchsorted(origins[order] + n_ahead, origins, side="right")
    found, done = np.empty(len(scores)), 0
    for i in order:
        newly = order[done : n_known[i]]
        for series, score in _known(series_ids[newly], scores[newly]):
            newest.add(series, score)
        done = n_known[i]
        found[i] = newest.ranked(series_ids[i], rank_of)
    return found


def _rank_above(n, level):
    return ceil(round((n + 1) * level, 9))


def _fewest(level):
    """Return the number of errors from which on one of them stands for a level."""
    n = max(1, floor(round(level / (1 - level), 6)))
    return n if _rank_above(n, level) <= n else n + 1


def _too_extreme(asked, level, n_errors, where):
    """Return the error that says how many errors are needed, and what can be asked for.

    Parameters
    ----------
    asked : str
        What was asked for, such as ``"coverage=0.99"``.
    level : float
        The share that an order statistic is to exceed, that of a low quantile from below.
    n_errors : int
    where : str
    """
    most = floor(1e3 * n_errors / (n_errors + 1)) / 1e3
    remedy = (
        f"Ask for {most:g} or less"
        if asked.startswith("coverage")
        else (f"Ask for levels from {1 - most:.3g} to {most:g}")
    )
    return NoIntervalError(
        f"{asked} is too extreme for {n_errors} calibration errors{where}: it needs "
        f"{_fewest(level)}. {remedy if n_errors else 'Ask for less'}, give more values, or raise "
        "calibration_fraction."
    )


def _one_side(level):
    """Return by which sign, level and words an order statistic is asked for a quantile of errors.

    A low quantile of errors is, with its sign turned, a high one of errors with theirs turned.
    """
    return -1 if level < 0.5 else 1, max(level, 1 - level), f"quantiles={level:g}"


def _order_statistic(scores, level, asked):
    """Return the score that lies above a share of them, for each step and column."""
    found, _ = _ranked(scores, level)
    if np.isnan(found).any():
        step, column = np.argwhere(np.isnan(found))[0]
        n_known = int(np.isfinite(scores[:, step, column]).sum())
        raise _too_extreme(asked, level, n_known, f" at step {step + 1}")
    return found


def _ranked(scores, level):
    """Return the same, and the largest score: NaN where there are too few, or none."""
    ordered = np.sort(scores, axis=0)  # NaN last
    n_known = np.isfinite(scores).sum(axis=0)
    found, largest = np.full((2, *n_known.shape), np.nan)
    for place, n in np.ndenumerate(n_known):
        rank = _rank_above(n, level)
        if n:
            largest[place] = ordered[(n - 1, *place)]
        if 1 <= rank <= n:
            found[place] = ordered[(rank - 1, *place)]
    return found, largest
