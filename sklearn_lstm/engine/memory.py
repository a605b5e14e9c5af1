"""Arrays that lie in memory as TensorFlow wants it, so that they need not be copied for it."""

from math import prod

import numpy as np

ALIGNMENT = 64  # bytes: what TensorFlow's own memory begins at a multiple of, and its kernels need


def aligned_empty(shape, dtype):
    """Return a new array, its values arbitrary, which :func:`is_aligned`."""
    dtype = np.dtype(dtype)
    n_bytes = prod(shape) * dtype.itemsize
    memory = np.empty(n_bytes + ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % ALIGNMENT
    return memory[begin : begin + n_bytes].view(dtype).reshape(shape)


def aligned_copy(array, dtype):
    """Return a copy of an array of this type, which :func:`is_aligned`."""
    copied = aligned_empty(array.shape, dtype)
    copied[...] = array
    return copied


def aligned_taken(array, numbers):
    """Return the rows of an array of these numbers, in an array which :func:`is_aligned`.

    One that is not C-contiguous is copied as a whole for it.
    """
    taken = aligned_empty(numbers.shape + array.shape[1:], array.dtype)
    # What the loop of epochs has drawn exists. To look again, with mode="raise", NumPy would take
    # into one more array.
    return np.take(array, numbers, axis=0, out=taken, mode="clip")


def is_aligned(array):
    """Tell whether TensorFlow can compute with an array's memory as it is."""
    return array.flags.c_contiguous and array.ctypes.data % ALIGNMENT == 0
