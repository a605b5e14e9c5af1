"""How many threads this process may use, and threads for blocks of NumPy's arithmetic."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

from joblib import cpu_count
from threadpoolctl import ThreadpoolController


def n_allotted():
    """Return the number of threads that this process was given, None if nobody said.

    joblib and Dask give each worker process its share of the cores in ``OMP_NUM_THREADS``, which a
    user may set, too.
    """
    allotted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(allotted) if allotted.isdecimal() and int(allotted) else None


def n_usable():
    """Return the number of threads that this process may keep busy: its share of the cores."""
    n_cores = cpu_count()
    return min(n_allotted() or n_cores, n_cores)


def map_blocks(function, blocks):
    """Call a function with each of the blocks, in threads if there are several."""
    with one_thread_per_product():
        n_threads = min(n_usable(), len(blocks)) if len(blocks) > 1 else 1
        if n_threads == 1:
            return [function(block) for block in blocks]
        with ThreadPoolExecutor(n_threads) as pool:
            return list(pool.map(function, blocks))


@contextmanager
def one_thread_per_product():
    """Keep matrix products to the thread that asks for them.

    The threads within a product of this size wait for each other, which makes it slower, by ten
    times and more where another process wants the core. The limit is the process's, so one thread
    sets it and takes it back; those that come meanwhile go along.
    """
    if not _limiting.acquire(blocking=False):
        yield
        return
    try:
        with _blas().limit(limits=1):
            yield
    finally:
        _limiting.release()


@cache
def _blas():
    return ThreadpoolController().select(user_api="blas")


_limiting = threading.Lock()
