"""Sequences of unequal lengths: a sequence alone, unpadded, says what has to come of it."""

import pickle
from functools import cache

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklearn_lstm import LSTMClassifier, LSTMRegressor, SequencePadder, SequenceWindower
from sklearn_lstm.engine.loop import ByLength

RNG = np.random.default_rng(0)
LENGTHS = np.array([9, 1, 4, 7, 2, 5, 9, 3, 6, 8, 1, 4, 9, 2, 7, 5, 3, 8, 6, 4])
SEQUENCES = [RNG.standard_normal((length, 2)) for length in LENGTHS]
N, LONGEST = len(LENGTHS), 9
MEANS = np.array([sequence[:, 0].mean() for sequence in SEQUENCES])
TWO = np.column_stack([MEANS, [sequence[-1, 1] for sequence in SEQUENCES]])
THREE = np.digitize(MEANS, [-0.2, 0.2])


def padded(sequences, width=LONGEST):
    X = np.full((len(sequences), width, 2), np.nan)
    for row, sequence in zip(X, sequences, strict=True):
        row[: len(sequence)] = sequence
    return X


X = padded(SEQUENCES)
NETWORKS = [
    {},
    {"units": (4, 3)},
    {"bidirectional": True},
    {"units": (4, 3), "bidirectional": True, "pooling": "mean"},
    {"pooling": "mean"},
    {"pooling": "max"},
    {"bidirectional": True, "pooling": "max"},
    {"segment_length": 3},
    {"segment_length": 4, "units": (4, 3), "pooling": "mean"},
    {"segment_length": 2, "bidirectional": True, "pooling": "max"},
    {"segment_length": 5, "bidirectional": True},
]
PARALLEL = {"segment_length": 2, "decoding": "parallel"}
SOME = [{"units": (4, 3), "bidirectional": True, "pooling": "mean"}, NETWORKS[9], {}, PARALLEL]


def rest_is_slow(options, n_fast):
    return [*options[:n_fast], *(pytest.param(o, marks=pytest.mark.slow) for o in options[n_fast:])]


def regressor(**params):
    given = {"units": 4, "epochs": 3, "learning_rate": 0.02, "batch_size": 6, "random_state": 0}
    return LSTMRegressor(**given | params)


def classifier(**params):
    given = {"units": 4, "epochs": 3, "learning_rate": 0.02, "batch_size": 6, "random_state": 0}
    return LSTMClassifier(**given | params)


def answers(lstm, X):
    """What an estimator says of sequences, as numbers."""
    return lstm.predict_log_proba(X) if isinstance(lstm, LSTMClassifier) else lstm.predict(X)


@cache
def _fitted(make, items):
    return make(**dict(items)).fit(X, TWO if make is regressor else THREE)


def fitted(make, params):
    """One fit for all tests that ask it."""
    return _fitted(make, tuple(params.items()))


def fitted_pairs(params):
    yield fitted(regressor, params)
    if params in SOME[:3]:
        yield fitted(classifier, params)


def assert_same(found, expected):
    """What differs is the last digits of a float64."""
    assert_allclose(found, expected, rtol=0, atol=1e-12)


def assert_same_training(one, other):
    assert one.loss_curve_ == other.loss_curve_
    for a, b in zip(one.weights_, other.weights_, strict=True):
        assert_array_equal(a, b)


@pytest.mark.parametrize("params", [*NETWORKS, PARALLEL], ids=str)
def test_a_sequence_has_the_same_answer_however_much_padding_and_company_it_has(params):
    for lstm in fitted_pairs(params):
        expected = answers(lstm, X)
        assert lstm.n_timesteps_ == LONGEST
        for width in (LONGEST + 1, LONGEST + 13):
            assert_same(answers(lstm, padded(SEQUENCES, width)), expected)
        assert_same(answers(lstm, X[::-1])[::-1], expected)
        for i in (0, 1, 2, 4):
            one = SEQUENCES[i][np.newaxis]
            assert_same(answers(lstm, one), expected[i : i + 1])
            assert_same(answers(lstm, X[i : i + 1]), expected[i : i + 1])
            assert_same(answers(lstm, X[[i, 5, i]])[[0, 2]], expected[[i, i]])
        assert_same(answers(lstm, SequencePadder().fit_transform(SEQUENCES)), expected)


def segments_of(sequence, length):
    """Fill the last segment up by the last step, and put the steps of each side by side."""
    n_filled = -len(sequence) % length
    filled = np.concatenate([sequence, np.repeat(sequence[-1:], n_filled, axis=0)])
    return filled.reshape(-1, length * sequence.shape[1])


def of_keras(lstm, n_outputs):
    """The network of Keras's own layers, for one sequence at a time."""
    length = lstm.segment_length
    inputs = x = keras.Input((None, 2 * (length or 1)))
    units = lstm.units if isinstance(lstm.units, tuple) else (lstm.units,)
    if length:
        x = keras.layers.Dense(units[0], activation="relu")(x)
    for i, n in enumerate(units):
        returns = i < len(units) - 1 or lstm.pooling != "last"
        layer = keras.layers.LSTM(n, return_sequences=returns)
        x = (keras.layers.Bidirectional(layer) if lstm.bidirectional else layer)(x)
    if lstm.pooling == "mean":
        x = keras.ops.mean(x, axis=1)
    elif lstm.pooling == "max":
        x = keras.ops.max(x, axis=1)
    model = keras.Model(inputs, keras.layers.Dense(n_outputs)(x))
    model.set_weights(lstm.weights_)
    return model


def one_by_one(model, sequences, length):
    batches = (segments_of(sequence, length or 1)[np.newaxis] for sequence in sequences)
    return np.concatenate([model(batch.astype("f4")).numpy() for batch in batches])


@pytest.mark.parametrize("params", NETWORKS, ids=str)
def test_predictions_are_those_of_keras_for_each_sequence_alone(params):
    lstm = fitted(regressor, params)
    expected = one_by_one(of_keras(lstm, 2), SEQUENCES, lstm.segment_length)
    assert_allclose(lstm.predict(X), expected, atol=1e-5)


@pytest.mark.parametrize("params", SOME[:3], ids=str)
def test_probabilities_are_those_of_keras_for_each_sequence_alone(params):
    lstm = fitted(classifier, params)
    logits = one_by_one(of_keras(lstm, 3), SEQUENCES, lstm.segment_length)
    assert_allclose(lstm.predict_proba(X), keras.ops.softmax(logits), atol=1e-5)


@pytest.mark.parametrize("params", rest_is_slow([NETWORKS[9], {}, PARALLEL], 1), ids=str)
def test_the_keras_model_reads_the_padded_array(params):
    for lstm in fitted_pairs(params):
        proba = lstm.predict(X) if isinstance(lstm, LSTMRegressor) else lstm.predict_proba(X)
        width = LONGEST + -LONGEST % (lstm.segment_length or 1)
        by_keras = lstm.model_(padded(SEQUENCES, width).astype("f4"))
        assert_allclose(np.asarray(by_keras), proba, atol=1e-5)


def squared_loss(lstm):
    return np.mean((lstm.predict(X) - TWO) ** 2)


@pytest.mark.parametrize("params", [*NETWORKS, PARALLEL], ids=str)
def test_the_loss_of_training_is_that_of_the_predictions(params):
    lstm = regressor(**params, epochs=1, learning_rate=1e-30).fit(X, TWO)
    assert_allclose(lstm.loss_curve_[0], squared_loss(lstm), rtol=1e-5)


@pytest.mark.parametrize("params", rest_is_slow([NETWORKS[4], *NETWORKS, PARALLEL], 1), ids=str)
def test_the_loss_of_training_with_an_optimizer_of_keras_is_that_of_the_predictions(params):
    lstm = regressor(**params, epochs=1, optimizer=keras.optimizers.SGD(1e-30)).fit(X, TWO)
    assert_allclose(lstm.loss_curve_[0], squared_loss(lstm), rtol=1e-5)


def test_the_loss_of_a_classifier_is_that_of_its_probabilities():
    lstm = classifier(epochs=1, learning_rate=1e-30).fit(X, THREE)
    expected = -lstm.predict_log_proba(X)[np.arange(N), THREE].mean()
    assert_allclose(lstm.loss_curve_[0], expected, rtol=1e-5)


@pytest.mark.parametrize(
    "params", rest_is_slow([*SOME[:2], {"dropout": 0.4, "pooling": "max"}, *SOME[2:]], 1), ids=str
)
def test_wider_padding_trains_the_same_network_bit_for_bit(params):
    for lstm in fitted_pairs(params):
        y = TWO if isinstance(lstm, LSTMRegressor) else THREE
        for other in (padded(SEQUENCES, LONGEST + 11), SequencePadder().fit_transform(SEQUENCES)):
            assert_same_training(clone(lstm).fit(other, y), lstm)


@pytest.mark.parametrize("params", rest_is_slow([{"dropout": 0.4}, *SOME], 1), ids=str)
def test_wider_padding_stops_early_at_the_same_epoch(params):
    lstm = regressor(**params, early_stopping=True)
    assert_same_training(
        clone(lstm).fit(padded(SEQUENCES, LONGEST + 11), TWO), clone(lstm).fit(X, TWO)
    )


@pytest.mark.slow
def test_wider_padding_is_the_same_to_an_optimizer_of_keras():
    lstm = regressor(optimizer=keras.optimizers.Adam(0.02), bidirectional=True, pooling="mean")
    assert_same_training(clone(lstm).fit(padded(SEQUENCES, 15), TWO), clone(lstm).fit(X, TWO))


@pytest.mark.parametrize(
    "params", rest_is_slow([NETWORKS[4], *SOME, {"pooling": "max"}], 1), ids=str
)
def test_the_networks_of_keras_layers_train_as_the_fused_one(params):
    lstm = regressor(**params).fit(X[:15], TWO[:15], X_val=X[15:], y_val=TWO[15:])
    by_object = clone(lstm).set_params(optimizer=keras.optimizers.Adam(0.02))
    by_object.fit(X[:15], TWO[:15], X_val=X[15:], y_val=TWO[15:])
    for one, other in zip(lstm.weights_, by_object.weights_, strict=True):
        assert_allclose(one, other, atol=1e-4)
    assert_allclose(lstm.validation_loss_curve_, by_object.validation_loss_curve_, rtol=1e-4)


@pytest.mark.parametrize("bidirectional", rest_is_slow([True, False], 1))
def test_training_equals_kerass_with_a_mask(bidirectional):
    lstm = regressor(epochs=2, shuffle=False, bidirectional=bidirectional)
    inputs = keras.Input((None, 2))
    layer = keras.layers.LSTM(4)
    x = keras.layers.Masking(-99.0)(inputs)
    x = (keras.layers.Bidirectional(layer) if bidirectional else layer)(x)
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    untrained = clone(lstm).set_params(epochs=1, learning_rate=1e-30)
    model.set_weights(untrained.fit(X, TWO).weights_)
    model.compile(keras.optimizers.Adam(0.02), "mse")
    filled = np.nan_to_num(X, nan=-99.0).astype("f4")
    weights = RNG.uniform(0, 2, N)
    model.fit(filled, TWO, 6, 2, verbose=0, shuffle=False, sample_weight=weights)
    for ours, theirs in zip(lstm.fit(X, TWO, weights).weights_, model.get_weights(), strict=True):
        assert_allclose(ours, theirs, atol=1e-4)


def test_without_shuffling_the_order_is_that_of_x():
    lstm = regressor(shuffle=False, epochs=1, batch_size=N).fit(X, TWO)
    twice = regressor(shuffle=False, epochs=1, batch_size=N).fit(X[::-1], TWO[::-1])
    for one, other in zip(lstm.weights_, twice.weights_, strict=True):
        assert_allclose(one, other, atol=1e-5)


def test_equal_lengths_at_the_end_are_equal_lengths():
    whole = [sequence for sequence in SEQUENCES if len(sequence) == LONGEST]
    y = TWO[LENGTHS == LONGEST]
    plain = regressor().fit(np.array(whole), y)
    wide = regressor(shuffle=False).fit(padded(whole, 12), y)
    assert wide.n_timesteps_ == plain.n_timesteps_ == LONGEST
    assert_same(wide.predict(padded(whole, 12)), wide.predict(np.array(whole)))


def test_a_network_of_equal_lengths_reads_shorter_sequences():
    whole = RNG.standard_normal((30, LONGEST, 2))
    lstm = regressor(bidirectional=True).fit(whole, whole[:, -1])
    expected = one_by_one(of_keras(lstm, 2), SEQUENCES, None)
    assert_allclose(lstm.predict(X), expected, atol=1e-5)
    with pytest.raises(ValueError, match=r"windows of 10 steps, .* expecting windows of 9"):
        lstm.predict(padded(SEQUENCES, 10))


@pytest.mark.parametrize("params", SOME[:3], ids=str)
def test_longer_sequences_than_those_of_fit(params):
    lstm = clone(fitted(regressor, params)).fit(X, TWO)
    long = [RNG.standard_normal((n, 2)) for n in (30, 11, 3)]
    expected = one_by_one(of_keras(lstm, 2), long, lstm.segment_length)
    assert_allclose(lstm.predict(padded(long, 30)), expected, atol=1e-5)
    lstm.set_params(warm_start=True).fit(padded(long, 30), TWO[:3])
    assert (lstm.n_timesteps_, lstm.n_iter_) == (30, 6)


def test_later_calls_may_bring_unequal_lengths():
    whole = RNG.standard_normal((20, LONGEST, 2))
    lstm = regressor().partial_fit(whole, TWO).partial_fit(X, TWO)
    assert lstm.n_iter_ == 2
    lstm.partial_fit(whole, TWO)
    wide = np.concatenate([X, np.full((N, 3, 2), np.nan)], axis=1)
    assert_same(lstm.predict(wide), lstm.predict(X))


@pytest.mark.parametrize("params", [{}, {"segment_length": 3}], ids=str)
def test_validation_may_be_longer_or_shorter(params):
    lstm = regressor(**params)
    long = padded([RNG.standard_normal((n, 2)) for n in (14, 3)], 14)
    lstm.fit(X, TWO, X_val=long, y_val=TWO[:2])
    expected = np.mean((lstm.predict(long) - TWO[:2]) ** 2)
    assert_allclose(lstm.validation_loss_curve_[-1], expected, rtol=1e-4)
    lstm.fit(padded(SEQUENCES, 15), TWO, X_val=X[:5, :4], y_val=TWO[:5])
    expected = np.mean((lstm.predict(X[:5, :4]) - TWO[:5]) ** 2)
    assert_allclose(lstm.validation_loss_curve_[-1], expected, rtol=1e-4)


@pytest.mark.parametrize("params", [*SOME, {"pooling": "max"}], ids=str)
def test_many_sequences_are_computed_alike(params):
    many = [SEQUENCES[i % N] for i in range(2101)]
    for lstm in fitted_pairs(params):
        few = answers(lstm, X)
        found = answers(lstm, padded(many))
        assert_allclose(found, few[np.arange(2101) % N], atol=1e-5)
        assert_same(answers(lstm, padded(many, 14)), found)
        order = np.random.default_rng(1).permutation(2101)
        assert_array_equal(answers(lstm, padded(many)[order]), found[order])


def leading(n_missing):
    """The sequences with so many steps of unknown history before them."""
    return np.concatenate([np.full((N, n_missing, 2), np.nan), X], axis=1)


@pytest.mark.parametrize("params", [{}, {"bidirectional": True}, {"pooling": "mean"}], ids=str)
def test_missing_history_is_left_out_as_ever(params):
    for lstm in fitted_pairs(params):
        assert_same(answers(lstm, leading(3)), answers(lstm, X))


def test_fit_learns_from_no_sequence_whose_history_is_missing():
    lstm = regressor()
    mixed = np.concatenate([leading(3)[:10], np.pad(X, [(0, 0), (0, 3), (0, 0)],
                                                    constant_values=np.nan)])  # fmt: skip
    y = np.concatenate([np.full((10, 2), 1e6), TWO])
    assert_same_training(clone(lstm).fit(mixed, y), lstm.fit(X, TWO))
    with pytest.raises(ValueError, match=r"Found 0 complete windows of 12 steps.*SequencePadder"):
        lstm.fit(leading(3), TWO)


def test_windows_of_a_series_are_as_before():
    rows = RNG.standard_normal((30, 2))
    windows = SequenceWindower(5).fit_transform(rows)
    lstm = regressor().fit(windows, rows)
    assert_same_training(lstm, regressor().fit(windows[4:], rows[4:]))
    short = np.array([rows[:2]])
    alone = np.concatenate([np.full((1, 3, 2), np.nan), short], axis=1)
    after = np.concatenate([short, np.full((1, 3, 2), np.nan)], axis=1)
    assert_same(lstm.predict(alone), lstm.predict(windows)[1:2])
    assert_same(lstm.predict(after), lstm.predict(alone))


def with_value(sample, step, value, feature=slice(None)):
    bad = X.copy()
    bad[sample, step, feature] = value
    return bad


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (with_value(3, 2, np.nan), "first at step 2 of window 3: .*Only leading steps.*trailing"),
        (with_value(3, 2, np.nan, 1), "first at step 2 of window 3"),
        (with_value(3, 6, np.nan, 0), "first at step 6 of window 3"),
        (with_value(3, 0, np.nan, 0), "first at step 0 of window 3"),
        (with_value(3, 6, np.inf, 0), "infinity, first at step 6 of window 3"),
        (with_value(2, 5, 1.0), "first at step 4 of window 2"),
        (with_value(2, 4, np.inf), "infinity, first at step 4 of window 2"),
        (with_value(5, slice(None), np.nan), "Sample 5 of X has no known step"),
    ],
)
@pytest.mark.parametrize("make", [regressor, classifier])
def test_unknown_values_within_a_sequence_name_sample_and_step(make, bad, message):
    y = TWO if make is regressor else THREE
    lstm = make()
    with pytest.raises(ValueError, match=message):
        lstm.fit(bad, y)
    assert vars(lstm) == vars(clone(lstm))
    lstm.fit(X, y)
    with pytest.raises(ValueError, match=message):
        lstm.predict(bad)
    with pytest.raises(ValueError, match=f"X_val, y_val: .*{message}"):
        lstm.fit(X, y, X_val=bad, y_val=y)


def dense(meta):
    raise AssertionError("it is refused before")


@pytest.mark.parametrize("make", [regressor, classifier])
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"skip_connection": True}, "skip_connection=True .*unequal.*Set skip_connection=False"),
        ({"network": dense}, "unequal lengths .*custom network.*Set network=None"),
    ],
)
def test_what_maps_windows_of_one_length_refuses_others(make, params, message):
    lstm = make(**params)
    with pytest.raises(ValueError, match=message):
        lstm.fit(X, TWO if make is regressor else THREE)
    assert vars(lstm) == vars(clone(lstm))


def test_a_skip_connection_of_equal_lengths_refuses_others_at_prediction():
    lstm = regressor(skip_connection=True)
    lstm.fit(RNG.standard_normal((20, LONGEST, 2)), TWO)
    with pytest.raises(ValueError, match=r"skip_connection=True .*unequal"):
        lstm.predict(X)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"segment_length": 2, "decoding": "parallel", "pooling": "mean"}, "pooling='mean'"),
        ({"pooling": "first"}, "'pooling' .*Got 'first'"),
    ],
)
def test_poolings_that_cannot_be(params, message):
    with pytest.raises(ValueError, match=message):
        regressor(**params).fit(X, TWO)


def test_dropout_and_early_stopping_are_the_same_each_time():
    lstm = regressor(dropout=0.4, early_stopping=True, ensemble_size=2, max_samples=0.8)
    one, other = clone(lstm).fit(X, TWO), clone(lstm).fit(X, TWO)
    assert_same_training(one, other)
    twin = pickle.loads(pickle.dumps(one))
    assert_array_equal(twin.predict(X), one.predict(X))
    assert_same(twin.predict(padded(SEQUENCES, 15)), one.predict(X))


@pytest.mark.parametrize("n_samples", [7, 64, 203, 1000])
def test_an_epoch_takes_every_sample_once_in_batches_of_about_one_length(n_samples):
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 500, n_samples)
    order = rng.permutation(n_samples)
    found = ByLength(lengths, 8).regrouped(order, np.random.default_rng(1))
    assert_array_equal(np.sort(found), np.arange(n_samples))
    n_rest = n_samples % 8
    if n_rest:  # the remainder stays the last, shorter batch
        assert_array_equal(found[-n_rest:], order[-n_rest:])
    if n_samples >= 64:

        def spread(order):
            batches = lengths[order[: n_samples // 8 * 8]].reshape(-1, 8)
            return np.ptp(batches, axis=1).mean()

        assert spread(found) < 0.35 * spread(order)
        assert (np.diff(lengths[found[:64]].reshape(8, 8).max(axis=1)) < 0).any()  # in random order


def test_each_epoch_batches_anew():
    lengths = np.random.default_rng(0).integers(1, 500, 100)
    rng = np.random.default_rng(1)
    one, other = (ByLength(lengths, 8).regrouped(rng.permutation(100), rng) for _ in range(2))
    assert (one != other).any()
    assert {frozenset(batch) for batch in one[:96].reshape(-1, 8)} != {
        frozenset(batch) for batch in other[:96].reshape(-1, 8)
    }
