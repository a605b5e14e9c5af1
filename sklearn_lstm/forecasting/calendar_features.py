"""Where a timestamp lies in its day, its week and its year, as sine and cosine."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

DAY = pd.Timedelta(days=1)
LONGEST_STEP_OF_YEAR = 300 * DAY  # of what comes once a year nothing is left to tell
SHORTEST_SPAN_OF_YEARS = 500 * DAY  # below, a year is not seen twice, and its sine is a trend


class CalendarFeatures:
    """Sines and cosines of the cycles that timestamps run through.

    Parameters
    ----------
    cycles : tuple of (str, int)
        Some of ``"day"``, ``"week"`` and ``"year"``, and by how many sines and cosines each is
        described.

    Notes
    -----
    A sine and cosine of a time ahead are a linear function of those of now, so that features of the
    last step of a window tell a linear model all about the steps that it predicts.
    """

    def __init__(self, cycles):
        self.cycles = tuple(cycles)

    @classmethod
    def of(cls, panel):
        """Choose the cycles that the timestamps of a panel can tell apart.

        Parameters
        ----------
        panel : Panel

        Returns
        -------
        features : CalendarFeatures
            Without a cycle for rows that have no timestamps, or are numbered.
        """
        timestamps = _dates_of(panel.calendars)
        if timestamps is None:
            return cls(())
        step, cycles = _length_of(panel.calendars), []
        if step < DAY:
            cycles.append(("day", 4))
        if step <= DAY:
            cycles.append(("week", 3))
        if step < LONGEST_STEP_OF_YEAR and timestamps[-1] - timestamps[0] > SHORTEST_SPAN_OF_YEARS:
            cycles.append(("year", 3 if step < 80 * DAY else 2))
        return cls(cycles)

    @property
    def n_features(self):
        """int : A sine and a cosine for each harmonic."""
        return 2 * sum(n_harmonics for _, n_harmonics in self.cycles)

    def of_rows(self, calendars):
        """Return the features of all rows of a panel, shape (n_rows, n_features)."""
        if not self.cycles:
            return np.empty((int(calendars.n_steps.sum()), 0))
        timestamps, codes = calendars.joined()
        return self._at(timestamps)[codes]

    def at(self, calendars, numbers, places):
        """Return the features at places on the grids of series.

        Parameters
        ----------
        calendars : Calendars

        numbers : ndarray of int, shape (n,)
            Number of the series of each row of places.

        places : ndarray of int, shape (n, n_steps)
            Those before the begin of the grid are taken for its begin.

        Returns
        -------
        features : ndarray of shape (n, n_steps, n_features)
        """
        found = np.empty((*places.shape, self.n_features))
        if not self.cycles or not len(places):
            return found
        codes = calendars.codes[numbers]
        for code in np.unique(codes):
            chosen = np.flatnonzero(codes == code)
            wanted = np.maximum(places[chosen], 0)
            begin, end = wanted.min(), wanted.max() + 1
            timestamps = calendars.grids[code].upto(end)[begin:end]
            found[chosen] = self._at(timestamps)[wanted - begin]
        return found

    def _at(self, timestamps):
        if isinstance(timestamps, pd.PeriodIndex):
            timestamps = timestamps.to_timestamp()
        columns = []
        for name, n_harmonics in self.cycles:
            phase = 2 * np.pi * _phase(name, timestamps)
            for k in range(1, n_harmonics + 1):
                columns += [np.sin(k * phase), np.cos(k * phase)]
        return np.column_stack(columns)


def _phase(cycle, timestamps):
    """Return how far in its cycle each timestamp is, between 0 and 1."""
    if cycle == "day":
        return (timestamps.hour + (timestamps.minute + timestamps.second / 60) / 60) / 24
    if cycle == "week":
        return timestamps.day_of_week / 7
    return timestamps.day_of_year / 365.25


def _dates_of(calendars):
    """Return timestamps from the first to the last of some grid, None if they are no dates."""
    if calendars.grids[0] is None or not len(calendars):
        return None
    timestamps = calendars[int(calendars.n_steps.argmax())].timestamps
    if isinstance(timestamps, pd.PeriodIndex):
        timestamps = timestamps.to_timestamp()
    return timestamps if isinstance(timestamps, pd.DatetimeIndex) and len(timestamps) else None


def _length_of(calendars):
    """Return about how long a step is."""
    freq = calendars.freq
    if isinstance(calendars.grids[0].timestamps, pd.PeriodIndex):  # whose "M" is no offset's name
        two = pd.period_range("2001-01-01", periods=2, freq=freq).to_timestamp()
    else:
        two = pd.date_range("2001-01-01", periods=2, freq=to_offset(freq))
    return two[1] - two[0]
