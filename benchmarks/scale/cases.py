"""What is measured, in which sizes, and what is to be reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..speed.outcome import Outcome, Target, at_most
from . import measures
from .growth import growth


@dataclass(frozen=True)
class Case:
    """A size for the report, a small one to see that all of it runs, and targets.

    ``before`` says what it took when all windows were written out.
    """

    title: str
    measure: Callable[..., Outcome]
    size: dict[str, Any]
    quick: dict[str, Any]
    targets: tuple[Target, ...] = ()
    before: str = ""

    def sized(self, is_quick):
        """Return the size, and the title with its numbers filled in."""
        size = self.size | self.quick if is_quick else self.size
        return size, self.title.format(**size)


PANEL = {
    "n_series": 200,
    "n_steps": 4000,
    "window_length": 96,
    "horizon": 24,
    "units": 32,
    "batch_size": 1024,
}
QUICK_PANEL = {"n_series": 8, "n_steps": 200, "units": 4, "batch_size": 64}
QUICK_LENGTHS = {"window_length": 48}
MAPPED = {
    "n_rows": 50_000_000,
    "window_length": 24,
    "units": 8,
    "segment_length": 8,
    "batch_size": 8192,
}
QUICK_MAPPED = {"n_rows": 20_000, "batch_size": 256}


def without(name, size):
    return {key: value for key, value in size.items() if key != name}


CASES = {
    "panel-lstm": Case(
        "{n_series} series of {n_steps:,} hours, window {window_length}, horizon {horizon}, "
        "{units} units in segments of 24, batch {batch_size}, one epoch, no intervals",
        measures.panel_lstm,
        PANEL,
        QUICK_PANEL | QUICK_LENGTHS,
        (at_most("peak", 250, " MB"), at_most("fit", 8, " s")),
        "3.2 GB above the start, 12.9 s",
    ),
    "electricity-size": Case(
        "{n_series} series of {n_steps:,} hours, window {window_length}, horizon {horizon}, "
        "the default regressor, intervals",
        measures.electricity,
        {"n_series": 321, "n_steps": 26_304, "window_length": 168, "horizon": 24},
        {"n_series": 2, "n_steps": 130, "window_length": 48, "is_warmed": False},
        (at_most("peak", 1.5, " GB"), at_most("fit and predict_interval", 300, " s")),
        "does not fit into 24 GiB",
    ),
    "m5-size": Case(
        "{n_series:,} series of {n_steps:,} days, horizon {horizon}, everything else as it is "
        "without being set",
        measures.m5,
        {"n_series": 30_490, "n_steps": 1913, "horizon": 28},
        {"n_series": 3, "n_steps": 80, "is_warmed": False},
        (
            at_most("peak", 6, " GB"),
            at_most("fit", 900, " s"),
            at_most("predict", 60, " s"),
            at_most("save", 60, " s"),
            at_most("load", 60, " s"),
        ),
    ),
    "backtest": Case(
        "{n_windows} origins, {n_series:,} series of {n_steps} days, ridge on windows of "
        "{window_length}, horizon {horizon}",
        measures.backtest,
        {"n_series": 2000, "n_steps": 200, "window_length": 14, "horizon": 7, "n_windows": 3},
        {"n_series": 20, "n_steps": 80},
        (at_most("backtest", 2.5, " s"),),
        "4.8 s, 631 MB above the start",
    ),
    "windower-gaps": Case(
        'a pipeline of `SequenceWindower({window_length}, max_gap="1h")` and an LSTM of {units} '
        "units: {n_series} series of {n_steps:,} rows and 4 columns, with gaps, one epoch in "
        "batches of {batch_size}",
        measures.windower_gaps,
        {
            "n_series": 500,
            "n_steps": 2000,
            "window_length": 48,
            "units": 16,
            "batch_size": 1024,
        },
        {"n_series": 6, "n_steps": 150, "window_length": 12, "units": 4, "batch_size": 64},
        (at_most("peak ÷ bytes of the rows", 3),),
    ),
    "window-length": Case(
        "panel-lstm with windows of {window_lengths[0]} and {window_lengths[1]} hours",
        measures.window_length,
        without("window_length", PANEL) | {"window_lengths": (96, 192)},
        QUICK_PANEL | {"window_lengths": (48, 96)},
        (at_most("peak, the long window ÷ the short one", 1.1),),
    ),
    "neuralforecast": Case(
        "the same LSTM by neuralforecast, on the processor: {n_series} series of {n_steps:,} "
        "hours, window {window_length}, horizon {horizon}, {units} units, batch {batch_size}, as "
        "many batches as an epoch has",
        measures.neuralforecast,
        PANEL,
        QUICK_PANEL | QUICK_LENGTHS,
        (at_most("time ÷ theirs", 1), at_most("peak ÷ theirs", 1)),
    ),
    "many-short-on-dask": Case(
        "{n_series:,} series of 60 to 120 days in a folder of Parquet files, {n_series_of_file:,} "
        "series each, forecast by {n_workers} Dask workers of one thread, {horizon} days ahead, by "
        "a forecaster fitted on {n_sampled:,} of them",
        measures.many_short,
        {
            "n_series": 200_000,
            "n_series_of_file": 4000,
            "n_sampled": 2000,
            "horizon": 7,
            "n_workers": 2,
        },
        {"n_series": 2000, "n_series_of_file": 250, "n_sampled": 4},
        (
            at_most("largest peak of a worker", 1.5, " GB"),
            at_most("files that a kill changed", 0),
        ),
    ),
    "memmap": Case(
        "`partial_fit` over a mapped file of {n_rows:,} float32 rows, {n_rows_of_chunk:,} rows at "
        "a time: window {window_length}, {units} units in segments of {segment_length}, batch "
        "{batch_size}",
        measures.memmap,
        MAPPED | {"n_rows_of_chunk": 1_000_000},
        QUICK_MAPPED | {"n_rows_of_chunk": 6000},
        (at_most("peak ÷ bytes of the file", 1),),
    ),
    "memmap-sampled": Case(
        "one `fit` with `max_samples={max_samples}` on a view of all windows of a mapped file of "
        "{n_rows:,} float32 rows: window {window_length}, {units} units in segments of "
        "{segment_length}, batch {batch_size}",
        measures.memmap_sampled,
        MAPPED | {"max_samples": 1_000_000},
        QUICK_MAPPED | {"max_samples": 2000},
        (at_most("peak ÷ bytes of the file", 1),),
    ),
    "growth": Case(
        "how memory and time grow with the number of series of {n_steps:,} hours, window "
        "{window_length}, horizon {horizon}, {units} units, batch {batch_size}",
        growth,
        PANEL | {"n_series": (10, 30, 100, 300, 1000), "n_steps": 1000},
        QUICK_PANEL | QUICK_LENGTHS | {"n_series": (4, 8, 16)},
    ),
}
