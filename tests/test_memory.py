"""What a fit holds beside the rows and targets that it was given."""

import os
import subprocess
import sys

import pytest

# The small fit pays for TensorFlow; nothing before the large one needs memory that is freed again.
PEAK = """
import re, resource
from pathlib import Path
import numpy as np
from sklearn_lstm import LSTMRegressor, SequenceWindower

def peak():
    status = Path("/proc/self/status")
    if status.exists():  # where the maximum of getrusage begins with the parent's memory
        return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
"""
OF_ROWS = """
def fit(windows, y):
    LSTMRegressor(4, epochs=1, max_samples=500, random_state=0).fit(windows, y)

rows = np.zeros((4_000_000, 7), {dtype!r})
for begin in range(0, len(rows), 100_000):
    rows[begin : begin + 100_000] = begin / len(rows)
windower = SequenceWindower(8)
fit(windower.fit_transform(rows[:2000]), rows[:2000, 0])
windows, y = windower.fit_transform(rows), rows[:, 0].copy()
start = peak()
fit(windows, y)
print((peak() - start) / (rows.size * 4))
"""
OF_TARGETS = """
def fit(windows, y):
    LSTMRegressor(2, epochs=1, batch_size=10_000, random_state=0).fit(windows, y)

rows, y = np.zeros((500_000, 1), np.float32), np.zeros((500_000, 40), {dtype!r})
for begin in range(0, len(y), 100_000):
    y[begin : begin + 100_000] = begin / len(y)
windows = SequenceWindower(2).fit_transform(rows)
fit(windows[:20_000], y[:20_000])
start = peak()
fit(windows, y)
print((peak() - start) / (y.size * 4))
"""
on_posix = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows tells no peak of memory by this way"
)


def in_new_process(script):
    """Return the number that a script prints, which ``PEAK`` stands before."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK + script],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout)


@on_posix
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_fit_holds_little_more_than_its_rows_in_float32(dtype):
    # 1.0 are the rows, 0.1 to 0.3 how many steps each window misses, which may have been given back
    # by then or not; a second copy of the rows would be 1.0.
    assert 0.9 < in_new_process(OF_ROWS.format(dtype=dtype)) < 1.5


@on_posix
@pytest.mark.parametrize(("dtype", "n_copies"), [("float32", 0), ("float64", 1)])
def test_a_fit_holds_its_targets_in_float32_once(dtype, n_copies):
    # A call takes a twenty-fifth of the targets along.
    assert n_copies - 0.1 < in_new_process(OF_TARGETS.format(dtype=dtype)) < n_copies + 0.3
