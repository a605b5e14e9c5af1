"""Fits and predictions at the same time: the old fit or the new one, and nothing between."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge

from sklearn_lstm import (
    LSTMForecaster,
    LSTMRegressor,
    SequenceWindower,
    make_lstm_pipeline,
    make_supervised,
)

RNG = np.random.default_rng(0)
WINDOWS = RNG.standard_normal((40, 5, 1))
ONE, TWO = WINDOWS[:, -1, 0], WINDOWS[:, :2, 0]  # targets of one column, and of two
WAVE = np.sin(np.arange(60) / 3)
ROWS, TARGETS = make_supervised(WAVE)
SMALL = {"units": 2, "epochs": 2, "random_state": 0}


@pytest.fixture(autouse=True)
def switching_often():
    """Let threads take turns a thousand times as often as they do."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


def seen_while(fit, look, n_fits):
    """Call ``fit(i)`` so many times; return all that ``look()`` has given meanwhile."""
    is_over, seen = threading.Event(), []

    def look_again():
        while not is_over.is_set():
            seen.append(look())
        seen.append(look())

    with ThreadPoolExecutor(2) as pool:
        looking = [pool.submit(look_again) for _ in range(2)]
        try:
            for i in range(n_fits):
                fit(i)
        finally:
            is_over.set()
        for one in looking:
            one.result()
    return seen


def equal(one, other):
    one, other = np.asarray(one), np.asarray(other)
    return one.shape == other.shape and np.array_equal(one, other, equal_nan=True)


def assert_each_is_one_of(seen, expected):
    """Each is there, and nothing else."""
    kinds = {tuple(equal(one, other) for other in expected) for one in seen}
    n = len(expected)
    assert kinds <= {tuple(i == j for j in range(n)) for i in range(n)}, kinds
    assert len(seen) > 4


# An estimator, what it is fitted to in turns, and what is looked at meanwhile. What is fitted
# differs in its number of columns, so that halves of two fits would not go together at all.
SUBJECTS = {
    "regressor": (
        lambda: LSTMRegressor(**SMALL),
        lambda model, i: model.fit(WINDOWS, (ONE, TWO)[i]),
        lambda model: model.predict(WINDOWS),
        6,
    ),
    "its score": (
        lambda: LSTMRegressor(**SMALL, loss="quantile"),
        lambda model, i: model.set_params(quantile=(0.5, [0.1, 0.5, 0.9])[i]).fit(WINDOWS, ONE),
        lambda model: model.score(WINDOWS, ONE),
        6,
    ),
    "pipeline": (
        lambda: make_lstm_pipeline(3, **SMALL),
        lambda model, i: model.fit((ROWS, 5 * ROWS)[i], (TARGETS, 100 * TARGETS)[i]),
        lambda model: model.predict(ROWS),
        6,
    ),
    "windower": (
        SequenceWindower,
        lambda model, i: model.set_params(window_length=(3, 5)[i]).fit((ROWS, 5 * ROWS)[i]),
        lambda model: model.transform([[7.0]]).tolist()[0][-3:],
        400,
    ),
    "forecaster": (
        lambda: LSTMForecaster(Ridge(), window_length=4, horizon=2),
        lambda model, i: model.fit((WAVE, np.column_stack([WAVE, 50 * WAVE]))[i]),
        lambda model: model.predict(3),
        60,
    ),
    "its intervals": (
        lambda: LSTMForecaster(Ridge(), window_length=4, horizon=2),
        lambda model, i: model.fit((WAVE, np.column_stack([WAVE, 50 * WAVE]))[i]),
        lambda model: model.predict_interval(),
        60,
    ),
    "its members": (
        lambda: LSTMForecaster(Ridge(), horizon=2),
        lambda model, i: model.set_params(window_length=(4, 6)[i]).fit(WAVE),
        lambda model: model.members_["window_length"],
        60,
    ),
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_what_is_seen_during_fits_is_one_of_them(name):
    make, fit, look, n_fits = SUBJECTS[name]
    expected = []
    for i in range(2):
        alone = make()
        fit(alone, i)
        expected.append(look(alone))
    assert not equal(*expected)
    model = make()
    fit(model, 0)
    seen = seen_while(lambda i: fit(model, (i + 1) % 2), lambda: look(model), n_fits)
    assert_each_is_one_of(seen, expected)


def test_what_is_seen_during_partial_fits_is_one_epoch_or_the_next():
    alone, expected = LSTMRegressor(**SMALL).fit(WINDOWS, ONE), []
    for _ in range(4):
        expected.append(alone.predict(WINDOWS))
        alone.partial_fit(WINDOWS, ONE)
    expected.append(alone.predict(WINDOWS))
    model = LSTMRegressor(**SMALL).fit(WINDOWS, ONE)
    seen = seen_while(lambda i: model.partial_fit(WINDOWS, ONE), lambda: model.predict(WINDOWS), 4)
    assert_each_is_one_of(seen, expected)


@pytest.mark.parametrize("refit", [False, True])
def test_what_is_seen_during_updates_is_a_forecast_before_or_after(refit):
    alone, expected = LSTMForecaster(Ridge(), window_length=4).fit(WAVE[:40]), []
    model = clone(alone).fit(WAVE[:40])
    for i in range(40, 60):
        expected.append(alone.predict(2))
        alone.update(WAVE[i : i + 1], refit=refit)
    expected.append(alone.predict(2))
    seen = seen_while(
        lambda i: model.update(WAVE[40 + i : 41 + i], refit=refit), lambda: model.predict(2), 20
    )
    assert_each_is_one_of(seen, expected)


FIRST_FITS = {
    "regressor": (LSTMRegressor(**SMALL), (WINDOWS, ONE), lambda model: model.predict(WINDOWS)),
    "weights": (LSTMRegressor(**SMALL), (WINDOWS, ONE), lambda model: model.weights_),
    "pipeline": (
        make_lstm_pipeline(3, **SMALL), (ROWS, TARGETS), lambda model: model.predict(ROWS),
    ),
    "forecaster": (
        LSTMForecaster(LSTMRegressor(**SMALL), window_length=4), (WAVE,),
        lambda model: model.predict(),
    ),
    "windower": (SequenceWindower(), (ROWS,), lambda model: model.transform(ROWS)),
}  # fmt: skip


@pytest.mark.parametrize("name", FIRST_FITS)
def test_what_was_never_fitted_says_so_until_the_first_fit_is_over(name):
    model, data, look = FIRST_FITS[name]
    model = clone(model)

    def seen_or_not():
        try:
            look(model)
        except NotFittedError:
            return False
        return True

    seen = seen_while(lambda i: model.fit(*data), seen_or_not, 1)
    assert seen[-1]
    assert not seen[0]


def test_fits_at_the_same_time_are_those_of_one_after_the_other():
    models = [LSTMRegressor(units, epochs=3, random_state=0) for units in (2, 3, 2, 5)]
    alone = [clone(model).fit(WINDOWS, ONE).predict(WINDOWS) for model in models]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda model: model.fit(WINDOWS, ONE), models))
    for model, expected in zip(models, alone, strict=True):
        assert_array_equal(model.predict(WINDOWS), expected)


def test_of_two_fits_of_one_object_one_is_kept_whole():
    model = LSTMRegressor(**SMALL)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda y: model.fit(WINDOWS, y), [ONE, TWO]))
    expected = [clone(model).fit(WINDOWS, y).predict(WINDOWS) for y in (ONE, TWO)]
    assert_each_is_one_of([model.predict(WINDOWS)] * 5, expected)
