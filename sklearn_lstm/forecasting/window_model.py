"""From histories to the steps that follow, by any regressor of scikit-learn: arrays only."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import clone
from sklearn.multioutput import MultiOutputRegressor
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from .._checks import reads_windows, takes_several_outputs
from .normalize import Normalizer, end_to_end

SMALLEST_SHARE_KNOWN = 0.5  # of the values of a window that is filled


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

    is_ahead : ndarray of bool, shape (n_covariates,)
        Which covariates are known ahead.

    fills : bool
        Whether missing values within a window are interpolated.
    """

    def __init__(self, regressor, *, window_length, n_ahead, normalize, is_ahead, fills):
        self.regressor = regressor
        self.window_length = window_length
        self.n_ahead = n_ahead
        self.normalize = normalize
        self.is_ahead = is_ahead
        self.fills = fills

    def fit(self, series, covariates, clocks):
        """Learn from series.

        Parameters
        ----------
        series : list of ndarray of shape (n_steps, n_columns)
            NaN is missing.

        covariates : list of ndarray of shape (n_steps, n_covariates)

        clocks : list of ndarray of shape (n_steps,)
            When each step is, to bring the windows of several series in the order of time.
        """
        self.normalizer_ = Normalizer(self.normalize).fit(*end_to_end(series), self.n_ahead)
        self._fit_covariates(np.concatenate(covariates))
        parts = [
            self._samples(code, *of_series)
            for code, of_series in enumerate(zip(series, covariates, clocks, strict=True))
        ]
        windows, targets, moments = parts[0]
        if len(parts) > 1:
            windows, targets, moments = map(np.concatenate, zip(*parts, strict=True))
            order = np.argsort(moments, kind="stable")
            windows, targets = windows[order], targets[order]
        if not len(windows):
            self._refuse_no_window(series)
        self._fit_regressor(windows, targets)
        return self

    def _refuse_no_window(self, series):
        needed = self.window_length + self.n_ahead
        n_missing = sum(int(np.isnan(values).any(axis=1).sum()) for values in series)
        raise NoWindowError(
            f"No window of {self.window_length} steps with {self.n_ahead} to predict after it is "
            f"whole: {n_missing} of {sum(map(len, series))} rows lack a value, and the longest "
            f"stretch without must have {needed}. Shorten window_length, or fill the values "
            "(missing='interpolate')."
        )

    def _fit_covariates(self, covariates):
        if self.normalize is None or not covariates.shape[1]:
            self.X_center_, self.X_spread_ = 0.0, 1.0
        elif self.normalize == "minmax":
            scaler = MinMaxScaler().fit(covariates)
            self.X_center_, self.X_spread_ = scaler.data_min_, 1 / scaler.scale_
        else:
            scaler = StandardScaler().fit(covariates)
            self.X_center_, self.X_spread_ = scaler.mean_, scaler.scale_

    def _samples(self, code, values, covariates, clock):
        """Return the whole windows of one series, what followed each, and when it ended."""
        w, h = self.window_length, self.n_ahead
        n_origins = len(values) - w - h + 1
        if n_origins < 1:
            shape = (0, w, self._n_features(values.shape[1]))
            return np.empty(shape), np.empty((0, h * values.shape[1])), clock[:0]
        z = self.normalizer_.transform(values, code)
        x = (covariates - self.X_center_) / self.X_spread_
        n_rows = n_origins + w - 1
        rows = np.concatenate([z[:n_rows], *self._covariates_at(x, n_rows)], axis=1)
        windows = sliding_window_view(rows, w, axis=0).transpose(0, 2, 1)
        targets = sliding_window_view(z[w:], h, axis=0).transpose(0, 2, 1)
        windows, usable = self._filled(windows)
        windows, center, spread = self._normalized(windows)
        targets = (targets - center) / spread
        usable &= np.isfinite(targets).all(axis=(1, 2))
        moments = clock[w - 1 : w - 1 + n_origins]
        if not usable.all():
            windows, targets, moments = windows[usable], targets[usable], moments[usable]
        return windows, targets.reshape(len(targets), h * values.shape[1]), moments

    def _n_features(self, n_columns):
        return n_columns + len(self.is_ahead) + int(self.is_ahead.sum()) * len(self._shifts)

    @property
    def _shifts(self):
        """By how many steps covariates known ahead are moved, so that a window sees all of them."""
        w, h = self.window_length, self.n_ahead
        return [h - w * block for block in range(ceil(h / w))]

    def _covariates_at(self, x, n_rows, begin=0):
        """Return the covariates of ``n_rows`` rows, then those known ahead, shift by shift.

        The rows run along the last axis but one.
        """
        yield x[..., begin : begin + n_rows, :]
        for shift in self._shifts if self.is_ahead.any() else ():
            yield x[..., begin + shift : begin + shift + n_rows, self.is_ahead]

    def _filled(self, windows):
        """Interpolate missing values if asked to; tell which windows are whole then."""
        whole = np.isfinite(windows).all(axis=(1, 2))
        if self.fills and not whole.all():
            windows = windows.copy()
            for window in np.flatnonzero(~whole):
                whole[window] = _fill(windows[window])
        return windows, whole

    def _normalized(self, windows):
        """Return windows on their own scale, and its center and spread."""
        n_columns = self.normalizer_.loc_.shape[1]
        center, spread = self.normalizer_.of_windows(windows[:, :, :n_columns])
        if self.normalizer_.scales_windows:
            values = (windows[:, :, :n_columns] - center) / spread
            windows = np.concatenate([values, windows[:, :, n_columns:]], axis=2)
        return windows, center, spread

    def _fit_regressor(self, windows, targets):
        regressor = clone(self.regressor)
        self.reads_windows_ = reads_windows(regressor)
        hides_windows = not self.reads_windows_ and reads_windows(_last_step(regressor))
        if hides_windows and windows.shape[2] > 1:
            raise ValueError(
                f"regressor is a Pipeline that ends with a {type(_last_step(regressor)).__name__}, "
                f"which reads windows, but its first steps take these apart ({windows.shape[2]} "
                "values at each step). Give the last step alone: the forecaster scales by itself."
            )
        if targets.shape[1] > 1 and not takes_several_outputs(regressor):
            regressor = MultiOutputRegressor(regressor)
        self._is_1d = targets.shape[1] == 1
        self.regressor_ = regressor.fit(
            self._as_input(windows), targets.ravel() if self._is_1d else targets
        )

    def _as_input(self, windows):
        return windows if self.reads_windows_ else windows.reshape(len(windows), -1)

    def forecast(self, histories, covariates, codes, n_steps):
        """Predict what follows histories, block after block where the regressor does not reach.

        Parameters
        ----------
        histories : ndarray of shape (n_origins, window_length, n_columns)
            The last values known.

        covariates : ndarray of shape (n_origins, >= window_length + n_steps, n_covariates)
            Those of the same steps and of the following ones. Where they end before the block of
            the regressor does, the last stand for the rest.

        codes : ndarray of shape (n_origins,)
            The series that each history is from, by its number in ``fit``.

        n_steps : int

        Returns
        -------
        forecast : ndarray of shape (n_origins, n_steps, n_columns)
            NaN where the history is not whole.

        spread : ndarray of shape (n_origins, 1, n_columns)
            The scale of each history, by which errors of different ones can be compared.
        """
        w, h = self.window_length, self.n_ahead
        n_blocks = ceil(n_steps / h)
        codes = np.asarray(codes)[:, np.newaxis]
        z = self.normalizer_.transform(histories, codes)
        x = (covariates - self.X_center_) / self.X_spread_
        n_short = w + n_blocks * h - x.shape[1]
        if n_short > 0:
            x = np.concatenate([x, np.repeat(x[:, -1:], n_short, axis=1)], axis=1)
        blocks, first_spread = [], None
        for begin in range(0, n_blocks * h, h):
            windows = np.concatenate([z[:, -w:], *self._covariates_at(x, w, begin)], axis=2)
            block, spread = self._next_block(windows, codes)
            first_spread = spread if first_spread is None else first_spread
            blocks.append(block)
            z = np.concatenate([z[:, -w:], block], axis=1)
        forecast = np.concatenate(blocks, axis=1)[:, :n_steps]
        scale = first_spread * self.normalizer_.scale_[codes]
        return self.normalizer_.inverse_transform(forecast, codes), scale

    def _next_block(self, windows, codes):
        windows, whole = self._filled(windows)
        n_columns = self.normalizer_.loc_.shape[1]
        last = windows[:, -1:, :n_columns]
        windows, center, spread = self._normalized(windows)
        block = np.full((len(windows), self.n_ahead, n_columns), np.nan)
        if whole.any():
            predicted = self.regressor_.predict(self._as_input(windows[whole]))
            block[whole] = np.reshape(predicted, (-1, *block.shape[1:]))
        # What never changed has nothing to be learned from: it stays where it is.
        return np.where(self.normalizer_.is_constant_[codes], last, center + spread * block), spread


def _last_step(regressor):
    return regressor.steps[-1][1] if hasattr(regressor, "steps") else regressor


def _fill(window):
    """Interpolate the missing values of a window in place; tell whether enough was known.

    Only the window's own values are used, none that come after it.
    """
    known = np.isfinite(window)
    if (known.mean(axis=0) < SMALLEST_SHARE_KNOWN).any():
        return False
    steps = np.arange(len(window))
    for column in np.flatnonzero(~known.all(axis=0)):
        there = known[:, column]
        window[:, column] = np.interp(steps, steps[there], window[there, column])
    return True
