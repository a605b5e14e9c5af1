"""Models as plain values, with their arrays and the objects of other packages apart, and back.

A model is written as a value that JSON can hold. Numbers, text, None and lists stand for
themselves; anything else is ``{"type": ..., "state": ...}``. The objects of this package are in a
list and referred to by number, so that what is shared stays shared. Small arrays lie end to end,
one row for each dtype: a file of a thousand networks has thousands of them, and every entry of an
archive costs more than they do.

Objects of scikit-learn are left to skops, with copies of them in the place of those that hold
objects of this package: there stands a reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ._callbacks import without
from ._stable_names import class_named, stable_name
from .windows.time_index import label_from_plain, plain_label

PLAIN = (type(None), bool, int, float, str)
MOST_BYTES_OF_SMALL_ARRAY = 2**16
REFERENCE = "sklearn-lstm"


def _plain_time(label):
    plain = plain_label(label)
    if plain is label:
        raise ValueError(
            f"The time zone of {label!r} has no name by which it could be found again. Name it: "
            "tz_convert('Europe/Berlin')."
        )
    return plain


def _duration(parts):
    return timedelta(*parts)


# Values of other packages: type, its name in files, to what is plainer, and back.
_VALUES: list[tuple[type, str, Callable[[Any], Any], Callable[[Any], Any]]] = [
    (tuple, "tuple", list, tuple),
    (Bunch, "Bunch", dict, lambda content: Bunch(**content)),
    (pd.Timestamp, "Timestamp", _plain_time, label_from_plain),
    (pd.Timedelta, "Timedelta", _plain_time, label_from_plain),
    (pd.Period, "Period", lambda p: [str(p), p.freqstr], lambda s: pd.Period(s[0], freq=s[1])),
    (date, "date", date.isoformat, date.fromisoformat),
    (timedelta, "timedelta", lambda t: [t.days, t.seconds, t.microseconds], _duration),
]
_TO_PLAIN = {cls: (name, to_plain) for cls, name, to_plain, _ in _VALUES}
_FROM_PLAIN = {name: from_plain for _, name, _, from_plain in _VALUES}


class Flattener:
    """Writes values as plain ones.

    Attributes
    ----------
    objects : list of dict
        Type and state of each object of this package.
    arrays : list of ndarray
        Those that are not small.
    parts : list
        What is left to skops.
    """

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self.arrays: list[np.ndarray] = []
        self.parts: list[Any] = []
        self._small: dict[str, list[np.ndarray]] = {}
        self._n_small: dict[str, int] = {}
        # By id. The values are kept, for the id of one that is gone may be used again.
        self._known: dict[int, tuple[Any, Any]] = {}
        self._hollowed: dict[int, tuple[Any, Any]] = {}

    def small_arrays(self) -> dict[str, np.ndarray]:
        """Return the small arrays of each dtype, end to end."""
        return {dtype: np.concatenate(arrays) for dtype, arrays in self._small.items()}

    def plain(self, value: Any) -> Any:
        """Return a value as one that JSON can hold.

        Parameters
        ----------
        value : object

        Returns
        -------
        plain : None, bool, int, float, str, list or dict
        """
        cls = type(value)
        if cls in PLAIN:
            return value
        if cls is list:
            return [self.plain(item) for item in value]
        if cls is dict:
            return _typed("dict", self._plain_dict(value))
        if cls in _TO_PLAIN:
            name, to_plain = _TO_PLAIN[cls]
            return _typed(name, self.plain(to_plain(value)))
        if isinstance(value, np.generic):
            return _typed("scalar", self._array(np.asarray(value)))
        return self._once(value)

    def _plain_dict(self, content):
        if all(type(key) is str for key in content):
            return {key: self.plain(value) for key, value in content.items()}
        return [[self.plain(key), self.plain(value)] for key, value in content.items()]

    def _once(self, value):
        """Return what stands for a value that may occur again."""
        if id(value) not in self._known:
            name = stable_name(type(value))
            if name is not None:
                reference = self._object(name, value)
            elif type(value) is np.ndarray:
                reference = self._array(value)
            else:
                reference = self._part(value)
            self._known[id(value)] = value, reference
        return self._known[id(value)][1]

    def _object(self, name, value):
        reference = _typed("object", len(self.objects))
        self._known[id(value)] = value, reference  # before its state, which may refer to it
        entry = {"type": name, "state": None}
        self.objects.append(entry)
        state = value._asdict() if hasattr(value, "_asdict") else value.__getstate__()
        state = without(state)
        _refuse_code(name, state)
        entry["state"] = self.plain(state)
        return reference

    def _part(self, value):
        hollow = self._hollow(value)  # first, for it may have parts of its own
        self.parts.append(hollow)
        return _typed("part", len(self.parts) - 1)

    def _array(self, array):
        if array.dtype == object:
            items = [self.plain(item) for item in _items(array)]
            return _typed("object array", [list(array.shape), items])
        is_small = array.nbytes <= MOST_BYTES_OF_SMALL_ARRAY and array.dtype.kind in "biufcmM"
        # Fortran's order decides how products round, and is lost end to end.
        if not is_small or not array.flags.c_contiguous:
            self.arrays.append(array)
            return _typed("array", len(self.arrays) - 1)
        dtype = array.dtype.str
        begin = self._n_small.get(dtype, 0)
        self._small.setdefault(dtype, []).append(array.ravel())
        self._n_small[dtype] = begin + array.size
        return _typed("small array", [dtype, begin, list(array.shape)])

    def _hollow(self, value):
        """Return a value for skops: references in the place of what skops can't store."""
        cls = type(value)
        if cls in PLAIN:
            return value
        if cls in (list, tuple):
            items = [self._hollow(item) for item in value]
            return value if _same(items, value) else cls(items)
        if cls is dict and all(type(key) in (str, int, float) for key in value):
            content = {key: self._hollow(item) for key, item in value.items()}
            return value if _same(content.values(), value.values()) else content
        if cls is dict or cls in _TO_PLAIN or stable_name(cls) is not None:
            return {REFERENCE: json.dumps(self.plain(value))}
        if isinstance(value, np.ndarray):
            return self._hollow_array(value)
        return self._hollow_estimator(value) if _is_of_sklearn(value) else value

    def _hollow_array(self, array):
        if array.dtype != object:
            return array
        items = list(_items(array))
        hollow = [self._hollow(item) for item in items]
        if _same(hollow, items):
            return array
        hollow = _object_array(array.shape, hollow)
        is_masked = isinstance(array, np.ma.MaskedArray)
        return np.ma.MaskedArray(hollow, array.mask) if is_masked else hollow

    def _hollow_estimator(self, estimator):
        if id(estimator) not in self._hollowed:
            attributes = self._hollow(without(vars(estimator)))
            hollow = estimator
            if attributes is not vars(estimator):
                hollow = object.__new__(type(estimator))
                vars(hollow).update(attributes)
            self._hollowed[id(estimator)] = estimator, hollow
        return self._hollowed[id(estimator)][1]


class Unflattener:
    """Builds values from plain ones.

    Parameters
    ----------
    objects, arrays, parts : list
        As :class:`Flattener` has them. ``parts`` are changed.

    small_arrays : dict of ndarray
        As :meth:`Flattener.small_arrays` returns them.

    most_bytes : int
        Of small arrays and calendars, of which a file says in a few characters how long they are.
    """

    def __init__(
        self,
        objects: list[Any],
        arrays: list[np.ndarray],
        small_arrays: dict[str, np.ndarray],
        parts: list[Any],
        most_bytes: int,
    ) -> None:
        self._objects = objects
        self._arrays = arrays
        self._small_arrays = small_arrays
        self._parts = parts
        self._n_bytes_left = most_bytes
        self._built: dict[int, Any] = {}
        self._seen: set[int] = set()
        self._readers: dict[str, Callable[[Any], Any]] = {
            "dict": self._dict,
            "object": self._object,
            "array": self._arrays.__getitem__,
            "small array": self._small_array,
            "object array": self._object_array,
            "scalar": lambda plain: self.value(plain)[()],
            "part": lambda number: self._filled(self._parts[number]),
        }

    def value(self, plain: Any) -> Any:
        """Return the value that a plain one stands for.

        Parameters
        ----------
        plain : None, bool, int, float, str, list or dict

        Returns
        -------
        value : object

        Raises
        ------
        ValueError
            If it is of an unknown type.
        """
        if type(plain) is list:
            return [self.value(item) for item in plain]
        if type(plain) is not dict:
            return plain
        name, state = plain["type"], plain["state"]
        if name in self._readers:
            return self._readers[name](state)
        if name not in _FROM_PLAIN:
            raise ValueError(f"there is no type {name!r}")
        return _FROM_PLAIN[name](self.value(state))

    def _dict(self, state):
        if type(state) is dict:
            return {key: self.value(item) for key, item in state.items()}
        return {self.value(key): self.value(item) for key, item in state}

    def _object(self, number):
        if number not in self._built:
            entry = self._objects[number]
            cls = class_named(entry["type"])
            if issubclass(cls, tuple):
                self._built[number] = cls(**self.value(entry["state"]))
            else:
                self._built[number] = cls.__new__(cls)
                state = self.value(entry["state"])
                if entry["type"] == "Grid":  # makes so many timestamps
                    self._claim(state["n_steps"])
                _set_state(self._built[number], state)
        return self._built[number]

    def _claim(self, n_values):
        """Refuse what is longer than the file can be meant to be, before it is made."""
        if type(n_values) is not int or n_values < 0:
            raise ValueError(f"{n_values!r} is no length")
        self._n_bytes_left -= 8 * n_values
        if self._n_bytes_left < 0:
            raise ValueError("it asks for more memory than a file of its size can need")

    def _small_array(self, state):
        dtype, begin, shape = state
        size = prod(shape)
        self._claim(size)
        return self._small_arrays[dtype][begin : begin + size].reshape(shape).copy()

    def _object_array(self, state):
        shape, items = state
        if prod(shape) != len(items):
            raise ValueError(f"{len(items)} items are no array of shape {shape}")
        return _object_array(shape, self.value(items))

    def _filled(self, value):
        """Put what they refer to in the place of references; changes what it is given."""
        cls = type(value)
        if cls is dict and list(value) == [REFERENCE]:
            return self.value(json.loads(value[REFERENCE]))
        if cls is tuple:
            return tuple(self._filled(item) for item in value)
        if id(value) in self._seen or cls in PLAIN:
            return value
        if cls is dict:
            value.update({key: self._filled(item) for key, item in value.items()})
        elif cls is list:
            value[:] = [self._filled(item) for item in value]
        elif isinstance(value, np.ndarray) and value.dtype == object:
            _fill(value, [self._filled(item) for item in _items(value)])
        elif _is_of_sklearn(value):
            self._seen.add(id(value))
            self._filled(vars(value))
        return value


def _typed(name, state):
    return {"type": name, "state": state}


def _refuse_code(name, state):
    """Refuse custom networks and optimizers: they are code, or hold it."""
    for parameter in ("network", "optimizer"):
        value = state.get(parameter) if isinstance(state, dict) else None
        if value is not None and not isinstance(value, str):
            raise ValueError(
                f"{parameter}={value!r} of {name} can't be kept in a model file, which holds no "
                "code. Keep the model with joblib.dump(model, path)."
            )


def _set_state(instance, state):
    if hasattr(instance, "__setstate__"):
        instance.__setstate__(state)
    elif state is not None:
        vars(instance).update(state)


def _is_of_sklearn(value):
    return type(value).__module__.split(".")[0] == "sklearn" and hasattr(value, "__dict__")


def _same(items, others):
    return all(item is other for item, other in zip(items, others, strict=True))


def _items(array):
    """Return the items of an array of objects, those behind a mask included."""
    return np.asarray(array).ravel().tolist()


def _object_array(shape, items):
    array = np.empty(shape, dtype=object)
    _fill(array, items)
    return array


def _fill(array, items):
    """Set the items of an array of objects one by one: they may be sequences themselves."""
    values = np.asarray(array)
    for place, item in zip(np.ndindex(*values.shape), items, strict=True):
        values[place] = item
