"""A fitted forecaster forecasts series that it was not fitted on."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, LSTMRegressor

W, H = 5, 3
NORMALIZATIONS = ["last", "window", "standard", "minmax", None]


def walk(seed, length, *, first="2024-01-01", level=60.0, size=1.0, name="load"):
    rng = np.random.default_rng(seed)
    t = np.arange(length)
    values = level + size * (4 * np.sin(t / 2 + seed) + rng.standard_normal(length).cumsum())
    return pd.Series(values, pd.date_range(first, periods=length, name="day"), name=name)


@pytest.fixture
def known():
    return walk(0, 80)


@pytest.fixture
def other():
    return walk(1, 25, first="2023-05-03", level=-900.0, size=7.0)


def forecaster(**params):
    given = {"window_length": W, "horizon": H, "log": False}
    return LSTMForecaster(params.pop("regressor", Ridge(0.1)), **{**given, **params})


def scale_of(y, normalize, n_ahead=H):
    """Return loc and scale of a series, in loops."""
    if normalize is None:
        return 0.0, 1.0
    if normalize == "minmax":
        return min(y), max(y) - min(y)
    mean = sum(y) / len(y)
    if normalize == "last":
        squares = [
            np.mean([(y[i + k] - y[i]) ** 2 for i in range(len(y) - k)])
            for k in range(1, n_ahead + 1)
        ]
        return mean, np.sqrt(np.mean(squares))
    return mean, np.sqrt(np.mean([(x - mean) ** 2 for x in y]))


def forecast_by_hand(model, y):
    """Scale a series by itself, ask the fitted regressor, and undo; return the scale, too."""
    normalize = model.get_params()["normalize"]
    loc, scale = scale_of(y, normalize)
    z = (np.asarray(y[-W:]) - loc) / scale
    of_window, by_window = 0.0, 1.0
    if normalize == "last":
        of_window = z[-1]
    elif normalize == "window":
        of_window, by_window = z.mean(), max(z.std(), 0.1)
    predicted = model.regressor_.predict([(z - of_window) / by_window])[0]
    return loc + scale * (of_window + by_window * predicted), scale * by_window


@pytest.mark.parametrize("normalize", NORMALIZATIONS)
def test_another_series_is_forecast_on_its_own_scale(known, other, normalize):
    model = forecaster(normalize=normalize).fit(known)
    expected, scale = forecast_by_hand(model, other.tolist())
    found = model.predict(y=other)
    assert_allclose(found, expected, rtol=1e-9)
    assert list(found.index) == list(pd.date_range(other.index[-1], periods=H + 1)[1:])
    assert found.name == other.name
    bounds, own = (
        model.predict_interval(y=other, coverage=0.7),
        model.predict_interval(coverage=0.7),
    )
    _, own_scale = forecast_by_hand(model, known.tolist())
    width, own_width = (b["upper"] - b["lower"] for b in (bounds, own))
    errors = np.sort(np.abs(model._core.errors_.errors[..., 0]), axis=0)
    rank = int(np.ceil(round((len(errors) + 1) * 0.7, 9)))
    assert_allclose(width, 2 * scale * errors[rank - 1])
    assert_allclose((bounds["lower"] + bounds["upper"]) / 2, expected)
    assert_allclose(width / scale, own_width / own_scale, rtol=0.5)  # calibrated on fewer rows
    quantiles = model.predict_quantiles([0.2, 0.8], y=other)
    assert (quantiles[0.2] < quantiles[0.8]).all()


@pytest.mark.parametrize("normalize", ["window", None])
def test_it_is_the_forecast_of_a_model_that_was_updated_to_that_series(known, other, normalize):
    goes_on = other.set_axis(pd.date_range(known.index[-1], periods=26, freq="D")[1:])
    model = forecaster(normalize=normalize).fit(known)
    found = model.predict(y=other)
    updated = model.update(goes_on).predict()
    # The least spread of a window is a share of that of its series, which no window here is below.
    assert other[-W:].std(ddof=0) > 0.1 * max(known.std(ddof=0), other.std(ddof=0))
    assert_allclose(found, updated, rtol=1e-9)


@pytest.mark.parametrize("normalize", NORMALIZATIONS)
def test_the_fitted_series_is_forecast_as_ever(known, normalize):
    model = forecaster(normalize=normalize).fit(known)
    pd.testing.assert_series_equal(model.predict(y=known), model.predict())
    if normalize is not None:
        short = model.predict(y=known[-2 * W :])
        assert list(short.index) == list(model.predict().index)


@pytest.mark.parametrize("normalize", NORMALIZATIONS)
def test_arrays_frames_and_panels_of_others_give_the_same(known, other, normalize):
    model = forecaster(normalize=normalize).fit(known)
    expected = model.predict(y=other)
    third = walk(2, 12, first="2024-02-01")
    panel = pd.concat({"x": other, "y": third}, names=["id"])
    found = model.predict(y=panel)
    assert_allclose(found["x"], expected)
    assert_allclose(found["y"], model.predict(y=third))
    assert found.index.names == ["id", "day"]
    of_array = forecaster(normalize=normalize).fit(known.to_numpy())
    forecast = of_array.predict(y=other.to_numpy())
    assert isinstance(forecast, np.ndarray)
    assert_allclose(forecast, expected)
    of_frame = forecaster(normalize=normalize).fit(known.to_frame())
    assert_allclose(of_frame.predict(y=other.to_frame())["load"], expected)


@pytest.mark.parametrize("normalize", NORMALIZATIONS)
def test_a_model_of_a_panel_forecasts_new_series(known, other, normalize):
    panel = pd.concat({"a": known, "b": walk(3, 40, level=500.0, size=9.0)}, names=["id"])
    model = forecaster(normalize=normalize).fit(panel)
    expected, _ = forecast_by_hand(model, other.tolist())
    found = model.predict(y=pd.concat({"new": other, "a": known}, names=["id"]))
    assert_allclose(found["new"], expected)
    assert_allclose(found["a"], model.predict()["a"])
    assert_allclose(model.predict(y=other), expected)
    bounds = model.predict_interval(y=pd.concat({"new": other}, names=["id"]), coverage=0.7)
    assert_allclose(bounds.mean(axis=1), expected)


def test_several_columns_are_forecast_together_or_as_series_of_their_own(known, other):
    y = pd.DataFrame({"p": known, "q": known.to_numpy()[::-1]})
    another = pd.DataFrame({"p": other, "q": 3 * other.to_numpy()[::-1]}, index=other.index)
    joint = forecaster(normalize="window").fit(y)
    z = another.to_numpy()[-W:]
    loc, scale = z.mean(axis=0), z.std(axis=0)
    predicted = joint.regressor_.predict([((z - loc) / scale).ravel()]).reshape(H, 2)
    assert_allclose(joint.predict(y=another), loc + scale * predicted)
    shared = forecaster(normalize="last", columns="shared").fit(y)
    found = shared.predict(y=another)
    for name in "pq":
        expected, _ = forecast_by_hand(shared, another[name].tolist())
        assert_allclose(found[name], expected)
    bounds = shared.predict_interval(y=another, coverage=0.7)
    width = {name: bounds[name]["upper"] - bounds[name]["lower"] for name in "pq"}
    assert_allclose(width["q"], 3 * width["p"])  # the same walk backwards, three times as large


def test_columns_with_regressors_of_their_own_have_none_for_others(known, other):
    model = forecaster(columns="separate").fit(pd.concat({"a": known, "b": 2 * known}))
    for method in (model.predict, model.predict_interval):
        with pytest.raises(ValueError, match=r"columns='separate'.*columns='joint' or 'shared'"):
            method(y=pd.concat({"a": other}))


@pytest.mark.parametrize("normalize", ["last", "window", "standard"])
@pytest.mark.parametrize("as_array", [False, True])
def test_covariates_of_another_series_are_seen_and_asked_for(known, other, normalize, as_array):
    def covariates(y, seed):
        index = pd.date_range(y.index[0], periods=len(y) + H)
        values = np.random.default_rng(seed).standard_normal((len(index), 2))
        return pd.DataFrame(values, index, columns=["past", "ahead"])

    X, X_other = covariates(known, 0), covariates(other, 1)
    y, y_other, past = known, other, ["past"]
    if as_array:
        X, X_other, y, y_other = (table.to_numpy() for table in (X, X_other, y, y_other))
        past = [0]
    model = forecaster(normalize=normalize, past_covariates=past).fit(y, X[: len(y)])
    values = np.asarray(X_other)
    x_loc, x_scale = np.asarray(X)[: len(y)].mean(axis=0), np.asarray(X)[: len(y)].std(axis=0)
    x = (values - x_loc) / x_scale
    loc, scale = scale_of(other.tolist(), normalize)
    z = (other.to_numpy()[-W:] - loc) / scale
    of_window = z[-1] if normalize == "last" else z.mean() if normalize == "window" else 0
    by_window = z.std() if normalize == "window" else 1
    n = len(other)
    window = np.column_stack([(z - of_window) / by_window, x[n - W : n], x[n - W + H :, 1]])
    predicted = model.regressor_.predict([window.ravel()])[0]
    expected = loc + scale * (of_window + by_window * predicted)
    assert_allclose(model.predict(y=y_other, X=X_other), expected)
    assert model.predict_interval(y=y_other, X=X_other, coverage=0.7).shape == (H, 2)
    with pytest.raises(ValueError, match="X has no covariates, but fit was given"):
        model.predict(y=y_other)
    with pytest.raises(
        ValueError, match=r"X has 2 rows, but 3 steps|X lacks 1 of the 3 timestamps"
    ):
        model.predict(y=y_other, X=X_other[:-1])
    with pytest.raises(
        ValueError, match=r"X has 0 rows, but 3 steps|X lacks 3 of the 3 timestamps"
    ):
        model.predict(y=y_other, X=X_other[:n])
    with pytest.raises(ValueError, match=r"X has 3 rows, but y has 25|X lacks 25 of the 25"):
        model.predict(y=y_other, X=X_other[:H] if as_array else X_other[n:])
    with pytest.raises(ValueError, match=r"X has the columns|X has 1 columns"):
        model.predict(y=y_other, X=X_other[:, :1] if as_array else X_other[["ahead"]])


@pytest.mark.parametrize("normalize", ["last", "window", "standard", "minmax"])
def test_intervals_grow_with_the_series(known, other, normalize):
    model = forecaster(normalize=normalize).fit(known)
    small, large = (model.predict_interval(y=y, coverage=0.7) for y in (other, 100 * other))
    assert_allclose(large, 100 * small)


@pytest.mark.parametrize("normalize", NORMALIZATIONS)
def test_a_constant_series_goes_on_without_a_doubt(known, other, normalize):
    model = forecaster(normalize=normalize).fit(known)
    constant = pd.Series(7.0, other.index)
    assert_array_equal(model.predict(y=constant), 7)
    assert_array_equal(model.predict_interval(y=constant, coverage=0.7), 7)
    both = model.predict(y=pd.concat({"still": constant, "other": other}))
    assert_array_equal(both["still"], 7)
    assert_allclose(both["other"], model.predict(y=other))


def test_beyond_the_horizon_it_goes_on_from_the_forecast(known, other):
    model = forecaster(normalize="window").fit(known)
    whole = model.predict(2 * H, y=other)
    assert_allclose(whole[:H], model.predict(y=other))
    scale = scale_of(other.tolist(), "window")[1]
    z = pd.concat([other, whole[:H]])
    assert z[-W:].std(ddof=0) > 0.1 * scale
    expected, _ = forecast_by_hand(model, z.tolist())
    assert_allclose(whole[H:], expected)


def test_an_lstm_forecasts_other_series(known, other):
    lstm = LSTMRegressor(3, epochs=2, random_state=0)
    model = forecaster(regressor=lstm, normalize="window").fit(known)
    z = other.to_numpy()[-W:]
    predicted = model.regressor_.predict(((z - z.mean()) / z.std()).reshape(1, W, 1))[0]
    assert_allclose(model.predict(y=other), z.mean() + z.std() * predicted)


@pytest.mark.parametrize("normalize", ["last", "window", "minmax"])
def test_holes_in_another_series_are_treated_as_in_fit(known, other, normalize):
    model = forecaster(normalize=normalize, missing="interpolate").fit(known)
    holed = other.copy()
    holed.iloc[[-3, -9]] = np.nan
    absent = holed.dropna()
    pd.testing.assert_series_equal(model.predict(y=absent), model.predict(y=holed))
    filled = holed.copy()
    filled.iloc[-3] = (other.iloc[-4] + other.iloc[-2]) / 2
    if normalize == "minmax":
        assert holed.min() == filled.min()
        assert holed.max() == filled.max()
        filled.iloc[-9] = other.iloc[-10]
        assert_allclose(model.predict(y=holed), model.predict(y=filled))
    holed.iloc[-4:] = np.nan
    with pytest.raises(ValueError, match="last window of y lacks more than half"):
        model.predict(y=holed)
    skips = forecaster(normalize=normalize, missing="skip").fit(known)
    holed = other.copy()
    holed.iloc[5] = np.nan
    assert np.isfinite(skips.predict(y=holed)).all()


BAD = {
    "too short": (lambda y: y[: W - 1], "y is too short, a window takes 5 values: y has 4 values"),
    "one too short": (
        lambda y: pd.concat({"long": y, "short": y[:2]}),
        "1 of 2 series is too short, .*: series 'short' has 2 values",
    ),
    "hourly": (lambda y: y.set_axis(pd.date_range("2024", periods=25, freq="h")), "y steps by 'h'"),
    "an array": (lambda y: y.to_numpy(), "y is an array of 1 dimensions, but fit was given Series"),
    "a frame": (lambda y: y.to_frame(), "y is DataFrame of the columns"),
    "a missing value": (lambda y: y.where(y.index != y.index[3]), "1 of 25 rows of y lack a value"),
    "an absent day": (lambda y: y.drop(y.index[3]), "1 is absent, first 2023-05-06"),
    "nothing": (lambda y: y * np.nan, "y holds no value"),
    "infinity": (lambda y: y.where(y.index != y.index[3], np.inf), "y holds infinity"),
    "no rows": (lambda y: y[:0], "y is empty"),
    "text": (lambda y: y.astype(str) + "x", "y holds text"),
}


@pytest.mark.parametrize(("spoil", "message"), BAD.values(), ids=BAD)
def test_other_series_that_do_not_fit_are_refused_by_name(known, other, spoil, message):
    model = forecaster(missing="error").fit(known)
    with pytest.raises(ValueError, match=message):
        model.predict(y=spoil(other))


@pytest.mark.parametrize("window_length", [1, 2, 5])
@pytest.mark.parametrize("freq", ["B", "D", "W-SUN", "MS", "ME", "QS", "h"])
def test_a_window_is_enough_to_see_that_it_steps_as_fit(freq, window_length):
    def stamps(first, n):
        return pd.DatetimeIndex(list(pd.date_range(first, periods=n, freq=freq)))

    y = pd.Series(np.sin(np.arange(40.0)), stamps("2023-01-02", 40))
    other = pd.Series(np.cos(np.arange(window_length)), stamps("2024-03-04", window_length))
    model = forecaster(window_length=window_length, interval_method=None).fit(y)
    following = stamps("2024-03-04", window_length + H)[window_length:]
    assert list(model.predict(y=other).index) == list(following)
    both = model.predict(y=pd.concat({"a": other, "b": -other}))
    assert list(both["b"].index) == list(following)


def test_every_second_day_has_holes_where_days_were_fitted(known):
    known.iloc[3] = np.nan
    model = forecaster(missing="interpolate").fit(known)
    every_second = walk(1, 25)[::2]
    with pytest.raises(ValueError, match="y steps by '2D', but what was fitted by 'D'"):
        model.predict(y=every_second)
    every_second.index.freq = None  # no longer said, only seen
    found = model.predict(y=every_second)
    assert found.index[0] == pd.Timestamp("2024-01-26")
    pd.testing.assert_series_equal(found, model.predict(y=every_second.asfreq("D")))


@pytest.mark.parametrize("columns", [["p"], ["q", "p"], ["p", "q", "r"], ["p", "Q"]], ids=" ".join)
def test_other_columns_are_refused(known, columns):
    model = forecaster().fit(pd.DataFrame({"p": known, "q": -known}))
    with pytest.raises(ValueError, match=r"y is DataFrame of the columns .*but fit was given"):
        model.predict(y=pd.DataFrame(dict.fromkeys(columns, known)))


def test_covariates_that_fit_did_not_see_are_refused(known, other):
    model = forecaster().fit(known)
    with pytest.raises(ValueError, match="X has the columns"):
        model.predict(y=other, X=other.to_frame("x"))


def test_logarithms_of_another_series_need_positive_values(known):
    positive = known - known.min() + 5
    model = forecaster(log=True).fit(positive)
    doubled = model.predict_interval(y=2 * positive, coverage=0.7)
    assert_allclose(doubled, 2 * model.predict_interval(y=positive, coverage=0.7))
    spoiled = positive.where(positive.index != positive.index[7], -3.0)
    with pytest.raises(
        ValueError, match=r"log=True needs positive values, but y has -3 at 2024-01"
    ):
        model.predict(y=spoiled)
    with pytest.raises(ValueError, match="series 'b' has -3"):
        model.predict(y=pd.concat({"a": positive, "b": spoiled}))


@pytest.mark.parametrize("regressor", [Ridge(0.1), LSTMRegressor(3, epochs=2, random_state=0)])
def test_nothing_of_another_series_is_kept(known, other, regressor):
    model = forecaster(regressor=regressor).fit(known)
    forecast, bounds = model.predict(), model.predict_interval(coverage=0.7)
    before = pickle.dumps(pickle.loads(pickle.dumps(model)))
    model.predict(y=other)
    model.predict(2 * H, y=pd.concat({"a": other, "b": known}))
    model.predict_interval(y=other, coverage=0.7)
    model.predict_quantiles([0.5], y=other)
    with pytest.raises(ValueError, match="a window takes"):
        model.predict(y=other[:2])
    assert pickle.dumps(pickle.loads(pickle.dumps(model))) == before
    pd.testing.assert_series_equal(model.history_, known, check_freq=False)
    pd.testing.assert_series_equal(model.predict(), forecast)
    pd.testing.assert_frame_equal(model.predict_interval(coverage=0.7), bounds)


def test_another_series_is_left_as_it_was(known, other):
    model = forecaster().fit(known)
    before = other.copy()
    model.predict(y=other)
    pd.testing.assert_series_equal(other, before)
