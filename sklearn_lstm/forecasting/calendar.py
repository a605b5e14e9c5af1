"""Evenly stepping stamps: which ones a series has, and which come next."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

MOST_STRETCHES = 20  # of stamps, looked at for one without a hole
COMMON_FREQUENCIES = ["B", "D", "W-SUN", "MS", "ME", "BMS", "BME", "QS", "QE", "YS", "YE"]
NANOSECONDS_OF_DAY = 86_400 * 10**9
LARGEST_ROUNDING = 1e-6  # of a step, by which numbers may lie off the grid
LARGEST_SHARE_ABSENT = 0.5  # of a grid, for it to count as the frequency of the stamps


class Calendar:
    """The stamps of a series without holes, from its first to its last.

    Parameters
    ----------
    stamps : Index or None
        Evenly stepping times, periods or numbers; None for rows that have no stamps.

    freq : str, float or None
        The step: an alias of pandas for times and periods, a distance for numbers.

    n_steps : int
        How many stamps there are.
    """

    def __init__(self, stamps, freq, n_steps):
        self.stamps = stamps
        self.freq = freq
        self.n_steps = n_steps

    def __getitem__(self, first_steps):
        stamps = None if self.stamps is None else self.stamps[first_steps]
        return Calendar(stamps, self.freq, len(range(self.n_steps)[first_steps]))

    def after(self, n_steps):
        """Return the ``n_steps`` stamps that follow the last one, None for rows without stamps."""
        if self.stamps is None:
            return None
        last = self.stamps[-1]
        if isinstance(self.stamps, pd.PeriodIndex):
            following = pd.period_range(last + 1, periods=n_steps, freq=self.freq)
        elif isinstance(self.stamps, pd.DatetimeIndex):
            following = _dates(last, self.freq, periods=n_steps + 1)[1:]
            following = following.as_unit(self.stamps.unit)
        elif isinstance(self.stamps, pd.RangeIndex):
            begin = last + self.freq
            following = pd.RangeIndex(begin, begin + n_steps * self.freq, self.freq)
        else:
            following = pd.Index(last + self.freq * np.arange(1, n_steps + 1))
        return following.rename(self.stamps.name)

    def extended(self, n_steps):
        """Return the calendar that goes on for ``n_steps`` more."""
        if self.stamps is None:
            return Calendar(None, None, self.n_steps + n_steps)
        following = self.after(n_steps)
        return Calendar(self.stamps.append(following), self.freq, self.n_steps + n_steps)

    def places(self, stamps):
        """Return the number of each stamp, 0 for the first of the calendar; -1 where off its grid.

        Stamps may lie beyond the last one.
        """
        if not (isinstance(stamps, pd.DatetimeIndex | pd.PeriodIndex)):
            steps = (stamps.to_numpy() - self.stamps[0]) / self.freq
            places = np.rint(steps)
            off = (np.abs(steps - places) > LARGEST_ROUNDING) | (places < 0)
            return np.where(off, -1, places).astype(np.int64)
        index = self.stamps
        while len(stamps) and index[-1] < stamps.max():
            index = index.append(Calendar(index, self.freq, len(index)).after(len(index)))
        return index.get_indexer(stamps)

    def leaps_to(self, stamp):
        """Return how far a stamp lies after the last one, in lengths of the calendar."""
        first, last = self.stamps[0], self.stamps[-1]
        if isinstance(self.stamps, pd.PeriodIndex):
            first, last, stamp = first.ordinal, last.ordinal, stamp.ordinal
        return (stamp - last) / (last - first) if self.n_steps > 1 else 0.0

    def clock(self):
        """Return numbers that order the steps of several series in time."""
        if self.stamps is None:
            return np.arange(self.n_steps)
        return clock(self.stamps)

    def __getstate__(self):
        state: dict[str, Any] = {"freq": self.freq, "n_steps": self.n_steps, "kind": "none"}
        if self.stamps is None:
            return state
        state["name"] = self.stamps.name
        first = self.stamps[0]
        if isinstance(self.stamps, pd.PeriodIndex):
            return {**state, "kind": "period", "first": str(first)}
        if isinstance(self.stamps, pd.DatetimeIndex):
            zone = None if self.stamps.tz is None else str(self.stamps.tz)
            first = first.isoformat()
            return {**state, "kind": "time", "first": first, "tz": zone, "unit": self.stamps.unit}
        return {
            **state,
            "kind": "number",
            "first": first.item() if hasattr(first, "item") else first,
        }

    def __setstate__(self, state):
        self.freq, self.n_steps = state["freq"], state["n_steps"]
        self.stamps = None
        if state["kind"] == "period":
            self.stamps = pd.period_range(state["first"], periods=self.n_steps, freq=self.freq)
        elif state["kind"] == "time":
            first = pd.Timestamp(state["first"])
            first = first if state["tz"] is None else first.tz_convert(state["tz"])
            self.stamps = _dates(first, self.freq, periods=self.n_steps)
            self.stamps = self.stamps.as_unit(state["unit"])
        elif state["kind"] == "number":
            self.stamps = _number_grid(state["first"], self.freq, self.n_steps)
        if self.stamps is not None:
            self.stamps = self.stamps.rename(state["name"])


def clock(stamps):
    """Return stamps as integers or floats that order them."""
    return (
        stamps.asi8 if isinstance(stamps, pd.PeriodIndex | pd.DatetimeIndex) else stamps.to_numpy()
    )


def checked_stamps(index, name="y"):
    """Return an index as times, periods or numbers that increase, or say what is wrong.

    Parameters
    ----------
    index : Index

    name : str, default="y"
        What the messages call the data.

    Returns
    -------
    stamps : DatetimeIndex, PeriodIndex or Index of numbers
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
            f"The index of {name} lacks a stamp at row {int(index.isna().argmax())}. Give every "
            "row its time, or leave the row out."
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
        f"The index of {name} repeats the stamp {index[row]!s} at row {row} ({repeated.sum()} rows "
        f"repeat one). {remedy}."
    )


def frequency_of(stamps, name="y"):
    """Return the step between stamps, some of which may be absent.

    Parameters
    ----------
    stamps : Index
        As :func:`checked_stamps` returns it.

    name : str, default="y"
        What the messages call the data.

    Returns
    -------
    freq : str, int or float
        As in :class:`Calendar`.

    Raises
    ------
    ValueError
        If no frequency fits; the message names the first stamp that is off.
    """
    if isinstance(stamps, pd.PeriodIndex):
        return stamps.freqstr
    if isinstance(stamps, pd.DatetimeIndex):
        return _checked_alias(stamps.freqstr or _infer_frequency(stamps, name), name)
    return _infer_step(stamps, name)


def grid_of(stamps, freq, name="y"):
    """Return all the stamps from the first to the last, those that are absent among them.

    Parameters
    ----------
    stamps : Index
        As :func:`checked_stamps` returns it.

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
        If stamps lie off the grid; the message names the first.
    """
    if isinstance(stamps, pd.PeriodIndex):
        grid = pd.period_range(stamps[0], stamps[-1], freq=stamps.freq)
        return Calendar(grid.rename(stamps.name), stamps.freqstr, len(grid))
    if isinstance(stamps, pd.DatetimeIndex):
        grid = stamps if stamps.freqstr == freq else _dates(stamps[0], freq, end=stamps[-1])
        grid = grid.as_unit(stamps.unit)
        _refuse_off_grid(stamps, ~stamps.isin(grid), freq, name)
        return Calendar(grid.rename(stamps.name), freq, len(grid))
    steps = (stamps.to_numpy() - stamps[0]) / freq
    _refuse_off_grid(stamps, np.abs(steps - np.rint(steps)) > LARGEST_ROUNDING, freq, name)
    n_steps = 1 + round(steps[-1])
    grid = stamps if n_steps == len(stamps) else _number_grid(stamps[0], freq, n_steps)
    return Calendar(grid.rename(stamps.name), freq, n_steps)


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
            f"The stamps of {name} step by custom business days ({freq!r}), whose holidays can't "
            f"be kept. Take all business days ({name}.asfreq('B'), with missing='interpolate'), or "
            f"count rows instead of time: {name}.reset_index(drop=True)."
        )
    return freq


def _number_grid(first, step, n_steps):
    if isinstance(first, int | np.integer) and isinstance(step, int | np.integer):
        first, step = int(first), int(step)
        return pd.RangeIndex(first, first + n_steps * step, step)
    return pd.Index(first + step * np.arange(n_steps))


def _infer_step(stamps, name):
    if len(stamps) == 1:
        return 1
    values = stamps.to_numpy()
    if values.dtype.kind in "iu":
        step = int(np.gcd.reduce(np.diff(values.astype(np.int64))))
    else:
        span = float(values[-1]) - float(values[0])
        step = span / max(1, round(span / float(np.median(np.diff(values)))))
    if (values[-1] - values[0]) / step > len(stamps) / LARGEST_SHARE_ABSENT:
        _refuse_irregular(stamps, name)
    return step


def _infer_frequency(stamps, name):
    """Find the frequency on whose grid all stamps lie and the fewest are absent."""
    if len(stamps) < 3:
        raise ValueError(
            f"The frequency of {name} can't be told from {len(stamps)} stamps: give at least 3, or "
            f"set it ({name}.asfreq('D'))."
        )
    found = _regular_frequency(stamps)
    if found is not None:
        return found
    fitting = {}
    for freq in dict.fromkeys(_candidates(stamps)):
        grid = _grid(stamps, freq)
        if grid is not None and covers(grid, stamps):
            fitting[freq] = len(grid)
    if not fitting:
        _refuse_irregular(stamps, name)
    return min(fitting, key=fitting.__getitem__)


def covers(grid, stamps):
    """Tell whether all stamps lie on a grid, and not too few of it are there."""
    return len(stamps) >= LARGEST_SHARE_ABSENT * len(grid) and bool(stamps.isin(grid).all())


def _regular_frequency(stamps):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas will return an offset instead of its name
        found = pd.infer_freq(stamps)
    return None if found is None else _alias(to_offset(found))


def _alias(offset):
    """Name of an offset; whole days as days, which keep their clock time in a zone."""
    hours = getattr(offset, "nanos", None) if isinstance(offset, pd.offsets.Tick) else None
    n_days, rest = divmod(hours, NANOSECONDS_OF_DAY) if hours else (0, 1)
    if rest:
        return offset.freqstr
    return "D" if n_days == 1 else f"{n_days}D"


def _candidates(stamps):
    """Frequencies of stretches without a hole, the most common step, and the usual ones."""
    n_starts = min(MOST_STRETCHES, len(stamps) - 7)
    for begin in np.linspace(0, max(len(stamps) - 8, 0), max(n_starts, 1)).astype(int):
        stretch = stamps[begin : begin + 8]
        found = _regular_frequency(stretch) if len(stretch) >= 3 else None
        if found is not None:
            yield found
    yield _alias(to_offset(_most_common_step(stamps)))
    yield from COMMON_FREQUENCIES


def _grid(stamps, freq):
    try:
        n_expected = (stamps[-1] - stamps[0]) / pd.Timedelta(to_offset(freq))
    except (TypeError, ValueError):
        n_expected = 0  # a month has no fixed length, but there are never too many of them
    if n_expected > len(stamps) / LARGEST_SHARE_ABSENT:
        return None
    return _dates(stamps[0], freq, end=stamps[-1]).as_unit(stamps.unit)


def _most_common_step(stamps):
    steps = pd.Series(stamps[1:] - stamps[:-1])
    return steps.mode().iloc[0]


def _refuse_irregular(stamps, name):
    common = _most_common_step(stamps)
    steps = stamps[1:] - stamps[:-1]
    row = 1 + int(np.argmax(steps != common))
    raise ValueError(
        f"The stamps of {name} have no frequency: row {row}, {stamps[row]!s}, comes "
        f"{steps[row - 1]!s} after the row before it, where most come after {common!s} "
        f"({int((steps != common).sum())} of {len(steps)} steps differ). Bring them to a grid "
        f"({name}.resample(...).mean()), or count rows instead of time: "
        f"{name}.reset_index(drop=True)."
    )


def _refuse_off_grid(stamps, off, freq, name):
    if off.any():
        row = int(off.argmax())
        raise ValueError(
            f"The stamps of {name} step by {freq!r}, but {off.sum()} of {len(stamps)} lie between, "
            f"first {stamps[row]!s} at row {row}. Bring them to the grid "
            f"({name}.resample({freq!r}).mean())."
        )
