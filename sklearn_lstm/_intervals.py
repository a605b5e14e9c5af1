"""Split-conformal bounds from the errors of a calibration part."""

from __future__ import annotations

from math import ceil

import numpy as np


class NoIntervalError(ValueError):
    """There are too few errors, or none, for the interval that is asked for."""


class ConformalErrors:
    """Errors of forecasts whose truth was held back, each on the scale of its own history.

    Parameters
    ----------
    errors : ndarray of shape (n_errors, n_steps, n_columns)
        Truth minus forecast, divided by the spread of the history. NaN where there was none.

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

    def __init__(self, errors):
        self.errors = errors

    def radius(self, coverage):
        """Return the half width that covers a share of the errors, shape (n_steps, n_columns)."""
        return _order_statistic(
            np.abs(self.errors), lambda n: ceil(round((n + 1) * coverage, 9)), f"{coverage=}"
        )

    def quantile(self, level):
        """Return the error at a level between 0 and 1, shape (n_steps, n_columns)."""

        def rank(n):
            if level < 0.5:
                return n + 1 - rank_above(n, 1 - level)
            return rank_above(n, level)

        def rank_above(n, level):
            return ceil(round((n + 1) * level, 9))

        return _order_statistic(self.errors, rank, f"quantile {level}")


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
