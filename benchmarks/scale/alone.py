"""Functions called in processes of their own, under whichever Python has what they need."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

from .footing import OUT_OF_MEMORY

ROOT = Path(__file__).parents[2]


class NotThereError(RuntimeError):
    """The package does not offer, in this version, what a case asks for."""


class FailedError(RuntimeError):
    """A call failed in the other process; the message holds the traceback."""


class Alone:
    """A process that calls functions, ``"module:name"``, one after the other.

    Arguments and answers travel as JSON, so that the other Python may have other packages.
    """

    def __init__(self, python=sys.executable):
        path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [python, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # TensorFlow greets each process that it starts in
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
        )

    def call(self, function, **arguments):
        print(json.dumps([function, arguments]), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise FailedError(_why_ended(self._process.wait()))
        kind, value = json.loads(answer)
        if kind == "answer":
            return value
        raise (NotThereError if kind == "not there" else FailedError)(value)

    @property
    def is_alive(self):
        return self._process.poll() is None

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def _why_ended(code):
    if code == OUT_OF_MEMORY:
        return "it needs more memory than the machine has"
    return f"the process ended with code {code}"


def serve():
    """Answer the lines of the standard input; what else is printed goes elsewhere."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        print(_answer(*json.loads(line)), file=answers, flush=True)


def _answer(function, arguments):
    # This module runs as __main__, so its classes are there twice: they are told by their names.
    module, _, name = function.partition(":")
    try:
        value = getattr(importlib.import_module(module), name)(**arguments)
        return json.dumps(["answer", value])
    except Exception as error:
        if type(error).__name__ == NotThereError.__name__:
            return json.dumps(["not there", str(error)])
        return json.dumps(["failed", traceback.format_exc()])


if __name__ == "__main__":
    serve()
