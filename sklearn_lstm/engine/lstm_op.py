"""One operation of TensorFlow that runs an LSTM over a whole sequence, on the CPU."""

from typing import Any

from .products import plain_product
from .quiet_tensorflow import tf

GATES = [0, 2, 1, 3]  # Keras's input, forget, cell, output in the operation's order, and back


def run_lstm(x, w, b, h_0, c_0, *, is_wide=False):
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
    is_wide : bool, default=False
        Whether to go back by a gradient of our own, the same up to rounding.

    Returns
    -------
    h, c : tensors of shape (n_timesteps, n_samples, units)
    """
    if is_wide:
        return _run_wide(x, w, b, h_0, c_0)
    sequence = _forward(x, w, b, h_0, c_0)
    return sequence.h, sequence.cs


def _forward(x, w, b, h_0, c_0):
    no_peephole = tf.zeros_like(h_0[0])
    # The gradient of BlockLSTMV2 expects the gates in the order of this first version.
    sequence: Any = tf.raw_ops.BlockLSTM(
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
    return sequence


@tf.custom_gradient
def _run_wide(x, w, b, h_0, c_0):
    """Run the operation; its own gradient adds up that of the kernels step by step.

    Those are products with an inner size of the batch. Here one product is made of all steps, and
    only what goes from step to step is left to a loop, with the recurrent kernel transposed once.
    """
    forward = _forward(x, w, b, h_0, c_0)

    def gradient(h_grad, c_grad):
        n_inputs, n_units = tf.shape(x)[2], tf.shape(h_0)[1]
        gates_grad, h_0_grad, c_0_grad = _backward(forward, x, w, b, c_0, h_grad, c_grad)
        by_gate = tf.reshape(gates_grad, [-1, 4 * n_units])
        h_before = tf.concat([h_0[tf.newaxis], forward.h[:-1]], axis=0)
        read = tf.reshape(tf.concat([x, h_before], axis=2), [-1, n_inputs + n_units])
        x_grad = tf.reshape(plain_product(by_gate, w[:n_inputs], transpose_b=True), tf.shape(x))
        w_grad, b_grad = plain_product(read, by_gate, transpose_a=True), tf.reduce_sum(by_gate, axis=0)
        return x_grad, w_grad, b_grad, h_0_grad, c_0_grad

    return (forward.h, forward.cs), gradient


def _backward(forward, x, w, b, c_0, h_grad, c_grad):
    """Return the gradients of what enters the gates, of all steps, and those of the first state."""
    n_steps, nothing = tf.shape(x)[0], tf.zeros_like(c_0)
    no_peephole = nothing[0]
    c_before = tf.concat([c_0[tf.newaxis], forward.cs[:-1]], axis=0)
    transposed = tf.transpose(w[tf.shape(x)[2] :])  # once: oneDNN would do so at each step

    def step(t, h_grad_after, c_grad_after, gates_grads):
        cell: Any = tf.raw_ops.LSTMBlockCellGrad(
            x=x[t],  # of this, h_prev, w and b the operation asks no more than their sizes
            cs_prev=c_before[t],
            h_prev=nothing,
            w=w,
            wci=no_peephole,
            wcf=no_peephole,
            wco=no_peephole,
            b=b,
            i=forward.i[t],
            cs=forward.cs[t],
            f=forward.f[t],
            o=forward.o[t],
            ci=forward.ci[t],
            co=forward.co[t],
            cs_grad=c_grad[t] + c_grad_after,
            h_grad=h_grad[t] + h_grad_after,
            use_peephole=False,
        )
        h_grad_before = plain_product(cell.dicfo, transposed)
        return t - 1, h_grad_before, cell.cs_prev_grad, gates_grads.write(t, cell.dicfo)

    gates_grads = tf.TensorArray(tf.float32, n_steps, element_shape=[None, None])
    _, h_0_grad, c_0_grad, gates_grads = tf.while_loop(
        lambda t, *_: t >= 0,
        step,
        (n_steps - 1, nothing, nothing, gates_grads),
        parallel_iterations=1,
    )
    return gates_grads.stack(), h_0_grad, c_0_grad
