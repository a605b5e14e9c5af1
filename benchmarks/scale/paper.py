"""What a hundred million series would take, worked out from what 200,000 took."""

# ruff: noqa: RUF001

from __future__ import annotations

N_SERIES = 100_000_000
N_WORKERS = (2, 100)
BYTES_OF_A_TASK, TASKS_OF_A_FILE = 1000, 3  # what Dask's scheduler remembers, roughly


def on_paper(figures, size):
    """Return the lines of a section, from the figures of the many short series and their sizes."""
    n_of_file, n_workers = size["n_series_of_file"], size["n_workers"]
    n_files = N_SERIES / n_of_file
    per_10_000 = figures["seconds per 10,000 series"]
    each = per_10_000 * n_workers / 1e4
    rows = [
        ("files", f"{N_SERIES:,} ÷ {n_of_file:,} series", f"{n_files:,.0f}"),
        on_disk("series", figures["bytes of a file"], n_files),
        on_disk("forecasts", figures["bytes of the forecasts"], n_files),
        (
            "sent to each worker, once",
            f"the forecaster and the {size['n_sampled']:,} series that it was fitted on",
            f"{figures['bytes of a message'] / 1e6:.3g} MB",
        ),
        (
            "memory of a worker",
            f"its peak with files of {n_of_file:,} series",
            f"{figures['largest peak of a worker']:.3g} GB",
        ),
        (
            "a series, on one worker",
            f"{per_10_000:.3g} s × {n_workers} workers ÷ 10,000",
            f"{each * 1e3:.3g} ms",
        ),
        *(
            (
                f"all of it, on {n} workers",
                f"{N_SERIES:,} × {each * 1e3:.3g} ms ÷ {n}",
                f"{N_SERIES * each / n / 3600:.3g} hours",
            )
            for n in N_WORKERS
        ),
        (
            "the scheduler",
            f"{n_files:,.0f} × {TASKS_OF_A_FILE} tasks of a kilobyte",
            f"{n_files * TASKS_OF_A_FILE * BYTES_OF_A_TASK / 1e6:.3g} MB",
        ),
    ]
    return [
        f"## {N_SERIES:,} series, on paper",
        "",
        "Not run, but worked out from `many-short-on-dask`: files know nothing of each other, so "
        "time grows with their number, and a worker holds one of them at a time. What the cores "
        "of a machine share, its disk and its memory's bandwidth, is not in these figures.",
        "",
        "| what | worked out as | |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]


def on_disk(what, n_bytes, n_files):
    return (
        f"{what} on disk",
        f"{n_bytes / 1e6:.3g} MB × {n_files:,.0f} files",
        f"{n_bytes * n_files / 1e9:.3g} GB",
    )
