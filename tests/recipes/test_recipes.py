"""The code of docs/recipes.rst, beside an LSTMRegressor on windows of a SequenceWindower.

What needs a library that "pip install sklearn-lstm[test]" does not bring is tested where that is
installed.
"""

import re
from pathlib import Path
from textwrap import dedent

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.preprocessing import OneHotEncoder

from sklearn_lstm import LSTMForecaster, LSTMRegressor, SequenceWindower, make_supervised

PAGE = (Path(__file__).parents[2] / "docs" / "recipes.rst").read_text(encoding="utf-8")
N_LAGS, HORIZON = 24, 6


def run_code_of(title, replaced=(), **names):
    """Run the code below a title of the page, with other numbers in it, and return its names."""
    section = PAGE[PAGE.index(f"\n{title}\n") :]
    code = dedent(re.search(r"code-block:: python\n\n(.*?)\n(?=\S)", section, re.DOTALL)[1])
    for old, new in replaced:
        assert old in code
        code = code.replace(old, new)
    exec(code, names)
    return names


@pytest.fixture(scope="module")
def y():
    t = np.arange(150)
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(t))
    index = pd.date_range("2024-01-01", periods=len(t), freq="h")
    return pd.Series(5 + np.sin(2 * np.pi * t / 24) + noise, index, name="y")


def windows_and_targets(scaled):
    """Return the complete windows of rows that have a next one, and its first column."""
    windows = SequenceWindower(N_LAGS).fit_transform(scaled.reshape(len(scaled), -1))
    return windows[N_LAGS - 1 : -1], scaled.reshape(len(scaled), -1)[N_LAGS:, 0]


def forecast(lstm, scaled, n_steps=HORIZON):
    """Feed forecasts of the next step back, by hand."""
    known = list(scaled)
    for _ in range(n_steps):
        known.append(lstm.predict(np.reshape(known[-N_LAGS:], (1, N_LAGS, 1))).item())
    return np.array(known[len(scaled) :])


FEWER = [("epochs=20", "epochs=2")]


@pytest.mark.parametrize("dtype", ["object", "category", "string"])
def test_categories_are_refused_with_what_encodes_them(y, dtype):
    kinds = pd.Series(np.resize(["none", "flyer"], len(y)), y.index, dtype=dtype, name="kind")
    with pytest.raises(ValueError, match=r"X holds text .*kind.*OneHotEncoder"):
        LSTMForecaster(Ridge(), window_length=3).fit(y, kinds.to_frame())


@pytest.mark.parametrize("dtype", ["object", "category", "string"])
def test_categories_encoded_before_the_forecaster_are_columns_of_zero_and_one(y, dtype):
    index = pd.date_range(y.index[0], periods=len(y) + 2, freq="h")
    kinds = np.resize(["none", "flyer", "none", "discount", "none"], len(index))
    X = pd.DataFrame({"kind": pd.Series(kinds, index, dtype=dtype), "price": np.arange(152.0)})
    encoding = OneHotEncoder(categories=[["none", "flyer", "discount"]], sparse_output=False)
    encoder = make_column_transformer((encoding, ["kind"]), remainder="passthrough")
    known = encoder.set_output(transform="pandas").fit_transform(X)
    by_hand = np.column_stack([kinds == "none", kinds == "flyer", kinds == "discount", X["price"]])
    forecasts = [
        LSTMForecaster(Ridge(), window_length=3, horizon=2)
        .fit(y, pd.DataFrame(of, index)[:150])
        .predict(X=pd.DataFrame(of, index)[150:])
        for of in (known, by_hand.astype(float))
    ]
    assert_allclose(*forecasts)


def test_skforecast_with_its_lags_reversed_forecasts_as_the_lstm_on_its_windows(y):
    pytest.importorskip("skforecast", reason="skforecast is not installed")
    names = run_code_of("skforecast", [*FEWER, ("steps=48", "steps=6")], y=y)
    low, high = y.min(), y.max()
    scaled = ((y - low) / (high - low)).to_numpy()
    lstm = clone(names["lstm"]).fit(*windows_and_targets(scaled))
    expected = low + (high - low) * forecast(lstm, scaled)
    assert_allclose(names["forecaster"].predict(steps=HORIZON), expected, rtol=1e-6)


def test_covariates_of_skforecast_stand_beside_each_step(y):
    pytest.importorskip("skforecast", reason="skforecast is not installed")
    names = run_code_of("skforecast", FEWER, y=y)
    exog = pd.DataFrame({"u": np.cos(np.arange(156)), "v": np.arange(156) % 5}, dtype=float)
    exog.index = pd.date_range(y.index[0], periods=156, freq="h")
    forecaster = names["forecaster"]
    forecaster.fit(y, exog=exog[:150])
    X, targets = forecaster.create_train_X_y(y, exog=exog[:150])
    windows = names["oldest_first"](X)
    lags = windows_and_targets(X["lag_1"].to_numpy())[0][:, :, 0]
    assert_allclose(windows[N_LAGS - 1 : -1, :, 0], lags)
    assert_allclose(windows[:, 0, 1:], exog[N_LAGS:150])
    assert_allclose(windows[:, -1, 1:], exog[N_LAGS:150])
    lstm = clone(names["lstm"]).fit(windows, targets)
    expected = lstm.predict(windows)
    assert_allclose(forecaster.estimator.predict(X), expected, rtol=1e-6)
    assert np.isfinite(forecaster.predict(steps=HORIZON, exog=exog[150:])).all()


def test_mlforecast_with_its_lags_by_name_forecasts_as_the_lstm_on_its_windows(y):
    pytest.importorskip("mlforecast", reason="mlforecast is not installed")
    series = {"a": y.to_numpy(), "b": 3 * y.to_numpy()[::-1]}
    table = pd.concat(
        pd.DataFrame({"unique_id": name, "ds": y.index, "y": values})
        for name, values in series.items()
    )
    names = run_code_of("mlforecast", [*FEWER, ("predict(48)", "predict(6)")], table=table)
    scaled = {name: (of - of.mean()) / of.std() for name, of in series.items()}
    parts = [windows_and_targets(of) for of in scaled.values()]
    windows, targets = (np.concatenate(part) for part in zip(*parts, strict=True))
    lstm = clone(names["lstm"]).fit(windows, targets)
    forecasts = names["forecaster"].predict(HORIZON).set_index("unique_id")["lstm"]
    for name, of in series.items():
        expected = of.mean() + of.std() * forecast(lstm, scaled[name])
        assert_allclose(forecasts[name], expected, rtol=1e-5)


def test_sktime_forecasts_as_the_lstm_on_its_windows(y):
    pytest.importorskip("sktime", reason="sktime is not installed")
    y = y - 5
    replaced = [*FEWER, ("range(1, 49)", "range(1, 7)")]
    names = run_code_of("sktime", replaced, y=y)
    lstm = clone(names["lstm"]).fit(*windows_and_targets(y.to_numpy()))
    expected = forecast(lstm, y.to_numpy())
    assert_allclose(names["forecaster"].predict(fh=range(1, HORIZON + 1)), expected, rtol=1e-5)


def test_covariates_of_sktime_are_columns_of_the_same_windows(y):
    pytest.importorskip("sktime", reason="sktime is not installed")
    names = run_code_of("sktime", FEWER, y=y - 5)
    X = pd.DataFrame({"u": np.cos(np.arange(len(y)))}, index=y.index)
    forecaster = names["forecaster"].clone().fit(y - 5, X)
    rows = np.column_stack([y - 5, X])
    windows = SequenceWindower(N_LAGS).fit_transform(rows)[N_LAGS - 1 : -1]
    lstm = clone(names["lstm"]).fit(windows, (y - 5).to_numpy()[N_LAGS:])
    for mine, its in zip(lstm.weights_, forecaster.estimator_[-1].weights_, strict=True):
        assert_allclose(mine, its, atol=1e-6)


def test_optuna_prunes_epochs_of_partial_fit(y):
    optuna = pytest.importorskip("optuna", reason="optuna is not installed")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    X, targets = make_supervised(y.to_frame(), target="y")
    fewer = [
        ("range(30)", "range(5)"),
        ("n_trials=30", "n_trials=8"),
        ('"60D"', '"2D"'),
        ("n_warmup_steps=3", "n_startup_trials=2"),
    ]
    names = run_code_of("Optuna, with pruning", fewer, X=X, y=targets)
    study = names["study"]
    states = {trial.state.name for trial in study.trials}
    assert states == {"COMPLETE", "PRUNED"}
    pruned = [trial for trial in study.trials if trial.state.name == "PRUNED"]
    assert min(len(trial.intermediate_values) for trial in pruned) < 5
    # The best error is that of a fit in one go.
    settings = dict(study.best_params)
    rows, scaled, train, test = (names[name] for name in ("rows", "targets", "train", "test"))
    windows = SequenceWindower(settings.pop("window_length")).fit_transform(rows)
    lstm = LSTMRegressor(**settings, epochs=5, random_state=0).fit(windows[train], scaled[train])
    error = mean_absolute_error(scaled[test], lstm.predict(windows[test]))
    assert study.best_value == pytest.approx(error, rel=1e-4)
