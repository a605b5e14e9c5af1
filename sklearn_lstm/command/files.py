"""Tables read from files."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from .decimal_marks import MixedNumbersError, is_grouped, read_numerals

SEPARATORS = ",;\t|"
N_LOOKED_AT = 20  # lines at the beginning, by which the separator is told
OTHER_FORMATS = {".xlsx", ".xls", ".xlsm", ".ods", ".feather", ".arrow", ".orc", ".json", ".h5",
                 ".hdf5", ".nc", ".pkl", ".npy", ".npz", ".sqlite", ".db", ".dta", ".sav",
                 ".sas7bdat", ".7z", ".rar", ".pdf", ".png", ".jpg", ".skops"}  # fmt: skip
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16, in which spreadsheets write "Unicode"


def read_table(
    path: str | Path, names: str | None = None, numbers: Collection[str] = ()
) -> pd.DataFrame:
    """Read a table from CSV, compressed CSV or Parquet.

    Parameters
    ----------
    path : path
        ``.parquet`` and ``.pq`` are read as Parquet, everything else as CSV in UTF-8 or UTF-16,
        unpacked by its ending (``.gz``, ``.bz2``, ``.zip``, ``.xz``). The separator, one of
        ``, ; | tab``, is found. In files with another than a comma, decimals may have one.

    names : str, default=None
        A column of names: ``001`` and ``NA`` stay what they are. What reads the same as numbers
        becomes these.

    numbers : collection of str, default=()
        Columns that must hold numbers in one way of writing them. Others that do not stay text.

    Returns
    -------
    table : DataFrame
        Columns may have the same name, as in the file. ``table.attrs["notes"]`` says what was done.

    Raises
    ------
    ValueError
        If the file is empty, is of another kind, or can't be read as a table without doubt.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file in it.")
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is no ordinary file, and can't be read twice. Save it as one.")
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    suffix = path.suffix.lower()
    if suffix in OTHER_FORMATS:
        raise ValueError(f"{path}: {suffix} is not read. Save the table as CSV or Parquet.")
    is_parquet = suffix in (".parquet", ".pq")
    table = _read_parquet(path) if is_parquet else _read_csv(path, names, numbers)
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
    except Exception as error:  # every reader has errors of its own kind
        raise ValueError(f"{path} can't be read as Parquet: {_said(error)}") from error
    is_count = isinstance(table.index, pd.RangeIndex) and table.index.name is None
    return table if is_count else table.reset_index(names=_index_names(table))


def _index_names(table):
    return [name or f"time_{level}" for level, name in enumerate(table.index.names)]


def _read_csv(path, names, numbers):
    try:
        file = _CsvFile(path, *_encoding_and_lines(path))
        table = file.read(dtype={names: str})
        if names in table.columns and table[names].isna().any():  # "NA" is a name, too
            table[names] = file.read(usecols=[names], dtype=str, keep_default_na=False)[names]
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"{path} is empty.") from error
    except UnicodeError as error:
        if b"\0" in getattr(error, "object", b""):
            raise ValueError(f"{path} can't be read as CSV: it holds no text.") from error
        raise ValueError(f"{path} can't be read as CSV: save it as UTF-8 ({error}).") from error
    except Exception as error:  # every unpacker has errors of its own kind
        raise ValueError(f"{path} can't be read as CSV: {_said(error)}") from error
    _check_rows(path, table, file.separator)
    if names in table.columns:
        table[names] = _named(table[names])
    if file.separator != ",":
        table = _with_decimal_points(file, table, names, numbers)
    return table.set_axis(file.header, axis=1)


class _CsvFile:
    """A CSV whose first lines have been looked at."""

    def __init__(self, path, encoding, lines):
        self.path, self.encoding = path, encoding
        first = lines[0]
        self.n_skipped = int(first.lower().startswith("sep="))  # as spreadsheets write it
        if self.n_skipped and len(lines) < 2:
            raise pd.errors.EmptyDataError
        self.separator = first[4:5] if self.n_skipped else _separator(lines)
        header = lines[self.n_skipped]
        (self.header,) = csv.reader([header], delimiter=self.separator, skipinitialspace=True)
        self.header = [name.strip() for name in self.header]

    def read(self, **options):
        """Read rows under unique names: those of the header, where they occur once."""
        columns = [
            name if self.header.count(name) == 1 and name else f"{name} [{place}]"
            for place, name in enumerate(self.header)
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            try:
                return pd.read_csv(
                    self.path, sep=self.separator, skiprows=self.n_skipped, skipinitialspace=True,
                    encoding=self.encoding, header=0, names=columns, index_col=False, **options,
                )  # fmt: skip
            except pd.errors.ParserWarning as error:
                raise ValueError(
                    f"the first line, {self.separator.join(self.header)[:60]!r}, names "
                    f"{len(columns)} columns, but rows have more cells. Name all of them, and "
                    "leave out what stands above the names."
                ) from error


def _encoding_and_lines(path):
    """Return the encoding and the first lines, without those that are blank."""
    options = {"sep": "\0", "engine": "python", "header": None, "dtype": str, "quoting": 3}
    for encoding in ("utf-8-sig", "utf-16"):
        try:
            head = pd.read_csv(path, nrows=N_LOOKED_AT, encoding=encoding, **options)
        except UnicodeDecodeError as error:
            if encoding == "utf-8-sig" and error.object[:2] in BYTE_ORDER_MARKS:
                continue
            raise
        lines = head[0].dropna().tolist() if head.shape[1] == 1 else []
        if not lines or re.search("[\0-\b\x0e-\x1f]", lines[0]):
            raise ValueError("it holds no text. Save the table as CSV or Parquet.")
        return encoding, lines
    raise AssertionError("unreachable")


def _separator(lines):
    """Return what separates the cells of the header, and refuse it if it separates none below."""
    counts = {
        mark: [re.sub('"[^"]*"', "", line).count(mark) for line in lines] for mark in SEPARATORS
    }
    found = max(SEPARATORS, key=lambda mark: counts[mark][0])
    if len(lines) > 1 and counts[found][0] and not any(counts[found][1:]):
        others = [mark for mark in SEPARATORS if counts[mark][1]]
        if others:
            raise ValueError(
                f"the first line is separated by {found!r}, {lines[0][:60]!r}, but the next by "
                f"{others[0]!r}, {lines[1][:60]!r}. Use one separator."
            )
    return found


def _check_rows(path, table, separator):
    """Refuse rows that are one cell, for they have another separator."""
    if table.shape[1] < 2 or pd.api.types.is_numeric_dtype(table.iloc[:, 0]):
        return
    first = table.iloc[:, 0]
    lonely = table.iloc[:, 1:].isna().all(axis=1) & first.notna()
    texts = first[lonely].astype(str)
    for mark in set(SEPARATORS) - {separator}:
        found = texts[texts.str.contains(mark, regex=False)]
        if len(found):
            raise ValueError(
                f"{path} can't be read as CSV: row {found.index[0]} is {found.iloc[0]!r}, but the "
                f"first line is separated by {separator!r}. Use one separator."
            )


def _named(column):
    """Read a column of names; what reads the same as numbers becomes these."""
    codes, names = pd.factorize(column)  # few of many rows
    names = pd.Series(names, dtype=column.dtype).str.strip()
    names = names.where(names != "")
    numbers = pd.to_numeric(names, errors="coerce")
    read = numbers if (numbers.astype(str) == names.astype(str)).all() else names
    return read.reindex(codes).set_axis(column.index).rename(column.name)


def _with_decimal_points(file, table, names, numbers):
    """Read numbers like 1.050,5, which go with other separators than commas."""
    example, doubtful, notes = None, [], []
    for name, column in table.items():
        if name == names:
            continue
        if column.dtype.kind in "biufmM":
            doubtful += [name] if column.dtype.kind == "f" else []
            continue
        text = column.dropna().astype(str).str.strip()
        try:
            read = read_numerals(text) if len(text) else None
        except MixedNumbersError as error:
            if name in numbers:
                raise ValueError(f"{file.path} can't be read as CSV: {error}") from error
            continue
        if read is None:
            continue
        table[name] = read[0].reindex(table.index)
        if read[1]:
            row = text.index[text.str.contains(",", regex=False)][:1]
            if example is None and len(row):
                example = f"{text[row[0]]!r} at row {row[0]} of {name!r}"
                notes.append(f"Numbers have a decimal comma: {example} is {read[0][row[0]]:.10g}.")
    if example:
        _refuse_grouped(file, [name for name in doubtful if name in numbers], example)
    table.attrs["notes"] = notes
    return table


def _refuse_grouped(file, names, example):
    """Refuse 1.050 where another column has a decimal comma: it would be a thousand and fifty."""
    if not names:
        return
    written = file.read(dtype=str)
    for name in names:
        text = written[name].dropna().str.strip()
        if is_grouped(text):
            row = text.index[text.str.contains(".", regex=False)][0]
            raise ValueError(
                f"{file.path} can't be read as CSV: {text[row]!r} at row {row} of {name!r} may be "
                f"a thousand times as much, beside {example} with a decimal comma. Write all "
                "numbers the same way, best like 1050.5."
            )


def _said(error):
    return " ".join(str(error).split()) or type(error).__name__
