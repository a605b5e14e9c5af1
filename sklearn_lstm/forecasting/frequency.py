"""The step between timestamps, found and checked."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from ..windows.time_index import in_64_bits

NAMES_LAST_WEEKS = int(pd.__version__.split(".")[0]) >= 3  # "LWOM-FRI", the month's last Friday
MOST_STRETCHES = 20  # of timestamps, looked at for one without a hole
COMMON_FREQUENCIES = ["B", "D", "W-SUN", "SMS", "SME", "MS", "ME", "BMS", "BME"]
COMMON_FREQUENCIES += ["QS", "QE", "YS", "YE"]
LARGEST_NUMBER = 2**62  # of an index, so that those that follow are numbers of 64 bits
MOST_WEEKS = 4  # that every month has
NANOSECONDS_OF_DAY = 86_400 * 10**9
LARGEST_ROUNDING = 1e-6  # of a step, by which numbers may lie off the grid
LARGEST_SHARE_ABSENT = 0.5  # of a grid, for it to count as the frequency of the timestamps


class NoFrequencyError(ValueError):
    """Timestamps step in a way that can't be kept; rows could be counted in their place."""


def checked_timestamps(index, name="y", rows=None):
    """Return an index as times, periods or numbers that increase, or say what is wrong.

    Parameters
    ----------
    index : Index

    name : str, default="y"
        What the messages call the data.

    rows : ndarray of int, shape (n_rows,), default=None
        Numbers of the rows in the table that they are of; None: they are the table.

    Returns
    -------
    timestamps : DatetimeIndex, PeriodIndex or Index of numbers
    """
    rows = np.arange(len(index)) if rows is None else rows
    index = as_times(index, name, rows)
    if index.hasnans:
        raise ValueError(
            f"The index of {name} lacks a timestamp at row {rows[int(index.isna().argmax())]}. "
            "Give every row its time, or leave the row out."
        )
    _refuse_repeated(index, name, rows)
    if not index.is_monotonic_increasing:
        place = 1 + int(np.argmax(index[1:] < index[:-1]))
        raise ValueError(
            f"The index of {name} is not in order: row {rows[place]}, {index[place]!s}, comes "
            f"after {index[place - 1]!s}. Sort the rows: {table_of(name)}.sort_index()."
        )
    return index


def table_of(name):
    """Return what code calls the table that a message names, or names a series of."""
    of, _, _ = name.partition(" of series ")
    if not of.startswith("series "):
        return of
    within = name.rpartition(" in ")[2]
    return within if within.isidentifier() else "y"


def code_of(name):
    """Return code for what a message names, such as ``y.loc['b']`` for series 'b'."""
    table = table_of(name)
    key = name.removesuffix(f" in {table}").rpartition("series ")[2]
    return table if key == name else f"{table}.loc[{key}]"


def resampling(timestamps, name, freq):
    """Return code, in brackets, that brings a series to a grid; none for numbers."""
    is_time = isinstance(timestamps, pd.DatetimeIndex | pd.PeriodIndex)
    return f" ({code_of(name)}.resample({freq}).mean())" if is_time else ""


def as_times(index, name="y", rows=None):
    """Return an index as times, periods or numbers, in whatever order, or refuse it."""
    if isinstance(index.dtype, pd.CategoricalDtype):
        index = index.astype(index.categories.dtype)
    is_of_arrow = isinstance(index.dtype, pd.ArrowDtype) and index.dtype.kind == "M"
    if is_of_arrow or index.inferred_type in ("date", "datetime"):
        index = _as_dates(index, name)
    elif index.inferred_type in ("integer", "floating", "mixed-integer-float"):
        index = index.infer_objects()
    is_number = getattr(index.dtype, "kind", "O") in "iuf"
    index = _checked_numbers(index, name, rows) if is_number else index
    if not (is_number or isinstance(index, pd.DatetimeIndex | pd.PeriodIndex)):
        _refuse_no_time(index, name, rows)
    return index


def _as_dates(index, name):
    try:
        return pd.DatetimeIndex(index)
    except pd.errors.OutOfBoundsDatetime as error:
        raise ValueError(
            f"The index of {name} can't be read as time: {error}. Leave that row out."
        ) from error
    except ValueError as error:
        raise ValueError(
            f"The index of {name} can't be read as time: {error}. Bring it to one zone: "
            f"pd.to_datetime({table_of(name)}.index, utc=True)."
        ) from error


def _checked_numbers(index, name, rows):
    """Return numbers in 64 bits, float32 as it is written; refuse those that can't go on."""
    if index.dtype == np.float32:
        index = pd.Index(index.to_numpy().astype(str).astype(np.float64), name=index.name)
    index = in_64_bits(index)
    is_too_large = np.isinf(index) if index.dtype.kind == "f" else index > LARGEST_NUMBER
    if np.any(is_too_large):
        place = int(np.argmax(is_too_large))
        row = place if rows is None else rows[place]
        raise ValueError(
            f"The index of {name} holds {index[place]} at row {row}, which nothing can follow. "
            "Count from a smaller number, or leave it out: "
            f"{table_of(name)}.reset_index(drop=True)."
        )
    return index


def _refuse_no_time(index, name, rows):
    """Say which row is no time; where all could be, how to make them times."""
    table = table_of(name)
    what = f"{table}.index" if code_of(name) == table else "the last level of the index"
    example = f" ({index[0]!r}, ...)" if len(index) else ""
    remedy = f"Convert the index ({table}.index = pd.to_datetime({table}.index))"
    if what != f"{table}.index":
        remedy = f"Convert that level ({table}.index.set_levels(pd.to_datetime(...), level=-1))"
    are_numbers = pd.to_numeric(pd.Series(index.astype(str)), errors="coerce").notna().all()
    if len(index) and are_numbers:
        remedy = f"Convert {what} to numbers (astype(float))"
    elif index.inferred_type in ("string", "mixed", "mixed-integer"):
        place = first_unreadable(index)
        if place is not None:
            row = place if rows is None else rows[place]
            raise ValueError(
                f"The index of {name} holds {index[place]!r} at row {row}, which is no time. Drop "
                f"that row or mend it, then convert {what} with pd.to_datetime."
            )
    raise ValueError(
        f"The index of {name} is neither time nor numbers{example}. In a MultiIndex time is "
        f"the last level. {remedy}, or leave it out: {table}.reset_index(drop=True)."
    )


def first_unreadable(texts):
    """Return the place of the first text that is no time as the others are; None if all are.

    Parameters
    ----------
    texts : Index or Series

    Returns
    -------
    place : int or None
    """
    texts = pd.Series(np.asarray(texts, dtype=object))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas is not sure of the format
        for how in ({}, {"format": "mixed"}):
            times = pd.to_datetime(texts, errors="coerce", utc=True, **how)
            is_none = times.isna().to_numpy()
            if how or is_none.mean() < LARGEST_SHARE_ABSENT:
                break
    return int(is_none.argmax()) if is_none.any() and not is_none.all() else None


def _refuse_repeated(index, name, rows):
    repeated = index.duplicated()
    if not repeated.any():
        return
    place = int(repeated.argmax())
    table = table_of(name)
    remedy = (
        f"Drop it ({table}[~{table}.index.duplicated()]), or give each series a MultiIndex level"
    )
    if isinstance(index, pd.DatetimeIndex) and index.tz is None:
        remedy += (
            ". If these are local times in which the clock was put back, name the zone: "
            "index.tz_localize('Europe/Berlin', ambiguous='infer')"
        )
    raise ValueError(
        f"The index of {name} repeats the timestamp {index[place]!s} at row {rows[place]} "
        f"({repeated.sum()} rows repeat one). {remedy}."
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


def dates_from(first, freq, periods=None, end=None):
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
    try:
        alias = to_offset(freq).freqstr
    except ValueError:
        raise NoFrequencyError(
            f"The timestamps of {name} step by {freq}, which has no name that pandas reads again. "
            f"Count rows instead of time: {code_of(name)}.reset_index(drop=True)."
        ) from None
    if alias.lstrip("0123456789").startswith("C"):
        raise NoFrequencyError(
            f"The timestamps of {name} step by custom business days ({freq!r}), whose holidays "
            f"can't be kept. Take all business days ({code_of(name)}.asfreq('B'), "
            "with missing='interpolate'), or count rows instead of time: "
            f"{code_of(name)}.reset_index(drop=True)."
        )
    return freq


def _infer_step(timestamps, name):
    if len(timestamps) == 1:
        return 1
    values = timestamps.to_numpy()
    step: int | float
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
            f"least 3, or set it ({code_of(name)}.asfreq('D'))."
        )
    found = _regular_frequency(timestamps)
    if found is not None and not found.startswith("WOM"):
        return found  # but for the last Fridays of months, which pandas takes for fourth ones
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
    week, weekday = 1 + (timestamps[0].day - 1) // 7, f"{timestamps[0]:%a}".upper()
    if week <= MOST_WEEKS:
        yield f"WOM-{week}{weekday}"
    if NAMES_LAST_WEEKS:
        yield f"LWOM-{weekday}"


def _grid(timestamps, freq):
    try:
        n_expected = (timestamps[-1] - timestamps[0]) / pd.Timedelta(to_offset(freq))
    except (TypeError, ValueError):
        n_expected = 0  # a month has no fixed length, but there are never too many of them
    if n_expected > len(timestamps) / LARGEST_SHARE_ABSENT:
        return None
    return dates_from(timestamps[0], freq, end=timestamps[-1]).as_unit(timestamps.unit)


def _most_common_step(timestamps):
    steps = pd.Series(timestamps[1:] - timestamps[:-1])
    return steps.mode().iloc[0]


def _refuse_irregular(timestamps, name):
    common = _most_common_step(timestamps)
    steps = timestamps[1:] - timestamps[:-1]
    row = 1 + int(np.argmax(steps != common))
    raise NoFrequencyError(
        f"The timestamps of {name} have no frequency: row {row}, {timestamps[row]!s}, comes "
        f"{steps[row - 1]!s} after the row before it, where most come after {common!s} "
        f"({int((steps != common).sum())} of {len(steps)} steps differ). Bring them to a grid"
        f"{resampling(timestamps, name, '...')}, or count rows instead of time: "
        f"{code_of(name)}.reset_index(drop=True)."
    )
