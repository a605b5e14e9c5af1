"""Products of matrices that keep to the thread they are computed in."""

from .quiet_tensorflow import tf


def product(a, b, *, transpose_a=False, transpose_b=False):
    """Multiply two matrices.

    ``tf.matmul`` is oneDNN's where TensorFlow is built with that, and shares a product between all
    threads of the process, so that the parts of a batch, side by side, wait for each other: a step
    of 24 x 32 x 4 with 256 units takes 14.6 ms by it and 9.6 by this operation, with our own
    gradient. A product of 16 x 8 by 8 x 1 takes 18 us and 1. The operation has its name from what
    it does for an operand that is said to be sparse; of two that are not it makes a plain product,
    by Eigen. Its gradient is of ``tf.matmul``.
    """
    return tf.raw_ops.SparseMatMul(a=a, b=b, transpose_a=transpose_a, transpose_b=transpose_b)
