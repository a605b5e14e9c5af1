"""A fitted forecaster and origins of its series, to be explained."""

from __future__ import annotations

from copy import copy
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ..forecasting.member import split_columns
from ..forecasting.next_steps import futures_of, series_asked
from ..forecasting.normalize import Normalizer
from .changes import blocks


class ForecastSubject:
    """Origins of series, and a forecaster that forecasts from each.

    A window has the lags of the longest window of the members, then the steps to come, of which
    only covariates known ahead are seen.

    Parameters
    ----------
    forecaster : LSTMForecaster
        Fitted.

    y, X : as for :meth:`LSTMForecaster.predict`

    output : int, label, tuple or None
        The step, column, or ``(column, step)`` that is explained.

    n_windows : int or None
        Origins of each series, a horizon apart; None for the forecast of what is to come.

    max_samples : int or None
        Origins to draw; None: all.

    rng : RandomState

    Attributes
    ----------
    See :class:`.changes.Subject`.
    """

    def __init__(self, forecaster, y, X, *, output, n_windows, max_samples, rng):
        check_is_fitted(forecaster)
        core = forecaster._core
        self._horizon, self._length = core.horizon, core.window_length_
        panel, X = series_asked(core, forecaster._panel, X, y)
        self._futures = None
        if n_windows is None:
            self._futures = self._nearest(futures_of(core, panel, X, self._horizon))
        self._panel, self._logged = panel, core.logged(panel)
        ids, known = self._origins(core, n_windows)
        drawn = np.arange(len(ids))
        if max_samples is not None and len(ids) > max_samples:
            drawn = np.sort(rng.choice(len(ids), max_samples, replace=False))
        self._ids, self._known = ids[drawn], known[drawn]
        self.has_truth = n_windows is not None
        self._means = self._means_of_covariates()
        self._core = self._reading_arrays(core, is_other=y is not None)
        self._describe(core)
        self._chosen = self._outputs(output)
        self._keep_forecast()
        places = panel.calendars.begins[self._ids] + self._known - 1
        self.samples = self._named(panel.calendars.at(places, self._ids))

    def __len__(self):
        return len(self._ids)

    def _nearest(self, futures):
        """Return the covariates of as many steps as a forecast has, the last for those beyond."""
        if futures is None:
            return None
        steps = np.arange(self._horizon)
        return np.stack([future[np.minimum(steps, len(future) - 1)] for future in futures])

    def _origins(self, core, n_windows):
        """Return the series of each origin, and how many of its rows are known."""
        lengths, h = self._panel.lengths, self._horizon
        if n_windows is None:
            return np.arange(len(lengths)), lengths
        known = lengths[:, np.newaxis] - h * np.arange(1, n_windows + 1)[::-1]
        is_origin = known >= core.n_history
        if not is_origin[:, 0].any():
            room = int((lengths.max() - core.n_history) // h)
            raise ValueError(
                f"n_windows={n_windows} of {h} steps leave too little of {lengths.max()} rows "
                f"before the first: a window takes {core.n_history}. "
                + (f"Lower n_windows to {room} or less." if room > 0 else "Give more rows.")
            )
        return np.nonzero(is_origin)[0], known[is_origin]

    def _means_of_covariates(self):
        """Return the mean of each covariate over the rows of each series."""
        X, panel = self._panel.X, self._panel
        if not X.shape[1]:
            return np.empty((len(panel), 0))
        total, n = (
            panel.reduced(np.add, of) for of in (np.nan_to_num(X), np.isfinite(X).astype(float))
        )
        with np.errstate(invalid="ignore"):
            return total / n

    def _reading_arrays(self, core, *, is_other):
        """Return a core like this one whose members read histories from arrays they are given."""
        reading = copy(core)
        reading.integer = False  # rounded forecasts hide what changes them
        first = self._panel.lengths.copy()
        np.minimum.at(first, self._ids, self._known)
        scaled_by = self._logged.until(first) if is_other else None
        reading.members_ = [_reading(member, scaled_by) for member in core.members_]
        if is_other:
            reading.is_non_negative_ = core.find_non_negative(self._panel.until(first))
        return reading

    def _describe(self, core):
        layout, w, h = self._panel.layout, self._length, self._horizon
        is_named = layout.y_ndim == 2 or isinstance(layout.columns[0], str)
        self._columns = list(layout.columns) if is_named else ["y"]
        covariates = [_name(name, "x") for name in layout.covariates or []]
        self.feature_names = [*(_name(name, "y") for name in self._columns), *covariates]
        is_ahead = np.r_[np.zeros(len(self._columns), dtype=bool), core.is_ahead_]
        self.lags = np.arange(w - 1, -1 - (h if is_ahead.any() else 0), -1)
        self.is_seen = (self.lags[:, np.newaxis] >= 0) | is_ahead
        self.unit = self.feature_names[0] if len(self._columns) == 1 else None

    def _outputs(self, output):
        """Return which of the values of a forecast, (horizon, n_columns), are explained."""
        columns, steps = self._columns, range(1, self._horizon + 1)
        chosen = np.ones((self._horizon, len(columns)), dtype=bool)
        if output is None:
            return chosen.ravel()
        if isinstance(output, tuple) and len(output) == 2:
            column, step = output
        else:
            column, step = (None, output) if isinstance(output, Integral) else (output, None)
        if column not in [None, *columns] or step not in [None, *steps]:
            raise ValueError(
                f"output={output!r} is no step of the forecast, 1 to {self._horizon}, no column of "
                f"{columns} and no (column, step) of these."
            )
        if column is not None:
            chosen &= np.arange(len(columns)) == columns.index(column)
        if step is not None:
            chosen[np.arange(self._horizon) != step - 1] = False
        return chosen.ravel()

    def _keep_forecast(self):
        """Leave out origins without a forecast, as after too many missing values."""
        parts = (self.predict(self.read(rows), rows) for rows in blocks(self))
        known = [np.isfinite(part).all(axis=1) for part in parts]
        is_known = np.concatenate(known)
        if not is_known.any():
            raise ValueError(
                "No origin has a forecast: the last window of each lacks too many values. Fill "
                "them, or explain earlier origins with n_windows=."
            )
        self._ids, self._known = self._ids[is_known], self._known[is_known]

    def _named(self, timestamps):
        index = pd.Index(timestamps, name="origin")
        if len(self._panel) == 1:
            return index
        keys = [self._panel.keys[number] for number in self._ids]
        return pd.MultiIndex.from_arrays(
            [pd.Index(keys, tupleize_cols=False), index], names=["series", "origin"]
        )

    def read(self, rows):
        return self._read(self._ids[rows], self._known[rows])

    def _read(self, ids, known):
        w = self._length
        steps = known[:, np.newaxis] + np.arange(-w, self._horizon)
        y, X, starts, ends = self._logged.parts()
        begins, lasts = starts[ids][:, np.newaxis], ends[ids][:, np.newaxis] - 1
        places = np.clip(begins + steps, begins, lasts)
        values, covariates = y[places], X[places]
        values[:, w:] = np.nan
        is_ahead = self._core.is_ahead_
        covariates[:, w:, ~is_ahead] = np.nan
        if self._futures is not None:
            covariates[:, w:, is_ahead] = self._futures[ids]
        array = np.concatenate([values, covariates], axis=2)
        array[steps < 0] = np.nan
        return array

    def predict(self, array, rows):
        for member in self._core.members_:
            member.model_.is_given(array[:, : self._length], array[:, self._length :])
        asked = self._logged, self._ids[rows], self._known[rows], self._horizon
        forecasts = self._core.combined(lambda member: member.forecast_from(*asked), False)
        return self._core.values(forecasts).reshape(len(array), -1)[:, self._chosen]

    def explained(self, outputs, usual):
        return outputs

    def errors(self, outputs, rows):
        ids, known = self._ids[rows], self._known[rows]
        places = (self._panel.starts[ids] + known)[:, np.newaxis] + np.arange(self._horizon)
        truth = self._panel.y_all[places].reshape(len(ids), -1)[:, self._chosen]
        return np.abs(truth - outputs)

    def uninformative(self, array, rows):
        others = np.empty_like(array)
        n_columns = len(self._columns)
        others[:, :, :n_columns] = self._levels(array)
        others[:, :, n_columns:] = self._means[self._ids[rows]][:, np.newaxis]
        return others

    def _levels(self, array):
        """Return the mean of the known values of each window, (n_rows, 1, n_columns)."""
        values = array[:, : self._length, : len(self._columns)]
        known = np.isfinite(values)
        with np.errstate(invalid="ignore"):
            return np.where(known, values, 0).sum(axis=1, keepdims=True) / known.sum(
                axis=1, keepdims=True
            )

    def draw_donors(self, rng):
        """Draw origins of the same series, so that scales agree."""
        if np.bincount(self._ids).max() < 2:
            raise ValueError(
                "method='permutation' exchanges windows of a series, but of each a single origin "
                "is explained. Raise n_windows or max_samples, or take method='occlusion'."
            )
        donors = np.arange(len(self))
        for number in np.unique(self._ids):
            own = np.flatnonzero(self._ids == number)
            donors[own] = rng.permutation(own)
        return donors

    def donated(self, array, donors):
        donated = self._read(self._ids[donors], self._known[donors])
        n_columns = len(self._columns)
        donated[:, :, :n_columns] += self._levels(array) - self._levels(donated)
        return donated


def _name(name, short):
    if name is None:
        return short
    return f"{short}{name}" if isinstance(name, Integral) else str(name)


def _reading(member, scaled_by):
    """Return a member like this one that reads histories from arrays.

    Parameters
    ----------
    member : ForecastMember

    scaled_by : Panel or None
        Other series than those of ``fit``, from whose rows their scales come.
    """
    reading, normalizer = copy(member), None
    if scaled_by is not None:
        values, _, offsets, _ = member.in_units(scaled_by)
        normalizer = Normalizer(member.settings.normalize)
        normalizer.fit(values, offsets, member.task.n_ahead)
    reading.model_ = _FromArrays(member, normalizer)
    reading.error_scale_ = None
    return reading


class _FromArrays:
    """Stands where the model of a member stands, and has it forecast histories it was given."""

    def __init__(self, member, normalizer):
        self.model = member.model_
        self.normalizer = normalizer
        self.normalizer_ = member.model_.normalizer_ if normalizer is None else normalizer
        self.length, self.n_split = member.settings.window_length, member.n_split_
        self.is_ahead = member.is_ahead

    def is_given(self, past, ahead):
        """Take the windows that the next calls of ``forecast`` are about, one after the other."""
        self.past, self.ahead, self.n_read = past[:, -self.length :], ahead, 0

    def forecast(self, histories, covariates, series_ids, n_steps, normalizer=None):
        n = len(histories) // self.n_split
        rows = slice(self.n_read, self.n_read + n)
        self.n_read += n
        n_columns = histories.shape[2] * self.n_split
        past, ahead = self.past[rows], self.ahead[rows]
        values = past[:, :, :n_columns]
        values = values if self.n_split == 1 else split_columns(values)
        values = np.where(np.isnan(histories), np.nan, values)
        if len(self.is_ahead):
            x = np.concatenate([past, ahead], axis=1)[:, :, n_columns:]
            last = x[:, self.length - 1 : self.length, ~self.is_ahead]
            x[:, self.length :, ~self.is_ahead] = last
            covariates = covariates.copy()
            covariates[:, :, : len(self.is_ahead)] = np.repeat(x, self.n_split, axis=0)
        return self.model.forecast(values, covariates, series_ids, n_steps, self.normalizer)
