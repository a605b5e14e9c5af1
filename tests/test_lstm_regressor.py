import pickle
import pydoc
import signal
import subprocess
import sys
import threading
import warnings
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.base import clone, is_regressor
from sklearn.exceptions import NotFittedError

from sklearn_lstm import LSTMRegressor, SequenceWindower
from sklearn_lstm.engine import loop
from sklearn_lstm.engine import programs as training
from sklearn_lstm.engine.loop import progress_bar, run_epochs
from sklearn_lstm.windows.rows import Windows


@pytest.fixture
def small():
    return LSTMRegressor(4, epochs=3, random_state=0)


def assert_same_weights(one, other):
    for a, b in zip(one.weights_, other.weights_, strict=True):
        assert_array_equal(a, b)


def test_every_parameter_is_explicit_and_survives_clone():
    given = {
        "units": (3, 2), "dropout": 0.1, "bidirectional": True, "segment_length": 4,
        "decoding": "parallel", "skip_connection": True, "pooling": "max", "ensemble_size": 3,
        "loss": "huber",
        "quantile": [0.1, 0.9], "optimizer": "sgd", "learning_rate": 0.2,
        "learning_rate_schedule": "cosine", "clipnorm": 1.0, "alpha": 0.3, "batch_size": 8,
        "epochs": 7, "max_samples": 0.5, "shuffle": False, "early_stopping": True,
        "validation_fraction": 0.2,
        "n_iter_no_change": 3, "tol": 0.1, "warm_start": True, "random_state": 5, "verbose": 1,
        "network": len, "network_params": {"a": 1},
    }  # fmt: skip
    lstm = LSTMRegressor().set_params(**given)
    assert lstm.get_params() == given
    assert clone(lstm).get_params() == given
    assert is_regressor(lstm)


def test_it_learns_a_wave():
    t = np.arange(300)
    X = SequenceWindower(10).fit_transform(np.sin(t / 5).reshape(-1, 1))
    y = np.sin((t + 3) / 5)
    lstm = LSTMRegressor(16, epochs=30, learning_rate=0.01, random_state=0).fit(X[:200], y[:200])
    assert lstm.score(X[200:], y[200:]) > 0.99


def test_default_settings_reach_a_good_score_on_the_yardstick_with_a_higher_learning_rate():
    from sklearn.datasets import make_regression
    from sklearn.preprocessing import scale

    X, y = make_regression(200, 10, n_informative=1, bias=5.0, noise=20, random_state=42)
    lstm = LSTMRegressor(learning_rate=0.01, random_state=0)
    assert lstm.fit(scale(X), scale(y)).score(scale(X), scale(y)) > 0.5


def test_fitted_attributes(windows, small):
    X, y = windows
    small.fit(X, y)
    assert (small.n_features_in_, small.n_timesteps_, small.n_outputs_) == (3, 6, 2)
    assert small.n_iter_ == len(small.loss_curve_) == 3
    assert small.validation_loss_curve_ is None
    assert [w.shape for w in small.weights_] == [(3, 16), (4, 16), (16,), (4, 2), (2,)]
    assert small.model_.count_params() == sum(w.size for w in small.weights_)
    assert small.predict(X).dtype == np.float64


def test_two_dimensions_are_one_feature(windows, small):
    X, y = windows
    flat = clone(small).fit(X[:, :, 0], y[:, 0])
    deep = clone(small).fit(X[:, :, :1], y[:, 0])
    assert_same_weights(flat, deep)
    assert flat.n_features_in_ == 6
    assert_array_equal(flat.predict(X[:, :, :1]), deep.predict(X[:, :, 0]))


@pytest.mark.parametrize(("y_shape", "expected"), [((70,), (70,)), ((70, 1), (70, 1))])
def test_predictions_have_the_dimensions_of_y(windows, small, y_shape, expected):
    X, y = windows
    assert small.fit(X, y[:, 0].reshape(y_shape)).predict(X).shape == expected


def test_only_complete_windows_are_learned_from(small):
    rows = np.random.default_rng(0).standard_normal((40, 2))
    X = SequenceWindower(6).fit_transform(rows)
    y = rows[:, 0].copy()
    expected = clone(small).fit(X[5:], y[5:])
    y[:5] = 1e6
    weights = np.ones(40)
    weights[:5] = 1e6
    assert_same_weights(clone(small).fit(X, y, weights), expected)


def test_ten_epochs_are_ten_times_one(windows, small):
    X, y = windows
    whole = clone(small).set_params(epochs=5, dropout=0.2).fit(X, y)
    pieces = clone(whole).set_params(epochs=2).fit(X, y)
    for _ in range(3):
        pieces.partial_fit(X, y)
    assert_same_weights(pieces, whole)
    assert pieces.loss_curve_ == whole.loss_curve_
    assert pieces.n_iter_ == 5


def test_partial_fit_starts_an_unfitted_estimator(windows, small):
    X, y = windows
    assert_same_weights(small.partial_fit(X, y), clone(small).set_params(epochs=1).fit(X, y))


def test_partial_fit_goes_on_after_a_pickle(windows, small):
    X, y = windows
    small.fit(X, y)
    twin = pickle.loads(pickle.dumps(small))
    assert_same_weights(small.partial_fit(X, y), twin.partial_fit(X, y))


def test_warm_start_goes_on_from_the_fitted_weights(windows, small):
    X, y = windows
    small.set_params(warm_start=True, learning_rate=0.05).fit(X, y)
    first = list(small.loss_curve_)
    small.fit(X, y)
    assert small.n_iter_ == 6
    assert small.loss_curve_[:3] == first
    assert small.loss_curve_[3] < first[0]
    with pytest.raises(ValueError, match=r"units was \(4,\), is \(7,\).*warm_start=False"):
        small.set_params(units=7).fit(X, y)
    assert small.n_iter_ == 6


def test_parameters_set_after_fit_do_not_touch_what_was_fitted(windows, small):
    X, y = windows
    before = small.fit(X, y).predict(X)
    small.set_params(units=(7, 2), bidirectional=True, network=len)
    assert_array_equal(small.predict(X), before)
    assert_allclose(small.model_.predict(X, verbose=0), before, atol=1e-5)
    with pytest.raises(
        ValueError, match=r"can't go on: network was None, is <built-in .*Set it back"
    ):
        small.partial_fit(X, y)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adamw"])
def test_another_optimizer_starts_afresh(windows, small, optimizer):
    X, y = windows
    small.fit(X, y)
    expected = clone(small).fit(X, y)
    expected.set_params(optimizer=optimizer, warm_start=True, epochs=1).fit(X, y)
    assert_same_weights(small.set_params(optimizer=optimizer).partial_fit(X, y), expected)


def test_the_keras_model_loads_where_this_package_is_unknown(windows, small, tmp_path):
    X, y = windows
    model = small.set_params(units=(3, 2), bidirectional=True, dropout=0.1).fit(X, y).model_
    model.save(tmp_path / "model.keras")
    code = (
        "import sys, numpy as np, keras;"
        "model = keras.models.load_model(sys.argv[1]);"
        "print(*model(np.ones((1, 6, 3))).numpy().ravel().tolist());"
        "assert 'sklearn_lstm' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "model.keras"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    printed = [float(value) for value in done.stdout.split()]
    assert_allclose(printed, small.predict(np.ones((1, 6, 3)))[0], atol=1e-5)


def test_without_warm_start_fit_forgets(windows, small):
    X, y = windows
    twice = clone(small).fit(-X, y).fit(X, y)
    assert_same_weights(twice, small.fit(X, y))


def test_early_stopping_returns_the_best_weights(windows):
    X, y = windows
    lstm = LSTMRegressor(
        8, epochs=300, early_stopping=True, validation_fraction=0.3, n_iter_no_change=5,
        learning_rate=0.05, random_state=0,
    ).fit(X, y)  # fmt: skip
    curve = lstm.validation_loss_curve_
    assert lstm.n_iter_ == len(curve) < 300
    assert min(curve[-5:]) > min(curve) - 1e-4
    tail = np.mean((lstm.predict(X[-21:]) - y[-21:]) ** 2)
    assert_allclose(tail, min(curve), rtol=1e-4)


def test_validation_is_the_tail_in_time(windows, small):
    X, y = windows
    small.set_params(early_stopping=True, validation_fraction=0.25, epochs=4, n_iter_no_change=9)
    inside = clone(small).fit(X, y)
    outside = clone(small).fit(X[:52], y[:52], X_val=X[52:], y_val=y[52:])
    assert_same_weights(inside, outside)
    assert inside.validation_loss_curve_ == outside.validation_loss_curve_


def test_validation_data_without_early_stopping_are_watched_only(windows, small):
    X, y = windows
    watched = clone(small).fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:])
    assert_same_weights(watched, small.fit(X[:50], y[:50]))
    last = np.mean((watched.predict(X[50:]) - y[50:]) ** 2)
    assert_allclose(watched.validation_loss_curve_[-1], last, rtol=1e-4)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_validation_samples_are_weighted_as_those_of_training_are(windows, small, early_stopping):
    X, y = windows
    weights = np.arange(20) % 3
    small.set_params(early_stopping=early_stopping)
    small.fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:], sample_weight_val=weights)
    squares = (small.predict(X[50:]) - y[50:]) ** 2
    weighted = np.sum(weights[:, np.newaxis] * squares) / squares.size
    assert_allclose(min(small.validation_loss_curve_), weighted, rtol=1e-4)
    repeated = clone(small).fit(
        X[:50], y[:50], X_val=X[50:].repeat(weights, axis=0), y_val=y[50:].repeat(weights, axis=0)
    )
    of_repeated = np.array(repeated.validation_loss_curve_) * weights.sum() / len(weights)
    assert_allclose(small.validation_loss_curve_, of_repeated, rtol=1e-4)
    ones = clone(small).fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:], sample_weight_val=1.0)
    unweighted = clone(small).fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:])
    assert ones.validation_loss_curve_ == unweighted.validation_loss_curve_


def test_the_weights_that_early_stopping_keeps_apart_are_those_of_given_validation_data(windows):
    X, y = windows
    weights = 1.0 + np.arange(70) % 3
    lstm = LSTMRegressor(4, early_stopping=True, validation_fraction=0.25, epochs=4, random_state=0)
    inside = clone(lstm).fit(X, y, weights)
    outside = clone(lstm).fit(
        X[:52], y[:52], weights[:52], X_val=X[52:], y_val=y[52:], sample_weight_val=weights[52:]
    )
    assert inside.validation_loss_curve_ == outside.validation_loss_curve_
    assert_same_weights(inside, outside)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(19), r"In the validation data X_val, y_val: sample_weight.shape == \(19,\)"),
        (-np.arange(20.0), "In the validation data X_val, y_val: Negative values .* -19 at row 19"),
        (np.zeros(20), "In the validation data X_val, y_val: sample_weight is zero"),
    ],
)
def test_useless_weights_of_validation_samples_are_refused(windows, small, weights, message):
    X, y = windows
    with pytest.raises(ValueError, match=message):
        small.fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:], sample_weight_val=weights)
    with pytest.raises(ValueError, match=r"sample_weight_val .* X_val, y_val, which are missing"):
        small.fit(X, y, sample_weight_val=weights)


def test_validation_data_are_named(windows, small):
    X, y = windows
    with pytest.raises(TypeError, match="positional"):
        small.fit(X, y, None, X, y)


def test_a_whole_weight_counts_as_a_repetition(windows):
    X, y = windows
    weight = np.arange(70) % 3
    params = {"units": 4, "epochs": 4, "batch_size": 500, "optimizer": "adam", "random_state": 0}
    weighted = LSTMRegressor(**params).fit(X, y, weight)
    repeated = LSTMRegressor(**params).fit(X.repeat(weight, axis=0), y.repeat(weight, axis=0))
    assert_allclose(weighted.predict(X), repeated.predict(X), atol=1e-4)


@pytest.fixture
def interruptible():
    """Where a shell runs the tests in the background, Python starts with Ctrl-C ignored."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


def test_interruption_keeps_the_last_whole_epoch(windows, interruptible, monkeypatch):
    X, y = windows
    lstm = LSTMRegressor(8, epochs=10**6, random_state=0)
    weights, soon = (
        training.ProgramTrainer.weights,
        threading.Timer(0.05, signal.raise_signal, [signal.SIGINT]),
    )

    def weights_after_which_it_is_interrupted(trainer):
        if not soon.ident:
            soon.start()
        return weights(trainer)

    monkeypatch.setattr(training.ProgramTrainer, "weights", weights_after_which_it_is_interrupted)
    with (
        pytest.warns(UserWarning, match=r"after \d+ of 1000000 epochs: .* of the last") as found,
        pytest.raises(KeyboardInterrupt),
    ):
        lstm.fit(X, y)
    assert found[0].filename == __file__
    assert f"after {lstm.n_iter_} of" in str(found[0].message)
    assert 0 < lstm.n_iter_ < 10**6
    assert_same_weights(lstm, clone(lstm).set_params(epochs=lstm.n_iter_).fit(X, y))


@pytest.mark.parametrize(
    "where", ["tqdm.std.tqdm.set_postfix", "sklearn_lstm.engine.programs.ProgramTrainer.weights"]
)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_an_interruption_anywhere_leaves_weights_and_curves_of_one_epoch(
    windows, where, early_stopping, monkeypatch
):
    X, y = windows
    lstm = LSTMRegressor(
        4, epochs=200, early_stopping=early_stopping, tol=0, n_iter_no_change=200, random_state=0,
        verbose=1,
    )  # fmt: skip
    owner, _, name = where.rpartition(".")
    original, calls = pydoc.locate(f"{owner}.{name}"), []

    def interrupted(*args, **options):
        calls.append(args)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return original(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(f"{owner}.{name}", interrupted)
        patch.setattr("sklearn_lstm.engine.loop.SECONDS_OF_A_CALL", 0)  # one epoch each
        kept = "best" if early_stopping else "last"
        with (
            pytest.warns(
                UserWarning, match=rf"interrupted by user .* of the {kept} .* copy"
            ) as said,
            pytest.raises(KeyboardInterrupt),
        ):
            lstm.fit(X, y)
    assert said[0].filename == __file__
    assert len(lstm.loss_curve_) == lstm.n_iter_ >= 3
    n_epochs = lstm.n_iter_
    if early_stopping:
        n_epochs = int(np.argmin(lstm.validation_loss_curve_)) + 1
        X, y = X[:-7], y[:-7]
    whole = clone(lstm).set_params(epochs=n_epochs, early_stopping=False, verbose=0).fit(X, y)
    assert_same_weights(lstm, whole)


@pytest.mark.parametrize(
    ("owner", "name", "n_before", "n_iter"),
    [
        (training, "to_tensor", 0, 0),
        (training, "to_tensor", 30, 9),  # the loss's, and sums, seeds and rates of each epoch
        (training.ProgramTrainer, "weights", 5, 5),
        (training.ProgramTrainer, "optimizer_state", 0, 12),
    ],
)
def test_an_interruption_that_became_another_error_is_one(
    windows, small, monkeypatch, owner, name, n_before, n_iter
):
    """Python says SystemError where code in C has not looked at the KeyboardInterrupt."""
    X, y = windows
    original, n_calls = getattr(owner, name), []

    def interrupted(*args, **options):
        n_calls.append(1)
        if len(n_calls) <= n_before:
            return original(*args, **options)
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise SystemError("a result with an exception set") from error

    small.set_params(epochs=12)
    before = dict(vars(small))
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, interrupted)
        patch.setattr("sklearn_lstm.engine.loop.SECONDS_OF_A_CALL", 0)  # one epoch each,
        patch.setattr(training.CallSize, "adapt", lambda *_: None)  # in a call
        expects = pytest.warns(UserWarning, match="interrupted") if n_iter else nullcontext()
        with expects, pytest.raises(KeyboardInterrupt):
            small.fit(X, y)
    if n_iter:
        assert small.n_iter_ == n_iter
        assert_same_weights(small, clone(small).set_params(epochs=n_iter).fit(X, y))
    else:
        assert vars(small) == before


def test_divergence_is_an_error_that_names_the_epoch(windows, small):
    X, y = windows
    small.set_params(optimizer="sgd", learning_rate=1e6, epochs=50)
    with pytest.raises(ValueError, match=r"diverged.*in epoch \d+.*learning_rate.*clipnorm"):
        small.fit(X, y)
    with pytest.raises(NotFittedError):
        small.predict(X)
    assert vars(small) == vars(clone(small))


def test_a_failed_fit_leaves_the_fitted_estimator_as_it_was(windows, small):
    X, y = windows
    before = small.fit(X, y).predict(X)
    with pytest.raises(ValueError, match="NaN"):
        small.fit(X[:, :4], np.full(70, np.nan))
    assert_array_equal(small.predict(X), before)


def test_verbose_shows_the_loss(windows, small, capsys):
    X, y = windows
    small.set_params(verbose=1).fit(X, y)
    assert f"loss={small.loss_curve_[-1]:.4g}" in capsys.readouterr().err
    small.set_params(verbose=0).fit(X, y)
    assert capsys.readouterr().err == ""


def test_a_pickle_is_small_and_holds_arrays_only(windows, small):
    X, y = windows
    pickled = pickle.dumps(small.fit(X, y))
    assert b"keras" not in pickled
    assert b"tensorflow" not in pickled
    n_bytes = sum(w.nbytes for w in small.weights_)
    assert len(pickled) < 4 * n_bytes + 4000


def with_nan(X, sample, step):
    X = X.copy()
    X[sample][step] = np.nan
    return X


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda X, y: (with_nan(X, 7, 2), y), ValueError, "NaN .*step 2 of window 7.*Fill"),
        (lambda X, y: (with_nan(X, 3, slice(None)), y), ValueError, "Sample 3 .* no known step"),
        (lambda X, y: (with_nan(X, 3, np.s_[0, 1]), y), ValueError, "step 0 of window 3"),
        (lambda X, y: (np.where(X > 2, np.inf, X), y), ValueError, "infinity"),
        (lambda X, y: (X, np.where(y > 1, np.nan, y)), ValueError, "y contains NaN, first at row"),
        (lambda X, y: (X, np.where(y > 1, np.inf, y)), ValueError, "y contains infinity"),
        (lambda X, y: (X, y[:-1]), ValueError, r"\[70, 69\]"),
        (lambda X, y: (X, None), ValueError, "requires y to be passed"),
        (lambda X, y: (X, np.full(70, "a")), ValueError, "y holds text"),
        (lambda X, y: (X, y[:, :, None]), ValueError, "dim 3"),
        (lambda X, y: (X.astype(str), y), ValueError, "X holds text"),
        (lambda X, y: (X + 1j, y), ValueError, "Complex data not supported"),
        (lambda X, y: (csr_matrix(X[:, :, 0]), y), TypeError, "[Ss]parse"),
        (lambda X, y: (X[None], y), ValueError, r"4 dimensions \(shape \(1, 70, 6, 3\)\).*Reshape"),
        (lambda X, y: (X[:0], y[:0]), ValueError, "0 sample"),
        (lambda X, y: (X[:, :0], y), ValueError, "at least one step"),
        (lambda X, y: (X[:, 0, 0], y), ValueError, "Reshape your data"),
        (lambda X, y: (X * 1e39, y), ValueError, "X holds values beyond the range of float32"),
        (lambda X, y: (X, y * 1e39), ValueError, "y holds values beyond the range of float32"),
    ],
)
def test_data_that_cannot_be_learned_from_are_refused(windows, small, change, error, message):
    X, y = change(*windows)
    with pytest.raises(error, match=message):
        small.fit(X, y)
    assert vars(small) == vars(clone(small))


@pytest.mark.parametrize("batch_size", [np.int64(8), np.int32(8), 10**12])
def test_batch_sizes_of_any_integer_type_are_taken(windows, small, batch_size):
    X, y = windows
    expected = clone(small).set_params(batch_size=8 if batch_size == 8 else 70).fit(X, y)
    assert_same_weights(small.set_params(batch_size=batch_size).fit(X, y), expected)


def test_text_in_a_frame_is_named(small):
    X = pd.DataFrame({"lag1": [1.0, 2.0], "sky": ["rain", "sun"]})
    with pytest.raises(ValueError, match=r"columns \['sky'\].*OneHotEncoder"):
        small.fit(X, [1.0, 2.0])


def test_fewer_rows_than_a_window_say_what_to_lower(small):
    X = SequenceWindower(9).fit_transform(np.arange(5.0).reshape(-1, 1))
    with pytest.raises(
        ValueError,
        match=r"0 complete windows of 9 steps among 5 .*Lower window_length to 5 or less",
    ):
        small.fit(X, np.zeros(5))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (-np.arange(70.0), "Negative values in data passed to sample_weight: -69 at row 69"),
        (np.zeros(70), "sample_weight is zero for every row"),
        (np.ones(69), "sample_weight.shape"),
        (np.full(70, np.nan), "NaN"),
        (np.full(70, 1e39), "sample_weight holds values beyond the range of float32"),
        (np.full(70, 1e-60), "sample_weight is zero for every row"),
    ],
)
def test_useless_sample_weights_are_refused(windows, small, weights, message):
    with pytest.raises(ValueError, match=message):
        small.fit(*windows, sample_weight=weights)


def test_weights_must_fall_on_rows_that_can_be_learned_from(small):
    X = SequenceWindower(3).fit_transform(np.arange(8.0).reshape(-1, 1))
    with pytest.raises(ValueError, match="zero for every row that fit could learn from"):
        small.fit(X, np.arange(8.0), sample_weight=[1, 1, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"units": 0}, "'units'"),
        ({"units": (4, 0)}, r"'units' .*one for each layer. Got \(4, 0\)"),
        ({"units": ()}, "'units'"),
        ({"units": "8"}, "'units'"),
        ({"units": True}, "'units'"),
        ({"loss": "mse"}, "'loss' .* Got 'mse'"),
        ({"optimizer": "nadam"}, "'optimizer' .* Got 'nadam'"),
        ({"learning_rate": 0.0}, "'learning_rate'"),
        ({"dropout": 1.0}, "'dropout'"),
        ({"validation_fraction": 1.0}, "'validation_fraction'"),
        ({"epochs": 0}, "'epochs'"),
        ({"max_samples": 0}, "'max_samples'"),
        ({"max_samples": 0.0}, "'max_samples'"),
        ({"max_samples": 1.5}, "'max_samples'"),
        ({"batch_size": 2.5}, "'batch_size'"),
        ({"network": "lstm"}, "'network' .*callable"),
    ],
)
def test_parameters_are_checked_by_name(windows, params, message):
    with pytest.raises(ValueError, match=message):
        LSTMRegressor(**params).fit(*windows)


def test_a_validation_part_needs_rows_on_both_sides(windows, small):
    X, y = windows
    small.set_params(early_stopping=True)
    with pytest.raises(ValueError, match=r"validation_fraction=0.1 of 1 complete windows.*Lower"):
        small.fit(X[:1], y[:1])
    with pytest.raises(ValueError, match="y_val is missing"):
        small.fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="X_val, y_val: X has windows of 5 steps"):
        small.fit(X, y, X_val=X[:, 1:], y_val=y)
    weights = np.r_[np.ones(60), np.zeros(10)]
    with pytest.raises(ValueError, match="zero for all 7 rows of the validation part"):
        small.fit(X, y, weights)


def test_prediction_asks_for_the_shape_of_fit(windows, small):
    X, y = windows
    with pytest.raises(NotFittedError, match="not fitted yet"):
        small.predict(X)
    with pytest.raises(AttributeError, match="not fitted yet"):
        small.model_  # noqa: B018
    small.fit(X, y)
    with pytest.raises(ValueError, match="X has 2 features, but LSTMRegressor is expecting 3"):
        small.predict(X[:, :, 1:])
    with pytest.raises(ValueError, match=r"windows of 5 steps, .* expecting windows of 6"):
        small.predict(X[:, 1:])
    with pytest.raises(ValueError, match="step 3 of window 2"):
        small.predict(with_nan(X, 2, 3))
    with pytest.raises(ValueError, match=r"y has 1 outputs, .* fitted on 2"):
        small.partial_fit(X, y[:, 0])


def test_no_warning_comes_from_an_ordinary_fit(windows, small):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small.fit(*windows).predict(windows[0])


def test_an_ensemble_predicts_the_mean_of_its_networks(windows, small):
    X, y = windows
    ensemble = clone(small).set_params(ensemble_size=3).fit(X, y)
    n = len(small.fit(X, y).weights_)
    assert len(ensemble.weights_) == 3 * n
    for one, of_first in zip(small.weights_, ensemble.weights_[:n], strict=True):
        assert_array_equal(one, of_first)
    alone = []
    for i in range(3):
        small.weights_ = ensemble.weights_[i * n : (i + 1) * n]
        alone.append(small.predict(X))
    assert np.abs(alone[0] - alone[1]).max() > 1e-3
    assert_allclose(ensemble.predict(X), np.mean(alone, axis=0), atol=1e-12)
    assert_allclose(ensemble.model_.predict(X, verbose=0), ensemble.predict(X), atol=1e-5)


def test_an_ensemble_goes_on_where_it_stopped(windows, small):
    X, y = windows
    small.set_params(ensemble_size=2, epochs=4, dropout=0.2)
    whole, pieces = clone(small).fit(X, y), clone(small)
    for _ in range(4):
        pieces.partial_fit(X, y)
    assert_same_weights(pieces, whole)
    assert pieces.loss_curve_ == whole.loss_curve_
    assert pieces.n_iter_ == 4
    pieces.set_params(ensemble_size=3, warm_start=True)
    with pytest.raises(
        ValueError, match=r"from 2 networks with ensemble_size=3\. Set ensemble_size=2"
    ):
        pieces.fit(X, y)


def test_the_curves_of_an_ensemble_are_means_over_those_that_still_train(windows):
    X, y = windows
    lstm = LSTMRegressor(
        8, epochs=60, learning_rate=0.05, early_stopping=True, n_iter_no_change=3, random_state=1
    )
    ensemble = clone(lstm).set_params(ensemble_size=2).fit(X, y)
    first = lstm.fit(X, y)
    curves = [member.losses for member in ensemble._members]
    assert curves[0] == first.loss_curve_
    assert len(curves[0]) != len(curves[1])
    n_both = min(map(len, curves))
    assert_allclose(ensemble.loss_curve_[:n_both], np.mean([c[:n_both] for c in curves], axis=0))
    longer = max(curves, key=len)
    assert ensemble.loss_curve_[n_both:] == longer[n_both:]
    assert len(ensemble.validation_loss_curve_) == ensemble.n_iter_ == len(longer)


def interrupted_after_the_first_network():
    run, trainers = training.ProgramTrainer.run, []

    def interrupted(self, *args):
        trainers.append(self)
        if self is not trainers[0]:
            raise KeyboardInterrupt
        return run(self, *args)

    return interrupted


def test_an_interrupted_ensemble_is_none(windows, small, monkeypatch):
    X, y = windows
    small.set_params(ensemble_size=3)
    monkeypatch.setattr(training.ProgramTrainer, "run", interrupted_after_the_first_network())
    with pytest.raises(KeyboardInterrupt):
        small.fit(X, y)
    assert vars(small) == vars(clone(small))


@pytest.mark.parametrize("continued", ["fit", "partial_fit"])
def test_an_ensemble_that_is_interrupted_later_on_is_as_before(
    windows, small, continued, monkeypatch
):
    X, y = windows
    small.set_params(ensemble_size=3, warm_start=True).fit(X, y)
    before, predicted = vars(small).copy(), small.predict(X)
    with monkeypatch.context() as patch:
        patch.setattr(training.ProgramTrainer, "run", interrupted_after_the_first_network())
        with pytest.raises(KeyboardInterrupt):
            getattr(small, continued)(X, y)
    assert vars(small).keys() == before.keys()
    assert all(vars(small)[name] is before[name] for name in before)
    assert_array_equal(small.predict(X), predicted)


def test_what_was_changed_is_named(windows, small):
    X, y = windows
    small.set_params(warm_start=True).fit(X, y).set_params(segment_length=2, units=8)
    with pytest.raises(
        ValueError, match=r"units was \(4,\), is \(8,\), segment_length was None, is 2"
    ):
        small.fit(X, y)


def test_a_schedule_ends_lower_than_it_began(windows, small):
    X, y = windows
    small.set_params(epochs=40, optimizer="sgd", learning_rate=0.05)
    steps = {}
    for schedule in ("constant", "exponential", "cosine"):
        losses = clone(small).set_params(learning_rate_schedule=schedule).fit(X, y).loss_curve_
        steps[schedule] = (losses[0] - losses[1], abs(losses[-2] - losses[-1]))
    assert_allclose(steps["cosine"][0], steps["constant"][0], rtol=0.05)
    assert steps["cosine"][1] < 0.05 * steps["constant"][1]
    assert steps["exponential"][1] < 0.05 * steps["constant"][1]


@pytest.mark.parametrize(
    ("params", "n_steps", "n_outputs", "message"),
    [
        ({"segment_length": 4}, 6, 2,
         r"segment_length=4 does not divide the window of 6 steps\. Set segment_length to 3 or 6, "
         r"or take a window of 4 or 8 steps"),
        ({"segment_length": 12}, 6, 2, "Set segment_length to 6, or take a window of 12 steps"),
        ({"segment_length": 3, "decoding": "parallel"}, 6, 2,
         r"segment_length=3 outputs at a time, .* the 2 outputs\. Set segment_length to 2, "
         r"or take decoding='dense'"),
        ({"decoding": "parallel"}, 6, 2, "the outputs in segments, but segment_length=None"),
        ({"decoding": "parallel", "segment_length": 2, "bidirectional": True}, 6, 2,
         "can't be combined with bidirectional=True"),
        ({"segment_length": 0}, 6, 2, "segment_length"),
        ({"ensemble_size": 0}, 6, 2, "ensemble_size"),
        ({"learning_rate_schedule": "linear"}, 6, 2, "learning_rate_schedule"),
    ],
)  # fmt: skip
def test_segments_that_do_not_fit_are_refused_with_what_does(params, n_steps, n_outputs, message):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, n_steps, 1)), rng.standard_normal((20, n_outputs))
    with pytest.raises(ValueError, match=message):
        LSTMRegressor(4, epochs=1, **params).fit(X, y)


class Spy:
    """A trainer that remembers the orders that it was given."""

    def __init__(self):
        self.orders = []

    def run(self, orders, seeds, shares, seconds, stop):
        self.orders += list(orders)
        return [0.0] * len(seeds), None

    def weights(self):
        return []

    def optimizer_state(self):
        return []


def orders_of(epochs, n_samples=70, *, shuffle=True, **options):
    trainer = Spy()
    run_epochs(
        trainer, n_samples, epochs=epochs, seed=3, shuffle=shuffle, progress=progress_bar(0, ""),
        stop=threading.Event(), **options,
    )  # fmt: skip
    return np.array(trainer.orders)


@pytest.mark.parametrize("shuffle", [True, False])
def test_each_epoch_draws_samples_of_its_own(shuffle):
    orders = orders_of(range(1, 41), n_drawn=20, shuffle=shuffle)
    assert orders.shape == (40, 20)
    assert all(len(set(order)) == 20 for order in orders.tolist())
    assert len({frozenset(order) for order in orders.tolist()}) == 40
    assert set(orders.ravel()) == set(range(70))
    assert (np.diff(orders) > 0).all() != shuffle
    pieces = [orders_of(range(i, i + 1), n_drawn=20, shuffle=shuffle) for i in range(1, 41)]
    assert_array_equal(np.concatenate(pieces), orders)
    assert_array_equal(orders_of(range(1, 4), n_drawn=70), orders_of(range(1, 4)))


def test_few_samples_of_very_many_cost_little():
    orders = orders_of(range(1, 4), 2**31 - 1, n_drawn=5)
    assert orders.shape == (3, 5)
    assert orders.max() > 2**20


@pytest.mark.parametrize("shuffle", [True, False])
def test_many_samples_of_very_many_are_drawn_alike(monkeypatch, shuffle):
    monkeypatch.setattr(loop, "BLOCK_OF_DRAW", 30)
    n_epochs = 4000
    orders = orders_of(range(1, n_epochs + 1), n_drawn=20, shuffle=shuffle)  # of 30, 30 and 10
    assert orders.min() == 0
    assert orders.max() == 69
    in_order = np.sort(orders, axis=1)
    assert (np.diff(in_order) > 0).all()
    assert (in_order == orders).all() != shuffle
    # Each sample as often as another, each pair likewise, within a block and across.
    drawn = np.zeros((n_epochs, 70))
    np.put_along_axis(drawn, orders, 1, axis=1)
    together = drawn.T @ drawn / n_epochs
    expected = np.where(np.eye(70), 20 / 70, 20 * 19 / (70 * 69))
    off = (together - expected) / np.sqrt(expected * (1 - expected) / n_epochs)
    assert_allclose(off, 0, atol=5)
    if shuffle:  # and in each place
        counts = np.array([np.bincount(place // 10, minlength=7) for place in orders.T])
        assert_allclose((counts - n_epochs / 7) / np.sqrt(n_epochs * 6 / 49), 0, atol=5)


@pytest.mark.parametrize(
    "params", [{}, {"dropout": 0.2, "shuffle": False}, {"optimizer": "sgd", "alpha": 0.01}], ids=str
)
def test_an_epoch_of_drawn_samples_is_one_of_these_samples_alone(windows, small, params):
    X, y = windows
    weights = 1.0 + np.arange(70) % 3
    small.set_params(max_samples=20, batch_size=8, **params).fit(X, y, weights)
    seed = np.random.RandomState(0).randint(2**31 - 1, size=1)[0]
    by_hand = clone(small).set_params(max_samples=None, epochs=1, shuffle=False)
    for epoch in (1, 2, 3):
        rng = np.random.default_rng([seed, epoch])
        order = rng.choice(70, 20, replace=False, shuffle=small.shuffle)
        order = order if small.shuffle else np.sort(order)
        by_hand.partial_fit(X[order], y[order], weights[order])
    if not small.dropout:  # noise is seeded by what the generator yields after the order
        assert_same_weights(small, by_hand)
        assert small.loss_curve_ == by_hand.loss_curve_
    pieces = clone(small).set_params(epochs=1).fit(X, y, weights)
    for _ in range(2):
        pieces.partial_fit(X, y, weights)
    assert_same_weights(small, pieces)


@pytest.mark.parametrize("max_samples", [1.0, 0.999, 70, 1000, np.int64(70)])
def test_so_many_samples_as_there_are_means_all(windows, small, max_samples):
    X, y = windows
    expected = clone(small).fit(X, y)
    assert_same_weights(small.set_params(max_samples=max_samples).fit(X, y), expected)


@pytest.mark.parametrize(("max_samples", "number"), [(0.5, 35), (0.25, 18), (1e-9, 1), (1, 1)])
def test_a_share_of_the_samples_is_rounded(windows, small, max_samples, number):
    X, y = windows
    expected = clone(small).set_params(max_samples=number, batch_size=number).fit(X, y)
    small.set_params(batch_size=64)
    assert_same_weights(small.set_params(max_samples=max_samples).fit(X, y), expected)


def test_samples_are_drawn_of_those_that_early_stopping_leaves(windows, small):
    X, y = windows
    small.set_params(max_samples=20, epochs=4, ensemble_size=2)
    outside = clone(small).fit(X[:52], y[:52], X_val=X[52:], y_val=y[52:])
    small.set_params(early_stopping=True, validation_fraction=0.25, n_iter_no_change=9).fit(X, y)
    assert small.loss_curve_ == outside.loss_curve_
    assert small.validation_loss_curve_ == outside.validation_loss_curve_


def test_a_skip_connection_learns_what_is_linear(windows):
    X, y = windows
    params = {"epochs": 200, "learning_rate": 0.01, "batch_size": 10, "random_state": 0}
    plain = LSTMRegressor(2, **params).fit(X[:50], y[:50])
    skipping = LSTMRegressor(2, skip_connection=True, **params).fit(X[:50], y[:50])
    assert skipping.score(X[50:], y[50:]) > 0.9 > plain.score(X[50:], y[50:])


def test_networks_of_one_architecture_share_a_program_whatever_their_segments(windows):
    X, y = windows
    X, y = X.reshape(70, 6, 3), np.tile(y, (1, 3))
    params = {"decoding": "parallel", "skip_connection": True, "epochs": 1}
    LSTMRegressor(4, segment_length=2, **params).fit(X, y)
    before = training.n_traces()
    for segment_length, units in ((1, 4), (3, 6), (6, 8)):
        LSTMRegressor(units, segment_length=segment_length, ensemble_size=2, **params).fit(X, y)
    assert training.n_traces() == before


@pytest.mark.parametrize(
    "params",
    [{}, {"early_stopping": True}, {"max_samples": 0.5}, {"shuffle": False, "batch_size": 7}],
    ids=str,
)
@pytest.mark.parametrize("shift", [1, 4, 9])
def test_windows_at_even_distances_are_learned_from_as_those_of_a_list(shift, params):
    """Where they begin is three numbers in the one fit, an array in the other."""
    rows = np.random.default_rng(0).normal(size=(200, 2))
    even = np.lib.stride_tricks.sliding_window_view(rows, 6, axis=0).swapaxes(1, 2)[::shift]
    listed = Windows(rows, np.arange(0, 195, shift, dtype=np.int32), 6)
    assert_array_equal(even, listed)
    y = even[:, :, 0].mean(axis=1)
    lstm = LSTMRegressor(4, epochs=2, random_state=0, **params)
    fits = [clone(lstm).fit(X, y) for X in (even, listed)]
    assert_same_weights(*fits)
    assert_array_equal(fits[0].predict(even), fits[1].predict(listed))
