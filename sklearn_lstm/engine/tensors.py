"""Arrays handed to TensorFlow: as tensors, as values of variables.

TensorFlow's own conversion is kept out of what a fit hands over: of an array it makes two copies at
a time, a Ctrl-C within it may become a SystemError that does not say so, and within that of a
number may end the process (2.21).
"""

from functools import lru_cache

import numpy as np

from .memory import aligned_copy, is_aligned
from .quiet_tensorflow import tf


def to_tensor(array, dtype=None, *, may_share=False):
    """Hand an array to TensorFlow, copied once.

    Parameters
    ----------
    array : ndarray
    dtype : dtype, default=None
        None for that of the array.
    may_share : bool, default=False
        Whether the tensor may lie on the array's own memory, which nobody writes to as long as
        there is the tensor. It is copied none the less where that isn't laid out as TensorFlow's.

    Returns
    -------
    tensor
    """
    dtype = np.dtype(dtype or array.dtype)
    if tf.config.list_logical_devices("GPU"):  # which has memory of its own
        return tf.convert_to_tensor(np.asarray(array, dtype))
    if not array.size:
        return _empty(array.shape, dtype)
    if not (may_share and array.dtype == dtype and is_aligned(array)):
        array = aligned_copy(array, dtype)
    return tf.experimental.dlpack.from_dlpack(_writeable(array).__dlpack__())


def to_scalar(number, dtype):
    """Hand a number to TensorFlow."""
    return to_tensor(np.array(number, dtype))


@lru_cache
def _empty(shape, dtype):
    return tf.zeros(shape, dtype)


def _writeable(array):
    """Return the same memory as what DLPack takes: NumPy hands on no array that is read-only."""
    if array.flags.writeable:
        return array
    return np.asarray(_Memory(array))


class _Memory:
    """An array's memory by NumPy's interface, which says whether it may be written to."""

    def __init__(self, array):
        self._array = array  # held as long as its memory is
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = array.__array_interface__ | {"data": (address, False)}


def assign(variables, tensors):
    """Give variables their values, a tensor each, in a third of the time of ``Variable.assign``."""
    for variable, tensor in zip(variables, tensors, strict=True):
        tf.raw_ops.AssignVariableOp(resource=variable.handle, value=tensor)


def arrays_of(variables):
    """Return the values of variables as arrays, in a third of the time of ``Variable.numpy``."""
    return [
        tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=variable.dtype).numpy()
        for variable in variables
    ]
