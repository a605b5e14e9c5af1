"""Tables in files: which column is time, which rows are the future."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TIME_NAMES = ("time", "date", "datetime", "timestamp", "ds", "day", "week", "month", "year")
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
    """

    y: pd.Series
    X: pd.DataFrame | None
    X_future: pd.DataFrame | None
    notes: list[str] = field(default_factory=list)


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
    if not path.exists():
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
    is_named = any(name is not None for name in table.index.names)
    return table.reset_index() if is_named else table


def _read_csv(path):
    try:
        header = pd.read_csv(path, sep="\0", engine="python", header=None, nrows=1, dtype=str)
        line = str(header.iloc[0, 0])
        separator = max(SEPARATORS, key=line.count)
        return pd.read_csv(path, sep=separator, skipinitialspace=True)
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"{path} is empty.") from error
    except (pd.errors.ParserError, UnicodeError, EOFError, OSError) as error:
        raise ValueError(f"{path} can't be read as CSV: {error}") from error


def table_to_series(
    table: pd.DataFrame,
    target: str,
    *,
    time: str | None = None,
    series: str | None = None,
    known_ahead: list[str] | tuple[str, ...] = (),
    needs_target: bool = True,
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
        counts the rows where there is none.

    series : str, default=None
        Column that names the series of a panel.

    known_ahead : list of str, default=()
        Columns of covariates that are known ahead.

    needs_target : bool, default=True
        Whether it is an error if no row has a target.

    Returns
    -------
    table : SeriesTable

    Raises
    ------
    ValueError
        If a column is missing, holds text where numbers are needed, or a time can't be read.
    """
    asked = [name for name in (target, time, series, *known_ahead) if name is not None]
    for column in asked:
        _check_column(table, column)
    notes: list[str] = []
    if time is None:
        time = find_time_column(table.drop(columns=[target, *known_ahead]))
        notes.append(
            "No column can be read as time: counting rows." if time is None else f"Time: {time}."
        )
    table = table.copy()
    for column in (target, *known_ahead):
        table[column] = _as_numbers(table[column])
    if time is not None:
        table[time] = _as_time(table[time], notes)
    elif series is not None:
        time = "row"
        table[time] = table.groupby(series).cumcount()
    levels = [name for name in (series, time) if name is not None]
    if levels:
        table = _sorted(table, levels, notes)
    known = table[target].notna()
    if needs_target and not known.any():
        raise ValueError(f"The column {target!r} holds no value.")
    backwards = known[::-1] if series is None else known[::-1].groupby(table[series][::-1])
    is_past = backwards.cummax()[::-1].to_numpy()
    table = table.set_index(levels) if levels else table
    past, future = table[is_past], table[~is_past]
    if not levels:
        past = past.reset_index(drop=True)
    X = past[list(known_ahead)] if known_ahead else None
    if len(future) and known_ahead:
        notes.append(f"{len(future)} rows without {target} at the end are the future.")
    n_missing = int(past[target].isna().sum())
    if n_missing:
        notes.append(f"{n_missing} of {len(past)} values of {target} are missing: interpolated.")
    X_future = future[list(known_ahead)] if known_ahead and len(future) else None
    return SeriesTable(past[target], X, X_future, notes)


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
    if not isinstance(y.index, pd.MultiIndex) and _counts_rows(y) and _counts_rows(history):
        n_known = len(history)
        following = pd.RangeIndex(n_known, n_known + len(y))
        return y.set_axis(following), None if X is None else X.set_axis(following)
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
        table.notes.append(f"{n_known} of {len(y)} rows were known already.")
    return y[is_later], None if X is None else X[is_later]


def _counts_rows(series):
    return isinstance(series.index, pd.RangeIndex) and series.index.name is None


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
    columns = sorted(
        table.columns,
        key=lambda name: not any(word in str(name).lower() for word in TIME_NAMES),
    )
    return next((name for name in columns if _is_time(table[name])), None)


def _is_time(column):
    if column.dtype.kind == "M" or isinstance(column.dtype, pd.PeriodDtype):
        return True
    if column.dtype.kind in "biufc":
        return False
    sample = column.dropna().astype(str).head(20)
    if sample.empty or not sample.str.contains(r"\d{4}").all():
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            pd.to_datetime(sample, utc=True)
    except (ValueError, TypeError):
        return False
    return True


def _as_time(column, notes):
    """Read a column as times, or as numbers where it holds these."""
    if column.isna().any():
        row = int(column.isna().argmax())
        raise ValueError(f"The column {column.name!r} lacks the time of row {row}.")
    if column.dtype.kind in "iufM" or isinstance(column.dtype, pd.PeriodDtype):
        is_year = str(column.name).lower() == "year" and column.dtype.kind == "i"
        return pd.to_datetime(column.astype(str), format="%Y") if is_year else column
    text = column.astype(str)
    has_year = text.str.contains(r"\d{4}")
    if not has_year.all():
        row = int((~has_year).argmax())
        raise ValueError(
            f"The column {column.name!r} holds {text.iloc[row]!r} at row {row}, which is no time "
            "with a year of four digits. Write times like 2024-12-31, or leave --time away to "
            "count rows."
        )
    try:
        return _parse(text)
    except (ValueError, TypeError) as error:
        if "time zone" in str(error).lower() or "utc" in str(error).lower():
            notes.append("Times with several offsets from UTC: all in UTC.")
            return pd.to_datetime(text, utc=True)
        raise ValueError(
            f"The column {column.name!r} can't be read as time: {str(error).splitlines()[0]}"
        ) from error


def _parse(text):
    """Read month first, or day first where only that can be read or makes evener steps."""
    readings, error = [], None
    for day_first in (False, True):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # which order is tried is the point
                times = pd.to_datetime(text, dayfirst=day_first)
            if times.dtype.kind != "M":
                raise ValueError("Mixed time zones: they can only be brought to UTC.")
            readings.append(times)
        except ValueError as unreadable:
            error = error or unreadable
        if not text.str.contains("/").any() and readings:
            break
    if not readings:
        raise error or ValueError
    return min(readings, key=_unevenness)


def _unevenness(times):
    """Longest over shortest step; infinite where the times run backwards."""
    steps = times.diff().dropna()
    steps = steps[steps != pd.Timedelta(0)]
    if steps.empty:
        return 1.0
    return steps.max() / steps.min() if steps.min() > pd.Timedelta(0) else inf


def _sorted(table, levels, notes):
    in_order = table.sort_values(levels, kind="stable")
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
    numbers: Any = pd.to_numeric(column, errors="coerce")
    bad = numbers.isna() & column.notna() & (column.astype(str).str.strip() != "")
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"The column {column.name!r} holds text, first {column.iloc[row]!r} at row {row} "
            f"({int(bad.sum())} of {len(column)} rows). Give numbers; leave what is missing empty."
        )
    return numbers.astype(float)
