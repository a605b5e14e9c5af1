"""The errors that intervals go by, moving along with the series: newer ones for the oldest."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from ..windows.rows import joined_ranges
from .calibration import MOST_ORIGINS_JUDGED, clock
from .conformal import RollingErrors

MOST_ERRORS_ROLLED = 250_000  # through which a backtest goes in two or three seconds
FEWEST_ROLLING = 50  # errors that stay of a backtest's that are very many


class MovingErrorsMixin:
    """What a :class:`PanelForecaster` learns about its errors after ``fit``."""

    horizon: int
    errors_: Any
    n_fitted_: np.ndarray
    by_unit_: bool
    by_series_: bool
    is_non_negative_: np.ndarray
    forecast_from: Any
    _as_judged: Any
    logged: Any

    def recalibrated(self, panel, n_before):
        """Return the same forecaster, whose errors have moved along with the series.

        Parameters
        ----------
        panel : Panel
            With rows after those that were known.

        n_before : ndarray of int, shape (n_series,)
            How many rows of each series were known.

        Returns
        -------
        forecaster : PanelForecaster
            It knows the errors of forecasts whose truth has come since, and has dropped as many
            of the oldest.
        """
        if self.errors_ is None:
            return self
        n_kept = self._n_judged()
        first = np.maximum(self.n_fitted_, n_before - self.horizon + 1)
        first = np.maximum(first, panel.lengths - self.horizon + 1 - n_kept)
        n_origins = np.where(panel.lengths > n_before, np.maximum(panel.lengths - first, 0), 0)
        if not self.by_series_:  # of very many series some tell enough
            n_origins[np.arange(len(panel)) % (1 + n_origins.sum() // MOST_ORIGINS_JUDGED) > 0] = 0
        if not n_origins.any():
            return self
        series_ids = np.repeat(np.arange(len(panel)), n_origins)
        n_known = joined_ranges(first, n_origins).astype(np.intp)
        order = np.argsort(clock(panel, series_ids, n_known), kind="stable")
        series_ids, n_known = series_ids[order], n_known[order]
        forecasts = self.forecast_from(panel, series_ids, n_known, self.horizon, for_bounds=True)
        errors = self._errors_at(panel, forecasts, series_ids, n_known, n_before)
        moved = copy(self)
        moved.errors_ = self.errors_.extended(*self._as_judged(errors, series_ids), n_kept=n_kept)
        return moved

    def _n_judged(self):
        """Return by how many errors a forecast is judged."""
        if self.by_series_:
            return int(np.bincount(self.errors_.series_ids).max())
        return len(self.errors_.errors)

    def _errors_at(self, panel, forecasts, series_ids, n_known, n_before=None):
        """Return the errors that intervals go by, NaN where no truth is known.

        Parameters
        ----------
        n_before : ndarray of int, shape (n_series,), default=None
            Rows of each series whose errors are not asked for.
        """
        y, _, starts, ends = self.logged(panel).parts()
        steps = n_known[:, np.newaxis] + np.arange(forecasts.values.shape[1])
        rows = starts[series_ids][:, np.newaxis] + steps
        is_known = rows < ends[series_ids][:, np.newaxis]
        if n_before is not None:
            is_known &= steps >= n_before[series_ids][:, np.newaxis]
        truth = np.where(is_known[..., np.newaxis], y[np.where(is_known, rows, 0)], np.nan)
        return forecasts.judged.errors(truth)

    def rolling(self, panel, forecasts, series_ids, n_known, since=None, n_updated=0):
        """Return the errors that were known at each of many origins.

        They are those after :meth:`recalibrated` until each origin.

        Parameters
        ----------
        panel, series_ids, n_known : as for :meth:`forecast_from`
            Rows of the panel count only from the origin on at which they are known.

        forecasts : Forecasts
            What :meth:`forecast_from` has returned for them.

        since : ndarray of int, shape (n_series,), default=None
            Rows of each series that were known when it was last calibrated; None: those of ``fit``.

        n_updated : ndarray of int, shape (n_series,), or 0
            How many of these have come since ``fit``: their forecasts may have errors to come.

        Returns
        -------
        rolling : RollingErrors or None
            What :meth:`interval` and :meth:`quantiles` take in place of the errors of ``fit``. None
            for series on several grids.
        """
        n_steps, n_columns = forecasts.values.shape[1:]
        if len(panel.calendars.grids) > 1:
            return None  # it is not sure which of their errors were known when
        since = self.n_fitted_ if since is None else since
        more_ids, more_known, share = self._origins_between(
            panel,
            series_ids,
            n_known,
            np.maximum(since - np.minimum(n_updated, n_steps - 1), 0),
            n_steps * n_columns,
        )
        more = self.forecast_from(panel, more_ids, more_known, n_steps, for_bounds=True)
        ids, known = np.append(series_ids, more_ids), np.append(n_known, more_known)
        asked = self._errors_at(panel, forecasts, series_ids, n_known, since)
        between = self._errors_at(panel, more, more_ids, more_known, since)
        errors, unit_ids = self._as_judged(np.concatenate([asked, between]), ids)
        n_units = n_columns if self.by_unit_ else 1
        when = np.repeat(clock(panel, ids, known), n_units)
        calibrated, n_kept = self._thinned(share, n_steps)
        return RollingErrors(
            calibrated, errors, when, unit_ids, n_kept=n_kept, n_asked=len(series_ids) * n_units
        )

    def _origins_between(self, panel, series_ids, n_known, since, n_values):
        """Return origins from the last calibration to those asked for, and which share they are.

        Of very many every so-many-th in time, so that to go through them takes seconds.
        """
        last = np.zeros(len(panel), dtype=np.intp)
        np.maximum.at(last, series_ids, n_known)
        n_origins = np.maximum(last - since, 0)
        ids = np.repeat(np.arange(len(panel)), n_origins)
        known = joined_ranges(np.minimum(since, last), n_origins).astype(np.intp)
        distance = 1 + len(ids) * n_values // MOST_ERRORS_ROLLED
        is_due = clock(panel, ids, known) % distance == 0
        ids, known = ids[is_due], known[is_due]
        longest = panel.lengths.max() + 1
        is_new = ~np.isin(ids * longest + known, series_ids * longest + n_known)
        return ids[is_new], known[is_new], 1 / distance

    def _thinned(self, share, n_steps):
        """Return a share of the errors, evenly spaced in time, and how many stay."""
        thinned = copy(self.errors_)
        thinned.errors = self.errors_.errors[:, :n_steps]
        if share == 1 or self.by_series_:
            return thinned, self._n_judged()
        n_judged = len(thinned.errors)
        fewest = max(FEWEST_ROLLING, self.is_non_negative_.size)  # of all series at one time
        n_kept = max(int(share * n_judged), min(fewest, n_judged))
        rows = np.linspace(0, n_judged - 1, n_kept).round().astype(int)
        thinned.errors = thinned.errors[rows]
        return thinned, n_kept
