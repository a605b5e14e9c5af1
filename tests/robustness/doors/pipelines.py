"""``make_lstm_pipeline``, ``LSTMRegressor`` behind a windower, and scikit-learn's tools around."""

import dask.array
import numpy as np
import pandas as pd
import polars as pl
from scipy.sparse import csr_array
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingRegressor, StackingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import LSTMRegressor, SequenceWindower, make_lstm_pipeline

from ..cases import Case, gives, refuses, warns

VALUES = np.random.default_rng(0).standard_normal((24, 2))
DAYS = pd.date_range("2024-01-01", periods=24)
X = pd.DataFrame(VALUES, index=DAYS, columns=["a", "b"])
Y = pd.Series(VALUES[:, 0] + np.roll(VALUES[:, 1], 1), index=DAYS)
MASK = np.arange(24) == 3
SMALL = {"units": 2, "epochs": 1, "random_state": 0}
LAGS = SequenceWindower(2, flatten=True)
# Lags and a ridge by hand: each row beside the one before, the first beside itself.
LAGGED = np.column_stack(
    [VALUES[[0, *range(23)], 0], VALUES[:, 0], VALUES[[0, *range(23)], 1], VALUES[:, 1]]
)
SHOPS = pd.MultiIndex.from_product([["a", "b"], DAYS[:12]])
SHUFFLED = np.random.default_rng(1).permutation(24)
WEEKDAYS, DAYS_28 = np.tile(np.eye(7), (4, 1)), pd.date_range("2024-01-01", periods=28)
FORTNIGHTS = np.arange(14), np.arange(14, 28)
FOLD = np.arange(16), np.arange(16, 24)


def lstm(X=X, y=Y, **params):
    return make_lstm_pipeline(3, **{**SMALL, **params}).fit(X, y)


def predictions(X=X, y=Y, X_new=None):
    return lstm(X, y).predict(X if X_new is None else X_new)


def far_from_plain(X=X, y=Y):
    """How far predictions are from those of the plain table."""
    return np.abs(predictions(X, y) - predictions()).max()


def regressor(X, y=Y[:4]):
    return LSTMRegressor(**SMALL).fit(X, y)


def ridge(**params):
    return make_pipeline(SequenceWindower(2, flatten=True, **params), Ridge())


def by_hand(train, test):
    """The score of a ridge on the rows by hand."""
    return Ridge().fit(LAGGED[train], Y.iloc[train]).score(LAGGED[test], Y.iloc[test])


WINDOWS = np.arange(12.0).reshape(4, 3, 1)
MASKED_WINDOWS = np.ma.masked_array(WINDOWS, mask=WINDOWS == 7)
MASKED_HISTORY = np.ma.masked_array(WINDOWS, mask=WINDOWS == 0)

NO_PARAMETERS = [
    Case(
        f"{name}={value!r}",
        lambda name=name, value=value: lstm(**{name: value}),
        refuses(name, repr(value)),
    )
    for name, values in {
        "units": [True, 1.5, np.nan, None, [], 0, [True]],
        "epochs": [True, "1", 1.5, np.inf, -1, np.float64(2.0), np.array(3)],
        "max_samples": [True, 0, 1.5, np.nan, "1"],
        "batch_size": [True, 0, 1.5],
        "learning_rate": [True, 0, np.nan, np.inf],
        "dropout": [True, 1, -0.5],
        "scaler": [3, "minmax", StandardScaler],
        "target_scaler": [True, np.nan, []],
        "network_params": [{"units": 3}],
    }.items()
    for value in values
]

CASES = [
    *NO_PARAMETERS,
    Case(
        "window_length=True",
        lambda: make_lstm_pipeline(True, **SMALL).fit(X, Y),
        refuses("window_length", "True"),
    ),
    Case(
        "a billion steps",
        lambda: make_lstm_pipeline(10**9, **SMALL).fit(X, Y),
        refuses("window_length=1000000000", "Lower"),
    ),
    Case("a billion units", lambda: lstm(units=10**9), refuses("units", "Lower")),
    Case(
        "10**18 networks", lambda: lstm(ensemble_size=10**18), refuses("ensemble_size", "[1, 1000]")
    ),
    Case("units counted by NumPy", lambda: lstm(units=np.int64(2)).predict(X).shape, gives((24,))),
    Case("10**18 samples are all", lambda: lstm(max_samples=10**18).predict(X).shape, gives((24,))),
    # X and y in other guises.
    Case("nothing masked", lambda: far_from_plain(np.ma.masked_array(VALUES)), gives(0)),
    Case(
        "a masked value of X",
        lambda: predictions(np.ma.masked_array(VALUES, mask=np.column_stack([MASK, MASK]))),
        refuses("X contains NaN", "row 3"),
    ),
    Case(
        "a masked value of y",
        lambda: predictions(y=np.ma.masked_array(Y, mask=MASK)),
        refuses("y contains NaN", "row 3"),
    ),
    Case(
        "a masked value of new rows",
        lambda: predictions(
            VALUES, X_new=np.ma.masked_array(VALUES, mask=np.column_stack([MASK, MASK]))
        ),
        refuses("X contains NaN", "row 3"),
    ),
    Case("complex y", lambda: predictions(y=Y.to_numpy() + 1j), refuses("y", "omplex")),
    Case("complex X", lambda: predictions(VALUES + 1j), refuses("X", "omplex")),
    Case("dates as y", lambda: predictions(y=DAYS.to_numpy()), refuses("y", "times")),
    Case("dates as X", lambda: predictions(DAYS.to_numpy()[:, None]), refuses("X", "times")),
    Case("a column of dates", lambda: predictions(X.assign(d=DAYS)), refuses("'d'", "set_index")),
    Case("a column of text", lambda: predictions(X.assign(sky="rain")), refuses("'sky'", "Encode")),
    Case("a structured y", lambda: predictions(y=Y.to_frame("y").to_records()), refuses("y")),
    Case("a dask array", lambda: far_from_plain(dask.array.from_array(VALUES)), gives(0)),
    Case("a dask y", lambda: far_from_plain(y=dask.array.from_array(Y.to_numpy())), gives(0)),
    Case(
        "polars with dates",
        lambda: far_from_plain(pl.DataFrame({"day": DAYS.to_numpy(), **X.to_dict("list")})),
        gives(0),
    ),
    Case("a polars y", lambda: far_from_plain(y=pl.Series(Y.to_numpy())), gives(0)),
    Case("sparse columns", lambda: far_from_plain(X.astype("Sparse[float]"), Y), gives(0)),
    Case("a sparse y", lambda: far_from_plain(y=Y.astype("Sparse[float]")), gives(0)),
    Case("a sparse matrix", lambda: predictions(csr_array(VALUES)), refuses("X", "toarray()")),
    Case("a list", lambda: far_from_plain(VALUES.tolist(), Y.tolist()), gives(0)),
    Case("rows backwards", lambda: predictions(X[::-1], Y[::-1], X[::-1]).shape, gives((24,))),
    Case(
        "y backwards",
        lambda: predictions(y=Y[::-1]),
        refuses("same index", "row 0", "2024-01-24", "y.loc[X.index]"),
    ),
    Case("a score of y backwards", lambda: lstm().score(X, Y[::-1]), refuses("y.loc[X.index]")),
    Case(
        "a panel whose y is sorted otherwise",
        lambda: predictions(
            X.set_axis(SHOPS), pd.Series(Y.to_numpy(), index=SHOPS).sort_index(level=1)
        ),
        refuses("same index", "row 1", "y.loc[X.index]"),
    ),
    Case(
        "y of later days", lambda: far_from_plain(y=Y.set_axis(DAYS + pd.Timedelta("1D"))), gives(0)
    ),
    Case("y of another zone", lambda: far_from_plain(y=Y.tz_localize("UTC")), gives(0)),
    Case("y of another kind", lambda: far_from_plain(y=Y.set_axis(np.arange(24) * 2)), gives(0)),
    Case("y counted anew", lambda: far_from_plain(y=Y.reset_index(drop=True)), gives(0)),
    Case("no y", lambda: predictions(y=None), refuses("y")),
    Case("a y too short", lambda: predictions(y=Y[:-1]), refuses("24", "23")),
    # Windows that were made elsewhere.
    Case("a masked step", lambda: regressor(MASKED_WINDOWS), refuses("X", "step 1", "window 2")),
    Case(
        "masked history",
        lambda: np.isfinite(regressor(MASKED_HISTORY).predict(MASKED_HISTORY)).all(),
        gives(True),
    ),
    Case("dates as windows", lambda: regressor(WINDOWS.astype("M8[s]")), refuses("X", "times")),
    Case("complex windows", lambda: regressor(WINDOWS + 1j), refuses("X", "omplex")),
    Case(
        "masked weights",
        lambda: LSTMRegressor(**SMALL).fit(
            WINDOWS, Y[:4], sample_weight=np.ma.masked_array(np.ones(4), mask=[0, 0, 1, 0])
        ),
        refuses("sample_weight", "NaN"),
    ),
    Case(
        "windows of two lengths", lambda: regressor([[1.0, 2], [1]], Y[:2]), refuses("X", "alike")
    ),
    *[
        Case(
            f"sample_weight={value!r}",
            lambda value=value: LSTMRegressor(**SMALL).fit(WINDOWS, Y[:4], sample_weight=value),
            refuses("sample_weight"),
        )
        for value in ("a", list("abcd"), -1, 0, np.nan, [1, 2], np.ones((4, 1)), {}, DAYS[:4])
    ],
    Case(
        "one weight for all",
        lambda: (
            LSTMRegressor(**SMALL).fit(WINDOWS, Y[:4], sample_weight=np.array(1.0)).predict(WINDOWS)
        ),
        gives(lambda y: np.allclose(y, regressor(WINDOWS).predict(WINDOWS))),
    ),
    # Tools that part, shuffle and draw rows.
    Case(
        "a fold of arrays",
        lambda: cross_val_score(ridge(), VALUES, Y, cv=[FOLD]),
        gives([by_hand(*FOLD)]),
    ),
    Case(
        "a fold of dated rows",
        lambda: cross_val_score(ridge(), X, Y, cv=[FOLD]),
        gives([by_hand(*FOLD)]),
    ),
    Case(
        "a fold of weekdays",
        lambda: cross_val_score(ridge(), WEEKDAYS, np.arange(28) % 7, cv=[FORTNIGHTS]),
        warns("history=", then=gives([1.0], rtol=0.2)),
    ),
    Case(
        "a fold of weekdays that is said to follow",
        lambda: cross_val_score(
            ridge(history="always"), WEEKDAYS, np.arange(28) % 7, cv=[FORTNIGHTS]
        ),
        gives(
            cross_val_score(
                ridge(), pd.DataFrame(WEEKDAYS, index=DAYS_28), np.arange(28) % 7, cv=[FORTNIGHTS]
            )
        ),
    ),
    Case(
        "all rows in another order",
        lambda: ridge().fit(X.iloc[SHUFFLED], Y.iloc[SHUFFLED]).predict(X.iloc[SHUFFLED]),
        gives(Ridge().fit(LAGGED, Y).predict(LAGGED[SHUFFLED])),
    ),
    Case(
        "dated rows, shuffled splits",
        lambda: np.isfinite(
            cross_val_score(ridge(), X, Y, cv=ShuffleSplit(2, random_state=0), error_score="raise")
        ).all(),
        gives(True),
    ),
    Case(
        "dated rows, KFold: no later row in a window",
        lambda: cross_val_predict(
            make_pipeline(SequenceWindower(2, flatten=True), Ridge()), X, Y, cv=KFold(2)
        )[:12],
        gives(
            Ridge()
            .fit(np.vstack([LAGGED[12:13][:, [1, 1, 3, 3]], LAGGED[13:]]), Y[12:])
            .predict(LAGGED[:12])
        ),
    ),
    Case(
        "rows drawn with replacement",
        lambda: ridge().fit(X.iloc[[0, 1, 1, 2]], Y[:4]),
        refuses("row 2", "2024-01-02", "duplicated"),
    ),
    Case(
        "a search over lengths",
        lambda: (
            GridSearchCV(
                ridge(),
                {"sequencewindower__window_length": [2]},
                cv=[FOLD],
                return_train_score=True,
            )
            .fit(VALUES, Y)
            .cv_results_["mean_train_score"]
        ),
        gives([by_hand(FOLD[0], FOLD[0])]),
    ),
    Case(
        "a partition is asked for",
        lambda: cross_val_predict(ridge(), X, Y, cv=TimeSeriesSplit(2)),
        refuses("partition"),
    ),
    Case(
        "stacking asks for one, too",
        lambda: StackingRegressor([("r", ridge())], cv=TimeSeriesSplit(2)).fit(X, Y),
        refuses("partition"),
    ),
    Case(
        "bags behind the windower",
        lambda: (
            make_pipeline(LAGS, BaggingRegressor(Ridge(), 3, random_state=0)).fit(X, Y).predict(X)
        ),
        gives(BaggingRegressor(Ridge(), 3, random_state=0).fit(LAGGED, Y).predict(LAGGED)),
    ),
    Case(
        "bags of windows",
        lambda: make_pipeline(SequenceWindower(2), BaggingRegressor(LSTMRegressor())).fit(X, Y),
        refuses("dim 3"),
    ),
    Case(
        "columns of windows",
        lambda: ColumnTransformer([("w", SequenceWindower(2), ["a"])]).fit_transform(X),
        refuses("'w'", "2D"),
    ),
    Case(
        "columns of lags",
        lambda: ColumnTransformer([("w", LAGS, ["a"])], remainder="passthrough").fit_transform(X),
        gives(LAGGED[:, [0, 1, 3]]),
    ),
    Case(
        "lags side by side",
        lambda: FeatureUnion([("w", LAGS), ("x", StandardScaler(with_std=False))]).fit_transform(X),
        gives(np.hstack([LAGGED, VALUES - VALUES.mean(axis=0)])),
    ),
]
