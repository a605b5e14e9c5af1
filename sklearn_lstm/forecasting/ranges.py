"""Sums over series that lie end to end."""

from __future__ import annotations

import numpy as np


def range_sums(columns, starts, lengths):
    """Add up ranges of the last axis.

    Parameters
    ----------
    columns : ndarray of shape (n_columns, n_rows)

    starts, lengths : ndarray of int, shape (n_ranges,)
        In order, none reaching beyond the start of the next. Where a length is below 1, the sum is
        0.

    Returns
    -------
    sums : ndarray of shape (n_columns, n_ranges)
    """
    is_range = lengths > 0
    dtype = np.dtype(np.intp) if columns.dtype == bool else columns.dtype
    sums = np.zeros((len(columns), len(starts)), dtype=dtype)
    if not is_range.any():
        return sums
    # From each start to its end, and from there to the next start, which is left out.
    bounds = np.stack([starts, starts + lengths], axis=1)[is_range].ravel()
    bounds = bounds[:-1] if bounds[-1] == columns.shape[1] else bounds
    sums[:, is_range] = np.add.reduceat(columns, bounds, axis=1, dtype=dtype)[:, ::2]
    return sums
