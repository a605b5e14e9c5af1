"""Columns of a table read as time."""

from __future__ import annotations

import re
import warnings
from math import inf

import pandas as pd

TIME_NAMES = {"time", "date", "datetime", "timestamp", "ds", "day", "week", "month", "year"}
HOUR_NAMES = {"hour", "hr", "hh", "stunde", "heure", "hora", "ora"}
CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?"
DAY_OR_MONTH = r"^(\d{1,2})[./-](\d{1,2})[./-]\d{4}"
MIDNIGHT = r"(?<=[ T])24(?=:00(?::00)?$)"  # as the end of a day
NUMBER_FORMATS = [  # smallest and largest whole number, and how it says a time
    (1000, 2999, "%Y"),
    (100_001, 299_912, "%Y%m"),
    (10_000_101, 29_991_231, "%Y%m%d"),
    (10**8, 10**11 - 1, "s"),
    (10**11, 10**14, "ms"),
]


class MixedZonesError(ValueError):
    """Times of several time zones can only be brought to UTC."""


def find_time_column(table: pd.DataFrame, series: pd.Series | None = None) -> str | None:
    """Return the column that can be read as time, None if there is none.

    Parameters
    ----------
    table : DataFrame

    series : Series, default=None
        Names of series, each of which has a time once.

    Returns
    -------
    name : str or None
        Of several, one with a name like ``date`` or ``time`` comes first. A date with a column of
        clock times, or of hours where dates recur, is ``"date+hour"``, see :func:`joined`.
    """
    table = table.loc[:, ~table.columns.duplicated(keep=False)]
    clocks = [name for name in table.columns if _is_clock(table[name])]
    named = [name for name in clocks if _is_named_like_time(name)]
    columns = sorted(table.columns, key=lambda name: not _is_named_like_time(name))
    for name in columns:
        if name in clocks:
            continue
        if _is_time(table[name]):
            if not _is_date(table[name]):
                return name
            hours = named or (clocks or _hours(table) if _recurs(table[name], series) else [])
            return "+".join([name, *hours[:1]])
        if _is_named_like_time(name) and table[name].dtype.kind not in "biufc":
            raise ValueError(
                f"The column {name!r} looks like time, but {_why_no_time(table[name].dropna())}. "
                "Write times like 2024-12-31, name another column (--time), or count rows "
                "(--time none)."
            )
    return None


def columns_of_time(table: pd.DataFrame, time: str | None) -> list[str]:
    """Return the columns that make the time: two, where ``date+hour`` is no column itself."""
    if time is None:
        return []
    date, plus, clock = time.partition("+")
    is_joined = plus and time not in table.columns and date in table.columns
    return [date, clock] if is_joined else [time]


def joined(table: pd.DataFrame, time: str | None) -> pd.DataFrame:
    """Return a copy of a table, with a column of dates and clock times where these are two."""
    table = table.copy()
    columns = columns_of_time(table, time)
    if len(columns) < 2:
        return table
    date, clock = (table[name] for name in columns)
    for column in (date, clock):
        if column.isna().any():
            row = int(column.isna().to_numpy().argmax())
            raise ValueError(f"The column {column.name!r} lacks the time of row {row}. Fill it.")
    if clock.dtype.kind in "iu":
        clock = clock.astype(str).str.zfill(2) + ":00"
    date = date.dt.strftime("%Y-%m-%d") if date.dtype.kind == "M" else date.astype(str)
    table[time] = date.str.strip() + " " + clock.astype(str).str.strip()
    return table


def _is_clock(column):
    if column.dtype.kind != "O" and not isinstance(column.dtype, pd.StringDtype):
        return False
    sample = column.dropna().astype(str).head(100).str.strip()
    return len(sample) > 0 and bool(sample.str.fullmatch(CLOCK).all())


def _is_date(column):
    """Tell whether there are days alone, to which a clock time can be added."""
    if column.dtype.kind == "M":
        return bool((column.dropna() == column.dropna().dt.normalize()).all())
    return column.dtype.kind not in "iuf" and not column.astype(str).str.contains(":").any()


def _recurs(dates, series):
    of_series = [dates] if series is None else [dates, series]
    return bool(pd.concat(of_series, axis=1).duplicated().any())


def _hours(table):
    """Return the columns of whole hours."""
    return [
        name
        for name in table.columns
        if str(name).strip().lower() in HOUR_NAMES
        and table[name].dtype.kind in "iu"
        and table[name].between(0, 24).all()
    ]


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
    try:
        if not text.str.contains(r"\d{4}").all():
            raise ValueError("Some cells have no year.")
        times, found_day_first = _parse(text, day_first)
    except (ValueError, TypeError) as error:
        if _is_about_zones(error):
            notes.append("Times with several offsets from UTC: all in UTC.")
            return pd.to_datetime(text, utc=True), None
        raise ValueError(
            f"The column {column.name!r} can't be read as time: {_why_no_time(text, day_first)}. "
            "Write times like 2024-12-31, or count rows (--time none)."
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


def _why_no_time(column, day_first=None):
    """Say which cell is no time, or which two are not written alike."""
    text = column.astype(str)
    has_year = text.str.contains(r"\d{4}").to_numpy()
    if not has_year.all():
        return f"{_cell(text, ~has_year)} has no year of four digits"
    hours = text.str.replace(MIDNIGHT, "00", regex=True)
    is_bad = pd.to_datetime(hours, errors="coerce", format="mixed").isna().to_numpy()
    if is_bad.any():
        return f"{_cell(text, is_bad)} can't be read"
    parts = text.str.extract(DAY_OR_MONTH)
    is_day, is_month = (pd.to_numeric(parts[part]).gt(12).to_numpy() for part in (0, 1))
    if is_day.any() and is_month.any():
        return f"{_cell(text, is_day)} has the day first, {_cell(text, is_month)} the month"
    if day_first is not None and (is_month if day_first else is_day).any():
        culprit = _cell(text, is_month if day_first else is_day)
        return f"{culprit} has not the {'day' if day_first else 'month'} first, as before"
    shapes = text.str.replace(r"\d+", "0", regex=True)
    is_unlike = (shapes != shapes.iloc[0]).to_numpy()
    return f"{_cell(text, ~is_unlike)} and {_cell(text, is_unlike)} are not written alike"


def _cell(text, is_meant):
    place = int(is_meant.argmax())
    return f"{text.iloc[place]!r} at row {text.index[place]}"


def _parse(text, day_first):
    """Read dates month first or day first, whichever is given or makes the evener steps.

    Returns
    -------
    times : Series

    day_first : bool or None
        None where only one order can be read, or both say the same.
    """
    if text.str.contains("24:00", regex=False).any() and text.str.contains(MIDNIGHT).any():
        is_end_of_day = text.str.contains(MIDNIGHT)
        times, found = _parse(text.str.replace(MIDNIGHT, "00", regex=True), day_first)
        return times + pd.to_timedelta(is_end_of_day.astype(int), unit="D"), found
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
