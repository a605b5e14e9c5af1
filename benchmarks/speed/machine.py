"""What the figures were taken on."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

PACKAGES = (
    "sklearn-lstm",
    "scikit-learn",
    "numpy",
    "tensorflow",
    "keras",
    "scikeras",
    "torch",
    "skorch",
    "onnxruntime",
)


def describe(packages=PACKAGES):
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "system": f"{platform.system()} on {platform.machine()}",
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in packages},
    }


BUSY = 10  # percent of the processor


def notes_on_others(shares):
    """Warn for each share of the processor, in percent or unknown, that others have taken."""
    return [
        f"**Other programs took {share:.0f} % of the processor meanwhile: measure again.**"
        for share in shares
        if share and share > BUSY
    ]


def share_taken(seconds=1.0):
    """Return the share of the processor, in percent, that other programs take; None: unknown."""
    try:
        import psutil
    except ImportError:
        return None
    return psutil.cpu_percent(seconds)


def _processor():
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


class MatrixProducts:
    """The machine's peak, as NumPy reaches it with all cores."""

    def peak_gflops(self, n_times, size=2048):
        """Return the best rate of a product of float32 matrices, in 10⁹ operations a second."""
        rng = np.random.default_rng(0)
        a, b = rng.standard_normal((2, size, size)).astype(np.float32)
        product = np.empty_like(a)
        best = np.inf
        for _ in range(n_times):
            started = time.perf_counter()
            np.matmul(a, b, out=product)
            best = min(best, time.perf_counter() - started)
        return 2 * size**3 / best / 1e9
