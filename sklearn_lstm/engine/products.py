"""Products of matrices that keep to the thread they are computed in."""

from .quiet_tensorflow import tf


@tf.custom_gradient
def product(a, b):
    """Multiply two matrices, and go back by :func:`plain_product`."""

    def gradient(upstream):
        return (
            plain_product(upstream, b, transpose_b=True),
            plain_product(a, upstream, transpose_a=True),
        )

    return plain_product(a, b), gradient


def plain_product(a, b, *, transpose_a=False, transpose_b=False):
    """Multiply two matrices, without a gradient that is as fast.

    ``tf.matmul`` is oneDNN's, which shares a product between all of TensorFlow's threads, so that
    the parts of a batch, side by side, wait for each other. 24 x 32 x 4 with 256 units take 14.6 ms
    by it and 9.6 by this operation, which knows how to skip zeros, and is Eigen's where it is told
    of none. A product of 16 x 8 by 8 x 1 takes 18 us and 1.
    """
    return tf.raw_ops.SparseMatMul(a=a, b=b, transpose_a=transpose_a, transpose_b=transpose_b)
