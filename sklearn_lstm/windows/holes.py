"""Where a time index skips steps that it usually takes."""

import numpy as np
import pandas as pd

# Months have 28 to 31 days, a day 23 to 25 hours where clocks are changed; a step that is missing
# makes it two.
LONGEST_STEP = 1.5


def come_after_holes(times, begins_series):
    """Tell which rows come more than one usual step after the one before.

    The usual step of a series is the median distance of its rows, if more than half of them keep
    it; else the series is irregular, and has no holes. Rows that are never at a weekend step by
    business days.

    Parameters
    ----------
    times : DatetimeIndex or TimedeltaIndex of length n_rows
        Increasing within each series, one series after the other.

    begins_series : ndarray of bool, shape (n_rows,)

    Returns
    -------
    after_hole : ndarray of bool, shape (n_rows,)
    """
    after_hole = np.zeros(len(times), dtype=bool)
    within = np.flatnonzero(~begins_series)
    if not len(within):
        return after_hole
    series = np.cumsum(begins_series)[within]
    in_steps = _relative_to_median(np.diff(_in_nanoseconds(times))[within - 1], series)
    if _are_business_days(times):
        days = np.diff(_business_days(times))[within - 1]
        in_steps = np.where(in_steps > LONGEST_STEP, days, in_steps)
    keeps_step = np.abs(in_steps - 1) <= LONGEST_STEP - 1
    is_regular = pd.Series(keeps_step).groupby(series).transform("mean").to_numpy() > 0.5
    after_hole[within] = is_regular & (in_steps > LONGEST_STEP)
    return after_hole


def _relative_to_median(distances, series):
    return distances / pd.Series(distances).groupby(series).transform("median").to_numpy()


def _in_nanoseconds(times):
    return times.as_unit("ns").asi8.astype(np.float64)


def _are_business_days(times):
    if not isinstance(times, pd.DatetimeIndex) or (times.day_of_week >= 5).any():
        return False
    return bool((times == times.normalize()).all())


def _business_days(times):
    """Number the business days."""
    days = times.tz_localize(None).to_numpy().astype("datetime64[D]")
    return np.busday_count(np.datetime64("1970-01-01"), days)
