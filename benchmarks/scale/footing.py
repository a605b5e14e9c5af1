"""What a stretch of work takes: seconds, and memory above what was there when it began."""

from __future__ import annotations

import ctypes
import gc
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

SAMPLING_SECONDS = 0.01
RESERVE = 1e9  # bytes that are left to everything else on the machine
OUT_OF_MEMORY = 75  # code with which a process ends that would take them, too

STATUS, MEMORY, CLEAR = map(Path, ("/proc/self/status", "/proc/meminfo", "/proc/self/clear_refs"))


class Work:
    """Measure what happens within a ``with`` block.

    The kernel itself keeps a process's peak (``VmHWM``) and can be told to begin anew. Where it
    can't, a thread reads the resident memory all the time; and so it does for the anonymous memory,
    in which pages of mapped files don't count. Rather than fill the machine, the thread ends the
    process.

    Parameters
    ----------
    above : Work, default=None
        Earlier work from whose start memory is counted, too.

    Attributes
    ----------
    seconds : float

    peak, anonymous_peak : int
        Bytes above the start.
    """

    def __init__(self, above=None):
        self._above = above

    def __enter__(self):
        tidy()
        self.start, self.anonymous_start = memory("VmRSS"), memory("RssAnon")
        if self._above is not None:
            self.start = self._above.start
            self.anonymous_start = self._above.anonymous_start
        self._is_exact = begin_anew()
        self._watch = _Watch()
        self._watch.start()
        self._started = time.perf_counter()
        return self

    def __exit__(self, *exception):
        self.seconds = time.perf_counter() - self._started
        resident, anonymous = self._watch.end()
        self.peak = (memory("VmHWM") if self._is_exact else resident) - self.start
        self.anonymous_peak = anonymous - self.anonymous_start


class _Watch(threading.Thread):
    """Reads the memory of this process until it is told to end."""

    def __init__(self):
        super().__init__(daemon=True)
        self._ends = threading.Event()
        self.peaks = (0, 0)

    def run(self):
        while not self._ends.wait(SAMPLING_SECONDS):
            self._look()
            if _available() < RESERVE:
                os._exit(OUT_OF_MEMORY)

    def end(self):
        self._ends.set()
        self.join()
        self._look()
        return self.peaks

    def _look(self):
        self.peaks = tuple(map(max, self.peaks, (memory("VmRSS"), memory("RssAnon"))))


def tidy():
    """Free what is not used any more, and give it back to the system."""
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)


def begin_anew():
    """Have the kernel forget the peak so far; tell whether it did."""
    try:
        CLEAR.write_text("5")
    except OSError:
        return False
    return memory("VmHWM") < memory("VmRSS") + 1e7


def memory(kind):
    """Return a figure of /proc/self/status in bytes; elsewhere the resident memory."""
    if STATUS.exists():
        found = _kilobytes(STATUS, kind)
        if found is not None:
            return 1024 * found
    from ..speed.process import resident_bytes

    return resident_bytes(os.getpid())


def _available():
    found = _kilobytes(MEMORY, "MemAvailable") if MEMORY.exists() else None
    return float("inf") if found is None else 1024 * found


def _kilobytes(path, kind):
    for line in path.read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1])
    return None
