"""Weights and windows to predictions, in NumPy.

It computes in float64: a row's prediction then does not depend, beyond the last digits of a
float64, on the rows that are predicted with it. Samples run along the last axis, so that the units
of a gate, and those of gates side by side, are one piece of memory.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from .threads import map_blocks
from .weights import Cell, Dense, unpack

BLOCK = 256  # windows at a time: their state stays in the processor's cache


def predict(weights, windows, n_missing, architecture):
    """Predict from windows; a window's state starts at its first observed step.

    What is missing of its first segment, and of what a skip connection reads, is taken to have been
    as the first observed step.

    Parameters
    ----------
    weights : list of ndarray
    windows : Windows
    n_missing : ndarray of shape (n_samples,)
        Number of missing steps at the beginning of each window.
    architecture : Architecture

    Returns
    -------
    y : ndarray of shape (n_samples, n_outputs), float64
    """
    parts = _prepared(unpack([w.astype(np.float64) for w in weights], architecture))
    length = architecture.segment_length or 1
    y = np.empty((len(windows), architecture.n_outputs))

    def predict_block(block):
        samples, n_steps = block
        part = windows.take(samples)
        if part.first is not None and part.outside == "nan":  # what is missing is left out below
            part = replace(part, first=None, last=None)
        observed = part
        if n_steps:
            if parts.segments or parts.skip is not None:
                part = _repeat_first_observed(part, n_steps)
            observed = _without_first(part, n_steps // length * length)
        y[samples] = _outputs(parts, observed, length)
        if parts.skip is not None:
            y[samples] += part.to_array().reshape(len(part), -1) @ parts.skip

    blocks = list(_blocks(n_missing))
    if len(windows) == 1:  # too small for threads, BLAS's own among them, to need keeping apart
        predict_block(*blocks)
    else:
        map_blocks(predict_block, blocks)
    return y


def _repeat_first_observed(windows, n_missing):
    first, last = windows.starts + n_missing, windows.starts + (windows.n_timesteps - 1)
    return replace(windows, first=first, last=last, outside="nearest")


def _without_first(windows, n_steps):
    starts, n_timesteps = windows.starts + n_steps, windows.n_timesteps - n_steps
    return replace(windows, starts=starts, n_timesteps=n_timesteps)


def _blocks(n_missing):
    """Yield samples that miss equally many steps, and this number."""
    for n_steps in np.unique(n_missing):
        samples = np.flatnonzero(n_missing == n_steps)
        for begin in range(0, len(samples), BLOCK):
            yield samples[begin : begin + BLOCK], n_steps


def _prepared(parts):
    """Bring weights into the form that is computed with."""
    layers = [
        [_prepared_cell(cell, i > 0) for cell in layer] for i, layer in enumerate(parts.layers)
    ]
    segments = parts.segments and Dense(parts.segments.kernel.T, parts.segments.bias[:, np.newaxis])
    output = Dense(0.5 * parts.output.kernel, parts.output.bias)
    return parts._replace(segments=segments, layers=layers, output=output)


def _prepared_cell(cell, reads_states):
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


def _outputs(parts, windows, length):
    """Return what the LSTM layers make of windows, shape (n_samples, n_outputs)."""
    states = _last_states(parts, windows, length)
    if parts.positions is None:
        h, _ = states[-1]
        return h.T @ parts.output.kernel + parts.output.bias
    n_samples, n_segments = len(windows), len(parts.positions)
    x: Any = None
    for (cell,), (h, c) in zip(parts.layers, states, strict=True):
        if x is None:
            projected = cell.kernel @ parts.positions.T + cell.bias
            inputs = np.repeat(projected, n_samples, axis=1)[:, np.newaxis]
        else:
            inputs = _project(x[:, np.newaxis], cell)
        initial = np.tile(h, n_segments), np.tile(c, n_segments)
        x, _ = _run(inputs, cell.recurrent_kernel, True, initial)
    decoded = x.T @ parts.output.kernel + parts.output.bias
    return decoded.reshape(n_segments, n_samples, -1).swapaxes(0, 1).reshape(n_samples, -1)


def _last_states(parts, windows, length):
    """Return the doubled state and the cell's after the last step of each layer.

    Each has the shape (n_units, n_samples); the two directions of a layer lie one upon the other.
    """
    states, outputs = [], None
    for i, layer in enumerate(parts.layers):
        is_last = i == len(parts.layers) - 1
        results = []
        for direction, cell in zip((1, -1), layer, strict=False):
            inputs = (
                _project(outputs, cell)
                if i
                else _project_windows(windows, length, parts.segments, cell)
            )
            h, c = _run(inputs[:, ::direction], cell.recurrent_kernel, is_last)
            results.append((h if is_last else h[:, ::direction], c))
        outputs, c = results[0]
        if len(results) > 1:
            outputs, c = map(np.concatenate, zip(*results, strict=True))
        states.append((outputs if is_last else outputs[:, -1], c))
    return states


def _project(states, cell):
    """Project states, shape (n_units, n_timesteps, n_samples)."""
    n_units, *shape = states.shape
    projected = cell.kernel @ states.reshape(n_units, -1)
    projected += cell.bias
    return projected.reshape(-1, *shape)


def _project_windows(windows, length, segments, cell):
    """Project the steps, or segments, of windows: shape (4 units, n_steps, n_samples)."""
    n_samples, n_steps = len(windows), windows.n_timesteps // length
    if n_samples == 1 and windows.is_plain:
        array = windows.rows[windows.starts[0] :][: windows.n_timesteps]
    elif shift := _shift_worth_sharing(windows, length, segments):
        return _project_shared(windows, shift, length, segments, cell)
    else:
        array = windows.to_array()
    steps = array.reshape(n_samples, n_steps, -1).T
    n_values, *shape = steps.shape
    return _project(_read(steps.reshape(n_values, -1), segments).reshape(-1, *shape), cell)


def _shift_worth_sharing(windows, length, segments):
    """Return how far windows lie apart if that is even and they share their steps, or 0."""
    is_linear = windows.is_plain or (windows.relative == "last" and segments is None)
    if len(windows) == 1 or windows.first is not None or not is_linear:
        return 0
    shifts = np.diff(windows.starts)
    n_places = windows.starts[-1] - windows.starts[0] + windows.n_timesteps - length + 1
    is_shared = n_places <= windows.n_timesteps // length * len(windows)
    return shifts[0] if is_shared and shifts[0] > 0 and (shifts == shifts[0]).all() else 0


def _project_shared(windows, shift, length, segments, cell):
    """Project each row, or segment, once, not once for every window that holds it.

    Where windows are relative to their last value, so is the projection: K(x - l) = Kx - Kl.
    """
    rows = windows.rows[windows.starts[0] : windows.starts[-1] + windows.n_timesteps]
    if segments:
        rows = sliding_window_view(rows, length, axis=0).swapaxes(1, 2)
        rows = rows.reshape(len(rows), -1)
    projected = cell.kernel @ _read(rows.T, segments)
    projected += cell.bias
    to_next_unit, to_next_row = projected.strides
    inputs = as_strided(
        projected,
        (len(projected), windows.n_timesteps // length, len(windows)),
        (to_next_unit, length * to_next_row, shift * to_next_row),
    )
    if windows.relative is None:
        return inputs
    last = windows.last_values(windows.n_relative)[:, 0].T
    return inputs - (cell.kernel[:, : windows.n_relative] @ last)[:, np.newaxis]


def _read(values, segments):
    """Pass values, shape (n_values, n), through the layer that reads segments, if there is one."""
    if segments is None:
        return values
    values = segments.kernel @ values
    values += segments.bias
    return np.maximum(values, 0, out=values)


def _run(inputs, recurrent_kernel, only_last, initial=None):
    """Run one LSTM over projected inputs of shape (4 units, n_timesteps, n_samples).

    Return its states, doubled, of all steps or of the last only, and its cell's last state.
    """
    n_gates, n_timesteps, n_samples = inputs.shape
    units = n_gates // 4
    buffer = np.zeros((5 * units, n_samples))
    gates, c = buffer[:n_gates], buffer[n_gates:]
    sigmoids, input_forget, o = gates[: 3 * units], gates[: 2 * units], gates[2 * units : 3 * units]
    new_old = buffer[3 * units :]  # the cell's new values above its state, as their gates
    products, h = np.empty((2 * units, n_samples)), np.zeros((units, n_samples))
    added, kept = products[:units], products[units:]
    states = None if only_last else np.empty((units, n_timesteps, n_samples))
    if initial is not None:
        h[:], c[:] = initial
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
    return (h if only_last else states), c
