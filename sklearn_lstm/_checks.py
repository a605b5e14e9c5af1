"""The rules for 2-D and 3-D input."""

from contextlib import contextmanager
from numbers import Real

import numpy as np
import pandas as pd
from sklearn.utils import check_array, get_tags
from sklearn.utils.validation import check_consistent_length, validate_data

FLOATS = [np.float64, np.float32]


class NonFiniteError(ValueError):
    """Data hold NaN or infinity; the message names the first."""


def plain_table(data, name):
    """Return data as pandas, NumPy or Python have them, with nothing lost on the way.

    Parameters
    ----------
    data : array-like, DataFrame or Series
        What is masked becomes NaN, sparse columns of pandas dense. Of dask, the result. Of polars
        and PyArrow, a table on the index of its column of dates or times, if it has one.

    name : str
        What errors call it.

    Returns
    -------
    data : array-like, DataFrame or Series

    Raises
    ------
    ValueError
        If ``data`` are times, complex or structured, so that numbers could only be made of them by
        leaving something out; or if a table has several columns of times.

    TypeError
        If ``data`` is a sparse matrix of SciPy.
    """
    data = known_container(data, name)
    refuse_times(data, name)
    return data


def known_container(data, name):
    """Return data as pandas, NumPy or Python have them, whatever they hold; see `plain_table`."""
    if type(data).__name__ == "LazyFrame":
        raise ValueError(f"{name} is a LazyFrame, which holds no rows yet: give {name}.collect().")
    if hasattr(data, "__dask_graph__"):
        data = data.compute()
    if hasattr(data, "toarray"):
        raise TypeError(
            f"Sparse data was passed for {name}, but dense rows are read: give {name}.toarray()."
        )
    if isinstance(data, pd.DataFrame | pd.Series | pd.Index):
        return _dense(data)
    if isinstance(data, np.ma.MaskedArray):
        return _masked_as_nan(data)
    if hasattr(data, "columns") and hasattr(data, "shape"):
        return _as_pandas(data, name)
    if hasattr(data, "to_pandas") and not hasattr(data, "to_numpy"):
        return data.to_pandas()
    if hasattr(data, "to_numpy"):
        return pd.Series(data.to_numpy(), name=getattr(data, "name", None) or None)
    return data


def _dense(data):
    """Return what pandas holds with its sparse columns written out."""
    if isinstance(data, pd.DataFrame):
        sparse = [isinstance(dtype, pd.SparseDtype) for dtype in data.dtypes]
        if any(sparse):
            data = data.copy(deep=False)
            for place in np.flatnonzero(sparse):
                data.isetitem(place, _dense(data.iloc[:, place]))
        return data
    is_sparse = isinstance(data.dtype, pd.SparseDtype)
    return data.astype(data.dtype.subtype) if is_sparse else data


def _masked_as_nan(array):
    if not np.ma.is_masked(array):
        return array.data
    dtype = array.dtype if array.dtype.kind in "fcO" else np.float64
    return array.astype(dtype).filled(np.nan)


def _as_pandas(table, name):
    """Return a table of another library on the index of its times."""
    columns = {column: table[column] for column in getattr(table, "column_names", table.columns)}
    frame = pd.DataFrame({column: values.to_numpy() for column, values in columns.items()})
    times = [column for column, dtype in frame.dtypes.items() if dtype.kind == "M"]
    if len(times) > 1:
        raise ValueError(
            f"{name} holds dates in columns {times}, but one at most can be the index: leave the "
            f"others out ({name}.drop({times[1:]})), or turn them into numbers."
        )
    if not times:
        return frame
    dtype = getattr(columns[times[0]], "dtype", getattr(columns[times[0]], "type", None))
    zone = getattr(dtype, "time_zone", getattr(dtype, "tz", None))
    index = pd.DatetimeIndex(frame.pop(times[0]))
    return frame.set_axis(index.tz_localize("UTC").tz_convert(zone) if zone else index)


def refuse_times(data, name):
    """Refuse what becomes a number only by losing what it says: times, complex or structured."""
    if isinstance(data, pd.DataFrame):
        kinds_of_columns = [_kind(values) for _, values in data.items()]
        dates = [data.columns[i] for i, kind in enumerate(kinds_of_columns) if kind in "mM"]
        if dates:
            raise ValueError(
                f"{name} holds dates in columns {dates}. Make the time the index "
                f"(set_index({dates[0]!r})), or turn it into numbers."
            )
        kinds = set(kinds_of_columns)
    else:
        kinds = {_kind(data)}
    if kinds & {"m", "M"}:
        raise ValueError(
            f"{name} holds times or durations, not numbers. Make times the index of a DataFrame; "
            "of durations take a unit, such as seconds."
        )
    if "c" in kinds:
        raise ValueError(
            f"Complex data not supported: {name} holds complex numbers. Give their real part, or "
            "real and imaginary parts as columns."
        )
    if "V" in kinds:
        raise ValueError(f"{name} is a structured array. Give a table: pandas.DataFrame({name}).")


TIMES = {"datetime", "datetime64", "date", "period", "time", "timedelta", "timedelta64"}


def _kind(data):
    """Return the kind of an array or column by NumPy's letters, that of objects by their values."""
    if isinstance(data, list | tuple):
        try:
            data = np.asarray(data)
        except ValueError:  # rows of different lengths, which scikit-learn's checks explain
            return "O"
    kind = getattr(getattr(data, "dtype", None), "kind", "O")
    if kind != "O" or not hasattr(data, "dtype"):
        return kind
    values = data if isinstance(data, pd.Series) else np.asarray(data).ravel()
    inferred = pd.api.types.infer_dtype(values, skipna=True)
    return "M" if inferred in TIMES else "c" if inferred == "complex" else "O"


def refuse_same_names(names, of_what):
    """Refuse columns that can't be told apart."""
    seen = set()
    for name in names:
        name = None if name != name else name  # NaN stands for no name
        if name in seen:
            raise ValueError(f"{of_what} has several columns named {name!r}. Rename them.")
        seen.add(name)


def check_rows(estimator, X, *, reset):
    """Return X as a 2-D float array of rows in time order, without NaN or infinity."""
    refuse_same_names(getattr(X, "columns", ()), "X")
    with _text_explained(X):
        rows = validate_data(estimator, X, reset=reset, dtype=FLOATS, ensure_all_finite=False)
    refuse_non_finite(
        rows,
        "X",
        "Fill it (DataFrame.interpolate, SimpleImputer), or drop the row and let max_gap "
        "break the windows there",
        columns=getattr(X, "columns", None),
    )
    return rows


def check_windows(estimator, X, *, reset):
    """Return X as a float array ``(n_samples, n_timesteps, n_features)``, uncopied where possible.

    The values of 3-D input are not looked at: missing history is the caller's to judge.
    """
    if type(X) is np.ndarray and X.ndim == 3 and X.size and X.dtype in FLOATS:
        # Nothing to convert: what follows would take as long as a window's prediction.
        check_shape_of_windows(estimator, X.shape, reset=reset)
        return X
    X = plain_table(X, "X")
    X = X if hasattr(X, "ndim") else _as_array(X)
    if type(X) is np.ndarray and X.ndim == 1 and len(X) and np.ndim(X[0]):
        raise _of_different_shapes(f"it is an array of {len(X)} arrays.")
    refuse_same_names(getattr(X, "columns", ()), "X")
    if X.ndim > 3:
        raise ValueError(
            f"X has {X.ndim} dimensions (shape {X.shape}), but "
            f"{type(estimator).__name__} is expecting 3, (n_samples, n_timesteps, n_features), "
            "or 2, (n_samples, n_timesteps). Reshape X."
        )
    fitted_on_3d = not reset and estimator.n_features_in_ != estimator.n_timesteps_
    with _text_explained(X):
        if X.ndim == 3 or (X.ndim == 2 and fitted_on_3d and estimator._n_channels == 1):
            windows = check_array(
                X, dtype=FLOATS, allow_nd=True, ensure_all_finite=False, estimator=estimator
            )
        else:
            windows = validate_data(
                estimator, X, reset=reset, dtype=FLOATS, ensure_all_finite=False
            )
    if windows.ndim == 2:
        refuse_non_finite(windows, "X", "Fill it, or leave this row out")
        windows = windows[:, :, np.newaxis]
        _check_shape(estimator, windows.shape, reset=reset)
    else:
        check_shape_of_windows(estimator, windows.shape, reset=reset)
    return windows


def _as_array(X):
    try:
        return np.asarray(X)
    except ValueError as error:
        raise _of_different_shapes(error) from error


def _of_different_shapes(reason):
    return ValueError(
        f"X holds windows of different shapes: {reason} Give all alike; of sequences of unequal "
        "lengths make one array with SequencePadder()."
    )


def check_shape_of_windows(estimator, shape, *, reset):
    """Check the shape of windows of three dimensions, which have no named columns."""
    if reset:
        vars(estimator).pop("feature_names_in_", None)
        estimator.n_features_in_ = shape[2]
    _check_shape(estimator, shape, reset=reset)


def _check_shape(estimator, shape, *, reset):
    _, n_timesteps, n_features = shape
    if 0 in shape:
        raise ValueError(
            f"X of shape {shape} holds no value: a window needs at least one step and one feature."
        )
    if reset:
        estimator.n_timesteps_, estimator._n_channels = n_timesteps, n_features
        return
    name = type(estimator).__name__
    if n_features != estimator._n_channels:
        raise ValueError(
            f"X has {n_features} features, but {name} is expecting {estimator._n_channels} "
            "features as input. Give it the columns of fit."
        )
    if n_timesteps != estimator.n_timesteps_ and not estimator._lengths_differ:
        raise ValueError(
            f"X has windows of {n_timesteps} steps, but {name} is expecting windows of "
            f"{estimator.n_timesteps_}. Cut them with the window_length of fit."
        )


def check_targets(estimator, y, X):
    """Return y as a finite float array, 1-D or ``(n_samples, n_outputs)``, as long as X."""
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None."
        )
    y = plain_table(y, "y")
    with _text_explained(y, "y"):
        y = check_array(y, ensure_2d=False, dtype=FLOATS, ensure_all_finite=False, input_name="y")
    check_consistent_length(X, y)
    refuse_non_finite(y, "y", "Drop that row from X and y, or fill the value")
    return y


def refuse_other_order(X, y):
    """Refuse a table and targets of the same index in another order, which belong together by it.

    Other indexes may well differ, as where targets are the rows of a later step.
    """
    indexes = [data.index for data in (X, y) if isinstance(data, pd.DataFrame | pd.Series)]
    if len(indexes) < 2 or any(isinstance(index, pd.RangeIndex) for index in indexes):
        return
    of_X, of_y = indexes
    if len(of_X) != len(of_y) or of_X.equals(of_y) or not (of_X.is_unique and of_y.is_unique):
        return
    if of_X.isin(of_y).all():
        row = int(np.argmax(of_X != of_y))
        raise ValueError(
            f"X and y have the same index in another order: row {row} is {of_X[row]!s} in X and "
            f"{of_y[row]!s} in y. Give y in the order of X: y.loc[X.index]."
        )


def check_weights(sample_weight, X):
    """Return one finite weight of zero or more for each row of X."""
    if sample_weight is None:
        return np.broadcast_to(np.float32(1), len(X))  # one weight stands for all
    sample_weight = plain_table(sample_weight, "sample_weight")
    if isinstance(sample_weight, Real) or getattr(sample_weight, "ndim", None) == 0:
        sample_weight = np.full(len(X), sample_weight)
    with _text_explained(sample_weight, "sample_weight"):
        weights = check_array(
            sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
        )
    if weights.shape != (len(X),):
        raise ValueError(
            f"sample_weight.shape == {weights.shape}, expected {(len(X),)}: Sample weights must be "
            "1D array or scalar, one for each row of X."
        )
    if weights.min() < 0:
        row = int(weights.argmin())
        raise ValueError(
            f"Negative values in data passed to sample_weight: {weights[row]:g} at row {row}. "
            "Give weights of zero or more."
        )
    return weights


def refuse_non_finite(array, name, remedy, columns=None):
    """Raise an error that names the first NaN or infinity of a 1-D or 2-D array."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(array.sum()):
            return
    bad = ~np.isfinite(array)
    if not bad.any():
        return
    row, *column = map(int, np.argwhere(bad)[0])
    value = "NaN" if np.isnan(array[bad][0]) else "infinity"
    where = f"row {row}"
    if column and array.shape[1] > 1:
        where += f", column {column[0] if columns is None else columns[column[0]]!r}"
    raise NonFiniteError(
        f"Input {name} contains {value}, first at {where} ({bad.sum()} of {bad.size} values are "
        f"not finite). {remedy}."
    )


@contextmanager
def _text_explained(data, name="X"):
    """Say what is no number, and in which columns, where a table or array can't be converted."""
    refuse_times(data, name)
    if isinstance(data, list | np.ndarray) and np.asarray(data).dtype.kind in "US":
        raise ValueError(f"{name} holds text. Convert it to numbers, for example with float().")
    try:
        yield
    except (ValueError, TypeError) as error:
        explain_text(error, data, name)
        raise


def explain_text(error, data, name):
    """Raise an error that names the columns, if the given one comes from text among numbers."""
    if not any(text in str(error) for text in ("could not convert", "NAType", "float() argument")):
        return
    columns = (
        []
        if not isinstance(data, pd.DataFrame)
        else [column for column, dtype in data.dtypes.items() if dtype.kind not in "biuf"]
    )
    where = f" (columns {columns})" if columns else ""
    is_missing = "NAType" in str(error)  # a value like NaN, not another kind of thing
    kind = TypeError if isinstance(error, TypeError) and not is_missing else ValueError
    raise kind(
        f"{name} holds text or other things that are no numbers{where}: {error}. Encode them "
        "(OneHotEncoder, OrdinalEncoder), fill what is missing, or leave the columns out."
    ) from error


def as_numbers(data, name):
    """Return a series or table as float64; NaN is missing, infinity and text are errors."""
    if isinstance(data, pd.Series):
        data = data.to_frame()
    with _text_explained(data, name):
        values = (
            data.to_numpy(dtype=float, na_value=np.nan)
            if isinstance(data, pd.DataFrame)
            else np.asarray(data, dtype=float)
        )
    if np.isinf(values).any():
        row = int(np.argwhere(np.isinf(values))[0][0])
        raise ValueError(
            f"{name} holds infinity, first at row {row}. Replace it; NaN stands for a missing one."
        )
    return values


def check_share(value, name):
    """Refuse what is no number between 0 and 1."""
    if not isinstance(value, Real) or not 0 < float(value) < 1:
        raise ValueError(f"{name}={value!r} must lie between 0 and 1, such as 0.9.")


def reads_windows(estimator):
    """Tell whether a regressor takes windows of three dimensions rather than rows of lags."""
    if hasattr(estimator, "steps"):
        return all(step == "passthrough" or reads_windows(step) for _, step in estimator.steps)
    if isinstance(getattr(estimator, "estimators", None), list):
        return all(reads_windows(part) for _, part in estimator.estimators)
    inner = _wrapped(estimator)
    return get_tags(estimator).input_tags.three_d_array if inner is None else reads_windows(inner)


def takes_several_outputs(estimator):
    """Tell whether a regressor predicts more than one value."""
    if hasattr(estimator, "steps"):
        return takes_several_outputs(estimator.steps[-1][1])
    if not get_tags(estimator).target_tags.multi_output:
        inner = _wrapped(estimator)
        is_search = hasattr(estimator, "refit") and hasattr(estimator, "cv")
        return is_search and takes_several_outputs(inner)
    return True


def _wrapped(estimator):
    """Return the estimator that a search or another meta-estimator is about."""
    for name in ("regressor", "estimator"):
        inner = getattr(estimator, name, None)
        if hasattr(inner, "fit"):
            return inner
    return None
