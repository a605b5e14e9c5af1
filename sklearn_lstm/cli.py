"""The command: options, progress and tables around what ``_demo`` computes."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import matplotlib  # noqa: F401  (asked for here, so that its absence shows before the work)
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from . import __version__

# The base of all errors that typer reports, wherever this version of typer keeps it.
CommandError: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

console = Console()
app = typer.Typer(add_completion=False, help="LSTMs for time series, as scikit-learn estimators.")


@app.callback(invoke_without_command=True)
def top(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        console.print(__version__, highlight=False)
    elif context.invoked_subcommand is None:
        console.print(context.get_help(), highlight=False)


@app.command()
def demo(
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the files.  [default: sklearn-lstm-demo]"),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Search less, train shorter.")] = False,
    tutorial: Annotated[
        bool, typer.Option("--tutorial", help="Run the 20-day exercise of LSTM tutorials.")
    ] = False,
) -> None:
    """Tune an LSTM on daily temperatures, and show it beside simpler forecasts."""
    started = time.perf_counter()
    if tutorial:
        if quick or out is not None:
            raise typer.BadParameter("--tutorial goes alone: it writes no files and is quick.")
        _show_tutorial()
    else:
        _show_weather(out or Path("sklearn-lstm-demo"), quick)
    console.print(f"Done in {time.perf_counter() - started:.0f} s.", highlight=False)


def _show_weather(out, quick):
    out.mkdir(parents=True, exist_ok=True)
    console.print(
        "Seattle, 2012-2015: tomorrow's highest temperature from the days before.\n"
        "The last 365 days are the test set; window and units are chosen on the days before them."
    )
    _load_tensorflow()
    from ._demo import run_weather_demo

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task("GridSearchCV over TimeSeriesSplit", total=None)
        result = run_weather_demo(
            quick=quick, on_fit=lambda n_fits: progress.update(task, advance=1, total=n_fits)
        )
    chosen = ", ".join(
        f"{name.split('__')[-1]}={value}" for name, value in result.search.best_params_.items()
    )
    n_seeds = len(result.model.estimators_)
    console.print(f"Chosen: {chosen}. The forecast is the mean of {n_seeds} seeds.")
    names = {
        "lstm": f"LSTM, mean of {n_seeds} seeds",
        "lstm_one_seed": "LSTM, one seed",
        "ridge": "ridge on the same windows",
        "persistence": "persistence (as today)",
    }
    table = Table(title="Test year, one day ahead (°C)")
    for heading, justify in (("model", "left"), ("RMSE", "right"), ("MAE", "right")):
        table.add_column(heading, justify=justify)
    table.add_column("skill", justify="right")
    for name, row in result.scores.iterrows():
        table.add_row(names[name], f"{row.RMSE:.3f}", f"{row.MAE:.3f}", f"{row.skill:+.1%}")
    console.print(table)
    console.print("Wrote " + ", ".join(str(path) for path in result.save(out)), soft_wrap=True)


def _show_tutorial():
    _load_tensorflow()
    from ._demo import run_tutorial

    with console.status("Training ..."):
        result = run_tutorial()
    console.print(
        f"LSTM(50) + Dense(1), {result.n_parameters:,} parameters, windows of 5 of 13 days.\n"
        f"Training loss after 100 epochs: {result.loss:.4f} (scaled to [0, 1]).",
        highlight=False,
    )
    table = Table(title="The days after (°C)")
    for name in ("day", *result.forecast.columns):
        table.add_column(name, justify="right")
    for day, row in result.forecast.iterrows():
        table.add_row(str(day), *(f"{value:.1f}" for value in row))
    console.print(table)


def _load_tensorflow():
    """Import TensorFlow and let it find its devices, without the log lines that it writes by then.

    TensorFlow writes them past Python and past TF_CPP_MIN_LOG_LEVEL, hence the file descriptor.
    """
    with console.status("Loading TensorFlow ..."), open(os.devnull, "w") as nowhere:
        sys.stderr.flush()
        stderr = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            import tensorflow as tf

            tf.config.list_logical_devices()
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def main() -> int:
    """Run the command; errors are one line and exit code 2."""
    try:
        return app(standalone_mode=False) or 0
    except CommandError as error:
        message = error.format_message()
    except (OSError, ValueError) as error:
        message = str(error)
    except (KeyboardInterrupt, typer.Abort):
        message = "interrupted"
    print("sklearn-lstm: " + " ".join(message.split()), file=sys.stderr)
    return 2
