"""Arrays handed to TensorFlow are copies, whatever their layout, and variables don't share them."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_array_equal

from sklearn_lstm.engine.tensors import assign, to_tensor

LAYOUTS = {
    "rows": lambda base: base,
    "begins anywhere": lambda base: base[1:, 1:],
    "backwards": lambda base: base[::-2],
    "transposed": lambda base: base.T,
    "one stands for all": lambda base: np.broadcast_to(base[:1], (4, 6)),
    "empty": lambda base: base[:0],
    "a number": lambda base: base[2, 3:4].reshape(()),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_array_is_copied(layout, dtype):
    base = np.arange(60).reshape(10, 6).astype(dtype)
    array = LAYOUTS[layout](base)
    expected = array.copy()
    tensors = [to_tensor(array), to_tensor(array, np.float32)]
    base[...] = -1
    for tensor, its_dtype in zip(tensors, (dtype, np.float32), strict=True):
        assert tensor.dtype == its_dtype
        assert_array_equal(tensor.numpy(), expected.astype(its_dtype))
        assert_array_equal(tf.reshape(tensor, [-1]).numpy(), expected.astype(its_dtype).ravel())


def test_variables_that_were_given_one_tensor_go_their_own_ways():
    value = to_tensor(np.zeros((3, 2), np.float32))
    variables = [tf.Variable(np.ones((1, 1), np.float32), shape=[None, None]) for _ in range(2)]
    assign(variables, [value, value])
    variables[0].assign_add(tf.ones((3, 2)))
    assert_array_equal(variables[0].numpy(), 1)
    assert_array_equal(variables[1].numpy(), 0)
    assert_array_equal(value.numpy(), 0)
    with pytest.raises(ValueError, match="shorter"):
        assign(variables, [value])
