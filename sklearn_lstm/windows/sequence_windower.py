"""Rows to windows, one for each row."""

from __future__ import annotations

from datetime import timedelta
from numbers import Integral, Real
from typing import Any, Self
from weakref import WeakValueDictionary

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._atomic import on_snapshot, replaced_at_once
from .._callbacks import WatchedMixin, fit_task
from .._checks import check_rows, plain_table
from .._sklearn_private import (
    Number,
    StrOptions,
    check_feature_names_in,
    fit_context,
    set_output_config,
)
from .._warn import warn_user
from .recognition import (
    N_ROWS_OF_HEAD,
    begin_alike,
    is_later_stretch,
    n_rows_that_tell,
    place_of_fitted,
)
from .rows import Windows, row_numbers
from .time_index import Timeline, label_from_plain, plain_label

PANDAS_COPIES_ON_WRITE = int(pd.__version__.split(".")[0]) >= 3
# The first rows of each fit that has been warned of, by their id. Python's own memory is no help:
# it is lost whenever a library changes the filters for a moment, as scikit-learn's checks do.
_HAVE_WARNED: WeakValueDictionary[int, np.ndarray] = WeakValueDictionary()
LONGEST_PADDED = 10_000  # steps of a window that there may be however few the rows are


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


class SequenceWindower(WatchedMixin, TransformerMixin, BaseEstimator):
    """Turn rows in time order into windows, one for each row.

    Row ``i`` of the output is the window of the ``window_length`` rows that end at row ``i``.
    No row is lost, so ``y`` stays aligned and :class:`~sklearn.pipeline.Pipeline` accepts the
    step. The steps of a window that lie before the first known row are NaN;
    :class:`LSTMRegressor` trains on the complete windows and predicts for all.

    When the rows to transform follow the fitted ones, as the test part of a
    :class:`~sklearn.model_selection.TimeSeriesSplit` follows its training part, the last fitted
    rows stand in front of them as true history. Rows with a time index get none but earlier rows
    into their windows, whatever order they are given in. Arrays can't tell: their rows are taken to
    be in time order, and, unless they are the fitted ones from the first on, to follow these. So
    give rows a time index where a splitter other than ``TimeSeriesSplit`` is used (``KFold``, which
    is the default of searches, or any that shuffles).

    Parameters
    ----------
    window_length : int, default=10
        Number of steps (rows) in a window, the row itself included.

    history : {"auto", "always", "none"}, default="auto"
        Whether ``transform`` may put the last fitted rows in front of new ones. With ``"auto"``
        it does so

        - for a DataFrame whose index holds times or numbers (anything but a default
          ``RangeIndex`` from 0), if its first timestamp comes after the last fitted one;
        - for arrays, and DataFrames with a default index or one of text, unless they are the rows
          that were fitted: equal to the first of these in all they have, up to 1000 rows, at least
          ``window_length`` of them, and more than come a second time among the fitted rows. Fewer
          or repeating ones, such as the days of a week, are taken to follow, with a warning, one
          for each fit. A later stretch of the first 1000 fitted rows is known in the same way if
          it is twice as long as any that comes a second time; and where the first fitted rows
          come again further on, a warning says that what is before is taken to precede them;
        - for a DataFrame with a MultiIndex ``(series, ..., time)``, each series by itself.

        With ``"always"`` rows without times follow the fitted ones whatever they hold, those of
        ``fit_transform`` apart. With ``"none"`` every call starts without history.

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
        "window_length": [Number(Integral, 1, None, closed="left")],
        "history": [StrOptions({"auto", "always", "none"})],
        "max_gap": [
            np.timedelta64,
            Number(Real, 0, None, closed="neither"),
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
            Rows, those without an index of times or numbers in time order. An index must name each
            row once; a MultiIndex ``(series, ..., time)`` each row of a series.

        y : None
            Ignored.

        Returns
        -------
        self : SequenceWindower
            The fitted windower.

        Raises
        ------
        ValueError
            If X holds NaN or infinity, or its time index repeats a timestamp; the message names the
            first such row. If ``window_length`` is more than the rows and 10,000.
        """
        self._fit(plain_table(X, "X"))
        return self

    def _fit(self, X):
        """Fit; return what :meth:`_read` does, so that :meth:`fit_transform` reads once."""
        with replaced_at_once(self) as fitted, fit_task(self, fitted, X=X):
            rows, timeline = fitted._read(X, reset=True)
            fitted._remember(rows, timeline)
        return rows, timeline

    def _read(self, X, *, reset):
        """Return the rows of a table in the order of time, and their timeline."""
        rows = check_rows(self, X, reset=reset)
        tails = () if reset else (len(tail) for tail, _ in self._fitted_tails.values())
        self._check_length(len(rows) + max(tails, default=0))
        timeline = Timeline(X, len(rows), self.max_gap, sorts=True)
        return rows if timeline.order is None else rows[timeline.order], timeline

    def _remember(self, rows, timeline):
        self._keeps_series = timeline.is_panel
        self._fitted_carries_time = timeline.carries_time
        self._fitted_head = rows[:N_ROWS_OF_HEAD].copy()
        self._n_telling = None if timeline.is_panel else n_rows_that_tell(rows, self.window_length)
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
            Rows, as for :meth:`fit`. Windows are cut in the order of time and returned in the order
            of the rows.

        Returns
        -------
        windows : {ndarray, Windows} of shape (n_samples, window_length, n_features)
            Of one series without gaps a view, read-only. Of several series, with gaps, or of rows
            that are not in the order of time, an array-like that is written out where an array is
            needed (``numpy.asarray``). With ``flatten=True`` an array or DataFrame of shape
            ``(n_samples, window_length * n_features)``.
        """
        check_is_fitted(self)
        self._validate_params()
        X = plain_table(X, "X")
        return self._cut(X, *self._read(X, reset=False), takes_history=self.history != "none")

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Any, y: object = None) -> Any:
        """Remember the last rows, and cut a window for each: none has history from before ``X``.

        Parameters
        ----------
        X : {array-like, DataFrame} of shape (n_samples, n_features)
            Rows, see :meth:`fit`.

        y : None
            Ignored.

        Returns
        -------
        windows : {ndarray, Windows} of shape (n_samples, window_length, n_features)
            See :meth:`transform`.
        """
        X = plain_table(X, "X")
        return self._cut(X, *self._fit(X), takes_history=False)

    def _cut(self, X, rows, timeline, *, takes_history):
        first_rows = np.flatnonzero(timeline.begins_segment)
        histories = [
            self._known_before(first_row, rows, timeline) if takes_history else rows[:0]
            for first_row in first_rows
        ]
        if timeline.order is None and len(first_rows) == 1:
            padded = self._padded(rows, histories[0])
            windows = sliding_window_view(padded, self.window_length, axis=0)
            return windows.reshape(len(rows), -1) if self.flatten else windows.transpose(0, 2, 1)
        windows = self._windows_of_segments(rows, first_rows, histories, timeline.order, X)
        if not self.flatten:
            return windows
        return windows.to_array().transpose(0, 2, 1).reshape(len(rows), -1)

    def _check_length(self, n_known):
        """Refuse windows that would be nearly all padding, before they take the memory."""
        if self.window_length > max(n_known, LONGEST_PADDED):
            raise ValueError(
                f"window_length={self.window_length} is more than the {n_known} rows that are "
                "known, so no window could be complete. Lower window_length."
            )

    @property
    def _repeats_edge(self):
        return self.padding == "edge" or (self.padding == "auto" and self.flatten)

    def _padded(self, rows, history):
        """Put what is known, or padding, in front of the rows of one series."""
        n_before = self.window_length - 1
        padded = np.empty((n_before + len(rows), rows.shape[1]), dtype=rows.dtype)
        n_unknown = n_before - len(history)
        padded[n_before:] = rows
        padded[n_unknown:n_before] = history
        padded[:n_unknown] = padded[n_unknown] if self._repeats_edge else np.nan
        return padded

    def _windows_of_segments(self, rows, first_rows, histories, order, X):
        """Put what is known in front of each segment, and let no window reach beyond its own."""
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
        if not begins_series or self.window_length == 1 or self._keeps_series != timeline.is_panel:
            return nothing
        tail, last_timestamp = self._fitted_tails.get(timeline.series_id(first_row), (None, None))
        if tail is None or not len(tail):
            return nothing
        if self._goes_by_time(timeline, last_timestamp):
            follows = timeline.follows(first_row, last_timestamp)
        else:
            follows = self.history == "always" or not self._are_fitted_rows(rows, tail[-1])
        return tail[-(self.window_length - 1) :] if follows else nothing

    def _goes_by_time(self, timeline, last_timestamp):
        """Tell whether timestamps say what follows: a mere count from 0 does not."""
        if not timeline.has_timestamps or last_timestamp is None:
            return False
        if timeline.carries_time and self._fitted_carries_time:
            return True
        is_numbers = isinstance(last_timestamp, Real) and timeline.dtype.kind not in "mM"
        return is_numbers and (timeline.carries_time or self._fitted_carries_time)

    def _are_fitted_rows(self, rows, last):
        """Tell by their values whether rows are fitted ones again; warn where these can't."""
        head, n_telling = self._fitted_head, self._n_telling
        if begin_alike(rows, head):
            if n_telling is not None and min(len(rows), len(head)) >= n_telling:
                return True
            self._warn_once(
                "Rows without a time index are equal to the first rows of fit, but too few or too "
                "regular to be known by that: they are taken to follow the last ones of fit."
            )
            return False
        if is_later_stretch(rows, head, last, self.window_length):
            return True
        if n_telling is None:
            return False
        place = place_of_fitted(rows, head, max(n_telling, self.window_length))
        if place is not None:
            self._warn_once(
                f"Among rows without a time index the first rows of fit come again, from row "
                f"{place} on: they are taken to begin before the fitted ones."
            )
        return place is not None

    def _warn_once(self, what):
        """Warn of rows that can't be told, once for each fit."""
        head = self._fitted_head
        if id(head) in _HAVE_WARNED:
            return
        _HAVE_WARNED[id(head)] = head
        warn_user(
            f"{what} Give X a time index, or say what they are: history='always' if new rows "
            "always follow, history='none' if they never do."
        )

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
            tails = _tails_by_series(state["_fitted_tails"])
            state = {"_n_telling": 1, **state, "_fitted_tails": tails}
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
