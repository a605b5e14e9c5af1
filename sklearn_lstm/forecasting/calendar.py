"""Evenly stepping timestamps: which ones series have, and which come next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from ..windows.rows import joined_ranges
from ..windows.time_index import has_named_zone
from .frequency import LARGEST_ROUNDING, LARGEST_SHARE_ABSENT, code_of, dates_from, resampling

LONGEST_GRID = 1_000_000  # timestamps, 8 MB, of a grid that most of its series lie off


class Grid:
    """Evenly stepping timestamps on which series lie, one after another or side by side.

    Parameters
    ----------
    timestamps : DatetimeIndex, PeriodIndex or Index of numbers
        Without holes. The grid goes on after the last of them as far as it is asked for.

    freq : str, int or float
        The step: an alias of pandas for times and periods, a distance for numbers.
    """

    def __init__(self, timestamps, freq):
        self.timestamps = timestamps
        self.freq = freq

    def upto(self, n_steps):
        """Return at least the first ``n_steps`` timestamps."""
        timestamps = self.timestamps  # another thread may put others in their place meanwhile
        n_more = n_steps - len(timestamps)
        if n_more > 0:
            timestamps = timestamps.append(_following(timestamps, self.freq, n_more))
            self.timestamps = timestamps
        return timestamps

    def places(self, timestamps):
        """Return the number of each timestamp, 0 for the first; -1 where off the grid.

        Timestamps may lie beyond the last one.
        """
        if not isinstance(timestamps, pd.DatetimeIndex | pd.PeriodIndex):
            steps = (timestamps.to_numpy() - self.timestamps[0]) / self.freq
            places = np.rint(steps)
            off = (np.abs(steps - places) > LARGEST_ROUNDING) | (places < 0)
            return np.where(off, -1, places).astype(np.int64)
        index = self.timestamps  # is not made longer for good: the timestamps may be mistaken
        while len(timestamps) and index[-1] < timestamps.max():
            index = index.append(_following(index, self.freq, len(index)))
        return index.get_indexer(timestamps)

    def __getstate__(self):
        """Return plain values, of which a model file may consist."""
        first = self.timestamps[0]
        state: dict[str, Any] = {
            "freq": self.freq,
            "n_steps": len(self.timestamps),
            "name": self.timestamps.name,
        }
        if isinstance(self.timestamps, pd.PeriodIndex):
            return {**state, "kind": "period", "first": str(first)}
        if isinstance(self.timestamps, pd.DatetimeIndex):
            zone = self.timestamps.tz  # kept if its name does not find it, as none of dateutil's
            zone = str(zone) if zone is not None and has_named_zone(first) else zone
            unit = self.timestamps.unit
            return {**state, "kind": "time", "first": first.isoformat(), "tz": zone, "unit": unit}
        first = first.item() if hasattr(first, "item") else first
        return {**state, "kind": "number", "first": first}

    def __setstate__(self, state):
        self.freq, n_steps, first = state["freq"], state["n_steps"], state["first"]
        if state["kind"] == "period":
            timestamps = pd.period_range(first, periods=n_steps, freq=self.freq)
        elif state["kind"] == "time":
            first = pd.Timestamp(first)
            first = first if state["tz"] is None else first.tz_convert(state["tz"])
            timestamps = dates_from(first, self.freq, periods=n_steps).as_unit(state["unit"])
        else:
            timestamps = number_grid(first, self.freq, n_steps)
        self.timestamps = timestamps.rename(state["name"])


def _following(timestamps, freq, n_steps):
    """Return the timestamps that come after the last one.

    In a zone they are counted from the first: the last may be a clock time moved forward.
    """
    try:
        return _next_timestamps(timestamps, freq, n_steps).rename(timestamps.name)
    except (ValueError, OverflowError, AssertionError) as error:  # all of these pandas raises
        raise ValueError(
            f"The calendar ends: {n_steps} steps of {freq!r} after {timestamps[-1]!s} reach beyond "
            f"what {timestamps.dtype} can say. Forecast fewer steps, or give the index a coarser "
            "unit (index.as_unit('s'))."
        ) from error


def _next_timestamps(timestamps, freq, n_steps):
    last = timestamps[-1]
    if isinstance(timestamps, pd.PeriodIndex):
        following = pd.period_range(last + 1, periods=n_steps, freq=freq)
    elif isinstance(timestamps, pd.DatetimeIndex):
        n_known = 1 if timestamps.tz is None else len(timestamps)
        dates = dates_from(timestamps[-n_known], freq, periods=n_known + n_steps)
        following = dates[n_known:].as_unit(timestamps.unit)
    elif isinstance(timestamps, pd.RangeIndex):
        begin = last + freq
        following = pd.RangeIndex(begin, begin + n_steps * freq, freq)
    else:
        following = pd.Index(last + freq * np.arange(1, n_steps + 1))
    return following


@dataclass(frozen=True, eq=False)
class Calendar:
    """The timestamps of a series without holes, from its first to its last.

    Parameters
    ----------
    grid : Grid or None
        Where they are taken from; None for rows that have no timestamps.

    begin : int
        Place of the first on the grid.

    n_steps : int
        How many timestamps there are.
    """

    grid: Grid | None
    begin: int
    n_steps: int

    @property
    def timestamps(self):
        """Index, or None for rows that have no timestamps."""
        if self.grid is None:
            return None
        end = self.begin + self.n_steps
        return self.grid.upto(end)[self.begin : end]

    @property
    def freq(self):
        return None if self.grid is None else self.grid.freq

    def __getitem__(self, steps):
        chosen = range(self.n_steps)[steps]
        return Calendar(self.grid, self.begin + chosen.start, len(chosen))

    def after(self, n_steps):
        """Return the ``n_steps`` timestamps that follow, None for rows without timestamps."""
        if self.grid is None:
            return None
        end = self.begin + self.n_steps
        return _following(self.grid.upto(end)[:end], self.freq, n_steps)

    def places(self, timestamps):
        """Return the number of each timestamp, 0 for the first; -1 where off the grid or before it.

        Timestamps may lie beyond the last one.
        """
        places = _with_times(self.grid).places(timestamps)
        return np.where(places < self.begin, -1, places - self.begin)

    def times(self):
        """Return numbers that order the steps of several series in time."""
        return np.arange(self.n_steps) if self.grid is None else ordinals(self.timestamps)


@dataclass(frozen=True, eq=False)
class Calendars:
    """The calendars of the series of a panel, without their timestamps.

    Parameters
    ----------
    grids : list of Grid or None
        One for all series that step alike.

    codes : ndarray of int, shape (n_series,)
        Number of the grid of each series.

    begins : ndarray of int, shape (n_series,)
        Place of the first timestamp of each series on its grid.

    n_steps : ndarray of int, shape (n_series,)
        Number of timestamps of each series.
    """

    grids: list[Grid | None]
    codes: np.ndarray
    begins: np.ndarray
    n_steps: np.ndarray

    @classmethod
    def of_one(cls, calendar):
        """Return the calendar of a series as those of a panel."""
        begins, n_steps = np.array([calendar.begin]), np.array([calendar.n_steps])
        return cls([calendar.grid], np.zeros(1, dtype=np.intp), begins, n_steps)

    def __len__(self):
        return len(self.n_steps)

    def __getitem__(self, number):
        grid = self.grids[self.codes[number]]
        return Calendar(grid, int(self.begins[number]), int(self.n_steps[number]))

    @property
    def ends(self):
        """Place after the last timestamp of each series, shape (n_series,)."""
        return self.begins + self.n_steps

    @property
    def freq(self):
        """Step that all series have."""
        return None if self.grids[0] is None else self.grids[0].freq

    def at(self, places, numbers=None):
        """Return timestamps by their place on the grid.

        Parameters
        ----------
        places : ndarray of int, shape (n_timestamps,)

        numbers : ndarray of int, shape (n_timestamps,), default=None
            The series that each is of; None: one of each.

        Returns
        -------
        timestamps : Index
            The places themselves, counted from the first row, for rows without timestamps.
        """
        codes = self.codes if numbers is None else self.codes[numbers]
        parts, order = [], []
        for code in np.unique(codes) if len(codes) else [0]:
            chosen = np.flatnonzero(codes == code)
            grid, wanted = self.grids[code], places[chosen]
            end = wanted.max(initial=-1) + 1
            parts.append(pd.Index(wanted) if grid is None else grid.upto(end)[wanted])
            order.append(chosen)
        if len(parts) == 1:
            return parts[0]
        return parts[0].append(parts[1:])[np.argsort(np.concatenate(order))]

    def keep(self, chosen):
        """Return the calendars of some series."""
        used, codes = np.unique(self.codes[chosen], return_inverse=True)
        grids = [self.grids[code] for code in used]
        return Calendars(grids, codes, self.begins[chosen], self.n_steps[chosen])

    def until(self, n_steps):
        """Return the first timestamps of each series; a number for each of them."""
        return replace(self, n_steps=np.minimum(n_steps, self.n_steps))

    def extended(self, n_steps):
        """Return the calendars that go on for so many more; a number for each series."""
        return replace(self, n_steps=self.n_steps + n_steps)

    def times(self):
        """Return numbers that order the rows of all series in time.

        Returns
        -------
        times : ndarray of shape (n_rows,)
            Place of each row on the grid of all series, in the smallest unsigned type that holds
            it; where there are several grids, what :func:`ordinals` makes of the timestamps.
        """
        if len(self.grids) == 1:
            return joined_ranges(self.begins, self.n_steps)
        return np.concatenate([self[number].times() for number in range(len(self))])

    def distinct_times(self, n_first=0, n_last=0):
        """Return the times at which series have rows, and how many of them do.

        Parameters
        ----------
        n_first, n_last : int, default=0
            How many rows of each series to leave out at its begin and its end.

        Returns
        -------
        times : ndarray of shape (n_times,)
            As in :meth:`times`, in order.

        counts : ndarray of int, shape (n_times,)
        """
        begins, ends = self.begins + n_first, self.ends - n_last
        if len(self.grids) > 1:
            of_series = [self[number].times() for number in range(len(self))]
            of_series = [one[n_first : max(0, len(one) - n_last)] for one in of_series]
            return np.unique(np.concatenate(of_series), return_counts=True)
        has_rows = ends > begins
        if not has_rows.any():
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
        begins, ends = begins[has_rows], ends[has_rows]
        change = np.bincount(begins, minlength=ends.max() + 1)
        change -= np.bincount(ends, minlength=len(change))
        counts = np.cumsum(change)
        times = np.flatnonzero(counts)
        return times, counts[times]

    def n_known(self, times):
        """Return how many rows each series has until given times.

        Parameters
        ----------
        times : array-like of shape (n_times,)
            As in :meth:`distinct_times`.

        Returns
        -------
        n_known : ndarray of int, shape (n_series, n_times)
        """
        times = np.asarray(times)
        if len(self.grids) > 1:
            of_series = (self[number].times() for number in range(len(self)))
            return np.array([np.searchsorted(one, times, side="right") for one in of_series])
        known = times.astype(np.int64) + 1 - self.begins[:, np.newaxis]
        return np.clip(known, 0, self.n_steps[:, np.newaxis])

    def joined(self):
        """Return the timestamps of all series, one after the other.

        Returns
        -------
        timestamps : Index
            The distinct ones, in order.

        codes : ndarray of int, shape (n_rows,)
            Which of them each row has.
        """
        if len(self.grids) > 1:
            parts = [self[number].timestamps for number in range(len(self))]
            codes, timestamps = parts[0].append(parts[1:]).factorize(sort=True)
            return timestamps, codes
        begin, end = self.begins.min(), self.ends.max()
        timestamps = _with_times(self.grids[0]).upto(end)[begin:end]
        if isinstance(timestamps, pd.DatetimeIndex):
            timestamps.freq = None  # of a slice; as a level of an index it would mislead
        return timestamps, joined_ranges(self.begins - begin, self.n_steps)

    def joined_after(self, n_steps):
        """Return the ``n_steps`` timestamps that follow each series, as :meth:`joined` does."""
        following = replace(self, begins=self.ends, n_steps=np.full(len(self), n_steps))
        return following.joined()


def _with_times(grid: Grid | None) -> Grid:
    assert grid is not None, "rows that have no timestamps lie on no grid"
    return grid


def ordinals(timestamps):
    """Return timestamps as integers or floats that order them."""
    return (
        timestamps.asi8
        if isinstance(timestamps, pd.PeriodIndex | pd.DatetimeIndex)
        else timestamps.to_numpy()
    )


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
        If timestamps lie off the grid; the message names the first. If the grid would be much
        longer than what lies on it.
    """
    _refuse_too_long(timestamps, freq, name)
    if isinstance(timestamps, pd.PeriodIndex):
        grid = pd.period_range(timestamps[0], timestamps[-1], freq=timestamps.freq)
        # Periods of two months may be given for each month: every other one is then off.
        _refuse_off_grid(timestamps, ~timestamps.isin(grid), freq, name)
        return Calendar(Grid(grid.rename(timestamps.name), timestamps.freqstr), 0, len(grid))
    if isinstance(timestamps, pd.DatetimeIndex):
        grid = (
            timestamps
            if timestamps.freqstr == freq
            else dates_from(timestamps[0], freq, end=timestamps[-1])
        )
        grid = grid.as_unit(timestamps.unit)
        _refuse_off_grid(timestamps, ~timestamps.isin(grid), freq, name)
        return Calendar(Grid(grid.rename(timestamps.name), freq), 0, len(grid))
    steps = (timestamps.to_numpy() - timestamps[0]) / freq
    _refuse_off_grid(timestamps, np.abs(steps - np.rint(steps)) > LARGEST_ROUNDING, freq, name)
    n_steps = 1 + round(steps[-1])
    grid = timestamps if n_steps == len(timestamps) else number_grid(timestamps[0], freq, n_steps)
    return Calendar(Grid(grid.rename(timestamps.name), freq), 0, n_steps)


def shared_grid(timestamps, freq):
    """Return a grid from the first to the last of the timestamps of several series.

    Parameters
    ----------
    timestamps : DatetimeIndex, PeriodIndex or Index of numbers
        In order, each once. They may lie off the grid.

    freq : str, int or float

    Returns
    -------
    grid : Grid or None
        None if it would be much longer than what lies on it, as where one series is of today and
        the other of long ago.
    """
    first, last = timestamps[0], timestamps[-1]
    if _n_steps(timestamps, freq) > _longest_grid(timestamps):
        return None
    if isinstance(timestamps, pd.PeriodIndex):
        grid = pd.period_range(first, last, freq=timestamps.freq)
    elif isinstance(timestamps, pd.DatetimeIndex):
        grid = dates_from(first, freq, end=last).as_unit(timestamps.unit)
    else:
        grid = number_grid(first, freq, 1 + round((last - first) / freq))
        if not isinstance(grid, pd.RangeIndex):
            grid = _as_given(Grid(grid, freq), timestamps)
    return Grid(grid.rename(timestamps.name), freq) if len(grid) else None


def _longest_grid(timestamps):
    return max(LONGEST_GRID, len(timestamps) / LARGEST_SHARE_ABSENT)


def _refuse_too_long(timestamps, freq, name):
    n_steps = _n_steps(timestamps, freq)
    if n_steps > _longest_grid(timestamps):
        raise ValueError(
            f"{name} has {len(timestamps):,} timestamps from {timestamps[0]!s} to "
            f"{timestamps[-1]!s}, which are {n_steps:,.0f} steps of {freq!r}: nearly all are "
            "absent. Leave out what lies so far away, or bring all to longer steps (resample)."
        )


def _n_steps(timestamps, freq):
    """Return about how many steps lie between the ends; 0 where that can't be many."""
    first, last = timestamps[0], timestamps[-1]
    if isinstance(first, pd.Period):
        return (last.ordinal - first.ordinal) / first.freq.n
    if not isinstance(first, pd.Timestamp):
        return (last - first) / freq
    try:
        return (last - first) / pd.Timedelta(to_offset(freq))
    except (TypeError, ValueError):
        return 0  # a month has no fixed length, but there are never too many of them


def _as_given(grid, timestamps):
    """Return the numbers of a grid, rounded as those that were given."""
    numbers, places = grid.timestamps.to_numpy(copy=True), grid.places(timestamps)
    is_on = (places >= 0) & (places < len(numbers))
    numbers[places[is_on]] = timestamps.to_numpy()[is_on]
    return pd.Index(numbers)


def number_grid(first, step, n_steps):
    if isinstance(first, int | np.integer) and isinstance(step, int | np.integer):
        first, step = int(first), int(step)
        return pd.RangeIndex(first, first + n_steps * step, step)
    return pd.Index(first + step * np.arange(n_steps))


def _refuse_off_grid(timestamps, off, freq, name):
    if off.any():
        row = int(off.argmax())
        raise ValueError(
            f"The timestamps of {name} step by {freq!r}, but {off.sum()} of {len(timestamps)} lie "
            f"between, first {timestamps[row]!s}. Bring them to the grid"
            f"{resampling(timestamps, name, repr(freq))}, or count rows instead of time: "
            f"{code_of(name)}.reset_index(drop=True)."
        )
