"""``SequenceWindower``."""

import dask.array
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from scipy.sparse import csr_array

from sklearn_lstm import SequenceWindower

from ..cases import Case, gives, refuses, warns

NAN = np.nan
ROWS = np.arange(6.0)[:, np.newaxis]
DAYS = pd.date_range("2024-01-01", periods=6)
DATED = pd.DataFrame(ROWS, index=DAYS)
PAIRS = [[NAN, 0], [0, 1], [1, 2], [2, 3], [3, 4], [4, 5]]
SHOPS = pd.MultiIndex.from_product([["a", "b"], DAYS[:3]])
MASKED = np.ma.masked_array(ROWS, mask=ROWS == 3)


class Lazy:
    """What a dask table is to others: a graph, and what it gives when it is computed."""

    def __init__(self, table):
        self.table, self.columns = table, table.columns

    def __dask_graph__(self):
        return {}

    def compute(self):
        return self.table


def pairs(X, **params):
    return np.asarray(SequenceWindower(2, **params).fit_transform(X))[:, :, 0]


def after(fitted, new, **params):
    """The windows of new rows after others were fitted."""
    windower = SequenceWindower(**{"window_length": 3, **params}).fit(fitted)
    return np.asarray(windower.transform(new))[:, :, 0]


def parameter(name, value, X=ROWS):
    return lambda: SequenceWindower(**{name: value}).fit(X)


NO_NUMBERS = [True, "1", 1.5, NAN, np.inf, None, [], -1, 0, np.float64(2.0), np.array(3)]
NO_LENGTHS = [
    Case(
        f"window_length={value!r}",
        parameter("window_length", value),
        refuses("window_length", repr(value)),
    )
    for value in NO_NUMBERS
]
NO_GAPS = [
    Case(f"max_gap={value!r}", parameter("max_gap", value, DATED), refuses("max_gap", repr(value)))
    for value in [True, "1", 1.5, NAN, np.inf, [], -1, 0, 10**18, np.array(3), "", "-1D", "a day"]
]
NO_WORDS = [
    Case(f"{name}={value!r}", parameter(name, value), refuses(name, repr(value)))
    for name in ("history", "padding", "flatten")
    for value in [1.5, "1", None, [], 10**18]
]

CASES = [
    *NO_LENGTHS,
    *NO_GAPS,
    *NO_WORDS,
    Case("two steps", lambda: pairs(ROWS), gives(PAIRS)),
    Case(
        "steps counted by NumPy",
        lambda: SequenceWindower(np.int64(2)).fit_transform(ROWS)[:, :, 0],
        gives(PAIRS),
    ),
    Case(
        "a billion steps",
        parameter("window_length", 10**9),
        refuses("window_length=1000000000", "6 rows", "Lower"),
    ),
    Case(
        "more steps than any integer",
        parameter("window_length", 10**30),
        refuses("window_length", "Lower"),
    ),
    Case(
        "a billion steps after fit",
        lambda: SequenceWindower(2).fit(ROWS).set_params(window_length=10**9).transform(ROWS),
        refuses("window_length=1000000000", "Lower"),
    ),
    Case(
        "more steps than rows",
        lambda: SequenceWindower(3).fit_transform(ROWS[:1])[0, :, 0],
        gives([NAN, NAN, 0]),
    ),
    # What is no table of numbers, or one in another guise.
    Case("integers", lambda: pairs(ROWS.astype(int)), gives(PAIRS)),
    Case(
        "truths", lambda: pairs(ROWS > 2), gives([[NAN, 0], [0, 0], [0, 0], [0, 1], [1, 1], [1, 1]])
    ),
    Case("a list", lambda: pairs(ROWS.tolist()), gives(PAIRS)),
    Case("nothing masked", lambda: pairs(np.ma.masked_array(ROWS)), gives(PAIRS)),
    Case("a masked value", lambda: pairs(MASKED), refuses("X contains NaN", "row 3", "Fill")),
    Case("a masked integer", lambda: pairs(MASKED.astype(int)), refuses("NaN", "row 3")),
    Case(
        "a masked new row",
        lambda: SequenceWindower(2).fit(ROWS).transform(MASKED),
        refuses("NaN", "row 3"),
    ),
    Case(
        "dates as values",
        lambda: pairs(DAYS.to_numpy()[:, np.newaxis]),
        refuses("X", "times", "index"),
    ),
    Case(
        "durations as values",
        lambda: pairs((DAYS - DAYS[0]).to_numpy()[:, np.newaxis]),
        refuses("X", "durations", "unit"),
    ),
    Case("dates in a list", lambda: pairs([[day.date()] for day in DAYS]), refuses("X", "times")),
    Case("a column of dates", lambda: pairs(DATED.assign(day=DAYS)), refuses("'day'", "set_index")),
    Case(
        "a column of periods",
        lambda: pairs(DATED.assign(day=DAYS.to_period("D"))),
        refuses("'day'", "set_index"),
    ),
    Case("complex numbers", lambda: pairs(ROWS + 1j), refuses("X", "omplex", "real part")),
    Case("complex objects", lambda: pairs((ROWS + 1j).astype(object)), refuses("X", "omplex")),
    Case(
        "a structured array",
        lambda: pairs(np.zeros(6, dtype=[("a", float)])),
        refuses("X", "structured", "DataFrame"),
    ),
    Case("text", lambda: pairs([["1"], ["2"]]), refuses("X holds text")),
    Case("None", lambda: pairs([[1.0], [None]]), refuses("NaN", "row 1")),
    Case(
        "a missing value of pandas",
        lambda: pairs(pd.DataFrame({"a": pd.array([1, None], dtype="Int64")})),
        refuses("NaN", "row 1"),
    ),
    Case("infinity", lambda: pairs([[1.0], [-np.inf]]), refuses("infinity", "row 1")),
    Case("one dimension", lambda: pairs(ROWS[:, 0]), refuses("Reshape")),
    Case("no row", lambda: pairs(ROWS[:0]), refuses("0 sample")),
    Case("no column", lambda: pairs(ROWS[:, :0]), refuses("0 feature")),
    Case(
        "sparse columns",
        lambda: pairs(pd.DataFrame(ROWS).astype(pd.SparseDtype(float, NAN))),
        gives(PAIRS),
    ),
    Case(
        "sparse integers beside others",
        lambda: SequenceWindower(1).fit_transform(
            DATED.astype("Sparse[int]").set_axis(["a"], axis=1).assign(b=DATED[0] + 1)
        )[:, 0],
        gives(np.hstack([ROWS, ROWS + 1])),
    ),
    Case(
        "sparse columns without a value",
        lambda: pairs(pd.DataFrame({"a": pd.arrays.SparseArray([1.0, NAN])})),
        refuses("NaN", "row 1"),
    ),
    Case("a sparse matrix", lambda: pairs(csr_array(ROWS)), refuses("X", "toarray()")),
    Case("a dask array", lambda: pairs(dask.array.from_array(ROWS)), gives(PAIRS)),
    Case(
        "a dask table keeps its dates",
        lambda: after(Lazy(DATED[:4]), Lazy(DATED[4:][::-1]), max_gap="1D"),
        gives([[3, 4, 5], [2, 3, 4]]),
    ),
    # polars and PyArrow: a column of times is the index.
    Case("a polars table", lambda: pairs(pl.DataFrame({"a": ROWS[:, 0]})), gives(PAIRS)),
    Case(
        "a polars table with dates",
        lambda: pairs(pl.DataFrame({"day": DAYS.to_numpy(), "a": ROWS[:, 0]}), max_gap="1D"),
        gives(PAIRS),
    ),
    Case(
        "polars dates that follow",
        lambda: after(
            pl.DataFrame({"a": ROWS[:4, 0], "day": DAYS.to_numpy()[:4]}),
            pl.DataFrame({"a": ROWS[4:, 0], "day": DAYS.to_numpy()[4:]}),
        ),
        gives([[2, 3, 4], [3, 4, 5]]),
    ),
    Case(
        "two columns of polars dates",
        lambda: pairs(pl.DataFrame({"from": DAYS.to_numpy(), "to": DAYS.to_numpy()})),
        refuses("'from'", "'to'", "index"),
    ),
    Case("a lazy table", lambda: pairs(pl.LazyFrame({"a": [1.0]})), refuses("X", "collect()")),
    Case(
        "a PyArrow table with dates",
        lambda: pairs(pa.table({"day": DAYS.to_numpy(), "a": ROWS[:, 0]}), max_gap="1D"),
        gives(PAIRS),
    ),
    # Order of time.
    Case("dates backwards", lambda: pairs(DATED[::-1]), gives(PAIRS[::-1])),
    Case(
        "numbers out of order",
        lambda: pairs(pd.DataFrame(ROWS).iloc[[3, 0, 5, 1, 2, 4]]),
        gives([PAIRS[i] for i in (3, 0, 5, 1, 2, 4)]),
    ),
    Case(
        "a date twice",
        lambda: pairs(DATED.iloc[[0, 1, 1]]),
        refuses("row 2", "2024-01-02", "duplicated"),
    ),
    Case(
        "a date twice, far apart",
        lambda: pairs(DATED.iloc[[1, 0, 3, 2, 1]]),
        refuses("row 4", "2024-01-02", "duplicated"),
    ),
    Case("no date", lambda: pairs(DATED.set_axis([*DAYS[:5], pd.NaT])), refuses("row 5", "NaT")),
    Case(
        "an infinite number as time",
        lambda: pairs(DATED.set_axis([0, 1, 2, 3.5, 4, np.inf])),
        refuses("index", "infinity", "row 5"),
    ),
    Case(
        "an infinite time in a panel",
        lambda: pairs(DATED.set_axis(pd.MultiIndex.from_product([["a", "b"], [1.0, -np.inf, 2]]))),
        refuses("index", "infinity", "row 1"),
    ),
    Case(
        "an infinite time that no row has",
        lambda: pairs(DATED.set_axis(pd.MultiIndex.from_product([["a", "b"], [1, 2, np.inf]]))[:2]),
        gives(PAIRS[:2]),
    ),
    Case(
        "fractions that may be missing",
        lambda: pairs(DATED.set_axis(pd.Index([0, 1, 2, 3, None, 5], dtype="Float64"))),
        refuses("row 4", "nan"),
    ),
    Case(
        "a panel backwards",
        lambda: pairs(pd.DataFrame(ROWS, index=SHOPS)[::-1]),
        gives([[4, 5], [3, 4], [NAN, 3], [1, 2], [0, 1], [NAN, 0]]),
    ),
    Case(
        "a row of a series twice",
        lambda: pairs(pd.DataFrame(ROWS, index=SHOPS).iloc[[0, 3, 3]]),
        refuses("row 2 of series 'b'", "duplicated"),
    ),
    Case(
        "new dates out of order",
        lambda: after(DATED[:4], DATED[4:][::-1]),
        gives([[3, 4, 5], [2, 3, 4]]),
    ),
    Case(
        "dates before the fitted ones",
        lambda: after(DATED[3:], DATED[:2]),
        gives([[NAN, NAN, 0], [NAN, 0, 1]]),
    ),
    Case(
        "dates among the fitted ones",
        lambda: after(DATED, DATED[2:4]),
        gives([[NAN, NAN, 2], [NAN, 2, 3]]),
    ),
    # Rows without times.
    Case("a new row", lambda: after(ROWS, [[6.0]]), gives([[4, 5, 6]])),
    Case(
        "a new row like the first",
        lambda: after(ROWS, [[0.0]]),
        warns("history=", "time index", then=gives([[4, 5, 0]])),
    ),
    Case(
        "two new rows like the first ones",
        lambda: after(ROWS, ROWS[:2]),
        warns("history=", then=gives([[4, 5, 0], [5, 0, 1]])),
    ),
    Case("the fitted rows", lambda: after(ROWS, ROWS)[0], gives([NAN, NAN, 0])),
    Case("the first fitted rows", lambda: after(ROWS, ROWS[:3])[0], gives([NAN, NAN, 0])),
    Case(
        "the fitted rows and one more",
        lambda: after(ROWS[:5], ROWS)[[0, 5]],
        gives([[NAN, NAN, 0], [3, 4, 5]]),
    ),
    Case(
        "the last fitted rows",
        lambda: after(ROWS, ROWS[2:]),
        gives([[NAN, NAN, 2], [NAN, 2, 3], [2, 3, 4], [3, 4, 5]]),
    ),
    Case(
        "a stretch of fitted rows and more",
        lambda: after(ROWS[:5], ROWS[2:])[[0, 3]],
        gives([[NAN, NAN, 2], [3, 4, 5]]),
    ),
    Case("less than a window of fitted rows", lambda: after(ROWS, ROWS[2:4])[0], gives([4, 5, 2])),
    Case(
        "rows before the fitted ones, and these",
        lambda: after(ROWS[2:], ROWS)[0],
        warns("row 2 on", "history=", then=gives([NAN, NAN, 0])),
    ),
    Case(
        "all rows alike",
        lambda: after(ROWS * 0, ROWS * 0)[0],
        warns("history=", then=gives([0, 0, 0])),
    ),
    Case("weeks", lambda: after(ROWS % 3, ROWS % 3)[0], warns("history=", then=gives([1, 2, 0]))),
    Case(
        "a row like the first, after always",
        lambda: after(ROWS, [[0.0]], history="always"),
        gives([[4, 5, 0]]),
    ),
    Case(
        "a row like the first, after none",
        lambda: after(ROWS, [[0.0]], history="none"),
        gives([[NAN, NAN, 0]]),
    ),
    Case("the fitted rows, after always", lambda: pairs(ROWS, history="always"), gives(PAIRS)),
    Case(
        "always goes by times",
        lambda: after(DATED, DATED, history="always")[0],
        gives([NAN, NAN, 0]),
    ),
    Case("one step looks at nothing", lambda: after(ROWS, [[0.0]], window_length=1), gives([[0]])),
    Case(
        "text as index, rows that follow",
        lambda: after(DATED.set_axis(list("abcdef")), DATED.set_axis(list("ghijkl")) + 6)[0],
        gives([4, 5, 6]),
    ),
    Case(
        "two columns of one name",
        lambda: pairs(DATED.iloc[:, [0, 0]]),
        refuses("X has several columns named 0", "Rename"),
    ),
]
