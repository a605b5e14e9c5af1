"""The command: options, progress and tables around what the package computes."""

import os
import sys
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import matplotlib
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from .. import __version__
from ..forecasting.conformal import NoIntervalError
from ..forecasting.frequency import NoFrequencyError
from . import INTERRUPTED, stopped
from .show import (
    console,
    results_in,
    save_figure,
    show_comparison,
    show_forecast,
    show_held_out,
    show_members,
    show_notes,
    show_scores,
    show_series,
    show_unused,
    training_bar,
    write_csv,
)

matplotlib.use("Agg")
PICTURES = [".png", ".svg", ".pdf"]

# The base of all errors that typer reports, wherever this version of typer keeps it.
CommandError: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

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
        typer.Option(help="Folder for the files.  (default: sklearn-lstm-demo)"),
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
    from .demo import make_folder, run_weather_demo

    make_folder(out)
    console.print(
        "Seattle, 2012-2015: tomorrow's highest temperature from the days before.\n"
        "The last 365 days are the test set; window and units are chosen on the days before them."
    )
    _load_tensorflow()
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
    table.add_column("model")
    for heading in ("RMSE", "MAE", "skill"):
        table.add_column(heading, justify="right")
    for name, row in result.scores.iterrows():
        table.add_row(names[name], f"{row.RMSE:.3f}", f"{row.MAE:.3f}", f"{row.skill:+.1%}")
    console.print(table)
    console.print("Wrote " + ", ".join(str(path) for path in result.save(out)), soft_wrap=True)


def _show_tutorial():
    _load_tensorflow()
    from .demo import run_tutorial

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


FileArgument = Annotated[
    Path, typer.Argument(help="CSV, compressed CSV or Parquet.", show_default=False)
]
Target = Annotated[str, typer.Option(help="Column to forecast.", show_default=False)]
Time = Annotated[
    str | None,
    typer.Option(
        help="Column of times, or none to count rows.  (default: found)", show_default=False
    ),
]
Series = Annotated[
    str | None, typer.Option(help="Column that names the series of a panel.", show_default=False)
]
KnownAhead = Annotated[
    list[str] | None,
    typer.Option(
        help="Column known ahead, such as a holiday; may be given again. Rows at the end without "
        "target are the future.",
        show_default=False,
    ),
]
PastOnly = Annotated[
    list[str] | None,
    typer.Option(
        help="Column of a covariate that is not known ahead, such as a measurement; may be given "
        "again.",
        show_default=False,
    ),
]
Horizon = Annotated[
    int, typer.Option(min=1, max=100_000, help="Steps to forecast.", show_default=False)
]
Window = Annotated[
    int | None,
    typer.Option(min=1, help="Steps in a window.  (default: chosen)", show_default=False),
]
Missing = Annotated[
    Literal["auto", "interpolate", "skip", "error"],
    typer.Option(help="Fill missing values, leave their windows out, or refuse them."),
]
Calendar = Annotated[
    bool | None,
    typer.Option(
        "--calendar/--no-calendar",
        help="Show members the hour, weekday and time of the year.  (default: some of them)",
        show_default=False,
    ),
]
NonNegative = Annotated[
    bool | None,
    typer.Option(
        "--non-negative/--any-sign",
        help="Forecast nothing below zero.  (default: what never was below)",
        show_default=False,
    ),
]
Whole = Annotated[bool, typer.Option("--integer", help="Forecast whole numbers.")]
Windows = Annotated[
    int | None,
    typer.Option(
        min=1, help="Forecasts of the past.  (default: the last fifth)", show_default=False
    ),
]
Refit = Annotated[bool, typer.Option("--refit", help="Train anew for each of them.")]
Align = Annotated[
    Literal["end", "date"],
    typer.Option(help="Judge each series before its own end, or all at the same moments."),
]
Coverage = Annotated[float, typer.Option(help="Share of the values that intervals cover.")]


def _output(text):
    """Make a path of an option; as a path, a name that ends with a slash looks like a file's."""
    if not text or text == "-" or text.endswith(("/", os.sep)):
        raise typer.BadParameter(f"{text!r} names no file.")
    return Path(text)


def _output_option(words):
    return typer.Option(help=words, show_default=False, parser=_output, metavar="PATH")


Out = Annotated[Path | None, _output_option("Write the forecast to this CSV.")]
Plot = Annotated[Path | None, _output_option("Draw into this picture: .png, .svg or .pdf.")]
Save = Annotated[Path | None, _output_option("Keep the model, as .skops.")]


@app.command()
def forecast(
    file: FileArgument,
    target: Target,
    horizon: Horizon,
    time: Time = None,
    series: Series = None,
    known_ahead: KnownAhead = None,
    past_only: PastOnly = None,
    window: Window = None,
    missing: Missing = "auto",
    calendar: Calendar = None,
    non_negative: NonNegative = None,
    integer: Whole = False,
    coverage: Coverage = 0.9,
    out: Out = None,
    plot: Plot = None,
    save: Save = None,
) -> None:
    """Forecast what follows a series in a file."""
    _check_before(coverage, {"--out": out, "--plot": plot, "--save": save}, {"FILE": file})
    columns = _columns(target, time, series, known_ahead, past_only)
    table = _read(file, columns, shortest=(window or 1) + horizon)
    _check_future(table, columns, horizon)
    forecaster = _forecaster(
        table, horizon, window, missing, calendar, non_negative, integer, past_only
    )
    _load_tensorflow()
    with training_bar(), _warnings_as_lines():
        warnings.filterwarnings("ignore", ".*lacks? a value", UserWarning)  # a line has said it
        forecaster.fit(table.y, table.X)
    show_members(forecaster)
    with results_in(out, plot, save) as (csv, picture, model):
        show_forecast(forecaster, horizon, [{"X": table.X_future}], coverage, csv, picture)
        show_held_out(forecaster)
        if model is not None:
            from .._storage import save_forecaster

            found = {"time": table.time or "none", "day_first": table.day_first}
            save_forecaster(forecaster, model, columns=columns | found)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="Written by forecast --save.", show_default=False)],
    file: FileArgument,
    horizon: Horizon,
    new_series: Annotated[
        bool,
        typer.Option(
            "--new-series",
            help="Forecast the series of the file alone, from their own rows, as others than those "
            "of the model.",
        ),
    ] = False,
    series: Series = None,
    coverage: Coverage = 0.9,
    out: Out = None,
    plot: Plot = None,
) -> None:
    """Forecast with a kept model, from the newer rows of a file.

    Later rows of the series that the model knows continue these, without training.

    Of a panel, series that it does not know are forecast from their own rows.
    """
    _check_before(coverage, {"--out": out, "--plot": plot}, {"MODEL": model, "FILE": file})
    from .._storage import load_forecaster
    from .newer_rows import update_from_table

    forecaster, columns = load_forecaster(model)
    if not columns:
        raise ValueError(
            f"{model} does not say from which columns its forecaster was fitted. Keep it with "
            "forecast --save, or with save_forecaster(..., columns=...)."
        )
    if series is not None and not new_series:
        raise typer.BadParameter("--series goes with --new-series: a model knows its own column.")
    try:
        columns = {**columns, "series": series or columns["series"]}
        table = _read(file, columns, needs_target=not columns["known_ahead"])
        with _warnings_as_lines():
            warnings.filterwarnings("ignore", ".*lacks? a value", UserWarning)  # a note says it
            calls = update_from_table(forecaster, table, new_series=new_series)
        show_notes(table)
        with _warnings_as_lines(), results_in(out, plot) as files:
            show_forecast(forecaster, horizon, calls, coverage, *files)
    except (AttributeError, TypeError, LookupError) as error:
        raise ValueError(f"{model} is damaged, or was changed by hand ({error}).") from error


@app.command()
def backtest(
    file: FileArgument,
    target: Target,
    horizon: Horizon,
    time: Time = None,
    series: Series = None,
    known_ahead: KnownAhead = None,
    past_only: PastOnly = None,
    window: Window = None,
    missing: Missing = "auto",
    calendar: Calendar = None,
    non_negative: NonNegative = None,
    integer: Whole = False,
    windows: Windows = None,
    align: Align = "end",
    refit: Refit = False,
    coverage: Coverage = 0.9,
    out: Out = None,
    plot: Plot = None,
) -> None:
    """Tell how good forecasts of a series would have been."""
    _check_before(coverage, {"--out": out, "--plot": plot}, {"FILE": file})
    from ..forecasting.backtest import backtest as run_backtest

    columns = _columns(target, time, series, known_ahead, past_only)
    table = _read(file, columns, shortest=(window or 1) + horizon)
    forecaster = _forecaster(
        table, horizon, window, missing, calendar, non_negative, integer, past_only
    )
    _load_tensorflow()
    layout = _layout(horizon, windows, align)

    def run(coverage):
        # Of many fits it says more how many are done than how far each is.
        waiting = console.status("Training ...") if refit else training_bar()
        with waiting, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the verdict says it
            return run_backtest(
                forecaster, table.y, table.X, refit=refit, coverage=coverage,
                verbose=int(refit and console.is_terminal), **layout,
            )  # fmt: skip

    try:
        result = run(coverage)
    except NoIntervalError as error:
        console.print(f"Without intervals: {error}")
        result = run(None)
    show_scores(result)
    with results_in(out, plot) as (csv, picture):
        if csv is not None:
            write_csv(result.predictions, csv)
        if picture is not None:
            save_figure(result.plot(unit=target if series is None else None).figure_, picture)


@app.command()
def compare(
    file: FileArgument,
    target: Target,
    horizon: Horizon,
    time: Time = None,
    series: Series = None,
    known_ahead: KnownAhead = None,
    past_only: PastOnly = None,
    windows: Windows = None,
    align: Align = "end",
    refit: Refit = False,
    coverage: Coverage = 0.9,
    without: Annotated[
        list[str] | None,
        typer.Option(
            help='Forecaster to leave out, such as "gradient boosting"; may be given again.',
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path | None, _output_option("Write the scores to this CSV.")] = None,
    plot: Plot = None,
) -> None:
    """Tell which forecaster would have been best for a series, simple ones among them."""
    _check_before(coverage, {"--out": out, "--plot": plot}, {"FILE": file})
    from ..forecasting.compare import compare as run_comparison

    columns = _columns(target, time, series, known_ahead, past_only)
    table = _read(file, columns, shortest=1 + horizon)
    _show_found(table)
    _load_tensorflow()
    with console.status("Training ..."), _warnings_as_lines():
        result = run_comparison(
            table.y, table.X, horizon=horizon, refit=refit, coverage=coverage,
            past_covariates=past_only or None,
            forecasters=dict.fromkeys(without or [], "drop"),
            verbose=int(console.is_terminal), **_layout(horizon, windows, align),
        )  # fmt: skip
    show_comparison(result, coverage)
    with results_in(out, plot) as (csv, picture):
        if csv is not None:
            write_csv(result.scores().reset_index(), csv)
        if picture is not None:
            measure = "RMSE" if result.scores()["MASE"].isna().all() else "MASE"
            save_figure(result.plot(measure=measure).figure_, picture)


@contextmanager
def _warnings_as_lines():
    """Print what users are warned of; what libraries say of their numbers tells nothing here."""
    with warnings.catch_warnings(record=True) as caught:
        yield
    for warning in caught:
        if issubclass(warning.category, UserWarning):
            console.print(str(warning.message), highlight=False)


def _layout(horizon, windows, align):
    """Return how origins lie: so many, or one after the other in the last fifth."""
    number = {"stride": horizon} if windows is None else {"n_windows": windows}
    return {**number, "align": align}


def _columns(target, time, series, known_ahead, past_only) -> dict[str, Any]:
    return {
        "target": target, "time": time, "series": series,
        "known_ahead": known_ahead or [], "past_only": past_only or [],
    }  # fmt: skip


def _read(file, columns, **options):
    from .files import read_table
    from .tables import table_to_series

    numbers = [columns["target"], *columns["known_ahead"], *columns.get("past_only", ())]
    with console.status("Reading ..."):
        table = read_table(file, columns["series"], numbers)
        return table_to_series(table, **columns, **options)


def _check_before(coverage, outputs, inputs):
    """Refuse what can't work, or would replace a file that is read, before anything is computed."""
    from .._output_files import check_outputs

    if not 0 < coverage < 1:
        raise typer.BadParameter(f"--coverage {coverage:g} must lie between 0 and 1.")
    check_outputs(outputs, inputs)
    picture = outputs["--plot"]
    if picture is not None and picture.suffix.lower() not in PICTURES:
        raise typer.BadParameter(
            f"--plot {picture} must end with {', '.join(PICTURES[:-1])} or {PICTURES[-1]}, such as "
            f"{picture.with_suffix('.png')}."
        )


def _check_future(table, columns, horizon):
    """Refuse to forecast without the future of what is known ahead."""
    known_ahead = columns["known_ahead"]
    if known_ahead and table.X_future is None:
        raise ValueError(
            f"--known-ahead {', '.join(known_ahead)}: the file ends with the last value of "
            f"{columns['target']}. Add {horizon} rows with the time and {', '.join(known_ahead)} "
            f"of the future, and {columns['target']} empty."
        )


def _forecaster(table, horizon, window, missing, calendar, non_negative, integer, past_only):
    """Say what was found; return a forecaster to which everything is left that was not asked."""
    from ..forecasting.forecaster import LSTMForecaster

    _show_found(table, missing)
    return LSTMForecaster(
        horizon=horizon,
        window_length=window or "auto",
        past_covariates=past_only or None,
        missing=missing,
        calendar="auto" if calendar is None else calendar,
        non_negative="auto" if non_negative is None else non_negative,
        integer=integer,
        random_state=0,
    )


def _show_found(table, missing="interpolate"):
    show_notes(table)
    show_unused(table)
    with _rows_to_be_counted():
        show_series(table, missing)


@contextmanager
def _rows_to_be_counted():
    """Say how to do without times, where these have no frequency."""
    try:
        yield
    except NoFrequencyError as error:
        raise NoFrequencyError(f"{error} In the command: --time none.") from error


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
    """Run the command; errors are one line and exit code 2, Ctrl-C is code 130, as in a shell."""
    try:
        code = app(standalone_mode=False) or 0
    except CommandError as error:
        return _refused(error.format_message())
    except (OSError, ValueError, TypeError, ImportError, MemoryError) as error:
        return _refused(str(error) or type(error).__name__)
    except (KeyboardInterrupt, typer.Abort):
        return stopped()
    return stopped() if code == INTERRUPTED else code  # as newer versions of typer make of it


def _refused(message):
    print("sklearn-lstm: " + " ".join(message.split()), file=sys.stderr)
    return 2
