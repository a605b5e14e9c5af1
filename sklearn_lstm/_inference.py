"""Weights and windows to predictions, in NumPy.

It computes in float64: a row's prediction then does not depend, beyond the last digits of a
float64, on the rows that are predicted with it. Samples run along the last axis, so that the units
of a gate, and those of gates side by side, are one piece of memory.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ._rows import RowWindows
from ._threads import map_blocks
from ._weights import Cell, unpack

BLOCK = 256  # windows at a time: their state stays in the processor's cache


def predict(weights, windows, n_missing, *, bidirectional):
    """Predict from windows; a window's state starts at its first observed step.

    Parameters
    ----------
    weights : list of ndarray
    windows : RowWindows of n_samples windows
    n_missing : ndarray of shape (n_samples,)
        Number of missing steps at the beginning of each window.
    bidirectional : bool

    Returns
    -------
    y : ndarray of shape (n_samples, n_outputs), float64
    """
    layers, (kernel, bias) = unpack([w.astype(np.float64) for w in weights], bidirectional)
    layers = [[_prepared(cell, i > 0) for cell in layer] for i, layer in enumerate(layers)]
    kernel *= 0.5
    y = np.empty((len(windows), len(bias)))

    def predict_block(block):
        samples, n_steps = block
        starts, n_timesteps = windows.starts[samples] + n_steps, windows.n_timesteps - n_steps
        observed = RowWindows(windows.rows, starts, n_timesteps)
        y[samples] = _last_state(layers, observed).T @ kernel + bias

    blocks = list(_blocks(n_missing))
    if len(windows) == 1:  # too small for threads, BLAS's own among them, to need keeping apart
        predict_block(*blocks)
    else:
        map_blocks(predict_block, blocks)
    return y


def _blocks(n_missing):
    """Yield samples that miss equally many steps, and this number."""
    for n_steps in np.unique(n_missing):
        samples = np.flatnonzero(n_missing == n_steps)
        for begin in range(0, len(samples), BLOCK):
            yield samples[begin : begin + BLOCK], n_steps


def _prepared(cell, reads_states):
    """Bring a cell into the form that :func:`_run` computes with.

    The gates are in the order input, forget, output, cell. For sigmoid(x) = (1 + tanh(x / 2)) / 2,
    what enters the three sigmoid gates is halved here, and what leaves the output gate in whatever
    reads it: states are twice what they should be.
    """
    n_gates = 4 * len(cell.recurrent_kernel)
    gates = np.arange(n_gates).reshape(4, -1)[[0, 1, 3, 2]].ravel()
    scale = np.full((n_gates, 1), 0.5)
    scale[3 * n_gates // 4 :] = 1
    return Cell(
        cell.kernel.T[gates] * (0.5 * scale if reads_states else scale),
        cell.recurrent_kernel.T[gates] * (0.5 * scale),
        cell.bias[gates, np.newaxis] * scale,
    )


def _last_state(layers, windows):
    """Return the doubled state after the last layer's last step, shape (n_units, n_samples)."""
    for i, layer in enumerate(layers):
        is_last = i == len(layers) - 1
        outputs = []
        for direction, cell in zip((1, -1), layer, strict=False):
            inputs = _project_rows(windows, cell) if i == 0 else _project(windows, cell)
            outputs.append(_run(inputs[:, ::direction], cell.recurrent_kernel, is_last))
            if not is_last:
                outputs[-1] = outputs[-1][:, ::direction]
        windows = np.concatenate(outputs) if len(outputs) > 1 else outputs[0]
    return windows


def _project(states, cell):
    """Project states, shape (n_units, n_timesteps, n_samples)."""
    n_units, *shape = states.shape
    return (cell.kernel @ states.reshape(n_units, -1) + cell.bias).reshape(-1, *shape)


def _project_rows(windows, cell):
    """Project each row once, not once for every window that holds it."""
    shifts = np.diff(windows.starts)
    if not len(shifts) or (0 < shifts[0] <= windows.n_timesteps and (shifts == shifts[0]).all()):
        first, last = windows.starts[0], windows.starts[-1] + windows.n_timesteps
        projected = cell.kernel @ windows.rows[first:last].T + cell.bias
        to_next_unit, to_next_row = projected.strides
        shift = shifts[0] if len(shifts) else 1
        return as_strided(
            projected,
            (len(projected), windows.n_timesteps, len(windows)),
            (to_next_unit, to_next_row, shift * to_next_row),
        )
    return _project(windows.to_array().T, cell)


def _run(inputs, recurrent_kernel, only_last):
    """Run one LSTM over projected inputs of shape (4 units, n_timesteps, n_samples)."""
    n_gates, n_timesteps, n_samples = inputs.shape
    units = n_gates // 4
    buffer = np.zeros((5 * units, n_samples))
    gates, c = buffer[:n_gates], buffer[n_gates:]
    sigmoids, input_forget, o = gates[: 3 * units], gates[: 2 * units], gates[2 * units : 3 * units]
    new_old = buffer[3 * units :]  # the cell's new values above its state, as their gates
    products, h = np.empty((2 * units, n_samples)), np.zeros((units, n_samples))
    added, kept = products[:units], products[units:]
    states = None if only_last else np.empty((units, n_timesteps, n_samples))
    # For a single window most of the time goes into the calls: short names, no keywords.
    add, multiply, tanh, one, half = np.add, np.multiply, np.tanh, np.float64(1), np.float64(0.5)
    for t, projected in enumerate(inputs.swapaxes(0, 1)):
        np.dot(recurrent_kernel, h, gates)
        add(gates, projected, gates)
        tanh(gates, gates)
        add(sigmoids, one, sigmoids)
        multiply(input_forget, new_old, products)
        add(added, kept, c)
        multiply(c, half, c)
        tanh(c, h)
        multiply(h, o, h)
        if states is not None:
            states[:, t] = h
    return h if only_last else states
