"""Processes of their own, which say how far they are and can be sent signals."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from contextlib import contextmanager, suppress

PATIENCE = 300  # seconds that a child may take in all on a machine that is busy

# CI may run with Ctrl-C ignored, which children inherit.
PREAMBLE = """
import os, signal, sys, warnings
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # whole, however many write

wave = np.sin(np.arange(60) / 3)
"""


class Child:
    """A Python process that runs a script, and its process group."""

    def __init__(self, script, *args):
        self.process = subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + textwrap.dedent(script), *map(str, args)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, word):
        """Return what the child has said after a word, when it has said that."""
        for line in self.process.stdout:
            first, _, rest = line.strip().partition(" ")
            if first == word:
                return rest
        raise AssertionError(f"never said {word!r}: {self.process.stderr.read()}")

    def interrupt(self):
        """Do what a terminal does upon Ctrl-C."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self):
        """Kill whatever is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def ends_within(self, seconds):
        """Return what it has printed, and its exit code, once nobody can print any more.

        Workers have its streams, too, so none of them is left by then.
        """
        out, error = self.process.communicate(timeout=seconds)
        return out, error, self.process.returncode


@contextmanager
def child(script, *args):
    """Run a script beside the test, end it if it hangs, and leave nothing of it running."""
    running = Child(script, *args)
    alarm = threading.Timer(PATIENCE, running.end)
    alarm.start()
    try:
        yield running
    finally:
        alarm.cancel()
        running.end()
        running.process.communicate()
