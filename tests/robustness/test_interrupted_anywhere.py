"""An interrupt at any call within the package leaves all of an object as it was, deep down."""

import copy
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import Ridge

import sklearn_lstm
from sklearn_lstm import (
    LSTMForecaster,
    LSTMRegressor,
    SequenceWindower,
    make_lstm_pipeline,
    make_supervised,
)

PACKAGE = str(Path(sklearn_lstm.__file__).parent)
N_PLACES = 40
WAVE = np.sin(np.arange(60) / 3)
PANEL = pd.Series(
    np.tile(WAVE, 2),
    index=pd.MultiIndex.from_product([["a", "b"], pd.date_range("2024-01-01", periods=60)]),
)
NEWER = PANEL.loc[:, "2024-02-20":]
ROWS, TARGETS = make_supervised(WAVE)


def forecaster(**params):
    params = {"window_length": 4, "horizon": 2, **params}
    return LSTMForecaster(Ridge(), **params).fit(PANEL.loc[:, :"2024-02-19"])


# An object, and what is done to it.
SUBJECTS = {
    "windower": (
        lambda: SequenceWindower(3).fit(ROWS),
        lambda model: model.fit(pd.DataFrame({"a": WAVE, "b": -WAVE})),
    ),
    "forecaster": (forecaster, lambda model: model.fit(2 * PANEL)),
    "separate regressors": (
        lambda: forecaster(columns="separate"), lambda model: model.fit(2 * PANEL),
    ),
    "update": (forecaster, lambda model: model.update(NEWER)),
    "update of separate regressors": (
        lambda: forecaster(columns="separate"), lambda model: model.update(NEWER),
    ),
    "update and fit": (forecaster, lambda model: model.update(NEWER, refit=True)),
    "predict": (forecaster, lambda model: model.predict(5)),
    "regressor": (
        lambda: LSTMRegressor(2, epochs=1, random_state=0).fit(ROWS[:, :, None], TARGETS),
        lambda model: model.fit(ROWS[:, :, None], 2 * TARGETS),
    ),
    "partial_fit": (
        lambda: LSTMRegressor(2, epochs=1, random_state=0).fit(ROWS[:, :, None], TARGETS),
        lambda model: model.partial_fit(ROWS[:, :, None], 2 * TARGETS),
    ),
    "pipeline": (
        lambda: make_lstm_pipeline(3, units=2, epochs=1, random_state=0).fit(ROWS, TARGETS),
        lambda model: model.fit(5 * ROWS, 2 * TARGETS),
    ),
}  # fmt: skip
LEFT_OUT = "<genexpr>", "aligned_copy", "aligned_empty"
KEEPING = "regressor", "partial_fit"  # the weights of whole epochs, of which they have one


def calls_within_the_package(call, interrupted_at=None):
    """Count them, or raise a KeyboardInterrupt at one of them.

    Generator expressions are left out: of one that is closed Python swallows what is raised. So is
    what makes a copy, since arrays that happen to lie well are not copied.
    """
    n_calls = 0

    def count(frame, event, _):
        nonlocal n_calls
        code = frame.f_code
        is_ours = code.co_filename.startswith(PACKAGE) and code.co_name not in LEFT_OUT
        if event == "call" and is_ours:
            if n_calls == interrupted_at:
                raise KeyboardInterrupt
            n_calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(before)
    return n_calls


def assert_same(one, other):
    """Compare all that is reachable; what the other has cached beside it is no change."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray) and one.dtype != object:
        assert_array_equal(one, other)
    elif isinstance(one, pd.Index | pd.Series | pd.DataFrame):
        assert one.equals(other[: len(one)])  # a grid is counted on as far as it is asked for
    elif isinstance(one, dict):
        for key, value in one.items():
            assert_same(value, other[key])
    elif isinstance(one, list | tuple):
        for pair in zip(one, other, strict=True):
            assert_same(*pair)
    elif hasattr(one, "__dict__") and not callable(one):
        assert_same(vars(one), vars(other))
    else:
        assert one is other or one == other


def twins(model):
    """Return a copy and its copy, always the same, since to copy may cache something."""
    one = copy.deepcopy(model)
    return one, copy.deepcopy(one)


@pytest.mark.parametrize("name", SUBJECTS)
def test_an_interrupt_anywhere_changes_nothing(name):
    make, change = SUBJECTS[name]
    model = make()
    for _ in range(2):  # the first time something may be compiled
        done, _ = twins(model)
        n_calls = calls_within_the_package(lambda: change(done))  # noqa: B023
    assert n_calls > 5
    for place in np.unique(np.linspace(0, n_calls - 1, N_PLACES).astype(int)).tolist():
        tried, twin = twins(model)
        attributes = dict(vars(tried))
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with pytest.raises(KeyboardInterrupt):
                calls_within_the_package(lambda: change(tried), place)  # noqa: B023
        if name in KEEPING and any("Training interrupted" in str(one.message) for one in said):
            assert_same(done.weights_, tried.weights_)
            continue
        assert_same(twin, tried)
        assert all(vars(tried)[key] is value for key, value in attributes.items())
