"""A part of a program that runs in threads of its own, however many TensorFlow has."""

from .quiet_tensorflow import tf


def run_in_own_threads(function, arguments, n_threads, output_signature):
    """Have a function of tensors computed by a pool of so many threads, while a program is traced.

    TensorFlow's own pools, as large as the machine, hand the operations of a program from thread to
    thread and share each between threads: of small networks this is half of the time. How many
    they are can be set only before TensorFlow begins, and for all that a process computes with it;
    tf.data alone has pools for one function, so the function is that of a data set of one element.

    Parameters
    ----------
    function : callable
        Takes the arguments and returns a tuple of tensors.
    arguments : tuple of tensors, or of tuples of them
    n_threads : tensor, int32
        As many operations run at a time, each in one thread (but for oneDNN's, see
        :mod:`.products`).
    output_signature : list of tf.TensorSpec

    Returns
    -------
    outputs : list of tensors
    """
    types = [spec.dtype for spec in output_signature]
    shapes = [spec.shape for spec in output_signature]
    one = tf.data.Dataset.from_tensors(0).map(lambda _: function(*arguments))
    dataset = tf.raw_ops.MaxIntraOpParallelismDataset(
        input_dataset=tf.data.experimental.to_variant(one), max_intra_op_parallelism=1,
        output_types=types, output_shapes=shapes,
    )  # fmt: skip
    dataset = tf.raw_ops.PrivateThreadPoolDataset(
        input_dataset=dataset,
        num_threads=tf.cast(n_threads, tf.int64),
        output_types=types,
        output_shapes=shapes,
    )
    return tf.raw_ops.DatasetToSingleElement(
        dataset=dataset, output_types=types, output_shapes=shapes
    )
