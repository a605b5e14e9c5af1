"""Work on rows and windows of rows, done in a process of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from .alone import NotThereError
from .footing import Work
from .panels import N_WARM, took
from .series import panel

N_COLUMNS = 4
N_GAPS, LONGEST_GAP = 3, 24  # in each series
N_WRITTEN = 1_000_000  # rows that are written to a file at once


def with_gaps(n_series, n_steps, window_length, units, batch_size):
    """Fit and predict through a pipeline, from rows some of which are absent."""
    from sklearn.pipeline import make_pipeline

    from sklearn_lstm import LSTMRegressor, SequenceWindower

    model = make_pipeline(
        SequenceWindower(window_length, max_gap="1h"),
        LSTMRegressor(units, epochs=1, batch_size=batch_size, random_state=0),
    )
    model.fit(*rows_with_gaps(N_WARM, window_length + 2 * batch_size // N_WARM))
    X, y = rows_with_gaps(n_series, n_steps)
    with Work() as fitting:
        model.fit(X, y)
    with Work(above=fitting) as predicting:
        model.predict(X)
    n_bytes = X.to_numpy().nbytes
    return {
        "fit, seconds": fitting.seconds,
        "predict, seconds": predicting.seconds,
        "fit, peak": fitting.peak,
        "predict, peak": predicting.peak,
        "bytes of the rows": n_bytes,
        "peak ÷ bytes of the rows": max(fitting.peak, predicting.peak) / n_bytes,
    }


def rows_with_gaps(n_series, n_steps):
    """Return a table on a MultiIndex and the next value of its first column."""
    value = panel(n_series, n_steps + 1, "h")
    scaled = np.log(value.to_numpy()).reshape(n_series, -1)
    scaled -= scaled.mean(axis=1, keepdims=True)
    is_there = np.ones((n_series, n_steps + 1), dtype=bool)
    is_there[:, -1] = False
    rng = np.random.default_rng(0)
    for row in is_there:
        for begin in rng.integers(0, n_steps, N_GAPS):
            row[begin : begin + rng.integers(1, LONGEST_GAP)] = False
    hour = 2 * np.pi * np.arange(n_steps + 1) / 24
    columns = [scaled, np.sin(hour), np.cos(hour), np.sin(hour / 7)]
    table = np.column_stack([np.broadcast_to(c, scaled.shape)[is_there] for c in columns])
    y = np.roll(scaled, -1, axis=1)[is_there]
    index = value.index[is_there.ravel()]
    return pd.DataFrame(table, index, ["value", "sin", "cos", "week"]), y


def partial_fits(n_rows, n_rows_of_chunk, window_length, units, segment_length, batch_size):
    """Train on the windows of a mapped file, chunk by chunk."""
    from sklearn_lstm import LSTMRegressor, SequenceWindower

    windower = SequenceWindower(window_length, history="none")

    def make():
        return LSTMRegressor(
            units, segment_length=segment_length, batch_size=batch_size, random_state=0
        )

    def train(lstm, rows):
        before = window_length - 1
        for begin in range(before, len(rows) - 1, n_rows_of_chunk):
            end = min(begin + n_rows_of_chunk, len(rows) - 1)
            windows = windower.fit_transform(rows[begin - before : end])[before:]
            lstm.partial_fit(windows, rows[begin + 1 : end + 1, 0])
        return lstm

    return over_mapped_rows(n_rows, window_length + 2 * batch_size, make, train)


def sampled_fit(n_rows, max_samples, window_length, units, segment_length, batch_size):
    """Fit once, on some of the windows of a mapped file."""
    from sklearn_lstm import LSTMRegressor

    if "max_samples" not in LSTMRegressor().get_params():
        raise NotThereError("LSTMRegressor has no parameter max_samples")

    def make():
        return LSTMRegressor(
            units,
            segment_length=segment_length,
            epochs=1,
            batch_size=batch_size,
            max_samples=min(max_samples, batch_size),
            random_state=0,
        )

    def train(lstm, rows):
        windows = np.lib.stride_tricks.sliding_window_view(rows[:-1], window_length, axis=0)
        return lstm.fit(windows.transpose(0, 2, 1), rows[window_length:, 0])

    def prepare(lstm):
        return lstm.set_params(max_samples=max_samples)

    return over_mapped_rows(n_rows, window_length + 2 * batch_size, make, train, prepare)


def over_mapped_rows(n_rows, n_warm_rows, make, train, prepare=lambda lstm: lstm):
    """Have an LSTM trained on a few rows, then a new one on all of a file, which is measured."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.float32"
        write_rows(path, max(n_rows, n_warm_rows))
        rows = np.memmap(path, np.float32, "r").reshape(-1, 1)
        train(make(), rows[:n_warm_rows])
        lstm = prepare(make())
        with Work() as work:
            train(lstm, rows)
        found = took(work) | {
            "bytes of the file": path.stat().st_size,
            "anonymous peak ÷ bytes of the file": work.anonymous_peak / path.stat().st_size,
            "rows a second": len(rows) / work.seconds,
            "loss": float(lstm.loss_curve_[-1]),
        }
        del rows
    return found


def write_rows(path, n_rows):
    """Write a noisy day to a file, a part at a time."""
    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        for begin in range(0, n_rows, N_WRITTEN):
            t = np.arange(begin, min(begin + N_WRITTEN, n_rows))
            noise = rng.standard_normal(len(t), dtype=np.float32)
            (np.sin(2 * np.pi * t / 24) + 0.3 * noise).astype(np.float32).tofile(file)
