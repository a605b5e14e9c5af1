"""The networks of an ensemble train at the same time, each as if it were alone."""

import signal
import threading
import time

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from sklearn_lstm import LSTMRegressor
from sklearn_lstm.engine import programs, threads
from sklearn_lstm.engine.member import Member
from sklearn_lstm.engine.side_by_side import map_side_by_side


@pytest.fixture(params=[1, 2, 3, 8])
def n_cores(request, monkeypatch):
    monkeypatch.setattr(threads, "cpu_count", lambda: request.param)
    return request.param


@pytest.fixture
def threads_of_runs(monkeypatch):
    """The threads that programs have been run from."""
    run, found = programs.ProgramTrainer.run, set()

    def seen(trainer, *args):
        found.add(threading.current_thread())
        return run(trainer, *args)

    monkeypatch.setattr(programs.ProgramTrainer, "run", seen)
    return found


def networks(ensemble):
    n = len(ensemble.weights_) // ensemble.ensemble_size
    return [ensemble.weights_[i : i + n] for i in range(0, len(ensemble.weights_), n)]


def trained_alone(lstm, member, X, y):
    """Train a network of an ensemble by itself, from its initial weights."""
    alone = clone(lstm).set_params(ensemble_size=1, epochs=1).fit(X, y)
    alone._members = [Member(member.seed, alone._initial_weights(member.seed, None))]
    return alone.set_params(warm_start=True, epochs=lstm.epochs).fit(X, y)


@pytest.mark.parametrize("n_parts", [1, 2])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"units": 100},
        {"dropout": 0.3, "units": (5, 3), "max_samples": 20},
        {"early_stopping": True, "tol": 0.01, "n_iter_no_change": 1, "learning_rate": 0.05},
    ],
    ids=["plain", "own gradient in two parts", "random", "stopped early"],
)
def test_each_network_is_the_one_that_is_trained_alone(
    windows, monkeypatch, n_cores, threads_of_runs, n_parts, params
):
    X, y = windows
    monkeypatch.setattr(programs, "number_of_parts", lambda *_: n_parts)
    lstm = LSTMRegressor(**{"units": 6, "epochs": 4, "random_state": 0, **params})
    ensemble = clone(lstm).set_params(ensemble_size=3).fit(X, y)
    assert len(threads_of_runs) == 1 or n_cores > 1
    for member, weights in zip(ensemble._members, networks(ensemble), strict=True):
        alone = trained_alone(lstm, member, X, y)
        assert member.losses == alone.loss_curve_
        for one, other in zip(weights, alone.weights_, strict=True):
            assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("n_cores", "n_networks", "n_at_once"), [(1, 3, 1), (2, 5, 5), (2, 9, 2), (4, 3, 3)]
)
def test_few_networks_train_all_at_once_and_many_one_on_each_core(
    windows, monkeypatch, n_cores, n_networks, n_at_once
):
    X, y = windows
    monkeypatch.setattr(threads, "cpu_count", lambda: n_cores)
    all_are_there = threading.Barrier(n_at_once)
    weights, seen = programs.ProgramTrainer.weights, set()

    def waiting(trainer):
        if threading.current_thread() not in seen:
            seen.add(threading.current_thread())
            all_are_there.wait(60)
        return weights(trainer)

    monkeypatch.setattr(programs.ProgramTrainer, "weights", waiting)
    LSTMRegressor(2, epochs=3, ensemble_size=n_networks).fit(X, y)
    assert len(seen) == n_at_once
    assert (threading.main_thread() in seen) == (n_cores == 1)


def test_networks_keep_to_the_threads_that_the_process_was_given(
    windows, monkeypatch, threads_of_runs
):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    LSTMRegressor(2, epochs=1, ensemble_size=3).fit(*windows)
    assert threads_of_runs == {threading.main_thread()}


def test_networks_of_kerass_layers_train_one_after_the_other(windows, threads_of_runs):
    import keras

    LSTMRegressor(2, optimizer=keras.optimizers.SGD(0.1), epochs=1, ensemble_size=2).fit(*windows)
    assert threads_of_runs == {threading.main_thread()}


def test_what_runs_at_once_is_traced_once(windows, monkeypatch):
    monkeypatch.setattr(threads, "cpu_count", lambda: 4)
    monkeypatch.setattr(programs, "_programs", programs._ProgramCache(4))
    before = programs.n_traces()
    LSTMRegressor(3, epochs=2, ensemble_size=4).fit(*windows)
    assert programs.n_traces() == before + 1
    assert len(programs._programs._idle) == 1


def test_a_twin_outlives_the_program_that_it_shares(windows, monkeypatch):
    X, y = windows
    monkeypatch.setattr(programs, "_programs", programs._ProgramCache(1))
    lstm = LSTMRegressor(3, epochs=3, random_state=0).fit(X, y)
    ((key, program),) = programs._programs._idle.items()
    programs._programs._idle[key] = program.twin()
    del program
    again = clone(lstm).fit(X, y)
    for one, other in zip(lstm.weights_, again.weights_, strict=True):
        assert_array_equal(one, other)


def test_a_divergence_ends_the_others(windows, monkeypatch):
    X, y = windows
    monkeypatch.setattr(threads, "cpu_count", lambda: 2)
    lstm = LSTMRegressor(2, epochs=10**6, ensemble_size=9, random_state=0)
    run, trainers = programs.ProgramTrainer.run, []

    def diverging(trainer, *args):
        if trainer not in trainers:
            trainers.append(trainer)
        losses, others = run(trainer, *args)
        return ([np.nan] * len(losses) if trainer is not trainers[0] else losses), others

    monkeypatch.setattr(programs.ProgramTrainer, "run", diverging)
    with pytest.raises(ValueError, match="diverged"):
        lstm.fit(X, y)
    assert vars(lstm) == vars(clone(lstm))
    assert len(trainers) == 2
    assert not [t for t in threading.enumerate() if "ThreadPoolExecutor" in t.name]


def test_an_interrupt_of_the_main_thread_ends_all(windows, monkeypatch):
    X, y = windows
    monkeypatch.setattr(threads, "cpu_count", lambda: 2)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    lstm = LSTMRegressor(2, epochs=10**6, ensemble_size=9, random_state=0)
    weights, both = (
        programs.ProgramTrainer.weights,
        threading.Barrier(
            2, lambda: threading.Timer(0.05, signal.raise_signal, [signal.SIGINT]).start()
        ),
    )
    seen = set()

    def interrupting(trainer):
        if trainer not in seen:
            seen.add(trainer)
            both.wait(60)
        return weights(trainer)

    monkeypatch.setattr(programs.ProgramTrainer, "weights", interrupting)
    try:
        with pytest.raises(KeyboardInterrupt):
            lstm.fit(X, y)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert vars(lstm) == vars(clone(lstm))
    assert len(seen) == 2
    assert not [t for t in threading.enumerate() if "ThreadPoolExecutor" in t.name]


def test_the_first_error_is_raised_and_what_has_not_begun_does_not_begin():
    begun, both = [], threading.Barrier(2)

    def train(item, stop):
        begun.append(item)
        if item < 2:
            both.wait(60)
        if item == 1:
            raise ValueError("one")
        assert stop.wait(60)
        raise KeyboardInterrupt  # as a training that is stopped

    with pytest.raises(ValueError, match="one"):
        map_side_by_side(train, range(5), 2)
    assert set(begun) <= {0, 1, 2}


def test_results_are_in_the_order_of_the_items():
    def train(item, stop):
        time.sleep(0.02 * (3 - item))
        return item

    assert map_side_by_side(train, range(3), 3) == [0, 1, 2]
