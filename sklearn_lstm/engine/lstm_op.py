"""One operation of TensorFlow that runs an LSTM over a whole sequence, on the CPU."""

from .quiet_tensorflow import tf

GATES = [0, 2, 1, 3]  # Keras's input, forget, cell, output in the operation's order, and back


def run_lstm(x, w, b, h_0, c_0):
    """Run one direction of one LSTM layer.

    The operation is slow, and logs it each time, where the number of samples and that of inputs or
    units are both odd.

    Parameters
    ----------
    x : tensor of shape (n_timesteps, n_samples, n_inputs), float32
    w : tensor of shape (n_inputs + units, 4 units)
        The kernel above the recurrent kernel, gates in the order of ``GATES``.
    b : tensor of shape (4 units,)
    h_0, c_0 : tensors of shape (n_samples, units)

    Returns
    -------
    h, c : tensors of shape (n_timesteps, n_samples, units)
    """
    no_peephole = tf.zeros_like(h_0[0])
    # The gradient of BlockLSTMV2 expects the gates in the order of this first version.
    sequence = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.shape(x, out_type=tf.int64)[0],
        x=x,
        cs_prev=c_0,
        h_prev=h_0,
        w=w,
        wci=no_peephole,
        wcf=no_peephole,
        wco=no_peephole,
        b=b,
        forget_bias=0,
        cell_clip=-1,
        use_peephole=False,
    )
    return sequence.h, sequence.cs
