"""What shares the cores: blocks of a prediction, worker processes, and other people's BLAS."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from joblib import Parallel, delayed
from numpy.testing import assert_allclose, assert_array_equal
from threadpoolctl import ThreadpoolController

from sklearn_lstm import LSTMRegressor, SequenceWindower
from sklearn_lstm.engine.threads import map_blocks, n_allotted


def blas_threads():
    """Threads of NumPy's own BLAS."""
    libraries = ThreadpoolController().info()
    return [
        x["num_threads"] for x in libraries if "numpy" in x["filepath"] and x["user_api"] == "blas"
    ]


def threads_of_tensorflow():
    import tensorflow as tf

    import sklearn_lstm.engine.programs

    threads = tf.config.threading
    return (
        threads.get_intra_op_parallelism_threads(),
        threads.get_inter_op_parallelism_threads(),
        sklearn_lstm.engine.programs.n_traces(),
    )


@pytest.mark.parametrize(
    ("value", "n_threads"), [("3", 3), ("4,2", 4), ("", None), ("0", None), ("many", None)]
)
def test_the_allotted_threads_are_read_from_the_environment(value, n_threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert n_allotted() == n_threads


@pytest.mark.parametrize("n_threads", ["1", "3"])
def test_predictions_do_not_depend_on_the_number_of_threads(n_threads, monkeypatch):
    rows = np.random.default_rng(0).standard_normal((1500, 2))
    X = SequenceWindower(4).fit_transform(rows)
    lstm = LSTMRegressor((5, 3), epochs=1, random_state=0).fit(X, rows)
    one_by_one = np.concatenate([lstm.predict(X[i : i + 1]) for i in range(0, 1500, 100)])
    monkeypatch.setenv("OMP_NUM_THREADS", n_threads)
    many = lstm.predict(X)
    assert_allclose(many[::100], one_by_one, rtol=1e-12, atol=1e-14)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert_array_equal(lstm.predict(X), many)


def test_blas_has_its_threads_back_after_blocks_that_overlap_and_fail():
    before = blas_threads()

    def during(block):
        if block < 0:
            raise ValueError(block)
        return blas_threads()

    assert map_blocks(during, [1, 2]) == [[1], [1]]
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(map_blocks, during, [1, 2, 3]) for _ in range(6)]
        failing = pool.submit(map_blocks, during, [1, -1])
        assert [len(future.result()) for future in running] == [3] * 6
        assert isinstance(failing.exception(), ValueError)
    assert blas_threads() == before
    assert map_blocks(during, [1]) == [[1]]
    assert blas_threads() == before


@pytest.mark.slow
@pytest.mark.parametrize(("allotted", "expected"), [("1", (1, 1, 0)), (None, (0, 0, 0))])
def test_tensorflow_keeps_to_the_allotted_threads(allotted, expected):
    env = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    code = "from test_threads import *; print(threads_of_tensorflow())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=env | ({"OMP_NUM_THREADS": allotted} if allotted else {}),
        cwd=os.path.dirname(__file__), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == str(expected)


@pytest.mark.slow
def test_tensorflow_keeps_to_the_threads_of_a_worker_of_joblib():
    found = Parallel(n_jobs=2, backend="loky")(delayed(threads_of_tensorflow)() for _ in range(2))
    share = max(1, os.cpu_count() // 2)
    assert {threads[:2] for threads in found} == {(share, share)}
