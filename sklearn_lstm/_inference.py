"""Weights and windows to predictions, in NumPy.

It computes in float64: a row's prediction then does not depend, beyond the last digits of a
float64, on the rows that are predicted with it.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ._rows import RowWindows
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
    layers = [[_with_tanh_gates(cell) for cell in layer] for layer in layers]
    y = np.empty((len(windows), len(bias)))
    for n_steps in np.unique(n_missing):
        samples = np.flatnonzero(n_missing == n_steps)
        observed = RowWindows(windows.rows, windows.starts + n_steps, windows.n_timesteps - n_steps)
        for begin in range(0, len(samples), BLOCK):
            block = samples[begin : begin + BLOCK]
            y[block] = _last_state(layers, observed[block]) @ kernel + bias
    return y


def _with_tanh_gates(cell):
    """Halve the inputs of the three sigmoid gates, for sigmoid(x) = (1 + tanh(x / 2)) / 2."""
    units = len(cell.recurrent_kernel)
    scale = np.full(4 * units, 0.5)
    scale[2 * units : 3 * units] = 1
    return Cell(*(array * scale for array in cell))


def _last_state(layers, windows):
    """Return the state after the last layer's last step, shape (n_samples, n_units)."""
    for i, layer in enumerate(layers):
        is_last = i == len(layers) - 1
        outputs = []
        for direction, cell in zip((1, -1), layer, strict=False):
            inputs = (_project_rows if i == 0 else _project)(windows, cell)
            outputs.append(_run(inputs[:, ::direction], cell.recurrent_kernel, is_last))
            if not is_last:
                outputs[-1] = outputs[-1][:, ::direction]
        windows = np.concatenate(outputs, axis=-1) if len(outputs) > 1 else outputs[0]
    return windows


def _project(sequences, cell):
    return sequences @ cell.kernel + cell.bias


def _project_rows(windows, cell):
    """Project each row once, not once for every window that holds it."""
    shifts = np.diff(windows.starts)
    if not len(shifts) or (0 < shifts[0] <= windows.n_timesteps and (shifts == shifts[0]).all()):
        first, last = windows.starts[0], windows.starts[-1] + windows.n_timesteps
        projected = _project(windows.rows[first:last], cell)
        to_next_row, to_next_unit = projected.strides
        shift = shifts[0] if len(shifts) else 1
        return as_strided(
            projected,
            (len(windows), windows.n_timesteps, projected.shape[1]),
            (shift * to_next_row, to_next_row, to_next_unit),
        )
    return _project(windows.to_array(), cell)


def _run(inputs, recurrent_kernel, only_last):
    """Run one LSTM over projected inputs of shape (n_samples, n_timesteps, 4 units)."""
    n_samples, n_timesteps, _ = inputs.shape
    units = len(recurrent_kernel)
    h, c, new = np.zeros((3, n_samples, units))
    z = np.empty((n_samples, 4 * units))
    i, f, g, o = (z[:, k * units : (k + 1) * units] for k in range(4))
    states = None if only_last else np.empty((n_samples, n_timesteps, units))
    for t in range(n_timesteps):
        np.matmul(h, recurrent_kernel, out=z)
        z += inputs[:, t]
        np.tanh(z, out=z)
        for gate in (i, f, o):
            gate += 1
        c *= f
        c += np.multiply(i, g, out=new)
        c *= 0.5
        np.tanh(c, out=h)
        h *= o
        h *= 0.5
        if states is not None:
            states[:, t] = h
    return h if only_last else states
