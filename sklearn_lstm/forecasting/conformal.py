"""Split-conformal bounds from the errors of a calibration part."""

from __future__ import annotations

from functools import cache, partial
from math import ceil

import numpy as np


class NoIntervalError(ValueError):
    """There are too few errors, or none, for the interval that is asked for."""


class ConformalErrors:
    """Errors of forecasts whose truth was held back, each on the scale of its own history.

    Parameters
    ----------
    errors : ndarray of shape (n_errors, n_steps, n_columns)
        Truth minus forecast, divided by the scale of the history. NaN where there was none.

    series_ids : ndarray of shape (n_errors,) or None
        Number of the series that each belongs to, where each has a model of its own. A series is
        then judged by its own errors, or by all where it has too few. None: always by all.

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

    def __init__(self, errors, series_ids=None):
        self.errors = errors
        self.series_ids = series_ids

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

        def statistic(errors):
            rank = partial(_rank_above, level=coverage)
            return _order_statistic(np.abs(errors), rank, f"{coverage=}")

        return self._of_each(series_ids, statistic)

    def quantile(self, level, series_ids):
        """Return the errors at a level between 0 and 1, in the shape of :meth:`half_width`."""

        def rank(n):
            return n + 1 - _rank_above(n, 1 - level) if level < 0.5 else _rank_above(n, level)

        return self._of_each(
            series_ids, lambda errors: _order_statistic(errors, rank, f"quantile {level}")
        )

    def _of_each(self, series_ids, statistic):
        if self.series_ids is None:
            return statistic(self.errors)[np.newaxis]
        statistic_of_all = cache(lambda: statistic(self.errors))
        asked, places = np.unique(series_ids, return_inverse=True)
        order = np.argsort(self.series_ids, kind="stable")
        in_order = self.series_ids[order]
        bounds = (np.searchsorted(in_order, asked, side) for side in ("left", "right"))
        found = []
        for begin, end in zip(*bounds, strict=True):
            try:
                found.append(statistic(self.errors[order[begin:end]]))
            except NoIntervalError:
                found.append(statistic_of_all())
        return np.stack(found)[places]


def _rank_above(n, level):
    return ceil(round((n + 1) * level, 9))


def _fewest(rank_of):
    """Return the number of errors from which on one of them has the rank."""
    return next(n for n in range(1, 10**6) if 1 <= rank_of(n) <= n)


def _order_statistic(errors, rank_of, asked):
    ordered = np.sort(errors, axis=0)  # NaN last
    n_known = np.isfinite(errors).sum(axis=0)
    result = np.empty(errors.shape[1:])
    for place in np.ndindex(*result.shape):
        n = int(n_known[place])
        rank = rank_of(n)
        if not 1 <= rank <= n:
            raise NoIntervalError(
                f"{asked} is too extreme for {n} calibration errors at step {place[0] + 1}: it "
                f"needs {_fewest(rank_of)}. Ask for less, give more values, or raise "
                "calibration_fraction."
            )
        result[place] = ordered[(rank - 1, *place)]
    return result
