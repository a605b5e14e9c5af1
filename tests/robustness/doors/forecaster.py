"""What ``LSTMForecaster`` is given as ``y`` and ``X``: tables, masks, kinds of values, sizes."""

from decimal import Decimal

import dask.dataframe
import numpy as np
import pandas as pd
import polars
import pyarrow
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster

from ..cases import Case, gives, refuses, warns

VALUES = 10 + np.sin(np.arange(80) / 3)
DAYS = pd.date_range("2024-01-01", periods=80, freq="D")
SERIES = pd.Series(VALUES, index=DAYS)
IS_HIDDEN = np.arange(80) == 70
MASKED = np.ma.masked_array(np.where(IS_HIDDEN, 1e9, VALUES), mask=IS_HIDDEN)
WITH_NAN = np.where(IS_HIDDEN, np.nan, VALUES)


def forecaster(**settings):
    settings = {"window_length": 6, "horizon": 3, "missing": "interpolate"} | settings
    return LSTMForecaster(Ridge(), **settings)


def forecast(y, X=None, future=None, **settings):
    return forecaster(**settings).fit(y, X).predict(X=future)


def fitted(y=VALUES):
    return forecaster().fit(y)


PLAIN, BESIDE_NAN = forecast(VALUES), forecast(WITH_NAN)
DOORS = {
    "fit": lambda odd: fitted(odd).predict(),
    "update": lambda odd: fitted().update(odd).predict(),
    "predict(y=)": lambda odd: fitted().predict(y=odd),
    "fit(X=)": lambda odd: forecaster().fit(VALUES, odd),
}
NO_SERIES = {
    "complex numbers": (VALUES + 1j, "complex numbers"),
    "a list of complex numbers": (list(VALUES + 1j), "complex numbers"),
    "dates": (DAYS.to_numpy(), "dates"),
    "durations": ((DAYS - DAYS[0]).to_numpy(), "durations"),
    "fields": (np.array([(1.0, 2.0)], dtype=[("a", float), ("b", float)]), "'a'"),
    "a sparse matrix": (csr_matrix(VALUES[:, np.newaxis]), "toarray()"),
    "a dictionary": ({"a": VALUES}, "dict"),
    "a set": ({1.0, 2.0}, "no order"),
    "text": ("abc", "'abc'"),
    "texts": (np.array(["1", "b"]), "text"),
    "a number": (5.0, "5.0"),
    "three dimensions": (np.zeros((2, 3, 4)), "3 dimensions"),
    "rows of two lengths": ([[1.0, 2.0], [3.0]], "Give every row as many values"),
    "objects": (np.array([1.0, object()], dtype=object), "at row 1"),
    "a number beyond all": ([10**400] * 80, "too large"),
    "infinity": ([*VALUES[:79], np.inf], "row 79"),
    "almost infinity": ([*VALUES[:79], -1e307], "-1e+307 at row 79"),
}
REFUSED = [
    Case(f"{name} to {door}", lambda call=call, odd=odd: call(odd), refuses(*words))
    for name, (odd, *words) in NO_SERIES.items()
    for door, call in DOORS.items()
]
NUMBERS = {
    "halves": VALUES.astype(np.float16),
    "whole numbers of 8 bits": (VALUES * 10).astype(np.int8),
    "long doubles": VALUES.astype(np.longdouble),
    "truth values": VALUES > 10,
    "a range": range(80),
    "a tuple": tuple(VALUES),
}
AS_NUMBERS = [
    *(
        Case(name, lambda odd=odd: forecast(odd), gives(forecast(np.asarray(odd, dtype=float))))
        for name, odd in NUMBERS.items()
    ),
    *(
        Case(name, lambda odd=odd: forecast(odd), gives(expected))
        for name, odd, expected in [
            ("decimals", pd.Series([Decimal(float(x)) for x in VALUES]), PLAIN),
            ("texts of numbers", pd.Series([repr(float(x)) for x in VALUES]), PLAIN),
            ("None", np.where(IS_HIDDEN, None, VALUES), BESIDE_NAN),
            ("NA among objects", np.where(IS_HIDDEN, pd.NA, VALUES), BESIDE_NAN),
            ("pandas' Float64", pd.Series(WITH_NAN).astype("Float64"), BESIDE_NAN),
            ("pyarrow's doubles", SERIES.astype("double[pyarrow]"), PLAIN),
            ("sparse values", pd.Series(pd.arrays.SparseArray(VALUES)), PLAIN),
            ("categories of numbers", pd.Series(VALUES).astype("category"), PLAIN),
        ]
    ),
]
MASKS = [
    Case("a mask", lambda: forecast(MASKED), gives(BESIDE_NAN)),
    Case("a mask of columns", lambda: forecast(MASKED[:, None])[:, 0], gives(BESIDE_NAN)),
    Case(
        "a mask to update",
        lambda: fitted().update(MASKED).predict(),
        gives(fitted().update(WITH_NAN).predict()),
    ),
    Case(
        "a mask to predict", lambda: fitted().predict(y=MASKED), gives(fitted().predict(y=WITH_NAN))
    ),
    Case(
        "a mask of covariates",
        lambda: forecast(VALUES, MASKED, VALUES[:3]),
        gives(forecast(VALUES, WITH_NAN, VALUES[:3])),
    ),
    Case(
        "a mask, nothing said about it",
        lambda: forecast(MASKED, missing="auto"),
        warns("1 of 80 rows lack a value", "row 70", then=gives(BESIDE_NAN)),
    ),
    Case("a mask of nothing", lambda: forecast(np.ma.masked_array(VALUES)), gives(PLAIN)),
    Case(
        "a mask of all",
        lambda: forecast(np.ma.masked_array(VALUES, mask=True)),
        refuses("y holds no value"),
    ),
]


def goes_on(found):
    np.testing.assert_allclose(found.to_numpy().ravel(), PLAIN)
    return (found.index == pd.date_range("2024-03-21", periods=3)).all()


DATED = polars.DataFrame({"day": DAYS.to_numpy(), "y": VALUES})
TABLES = [
    Case("polars with datetimes", lambda: forecast(DATED), gives(goes_on)),
    Case(
        "polars with dates",
        lambda: forecast(DATED.with_columns(polars.col("day").cast(polars.Date))),
        gives(goes_on),
    ),
    Case("polars without", lambda: forecast(DATED[["y"]])["y"], gives(PLAIN)),
    Case("a polars series", lambda: forecast(DATED["y"]), gives(PLAIN)),
    Case(
        "covariates of polars",
        lambda: forecast(SERIES, DATED.rename({"y": "x"}), None, past_covariates=["x"]),
        gives(forecast(SERIES, SERIES.rename("x"), None, past_covariates=["x"])),
    ),
    Case(
        "polars with two times",
        lambda: forecast(DATED.with_columns(polars.col("day").alias("again"))),
        refuses("y holds dates in columns", "'again'"),
    ),
    Case("polars not yet read", lambda: forecast(DATED.lazy()), refuses("y.collect()")),
    Case("a pyarrow array", lambda: forecast(pyarrow.array(VALUES)), gives(PLAIN)),
    Case(
        "a pyarrow table with dates",
        lambda: forecast(pyarrow.table({"day": DAYS.to_numpy(), "y": VALUES})),
        gives(goes_on),
    ),
    Case(
        "Dask",
        lambda: forecast(dask.dataframe.from_pandas(SERIES, npartitions=2)),
        gives(goes_on),
    ),
    Case(
        "a column of dates",
        lambda: forecast(SERIES.rename("y").rename_axis("day").reset_index()),
        refuses("y holds dates", "'day'", "set_index"),
    ),
]


def times(factor, **settings):
    return lambda: forecast(VALUES * factor, **settings) / factor


SIZES = [
    *(
        Case(
            f"{factor:g} times, {normalize=}",
            times(factor, normalize=normalize),
            gives(forecast(VALUES, normalize=normalize), rtol=1e-6),
        )
        for factor in (1e-300, 1e-160, 1e160, 1e300)
        for normalize in ("last", "window", "standard", "minmax")
    ),
    Case("1e300 times, no scale", times(1e300, normalize=None), refuses("normalize=None", "e+301")),
    Case("1e300 times, logarithms", times(1e300, log=True), gives(forecast(VALUES, log=True))),
    Case(
        "logarithms beyond all numbers",
        lambda: forecaster(log=True).fit(np.exp(2.0 * np.arange(80))).predict(400),
        refuses("forecast of step", "log=False"),
    ),
    Case("a constant", lambda: forecast(np.full(80, 1e300)), gives([1e300] * 3)),
    Case("zeros", lambda: forecast(np.zeros(80)), gives([0.0] * 3)),
    Case(
        "no value", lambda: forecast(VALUES * np.nan), refuses("y holds no value", "leave it out")
    ),
    Case("no row", lambda: forecast([]), refuses("y is empty", "horizon")),
    Case("no row to update", lambda: fitted().update([]).predict(), gives(PLAIN)),
    Case(
        "no row of the future", lambda: forecast(VALUES, VALUES, []), refuses("X has 0 rows", "3")
    ),
]
CASES = [*REFUSED, *AS_NUMBERS, *MASKS, *TABLES, *SIZES]
