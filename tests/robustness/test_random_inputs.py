"""The random inputs, a few hundred of them, and the machine that runs and judges them."""

import os
import time

import numpy as np
import pytest

from .random_doors import QUICK, Trial
from .random_trials import (
    BAD,
    DOORS,
    GOOD,
    HANG,
    REFUSED,
    UNCLEAR,
    WRONG,
    Outcome,
    Worker,
    counts,
    one_trial,
)

N_INPUTS = 300


def test_a_few_hundred_random_inputs_are_answered_well_or_refused_clearly():
    with Worker(seed=0, doors=[*QUICK, "predict_command"], limit=20) as worker:
        outcomes = [worker.run(number) for number in range(N_INPUTS)]
    bad = [f"{o.kind}, {o.door} {o.number}: {o.words}: {o.said}" for o in outcomes if o.kind in BAD]
    assert not bad, "\n".join(bad)
    kinds = [outcome.kind for outcome in outcomes]
    assert min(kinds.count(GOOD), kinds.count(REFUSED)) > N_INPUTS / 5


def test_a_seed_and_a_number_give_the_same_input_again():
    first, again = (one_trial(3, 5, list(QUICK)) for _ in range(2))
    assert first == again
    assert one_trial(3, 6, list(QUICK)).words != first.words


def _refused_by_numpy():
    np.linalg.inv(np.zeros((2, 2)))


def _refused():
    from sklearn_lstm import SequenceWindower

    SequenceWindower("two").fit([[1.0]])


def _warned():
    return np.array([1e300]) ** 2


def _changed(given=np.zeros(2)):  # noqa: B008 - one array for all calls
    given += 1


def _agrees(result):
    assert result is None


def _disagrees(result):
    assert result == "something else"


@pytest.mark.parametrize(
    ("kind", "call", "check"),
    [
        (GOOD, lambda: None, _agrees),
        (WRONG, lambda: None, _disagrees),
        (WRONG, _changed, _agrees),
        (REFUSED, _refused, _agrees),
        (UNCLEAR, _refused_by_numpy, _agrees),
        (UNCLEAR, lambda: [][0], _agrees),
        (UNCLEAR, lambda: int("x"), _agrees),
        (UNCLEAR, _warned, lambda result: None),
    ],
)
def test_an_outcome_is_judged_by_what_came_of_the_call(monkeypatch, kind, call, check):
    given = _changed.__defaults__[0]
    monkeypatch.setitem(DOORS, "door", lambda rng: Trial("an input", call, check, given))
    assert one_trial(0, 0, ["door"]).kind == kind


def test_what_is_half_changed_after_an_error_is_wrong(monkeypatch):
    trial = Trial("an input", _refused, _agrees, after_error=lambda: _disagrees(None))
    monkeypatch.setitem(DOORS, "door", lambda rng: trial)
    assert one_trial(0, 0, ["door"]).kind == WRONG


def _hangs_at_one(seed, number, doors):
    if number == 1:
        time.sleep(60)
    if number == 2:
        os._exit(3)
    return f"outcome {number}"


def test_a_trial_that_hangs_or_dies_is_told_and_the_next_ones_run():
    with Worker(seed=0, doors=[], limit=1, trial=_hangs_at_one) as worker:
        outcomes = [worker.run(number) for number in range(4)]
    assert [outcomes[0], outcomes[3]] == ["outcome 0", "outcome 3"]
    assert [outcome.kind for outcome in outcomes[1:3]] == [HANG, HANG]
    assert "within 1 s" in outcomes[1].said
    assert "exit code 3" in outcomes[2].said


def test_counts_are_of_each_door_and_of_all():
    outcomes = [Outcome(0, "a", GOOD, ""), Outcome(1, "b", GOOD, ""), Outcome(2, "b", WRONG, "")]
    rows = [line.split() for line in counts(outcomes).splitlines()[1:]]
    assert rows == [list("a10000"), list("b10010"), ["all", *"20010"]]
