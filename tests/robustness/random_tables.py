"""Random files through the shell command."""

from __future__ import annotations

import contextlib
import gzip
import io
import sys
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, save_forecaster
from sklearn_lstm.command.cli import main

from .random_doors import Trial
from .random_inputs import choice

N_KNOWN, N_ROWS, HORIZON = 30, 45, 3


class CommandError(ValueError):
    """What the command says of a file that it refuses."""


def run_command(*args):
    """Run the command in this process; raise what it prints on stderr, unless it succeeds."""
    printed, error = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["sklearn-lstm", *map(str, args)]),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(error),
    ):
        code = main()
    if code:
        raise CommandError(error.getvalue() or f"nothing was said, but the code is {code}")
    return printed.getvalue()


def _cell(at, text):
    """Return a function that puts a text into a row of a table of text."""

    def change(lines, rng):
        row = int(rng.integers(N_KNOWN + 2, N_ROWS - 2))
        cells = lines[row].split(",")
        cells[at] = text
        return [*lines[:row], ",".join(cells), *lines[row + 1 :]]

    return change


def _decimal_commas(lines, rng):
    return [line.replace(",", ";").replace(".", ",") for line in lines]


def _one_thousand(lines, rng):
    """A single cell written with a comma among semicolons."""
    lines = [line.replace(",", ";") for line in lines]
    lines[9] = lines[9].replace(".", ",")
    return lines


# What is done to the lines, and whether the numbers are the same after it (None: may be refused).
LOSSLESS = {
    "nothing": lambda lines, rng: lines,
    "semicolons": lambda lines, rng: [line.replace(",", ";") for line in lines],
    "tabs": lambda lines, rng: [line.replace(",", "\t") for line in lines],
    "decimal commas": _decimal_commas,
    "shuffled": lambda lines, rng: [lines[0], *(rng.permutation(lines[1:]).tolist())],
    "empty lines": lambda lines, rng: [*lines[:5], "", *lines[5:], ""],
    "trailing commas": lambda lines, rng: [line + "," for line in lines],
    "quoted": lambda lines, rng: [",".join(f'"{c}"' for c in line.split(",")) for line in lines],
    "another column": lambda lines, rng: [lines[0] + ",more", *(line + ",x" for line in lines[1:])],
    "spaces": lambda lines, rng: [line.replace(",", ", ") for line in lines],
    "a row twice": lambda lines, rng: [*lines, lines[-1]],
    "future": lambda lines, rng: lines,
}
DAMAGED = {
    "bad date": _cell(0, "2024-13-45"),
    "no date": _cell(0, ""),
    "Total": _cell(0, "Total"),
    "24:00": _cell(0, "2024-02-08 24:00"),
    "other date": _cell(0, "08.02.2024"),
    "text": _cell(1, "n.a. (broken)"),
    "infinite": _cell(1, "inf"),
    "thousands": _cell(1, '"1,234.5"'),
    "one decimal comma": _one_thousand,
    "two values": lambda lines, rng: [*lines, lines[-1].split(",")[0] + ",999"],
    "no header": lambda lines, rng: lines[1:],
    "header alone": lambda lines, rng: lines[:1],
    "nothing at all": lambda lines, rng: [],
    "one column": lambda lines, rng: [line.split(",")[1] for line in lines],
    "same names": lambda lines, rng: ["y,y", *lines[1:]],
    "cut": lambda lines, rng: [*lines[:9], lines[9][:4]],
    "other columns": lambda lines, rng: ["date,z", *lines[1:]],
}
BYTES = {
    "plain": lambda text, rng: text.encode(),
    "mark of the order of bytes": lambda text, rng: b"\xef\xbb\xbf" + text.encode(),
    "line ends of Windows": lambda text, rng: text.replace("\n", "\r\n").encode(),
    "UTF-16": lambda text, rng: text.encode("utf-16"),
    "noise": lambda text, rng: rng.bytes(300),
    "zeros": lambda text, rng: bytes(300),
    "noise, .gz": lambda text, rng: rng.bytes(300),
    "packed, .gz": lambda text, rng: gzip.compress(text.encode()),
    "cut, .gz": lambda text, rng: gzip.compress(text.encode())[:-20],
    "noise, .xz": lambda text, rng: rng.bytes(300),
    "noise, .zip": lambda text, rng: rng.bytes(300),
    "noise, .parquet": lambda text, rng: rng.bytes(300),
    "noise, .xlsx": lambda text, rng: rng.bytes(300),
}
SAME_BYTES = ("plain", "mark of the order of bytes", "line ends of Windows", "packed, .gz")


def _series(rng):
    t = np.arange(N_ROWS)
    values = (10 + np.sin(t / 2) + 0.1 * rng.standard_normal(N_ROWS)).round(3)
    days = pd.date_range("2024-01-01", periods=N_ROWS, name="date")
    return pd.Series(values, days, name="y")


def _file(rng, folder, y):
    """Write a table; return its path, its words, and whether it says what ``y`` says."""
    kind = choice(rng, [*LOSSLESS] * 2 + [*DAMAGED])
    form = choice(rng, ["plain"] * 20 + list(BYTES))
    lines = ["date,y", *(f"{day.date()},{value}" for day, value in y.items())]
    lines = (LOSSLESS | DAMAGED)[kind](lines, rng)
    name = "table" + (form.split(", ")[1] if ", " in form else ".csv")
    path = Path(folder) / (name.replace(".", ".csv.", 1) if name.endswith((".gz", ".xz")) else name)
    path.write_bytes(BYTES[form](("\n".join(lines) + "\n") if lines else "", rng))
    return path, f"{kind}, {form}", kind in LOSSLESS and form in SAME_BYTES


def predict_command(rng):
    """``predict`` with a kept ridge, against the forecaster that is updated by hand."""
    y, seed = _series(rng), int(rng.integers(2**31))
    coverage = choice(rng, [0.5] * 12 + [0.9999999, 0, "x"])
    forecaster = LSTMForecaster(
        Ridge(), window_length=5, horizon=HORIZON, missing="interpolate"
    ).fit(y[:N_KNOWN])  # fmt: skip
    columns = {
        "target": "y", "time": "date", "series": None, "known_ahead": [], "day_first": None
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        words, is_same = _file(np.random.default_rng(seed), folder, y)[1:]

    def call():
        with tempfile.TemporaryDirectory() as folder:
            path, model, out = _file(np.random.default_rng(seed), folder, y)[0], "m.skops", "f.csv"
            save_forecaster(forecaster, Path(folder) / model, columns=columns)
            before = path.read_bytes()
            printed = run_command(
                "predict", Path(folder) / model, path, "--horizon", HORIZON, "--coverage", coverage,
                "--out", Path(folder) / out,
            )  # fmt: skip
            assert path.read_bytes() == before, "the table was changed"
            return printed, pd.read_csv(Path(folder) / out)

    def check(result):
        printed, rows = result
        assert len(rows) == HORIZON
        names = ["forecast"] if "Without intervals" in printed else ["forecast", "lower", "upper"]
        assert np.isfinite(rows[names]).all(axis=None), "not finite"
        if is_same:
            known = LSTMForecaster(
                Ridge(), window_length=5, horizon=HORIZON, missing="interpolate"
            ).fit(y[:N_KNOWN])  # fmt: skip
            expected = known.update(y[N_KNOWN:]).predict()
            assert_allclose(rows["forecast"], expected, rtol=1e-6)
            days = pd.to_datetime(rows["date"])
            assert (days.to_numpy() == expected.index.to_numpy()).all(), f"days {list(days)}"
        elif rows["forecast"].abs().max() > 100:  # of values about ten
            raise AssertionError(f"forecast {rows['forecast'].tolist()}, said {printed}")

    return Trial(f"predict --coverage {coverage} of a table: {words}", call, check)


def forecast_command(rng):
    """``forecast`` and ``backtest`` of the whole file, with all that comes with nothing set."""
    y, seed = _series(rng), int(rng.integers(2**31))
    command = choice(rng, ["forecast", "backtest"])
    with tempfile.TemporaryDirectory() as folder:
        words = _file(np.random.default_rng(seed), folder, y)[1]

    def call():
        with tempfile.TemporaryDirectory() as folder:
            path = _file(np.random.default_rng(seed), folder, y)[0]
            out = Path(folder) / "out.csv"
            run_command(
                command, path, "--target", "y", "--horizon", HORIZON, "--coverage", 0.5,
                "--window", 4, "--out", out,
            )  # fmt: skip
            return pd.read_csv(out)

    def check(rows):
        column = "forecast" if command == "forecast" else "y_pred"
        assert len(rows) % HORIZON == 0
        assert np.isfinite(rows[column]).all(), "not finite"
        assert rows[column].abs().max() < 1000, f"forecast {rows[column].tolist()}"

    return Trial(f"{command} of a table: {words}", call, check)
