"""The index of what a forecaster is given: which times it may have, and which row is to blame."""

import numpy as np
import pandas as pd
from pandas.tseries.offsets import CustomBusinessDay, Easter
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster

from ..cases import Case, gives, refuses, warns

VALUES = 10 + np.sin(np.arange(80) / 3)
DAYS = pd.date_range("2024-01-01", periods=80, freq="D")
SERIES = pd.Series(VALUES, index=DAYS)
EXPECTED = LSTMForecaster(Ridge(), window_length=6, horizon=3).fit(VALUES).predict()


def forecast(y, **settings):
    settings = {"window_length": 6, "horizon": 3, "missing": "interpolate"} | settings
    return LSTMForecaster(Ridge(), **settings).fit(y).predict()


def at(index, **settings):
    """Forecast the usual values at other times."""
    return forecast(pd.Series(VALUES, index=index), **settings)


def with_row(row, text, texts=None):
    texts = [f"{day:%Y-%m-%d}" for day in DAYS] if texts is None else list(texts)
    texts[row] = text
    return texts


def goes_on(index):
    """Expect the usual forecast at the times that follow."""

    def is_so(found):
        np.testing.assert_allclose(found, EXPECTED)
        return found.index.equals(index)

    return gives(is_so)


def of_frequency(freq, zone=None, first="2000-01-03"):
    """Say a frequency, let it be found, and find it beside two holes."""
    times = pd.date_range(first, periods=83, freq=freq, tz=zone)
    known, name = times[:80], f"{freq} {zone or ''}"
    ends = lambda found: found.index.equals(times[80:])  # noqa: E731
    return [
        Case(f"{name} said", lambda: at(known), goes_on(times[80:])),
        Case(f"{name} found", lambda: at(pd.DatetimeIndex(list(known))), goes_on(times[80:])),
        Case(
            f"{name} with holes",
            lambda: forecast(pd.Series(VALUES, index=known).drop(known[[20, 33]])),
            gives(ends),
        ),
    ]


def of_periods(freq):
    periods = pd.period_range("2000-01-03", periods=83, freq=freq)
    return Case(f"periods of {freq}", lambda: at(periods[:80]), goes_on(periods[80:]))


FREQUENCIES = "SMS SME W-MON W-WED BMS BME QS QS-FEB QE BQS YS-APR 2W 3h 90min 2MS WOM-2TUE B bh s"
ZONES = ["Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe"]
IS_PANDAS_3 = int(pd.__version__.split(".")[0]) >= 3
if IS_PANDAS_3:  # older versions don't know it by its name
    FREQUENCIES += " LWOM-FRI"
OF_PANDAS = [
    *(case for freq in FREQUENCIES.split() for case in of_frequency(freq)),
    *(
        case
        for zone in ZONES
        for freq in ("h", "D", "30min")
        for first in ("2024-03-29", "2024-10-25")
        for case in of_frequency(freq, zone, first)
    ),
    *(of_periods(freq) for freq in ("D", "h", "M", "Q", "Y", "W", "2M", "W-WED", "Q-FEB")),
]


def numbers(dtype, step=1):
    index = pd.Index((np.arange(80) * step).astype(dtype))
    following = pd.Index((np.arange(80, 83) * step).astype("f8" if dtype[0] == "f" else "i8"))
    return Case(
        f"numbers {step} apart as {dtype}",
        lambda: at(index),
        gives(lambda found: np.allclose(found.index, following, rtol=1e-12)),
    )


OF_NUMBERS = [
    *(numbers(dtype) for dtype in ("i1", "u1", "i8", "u8", "f4", "f8")),
    numbers("f4", 0.1),
    numbers("f8", 0.1),
    Case("objects", lambda: at(pd.Index(range(80), dtype=object)), goes_on(pd.RangeIndex(80, 83))),
    Case("pandas' Int64", lambda: at(pd.Index(range(80), dtype="Int64")), gives(EXPECTED)),
    Case("categories", lambda: at(pd.CategoricalIndex(range(80))), goes_on(pd.RangeIndex(80, 83))),
    Case(
        "infinity",
        lambda: at([*range(79), np.inf]),
        refuses("index of y", "inf", "row 79", "reset"),
    ),
    Case(
        "numbers that end",
        lambda: at(2**63 - 80 + np.arange(80)),
        refuses("index of y", str(2**63 - 80), "row 0"),
    ),
    Case("unsigned ones", lambda: at(2**63 + np.arange(80, dtype="u8")), refuses("index of y")),
    Case(
        "truth values", lambda: at([True] * 80), refuses("index of y", "neither time nor numbers")
    ),
    Case("texts of numbers", lambda: at(list(map(str, range(80)))), refuses("astype(float)")),
]
AFTER_2262 = [  # of which older versions of pandas, that count nanoseconds, know nothing
    Case(
        "one that has room",
        lambda: at(pd.date_range("2262-01-22", "2262-04-11", unit="s")[-80:]),
        goes_on(pd.date_range("2262-04-12", periods=3, unit="s")),
    ),
    Case(
        "a row of the year 2999",
        lambda: at([*DAYS[:79], pd.Timestamp("2999-01-01")]),
        refuses("timestamps of y", "row 79", "2999-01-01"),
    ),
] if IS_PANDAS_3 else []  # fmt: skip


OF_DATES = [
    Case(
        "dates of the standard library",
        lambda: at([day.date() for day in DAYS]),
        goes_on(pd.date_range("2024-03-21", periods=3)),
    ),
    Case("categories of dates", lambda: at(pd.CategoricalIndex(DAYS)), gives(EXPECTED)),
    Case(
        "texts that could be dates",
        lambda: at([f"{day:%Y-%m-%d}" for day in DAYS]),
        refuses("index of y", "'2024-01-01'", "pd.to_datetime(y.index)"),
    ),
    *(
        Case(
            f"{odd!r} at row {row}",
            lambda row=row, odd=odd: at(with_row(row, odd)),
            refuses("index of y", repr(odd), f"row {row}", "no time"),
        )
        for row, odd in [
            (7, "2020-13-45"),
            (79, "Total"),
            (0, "Total"),
            (8, "2024-01-09 24:00"),
            (5, "2024/01/06"),
            (3, ""),
        ]
    ),
    Case(
        "zones that differ",
        lambda: at([day.tz_localize("UTC" if i else "Asia/Tokyo") for i, day in enumerate(DAYS)]),
        refuses("index of y", "utc=True"),
    ),
    Case("durations", lambda: at(DAYS - DAYS[0]), refuses("index of y", "neither time")),
    Case("no time", lambda: at([*DAYS[:79], pd.NaT]), refuses("index of y", "row 79")),
    Case(
        "a time twice",
        lambda: at(DAYS[[*range(9), *range(8, 79)]]),
        refuses("index of y", "2024-01-09", "row 9", "y[~y.index.duplicated()]"),
    ),
    Case(
        "times that run back",
        lambda: at(DAYS[::-1]),
        refuses("index of y", "row 1", "y.sort_index()"),
    ),
    Case(
        "a calendar that ends",
        lambda: at(pd.date_range("2262-01-22", "2262-04-11", unit="ns")[-80:]),
        refuses("calendar ends", "2262-04-11", "as_unit('s')"),
    ),
    *AFTER_2262,
    Case("two rows", lambda: forecast(SERIES[:2]), refuses("y has 2 values", "at least 9")),
    Case(
        "holidays",
        lambda: at(
            pd.date_range("2024", periods=80, freq=CustomBusinessDay(holidays=["2024-01-05"]))
        ),
        refuses("timestamps of y", "custom business days", "y.asfreq('B')"),
    ),
    Case(
        "Easter",
        lambda: at(pd.date_range("2000", periods=80, freq=Easter())),
        refuses("timestamps of y", "Easter", "y.reset_index(drop=True)"),
    ),
]


def panel(**parts):
    return pd.concat(parts, names=["id", "day"])


LATE = DAYS[30] + pd.Timedelta("1h")
CATEGORIES = ["b", "unused", "a"]


def categorical():
    table = panel(a=SERIES, b=SERIES).rename("y").reset_index()
    table["id"] = pd.Categorical(table["id"], categories=CATEGORIES, ordered=True)
    return table.set_index(["id", "day"])["y"]


def keeps_categories(found):
    np.testing.assert_allclose(found, forecast(panel(a=SERIES, b=SERIES)))
    level = found.index.levels[0]
    return list(level.categories) == CATEGORIES and level.ordered


OF_PANELS = [
    Case("ids that are categories", lambda: forecast(categorical()), gives(keeps_categories)),
    Case(
        "ids that are times",
        lambda: forecast(pd.concat({DAYS[0]: SERIES, DAYS[1]: SERIES})).index.levels[0],
        gives(lambda level: level.equals(DAYS[:2])),
    ),
    Case(
        "time in the first level",
        lambda: forecast(panel(a=SERIES, b=SERIES).swaplevel()),
        refuses("times in level 0", "last level"),
    ),
    Case(
        "a row of no series",
        lambda: forecast(pd.concat({"a": SERIES, None: SERIES})),
        refuses("Row 80", "no series"),
    ),
    Case(
        "a time twice in a panel",
        lambda: forecast(panel(a=SERIES, b=pd.concat([SERIES[:5], SERIES[4:]]))),
        refuses("series 'b'", "2024-01-05", "row 85", "(y[~y.index.duplicated()])"),
    ),
    Case(
        "a panel out of order",
        lambda: forecast(panel(a=SERIES, b=SERIES[::-1])),
        refuses("series 'b'", "row 81", "y.sort_index()"),
    ),
    Case(
        "a hole in a panel",
        lambda: forecast(panel(a=SERIES, b=SERIES.drop(DAYS[5])), missing="error"),
        refuses("series 'b'", "2024-01-06", "y.loc['b'].asfreq('D').interpolate()"),
    ),
    Case(
        "a time off the grid",
        lambda: forecast(
            panel(a=SERIES, b=SERIES.rename({DAYS[30]: DAYS[30] + pd.Timedelta("1h")}))
        ),
        refuses("series 'b'", "2024-01-31 01:00", "y.loc['b'].resample("),
    ),
    Case(
        "a hole in numbers",
        lambda: forecast(pd.Series(VALUES).drop(5), missing="error"),
        refuses("timestamps of y", "first 5", "y.reindex(np.linspace(0, 79, 80)).interpolate()"),
    ),
    Case(
        "columns named alike",
        lambda: forecast(pd.DataFrame(np.c_[VALUES, VALUES], columns=["a", "a"])),
        refuses("y", "'a'", "Rename"),
    ),
    Case(
        "columns without names",
        lambda: forecast(pd.DataFrame(np.c_[VALUES, VALUES], columns=[np.nan, np.nan])),
        refuses("y", "several columns", "Rename"),
    ),
    Case(
        "a series that is short",
        lambda: LSTMForecaster(Ridge(), horizon=3).fit(panel(a=SERIES, b=SERIES, c=SERIES[:6])),
        warns("series 'c' has 6 values", "window_length=3"),
    ),
    Case(
        "columns that end early",
        lambda: forecast(pd.DataFrame({"a": SERIES, "b": SERIES[:50]})),
        refuses("'b' after 2024-02-19", "y.unstack().dropna()"),
    ),
]
CASES = [*OF_PANDAS, *OF_NUMBERS, *OF_DATES, *OF_PANELS]
