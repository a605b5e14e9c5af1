"""Weights and windows to predictions, in NumPy.

Few windows are computed in float64: a row's prediction then does not depend, beyond the last digits
of a float64, on the rows that are predicted with it. Many are computed in float32, in products of
one size, away from their margins, where a column is added up alike wherever it stands: a row's bits
do not depend on the others then. The output layer and the skip connection, by which the outputs are
linear in large numbers, are float64 throughout.

Samples run along the last axis, so that the units of a gate, and those of gates side by side, are
one piece of memory.
"""

from dataclasses import replace
from itertools import repeat
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from .threads import map_blocks
from .weights import Dense, Parts, unpack

BLOCK = 256  # windows at a time: their state stays in the processor's cache
# Columns at both ends of a float32 product that hold nothing of use. OpenBLAS's kernel for AVX2
# takes 16 columns at a time, but for 8 at the ends, which it rounds otherwise: with 256 of them,
# numbers 0 to 7 and 248 to 255. Its other kernels (AVX-512, AVX, SSE) treat all alike.
MARGIN = 8
MANY = 2000  # windows, and more, are computed in float32: fewer take little time in float64
LARGEST = 1e30  # of the values that are, so that their sums stay finite
NARROW = 4  # as many times the units as features are read beside the state, not beforehand
MOST_KEPT = 2**18  # weights of a network that stay prepared, 2 MB; of larger ones it takes no part


class Positions(NamedTuple):
    """Positions of parallel decoding, projected, and the kernel for the states beside them."""

    kernel: np.ndarray
    projected: np.ndarray


class Reader(NamedTuple):
    """A dense layer that reads rows, or segments of them."""

    kernel: np.ndarray
    bias: np.ndarray
    is_rectified: bool


class Cell(NamedTuple):
    """One direction of one LSTM layer, as :func:`_run` computes with it.

    ``kernel`` is for the state, what a step reads, and a one for the bias; where a ``reader``
    projects what is read beforehand, for the state alone.
    """

    kernel: np.ndarray
    reader: Reader | None


def predict(member, windows, n_before, n_after, architecture):
    """Predict from windows; a window's state starts at its first known step and ends at its last.

    What is missing of its first segment, and of what a skip connection reads, is taken to have been
    as the first known step; what is missing of its last segment, as the last.

    Parameters
    ----------
    member : Member
    windows : Windows
    n_before, n_after : ndarray of shape (n_samples,)
        Number of missing steps at the beginning and at the end of each window.
    architecture : Architecture

    Returns
    -------
    y : ndarray of shape (n_samples, n_outputs), float64
    """
    if len(windows) == 1:  # too small for threads, BLAS's own among them, to need keeping apart
        parts = _kept(member, architecture, np.float64)
        lengths = _lengths(windows, n_after, architecture)
        return _predict_block(parts, windows, int(n_before[0]), lengths, architecture)
    y = np.empty((len(windows), architecture.n_outputs))

    def predict_block(block):
        samples, n_missing, dtype = block
        columns, inner = samples, slice(None)
        if dtype != np.float64:
            inner = slice(MARGIN, MARGIN + len(samples))
            columns = np.full(BLOCK, samples[0])
            columns[inner] = samples
        lengths = _lengths(windows, n_after[columns], architecture)
        part = windows.take(columns)
        y[samples] = _predict_block(parts[dtype], part, n_missing, lengths, architecture)[inner]

    blocks = list(_blocks(n_before, n_after, windows.rows))
    parts = {dtype: _kept(member, architecture, dtype) for *_, dtype in blocks}
    map_blocks(predict_block, blocks)
    return y


def _blocks(n_before, n_after, rows):
    """Yield samples that miss equally many steps before, this number, and in what to compute them.

    Shorter ones come first, so that those of a block end at about the same step.
    """
    for n_steps in np.unique(n_before):
        samples = np.flatnonzero(n_before == n_steps)
        if n_after.any():
            samples = samples[np.argsort(-n_after[samples], kind="stable")]
        is_many = len(samples) >= MANY and _fit_float32(rows)
        dtype, n = (np.float32, BLOCK - 2 * MARGIN) if is_many else (np.float64, BLOCK)
        for begin in range(0, len(samples), n):
            yield samples[begin : begin + n], n_steps, dtype


def _fit_float32(rows):
    return max(-np.fmin.reduce(rows, axis=None), np.fmax.reduce(rows, axis=None)) <= LARGEST


def _lengths(windows, n_after, architecture):
    """Return where the last known step of windows is; None where all fill their whole segments."""
    fills_segments = windows.n_timesteps % (architecture.segment_length or 1) == 0
    return None if fills_segments and not n_after.any() else windows.n_timesteps - n_after


def _predict_block(parts, windows, n_missing, lengths, architecture):
    """Predict from windows that miss equally many steps before their first known one.

    ``lengths`` are those of :func:`_lengths`.
    """
    length = architecture.segment_length or 1
    if (
        windows.first is not None and windows.outside != "nearest"
    ):  # what is missing is left out below
        windows = replace(windows, first=None, last=None)
    n_steps = None
    if lengths is not None:
        windows = _up_to(windows, lengths, -(-lengths.max() // length) * length)
        n_steps = -(-(lengths - n_missing // length * length) // length)
    observed = windows
    if n_missing:
        if parts.segments or parts.skip is not None:
            windows = observed = _repeat_first_observed(windows, n_missing)
        observed = _without_first(observed, n_missing // length * length)
    y = _outputs(parts, observed, length, n_steps, architecture.pooling)
    if parts.skip is not None:
        y += _written(windows).reshape(len(windows), -1).astype(np.float64) @ parts.skip
    return y


def _up_to(windows, lengths, n_timesteps):
    """Return windows that are as their last known step from there on."""
    return replace(
        windows,
        n_timesteps=int(n_timesteps),
        first=windows.starts,
        last=windows.starts + lengths.astype(windows.starts.dtype) - 1,
        outside="nearest",
    )


def _repeat_first_observed(windows, n_missing):
    first, last = windows.starts + n_missing, windows.last
    if last is None:
        last = windows.starts + (windows.n_timesteps - 1)
    return replace(windows, first=first, last=last, outside="nearest")


def _without_first(windows, n_steps):
    starts, n_timesteps = windows.starts + n_steps, windows.n_timesteps - n_steps
    return replace(windows, starts=starts, n_timesteps=n_timesteps)


_prepared_parts: WeakKeyDictionary = WeakKeyDictionary()


def _kept(member, architecture, dtype):
    """Return the weights of a member prepared, which no one changes as long as it lives."""
    of_member = _prepared_parts.get(member, {})
    if dtype not in of_member:
        weights = [array.astype(np.float64) for array in member.weights]
        parts = _prepared(unpack(weights, architecture), dtype)
        of_member = {**of_member, dtype: parts}
        if sum(w.size for w in member.weights) <= MOST_KEPT:
            _prepared_parts[member] = of_member
    return of_member[dtype]


def _prepared(parts, dtype):
    """Bring weights, float64, into the form that is computed with."""
    segments = parts.segments and _reader(parts.segments.kernel, parts.segments.bias, True, dtype)
    layers = [
        [_prepared_cell(cell, dtype, i > 0, segments is not None) for cell in layer]
        for i, layer in enumerate(parts.layers)
    ]
    output = Dense(0.5 * parts.output.kernel, parts.output.bias)
    positions = parts.positions
    if positions is not None:
        kernel, recurrent, bias = _ordered(parts.layers[0][0], False)
        projected = _transposed(positions @ kernel + bias, dtype)
        positions = Positions(_transposed(recurrent, dtype), projected)
    return Parts(segments, layers, positions, output, parts.skip)


def _prepared_cell(cell, dtype, reads_states, is_segmented):
    kernel, recurrent, bias = _ordered(cell, reads_states)
    n_inputs, n_units = len(kernel), len(recurrent)
    if reads_states or is_segmented or n_inputs * NARROW <= n_units:
        return Cell(_transposed(np.concatenate([recurrent, kernel, bias]), dtype), None)
    return Cell(_transposed(recurrent, dtype), _reader(kernel, bias, False, dtype))


def _ordered(cell, reads_states):
    """Return kernel, recurrent kernel and bias, of two dimensions, as :func:`_run` reads them.

    The gates are in the order input, forget, output, cell. For sigmoid(x) = (1 + tanh(x / 2)) / 2,
    what enters the three sigmoid gates is halved here, and what leaves the output gate in whatever
    reads it: states are twice what they should be.
    """
    n_units = len(cell.recurrent_kernel)
    gates = np.arange(4 * n_units).reshape(4, -1)[[0, 1, 3, 2]].ravel()
    scale = np.repeat([0.5, 0.5, 0.5, 1.0], n_units)
    kernel = cell.kernel * (0.5 if reads_states else 1.0)
    arrays = kernel, 0.5 * cell.recurrent_kernel, cell.bias
    return [np.atleast_2d(array)[:, gates] * scale for array in arrays]


def _reader(kernel, bias, is_rectified, dtype):
    return Reader(_transposed(kernel, dtype), bias.reshape(-1, 1).astype(dtype), is_rectified)


def _transposed(array, dtype):
    return np.ascontiguousarray(array.T, dtype=dtype)


def _outputs(parts, windows, length, n_steps, pooling):
    """Return what the LSTM layers make of windows, shape (n_samples, n_outputs), float64.

    ``n_steps`` says how many of their steps, or segments, there are where that differs, else None.
    """
    states, pooled = _run_layers(parts, windows, length, n_steps, pooling)
    if parts.positions is None:
        return _decoded(pooled, parts.output)
    projected = parts.positions.projected
    n_segments = projected.shape[1]
    # All at once, unless products must be of one size.
    n_products = 1 if projected.dtype == np.float64 else n_segments
    pieces = [_decode(parts, states, piece) for piece in np.hsplit(projected, n_products)]
    n_samples = len(windows)
    decoded = np.concatenate(pieces).reshape(n_segments, n_samples, -1)
    return decoded.swapaxes(0, 1).reshape(n_samples, -1)


def _decode(parts, states, projected):
    """Go on from states by a step for each position: shape (n_positions * n_samples, n)."""
    (_, n_positions), n_samples = projected.shape, states[0][0].shape[1]
    inputs = np.repeat(projected, n_samples, axis=1)[np.newaxis]
    kernels = [parts.positions.kernel, *(cell.kernel for (cell,) in parts.layers[1:])]
    for kernel, (h, c) in zip(kernels, states, strict=True):
        initial = np.tile(h, n_positions), np.tile(c, n_positions)
        inputs, _ = _run(kernel, inputs, initial)
    return _decoded(inputs[0], parts.output)


def _decoded(h, output):
    return np.dot(h.T.astype(np.float64), output.kernel) + output.bias


def _run_layers(parts, windows, length, n_steps, pooling):
    """Return the doubled state and the cell's after the last step of each layer; what is decoded.

    Each has the shape (n_units, n_samples); the two directions of a layer lie one upon the other.
    """
    inputs: Any = None
    last = []
    if parts.segments:
        inputs = _read(parts.segments, windows, length)
    elif parts.layers[0][0].reader is None:
        inputs = _written(windows).transpose(1, 2, 0)
    for layer in parts.layers:
        states, ends = [], []
        for is_backward, cell in enumerate(layer):
            read = _read(cell.reader, windows, length) if cell.reader else inputs
            # The cell's states of all steps are asked for by decoding alone.
            cells = n_steps is not None and parts.positions is not None
            h, c = _run(cell.kernel, _reversed(read, n_steps) if is_backward else read, cells=cells)
            states.append(_reversed(h, n_steps) if is_backward else h)
            ends.append((_at_the_end(h, n_steps), _at_the_end(c, n_steps) if cells else c))
        inputs, (h, c) = states[0], ends[0]
        if len(layer) > 1:
            inputs = np.concatenate(states, axis=1)
            h, c = map(np.concatenate, zip(*ends, strict=True))
        last.append((h, c))
    return last, h if pooling == "last" else _pooled(inputs, n_steps, pooling)


def _reversed(x, n_steps):
    """Reverse the steps of x, shape (n_timesteps, n, n_samples), up to the end of each sample."""
    if n_steps is None:
        return x[::-1]
    steps = n_steps - 1 - np.arange(len(x))[:, np.newaxis]
    steps = np.where(steps < 0, np.arange(len(x))[:, np.newaxis], steps)
    return np.take_along_axis(x, steps[:, np.newaxis], axis=0)


def _at_the_end(x, n_steps):
    if n_steps is None:
        return x[-1]
    return x[n_steps - 1, :, np.arange(len(n_steps))].T


def _pooled(h, n_steps, pooling):
    """Return the mean or the largest of states, shape (n_timesteps, n, n_samples), over steps.

    Zeros after a sample's end change nothing beyond the last digits.
    """
    if n_steps is not None:
        is_known = np.arange(len(h))[:, np.newaxis, np.newaxis] < n_steps
        h = np.where(is_known, h, h.dtype.type(0 if pooling == "mean" else -np.inf))
    if pooling == "max":
        return h.max(axis=0)
    n_known = len(h) if n_steps is None else n_steps
    return np.add.reduce(h, axis=0) / np.asarray(n_known, dtype=h.dtype)


def _written(windows):
    if len(windows) == 1 and windows.is_plain:
        return windows.rows[windows.starts[0] :][np.newaxis, : windows.n_timesteps]
    return windows.to_array()


def _read(reader, windows, length):
    """Pass the steps, or segments, of windows through a layer: shape (n_steps, n, n_samples)."""
    if shift := _shift_worth_sharing(reader, windows, length):
        return _read_shared(reader, windows, shift, length)
    n_samples, n_steps = len(windows), windows.n_timesteps // length
    steps = _written(windows).reshape(n_samples, n_steps, -1).transpose(2, 1, 0)
    values = _passed(reader, steps.reshape(len(steps), -1))
    return values.reshape(-1, n_steps, n_samples).swapaxes(0, 1)


def _shift_worth_sharing(reader, windows, length):
    """Return how far windows lie apart if that is even and they share their steps, or 0."""
    # In float32 too much would be rounded where what windows are relative to is taken off later.
    is_linear = not reader.is_rectified and reader.kernel.dtype == np.float64
    can_share = windows.is_plain or (windows.relative == "last" and is_linear)
    if len(windows) == 1 or windows.first is not None or not can_share:
        return 0
    shifts = np.diff(windows.starts)
    n_places = windows.starts[-1] - windows.starts[0] + windows.n_timesteps - length + 1
    is_shared = n_places <= windows.n_timesteps // length * len(windows)
    return shifts[0] if is_shared and shifts[0] > 0 and (shifts == shifts[0]).all() else 0


def _read_shared(reader, windows, shift, length):
    """Read each row, or segment, once, not once for every window that holds it.

    Where windows are relative to their last value, so is the projection: K(x - l) = Kx - Kl.
    """
    rows = windows.rows[windows.starts[0] : windows.starts[-1] + windows.n_timesteps]
    if length > 1:
        rows = sliding_window_view(rows, length, axis=0).swapaxes(1, 2)
        rows = rows.reshape(len(rows), -1)
    values = _passed(reader, rows.T)
    to_next_unit, to_next_row = values.strides
    read = as_strided(
        values,
        (windows.n_timesteps // length, len(values), len(windows)),
        (length * to_next_row, to_next_unit, shift * to_next_row),
    )
    if windows.relative is None:
        return read
    last = windows.last_values(windows.n_relative)[:, 0].T
    return read - reader.kernel[:, : windows.n_relative] @ last


def _passed(reader, values):
    """Pass values, shape (n_values, n), through a layer."""
    values = _product(reader.kernel, values)
    values += reader.bias
    return np.maximum(values, 0, out=values) if reader.is_rectified else values


def _product(kernel, values):
    """Multiply a kernel with values, shape (n_values, n), in float32 so many columns at a time."""
    if kernel.dtype == np.float64:
        return kernel @ values
    n = values.shape[1]
    product = np.empty((len(kernel), n), kernel.dtype)
    columns = np.zeros((len(values), BLOCK), kernel.dtype)
    for begin in range(0, n, BLOCK - 2 * MARGIN):
        part = values[:, begin : begin + BLOCK - 2 * MARGIN]
        inner = slice(MARGIN, MARGIN + part.shape[1])
        columns[:, inner] = part
        product[:, begin : begin + part.shape[1]] = np.dot(kernel, columns)[:, inner]
    return product


def _run(kernel, inputs, initial=(0, 0), *, cells=False):
    """Run one LSTM over inputs of shape (n_timesteps, n_inputs or, projected, 4 units, n_samples).

    Return its states, doubled, of all steps, shape (n_timesteps, units, n_samples), and its cell's
    last state; with ``cells`` those of all steps, too.
    """
    n_timesteps, _, n_samples = inputs.shape
    n_gates, n_read = kernel.shape
    units = n_gates // 4
    buffer = np.empty((5 * units, n_samples), kernel.dtype)
    gates, c = buffer[:n_gates], buffer[n_gates:]
    sigmoids, input_forget, o = gates[: 3 * units], gates[: 2 * units], gates[2 * units : 3 * units]
    new_old = buffer[3 * units :]  # the cell's new values above its state, as their gates
    products = np.empty((2 * units, n_samples), kernel.dtype)
    added, kept = products[:units], products[units:]
    # What each step reads: the state, which the step before writes there, its inputs, and a one.
    read = np.empty((n_timesteps + 1, n_read, n_samples), kernel.dtype)
    h = read[:, :units]
    h[0], c[:] = initial
    is_projected = n_read == units
    if not is_projected:
        read[:-1, units:-1], read[:-1, -1] = inputs, 1
    # For a single window most of the time goes into the calls: short names, no keywords, and
    # arrays for the numbers, which NumPy would make of them in each call.
    add, multiply, tanh, product = np.add, np.multiply, np.tanh, kernel.dot
    one, half = np.array(1, kernel.dtype), np.array(0.5, kernel.dtype)
    projections = inputs if is_projected else repeat(None)
    all_cells = np.empty((n_timesteps if cells else 0, units, n_samples), kernel.dtype)
    for t, (step, h_next, projected) in enumerate(zip(read, h[1:], projections, strict=False)):
        product(step, gates)
        if projected is not None:
            add(gates, projected, gates)
        tanh(gates, gates)
        add(sigmoids, one, sigmoids)
        multiply(input_forget, new_old, products)
        add(added, kept, c)
        multiply(c, half, c)
        tanh(c, h_next)
        multiply(h_next, o, h_next)
        if cells:
            all_cells[t] = c
    return h[1:], all_cells if cells else c
