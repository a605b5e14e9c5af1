"""From what a process answers to figures and tables."""

from __future__ import annotations

from ..speed.outcome import Outcome
from .panels import N_WARM

MB, GB = 1e6, 1e9
WARM = (
    f"The start: data in memory, libraries imported, programs compiled by the same work on "
    f"{N_WARM} series; what TensorFlow takes for itself is there by then."
)
AS_STARTED = "The start: data in memory, libraries imported, the same done once with a few series."


def panel_lstm(crew, size):
    found = crew.repeat("panels:fit", **size)
    return Outcome(
        columns=["", "seconds", "peak above the start, MB", "loss"],
        rows=[["fit", found["seconds"], found["peak"] / MB, found["loss"]]],
        figures={"peak": found["peak"] / MB, "fit": found["seconds"]},
        notes=[WARM],
    )


def electricity(crew, size):
    found = crew.repeat("panels:fit_with_intervals", at_most=1, **size)
    outcome = of_phases(found, ["fit", "predict_interval"])
    outcome.figures["fit and predict_interval"] = (
        found["fit, seconds"] + found["predict_interval, seconds"]
    )
    return outcome


def m5(crew, size):
    found = crew.repeat("panels:fit_and_keep", at_most=1, **size)
    outcome = of_phases(found, ["fit", "predict", "save", "load"])
    outcome.figures["MB of the file"] = found["bytes of the file"] / MB
    outcome.notes.append(
        "The long Series holds float32, and its MultiIndex is made from codes; a loaded forecaster "
        f"predicts the same. Its file has {found['bytes of the file'] / MB:.3g} MB."
    )
    return outcome


def of_phases(found, names):
    """Return a row for each stretch of work; figures are seconds of each and the peak in GB."""
    return Outcome(
        columns=["", "seconds", "peak above the start, MB"],
        rows=[[name, found[f"{name}, seconds"], found[f"{name}, peak"] / MB] for name in names],
        figures={name: found[f"{name}, seconds"] for name in names} | {"peak": found["peak"] / GB},
        notes=[WARM + " Every peak counts from the start of the fit."],
    )


def backtest(crew, size):
    found = crew.repeat("panels:backtest", **size)
    return Outcome(
        columns=["", "seconds", "peak above the start, MB"],
        rows=[["backtest", found["seconds"], found["peak"] / MB]],
        figures={"backtest": found["seconds"], "peak": found["peak"] / MB},
        notes=[AS_STARTED],
    )


def windower_gaps(crew, size):
    found = crew.repeat("rows:with_gaps", **size)
    ratio = found["peak ÷ bytes of the rows"]
    return Outcome(
        columns=["", "seconds", "peak above the start, MB"],
        rows=[
            [name, found[f"{name}, seconds"], found[f"{name}, peak"] / MB]
            for name in ("fit", "predict")
        ],
        figures={"peak ÷ bytes of the rows": ratio},
        notes=[
            f"{WARM} The rows themselves, float64, have {found['bytes of the rows'] / MB:.3g} MB, "
            "their labels not counted."
        ],
    )


def window_length(crew, size):
    size = dict(size)
    lengths = size.pop("window_lengths")
    found = {w: crew.repeat("panels:fit", window_length=w, **size) for w in lengths}
    short, long = (found[w]["peak"] for w in lengths)
    return Outcome(
        columns=["window length", "seconds", "peak above the start, MB"],
        rows=[[w, of["seconds"], of["peak"] / MB] for w, of in found.items()],
        figures={"peak, the long window ÷ the short one": long / short},
        notes=[WARM],
    )


def neuralforecast(crew, size):
    """Put ours, reading step by step and in segments of a day, beside neuralforecast's LSTM."""
    version = crew.version_of_theirs()
    if version is None:
        return Outcome([], [], spoiled="neuralforecast is not installed")
    theirs = crew.ask_them("theirs:fit", **size)
    ours = {
        "sklearn-lstm, step by step": crew.repeat("panels:fit", segment_length=None, **size),
        "sklearn-lstm, in segments of 24": crew.repeat("panels:fit", **size),
    }
    rows = [
        [
            name,
            of["seconds"],
            of["seconds"] / theirs["seconds"],
            of["peak"] / MB,
            of["peak"] / theirs["peak"],
        ]
        for name, of in {**ours, f"neuralforecast {version}": theirs}.items()
    ]
    columns = ["", "seconds", "÷ theirs", "peak above the start, MB", "÷ theirs"]
    return Outcome(
        columns,
        rows,
        figures={"time ÷ theirs": rows[0][2], "peak ÷ theirs": rows[0][4]},
        notes=[
            f"{WARM} neuralforecast's `LSTM` has the same units and windows, one layer, a linear "
            f"decoder and the squared error, and takes as many batches as our epoch has, "
            f"{theirs['updates']:.0f}: it draws the windows of a batch from those of 32 series. "
            "The ratios in the table of targets are those of the network that reads step by step."
        ],
    )


def many_short(crew, size):
    found = crew.repeat("partitions:forecast_folder", at_most=1, **size)
    per_10_000 = found["seconds"] / size["n_series"] * 1e4
    return Outcome(
        columns=["", ""],
        rows=[
            ["seconds", found["seconds"]],
            ["seconds per 10,000 series", per_10_000],
            ["seconds with a worker killed", found["seconds with a kill"]],
            ["files, and those that the kill changed", [found["n_files"], found["n_changed"]]],
            ["workers' peaks, MB", [peak / MB for peak in found["peaks"]]],
            ["workers' peaks in the run with a kill, MB", [p / MB for p in found["later peaks"]]],
            ["file of the fitted forecaster, MB", found["bytes of the model"] / MB],
            ["the same as it is sent to a worker, MB", found["bytes of a message"] / MB],
            ["largest file of series, MB", found["bytes of a file"] / MB],
            ["largest file of forecasts, MB", found["bytes of the forecasts"] / MB],
        ],
        figures={
            "largest peak of a worker": max(found["peaks"] + found["later peaks"]) / GB,
            "files that a kill changed": found["n_changed"],
            "seconds per 10,000 series": per_10_000,
        }
        | {name: value for name, value in found.items() if name.startswith("bytes")},
        notes=[
            "A worker's peak is all of its resident memory, libraries included. A worker of the "
            "second run is killed while it holds a partition; its files are compared with those of "
            "the first, byte by byte."
        ],
    )


def memmap(crew, size):
    found = crew.repeat("rows:partial_fits", at_most=1, **size)
    return of_mapped_rows("partial_fit, chunk by chunk", found)


def memmap_sampled(crew, size):
    return of_mapped_rows("one fit", crew.repeat("rows:sampled_fit", at_most=1, **size))


def of_mapped_rows(name, found):
    return Outcome(
        columns=["", "seconds", "rows a second", "anonymous peak above the start, MB", "loss"],
        rows=[
            [
                name,
                found["seconds"],
                f"{found['rows a second']:,.0f}",
                found["anonymous peak"] / MB,
                found["loss"],
            ]
        ],
        figures={
            "peak ÷ bytes of the file": found["anonymous peak ÷ bytes of the file"],
            "seconds": found["seconds"],
        },
        notes=[
            "The start: libraries imported, programs compiled by the same work on the first rows. "
            f"The file has {found['bytes of the file'] / MB:.3g} MB; its pages, which the system "
            "takes back as it likes, don't count (`RssAnon`)."
        ],
    )
