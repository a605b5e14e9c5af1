"""Columns of a table read as time."""

from __future__ import annotations

import re
import warnings
from math import inf

import numpy as np
import pandas as pd

from ..forecasting.frequency import first_unreadable

TIME_NAMES = {"time", "date", "datetime", "timestamp", "ds", "day", "week", "month", "year"}
NUMBER_FORMATS = [  # smallest and largest whole number, and how it says a time
    (1000, 2999, "%Y"),
    (100_001, 299_912, "%Y%m"),
    (10_000_101, 29_991_231, "%Y%m%d"),
    (10**8, 10**11 - 1, "s"),
    (10**11, 10**14, "ms"),
]


class MixedZonesError(ValueError):
    """Times of several time zones can only be brought to UTC."""


def find_time_column(table: pd.DataFrame) -> str | None:
    """Return the column that can be read as time, None if there is none.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    name : str or None
        Of several, one with a name like ``date`` or ``time`` comes first.
    """
    columns = sorted(table.columns, key=lambda name: not _is_named_like_time(name))
    for name in columns:
        if _is_time(table[name]):
            return name
        if _is_named_like_time(name) and table[name].dtype.kind not in "biufc":
            raise ValueError(
                f"The column {name!r} looks like time, but {_first_unreadable(table[name])} can't "
                "be read as one. Write times like 2024-12-31, name another column (--time), or "
                "count rows (--time none)."
            )
    return None


def _is_named_like_time(name):
    words = re.split("[^a-z]+", str(name).lower())
    return any(word in TIME_NAMES for word in words)


def _is_time(column):
    if column.dtype.kind == "M" or isinstance(column.dtype, pd.PeriodDtype):
        return True
    if column.dtype.kind in "iu":
        return _is_named_like_time(column.name) and _number_format(column) is not None
    if column.dtype.kind in "bfc":
        return False
    sample = column.dropna().astype(str).head(100)
    if sample.empty or not sample.str.contains(r"\d{4}").all():
        return False
    try:
        _parse(sample, None)
    except (ValueError, TypeError) as error:
        return _is_about_zones(error)
    return True


def _number_format(column):
    """How whole numbers can be read as time: a format or unit of pandas; None if they can't."""
    low, high = column.min(), column.max()
    for first, last, how in NUMBER_FORMATS:
        if first <= low and high <= last:
            return how
    return None


def as_time(column, notes, day_first):
    """Read a column as times, or as numbers where it holds these; tell if dates are day first."""
    if column.isna().any():
        row = int(column.isna().argmax())
        raise ValueError(f"The column {column.name!r} lacks the time of row {row}. Fill it.")
    how = _number_format(column) if column.dtype.kind in "iu" else None
    if how in ("s", "ms"):
        return pd.to_datetime(column, unit=how), None
    if how is not None and _is_named_like_time(column.name):
        return pd.to_datetime(column.astype(str), format=how), None
    if column.dtype.kind in "iufM" or isinstance(column.dtype, pd.PeriodDtype):
        return column, None
    text = column.astype(str)
    has_year = text.str.contains(r"\d{4}")
    if not has_year.all():
        row = int((~has_year).argmax())
        raise ValueError(
            f"The column {column.name!r} holds {text.iloc[row]!r} at row {row}, which is no time "
            "with a year of four digits. Write times like 2024-12-31, or count rows (--time none)."
        )
    try:
        times, found_day_first = _parse(text, day_first)
    except (ValueError, TypeError) as error:
        if _is_about_zones(error):
            notes.append("Times with several offsets from UTC: all in UTC.")
            return pd.to_datetime(text, utc=True), None
        raise ValueError(
            f"The column {column.name!r} can't be read as time, first {_first_unreadable(text)}. "
            "Write times like 2024-12-31."
        ) from error
    if found_day_first is not None and day_first is None:
        order = "day.month.year" if found_day_first else "month/day/year"
        notes.append(f"Dates are read as {order}: {text.iloc[0]} is {times.iloc[0]:%Y-%m-%d}.")
    return times, found_day_first


def _is_about_zones(error):
    """Tell whether there are several zones; what pandas raises is known by its text alone."""
    if isinstance(error, MixedZonesError):
        return True
    return re.search("time ?zone|utc", str(error).lower()) is not None


def _first_unreadable(column):
    """Return what messages say of the first value that is no time with a year as the others."""
    rows = np.flatnonzero(column.notna())
    text = column.iloc[rows].astype(str)
    has_year = text.str.contains(r"\d{4}").to_numpy(dtype=bool)
    if has_year.any() and not has_year.all():
        place = int((~has_year).argmax())
    else:
        place = first_unreadable(text) or 0
    return f"{text.iloc[place]!r} at row {rows[place]}"


def _parse(text, day_first):
    """Read dates month first or day first, whichever is given or makes the evener steps.

    Returns
    -------
    times : Series

    day_first : bool or None
        None where only one order can be read, or both say the same.
    """
    orders = [day_first] if day_first is not None else [True, False]
    if day_first is None and not text.str.contains(".", regex=False).any():
        orders = [False, True]
    readings, error = {}, None
    for order in orders:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # which order is tried is the point
                times = pd.to_datetime(text, dayfirst=order)
            if times.dtype.kind != "M":
                raise MixedZonesError("Mixed time zones: they can only be brought to UTC.")
            readings[order] = times
        except ValueError as unreadable:
            error = error or unreadable
    if not readings:
        raise error or ValueError
    best = min(readings, key=lambda order: _unevenness(readings[order]))
    begins_with_year = bool(text.str.match(r"\d{4}").all())
    told = [times for times in readings.values() if not times.equals(readings[best])]
    is_said = day_first is not None or (bool(told) and not begins_with_year)
    return readings[best], best if is_said or (best and not begins_with_year) else None


def _unevenness(times):
    """Longest over shortest step; infinite where the times run backwards."""
    steps = times.diff().dropna()
    steps = steps[steps != pd.Timedelta(0)]
    if steps.empty:
        return 1.0
    return steps.max() / steps.min() if steps.min() > pd.Timedelta(0) else inf
