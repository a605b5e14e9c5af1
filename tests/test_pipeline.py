"""The parts inside scikit-learn's own tools."""

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, StackingRegressor, VotingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.linear_model import Ridge
from sklearn.metrics import get_scorer, mean_absolute_error, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    TimeSeriesSplit,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.utils.fixes import parse_version

from sklearn_lstm import LSTMRegressor, SequenceWindower, make_lstm_pipeline

PARAMS = {"units": 4, "epochs": 3, "learning_rate": 0.01, "random_state": 0}


@pytest.fixture
def model():
    return make_lstm_pipeline(5, **PARAMS)


def by_hand():
    return Pipeline(
        [
            ("scaler", MinMaxScaler()),
            ("windower", SequenceWindower(5)),
            ("lstm", LSTMRegressor(**PARAMS)),
        ]
    )


def weights_of(model):
    pipeline = getattr(model, "regressor_", model)
    return pipeline.named_steps["lstm"].weights_


def assert_same_weights(one, other):
    for a, b in zip(weights_of(one), weights_of(other), strict=True):
        assert_array_equal(a, b)


def test_the_pipeline_is_made_of_parts_of_scikit_learn(model):
    assert isinstance(model, TransformedTargetRegressor)
    assert isinstance(model.regressor, Pipeline)
    assert list(model.regressor.named_steps) == ["scaler", "windower", "lstm"]
    assert isinstance(model.transformer, MinMaxScaler)
    assert model.get_params()["regressor__lstm__units"] == 4


def test_frames_and_arrays_give_the_same(waves, model):
    X, y = waves
    from_frame = clone(model).fit(X[:70], y[:70])
    from_array = clone(model).fit(X[:70].to_numpy(), y[:70].to_numpy())
    assert_same_weights(from_frame, from_array)
    expected = from_frame.predict(X[70:])
    assert_array_equal(from_array.predict(X[70:].to_numpy()), expected)
    assert expected.shape == (19,)


def test_parts_put_together_by_hand_give_the_same(waves, model):
    X, y = waves
    scaled = TransformedTargetRegressor(by_hand(), transformer=MinMaxScaler()).fit(X, y)
    assert_same_weights(scaled, model.fit(X, y))


def test_predictions_of_a_test_part_use_the_history_before_it(waves, model):
    X, y = waves
    model.fit(X[:70], y[:70])
    pipeline = model.regressor_
    scaled = pipeline.named_steps["scaler"].transform(X)
    windows = SequenceWindower(5).fit_transform(scaled)
    predicted = pipeline.named_steps["lstm"].predict(windows)
    assert_allclose(pipeline.predict(X[70:]), predicted[70:], rtol=1e-12)
    assert_allclose(pipeline.predict(X[:70]), predicted[:70], rtol=1e-12)


@pytest.mark.parametrize("n_jobs", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_grid_search_over_windows_and_units(waves, model, n_jobs):
    X, y = waves
    search = GridSearchCV(
        model,
        {"regressor__windower__window_length": [3, 5], "regressor__lstm__units": [2, 4]},
        cv=TimeSeriesSplit(3),
        scoring="neg_root_mean_squared_error",
        n_jobs=n_jobs,
        return_train_score=True,
    ).fit(X, y)
    results = pd.DataFrame(search.cv_results_)
    assert len(results) == 4
    assert results.filter(like="score").notna().all(axis=None)
    assert results["mean_test_score"].nunique() == 4
    train, test = list(TimeSeriesSplit(3).split(X))[1]
    refitted = clone(model).set_params(**results["params"][0])
    predicted = refitted.fit(X.iloc[train], y.iloc[train]).predict(X.iloc[test])
    rmse = np.sqrt(np.mean((predicted - y.iloc[test]) ** 2))
    assert_allclose(-results["split1_test_score"][0], rmse, rtol=1e-6)


def test_train_scores_are_those_of_the_true_windows(waves, model):
    X, y = waves
    scores = cross_validate(
        model, X, y, cv=TimeSeriesSplit(3), return_train_score=True, return_estimator=True
    )
    for (train, _), estimator, score in zip(
        TimeSeriesSplit(3).split(X), scores["estimator"], scores["train_score"], strict=True
    ):
        scaler, lstm = (estimator.regressor_.named_steps[name] for name in ("scaler", "lstm"))
        windows = SequenceWindower(5).fit_transform(scaler.transform(X.iloc[train]))
        predicted = estimator.transformer_.inverse_transform(
            lstm.predict(windows).reshape(-1, 1)
        ).ravel()
        residual = ((y.iloc[train] - predicted) ** 2).sum()
        spread = ((y.iloc[train] - y.iloc[train].mean()) ** 2).sum()
        assert_allclose(score, 1 - residual / spread, rtol=1e-6)


def test_halving_search_over_epochs(waves, model):
    X, y = waves
    search = HalvingGridSearchCV(
        model,
        {"regressor__lstm__units": [2, 3, 4, 5]},
        resource="regressor__lstm__epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        cv=TimeSeriesSplit(2),
    ).fit(X, y)
    assert search.best_estimator_.regressor_.named_steps["lstm"].n_iter_ == 4


def test_an_ordinary_regressor_takes_part_in_the_same_search(waves):
    X, y = waves
    search = GridSearchCV(
        by_hand(),
        [
            {"lstm__units": [2]},
            {"windower__flatten": [True], "windower__window_length": [3, 6], "lstm": [Ridge(0.1)]},
        ],
        cv=TimeSeriesSplit(3),
        error_score="raise",
    ).fit(X, y)
    assert isinstance(search.best_estimator_.named_steps["lstm"], Ridge)


def test_voting_averages_pipelines(waves, model):
    X, y = waves
    second = clone(model).set_params(regressor__lstm__random_state=1)
    voting = VotingRegressor([("one", model), ("two", second)]).fit(X[:70], y[:70])
    mean = (model.fit(X[:70], y[:70]).predict(X) + second.fit(X[:70], y[:70]).predict(X)) / 2
    assert_allclose(voting.predict(X), mean)


def test_clone_and_dump_keep_everything(waves, model, tmp_path):
    X, y = waves
    assert clone(model).get_params().keys() == model.get_params().keys()
    model.fit(X[:70], y[:70])
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    assert_array_equal(loaded.predict(X[70:]), model.predict(X[70:]))
    assert_same_weights(clone(loaded).fit(X[:70], y[:70]), model)


def test_global_pandas_output_changes_nothing(waves, model):
    X, y = waves
    expected = model.fit(X, y).predict(X)
    with sklearn.config_context(transform_output="pandas"):
        assert_array_equal(clone(model).fit(X, y).predict(X), expected)
        by_hand().fit(X, y).predict(X)
    Pipeline(by_hand().steps).set_output(transform="pandas").fit(X, y).predict(X)


def test_several_steps_ahead_are_several_outputs(waves):
    X, _ = waves
    y = np.column_stack([X["a"].shift(-h).fillna(0.0) for h in (1, 2, 3)])
    model = make_lstm_pipeline(4, **PARAMS).fit(X[:70], y[:70])
    assert model.predict(X[70:]).shape == (19, 3)


def test_other_scalers_are_accepted_and_left_alone(waves):
    X, y = waves
    scaler = StandardScaler()
    model = make_lstm_pipeline(4, scaler=scaler, target_scaler=StandardScaler(), **PARAMS)
    model.fit(X, y)
    assert not hasattr(scaler, "mean_")
    assert not hasattr(scaler, "_sklearn_output_config")
    assert isinstance(model.transformer_, StandardScaler)
    raw = make_lstm_pipeline(4, scaler="passthrough", target_scaler="passthrough", **PARAMS)
    assert raw.fit(X, y).predict(X[:3]).shape == (3,)
    make_lstm_pipeline(4, scaler=FunctionTransformer(np.tanh), **PARAMS).fit(X, y)


def test_fitted_transformers_can_be_cached(waves, tmp_path):
    X, y = waves
    cached = make_lstm_pipeline(5, memory=str(tmp_path), **PARAMS)
    plain = make_lstm_pipeline(5, **PARAMS).fit(X, y)
    for _ in range(2):
        assert_same_weights(clone(cached).fit(X, y), plain)
    assert any(tmp_path.iterdir())


def test_text_that_a_scaler_refuses_is_named_by_column(waves, model):
    X, y = waves
    with pytest.raises(ValueError, match=r"X holds text .*columns \['sky'\].*OneHotEncoder"):
        model.fit(X.assign(sky="rain"), y)


def test_the_index_of_a_panel_reaches_the_windower(model):
    days = pd.date_range("2024-01-01", periods=30)
    index = pd.MultiIndex.from_product([["x", "y"], days], names=["store", "day"])
    X = pd.DataFrame({"sales": np.r_[np.arange(30.0), np.arange(30.0) * 5]}, index=index)
    y = X["sales"] + 1
    missing = model.fit(X, y).regressor_[:-1].transform(X)[:, 0, 0]
    assert_array_equal(np.flatnonzero(np.isnan(missing)), [0, 1, 2, 3, 30, 31, 32, 33])

    as_argument = make_lstm_pipeline(5, scaler=StandardScaler(), **PARAMS).fit(X, y)
    put_in_place = clone(model).set_params(regressor__scaler=StandardScaler()).fit(X, y)
    assert_same_weights(put_in_place, as_argument)
    assert_array_equal(put_in_place.predict(X), as_argument.predict(X))


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("y", np.inf, "y contains infinity, first at row 3"),
        ("y", np.nan, "y contains NaN, first at row 3"),
        ("X", np.inf, "X contains infinity, first at row 3, column 'b'"),
        ("X", np.nan, "X contains NaN, first at row 3, column 'b'.*max_gap"),
    ],
)
def test_values_that_a_scaler_refuses_are_named_by_row(waves, model, part, value, message):
    X, y = (data.copy() for data in waves)
    if part == "y":
        y.iloc[3] = value
    else:
        X.iloc[3, 1] = value
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)


@pytest.mark.parametrize("as_frame", [True, False])
def test_rows_after_a_fold_change_no_fitted_number(waves, model, as_frame):
    X, y = waves
    train, test = list(TimeSeriesSplit(3).split(X))[1]

    def fitted(X, y):
        X, y = (X, y) if as_frame else (X.to_numpy(), y.to_numpy())
        scores = cross_validate(
            model, X, y, cv=[(train, test)], return_estimator=True, return_train_score=True
        )
        return scores["estimator"][0], scores["train_score"][0]

    before, score_before = fitted(X, y)
    X_other, y_other = X.copy(), y.copy()
    X_other.iloc[train[-1] + 1 :] = 1e3
    y_other.iloc[train[-1] + 1 :] = -1e3
    after, score_after = fitted(X_other, y_other)
    assert_same_weights(before, after)
    assert_array_equal(before.transformer_.data_max_, after.transformer_.data_max_)
    assert score_before == score_after


def test_a_future_row_changes_no_earlier_prediction(waves, model):
    X, y = waves
    model.fit(X[:60], y[:60])
    before = model.predict(X[60:])
    for changed in (65, 80):
        other = X[60:].copy()
        other.iloc[changed - 60 :] = 99.0
        after = model.predict(other)
        assert_array_equal(after[: changed - 60], before[: changed - 60])
        assert after[changed - 60] != before[changed - 60]


def test_validation_data_can_be_routed_through_the_steps(waves):
    X, y = waves
    with sklearn.config_context(enable_metadata_routing=True):
        lstm = LSTMRegressor(**PARAMS).set_fit_request(
            X_val=True, y_val=True, sample_weight_val=True
        )
        steps = [("scaler", MinMaxScaler()), ("windower", SequenceWindower(5)), ("lstm", lstm)]
        model = Pipeline(steps, transform_input=["X_val"])
        model.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
        squares = (model.predict(X[60:]) - y[60:]) ** 2
        curve = model.named_steps["lstm"].validation_loss_curve_
        assert_allclose(curve[-1], np.mean(squares), rtol=1e-4)
        weights = np.arange(len(squares)) % 3
        model.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:], sample_weight_val=weights)
        curve = model.named_steps["lstm"].validation_loss_curve_
        assert_allclose(curve[-1], np.mean(weights * squares), rtol=1e-4)


# scikit-learn 1.6 routes weights to scorers alone, not to the score of a pipeline's last step.
SCORES = [None] if parse_version(sklearn.__version__) >= parse_version("1.9") else []


@pytest.mark.parametrize("scoring", [*SCORES, "neg_mean_absolute_error"])
@pytest.mark.parametrize("ready_made", [False, True])
def test_weights_can_be_routed_through_a_search(waves, scoring, ready_made):
    """What scores has to be told, too: the step, where its score counts, or the scorer."""
    X, y = waves
    weights, cv = np.linspace(0.1, 1, len(y)), TimeSeriesSplit(2)
    with sklearn.config_context(enable_metadata_routing=True):
        model = make_lstm_pipeline(5, **PARAMS) if ready_made else by_hand()
        inner = model.regressor if ready_made else model
        inner.named_steps["lstm"].set_fit_request(sample_weight=True)
        inner.named_steps["lstm"].set_score_request(sample_weight=True)
        if scoring is not None:
            scoring = get_scorer(scoring).set_score_request(sample_weight=True)
        search = GridSearchCV(model, {}, cv=cv, scoring=scoring, error_score="raise")
        found = search.fit(X, y, sample_weight=weights).cv_results_["split1_test_score"][0]
    train, test = list(cv.split(X))[1]
    fitted = clone(model).fit(X.iloc[train], y.iloc[train], lstm__sample_weight=weights[train])
    measure = r2_score if scoring is None else mean_absolute_error
    is_weighted = scoring is not None or not ready_made
    expected = measure(
        y.iloc[test],
        fitted.predict(X.iloc[test]),
        sample_weight=weights[test] if is_weighted else None,
    )
    assert_allclose(found, expected if scoring is None else -expected, rtol=1e-6)


def flat(**params):
    return Pipeline([("windower", SequenceWindower(3, flatten=True, **params)), ("ridge", Ridge())])


def test_rows_that_a_tool_shuffles_are_windowed_in_the_order_of_time(waves):
    X, y = waves
    order = np.random.default_rng(0).permutation(60)
    windows = SequenceWindower(3, flatten=True).fit_transform(X)
    ridge = Ridge().fit(windows[:60], y[:60])
    model = flat().fit(X.iloc[order], y.iloc[order])
    assert_allclose(model.predict(X[60:]), ridge.predict(windows[60:]), rtol=1e-9)
    sizes, _, scores = learning_curve(
        flat(), X, y, cv=[(np.arange(60), np.arange(60, 89))], train_sizes=[1.0], shuffle=True
    )
    assert_allclose(scores, [[ridge.score(windows[60:], y[60:])]], rtol=1e-9)
    assert sizes == [60]


def test_halving_over_rows_takes_rows_in_any_order(waves):
    X, y = waves
    search = HalvingGridSearchCV(
        flat(),
        {"ridge__alpha": [0.1, 1.0]},
        cv=TimeSeriesSplit(2),
        min_resources=40,
        factor=2,
        random_state=0,
        error_score="raise",
    ).fit(X, y)
    assert set(search.cv_results_["n_resources"]) == {40, 80}
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_importances_of_some_rows_are_those_of_these_rows(waves):
    X, y = waves
    model = flat().fit(X[:60], y[:60])
    options = {"n_repeats": 3, "random_state": 0}
    whole = permutation_importance(model, X[60:], y[60:], max_samples=29, **options)
    assert (whole.importances_mean > 0).any()
    assert np.isfinite(whole.importances).all()


def test_flat_windows_go_side_by_side_and_into_bags(waves):
    X, y = waves
    parts = [SequenceWindower(2, flatten=True), SequenceWindower(4, flatten=True)]
    union = FeatureUnion([("short", parts[0]), ("long", parts[1])]).fit(X)
    expected = np.hstack([part.fit_transform(X) for part in parts])
    assert_array_equal(union.transform(X), expected)
    columns = ColumnTransformer([("a", parts[0], ["a"]), ("b", parts[1], ["b"])]).fit(X)
    expected = np.hstack(
        [part.fit_transform(X[[name]]) for part, name in zip(parts, "ab", strict=True)]
    )
    assert_array_equal(columns.transform(X), expected)
    bag = Pipeline([("w", parts[1]), ("bag", BaggingRegressor(Ridge(), 4, random_state=0))])
    expected = BaggingRegressor(Ridge(), 4, random_state=0).fit(parts[1].fit_transform(X), y)
    assert_allclose(bag.fit(X, y).predict(X), expected.predict(parts[1].fit_transform(X)))


def test_models_of_earlier_rows_are_stacked_on_later_ones(waves):
    X, y = waves
    parts = [("one", flat().fit(X[:50], y[:50])), ("other", flat().set_params(ridge__alpha=9.0))]
    parts[1][1].fit(X[:50], y[:50])
    stack = StackingRegressor(parts, Ridge(), cv="prefit").fit(X[50:80], y[50:80])
    columns = np.column_stack([model.predict(X[50:]) for _, model in parts])
    expected = Ridge().fit(columns[:30], y[50:80]).predict(columns[30:])
    assert_allclose(stack.predict(X[50:])[30:], expected)


def test_an_unscaled_validation_target_is_refused(waves, model):
    X, y = waves
    with pytest.raises(ValueError, match=r"lstm__y_val.*scales y but not y_val.*early_stopping"):
        model.fit(X, y, lstm__X_val=np.zeros((3, 5, 2)), lstm__y_val=y[:3])
    model.set_params(regressor__lstm__early_stopping=True).fit(X, y)
    assert len(model.regressor_.named_steps["lstm"].validation_loss_curve_) == 3


def test_sample_weights_reach_the_lstm(waves, model):
    X, y = waves
    weights = np.r_[np.ones(50), np.zeros(39)]
    weighted = clone(model).fit(X, y, lstm__sample_weight=weights)
    assert not np.array_equal(weights_of(weighted)[0], weights_of(clone(model).fit(X, y))[0])


@pytest.mark.parametrize("name", ["scaler", "target_scaler"])
@pytest.mark.parametrize("value", ["minmax", MinMaxScaler, 3])
def test_a_scaler_must_be_a_transformer(name, value):
    with pytest.raises(TypeError, match=rf"{name}=.*must be a transformer"):
        make_lstm_pipeline(**{name: value})


def test_a_misspelt_parameter_is_named():
    with pytest.raises(TypeError, match="'unit'"):
        make_lstm_pipeline(unit=3)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers_give_the_same_predictions(waves, model, backend):
    X, y = waves
    model.set_params(regressor__lstm__dropout=0.2)
    models = [model, clone(model).set_params(regressor__lstm__units=3)]
    with joblib.parallel_config(backend=backend):
        parallel = [
            cross_validate(m, X, y, cv=TimeSeriesSplit(4), n_jobs=2, return_estimator=True)
            for m in models
        ]
    for m, scores in zip(models, parallel, strict=True):
        alone = cross_validate(m, X, y, cv=TimeSeriesSplit(4), return_estimator=True)
        assert_array_equal(scores["test_score"], alone["test_score"])
        for one, other in zip(scores["estimator"], alone["estimator"], strict=True):
            assert_same_weights(one, other)


def test_threads_may_fit_and_predict_at_once(waves, model):
    X, y = waves
    expected = clone(model).fit(X, y).predict(X)

    def fit_predict():
        return clone(model).fit(X, y).predict(X)

    results = joblib.Parallel(n_jobs=4, backend="threading")(
        joblib.delayed(fit_predict)() for _ in range(8)
    )
    for predicted in results:
        assert_array_equal(predicted, expected)


def test_cross_val_predict_answers_for_every_row(waves, model):
    X, y = waves
    folds = [(np.arange(start), np.arange(start, start + 10)) for start in (69, 79)]
    folds.insert(0, (np.arange(69, 89), np.arange(69)))
    assert cross_val_predict(model, X, y, cv=folds).shape == (89,)
