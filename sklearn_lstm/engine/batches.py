"""Batches read from rows within a compiled program: windows, and the steps that follow them.

Windows stay rows and starts until a batch of them is gathered here, and so do targets that are
steps of the same rows. What windows are relative to is computed in the precision of the rows,
float64, since the level of a series may be thousands of times its changes.
"""

from itertools import count
from typing import NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from ..windows.rows import SMALLEST_SCALE, EvenStarts, FollowingSteps, is_large
from .memory import aligned_taken
from .quiet_tensorflow import tf
from .tensors import to_scalar, to_tensor

_host_rows: WeakValueDictionary = WeakValueDictionary()  # number -> rows that stay in NumPy
_numbers = count()


class Reading(NamedTuple):
    """How samples are read, as far as it is compiled into a program.

    Rows that are large, or mapped from a file, stay where they are: TensorFlow would copy them.
    Their batches are gathered by NumPy, within the program.
    """

    relative: str | None = None
    has_bounds: bool = False
    follows: bool = False
    on_host: bool = False
    is_ragged: bool = False
    is_weighted: bool = False
    has_even_starts: bool = False

    @classmethod
    def of(cls, samples, *, is_drawn=False):
        """Return how samples are read.

        Parameters
        ----------
        samples : Samples
        is_drawn : bool, default=False
            Whether some of them are read, drawn at random.
        """
        windows = samples.windows
        has_bounds = windows.first is not None
        follows = isinstance(samples.y, FollowingSteps)
        on_host = is_large(windows.rows)
        has_even_starts = isinstance(windows.starts, EvenStarts) and not is_drawn
        return cls(
            windows.relative, has_bounds, follows, on_host, samples.is_ragged, samples.is_weighted,
            has_even_starts,
        )  # fmt: skip

    @property
    def dtype(self):
        return tf.float32 if self.relative is None else tf.float64


class Layout(NamedTuple):
    """Sizes of what is read, whole numbers: constants in Python, tensors in a program."""

    n_timesteps: int
    segment_length: int
    n_targets: int
    n_ahead: int
    n_columns: int

    @classmethod
    def of(cls, samples, segment_length):
        windows, y = samples.windows, samples.y
        steps = windows.n_timesteps, segment_length or 1
        if isinstance(y, FollowingSteps):
            return cls(*steps, y.n_ahead * y.n_columns, y.n_ahead, y.n_columns)
        return cls(*steps, y.shape[1], 0, windows.n_relative)


class Data(NamedTuple):
    """Windows as tensors; empty where a reading has no use for one.

    The start of sample i is ``starts[i]``, or of even ones ``starts[0] + i * shift``.
    """

    rows: tf.Tensor
    starts: tf.Tensor
    shift: tf.Tensor
    first: tf.Tensor
    last: tf.Tensor

    @classmethod
    def spec(cls, reading):
        """Return the signature of samples that are read in this way."""

        def many(*shape, dtype=tf.float32):
            return tf.TensorSpec(shape, dtype)

        rows = many(dtype=tf.int64) if reading.on_host else many(None, None, dtype=reading.dtype)
        bounds = many(None, None, dtype=tf.int32)
        return cls(
            rows=rows,
            starts=many(None, dtype=tf.int32),
            shift=many(dtype=tf.int32),
            first=bounds,
            last=bounds,
        )

    @classmethod
    def of(cls, windows, reading, rows=None):
        """Hand windows to TensorFlow.

        Parameters
        ----------
        windows : Windows
        reading : Reading
        rows : tensor, default=None
            The rows, where TensorFlow has them already.
        """
        if rows is None:
            rows = cls.rows_of(windows, reading)
        first = last = np.empty((0, 0), np.int32)
        if reading.has_bounds:
            first, last = _as_columns(windows.first), _as_columns(windows.last)
        starts, shift = windows.starts, 0
        if reading.has_even_starts:
            shift, starts = starts.shift, np.full(1, starts.first, starts.dtype)
        return cls(
            rows,
            to_tensor(starts, may_share=True),
            to_scalar(shift, np.int32),
            to_tensor(first, may_share=True),
            to_tensor(last, may_share=True),
        )

    @staticmethod
    def rows_of(windows, reading):
        """Hand rows to TensorFlow; of rows that stay on the host, the number to find them by.

        They can be found as long as somebody holds them.
        """
        if not reading.on_host:
            return to_tensor(windows.rows, reading.dtype.as_numpy_dtype, may_share=True)
        number = next(_numbers)
        _host_rows[number] = windows.rows
        return to_scalar(number, np.int64)


class Taken(NamedTuple):
    """Samples in the order in which they are taken; empty where a reading has no use for them.

    Windows are found by their numbers. Targets and weights come along, of these samples alone, so
    that a call that trains on a part of very many is given no copy of all.

    Parameters
    ----------
    numbers : tensor of shape (n_samples,), int32
    y : tensor of shape (n_samples, n_targets), float32
    sample_weight : tensor of shape (n_samples,), float32
    """

    numbers: tf.Tensor
    y: tf.Tensor
    sample_weight: tf.Tensor

    @classmethod
    def spec(cls, *n_orders):
        """Return the signature of samples in one order, or of several orders of as many."""
        return cls(
            tf.TensorSpec([*n_orders, None], tf.int32),
            tf.TensorSpec([*n_orders, None, None]),
            tf.TensorSpec([*n_orders, None]),
        )

    @classmethod
    def of(cls, samples, reading, numbers=None):
        """Hand samples to TensorFlow.

        Parameters
        ----------
        samples : Samples
        reading : Reading
        numbers : ndarray of int32, shape (..., n_samples), default=None
            Which, in one order or several; None for all in theirs, not copied where that can be.
        """
        takes_all = numbers is None
        if takes_all:
            numbers = np.arange(len(samples), dtype=np.int32)
        orders = numbers.shape[:-1]
        y, weight = np.empty((*orders, 0, 0), np.float32), np.empty((*orders, 0), np.float32)
        if not reading.follows:
            y = samples.y if takes_all else aligned_taken(samples.y, numbers)
        if reading.is_weighted:
            weight = samples.sample_weight
            weight = weight if takes_all else aligned_taken(weight, numbers)
        return cls(*(to_tensor(array, may_share=True) for array in (numbers, y, weight)))

    def of_these(self, selection):
        """Return those of one of several orders, or of a slice of one."""
        return Taken(*(tensor[selection] for tensor in self))


class Batch(NamedTuple):
    """Samples as a network reads them.

    Parameters
    ----------
    x : tensor of shape (n_timesteps, n_samples, n_features), float32
    y : tensor of shape (n_samples, n_targets), float32
    sample_weight : tensor of shape (n_samples,), or None
        None where none were given.
    lengths : tensor of shape (n_samples,), int32, or None
        How many steps of each there are, where they may differ. Those after are as the last.
    """

    x: tf.Tensor
    y: tf.Tensor
    sample_weight: tf.Tensor | None
    lengths: tf.Tensor | None


class Reader:
    """Gathers batches of samples.

    A program goes through the operations of its loop for each batch, so what is the same for all
    of them is made here, outside.

    Parameters
    ----------
    data : Data
    layout : Layout
    reading : Reading
    whole : bool, default=False
        Whether x has all steps even where the longest of a batch has fewer.
    """

    def __init__(self, data, layout, reading, *, whole=False):
        self._data, self._layout, self._reading = data, layout, reading
        self._cuts = reading.is_ragged and not whole
        first = data.starts[0] if reading.has_even_starts else 0
        n_steps = layout.n_timesteps
        if self._cuts:
            n_steps = _filled_up(n_steps, layout.segment_length)
        self._steps = tf.range(first, first + n_steps)[:, tf.newaxis]
        if reading.follows:
            end = first + layout.n_timesteps
            self._steps_ahead = tf.range(end, end + layout.n_ahead)[:, tf.newaxis]

    def read(self, taken):
        """Return samples that are :class:`Taken` as a :class:`Batch`."""
        data, layout, reading = self._data, self._layout, self._reading
        batch = taken.numbers
        shifts = batch * data.shift if reading.has_even_starts else tf.gather(data.starts, batch)
        lengths, steps = None, self._steps
        if reading.is_ragged:
            lengths = tf.gather(data.last, batch)[:, 0] - shifts - steps[0] + 1
            if self._cuts:
                steps = steps[: _filled_up(tf.reduce_max(lengths), layout.segment_length)]
        x = self._gather_windows(batch, steps + shifts)
        loc, scale = _scales(x[..., : layout.n_columns], reading.relative)
        if reading.follows:
            y = self._gather_rows(self._steps_ahead + shifts)[..., : layout.n_columns]
            y = y if loc is None else (y - loc) / scale
            y = tf.reshape(tf.transpose(y, (1, 0, 2)), [tf.size(batch), layout.n_targets])
        else:
            y = taken.y
        if loc is not None:
            columns = (x[..., : layout.n_columns] - loc) / scale
            x = tf.concat([columns, x[..., layout.n_columns :]], axis=-1)
        weight = taken.sample_weight if reading.is_weighted else None
        return Batch(tf.cast(x, tf.float32), tf.cast(y, tf.float32), weight, lengths)

    def _gather_windows(self, batch, places):
        if not self._reading.has_bounds:
            return self._gather_rows(places)
        first, last = tf.gather(self._data.first, batch), tf.gather(self._data.last, batch)
        inside = tf.clip_by_value(places[..., tf.newaxis], first, last)
        if self._reading.is_ragged:  # all features end together
            return self._gather_rows(inside[..., 0])
        return self._gather_values(inside)

    def _gather_rows(self, places):
        if self._reading.on_host:
            return self._gather_on_host(places, lambda rows, places: rows[places])
        return tf.gather(self._data.rows, places)

    def _gather_values(self, places):
        """Gather each feature from rows of its own."""
        if self._reading.on_host:
            return self._gather_on_host(
                places, lambda rows, places: rows[places, np.arange(rows.shape[1])]
            )
        # Values are counted, not rows, and there may be more of them than int32 can tell apart.
        rows = self._data.rows
        n_features = tf.shape(rows, tf.int64)[1]
        places = tf.cast(places, tf.int64) * n_features + tf.range(n_features)
        return tf.gather(tf.reshape(rows, [-1]), places)

    def _gather_on_host(self, places, gather):
        """Let NumPy gather; rows are found by their number."""
        dtype = self._reading.dtype

        def of_number(number, places):
            return gather(_host_rows[int(number)], places).astype(dtype.as_numpy_dtype)

        found = tf.numpy_function(of_number, [self._data.rows, places], dtype)
        return tf.ensure_shape(found, [None, None, None])


def _as_columns(bounds):
    return bounds if bounds.ndim == 2 else bounds[:, np.newaxis]


def _filled_up(n_timesteps, segment_length):
    """Return how many steps there are with those of a last segment that is not whole."""
    return (n_timesteps + segment_length - 1) // segment_length * segment_length


def _scales(columns, relative):
    if relative == "last":
        return columns[-1:], tf.ones([], columns.dtype)
    if relative == "window":
        loc = tf.reduce_mean(columns, axis=0, keepdims=True)
        variance = tf.reduce_mean(tf.square(columns - loc), axis=0, keepdims=True)
        return loc, tf.maximum(tf.sqrt(variance), SMALLEST_SCALE)
    return None, None
