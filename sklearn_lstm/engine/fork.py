"""Whether this process is the fork of one in which TensorFlow had begun.

A fork has one thread, a copy of that which called it. TensorFlow counts on all of those that it had
started and waits for them without end. Python says when it forks; what NumPy does is not concerned.
"""

import os
import sys

_lacks_threads = False


def check_not_forked():
    """Refuse to use TensorFlow where it would hang.

    Raises
    ------
    RuntimeError
        If the process was forked after TensorFlow had begun.
    """
    if _lacks_threads:
        raise RuntimeError(
            "TensorFlow would hang in this process, which was forked from one that had used it: a "
            "fork lacks the threads of its parent. Start processes another way, by joblib's "
            "default backend 'loky' or multiprocessing.get_context('spawn') or 'forkserver', or "
            "fork before the first fit. Predictions of built-in networks need no TensorFlow and "
            "work here, too."
        )


def _note_fork():
    global _lacks_threads
    module = sys.modules.get("tensorflow.python.eager.context")
    context = module and module.context_safe()
    _lacks_threads = _lacks_threads or getattr(context, "_initialized", False)


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork either
    os.register_at_fork(after_in_child=_note_fork)
