"""Lengths of time, as a count of timestamps or as what passes between two."""

from __future__ import annotations

from datetime import timedelta
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from ..windows.time_index import is_number_as_text

ONE_DAY = pd.Timedelta(days=1)
OUT_OF_BOUNDS = (OverflowError, pd.errors.OutOfBoundsDatetime, pd.errors.OutOfBoundsTimedelta)


def check_length(
    value: Any, name: str, *, least: int
) -> int | pd.Timedelta | pd.offsets.BaseOffset:
    """Return a length of time as a number of timestamps, a Timedelta or an offset.

    Parameters
    ----------
    value : int, str, timedelta or DateOffset

    name : str
        What errors call it.

    least : {0, 1}
        Whether it may be zero.

    Returns
    -------
    length : int, Timedelta or DateOffset

    Raises
    ------
    TypeError
        If it is none of these.

    ValueError
        If it is too short, or text that says no length.
    """
    if isinstance(value, Integral) and not isinstance(value, bool | np.timedelta64):
        if value < least:
            raise ValueError(
                f"{name}={value!r} must be {least} or more: a number of distinct timestamps."
            )
        return int(value)
    if not isinstance(value, str | timedelta | np.timedelta64 | pd.offsets.BaseOffset):
        raise TypeError(
            f"{name}={value!r} must be a whole number of timestamps, a timedelta, or text such as "
            "'7D'."
        )
    length = _passing_time(value)
    if length is None:
        raise ValueError(
            f"{name}={value!r} is no length of time: write it with its unit, as '7D', '12h' or "
            "'3ME', or give a number of timestamps."
        )
    begin = pd.Timestamp("2000-02-15")
    if begin + length < begin or (least and begin + length == begin):
        raise ValueError(f"{name}={value!r} must be {'longer than' if least else 'at least'} zero.")
    return length


def _passing_time(value):
    """Return text, a timedelta or an offset as a Timedelta where it always is as long."""
    if isinstance(value, str) and is_number_as_text(value):
        return None
    # Offsets first: to a Timedelta "2MS" are milliseconds.
    for read in (to_offset, pd.Timedelta):
        try:
            length = read(value)
        except (ValueError, TypeError, OverflowError):
            continue
        if length is None or length is pd.NaT:
            return None
        if isinstance(length, pd.offsets.Tick):
            return pd.Timedelta(length)
        if isinstance(length, pd.offsets.Day):  # no Tick since pandas 3
            return pd.Timedelta(days=length.n)
        is_week = isinstance(length, pd.offsets.Week) and isinstance(value, str)
        return pd.Timedelta(weeks=length.n) if is_week and "-" not in value[1:] else length
    return None


def check_fits(length, name, timestamps, given):
    """Refuse a length of time for timestamps that are numbers, and calendars for durations.

    Errors quote what was given.
    """
    kind = timestamps.dtype.kind
    if isinstance(length, int) or kind == "M":
        return
    if kind == "m" and isinstance(length, pd.Timedelta):
        return
    raise ValueError(
        f"{name}={given!r} does not fit the index, which holds "
        f"{'durations' if kind == 'm' else 'numbers'} ({timestamps.dtype}): give a number of "
        "timestamps."
    )


def moved(timestamp, length, times=1):
    """Return a timestamp moved by so many lengths; None if no timestamp is so far away.

    In a zone whole days and offsets are those of the clock on the wall, however many hours they
    take.
    """
    try:
        of_clock = not isinstance(length, pd.Timedelta) or not length % ONE_DAY
        if getattr(timestamp, "tz", None) is None or not of_clock:
            return timestamp + times * length
        there = timestamp.tz_localize(None) + times * length
        return there.tz_localize(timestamp.tz, ambiguous=True, nonexistent="shift_forward")
    except OUT_OF_BOUNDS:
        return None
