"""From histories to the steps that follow, by any regressor of scikit-learn: arrays only."""

from __future__ import annotations

from math import ceil
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.multioutput import MultiOutputRegressor
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils import get_tags

from .._callbacks import inner_fit
from .._checks import reads_windows, takes_several_outputs
from ..windows.rows import FollowingSteps, Windows, is_finite, joined_ranges, row_numbers
from .normalize import Normalizer, refuse_unsquared, unit_of

SMALLEST_SHARE_KNOWN = 0.5  # of the values of a window that is filled: else it is mostly invented


class NoWindowError(ValueError):
    """There is nothing to learn from."""


class WindowModel:
    """Cuts windows from series, normalises them, and lets a regressor predict what follows.

    A window's step ``s`` holds the series at ``s``, the covariates at ``s``, and those known ahead
    ``n_ahead`` steps later, at as many shifts as it takes for the window to see all of them.

    Parameters
    ----------
    regressor : estimator
        It is cloned.

    window_length : int

    n_ahead : int
        Steps that the regressor predicts at once.

    normalize : {"minmax", "standard", "last", "window"} or None

    is_ahead : ndarray of bool, shape (n_covariates - n_calendar,)
        Which covariates are known ahead. A calendar is, too, but what it says of the steps to come
        follows from what it says now.

    fills : bool
        Whether missing values within a window are interpolated.

    n_calendar : int, default=0
        How many of the covariates, the last ones, are features of a calendar. A regressor that
        reads windows sees them at each step, and any other those of a window's last step alone.

    max_windows : int, default=None
        Learn from no more windows than so many, drawn always alike; None: from all.

    n_levels : int, default=None
        Quantiles that the regressor predicts of each value; None: the value itself.
    """

    def __init__(
        self,
        regressor,
        *,
        window_length,
        n_ahead,
        normalize,
        is_ahead,
        fills,
        n_calendar=0,
        max_windows=None,
        n_levels=None,
    ):
        self.regressor = regressor
        self.window_length = window_length
        self.n_ahead = n_ahead
        self.normalize = normalize
        self.is_ahead = is_ahead
        self.fills = fills
        self.n_calendar = n_calendar
        self.max_windows = max_windows
        self.n_levels = n_levels

    def fit(
        self,
        values: np.ndarray,
        covariates: np.ndarray,
        offsets: np.ndarray,
        times: np.ndarray | None = None,
    ) -> Self:
        """Learn from series that lie end to end.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_columns)
            NaN is missing.

        covariates : ndarray of shape (n_rows, n_covariates)

        offsets : ndarray of int, shape (n_series + 1,)
            Series ``i`` is the rows from ``offsets[i]`` to ``offsets[i + 1]``.

        times : ndarray of shape (n_rows,), default=None
            When each row is, to bring the windows of several series in the order of time. None:
            as they lie.
        """
        self.normalizer_ = Normalizer(self.normalize).fit(values, offsets, self.n_ahead)
        self._fit_covariates(covariates)
        self.reads_windows_ = reads_windows(self.regressor)
        starts = self._starts(np.diff(offsets), offsets)
        if len(starts):
            z = self.normalizer_.transform_stacked(values, offsets)
            x, calendar = self._scaled(covariates)
            rows = self._with_covariates(z, x, offsets)
            starts = starts[self._have_targets(z, starts)]
            starts, windows = self._whole_windows(rows, starts, values.shape[1])
        if not len(starts):
            self._refuse_no_window(values, offsets)
        lasts = starts + self.window_length - 1
        order = self._in_time(lasts, times)
        windows, lasts = windows[order], lasts[order]
        targets = FollowingSteps(windows, self.n_ahead, values.shape[1])
        self._fit_regressor(windows, calendar[lasts], targets)
        return self

    def _in_time(self, lasts, times):
        """Order windows by their last steps, and leave out some of very many."""
        order: Any = slice(None)
        if times is not None:
            order = np.argsort(times[lasts], kind="stable")
        if self.max_windows is None or len(lasts) <= self.max_windows:
            return order
        # Drawn, not every so-many-th: these might all be of one series, or of one hour.
        rng = np.random.default_rng(0)
        kept = np.sort(rng.choice(len(lasts), self.max_windows, replace=False, shuffle=False))
        return kept if times is None else order[kept]

    def _scaled(self, covariates):
        """Return scaled covariates, and apart from them a calendar that is not read in windows."""
        x = (covariates - self.X_loc_) / self.X_scale_
        n_in_windows = x.shape[-1] - (0 if self.reads_windows_ else self.n_calendar)
        return x[..., :n_in_windows], x[..., n_in_windows:]

    def _starts(self, lengths, offsets):
        """Return where windows begin that have ``n_ahead`` steps after them."""
        n_windows = np.maximum(lengths - self.window_length - self.n_ahead + 1, 0)
        return row_numbers(joined_ranges(offsets[:-1], n_windows), offsets[-1])

    def _refuse_no_window(self, values, offsets):
        needed = self.window_length + self.n_ahead
        n_missing = int(np.isnan(values).any(axis=1).sum())
        lacking = (
            f"No window of {self.window_length} steps with {self.n_ahead} to predict after it is "
            f"whole: {n_missing} of {offsets[-1]} rows lack a value, and "
        )
        if self.fills:
            raise NoWindowError(
                f"{lacking}half of a window must be known, and all that is to be predicted. "
                "Shorten window_length or horizon, or fill the values."
            )
        raise NoWindowError(
            f"{lacking}the longest stretch without must have {needed}. Shorten window_length, or "
            "fill the values (missing='interpolate')."
        )

    def _fit_covariates(self, covariates):
        largest = np.fmax.reduce(np.abs(covariates), axis=0)
        if self.normalize is None or not covariates.shape[1]:
            refuse_unsquared(largest, "X")
            self.X_loc_, self.X_scale_ = 0.0, 1.0
            return
        unit = unit_of(largest)
        if self.normalize == "minmax":
            scaler = MinMaxScaler().fit(covariates / unit)
            loc, scale = scaler.data_min_, 1 / scaler.scale_
        else:
            scaler = StandardScaler().fit(covariates / unit)
            loc, scale = scaler.mean_, scaler.scale_
        self.X_loc_, self.X_scale_ = loc * unit, scale * unit

    def _with_covariates(self, z, x, offsets):
        """Put the covariates beside the series, and those known ahead once more, shifted.

        At the end of a series shifted ones are NaN: no window that has targets reads them.
        """
        if not x.shape[1]:
            return z
        parts = [z, x]
        ends, ahead = np.repeat(offsets[1:], np.diff(offsets)), np.flatnonzero(self.is_ahead)
        for shift in self._shifts if len(ahead) else ():
            shifted = np.full((len(x), len(ahead)), np.nan)
            shifted[:-shift] = x[shift:, ahead]
            shifted[np.arange(len(x)) + shift >= ends] = np.nan
            parts.append(shifted)
        return np.concatenate(parts, axis=1)

    @property
    def _shifts(self):
        """By how many steps covariates known ahead are moved, so that a window sees all of them."""
        w, h = self.window_length, self.n_ahead
        return [h - w * block for block in range(ceil(h / w))]

    def _have_targets(self, z, starts):
        """Tell after which windows no value is missing."""
        if is_finite(z):
            return slice(None)
        n_lacking = _count_before(~np.isfinite(z).all(axis=1))
        begins = starts + self.window_length
        return n_lacking[begins + self.n_ahead] == n_lacking[begins]

    def _whole_windows(self, rows, starts, n_columns):
        """Return the windows from which a regressor learns or predicts, and where they begin.

        Missing values are interpolated if asked to, once for each series. What a window shows of
        that is its own: before its first known value that one, and after its last one that one, so
        that nothing from outside of it is in it.
        """
        w, options = self.window_length, self._reading(n_columns)
        ends = starts + w
        known = np.isfinite(rows)
        if known.all():
            return starts, Windows(rows, starts, w, **options)
        if not self.fills:
            n_lacking = _count_before(~known.all(axis=1))
            starts = starts[n_lacking[ends] == n_lacking[starts]]
            return starts, Windows(rows, starts, w, **options)
        n_known = _count_before(known)
        enough = (n_known[ends] - n_known[starts] >= SMALLEST_SHARE_KNOWN * w).all(axis=1)
        starts, ends = starts[enough], ends[enough]
        if (known == known[:, :1]).all():
            known = known[:, 0]
        filled, next_known, last_known = _interpolated(rows, known)
        bounds = {"first": next_known[starts], "last": last_known[ends - 1]}
        return starts, Windows(filled, starts, w, **bounds, outside="nearest", **options)

    def _reading(self, n_columns):
        if self.normalize in ("last", "window"):
            return {"relative": self.normalize, "n_relative": n_columns}
        return {}

    def _fit_regressor(self, windows, calendar, targets):
        regressor = clone(self.regressor)
        hides_windows = not self.reads_windows_ and reads_windows(_last_step(regressor))
        if hides_windows and windows.shape[2] > 1:
            raise ValueError(
                f"regressor is a Pipeline that ends with a {type(_last_step(regressor)).__name__}, "
                f"which reads windows, but its first steps take these apart ({windows.shape[2]} "
                "values at each step). Give the last step alone: the forecaster scales by itself."
            )
        if targets.shape[1] > 1 and not takes_several_outputs(regressor):
            regressor = MultiOutputRegressor(regressor)
        if targets.shape[1] == 1 and get_tags(regressor).target_tags.single_output:
            targets = targets.flattened()
        if not self.reads_windows_:
            targets = targets.to_array()
        with inner_fit(regressor):
            self.regressor_ = regressor.fit(self._as_input(windows, calendar), targets)

    def _as_input(self, windows, calendar):
        if self.reads_windows_:
            return windows
        flat = windows.to_array().reshape(len(windows), -1)
        return np.concatenate([flat, calendar], axis=1) if calendar.shape[1] else flat

    def forecast(
        self,
        histories: np.ndarray,
        covariates: np.ndarray,
        series_ids: np.ndarray,
        n_steps: int,
        normalizer: Normalizer | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Predict what follows histories, block after block where the regressor does not reach.

        Parameters
        ----------
        histories : ndarray of shape (n_origins, window_length, n_columns)
            The last values known.

        covariates : ndarray of shape (n_origins, >= window_length + n_steps, n_covariates)
            Those of the same steps and of the following ones. Where they end before the block of
            the regressor does, the last stand for the rest.

        series_ids : ndarray of shape (n_origins,)
            The series that each history is from, by its number in ``fit``.

        n_steps : int
            No more than ``n_ahead`` where quantiles are predicted: they can't be fed back.

        normalizer : Normalizer, default=None
            Scales of other series than those of ``fit``, which ``series_ids`` then count.

        Returns
        -------
        forecast : ndarray of shape (n_origins, n_steps, n_columns) or \
                (n_origins, n_steps, n_columns, n_levels)
            NaN where the history is not whole.

        scale : ndarray of shape (n_origins, 1, n_columns)
            The scale of each history, by which errors of different ones can be compared.
        """
        w, h = self.window_length, self.n_ahead
        n_blocks = ceil(n_steps / h)
        series_ids = np.asarray(series_ids)[:, np.newaxis]
        normalizer = normalizer or self.normalizer_
        z = normalizer.transform(histories, series_ids)
        n_short = w + n_blocks * h - covariates.shape[1]
        if n_short > 0:
            last = np.repeat(covariates[:, -1:], n_short, axis=1)
            covariates = np.concatenate([covariates, last], axis=1)
        x, calendar = self._scaled(covariates)
        is_constant = normalizer.is_constant_[series_ids]
        blocks: list[np.ndarray] = []
        first_scale = None
        for begin in range(0, n_blocks * h, h):
            if blocks:
                z = np.concatenate([z[:, -w:], blocks[-1]], axis=1)
            windows = z[:, -w:]
            if x.shape[2]:
                windows = np.concatenate([windows, *self._covariates_at(x, begin)], axis=2)
            block, scale = self._next_block(windows, calendar[:, begin + w - 1], is_constant)
            first_scale = scale if first_scale is None else first_scale
            blocks.append(block)
        forecast = np.concatenate(blocks, axis=-2)[..., :n_steps, :]
        forecast = normalizer.inverse_transform(forecast, series_ids)
        scale = first_scale * normalizer.scale_[series_ids]
        return forecast if self.n_levels is None else np.moveaxis(forecast, 0, -1), scale

    def _covariates_at(self, x, begin):
        """Yield the covariates of windows, then those known ahead, shift by shift."""
        w = self.window_length
        yield x[:, begin : begin + w]
        ahead = np.flatnonzero(self.is_ahead)
        for shift in self._shifts if len(ahead) else ():
            yield x[:, begin + shift : begin + shift + w, ahead]

    def _next_block(self, array, calendar, is_constant):
        """Predict what follows windows that are written out, on the scale of their series.

        Levels of quantiles come first: so all that is done to a value is done to each of them.
        """
        n_windows, n_columns = len(array), is_constant.shape[2]
        of_levels = () if self.n_levels is None else (self.n_levels,)
        rows = array.reshape(-1, array.shape[2])
        starts = row_numbers(np.arange(n_windows) * self.window_length, len(rows))
        starts, windows = self._whole_windows(rows, starts, n_columns)
        whole = starts // self.window_length
        last = array[:, -1:, :n_columns]
        scale = np.full(last.shape, np.nan if self.normalize == "window" else 1.0)
        block = np.full((*of_levels, n_windows, self.n_ahead, n_columns), np.nan)
        if len(whole):
            there: Any = whole if len(whole) < n_windows else slice(None)
            if windows.first is not None:
                last = last.copy()
                last[there] = windows.last_values(n_columns)
            predicted = self.regressor_.predict(self._as_input(windows, calendar[there]))
            if np.size(predicted) != block[..., there, :, :].size:
                raise ValueError(
                    f"regressor={self.regressor_!r} predicts arrays of shape "
                    f"{np.shape(predicted)[1:]}, but {self.n_ahead} steps of {n_columns} columns "
                    "are to be forecast, one value each. Of several quantiles take one: "
                    "LSTMRegressor(loss='quantile', quantile=0.5)."
                )
            predicted = np.reshape(predicted, (len(whole), self.n_ahead, n_columns, *of_levels))
            if of_levels:
                predicted = np.moveaxis(predicted, -1, 0)
            loc, of_windows = windows.scales()
            if of_windows is not None:
                scale[there] = of_windows
                predicted = of_windows * predicted
            block[..., there, :, :] = loc + predicted
        # What never changed has nothing to be learned from: it stays where it is.
        return (np.where(is_constant, last, block) if is_constant.any() else block), scale


def _last_step(regressor):
    return regressor.steps[-1][1] if hasattr(regressor, "steps") else regressor


def _count_before(flags):
    """Return how many of the flags before each row are set, and at the end how many of all."""
    counts = np.zeros((len(flags) + 1, *flags.shape[1:]), dtype=np.int32)
    np.cumsum(flags, axis=0, out=counts[1:])
    return counts


def _interpolated(rows, known):
    """Interpolate each column between its known values.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)

    known : ndarray of bool, shape (n_rows,) or (n_rows, n_features)
        One-dimensional where all features are known in the same rows.

    Returns
    -------
    filled : ndarray of shape (n_rows, n_features)
        What lies between two series is meaningless, and no window reads it.

    next_known, last_known : ndarray of int, in the shape of ``known``
        Row of the first known value from each row on, and of the last until it.
    """
    places, filled = np.arange(len(rows)), rows.copy()
    of_columns = np.broadcast_to(known.reshape(len(rows), -1), rows.shape)
    for column, is_known in zip(filled.T, of_columns.T, strict=True):
        if not is_known.all() and is_known.any():
            there = np.flatnonzero(is_known)
            column[:] = np.interp(places, there, column[there])
    own = row_numbers(places, len(rows)).reshape(-1, *[1] * (known.ndim - 1))
    next_known = np.where(known, own, len(rows) - 1)
    next_known = np.minimum.accumulate(next_known[::-1], axis=0)[::-1]
    last_known = np.maximum.accumulate(np.where(known, own, 0), axis=0)
    return filled, next_known, last_known
