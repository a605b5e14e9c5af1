"""What the command prints and writes: notes, tables, files."""

from __future__ import annotations

import os
from contextlib import contextmanager

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from .._output_files import written_together
from .._progress import listening
from ..forecasting.conformal import NoIntervalError
from ..forecasting.held_out import SMALLEST_SKILL, told_of_held_out
from ..forecasting.read_panel import read_panel
from ..forecasting.time_series import n_lacking
from .pictures import draw_forecasts

MOST_ROWS_SHOWN = 24
MOST_UNUSED_SHOWN = 8

INTERPOLATED = "interpolated within windows"
DONE_ABOUT_MISSING = {
    "auto": INTERPOLATED,
    "interpolate": INTERPOLATED,
    "skip": "windows with one of these are not learned from",
}

WIDTH_OF_FILES = 10_000  # characters, in which no line breaks


def _new_console():
    """Make a console that breaks lines at the edge of a terminal, and nowhere in a pipe or file."""
    console = Console(markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDTH_OF_FILES
    return console


console = _new_console()


@contextmanager
def training_bar():
    """Show the epochs of the training that runs, one after the other, in a terminal."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    bar = Progress(
        *columns, TextColumn("epochs"), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    task, n_trainings = bar.add_task("Training", total=None), 0

    def tell(n_done, n_epochs):
        nonlocal n_trainings
        n_trainings += n_done == 0
        bar.update(task, completed=n_done, total=n_epochs, description=f"Training {n_trainings}")

    with bar, listening(tell):
        yield


@contextmanager
def results_in(*paths):
    """Give paths to write results to, None for None; all of the files appear in the end, or none.

    Then it is told where they are.
    """
    with written_together(*paths) as unfinished:
        yield unfinished
    for path in paths:
        if path is not None:
            console.print(f"Wrote {path}", soft_wrap=True)


def show_notes(table):
    """Print what was found in a file and done about it."""
    for note in table.notes:
        console.print(note, highlight=False)


def show_unused(table):
    """Print which columns of a file say nothing to the forecast, and how they could."""
    if table.unused:
        shown = ", ".join(table.unused[:MOST_UNUSED_SHOWN])
        more = ", ..." if len(table.unused) > MOST_UNUSED_SHOWN else ""
        console.print(
            f"Not used: {shown}{more}. To use one, say --known-ahead if its future is known, else "
            "--past-only.",
            highlight=False,
        )


def show_series(table, missing):
    """Print how long the series are, how far apart their rows, and what is done about gaps."""
    panel = read_panel(table.y, table.X, fills_holes=missing != "error")
    among = f" of {len(panel)} series" if len(panel) > 1 else ""
    step = f", one each {panel.freq!r}" if isinstance(panel.freq, str) else ""
    console.print(f"{len(panel.y)} rows{among}{step}.", highlight=False)
    n_missing = n_lacking(panel)
    if n_missing and missing in DONE_ABOUT_MISSING:
        lack = "row lacks a value" if n_missing == 1 else "rows lack a value"
        console.print(f"{n_missing} {lack}: {DONE_ABOUT_MISSING[missing]}.", highlight=False)


def show_members(forecaster):
    """Print the members whose weighted mean is the forecast."""
    if forecaster.log_:
        console.print(f"Logarithms are forecast: {forecaster._core.log_reason_}.")
    table = Table(title="Members of the forecast", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for name in ("weight", "error", "window"):
        table.add_column(name, justify="right")
    table.add_column("calendar")
    table.add_column("why this window")
    for name, row in forecaster.members_.iterrows():
        error = "" if row.error != row.error else f"{row.error:.2f}"
        weight, window = f"{row.weight:.0%}", str(row.window_length)
        table.add_row(str(name), weight, error, window, row.calendar, row.why)
    console.print(table)


def show_held_out(forecaster):
    """Print in a line how good forecasts of rows that were held back have been."""
    console.print(told_of_held_out(forecaster._core), highlight=False)


def show_forecast(forecaster, horizon, calls, coverage, out, plot):
    """Print the forecasts of calls of ``predict``, write them and draw them if asked to."""
    values = pd.concat([forecaster.predict(horizon, **call) for call in calls])
    rows = values.rename("forecast").to_frame()
    try:
        rows = rows.join(
            pd.concat(
                [forecaster.predict_interval(horizon, coverage=coverage, **call) for call in calls]
            )
        )
    except NoIntervalError as error:
        coverage = None
        console.print(f"Without intervals: {error}", highlight=False)
    title = f"Forecast of {values.name}"
    table = Table(title=title if coverage is None else f"{title}, {100 * coverage:g} % interval")
    index = rows.index.to_frame(index=False).rename(columns={0: "row"})
    for name in index.columns:
        table.add_column(str(name))
    for name in rows.columns:
        table.add_column(name, justify="right")
    texts = zip(*(_as_text(index[name]) for name in index.columns), strict=True)
    numbers = rows.itertuples(index=False)
    for labels, cells in list(zip(texts, numbers, strict=True))[:MOST_ROWS_SHOWN]:
        table.add_row(*labels, *map(_number, cells))
    console.print(table)
    if len(rows) > MOST_ROWS_SHOWN:
        console.print(f"... and {len(rows) - MOST_ROWS_SHOWN} rows more.", highlight=False)
    if out is not None:
        write_csv(index.join(rows.reset_index(drop=True)), out)
    if plot is not None:
        pasts = [call.get("y", forecaster.history_) for call in calls]
        n_past = max(3 * horizon, forecaster.window_length_)
        figure, drawn = draw_forecasts(rows, pasts, coverage=coverage, n_past=n_past)
        n_series = len(rows.index.unique(0)) if drawn else 1
        if 0 < len(drawn) < n_series:
            names = ", ".join(map(repr, drawn))
            console.print(f"Drawn are {len(drawn)} of {n_series} series: {names}.", highlight=False)
        save_figure(figure, plot)


def _number(value):
    """Write six digits, and no powers of ten where people write none."""
    return f"{value:.0f}" if 10**6 <= abs(value) < 10**15 else f"{value:.6g}"


def _as_text(labels):
    """Write labels; times without the hour where it is midnight throughout."""
    if labels.dtype.kind != "M":
        return labels.astype(str)
    is_midnight = (labels == labels.dt.normalize()).all()
    return labels.dt.strftime("%Y-%m-%d" if is_midnight else "%Y-%m-%d %H:%M")


def write_csv(rows, path):
    """Write rows as CSV."""
    rows.to_csv(path, index=False)


def show_scores(result):
    """Print the scores of a backtest, and the verdict."""
    scores = result.scores().drop(columns=["n", "R2", "pinball", "WQL", "MSIS"], errors="ignore")
    season = f"season of {result.season_length}" if result.season_length > 1 else "no season"
    interval = "" if result.coverage is None else f", {100 * result.coverage:g} % interval"
    table = Table(
        title=f"{result.n_windows} forecasts of {result.horizon} steps ({season}){interval}",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("", no_wrap=True)
    for name in scores.columns:
        table.add_column(name, justify="right")
    for name, row in scores.iterrows():
        table.add_row(str(name), *(_cell(column, value) for column, value in row.items()))
    console.print(table)
    for remark in [_verdict(scores), *result.remarks]:
        console.print(remark, highlight=False)


def show_comparison(result, coverage):
    """Print the scores of several forecasters, and what is to be said of them."""
    scores = result.scores()[["MASE", "RMSE", "skill", "WQL", "coverage", "seconds"]]
    first = next(iter(result.results.values()))
    season = f"season of {first.season_length}" if first.season_length > 1 else "no season"
    table = Table(
        title=f"{first.n_windows} forecasts of {first.horizon} steps ({season}), "
        f"{100 * coverage:g} % intervals",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("", no_wrap=True)
    for name in scores.columns:
        table.add_column(name, justify="right")
    for name, row in scores.iterrows():
        table.add_row(str(name), *(_cell(column, value) for column, value in row.items()))
    console.print(table)
    for remark in result.remarks:
        console.print(remark, highlight=False)


def _verdict(scores):
    skill = scores.loc["forecast", "skill"]
    best = "the last value" if scores.loc["persistence", "skill"] >= 0 else "the last season"
    if abs(skill) < SMALLEST_SKILL:
        return f"The forecast is about as good as repeating {best} (skill {skill:+.1%} in RMSE)."
    if skill > 0:
        return f"The forecast is better than repeating {best}, by {skill:.1%} in RMSE."
    return f"The forecast is worse than repeating {best} (skill {skill:+.1%} in RMSE): do that."


def _cell(column, value):
    if value != value:
        return ""
    if column in ("skill", "coverage"):
        return f"{value:+.1%}" if column == "skill" else f"{value:.1%}"
    return f"{value:.1f}" if column == "seconds" else f"{value:.4g}"


def save_figure(figure, path):
    """Write a picture."""
    figure.savefig(path, dpi=130)
