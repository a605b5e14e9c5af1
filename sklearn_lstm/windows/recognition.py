"""Whether rows without timestamps are the fitted ones again, as far as their values can tell."""

import numpy as np

N_ROWS_OF_HEAD = 1000  # fitted rows by which an array of them is recognised
# Comparisons that a search for repeats is worth, beside a few for each row: a tenth of a second.
# What takes more begins alike nearly everywhere, and then values tell nothing.
MOST_COMPARISONS = 1_000_000
BLOCK = 2**20  # rows that are compared at once


def begin_alike(rows, head):
    """Tell whether rows begin as others do, up to what steps before the windower may round.

    Parameters
    ----------
    rows, head : ndarray of shape (n_rows, n_features) and (n_head, n_features)
    """
    n = min(len(rows), len(head))
    tolerance = max(_rounding(head), _rounding(rows)) * np.abs(head).max(axis=0)
    return bool((np.abs(rows[:n] - head[:n]) <= tolerance).all())


def n_rows_that_tell(rows, window_length):
    """Return how many rows, equal to the first ones, are known to be these again.

    A window at least, or all there are, and more than come a second time among ``rows``. Where a
    repeat reaches the last row it may go on, as in calendar columns, so no number is enough. (A
    last few rows like the first are chance: fewer than a window and than half the rows.)

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        The fitted rows in order.

    window_length : int

    Returns
    -------
    n : int or None
    """
    n_rows, head = len(rows), rows[:N_ROWS_OF_HEAD]
    wanted = min(window_length, n_rows)
    tolerance = _rounding(head) * np.abs(head).max(axis=0)
    left = MOST_COMPARISONS + 16 * n_rows
    starts = _rows_like_the_first(rows[:, 0], tolerance[0])
    for n_alike in range(len(head) + 1):
        if len(starts) and starts[-1] + n_alike == n_rows:
            if n_alike >= min(window_length, (n_rows + 1) // 2):
                return None
            starts = starts[:-1]
        if not len(starts):
            return max(wanted, n_alike)
        left -= len(starts)
        if left < 0 or n_alike == len(head):
            return None
        for column, largest in enumerate(tolerance):
            off = np.abs(rows[starts + n_alike, column] - head[n_alike, column])
            starts = starts[off <= largest]
    return None


def _rows_like_the_first(values, tolerance):
    """Return the later rows of the first one's value, block by block: rows may be very many."""
    blocks = [
        begin + np.flatnonzero(np.abs(values[begin : begin + BLOCK] - values[0]) <= tolerance)
        for begin in range(1, len(values), BLOCK)
    ]
    return np.concatenate([np.empty(0, dtype=np.intp), *blocks])


def _rounding(rows):
    return 64 * np.finfo(rows.dtype).eps
