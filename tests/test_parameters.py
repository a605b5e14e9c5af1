"""Numbers that are none, parameters without effect, and sizes that no machine has."""

import numpy as np
import pytest

from sklearn_lstm import LSTMRegressor
from sklearn_lstm._sklearn_private import Number
from sklearn_lstm.engine.architecture import Architecture
from sklearn_lstm.engine.weights import initial_weights

X, Y = np.random.default_rng(0).standard_normal((8, 3, 1)), np.arange(8.0)
NUMBERS = [
    name
    for name, rules in LSTMRegressor._parameter_constraints.items()
    if any(isinstance(rule, Number) for rule in rules)
]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [True, np.nan, np.inf, -1, "1", np.array(3)], ids=repr)
def test_what_is_no_number_is_refused_by_name(name, value):
    lstm = LSTMRegressor(**{name: value})
    with pytest.raises(ValueError, match=f"'{name}' parameter of LSTMRegressor must be"):
        lstm.fit(X, Y)
    assert not hasattr(lstm, "_members")


def test_all_numbers_are_among_them():
    assert {"units", "epochs", "max_samples", "dropout", "tol", "clipnorm", "alpha"} <= set(NUMBERS)


@pytest.mark.parametrize(
    "params",
    [
        {"units": 10**9},
        {"units": (5, 10**18)},
        {"units": 2000, "ensemble_size": 1000},
        {"units": 10**30},
    ],
    ids=repr,
)
def test_a_network_too_large_for_any_machine_is_refused_before_it_is_made(params):
    with pytest.raises(ValueError, match=r"units=.*ensemble_size=.*Lower"):
        LSTMRegressor(**params).fit(X, Y)


@pytest.mark.parametrize(
    "architecture",
    [
        Architecture(6, 3, 2, (4, 5), bidirectional=True),
        Architecture(6, 3, 2, (4,), segment_length=3, skip_connection=True),
        Architecture(None, 1, 1, (7,)),
    ],
)
def test_weights_are_counted_without_making_them(architecture):
    weights = initial_weights(np.random.default_rng(0), architecture)
    assert architecture.n_weights == sum(array.size for array in weights)


def test_parameters_of_a_builder_ask_for_one():
    with pytest.raises(ValueError, match=r"network_params={'units': 3}.*network=None"):
        LSTMRegressor(network_params={"units": 3}).fit(X, Y)
    LSTMRegressor(2, epochs=1, network_params={}).fit(X, Y)
