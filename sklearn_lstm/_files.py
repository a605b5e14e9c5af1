"""Tables in files: which column is time, which rows are the future."""

from __future__ import annotations

import csv
import re
import tempfile
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import inf
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

TIME_NAMES = {"time", "date", "datetime", "timestamp", "ds", "day", "week", "month", "year"}
DECIMAL_COMMA = r"[+-]?\d+(\.\d{3})*(,\d+)?"
COUNT_ROWS = "none"
RESERVED_NAMES = {"forecast", "lower", "upper"}
SMALLEST_CHANGE = 1e-9  # of a value, for it to be another
NUMBER_FORMATS = [  # smallest and largest whole number, and how it says a time
    (1000, 2999, "%Y"),
    (100_001, 299_912, "%Y%m"),
    (10_000_101, 29_991_231, "%Y%m%d"),
    (10**8, 10**11 - 1, "s"),
    (10**11, 10**14, "ms"),
]
SEPARATORS = ",;\t|"


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
    """

    y: pd.Series
    X: pd.DataFrame | None
    X_future: pd.DataFrame | None
    notes: list[str] = field(default_factory=list)
    time: str | None = None
    day_first: bool | None = None


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table from CSV, compressed CSV or Parquet.

    Parameters
    ----------
    path : path
        ``.parquet`` and ``.pq`` are read as Parquet, everything else as CSV, unpacked by its ending
        (``.gz``, ``.bz2``, ``.zip``, ``.xz``). The separator, one of ``, ; | tab``, is found.

    Returns
    -------
    table : DataFrame

    Raises
    ------
    ValueError
        If the file is empty or can't be read as a table.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    read = _read_parquet if path.suffix in (".parquet", ".pq") else _read_csv
    table = read(path)
    if table.empty:
        raise ValueError(f"{path} has no rows of data.")
    return table


def _read_parquet(path):
    try:
        table = pd.read_parquet(path)
    except ImportError as error:
        raise ValueError(
            "Parquet files need pyarrow. Install it with: pip install 'sklearn-lstm[cli]'"
        ) from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} can't be read as Parquet: {error}") from error
    is_count = isinstance(table.index, pd.RangeIndex) and table.index.name is None
    return table if is_count else table.reset_index(names=_index_names(table))


def _index_names(table):
    return [name or f"time_{level}" for level, name in enumerate(table.index.names)]


def _read_csv(path):
    try:
        head = pd.read_csv(
            path, sep="\0", engine="python", header=None, nrows=1, dtype=str, encoding="utf-8-sig",
            quoting=csv.QUOTE_NONE,
        )  # fmt: skip
        first = str(head.iloc[0, 0])
        is_named = first.lower().startswith("sep=")  # as spreadsheets write it
        separator = first[4:] if is_named else _separator(first)
        table = pd.read_csv(path, sep=separator, skiprows=int(is_named), skipinitialspace=True)
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"{path} is empty.") from error
    except UnicodeError as error:
        raise ValueError(f"{path} can't be read as CSV: save it as UTF-8 ({error}).") from error
    except (pd.errors.ParserError, EOFError, OSError, BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} can't be read as CSV: {error}") from error
    table = table.rename(columns=lambda name: str(name).strip())
    return _with_decimal_points(table) if separator == ";" else table


def _with_decimal_points(table):
    """Read numbers like 1.050,5, which go with semicolons."""
    for name, column in table.items():
        text = column.dropna().astype(str)
        if column.dtype.kind not in "biuf" and text.str.fullmatch(DECIMAL_COMMA).all():
            plain = column.astype(str).str.replace(".", "").str.replace(",", ".")
            table[name] = pd.to_numeric(plain.where(column.notna()))
    return table


def _separator(line):
    unquoted = re.sub('"[^"]*"', "", line)
    return max(SEPARATORS, key=unquoted.count)


def table_to_series(
    table: pd.DataFrame,
    target: str,
    *,
    time: str | None = None,
    series: str | None = None,
    known_ahead: list[str] | tuple[str, ...] = (),
    needs_target: bool = True,
    day_first: bool | None = None,
) -> SeriesTable:
    """Take target and covariates out of a table.

    Parameters
    ----------
    table : DataFrame
        One row for each moment, or for each series and moment, in any order.

    target : str
        Column to forecast. Rows at the end of a series in which it is empty are the future, and
        hold the covariates known ahead.

    time : str, default=None
        Column of times or numbers; None looks for the one that can be read as time, and
        counts the rows where there is none; ``"none"`` counts the rows.

    series : str, default=None
        Column that names the series of a panel.

    known_ahead : list of str, default=()
        Columns of covariates that are known ahead.

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
    roles = [target, *([] if counts_rows else [time]), series, *known_ahead]
    asked = [name for name in roles if name is not None]
    for place, column in enumerate(asked):
        _check_column(table, column)
        if column in asked[:place]:
            raise ValueError(f"The column {column!r} is named twice. Give each column one role.")
    notes: list[str] = []
    if time is None:
        time = find_time_column(table.drop(columns=[name for name in asked if name != series]))
        notes.append(
            "No column can be read as time: counting rows." if time is None else f"Time: {time}."
        )
    time = found_time = None if counts_rows else time
    table = table.copy()
    for column in (target, *known_ahead):
        table[column] = _as_numbers(table[column])
    for name in (series, time):
        if name in RESERVED_NAMES:
            raise ValueError(f"The column {name!r} has the name of a result. Rename it.")
    if series is not None:
        _check_series_names(table[series])
    if time is not None:
        table[time], day_first = _as_time(table[time], notes, day_first)
    elif series is not None:
        time = "row"
        table[time] = table.groupby(series).cumcount()
    levels = [name for name in (series, time) if name is not None]
    if levels:
        table = _sorted(table, levels, notes)
    known = table[target].notna()
    if needs_target:
        _check_known(known, table, target, series)
    backwards = known[::-1] if series is None else known[::-1].groupby(table[series][::-1])
    is_past = backwards.cummax()[::-1].to_numpy()
    table = table.set_index(levels) if levels else table
    past, future = table[is_past], table[~is_past]
    if not levels:
        past = past.reset_index(drop=True)
    if len(future):
        what = "the future" if known_ahead else "left out"
        are = "is" if len(future) == 1 else "are"
        notes.append(
            f"{len(future)} row{'s' * (len(future) > 1)} without {target} at the end {are} {what}."
        )
    if series is not None:
        _note_ends(past, notes)
    X = past[list(known_ahead)] if known_ahead else None
    X_future = future[list(known_ahead)] if known_ahead and len(future) else None
    return SeriesTable(past[target], X, X_future, notes, found_time, day_first)


def _check_series_names(names):
    if names.isna().any():
        row = int(names.isna().argmax())
        raise ValueError(
            f"The column {names.name!r} names no series in row {row} ({int(names.isna().sum())} of "
            f"{len(names)} rows). Fill it, or leave these rows out."
        )


def _check_known(known, table, target, series):
    if not known.any():
        raise ValueError(f"The column {target!r} holds no value.")
    if series is None:
        return
    has_value = known.groupby(table[series]).any()
    if not has_value.all():
        name = has_value.index[~has_value][0]
        raise ValueError(f"The series {name!r} holds no value in {target!r}. Leave it out.")


def _note_ends(past, notes):
    stamps = past.index.get_level_values(-1).to_series()
    ends = stamps.groupby(past.index.get_level_values(0).to_numpy()).max()
    if ends.nunique() > 1:
        notes.append(
            f"The series end at different times, from {ends.min()!s} to {ends.max()!s}; each "
            "forecast begins after its own."
        )


def later_rows(history: pd.Series, table: SeriesTable) -> tuple[pd.Series, pd.DataFrame | None]:
    """Return the rows of a table that come after what is known.

    Parameters
    ----------
    history : Series
        What is known, such as ``LSTMForecaster.history_``.

    table : SeriesTable
        Rows that overlap, or go on. Where rows are counted, all of them go on.

    Returns
    -------
    y, X : Series, DataFrame or None
        The later rows.
    """
    y, X = table.y, table.X
    if table.time is None:
        index = _following_rows(history, y)
        return y.set_axis(index), None if X is None else X.set_axis(index)
    try:
        if isinstance(y.index, pd.MultiIndex):
            stamps = history.index.get_level_values(-1).to_series()
            last = stamps.groupby(history.index.get_level_values(0).to_numpy()).max()
            known_until = y.index.get_level_values(0).map(last.to_dict())
            is_later = (y.index.get_level_values(-1) > known_until) | known_until.isna()
        else:
            is_later = y.index > history.index[-1]
    except TypeError as error:
        raise ValueError(
            f"The times of the table ({y.index[0]}, ...) are of another kind than those of the "
            f"model (..., {history.index[-1]})."
        ) from error
    n_known = int((~is_later).sum())
    if n_known:
        before = history.reindex(y.index[~is_later])
        n_other = int(
            (before.notna() & ((y[~is_later] - before).abs() > 1e-9 * before.abs())).sum()
        )
        other = (
            f", {n_other} of them with another value: the model keeps its own" if n_other else ""
        )
        table.notes.append(f"{n_known} of {len(y)} rows were known already{other}.")
    return y[is_later], None if X is None else X[is_later]


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Give a path to write to, which takes the place of ``path`` when all went well.

    Parameters
    ----------
    path : path

    Yields
    ------
    unfinished : Path
        In the same folder, with the same ending.
    """
    path = Path(path)
    check_output(path)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=path.parent) as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        unfinished.replace(path)


def check_output(path: str | Path) -> None:
    """Refuse a path that can't be written to.

    Parameters
    ----------
    path : path

    Raises
    ------
    ValueError
        If its folder is missing, or it is a folder.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file in it.")
    if not path.parent.is_dir():
        raise ValueError(f"There is no folder {path.parent} for {path.name}. Create it.")


def _following_rows(history, y):
    """Number the rows of a table on from what is known."""
    if not isinstance(y.index, pd.MultiIndex):
        return pd.RangeIndex(len(history), len(history) + len(y))
    n_known = history.groupby(level=0).size().to_dict()
    rows = [(name, n_known.get(name, 0) + row) for name, row in y.index]
    return pd.MultiIndex.from_tuples(rows, names=y.index.names)


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
                f"The column {name!r} looks like time, but {table[name].iloc[0]!r} can't be read "
                "as one. Write times like 2024-12-31, name another column (--time), or count "
                "rows (--time none)."
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


def _as_time(column, notes, day_first):
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
    return re.search("time ?zone|utc", str(error).lower()) is not None


def _first_unreadable(text):
    readable = pd.to_datetime(text, errors="coerce", format="mixed").notna()
    row = int((~readable).argmax()) if not readable.all() else 0
    return f"{text.iloc[row]!r} at row {row}"


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
                raise ValueError("Mixed time zones: they can only be brought to UTC.")
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
    if column in table.columns:
        return
    names = [str(name) for name in table.columns]
    lowered = {name.lower(): name for name in names}
    close = get_close_matches(str(column).lower(), lowered, n=1, cutoff=0.5)
    hint = f" Did you mean {lowered[close[0]]!r}?" if close else ""
    raise ValueError(
        f"There is no column {column!r}.{hint} The columns are "
        f"{', '.join(names[:12])}{', ...' if len(names) > 12 else ''}."
    )


def _as_numbers(column):
    if column.dtype.kind in "biuf":
        return column.astype(float)
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
    return numbers.astype(float)
