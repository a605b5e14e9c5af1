"""Random inputs through each public door, and what a second way makes of the same.

A door draws an input from a generator and returns a :class:`Trial`.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import (
    LSTMForecaster,
    LSTMRegressor,
    SequenceWindower,
    backtest,
    compare,
    load_model,
    make_lstm_pipeline,
    make_supervised,
    save_model,
)

from .random_inputs import choice, forecaster_params, maybe_insane, random_series, random_values


@dataclass
class Trial:
    """What is tried.

    Attributes
    ----------
    words : str
        The input, in short.

    call : callable
        The call through the door; it may raise.

    check : callable
        Takes what came of the call, and raises AssertionError where a second way disagrees.

    given : object
        What must be as before.

    after_error : callable
        Raises AssertionError if an error has left something half changed.
    """

    words: str
    call: Callable[[], Any]
    check: Callable[[Any], None]
    given: Any = None
    after_error: Callable[[], None] = lambda: None


SAID: list[str] = []  # the warnings of the call that is checked


def _has_said_of(name):
    """Tell whether a warning said that the forecast of a series is NaN, as it is of a short one."""
    return any(f"{name!r}" in text and "is NaN" in text for text in SAID)


def _same(found, expected, size, tolerance=1e-6, name=""):
    """Compare up to rounding at the size of the values."""
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    assert found.shape == expected.shape, f"shape {found.shape}, expected {expected.shape}"
    assert np.isfinite(found).all() or _has_said_of(name), f"not finite: {found}"
    size = np.abs(size)[np.isfinite(size)].max(initial=0.0)
    assert_allclose(found / (size or 1), expected / (size or 1), rtol=tolerance, atol=tolerance)


SANE = 0.6  # how often all that is drawn makes sense


def _drawn(rng):
    sane = rng.random() < SANE
    return random_series(rng, sane), forecaster_params(rng, sane)


def _readable(series, as_rows=False):
    """Refuse what should have been; rows may hold infinity, and their index text."""
    assert series.known is not None, f"{series.words} is no series of numbers, but was taken"
    if not as_rows:
        assert series.has_times, f"the index of {series.words} is no time, but was taken"
        for values in series.known.values():
            assert not np.isinf(values).any(), "infinity was taken"


def _numbers(table):
    """Return values as floats, pandas' own missing ones as NaN."""
    if isinstance(table, pd.Series | pd.DataFrame):
        table = table.astype(object).where(table.notna(), np.nan)
    return np.asarray(table, dtype=float)


def _values(forecast, series):
    """Return a forecast as arrays by the name of the series."""
    if not isinstance(forecast, pd.Series | pd.DataFrame):
        return {"": np.asarray(forecast, dtype=float)}
    if isinstance(forecast.index, pd.MultiIndex):
        return {name: forecast.loc[name].to_numpy(dtype=float) for name in series.known}
    return {"": forecast.to_numpy(dtype=float)}


def _check_forecast(found, expected, series, index=None):
    """Compare with the forecast of the same values in the plainest form."""
    found, expected = _values(found, series), _values(expected, series)
    assert list(found) == list(expected)
    for name, values in found.items():
        values = values.reshape(expected[name].shape)
        _same(values, expected[name], series.known[name], name=name)


def _check_timestamps(forecast, series, n_steps):
    """Compare with the index that pandas goes on with."""
    index = series.index
    if not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex) or not isinstance(
        forecast, pd.Series | pd.DataFrame
    ):
        return
    freq = index.freq or pd.infer_freq(index)
    if freq is None or len(index) < 4:
        return
    make = pd.period_range if isinstance(index, pd.PeriodIndex) else pd.date_range
    expected = make(index[-1], periods=n_steps + 1, freq=freq)[1:]
    assert forecast.index.equals(expected), f"timestamps {forecast.index}, expected {expected}"


def windower(rng):
    """Windows against those that numpy cuts from the padded rows of each series."""
    sane = rng.random() < SANE
    series = random_series(rng, sane)
    params = {
        "window_length": choice(rng, [1, 2, 3, 7, 100]),
        "history": choice(rng, ["auto", "none"]),
        "max_gap": choice(rng, [None, "1D", 1, 0.5, "3h"][: 1 if sane else None]),
        "flatten": choice(rng, [False, True]),
        "padding": choice(rng, ["auto", "nan", "edge"]),
    }
    params = params if sane else maybe_insane(rng, params)
    rows = series.y.to_frame() if isinstance(series.y, pd.Series) else series.y
    if isinstance(rows, np.ndarray) and rows.ndim == 1:
        rows = rows[:, np.newaxis]

    def check(windows):
        _readable(series, as_rows=True)
        if series.words == "shuffled":
            return
        n_rows = len(series.y)
        assert windows.shape[0] == n_rows
        windows = np.asarray(windows, dtype=float).reshape(n_rows, -1, params["window_length"])
        windows = windows if params["flatten"] else windows.reshape(
            n_rows, params["window_length"], -1
        ).transpose(0, 2, 1)  # fmt: skip
        is_edge = params["padding"] == "edge" or (params["padding"] == "auto" and params["flatten"])
        if list(series.known) != [""]:
            last = np.asarray(series.y, dtype=float).reshape(n_rows, -1)
            assert_array_equal(windows[:, :, -1], last)
            return
        known = series.known[""]
        if len(known) > n_rows:  # an absent row is none
            known = known[~np.isnan(known)]
        known = known.reshape(n_rows, -1)
        if params["max_gap"] is not None:
            assert_array_equal(windows[:, :, -1], known)
            return
        before = known[:1] if is_edge else np.full_like(known[:1], np.nan)
        padded = np.concatenate([before.repeat(params["window_length"] - 1, axis=0), known])
        expected = [padded[row : row + params["window_length"]].T for row in range(n_rows)]
        assert_array_equal(windows, np.array(expected))

    return Trial(
        f"SequenceWindower({_shown(params)}) of {series.words}",
        lambda: SequenceWindower(**params).fit_transform(rows), check, rows,
    )  # fmt: skip


def supervised(rng):
    """Pairs against a walk over the rows of each series."""
    series = random_series(rng)
    horizon = maybe_insane(rng, {"horizon": choice(rng, [1, 2, 5, [1, 3], range(1, 4)])})["horizon"]

    def check(pairs):
        if "text of" in series.words or "on string" in series.words:  # targets may be classes
            return
        _readable(series, as_rows=True)
        X, y = (_numbers(part).reshape(len(part), -1) for part in pairs)
        steps = [horizon] if isinstance(horizon, int | np.integer) else list(horizon)
        n_columns = X.shape[1]
        expected = set()
        tables = [values.reshape(len(values), -1) for values in series.known.values()]
        if series.words == "absent":  # steps may be counted with those rows or without
            tables.append(tables[0][~np.isnan(tables[0][:, 0])])
        for table in tables:
            for row in range(len(table) - max(steps)):
                targets = table[[row + step for step in steps]].T.ravel()
                expected.add((*table[row].tolist(), *targets.tolist()))
        assert y.shape[1] == n_columns * len(steps)
        found = {(*a.tolist(), *b.tolist()) for a, b in zip(X, y, strict=True)}
        assert {repr(pair) for pair in found} <= {repr(pair) for pair in expected}

    return Trial(
        f"make_supervised(horizon={horizon!r}) of {series.words}",
        lambda: make_supervised(series.y, horizon=horizon), check, series.y,
    )  # fmt: skip


def _forecaster(params):
    return LSTMForecaster(Ridge(), **params)


def forecast(rng):
    """A forecast against that of the plainest form, of twice the values, and from a pickle."""
    series, params = _drawn(rng)

    def call():
        forecaster = _forecaster(params).fit(series.y)
        return forecaster, forecaster.predict()

    def check(result):
        forecaster, found = result
        _readable(series)
        goes_by_time = params["window_length"] == "auto"  # and the season of the timestamps
        if not goes_by_time:
            _check_forecast(found, _forecaster(params).fit(series.plain).predict(), series)
        _check_timestamps(found, series, int(params["horizon"]))
        assert_array_equal(pickle.loads(pickle.dumps(forecaster)).predict(), found)
        if params["normalize"] is not None and not params["integer"] and not goes_by_time:
            size = max(np.nanmax(np.abs(values), initial=0) for values in series.known.values())
            if 1e-100 < size < 1e300:
                doubled = _forecaster(params).fit(2 * series.plain).predict()
                twice = {name: 2 * values for name, values in _values(found, series).items()}
                for name, values in _values(doubled, series).items():
                    _same(values.reshape(twice[name].shape), twice[name], 2 * series.known[name])

    return Trial(
        f"LSTMForecaster(Ridge(), {_shown(params)}) of {series.words}", call, check, series.y
    )


def bounds(rng):
    """Intervals and quantiles: finite, in order, about the forecast, wider for more."""
    series, params = _drawn(rng)
    extremes = [0.9, 0.99, 1e-7, 1 - 1e-7] if rng.random() < 0.3 else []
    asked = maybe_insane(rng, {"coverage": choice(rng, [0.5, 0.8, *extremes])}, 0.05)
    insane = [[1e-7], [0.5, 0.5], "a", [], [0, 1]] if rng.random() < 0.2 else []
    levels = choice(rng, [[0.3, 0.5, 0.6], 0.3, [0.6, 0.4], *insane])

    def call():
        forecaster = _forecaster(params).fit(series.y)
        interval = forecaster.predict_interval(**asked)
        return forecaster, interval, forecaster.predict_quantiles(levels)

    def check(result):
        _readable(series)
        forecaster, interval, quantiles = (result[0], *map(_table, result[1:]))
        point = _table(forecaster.predict())
        size = 1e-9 * max(np.nanmax(np.abs(values)) for values in series.known.values())
        is_finite = np.isfinite(point.ravel())
        assert is_finite.all() or any(map(_has_said_of, series.known)), f"not finite: {point}"
        point, interval = point.ravel()[is_finite], interval.reshape(is_finite.size, 2)[is_finite]
        quantiles = quantiles.reshape(is_finite.size, -1)[is_finite]
        assert np.isfinite(interval).all(), f"not finite: {interval}"
        assert np.isfinite(quantiles).all(), f"not finite: {quantiles}"
        assert (interval[:, 0] <= interval[:, 1] + size).all(), "bounds cross"
        assert (interval[:, 0] <= point + size).all(), "forecast below its interval"
        assert (interval[:, 1] >= point - size).all(), "forecast above its interval"
        order = np.argsort(np.atleast_1d(levels), kind="stable")
        quantiles = quantiles.reshape(point.size, len(order))[:, order]
        assert (np.diff(quantiles, axis=1) >= -size).all(), "quantiles cross"
        half = _table(forecaster.predict_interval(coverage=asked["coverage"] / 2))
        half = half.reshape(is_finite.size, 2)[is_finite]
        assert (half[:, 0] >= interval[:, 0] - size).all(), "half the coverage reaches lower"
        assert (half[:, 1] <= interval[:, 1] + size).all(), "half the coverage reaches higher"

    words = f"interval {_shown(asked)}, quantiles {levels!r} of {_shown(params)}, {series.words}"
    return Trial(words, call, check, series.y)


def _table(values):
    return np.asarray(values, dtype=float)


def update(rng):
    """Rows that follow at once, and row by row; after an error everything is as before."""
    series, params = _drawn(rng)
    n_new, refit = int(rng.integers(0, 6)), choice(rng, [False, True, False, True, "1"])
    is_wrong = rng.random() < 0.2
    y, state = series.y, {}

    def parts():
        if is_wrong or not isinstance(y, np.ndarray | pd.Series | list | tuple):
            return y, y
        return y[: len(y) - n_new], y[len(y) - n_new :]

    def call():
        known, new = parts()
        state["forecaster"] = _forecaster(params).fit(known)
        state["before"] = state["forecaster"].predict()
        updated = state["forecaster"].update(new, refit=refit)
        state.pop("before")  # what it now knows may be too little for a forecast
        return updated.predict()

    def check(found):
        known, new = parts()
        _readable(series)
        for name, values in _values(found, series).items():
            assert np.isfinite(values).all() or _has_said_of(name), f"not finite: {found}"
        if is_wrong or list(series.known) != [""] or not len(new) or series.words == "absent":
            return
        if refit is True:
            expected = _forecaster(params).fit(y).predict()
        else:
            by_row = _forecaster(params).fit(known)
            for row in range(len(new)):
                by_row.update(new[row : row + 1])
            expected = by_row.predict()
        _same(found, expected, series.known[""])

    def after_error():
        if "before" in state:
            assert_array_equal(state["forecaster"].predict(), state["before"])

    words = f"update of {n_new} rows, refit={refit!r}, {_shown(params)}, {series.words}"
    return Trial(words, call, check, y, after_error)


def other_series(rng):
    """A model of one thing forecasts another, or says why not."""
    (series, params), (other, _) = _drawn(rng), _drawn(rng)
    if rng.random() < 0.5:  # else they mostly have different forms
        other = series
    horizon = maybe_insane(rng, {"horizon": choice(rng, [None, 1, 4])}, 0.3)["horizon"]

    def call():
        return _forecaster(params).fit(series.y).predict(horizon, y=other.y)

    def check(found):
        _readable(series)
        if other.y is None:  # those that were fitted are forecast
            return
        _readable(other)
        n_steps = int(params["horizon"]) if horizon is None else int(horizon)
        assert len(_table(found)) == n_steps * len(other.known)
        if params["window_length"] == "auto" or type(series.plain) is not type(other.plain):
            return
        plain = _forecaster(params).fit(series.plain)
        _check_forecast(found, plain.predict(horizon, y=other.plain), other)

    words = f"predict({horizon!r}, y={other.words}) of {_shown(params)}, {series.words}"
    return Trial(words, call, check, (series.y, other.y))


def covariates(rng):
    """Covariates by index or in order; the same rows in another order are the same."""
    n_rows, horizon = 60, int(rng.integers(1, 4))
    days = pd.date_range("2024-01-01", periods=n_rows + horizon)
    rows = np.stack([random_values(rng, n_rows + horizon, sane=True) for _ in range(2)], axis=1)
    y = pd.Series(random_values(rng, n_rows, sane=True), days[:n_rows])
    X = pd.DataFrame(rows, days, columns=["a", "b"])
    past = choice(rng, [None] * 3 + [["a"]] * 3 + [["a", "b"]] * 3 + [["c"], "a", [0]])
    wrong = ["short", "long", "late", "text", "inf", "no index"]
    kind = choice(rng, ["right"] * 4 + ["swapped"] * 3 + wrong)
    params = forecaster_params(rng, rng.random() < SANE) | {
        "horizon": horizon,
        "past_covariates": past,
    }
    seen, future = X[:n_rows], X[n_rows:]
    seen = {
        "short": seen[:-2], "long": X, "late": seen.set_axis(seen.index + pd.Timedelta(days=1)),
        "text": seen.assign(a="x"), "inf": seen.assign(a=np.inf), "no index": seen.to_numpy(),
        "swapped": seen[["b", "a"]],
    }.get(kind, seen)  # fmt: skip

    def predicted(y, seen, future, params=params):
        forecaster = _forecaster(params).fit(y, seen)
        if past is not None and len(past) == 2:
            return forecaster.predict()
        return forecaster.predict(X=future)

    def check(found):
        assert kind in ("right", "swapped"), f"X that is {kind} was taken"
        assert past in (None, ["a"], ["a", "b"]), f"past_covariates={past!r} was taken"
        places = None if past is None else list(range(len(past)))
        arrays = y.to_numpy(), rows[:n_rows], rows[n_rows:]
        expected = predicted(*arrays, params | {"past_covariates": places})
        # Beside unscaled squares of 1e18 and more a ridge rounds by the order of its columns.
        is_solved = params["normalize"] is not None or np.abs(rows).max() < 1e9
        if params["window_length"] != "auto" and is_solved:
            _same(found, expected, y.to_numpy(), 1e-5)

    words = f"X {kind}, past_covariates={past!r}, {_shown(params)}"
    return Trial(words, lambda: predicted(y, seen, future), check, (y, seen, future))


def score(rng):
    """The score of a forecaster on the rows that follow: finite, and free of the unit."""
    sane = rng.random() < SANE
    y, params = random_values(rng, 60, sane), forecaster_params(rng, sane)
    cut = choice(rng, [30, 50, 58, 60])

    def check(found):
        assert np.isfinite(found), f"not finite: {found}"
        if params["normalize"] is not None and not params["integer"] and np.abs(y).max() < 1e300:
            doubled = _forecaster(params).fit(2 * y[:cut]).score(2 * y[cut:])
            assert_allclose(found, doubled, rtol=1e-5, atol=1e-8)

    words = f"score of {60 - cut} rows after {cut}, {_shown(params)}, size {np.abs(y).max():.3g}"
    return Trial(words, lambda: _forecaster(params).fit(y[:cut]).score(y[cut:]), check, y)


def backtests(rng):
    """A backtest against a forecaster that was fitted on the rows before the last origin."""
    series, params = _drawn(rng)
    options = {
        "horizon": choice(rng, [None, 1, 3]),
        "n_windows": choice(rng, [None, 1, 2, 4]),
        "stride": choice(rng, [None, 1, 5]),
        "refit": choice(rng, [True, False, 2]),
        "coverage": choice(rng, [None, None, 0.5]),
        "season_length": choice(rng, [None, 1, 7]),
        "quantiles": choice(rng, [None, None, [0.5]]),
    }
    options = maybe_insane(rng, options, 0.2)

    def call():
        return backtest(_forecaster(params), series.y, **options)

    def check(result):
        _readable(series)
        rows, horizon = result.predictions, result.horizon
        assert len(rows) % horizon == 0
        has_holes = any(np.isnan(values).any() for values in series.known.values())
        if has_holes or list(series.known) != [""] or series.known[""].ndim > 1:
            return
        assert np.isfinite(rows["y_pred"]).all(), "not finite"
        assert result.scores()["n"].iloc[0] == len(rows)
        known = series.known[""]
        last = rows.iloc[-horizon:]
        assert_array_equal(last["y"], known[-horizon:])
        assert_array_equal(last["persistence"], [known[-horizon - 1]] * horizon)
        if options["refit"] is True and params["window_length"] != "auto":
            expected = _forecaster(params).fit(known[: len(known) - horizon]).predict(horizon)
            _same(last["y_pred"], expected, known)

    words = f"backtest({_shown(options)}) of {_shown(params)}, {series.words}"
    return Trial(words, call, check, series.y)


def comparisons(rng):
    """A comparison of what is quick against backtests of the same."""
    y = random_values(rng, int(rng.integers(20, 60)), sane=rng.random() < SANE)
    drop = dict.fromkeys(
        ["LSTMForecaster", "gradient boosting", "AutoETS", "AutoTheta", "MSTL"], "drop"
    )
    more = choice(
        rng,
        [
            {}, {"mine": lambda history, horizon: [history[-1]] * horizon},
            {"NaN": lambda history, horizon: [np.nan] * horizon}, {"none": None},
            {"short": lambda history, horizon: [0.0]}, {"Ridge": Ridge()}, {"typo": "drop"},
        ],
    )  # fmt: skip
    options = {
        "horizon": choice(rng, [1, 2, 3]),
        "n_windows": choice(rng, [None, 1, 3]),
        "coverage": choice(rng, [None, 0.5]),
        "season_length": choice(rng, [None, 1, 4]),
    }
    options = maybe_insane(rng, options, 0.3)

    def call():
        return compare(y, forecasters={**more, **drop}, **options)

    def check(result):
        scores = result.scores()
        assert {"ridge", "persistence"} <= set(scores.index) | set(result.errors)
        if "ridge" not in result.results:
            return
        ridge = LSTMForecaster(
            RidgeCV(np.logspace(-3, 3, 13)), horizon=options["horizon"], missing="interpolate",
            random_state=0,
        )  # fmt: skip
        alone = backtest(ridge, y, refit=False, **options).predictions["y_pred"]
        _same(result.results["ridge"].predictions["y_pred"], alone, y)

    words = f"compare({_shown(options)}, {list(more)}) of {len(y)} at {np.abs(y).max():.3g}"
    return Trial(words, call, check, y)


def files(rng):
    """A model from a file; files that are damaged are refused."""
    series, params = _drawn(rng)
    damage = choice(rng, ["none", "none", "cut", "changed", "other"])

    def call():
        forecaster = _forecaster(params).fit(series.y)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.skops"
            save_model(forecaster, path)
            content = bytearray(path.read_bytes())
            if damage == "cut":
                content = content[: rng.integers(0, len(content))]
            elif damage == "changed":
                content[rng.integers(0, len(content))] ^= 255
            elif damage == "other":
                content = b"PK\x03\x04" + rng.bytes(500)
            path.write_bytes(content)
            return load_model(path).predict(), forecaster.predict()

    def check(result):
        found, expected = result
        assert damage in ("none", "changed"), f"a file that was {damage} was read"
        assert_array_equal(found, expected)
        assert type(found) is type(expected)

    return Trial(f"file ({damage}) of {_shown(params)}, {series.words}", call, check, series.y)


def regressor(rng):
    """A small network on windows: the same from a pickle, and row by row."""
    n, w, k = int(rng.integers(1, 40)), int(rng.integers(1, 6)), int(rng.integers(1, 3))
    X, y = rng.standard_normal((n, w, k)), rng.standard_normal((n, int(rng.integers(1, 3))))
    kind = choice(rng, ["sane"] * 5 + ["NaN", "leading NaN", "inf", "text", "few y", "empty"])
    X, y = {
        "NaN": (np.where(rng.random(X.shape) < 0.1, np.nan, X), y), "inf": (X, y * np.inf),
        "text": (X.astype(str), y), "few y": (X, y[:-1]), "empty": (X[:0], y[:0]),
    }.get(kind, (X, y))  # fmt: skip
    if kind == "leading NaN" and w > 1:
        X[: n // 2, 0] = np.nan
    params = {
        "units": choice(rng, [1, 2, (2, 2)]), "epochs": choice(rng, [1, 2]),
        "loss": choice(rng, ["squared_error", "huber"]), "batch_size": choice(rng, [1, 32, 1000]),
        "max_samples": choice(rng, [None, 3, 0.5]), "early_stopping": choice(rng, [False, True]),
        "learning_rate": choice(rng, [0.001, 1.0, 1e3]), "ensemble_size": choice(rng, [1, 2]),
        "skip_connection": choice(rng, [False, True]), "random_state": 0,
    }  # fmt: skip
    params = maybe_insane(rng, params, 0.4)

    def call():
        lstm = LSTMRegressor(**params).fit(X, y)
        return lstm, lstm.predict(X)

    def check(result):
        lstm, found = result
        assert kind in ("sane", "leading NaN", "NaN"), f"{kind} was taken"
        assert found.shape in (y.shape, y.shape[:1])
        assert np.isfinite(found).all(), "not finite"
        assert_array_equal(pickle.loads(pickle.dumps(lstm)).predict(X), found)
        by_row = np.concatenate([lstm.predict(X[row : row + 1]) for row in range(len(X))])
        assert_allclose(by_row, found, rtol=1e-7, atol=1e-9)

    return Trial(f"LSTMRegressor({_shown(params)}) of {kind} {X.shape}", call, check, (X, y))


def pipeline(rng):
    """The ready pipeline: as many predictions as rows, in the unit of y."""
    X, y = random_values(rng, 40)[:, np.newaxis], random_values(rng, 40)
    scaler = choice(rng, [None, StandardScaler(), "passthrough", "zz", StandardScaler, 3])
    params = maybe_insane(rng, {"window_length": choice(rng, [1, 3, 50]), "units": 2, "epochs": 1})

    def call():
        return make_lstm_pipeline(scaler=scaler, random_state=0, **params).fit(X, y).predict(X)

    def check(found):
        assert found.shape == y.shape
        assert np.isfinite(found).all(), "not finite"

    words = f"make_lstm_pipeline({_shown(params)}, scaler={scaler!r}) of size {np.abs(X).max():.3g}"
    return Trial(words, call, check, (X, y))


def _shown(params):
    return ", ".join(f"{name}={value!r}" for name, value in params.items())


QUICK: dict[str, Callable] = {
    "windower": windower, "supervised": supervised, "forecast": forecast, "bounds": bounds,
    "update": update, "other_series": other_series, "covariates": covariates,
    "backtest": backtests, "compare": comparisons, "files": files,
}  # fmt: skip
if hasattr(LSTMForecaster, "score"):
    QUICK["score"] = score
