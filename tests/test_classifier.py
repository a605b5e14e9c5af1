"""``LSTMClassifier`` beside scikit-learn's conventions, single networks and Keras."""

import pickle
import pydoc
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, logit, softmax
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, log_loss
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from sklearn_lstm import LSTMClassifier, lstm_network
from sklearn_lstm.engine import programs as training

N = 60
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, 6, 2))
SUM = X[:, :, 0].sum(axis=1)
BINARY = (SUM > 0).astype(int)
THREE = np.digitize(SUM, [-1, 1])
LABELS = np.column_stack([SUM > 0, X[:, -1, 1] > 0, X[:, 0, 0] > 1]).astype(int)
TARGETS = {"binary": BINARY, "multiclass": THREE, "multilabel": LABELS}
slow = pytest.mark.slow
KINDS = ["multiclass", *(pytest.param(kind, marks=slow) for kind in ("binary", "multilabel"))]


@pytest.fixture
def small():
    return LSTMClassifier(4, epochs=3, learning_rate=0.01, random_state=0)


def assert_same_weights(one, other, **tolerance):
    for a, b in zip(one.weights_, other.weights_, strict=True):
        assert_allclose(a, b, **{"rtol": 0, "atol": 0} | tolerance)


def test_every_parameter_is_explicit_and_survives_clone():
    given = {
        "units": (3, 2), "dropout": 0.1, "bidirectional": True, "segment_length": 4,
        "skip_connection": True, "pooling": "max", "ensemble_size": 3,
        "class_weight": {"a": 2.0}, "optimizer": "sgd", "learning_rate": 0.2,
        "learning_rate_schedule": "cosine", "clipnorm": 1.0, "alpha": 0.3, "batch_size": 8,
        "epochs": 7, "max_samples": 0.5, "shuffle": False, "early_stopping": True,
        "validation_fraction": 0.2, "n_iter_no_change": 3, "tol": 0.1, "warm_start": True,
        "random_state": 5, "verbose": 1, "network": len, "network_params": {"a": 1},
    }  # fmt: skip
    lstm = LSTMClassifier().set_params(**given)
    assert lstm.get_params() == given
    assert clone(lstm).get_params() == given
    assert is_classifier(lstm)


def test_it_learns_which_wave_it_is():
    t = np.arange(25)
    which = np.tile(["slow", "fast", "flat"], 40)
    speed = np.select([which == "slow", which == "fast"], [0.2, 0.8])
    noise = np.random.default_rng(0).normal(0, 0.2, (120, 25))
    waves = np.sin(speed[:, None] * t) + noise
    lstm = LSTMClassifier(8, epochs=25, learning_rate=0.02, random_state=0)
    assert lstm.fit(waves[:90], which[:90]).score(waves[90:], which[90:]) > 0.95


@pytest.mark.parametrize("ensemble_size", [1, 3])
@pytest.mark.parametrize("kind", TARGETS)
def test_what_is_predicted_fits_together(small, kind, ensemble_size):
    y = TARGETS[kind]
    small.set_params(ensemble_size=ensemble_size).fit(X, y)
    proba, decision = small.predict_proba(X), small.decision_function(X)
    log_proba, predicted = small.predict_log_proba(X), small.predict(X)
    assert_allclose(np.log(proba), log_proba, atol=1e-12)
    assert proba.dtype == decision.dtype == log_proba.dtype == np.float64
    if kind == "binary":
        assert (decision.shape, proba.shape) == ((N,), (N, 2))
        assert_allclose(proba[:, 1], expit(decision), atol=1e-12)
        expected = small.classes_[(proba[:, 1] > 0.5).astype(int)]
    elif kind == "multiclass":
        assert decision.shape == proba.shape == (N, 3)
        assert_allclose(proba, softmax(decision, axis=1), atol=1e-12)
        expected = small.classes_[proba.argmax(axis=1)]
    else:
        assert decision.shape == proba.shape == (N, 3)
        assert_allclose(proba, expit(decision), atol=1e-12)
        expected = (proba > 0.5).astype(int)
    assert_array_equal(predicted, expected)
    assert predicted.shape == y.shape
    if kind != "multilabel":
        assert_allclose(proba.sum(axis=1), 1, atol=1e-12)
    assert small.score(X, y) == accuracy_score(y, expected)


@pytest.mark.parametrize("kind", TARGETS)
def test_an_ensemble_averages_the_probabilities_of_its_networks(small, kind):
    ensemble = clone(small).set_params(ensemble_size=3, epochs=15, learning_rate=0.05)
    ensemble.fit(X, TARGETS[kind])
    alone = clone(ensemble).set_params(ensemble_size=1, epochs=1).fit(X, TARGETS[kind])
    n, probas = len(alone.weights_), []
    for i in range(3):
        alone.weights_ = ensemble.weights_[i * n : (i + 1) * n]
        probas.append(alone.predict_proba(X))
    assert np.abs(probas[0] - probas[1]).max() > 1e-2
    mean = np.mean(probas, axis=0)
    assert_allclose(ensemble.predict_proba(X), mean, atol=1e-12)
    if kind == "binary":
        assert_allclose(ensemble.decision_function(X), logit(mean[:, 1]), atol=1e-9)


def test_probabilities_that_vanish_have_finite_logarithms(small):
    small.fit(X, THREE)
    *rest, bias = small.weights_
    small.weights_ = [*rest, bias + np.array([0, 2000, 0], np.float32)]
    assert (small.predict_proba(X)[:, 0] == 0).all()
    assert np.isfinite(small.predict_log_proba(X)).all()
    assert (small.predict_log_proba(X)[:, 0] < -1900).all()


KINDS_OF_LABELS = {
    "text": np.array(["no", "yes"])[BINARY],
    "a list of text": np.array(["no", "yes"])[BINARY].tolist(),
    "negative numbers": np.array([-7, -1])[BINARY],
    "far apart": np.array([3, 10**12])[BINARY],
    "unsigned": BINARY.astype("u1"),
    "bool": BINARY.astype(bool),
    "whole floats": np.array([-2.0, 5.0])[BINARY],
    "text objects": np.array(["no", "yes"], dtype=object)[BINARY],
    "dates": np.array(["2024-01-01", "2025-01-01"], "M8[D]")[BINARY],
    "categorical": pd.Series(
        pd.Categorical(np.array(["yes", "no"])[BINARY], categories=["yes", "unused", "no"])
    ),
    "Int64": pd.Series(BINARY + 4, dtype="Int64"),
    "boolean": pd.Series(BINARY.astype(bool), dtype="boolean"),
    "pandas string": pd.Series(np.array(["no", "yes"])[BINARY], dtype="string"),
    "polars int": pl.Series(BINARY),
    "polars text": pl.Series(np.array(["no", "yes"])[BINARY]),
    "polars categorical": pl.Series(np.array(["no", "yes"])[BINARY], dtype=pl.Categorical),
}


@pytest.mark.parametrize("name", KINDS_OF_LABELS)
def test_labels_may_be_of_any_kind(small, name):
    y = KINDS_OF_LABELS[name]
    plain = np.asarray(list(y))
    in_order, numbers = np.unique(plain, return_inverse=True)
    expected = clone(small).fit(X, numbers)
    small.fit(X, y, X_val=X[:20], y_val=y[:20])
    assert_same_weights(small, expected)
    assert small.classes_.tolist() == in_order.tolist()
    assert_array_equal(small.predict(X).tolist(), in_order[expected.predict(X)].tolist())
    assert small.predict(X).dtype == small.classes_.dtype
    assert small.score(X, y) == expected.score(X, numbers)
    assert np.isfinite(small.validation_loss_curve_).all()
    again = clone(small).partial_fit(X, y, classes=np.unique(plain)).partial_fit(X, y)
    assert_array_equal(again.classes_.tolist(), in_order.tolist())


@pytest.mark.parametrize(
    "as_given",
    [
        lambda y: y.tolist(), lambda y: y.astype(float), lambda y: y.astype(bool), pd.DataFrame,
        lambda y: pd.DataFrame(y).astype("Int64"), pl.DataFrame,
    ],
)  # fmt: skip
def test_indicators_may_be_of_any_kind(small, as_given):
    expected = clone(small).fit(X, LABELS)
    small.fit(X, as_given(LABELS))
    assert_same_weights(small, expected)
    assert_array_equal(small.classes_, [0, 1, 2])
    assert_array_equal(small.predict(X), expected.predict(X))
    assert set(np.unique(small.predict(X))) <= {0, 1}


def test_a_label_that_all_samples_share_is_learned(small):
    y = np.column_stack([np.ones(N, int), BINARY, np.zeros(N, int)])
    small.set_params(epochs=40, learning_rate=0.05).fit(X, y)
    assert_array_equal(small.predict(X)[:, [0, 2]], y[:, [0, 2]])


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("weight", ["dict", "part of a dict", "balanced"])
def test_class_weight_is_a_sample_weight(small, kind, weight):
    y = np.array(["a", "b", "c"])[TARGETS[kind]]
    classes = np.unique(y)
    given = np.random.default_rng(1).uniform(0, 2, N)
    class_weight = {"a": 0.5, "b": 3.0, "c": 1.5} if kind == "multiclass" else {"a": 4, "b": 1}
    if weight == "part of a dict":
        class_weight = {"b": 3.0}
    if weight == "balanced":
        class_weight = "balanced"
        numbers = compute_class_weight("balanced", classes=classes, y=y)
        of_each = dict(zip(classes, numbers, strict=True))
    else:
        of_each = class_weight
    written_out = given * np.array([of_each.get(label, 1.0) for label in y])
    expected = clone(small).fit(X, y, written_out)
    small.set_params(class_weight=class_weight).fit(X, y, given)
    assert_same_weights(small, expected, atol=1e-6)
    assert_allclose(small.loss_curve_, expected.loss_curve_, rtol=1e-5)


@pytest.mark.parametrize("class_weight", ["balanced", [{0: 1, 1: 3}, {0: 2, 1: 1}, {1: 5}]])
def test_class_weight_of_several_labels_is_a_product(small, class_weight):
    full = class_weight
    if isinstance(class_weight, list):
        full = [{0: 1, 1: 1} | weights for weights in class_weight]
    expected = clone(small).fit(X, LABELS, compute_sample_weight(full, LABELS))
    small.set_params(class_weight=class_weight).fit(X, LABELS)
    assert_same_weights(small, expected, atol=1e-6)


def test_validation_samples_are_weighed_by_their_own_counts(small):
    y, y_val = THREE[:40], THREE[40:]
    weights = compute_sample_weight("balanced", y_val)
    by_class = clone(small).set_params(class_weight="balanced")
    by_class.fit(X[:40], y, X_val=X[40:], y_val=y_val)
    written_out = clone(small).fit(
        X[:40], y, compute_sample_weight("balanced", y),
        X_val=X[40:], y_val=y_val, sample_weight_val=weights,
    )  # fmt: skip
    assert_allclose(by_class.validation_loss_curve_, written_out.validation_loss_curve_, rtol=1e-5)


def test_validation_loss_is_scikit_learns_log_loss(small):
    small.fit(X[:40], THREE[:40], X_val=X[40:], y_val=THREE[40:])
    expected = log_loss(THREE[40:], small.predict_proba(X[40:]), labels=[0, 1, 2])
    assert_allclose(small.validation_loss_curve_[-1], expected, rtol=1e-5)
    small.fit(X[:40], LABELS[:40], X_val=X[40:], y_val=LABELS[40:])
    proba = small.predict_proba(X[40:])
    expected = np.mean([log_loss(LABELS[40:, i], proba[:, i], labels=[0, 1]) for i in range(3)])
    assert_allclose(small.validation_loss_curve_[-1], expected, rtol=1e-5)


def test_a_whole_weight_counts_as_a_repetition(small):
    weight = np.arange(N) % 3
    small.set_params(batch_size=500)
    weighted = clone(small).fit(X, THREE, weight)
    repeated = clone(small).fit(X.repeat(weight, axis=0), THREE.repeat(weight))
    assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-4)


@pytest.mark.parametrize("kind", TARGETS)
def test_partial_fit_is_an_epoch_more(small, kind):
    y = TARGETS[kind]
    whole = clone(small).set_params(epochs=3, dropout=0.2).fit(X, y)
    pieces = clone(whole)
    classes = None if kind == "multilabel" else np.unique(y)[::-1]
    pieces.partial_fit(X, y, classes=classes).partial_fit(X, y).partial_fit(X, y, classes=classes)
    assert_same_weights(pieces, whole)
    assert pieces.loss_curve_ == whole.loss_curve_


def test_partial_fit_may_meet_classes_later(small):
    first = THREE < 2
    small.partial_fit(X[first], THREE[first], classes=[0, 1, 2])
    assert small.predict_proba(X).shape == (N, 3)
    small.partial_fit(X[~first], THREE[~first])
    assert_array_equal(small.classes_, [0, 1, 2])
    assert small.n_iter_ == 2


@pytest.mark.parametrize(
    ("y", "classes", "message"),
    [
        (BINARY, None, "needs all classes in the first call of partial_fit: pass classes="),
        (THREE, [0, 1], "y holds class 2 .*none of those"),
        (BINARY, [0], "one class only"),
        (BINARY, [0, 1, np.nan], "classes contains NaN"),
    ],
)
def test_first_calls_of_partial_fit_that_cannot_be(small, y, classes, message):
    with pytest.raises(ValueError, match=message):
        small.partial_fit(X, y, classes=classes)
    assert vars(small) == vars(clone(small))


def test_later_calls_of_partial_fit_keep_the_classes(small):
    small.partial_fit(X, BINARY, classes=[0, 1])
    before = small.predict_proba(X)
    with pytest.raises(ValueError, match="classes are 0, 1, 2, but were 0, 1"):
        small.partial_fit(X, BINARY, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"class_weight='balanced'.*Give weights as a dict"):
        small.set_params(class_weight="balanced").partial_fit(X, BINARY)
    assert_array_equal(small.predict_proba(X), before)


def test_warm_start_goes_on_from_the_fitted_weights(small):
    small.set_params(warm_start=True).fit(X, THREE)
    first = list(small.loss_curve_)
    few = THREE < 2
    small.fit(X[few], THREE[few])  # which is no reason to forget the third class
    assert small.n_iter_ == 6
    assert small.loss_curve_[:3] == first
    assert_array_equal(small.classes_, [0, 1, 2])
    with pytest.raises(ValueError, match="y holds class 3"):
        small.fit(X, THREE + 1)
    with pytest.raises(ValueError, match="fitted on multiclass targets"):
        small.fit(X, LABELS)
    assert small.n_iter_ == 6
    small.set_params(warm_start=False).fit(X, BINARY)
    assert_array_equal(small.classes_, [0, 1])


@pytest.mark.parametrize("kind", TARGETS)
def test_early_stopping_keeps_the_last_of_each_class(small, kind):
    y = TARGETS[kind]
    small.set_params(early_stopping=True, validation_fraction=0.25, epochs=5, n_iter_no_change=9)
    is_last = np.zeros(N, dtype=bool)
    if kind == "multilabel":
        is_last[-15:] = True
    else:
        for label in np.unique(y):
            rows = np.flatnonzero(y == label)
            is_last[rows[-int(np.ceil(len(rows) / 4)) :]] = True
    inside = clone(small).fit(X, y)
    outside = clone(small).fit(X[~is_last], y[~is_last], X_val=X[is_last], y_val=y[is_last])
    assert_same_weights(inside, outside)
    assert inside.validation_loss_curve_ == outside.validation_loss_curve_


def test_early_stopping_returns_the_best_weights(small):
    small.set_params(units=8, epochs=300, early_stopping=True, validation_fraction=0.3)
    small.set_params(n_iter_no_change=5, learning_rate=0.05).fit(np.repeat(X, 2, axis=0),
                                                                 np.repeat(BINARY, 2))  # fmt: skip
    curve = small.validation_loss_curve_
    assert small.n_iter_ == len(curve) < 300
    assert min(curve[-5:]) > min(curve) - 1e-4


def test_classes_that_are_listed_one_after_the_other_are_both_validated(small):
    order = np.argsort(THREE, kind="stable")
    small.set_params(early_stopping=True, epochs=30, learning_rate=0.03)
    assert small.fit(X[order], THREE[order]).predict(X).max() == 2


def test_a_class_with_one_sample_stays_in_training(small):
    y = np.where(np.arange(N) == N - 1, "rare", np.array(["a", "b"])[BINARY])
    small.set_params(early_stopping=True).fit(X, y)
    assert_array_equal(small.classes_, ["a", "b", "rare"])
    with pytest.raises(ValueError, match=r"No class has two samples.*validation_fraction=0\.1"):
        small.fit(X[:2], ["a", "b"])


def test_max_samples_draws_anew_in_each_epoch(small):
    small.set_params(max_samples=1, epochs=80, learning_rate=1e-30).fit(X, THREE)
    losses = -small.predict_log_proba(X)[np.arange(N), THREE]
    distance = np.abs(np.array(small.loss_curve_)[:, None] - losses)
    assert distance.min(axis=1).max() < 1e-5
    assert len(np.unique(distance.argmin(axis=1))) > 20


@pytest.mark.parametrize("early_stopping", [False, True])
def test_an_interruption_leaves_a_classifier_of_whole_epochs(small, early_stopping, monkeypatch):
    where = "sklearn_lstm.engine.programs.ProgramTrainer.weights"
    owner, _, name = where.rpartition(".")
    original, calls = pydoc.locate(f"{owner}.{name}"), []

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(*args)

    small.set_params(epochs=100, early_stopping=early_stopping, tol=0, n_iter_no_change=100)
    y = np.array(["a", "b", "c"])[THREE]
    with monkeypatch.context() as patch:
        patch.setattr(where, interrupted)
        patch.setattr("sklearn_lstm.engine.loop.SECONDS_OF_A_CALL", 0)  # one epoch each
        with (
            pytest.warns(UserWarning, match="the LSTMClassifier has") as said,
            pytest.raises(KeyboardInterrupt),
        ):
            small.fit(X, y)
    assert said[0].filename == __file__
    assert 0 < small.n_iter_ == len(small.loss_curve_) < 100
    assert_array_equal(small.classes_, ["a", "b", "c"])
    if not early_stopping:
        assert_same_weights(small, clone(small).set_params(epochs=small.n_iter_).fit(X, y))
    assert set(small.predict(X)) <= {"a", "b", "c"}


def test_an_interrupted_ensemble_is_none(small, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(training.ProgramTrainer, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        small.set_params(ensemble_size=2).fit(X, THREE)
    assert vars(small) == vars(clone(small))


def test_random_state_decides_everything(small):
    small.set_params(dropout=0.3, max_samples=0.7)
    np.random.seed(3)
    one = clone(small).fit(X, THREE)
    np.random.seed(4)
    state = np.random.get_state()[1].copy()
    assert_same_weights(clone(small).fit(X, THREE), one)
    assert_array_equal(np.random.get_state()[1], state)
    other = clone(small).set_params(random_state=1).fit(X, THREE)
    assert np.abs(other.predict_proba(X) - one.predict_proba(X)).max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_a_pickle_predicts_without_tensorflow(small, kind, tmp_path):
    small.set_params(ensemble_size=2).fit(X, TARGETS[kind])
    (tmp_path / "model.pickle").write_bytes(pickle.dumps((small, X)))
    code = (
        "import sys, pickle, numpy as np;"
        "model, X = pickle.load(open(sys.argv[1] + '/model.pickle', 'rb'));"
        "model.predict(X), model.decision_function(X);"
        "np.save(sys.argv[1] + '/proba.npy', model.predict_proba(X));"
        "assert not {'tensorflow', 'keras', 'scikeras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True)
    assert_array_equal(np.load(tmp_path / "proba.npy"), small.predict_proba(X))


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("binary", {"ensemble_size": 2}),
        ("multiclass", {"pooling": "mean"}),
        ("multilabel", {"ensemble_size": 2}),
    ],
)
def test_the_keras_model_gives_the_probabilities(small, kind, params):
    small.set_params(**params).fit(X, TARGETS[kind])
    proba = small.predict_proba(X)[:, 1:] if kind == "binary" else small.predict_proba(X)
    assert_allclose(np.asarray(small.model_(X.astype("f4"))), proba, atol=1e-5)


def plain_keras(lstm, y):
    """The same network of Keras's own layers, with the weights that the classifier starts from."""
    n_classes = {"binary": 1, "multiclass": 3, "multilabel": 3}
    (kind,) = [name for name, target in TARGETS.items() if target is y]
    inputs = keras.Input(X.shape[1:])
    layer = keras.layers.LSTM(lstm.units, return_sequences=lstm.pooling != "last")
    x = (keras.layers.Bidirectional(layer) if lstm.bidirectional else layer)(inputs)
    if lstm.pooling != "last":
        pools = keras.layers.GlobalAveragePooling1D, keras.layers.GlobalMaxPooling1D
        x = pools[lstm.pooling == "max"]()(x)
    activation = "softmax" if kind == "multiclass" else "sigmoid"
    model = keras.Model(inputs, keras.layers.Dense(n_classes[kind], activation=activation)(x))
    untrained = clone(lstm).set_params(epochs=1, learning_rate=1e-30)
    model.set_weights(untrained.fit(X, y).weights_)
    return model


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("binary", {}),
        ("multiclass", {"batch_size": 7}),
        pytest.param("multilabel", {}, marks=slow),
        pytest.param("multiclass", {"pooling": "mean"}, marks=slow),
        pytest.param("binary", {"bidirectional": True, "pooling": "max"}, marks=slow),
        pytest.param("multilabel", {"bidirectional": True, "pooling": "mean"}, marks=slow),
    ],
    ids=str,
)
@pytest.mark.parametrize("weighted", [True, pytest.param(False, marks=slow)])
def test_training_equals_keras(kind, params, weighted):
    y = TARGETS[kind]
    weights = np.random.default_rng(2).uniform(0, 3, N) if weighted else None
    lstm = LSTMClassifier(5, **{"learning_rate": 0.01, **params})
    lstm.set_params(epochs=2, shuffle=False, random_state=0)
    model = plain_keras(lstm, y)
    loss = "sparse_categorical_crossentropy" if kind == "multiclass" else "binary_crossentropy"
    optimizer = keras.optimizers.get(lstm.optimizer)
    optimizer.learning_rate = lstm.learning_rate
    model.compile(optimizer, loss)
    history = model.fit(
        X.astype("f4"), y.astype("f4").reshape(N, -1), lstm.batch_size, 2, verbose=0,
        shuffle=False, sample_weight=weights,
    )  # fmt: skip

    lstm.fit(X, y, weights)

    for ours, theirs in zip(lstm.weights_, model.get_weights(), strict=True):
        assert_allclose(ours, theirs, atol=1e-4)
    assert_allclose(lstm.loss_curve_, history.history["loss"], rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TARGETS)
def test_a_keras_optimizer_trains_as_the_named_one_does(small, kind):
    by_object = clone(small).set_params(optimizer=keras.optimizers.Adam(0.01))
    one, other = small.fit(X, TARGETS[kind]), by_object.fit(X, TARGETS[kind])
    assert_same_weights(one, other, atol=1e-5)


def gru(meta, units=3, ends_with="probabilities"):
    n_outputs = meta["n_outputs_"]
    right = "softmax" if meta["target_type_"] == "multiclass" else "sigmoid"
    activation = right if ends_with == "probabilities" else ends_with
    return keras.Sequential(
        [
            keras.Input(meta["X_shape_"][1:]),
            keras.layers.GRU(units),
            keras.layers.Dense(n_outputs, activation=activation),
        ]
    )


def biased(meta):
    """No probabilities, as its first output says: 2."""
    model = gru(meta, ends_with="linear")
    model.layers[-1].set_weights([w + 2 for w in model.layers[-1].get_weights()])
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_a_custom_network_classifies(small, kind):
    y = TARGETS[kind]
    small.set_params(network=gru, network_params={"units": 4}, epochs=2).fit(X, y)
    assert [w.shape for w in small.weights_[:2]] == [(2, 12), (4, 12)]
    proba = small.model_.predict(X, verbose=0)
    ours = small.predict_proba(X)[:, 1:] if kind == "binary" else small.predict_proba(X)
    assert_allclose(ours, proba, atol=1e-5)
    twin = pickle.loads(pickle.dumps(small))
    assert_allclose(twin.predict_log_proba(X), small.predict_log_proba(X), atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_custom_network_without_probabilities_is_refused(small, kind):
    right = "softmax" if kind == "multiclass" else "sigmoid"
    with pytest.raises(ValueError, match=f"network=biased .*no probabilities.*'{right}'"):
        small.set_params(network=biased).fit(X, TARGETS[kind])
    assert vars(small) == vars(clone(small))


@pytest.mark.slow
@pytest.mark.parametrize("kind", TARGETS)
def test_the_built_in_builder_trains_through_scikeras_as_the_built_in_network(small, kind):
    y = TARGETS[kind]
    own = clone(small)
    own.set_params(pooling="mean", warm_start=True, epochs=1, learning_rate=1e-30).fit(X, y)
    small.set_params(network=lstm_network, network_params={"units": 4, "pooling": "mean"})
    small.set_params(warm_start=True, epochs=1, learning_rate=1e-30).fit(X, y)
    small.weights_ = own.weights_
    for lstm in (small, own):
        lstm.set_params(learning_rate=0.01, epochs=2).fit(X, y)
    assert_same_weights(small, own, atol=1e-4)
    assert_allclose(small.predict_proba(X), own.predict_proba(X), atol=1e-4)


def in_scikeras(name, **params):
    from sklearn_lstm.engine.custom_network import _unpatched_keras

    with _unpatched_keras():
        import scikeras.wrappers
    wrapper = getattr(scikeras.wrappers, name)
    return wrapper(model=lstm_network, units=3, epochs=1, verbose=0, **params)


@pytest.mark.parametrize("kind", KINDS)
def test_the_builder_works_in_scikeras_classifier(kind):
    loss = "sparse_categorical_crossentropy" if kind == "multiclass" else "binary_crossentropy"
    theirs = in_scikeras("KerasClassifier", loss=loss).fit(X, TARGETS[kind])
    proba = theirs.predict_proba(X)
    assert proba.min() >= 0
    assert proba.max() <= 1
    if kind != "multilabel":
        assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
        assert set(theirs.predict(X)) <= {0, 1, 2}


@pytest.mark.parametrize("y", [BINARY, 10 * THREE + 5], ids=["two", "three"])
def test_whole_numbers_are_no_classes_to_scikeras_regressor(y):
    theirs = in_scikeras("KerasRegressor", loss="mse", optimizer="sgd")
    model = theirs.initialize(X, y).model_
    weights = model.get_weights()
    model.set_weights([*weights[:-1], weights[-1] + 100])
    assert model.output_shape == (None, 1)
    assert model.predict(X, verbose=0).min() > 90


def wrong(y, place, value):
    y = np.array(y, dtype=object if value is None else float)
    y[place] = value
    return y


BAD = [
    ({}, np.full(N, "a"), "one class only, 'a'"),
    ({}, SUM, "continuous"),
    ({}, wrong(BINARY, 4, np.nan), "y contains NaN: row 4 has no label"),
    ({}, wrong(np.array(["a", "b"])[BINARY], 4, None), "y contains NaN: row 4 has no label"),
    ({}, pd.Series(BINARY, dtype="Int64").where(np.arange(N) != 4), "row 4 has no label"),
    ({}, np.where(LABELS == 1, np.nan, 0), "y contains NaN"),
    ({}, np.column_stack([THREE, THREE]), "several columns of classes.*MultiOutputClassifier"),
    ({}, None, "requires y to be passed"),
    ({}, BINARY[:-1], r"\[60, 59\]"),
    ({}, LABELS[:-1], r"\[60, 59\]"),
    ({"class_weight": {0: 1, 5: 2}}, BINARY, "class_weight names 5, but the classes are 0, 1"),
    ({"class_weight": {"a": 1}}, BINARY, "class_weight names 'a', but the classes are 0, 1"),
    ({"class_weight": {0: -1}}, BINARY, r"class_weight=\{0: -1\} must give weights of zero"),
    ({"class_weight": {0: np.nan}}, BINARY, r"class_weight=\{0: nan\} must give weights of zero"),
    ({"class_weight": {0: "much"}}, BINARY, r"class_weight=\{0: 'much'\} must give weights"),
    ({"class_weight": {0: 0, 1: 0}}, BINARY, "class_weight.*zero"),
    ({"class_weight": [{0: 1}]}, BINARY, "is a list, which is for several labels"),
    ({"class_weight": {0: 1, 1: 2}}, LABELS, "class_weight=.* a list with a dict for each"),
    ({"class_weight": [{1: 2}] * 2}, LABELS, "must be a list with a dict for each of 3 labels"),
    ({"class_weight": [{1: 2}, {4: 2}, {}]}, LABELS, "class_weight names 4"),
    ({"class_weight": [{1: 2}, {1: -2}, {}]}, LABELS, "must give weights of zero"),
    ({"class_weight": "auto"}, BINARY, "'class_weight'.*Got 'auto'"),
    ({"pooling": "sum"}, BINARY, "'pooling'.*Got 'sum'"),
    ({"early_stopping": True, "validation_fraction": 0.0}, BINARY, "'validation_fraction'"),
]


@pytest.mark.parametrize(("params", "y", "message"), BAD)
def test_what_cannot_be_learned_is_refused_and_nothing_changed(small, params, y, message):
    with pytest.raises(ValueError, match=message):
        small.set_params(**params).fit(X, y)
    assert vars(small) == vars(clone(small))


@pytest.mark.parametrize("container", [list, lambda X: np.array(X, dtype=object)])
def test_sequences_in_a_list_are_led_to_the_padder(small, container):
    unequal = container([X[0], *(x[:3] for x in X[1:])])
    with pytest.raises(ValueError, match=r"windows of different shapes.*SequencePadder"):
        small.fit(unequal, BINARY)
    assert vars(small) == vars(clone(small))


def test_a_refused_fit_leaves_the_fitted_classifier_as_it_was(small):
    before = small.fit(X, np.array(["a", "b", "c"])[THREE]).predict_proba(X)
    for _, y, message in BAD[:6]:
        with pytest.raises(ValueError, match=message):
            small.fit(X, y)
    assert_array_equal(small.classes_, ["a", "b", "c"])
    assert_array_equal(small.predict_proba(X), before)


@pytest.mark.parametrize(
    ("y", "y_val", "message"),
    [
        (THREE, np.full(5, 7), r"X_val, y_val: y holds class 7 \(row 0\).*knows: 0, 1, 2"),
        (np.array(["a", "b"])[BINARY], ["a", "b", "c", "a", "b"], r"class 'c' \(row 2\).*'a', 'b'"),
        (np.array(["a", "b"])[BINARY], [0, 1, 0, 1, 0], r"y holds class 0 \(row 0\).*'a', 'b'"),
        (BINARY, np.array(["a"] * 5, dtype=object), r"y holds class 'a' \(row 0\).*knows: 0, 1"),
        (LABELS, LABELS[:5, :2], "X_val, y_val: y has 2 outputs.*fitted on 3"),
        (LABELS, BINARY[:5], "X_val, y_val: y has the shape.*multilabel"),
        (THREE, SUM[:5], "X_val, y_val: .*continuous"),
    ],
)
def test_validation_data_of_other_classes_are_refused(small, y, y_val, message):
    with pytest.raises(ValueError, match=message):
        small.fit(X, y, X_val=X[:5], y_val=y_val)
    assert vars(small) == vars(clone(small))


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "predict_log_proba", "decision_function"]
)
def test_prediction_needs_a_fit_and_its_shape(small, method):
    with pytest.raises(NotFittedError, match="LSTMClassifier instance is not fitted yet"):
        getattr(small, method)(X)
    small.fit(X, THREE)
    with pytest.raises(ValueError, match="X has 1 features, but LSTMClassifier is expecting 2"):
        getattr(small, method)(X[:, :, :1])
    bad = X.copy()
    bad[2, 3] = np.nan
    with pytest.raises(ValueError, match="step 3 of window 2"):
        getattr(small, method)(bad)
