"""A table with a target, a time and covariates as what a forecaster takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from .table_times import as_time, columns_of_time, find_time_column, joined

COUNT_ROWS = "none"
RESERVED_NAMES = {"forecast", "lower", "upper"}
HEADLESS = " If that is the first row of data, write a line of names above it."
MOST_NAMED = 5  # series that a note names


@dataclass
class SeriesTable:
    """A table as a forecaster takes it.

    Attributes
    ----------
    y : Series
        The target, on an index of time, of rows, or of series and time.

    X : DataFrame or None
        Covariates of the same rows.

    X_future : DataFrame or None
        Those of the rows after the last known target.

    notes : list of str
        What was found and done, in words.

    time : str or None
        The column of times, None where rows are counted.

    day_first : bool or None
        Whether dates were read day first, None where that can't be mistaken.

    unused : list of str
        Columns with values that have no role.
    """

    y: pd.Series
    X: pd.DataFrame | None
    X_future: pd.DataFrame | None
    notes: list[str] = field(default_factory=list)
    time: str | None = None
    day_first: bool | None = None
    unused: list[str] = field(default_factory=list)


def table_to_series(
    table: pd.DataFrame,
    target: str,
    *,
    time: str | None = None,
    series: str | None = None,
    known_ahead: list[str] | tuple[str, ...] = (),
    past_only: list[str] | tuple[str, ...] = (),
    shortest: int = 1,
    needs_target: bool = True,
    day_first: bool | None = None,
) -> SeriesTable:
    """Take target and covariates out of a table.

    Parameters
    ----------
    table : DataFrame
        One row for each timestamp, or for each series and timestamp, in any order.

    target : str
        Column to forecast. Rows at the end of a series in which it is empty are the future, and
        hold the covariates known ahead.

    time : str, default=None
        Column of times or numbers, or ``"date+hour"``, two columns that make a time; None looks for
        what can be read as time, and counts the rows where there is none; ``"none"`` counts the
        rows.

    series : str, default=None
        Column that names the series of a panel.

    known_ahead : list of str, default=()
        Columns of covariates that are known ahead.

    past_only : list of str, default=()
        Columns of covariates that are not.

    shortest : int, default=1
        Values that a series of a panel must have; those with fewer are left out, and noted.

    needs_target : bool, default=True
        Whether it is an error if no row has a target.

    day_first : bool, default=None
        Whether ``1/2/2024`` is in February; None for what makes even steps.

    Returns
    -------
    table : SeriesTable

    Raises
    ------
    ValueError
        If a column is missing, holds text where numbers are needed, or a time can't be read.
    """
    counts_rows = time == COUNT_ROWS and COUNT_ROWS not in table.columns
    time = None if counts_rows else time
    covariates = [*known_ahead, *past_only]
    roles = [target, *columns_of_time(table, time), *([] if series is None else [series])]
    _check_roles(table, [*roles, *covariates])
    notes: list[str] = list(table.attrs.get("notes", ()))
    if time is None and not counts_rows:
        time = find_time_column(table.drop(columns=[*roles, *covariates]), table.get(series))
        notes.append(
            "No column can be read as time: counting rows." if time is None else f"Time: {time}."
        )
    unused = _unused(table, [*roles, *columns_of_time(table, time), *covariates])
    table = joined(table, time)
    for column in (target, *covariates):
        table[column] = _as_numbers(table[column])
    table = _with_enough_rows(table, target, series, shortest, needs_target, notes)
    levels, day_first = _add_levels(table, series, time, notes, day_first)
    table = _sorted(table, levels, notes) if levels else table
    is_past = _until_last(table[target].notna(), table, series)
    table = table.set_index(levels) if levels else table.reset_index(drop=True)
    past, future = table[is_past], table[~is_past]
    _note_ends(past, future, target, known_ahead, notes)
    X = past[covariates] if covariates else None
    X_future = future[list(known_ahead)] if known_ahead and len(future) else None
    return SeriesTable(past[target], X, X_future, notes, time, day_first, unused)


def _check_roles(table, columns):
    for place, column in enumerate(columns):
        _check_column(table, column)
        if column in columns[:place]:
            raise ValueError(f"The column {column!r} is named twice. Give each column one role.")


def _unused(table, used):
    """Return the columns with values that have no role."""
    return [
        str(name)
        for name, is_empty in zip(table.columns, table.isna().all(), strict=True)
        if name not in used and not is_empty
    ]


def _add_levels(table, series, time, notes, day_first):
    """Make the columns of the index in place; return their names, and how dates were read."""
    for name in (series, time):
        if name in RESERVED_NAMES:
            raise ValueError(f"The column {name!r} has the name of a result. Rename it.")
    if series is not None:
        _check_series_names(table[series])
    if time is not None:
        table[time], day_first = as_time(table[time], notes, day_first)
    elif series is not None:
        time = "row"
        table[time] = table.groupby(series).cumcount()
    return [name for name in (series, time) if name is not None], day_first


def _check_series_names(names):
    if names.isna().any():
        row = int(names.isna().to_numpy().argmax())
        raise ValueError(
            f"The column {names.name!r} names no series in row {row} ({int(names.isna().sum())} of "
            f"{len(names)} rows). Fill it, or leave these rows out."
        )


def _until_last(is_known, table, series):
    """Tell which rows of each series are not after its last value."""
    backwards = is_known[::-1]
    if series is not None:
        backwards = backwards.groupby(table[series][::-1])
    return backwards.cummax()[::-1].to_numpy()


def _with_enough_rows(table, target, series, shortest, needs_target, notes):
    """Leave out the series that have too few values to say anything, and say which."""
    is_known = table[target].notna()
    if needs_target and not is_known.any():
        raise ValueError(f"The column {target!r} holds no value.")
    if series is None or not needs_target:
        return table
    _check_series_names(table[series])
    counts = is_known.groupby(table[series]).sum()
    short = counts[counts < shortest]
    if short.empty or len(short) == len(counts):
        return table
    shown = ", ".join(f"{name!r} ({n})" for name, n in short[:MOST_NAMED].items())
    more = ", ..." if len(short) > MOST_NAMED else ""
    which = "1 series is" if len(short) == 1 else f"{len(short)} series are"
    notes.append(
        f"{which} left out, with fewer than {shortest} value{'s' if shortest > 1 else ''} in "
        f"{target}: {shown}{more}."
    )
    return table[~table[series].isin(short.index)].reset_index(drop=True)


def _note_ends(past, future, target, known_ahead, notes):
    if len(future):
        what = "the future" if known_ahead else "left out"
        rows = "1 row" if len(future) == 1 else f"{len(future)} rows"
        notes.append(
            f"{rows} without {target} at the end {'is' if len(future) == 1 else 'are'} {what}."
        )
    if not isinstance(past.index, pd.MultiIndex):
        return
    timestamps = past.index.get_level_values(-1).to_series()
    ends = timestamps.groupby(past.index.get_level_values(0).to_numpy()).max()
    if ends.nunique() > 1:
        notes.append(
            f"The series end at different times, from {ends.min()!s} to {ends.max()!s}; each "
            "forecast begins after its own."
        )


def _sorted(table, levels, notes):
    in_order = table.sort_values(levels, kind="stable")
    repeated = in_order.duplicated(levels)
    if repeated.any():
        row = in_order[repeated].iloc[0]
        remedy = (
            "If the file holds several series, name their column (--series); else leave one of the "
            "rows out"
            if len(levels) == 1
            else f"The series {row[levels[0]]!r} has it twice: leave one of the rows out"
        )
        raise ValueError(
            f"The column {levels[-1]!r} repeats {row[levels[-1]]!s} ({int(repeated.sum())} rows "
            f"repeat a time). {remedy}."
        )
    if not in_order.index.equals(table.index):
        time = table[levels[-1]]
        groups = time.groupby(table[levels[0]]) if len(levels) > 1 else [(None, time)]
        if not all(times.is_monotonic_increasing for _, times in groups):
            notes.append("The rows were not in the order of time: sorted.")
    return in_order


def _check_column(table, column):
    n_found = int((table.columns == column).sum())
    if n_found == 1:
        return
    if n_found:
        raise ValueError(f"The table has {n_found} columns {column!r}. Rename all but one.")
    names = [str(name) for name in table.columns]
    lowered = {name.lower(): name for name in names}
    close = get_close_matches(str(column).lower(), lowered, n=1, cutoff=0.5)
    hint = f" Did you mean {lowered[close[0]]!r}?" if close else ""
    raise ValueError(
        f"There is no column {column!r}.{hint} The columns are "
        f"{', '.join(names[:12])}{', ...' if len(names) > 12 else ''}."
        + (HEADLESS if any(map(_is_number, names)) else "")
    )


def _is_number(name):
    return name.strip().lstrip("+-").replace(".", "", 1).isdigit()


def _as_numbers(column):
    if column.dtype.kind in "biuf":
        return _finite(column.astype(float))
    if column.dtype.kind in "mM" or isinstance(column.dtype, pd.PeriodDtype):
        raise ValueError(f"The column {column.name!r} holds times, not numbers. Name another one.")
    numbers: Any = pd.to_numeric(column, errors="coerce")
    bad = numbers.isna() & column.notna() & (column.astype(str).str.strip() != "")
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"The column {column.name!r} holds text, first {column.iloc[row]!r} at row {row} "
            f"({int(bad.sum())} of {len(column)} rows). Write numbers like 1050.5, without units "
            "or thousands separators; leave what is missing empty."
        )
    return _finite(numbers.astype(float))


def _finite(numbers):
    is_infinite = np.isinf(numbers.to_numpy())
    if is_infinite.any():
        row = int(is_infinite.argmax())
        raise ValueError(
            f"The column {numbers.name!r} holds {numbers.iloc[row]} at row {row}. Write a number, "
            "or leave it empty."
        )
    return numbers
