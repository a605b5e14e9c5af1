"""Random series in every form they may come in, sane or not, and random settings.

Everything is drawn from one generator, so that a seed gives the same input again.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

INSANE = [
    True, "1", "zz", 1.5, np.nan, np.inf, None, [], (), {}, -1, 0, 10**9, 10**18, np.int64(2),
    np.float64(2.0), np.array(3), np.array([1, 2]), object, 1j,
]  # fmt: skip
FREQUENCIES = ["D", "h", "15min", "B", "W-WED", "MS", "ME", "QS", "YS", "7D", "s"]


@dataclass
class RandomSeries:
    """A series, or several, as it is handed over, and what that says.

    Attributes
    ----------
    y : object
        What is handed over.

    known : dict of ndarray or None
        The values of each series in time order, NaN where none is known; None of what holds no
        numbers, so that it has to be refused.

    index : Index or None
        Timestamps of a single series.

    words : str
        What it is.

    has_times : bool
        False where the index holds something that is no time, which a forecaster has to refuse.
    """

    y: Any
    known: dict[str, np.ndarray] | None
    index: pd.Index | None
    words: str
    has_times: bool = True

    @property
    def plain(self):
        """What is known in the plainest form: an array, or a panel that counts its rows."""
        if list(self.known) == [""]:
            return self.known[""]
        return pd.concat({name: pd.Series(values) for name, values in self.known.items()})


def choice(rng, options):
    """Draw one of a list, whatever its items are."""
    return options[rng.integers(len(options))]


def random_values(rng, n_rows=None, sane=False):
    """Draw values that are finite: waves, trends, counts, constants, of any size."""
    if n_rows is None:
        n_rows = choice(rng, [0, 1, 2, 3, 5, 8, 13, *range(25, 90, 3)][7 * sane :])
    t = np.arange(n_rows, dtype=float)
    noise = rng.standard_normal(n_rows)
    shapes = [
        lambda: 10 + np.sin(t / 3) + 0.2 * noise,
        lambda: np.sin(t / 3) + 0.2 * noise,
        lambda: t + noise,
        lambda: noise.cumsum(),
        lambda: rng.poisson(2.0, n_rows).astype(float),
        lambda: np.exp(0.1 * t + 0.1 * noise),
        lambda: np.full(n_rows, choice(rng, [0.0, 1.0, -3.5])),
        lambda: t % 7,
        lambda: np.where(t == n_rows // 2, 1e6, noise),
    ]
    weights = np.array([6, 4, 2, 2, 2, 2, 1, 1, 1]) / 21
    values = shapes[rng.choice(len(shapes), p=weights)]()
    sizes = [1e-12, 1e-3, 1e3, 1e9, -1.0, 1e-300, 1e150, 1e300]
    return values * choice(rng, [1.0] * 12 + sizes[: 5 if sane else None])


def with_holes(rng, values, sane=False):
    """Make some missing: none, a few, a run, the first, the last, all."""
    values, n_rows = values.copy(), len(values)
    kinds = ["none"] * 6 + ["few", "few", "run", "first", "last", "all"]
    kind = choice(rng, kinds[: 8 if sane else None])
    if kind == "few" and n_rows:
        values[rng.integers(0, n_rows, 3)] = np.nan
    elif kind == "run":
        values[n_rows // 2 : n_rows // 2 + rng.integers(1, 20)] = np.nan
    elif kind == "first":
        values[: rng.integers(1, 9)] = np.nan
    elif kind == "last":
        values[n_rows - min(n_rows, rng.integers(1, 9)) :] = np.nan
    elif kind == "all":
        values[:] = np.nan
    return values, kind


def random_index(rng, n_rows):
    """Draw an index that steps evenly."""
    freq = choice(rng, FREQUENCIES)
    first = choice(rng, ["2020-02-27", "1969-12-28", "2023-12-31 23:00"])
    indexes = {
        f"{freq} from {first}": lambda: pd.date_range(first, periods=n_rows, freq=freq),
        "hours of Paris": lambda: pd.date_range(
            "2024-03-30", periods=n_rows, freq="h", tz="Europe/Paris"
        ),
        "days of New York": lambda: pd.date_range(
            "2024-03-01", periods=n_rows, tz="America/New_York"
        ),
        "months": lambda: pd.period_range("2019-11", periods=n_rows, freq="M"),
        "quarters": lambda: pd.period_range("2019Q3", periods=n_rows, freq="Q"),
        "numbers": lambda: pd.Index(np.arange(n_rows) + int(rng.integers(-5, 99))),
        "tens": lambda: pd.Index(10 * np.arange(n_rows)),
        "fractions": lambda: pd.Index(np.arange(n_rows) / 4),
        "date objects": lambda: pd.Index(
            [datetime.date(2024, 1, 30) + datetime.timedelta(days) for days in range(n_rows)],
            dtype=object,
        ),
    }
    name = choice(rng, [*list(indexes)[:1] * 6, *indexes])
    return indexes[name](), name


def _text(values):
    return [None if value != value else repr(float(value)) for value in values]


def _decimals(values):
    return [None if value != value else Decimal(repr(float(value))) for value in values]


# In which type numbers come, and which values these then are (None: they are no real numbers).
DTYPES = {
    "float32": lambda v: (v.astype("f4"), v.astype("f4")),
    "float16": lambda v: (v.astype("f2"), v.astype("f2")),
    "int64": lambda v: (_whole(v, "i8"), _whole(v, "i8")),
    "int8": lambda v: (_whole(v, "i1"), _whole(v, "i1")),
    "uint8": lambda v: (_whole(np.abs(v), "u1"), _whole(np.abs(v), "u1")),
    "bool": lambda v: (v > 0, v > 0),
    "object": lambda v: (v.astype(object), v),
    "decimals": lambda v: (np.array(_decimals(v), dtype=object), v),
    "text of numbers": lambda v: (np.array(_text(v), dtype=object), v),
    "text": lambda v: (np.array(["a" for _ in v], dtype=object), None),
    "complex": lambda v: (v + 1j, None),
    "datetime64": lambda v: (np.datetime64("2024-01-01") + np.arange(len(v)), None),
    "timedelta64": lambda v: (np.arange(len(v)).astype("m8[s]"), None),
    "masked": lambda v: (np.ma.masked_invalid(v), v),
    "masked values": lambda v: (np.ma.masked_array(v, np.arange(len(v)) % 9 == 5), _ninth(v)),
    "inf": lambda v: (np.r_[v, np.inf], np.r_[v, np.inf]),
}
NULLABLE = ["Float64", "Int64", "boolean", "string", "category", "Sparse[float]"]


def _whole(values, dtype):
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    scaled = np.nan_to_num(values, posinf=0, neginf=0)
    return np.clip(scaled, max(low, -(2.0**40)), min(high, 2.0**40)).astype(dtype)


def _ninth(values):
    return np.where(np.arange(len(values)) % 9 == 5, np.nan, values)


def random_series(rng, sane=False):
    """Draw a series or a panel; a sane one is long enough, and of numbers on evenly spaced times.

    Whether it is refused all the same depends on its holes, its sign and the parameters.
    """
    kinds = [_plain] * 2 + [_indexed] * 6 + [_panel] * 4 + [_wide]
    if not sane:
        kinds += [_typed] * 5 + [_broken] * 2 + [_foreign] * 2
    return choice(rng, kinds)(rng, sane)


def _one(y, values, index, words):
    is_known = values is not None and np.ndim(values) == 1
    known = {"": np.asarray(values, dtype=float)} if is_known else None
    return RandomSeries(y, known, index, words)


def _plain(rng, sane):
    values, holes = with_holes(rng, random_values(rng, sane=sane), sane)
    forms = {
        "array": values,
        "list": values.tolist(),
        "tuple": tuple(values),
        "column": values[:, np.newaxis],
        "read-only array": values,
        "strided array": np.repeat(values, 2)[::2],
        "Series": pd.Series(values),
        "frame": pd.DataFrame({"sales": values}),
    }
    name = choice(rng, list(forms))
    if name == "read-only array":
        values.flags.writeable = False
    return _one(forms[name], values, None, f"{name} of {len(values)}, holes {holes}")


def _typed(rng, sane):
    values, holes = with_holes(rng, random_values(rng, sane=sane), sane)
    name = choice(rng, list(DTYPES))
    with np.errstate(over="ignore", invalid="ignore"):
        y, known = DTYPES[name](values)
    words = f"{name} of {len(values)}, holes {holes}"
    if rng.random() < 0.4 and not name.startswith("masked"):
        y, words = pd.Series(y, random_index(rng, len(y))[0]), f"Series of {words}"
    return _one(y, known, getattr(y, "index", None), words)


def _indexed(rng, sane):
    values, holes = with_holes(rng, random_values(rng, sane=sane), sane)
    index, words = random_index(rng, len(values))
    y = pd.Series(values, index, name=choice(rng, [None, "y", 3, ("a", 1)]))
    if rng.random() < 0.2 and not sane:
        dtype = choice(rng, NULLABLE)
        try:
            y, words = y.astype(dtype), f"{dtype} on {words}"
        except (TypeError, ValueError):  # not every number is one of that type
            words = f"float on {words}"
        values = pd.to_numeric(y.astype(object), errors="coerce").to_numpy(dtype=float)
    return _one(y, values, index, f"Series of {len(values)} on {words}, holes {holes}")


def _broken(rng, sane):
    """An index that has no order, repeats a time, lacks some, or names what is no time."""
    values = random_values(rng, int(rng.integers(20, 60)))
    n_rows, words = len(values), choice(rng, ["shuffled", "repeated", "absent", "NaT", "bad text"])
    index = pd.date_range("2024-01-01", periods=n_rows)
    y = pd.Series(values, index)
    if words == "shuffled":  # in order it is what it was
        return _one(y.iloc[rng.permutation(n_rows)], values, index, words)
    if words == "absent":
        rows = rng.choice(np.arange(1, n_rows - 1), 3, replace=False)
        known = values.copy()
        known[rows] = np.nan
        return _one(y.drop(index[rows]), known, index, words)
    row = int(rng.integers(1, n_rows))
    if words == "bad text":
        stamps = index.strftime("%Y-%m-%d").tolist()
        stamps[row] = choice(rng, ["2020-13-45", "Total", "24:00", ""])
        return RandomSeries(pd.Series(values, stamps), {"": values}, None, words, has_times=False)
    stamps = index.to_series().reset_index(drop=True)
    stamps[row] = pd.NaT if words == "NaT" else stamps[row - 1]
    return _one(pd.Series(values, pd.DatetimeIndex(stamps)), None, None, words)


def _panel(rng, sane):
    """Series of several lengths and sizes, one after the other or in turn."""
    n_series = int(rng.integers(1, 5))
    names = choice(rng, [list("cadb"), [3, 1, 0, 2], ["b", "", " ", "ä"]])[:n_series]
    is_even, freq = rng.random() < 0.5, choice(rng, FREQUENCIES)
    lengths = rng.integers(25, 60, 1 if is_even else n_series)
    lengths = (
        np.resize(lengths, n_series) if sane or rng.random() < 0.7 else rng.integers(1, 9, n_series)
    )
    starts = [0] * n_series if is_even else rng.integers(0, 9, n_series)
    known, parts = {}, {}
    for name, length, start in zip(names, lengths, starts, strict=True):
        known[name], _ = with_holes(rng, random_values(rng, int(length), sane), sane)
        index = pd.date_range("2024-01-01", periods=start + length, freq=freq)[start:]
        parts[name] = pd.Series(known[name], index)
    y = pd.concat(parts)
    if rng.random() < 0.3:
        y = y.iloc[np.argsort(y.index.get_level_values(1), kind="stable")]
    if rng.random() < 0.3:
        y = y.to_frame("sales")
    words = f"panel of {[int(length) for length in lengths]}, one each {freq}"
    return RandomSeries(y, known, None, words)


def _wide(rng, sane):
    """Columns on one time axis; the known ones in the plainest form are those columns."""
    n_rows, n_columns = int(rng.integers(25, 60)), int(rng.integers(1, 4))
    columns = [with_holes(rng, random_values(rng, n_rows, sane), sane)[0] for _ in range(n_columns)]
    table = np.stack(columns, axis=1)
    index, words = random_index(rng, n_rows)
    y = pd.DataFrame(table, index, columns=list("pqr")[:n_columns])
    result = RandomSeries(y, {"": table}, index, f"{n_columns} columns on {words}")
    return result


def _foreign(rng, sane):
    """What other libraries call a series, and what is none."""
    values = random_values(rng, 40)
    days = pd.date_range("2024-01-01", periods=40)
    dated = pl.DataFrame({"date": days.to_numpy(), "y": values})
    forms = {
        "polars Series": (pl.Series("y", values), values),
        "polars frame": (pl.DataFrame({"y": values}), values),
        "polars frame with dates": (dated, values),
        "None": (None, None),
        "text": ("abc", None),
        "number": (3.0, None),
        "three dimensions": (values.reshape(10, 2, 2), None),
        "dict": ({"y": values.tolist()}, None),
        "set": ({1.0, 2.0}, None),
        "generator": ((value for value in values), None),
        "class": (pd.Series, None),
        "ragged": ([[1.0], [1.0, 2.0]] * 20, None),
        "no column": (pd.DataFrame(index=days), None),
        "same names": (pd.DataFrame(np.c_[values, values], days, columns=["a", "a"]), None),
        "index alone": (days, None),
    }
    name = choice(rng, list(forms))
    return _one(*forms[name], None, name)


def maybe_insane(rng, params, share=0.15):
    """Replace the value of one parameter by one that makes no sense, every now and then."""
    if rng.random() < share:
        params = params | {choice(rng, list(params)): choice(rng, INSANE)}
    return params


def forecaster_params(rng, sane=False):
    """Draw parameters of a forecaster whose regressor is given."""
    params = {
        "window_length": choice(rng, [1, 2, 3, 5, 8, "auto", 20][: 5 if sane else None]),
        "horizon": choice(rng, [1, 2, 3, 7]),
        "strategy": choice(rng, ["direct", "recursive"]),
        "normalize": choice(rng, ["auto", "last", "window", "standard", "minmax", None]),
        "log": choice(rng, [False, "auto", True][: 2 if sane else None]),
        "columns": choice(rng, ["auto", "joint", "shared", "separate"]),
        "missing": choice(rng, ["auto", "interpolate", "skip", "error"][: 2 if sane else None]),
        "non_negative": choice(rng, ["auto", False, True]),
        "integer": False,
        "interval_method": choice(rng, ["conformal", None][: 1 if sane else None]),
        "calibration_fraction": choice(rng, [0.4, 0.2, 0.01, 0.99][: 2 if sane else None]),
    }
    return params if sane else maybe_insane(rng, params)
