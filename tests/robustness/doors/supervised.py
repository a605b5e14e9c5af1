"""``make_supervised``."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
from scipy.sparse import csr_array

from sklearn_lstm import make_supervised

from ..cases import Case, gives, refuses, warns

NAN = np.nan
VALUES = np.arange(6.0)
DAYS = pd.date_range("2024-01-01", periods=6)
SERIES = pd.Series(VALUES, index=DAYS, name="t")
TABLE = pd.DataFrame({"a": VALUES, "b": VALUES + 10}, index=DAYS)
HOLE = SERIES.set_axis([*DAYS[:3], *(DAYS[3:] + pd.Timedelta("30D"))])
SHOPS = pd.MultiIndex.from_product([["a", "b"], DAYS[:3]])


def targets(data=SERIES, **params):
    return np.asarray(make_supervised(data, **params)[1], dtype=float)


def rows(data=SERIES, **params):
    return np.asarray(make_supervised(data, **params)[0], dtype=float).squeeze()


def shifted(horizon):
    return SERIES.shift(-horizon).dropna().to_numpy()


NO_STEPS = [
    True,
    "1",
    1.5,
    NAN,
    np.inf,
    None,
    [],
    -1,
    0,
    np.float64(2.0),
    np.array(3),
    [1, 1],
    [True],
    [1.0],
    {},
    "ab",
]
NO_HORIZONS = [
    Case(
        f"horizon={value!r}",
        lambda value=value: targets(horizon=value),
        refuses("horizon=", repr(value)),
    )
    for value in NO_STEPS
]
NO_TARGETS = [
    Case(
        f"target={value!r}",
        lambda value=value: targets(TABLE, target=value),
        refuses("target", "['a', 'b']"),
    )
    for value in [True, "c", 1.5, NAN, [], -1, 0, 10**18, np.array(3), ["a", "c"], {}, ("a",)]
]
NO_GAPS = [
    Case(f"max_gap={value!r}", lambda value=value: targets(max_gap=value), refuses("max_gap="))
    for value in [True, "1", 1.5, NAN, np.inf, [], -1, 0, 10**18, np.array(3), "", "-1D", "a day"]
]

CASES = [
    *NO_HORIZONS,
    *NO_TARGETS,
    *NO_GAPS,
    Case("a day ahead", targets, gives(shifted(1))),
    Case("steps counted by NumPy", lambda: targets(horizon=np.int8(2)), gives(shifted(2))),
    Case(
        "several steps",
        lambda: targets(horizon=[3, 1]),
        gives(np.column_stack([shifted(3), shifted(1)[:3]])),
    ),
    Case(
        "an array of steps",
        lambda: targets(horizon=np.array([1, 2])),
        gives(np.column_stack([shifted(1)[:4], shifted(2)])),
    ),
    Case("the longest step", lambda: targets(horizon=5), gives([5])),
    Case("a step too far", lambda: targets(horizon=6), refuses("horizon=6", "6 rows", "Lower")),
    Case("10**18 steps", lambda: targets(horizon=10**18), refuses("horizon=", "Lower")),
    Case("10**30 steps", lambda: targets(horizon=10**30), refuses("horizon=", "Lower")),
    Case(
        "a billion horizons", lambda: targets(horizon=range(1, 10**9)), refuses("horizon=", "Lower")
    ),
    Case(
        "endless horizons",
        lambda: targets(horizon=itertools.count(1)),
        refuses("horizon=", "Lower"),
    ),
    Case("True is not column 1", lambda: targets(TABLE.to_numpy(), target=True), refuses("True")),
    Case(
        "column 1 of an array", lambda: targets(TABLE.to_numpy(), target=1), gives(shifted(1) + 10)
    ),
    Case("a column twice", lambda: targets(TABLE, target=["a", "a"]), refuses("'a'", "twice")),
    Case(
        "columns of one name", lambda: targets(TABLE.set_axis(["a", "a"], axis=1)), refuses("'a'")
    ),
    Case(
        "columns of one text",
        lambda: targets(TABLE.set_axis([1, "1"], axis=1), horizon=[1]),
        gives(np.column_stack([shifted(1), shifted(1) + 10])),
    ),
    Case(
        "columns of two levels",
        lambda: targets(
            TABLE.set_axis(pd.MultiIndex.from_tuples([("u", 1), ("u", 2)]), axis=1), target=("u", 2)
        ),
        gives(shifted(1) + 10),
    ),
    Case(
        "half the name of a column",
        lambda: targets(
            TABLE.set_axis(pd.MultiIndex.from_tuples([("u", 1), ("u", 2)]), axis=1), target="u"
        ),
        refuses("'u'"),
    ),
    # Holes.
    Case(
        "a hole",
        lambda: rows(HOLE),
        warns("a hole", "2024-01-03", "max_gap", then=gives([0, 1, 3, 4])),
    ),
    Case("a hole, two ahead", lambda: rows(HOLE, horizon=2), warns("2 rows", then=gives([0, 3]))),
    Case("a hole that is known", lambda: targets(HOLE, max_gap="1D"), gives([1, 2, 4, 5])),
    Case(
        "a hole as a timedelta",
        lambda: targets(HOLE, max_gap=pd.Timedelta("1D")),
        gives([1, 2, 4, 5]),
    ),
    Case("a hole that is none", lambda: targets(HOLE, max_gap=None), gives(shifted(1))),
    Case(
        "a hole too wide for any row",
        lambda: targets(HOLE, horizon=3, max_gap="1D"),
        refuses("horizon=3", "holes"),
    ),
    Case(
        "weekends",
        lambda: targets(SERIES.set_axis(pd.bdate_range("2024-01-04", periods=6))),
        gives(shifted(1)),
    ),
    Case(
        "months",
        lambda: targets(SERIES.set_axis(pd.date_range("2024", periods=6, freq="ME"))),
        gives(shifted(1)),
    ),
    Case(
        "periods with a hole",
        lambda: targets(HOLE.set_axis(HOLE.index.to_period("D"))),
        warns("a hole", then=gives([1, 2, 4, 5])),
    ),
    Case(
        "numbers with a gap",
        lambda: targets(SERIES.set_axis([0, 1, 2, 9, 10, 11])),
        gives(shifted(1)),
    ),
    Case(
        "numbers with a gap that counts",
        lambda: targets(SERIES.set_axis([0, 1, 2, 9, 10, 11]), max_gap=1),
        gives([1, 2, 4, 5]),
    ),
    Case(
        "a gap in days of an array", lambda: targets(VALUES, max_gap="1D"), refuses("max_gap='1D'")
    ),
    Case("a panel", lambda: targets(SERIES.set_axis(SHOPS)), gives([1, 2, 4, 5])),
    # Other guises.
    Case(
        "a masked value",
        lambda: targets(np.ma.masked_array(VALUES, mask=VALUES == 2)),
        gives([1, NAN, 3, 4, 5]),
    ),
    Case("dates as values", lambda: targets(DAYS.to_numpy()), refuses("data", "times")),
    Case(
        "durations as values",
        lambda: targets(pd.Series(DAYS - DAYS[0])),
        refuses("data", "durations"),
    ),
    Case(
        "a column of dates", lambda: targets(TABLE.assign(day=DAYS)), refuses("'day'", "set_index")
    ),
    Case("complex numbers", lambda: targets(VALUES + 1j), refuses("data", "omplex")),
    Case(
        "a polars table with dates",
        lambda: targets(pl.DataFrame({"day": HOLE.index.to_numpy(), "a": VALUES}), target="a"),
        warns("a hole", then=gives([1, 2, 4, 5])),
    ),
    Case(
        "a polars series",
        lambda: make_supervised(pl.Series("x", VALUES))[1],
        gives(lambda y: y.name == "x" and y.tolist() == shifted(1).tolist()),
    ),
    Case("backwards", lambda: targets(SERIES[::-1]), refuses("row 1", "2024-01-05", "sort_index")),
    Case("a date twice", lambda: targets(SERIES.iloc[[0, 0]]), refuses("row 1", "duplicated")),
    Case("no row", lambda: targets(VALUES[:0]), refuses("data", "(0, 1)")),
    Case("a table of no row", lambda: targets(TABLE[:0]), refuses("data", "(0, 2)")),
    Case("a sparse column", lambda: targets(SERIES.astype("Sparse[float]")), gives(shifted(1))),
    Case(
        "a sparse matrix",
        lambda: targets(csr_array(VALUES[:, None])),
        refuses("data", "toarray()"),
    ),
    Case("a number", lambda: targets(3.0), refuses("data", "shape ()")),
    Case("nothing", lambda: targets(None), refuses("data", "shape ()")),
    Case("three dimensions", lambda: targets(np.zeros((2, 2, 2))), refuses("data", "(2, 2, 2)")),
]
