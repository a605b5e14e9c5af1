"""Windows as rows and where they begin: pure index arithmetic."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import as_strided


@dataclass(frozen=True)
class RowWindows:
    """Windows written as rows and beginnings: window ``i`` is ``rows[starts[i]:][:n_timesteps]``.

    Windows that overlap share their rows, so n windows of w steps take n + w - 1 rows of memory.
    """

    rows: np.ndarray
    starts: np.ndarray
    n_timesteps: int

    def __getitem__(self, selection):
        return replace(self, starts=self.starts[selection])

    def __len__(self):
        return len(self.starts)

    def to_array(self):
        """Write the windows out, shape ``(n_samples, n_timesteps, n_features)``."""
        return self.rows[self.starts[:, np.newaxis] + np.arange(self.n_timesteps)]


def rows_of(windows):
    """Find the rows beneath an array of windows, without copying where they overlap in memory.

    Parameters
    ----------
    windows : ndarray of shape (n_samples, n_timesteps, n_features)

    Returns
    -------
    RowWindows
    """
    n_samples, n_timesteps, n_features = windows.shape
    if n_samples == 1:
        return RowWindows(windows[0], np.zeros(1, dtype=np.int32), n_timesteps)
    to_next_window, to_next_row, to_next_feature = windows.strides
    shift, remainder = divmod(to_next_window, to_next_row) if to_next_row else (0, 1)
    if remainder or not 0 < shift <= n_timesteps:
        windows = np.ascontiguousarray(windows)
        return RowWindows(
            windows.reshape(-1, n_features),
            np.arange(n_samples, dtype=np.int32) * n_timesteps,
            n_timesteps,
        )
    rows = as_strided(
        windows,
        shape=((n_samples - 1) * shift + n_timesteps, n_features),
        strides=(to_next_row, to_next_feature),
        writeable=False,
    )
    return RowWindows(rows, np.arange(n_samples, dtype=np.int32) * shift, n_timesteps)


def count_missing_history(windows):
    """Count the leading steps of each window that are missing, that is NaN in every feature.

    Parameters
    ----------
    windows : RowWindows

    Returns
    -------
    n_missing : ndarray of shape (n_samples,)
        Between 0 and ``n_timesteps``.
    first_bad : tuple of (int, int) or None
        Sample and step of the first NaN or infinity that is not missing history.
    """
    finite = np.isfinite(windows.rows).all(axis=1)
    starts, w = windows.starts, windows.n_timesteps
    if finite.all():
        return np.zeros(len(starts), dtype=np.int64), None
    missing = _count_before(np.isnan(windows.rows).all(axis=1))
    unusable = _count_before(~finite)
    n_missing = missing[starts + w] - missing[starts]
    n_unusable = unusable[starts + w] - unusable[starts]
    leading = missing[starts + n_missing] - missing[starts] == n_missing
    bad = (n_unusable > n_missing) | ~leading | (n_missing == w)
    if not bad.any():
        return n_missing, None
    sample = int(bad.argmax())
    window = windows.rows[starts[sample] :][:w]
    known = ~np.isnan(window).all(axis=1)
    n_leading = int(known.argmax()) if known.any() else 0
    step = n_leading + int((~np.isfinite(window[n_leading:])).any(axis=1).argmax())
    return n_missing, (sample, step)


def _count_before(flags):
    return np.concatenate([[0], np.cumsum(flags, dtype=np.int32)], dtype=np.int32)
