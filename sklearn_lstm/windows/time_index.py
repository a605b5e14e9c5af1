"""Which series and which moment each row belongs to, and where windows begin anew."""

from numbers import Real

import numpy as np
import pandas as pd


class Timeline:
    """What the index of a table says about its rows.

    They are seen in the order that puts each series together: ``order``, None for one series.

    Attributes
    ----------
    labels : Index or None
        Times or numbers, None if the rows have none.
    carries_time : bool
        Whether the labels tell more than a count from 0.
    begins_series, begins_segment : ndarray of bool, shape (n_rows,)
        Where another series, or after a gap another part of it, begins.
    """

    def __init__(self, X, n_rows, max_gap=None):
        index = X.index if isinstance(X, pd.DataFrame) else None
        self.order = self._keys = self._max_gap = None
        self.begins_series = np.arange(n_rows) == 0
        if isinstance(index, pd.MultiIndex):
            index = self._group_by_series(index)
        self.labels = _as_labels(index)
        if self.order is not None and self.labels is None:
            raise ValueError(
                "The last level of the MultiIndex must be time or numbers, but holds "
                f"{index[0]!r}. Order the levels as (series, ..., time)."
            )
        is_count = self.order is None and _is_default(index)
        self.carries_time = self.labels is not None and not is_count
        if self.labels is not None:
            self._check_increasing()
        self.begins_segment = self.begins_series
        if max_gap is not None:
            self._max_gap = self._as_distance(max_gap)
            self.begins_segment = self.begins_series.copy()
            self.begins_segment[1:] |= np.diff(_on_one_clock(self.labels)) > self._max_gap

    def _group_by_series(self, index):
        """Bring the rows of each series together; return their last level in that order."""
        times = [
            level.dtype.kind in "mM" or isinstance(level, pd.PeriodIndex) for level in index.levels
        ]
        if any(times[:-1]) and not times[-1]:
            raise ValueError(
                f"The MultiIndex {tuple(index.names)} has times in level {times.index(True)}, but "
                "time must be the last level. Order the levels as (series, ..., time): "
                "X.reorder_levels(...)."
            )
        series = index.droplevel(-1)
        codes, _ = series.factorize()
        self.order = np.argsort(codes, kind="stable")
        self._keys = series[self.order]
        codes = codes[self.order]
        self.begins_series[1:] = codes[1:] != codes[:-1]
        return index.get_level_values(-1)[self.order]

    def key(self, row):
        return None if self._keys is None else self._keys[row]

    def follows(self, row, last_label):
        """Tell whether a row comes after the last fitted label, and near enough to it."""
        label = self.labels[row]
        try:
            if not label > last_label:
                return False
        except TypeError as error:
            raise ValueError(
                f"The index ({label!r}, ...) can't be compared with that of fit "
                f"(..., {last_label!r}). Give both the same kind of index."
            ) from error
        return self._max_gap is None or label - last_label <= self._max_gap

    def _check_increasing(self):
        if self.labels.hasnans:
            places = np.flatnonzero(self.labels.isna())
            row = (places if self.order is None else self.order[places]).min()
            raise ValueError(
                f"The time index lacks a label at row {row} ({self.labels[places[0]]}). Give every "
                "row its time, or leave the row out."
            )
        if self.order is None and self.labels.is_monotonic_increasing and self.labels.is_unique:
            return
        unordered = ~np.asarray(self.labels[1:] > self.labels[:-1]) & ~self.begins_series[1:]
        if not unordered.any():
            return
        places = np.flatnonzero(unordered) + 1
        rows = places if self.order is None else self.order[places]
        place, row = places[rows.argmin()], rows.min()
        of_series = "" if self._keys is None else f" of series {self._keys[place]!r}"
        raise ValueError(
            f"The time index must increase{of_series and ' within each series'}, but row "
            f"{row}{of_series}, {self.labels[place]!s}, does not come after "
            f"{self.labels[place - 1]!s}. Sort the rows (X.sort_index()), drop repeated labels "
            "(X[~X.index.duplicated()]), or, if the index is not time, X.reset_index(drop=True)."
        )

    def _as_distance(self, max_gap):
        """Return max_gap as something that distances between labels can be compared with."""
        if self.labels is None:
            raise ValueError(
                f"max_gap={max_gap!r} needs rows with an index of times or numbers, but X has "
                "none. Pass a DataFrame; behind a scaler, call its "
                "set_output(transform='pandas') first."
            )
        is_time = self.labels.dtype.kind in "mM"
        is_number = isinstance(max_gap, Real) and not isinstance(max_gap, np.timedelta64)
        if is_time == is_number:
            wanted = "a timedelta such as '1D'" if is_time else "a number, or give X a time index"
            raise ValueError(
                f"max_gap={max_gap!r} does not fit the index, which is of {self.labels.dtype}: set "
                f"it to {wanted}."
            )
        if is_number:
            return max_gap
        try:
            distance = pd.Timedelta(max_gap)
        except ValueError:
            distance = pd.NaT
        if pd.isna(distance) or _is_number_as_text(max_gap):
            raise ValueError(
                f"max_gap={max_gap!r} is not a timedelta: write it with its unit, as '1D' or "
                "'30min'."
            )
        if distance <= pd.Timedelta(0):
            raise ValueError(f"max_gap={max_gap!r} must be longer than zero.")
        return distance.to_timedelta64()


def _as_labels(index):
    """Return an index as times or numbers, None if it is neither."""
    if isinstance(index, pd.PeriodIndex):
        return index.to_timestamp()
    if index is not None and index.inferred_type in ("date", "datetime"):
        return pd.DatetimeIndex(index)
    return index if getattr(getattr(index, "dtype", None), "kind", None) in tuple("mMiuf") else None


def _is_default(index):
    return isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1


def _on_one_clock(labels):
    """Return labels as an array; times of a zone in UTC, where an hour is always an hour."""
    return (labels.tz_convert(None) if getattr(labels, "tz", None) else labels).to_numpy()


def _is_number_as_text(value):
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
    if isinstance(label, pd.Timestamp) and _has_named_zone(label):
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
        return plain
    if "duration" in plain:
        return pd.Timedelta(np.timedelta64(plain["duration"], plain["unit"]))
    label = pd.Timestamp(plain["time"])
    label = label if plain["zone"] is None else label.tz_convert(plain["zone"])
    return label.as_unit(plain["unit"])


def _has_named_zone(label):
    """Tell whether the name of the zone, if there is one, is enough to find it again."""
    if label.tz is None:
        return True
    try:
        return label.tz_convert(str(label.tz)).utcoffset() == label.utcoffset()
    except Exception:  # which one depends on the library that the zone is from
        return False
