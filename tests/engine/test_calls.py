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
    """Have each call pass over a batch, from the time when this is called; before, over all."""
    monkeypatch.setattr(loop, "SECONDS_OF_A_CALL", ENOUGH)

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
    assert len(calls) == EPOCHS * (-(-n_trained // lstm.batch_size) + -(-n_validated // 256))
    assert_same(in_parts, whole)


@pytest.mark.parametrize("relative", [None, "window"])
def test_so_is_one_whose_targets_are_rows(data, calls, of_one_batch, relative):
    X, *_ = data
    X = Windows(X.rows, X.starts, 6, relative=relative, n_relative=1 if relative else 0)
    lstm = LSTMRegressor(5, batch_size=BATCH_SIZE, epochs=EPOCHS, random_state=0)
    whole = clone(lstm).fit(X, FollowingSteps(X, 2, 1))
    calls.clear()
    of_one_batch()
    assert_same(clone(lstm).fit(X, FollowingSteps(X, 2, 1)), whole)
    assert len(calls) == EPOCHS * 44


@pytest.mark.parametrize("outside", ["end", "nearest"])
@pytest.mark.parametrize("max_samples", [None, 50])
def test_so_is_one_of_windows_with_bounds(data, calls, of_one_batch, outside, max_samples):
    X, y, _ = data
    rng = np.random.default_rng(1)
    last = X.starts + rng.integers(2, 6, N_SAMPLES, dtype=np.int32)
    X = Windows(X.rows, X.starts, 6, first=X.starts, last=last, outside=outside)
    lstm = LSTMRegressor(
        5, batch_size=BATCH_SIZE, epochs=EPOCHS, max_samples=max_samples, early_stopping=True,
        validation_fraction=0.8, random_state=0,
    )  # fmt: skip
    whole = clone(lstm).fit(X, y)
    calls.clear()
    of_one_batch()
    assert_same(clone(lstm).fit(X, y), whole)
    assert len(calls) == EPOCHS * (-(-(max_samples or 140) // BATCH_SIZE) + 3)


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
    ("sizes", "n_samples"),
    [
        ((32, 24, 2e6), 312 * 32),  # 10,000 samples are 20 billion operations
        ((8, 24, 10), 8000),  # 1,000 batches
        ((8, 2000, 10), 200),  # 50,000 steps are 25 batches
        ((1000, 24, 10, 100), 10_000),  # 10,485 samples have 2**20 targets
        ((4096, 24, 1e10), 4096),  # a batch, though it is longer than two samples
    ],
)
def test_a_first_call_is_guessed_from_the_work(sizes, n_samples):
    assert CallSize(*sizes).n_samples == n_samples


def test_later_ones_aim_at_their_time():
    size, found = CallSize(10, 24, 2e6), []
    for n_passed, seconds in (
        (10_000, 5.0),  # the first may have lost time: half, not 200
        (5000, 1.0),
        (500, 0.15),  # nearly in time
        (500, 0.08),
        (600, 0.001),  # no more than twice as many
        (10, 0.05),  # a few that were left over tell nothing
        (1250, 0.0),
    ):
        size.adapt(n_passed, seconds, 0.1)
        found.append(size.n_samples)
    assert found == [5000, 500, 500, 620, 1250, 1250, 2500]
    for _ in range(4):
        size.adapt(size.n_samples, 100.0, 0.1)
    assert size.n_samples == 10


def test_many_targets_are_taken_for_few_epochs_at_a_time(calls):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 3, 1)), rng.standard_normal((40, 5000))
    LSTMRegressor(2, epochs=12, random_state=0).fit(X, y)
    assert max(orders.size for orders in calls) * 5000 <= call_size.MOST_TARGETS
    assert sum(len(orders) for orders in calls) == 12
