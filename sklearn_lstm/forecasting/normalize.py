"""Scales of a series and of its windows, learned without a look at what follows them."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import MinMaxScaler, StandardScaler

SMALLEST_SPREAD_OF_WINDOW = 0.1  # of the series': a nearly flat window is not blown up further


class Normalizer:
    """Center and spread of each series, and on top of these of each window.

    A series is ``center + spread * z``; for one that is constant the spread is 1.

    Parameters
    ----------
    how : {"minmax", "standard", "last", "window"} or None
        ``"minmax"`` and ``"standard"`` scale a series by what was fitted. ``"last"`` takes from
        each window its last value, after scaling by the root mean square of the changes that are
        to be predicted. ``"window"`` standardises each window by itself.
    """

    def __init__(self, how):
        self.how = how

    def fit(self, series, n_steps):
        """Learn the scale of each series.

        Parameters
        ----------
        series : list of ndarray of shape (n_steps, n_columns)
            NaN is missing.

        n_steps : int
            How far ahead will be predicted.
        """
        scales = [self._scale_of(values, n_steps) for values in series]
        self.center_ = np.array([center for center, _ in scales])
        self.spread_ = np.array([spread for _, spread in scales])
        self.is_constant_ = self.spread_ == 0
        self.spread_[self.is_constant_] = 1.0
        return self

    @classmethod
    def side_by_side(cls, normalizers):
        """Return the scales of several as those of one.

        Parameters
        ----------
        normalizers : list of Normalizer or None
            Fitted alike, not all None. In the place of one that is None stands NaN.
        """
        fitted = [normalizer for normalizer in normalizers if normalizer is not None]
        joined = cls(fitted[0].how)
        for name, value in (("center_", np.nan), ("spread_", np.nan), ("is_constant_", False)):
            unknown = np.full(getattr(fitted[0], name).shape, value)
            parts = [unknown if one is None else getattr(one, name) for one in normalizers]
            setattr(joined, name, np.concatenate(parts))
        return joined

    def _scale_of(self, values, n_steps):
        low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
        center, spread = self._scale_of_varying(values, n_steps)
        is_constant = low == high
        return np.where(is_constant, low, center), np.where(is_constant, 0.0, spread)

    def _scale_of_varying(self, values, n_steps):
        n_columns = values.shape[1]
        if self.how == "minmax":
            scaler = MinMaxScaler().fit(values)
            return scaler.data_min_, scaler.data_range_
        if self.how is None:
            return np.zeros(n_columns), np.ones(n_columns)
        scaler = StandardScaler().fit(values)
        if self.how == "last":
            change = _typical_change(values, n_steps)
            return scaler.mean_, np.where(change > 0, change, scaler.scale_)
        return scaler.mean_, scaler.scale_

    def scale(self, values, code):
        """Return values of series ``code`` as ``z``."""
        return (values - self.center_[code]) / self.spread_[code]

    def unscale(self, z, code):
        return self.center_[code] + self.spread_[code] * z

    @property
    def scales_windows(self):
        return self.how in ("last", "window")

    def of_windows(self, z):
        """Return center and spread of windows of ``z``, shape ``(n_windows, 1, n_columns)``.

        Parameters
        ----------
        z : ndarray of shape (n_windows, n_timesteps, n_columns)

        Returns
        -------
        center, spread : ndarray or float
            0 and 1 where windows have no scale of their own.
        """
        if self.how == "last":
            return z[:, -1:], 1.0
        if self.how == "window":
            spread = z.std(axis=1, keepdims=True)
            return z.mean(axis=1, keepdims=True), np.maximum(spread, SMALLEST_SPREAD_OF_WINDOW)
        return 0.0, 1.0


def _typical_change(values, n_steps):
    """Root mean square of how much a value differs from those up to ``n_steps`` later."""
    n_steps = min(n_steps, len(values) - 1)
    squares = [
        np.nanmean(np.square(values[step:] - values[:-step]), axis=0)
        for step in range(1, n_steps + 1)
        if np.isfinite(values[step:] - values[:-step]).any(axis=0).all()
    ]
    return np.sqrt(np.mean(squares, axis=0)) if squares else np.zeros(values.shape[1])
