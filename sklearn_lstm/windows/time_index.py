"""Which series and which time each row belongs to, and where windows begin anew."""

from dataclasses import dataclass, replace
from numbers import Real

import numpy as np
import pandas as pd

from .rows import joined_ranges

MOST_INT64 = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class SeriesSplit:
    """The rows of an index put together series by series.

    Attributes
    ----------
    index : Index

    series_ids : list
        The series by first appearance; ``[None]`` where the index names none, tuples where
        several levels do.

    order : ndarray of int, shape (n_rows,), or None
        Row numbers that put each series together; None where they lie so already.

    offsets : ndarray of int, shape (n_series + 1,)
        Series ``i`` has the rows ``offsets[i]`` to ``offsets[i + 1]``, in that order.

    level : Index
        The timestamps: each once, if the index has levels, else the index itself.

    codes : ndarray of int, shape (n_rows,), or None
        Place in ``level`` of the timestamp of each row, in that order, -1 where it has none. None
        where the index has no levels.
    """

    index: pd.Index
    series_ids: list
    order: np.ndarray | None
    offsets: np.ndarray
    level: pd.Index
    codes: np.ndarray | None

    @property
    def all_codes(self) -> np.ndarray:
        """The codes, those of an index without levels as well."""
        return np.arange(len(self.level)) if self.codes is None else self.codes

    def coded(self):
        """Return the split with codes, those of an index without levels as well."""
        return self if self.codes is not None else replace(self, codes=self.all_codes)

    def sorted_by(self, level):
        """Return the split with other values for its level, in order.

        To compare codes is then to compare timestamps.

        Parameters
        ----------
        level : Index of the length of ``level``
            Comparable values, such as the times that text or dates stand for.
        """
        if self.codes is None or (level.is_monotonic_increasing and level.is_unique):
            return replace(self, level=level)
        places, level = level.factorize(sort=True)
        places = np.append(places, -1).astype(np.min_scalar_type(-len(places)))
        return replace(self, level=level, codes=places[self.codes])

    def first_out_of_order(self):
        """Return the first series whose timestamps lack, repeat or run back; None if none does.

        The level has to be sorted, see :meth:`sorted_by`.
        """
        if self.codes is None:
            is_fine = self.level.is_monotonic_increasing and self.level.is_unique
            return None if is_fine and not self.level.hasnans else 0
        is_wrong = np.empty(len(self.codes), dtype=bool)
        np.less_equal(self.codes[1:], self.codes[:-1], out=is_wrong[1:])
        is_wrong[self.offsets[:-1]] = False
        is_wrong |= self.codes < 0
        return self.series_of(int(is_wrong.argmax())) if is_wrong.any() else None

    def in_order(self):
        """Return the split with the rows of each series in the order of time.

        Its level has to be sorted, see :meth:`sorted_by`.
        """
        if self.first_out_of_order() is None:
            return self
        series = np.repeat(np.arange(len(self.series_ids)), np.diff(self.offsets))
        codes = self.all_codes
        places = np.lexsort((codes, series))
        order = places if self.order is None else self.order[places]
        return replace(self, codes=codes[places], order=order)

    def keep(self, numbers):
        """Return the split of some series, by their numbers."""
        begins, lengths = self.offsets[numbers], np.diff(self.offsets)[numbers]
        places = joined_ranges(begins, lengths)
        return replace(
            self,
            series_ids=[self.series_ids[number] for number in numbers],
            order=places if self.order is None else self.order[places],
            offsets=np.concatenate([[0], np.cumsum(lengths)]),
            codes=None if self.codes is None else self.codes[places],
        )

    def where(self, is_kept):
        """Return the split of some rows, by a mask in the order of the split."""
        ends = np.concatenate([[0], np.cumsum(is_kept)])
        places = np.flatnonzero(is_kept)
        return replace(
            self,
            order=places if self.order is None else self.order[places],
            offsets=ends[self.offsets],
            codes=self.all_codes[places],
        )

    def series_of(self, place):
        """Return the number of the series at a place of the order."""
        return int(np.searchsorted(self.offsets, place, side="right")) - 1

    def rows(self, number):
        """Return the rows of a series, by its number."""
        places = slice(*self.offsets[number : number + 2])
        return np.arange(places.start, places.stop) if self.order is None else self.order[places]

    def timestamps(self, number):
        """Return the timestamps of a series, by its number, as the index has them."""
        if self.codes is None:
            return self.level
        codes = self.codes[slice(*self.offsets[number : number + 2])]
        if codes.min() >= 0:
            return self.level[codes]
        return self.index.get_level_values(-1)[self.rows(number)]


def split_series(index):
    """Tell which rows of an index belong to which series.

    Parameters
    ----------
    index : Index
        Of one series, or a MultiIndex ``(series, ..., time)``.

    Returns
    -------
    split : SeriesSplit

    Notes
    -----
    Levels are integer codes of few distinct values. Codes are compared, no row is ever looked at
    as a tuple, and where the series already lie one after the other no row is moved.
    """
    if not isinstance(index, pd.MultiIndex):
        return SeriesSplit(index, [None], None, np.array([0, len(index)]), index, None)
    if index.nlevels == 1:
        raise ValueError(
            f"A MultiIndex must have the levels (series, ..., time), but has {index.names} only."
        )
    levels = [_level(index, number) for number in range(index.nlevels)]
    order, offsets = _grouped([codes for _, codes in levels[:-1]])
    firsts = offsets[:-1] if order is None else order[offsets[:-1]]
    names = [_values_at(level, codes[firsts]) for level, codes in levels[:-1]]
    series_ids = names[0] if len(names) == 1 else list(zip(*names, strict=True))
    level, codes = levels[-1]
    return SeriesSplit(
        index, series_ids, order, offsets, level, codes if order is None else codes[order]
    )


def _level(index, number):
    """Return the distinct values of a level, and the code of each row; -1 where it has none."""
    level, codes = index.levels[number], np.asarray(index.codes[number])
    if level.dtype == object:  # what no row has may be of another type than the rest
        used = np.unique(codes[codes >= 0])
        if len(used) < len(level):
            places = np.full(len(level) + 1, -1)
            places[used] = np.arange(len(used))
            level, codes = level[used], places[codes]
    if level.is_unique and not level.hasnans:
        return level, codes
    places, level = level.factorize()
    return level, np.append(places, -1)[codes]


def _values_at(level, codes):
    values = list(level)
    return [np.nan if code < 0 else values[code] for code in codes.tolist()]


def _grouped(codes):
    """Return the order that puts rows of equal codes together, and where each group begins."""
    n_rows = len(codes[0])
    begins_run = np.zeros(n_rows, dtype=bool)
    begins_run[:1] = True
    for of_level in codes:
        begins_run[1:] |= of_level[1:] != of_level[:-1]
    starts = np.flatnonzero(begins_run)
    groups, n_groups = _numbered([of_level[starts] for of_level in codes])
    lengths = np.diff(starts, append=n_rows)
    if n_groups == len(starts):
        return None, np.append(starts, n_rows)
    sizes = np.bincount(groups, weights=lengths).astype(np.intp)
    # NumPy sorts numbers of 16 bits in linear time.
    runs = np.argsort(groups.astype(np.min_scalar_type(n_groups)), kind="stable")
    order = runs if len(starts) == n_rows else joined_ranges(starts[runs], lengths[runs])
    return order, np.concatenate([[0], np.cumsum(sizes)])


def _numbered(codes):
    """Number the distinct combinations of codes by first appearance."""
    numbers, found = pd.factorize(codes[0])
    for of_level in codes[1:]:
        width = int(of_level.max(initial=-1)) + 2
        numbers, found = pd.factorize(numbers.astype(np.int64) * width + of_level + 1)
    return numbers, len(found)


class Timeline:
    """What the index of a table says about its rows.

    They are seen in the order that puts each series together: ``order``, None where they lie so.

    Parameters
    ----------
    X : DataFrame or array-like
    n_rows : int
    max_gap : str, timedelta or float, default=None
    sorts : bool, default=False
        Whether rows that are out of order are seen in the order of time, and no error.

    Attributes
    ----------
    is_panel : bool
        Whether the index names series.
    has_timestamps : bool
        Whether the rows have times or numbers.
    carries_time : bool
        Whether these tell more than a count from 0.
    begins_series, begins_segment : ndarray of bool, shape (n_rows,)
        Where another series, or after a gap another part of it, begins.
    """

    def __init__(self, X, n_rows, max_gap=None, *, sorts=False):
        index = X.index if isinstance(X, pd.DataFrame) else pd.RangeIndex(n_rows)
        self.is_panel = isinstance(index, pd.MultiIndex)
        if self.is_panel:
            refuse_time_before_last(index)
        self._split = split_series(index)
        self._max_gap = None
        self.begins_series = np.zeros(n_rows, dtype=bool)
        self.begins_series[self._split.offsets[:-1][:n_rows]] = True
        level = _as_timestamps(self._split.level) if isinstance(X, pd.DataFrame) else None
        self.has_timestamps = level is not None
        if self.is_panel and level is None:
            raise ValueError(
                "The last level of the MultiIndex must be time or numbers, but holds "
                f"{self._split.timestamps(0)[0]!r}. Order the levels as (series, ..., time)."
            )
        self.carries_time = self.has_timestamps and not is_default_index(index)
        if self.has_timestamps:
            self._split = self._split.sorted_by(level)
            if sorts and self._split.first_out_of_order() is not None:
                split = self._split.coded()
                self._split = split.sorted_by(split.level).in_order()
            self._check_finite()
            self._check_increasing()
        self.order = self._split.order
        self.begins_segment = self.begins_series
        if max_gap is not None:
            self._max_gap = self._as_distance(max_gap)
            self.begins_segment = self.begins_series.copy()
            times = _in_one_zone(self._split.level)
            times = times if self._split.codes is None else times[self._split.codes]
            self.begins_segment[1:] |= np.diff(times) > self._max_gap

    @property
    def dtype(self):
        """Type of the timestamps."""
        return self._split.level.dtype

    def series_id(self, row):
        """Return the series that a row of the order belongs to, None without any."""
        return self._split.series_ids[self._split.series_of(row)]

    def timestamp(self, row):
        """Return the time or number of a row of the order, None if the rows have none."""
        if not self.has_timestamps:
            return None
        split = self._split
        return split.level[row if split.codes is None else split.codes[row]]

    @property
    def times(self):
        """Times of the rows in that order, a DatetimeIndex or TimedeltaIndex; None without any."""
        if not self.has_timestamps or self.dtype.kind not in "mM":
            return None
        split = self._split
        return split.level if split.codes is None else split.level[split.codes]

    def follows(self, row, last_timestamp):
        """Tell whether a row comes after the last fitted timestamp, and near enough to it."""
        timestamp = self.timestamp(row)
        try:
            if not timestamp > last_timestamp:
                return False
        except TypeError as error:
            raise ValueError(
                f"The index ({timestamp!r}, ...) can't be compared with that of fit "
                f"(..., {last_timestamp!r}). Give both the same kind of index."
            ) from error
        return self._max_gap is None or timestamp - last_timestamp <= self._max_gap

    def _check_finite(self):
        """Refuse what nothing comes after, or before."""
        if self.dtype.kind != "f":
            return
        split = self._split.coded()
        is_infinite = np.isinf(split.level.to_numpy(dtype=float, na_value=np.nan))
        places = np.flatnonzero(is_infinite[split.codes] & (split.codes >= 0))
        if len(places):
            rows = places if split.order is None else split.order[places]
            raise ValueError(
                f"The time index holds infinity, first at row {rows.min()}. Give every row its "
                "time, or leave the row out."
            )

    def _check_increasing(self):
        if self._split.first_out_of_order() is None:
            return
        split = self._split.coded()
        split = split.sorted_by(split.level)
        rows = np.arange(len(split.codes)) if split.order is None else split.order
        lacking = np.flatnonzero(split.codes < 0)
        if len(lacking):
            nothing = "NaT" if self.dtype.kind in "mM" else "nan"
            raise ValueError(
                f"The time index lacks a timestamp at row {rows[lacking].min()} ({nothing}). Give "
                "every row its time, or leave the row out."
            )
        is_unordered = (np.diff(split.codes) <= 0) & ~self.begins_series[1:]
        places = np.flatnonzero(is_unordered) + 1
        place = places[rows[places].argmin()]
        of_series = f" of series {self.series_id(place)!r}" if self.is_panel else ""
        earlier, later = split.level[split.codes[[place - 1, place]]]
        remedy = (
            "Drop repeated timestamps (X[~X.index.duplicated()])"
            if earlier == later
            else "Sort the rows (X.sort_index())"
        )
        raise ValueError(
            f"The time index must increase{of_series and ' within each series'}, but row "
            f"{rows[place]}{of_series}, {later!s}, does not come after {earlier!s}. {remedy}, "
            "or, if the index is not time, X.reset_index(drop=True)."
        )

    def _as_distance(self, max_gap):
        """Return max_gap as something that distances between timestamps can be compared with."""
        if not self.has_timestamps:
            raise ValueError(
                f"max_gap={max_gap!r} needs rows with an index of times or numbers, but X has "
                "none. Pass a DataFrame; behind a scaler, call its "
                "set_output(transform='pandas') first."
            )
        is_time = self.dtype.kind in "mM"
        is_number = isinstance(max_gap, Real) and not isinstance(max_gap, np.timedelta64)
        if is_time == is_number:
            wanted = "a timedelta such as '1D'" if is_time else "a number, or give X a time index"
            raise ValueError(
                f"max_gap={max_gap!r} does not fit the index, which is of {self.dtype}: set "
                f"it to {wanted}."
            )
        if is_number:
            if isinstance(max_gap, bool) or not 0 < max_gap < np.inf:
                raise ValueError(
                    f"max_gap={max_gap!r} must be a number above 0, in units of the index, or None."
                )
            return max_gap
        try:
            distance = pd.Timedelta(max_gap)
        except (ValueError, TypeError):
            distance = pd.NaT
        if pd.isna(distance) or is_number_as_text(max_gap):
            raise ValueError(
                f"max_gap={max_gap!r} is not a timedelta: write it with its unit, as '1D' or "
                "'30min'."
            )
        if distance <= pd.Timedelta(0):
            raise ValueError(f"max_gap={max_gap!r} must be longer than zero.")
        return distance.to_timedelta64()


def refuse_time_before_last(index):
    """Raise an error if a level of a MultiIndex holds times, but the last neither does nor may."""
    times = [
        level.dtype.kind in "mM" or isinstance(level, pd.PeriodIndex) for level in index.levels
    ]
    if any(times[:-1]) and not times[-1]:
        raise ValueError(
            f"The MultiIndex {tuple(index.names)} has times in level {times.index(True)}, but "
            "time must be the last level. Order the levels as (series, ..., time): "
            "X.reorder_levels(...)."
        )


def places_in_time(index):
    """Return the distinct timestamps of an index, and the place of each row among them.

    Parameters
    ----------
    index : Index
        Of times, periods or numbers, in any order; of a MultiIndex ``(series, ..., time)`` the
        last level counts.

    Returns
    -------
    timestamps : DatetimeIndex, TimedeltaIndex or Index of numbers
        Each once, in order; the start of each period.

    places : ndarray of int, shape (n_rows,)
    """
    if isinstance(index, pd.MultiIndex):
        refuse_time_before_last(index)
        level, places = _level(index, index.nlevels - 1)
    else:
        places, level = index.factorize()
    timestamps = _as_timestamps(level)
    if timestamps is None:
        raise ValueError(
            f"The index must hold times, periods or numbers, but holds {level[:1].tolist()} "
            f"({level.dtype}). Convert it (pd.to_datetime); of a MultiIndex time is the last level."
        )
    kinds = {"M": pd.DatetimeIndex, "m": pd.TimedeltaIndex}
    timestamps = kinds.get(timestamps.dtype.kind, pd.Index)(timestamps)  # those of Arrow, too
    _refuse_row_of_no_time(timestamps, places)
    is_used = np.bincount(places, minlength=len(timestamps)) > 0
    if is_used.all() and timestamps.is_monotonic_increasing and timestamps.is_unique:
        return timestamps, places
    numbers, distinct = timestamps[is_used].factorize(sort=True)
    place_of = np.full(len(timestamps), -1)
    place_of[is_used] = numbers
    return distinct, place_of[places]


def _refuse_row_of_no_time(timestamps, places):
    is_bad = np.zeros(len(timestamps) + 1, dtype=bool)
    is_bad[-1] = True  # the place of rows without any, -1
    if timestamps.dtype.kind == "f":
        is_bad[:-1] = np.isinf(timestamps.to_numpy(dtype=float))
    if not is_bad[:-1].any() and places.min(initial=0) >= 0:
        return
    rows = np.flatnonzero(is_bad[places])
    if len(rows):
        place = places[rows[0]]
        raise ValueError(
            f"The time index holds {'NaT or NaN' if place < 0 else timestamps[place]}, first at "
            f"row {rows[0]}. Give every row its time, or leave the row out."
        )


def _as_timestamps(index):
    """Return an index as times or numbers, None if it is neither."""
    if isinstance(index, pd.PeriodIndex):
        return index.to_timestamp()
    if index.inferred_type in ("date", "datetime"):
        return pd.DatetimeIndex(index)
    return in_64_bits(index) if getattr(index.dtype, "kind", None) in tuple("mMiuf") else None


def in_64_bits(index):
    """Return an index of whole numbers in 64 bits, where their distances do not wrap around."""
    kind = index.dtype.kind
    if kind not in "iu" or (kind == "u" and len(index) and index.max() > MOST_INT64):
        return index
    return index.astype(np.float64 if index.hasnans else np.int64)


def is_default_index(index):
    """Tell whether an index only counts rows from 0."""
    return isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1


def _in_one_zone(timestamps):
    """Return timestamps as an array; times of a zone in UTC, where an hour is always an hour."""
    in_utc = timestamps.tz_convert(None) if getattr(timestamps, "tz", None) else timestamps
    return in_utc.to_numpy()


def is_number_as_text(value):
    """Tell whether text is a number without a unit."""
    try:
        return isinstance(value, str) and bool(float(value) + 1)
    except ValueError:
        return False


def plain_label(label):
    """Return a label with times and durations as plain values; what has none is left as it is.

    Parameters
    ----------
    label : Timestamp, Timedelta, number, text, None or tuple of these

    Returns
    -------
    plain : dict, number, text, None or tuple of these

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_lstm.windows.time_index import label_from_plain, plain_label
    >>> plain = plain_label(pd.Timestamp("2024-05-01 12:00", tz="Europe/Berlin"))
    >>> label_from_plain(plain)
    Timestamp('2024-05-01 12:00:00+0200', tz='Europe/Berlin')
    """
    if isinstance(label, tuple):
        return tuple(plain_label(part) for part in label)
    if isinstance(label, pd.Timestamp) and has_named_zone(label):
        zone = None if label.tz is None else str(label.tz)
        return {"time": label.isoformat(), "zone": zone, "unit": label.unit}
    if isinstance(label, pd.Timedelta):
        return {"duration": int(label.asm8.astype(np.int64)), "unit": label.unit}
    return label


def label_from_plain(plain):
    """Return the label of which :func:`plain_label` made a plain value."""
    if isinstance(plain, tuple):
        return tuple(label_from_plain(part) for part in plain)
    if not isinstance(plain, dict):
        # NaN, the name of rows without a series, is found again as this one object only.
        return np.nan if isinstance(plain, float) and plain != plain else plain
    if "duration" in plain:
        return pd.Timedelta(np.timedelta64(plain["duration"], plain["unit"]))
    label = pd.Timestamp(plain["time"])
    label = label if plain["zone"] is None else label.tz_convert(plain["zone"])
    return label.as_unit(plain["unit"])


def has_named_zone(label):
    """Tell whether the name of the zone, if there is one, is enough to find it again."""
    if label.tz is None:
        return True
    try:
        return label.tz_convert(str(label.tz)).utcoffset() == label.utcoffset()
    except Exception:  # which one depends on the library that the zone is from
        return False
