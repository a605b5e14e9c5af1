"""Folds of a panel, or of rows with a time index, by date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_consistent_length

from .._checks import known_container
from .._warn import warn_user
from ..windows.time_index import is_default_index, places_in_time
from .lengths import check_fits, check_length, moved


class PanelTimeSeriesSplit(BaseCrossValidator):
    """Time series cross-validator that splits by date.

    Provides train and test indices for rows whose index says when they were: a panel with a
    MultiIndex ``(series, ..., time)``, or rows on times, periods or numbers. Every date is on one
    side of a fold, the training part before the test part, whatever the order of the rows, however
    long the series, however often a date comes. The test parts follow each other and end with the
    last date.

    :class:`~sklearn.model_selection.TimeSeriesSplit` counts rows. Of one series in the order of
    time both give the same folds.

    Parameters
    ----------
    n_splits : int, default=5
        Number of test parts. At least 1.

    test_size : int, str, timedelta or DateOffset, default=None
        Length of a test part: a number of distinct timestamps, or a length of time such as
        ``"28D"`` or ``"3ME"``. Of the latter, the last test part holds the timestamps that lie less
        than that before the last one. None for ``n_timestamps // (n_splits + 1)``.

    gap : int, str, timedelta or DateOffset, default=0
        Timestamps left out between training and test part, or how long before the first timestamp
        of the test part nothing is learned from.

    max_train_size : int, str, timedelta or DateOffset, default=None
        Largest length of a training part, which then rolls on with the test parts: the last so
        many timestamps, or those that lie less than that before the last one. None: it grows.

    backcast : bool, default=False
        Whether a fold more comes first, in which the dates before the first test part are tested,
        and as many later dates are learned from as in the next fold. Then the test parts hold each
        row once, as :func:`~sklearn.model_selection.cross_val_predict` and
        :class:`~sklearn.ensemble.StackingRegressor` want it. That fold looks back in time, so
        leave it out of scores.

    See Also
    --------
    make_lstm_pipeline : Its windows reach back into the training part.
    sklearn.model_selection.TimeSeriesSplit : Splits rows in the order of time.

    Notes
    -----
    A series that ends before a test part has no rows there, one that starts within or after it
    none to learn from: the fold is that of the others, and scores weigh each row alike. Windows of
    a series that is new in a test part have no history, see :class:`SequenceWindower`.

    Periods are split by their starts. In a time zone whole days are those of the clock on the wall.
    Offsets that are anchored, such as ``"ME"`` or ``"W-SUN"``, cut the calendar: the last part may
    be a month begun. Parts end with the anchor, at the clock time of the last timestamp, so months
    of daily rows are ``"ME"``, not ``"MS"``.

    ``HalvingGridSearchCV(resource="n_samples")`` draws rows out of each part at random, dates with
    holes; a number of epochs is a better resource.

    30 million rows are split in a few seconds.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_lstm import PanelTimeSeriesSplit
    >>> days = pd.date_range("2024-01-01", periods=6)
    >>> index = pd.MultiIndex.from_product([["a", "b"], days]).delete(11)  # b ends a day earlier
    >>> X = pd.DataFrame({"sales": range(11)}, index=index)
    >>> cv = PanelTimeSeriesSplit(n_splits=2, test_size="2D")
    >>> print(cv)
    PanelTimeSeriesSplit(backcast=False, gap=0, max_train_size=None, n_splits=2,
               test_size='2D')
    >>> for fold, (train, test) in enumerate(cv.split(X)):
    ...     print(f"Fold {fold}:\\n  Train: index={train}\\n  Test:  index={test}")
    Fold 0:
      Train: index=[0 1 6 7]
      Test:  index=[2 3 8 9]
    Fold 1:
      Train: index=[0 1 2 3 6 7 8 9]
      Test:  index=[ 4  5 10]
    >>> for train, test in PanelTimeSeriesSplit(2, test_size=1, gap=1, max_train_size=2).split(X):
    ...     print(X.index[train].unique(1).day.tolist(), X.index[test].unique(1).day.tolist())
    [2, 3] [5]
    [3, 4] [6]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        test_size: int | str | timedelta | pd.offsets.BaseOffset | None = None,
        gap: int | str | timedelta | pd.offsets.BaseOffset = 0,
        max_train_size: int | str | timedelta | pd.offsets.BaseOffset | None = None,
        backcast: bool = False,
    ) -> None:
        self.n_splits = n_splits
        self.test_size = test_size
        self.gap = gap
        self.max_train_size = max_train_size
        self.backcast = backcast
        self._checked_lengths()

    def _checked_lengths(self):
        """Check all parameters, and return what is set of the lengths, by name."""
        n_splits: Any = self.n_splits
        if not isinstance(n_splits, Integral) or isinstance(n_splits, bool) or n_splits < 1:
            raise ValueError(f"n_splits={n_splits!r} must be a whole number of at least 1.")
        if not isinstance(self.backcast, bool | np.bool_):
            raise TypeError(f"backcast={self.backcast!r} must be True or False.")
        values = {"test_size": (self.test_size, 1), "gap": (self.gap, 0)}
        values["max_train_size"] = self.max_train_size, 1
        return {
            name: check_length(value, name, least=least)
            for name, (value, least) in values.items()
            if value is not None or name == "gap"
        }

    def get_n_splits(self, X: object = None, y: object = None, groups: object = None) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups : object
            Ignored.

        Returns
        -------
        n_splits : int
            One more than ``n_splits`` with ``backcast``.
        """
        return int(self.n_splits) + bool(self.backcast)

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Generate indices to split rows into training and test parts.

        Parameters
        ----------
        X : DataFrame or Series of shape (n_samples, ...)
            Rows in any order, with an index of times, periods or numbers, or a MultiIndex
            ``(series, ..., time)``. If it has none, such as an array, the index of ``y`` counts.

        y : Series or DataFrame, default=None
            Targets.

        groups : object
            Ignored, with a warning.

        Yields
        ------
        train : ndarray of int
            Numbers of the rows to learn from, increasing.

        test : ndarray of int
            Numbers of the rows to test, increasing.

        Raises
        ------
        ValueError
            If the rows have no dates, a date is missing, a length does not fit the index, or a
            part would hold no row; the message names the dates.
        """
        if groups is not None:
            warn_user(f"The groups parameter is ignored by {type(self).__name__}")
        check_consistent_length(X, y)
        timestamps, places = places_in_time(_index_of(X, y))
        places = places.astype(np.min_scalar_type(len(timestamps)))
        for of_train, of_test in self._folds(timestamps):
            yield _rows_of(places, *of_train), _rows_of(places, *of_test)

    def _folds(self, timestamps):
        """Return the places where training and test part of each fold begin and end."""
        lengths = self._checked_lengths()
        for name, length in lengths.items():
            check_fits(length, name, timestamps, getattr(self, name))
        n_timestamps = len(timestamps)
        test_size = lengths.get("test_size", n_timestamps // (self.n_splits + 1))
        if not test_size:
            self._refuse_empty_train(timestamps, 0)
        borders = [
            _first_of(timestamps, n_timestamps, test_size, times=self.n_splits - fold)
            for fold in range(self.n_splits)
        ]
        borders.append(n_timestamps)
        tests = list(pairwise(borders))
        self._refuse_empty_test(tests, timestamps)
        ends = [_end_before(timestamps, start, lengths["gap"]) for start, _ in tests]
        if ends[0] <= 0:
            self._refuse_empty_train(timestamps, tests[0][0])
        most = lengths.get("max_train_size", n_timestamps)
        trains = [(_first_of(timestamps, end, most), end) for end in ends]
        folds = list(zip(trains, tests, strict=True))
        if self.backcast:
            folds.insert(0, self._backcast(timestamps, lengths["gap"], *folds[0]))
        return folds

    def _backcast(self, timestamps, gap, train, test):
        """Return the fold in which what lies before the first test part is tested."""
        begin = _begin_after(timestamps, test[0], gap)
        if begin >= len(timestamps):
            raise ValueError(
                f"With backcast=True nothing is left to learn from after gap={self.gap!r} from "
                f"{timestamps[test[0] - 1]} on. Lower gap, or raise n_splits or test_size."
            )
        end = min(begin + train[1] - train[0], len(timestamps))
        return (begin, end), (0, test[0])

    def _refuse_empty_test(self, tests, timestamps):
        for fold, (start, end) in enumerate(tests):
            if start >= end and start > 0:
                raise ValueError(
                    f"The test part of fold {fold} holds no row, since no timestamp lies between "
                    f"{timestamps[start - 1]} and {timestamps[start]}, which is longer than "
                    f"test_size={self.test_size!r}. Raise test_size, or count timestamps (an int)."
                )

    def _refuse_empty_train(self, timestamps, start):
        size = f"test_size={self.test_size!r}, " if self.test_size is not None else ""
        span = f", from {timestamps[0]} to {timestamps[-1]}" if len(timestamps) else ""
        first = f" before {timestamps[start]}" if 0 < start < len(timestamps) else ""
        raise ValueError(
            f"n_splits={self.n_splits}, {size}gap={self.gap!r} leave nothing to learn from"
            f"{first}: the index holds {len(timestamps)} distinct timestamps{span}. Lower "
            "n_splits, test_size or gap."
        )


def _index_of(X, y):
    """Return the index that tells time, that of X or else that of y."""
    for data, name in ((X, "X"), (y, "y")):
        index = getattr(known_container(data, name), "index", None)
        if isinstance(index, pd.Index) and not is_default_index(index):
            return index
    raise ValueError(
        f"PanelTimeSeriesSplit splits by the dates of the index, but X ({type(X).__name__}) has "
        "none. Give X an index of times, or a MultiIndex (series, ..., time), with set_index; "
        "behind a scaler, call its set_output(transform='pandas'); to an estimator that splits "
        "arrays itself give cv=list(cv.split(X)). TimeSeriesSplit splits rows of one series that "
        "are in the order of time."
    )


def _rows_of(places, begin, end):
    return np.flatnonzero((places >= begin) & (places < end))


def _first_of(timestamps, end, length, times=1):
    """Return the place of the first timestamp of the last lengths before the place ``end``."""
    if isinstance(length, int):
        return max(end - times * length, 0)
    cut = moved(timestamps[end - 1], length, -times) if end else None
    return 0 if cut is None else _place(timestamps, cut, "right")


def _end_before(timestamps, start, gap):
    """Return the place at which what lies a gap before a test part ends."""
    if isinstance(gap, int):
        return start - gap
    latest = moved(timestamps[start], gap, -1) if gap else timestamps[start]
    return 0 if latest is None else _place(timestamps, latest, "left")


def _begin_after(timestamps, end, gap):
    """Return the place at which what lies a gap after a test part begins."""
    if isinstance(gap, int):
        return end + gap
    earliest = moved(timestamps[end - 1], gap)
    return len(timestamps) if earliest is None else _place(timestamps, earliest, "right")


def _place(timestamps, moment, side):
    """Return how many timestamps lie before a moment; on the side "right", not after it."""
    near = moment.as_unit(timestamps.unit)  # pandas takes no moment between two of its units
    if near != moment:
        side = "right" if near < moment else "left"
    return int(timestamps.searchsorted(near, side=side))
