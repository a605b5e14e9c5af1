"""Epochs that a program makes in several calls: as if in one, and stopped between them."""

import threading
import time

import keras
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from sklearn_lstm import LSTMRegressor
from sklearn_lstm.engine import call_size, loop, programs, threads
from sklearn_lstm.engine.call_size import CallSize
from sklearn_lstm.windows.rows import FollowingSteps, Windows

N_SAMPLES, BATCH_SIZE, EPOCHS = 700, 16, 3
ENOUGH = 60  # seconds


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((N_SAMPLES + 8, 3)).astype(np.float32)
    windows = Windows(rows, np.arange(N_SAMPLES, dtype=np.int32), 6)
    return windows, rng.standard_normal((N_SAMPLES, 2)), rng.uniform(0.5, 2, N_SAMPLES)


@pytest.fixture
def calls(monkeypatch):
    """The orders of each call that is made of a program."""
    call, made = programs.ProgramTrainer._call, []

    def seen(trainer, orders, *others):
        made.append(orders.copy())
        return call(trainer, orders, *others)

    monkeypatch.setattr(programs.ProgramTrainer, "_call", seen)
    return made


@pytest.fixture
def of_one_batch(monkeypatch):
    """Have each call pass over a batch, from the time when this is called."""

    def start():
        monkeypatch.setattr(call_size, "FIRST_BATCHES", 1)
        monkeypatch.setattr(loop, "SECONDS_OF_A_CALL", 0)

    return start


def assert_same(fitted, expected):
    for one, other in zip(fitted.weights_, expected.weights_, strict=True):
        assert_array_equal(one, other)
    assert fitted.loss_curve_ == expected.loss_curve_
    assert fitted.validation_loss_curve_ == expected.validation_loss_curve_


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("params", "n_trained", "n_validated"),
    [
        ({}, 700, 0),
        ({"units": (4, 3), "dropout": 0.3, "alpha": 1e-3, "clipnorm": 0.1}, 700, 0),
        ({"shuffle": False}, 700, 0),
        ({"max_samples": 100}, 100, 0),
        ({"early_stopping": True, "validation_fraction": 0.8}, 140, 560),
        ({"early_stopping": True, "max_samples": 100}, 100, 70),
        ({"optimizer": keras.optimizers.SGD(0.1), "batch_size": 17}, 700, 0),
    ],
    ids=str,
)
def test_an_epoch_in_many_calls_is_the_one_in_a_single(
    data, calls, of_one_batch, params, n_trained, n_validated, weighted
):
    X, y, weights = data
    lstm = LSTMRegressor(**{"units": 5, "batch_size": BATCH_SIZE, "random_state": 0, **params})
    lstm.set_params(epochs=EPOCHS)
    given = {"sample_weight": weights} if weighted else {}
    whole = clone(lstm).fit(X, y, **given)
    assert all(orders.shape[1] == n_trained for orders in calls)
    calls.clear()
    of_one_batch()
    in_parts = clone(lstm).fit(X, y, **given)
    n_batches = -(-n_trained // lstm.batch_size)
    # The last of training goes on to validate with one batch; each of the others has its own call.
    n_more = max(-(-n_validated // 256) - 1, 0)
    assert len(calls) == EPOCHS * (n_batches + n_more)
    assert_same(in_parts, whole)


@pytest.mark.parametrize("relative", [None, "window"])
def test_so_is_one_whose_targets_are_rows(data, calls, of_one_batch, relative):
    X, *_ = data
    X = Windows(X.rows, X.starts, 6, relative=relative, n_relative=1 if relative else 0)
    lstm = LSTMRegressor(5, batch_size=BATCH_SIZE, epochs=EPOCHS, random_state=0)
    whole = clone(lstm).fit(X, FollowingSteps(X, 2, 1))
    of_one_batch()
    assert_same(clone(lstm).fit(X, FollowingSteps(X, 2, 1)), whole)
    assert len(calls) == 1 + EPOCHS * 44


def test_an_interruption_within_an_epoch_keeps_the_whole_ones_before(
    data, of_one_batch, monkeypatch
):
    X, y, _ = data
    call, made = programs.ProgramTrainer._call, []

    def interrupted(*args):
        made.append(args)
        if len(made) == 2 * 44 + 20:
            raise KeyboardInterrupt
        return call(*args)

    of_one_batch()
    lstm = LSTMRegressor(5, batch_size=BATCH_SIZE, epochs=EPOCHS, random_state=0)
    with monkeypatch.context() as patch:
        patch.setattr(programs.ProgramTrainer, "_call", interrupted)
        with (
            pytest.warns(UserWarning, match="after 2 of 3 epochs"),
            pytest.raises(KeyboardInterrupt),
        ):
            lstm.fit(X, y)
    assert_same(lstm, clone(lstm).set_params(epochs=2).fit(X, y))


def test_a_network_hears_within_its_epoch_that_another_has_failed(data, of_one_batch, monkeypatch):
    X, y, _ = data
    monkeypatch.setattr(threads, "cpu_count", lambda: 2)
    call, made = programs.ProgramTrainer._call, []
    both, has_failed = threading.Barrier(2), threading.Event()

    def failing(trainer, *args):
        if trainer not in made:
            is_first = both.wait(ENOUGH) == 0
            if is_first:
                has_failed.set()
                raise ValueError("a network fails")
            has_failed.wait(ENOUGH)
        made.append(trainer)
        time.sleep(0.01)
        return call(trainer, *args)

    monkeypatch.setattr(programs.ProgramTrainer, "_call", failing)
    of_one_batch()
    with pytest.raises(ValueError, match="a network fails"):
        LSTMRegressor(2, batch_size=BATCH_SIZE, epochs=1, ensemble_size=2).fit(X, y)
    assert len(made) < 44


@pytest.mark.parametrize(
    ("batch_size", "n_operations", "n_trained", "n_validated"),
    [
        (32, 2e6, 312 * 32, 39 * 256),  # 10,000 samples are 20 billion operations
        (8, 10, 8000, 31 * 256),  # 1,000 batches
        (1000, 10, 65_000, 256 * 256),  # 65,536 samples
        (4096, 1e10, 4096, 256),  # two samples
    ],
)
def test_a_first_call_is_guessed_from_the_work(batch_size, n_operations, n_trained, n_validated):
    size = CallSize(batch_size, n_operations)
    assert (size.n_trained, size.n_validated) == (n_trained, n_validated)


def test_later_ones_aim_at_their_time():
    size, found = CallSize(10, 2e6), []
    for n_passed, seconds in ((10_000, 2.0), (5000, 1.0), (2500, 0.2), (1000, 0.01), (2000, 0.0)):
        size.adapt(n_passed, seconds, 0.1)
        found.append(size.n_trained)
    # Half at least, and half again; 10,000 a second; twice at most, and again in no time at all.
    assert found == [5000, 2500, 1250, 2500, 5000]
    for _ in range(40):
        size.adapt(size.n_trained, 10.0, 0.1)
    assert size.n_trained == 10
