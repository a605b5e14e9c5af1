"""Tables read from files."""

from __future__ import annotations

import csv
import re
import zlib
from pathlib import Path
from zipfile import BadZipFile

import pandas as pd

DECIMAL_COMMA = r"[+-]?\d+(\.\d{3})*(,\d+)?"
SEPARATORS = ",;\t|"


def read_table(path: str | Path, names: str | None = None) -> pd.DataFrame:
    """Read a table from CSV, compressed CSV or Parquet.

    Parameters
    ----------
    path : path
        ``.parquet`` and ``.pq`` are read as Parquet, everything else as CSV, unpacked by its ending
        (``.gz``, ``.bz2``, ``.zip``, ``.xz``). The separator, one of ``, ; | tab``, is found.

    names : str, default=None
        A column of names: ``001`` stays what it is. What reads the same as numbers becomes these.

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
    is_parquet = path.suffix in (".parquet", ".pq")
    table = _read_parquet(path) if is_parquet else _read_csv(path, names)
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


def _read_csv(path, names):
    try:
        head = pd.read_csv(
            path, sep="\0", engine="python", header=None, nrows=1, dtype=str, encoding="utf-8-sig",
            quoting=csv.QUOTE_NONE,
        )  # fmt: skip
        first = str(head.iloc[0, 0])
        is_named = first.lower().startswith("sep=")  # as spreadsheets write it
        separator = first[4:] if is_named else _separator(first)
        table = pd.read_csv(
            path, sep=separator, skiprows=int(is_named), skipinitialspace=True, dtype={names: str}
        )
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"{path} is empty.") from error
    except UnicodeError as error:
        raise ValueError(f"{path} can't be read as CSV: save it as UTF-8 ({error}).") from error
    except (pd.errors.ParserError, EOFError, OSError, BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} can't be read as CSV: {error}") from error
    table = table.rename(columns=lambda name: str(name).strip())
    if separator == ";":
        table = _with_decimal_points(table, names)
    if names in table.columns:
        numbers = pd.to_numeric(table[names], errors="coerce")
        if (numbers.astype(str) == table[names]).all():
            table[names] = numbers
    return table


def _with_decimal_points(table, names):
    """Read numbers like 1.050,5, which go with semicolons."""
    for name, column in table.items():
        if name == names:
            continue
        text = column.dropna().astype(str)
        if column.dtype.kind not in "biuf" and text.str.fullmatch(DECIMAL_COMMA).all():
            plain = column.astype(str).str.replace(".", "").str.replace(",", ".")
            table[name] = pd.to_numeric(plain.where(column.notna()))
    return table


def _separator(line):
    unquoted = re.sub('"[^"]*"', "", line)
    return max(SEPARATORS, key=unquoted.count)
