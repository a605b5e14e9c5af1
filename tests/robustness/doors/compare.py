"""``compare``: who takes part, and who fails."""

import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, LSTMRegressor, compare

from ..cases import Case, gives, refuses, warns

DAYS = pd.date_range("2024-01-01", periods=60, name="day")
NOISE = np.random.default_rng(0).standard_normal(60)
Y = pd.Series(20 + 5 * np.sin(2 * np.pi * np.arange(60) / 7) + NOISE, DAYS, name="load")
PANEL = pd.concat({"a": Y, "b": 2 * Y[:50], "c": Y[10:57]}, names=["shop", "day"])
SLOW = ["LSTMForecaster", "gradient boosting", "ridge", "AutoETS", "AutoTheta", "MSTL"]
DROP = dict.fromkeys(SLOW, "drop")
NAIVE = ["persistence", "seasonal naive"]


def last(history, horizon):
    return np.full(horizon, np.asarray(history)[-1])


def flat(history, horizon):
    return np.full((history.groupby(level=0).ngroups, horizon), 20.0)


class Broken(Ridge):
    """Falls while it learns."""

    def fit(self, X, y):
        raise IndexError("broken within")


class Interrupted(Ridge):
    def fit(self, X, y):
        raise KeyboardInterrupt("stop")


def ridge(regressor=None, **params):
    params = {"window_length": 7, "horizon": 2, **params}
    return LSTMForecaster(Ridge() if regressor is None else regressor, **params)


def of(forecasters=None, y=Y, **options):
    """Return a call that compares some forecasters with the naive ones."""
    given = {**DROP, **(forecasters or {})}
    options = {"horizon": 2, "n_windows": 3, "coverage": None, **options}
    return lambda: compare(y, forecasters=given, **options)


def plain(**options):
    return lambda: compare(Y, **{"horizon": 2, "n_windows": 3, "forecasters": DROP, **options})


def names(*expected):
    return lambda result: set(result.results) == set(expected) and not result.errors


def failed(name, *words):
    """Expect one to have failed, with its reason in the table, and the naive ones to be there."""

    def judge(result):
        lines = [line for line in repr(result).splitlines() if line.startswith(f"{name} failed")]
        return (
            set(result.errors) == {name}
            and set(NAIVE) <= set(result.results)
            and np.isnan(result.scores().loc[name, "RMSE"])
            and result.scores().loc["persistence", "n"] > 0
            and len(lines) == 1
            and all(word in lines[0] for word in words)
        )

    return judge


def with_holes():
    y = Y.copy()
    y.iloc[[20, 30]] = np.nan
    return y


def as_persistence(result):
    scores = result.scores()
    return scores.loc["last", "RMSE"] == scores.loc["persistence", "RMSE"]


def each_until_its_end(result):
    rows = result.results["flat"].predictions
    ends = rows.groupby("series")["timestamp"].max().to_dict()
    return ends == {"a": DAYS[59], "b": DAYS[49], "c": DAYS[56]}


def only_a(result):
    rows = result.results["flat"].predictions
    return set(rows["series"]) == {"a"} and "'b' (" in repr(result) and len(result.left_out) == 2


CASES = [
    # Who takes part
    Case("the naive ones alone", of(), gives(names(*NAIVE))),
    Case("without a season", of(season_length=1), gives(names("persistence"))),
    Case("a function", of({"last": last}), gives(as_persistence)),
    Case("a forecaster", of({"mine": ridge()}), gives(names("mine", *NAIVE))),
    Case("one that takes a place", of({"ridge": ridge()}), gives(names("ridge", *NAIVE))),
    Case(
        "a frozen one",
        of({"frozen": FrozenEstimator(ridge().fit(Y[:40]))}),
        gives(names("frozen", *NAIVE)),
    ),
    Case("a name that is a number", of({1: last}), gives(names(1, *NAIVE))),
    Case("a name that is a tuple", of({("a", 1): last}), gives(names(("a", 1), *NAIVE))),
    Case("an empty name", of({"": last}), gives(names("", *NAIVE))),
    Case("two under one object", of({"a": last, "b": last}), gives(names("a", "b", *NAIVE))),
    Case(
        "nobody",
        of(dict.fromkeys(NAIVE, "drop")),
        refuses("No forecaster is left to compare", "All are dropped"),
    ),
    Case(
        "nobody who succeeds",
        of({**dict.fromkeys(NAIVE, "drop"), "broken": ridge(Broken())}),
        refuses("No forecaster is left", "broken: broken within"),
    ),
    Case("a list", plain(forecasters=[last]), refuses("forecasters is a list", "dict", "names")),
    Case(
        "a name twice, in pairs",
        plain(forecasters=[("a", last), ("a", last)]),
        refuses("forecasters is a list", "each once"),
    ),
    Case("a forecaster alone", plain(forecasters=ridge()), refuses("is a LSTMForecaster", "dict")),
    Case("a text for all", plain(forecasters="ridge"), refuses("forecasters is a str", "dict")),
    Case("drop, miswritten", of({"ridge": "Drop"}), refuses("forecasters['ridge']='Drop'", "drop")),
    Case("drop of nobody", of({"rigde": "drop"}), refuses("'rigde'", "Did you mean 'ridge'?")),
    # Who fails is told of, and the others are judged
    Case("a class", of({"x": LSTMForecaster}), gives(failed("x", "is a class", "instance"))),
    Case("a regressor", of({"x": Ridge()}), gives(failed("x", "is a Ridge", "LSTMForecaster("))),
    Case("an LSTM alone", of({"x": LSTMRegressor()}), gives(failed("x", "LSTMRegressor"))),
    Case("None", of({"x": None}), gives(failed("x", "NoneType"))),
    Case("a number", of({"x": 7}), gives(failed("x", "is a int"))),
    Case("an error in fit", of({"x": ridge(Broken())}), gives(failed("x", "broken within"))),
    Case("the same on workers' ways", of({"x": ridge(Broken())}, refit=True), gives(failed("x"))),
    Case("too short a series", of({"x": ridge(window_length=99)}), gives(failed("x", "101", "60"))),
    Case("NaN of a function", of({"x": lambda h, n: [np.nan] * n}), gives(failed("x", "finite"))),
    Case("too few steps", of({"x": lambda h, n: [1.0]}), gives(failed("x", "(1,)", "(2,)"))),
    Case("not fitted", of({"x": FrozenEstimator(ridge())}), gives(failed("x", "not fitted"))),
    Case("an empty table", of({"x": pd.DataFrame()}), gives(failed("x", "empty"))),
    Case(
        "a table of other days",
        of({"x": pd.DataFrame({"origin": DAYS[[30]], "timestamp": DAYS[[31]], "y_pred": [1.0]})}),
        gives(failed("x", "no forecast for the origins")),
    ),
    Case("Ctrl-C passes", of({"x": ridge(Interrupted())}), refuses("stop", of=KeyboardInterrupt)),
    # What is asked for
    Case("no horizon", plain(horizon=None), refuses("horizon=None", "horizon=1")),
    Case("horizon=0", plain(horizon=0), refuses("horizon=0", "at least 1")),
    Case("horizon=True", plain(horizon=True), refuses("horizon=True")),
    Case("a horizon beyond the rows", plain(horizon=10**9), refuses("1000000000", "Give more")),
    Case("n_windows=True", plain(n_windows=True), refuses("n_windows=True")),
    Case("a thousand million origins", plain(n_windows=10**9), refuses("n_windows=1000000000")),
    Case("stride of half a row", plain(stride=0.5), refuses("stride=0.5")),
    Case("rows between beyond all", plain(n_windows=None, stride=10**30), gives(names(*NAIVE))),
    Case("refit=None", plain(refit=None), refuses("refit=None", "True, False")),
    Case("refit='yes'", plain(refit="yes"), refuses("refit='yes'")),
    Case("align by time", plain(align="time"), refuses("align='time'", "'end' or 'date'")),
    Case("coverage in percent", plain(coverage=90), refuses("coverage=90", "0.9")),
    Case("quantiles beyond one", plain(quantiles=[0.5, 5]), refuses("quantiles=5")),
    Case("a season of NaN", plain(season_length=np.nan), refuses("season_length=nan")),
    Case("an empty series", lambda: compare(Y[:0], horizon=1), refuses("y is empty")),
    # Panels
    Case("shops until their own ends", of({"flat": flat}, y=PANEL), gives(each_until_its_end)),
    Case("shops by date", of({"flat": flat}, y=PANEL, align="date", n_windows=1), gives(only_a)),
    # Missing values
    Case(
        "missing values under a forecaster of its own",
        of({"mine": ridge()}, y=with_holes()),
        warns("2 of 60 rows lack a value", then=gives(names("mine", *NAIVE))),
    ),
    Case(
        "missing values are in the notes",
        of(y=with_holes()),
        gives(lambda r: "2 of 60 rows lack a value" in repr(r)),
    ),
]
