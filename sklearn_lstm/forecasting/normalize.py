"""Scales of a series and of its windows, learned without a look at what follows them."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import MinMaxScaler, StandardScaler


class Normalizer:
    """Center and scale of each series, and on top of these of each window.

    A series is ``loc + scale * z``; for one that is constant the scale is 1.

    Parameters
    ----------
    how : {"minmax", "standard", "last", "window"} or None
        ``"minmax"`` and ``"standard"`` scale a series by what was fitted. ``"last"`` takes from
        each window its last value, after scaling by the root mean square of the changes that are
        to be predicted. ``"window"`` standardises each window by itself.
    """

    def __init__(self, how):
        self.how = how

    def fit(self, values, offsets, n_steps):
        """Learn the scale of each series.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_columns)
            All series end to end; NaN is missing.

        offsets : ndarray of int, shape (n_series + 1,)
            Where each begins.

        n_steps : int
            How far ahead will be predicted.
        """
        scales = [self._scale_of(part, n_steps) for part in np.split(values, offsets[1:-1])]
        self.loc_ = np.array([loc for loc, _ in scales])
        self.scale_ = np.array([scale for _, scale in scales])
        self.is_constant_ = self.scale_ == 0
        self.scale_[self.is_constant_] = 1.0
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
        for name, value in (("loc_", np.nan), ("scale_", np.nan), ("is_constant_", False)):
            unknown = np.full(getattr(fitted[0], name).shape, value)
            parts = [unknown if one is None else getattr(one, name) for one in normalizers]
            setattr(joined, name, np.concatenate(parts))
        return joined

    def _scale_of(self, values, n_steps):
        low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
        loc, scale = self._scale_of_varying(values, n_steps)
        is_constant = low == high
        return np.where(is_constant, low, loc), np.where(is_constant, 0.0, scale)

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

    def transform(self, values, series_ids):
        """Return values of series ``code`` as ``z``."""
        return (values - self.loc_[series_ids]) / self.scale_[series_ids]

    def transform_stacked(self, values, offsets):
        """Return all series, end to end, as ``z``."""
        lengths = np.diff(offsets)
        z = values - np.repeat(self.loc_, lengths, axis=0)
        z /= np.repeat(self.scale_, lengths, axis=0)
        return z

    def inverse_transform(self, z, series_ids):
        return self.loc_[series_ids] + self.scale_[series_ids] * z


def _typical_change(values, n_steps):
    """Root mean square of how much a value differs from those up to ``n_steps`` later."""
    n_steps = min(n_steps, len(values) - 1)
    squares = [
        np.nanmean(np.square(values[step:] - values[:-step]), axis=0)
        for step in range(1, n_steps + 1)
        if np.isfinite(values[step:] - values[:-step]).any(axis=0).all()
    ]
    return np.sqrt(np.mean(squares, axis=0)) if squares else np.zeros(values.shape[1])
