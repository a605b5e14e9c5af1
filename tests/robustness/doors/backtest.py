"""``backtest``: what is judged, from which origins, and what is asked for."""

import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, Ridge

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest

from ..cases import Case, gives, refuses, warns

DAYS = pd.date_range("2024-01-01", periods=60, name="day")
NOISE = np.random.default_rng(0).standard_normal(60)
Y = pd.Series(20 + 5 * np.sin(2 * np.pi * np.arange(60) / 7) + NOISE, DAYS, name="load")
SHOPS = {"a": Y, "b": 2 * Y[:50], "c": Y[:31] + 9, "d": Y[10:57]}
PANEL = pd.concat(SHOPS, names=["shop", "day"])
SOME_DAYS_BEFORE = pd.concat({name: of_one[:-6] for name, of_one in SHOPS.items()}, names=["shop"])
TABLE = pd.DataFrame(
    {
        "origin": DAYS[[49, 49, 51, 51]],
        "timestamp": DAYS[[50, 51, 52, 53]],
        "y_pred": [1.0, 2.0, 3.0, 4.0],
    }
)


def ridge(**params):
    return LSTMForecaster(Ridge(), **{"window_length": 7, "horizon": 2, **params})


def last(history, horizon):
    return np.full(horizon, np.asarray(history)[-1])


def of(forecaster=None, y=Y, **options):
    """Return a call; a Ridge that is fitted once is judged, if nothing else is."""
    judged = ridge() if forecaster is None else forecaster
    return lambda: backtest(judged, y, **{"refit": False, **options})


def of_function(function, **options):
    return of(function, **{"horizon": 2, "n_windows": 3, **options})


def answers(value):
    return lambda history, horizon: value


def mutates(history, horizon):
    answer = last(history, horizon)
    history[:] = 1e9
    return answer


def mutates_covariates(history, horizon, X):
    answer = [X["x"].iloc[-1]] * horizon
    X[:] = 1e9
    return answer


def raises(error):
    def forecaster(history, horizon):
        raise error

    return forecaster


def fails_late(history, horizon):
    if len(history) > 55:
        raise KeyError("no such key")
    return last(history, horizon)


def persisted(result):
    rows = result.predictions
    return (rows["y_pred"] == rows["persistence"]).all()


def origins(*places):
    return lambda result: list(result.predictions["origin"].unique()) == list(DAYS[list(places)])


def all_shops(result):
    by_series = result.predictions.groupby("series")["origin"].max().to_dict()
    return not result.left_out and by_series == {
        name: part.index[-3] for name, part in SHOPS.items()
    }


def left_out(*names, n=None):
    return lambda result: (
        list(result.left_out) == list(names) and all(repr(name) in repr(result) for name in names)
    )


def n_scored(n):
    return lambda result: result.scores().loc["forecast", "n"] == n


def with_value(column, row, value):
    table = TABLE.copy()
    table[column] = table[column].astype(object)
    table.loc[row, column] = value
    return table


def with_holes():
    y = Y.copy()
    y.iloc[[20, 30]] = np.nan
    return y


def shop_table(**series):
    return pd.concat([TABLE.assign(series=name, y_pred=value) for name, value in series.items()])


BOUNDS = TABLE.assign(lower=TABLE["y_pred"] - 1, upper=TABLE["y_pred"] + 1)
X = pd.DataFrame({"x": np.arange(60.0)}, DAYS)

CASES = [
    Case(
        "a strategy that there isn't",
        lambda: backtest(LSTMForecaster(Ridge(), window_length=3, strategy="1"), Y, horizon=2),
        refuses("strategy", "'1'"),
    ),
    Case(
        "a class within the forecaster",
        lambda: backtest(LSTMForecaster(Ridge, window_length=3), Y, horizon=2),
        refuses("Ridge", "class"),
    ),
    # Origins and counts
    Case("five origins, unless told otherwise", of(), gives(origins(49, 51, 53, 55, 57))),
    Case("one origin", of(n_windows=1), gives(origins(57))),
    Case("NumPy's integers", of(n_windows=np.int64(2), stride=np.int32(3)), gives(origins(54, 57))),
    Case("as many origins as there is room", of(n_windows=25), gives(lambda r: r.n_windows == 25)),
    Case("one origin more", of(n_windows=26), refuses("n_windows=26", "60 rows", "to 25 or less")),
    Case("a thousand million origins", of(n_windows=10**9), refuses("n_windows=1000000000", "25")),
    Case("more origins than an int64 holds", of(n_windows=10**30), refuses("n_windows=1", "to 25")),
    Case("a thousand million rows between", of(stride=10**9), gives(origins(57))),
    Case("more rows between than an int64 holds", of(stride=10**30), gives(origins(57))),
    Case(
        "two origins far apart",
        of(n_windows=2, stride=10**9),
        refuses("n_windows=2", "1000000000 apart", "to 1 or less"),
    ),
    Case("a horizon beyond the rows", of(last, horizon=10**9), refuses("1000000000", "Give more")),
    Case("no origin", of(n_windows=0), refuses("n_windows=0", "at least 1")),
    Case("minus one origin", of(n_windows=-1), refuses("n_windows=-1")),
    Case("n_windows=True", of(n_windows=True), refuses("n_windows=True", "whole number")),
    Case("a fraction of origins", of(n_windows=2.0), refuses("n_windows=2.0", "whole number")),
    Case("origins as text", of(n_windows="5"), refuses("n_windows='5'")),
    Case("stride=0", of(stride=0), refuses("stride=0")),
    Case("stride of NaN", of(stride=np.nan), refuses("stride=nan")),
    Case("horizon=0", of(horizon=0), refuses("horizon=0")),
    Case("horizon=True", of(horizon=True), refuses("horizon=True")),
    Case("a list of horizons", of(horizon=[1, 2]), refuses("horizon=[1, 2]")),
    Case("a function without a horizon", of(last), refuses("horizon=None", "horizon=1")),
    # How often to fit
    Case("refit=None", of(refit=None), refuses("refit=None", "True, False or")),
    Case("refit=0", of(refit=0), refuses("refit=0", "at least 1")),
    Case("refit=1.5", of(refit=1.5), refuses("refit=1.5")),
    Case("refit='no'", of(refit="no"), refuses("refit='no'")),
    Case("NumPy's False", of(refit=np.False_), gives(origins(49, 51, 53, 55, 57))),
    Case("a fit for more origins than there are", of(refit=10**9), gives(n_scored(10))),
    # What else is asked for
    Case("coverage in percent", of(coverage=90), refuses("coverage=90", "0.9")),
    Case("coverage of all", of(coverage=1.0), refuses("coverage=1.0")),
    Case("coverage of NaN", of(coverage=np.nan), refuses("coverage=nan")),
    Case("coverage as text", of(coverage="0.9"), refuses("coverage='0.9'")),
    Case("coverage=True", of(coverage=True), refuses("coverage=True")),
    Case(
        "a coverage beyond the errors", of(coverage=0.9999), refuses("coverage=0.9999", "Ask for")
    ),
    Case("no quantile", of(quantiles=[]), refuses("quantiles=[]", "[0.1, 0.5, 0.9]")),
    Case("a quantile twice", of(quantiles=[0.5, 0.5]), refuses("quantiles=[0.5, 0.5]", "differ")),
    Case("quantiles as text", of(quantiles="half"), refuses("quantiles='half'")),
    Case("one quantile", of(quantiles=0.5), gives(lambda r: 0.5 in r.predictions)),
    Case("adaptive as text", of(adaptive="no"), refuses("adaptive='no'", "True or False")),
    Case("adaptive=None", of(adaptive=None), refuses("adaptive=None")),
    Case("align by nothing", of(align=None), refuses("align=None", "'end' or 'date'")),
    Case("align by time", of(align="time"), refuses("align='time'", "'end' or 'date'")),
    Case("align by an array", of(align=np.ones(2)), refuses("align=", "'end' or 'date'")),
    Case("a season longer than the rows", of(season_length=99), refuses("season_length=99", "50")),
    Case("no season", of(season_length=0), refuses("season_length=0")),
    Case("a season of one", of(season_length=1), gives(lambda r: r.season_length == 1)),
    # What is judged
    Case("a class", of(LSTMForecaster), refuses("forecaster=LSTMForecaster", "LSTMForecaster()")),
    Case("a regressor", of(Ridge()), refuses("Ridge", "LSTMForecaster(Ridge())")),
    Case("an LSTM alone", of(LSTMRegressor()), refuses("LSTMRegressor", "into a forecaster")),
    Case("nothing", lambda: backtest(None, Y), refuses("forecaster is a NoneType")),
    Case("a name", of("ridge"), refuses("forecaster is a str")),
    Case("a frozen regressor", of(FrozenEstimator(Ridge())), refuses("FrozenEstimator of a Ridge")),
    Case("a frozen one, not fitted", of(FrozenEstimator(ridge())), refuses("not fitted")),
    Case("a regressor class within", of(LSTMForecaster(Ridge, horizon=2)), refuses("regressor")),
    # Functions
    Case("the last value", of_function(last), gives(persisted)),
    Case("a forecaster that mutates its history", of_function(mutates), gives(persisted)),
    Case(
        "a forecaster that mutates covariates",
        lambda: backtest(mutates_covariates, Y, X, horizon=2, n_windows=3),
        gives(lambda r: r.predictions["y_pred"].tolist() == [55, 55, 57, 57, 59, 59]),
    ),
    Case("too few steps", of_function(answers([1.0])), refuses("(1,)", "(2,)", "2024-02-")),
    Case("too many steps", of_function(answers([1.0] * 3)), refuses("(3,)", "(2,)")),
    Case("nothing at all", of_function(answers(None)), refuses("forecast", "not (2,)")),
    Case("NaN", of_function(answers([1.0, np.nan])), refuses("not finite at step 2")),
    Case("infinity", of_function(answers([np.inf, 1.0])), refuses("not finite at step 1")),
    Case("text", of_function(answers(["a", "b"])), refuses("no array of numbers", "['a', 'b']")),
    Case("ragged lists", of_function(answers([[1], [1, 2]])), refuses("no array of numbers")),
    Case("complex numbers", of_function(answers([1j, 2j])), refuses("no array of numbers")),
    Case("an iterator", of_function(lambda h, n: iter([1.0, 2.0])), refuses("no array of numbers")),
    Case("a dict without y_pred", of_function(answers({"f": [1, 2]})), refuses("without 'y_pred'")),
    Case(
        "crossed bounds",
        of_function(answers({"y_pred": [1, 1], "lower": [2, 2], "upper": [0, 0]}), coverage=0.5),
        refuses("'lower'", "above", "'upper'", "Exchange"),
    ),
    Case(
        "bounds of no width",
        of_function(answers({"y_pred": [1, 1], "lower": [1, 1], "upper": [1, 1]}), coverage=0.5),
        gives(lambda r: r.scores().loc["forecast", "width"] == 0),
    ),
    Case("no bounds", of_function(last, coverage=0.5), refuses("no 'lower', 'upper'", "coverage=")),
    Case("an error of its own", of_function(raises(ValueError("mine"))), refuses("mine")),
    Case("an error at a late origin", of_function(fails_late), refuses("no such key", of=KeyError)),
    Case("StopIteration", of_function(raises(StopIteration())), refuses("StopIteration", "2024")),
    Case(
        "Ctrl-C within",
        of_function(raises(KeyboardInterrupt("stop"))),
        refuses("stop", of=KeyboardInterrupt),
    ),
    # Panels
    Case("shops that end on different days", of(y=PANEL, n_windows=3), gives(all_shops)),
    Case("the same, fitted anew", of(y=PANEL, n_windows=3, refit=True), gives(all_shops)),
    Case(
        "shops by date",
        of(y=PANEL, n_windows=2, align="date"),
        warns("Left out 3 of 4", "'b' (it ends at 2024-02-19", then=gives(left_out("b", "c", "d"))),
    ),
    Case(
        "a shop of ten days",
        of(y=pd.concat([PANEL, pd.concat({"e": Y[:10]}, names=["shop"])])),
        warns("Left out 1 of 5", "'e' (of its 10 rows 0", "9", then=gives(left_out("e"))),
    ),
    Case(
        "a shop without a value",
        of(last_of_all := (lambda h, n: np.full((h.groupby(level=0).ngroups, n), 1.0)),
           y=pd.concat([PANEL, pd.concat({"e": Y * np.nan}, names=["shop"])]), horizon=2),
        warns("Left out 1 of 5", "'e' (it holds no value)", then=gives(left_out("e"))),
    ),
    Case("a function of shops", of(last_of_all, y=PANEL, horizon=2), gives(all_shops)),
    Case(
        "a frozen forecaster of shops",
        lambda: backtest(
            FrozenEstimator(ridge().fit(SOME_DAYS_BEFORE)), PANEL, n_windows=3, coverage=0.5
        ),
        gives(all_shops),
    ),
    Case(
        "a frozen forecaster that knows one of the shops to its end",
        lambda: backtest(
            FrozenEstimator(ridge().fit(pd.concat([SOME_DAYS_BEFORE.drop("c"), PANEL.loc[["c"]]]))),
            PANEL, n_windows=3,
        ),
        warns("first origin, 2024-01-25", "before 2024-01-31", then=gives(all_shops)),
    ),
    Case(
        "regressors of their own",
        of(ridge(columns="separate"), y=PANEL, n_windows=2, coverage=0.5),
        gives(all_shops),
    ),
    # Tables
    Case("a table", of(TABLE), gives(n_scored(4))),
    Case("an empty table", of(TABLE[:0]), refuses("empty", "row for each forecast")),
    Case("a table without a column", of(pd.DataFrame()), refuses("empty")),
    Case("a table without origins", of(TABLE.drop(columns="origin")), refuses("no 'origin'")),
    Case("a horizon for a table", of(TABLE, horizon=2), refuses("horizon=2", "Leave it out")),
    Case("windows for a table", of(TABLE, n_windows=2), refuses("n_windows=2", "Leave it out")),
    Case("an origin of NaT", of(with_value("origin", 1, pd.NaT)), refuses("origin", "NaT")),
    Case("a forecast of NaN", of(with_value("y_pred", 1, np.nan)), gives(n_scored(3))),
    Case(
        "a forecast of NaN is told of",
        lambda: repr(backtest(with_value("y_pred", 1, np.nan), Y)),
        gives(lambda text: "1 of 4 values have no forecast" in text),
    ),
    Case("a forecast of infinity", of(with_value("y_pred", 1, np.inf)), refuses("infinity", "1")),
    Case("a forecast of text", of(with_value("y_pred", 1, "two")), refuses("table", "two")),
    Case("a row twice", of(TABLE.iloc[[0, 1, 1]]), refuses("repeats the timestamp 2024-02-21")),
    Case("times of another year", of(TABLE.assign(timestamp=DAYS[:4])), refuses("not before it")),
    Case(
        "origins that overlap",
        of(pd.concat([TABLE, TABLE.assign(origin=DAYS[48])[:2]])),
        gives(lambda r: r.horizon == 3 and r.n_windows == 3),
    ),
    Case("a column twice", of(pd.concat([TABLE, TABLE[["y_pred"]]], axis=1)), refuses("'y_pred'")),
    Case(
        "crossed bounds in a table",
        of(BOUNDS.rename(columns={"lower": "upper", "upper": "lower"}), coverage=0.5),
        refuses("Row 0", "lower=2", "upper=0", "Exchange"),
    ),
    Case("a table of an unknown shop", of(shop_table(z=1.0), y=PANEL), refuses("'z'", "'a'")),
    Case(
        "a table of two of the shops",
        of(shop_table(a=1.0, d=2.0), y=PANEL),
        warns("Left out 2 of 4", "'b' (the table has no", then=gives(left_out("b", "c"))),
    ),
    Case("a table of UTC", of(TABLE.assign(origin=TABLE["origin"].dt.tz_localize("UTC"))),
         refuses("origin", "2024-02-19")),
    # Missing values
    Case(
        "missing values are counted",
        of(y=with_holes()),
        warns("2 of 60 rows lack a value", "2024-01-21", then=gives(n_scored(10))),
    ),
    Case("unless they are asked for", of(ridge(missing="interpolate"), y=with_holes()),
         gives(n_scored(10))),
    Case("a frozen one counts the newer ones", of(FrozenEstimator(ridge().fit(Y[:25])),
         y=with_holes()), warns("1 of 35 rows lack a value", "2024-01-31")),
    Case("a regressor that predicts one value", of(LSTMForecaster(LinearRegression())),
         gives(n_scored(5))),
]  # fmt: skip
