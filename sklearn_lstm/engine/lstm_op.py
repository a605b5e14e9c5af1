"""One operation of TensorFlow that runs an LSTM over a whole sequence on the CPU; its gradients."""

from functools import partial
from typing import Any

from .products import product
from .quiet_tensorflow import tf

GATES = [0, 2, 1, 3]  # Keras's input, forget, cell, output in the operation's order, and back
STEPS_AT_ONCE = 8  # that our own gradient goes back in a pass of its loop: with 1, .85 as fast


def run_lstm(x, w, b, h_0, c_0, *, own_gradient=False, to_end=False):
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
    own_gradient : bool, default=False
        Whether to go back by a gradient of our own, the same up to rounding.
    to_end : bool, default=False
        Whether only the last states are wanted, whose gradient takes less.

    Returns
    -------
    h, c : tensors of shape (n_timesteps, n_samples, units), or with ``to_end`` (n_samples, units)
    """
    if own_gradient:
        return (_own_to_end if to_end else _own)(x, w, b, h_0, c_0)
    sequence = _forward(x, w, b, h_0, c_0)
    if to_end:
        return sequence.h[-1], sequence.cs[-1]
    return sequence.h, sequence.cs


def _forward(x, w, b, h_0, c_0):
    no_peephole = h_0[0]  # its size is asked for, its values are not read
    # The gradient of BlockLSTMV2 expects the gates in the order of this first version.
    sequence: Any = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.shape(x, tf.int64)[0],
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


# The operation's own gradient adds up that of the kernels step by step, in products with an inner
# size of the batch. Ours makes one product of all steps, and leaves to a loop only what goes from
# step to step, with the recurrent kernel transposed once. TensorFlow never lets go of a custom
# gradient, nor so of a program's graph that holds one: 15 MB of each program that is dropped.


@tf.custom_gradient
def _own(x, w, b, h_0, c_0):
    forward = _forward(x, w, b, h_0, c_0)

    def gradient(h_grads, c_grads):
        nothing = tf.zeros_like(h_0)
        return _gradient(forward, x, w, h_0, c_0, nothing, nothing, h_grads, c_grads)

    return (forward.h, forward.cs), gradient


@tf.custom_gradient
def _own_to_end(x, w, b, h_0, c_0):
    forward = _forward(x, w, b, h_0, c_0)

    def gradient(h_grad, c_grad):
        return _gradient(forward, x, w, h_0, c_0, h_grad, c_grad)

    return (forward.h[-1], forward.cs[-1]), gradient


def _gradient(forward, x, w, h_0, c_0, h_grad, c_grad, *upstream):
    """Return the gradients of x, w, b, h_0 and c_0.

    Parameters
    ----------
    forward : BlockLSTM
    x, w, h_0, c_0 : tensors
        What it was given.
    h_grad, c_grad : tensors of shape (n_samples, units)
        Gradients of the last states.
    *upstream : two tensors of shape (n_timesteps, n_samples, units), or none
        What comes from elsewhere to those of all steps.
    """
    n_inputs, n_units = tf.shape(x)[2], tf.shape(h_0)[1]
    of_gates, h_0_grad, c_0_grad = _back(forward, w[n_inputs:], c_0, h_grad, c_grad, upstream)
    of_gates = tf.reshape(of_gates, [-1, 4 * n_units])
    h_before = tf.concat([h_0[tf.newaxis], forward.h[:-1]], axis=0)
    read = tf.reshape(tf.concat([x, h_before], axis=2), [-1, n_inputs + n_units])
    x_grad = tf.reshape(product(of_gates, w[:n_inputs], transpose_b=True), tf.shape(x))
    w_grad = product(read, of_gates, transpose_a=True)
    return x_grad, w_grad, tf.reduce_sum(of_gates, axis=0), h_0_grad, c_0_grad


def _back(forward, recurrent_kernel, c_0, h_grad, c_grad, upstream):
    """Return the gradients of what enters the gates at all steps, and of the first states."""
    # tf.transpose is oneDNN's, too, see product: 85 us of 130 x 520 instead of 55, and more where
    # another part has its own transposed at the same time.
    transposed = tf.raw_ops.Einsum(inputs=[recurrent_kernel], equation="ij->ji")
    of_steps = [*_slopes(forward, c_0), *upstream]

    def go_back(n, t, h_grad, c_grad, gates_grads):
        """Take n steps back from step t."""
        taken = zip(*(_steps_before(t, n, values) for values in of_steps), strict=True)
        for k, (of_gates, of_output, of_cell, *from_elsewhere) in enumerate(taken):
            if from_elsewhere:
                h_grad += from_elsewhere[0]
                c_grad += from_elsewhere[1]
            c_grad += h_grad * of_output
            gates_grad = tf.concat([c_grad, c_grad, c_grad, h_grad], axis=1) * of_gates
            gates_grads = gates_grads.write(t - 1 - k, gates_grad)
            h_grad, c_grad = product(gates_grad, transposed), c_grad * of_cell
        return t - n, h_grad, c_grad, gates_grads

    n_steps = tf.shape(forward.h)[0]
    gates_grads = tf.TensorArray(tf.float32, n_steps, element_shape=[None, None])
    state = n_steps, h_grad, c_grad, gates_grads
    for n in (STEPS_AT_ONCE, 1):
        state = tf.while_loop(
            lambda t, *_, n=n: t >= n, partial(go_back, n), state, parallel_iterations=1
        )
    _, h_grad, c_grad, gates_grads = state
    return gates_grads.stack(), h_grad, c_grad


def _slopes(forward, c_0):
    """Return how the cell and the output move with what comes before them, at all steps.

    Returns
    -------
    of_gates : tensor of shape (n_timesteps, n_samples, 4 units)
        The cell's move with what enters its three gates, and the output's with what enters its own.
    of_output : tensor of shape (n_timesteps, n_samples, units)
        The output's with the cell.
    of_cell : tensor of the same shape
        The cell's with that of the step before.
    """
    i, cs, f, o, ci, co, h = forward
    added, kept = i * ci, f * tf.concat([c_0[tf.newaxis], cs[:-1]], axis=0)
    of_gates = tf.concat([added - added * i, i - added * ci, kept - kept * f, h - h * o], axis=2)
    return of_gates, o - h * co, f


def _steps_before(t, n, values):
    """Return the n steps before step t, the last first."""
    if n == 1:
        return [values[t - 1]]
    return tf.unstack(tf.ensure_shape(values[t - n : t], [n, None, None]))[::-1]
