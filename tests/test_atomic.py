"""Attributes that are replaced in one step, and methods that read a snapshot of them."""

import inspect

import pytest

from sklearn_lstm import LSTMForecaster, LSTMRegressor, SequenceWindower
from sklearn_lstm._atomic import on_snapshot, replaced_at_once


class Pair:
    """Two attributes that belong together."""

    def __init__(self, left, right):
        self.left, self.right = left, right

    def __getstate__(self):  # what is pickled is not what is copied
        return {}

    @on_snapshot
    def both(self, meanwhile):
        """Return both, and do something between."""
        left = self.left
        meanwhile()
        return left, self.right


def test_a_method_reads_what_was_there_when_it_was_called():
    pair = Pair(1, 1)
    assert pair.both(lambda: vars(pair).update(left=2, right=2)) == (1, 1)
    assert pair.both(lambda: None) == (2, 2)


def test_attributes_are_replaced_all_at_once():
    pair = Pair(1, 1)
    with replaced_at_once(pair) as changed:
        changed.left = 2
        assert vars(pair) == {"left": 1, "right": 1}
        changed.right = 2
        del changed.left
        assert vars(pair) == {"left": 1, "right": 1}
    assert vars(pair) == {"right": 2}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_nothing_is_replaced_after_an_error(error):
    pair = Pair([1], [1])
    left = pair.left

    def fail():
        with replaced_at_once(pair) as changed:
            changed.left = [2]
            changed.new = 3
            raise error

    with pytest.raises(error):
        fail()
    assert vars(pair) == {"left": [1], "right": [1]}
    assert pair.left is left


@pytest.mark.parametrize(
    "method", [LSTMRegressor.predict, LSTMForecaster.predict_interval, SequenceWindower.transform]
)
def test_a_method_on_a_snapshot_keeps_its_signature_and_docstring(method):
    assert "X" in inspect.signature(method).parameters
    assert "Parameters\n" in method.__doc__
