"""Models of ONNX predict what the estimators do, and say what they are."""

import json
import sys
from itertools import product

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from sklearn_lstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMRegressor,
    SequencePadder,
    SequenceWindower,
    make_lstm_pipeline,
    save_onnx,
    to_onnx,
)
from sklearn_lstm._base import BaseLSTM

N_SAMPLES, N_TIMESTEPS, N_FEATURES = 12, 6, 3


def answers(model, windows):
    session = onnxruntime.InferenceSession(
        model if isinstance(model, bytes) else to_onnx(model), providers=["CPUExecutionProvider"]
    )
    (values,) = session.run(None, {"windows": np.asarray(windows, np.float32)})
    assert values.dtype == np.float32
    assert session.get_outputs()[0].shape == ["n_samples", *values.shape[1:]]
    return values


def agree(model, windows, expected, atol=1e-5):
    content = to_onnx(model)
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    values = answers(content, windows)
    assert values.shape == expected.shape
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=atol)


@pytest.fixture
def untrained(monkeypatch):
    """Fits end before the training, which weights drawn anew would undo anyway."""
    monkeypatch.setattr(BaseLSTM, "_train_members", lambda *args: None)


def with_drawn_weights(lstm, seed=0):
    rng = np.random.default_rng(seed)
    lstm.weights_ = [rng.uniform(-0.6, 0.6, array.shape) for array in lstm.weights_]
    return lstm


def windows_of(n_samples=N_SAMPLES, n_timesteps=N_TIMESTEPS, seed=1):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n_samples, n_timesteps, N_FEATURES)).astype(np.float32)


def shortened(windows, lengths):
    """Return windows that end with NaN after so many steps."""
    step = np.arange(windows.shape[1])[:, np.newaxis]
    return np.where(step < np.reshape(lengths, (-1, 1, 1)), windows, np.float32(np.nan))


NETWORKS = [
    {"units": units, "segment_length": segment_length, **options}
    for units, segment_length, options in product(
        [4, (4, 3)],
        [None, 2],
        [
            {"bidirectional": bidirectional, "pooling": pooling, "skip_connection": skip}
            for bidirectional, pooling, skip in product(
                [False, True], ["last", "mean", "max"], [False, True]
            )
        ],
    )
]


@pytest.mark.parametrize("params", NETWORKS, ids=str)
def test_every_network_predicts_the_same(untrained, params):
    X = windows_of()
    lstm = with_drawn_weights(LSTMRegressor(**params).fit(X, X[:, -1, 0]))
    agree(lstm, X, lstm.predict(X))


@pytest.mark.parametrize("params", NETWORKS, ids=str)
def test_sequences_end_where_they_end(untrained, params):
    X = shortened(windows_of(), np.arange(N_SAMPLES) % N_TIMESTEPS + 1)
    if params["skip_connection"]:
        with pytest.raises(ValueError, match="skip_connection"):
            LSTMRegressor(**params).fit(X, X[:, 0, 0])
        return
    lstm = with_drawn_weights(LSTMRegressor(**params).fit(X, X[:, 0, 0]))
    agree(lstm, X, lstm.predict(X))
    longer = windows_of(n_timesteps=9)  # no whole number of segments
    agree(lstm, longer, lstm.predict(longer))


@pytest.mark.parametrize("units", [4, (4, 3)])
@pytest.mark.parametrize("quantile", [0.5, [0.1, 0.4, 0.6, 0.9]], ids=str)
@pytest.mark.parametrize("skip_connection", [False, True])
def test_decoding_in_parallel(untrained, units, quantile, skip_connection):
    X = windows_of()
    lstm = LSTMRegressor(
        units, segment_length=2, decoding="parallel", skip_connection=skip_connection,
        loss="quantile", quantile=quantile,
    )  # fmt: skip
    lstm = with_drawn_weights(lstm.fit(X, X[:, :4, 0]))
    agree(lstm, X, lstm.predict(X))
    agree(lstm, X[:1], lstm.predict(X[:1]))


def test_decoding_in_parallel_from_where_sequences_end(untrained):
    X = shortened(windows_of(), np.arange(N_SAMPLES) % N_TIMESTEPS + 1)
    lstm = LSTMRegressor((4, 3), segment_length=2, decoding="parallel")
    lstm = with_drawn_weights(lstm.fit(X, windows_of(seed=2)[:, :4, 0]))
    agree(lstm, X, lstm.predict(X))


@pytest.mark.parametrize("levels", [[0.5], [0.1, 0.9], [0.05, 0.5, 0.95]], ids=str)
@pytest.mark.parametrize("ensemble_size", [1, 3])
@pytest.mark.parametrize("columns", [0, slice(0, 1), slice(0, 2)], ids=str)
def test_quantiles_have_the_shape_of_predict_and_do_not_cross(
    untrained, levels, ensemble_size, columns
):
    X = windows_of()
    lstm = LSTMRegressor(4, loss="quantile", quantile=levels, ensemble_size=ensemble_size)
    lstm = with_drawn_weights(lstm.fit(X, X[:, -1, columns]))
    agree(lstm, X, lstm.predict(X))
    assert (np.diff(answers(lstm, X), axis=-1) >= 0).all()


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "poisson", "gamma"])
@pytest.mark.parametrize("ensemble_size", [1, 3])
def test_losses_have_their_way_back(untrained, loss, ensemble_size):
    X = windows_of()
    lstm = LSTMRegressor(4, loss=loss, ensemble_size=ensemble_size)
    lstm = with_drawn_weights(lstm.fit(X, np.exp(X[:, -1, :2])))
    agree(lstm, X, lstm.predict(X))


@pytest.mark.parametrize("ensemble_size", [1, 2])
@pytest.mark.parametrize(
    "y",
    [
        np.arange(N_SAMPLES) % 2 > 0,
        np.array(["c", "a", "b"] * 4),
        np.eye(4, dtype=int)[[0, 1, 3] * 4],
    ],
    ids=["binary", "multiclass", "labels"],
)
def test_classifiers_give_probabilities(untrained, ensemble_size, y):
    X = windows_of()
    classifier = LSTMClassifier(4, ensemble_size=ensemble_size, pooling="max").fit(X, y)
    classifier = with_drawn_weights(classifier)
    agree(classifier, X, classifier.predict_proba(X))


ROWS = pd.DataFrame(
    np.random.default_rng(0).normal([5, -300, 0.01], [1, 20, 0.001], (60, 3)), columns=list("abc")
)
TARGET = 1000 + 50 * ROWS["a"].rename("y")


@pytest.mark.parametrize("y", [TARGET, TARGET.to_frame(), ROWS[["a", "b"]]], ids=["1", "2", "3"])
@pytest.mark.parametrize("scaler", [
    None, "passthrough", MinMaxScaler((-1, 2), clip=True), StandardScaler(with_mean=False),
    StandardScaler(with_std=False), StandardScaler(), RobustScaler(), MaxAbsScaler(),
], ids=str)  # fmt: skip
@pytest.mark.parametrize("params", [{}, {"loss": "quantile", "quantile": [0.1, 0.5]}], ids=str)
def test_a_pipeline_takes_windows_of_x_and_predicts_in_the_unit_of_y(untrained, y, scaler, params):
    model = make_lstm_pipeline(4, scaler=scaler, target_scaler=scaler, units=3, **params)
    model.fit(ROWS[:40], y[:40])
    with_drawn_weights(model.regressor_[-1])
    windows = SequenceWindower(4).fit(ROWS[:40]).transform(ROWS[40:])
    agree(model, windows, model.predict(ROWS[40:]), atol=1e-5 * np.abs(y.to_numpy()).max())


def test_a_trained_pipeline_predicts_the_same_from_its_file(tmp_path):
    model = make_lstm_pipeline(4, units=3, epochs=1, random_state=0).fit(ROWS, TARGET)
    save_onnx(model, tmp_path / "model.onnx")
    windows = SequenceWindower(4).fit_transform(ROWS)[3:]
    expected = model.predict(ROWS)[3:]
    values = answers((tmp_path / "model.onnx").read_bytes(), windows)
    np.testing.assert_allclose(values, expected, atol=1e-5 * TARGET.max())
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


def test_pipelines_of_scikit_learn(untrained):
    steps = [StandardScaler(), "passthrough", MinMaxScaler(), SequenceWindower(4), LSTMRegressor(3)]
    model = make_pipeline(*steps).fit(ROWS, TARGET)
    windows = SequenceWindower(4).fit_transform(ROWS)[3:]
    agree(model, windows, model.predict(ROWS)[3:])
    wrapped = TransformedTargetRegressor(model, transformer=StandardScaler()).fit(ROWS, TARGET)
    agree(wrapped, windows, wrapped.predict(ROWS)[3:], atol=1e-5 * TARGET.max())


@pytest.mark.parametrize("scaler", [None, StandardScaler()], ids=str)
def test_padded_sequences_are_scaled_inside(untrained, scaler):
    sequences = [window[:n] for window, n in zip(windows_of(), [6, 2, 4] * 4, strict=True)]
    y = ["walks", "runs"] * 6
    model = make_pipeline(SequencePadder(scaler), LSTMClassifier(4, pooling="mean"))
    with_drawn_weights(model.fit(sequences, y)[-1])
    padded = np.asarray(SequencePadder().fit_transform(sequences))
    agree(model, padded, model.predict_proba(sequences))


@pytest.mark.parametrize("pooling", ["last", "max"])
@pytest.mark.parametrize("segment_length", [None, 2])
@pytest.mark.parametrize("loss", ["squared_error", "poisson", "quantile"])
def test_a_window_with_nan_is_answered_by_nan(untrained, pooling, segment_length, loss):
    X = windows_of()
    X[1, 0] = np.nan  # history that is missing
    X[3, 2, 1] = np.nan
    X[5] = np.nan
    is_whole = ~np.isin(np.arange(N_SAMPLES), [1, 3, 5])
    lstm = LSTMRegressor(4, pooling=pooling, segment_length=segment_length, loss=loss)
    whole = X[is_whole]
    lstm = with_drawn_weights(lstm.fit(whole, np.exp(whole[:, -1, 0])))
    values = answers(lstm, X)
    np.testing.assert_array_equal(np.isnan(values), ~is_whole)
    np.testing.assert_allclose(values[is_whole], lstm.predict(whole), atol=1e-5)
    lstm.fit(shortened(whole, np.arange(len(whole)) % 4 + 3), np.exp(whole[:, 0, 0]))
    values = answers(with_drawn_weights(lstm), X)
    np.testing.assert_array_equal(np.isnan(values), ~is_whole)


def test_a_classifier_answers_nan_by_nan(untrained):
    X = windows_of()
    classifier = with_drawn_weights(LSTMClassifier(4).fit(X, np.arange(N_SAMPLES) % 3))
    X[2, -1, 0] = np.nan
    assert np.isnan(answers(classifier, X)).any(axis=1).nonzero()[0].tolist() == [2]


def test_the_file_says_what_it_is(untrained):
    y = np.where(TARGET > 1250, "high", "low")
    model = make_pipeline(StandardScaler(), SequenceWindower(4), LSTMClassifier(3)).fit(ROWS, y)
    read = onnx.load_from_string(to_onnx(model))
    props = {prop.key: prop.value for prop in read.metadata_props}
    assert json.loads(props["feature_names"]) == ["a", "b", "c"]
    assert json.loads(props["classes"]) == ["high", "low"]
    assert props["estimator"] == "Pipeline"
    assert props["sklearn_lstm"] == read.producer_version
    assert (read.opset_import[0].version, read.ir_version) == (13, 7)
    given, returned = read.graph.input[0], read.graph.output[0]
    assert (given.name, returned.name) == ("windows", "probabilities")
    sizes = [d.dim_param or d.dim_value for d in given.type.tensor_type.shape.dim]
    assert sizes == ["n_samples", 4, 3]


def test_levels_of_quantiles_are_in_the_file(untrained):
    X = windows_of()
    lstm = LSTMRegressor(3, loss="quantile", quantile=[0.1, 0.9]).fit(X, X[:, 0, 0])
    props = {p.key: p.value for p in onnx.load_from_string(to_onnx(lstm)).metadata_props}
    assert json.loads(props["quantiles"]) == [0.1, 0.9]
    assert "classes" not in props
    assert "feature_names" not in props


def test_the_file_holds_little_beside_the_weights(untrained):
    X = windows_of()
    lstm = LSTMRegressor(50).fit(X, X[:, 0, 0])
    n_zeros = 4 * 50  # the second bias of ONNX
    n_bytes = 4 * (sum(array.size for array in lstm.weights_) + n_zeros)
    assert n_bytes < len(to_onnx(lstm)) < n_bytes + 3000


def test_parameters_set_after_the_fit_do_not_count(untrained):
    X = windows_of()
    lstm = LSTMRegressor(3).fit(X, X[:, 0, 0])
    before = to_onnx(lstm)
    lstm.set_params(units=7, loss="poisson", bidirectional=True)
    assert to_onnx(lstm) == before


def keras_builder(meta, units=2):
    """Build nothing: what is fitted with it never trains here."""


@pytest.mark.parametrize(("estimator", "error", "words"), [
    (LSTMRegressor(), NotFittedError, "not fitted"),
    (make_lstm_pipeline(), NotFittedError, "not fitted"),
    (make_pipeline(SequenceWindower(), LSTMRegressor()), NotFittedError, "not fitted"),
    (Ridge(), TypeError, "Ridge"),
    (LSTMForecaster(), TypeError, "save_model"),
    (GridSearchCV(LSTMRegressor(), {}), TypeError, "best_estimator_"),
    ("LSTM", TypeError, "str"),
], ids=str)  # fmt: skip
def test_what_is_no_fitted_estimator_is_refused(estimator, error, words, tmp_path):
    with pytest.raises(error, match=words):
        to_onnx(estimator)
    with pytest.raises(error):
        save_onnx(estimator, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("steps", "error", "words"), [
    ([PowerTransformer(), SequenceWindower(4), LSTMRegressor(3)], TypeError, "PowerTransformer"),
    ([FunctionTransformer(np.log), SequenceWindower(4), LSTMRegressor(3)], TypeError, "log"),
    ([SequenceWindower(4, flatten=True), LSTMRegressor(3)], ValueError, "flatten=False"),
    ([StandardScaler(), LSTMRegressor(3)], TypeError, "SequenceWindower"),
    ([SequenceWindower(4, flatten=True), Ridge()], TypeError, "Ridge"),
], ids=str)  # fmt: skip
def test_steps_that_onnx_is_not_told_of_are_refused(untrained, steps, error, words):
    model = make_pipeline(*steps).fit(ROWS.abs(), TARGET)
    with pytest.raises(error, match=words):
        to_onnx(model)


def test_a_custom_network_is_refused(untrained):
    X = windows_of()
    lstm = LSTMRegressor(network=keras_builder).fit(X, X[:, 0, 0])
    with pytest.raises(ValueError, match=r"model_\.export"):
        to_onnx(lstm)


def test_a_function_of_the_target_is_refused(untrained):
    inner = Pipeline([("windows", SequenceWindower(4)), ("lstm", LSTMRegressor(3))])
    model = TransformedTargetRegressor(inner, func=np.log, inverse_func=np.exp).fit(ROWS, TARGET)
    with pytest.raises(TypeError, match="target"):
        to_onnx(model)


def test_without_the_package_the_error_says_how_to_install_it(untrained, monkeypatch):
    X = windows_of()
    lstm = LSTMRegressor(3).fit(X, X[:, 0, 0])
    monkeypatch.delitem(sys.modules, "sklearn_lstm.export.graph", raising=False)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'sklearn-lstm\[onnx\]'"):
        to_onnx(lstm)
