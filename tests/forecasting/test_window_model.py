"""The forecaster against one written out in loops, window by window."""

from math import ceil

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import MultiTaskLasso, Ridge
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklearn_lstm import LSTMForecaster, LSTMRegressor

W, H, COVERAGE = 6, 3, 0.7
NEEDS_COLUMNS = MultiOutputRegressor, MultiTaskLasso


class Reference:
    """A forecaster in loops: scale, cut, fill, normalise, stack, sort by time, fit, undo.

    Series are a list of ``(times, y, X)``; ``ahead`` says which covariates are known ahead.
    """

    def __init__(self, regressor, *, normalize, missing, ahead, horizon=H, window_length=W):
        self.regressor, self.normalize, self.missing = regressor, normalize, missing
        self.ahead, self.h, self.w = ahead, horizon, window_length

    def fit(self, series):
        self.scales = [self._scale(y) for _, y, _ in series]
        X = np.concatenate([X for _, _, X in series])
        self.x_loc, self.x_scale = np.zeros(X.shape[1]), np.ones(X.shape[1])
        if X.shape[1] and self.normalize == "minmax":
            scaler = MinMaxScaler().fit(X)
            self.x_loc, self.x_scale = scaler.data_min_, scaler.data_range_
        elif X.shape[1] and self.normalize is not None:
            scaler = StandardScaler().fit(X)
            self.x_loc, self.x_scale = scaler.mean_, scaler.scale_
        samples = []
        for (times, y, X), (loc, scale) in zip(series, self.scales, strict=True):
            for begin in range(len(y) - self.w - self.h + 1):
                end = begin + self.w
                future = (y[end : end + self.h] - loc) / scale
                cut = self._window((y[begin:end] - loc) / scale, X[begin : end + self.h])
                if cut is None or np.isnan(future).any():
                    continue
                window, of_window, by_window = cut
                target = (future - of_window) / by_window
                samples.append((times[end - 1], window, target.ravel()))
        samples.sort(key=lambda sample: sample[0])
        windows = np.array([window for _, window, _ in samples])
        targets = np.array([target for _, _, target in samples])
        if targets.shape[1] == 1 and not isinstance(self.regressor, NEEDS_COLUMNS):
            targets = targets[:, 0]
        self.fitted = clone(self.regressor).fit(self._as_input(windows), targets)
        return self

    def _scale(self, y):
        if self.normalize is None:
            return np.zeros(y.shape[1]), np.ones(y.shape[1])
        if self.normalize == "minmax":
            low = np.nanmin(y, axis=0)
            return low, np.nanmax(y, axis=0) - low
        loc, scale = np.nanmean(y, axis=0), np.nanstd(y, axis=0)
        if self.normalize == "last":
            squares = [np.nanmean((y[k:] - y[:-k]) ** 2, axis=0) for k in range(1, self.h + 1)]
            scale = np.sqrt(np.mean(squares, axis=0))
        return loc, scale

    def _window(self, z, X):
        """Return what the regressor sees, and what its columns of the series are relative to."""
        x = (X - self.x_loc) / self.x_scale
        parts = [z, x[: self.w]]
        if any(self.ahead):
            shift = self.h
            while shift > 0:
                parts.append(x[shift : shift + self.w, self.ahead])
                shift -= self.w
        window = np.concatenate(parts, axis=1)
        if np.isnan(window).any():
            if self.missing != "interpolate":
                return None
            for column in window.T:
                known = np.flatnonzero(~np.isnan(column))
                if len(known) < self.w / 2:
                    return None
                column[:] = np.interp(np.arange(self.w), known, column[known])
        n = z.shape[1]
        loc, scale = np.zeros(n), np.ones(n)
        if self.normalize == "last":
            loc = window[-1, :n].copy()
        elif self.normalize == "window":
            loc, scale = window[:, :n].mean(axis=0), np.maximum(window[:, :n].std(axis=0), 0.1)
        window[:, :n] = (window[:, :n] - loc) / scale
        return window, loc, scale

    def _as_input(self, windows):
        is_linear = isinstance(self.regressor, Ridge | MultiTaskLasso)
        return windows.reshape(len(windows), -1) if is_linear else windows

    def forecast(self, number, y, X, future):
        """Return forecast and scale of a history of series ``number``, and covariates ahead."""
        loc, scale = self.scales[number]
        x_ahead = np.repeat(X[-1:], self.h, axis=0)
        x_ahead[:, self.ahead] = future
        X = np.concatenate([X[-self.w :], x_ahead])
        cut = self._window((y[-self.w :] - loc) / scale, X)
        if cut is None:
            return np.full((self.h, y.shape[1]), np.nan), scale
        window, of_window, by_window = cut
        predicted = self.fitted.predict(self._as_input(window[np.newaxis]))
        z = of_window + by_window * np.reshape(predicted, (self.h, -1))
        return loc + scale * z, scale * by_window


def conformal_radius(reference, series, share=0.2):
    """Fit on what lies before the last windows, and return an order statistic of the errors."""
    w, h = reference.w, reference.h
    moments = sorted(times[row] for times, y, _ in series for row in range(w - 1, len(y) - h))
    begin = moments[int((1 - share) * len(moments))]
    n_before = [sum(time <= begin for time in times) for times, _, _ in series]
    numbers = [i for i, n in enumerate(n_before) if n >= w + h]
    before = [tuple(part[: n_before[i]] for part in series[i]) for i in numbers]
    model = Reference(
        reference.regressor, normalize=reference.normalize, missing=reference.missing,
        ahead=reference.ahead, horizon=h, window_length=w,
    ).fit(before)  # fmt: skip
    errors = []
    for place, i in enumerate(numbers):
        _, y, X = series[i]
        for n_known in range(n_before[i], len(y) - h + 1):
            ahead = slice(n_known, n_known + h)
            forecast, scale = model.forecast(
                place, y[:n_known], X[:n_known], X[ahead][:, reference.ahead]
            )
            errors.append(np.abs((y[ahead] - forecast) / scale))
    errors = np.array(errors)
    radius = np.empty(errors.shape[1:])
    for place in np.ndindex(radius.shape):
        known = np.sort([e[place] for e in errors if np.isfinite(e[place])])
        radius[place] = known[ceil((len(known) + 1) * COVERAGE) - 1]
    calibrated = {i: model.scales[place][1] for place, i in enumerate(numbers)}
    return radius, calibrated


def make_series(name, first, length, n_columns, rng):
    """Return y and X of a walk with a season; the latter reach ``H`` steps further."""
    days = pd.date_range("2024-01-01", periods=first + length + H)[first:]
    t = np.arange(first, first + length + H)
    y = 50 + 5 * np.sin(t / 2)[:, np.newaxis] + rng.standard_normal((len(t), n_columns)).cumsum(0)
    X = np.column_stack([np.cos(t / 2) + rng.standard_normal(len(t)), t % 3, rng.random(len(t))])
    y = pd.DataFrame(y, index=days, columns=list("pq")[:n_columns]).iloc[:length]
    return y, pd.DataFrame(X, index=days, columns=["past", "ahead", "known"])


SHAPES = {
    "single": (1, 1, False),
    "columns": (1, 2, False),
    "panel": (3, 1, False),
    "panel of columns": (3, 2, False),
    "covariates": (1, 1, True),
    "panel with covariates": (3, 1, True),
}


def make_data(shape, missing, *, seed=0):
    """Return y and X as the forecaster takes them, and what the reference takes."""
    n_series, n_columns, has_covariates = SHAPES[shape]
    rng = np.random.default_rng(seed)
    ys, Xs = {}, {}
    for name, first, length in [("a", 0, 48), ("b", 5, 37), ("c", 2, 43)][:n_series]:
        y, X = make_series(name, first, length, n_columns, rng)
        if missing != "error":
            y.iloc[[9, 10, 25], 0] = np.nan
            y.iloc[17, -1] = np.nan
            X.iloc[[12, 20], 0] = np.nan
        if missing == "interpolate":
            y.iloc[[29, 30, 31], 0] = np.nan  # half of a window, and below more than half
            y.iloc[[21, 22, 23, 24], -1] = np.nan
            y.iloc[[-4, -1] if name != "b" else [-6, -5, -3], 0] = np.nan
            X.iloc[length - 2, 0] = np.nan
        ys[name], Xs[name] = y, X if has_covariates else X[[]]
    series = [
        (list(y.index), y.to_numpy(), X.to_numpy()[: len(y)])
        for y, X in zip(ys.values(), Xs.values(), strict=True)
    ]
    futures = [X.to_numpy()[len(y) :] for y, X in zip(ys.values(), Xs.values(), strict=True)]
    y = pd.concat(ys) if n_series > 1 else ys["a"]
    X = None
    if has_covariates:
        X = pd.concat(Xs) if n_series > 1 else Xs["a"]
    past = ["past"] if has_covariates else None
    ahead = [False, True, True] if has_covariates else []
    return y, X, past, series, futures, ahead


def known_until(y, X):
    return None if X is None else X.loc[y.index]


ALL = [
    (normalize, shape, missing)
    for normalize in ("last", "window", "standard", "minmax", None)
    for shape in SHAPES
    for missing in ("error", "skip", "interpolate")
]


@pytest.mark.parametrize(("normalize", "shape", "missing"), ALL, ids=map(str, ALL))
def test_forecasts_and_intervals_are_those_of_loops(normalize, shape, missing):
    y, X, past, series, futures, ahead = make_data(shape, missing)
    forecaster = LSTMForecaster(
        Ridge(0.1), window_length=W, horizon=H, normalize=normalize, missing=missing, log=False,
        past_covariates=past, non_negative=False,
    ).fit(y, known_until(y, X))  # fmt: skip
    reference = Reference(Ridge(0.1), normalize=normalize, missing=missing, ahead=ahead)
    reference.fit(series)
    radius, calibrated = conformal_radius(reference, series)
    found = forecaster.predict(X=X).to_numpy().reshape(len(series), H, -1)
    bounds = forecaster.predict_interval(X=X, coverage=COVERAGE).to_numpy()
    bounds = bounds.reshape(len(series), H, -1, 2)
    for number, ((_, values, X_known), future) in enumerate(zip(series, futures, strict=True)):
        forecast, scale = reference.forecast(number, values, X_known, future[:, ahead])
        assert not np.isnan(forecast).any()
        assert_allclose(found[number], forecast, rtol=1e-8)
        final = reference.scales[number][1]
        half_width = radius * scale  # of a window: in units of the values
        if normalize != "window":
            half_width = half_width / final * calibrated.get(number, final)
        assert_allclose(bounds[number, ..., 0], forecast - half_width, rtol=1e-8)
        assert_allclose(bounds[number, ..., 1], forecast + half_width, rtol=1e-8)


@pytest.mark.parametrize(("window_length", "horizon"), [(2, 5), (4, 1), (1, 3)])
@pytest.mark.parametrize("normalize", ["last", "standard"])
def test_windows_shorter_than_the_horizon_see_all_that_is_known_ahead(
    normalize, window_length, horizon
):
    y, X, past, series, _, ahead = make_data("panel with covariates", "error")
    y = y.groupby(level=0).head(30)
    series = [tuple(part[:30] for part in one) for one in series]
    futures = [X.loc[key].to_numpy()[30 : 30 + horizon] for key in "abc"]
    sizes = {"window_length": window_length, "horizon": horizon}
    forecaster = LSTMForecaster(
        Ridge(0.1),
        normalize=normalize,
        log=False,
        past_covariates=past,
        non_negative=False,
        **sizes,
    ).fit(y, known_until(y, X))
    reference = Reference(Ridge(0.1), normalize=normalize, missing="error", ahead=ahead, **sizes)
    reference.fit(series)
    found = forecaster.predict(X=X).to_numpy().reshape(3, horizon, 1)
    for number, ((_, values, X_known), future) in enumerate(zip(series, futures, strict=True)):
        forecast, _ = reference.forecast(number, values, X_known, future[:, ahead])
        assert_allclose(found[number], forecast, rtol=1e-8)


@pytest.mark.parametrize("missing", ["error", "skip", "interpolate"])
@pytest.mark.parametrize("shape", ["single", "columns", "panel with covariates"])
@pytest.mark.parametrize("normalize", ["last", "window", "standard", "minmax", None])
def test_an_lstm_learns_from_the_windows_of_loops(normalize, shape, missing):
    y, X, past, series, futures, ahead = make_data(shape, missing)
    if normalize is None:  # as a network needs it
        y, series = y / 50, [(times, values / 50, x) for times, values, x in series]
    lstm = LSTMRegressor(3, epochs=2, batch_size=16, learning_rate=0.01, random_state=0)
    forecaster = LSTMForecaster(
        lstm, window_length=W, horizon=H, normalize=normalize, missing=missing, log=False,
        past_covariates=past, interval_method=None, non_negative=False,
    ).fit(y, known_until(y, X))  # fmt: skip
    reference = Reference(lstm, normalize=normalize, missing=missing, ahead=ahead).fit(series)
    fitted = forecaster.regressor_
    for found, expected in zip(fitted.weights_, reference.fitted.weights_, strict=True):
        assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert_allclose(fitted.loss_curve_, reference.fitted.loss_curve_, rtol=1e-5)
    found = forecaster.predict(X=X).to_numpy().reshape(len(series), H, -1)
    for number, ((_, values, X_known), future) in enumerate(zip(series, futures, strict=True)):
        forecast, _ = reference.forecast(number, values, X_known, future[:, ahead])
        assert_allclose(found[number], forecast, rtol=1e-5)


LSTM = LSTMRegressor(3, epochs=2, batch_size=16, learning_rate=0.01, random_state=0)
UNITS = {"units": [2, 3]}
AROUND = {
    "search": GridSearchCV(LSTM, UNITS, cv=TimeSeriesSplit(2), error_score="raise"),
    "shuffled search": GridSearchCV(
        LSTM, UNITS, cv=KFold(2, shuffle=True, random_state=0), error_score="raise"
    ),
    "scaled targets": TransformedTargetRegressor(LSTM, transformer=StandardScaler()),
    "one for each step": MultiOutputRegressor(LSTM),
    "linear in all steps": MultiTaskLasso(0.01),
    "pipeline": make_pipeline("passthrough", LSTM),
    "mean of two": VotingRegressor([("one", LSTM), ("other", clone(LSTM).set_params(units=2))]),
}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
@pytest.mark.parametrize("horizon", [1, H])
def test_regressors_of_every_kind_learn_from_the_windows_of_loops(around, horizon):
    if horizon > 1 and isinstance(around, VotingRegressor):
        around = MultiOutputRegressor(around)
    y, _, _, series, _, ahead = make_data("panel", "interpolate")
    forecaster = LSTMForecaster(
        around, window_length=W, horizon=horizon, missing="interpolate", log=False,
        interval_method=None, non_negative=False,
    ).fit(y)  # fmt: skip
    reference = Reference(
        around, normalize="last", missing="interpolate", ahead=ahead, horizon=horizon
    ).fit(series)
    found = forecaster.predict().to_numpy().reshape(3, horizon, 1)
    for number, (_, values, X_known) in enumerate(series):
        forecast, _ = reference.forecast(number, values, X_known, np.empty((horizon, 0)))
        assert_allclose(found[number], forecast, rtol=1e-5)
    if isinstance(around, GridSearchCV):
        searches = forecaster.regressor_.cv_results_, reference.fitted.cv_results_
        scores = [results["mean_test_score"] for results in searches]
        assert_allclose(*scores, rtol=1e-4)


def test_intervals_by_the_scale_of_windows_hold_after_a_calm_stretch():
    rng = np.random.default_rng(0)
    sizes = np.repeat([1.0, 5.0], [240, 60])
    panel = {f"{i:02d}": pd.Series(sizes * rng.normal(size=300)) for i in range(40)}
    panel = pd.concat(panel, names=["series", "time"])
    known = panel[panel.index.get_level_values(1) < 299]
    forecaster = LSTMForecaster(Ridge(10), window_length=24, normalize="window").fit(known)
    bounds = forecaster.predict_interval(coverage=0.9)
    width = (bounds["upper"] - bounds["lower"]).mean()
    assert 0.8 < width / (2 * 1.645 * 5) < 1.4
