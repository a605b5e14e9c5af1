"""What is taken for a series or a table, and its values as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from .._checks import as_numbers, known_container

LARGEST = 1e305  # so that differences and forecasts of what is smaller are numbers


def as_table(data, name):
    """Return pandas data as they are, other tables as pandas, everything else as an array.

    A column of dates in a table of polars or PyArrow is its index. What a mask hides is NaN. Of
    Dask the result is computed.

    Parameters
    ----------
    data : array-like, Series, DataFrame or table of another library

    name : str
        What messages call it.

    Returns
    -------
    table : ndarray of one or two dimensions, Series or DataFrame
    """
    data = known_container(data, name)
    if isinstance(data, pd.Series | pd.DataFrame):
        return data
    if isinstance(data, pd.Index):
        _refuse_times_alone(data, name)
    array = _as_array(data, name)
    if array.ndim not in (1, 2):
        raise ValueError(
            f"{name} has {array.ndim} dimensions (shape {array.shape}), but a series has one, and "
            "several on one time axis have two, (n_steps, n_columns)."
        )
    return array


def covariates_table(X, name="X"):
    """Return covariates as :func:`as_table` does; those without a column are none."""
    if X is None:
        return None
    X = as_table(X, name)
    return None if X.ndim == 2 and not X.shape[1] else X


def as_columns(data, name):
    """Return a series or table as float64 of two dimensions, however many rows it has."""
    if isinstance(data, pd.Series):
        data = data.to_frame()
    values = as_numbers(_only_numbers(data, name), name)
    if values.size and np.fmax.reduce(np.abs(values), axis=None) > LARGEST:
        row = int(np.argwhere(np.abs(values) > LARGEST)[0][0])
        raise ValueError(
            f"{name} holds {values[row].flat[0]:g} at row {row}: of numbers beyond {LARGEST:g} not "
            f"even the difference is a number. Divide {name}."
        )
    return values[:, np.newaxis] if values.ndim == 1 else values


def _refuse_times_alone(index, name):
    """Refuse an index that holds times, or several levels, and with them no values."""
    if isinstance(index, pd.MultiIndex | pd.DatetimeIndex | pd.PeriodIndex | pd.TimedeltaIndex):
        raise TypeError(
            f"{name} is a {type(index).__name__}, which says when, but holds no values. Give it "
            f"these, with the times as their index: pd.Series(values, index={name})."
        )


def _as_array(data, name):
    if data is None or isinstance(data, str | bytes | dict | set) or issparse(data):
        raise TypeError(f"{name} is {_in_words(data)}. {_remedy(data, name)}")
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise ValueError(
            f"{name} is no array of one or two dimensions: {error}. Give every row as many values."
        ) from error
    if array.ndim == 0 and not isinstance(data, np.ndarray):
        raise TypeError(f"{name} is {_in_words(data)}. {_remedy(data, name)}")
    return array


def _in_words(data):
    return f"{shortened(data)}, a {type(data).__name__}"


def shortened(value, most=40):
    """Return what a message shows of a value, of a long one its begin."""
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= most else f"{shown[:most]}..."


def _remedy(data, name):
    if issparse(data):
        return f"Give it {name}.toarray()."
    if isinstance(data, dict):
        return f"Give it pd.DataFrame({name})."
    if isinstance(data, set):
        return "A set has no order: give it a list, in the order of time."
    if hasattr(data, "__iter__") and not isinstance(data, str | bytes):
        return f"Give it list({name})."
    return "Give it a list, an array, a Series or a DataFrame."


def _only_numbers(data, name):
    """Refuse what would become numbers without being any; objects become float64."""
    if isinstance(data, np.ndarray):
        _refuse_kind(data.dtype.kind, data.dtype, name, "")
        return _objects_as_numbers(data, name) if data.dtype == object else data
    numbers = data.copy(deep=False)
    for place, (column, dtype) in enumerate(data.dtypes.items()):
        of_values = dtype.categories.dtype if isinstance(dtype, pd.CategoricalDtype) else dtype
        where = f" (columns {[column]})" if data.shape[1] > 1 else ""
        _refuse_kind(getattr(of_values, "kind", "O"), of_values, name, where)
        if pd.api.types.is_object_dtype(dtype):
            objects = data.iloc[:, place].to_numpy()
            numbers.isetitem(place, _objects_as_numbers(objects, name, f" (columns {[column]})"))
    return numbers


def _refuse_kind(kind, dtype, name, where):
    if kind == "c":
        raise TypeError(
            f"{name} holds complex numbers{where}: give the real part ({name}.real), or real and "
            "imaginary part as two columns."
        )
    if kind in "mM" or isinstance(dtype, pd.PeriodDtype):
        raise TypeError(
            f"{name} holds {'durations' if kind == 'm' else 'dates'}{where} ({dtype}), which are "
            f"no values to forecast. Make the time the index ({name}.set_index(...)), or turn it "
            "into numbers."
        )
    if kind == "V" or isinstance(dtype, pd.IntervalDtype):
        raise TypeError(
            f"{name} holds {dtype}{where}, which are no numbers. Give it an array of numbers, a "
            "column for each field."
        )


def _objects_as_numbers(array, name, where=""):
    """Return objects as float64, NaN for None and pandas' NA; name the first that is no number."""
    lacking = np.asarray(pd.isna(array))
    numbers = np.empty(array.shape)
    numbers[lacking] = np.nan
    for place in zip(*np.nonzero(~lacking), strict=True):
        value = array[place]
        try:
            is_date = hasattr(value, "isoformat") or isinstance(value, np.timedelta64)
            if isinstance(value, complex | np.complexfloating) or is_date:
                raise TypeError(f"it is a {type(value).__name__}")
            numbers[place] = float(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(
                f"{name} holds text or other things that are no numbers{where}, first "
                f"{shortened(value)} at row {place[0]}: {error}. Give numbers, which "
                "OneHotEncoder and OrdinalEncoder make of categories, and NaN or None for what is "
                "missing."
            ) from error
    return numbers
