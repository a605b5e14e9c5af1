"""Many short series in a folder of Parquet files, forecast by Dask's workers.

Nothing here is more than a user would write: the folder as a Dask DataFrame, the forecaster as one
of the graph's values, a Parquet file for each partition.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
import pickle
import signal
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from .alone import NotThereError
from .footing import begin_anew, memory
from .panels import size_on_disk, storage
from .series import values

PACKAGES = "distributed", "pyarrow"
FIRST_DAY = pd.Timestamp("2024-01-01")
SHORTEST, LONGEST = 60, 120
META = {"series": "int64", "day": "datetime64[ns]", "forecast": "float64"}


def forecast_folder(n_series, n_series_of_file, n_sampled, horizon, n_workers):
    """Fit on some series, forecast all of them twice, the second time with a worker killed."""
    from sklearn_lstm import LSTMForecaster

    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise NotThereError(f"{' and '.join(missing)} not installed")
    if "y" not in inspect.signature(LSTMForecaster.predict).parameters:
        raise NotThereError("LSTMForecaster.predict has no parameter y")
    forecaster = LSTMForecaster(horizon=horizon, interval_method=None, random_state=0)
    forecaster.fit(as_panel(short_series(0, n_sampled)))
    with tempfile.TemporaryDirectory() as folder, workers(n_workers) as client:
        folder = Path(folder)
        write_folder(folder / "series", n_series, n_series_of_file)
        save, _ = storage()
        save(forecaster, folder / "model")
        found = run_twice(client, folder, forecaster, n_series // 2)
        n_values = sum(len(pd.read_parquet(path)) for path in (folder / "calm").iterdir())
        if n_values != n_series * horizon:
            raise AssertionError(f"{n_values} values are forecast of {n_series} series")
        return found | {
            "bytes of the model": size_on_disk(folder / "model"),
            "bytes of a message": len(pickle.dumps(forecaster)),
            "bytes of a file": largest(folder / "series"),
            "bytes of the forecasts": largest(folder / "calm"),
        }


@contextmanager
def workers(n_workers):
    """Start worker processes of one thread, which import the package before they are asked."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=n_workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        client.run(prepare)
        yield client


def prepare():
    """Do in a worker what it does once."""
    import dask.dataframe  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    from sklearn_lstm import LSTMForecaster  # noqa: F401

    begin_anew()


def run_twice(client, folder, forecaster, fatal_series):
    """Forecast ``folder / "series"``, and once more with a worker that dies in the middle."""
    calm, killed, mark = folder / "calm", folder / "killed", folder / "mark"
    seconds, peaks = run(client, folder / "series", calm, forecaster)
    later_seconds, later_peaks = run(
        client, folder / "series", killed, forecaster, fatal=(fatal_series, str(mark))
    )
    if not mark.exists():
        raise AssertionError("no worker was killed")
    expected, found = digests(calm), digests(killed)
    changed = {name for name in {*expected, *found} if expected.get(name) != found.get(name)}
    return {
        "seconds": seconds,
        "seconds with a kill": later_seconds,
        "peaks": peaks,
        "later peaks": later_peaks,
        "n_files": len(expected),
        "n_changed": len(changed),
    }


def run(client, source, target, forecaster, fatal=None):
    """Forecast a folder; return the seconds and the workers' peaks so far."""
    import dask
    import dask.dataframe as dd

    n_workers = len(client.nthreads())
    started = time.perf_counter()
    parts = dd.read_parquet(source, split_row_groups=False, aggregate_files=False)
    once_on_each_worker = dask.delayed(forecaster, pure=True)
    forecasts = parts.map_partitions(forecast_partition, once_on_each_worker, fatal, meta=META)
    forecasts.to_parquet(target, write_index=False)
    seconds = time.perf_counter() - started
    client.wait_for_workers(n_workers, timeout=60)
    return seconds, list(client.run(memory, "VmHWM").values())


def forecast_partition(part, forecaster, fatal=None):
    """Forecast the series of a partition; ``fatal`` names one whose worker dies, once, and a mark.

    The worker has forecast other partitions by then, and dies with the whole of this one in memory.
    """
    if fatal is not None:
        series, mark = fatal
        if (part["series"] == series).any() and not Path(mark).exists():
            Path(mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
    forecast = forecaster.predict(y=as_panel(part))
    return forecast.rename("forecast").reset_index().astype(META)


def as_panel(table):
    return table.set_index(["series", "day"])["value"]


def write_folder(folder, n_series, n_series_of_file):
    """Write series file by file."""
    folder.mkdir()
    for number, begin in enumerate(range(0, n_series, n_series_of_file)):
        table = short_series(begin, min(begin + n_series_of_file, n_series))
        table.to_parquet(folder / f"part-{number:05}.parquet", index=False)


def short_series(begin, end):
    """Return days of the series ``begin`` to ``end``, which stop on the same day."""
    n_days = np.random.default_rng([1, begin]).integers(SHORTEST, LONGEST + 1, end - begin)
    is_there = np.arange(LONGEST) >= LONGEST - n_days[:, np.newaxis]
    series, day = np.nonzero(is_there)
    return pd.DataFrame(
        {
            "series": begin + series,
            "day": FIRST_DAY + pd.to_timedelta(day, "D"),
            "value": values(end - begin, LONGEST, "D", "float32", [2, begin])[is_there],
        }
    )


def largest(folder):
    return max(path.stat().st_size for path in folder.iterdir())


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).digest() for path in folder.iterdir()}
