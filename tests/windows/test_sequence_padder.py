"""``SequencePadder`` beside ``np.pad``, and what it refuses."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklearn_lstm import LSTMClassifier, LSTMRegressor, SequencePadder

RNG = np.random.default_rng(0)
LENGTHS = [4, 1, 6, 3, 6, 2]
SEQUENCES = [RNG.normal(5, 3, (length, 2)) for length in LENGTHS]


def written_out(sequences, width):
    return np.stack(
        [
            np.pad(s.astype(float), [(0, width - len(s)), (0, 0)], constant_values=np.nan)
            for s in sequences
        ]
    )


@pytest.mark.parametrize(
    "container",
    [list, tuple, lambda X: np.array(X, dtype=object), lambda X: [s.tolist() for s in X],
     lambda X: [pd.DataFrame(s, columns=["a", "b"]) for s in X],
     lambda X: [pl.DataFrame(s, schema=["a", "b"]) for s in X],
     lambda X: [np.asfortranarray(s) for s in X]],
    ids=["list", "tuple", "object array", "nested lists", "pandas", "polars", "Fortran"],
)  # fmt: skip
def test_a_list_becomes_what_numpy_pads(container):
    padder = SequencePadder()
    padded = padder.fit_transform(container(SEQUENCES))
    assert padded.shape == (6, 6, 2)
    assert padded.dtype == np.float64
    assert_array_equal(np.asarray(padded), written_out(SEQUENCES, 6))
    assert_array_equal(np.asarray(padded[[4, 1]]), written_out(SEQUENCES, 6)[[4, 1]])
    assert (padder.n_features_in_, padder.n_timesteps_, padder.scaler_) == (2, 6, None)


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8, bool])
def test_types_of_numbers(dtype):
    sequences = [(s > 5).astype(dtype) for s in SEQUENCES]
    padded = SequencePadder().fit_transform(sequences)
    assert padded.dtype == (np.float32 if dtype == np.float32 else np.float64)
    assert_array_equal(np.asarray(padded), written_out(sequences, 6))


def test_an_array_is_read_as_the_list_of_its_sequences():
    array = written_out(SEQUENCES, 9)
    padder = SequencePadder().fit(array)
    assert padder.n_timesteps_ == 6
    assert_array_equal(np.asarray(padder.transform(array)), written_out(SEQUENCES, 6))
    again = padder.transform(padder.transform(SEQUENCES))
    assert_array_equal(np.asarray(again), written_out(SEQUENCES, 6))


def test_equal_lengths_hold_no_nan():
    array = RNG.standard_normal((5, 4, 3))
    for X in (array, list(array)):
        assert_array_equal(np.asarray(SequencePadder().fit_transform(X)), array)


@pytest.mark.parametrize("as_list", [True, False])
def test_leading_nan_is_kept_as_missing_history(as_list):
    array = written_out(SEQUENCES, 8)
    array[2, :2] = np.nan
    array[0] = np.roll(array[0], 3, axis=0)  # of 8 steps: 3 missing, 4 known, 1 after the end
    given = list(array) if as_list else array
    padder = SequencePadder(StandardScaler())
    padded = padder.fit_transform(given)
    assert padder.n_timesteps_ == 7
    known = np.concatenate([sequence[~np.isnan(sequence[:, 0])] for sequence in array])
    expected = (array[:, :7] - known.mean(axis=0)) / known.std(axis=0)
    assert_allclose(np.asarray(padded), expected, atol=1e-12)


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler()])
def test_a_scaler_knows_the_steps_alone_each_of_them_once(scaler):
    padder = SequencePadder(scaler)
    padded = padder.fit_transform(SEQUENCES)
    expected = clone(scaler).fit(np.concatenate(SEQUENCES))
    assert_allclose(
        np.asarray(padded), written_out([expected.transform(s) for s in SEQUENCES], 6), atol=1e-12
    )
    assert not hasattr(scaler, "scale_")  # the parameter is left alone
    new = [RNG.normal(0, 1, (2, 2))]
    assert_allclose(np.asarray(padder.transform(new))[0, :2], expected.transform(new[0]))


def test_new_sequences_have_the_longest_length_of_fit_or_their_own():
    padder = SequencePadder().fit(SEQUENCES)
    short, long = [SEQUENCES[0]], [SEQUENCES[0], RNG.standard_normal((11, 2))]
    assert_array_equal(np.asarray(padder.transform(short)), written_out(short, 6))
    assert_array_equal(np.asarray(padder.transform(long)), written_out(long, 11))
    assert padder.n_timesteps_ == 6


def test_the_input_is_left_alone():
    before = [s.copy() for s in SEQUENCES]
    padded = SequencePadder(StandardScaler(copy=False)).fit_transform(SEQUENCES)
    padded[0][:] = 0
    for sequence, copy in zip(SEQUENCES, before, strict=True):
        assert_array_equal(sequence, copy)


def test_parameters_clone_and_pickle():
    padder = SequencePadder(MinMaxScaler((0, 2)))
    assert padder.get_params()["scaler__feature_range"] == (0, 2)
    assert clone(padder.set_params(scaler__clip=True)).scaler.clip
    fitted = pickle.loads(pickle.dumps(padder.fit(SEQUENCES)))
    assert_array_equal(
        np.asarray(fitted.transform(SEQUENCES)), np.asarray(padder.transform(SEQUENCES))
    )
    with pytest.raises(NotFittedError, match="SequencePadder instance is not fitted yet"):
        clone(padder).transform(SEQUENCES)
    with pytest.raises(ValueError, match=r"'scaler' parameter of SequencePadder.*Got 3"):
        SequencePadder(3).fit(SEQUENCES)


def frames(columns=("a", "b")):
    return [pd.DataFrame(s, columns=columns) for s in SEQUENCES]


def test_names_of_columns_are_remembered_and_compared():
    padder = SequencePadder().fit(frames())
    assert_array_equal(padder.feature_names_in_, ["a", "b"])
    padder.transform(SEQUENCES)  # arrays have no names
    with pytest.raises(ValueError, match=r"\['b', 'a'\], fit had \['a', 'b'\]"):
        padder.transform(frames(["b", "a"]))
    assert not hasattr(padder.fit(SEQUENCES), "feature_names_in_")
    mixed = [*frames()[:3], *frames(["b", "a"])[3:]]
    with pytest.raises(ValueError, match=r"X\[3\] has columns \['b', 'a'\], but X\[0\]"):
        padder.fit(mixed)


def with_sequence(i, sequence):
    return [*SEQUENCES[:i], sequence, *SEQUENCES[i + 1 :]]


def with_value(i, place, value):
    changed = SEQUENCES[i].copy()
    changed[place] = value
    return with_sequence(i, changed)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([], "X is an empty list"),
        (with_sequence(2, np.empty((0, 2))), r"X\[2\] is empty, of shape \(0, 2\)"),
        (with_sequence(2, []), r"X\[2\] was taken for a sequence, but has the shape \(0,\)"),
        (with_sequence(2, np.ones((3, 3))), r"X\[2\] has 3 features .*\(3, 3\).*X\[0\] has 2"),
        (with_sequence(1, np.ones(4)), r"X\[1\] was taken for .*\(4,\).*reshape\(-1, 1\)"),
        ([1.0, 2.0, 3.0], r"X\[0\] was taken for a sequence, but has the shape \(\)"),
        (np.ones((5, 4)), r"X has the shape \(5, 4\), .*X\[:, :, np.newaxis\]"),
        (with_sequence(1, np.ones((2, 2, 2))), r"X\[1\] was taken for .*\(2, 2, 2\)"),
        (with_sequence(1, [["a", "b"]]), r"X\[1\] holds something that is no number"),
        (with_sequence(1, [[1.0, 2.0], [3.0]]), r"X\[1\] holds something that is no number"),
        (with_sequence(1, None), r"X\[1\]"),
        (with_value(4, slice(None), np.nan), "Sample 4 of X has no known step"),
        (with_value(4, 2, np.nan), "between the known steps of sample 4, first at step 2"),
        (with_value(4, (5, 0), np.nan), "between the known steps of sample 4, first at step 5"),
        (with_value(0, (0, 1), np.inf), "between the known steps of sample 0, first at step 0"),
        (written_out(with_value(4, 2, np.nan), 8), "of sample 4, first at step 2"),
        (written_out(with_value(4, slice(None), np.nan), 8), "Sample 4 of X has no known step"),
        (np.empty((0, 4, 2)), r"\(0, 4, 2\) holds no value"),
        (None, "X"),
        ("text", "X is a str, but sequences are a list of arrays"),
        (np.full((3, 4, 2), "a"), "X holds something that is no number"),
        (with_sequence(1, np.ones((2, 2), complex)), r"X\[1\] holds complex numbers"),
    ],
)
def test_what_is_no_list_of_sequences_is_refused_and_nothing_changed(X, message):
    padder = SequencePadder(StandardScaler())
    with pytest.raises((ValueError, TypeError), match=message):
        padder.fit(X)
    assert vars(padder).keys() == {"scaler"}
    fitted = padder.fit(SEQUENCES)
    before = vars(fitted).copy()
    for method in (fitted.fit, fitted.transform):
        with pytest.raises((ValueError, TypeError), match=message):
            method(X)
    assert vars(fitted) == before


def test_other_features_than_those_of_fit_are_refused():
    with pytest.raises(ValueError, match=r"X has 3 features, but SequencePadder is expecting 2"):
        SequencePadder().fit(SEQUENCES).transform([np.ones((4, 3))])


MANY = [RNG.normal(i % 2, 0.3, (RNG.integers(3, 9), 2)) for i in range(40)]
SIDE = np.array(["left", "right"] * 20)


def test_a_pipeline_takes_a_list_wherever_scikit_learn_cuts_it():
    lstm = LSTMClassifier(4, epochs=10, learning_rate=0.03, random_state=0)
    model = make_pipeline(SequencePadder(StandardScaler()), lstm)
    model.fit(MANY, SIDE)
    by_hand = SequencePadder(StandardScaler()).fit(MANY)
    expected = clone(lstm).fit(by_hand.transform(MANY), SIDE)
    assert_array_equal(model.predict_proba(MANY), expected.predict_proba(by_hand.transform(MANY)))
    assert_allclose(model.predict_proba(MANY[3:4]), model.predict_proba(MANY)[3:4], atol=1e-12)
    assert model.score(MANY, SIDE) == 1
    folds = StratifiedKFold(3)
    proba = cross_val_predict(model, MANY, SIDE, cv=folds, method="predict_proba")
    train, test = next(folds.split(np.zeros(40), SIDE))
    part = clone(model).fit([MANY[i] for i in train], SIDE[train])
    assert_allclose(proba[test], part.predict_proba([MANY[i] for i in test]), atol=1e-12)


def test_a_search_varies_scaler_and_network_over_a_list():
    model = make_pipeline(SequencePadder(), LSTMRegressor(epochs=2, random_state=0))
    grid = {
        "sequencepadder__scaler": [None, StandardScaler()],
        "lstmregressor__units": [2, 3],
    }
    search = GridSearchCV(model, grid, cv=2, error_score="raise")
    search.fit(MANY, np.array([sequence.mean() for sequence in MANY]))
    assert len(search.cv_results_["params"]) == 4
    assert search.predict(MANY[:3]).shape == (3,)
