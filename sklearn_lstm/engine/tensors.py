"""Arrays handed to TensorFlow: as tensors, as values of variables."""

import numpy as np

from .quiet_tensorflow import tf

ALIGNMENT = 64  # bytes: what TensorFlow's own memory begins at a multiple of, and its kernels need


def to_tensor(array, dtype=None):
    """Copy an array to TensorFlow, once: its own conversion copies twice, and takes both at a time.

    Parameters
    ----------
    array : ndarray
    dtype : dtype, default=None
        None for that of the array.

    Returns
    -------
    tensor
    """
    dtype = np.dtype(dtype or array.dtype)
    if not array.size or tf.config.list_logical_devices("GPU"):  # a GPU has memory of its own
        return tf.convert_to_tensor(np.asarray(array, dtype))
    n_bytes = array.size * dtype.itemsize
    memory = np.empty(n_bytes + ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % ALIGNMENT
    copied = memory[begin : begin + n_bytes].view(dtype).reshape(array.shape)
    copied[...] = array
    return tf.experimental.dlpack.from_dlpack(copied.__dlpack__())


def assign(variables, tensors):
    """Give variables their values, a tensor each, in a third of the time of ``Variable.assign``."""
    for variable, tensor in zip(variables, tensors, strict=True):
        tf.raw_ops.AssignVariableOp(resource=variable.handle, value=tensor)
