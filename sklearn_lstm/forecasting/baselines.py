"""The baselines that a forecast has to beat, and the season that one of them repeats."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from .ranges import range_sums

FEWEST_CHANGES = 6  # from which a season can be seen
FEWEST_SEASONS = 2  # that must be known before one counts as a season
LONGEST_UNNAMED_SEASON = 400  # looked for where the index does not tell hours from months
ALIKE = 1.25  # ratio of errors up to which the shorter season is taken
WEAKEST_SEASON = 0.3  # autocorrelation of the changes at a season that is found without a name
MOST_STEPS_COMPARED = 8  # of the horizon, by which the error of the last value is known well


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
    return [round(span) for span in spans if 1 < span < 1000 and span == round(span)]


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
    for values in sorted(series, key=len)[-10:]:
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
    return lags[np.argsort(-correlation[lags])][:3].tolist()
