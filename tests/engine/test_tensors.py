"""Arrays handed to TensorFlow are copies unless they may be shared; variables never share them."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_array_equal

from sklearn_lstm.engine.memory import ALIGNMENT, aligned_empty
from sklearn_lstm.engine.tensors import assign, to_scalar, to_tensor

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


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.int64])
def test_a_number_is_a_tensor_without_dimensions(dtype):
    tensor = to_scalar(3, dtype)
    assert tensor.shape == ()
    assert tensor.dtype == dtype
    assert tensor.numpy() == 3


def memory_that_begins(shift, shape, dtype):
    """Return zeros that begin so many bytes after an address that TensorFlow's memory may have."""
    dtype = np.dtype(dtype)
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    memory = np.zeros(n_bytes + 2 * ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % ALIGNMENT + shift
    return memory[begin : begin + n_bytes].view(dtype).reshape(shape)


@pytest.mark.parametrize("is_read_only", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_what_may_be_shared_lies_where_it_lay(dtype, is_read_only):
    array = memory_that_begins(0, (5, 3), dtype)
    given = array.view()
    given.flags.writeable = not is_read_only
    tensor = to_tensor(given, may_share=True)
    array[2] = 7
    assert_array_equal(tensor.numpy(), array)


@pytest.mark.parametrize(
    "given",
    [
        lambda array: array[:, 1:],
        lambda array: array.T,
        lambda array: array[::2],
        lambda array: memory_that_begins(16, array.shape, array.dtype),
        lambda array: array.astype(np.float64),
    ],
    ids=["columns", "transposed", "every second", "begins elsewhere", "another dtype"],
)
def test_what_is_laid_out_otherwise_is_copied_all_the_same(given):
    array = given(memory_that_begins(0, (6, 4), np.float32))
    tensor = to_tensor(array, np.float32, may_share=True)
    array[...] = 7
    assert_array_equal(tensor.numpy(), np.zeros(array.shape))


def test_a_shared_array_lives_as_long_as_its_tensor():
    array = aligned_empty((1000, 1000), np.float64)
    array[...] = 3.0
    tensor = to_tensor(array, may_share=True)
    del array
    np.full((1000, 1000), 5.0)  # takes the memory, if it is free
    assert_array_equal(tensor.numpy(), 3.0)


@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 5), (4, 0)])
def test_new_arrays_begin_where_they_may_be_shared(shape):
    array = aligned_empty(shape, np.int32)
    assert array.shape == shape
    assert array.dtype == np.int32
    assert array.flags.c_contiguous
    assert not array.size or array.ctypes.data % 64 == 0


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
