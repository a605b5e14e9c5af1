"""What a kept model is asked to forecast, from the rows of a newer table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..forecasting.forecaster import LSTMForecaster
from ..forecasting.read_panel import read_panel
from ..forecasting.time_series import n_lacking
from .tables import SeriesTable

SMALLEST_CHANGE = 1e-9  # of a value, for it to be another
MOST_NAMED = 3  # series that a note names


def update_from_table(
    forecaster: LSTMForecaster, table: SeriesTable, *, new_series: bool = False
) -> list[dict[str, Any]]:
    """Bring a forecaster up to date from a table, and tell what to ask it for.

    Rows of the series that it knows go on from these. Other series of a panel are forecast from
    their own rows, without being kept.

    Parameters
    ----------
    forecaster : LSTMForecaster
        Fitted on tables with the same columns. It is updated in place.

    table : SeriesTable
        Notes are added to it, on what is known already and what is new.

    new_series : bool, default=False
        Whether all series of the table are other ones than the forecaster knows, whatever their
        names: it is not updated then.

    Returns
    -------
    calls : list of dict
        Arguments of ``forecaster.predict``: one call for the series that it knows, one for others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_lstm import LSTMForecaster
    >>> from sklearn_lstm.command.newer_rows import update_from_table
    >>> from sklearn_lstm.command.tables import table_to_series
    >>> sales = pd.DataFrame({"shop": "a", "n": np.sin(np.arange(60.0))})
    >>> first = table_to_series(sales, "n", series="shop")
    >>> forecaster = LSTMForecaster(Ridge(), window_length=12).fit(first.y)
    >>> newer = table_to_series(sales.assign(shop="b"), "n", series="shop")
    >>> calls = update_from_table(forecaster, newer)
    >>> newer.notes[-1]
    "1 series is new ('b'): forecast from its own rows."
    >>> [len(forecaster.predict(**call)) for call in calls]
    [1, 1]
    """
    if new_series:
        if not len(table.y):
            raise ValueError("The table holds no value to forecast from.")
        _note_lacking(forecaster, table, *_of_other_series(table))
        return [{"y": table.y, "X": _joined(table.X, table.X_future)}]
    history = forecaster.history_
    known, new = _by_whether_known(history, _with_names_of(history, table))
    X_future = known.X_future
    if table.time is None and X_future is not None:
        X_future = X_future.set_axis(_following_rows(history, X_future))
    y, X = later_rows(history, known) if len(known.y) else (known.y, known.X)
    table.notes += [*known.notes, f"{len(y)} new row{'' if len(y) == 1 else 's'}."]
    if len(y):
        forecaster.update(y, X)
        whole = y.notna() if X is None else y.notna() & X.notna().all(axis=1)
        n_rows = len(forecaster.history_) - len(history)  # with those that the table leaves out
        _note_lacking(forecaster, table, n_rows - int(whole.sum()), n_rows)
    calls: list[dict[str, Any]] = [{"X": X_future}]
    if new is not None:
        new = _long_enough(forecaster, new, table.notes)
    if new is not None:
        calls.append({"y": new.y, "X": _joined(new.X, new.X_future)})
        table.notes.append(_about_new_series(new.y.index.get_level_values(0).unique()))
        _note_lacking(forecaster, table, *_of_other_series(new))
    return calls


def _long_enough(forecaster, table, notes):
    """Leave out series that are shorter than any window; None where no other is there."""
    shortest = int(forecaster.members_["window_length"].min())
    counts = table.y.groupby(level=0).size()
    short = counts[counts < shortest]
    if short.empty:
        return table
    shown = ", ".join(f"{name!r} ({n})" for name, n in short[:MOST_NAMED].items())
    more = ", ..." if len(short) > MOST_NAMED else ""
    which = "1 new series is" if len(short) == 1 else f"{len(short)} new series are"
    notes.append(f"{which} left out, with fewer rows than a window of {shortest}: {shown}{more}.")
    if len(short) == len(counts):
        return None

    def chosen(rows):
        return None if rows is None else rows[~rows.index.get_level_values(0).isin(short.index)]

    y, X, X_future = map(chosen, (table.y, table.X, table.X_future))
    return SeriesTable(y, X, X_future, [], table.time)


def _of_other_series(table):
    """Count the rows of other series that lack a value, absent ones among them, and all rows."""
    panel = read_panel(table.y, table.X, fills_holes=True)
    return n_lacking(panel), len(panel.y)


def _note_lacking(forecaster, table, n_rows, n_all):
    if n_rows and forecaster.missing in ("auto", "interpolate"):
        lack = "lacks" if n_rows == 1 else "lack"
        table.notes.append(f"{n_rows} of {n_all} rows {lack} a value: interpolated within windows.")


def _with_names_of(history, table):
    """Name series as in the history: 7 in one file is "7" in another that holds words, too."""
    if not isinstance(table.y.index, pd.MultiIndex):
        return table
    names = history.index.get_level_values(0).unique()
    known_as = {str(name): name for name in names}
    if len(known_as) < len(names):
        return table

    def renamed(rows):
        if rows is None:
            return None
        level = rows.index.levels[0]
        called = [name if name in names else known_as.get(str(name), name) for name in level]
        if called == list(level) or len(set(called)) < len(called):
            return rows
        return rows.set_axis(rows.index.set_levels(pd.Index(called), level=0))

    y, X, X_future = map(renamed, (table.y, table.X, table.X_future))
    return SeriesTable(y, X, X_future, [], table.time)


def _by_whether_known(history, table):
    """Split a table in the series that are in the history and the others, None if there are none.

    The parts have no notes yet.
    """
    known_part = SeriesTable(table.y, table.X, table.X_future, [], table.time)
    if not isinstance(table.y.index, pd.MultiIndex):
        return known_part, None
    names = history.index.get_level_values(0).unique()
    if table.y.index.get_level_values(0).isin(names).all():
        return known_part, None

    def part(of_known):
        def chosen(rows):
            return rows[rows.index.get_level_values(0).isin(names) == of_known]

        X, future = (None if rows is None else chosen(rows) for rows in (table.X, table.X_future))
        return SeriesTable(chosen(table.y), X, future, [], table.time)

    return part(True), part(False)


def _joined(X, X_future):
    parts = [rows for rows in (X, X_future) if rows is not None]
    return pd.concat(parts) if parts else None


def _about_new_series(names):
    shown = ", ".join(map(repr, names[:MOST_NAMED])) + (", ..." if len(names) > MOST_NAMED else "")
    if len(names) == 1:
        return f"1 series is new ({shown}): forecast from its own rows."
    return f"{len(names)} series are new ({shown}): forecast from their own rows."


def later_rows(history: pd.Series, table: SeriesTable) -> tuple[pd.Series, pd.DataFrame | None]:
    """Return the rows of a table that come after what is known.

    Parameters
    ----------
    history : Series
        What is known, such as ``LSTMForecaster.history_``.

    table : SeriesTable
        Rows that overlap, or go on. Where rows are counted, all of them go on.

    Returns
    -------
    y, X : Series, DataFrame or None
        The later rows.
    """
    y, X = table.y, table.X
    if table.time is None:
        index = _following_rows(history, y)
        return y.set_axis(index), None if X is None else X.set_axis(index)
    try:
        if isinstance(y.index, pd.MultiIndex):
            timestamps = history.index.get_level_values(-1).to_series()
            last = timestamps.groupby(history.index.get_level_values(0).to_numpy()).max()
            known_until = y.index.get_level_values(0).map(last.to_dict())
            is_later = (y.index.get_level_values(-1) > known_until) | known_until.isna()
        else:
            is_later = y.index > history.index[-1]
    except TypeError as error:
        raise ValueError(
            f"The times of the table ({y.index[0]}, ...) are of another kind than those of the "
            f"model (..., {history.index[-1]})."
        ) from error
    n_known = int((~is_later).sum())
    if n_known:
        before = history.reindex(y.index[~is_later])
        n_other = int(((y[~is_later] - before).abs() > SMALLEST_CHANGE * before.abs()).sum())
        note = f"{n_known} of {len(y)} rows were known already"
        if n_other:
            note += f", {n_other} of them with another value: the model keeps its own"
        if n_other == n_known:
            note += ". If these are other series than those of the model, say so (--new-series)"
        table.notes.append(note + ".")
    return y[is_later], None if X is None else X[is_later]


def _following_rows(history, rows):
    """Number the rows of a table, which it counts itself, on from what is known."""
    if not isinstance(rows.index, pd.MultiIndex):
        return rows.index + len(history)
    n_known = history.groupby(level=0).size().to_dict()
    places = [(name, n_known.get(name, 0) + row) for name, row in rows.index]
    return pd.MultiIndex.from_tuples(places, names=rows.index.names)
