"""Evenly stepping timestamps: which ones a series has, and which come next."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

MOST_STRETCHES = 20  # of timestamps, looked at for one without a hole
COMMON_FREQUENCIES = ["B", "D", "W-SUN", "MS", "ME", "BMS", "BME", "QS", "QE", "YS", "YE"]
NANOSECONDS_OF_DAY = 86_400 * 10**9
LARGEST_ROUNDING = 1e-6  # of a step, by which numbers may lie off the grid
LARGEST_SHARE_ABSENT = 0.5  # of a grid, for it to count as the frequency of the timestamps


class Calendar:
    """The timestamps of a series without holes, from its first to its last.

    Parameters
    ----------
    timestamps : Index or None
        Evenly stepping times, periods or numbers; None for rows that have no timestamps.

    freq : str, float or None
        The step: an alias of pandas for times and periods, a distance for numbers.

    n_steps : int
        How many timestamps there are.
    """

    def __init__(self, timestamps, freq, n_steps):
        self.timestamps = timestamps
        self.freq = freq
        self.n_steps = n_steps

    def __getitem__(self, first_steps):
        timestamps = None if self.timestamps is None else self.timestamps[first_steps]
        return Calendar(timestamps, self.freq, len(range(self.n_steps)[first_steps]))

    def after(self, n_steps):
        """Return the ``n_steps`` timestamps that follow, None for rows without timestamps."""
        if self.timestamps is None:
            return None
        last = self.timestamps[-1]
        if isinstance(self.timestamps, pd.PeriodIndex):
            following = pd.period_range(last + 1, periods=n_steps, freq=self.freq)
        elif isinstance(self.timestamps, pd.DatetimeIndex):
            following = _dates(last, self.freq, periods=n_steps + 1)[1:]
            following = following.as_unit(self.timestamps.unit)
        elif isinstance(self.timestamps, pd.RangeIndex):
            begin = last + self.freq
            following = pd.RangeIndex(begin, begin + n_steps * self.freq, self.freq)
        else:
            following = pd.Index(last + self.freq * np.arange(1, n_steps + 1))
        return following.rename(self.timestamps.name)

    def extended(self, n_steps):
        """Return the calendar that goes on for ``n_steps`` more."""
        if self.timestamps is None:
            return Calendar(None, None, self.n_steps + n_steps)
        following = self.after(n_steps)
        return Calendar(self.timestamps.append(following), self.freq, self.n_steps + n_steps)

    def places(self, timestamps):
        """Return the number of each timestamp, 0 for the first; -1 where off the grid.

        Timestamps may lie beyond the last one.
        """
        if not (isinstance(timestamps, pd.DatetimeIndex | pd.PeriodIndex)):
            steps = (timestamps.to_numpy() - self.timestamps[0]) / self.freq
            places = np.rint(steps)
            off = (np.abs(steps - places) > LARGEST_ROUNDING) | (places < 0)
            return np.where(off, -1, places).astype(np.int64)
        index = self.timestamps
        while len(timestamps) and index[-1] < timestamps.max():
            index = index.append(Calendar(index, self.freq, len(index)).after(len(index)))
        return index.get_indexer(timestamps)

    def leaps_to(self, timestamp):
        """Return how far a timestamp lies after the last one, in lengths of the calendar."""
        first, last = self.timestamps[0], self.timestamps[-1]
        if isinstance(self.timestamps, pd.PeriodIndex):
            first, last, timestamp = first.ordinal, last.ordinal, timestamp.ordinal
        return (timestamp - last) / (last - first) if self.n_steps > 1 else 0.0

    def clock(self):
        """Return numbers that order the steps of several series in time."""
        if self.timestamps is None:
            return np.arange(self.n_steps)
        return clock(self.timestamps)

    def __getstate__(self):
        state: dict[str, Any] = {"freq": self.freq, "n_steps": self.n_steps, "kind": "none"}
        if self.timestamps is None:
            return state
        state["name"] = self.timestamps.name
        first = self.timestamps[0]
        if isinstance(self.timestamps, pd.PeriodIndex):
            return {**state, "kind": "period", "first": str(first)}
        if isinstance(self.timestamps, pd.DatetimeIndex):
            zone = None if self.timestamps.tz is None else str(self.timestamps.tz)
            first = first.isoformat()
            return {
                **state,
                "kind": "time",
                "first": first,
                "tz": zone,
                "unit": self.timestamps.unit,
            }
        return {
            **state,
            "kind": "number",
            "first": first.item() if hasattr(first, "item") else first,
        }

    def __setstate__(self, state):
        self.freq, self.n_steps = state["freq"], state["n_steps"]
        self.timestamps = None
        if state["kind"] == "period":
            self.timestamps = pd.period_range(state["first"], periods=self.n_steps, freq=self.freq)
        elif state["kind"] == "time":
            first = pd.Timestamp(state["first"])
            first = first if state["tz"] is None else first.tz_convert(state["tz"])
            self.timestamps = _dates(first, self.freq, periods=self.n_steps)
            self.timestamps = self.timestamps.as_unit(state["unit"])
        elif state["kind"] == "number":
            self.timestamps = _number_grid(state["first"], self.freq, self.n_steps)
        if self.timestamps is not None:
            self.timestamps = self.timestamps.rename(state["name"])


def clock(timestamps):
    """Return timestamps as integers or floats that order them."""
    return (
        timestamps.asi8
        if isinstance(timestamps, pd.PeriodIndex | pd.DatetimeIndex)
        else timestamps.to_numpy()
    )


def checked_timestamps(index, name="y"):
    """Return an index as times, periods or numbers that increase, or say what is wrong.

    Parameters
    ----------
    index : Index

    name : str, default="y"
        What the messages call the data.

    Returns
    -------
    timestamps : DatetimeIndex, PeriodIndex or Index of numbers
    """
    if index.inferred_type in ("date", "datetime"):
        index = pd.DatetimeIndex(index)
    is_number = getattr(index.dtype, "kind", "O") in "iuf"
    if not (is_number or isinstance(index, pd.DatetimeIndex | pd.PeriodIndex)):
        example = f" ({index[0]!r}, ...)" if len(index) else ""
        raise ValueError(
            f"The index of {name} is neither time nor numbers{example}. In a MultiIndex time is "
            f"the last level. Convert the index (y.index = pd.to_datetime(y.index)), or leave it "
            "out: y.reset_index(drop=True)."
        )
    if index.hasnans:
        raise ValueError(
            f"The index of {name} lacks a timestamp at row {int(index.isna().argmax())}. Give "
            "every row its time, or leave the row out."
        )
    _refuse_repeated(index, name)
    if not index.is_monotonic_increasing:
        row = 1 + int(np.argmax(index[1:] < index[:-1]))
        raise ValueError(
            f"The index of {name} is not in order: row {row}, {index[row]!s}, comes after "
            f"{index[row - 1]!s}. Sort the rows: {name}.sort_index()."
        )
    return index


def _refuse_repeated(index, name):
    repeated = index.duplicated()
    if not repeated.any():
        return
    row = int(repeated.argmax())
    remedy = f"Drop it ({name}[~{name}.index.duplicated()]), or give each series a MultiIndex level"
    if isinstance(index, pd.DatetimeIndex) and index.tz is None:
        remedy += (
            ". If these are local times in which the clock was put back, name the zone: "
            "index.tz_localize('Europe/Berlin', ambiguous='infer')"
        )
    raise ValueError(
        f"The index of {name} repeats the timestamp {index[row]!s} at row {row} ({repeated.sum()} "
        f"rows repeat one). {remedy}."
    )


def frequency_of(timestamps, name="y"):
    """Return the step between timestamps, some of which may be absent.

    Parameters
    ----------
    timestamps : Index
        As :func:`checked_timestamps` returns it.

    name : str, default="y"
        What the messages call the data.

    Returns
    -------
    freq : str, int or float
        As in :class:`Calendar`.

    Raises
    ------
    ValueError
        If no frequency fits; the message names the first timestamp that is off.
    """
    if isinstance(timestamps, pd.PeriodIndex):
        return timestamps.freqstr
    if isinstance(timestamps, pd.DatetimeIndex):
        return _checked_alias(timestamps.freqstr or _infer_frequency(timestamps, name), name)
    return _infer_step(timestamps, name)


def grid_of(timestamps, freq, name="y"):
    """Return all the timestamps from the first to the last, those that are absent among them.

    Parameters
    ----------
    timestamps : Index
        As :func:`checked_timestamps` returns it.

    freq : str, int or float
        The step, as :func:`frequency_of` returns it.

    name : str, default="y"
        What the messages call the data.

    Returns
    -------
    calendar : Calendar

    Raises
    ------
    ValueError
        If timestamps lie off the grid; the message names the first.
    """
    if isinstance(timestamps, pd.PeriodIndex):
        grid = pd.period_range(timestamps[0], timestamps[-1], freq=timestamps.freq)
        return Calendar(grid.rename(timestamps.name), timestamps.freqstr, len(grid))
    if isinstance(timestamps, pd.DatetimeIndex):
        grid = (
            timestamps
            if timestamps.freqstr == freq
            else _dates(timestamps[0], freq, end=timestamps[-1])
        )
        grid = grid.as_unit(timestamps.unit)
        _refuse_off_grid(timestamps, ~timestamps.isin(grid), freq, name)
        return Calendar(grid.rename(timestamps.name), freq, len(grid))
    steps = (timestamps.to_numpy() - timestamps[0]) / freq
    _refuse_off_grid(timestamps, np.abs(steps - np.rint(steps)) > LARGEST_ROUNDING, freq, name)
    n_steps = 1 + round(steps[-1])
    grid = timestamps if n_steps == len(timestamps) else _number_grid(timestamps[0], freq, n_steps)
    return Calendar(grid.rename(timestamps.name), freq, n_steps)


def _dates(first, freq, periods=None, end=None):
    """Dates from a first one on; a clock time that a zone leaves out is moved forward."""
    try:
        return pd.date_range(first, end, periods=periods, freq=freq)
    except Exception:
        if first.tz is None:
            raise
        naive = None if end is None else end.tz_localize(None)
        dates = pd.date_range(first.tz_localize(None), naive, periods=periods, freq=freq)
        return dates.tz_localize(first.tz, nonexistent="shift_forward", ambiguous=True)


def _checked_alias(freq, name):
    if to_offset(freq).freqstr.lstrip("0123456789").startswith("C"):
        raise ValueError(
            f"The timestamps of {name} step by custom business days ({freq!r}), whose holidays "
            f"can't be kept. Take all business days ({name}.asfreq('B'), with "
            f"missing='interpolate'), or count rows instead of time: {name}.reset_index(drop=True)."
        )
    return freq


def _number_grid(first, step, n_steps):
    if isinstance(first, int | np.integer) and isinstance(step, int | np.integer):
        first, step = int(first), int(step)
        return pd.RangeIndex(first, first + n_steps * step, step)
    return pd.Index(first + step * np.arange(n_steps))


def _infer_step(timestamps, name):
    if len(timestamps) == 1:
        return 1
    values = timestamps.to_numpy()
    if values.dtype.kind in "iu":
        step = int(np.gcd.reduce(np.diff(values.astype(np.int64))))
    else:
        span = float(values[-1]) - float(values[0])
        step = span / max(1, round(span / float(np.median(np.diff(values)))))
    if (values[-1] - values[0]) / step > len(timestamps) / LARGEST_SHARE_ABSENT:
        _refuse_irregular(timestamps, name)
    return step


def _infer_frequency(timestamps, name):
    """Find the frequency on whose grid all timestamps lie and the fewest are absent."""
    if len(timestamps) < 3:
        raise ValueError(
            f"The frequency of {name} can't be told from {len(timestamps)} timestamps: give at "
            f"least 3, or set it ({name}.asfreq('D'))."
        )
    found = _regular_frequency(timestamps)
    if found is not None:
        return found
    fitting = {}
    for freq in dict.fromkeys(_candidates(timestamps)):
        grid = _grid(timestamps, freq)
        if grid is not None and covers(grid, timestamps):
            fitting[freq] = len(grid)
    if not fitting:
        _refuse_irregular(timestamps, name)
    return min(fitting, key=fitting.__getitem__)


def covers(grid, timestamps):
    """Tell whether all timestamps lie on a grid, and not too few of it are there."""
    return len(timestamps) >= LARGEST_SHARE_ABSENT * len(grid) and bool(timestamps.isin(grid).all())


def _regular_frequency(timestamps):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas will return an offset instead of its name
        found = pd.infer_freq(timestamps)
    return None if found is None else _alias(to_offset(found))


def _alias(offset):
    """Name of an offset; whole days as days, which keep their clock time in a zone."""
    hours = getattr(offset, "nanos", None) if isinstance(offset, pd.offsets.Tick) else None
    n_days, rest = divmod(hours, NANOSECONDS_OF_DAY) if hours else (0, 1)
    if rest:
        return offset.freqstr
    return "D" if n_days == 1 else f"{n_days}D"


def _candidates(timestamps):
    """Frequencies of stretches without a hole, the most common step, and the usual ones."""
    n_starts = min(MOST_STRETCHES, len(timestamps) - 7)
    for begin in np.linspace(0, max(len(timestamps) - 8, 0), max(n_starts, 1)).astype(int):
        stretch = timestamps[begin : begin + 8]
        found = _regular_frequency(stretch) if len(stretch) >= 3 else None
        if found is not None:
            yield found
    yield _alias(to_offset(_most_common_step(timestamps)))
    yield from COMMON_FREQUENCIES


def _grid(timestamps, freq):
    try:
        n_expected = (timestamps[-1] - timestamps[0]) / pd.Timedelta(to_offset(freq))
    except (TypeError, ValueError):
        n_expected = 0  # a month has no fixed length, but there are never too many of them
    if n_expected > len(timestamps) / LARGEST_SHARE_ABSENT:
        return None
    return _dates(timestamps[0], freq, end=timestamps[-1]).as_unit(timestamps.unit)


def _most_common_step(timestamps):
    steps = pd.Series(timestamps[1:] - timestamps[:-1])
    return steps.mode().iloc[0]


def _refuse_irregular(timestamps, name):
    common = _most_common_step(timestamps)
    steps = timestamps[1:] - timestamps[:-1]
    row = 1 + int(np.argmax(steps != common))
    raise ValueError(
        f"The timestamps of {name} have no frequency: row {row}, {timestamps[row]!s}, comes "
        f"{steps[row - 1]!s} after the row before it, where most come after {common!s} "
        f"({int((steps != common).sum())} of {len(steps)} steps differ). Bring them to a grid "
        f"({name}.resample(...).mean()), or count rows instead of time: "
        f"{name}.reset_index(drop=True)."
    )


def _refuse_off_grid(timestamps, off, freq, name):
    if off.any():
        row = int(off.argmax())
        raise ValueError(
            f"The timestamps of {name} step by {freq!r}, but {off.sum()} of {len(timestamps)} lie "
            f"between, first {timestamps[row]!s} at row {row}. Bring them to the grid "
            f"({name}.resample({freq!r}).mean())."
        )
