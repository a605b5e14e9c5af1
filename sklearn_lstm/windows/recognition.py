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
    return _agree(rows, head, _tolerance(rows, head))


def is_later_stretch(rows, head, last, window_length):
    """Tell whether rows are fitted ones that come after the first, known by their values.

    A stretch that is no shorter than a window, and twice as long as any that comes a second time,
    since what comes twice by chance would do so again after ``fit``. The fitted row before it must
    not be like the last one, or the series may repeat itself, and the rows follow; nor like the
    first of the stretch, since cycles at rest between begin alike.

    Parameters
    ----------
    rows, head : ndarray of shape (n_rows, n_features) and (n_head, n_features)

    last : ndarray of shape (n_features,)
        The last fitted row.

    window_length : int
    """
    tolerance = _tolerance(rows, head)
    for place in _later_places(rows, head, window_length, tolerance):
        n_alike = min(len(rows), len(head) - place)
        off = np.abs(head[place - 1] - [last, rows[0]])
        may_follow = (off <= tolerance).all(axis=1).any()
        if not may_follow and not _comes_twice(head, n_alike // 2, tolerance):
            return True
    return False


def place_of_fitted(rows, head, n_telling):
    """Return where among rows, after the first, the fitted ones begin; None if nowhere.

    Parameters
    ----------
    rows, head : ndarray of shape (n_rows, n_features) and (n_head, n_features)

    n_telling : int
        How many of the first rows have to be there, at least.
    """
    tolerance = _tolerance(rows, head)
    for place in _later_places(head, rows, n_telling, tolerance):
        if not _comes_twice(head, min(len(rows) - place, len(head)) // 2, tolerance):
            return int(place)
    return None


def _later_places(rows, others, n_least, tolerance):
    """Return the places among others, the first apart, from which on rows are like them."""
    if min(len(rows), len(others) - 1) < n_least:
        return []
    places = _later_rows_like(others[: len(others) - n_least + 1, 0], rows[0, 0], tolerance[0])
    for i in range(n_least):
        for column, largest in enumerate(tolerance):
            off = np.abs(others[places + i, column] - rows[i, column])
            places = places[off <= largest]
    return [place for place in places if _agree(rows, others[place:], tolerance)]


def _comes_twice(rows, n, tolerance):
    """Tell whether any stretch of n rows comes a second time."""
    for lag in range(1, len(rows) - n + 1):
        # The first column alone nearly always says no.
        for columns in (slice(1), slice(None)):
            off = np.abs(rows[lag:, columns] - rows[:-lag, columns])
            ends = np.flatnonzero((off > tolerance[columns]).any(axis=1))
            if np.diff(ends, prepend=-1, append=len(off)).max() <= n:
                break
        else:
            return True
    return False


def _agree(rows, others, tolerance):
    n = min(len(rows), len(others))
    return bool((np.abs(rows[:n] - others[:n]) <= tolerance).all())


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
    starts = _later_rows_like(rows[:, 0], rows[0, 0], tolerance[0])
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


def _later_rows_like(values, value, tolerance):
    """Return the rows of this value after the first, block by block: they may be very many."""
    blocks = [
        begin + np.flatnonzero(np.abs(values[begin : begin + BLOCK] - value) <= tolerance)
        for begin in range(1, len(values), BLOCK)
    ]
    return np.concatenate([np.empty(0, dtype=np.intp), *blocks])


def _tolerance(rows, head):
    return max(_rounding(head), _rounding(rows)) * np.abs(head).max(axis=0)


def _rounding(rows):
    return 64 * np.finfo(rows.dtype).eps
