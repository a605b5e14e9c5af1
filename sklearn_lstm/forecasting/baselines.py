"""The baselines that a forecast has to beat, and the season that one of them repeats."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from .ranges import range_sums

# What is found without a name was tried on made-up series of 60 and 200 rows: random walks, white
# noise and an AR(1) of 0.7, which have no season, and patterns of 7 and of 12 rows, once and twice
# as large as the noise upon them; the horizon was 6.
FEWEST_CHANGES = 6  # a season of 3 twice: with 4, an eighth of noises of 5 rows had a season
FEWEST_SEASONS = 2  # the fewest to compare; with 3 or 4 as many of the true ones were found
LONGEST_UNNAMED_SEASON = 400  # a year of days fits; a year of hours is known by the index alone
# Twice a season repeats as well as the season itself, but for chance: with a ratio of 1 the true
# one was found in 30 % of series, with 1.1 in 71 %, with 1.25 or 1.5 in 87 %.
ALIKE = 1.25  # ratio of errors up to which the shorter season is taken
# With 0.2 a season was seen in 30 % of series without one, with 0.3 in 6 % (white noise of 60 rows
# above all), with 0.4 in 1 %; but of seasons a little weaker than their noise 0.3 found 53 to 83 %,
# 0.4 only 25 to 56 %.
WEAKEST_SEASON = 0.3  # autocorrelation of the changes at a season that is found without a name
# Of seasons as large as their noise 8 steps out of 24 found 88 %, one step 77 %, all of them 83 %.
MOST_STEPS_COMPARED = 8  # of the horizon, by which the error of the last value is known well
# One peak found 75 % of the patterns, two 94 %, three 96 %, six 97 %; each takes time to compare.
MOST_PEAKS = 3
# Peaks by chance add up: of 30 short series without a season one was seen in 30 % of cases if 10
# were looked at, in 48 % if all were. One alone might be the odd one of a panel.
MOST_SERIES_SEARCHED = 10
LONGEST_USUAL_SEASON = 1000  # rows: three of the longest windows; a day of minutes is longer


def persistence(values, begins, n_known, n_steps):
    """Repeat the last known value.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        Of one series, or of several end to end. A missing value is forecast as it is:
        see :func:`last_values`.

    begins : ndarray of int, shape (n_origins,)
        Where the series of each origin begins.

    n_known : ndarray of int, shape (n_origins,)
        How many rows of it are known at each origin.

    n_steps : int

    Returns
    -------
    forecast : ndarray of shape (n_origins, n_steps, n_columns)
    """
    return seasonal_naive(values, begins, n_known, n_steps, season_length=1)


def seasonal_naive(values, begins, n_known, n_steps, season_length):
    """Repeat the last known season.

    Parameters
    ----------
    values, begins, n_known, n_steps : as for :func:`persistence`

    season_length : int
        Rows in a season.

    Returns
    -------
    forecast : ndarray of shape (n_origins, n_steps, n_columns)
        The last value where no season was known yet.
    """
    begins, n_known = begins[:, np.newaxis], n_known[:, np.newaxis]
    rows = n_known - season_length + np.arange(n_steps) % season_length
    return values[begins + np.where(rows >= 0, rows, n_known - 1)]


def last_values(values, offsets):
    """Put the last value before it in the place of a missing one, in each series by itself.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)

    offsets : ndarray of int, shape (n_series + 1,)
        Series ``i`` has the rows ``offsets[i]`` to ``offsets[i + 1]``.

    Returns
    -------
    values : ndarray of shape (n_rows, n_columns)
        What is missing at the begin of a series stays so.
    """
    counts = np.isfinite(values)
    if counts.all():
        return values
    counts[offsets[:-1][np.diff(offsets) > 0]] = True
    rows = np.where(counts, np.arange(len(values))[:, np.newaxis], 0)
    return np.take_along_axis(values, np.maximum.accumulate(rows, axis=0), axis=0)


def infer_season_length(series, freq=None, longest=None, horizon=1):
    """Find after how many rows a series repeats itself best.

    For a frequency of pandas the usual seasons compete: the day and the week of what is more
    frequent than daily, the week and the year of days, the year of weeks, months and quarters.
    Otherwise those lags at which the changes of the series correlate most, or its values, where
    these are nearer to each other than at half the lag.

    Parameters
    ----------
    series : list of ndarray of shape (n_rows, n_columns)
        One or more series of that frequency.

    freq : str or number, default=None
        As in ``LSTMForecaster.freq_``.

    longest : int, default=None
        Longest season to consider; None: any that is known twice.

    horizon : int, default=1
        Steps that are to be forecast: a season without a name has to repeat itself better than the
        last value lasts for so long.

    Returns
    -------
    season_length : int
        The season whose repetition has the smallest mean absolute error, or a shorter one that is
        about as good; 1 if none is known twice.
    """
    twice = max(map(len, series)) // FEWEST_SEASONS
    longest = twice if longest is None else min(longest, twice)
    if longest < 1:
        return 1
    candidates = _usual_seasons(freq) if isinstance(freq, str) else _peaks(series, longest)
    if not isinstance(freq, str):
        candidates = sorted({*candidates, *_returns(series, longest)})
    errors = {
        season: _repetition_error(series, season) for season in candidates if season <= longest
    }
    errors = {season: error for season, error in errors.items() if np.isfinite(error)}
    if not isinstance(freq, str):  # found by its look only, so it has to earn its name
        steps = np.unique(np.linspace(1, horizon, MOST_STEPS_COMPARED).round().astype(int))
        as_before = np.mean([_repetition_error(series, step) for step in steps if step <= twice])
        errors = {season: error for season, error in errors.items() if error < as_before}
    if not errors:
        return 1
    smallest = min(errors.values())
    return min(season for season, error in errors.items() if error <= ALIKE * smallest)


def seasonal_errors(values, offsets, season_length):
    """Return the mean absolute change from one season to the next.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        Of all series, end to end.

    offsets : ndarray of int, shape (n_series + 1,)

    season_length : int

    Returns
    -------
    errors : ndarray of shape (n_series, n_columns)
        NaN where no value and the one a season before it are known.
    """
    starts, n_changes = offsets[:-1], np.diff(offsets) - season_length
    changes = np.abs(values[season_length:] - values[:-season_length]).T
    known = np.isfinite(changes)
    total = range_sums(np.where(known, changes, 0), starts, n_changes)
    n_known = range_sums(known, starts, n_changes)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(n_known > 0, total / n_known, np.nan).T


def _repetition_error(series, season_length):
    """Mean over series and columns of the seasonal error, each relative to its spread."""
    relative = [
        seasonal_errors(values, np.array([0, len(values)]), season_length)[0]
        / np.nanstd(values, axis=0)
        for values in series
        if len(values) >= FEWEST_SEASONS * season_length and (np.nanstd(values, axis=0) > 0).all()
    ]
    return float(np.mean(relative)) if relative else np.nan


def _usual_seasons(freq):
    count, name = re.findall(r"(\d*)([A-Za-z]*)", freq)[0]
    n_units = int(count or 1)
    by_name = {"B": [5, 260], "W": [52], "D": [7, 365]}
    if name in by_name and n_units == 1:
        return by_name[name]
    months = {"M": 1, "Q": 3, "Y": 12}.get(name.removeprefix("B").removesuffix("S")[:1])
    if months is not None:
        return [season for season in [12 // (months * n_units)] if season > 1]
    try:
        step = pd.Timedelta(to_offset(freq))
    except (TypeError, ValueError):
        return []
    spans = [pd.Timedelta(days=days) / step for days in (1, 7, 365)]
    return [
        round(span) for span in spans if 1 < span < LONGEST_USUAL_SEASON and span == round(span)
    ]


def _peaks(series, longest):
    """Lags at which the autocorrelation of the changes has a peak, in a few of the series."""
    return _peaks_of_some(series, longest, partial(np.diff, axis=0))


def _returns(series, longest):
    """Lags at which values come back, noisy as they are: changes of noise correlate with nothing.

    Of a random walk the autocorrelation has peaks by chance, but it is nearer to itself at half of
    such a lag.
    """
    lags = _peaks_of_some(series, longest, np.asarray)
    error = partial(_repetition_error, series)
    return [lag for lag in lags if error(lag) < error(max(1, lag // 2))]


def _peaks_of_some(series, longest, seen):
    found = set()
    for values in sorted(series, key=len)[-MOST_SERIES_SEARCHED:]:
        filled = pd.DataFrame(values).interpolate().bfill().to_numpy()
        for column in seen(filled).T:
            found.update(_peaks_of(column, min(longest, LONGEST_UNNAMED_SEASON)))
    return sorted(found)


def _peaks_of(changes, longest):
    n = len(changes)
    if n < FEWEST_CHANGES:
        return []
    without_mean = changes - changes.mean()
    spectrum = np.fft.rfft(without_mean, 2 * n)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:n]
    if not correlation.size or correlation[0] <= 0:
        return []
    correlation = correlation[: longest + 2] / correlation[0]
    inner = correlation[1:-1]
    is_peak = (inner > correlation[:-2]) & (inner > correlation[2:]) & (inner > WEAKEST_SEASON)
    lags = 1 + np.flatnonzero(is_peak)
    lags = lags[lags > 1]
    return lags[np.argsort(-correlation[lags])][:MOST_PEAKS].tolist()
