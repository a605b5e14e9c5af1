"""The bundled series, and pictures of forecasts, comparisons and trainings."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from sklearn_lstm import (
    ComparisonDisplay,
    ForecastDisplay,
    LossCurveDisplay,
    LSTMForecaster,
    LSTMRegressor,
    backtest,
    datasets,
)

from ..cases import Case, gives, refuses

T = np.arange(60)
Y = pd.Series(10 + np.sin(T / 3), pd.date_range("2024-01-01", periods=60), name="sales")
PANEL = pd.concat({"a": Y, "b": 100 * Y[:50]})
NEVER = pd.concat({"ended": Y[:30], "begins": Y[-9:]})  # neither has both past and future
TRUTH, FORECAST = Y[-5:], Y[-5:] + 1


def forecaster(y=Y, **params):
    params = {"window_length": 5, "horizon": 3, **params}
    return LSTMForecaster(Ridge(), **params).fit(y)


def closed(draw):
    """Return what draws a picture and closes it."""

    def call():
        try:
            return draw()
        finally:
            plt.close("all")

    return call


def heights(line):
    return np.asarray(line.get_ydata(), dtype=float)


def drawn(draw, *expected):
    """Draw a forecast; return whether its line and its past are as expected."""

    def call():
        display = draw()
        lines = [display.forecast_, display.past_, display.truth_]
        return all(
            want is None or np.allclose(heights(line), want)
            for line, want in zip(lines, expected, strict=False)
        )

    return closed(call)


def of_estimator(y=Y, **options):
    params = options.pop("params", {})
    return ForecastDisplay.from_estimator(forecaster(y, **params), **options)


def of_predictions(*args, **options):
    return ForecastDisplay.from_predictions(*args, **options)


def judged(y):
    """Judge at the same moments; it may be said that nothing can be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return backtest(forecaster(), y, n_windows=2, align="date")


def trained():
    X = np.linspace(0, 1, 18).reshape(9, 2, 1)
    return LSTMRegressor(2, epochs=3, random_state=0).fit(X, X[:, 0, 0])


def weather(change=lambda table: table):
    return change(datasets.load_seattle_weather())


def changed_weather():
    weather(lambda table: table.__setitem__("wind", 0.0))
    return weather()["wind"].sum()


def scores(**measures):
    names = ["a", "persistence", "seasonal naive"]
    return pd.DataFrame({"MASE": [0.5, 1.0, 1.2], **measures}, index=names)


def bars(table, **options):
    return closed(
        lambda: [bar.get_width() for bar in ComparisonDisplay(table).plot(**options).bars_]
    )


DATA = [
    Case("a row for each day", lambda: len(weather()), gives(365 * 4 + 1)),
    Case("no value is missing", lambda: weather().isna().sum().sum(), gives(0)),
    Case(
        "days without a gap",
        lambda: weather().index.equals(pd.date_range("2012-01-01", "2015-12-31", freq="D")),
        gives(True),
    ),
    Case("what is changed is a copy", changed_weather, gives(lambda total: total > 1000)),
    Case(
        "the highest is no lower than the lowest",
        lambda: weather(lambda table: (table["temp_max"] >= table["temp_min"]).all()),
        gives(True),
    ),
]
PLAIN = forecaster().predict().to_numpy()
ESTIMATORS = [
    Case("a forecast", drawn(of_estimator, PLAIN, Y[-9:]), gives(True)),
    Case("of an array", drawn(lambda: of_estimator(Y.to_numpy()), PLAIN, Y[-9:]), gives(True)),
    Case(
        "of periods",
        drawn(lambda: of_estimator(Y.to_period()), PLAIN, Y[-9:]),
        gives(True),
    ),
    Case(
        "of numbers",
        drawn(lambda: of_estimator(Y.set_axis(np.arange(60) / 4)), PLAIN, Y[-9:]),
        gives(True),
    ),
    Case(
        "of a zone",
        drawn(lambda: of_estimator(Y.tz_localize("Europe/Paris")), PLAIN, Y[-9:]),
        gives(True),
    ),
    Case(
        "of a series of a panel",
        drawn(lambda: of_estimator(PANEL, series="b"), None, 100 * Y[41:50]),
        gives(True),
    ),
    Case("of the first of a panel", drawn(lambda: of_estimator(PANEL), None, Y[-9:]), gives(True)),
    Case(
        "of a column",
        drawn(lambda: of_estimator(pd.DataFrame({"p": Y, "q": -Y}), series="q"), None, -Y[-9:]),
        gives(True),
    ),
    Case("no past", closed(lambda: of_estimator(n_past=0).past_), gives(lambda line: line is None)),
    Case("all of the past", drawn(lambda: of_estimator(n_past=60), PLAIN, Y), gives(True)),
    Case("more than there is", drawn(lambda: of_estimator(n_past=10**6), PLAIN, Y), gives(True)),
    Case("no band", closed(lambda: of_estimator(coverage=None).band_), gives(lambda b: b is None)),
    Case(
        "no band without intervals",
        closed(lambda: of_estimator(params={"interval_method": None}).band_),
        gives(lambda band: band is None),
    ),
    Case(
        "a longer horizon",
        drawn(lambda: of_estimator(horizon=7, coverage=None), forecaster().predict(7)),
        gives(True),
    ),
    Case(
        "what came true",
        drawn(
            lambda: of_estimator(Y[:-3], y_true=Y[-5:]), forecaster(Y[:-3]).predict(), None, Y[-3:]
        ),
        gives(True),
    ),
    Case(
        "what came true only in part",
        drawn(lambda: of_estimator(Y[:-3], y_true=Y[-3:-1]), None, None, Y[-3:-1]),
        gives(True),
    ),
    Case(
        "another series",
        drawn(lambda: of_estimator(y=2 * Y), None, 2 * Y[-9:]),
        gives(True),
    ),
    Case(
        "an unfitted forecaster",
        closed(lambda: ForecastDisplay.from_estimator(LSTMForecaster(Ridge()))),
        refuses("not fitted"),
    ),
    Case("a class", closed(lambda: ForecastDisplay.from_estimator(Ridge)), refuses("Ridge")),
    Case("None", closed(lambda: ForecastDisplay.from_estimator(None)), refuses("None")),
    Case(
        "a regressor",
        closed(lambda: ForecastDisplay.from_estimator(Ridge().fit([[1.0]], [1.0]))),
        refuses("Ridge", "LSTMForecaster"),
    ),
    Case("a past of minus one", closed(lambda: of_estimator(n_past=-1)), refuses("n_past", "-1")),
    Case("a past in words", closed(lambda: of_estimator(n_past="a")), refuses("n_past", "'a'")),
    Case("a past of True", closed(lambda: of_estimator(n_past=True)), refuses("n_past", "True")),
    Case("truth of no rows", closed(lambda: of_estimator(y_true=[])), refuses("y_true", "empty")),
    Case("truth of one number", closed(lambda: of_estimator(y_true=1.0)), refuses("y_true")),
    Case("truth in words", closed(lambda: of_estimator(y_true="abc")), refuses("y_true", "sales")),
    Case(
        "truth of two columns",
        closed(lambda: of_estimator(y_true=np.ones((3, 2)))),
        refuses("y_true", "sales"),
    ),
    Case(
        "truth of text",
        closed(lambda: of_estimator(Y[:-3], y_true=Y[-3:].map(lambda _: "a"))),
        refuses("y_true", "'a'"),
    ),
    Case(
        "truth of another column",
        closed(lambda: of_estimator(pd.DataFrame({"p": Y}), y_true=pd.DataFrame({"z": Y}))),
        refuses("y_true", "'p'"),
    ),
    Case(
        "truth of another series",
        closed(lambda: of_estimator(PANEL, y_true=pd.concat({"b": Y}), series="a")),
        refuses("y_true", "'a'"),
    ),
    Case(
        "truth of an array in part",
        drawn(lambda: of_estimator(Y.to_numpy()[:-3], y_true=[7.0]), None, None, [7]),
        gives(True),
    ),
    Case(
        "truth of other days",
        closed(lambda: of_estimator(y_true=Y[:5])),
        refuses("y_true", "2024-03-01"),
    ),
    Case("horizon of none", closed(lambda: of_estimator(horizon=0)), refuses("horizon", "0")),
    Case("horizon in words", closed(lambda: of_estimator(horizon="a")), refuses("horizon", "a")),
    Case("coverage of all", closed(lambda: of_estimator(coverage=1.0)), refuses("coverage", "1.0")),
    Case(
        "a longer horizon with a band",
        closed(lambda: of_estimator(horizon=7)),
        refuses("coverage=None"),
    ),
    Case(
        "a series that is not there",
        closed(lambda: of_estimator(PANEL, series="z")),
        refuses("series", "z"),
    ),
    Case(
        "a column that is not there",
        closed(lambda: of_estimator(pd.DataFrame({"p": Y, "q": Y}), series="z")),
        refuses("z"),
    ),
]
PREDICTIONS = [
    Case(
        "of series",
        drawn(lambda: of_predictions(TRUTH, FORECAST), FORECAST, None, TRUTH),
        gives(True),
    ),
    Case(
        "of lists", drawn(lambda: of_predictions([1, 2], [3, 4]), [3, 4], None, [1, 2]), gives(True)
    ),
    Case("of a single row", drawn(lambda: of_predictions([1], [3]), [3], None, [1]), gives(True)),
    Case(
        "with a gap",
        closed(lambda: np.isnan(heights(of_predictions([1, 2, 3], [1, np.nan, 3]).forecast_))),
        gives([0, 1, 0]),
    ),
    Case(
        "with bounds",
        closed(lambda: of_predictions(TRUTH, FORECAST, lower=TRUTH, upper=FORECAST).band_ is None),
        gives(False),
    ),
    Case("of no rows", closed(lambda: of_predictions([], [])), refuses("y_true", "empty")),
    Case(
        "of words in a series",
        closed(lambda: of_predictions(pd.Series(["a", "b"]), [1.0, 2.0])),
        refuses("y_true", "'a'"),
    ),
    Case(
        "of whole numbers with a missing one",
        closed(lambda: heights(of_predictions(pd.Series([1, None], dtype="Int64"), [1, 2]).truth_)),
        gives([1, np.nan]),
    ),
    Case("of a panel", closed(lambda: of_predictions(PANEL, PANEL)), refuses("y_true", "2 levels")),
    Case(
        "with a past",
        drawn(lambda: of_predictions(TRUTH, FORECAST, past=Y[:-5]), FORECAST, Y[:-5], TRUTH),
        gives(True),
    ),
    Case(
        "with a past that is no series",
        closed(lambda: of_predictions(TRUTH, FORECAST, past=[1.0])),
        refuses("past", "[1.0]"),
    ),
    *[
        Case(
            f"with a past {how}",
            closed(lambda past=past: of_predictions(TRUTH, FORECAST, past=past)),
            refuses("past", "index"),
        )
        for how, past in {
            "of another zone": Y[:-5].tz_localize("UTC"),
            "of periods": Y[:-5].to_period(),
            "of numbers": Y[:-5].reset_index(drop=True),
        }.items()
    ],
    Case("of other lengths", closed(lambda: of_predictions(TRUTH, [1.0])), refuses("5", "1")),
    Case("of other days", closed(lambda: of_predictions(TRUTH, Y[:5])), refuses("reindex")),
    Case("of text", closed(lambda: of_predictions(["a"], ["b"])), refuses("a")),
    Case(
        "of tables",
        closed(lambda: of_predictions(np.ones((3, 2)), np.ones((3, 2)))),
        refuses("(3, 2)"),
    ),
    Case("of a number", closed(lambda: of_predictions(1.0, 2.0)), refuses("array")),
    Case(
        "with one bound",
        closed(lambda: of_predictions(TRUTH, FORECAST, lower=TRUTH)),
        refuses("upper"),
    ),
    Case(
        "with bounds of another length",
        closed(lambda: of_predictions(TRUTH, FORECAST, lower=[1], upper=[2])),
        refuses("5", "1"),
    ),
]
OTHERS = [
    Case("bars from the best on", bars(scores()), gives([0.5, 1.0, 1.2])),
    Case(
        "who has no figure is left out",
        bars(scores(RMSE=[np.nan, 2.0, 3.0]), measure="RMSE"),
        gives([2, 3]),
    ),
    Case("all without error", bars(scores(RMSE=[0.0, 0.0, 0.0]), measure="RMSE"), gives([0, 0, 0])),
    Case("a measure that is none", bars(scores(), measure="R2"), refuses("measure", "R2", "MASE")),
    Case(
        "a measure of nobody",
        bars(scores(WQL=[np.nan] * 3), measure="WQL"),
        refuses("measure", "WQL"),
    ),
    Case(
        "a backtest",
        closed(lambda: backtest(forecaster(), Y, n_windows=3, season_length=5).plot().ax_ is None),
        gives(False),
    ),
    Case("a step in words", closed(lambda: judged(Y).plot(step="a")), refuses("step", "'a'")),
    Case("nothing forecast", closed(lambda: judged(NEVER).plot()), refuses("left_out")),
    Case("no scores of nothing", lambda: judged(NEVER).scores("series").shape[0], gives(0)),
    Case(
        "a training",
        closed(lambda: heights(LossCurveDisplay.from_estimator(trained()).ax_.get_lines()[0])),
        gives(lambda losses: np.allclose(losses, trained().loss_curve_)),
    ),
    Case(
        "no training",
        closed(lambda: LossCurveDisplay.from_estimator(LSTMRegressor())),
        refuses("not fitted"),
    ),
    Case(
        "what never trains",
        closed(lambda: LossCurveDisplay.from_estimator(forecaster())),
        refuses("loss_curve_"),
    ),
]
CASES = [*DATA, *ESTIMATORS, *PREDICTIONS, *OTHERS]
