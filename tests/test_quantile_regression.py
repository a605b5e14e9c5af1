"""LSTMRegressor(loss="quantile") where the true quantiles are known, and within scikit-learn."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn.base import clone
from sklearn.linear_model import QuantileRegressor
from sklearn.metrics import d2_pinball_score, make_scorer, mean_pinball_loss, r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.utils.estimator_checks import check_estimator

from sklearn_lstm import (
    LSTMForecaster,
    LSTMRegressor,
    load_model,
    lstm_network,
    make_lstm_pipeline,
    save_model,
)

LEVELS = [0.05, 0.5, 0.95]


def quantiles_lstm(**params):
    given = {"units": 4, "epochs": 3, "loss": "quantile", "quantile": LEVELS, "random_state": 0}
    return LSTMRegressor(**{**given, **params})


@pytest.fixture(scope="module")
def noisy():
    """Windows of one step x, and y normal around 2x with a deviation that grows with x."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 3000)
    y = 2 * x + 0.5 * (0.1 + x) * rng.standard_normal(3000)
    return x[:, np.newaxis], y


@pytest.fixture(scope="module")
def joint(noisy):
    lstm = quantiles_lstm(units=16, epochs=20, learning_rate=0.01, learning_rate_schedule="cosine")
    return lstm.fit(*noisy)


def test_noise_of_changing_size_is_described_by_its_true_quantiles(joint):
    x = np.linspace(0.05, 0.95, 50)[:, np.newaxis]
    expected = 2 * x + 0.5 * (0.1 + x) * norm.ppf(LEVELS)
    assert_allclose(joint.predict(x), expected, atol=0.12)


def test_shares_of_the_noise_are_those_asked_for(joint, noisy):
    X, y = noisy
    shares = (y[:, np.newaxis] <= joint.predict(X)).mean(axis=0)
    assert_allclose(shares, LEVELS, atol=0.02)


@pytest.mark.parametrize("level", [0.1, 0.7])
def test_a_linear_quantile_is_found_as_quantile_regressor_finds_it(noisy, level):
    X, y = noisy
    lstm = quantiles_lstm(quantile=level, skip_connection=True, epochs=20, learning_rate=0.01)
    lstm.set_params(learning_rate_schedule="cosine").fit(X, y)
    linear = QuantileRegressor(quantile=level, alpha=0).fit(X, y)
    ours, theirs = (mean_pinball_loss(y, m.predict(X), alpha=level) for m in (lstm, linear))
    assert ours < 1.01 * theirs
    assert_allclose(lstm.predict(X), linear.predict(X), atol=0.1)


def test_without_information_the_empirical_quantiles_are_predicted():
    y = np.random.default_rng(0).exponential(size=500)
    X = np.zeros((500, 2))
    lstm = quantiles_lstm(quantile=[0.1, 0.3, 0.6, 0.9], epochs=60, learning_rate=0.02)
    lstm.set_params(learning_rate_schedule="cosine").fit(X, y)
    assert_allclose(lstm.predict(X[:1])[0], np.quantile(y, [0.1, 0.3, 0.6, 0.9]), atol=0.05)


def test_the_loss_curve_is_the_mean_pinball_loss(noisy):
    X, y = noisy
    for quantile in (0.2, LEVELS):
        lstm = quantiles_lstm(quantile=quantile).fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
        predicted = lstm.predict(X[200:]).reshape(len(X) - 200, -1)
        losses = [
            mean_pinball_loss(y[200:], predicted[:, k], alpha=level)
            for k, level in enumerate(np.atleast_1d(quantile))
        ]
        assert_allclose(lstm.validation_loss_curve_[-1], np.mean(losses), rtol=1e-4)


@pytest.mark.parametrize(
    ("quantile", "n_targets", "shape"),
    [
        (0.5, 0, (70,)), (0.5, 1, (70, 1)), (0.5, 2, (70, 2)),
        ([0.5], 0, (70, 1)), (LEVELS, 0, (70, 3)), (LEVELS, 1, (70, 1, 3)), (LEVELS, 2, (70, 2, 3)),
    ],
)  # fmt: skip
def test_the_shape_of_predictions(windows, quantile, n_targets, shape):
    X, y = windows
    y = y[:, :n_targets] if n_targets else y[:, 0]
    lstm = quantiles_lstm(quantile=quantile).fit(X, y)
    assert lstm.predict(X).shape == shape
    assert lstm.n_outputs_ == max(n_targets, 1)
    assert_array_equal(lstm.quantile_, quantile)
    assert np.shape(lstm.quantile_) == np.shape(quantile)


def test_another_loss_has_no_levels(windows):
    lstm = LSTMRegressor(3, epochs=1, quantile=[0.1, 0.9]).fit(*windows)
    assert not hasattr(lstm, "quantile_")
    assert lstm.predict(windows[0]).shape == (70, 2)


def test_each_target_and_level_is_ordered_and_their_own():
    rng = np.random.default_rng(0)
    X = np.zeros((800, 2))
    y = np.column_stack([rng.normal(3, 1, 800), rng.normal(-2, 0.3, 800)])
    lstm = quantiles_lstm(epochs=80, learning_rate=0.02, learning_rate_schedule="cosine").fit(X, y)
    assert_allclose(lstm.predict(X[:1])[0], np.quantile(y, LEVELS, axis=0).T, atol=0.1)


@pytest.mark.parametrize(
    "params",
    [
        {"ensemble_size": 2},
        {"max_samples": 20, "dropout": 0.2, "alpha": 1e-3, "clipnorm": 0.1},
        {"early_stopping": True, "epochs": 30, "n_iter_no_change": 2},
        {"segment_length": 2, "decoding": "parallel", "skip_connection": True},
        {"units": (4, 3), "bidirectional": True},
        {"network": lstm_network, "network_params": {"units": 3}},
    ],
    ids=str,
)
def test_every_kind_of_network_predicts_ordered_quantiles(windows, params):
    X, y = windows
    lstm = quantiles_lstm(learning_rate=0.05, **params).fit(X, y)
    assert lstm.loss_curve_[-1] < lstm.loss_curve_[0]
    predicted = lstm.predict(X)
    assert predicted.shape == (70, 2, 3)
    assert (np.diff(predicted) > 0).all()
    assert_allclose(lstm.model_.predict(X, verbose=0), predicted, atol=1e-5)
    assert_array_equal(pickle.loads(pickle.dumps(lstm)).predict(X), predicted)


def test_the_model_of_keras_predicts_quantiles_after_it_was_saved(windows, tmp_path):
    import keras

    X, y = windows
    lstm = quantiles_lstm(ensemble_size=2).fit(X, y)
    lstm.model_.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert_allclose(loaded.predict(X, verbose=0), lstm.predict(X), atol=1e-5)


def test_sample_weights_move_the_quantiles():
    y = np.repeat([0.0, 1.0], 200)
    X, weights = np.zeros((400, 1)), np.where(y == 1, 9.0, 1.0)
    lstm = quantiles_lstm(quantile=[0.2, 0.8], epochs=40, learning_rate=0.02)
    lower, upper = lstm.fit(X, y, weights).predict(X[:1])[0]
    assert_allclose([lower, upper], [1, 1], atol=0.1)
    lower, upper = lstm.fit(X, y).predict(X[:1])[0]
    assert_allclose([lower, upper], [0, 1], atol=0.1)


@pytest.mark.parametrize(
    "quantile", [None, 0, 1.0, -0.1, True, [], [0.5, 0.5], [0.9, 0.1], (0.0, 0.5), ["0.5"], [[0.5]]]
)
def test_levels_that_are_none_are_refused(windows, quantile):
    with pytest.raises(
        ValueError, match=r"quantile.*(between 0 and 1|in the range \(0\.0, 1\.0\))"
    ):
        quantiles_lstm(quantile=quantile).fit(*windows)


def test_training_goes_on_at_other_levels_but_not_with_more(windows):
    X, y = windows
    lstm = quantiles_lstm(quantile=[0.1, 0.9], warm_start=True).fit(X, y)
    lstm.set_params(quantile=[0.2, 0.8]).fit(X, y)
    assert_array_equal(lstm.quantile_, [0.2, 0.8])
    before = lstm.predict(X)
    with pytest.raises(
        ValueError, match=r"Quantile\(levels=\(0\.2, 0\.8\)\), is Quantile\(levels=0"
    ):
        lstm.set_params(quantile=0.5).fit(X, y)
    assert_array_equal(lstm.predict(X), before)


def test_a_network_that_compiles_itself_can_learn_no_several_levels(windows):
    import keras

    def compiled(meta):
        model = lstm_network(meta, units=2)
        model.compile(loss="mae")
        return model

    X, y = windows
    with pytest.raises(ValueError, match=r"network compiles its model.*single level"):
        quantiles_lstm(network=compiled).fit(X, y)
    assert isinstance(quantiles_lstm(network=compiled, quantile=0.5).fit(X, y).model_, keras.Model)


def test_the_score_is_r2_of_one_level_and_mean_d2_of_several(windows):
    X, y = windows
    weights = np.arange(70.0)
    one = quantiles_lstm(quantile=0.5).fit(X, y)
    assert one.score(X, y, weights) == r2_score(y, one.predict(X), sample_weight=weights)
    several = quantiles_lstm().fit(X, y)
    predicted = several.predict(X)
    expected = [
        d2_pinball_score(y, predicted[..., k], sample_weight=weights, alpha=level)
        for k, level in enumerate(LEVELS)
    ]
    assert_allclose(several.score(X, y, weights), np.mean(expected))


def test_a_pipeline_scales_quantiles_back(waves):
    X, y = waves
    model = make_lstm_pipeline(
        4, units=4, epochs=5, loss="quantile", quantile=LEVELS, random_state=0
    )
    model.fit(X, y)
    predicted, scaled = model.predict(X), model.regressor_.predict(X)
    assert predicted.shape == (len(X), 3)
    low, high = y.min(), y.max()
    assert_allclose(predicted, low + (high - low) * scaled, atol=1e-12)
    expected = [d2_pinball_score(y, predicted[:, k], alpha=q) for k, q in enumerate(LEVELS)]
    assert_allclose(model.score(X, y), np.mean(expected))
    both = np.column_stack([y, -3 * y])
    predicted = clone(model).fit(X, both).predict(X)
    assert predicted.shape == (len(X), 2, 3)
    assert (np.diff(predicted) > 0).all()


@pytest.mark.slow
def test_a_search_over_levels_runs_in_two_workers(waves):
    X, y = waves
    model = make_lstm_pipeline(4, units=3, epochs=1, loss="quantile", random_state=0)
    levels = [0.1, 0.9, [0.1, 0.5], LEVELS]
    search = GridSearchCV(
        model, {"regressor__lstm__quantile": levels}, cv=TimeSeriesSplit(2), n_jobs=2
    ).fit(X, y)
    alone = clone(search).set_params(n_jobs=1).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert_allclose(search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])


def test_a_search_finds_the_level_that_a_scorer_asks_for(noisy):
    X, y = noisy
    scorer = make_scorer(mean_pinball_loss, alpha=0.9, greater_is_better=False)
    lstm = quantiles_lstm(epochs=5, learning_rate=0.02)
    search = GridSearchCV(lstm, {"quantile": [0.1, 0.5, 0.9]}, cv=2, scoring=scorer)
    assert search.fit(X[:1000], y[:1000]).best_params_ == {"quantile": 0.9}


@pytest.mark.parametrize("quantile", [0.3, (0.1, 0.9), LEVELS])
def test_files_keep_levels(windows, quantile, tmp_path):
    X, y = windows
    lstm = quantiles_lstm(quantile=quantile).fit(X, y)
    save_model(lstm, tmp_path / "m.skops")
    loaded = load_model(tmp_path / "m.skops")
    assert loaded.quantile == quantile
    assert_array_equal(loaded.predict(X), lstm.predict(X))
    assert_array_equal(loaded.quantile_, lstm.quantile_)
    assert_array_equal(loaded.partial_fit(X, y).predict(X), lstm.partial_fit(X, y).predict(X))


def test_a_forecaster_takes_one_quantile_and_says_so():
    wave = np.sin(np.arange(80) / 3)
    params = {"window_length": 6, "horizon": 2}
    upper = LSTMForecaster(quantiles_lstm(quantile=0.9), **params).fit(wave)
    assert np.shape(upper.predict()) == (2,)
    with pytest.raises(ValueError, match=r"2 steps of 1 columns.*Of several quantiles take one"):
        LSTMForecaster(quantiles_lstm(), **params).fit(wave).predict()


@pytest.mark.filterwarnings("ignore")
def test_a_regressor_of_a_quantile_passes_the_checks_of_scikit_learn():
    results = check_estimator(
        LSTMRegressor(8, epochs=5, loss="quantile", quantile=0.3), on_fail=None, on_skip=None
    )
    failed = {r["check_name"] for r in results if r["status"] == "failed"}
    assert failed == {"check_sample_weight_equivalence_on_dense_data"}
