"""Rows to windows, one for each row."""

from __future__ import annotations

from datetime import timedelta
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._atomic import on_snapshot, replaced_at_once
from .._checks import check_rows
from .._sklearn_private import (
    Interval,
    StrOptions,
    check_feature_names_in,
    fit_context,
    set_output_config,
)
from .rows import Windows, row_numbers
from .time_index import Timeline, label_from_plain, plain_label

PANDAS_COPIES_ON_WRITE = int(pd.__version__.split(".")[0]) >= 3
N_ROWS_OF_HEAD = 1000  # fitted rows by which an array of them is recognised


def _is_flat(windower):
    if not windower.flatten:
        raise AttributeError("only flattened windows have named columns: set flatten=True")
    return True


class _Kept:
    """What an array lies on, held by it."""

    def __init__(self, array, owner):
        self.__array_interface__ = array.__array_interface__
        self.array, self.owner = array, owner


def _kept(rows, X):
    """Return rows that stay as they are, whatever becomes of the table that they are from.

    Where pandas copies on write, a reference to its values is enough.
    """
    if not PANDAS_COPIES_ON_WRITE or not isinstance(X, pd.DataFrame):
        return rows.copy()
    return np.asarray(_Kept(rows, X.copy(deep=False)))


class SequenceWindower(TransformerMixin, BaseEstimator):
    """Turn rows in time order into windows, one for each row.

    Row ``i`` of the output is the window of the ``window_length`` rows that end at row ``i``.
    No row is lost, so ``y`` stays aligned and :class:`~sklearn.pipeline.Pipeline` accepts the
    step. The steps of a window that lie before the first known row are NaN;
    :class:`LSTMRegressor` trains on the complete windows and predicts for all.

    When the rows to transform follow the fitted ones, as the test part of a
    :class:`~sklearn.model_selection.TimeSeriesSplit` follows its training part, the last fitted
    rows stand in front of them as true history. Rows with a time index get none but earlier rows
    into their windows. Arrays can't tell: rows of an array that were fitted, or lie before those,
    and do not begin where these begin, are taken for rows that follow. So give rows a time index,
    or set ``history="none"``, where a splitter other than ``TimeSeriesSplit`` is used (``KFold``,
    the default of :class:`~sklearn.ensemble.StackingRegressor`).

    Parameters
    ----------
    window_length : int, default=10
        Number of steps (rows) in a window, the row itself included.

    history : {"auto", "none"}, default="auto"
        Whether ``transform`` may put the last fitted rows in front of new ones. With ``"auto"``
        it does so

        - for a DataFrame whose index holds times or numbers (anything but a default
          ``RangeIndex`` from 0), if its first timestamp comes after the last fitted one;
        - for arrays, and DataFrames with a default index or one of text, unless they begin with
          the rows that were fitted;
        - for a DataFrame with a MultiIndex ``(series, ..., time)``, each series by itself.

        With ``"none"`` every call starts without history.

    max_gap : str, timedelta or float, default=None
        Largest distance between the timestamps of neighbouring rows within a window, such as
        ``"1D"`` for a time index or ``1`` for a numeric one. At a larger gap windows begin anew,
        and history is not handed over across it. None: rows follow each other whatever their
        timestamps. Rows without timestamps, such as arrays, are then an error.

    flatten : bool, default=False
        If True, write each window as one row of ``window_length * n_features`` columns for
        ordinary regressors: for each feature its lags from the oldest to lag 0, the row itself.

    padding : {"auto", "nan", "edge"}, default="auto"
        What stands for steps before the first known row: NaN, or that row repeated (``"edge"``,
        for estimators that refuse NaN). ``"auto"`` is ``"nan"`` for 3-D windows and ``"edge"``
        when ``flatten=True``.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen by ``fit``.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if they all are strings.

    See Also
    --------
    make_supervised : Put targets of later steps beside the rows.
    LSTMRegressor : The regressor that reads these windows.

    Notes
    -----
    The 3-D output takes the memory of the rows, not of ``n_samples * window_length`` rows: of one
    series it is a read-only strided view on one padded copy of them. Windows of several series, or
    beside gaps that ``max_gap`` finds, don't overlap evenly, so they are an array-like, rows and a
    start for each window, with ``shape``, ``dtype``, indexing by rows and ``__array__``.
    :class:`LSTMRegressor`, ``Pipeline``, searches and ensembles of scikit-learn take it as it is;
    what asks for an array gets one written out.

    float32 stays float32, everything else becomes float64.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lstm import SequenceWindower
    >>> X = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> windower = SequenceWindower(window_length=3).fit(X)
    >>> windower.transform(X)[:, :, 0]
    array([[nan, nan,  1.],
           [nan,  1.,  2.],
           [ 1.,  2.,  3.],
           [ 2.,  3.,  4.]])
    >>> windower.transform([[5.0], [6.0]])[:, :, 0]
    array([[3., 4., 5.],
           [4., 5., 6.]])
    """

    _parameter_constraints = {
        "window_length": [Interval(Integral, 1, None, closed="left")],
        "history": [StrOptions({"auto", "none"})],
        "max_gap": [
            np.timedelta64,
            Interval(Real, 0, None, closed="neither"),
            str,
            timedelta,
            None,
        ],
        "flatten": ["boolean"],
        "padding": [StrOptions({"auto", "nan", "edge"})],
    }

    def __init__(
        self,
        window_length: int = 10,
        *,
        history: str = "auto",
        max_gap: str | timedelta | float | None = None,
        flatten: bool = False,
        padding: str = "auto",
    ) -> None:
        self.window_length = window_length
        self.history = history
        self.max_gap = max_gap
        self.flatten = flatten
        self.padding = padding

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: object = None) -> Self:
        """Remember the last rows, which are history for rows that follow.

        Parameters
        ----------
        X : {array-like, DataFrame} of shape (n_samples, n_features)
            Rows in time order. A time index must increase; with a MultiIndex
            ``(series, ..., time)`` it must increase within each series, however these alternate.

        y : None
            Ignored.

        Returns
        -------
        self : SequenceWindower
            The fitted windower.

        Raises
        ------
        ValueError
            If X holds NaN or infinity, or its time index runs backwards or repeats one; the
            message names the first such row.
        """
        with replaced_at_once(self) as fitted:
            fitted._remember(X)
        return self

    def _remember(self, X):
        rows = check_rows(self, X, reset=True)
        timeline = Timeline(X, len(rows), self.max_gap)
        rows = rows if timeline.order is None else rows[timeline.order]
        self._keeps_series = timeline.is_panel
        self._fitted_carries_time = timeline.carries_time
        self._fitted_head = rows[:N_ROWS_OF_HEAD].copy()
        self._fitted_tails = {}
        segment_starts = np.flatnonzero(timeline.begins_segment)
        ends = np.append(segment_starts[1:], len(rows))
        for start, end in zip(segment_starts, ends, strict=True):
            tail = rows[max(start, end - self.window_length + 1) : end].copy()
            self._fitted_tails[timeline.series_id(start)] = tail, timeline.timestamp(end - 1)

    @on_snapshot
    def transform(self, X: Any) -> Any:
        """Cut one window for each row.

        Parameters
        ----------
        X : {array-like, DataFrame} of shape (n_samples, n_features)
            Rows in time order.

        Returns
        -------
        windows : {ndarray, Windows} of shape (n_samples, window_length, n_features)
            Of one series without gaps a view, read-only. Of several series, or with gaps, an
            array-like that is written out where an array is needed (``numpy.asarray``). With
            ``flatten=True`` an array or DataFrame of shape ``(n_samples, window_length *
            n_features)``.
        """
        check_is_fitted(self)
        self._validate_params()
        rows = check_rows(self, X, reset=False)
        timeline = Timeline(X, len(rows), self.max_gap)
        if timeline.order is None and not timeline.begins_segment[1:].any():
            windows = sliding_window_view(self._padded(rows, timeline), self.window_length, axis=0)
            return windows.reshape(len(rows), -1) if self.flatten else windows.transpose(0, 2, 1)
        windows = self._windows_of_segments(rows, timeline, X)
        if not self.flatten:
            return windows
        return windows.to_array().transpose(0, 2, 1).reshape(len(rows), -1)

    @property
    def _repeats_edge(self):
        return self.padding == "edge" or (self.padding == "auto" and self.flatten)

    def _padded(self, rows, timeline):
        """Put what is known, or padding, in front of the rows of one series."""
        n_before = self.window_length - 1
        padded = np.empty((n_before + len(rows), rows.shape[1]), dtype=rows.dtype)
        history = self._known_before(0, rows, timeline)
        n_unknown = n_before - len(history)
        padded[n_before:] = rows
        padded[n_unknown:n_before] = history
        padded[:n_unknown] = padded[n_unknown] if self._repeats_edge else np.nan
        return padded

    def _windows_of_segments(self, rows, timeline, X):
        """Put what is known in front of each segment, and let no window reach beyond its own."""
        order, first_rows = timeline.order, np.flatnonzero(timeline.begins_segment)
        rows = rows if order is None else rows[order]
        histories = [self._known_before(first, rows, timeline) for first in first_rows]
        n_before = np.array([len(history) for history in histories])
        lengths = np.diff(np.append(first_rows, len(rows)))
        begins = np.cumsum(n_before + lengths) - (n_before + lengths)
        n_rows = len(rows) + int(n_before.sum())
        first = np.repeat(row_numbers(begins, n_rows), lengths)
        last = np.repeat(row_numbers(np.cumsum(n_before), n_rows), lengths)
        last += np.arange(len(rows), dtype=last.dtype)
        if n_before.any():
            before = np.repeat(begins - np.cumsum(n_before) + n_before, n_before)
            before += np.arange(n_before.sum())
            together = np.empty((len(rows) + len(before), rows.shape[1]), dtype=rows.dtype)
            together[last], together[before] = rows, np.concatenate(histories)
            rows = together
        elif order is None:
            rows = _kept(rows, X)
        if order is not None:
            place = np.argsort(order)
            first, last = first[place], last[place]
        return Windows(
            rows,
            last - (self.window_length - 1),
            self.window_length,
            first=first,
            last=last,
            outside="nearest" if self._repeats_edge else "nan",
        )

    def _known_before(self, first_row, rows, timeline):
        """Return the fitted rows, at most ``window_length - 1``, that precede a segment."""
        nothing = rows[:0]
        begins_series = timeline.begins_series[first_row]
        if self.history == "none" or not begins_series or self.window_length == 1:
            return nothing
        if self._keeps_series != timeline.is_panel:
            return nothing
        tail, last_timestamp = self._fitted_tails.get(timeline.series_id(first_row), (None, None))
        if tail is None:
            return nothing
        if self._goes_by_time(timeline, last_timestamp):
            follows = timeline.follows(first_row, last_timestamp)
        else:
            follows = not self._begins_as_fitted(rows)
        return tail[-(self.window_length - 1) :] if follows else nothing

    def _goes_by_time(self, timeline, last_timestamp):
        """Tell whether timestamps say what follows: a mere count from 0 does not."""
        if not timeline.has_timestamps or last_timestamp is None:
            return False
        if timeline.carries_time and self._fitted_carries_time:
            return True
        is_numbers = isinstance(last_timestamp, Real) and timeline.dtype.kind not in "mM"
        return is_numbers and (timeline.carries_time or self._fitted_carries_time)

    def _begins_as_fitted(self, rows):
        """Compare with the first fitted rows, up to what steps before the windower may round."""
        head = self._fitted_head[: len(rows)]
        rounding = 64 * max(np.finfo(rows.dtype).eps, np.finfo(head.dtype).eps)
        return bool((np.abs(rows[: len(head)] - head) <= rounding * np.abs(head).max(axis=0)).all())

    @available_if(_is_flat)
    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the columns of flattened windows, such as ``temp_lag2, temp_lag1, temp_lag0``.

        Available with ``flatten=True`` only, for windows of three dimensions have no columns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns; None for those seen by ``fit``, or ``x0, x1, ...``.

        Returns
        -------
        feature_names_out : ndarray of str objects of shape (n_output_features,)
            For each feature its lags, the oldest first.
        """
        check_is_fitted(self)
        lags = range(self.window_length - 1, -1, -1)
        names = check_feature_names_in(self, input_features)
        return np.array([f"{name}_lag{lag}" for name in names for lag in lags], dtype=object)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose the container of flattened windows; 3-D windows stay an array.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            Container of the output. None leaves the choice as it is.

        Returns
        -------
        self : SequenceWindower
            The windower itself.
        """
        set_output_config(self, transform)
        return self

    def __getstate__(self):
        state = super().__getstate__().copy()
        if "_fitted_tails" in state:
            state["_fitted_tails"] = _tails_in_few_arrays(state["_fitted_tails"])
        return state

    def __setstate__(self, state):
        if "_fitted_tails" in state:
            state = {**state, "_fitted_tails": _tails_by_series(state["_fitted_tails"])}
        super().__setstate__(state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _tails_in_few_arrays(tails):
    """Return the last rows of each series as plain values, however many series there are."""
    rows, timestamps = zip(*tails.values(), strict=True)
    return {
        "keys": [plain_label(key) for key in tails],
        "rows": np.concatenate(rows),
        "lengths": np.array([len(of_series) for of_series in rows]),
        "timestamps": [plain_label(timestamp) for timestamp in timestamps],
    }


def _tails_by_series(plain):
    rows = np.split(plain["rows"], np.cumsum(plain["lengths"])[:-1])
    timestamps = map(label_from_plain, plain["timestamps"])
    keys = map(label_from_plain, plain["keys"])
    return dict(zip(keys, zip(rows, timestamps, strict=True), strict=True))
