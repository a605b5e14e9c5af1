"""Scales of series and of their windows, learned without a look at what follows them."""

from __future__ import annotations

import numpy as np

from .ranges import range_sums

LARGEST_SQUARED = 1e140  # beyond which sums of squares overflow, or below its inverse vanish
SMALLEST_EXPONENT = -1022  # of a power of two that has an inverse
ROWS_OF_BLOCK = 2**17  # whose temporary arrays, a few of 1 MB for each column, stay in the cache


class Normalizer:
    """Location and scale of each series, and on top of these of each window.

    A series is ``loc + scale * z``; for one that is constant the scale is 1.

    Parameters
    ----------
    how : {"minmax", "standard", "last", "window"} or None
        ``"minmax"`` and ``"standard"`` scale a series by what was fitted. ``"last"`` takes from
        each window its last value, after scaling by the root mean square of the changes that are
        to be predicted. ``"window"`` standardises each window by itself.

    Attributes
    ----------
    loc_, scale_ : ndarray of shape (n_series, n_columns)

    is_constant_ : ndarray of bool, shape (n_series, n_columns)
    """

    def __init__(self, how):
        self.how = how

    def fit(self, values, offsets, n_steps):
        """Learn the scale of each series.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_columns)
            Of all series, end to end; NaN is missing.

        offsets : ndarray of int, shape (n_series + 1,)
            Series ``i`` has the rows ``offsets[i]`` to ``offsets[i + 1]``.

        n_steps : int
            How far ahead will be predicted.
        """
        offsets = np.asarray(offsets)
        blocks = [
            self._fit_block(np.ascontiguousarray(values[of[0] : of[-1]].T), of - of[0], n_steps)
            for of in _blocks(offsets)
        ]
        self.loc_, self.scale_, self.is_constant_ = (
            np.concatenate(parts) for parts in zip(*blocks, strict=True)
        )
        return self

    def _fit_block(self, columns, offsets, n_steps):
        """Return loc, scale and whether it is constant of a few series, (n_series, n_columns)."""
        starts = offsets[:-1]
        low = np.fmin.reduceat(columns, starts, axis=1)
        high = np.fmax.reduceat(columns, starts, axis=1)
        unit = self._unit(np.fmax(-low, high))
        if (unit != 1).any():
            columns = columns / np.repeat(unit, np.diff(offsets), axis=1)
            low, high = low / unit, high / unit
        if self.how is None:
            loc, scale = np.zeros_like(low), np.ones_like(low)
        elif self.how == "minmax":
            loc, scale = low, high - low
        else:
            loc, scale = _mean_and_deviation(columns, offsets)
        if self.how == "last":
            change = _typical_change(columns, offsets, n_steps)
            scale = np.where(change > 0, change, scale)
        is_constant = low == high
        loc, scale = np.where(is_constant, low, loc), np.where(is_constant, 1 / unit, scale)
        return (loc * unit).T, (scale * unit).T, is_constant.T

    def _unit(self, largest):
        """Return by what each series is divided while its scale is found."""
        if self.how is not None:
            return unit_of(largest)
        refuse_unsquared(largest, "y")
        return np.ones_like(largest)

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

    def transform(self, values, series_ids):
        """Return values of series ``series_ids`` as ``z``."""
        return (values - self.loc_[series_ids]) / self.scale_[series_ids]

    def inverse_transform(self, z, series_ids):
        """Return ``z`` of series ``series_ids`` as values."""
        return self.loc_[series_ids] + self.scale_[series_ids] * z

    def transform_stacked(self, values, offsets):
        """Return all series, end to end, as ``z``."""
        lengths = np.diff(offsets)
        z = values - np.repeat(self.loc_, lengths, axis=0)
        z /= np.repeat(self.scale_, lengths, axis=0)
        return z


def refuse_unsquared(largest, name):
    """Refuse values that are left as they are, although regressors could not square them.

    Parameters
    ----------
    largest : ndarray
        Largest absolute values.

    name : str
        What messages call them.
    """
    if np.nanmax(largest, initial=0) > LARGEST_SQUARED:
        raise ValueError(
            f"{name} holds values as large as {np.nanmax(largest):g}, whose squares are no numbers "
            "any more, and normalize=None leaves them so. Set normalize='last' or 'standard', or "
            f"divide {name}."
        )


def unit_of(largest):
    """Return by what to divide values, so that sums of their squares neither overflow nor vanish.

    Parameters
    ----------
    largest : ndarray
        Largest absolute values.

    Returns
    -------
    unit : ndarray in the shape of ``largest``
        Powers of two, which round nothing; 1 for values of usual size.
    """
    is_extreme = (largest > LARGEST_SQUARED) | ((largest < 1 / LARGEST_SQUARED) & (largest > 0))
    if not is_extreme.any():
        return np.ones_like(largest)
    exponents = np.frexp(np.where(is_extreme, largest, 0.5))[1]  # 0.5 has the exponent 0
    return np.ldexp(1.0, np.maximum(exponents, SMALLEST_EXPONENT))


def of_usual_size(values):
    """Return the columns of a table, those of extreme size divided by their :func:`unit_of`."""
    return values / unit_of(np.fmax.reduce(np.abs(values), axis=0, initial=0.0))


def _blocks(offsets):
    """Yield the offsets of as many series at a time as make up a block of rows."""
    first, n_series = 0, len(offsets) - 1
    while first < n_series:
        last = np.searchsorted(offsets, offsets[first] + ROWS_OF_BLOCK, side="right") - 1
        last = max(int(last), first + 1)
        yield offsets[first : last + 1]
        first = last


def _mean_and_deviation(columns, offsets):
    """Return mean and standard deviation, the latter 1 where it is nothing but rounding.

    As :class:`~sklearn.preprocessing.StandardScaler`, for each series by itself.
    """
    known = np.isfinite(columns)
    is_whole = known.all()
    starts, lengths = offsets[:-1], np.diff(offsets)
    n = lengths if is_whole else np.add.reduceat(known, starts, axis=1, dtype=np.intp)
    total = np.add.reduceat(columns if is_whole else np.where(known, columns, 0), starts, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        offs = columns - np.repeat(mean, lengths, axis=1)
        if not is_whole:
            offs[~known] = 0
        # What the sum was rounded by is seen once it is taken off.
        rounding = np.add.reduceat(offs, starts, axis=1) / n
        variance = np.add.reduceat(np.square(offs, out=offs), starts, axis=1) / n - rounding**2
        eps = np.finfo(columns.dtype).eps
        is_rounding = variance <= n * eps * variance + (n * mean * eps) ** 2
        return mean + rounding, np.where(is_rounding, 1.0, np.sqrt(np.maximum(variance, 0)))


def _typical_change(columns, offsets, n_steps):
    """Root mean square of how much a value differs from those up to ``n_steps`` later."""
    starts, lengths = offsets[:-1], np.diff(offsets)
    is_whole = np.isfinite(columns).all()
    total = np.zeros((len(columns), len(starts)))
    n_counted = np.zeros(len(starts), dtype=np.intp)
    for step in range(1, min(n_steps, lengths.max() - 1) + 1):
        squares = columns[:, step:] - columns[:, :-step]
        np.square(squares, out=squares)
        n = np.maximum(lengths - step, 0)[np.newaxis]
        if not is_whole:
            known = np.isfinite(squares)
            squares[~known] = 0
            n = range_sums(known, starts, lengths - step)
        is_counted = (n > 0).all(axis=0)
        mean = range_sums(squares, starts, lengths - step) / np.maximum(n, 1)
        total += np.where(is_counted, mean, 0)
        n_counted += is_counted
    return np.sqrt(total / np.maximum(n_counted, 1))


class ForecastOverflowError(ValueError):
    """A forecast is larger than any number."""


def unlogged(values, is_log):
    """Return forecasts on the scale of the series, of which none may be infinite.

    Parameters
    ----------
    values : ndarray of shape (n_origins, n_steps, ...)
        NaN where there is none.

    is_log : bool
        Whether they are logarithms.
    """
    with np.errstate(over="ignore"):
        result = np.exp(values) if is_log else values
    is_infinite = np.isinf(result)
    if is_infinite.any():
        first, origin = min(
            (step, origin) for origin, step in np.argwhere(is_infinite)[:, :2].tolist()
        )
        shown = values[origin, first][is_infinite[origin, first]].ravel()[0]
        raise ForecastOverflowError(
            f"The forecast of step {first + 1} is larger than any number"
            + (f": its logarithm is {shown:g}" if is_log else "")
            + f". Forecast fewer steps than {first + 1}, or fit with "
            + (
                "log=False."
                if is_log
                else "another regressor: this one's forecast, fed back, grows."
            )
        )
    return result
