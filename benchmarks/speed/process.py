"""Objects in processes of their own: no library's threads or memory disturb another's."""

from __future__ import annotations

import os
import time
import traceback
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

SAMPLING_SECONDS = 0.005


class Reply(NamedTuple):
    """What a call returned, how long it took there, and what memory it took at its peak."""

    value: Any
    seconds: float
    peak_bytes: int | None = None


class RemoteError(RuntimeError):
    """A call failed in the other process; the message holds the traceback."""


class Remote:
    """A new process for one object at a time, which is called by the names of its methods."""

    def __init__(self):
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,))
        self._process.start()
        theirs.close()
        self._is_ready = True

    def host(self, make, *args):
        """Have the process make its object, without waiting; see ``ready``."""
        self._pipe.send((make, args))
        self._is_ready = False
        return self

    def ready(self):
        """Wait until the object is made."""
        if not self._is_ready:
            self._answer()
            self._is_ready = True
        return self

    @property
    def is_idle(self):
        return self._is_ready and not self._pipe.closed

    def call(self, name, *args):
        self.ready()
        self._pipe.send((name, args))
        return Reply(*self._answer())

    def watch(self, name, *args):
        """Call a method, and read the process's resident memory from here meanwhile."""
        self.ready()
        start = peak = resident_bytes(self._process.pid)
        self._pipe.send((name, args))
        while not self._pipe.poll(SAMPLING_SECONDS):
            peak = max(peak, resident_bytes(self._process.pid))
        value, seconds = self._answer()
        return Reply(value, seconds, max(peak, resident_bytes(self._process.pid)) - start)

    def close(self):
        self._pipe.close()
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _answer(self):
        try:
            error, value, seconds = self._pipe.recv()
        except EOFError:
            self._process.join()
            raise RemoteError(f"the process ended with code {self._process.exitcode}") from None
        if error is not None:
            self.close()
            raise RemoteError(error)
        return value, seconds


def _serve(pipe):
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # TensorFlow greets each process that it starts in
    thing = None
    try:
        while True:
            what, args = pipe.recv()
            value, started = None, time.perf_counter()
            if callable(what):
                thing = what(*args)
            else:
                value = getattr(thing, what)(*args)
            pipe.send((None, value, time.perf_counter() - started))
    except EOFError:
        pass
    except Exception:
        pipe.send((traceback.format_exc(), None, 0.0))


def resident_bytes(pid):
    """Return the resident memory of a process; 0 once it has ended."""
    try:
        import psutil
    except ImportError:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:
        return 0
