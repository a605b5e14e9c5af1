"""The command ``sklearn-lstm``, called in the same process as a shell would, and its pictures."""

import contextlib
import functools
import io
import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from sklearn_lstm import (
    ComparisonDisplay,
    ForecastDisplay,
    LossCurveDisplay,
    LSTMForecaster,
    backtest,
    save_forecaster,
)
from sklearn_lstm.command.cli import main

from ..cases import Case, gives, refuses

T = np.arange(60)
DAYS = pd.date_range("2024-01-01", periods=60, name="day")
SALES = pd.Series(10 + np.sin(T), DAYS, name="n").round(3)
TABLE = SALES.to_csv()
PANEL = "".join(
    ["shop,day,n\n", *(f"{s},{d:%Y-%m-%d},{x}\n" for s in "ab" for d, x in SALES.items())]
)
COLUMNS = {"target": "n", "time": "day", "series": None, "known_ahead": []}
SHORT = ["--target", "n", "--horizon", "1"]


@functools.cache
def model(of_panel=False):
    """Return the bytes of a model file of the first 50 days."""
    y = pd.concat({"a": SALES[:50]}, names=["shop"]) if of_panel else SALES[:50]
    forecaster = LSTMForecaster(Ridge(), window_length=7, horizon=2).fit(y)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.skops"
        columns = COLUMNS | {"series": "shop"} if of_panel else COLUMNS
        save_forecaster(forecaster, path, columns=columns)
        return path.read_bytes()


def shell(*args, then=None, links=(), **files):
    """Run the command in a folder with files; raise what it says where it fails.

    ``then`` is asked for the result, with the folder; else it is what was printed.
    """
    printed, errors, here = io.StringIO(), io.StringIO(), os.getcwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        os.chdir(folder)
        stack.callback(os.chdir, here)
        for name, content in {"d": TABLE, "m": model(), **files}.items():
            path = Path(f"{name}.{'skops' if name.startswith('m') else 'csv'}")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        for link, target in links:
            Path(link).symlink_to(target)
        before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
        stack.enter_context(contextlib.redirect_stdout(printed))
        stack.enter_context(contextlib.redirect_stderr(errors))
        stack.enter_context(mock.patch.object(sys, "argv", ["sklearn-lstm", *args]))
        if main():
            said = errors.getvalue()
            after = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
            assert said.startswith("sklearn-lstm: "), said
            assert said.count("\n") == 1, said
            assert after == before, "something was written"
            raise ValueError(said)
        assert not errors.getvalue(), errors.getvalue()
        return then(Path(folder)) if then else printed.getvalue()


def fails(*args, **options):
    return lambda: shell(*args, **options)


predict = ["predict", "m.skops", "d.csv", "--horizon", "2"]


def forecast_of(*args, **options):
    """Return the forecast that ``predict`` writes."""
    return lambda: shell(
        *predict, "--out", "f.csv", *args,
        then=lambda _: pd.read_csv("f.csv")["forecast"], **options,
    )  # fmt: skip


def expected(later=10):
    forecaster = LSTMForecaster(Ridge(), window_length=7, horizon=2).fit(SALES[:50])
    return (forecaster.update(SALES[50 : 50 + later]) if later else forecaster).predict()


def says(*words):
    return gives(lambda printed: all(word in printed for word in words))


def size_of_picture(name):
    return lambda folder: plt.imread(folder / name).shape[:2]


def fitted():
    return LSTMForecaster(Ridge(), window_length=7, horizon=2).fit(SALES)


def display(**options):
    return lambda: ForecastDisplay.from_estimator(fitted(), **options)


def narrow_repr():
    with pd.option_context("display.width", 40, "display.max_columns", 3):
        return repr(backtest(fitted(), SALES, n_windows=3))


CASES = [
    # Predictions from tables as they may be.
    Case("newer rows", forecast_of(), gives(expected())),
    Case("nothing newer", forecast_of(d=SALES[:50].to_csv()), gives(expected(0))),
    Case("backwards", forecast_of(d=SALES[::-1].to_csv()), gives(expected())),
    Case("semicolons and commas", forecast_of(d=SALES.to_csv(sep=";", decimal=",")),
         gives(expected())),
    Case("Windows", forecast_of(d="\ufeff" + TABLE.replace("\n", "\r\n")), gives(expected())),
    Case("empty rows at the end", forecast_of(d=TABLE + "2024-03-01,\n"), gives(expected())),
    Case("a column more", forecast_of(d=SALES.to_frame().assign(x="?").to_csv()),
         gives(expected())),
    Case("lines are whole in a pipe", fails(*predict, d=SALES[:-1].to_csv()),
         says("50 of 59 rows were known already.\n9 new rows.\n")),
    Case("filled gaps are told", fails(*predict, d=SALES.drop(DAYS[[52, 53]]).to_csv()),
         says("2 of 10 rows lack a value: interpolated within windows.")),
    Case("all series of a panel are told apart",
         lambda: shell("predict", "m.skops", "d.csv", "--horizon", "2", "--out", "f.csv",
                       m=model(True), d=PANEL,
                       then=lambda _: pd.read_csv("f.csv")["shop"].tolist() == list("aabb")),
         gives(lambda found: found)),
    Case("a short new series is left out",
         fails(*predict, m=model(True), d=PANEL + "c,2024-02-29,1\n"),
         says("1 new series is left out", "window of 7: 'c' (1)")),
    Case("a picture", lambda: shell(*predict, "--plot", "f.png", then=size_of_picture("f.png")),
         gives([520, 1170])),
    Case("a picture of two series",
         lambda: shell(*predict, "--plot", "f.png", m=model(True), d=PANEL,
                       then=size_of_picture("f.png")),
         gives([364, 1170])),
    Case("onto a link", lambda: shell(
        *predict, "--out", "l.csv", links=[("l.csv", "far.csv")],
        then=lambda _: Path("l.csv").is_symlink() and len(pd.read_csv("far.csv"))), gives(2)),
    Case("twice onto the same file",
         lambda: shell(*predict, "--out", "o.csv", o="old", then=lambda _: len(
             pd.read_csv("o.csv"))), gives(2)),
    Case("--version", fails("--version"), says(".")),
    Case("no command", fails(), says("forecast", "backtest")),
    # Outputs.
    *(
        Case(f"{command} onto its input", fails(command, "d.csv", *SHORT, "--out", "d.csv"),
             refuses("--out 'd.csv'", "FILE 'd.csv'", "would be lost"))
        for command in ("forecast", "backtest", "compare")
    ),
    Case("a model onto the table", fails("forecast", "d.csv", *SHORT, "--save", "d.csv"),
         refuses("--save 'd.csv'", "FILE")),
    Case("onto the model", fails(*predict, "--out", "./m.skops"), refuses("--out", "MODEL")),
    Case("onto the input by a link", fails(*predict, "--out", "l.csv", links=[("l.csv", "d.csv")]),
         refuses("--out 'l.csv'", "FILE 'd.csv'")),
    Case("table and model in one", fails("forecast", "d.csv", *SHORT, "--out", "x", "--save", "x"),
         refuses("--save 'x'", "--out 'x'")),
    Case("table and picture in one", fails(*predict, "--out", "x.png", "--plot", "./x.png"),
         refuses("--plot", "--out")),
    Case("onto nothing", fails(*predict, "--out", ""), refuses("--out", "''", "names no file")),
    Case("onto a dash", fails(*predict, "--out", "-"), refuses("--out", "names no file")),
    Case("onto a folder to be", fails(*predict, "--out", "new/"), refuses("--out", "'new/'")),
    Case("onto a folder", fails(*predict, "--out", "."), refuses("is a folder")),
    Case("onto a device", fails(*predict, "--out", "l", links=[("l", os.devnull)]),
         refuses("device")),
    Case("under a file", fails(*predict, "--out", "d.csv/f.csv"), refuses("Not a directory")),
    Case("a long name", fails(*predict, "--out", "x" * 300), refuses("too long")),
    Case("a picture of no kind", fails(*predict, "--plot", "f.docx"), refuses("--plot f.docx")),
    Case("a picture without ending", fails(*predict, "--plot", "f"), refuses("--plot f")),
    Case("a demo into a file", fails("demo", "--out", "d.csv"), refuses("d.csv", "made")),
    Case("a demo under a file", fails("demo", "--out", "d.csv/x"), refuses("d.csv/x")),
    # Options.
    Case("coverage of nearly all", fails(*predict, "--coverage", "0.9999"),
         says("Without intervals", "Forecast of n")),
    Case("coverage of 90", fails(*predict, "--coverage", "90"), refuses("--coverage 90")),
    Case("coverage nan", fails(*predict, "--coverage", "nan"), refuses("--coverage nan")),
    Case("no horizon", fails("forecast", "d.csv", "--target", "n"), refuses("--horizon")),
    Case("horizon 0", fails("forecast", "d.csv", "--target", "n", "--horizon", "0"),
         refuses("--horizon", "1")),
    Case("half a step", fails("forecast", "d.csv", "--target", "n", "--horizon", "1.5"),
         refuses("--horizon", "integer")),
    Case("an unknown option", fails(*predict, "--hroizon", "2"), refuses("--hroizon")),
    Case("an unknown command", fails("forcast", "d.csv"), refuses("forcast")),
    Case("no such target", fails("forecast", "d.csv", "--target", "m", "--horizon", "1"),
         refuses("'m'", "day, n")),
    Case("the time as target", fails("forecast", "d.csv", "--target", "day", "--horizon", "1"),
         refuses("'day'", "text")),
    Case("one column, two roles", fails("forecast", "d.csv", *SHORT, "--past-only", "n"),
         refuses("'n' is named twice")),
    Case("known ahead and not", fails(
        "backtest", "x.csv", *SHORT, "--past-only", "p", "--known-ahead", "p",
        x=SALES.to_frame().assign(p=1).to_csv()), refuses("'p' is named twice")),
    Case("no such covariate", fails("backtest", "d.csv", *SHORT, "--past-only", "p"),
         refuses("'p'", "day, n")),
    Case("the future is lacking", fails(
        "forecast", "x.csv", *SHORT, "--known-ahead", "p",
        x=SALES.to_frame().assign(p=1).to_csv()), refuses("--known-ahead p", "Add 1 rows")),
    Case("a series for a model that knows it", fails(*predict, "--series", "shop"),
         refuses("--series", "--new-series")),
    # Files.
    Case("no such table", fails("forecast", "no.csv", *SHORT), refuses("no file no.csv")),
    Case("no such model", fails("predict", "no.skops", "d.csv", "--horizon", "1"),
         refuses("no file no.skops")),
    Case("table and model the wrong way round",
         fails("predict", "d.csv", "m.skops", "--horizon", "1"), refuses("d.csv is no model file")),
    Case("a folder as table", fails("forecast", ".", *SHORT), refuses("folder")),
    Case("a folder as model", fails("predict", ".", "d.csv", "--horizon", "1"), refuses("folder")),
    Case("an empty table", fails(*predict, d=""), refuses("d.csv is empty")),
    Case("a table of another kind", fails(*predict, d="a,b\n1,2\n"), refuses("'n'", "a, b")),
    Case("a damaged model", fails(*predict, m=b"PK\x03\x04 and so on"), refuses("m.skops")),
    Case("half a model", lambda: shell(*predict, m=model()[:3000]), refuses("m.skops")),
    Case("times of another kind", fails(*predict, d="day,n\n1,2\n2,3\n"), refuses("another kind")),
    Case("two values for a day", fails(*predict, d=TABLE + "2024-02-29,5\n"),
         refuses("'day' repeats 2024-02-29")),
    Case("two ways to write numbers",
         fails("forecast", "x.csv", *SHORT, x="day;n\n2024-01-01;1,5\n2024-01-02;1.5\n"),
         refuses("'1,5' at row 0", "'1.5' at row 1")),
    Case("a panel without its name", fails("forecast", "x.csv", *SHORT, x=PANEL),
         refuses("'day' repeats", "--series")),
    Case("too few rows", fails("forecast", "x.csv", *SHORT, x="n\n1\n"), refuses("1 value")),
    # Displays.
    Case("a regressor as forecaster", lambda: ForecastDisplay.from_estimator(Ridge()),
         refuses("forecaster=Ridge()", "LSTMForecaster(Ridge()).fit(y)")),
    Case("nothing as forecaster", lambda: ForecastDisplay.from_estimator(None),
         refuses("forecaster=None")),
    Case("an unfitted forecaster", lambda: ForecastDisplay.from_estimator(LSTMForecaster()),
         refuses("not fitted")),
    Case("all of the past", lambda: len(display(n_past=10**6)().past_.get_xdata()), gives(60)),
    Case("less than no past", display(n_past=-1), refuses("n_past=-1")),
    Case("several Axes", lambda: display(ax=plt.subplots(2)[1])(), refuses("ax=", "axes[0]")),
    Case("an unknown series", display(series="b"), refuses("series='b'", "'n'")),
    Case("coverage in percent", display(coverage=90), refuses("coverage=90")),
    Case("the name of the time", lambda: display()().ax_.get_xlabel() == "day",
         gives(lambda found: found)),
    Case("a past that is a list",
         lambda: ForecastDisplay.from_predictions([1.0], [2.0], past=[0.0]), refuses("past=[0.0]")),
    Case("one bound", lambda: ForecastDisplay.from_predictions([1.0], [2.0], lower=[0.0]),
         refuses("lower and upper")),
    Case("no truth", lambda: ForecastDisplay.from_predictions([], []), refuses("y_true is empty")),
    Case("losses of a ridge", lambda: LossCurveDisplay.from_estimator(Ridge().fit([[1]], [1])),
         refuses("Ridge holds no loss_curve_")),
    Case("a measure of none", lambda: ComparisonDisplay(
        pd.DataFrame({"MASE": [np.nan]}, index=["a"])).plot(), refuses("measure='MASE'")),
    Case("a narrow window shows all scores", narrow_repr,
         gives(lambda text: "skill" in text and "..." not in text)),
]  # fmt: skip
