"""Cases about what is taken up: time to import, memory of windows, of an epoch, of many fits."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

import numpy as np

from .contenders import OURS
from .crew import medians, ratios
from .data import series
from .outcome import Outcome
from .process import resident_bytes

MB = 1e6
N_IMPORTS = 9
N_LOOKED_AT = 256  # windows that are read once they are cut

TIMED_IMPORT = """
from time import perf_counter
started = perf_counter()
{statement}
print(perf_counter() - started)
"""


def imports(crew, statements):
    """Time statements in new interpreters, each measured from inside."""

    def turn(statement, number):
        script = TIMED_IMPORT.format(statement=statement)
        return float(subprocess.check_output([sys.executable, "-c", script], text=True))

    n_rounds = 1 if crew.is_quick else N_IMPORTS
    for statement in statements:
        turn(statement, None)
    seconds = {statement: [] for statement in statements}
    for number in range(n_rounds):
        for statement, of_statement in seconds.items():
            of_statement.append(turn(statement, number))
    relative = ratios(seconds, base="import sklearn")
    return Outcome(
        columns=["", "seconds", "÷ import sklearn"],
        rows=[[f"`{name}`", typical, relative[name]] for name, typical in medians(seconds).items()],
        figures={f"{name} ÷ import sklearn": ratio for name, ratio in relative.items()},
        notes=[
            f"Medians of {n_rounds} new interpreters each, after one that warms the disk's cache. "
            "`import sklearn_lstm` resolves its names on first use; the statements below it use "
            "one."
        ],
    )


class Windower:
    """Windows from SequenceWindower."""

    n_parts = 1

    def __init__(self, n_rows, n_features, n_timesteps):
        self.n_timesteps = n_timesteps
        self.prepare()
        self.cut(np.zeros((2 * n_timesteps + N_LOOKED_AT, n_features)))
        rng = np.random.default_rng(0)
        self.rows = rng.standard_normal((n_rows // self.n_parts, n_features))

    def prepare(self):
        from sklearn_lstm import SequenceWindower

        self.windower = SequenceWindower

    def run(self):
        """Cut the windows and return the sum of the first complete ones."""
        return self.cut(self.rows)

    def cut(self, rows):
        self.windows = self.windower(self.n_timesteps).fit_transform(rows)
        return self.windows[self.n_timesteps - 1 :][:N_LOOKED_AT].sum()


class KerasDataset(Windower):
    """Windows from Keras, written out batch by batch when they are read."""

    def prepare(self):
        import keras

        self.cutter = keras.utils.timeseries_dataset_from_array

    def cut(self, rows):
        self.windows = self.cutter(rows, None, self.n_timesteps, batch_size=N_LOOKED_AT)
        return next(iter(self.windows)).numpy().sum()


class FancyIndex(Windower):
    """Windows written out at once, of a part of the rows: all of them don't fit into memory."""

    n_parts = 20

    def prepare(self):
        pass

    def cut(self, rows):
        starts = np.arange(len(rows) - self.n_timesteps + 1)
        self.windows = rows[starts[:, np.newaxis] + np.arange(self.n_timesteps)]
        return self.windows[:N_LOOKED_AT].sum()


def windows(crew, size):
    n_rows, n_features, _ = size
    n_bytes = 8 * n_rows * n_features
    makers = {
        OURS: Windower,
        "keras.utils.timeseries_dataset_from_array": KerasDataset,
        "fancy-index copy": FancyIndex,
    }
    starts = {name: (maker, *size) for name, maker in makers.items()}
    replies = crew.watch_afresh(starts, "run", at_most=3)
    sums = [of_name[0].value for of_name in replies.values()]
    if not np.allclose(sums, sums[0]):
        raise AssertionError(f"the windows differ: their sums are {sums}")
    parts = {name: maker.n_parts for name, maker in makers.items()}
    seconds = medians({name: [r.seconds * parts[name] for r in of] for name, of in replies.items()})
    peaks = medians(
        {name: [r.peak_bytes * parts[name] for r in of] for name, of in replies.items()}
    )
    return Outcome(
        columns=["", "seconds", "peak above the start, MB", "÷ bytes of the input"],
        rows=[[n, seconds[n], peaks[n] / MB, peaks[n] / n_bytes] for n in makers],
        figures={"peak ÷ bytes of the input": peaks[OURS] / n_bytes, "seconds": seconds[OURS]},
        notes=[
            f"Cut in a new process each time, and the first {N_LOOKED_AT} complete windows read. "
            f"The input has {n_bytes / MB:.0f} MB. The fancy-index copy is made of a "
            f"{FancyIndex.n_parts}th of the rows, and its figures multiplied by "
            f"{FancyIndex.n_parts}: the whole would not fit."
        ],
    )


class PipelineEpoch:
    """One epoch through the pipeline, from rows that are in memory."""

    def __init__(self, n_rows, n_features, length, batch_size, units):
        from sklearn_lstm import make_lstm_pipeline

        self.model = make_lstm_pipeline(
            length, units=units, batch_size=batch_size, epochs=1, random_state=0
        )
        footing = series(length + 2 * batch_size, n_features, np.float64)
        self.model.fit(footing, footing[:, 0])
        rows = series(n_rows + 1, n_features, np.float64)
        self.X, self.y = rows[:-1], rows[1:, 0]

    def run(self):
        self.model.fit(self.X, self.y)
        return self.model.regressor_.named_steps["lstm"].loss_curve_[-1]


def memory(crew, size):
    n_rows, n_features, length, *_ = size
    sizes = {f"{n} rows": n for n in (n_rows, 2 * n_rows)}
    starts = {name: (PipelineEpoch, n, *size[1:]) for name, n in sizes.items()}
    replies = crew.watch_afresh(starts, "run", at_most=2)
    once, twice = sizes
    seconds = {name: [reply.seconds for reply in of] for name, of in replies.items()}
    peaks = {name: [max(reply.peak_bytes, 1) for reply in of] for name, of in replies.items()}
    typical_peaks = medians(peaks)
    losses = medians({name: [reply.value for reply in of] for name, of in replies.items()})
    written_out = {name: 4 * n * length * n_features / MB for name, n in sizes.items()}
    return Outcome(
        columns=["", "seconds", "peak above the start, MB", "windows written out, MB", "loss"],
        rows=[
            [name, second, typical_peaks[name] / MB, written_out[name], losses[name]]
            for name, second in medians(seconds).items()
        ],
        figures={
            "peak above the start": typical_peaks[once] / MB,
            "time, twice the rows ÷ once": ratios(seconds, base=once)[twice],
            "memory, twice the rows ÷ once": ratios(peaks, base=once)[twice],
        },
        notes=[
            "The start: rows (float64) in memory, libraries imported, one fit through the same "
            "pipeline on a few rows, which is TensorFlow's own footing."
        ],
    )


class EpochOverRows:
    """One epoch over windows that share float32 rows in memory."""

    def __init__(self, n_rows, n_features, length, batch_size, units):
        from sklearn_lstm import LSTMRegressor, SequenceWindower

        def windows(rows):
            X = SequenceWindower(length).fit_transform(rows[:-1])
            return X[length - 1 :], rows[length:, 0].copy()

        self.model = LSTMRegressor(units, batch_size=batch_size, epochs=1, random_state=0)
        self.model.fit(*windows(series(length + 2 * batch_size, n_features)))
        self.X, self.y = windows(series(n_rows, n_features))

    def run(self):
        return self.model.fit(self.X, self.y).loss_curve_[-1]


def fit_memory(crew, size):
    n_rows, n_features, length, *_ = size
    replies = crew.watch_afresh({OURS: (EpochOverRows, *size)}, "run", at_most=3)[OURS]
    n_bytes = 4 * n_rows * n_features
    peak = statistics.median(reply.peak_bytes for reply in replies)
    return Outcome(
        columns=["seconds", "peak above the start, MB", "÷ bytes of the rows", "loss"],
        rows=[
            [
                statistics.median(reply.seconds for reply in replies),
                peak / MB,
                peak / n_bytes,
                replies[-1].value,
            ]
        ],
        figures={"peak ÷ bytes of the rows": peak / n_bytes},
        notes=[
            f"The rows have {n_bytes / MB:.0f} MB; windows written out would have "
            f"{n_bytes * length / MB:,.0f}. Counted is the resident memory of the process at its "
            "highest during the fit, less what it was before: with the rows, the windows that "
            "share them and the targets in memory, and after a fit on a few rows, which is "
            "TensorFlow's own footing. Whatever the fit itself holds of all rows, windows or "
            "targets, a copy or an order, is in the figure."
        ],
    )


class ManyFits:
    """Fits of differing units, seeds and lengths, as in a long search."""

    UNITS = range(10, 60)

    def __init__(self):
        from sklearn_lstm import LSTMRegressor

        self.make_regressor = LSTMRegressor
        self.draw = np.random.default_rng(0)
        self.rows = series(400, 1)

    def fit_many(self, n_fits):
        """Return the process's memory after these fits."""
        for seed in range(n_fits):
            units = int(self.draw.choice(self.UNITS))
            windows = np.lib.stride_tricks.sliding_window_view(self.rows[:-1, 0], 12)
            n_windows = int(self.draw.integers(60, len(windows)))
            self.fit(units, seed, windows[:n_windows, :, np.newaxis], self.rows[12:, 0][:n_windows])
        return resident_bytes(os.getpid())

    def fit(self, units, seed, X, y):
        self.make_regressor(units, epochs=2, random_state=seed).fit(X, y)

    def n_traces(self):
        from sklearn_lstm.engine import programs

        return programs.n_traces()


class ManyFitsOfKeras(ManyFits):
    def __init__(self):
        import keras

        super().__init__()
        self.keras = keras

    def fit(self, units, seed, X, y):
        self.keras.utils.set_random_seed(seed)
        layers = self.keras.layers
        model = self.keras.Sequential(
            [self.keras.Input((12, 1)), layers.LSTM(units), layers.Dense(1)]
        )
        model.compile("adam", "mse")
        model.fit(np.ascontiguousarray(X), y, 32, 2, verbose=0)


def flat(crew, size):
    makers = {OURS: (ManyFits,), "Keras": (ManyFitsOfKeras,)}
    with crew.together(makers) as remotes:
        rows = [
            [name, *grown(remotes[name], *n_fits)]
            for name, n_fits in zip(makers, size, strict=True)
        ]
        n_traces = remotes[OURS].call("n_traces").value
    return Outcome(
        columns=["", "fits before", "fits", "growth, MB", "MB for a fit", "seconds for a fit"],
        rows=rows,
        figures={"growth": rows[0][3], "programs traced": n_traces},
        notes=[
            f"Units are drawn from {ManyFits.UNITS[0]} to {ManyFits.UNITS[-1]}, and 60 to 387 "
            "windows of 12 steps, 2 epochs. Programs that sklearn-lstm traced in all of its fits: "
            f"{n_traces}."
        ],
    )


def grown(remote, n_before, n_fits):
    """Return both numbers, and by how much the memory grew after the first fits."""
    before = remote.call("fit_many", n_before).value
    after, seconds, _ = remote.call("fit_many", n_fits - n_before)
    growth, n_later = (after - before) / MB, n_fits - n_before
    return n_before, n_fits, growth, growth / n_later, seconds / n_later
