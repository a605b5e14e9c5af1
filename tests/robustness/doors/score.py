"""``LSTMForecaster.score``, and scikit-learn's searches that go by it."""

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    TimeSeriesSplit,
    cross_val_score,
)

from sklearn_lstm import LSTMForecaster

from ..cases import Case, gives, refuses

DAYS = pd.date_range("2024-01-01", periods=80, name="day")
NOISE = np.random.default_rng(0).standard_normal(80)
Y = pd.Series(20 + 5 * np.sin(2 * np.pi * np.arange(80) / 7) + NOISE, DAYS, name="load")
X = pd.DataFrame({"x": np.cos(np.arange(80.0))}, DAYS)
FRAME = pd.DataFrame({"a": Y, "b": Y[::-1].to_numpy()})
PANEL = pd.concat({"a": Y, "b": 2 * Y[:70], "c": Y[:66] + 3}, names=["shop", "day"])
STEP = np.arange(80.0)


class Last(Ridge):
    """Forecasts no change, where windows are relative to their last value."""

    def predict(self, X):
        return np.zeros_like(super().predict(X))


def ridge(regressor=None, **params):
    params = {"window_length": 7, "horizon": 2, "interval_method": None, **params}
    return LSTMForecaster(Ridge() if regressor is None else regressor, **params)


def score(later, y=None, forecaster=None, x=None, later_x=None):
    """Return a call that fits the first sixty rows, and scores others."""
    return lambda: (forecaster or ridge()).fit(Y[:60] if y is None else y, x).score(later, later_x)


def persistence(y, n_fitted, season, horizon=2):
    """Minus the MASE of the last value, by hand."""
    y = np.asarray(y)
    errors = [
        np.abs(y[i : i + horizon] - y[i - 1]).mean() for i in range(n_fitted, len(y) - horizon + 1)
    ]
    unit = np.abs(y[season:n_fitted] - y[: n_fitted - season]).mean()
    return -np.mean(errors) / unit


def search(y, x=None, kind=GridSearchCV, grid=None, **options):
    grid = {"window_length": [3, 7]} if grid is None else grid
    options = {"cv": TimeSeriesSplit(3), "error_score": "raise", **options}
    return lambda: kind(ridge(), grid, **options).fit(y, x)


def folds(y, **options):
    options = {"cv": TimeSeriesSplit(3), "error_score": "raise", **options}
    return lambda: cross_val_score(ridge(), y, **options)


def is_searched(found):
    scores = found.cv_results_["mean_test_score"]
    return np.isfinite(scores).all() and scores.max() < 0 and len(found.best_estimator_.predict())


def holes(y, *places):
    y = y.copy()
    y.iloc[list(places)] = np.nan
    return y


def by_dates(y):
    times = y.index.get_level_values(-1)
    return [(np.flatnonzero(times < day), np.flatnonzero(times >= day)) for day in DAYS[[50, 60]]]


def negative(value):
    return np.isfinite(value) and value < 0


LAST = ridge(Last(), normalize="last", log=False)

CASES = [
    # What it is
    Case("of the last value", score(Y[60:], forecaster=LAST), gives(persistence(Y, 60, 7))),
    Case(
        "one forecast",
        score(Y[60:62], forecaster=LAST),
        gives(persistence(Y[:62], 60, 7)),
    ),
    Case("an array", score(Y[60:].to_numpy(), Y[:60].to_numpy()), gives(negative)),
    Case("a list", score(Y[60:].tolist(), Y[:60].tolist()), gives(negative)),
    Case("a wide frame", score(FRAME[60:], FRAME[:60]), gives(negative)),
    Case("a frame of one column", score(FRAME[["a"]][60:], FRAME[["a"]][:60]), gives(negative)),
    Case("covariates", score(Y[60:], x=X[:60], later_x=X[60:]), gives(negative)),
    Case("the rows of fit", score(Y[:60]), gives(negative)),
    Case("the rows of fit, as an array", score(STEP[:60] % 7, STEP[:60] % 7), gives(negative)),
    Case(
        "a straight line has no error",
        score(STEP[60:], STEP[:60], ridge(Ridge(1e-9))),
        gives(0.0, atol=1e-6),
    ),
    Case(
        "a season without noise",
        score(STEP[60:] % 7, STEP[:60] % 7, LAST),
        gives(persistence(STEP % 7, 60, 1)),
    ),
    Case("a missing truth", score(holes(Y, 79)[60:]), gives(negative)),
    Case(
        "a panel by dates",
        score(
            PANEL[PANEL.index.get_level_values(1) >= DAYS[60]],
            PANEL[PANEL.index.get_level_values(1) < DAYS[60]],
        ),
        gives(negative),
    ),
    Case(
        "some of the shops, where others have ended",
        score(PANEL.loc[["a"]][70:], pd.concat({"a": Y[:70], "b": Y[:60]}, names=["shop", "day"])),
        gives(negative),
    ),
    # What it refuses
    Case("before fit", lambda: ridge().score(Y), refuses("not fitted")),
    Case("no row", score(Y[60:60]), refuses("y is empty")),
    Case("fewer rows than the horizon", score(Y[60:61]), refuses("1 rows", "horizon=2", "folds")),
    Case("rows of the past", score(Y[:30]), refuses("y begins at 2024-01-01", "2024-02-29")),
    Case("rows of both", score(Y[50:]), refuses("y begins at 2024-02-20", "2024-02-29")),
    Case("an array for a series", score(Y[60:].to_numpy()), refuses("y is an array", "Series")),
    Case(
        "other columns",
        score(FRAME.rename(columns={"b": "c"})[60:], FRAME[:60]),
        refuses("'c'", "'b'"),
    ),
    Case("without the covariates", score(Y[60:], x=X[:60]), refuses("X has no", "'x'")),
    Case("covariates of fewer rows", score(Y[60:], x=X[:60], later_x=X[70:]), refuses("X lacks")),
    Case("rows that step by two", score(Y[60::2], forecaster=ridge(missing="error")),
         refuses("y", "leaves out")),
    Case("values that are no numbers", score(Y[60:].astype(str) + "x"), refuses("y holds text")),
    Case("infinity", score(Y[60:].replace(Y.iloc[70], np.inf)), refuses("y holds infinity")),
    Case("no truth", score(Y[60:] * np.nan), refuses("no value")),
    Case("a logarithm of what is negative", score(Y[60:] - 50, forecaster=ridge(log=True)),
         refuses("positive", "2024-03-01")),
    Case("rows of fit that don't change", score(STEP[:9], np.ones(60)), refuses("don't change")),
    Case(
        "a hole where none may be",
        score(holes(Y, 65)[60:], forecaster=ridge(missing="error")),
        refuses("missing='interpolate'"),
    ),
    Case(
        "a hole that windows skip",
        score(holes(Y, 65)[60:], forecaster=ridge(missing="skip")),
        refuses("can't be forecast from 2024-03-06", "missing='interpolate'"),
    ),
    # Searches
    Case("a search of a series", search(Y), gives(is_searched)),
    Case("a search of an array", search(Y.to_numpy()), gives(is_searched)),
    Case("a search of a frame", search(FRAME), gives(is_searched)),
    Case("a search of another regressor", search(Y, grid={"regressor": [Ridge(), Last()]}),
         gives(is_searched)),
    Case("a search that draws", search(Y, kind=RandomizedSearchCV, n_iter=2), gives(is_searched)),
    Case("train scores", search(Y, return_train_score=True),
         gives(lambda s: negative(s.cv_results_["mean_train_score"][1]))),
    Case("with covariates", lambda: search(Y, X)().best_estimator_.score(Y, X), gives(negative)),
    Case("a gap before each fold", folds(Y, cv=TimeSeriesSplit(3, gap=1)),
         gives(lambda s: (s < 0).all())),
    Case("the newest rows alone", folds(Y, cv=TimeSeriesSplit(3, max_train_size=20)),
         gives(lambda s: (s < 0).all())),
    Case("a panel by dates in a search", search(PANEL, cv=by_dates(PANEL)), gives(is_searched)),
    Case("a panel by rows", search(PANEL), refuses("series", "splits rows, not dates", "cv")),
    Case("folds shorter than the horizon", folds(Y, cv=TimeSeriesSplit(3, test_size=1)),
         refuses("horizon=2", "test_size=")),
    Case("folds that begin before", folds(Y, cv=KFold(3)), refuses("known until")),
    Case("a score of scikit-learn's", search(Y, Y, scoring="neg_mean_absolute_error"),
         refuses("horizon=", "is a Series", "scoring=None")),
    Case("a parameter that is none", search(Y, grid={"window": [3]}), refuses("window")),
    Case("a window too long for a fold", search(Y, grid={"window_length": [70]}),
         refuses("window_length=70", "Lower window_length")),
]  # fmt: skip
