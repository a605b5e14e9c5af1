"""Forecasts that were made elsewhere, as a table, put beside truth and baselines."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from .._checks import as_numbers
from .backtest_result import BacktestResult
from .conformal import NoIntervalError
from .frequency import as_times
from .function_forecasts import is_crossed
from .left_out import known_and_scored
from .read_panel import nearest, read_panel
from .rolling_origin import first_origin, naive_errors, season_before, side_by_side

NIXTLA = ["unique_id", "ds", "cutoff"]  # the columns of statsforecast, neuralforecast and others


def judge_table(table, y, asked, align="end", **layout):
    """Put the forecasts of a table beside truth and baselines.

    Parameters
    ----------
    table : DataFrame

    y : as for :func:`backtest`

    asked : Asked

    align : {"end", "date"}, default="end"
        Whether season and unit of the MASE come from the rows before the first origin of each
        series, or before the first of all.

    **layout
        What must be None, since the table has its own origins.

    Returns
    -------
    result : BacktestResult
    """
    for name, value in {"horizon": asked.horizon, **layout}.items():
        if value is not None:
            raise ValueError(
                f"{name}={value!r} goes not with a table of forecasts, which has its own origins "
                "and steps. Leave it out, and rows of the table that are not to count."
            )
    panel = read_panel(y, fills_holes=True)
    forecasts = placed(read_forecasts(table, asked), panel)
    numbers, known = forecasts["number"].to_numpy(), forecasts["known"].to_numpy()
    first = first_origin(panel, numbers, known)
    if align == "end":
        first = _own_first_origin(first, numbers, known)
    before = panel.until(first)
    horizon = int(forecasts["step"].max())
    season_length = season_before(asked.season_length, before, horizon)
    origins = forecasts[["number", "known"]].drop_duplicates().sort_values(["number", "known"])
    strides = origins.groupby("number")["known"].diff().dropna()
    predictions = beside_truth(forecasts, panel, asked, season_length)
    return BacktestResult(
        predictions=predictions,
        horizon=horizon,
        stride=int(strides.min()) if len(strides) else horizon,
        n_windows=predictions["origin"].nunique()
        if align == "date"
        else int(origins["number"].value_counts().max()),
        season_length=season_length,
        naive_errors=naive_errors(panel, first, _last_origin(first, numbers, known), season_length),
        coverage=asked.coverage,
        quantiles=asked.quantiles or None,
        left_out=_left_out(panel, forecasts, predictions),
    )


def _own_first_origin(first, numbers, known):
    """Return how many rows of each series are known at its own first origin, if it has one."""
    own = np.full(len(first), np.iinfo(first.dtype).max)
    np.minimum.at(own, numbers, known)
    return np.where(np.isin(np.arange(len(first)), numbers), own, first)


def _last_origin(first, numbers, known):
    """Return how many rows of each series are known at its last origin."""
    last = first.copy()
    np.maximum.at(last, numbers, known)
    return last


def _left_out(panel, forecasts, predictions):
    """Say of each series of which no value is scored, why."""
    n_columns = panel.y.shape[1]
    given = set((forecasts["number"] * n_columns + forecasts["column"]).tolist())
    known, scored = known_and_scored(predictions)
    return {
        name: "the table has no forecast of it"
        if i not in given
        else "its forecasts in the table are missing"
        if name in known
        else "none of its values that are forecast is known"
        for i, name in enumerate(panel.names)
        if name not in scored
    }


def read_forecasts(table, asked):
    """Return the forecasts of a table under one set of names, whatever it calls them.

    Parameters
    ----------
    table : DataFrame
        With the columns ``timestamp`` (or time as the last level of the index), ``origin`` and
        ``y_pred``, or ``ds``, ``cutoff`` and that of one model.

    asked : Asked
        The bounds and quantiles that are wanted; the horizon is not looked at.

    Returns
    -------
    forecasts : DataFrame
        Columns ``origin``, ``timestamp``, those asked for and, if the table has it, ``series``.
    """
    table = table.reset_index() if set(NIXTLA) & set(table.index.names) else table
    forecasts = _of_nixtla(table, asked) if {"ds", "cutoff"} <= set(table) else _plain(table)
    if not len(table):
        raise ValueError("The table of forecasts is empty: give it a row for each forecast.")
    lacking = [name for name in ("timestamp", "origin", "y_pred") if name not in forecasts]
    if lacking:
        raise ValueError(
            f"The table of forecasts has the columns {list(table.columns)}, but no {lacking[0]!r}. "
            "It needs 'timestamp' (or time as its index), 'origin' (the last timestamp known) and "
            f"'y_pred', or 'ds', 'cutoff' and a model.{nearest(lacking[0], list(table.columns))}"
        )
    lacking = [name for name in asked.names if name not in forecasts]
    if lacking:
        raise NoIntervalError(
            f"The table of forecasts has the columns {list(table.columns)}, but none for "
            f"{lacking[0]!r}, which coverage={asked.coverage}, quantiles={asked.quantiles or None} "
            "ask for. Add it, or ask for none."
        )
    kept = ["series"] if "series" in forecasts else []
    repeated = forecasts.columns[forecasts.columns.duplicated()]
    if len(repeated):
        raise ValueError(
            f"The table of forecasts has several columns named {repeated[0]!r}. Keep one of them."
        )
    numbers = pd.DataFrame(as_numbers(forecasts[asked.names], "The table of forecasts"))
    if asked.coverage is not None:
        bounds = [numbers[asked.names.index(name)].to_numpy() for name in ("lower", "upper")]
        _refuse_crossed(*bounds)
    return forecasts[[*kept, "origin", "timestamp"]].reset_index(drop=True).join(
        numbers.set_axis(asked.names, axis=1)
    )  # fmt: skip


def _refuse_crossed(lower, upper):
    crossed = is_crossed(lower, upper)
    if crossed.any():
        row = int(crossed.argmax())
        raise ValueError(
            f"Row {row} of the forecasts has lower={lower[row]:g} above upper={upper[row]:g} "
            f"({crossed.sum()} rows do). Exchange them."
        )


def _plain(table):
    if "timestamp" in table:
        return table
    levels = table.index.nlevels
    table = table.assign(timestamp=table.index.get_level_values(-1))
    if levels == 1:
        return table
    return table.assign(series=table.index.droplevel(-1).to_numpy())


def _of_nixtla(table, asked):
    of_bound = {}
    models = []
    for column in table.columns.drop([*NIXTLA, "y", "index"], errors="ignore"):
        found = re.fullmatch(r".*-(lo|hi)-(\d+(?:\.\d+)?)", str(column))
        if found:
            of_bound[found[1], round(float(found[2]), 6)] = column
        else:
            models.append(column)
    if len(models) != 1:
        raise ValueError(
            f"The table of forecasts has {len(models)} models, {models}: keep the columns of one."
        )
    wanted = {"series": "unique_id", "origin": "cutoff", "timestamp": "ds", "y_pred": models[0]}
    if asked.coverage is not None:
        share = round(100 * asked.coverage, 6)
        wanted |= {"lower": of_bound.get(("lo", share)), "upper": of_bound.get(("hi", share))}
    for level in asked.quantiles:
        bound = ("lo" if level < 0.5 else "hi", round(abs(100 - 200 * level), 6))
        wanted[level] = models[0] if level == 0.5 else of_bound.get(bound)
    return pd.DataFrame({name: table[column] for name, column in wanted.items() if column in table})


def beside_truth(forecasts, panel, asked, season_length):
    """Put forecasts beside what came true and the baselines.

    Parameters
    ----------
    forecasts : DataFrame
        As :func:`placed` returns it.

    panel : Panel

    asked : Asked

    season_length : int

    Returns
    -------
    predictions : DataFrame
        As :func:`side_by_side` returns it, of the steps that the table has.
    """
    pairs = forecasts[["number", "known"]]
    of_pair = pairs.groupby(["number", "known"], sort=True).ngroup().to_numpy()
    pairs = pairs.drop_duplicates().sort_values(["number", "known"])
    horizon = int(forecasts["step"].max())
    places = of_pair, forecasts["step"].to_numpy() - 1, forecasts["column"].to_numpy()
    shape = len(pairs), horizon, panel.y.shape[1]
    found = {name: np.full(shape, np.nan) for name in asked.names}
    for name, values in found.items():
        values[places] = forecasts[name]
    found["is given"] = np.zeros(shape, dtype=bool)
    found["is given"][places] = True
    numbers, known = pairs["number"].to_numpy(), pairs["known"].to_numpy()
    rows = side_by_side(panel, numbers, known, horizon, season_length, found)
    return rows[rows["is given"]].drop(columns="is given").reset_index(drop=True)


def placed(forecasts, panel):
    """Tell of which series, origin and step each forecast is.

    Parameters
    ----------
    forecasts : DataFrame
        As :func:`read_forecasts` returns it.

    panel : Panel
        What is known by now.

    Returns
    -------
    forecasts : DataFrame
        With the columns ``number`` and ``column`` (of the series), ``known`` (rows until the
        origin) and ``step``.
    """
    code = _series_codes(forecasts, panel)
    forecasts = forecasts.assign(number=code // panel.y.shape[1], column=code % panel.y.shape[1])
    places = np.empty((len(forecasts), 2), dtype=np.int64)
    for number, rows in forecasts.groupby("number").indices.items():
        calendar = panel.calendars[number]
        for i, name in enumerate(["origin", "timestamp"]):
            places[rows, i] = _places(forecasts[name].iloc[rows], calendar, panel.keys[number])
    known, step = places[:, 0] + 1, places[:, 1] - places[:, 0]
    if (step < 1).any():
        row = forecasts.iloc[int((step < 1).argmax())]
        raise ValueError(
            f"The table of forecasts has the timestamp {row['timestamp']!s} for the origin "
            f"{row['origin']!s}, which is not before it. The origin is the last timestamp known."
        )
    forecasts = forecasts.assign(known=known, step=step)
    is_repeated = forecasts.duplicated(["number", "column", "known", "step"])
    if is_repeated.any():
        row = forecasts[is_repeated].iloc[0]
        of_series = f" of series {row['series']!r}" if "series" in row else ""
        raise ValueError(
            f"The table of forecasts repeats the timestamp {row['timestamp']!s}{of_series} for the "
            f"origin {row['origin']!s} ({is_repeated.sum()} rows repeat one). Keep one of them."
        )
    return forecasts


def _series_codes(forecasts, panel):
    """Return the number of each forecast's series among the names of the panel."""
    names = list(panel.names)
    if "series" not in forecasts:
        if len(names) > 1:
            raise ValueError(
                f"The table of forecasts has no column 'series', but y holds {len(names)}: "
                f"{', '.join(map(repr, names[:3]))}{', ...' if len(names) > 3 else ''}."
            )
        return np.zeros(len(forecasts), dtype=np.intp)
    codes, given = pd.factorize(forecasts["series"].to_numpy(dtype=object))
    if (codes < 0).any():
        raise ValueError(f"Row {int((codes < 0).argmax())} of the forecasts names no series.")
    if len(names) == 1 and len(given) == 1:  # a series alone need not have the same name there
        return codes
    known = {name: number for number, name in enumerate(names)}
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None:
        raise ValueError(
            f"The table of forecasts names the series {unknown!r}, which y does not hold "
            f"({len(names)} series: {', '.join(map(repr, names[:3]))}"
            f"{', ...' if len(names) > 3 else ''}).{nearest(unknown, names)}"
        )
    return np.array([known[name] for name in given])[codes]


def _places(column, calendar, key):
    """Return the row of a series at which each timestamp stands."""
    try:
        times = as_times(pd.Index(column))
    except ValueError as error:
        raise ValueError(
            f"The {column.name} of the forecasts is neither time nor number ({column.iloc[0]!r}, "
            f"...). Convert it: pd.to_datetime(table[{column.name!r}])."
        ) from error
    known = calendar.timestamps
    known = pd.RangeIndex(calendar.n_steps) if known is None else known
    places = known.get_indexer(times)
    if (places < 0).any():
        of_series = "y" if key is None else f"series {key!r}"
        raise ValueError(
            f"The table of forecasts has the {column.name} {times[places < 0][0]!s}, which "
            f"{of_series} does not have: it is known from {known[0]!s} to {known[-1]!s}. Leave "
            "those rows out, or give y until then."
        )
    return places
