"""Windows as rows and where they begin: index arithmetic, and an array-like that stays that.

A window is a stretch of rows. n windows of w steps share nearly all of them, so written out they
take w times the memory of the rows. :class:`Windows` keeps the rows of all series end to end and a
start for each window; whoever reads a batch says which windows, and gets these alone written out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.lib.stride_tricks import as_strided

SMALLEST_SCALE = 0.1  # of the series': a nearly flat window is not blown up further
# Bytes of rows that are not copied once more. A batch that NumPy gathers takes a tenth to a third
# longer in small networks, so a copy is worth its memory below; less so of what lies in a file.
LARGE, LARGE_IN_A_FILE = 2**28, 2**26
BLOCK = 16_384  # windows that are written out together
INT32, INT64 = np.dtype(np.int32), np.dtype(np.int64)
MOST_ROWS = np.iinfo(INT32).max  # row numbers are int32 where that is enough


class _ArrayLike(NDArrayOperatorsMixin, ABC):
    """What an array can do, by being written out where more is asked for than its rows."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]: ...

    @property
    @abstractmethod
    def dtype(self) -> np.dtype: ...

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """int : How many rows lie beneath."""

    @abstractmethod
    def take(self, selection: Any) -> Any:
        """Return some of them, not written out where that can be; the rows are shared."""

    @abstractmethod
    def to_array(self) -> np.ndarray:
        """Write the windows out."""

    @property
    def ndim(self):
        return len(self.shape)

    @property
    def size(self):
        return int(np.prod(self.shape))

    @property
    def nbytes(self):
        """int : Bytes that it would take written out."""
        return self.size * self.dtype.itemsize

    def __len__(self):
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key):
        """Select rows without writing them out; with more indices, or one row, as arrays."""
        rows, *rest = (key or (...,)) if isinstance(key, tuple) else (key,)
        if len(rest) == 1 and rest[0] is Ellipsis:
            rest = []
        if isinstance(rows, int | np.integer) and not isinstance(rows, bool):
            row = int(rows) + len(self) * (rows < 0)
            if not 0 <= row < len(self):
                raise IndexError(f"index {rows} is out of bounds for {len(self)} windows")
            return self.take(slice(row, row + 1)).to_array()[(0, *rest)]
        if not isinstance(rows, slice):
            rows = np.asarray(rows, dtype=np.intp if isinstance(rows, list) and not rows else None)
            if rows.ndim != 1:
                return self.to_array()[key]
        selected = self.take(rows)
        if not rest:
            return selected
        # An array of rows is paired with other arrays among the indices, a slice is not.
        rows = slice(None) if isinstance(rows, slice) else np.arange(len(selected))
        return selected.to_array()[(rows, *rest)]

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError(
                "Windows become an array by being written out: copy must not be False."
            )
        return self.to_array() if dtype is None else self.to_array().astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        written = [np.asarray(x) if isinstance(x, _ArrayLike) else x for x in inputs]
        return getattr(ufunc, method)(*written, **kwargs)

    def astype(self, dtype, copy=True):
        return self.to_array().astype(dtype, copy=False)

    def reshape(self, *shape):
        return self.to_array().reshape(*shape)

    def __repr__(self):
        kind = type(self).__name__
        return f"{kind} of shape {self.shape}, {self.dtype}, over {self.n_rows} rows"


@dataclass(frozen=True, repr=False, eq=False)
class EvenStarts(_ArrayLike):
    """Row numbers that lie equally far apart: an array-like that a slice leaves three numbers.

    Written out they would be as large as a column of float32.
    """

    first: int
    shift: int
    n_samples: int
    dtype: np.dtype = INT32

    @property
    def shape(self) -> tuple[int]:
        return (self.n_samples,)

    @property
    def n_rows(self) -> int:
        return self.shift * self.n_samples

    def take(self, selection: Any) -> EvenStarts | np.ndarray:
        """Return some of them, which are evenly spaced still if they are a slice."""
        if not isinstance(selection, slice):
            return self._these(np.asarray(selection))
        chosen = range(self.n_samples)[selection]
        first = self.first + self.shift * chosen.start
        shift = self.shift * chosen.step if len(chosen) > 1 else 0  # of a huge step, no int32
        return replace(self, first=first, shift=shift, n_samples=len(chosen))

    def _these(self, numbers):
        """Return those of some numbers, which may be few of very many."""
        if numbers.dtype.kind != "i" or not numbers.size:
            return self.to_array()[numbers]
        if numbers.min() < -self.n_samples or numbers.max() >= self.n_samples:
            raise IndexError(f"an index is out of bounds for {self.n_samples} windows")
        chosen = numbers.astype(self.dtype)
        chosen[chosen < 0] += self.dtype.type(self.n_samples)
        return self._computed_in(chosen)

    def to_array(self) -> np.ndarray:
        return self._computed_in(np.arange(self.n_samples, dtype=self.dtype))

    def _computed_in(self, numbers):
        numbers *= self.dtype.type(self.shift)
        numbers += self.dtype.type(self.first)
        return numbers


@dataclass(frozen=True, repr=False, eq=False)
class Windows(_ArrayLike):
    """Windows of several series: an array-like of shape ``(n_samples, n_timesteps, n_features)``.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        The rows of all series end to end.

    starts : ndarray of int, shape (n_samples,), or EvenStarts
        Row of each window's first step. It may lie before ``first``.

    n_timesteps : int

    first, last : ndarray of int, shape (n_samples,) or (n_samples, n_features), default=None
        First and last row that a window may read, for each of its features where these differ.
        None: its steps are all there.

    outside : {"nan", "nearest", "end"}, default="nan"
        What stands for a step before ``first`` or after ``last``: NaN, or the nearest that may be
        read. ``"end"`` is NaN, too, and says that these are sequences whose lengths may differ.

    relative : {"last", "window"} or None, default=None
        What the first ``n_relative`` features are relative to: their value at the window's last
        step, or their mean and standard deviation over the window.

    n_relative : int, default=0
    """

    rows: np.ndarray
    starts: np.ndarray | EvenStarts
    n_timesteps: int
    first: np.ndarray | None = None
    last: np.ndarray | None = None
    outside: str = "nan"
    relative: str | None = None
    n_relative: int = 0

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.starts), self.n_timesteps, self.rows.shape[1]

    @property
    def dtype(self) -> np.dtype:
        return self.rows.dtype

    @property
    def n_rows(self) -> int:
        return len(self.rows)

    @property
    def is_plain(self):
        """bool : Whether a window is its rows as they are."""
        return self.first is None and self.relative is None

    def take(self, selection: Any) -> Windows:
        bounds = {
            name: bound[selection]
            for name in ("first", "last")
            if (bound := getattr(self, name)) is not None
        }
        return replace(self, starts=self.starts[selection], **bounds)

    def to_array(self) -> np.ndarray:
        """Write the windows out, block by block: what a block takes beside them is little."""
        if len(self) <= BLOCK:
            return self._written()
        array = np.empty(self.shape, dtype=self.dtype)
        for begin in range(0, len(self), BLOCK):
            block = slice(begin, begin + BLOCK)
            array[block] = self.take(block)._written()
        return array

    def _written(self):
        array = self.read()
        if self.relative is not None:
            loc, scale = self.scales(array)
            array[:, :, : self.n_relative] -= loc
            if scale is not None:
                array[:, :, : self.n_relative] /= scale
        return array

    def read(self):
        """Write the windows out as the rows have them, relative to nothing."""
        steps = self.starts[:, np.newaxis] + np.arange(self.n_timesteps, dtype=self.starts.dtype)
        if self.first is None or self.last is None:
            return self.rows[steps]
        if self.first.ndim == 1:
            inside = np.clip(steps, self.first[:, np.newaxis], self.last[:, np.newaxis])
            array = self.rows[inside]
        else:
            steps = steps[:, :, np.newaxis]
            inside = np.clip(steps, self.first[:, np.newaxis], self.last[:, np.newaxis])
            array = np.take_along_axis(
                self.rows, inside.reshape(-1, self.rows.shape[1]), axis=0
            ).reshape(inside.shape)
        if self.outside != "nearest":
            array[inside != steps] = np.nan
        return array

    def last_values(self, n_columns):
        """Return the first columns of the windows' last step, shape (n_samples, 1, n_columns)."""
        starts = self.starts + (self.n_timesteps - 1)
        return replace(self, starts=starts, n_timesteps=1).read()[:, :, :n_columns]

    def scales(self, array=None):
        """Return what the windows are relative to.

        Parameters
        ----------
        array : ndarray, default=None
            What :meth:`read` returned, where the caller has it.

        Returns
        -------
        loc : ndarray of shape (n_samples, 1, n_relative), or 0.0

        scale : ndarray of the same shape, or None for 1
        """
        if self.relative is None:
            return 0.0, None
        c = self.n_relative
        if self.relative == "last":
            return (self.last_values(c) if array is None else array[:, -1:, :c].copy()), None
        values = (self.read() if array is None else array)[:, :, :c]
        scale = np.maximum(values.std(axis=1, keepdims=True), SMALLEST_SCALE)
        return values.mean(axis=1, keepdims=True), scale


@dataclass(frozen=True, repr=False, eq=False)
class FollowingSteps(_ArrayLike):
    """The steps after windows: an array-like of shape ``(n_samples, n_ahead * n_columns)``.

    Of each step its first ``n_columns`` features, one step after the other; where windows are
    relative to something, so are these. One-dimensional if ``is_flat``.
    """

    windows: Windows
    n_ahead: int
    n_columns: int = 1
    is_flat: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        width = self.n_ahead * self.n_columns
        return (len(self.windows),) if self.is_flat else (len(self.windows), width)

    @property
    def dtype(self) -> np.dtype:
        return self.windows.dtype

    @property
    def n_rows(self) -> int:
        return self.windows.n_rows

    def take(self, selection: Any) -> FollowingSteps:
        return replace(self, windows=self.windows.take(selection))

    def to_array(self) -> np.ndarray:
        if len(self) <= BLOCK:
            return self._written()
        blocks = (slice(begin, begin + BLOCK) for begin in range(0, len(self), BLOCK))
        return np.concatenate([self.take(block)._written() for block in blocks])

    def _written(self):
        windows, c = self.windows, self.n_columns
        steps = windows.starts[:, np.newaxis] + np.arange(
            windows.n_timesteps, windows.n_timesteps + self.n_ahead, dtype=windows.starts.dtype
        )
        array = windows.rows[:, :c][steps]
        loc, scale = windows.scales()
        if windows.relative is not None:
            array -= loc
            if scale is not None:
                array /= scale
        return array.reshape(self.shape)

    def flattened(self):
        """Return the same with one dimension, where there is one value for each window."""
        return replace(self, is_flat=True)

    def ravel(self):
        return self.to_array().ravel()

    def follow(self, windows):
        """Tell whether these are the steps after just these windows."""
        own = self.windows
        return (
            windows.rows is own.rows
            and windows.n_timesteps == own.n_timesteps
            and windows.relative == own.relative
            and (windows.starts is own.starts or np.array_equal(windows.starts, own.starts))
        )


def joined_ranges(begins, lengths):
    """Return ranges one after the other, in the smallest unsigned type that holds them.

    Parameters
    ----------
    begins, lengths : ndarray of int, shape (n_ranges,)

    Returns
    -------
    joined : ndarray of shape (lengths.sum(),)
    """
    begins, lengths = begins[lengths > 0], lengths[lengths > 0]
    lasts = begins + lengths - 1
    joined = np.ones(lengths.sum(), dtype=np.min_scalar_type(max(lasts.max(initial=0), 256)))
    # Each number is its predecessor and one, but for the first of a range: that leaps, back as
    # well, for unsigned numbers wrap around.
    leaps = np.concatenate([begins[:1], begins[1:] - lasts[:-1]])
    joined[np.cumsum(lengths) - lengths] = leaps.astype(joined.dtype)
    return np.cumsum(joined, out=joined, dtype=joined.dtype)


def row_numbers(values, n_rows):
    """Return row numbers in the smallest type that holds them all."""
    return np.asarray(values).astype(INT32 if n_rows < MOST_ROWS else INT64, copy=False)


def rows_of(array):
    """Find the rows beneath an array of windows, without copying where they overlap in memory.

    Parameters
    ----------
    array : ndarray of shape (n_samples, n_timesteps, n_features)

    Returns
    -------
    Windows
    """
    n_samples, n_timesteps, n_features = array.shape
    if n_samples == 1:
        return Windows(array[0], np.zeros(1, dtype=np.int32), n_timesteps)
    to_next_window, to_next_row, to_next_feature = array.strides
    shift, remainder = divmod(to_next_window, to_next_row) if to_next_row else (0, 1)
    if remainder or not 0 < shift <= n_timesteps:
        array = np.ascontiguousarray(array)
        n_rows = n_samples * n_timesteps
        starts = _every(n_timesteps, n_samples, n_rows)
        return Windows(array.reshape(-1, n_features), starts, n_timesteps)
    rows = as_strided(
        array,
        shape=((n_samples - 1) * shift + n_timesteps, n_features),
        strides=(to_next_row, to_next_feature),
        writeable=False,
    )
    return Windows(rows, _every(shift, n_samples, len(rows)), n_timesteps)


def _every(shift, n, n_rows):
    """Return every so-many-th row number, in the type of :func:`row_numbers`."""
    return EvenStarts(0, shift, n, INT32 if n_rows < MOST_ROWS else INT64)


def count_missing_steps(windows):
    """Count the steps that windows miss before their first known one and after their last.

    A step is missing that is NaN in every feature, or lies beyond the rows a window may read.

    Parameters
    ----------
    windows : Windows
        ``first`` and ``last`` one-dimensional, if they have any.

    Returns
    -------
    n_before, n_after : ndarray of shape (n_samples,)
        A window without a known step misses all of them before.
    first_bad : tuple of (int, int) or None
        Sample and step of the first NaN or infinity between known steps; or a sample that has none,
        and 0.
    """
    starts, w = windows.starts, windows.n_timesteps
    n_before = n_after = np.broadcast_to(np.zeros(1, dtype=starts.dtype), len(starts))
    if windows.first is not None and windows.outside == "nearest":
        return n_before, n_after, None
    if windows.first is not None:
        n_before = np.maximum(windows.first - starts, 0)
        n_after = np.maximum(starts + (w - 1) - windows.last, 0)
    if is_finite(windows.rows):
        return n_before, n_after, None
    missing, unusable = _unknown_rows(windows.rows)
    runs = _runs(missing)
    n_outside = n_before
    n_before, n_after = n_before.copy(), n_after.copy()
    for block in _blocks(len(starts)):
        begins, ends = starts[block] + n_before[block], starts[block] + w - n_after[block]
        begins = np.maximum(begins, 0)
        n_leading, n_trailing = _count_at_ends(runs, begins, ends)
        n_before[block] += n_leading
        n_after[block] += n_trailing
        n_unusable = _count_between(unusable, begins, ends)
        bad = (n_unusable > n_leading + n_trailing) | (n_before[block] + n_after[block] >= w)
        if bad.any():
            sample = block.start + int(bad.argmax())
            return n_before, n_after, (sample, _first_bad_step(windows, sample, n_outside[sample]))
    return n_before, n_after, None


def _runs(numbers):
    """Return where runs of neighbours begin and end among numbers in ascending order."""
    is_last = np.append(np.diff(numbers) > 1, True)[: len(numbers)]
    return numbers[np.roll(is_last, 1)], numbers[is_last]


def _count_at_ends(runs, begins, ends):
    """Count how much of ranges lies in a run at their beginning, and at their end.

    A range within a run has all of it at its beginning.
    """
    firsts, lasts = runs
    if not len(firsts):
        return np.zeros_like(begins), np.zeros_like(begins)
    run = np.minimum(np.searchsorted(lasts, begins), len(lasts) - 1)
    starts_within = (firsts[run] <= begins) & (begins <= lasts[run])
    n_leading = np.where(starts_within, np.minimum(lasts[run] + 1, ends) - begins, 0)
    run = np.maximum(np.searchsorted(firsts, ends) - 1, 0)
    ends_within = (firsts[run] < ends) & (ends <= lasts[run] + 1) & (n_leading < ends - begins)
    n_trailing = np.where(ends_within, ends - np.maximum(firsts[run], begins), 0)
    return n_leading.astype(begins.dtype), n_trailing.astype(begins.dtype)


def _unknown_rows(rows):
    """Return which rows lack every value, and which lack any or hold infinity: mostly few."""
    missing, unusable = [], []
    for block in _blocks(len(rows)):
        part = rows[block]
        missing.append(block.start + np.flatnonzero(np.isnan(part).all(axis=1)))
        unusable.append(block.start + np.flatnonzero(~np.isfinite(part).all(axis=1)))
    return np.concatenate(missing), np.concatenate(unusable)


def _count_between(numbers, begins, ends):
    """Count which of these numbers, in ascending order, lie in each of some ranges."""
    return np.searchsorted(numbers, ends) - np.searchsorted(numbers, begins)


def _first_bad_step(windows, sample, n_outside):
    """Return the first step of a window that is neither finite nor missing at one of its ends."""
    start = int(windows.starts[sample])
    begin, end = max(start + int(n_outside), 0), start + windows.n_timesteps
    if windows.last is not None:
        end = min(end, int(windows.last[sample]) + 1)
    window = windows.rows[begin:end]
    known = np.flatnonzero(~np.isnan(window).all(axis=1))
    if not len(known):
        return 0
    between = ~np.isfinite(window[known[0] : known[-1] + 1]).all(axis=1)
    return begin - start + int(known[0]) + int(between.argmax())


def _blocks(n):
    return (slice(begin, min(begin + BLOCK, n)) for begin in range(0, n, BLOCK))


def is_finite(array):
    """Tell whether all values of an array are finite, mostly without an array of booleans."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(array.sum()):
            return True
    return all(np.isfinite(array[block]).all() for block in _blocks(len(array)))


def is_large(rows):
    """Tell whether rows are better left where they are: very many, or many in a mapped file."""
    return rows.nbytes > (LARGE_IN_A_FILE if _is_mapped(rows) else LARGE)


def _is_mapped(array):
    while array is not None:
        if isinstance(array, np.memmap):
            return True
        array = getattr(array, "base", None)
    return False
