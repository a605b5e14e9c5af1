"""Tables as they lie about: read by the command's reader."""

import bz2
import gzip
import lzma
import os
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_lstm import LSTMForecaster, load_model, save_model
from sklearn_lstm._output_files import written_whole
from sklearn_lstm.command.files import read_table
from sklearn_lstm.command.tables import table_to_series

from ..cases import Case, gives, refuses

DAYS = "date,n\n2024-01-01,1\n2024-01-02,2.5\n2024-01-03,4\n"
VALUES = [1, 2.5, 4]
FIRST_DAYS = ["2024-01-01", "2024-01-02", "2024-01-03"]


def read(content, name="d.csv", target="n", **options):
    """Read the target of a file as a series."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        numbers = [target, *options.get("known_ahead", ())]
        return table_to_series(read_table(path, options.get("series"), numbers), target, **options)


def values(content, name="d.csv", **options):
    return lambda: read(content, name, **options).y.tolist()


def series(content, name="d.csv", **options):
    return lambda: read(content, name, **options)


def at(*stamps):
    """Say yes to a series on these timestamps."""
    return gives(lambda found: found.y.index.tolist() == [pd.Timestamp(stamp) for stamp in stamps])


def rows(*cells, separator=","):
    return "\n".join(
        [f"date{separator}n", *(f"2024-01-{i:02}{separator}{x}" for i, x in enumerate(cells, 1))]
    )


def dated(*dates):
    return "\n".join(["date,n", *(f"{date},{i}" for i, date in enumerate(dates))])


def zipped(*names):
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, DAYS)
    return file.getvalue()


def in_folder(make):
    """Do something in a folder of its own; return what came of it."""

    def call():
        with tempfile.TemporaryDirectory() as folder:
            return make(Path(folder))

    return call


def write(path):
    with written_whole(path) as unfinished:
        unfinished.write_text("new")
    return path


def through_link(folder):
    (folder / "target").write_text("old")
    (folder / "link").symlink_to("target")
    write(folder / "link")
    return (folder / "link").is_symlink() and (folder / "target").read_text() == "new"


def mode_after(folder):
    (folder / "f").write_text("old")
    (folder / "f").chmod(0o664)
    return write(folder / "f").stat().st_mode & 0o777


def onto_pipe(folder):
    os.mkfifo(folder / "p")
    write(folder / "p")


def onto_device(folder):
    (folder / "null").symlink_to(os.devnull)
    write(folder / "null")


def under_file(folder):
    (folder / "f").write_text("old")
    write(folder / "f" / "g.csv")


def bomb(folder):
    with zipfile.ZipFile(folder / "m.skops", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sklearn-lstm.json", b"0" * 30_000_000)
    load_model(folder / "m.skops")


def unfitted(folder):
    (folder / "m.skops").write_text("old")
    save_model(LSTMForecaster(), folder / "m.skops")


def read_pipe(folder):
    os.mkfifo(folder / "p.csv")
    read_table(folder / "p.csv")


CASES = [
    # As spreadsheets, scripts and other systems write them.
    Case("plain", values(DAYS), gives(VALUES)),
    Case("a byte order mark", values("\ufeff" + DAYS), gives(VALUES)),
    Case("lines of Windows", values(DAYS.replace("\n", "\r\n")), gives(VALUES)),
    Case("lines of an old Mac", values(DAYS.replace("\n", "\r")), gives(VALUES)),
    Case("UTF-16", values(DAYS.encode("utf-16")), gives(VALUES)),
    Case("UTF-16 with tabs", values(DAYS.replace(",", "\t").encode("utf-16")), gives(VALUES)),
    Case("quoted names", values(DAYS.replace("date,n", '"date","n"')), gives(VALUES)),
    Case("spaces around", values(DAYS.replace(",", " , ")), gives(VALUES)),
    Case("empty lines", values("\n\n" + DAYS.replace("\n", "\n\n")), gives(VALUES)),
    Case("no end of the last line", values(DAYS.rstrip()), gives(VALUES)),
    Case("commas at all ends", values(DAYS.replace("\n", ",\n")), gives(VALUES)),
    Case(
        "commas at the ends of rows alone",
        values("date,n\n2024-01-01,1,\n2024-01-02,2.5,\n2024-01-03,4,\n"),
        gives(VALUES),
    ),
    Case("tabs", values(DAYS.replace(",", "\t"), "d.tsv"), gives(VALUES)),
    Case("bars", values(DAYS.replace(",", "|")), gives(VALUES)),
    Case("sep=;", values("sep=;\n" + DAYS.replace(",", ";")), gives(VALUES)),
    Case("a single column", values("n\n1\n2.5\n4\n"), gives(VALUES)),
    Case("a row alone", values("date,n\n2024-01-01,7\n"), gives([7])),
    Case("exponents", values(rows("1e3", "2.5E-1")), gives([1000, 0.25])),
    Case("a gap", values(rows("1", "", "4")), gives([1, np.nan, 4])),
    Case("n/a as spreadsheets say it", values(rows("1", "#N/A", "4")), gives([1, np.nan, 4])),
    Case("true and false", values(rows("True", "False")), gives([1, 0])),
    Case("gzip", values(gzip.compress(DAYS.encode()), "d.csv.gz"), gives(VALUES)),
    Case("bzip2", values(bz2.compress(DAYS.encode()), "d.csv.bz2"), gives(VALUES)),
    Case("xz", values(lzma.compress(DAYS.encode()), "d.csv.xz"), gives(VALUES)),
    Case("zip", values(zipped("d.csv"), "d.csv.zip"), gives(VALUES)),
    Case(
        "series called NA and 007",
        lambda: read(
            "shop,date,n\nNA,2024-01-01,1\n007,2024-01-01,2\n", series="shop"
        ).y.index.unique(0).tolist(),
        gives(lambda names: sorted(names) == ["007", "NA"]),
    ),
    # No tables, or not whole ones.
    *(
        Case(f"garbage.csv{ending}", series(b"\x9b\x1fgarbage\x00\xff", f"garbage.csv{ending}"),
             refuses(f"garbage.csv{ending}", "can't be read"))
        for ending in ("", ".gz", ".bz2", ".xz", ".zip", ".tar")
    ),
    *(
        Case(f"cut{ending}", series(pack(DAYS.encode() * 9)[:40], f"cut.csv{ending}"),
             refuses(f"cut.csv{ending}", "can't be read"))
        for ending, pack in ((".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress))
    ),
    *(
        Case(f"x{ending}", series(b"PK\x03\x04", f"x{ending}"),
             refuses(f"x{ending}", "Save the table as CSV or Parquet"))
        for ending in (".xlsx", ".XLS", ".feather", ".json", ".ods")
    ),
    Case("two files", series(zipped("a.csv", "b.csv"), "d.zip"), refuses("d.zip", "a.csv")),
    Case("garbage.parquet", series(b"PAR1 and more", "x.parquet"), refuses("x.parquet", "Parquet")),
    Case("garbage.PARQUET", series(b"PAR1 and more", "x.PARQUET"), refuses("x.PARQUET", "Parquet")),
    Case("0 bytes", series(b""), refuses("d.csv", "empty")),
    Case("blank lines", series("\n \n\n"), refuses("d.csv")),
    Case("a header alone", series("date,n\n"), refuses("d.csv", "no rows")),
    Case("sep= alone", series("sep=;\n"), refuses("d.csv", "empty")),
    Case("latin-1", series("date,Größe\n2024-01-01,1\n".encode("latin-1")), refuses("UTF-8")),
    Case("a picture", series(b"\x89PNG\r\n\x1a\n\x00\x00", "d.csv"), refuses("d.csv", "can't be")),
    Case("bytes of nothing", series(b"\x00" * 50), refuses("d.csv", "no text")),
    Case("a folder", in_folder(read_table), refuses("is a folder")),
    Case("a pipe", in_folder(read_pipe), refuses("p.csv", "no ordinary file")),
    Case(
        "no such file",
        lambda: read_table("/nowhere/d.csv"),
        refuses("no file /nowhere/d.csv", of=FileNotFoundError),
    ),
    Case("more cells than names", series("date,n\n2024-01-01,1,9\n"), refuses("names 2 columns")),
    Case("a title above the names", series("Sales of 2024\n\n" + DAYS),
         refuses("'Sales of 2024'", "above the names")),
    Case("bytes at random", series(bytes(range(256)) * 9), refuses("d.csv", "no text")),
    Case("a ragged row", series(DAYS + "2024-01-04,1,2\n"), refuses("d.csv", "line 5")),
    Case("no header", series("2024-01-01,1\n2024-01-02,2\n"), refuses("'n'", "first row of data")),
    Case("a name twice", series("date,n,n\n2024-01-01,1,2\n"), refuses("2 columns 'n'", "Rename")),
    Case(
        "a name twice, of no interest",
        values("date,x,n,x\n2024-01-01,7,1,8\n"),
        gives([1]),
    ),
    Case(
        "separators of header and rows",
        series("date,n\n2024-01-01;1\n2024-01-02;2\n"),
        refuses("','", "';'", "2024-01-01;1", "Use one separator"),
    ),
    Case(
        "another separator in the middle",
        series("n,date\n1,2024-01-01\n2;2024-01-02\n"),
        refuses("row 1", "2;2024-01-02", "Use one separator"),
    ),
    # Numbers.
    Case("decimal commas", values(rows("1,5", "2", separator=";")), gives([1.5, 2])),
    Case("points and commas", values(rows("1.050,5", "2", separator=";")), gives([1050.5, 2])),
    Case("decimal commas and tabs", values(rows("1,5", "2", separator="\t")), gives([1.5, 2])),
    Case("millions", values(rows("1.234.567", "5", separator=";")), gives([1_234_567, 5])),
    Case(
        "one comma among points",
        series(rows("10.123", "10.064", "10,064", separator=";")),
        refuses("'n'", "'10.123' at row 0", "'10,064' at row 2", "same way"),
    ),
    Case(
        "one point among commas",
        series(rows("3,5", "3.5", separator=";")),
        refuses("'3,5' at row 0", "'3.5' at row 1"),
    ),
    Case(
        "thousands beside decimals",
        series("date;p;n\n2024-01-01;3,5;1.050\n", target="n"),
        refuses("'1.050' at row 0 of 'n'", "'3,5' at row 0 of 'p'"),
    ),
    Case("thousands, quoted", series(rows('"1,050"', "999")), refuses("'1,050' at row 0", "'n'")),
    Case("units", series(rows("5 kg", "6 kg")), refuses("'n'", "'5 kg' at row 0", "units")),
    Case("percent", series(rows("5", "6%")), refuses("'6%' at row 1")),
    Case("text for nothing", series(rows("5", "-")), refuses("'-' at row 1", "empty")),
    Case("infinite", series(rows("5", "inf")), refuses("'n'", "inf at row 1", "empty")),
    Case("infinite among text", series(rows("5", "-Infinity", "")), refuses("-inf at row 1")),
    Case("no value", series(rows("", "")), refuses("'n'", "holds no value")),
    # Times.
    Case("24:00", series(dated("2024-01-01 23:00", "2024-01-01 24:00")),
         at("2024-01-01 23:00", "2024-01-02")),
    Case("zones", series(dated("2024-03-31T01:00:00+01:00", "2024-03-31T03:00:00+02:00")),
         at("2024-03-31T00:00Z", "2024-03-31T01:00Z")),
    Case("UTC", series(dated("2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z")),
         at("2024-01-01T00:00Z", "2024-01-01T01:00Z")),
    Case("days first", series(dated("30/01/2024", "31/01/2024", "01/02/2024")),
         at("2024-01-30", "2024-01-31", "2024-02-01")),
    Case("months first", series(dated("1/30/2024", "1/31/2024", "2/1/2024")),
         at("2024-01-30", "2024-01-31", "2024-02-01")),
    Case("date and time", series("date,time,n\n2024-01-01,00:00,1\n2024-01-01,00:30,2\n"),
         at("2024-01-01", "2024-01-01 00:30")),
    Case("date and hour", series("date,hour,n\n2024-01-01,0,1\n2024-01-01,1,2\n"),
         at("2024-01-01", "2024-01-01 01:00")),
    Case("time before date", series("time,date,n\n6:00 PM,2024-01-01,1\n7:00 PM,2024-01-01,2\n"),
         at("2024-01-01 18:00", "2024-01-01 19:00")),
    Case("named together", series(
        "a,b,n\n2024-01-01,00:00,1\n2024-01-01,00:30,2\n", time="a+b"),
         at("2024-01-01", "2024-01-01 00:30")),
    Case("a plus in a name", series("a+b,n\n2024-01-01,1\n2024-01-02,2\n", time="a+b"),
         at("2024-01-01", "2024-01-02")),
    Case("a time without date", series("time,n\n00:00,1\n00:30,2\n", time="time"),
         refuses("'time'", "'00:00' at row 0", "--time none")),
    Case("an hour is lacking", series("date,time,n\n2024-01-01,00:00,1\n2024-01-01,,2\n"),
         refuses("'time'", "row 1")),
    Case("13 and 14 are no months", series(dated("13/01/2024", "01/14/2024")),
         refuses("'13/01/2024' at row 0", "'01/14/2024' at row 1")),
    Case("a Total row", series(dated("2024-01-01", "2024-01-02", "Total")), refuses("'Total'")),
    Case("the 30th of February", series(dated("2024-02-29", "2024-02-30"), time="date"),
         refuses("'2024-02-30' at row 1")),
    Case("a day twice", series(dated("2024-01-01", "2024-01-01")),
         refuses("'date'", "2024-01-01", "--series")),
    # What is written.
    Case("through a link", in_folder(through_link), gives(lambda found: found)),
    Case("with its permissions", in_folder(mode_after), gives(0o664)),
    Case("onto a pipe", in_folder(onto_pipe), refuses("pipe", "Name another")),
    Case("onto a device", in_folder(onto_device), refuses("device", "Name another")),
    Case("onto a folder", in_folder(write), refuses("is a folder")),
    Case("under a file", in_folder(under_file), refuses("can't be written", "Not a directory")),
    Case("a long name", in_folder(lambda folder: write(folder / ("x" * 300))), refuses("too long")),
    Case("no folder", in_folder(lambda folder: write(folder / "no" / "f")), refuses("no folder")),
    Case("no name", lambda: write(""), refuses("path=''")),
    Case("a slash at the end", lambda: write("results/"), refuses("'results/'")),
    Case("a number", lambda: write(3), refuses("path=3")),
    Case("where nobody writes", lambda: write("/proc/f.csv"), refuses("/proc/f.csv", "can't be")),
    Case("a model that unpacks to 30 MB", in_folder(bomb), refuses("would unpack to 30,000,000")),
    Case("an unfitted model", in_folder(unfitted), refuses("not fitted")),
]  # fmt: skip
