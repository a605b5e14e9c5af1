"""TensorFlow, imported without the log lines that it writes by then.

It writes them past Python, and those of its import past ``TF_CPP_MIN_LOG_LEVEL``, too. Whoever has
set that variable gets what TensorFlow writes.
"""

import os
import re
import sys
import tempfile
from contextlib import contextmanager

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
LOG_LINE = re.compile(
    rb"[IW]\d{4} \d\d:\d\d|WARNING: All log messages before absl|To enable the foll"
)


@contextmanager
def without_log_lines():
    """Hold back what is written to standard error, and write what is no log line afterwards."""
    if LEVEL in os.environ or "tensorflow" in sys.modules:
        yield
        return
    os.environ[LEVEL] = "2"  # read once, while TensorFlow is imported
    try:
        with _held_back() as held:
            yield
            held.drops_log_lines = True
    finally:
        os.environ.pop(LEVEL, None)


class _Held:
    """What was written meanwhile: all of it matters, where the import failed."""

    drops_log_lines = False

    def written_to(self, stderr, file):
        file.seek(0)
        for line in file:
            if not (self.drops_log_lines and LOG_LINE.match(line)):
                os.write(stderr, line)


@contextmanager
def _held_back():
    held = _Held()
    try:
        stderr = os.dup(2)
    except OSError:  # a program without standard error
        yield held
        return
    with tempfile.TemporaryFile() as file:
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(file.fileno(), 2)
        try:
            yield held
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(stderr, 2)
            held.written_to(stderr, file)
            os.close(stderr)


with without_log_lines():
    try:
        import tensorflow as tf
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":  # something that TensorFlow itself lacks
            raise
        raise ImportError(
            "Training, and what is Keras's (model_, custom networks), needs TensorFlow; other "
            "predictions don't. Install it with: pip install tensorflow"
        ) from error

__all__ = ["tf"]
