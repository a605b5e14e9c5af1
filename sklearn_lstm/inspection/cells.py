"""The parts of windows that are replaced: segments of steps, features, and all of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Cell(NamedTuple):
    """Some steps of some features, the steps ``first`` to ``end`` and so on; ends are excluded."""

    first_step: int
    end_step: int
    first_feature: int
    end_feature: int

    @property
    def index(self):
        """tuple of slice : The cell in an array of windows."""
        steps = slice(self.first_step, self.end_step)
        return slice(None), steps, slice(self.first_feature, self.end_feature)


class Grid:
    """The cells of windows.

    Parameters
    ----------
    lags : ndarray of int, shape (n_timesteps,)
        How long before the last known row each step is; negative ones are steps to come.

    is_seen : ndarray of bool, shape (n_timesteps, n_features)
        What predictions can rest on.

    length : int
        Steps of a segment. They are counted from lag 0 into the past, and from the first step to
        come on, so the farthest of each may be shorter.
    """

    def __init__(self, lags, is_seen, length):
        n_past, n, n_features = int((lags >= 0).sum()), len(lags), is_seen.shape[1]
        past = [(max(0, end - length), end) for end in range(n_past, 0, -length)][::-1]
        ahead = [(begin, min(begin + length, n)) for begin in range(n_past, n, length)]
        segments = past + ahead
        self.lags = np.array(
            [lags[end - 1] if end <= n_past else lags[begin] for begin, end in segments]
        )
        self.segments = [
            [
                Cell(begin, end, feature, feature + 1)
                if is_seen[begin:end, feature].any()
                else None
                for feature in range(n_features)
            ]
            for begin, end in segments
        ]
        self.by_lag = [Cell(begin, end, 0, n_features) for begin, end in segments]
        self.by_feature = [Cell(0, n, feature, feature + 1) for feature in range(n_features)]
        self.everything = Cell(0, n, 0, n_features)

    @property
    def cells(self):
        """list of Cell : Each once, though of one feature a lag has a single segment."""
        of_segments = (cell for row in self.segments for cell in row if cell is not None)
        return list(dict.fromkeys([*of_segments, *self.by_lag, *self.by_feature, self.everything]))
