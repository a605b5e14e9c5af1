"""From the look of a series to the settings that are not given: window, logarithm, members."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV

from .._regressor import LSTMRegressor
from .baselines import infer_season_length
from .calendar_features import CalendarFeatures
from .member import MemberSettings
from .normalize import of_usual_size
from .smoothing import ExponentialSmoothing

# Chosen on the stretches before the test parts of a dozen series, but for what says otherwise.
SHORTEST_WINDOW, LONGEST_WINDOW = 14, 192
LONG_SEASON, LONGEST_SEASON, N_LONG_SEASONS = 24, 191, 4
LONGEST_MEMORY = 60
# There the best number of epochs was between four and thirty where windows were thousands.
N_UPDATES, FEWEST_EPOCHS, MOST_EPOCHS = 1250, 5, 75
SMALLEST_BATCH, LARGEST_BATCH, UPDATES_OF_AN_EPOCH = 32, 256, 300
# On ETTh1 segments of 24 in windows of 96 had a lower error, and a twelfth of the time of a fit.
FEWEST_STEPS_CUT, LONGEST_SEGMENT = 48, 24
FEWEST_FOR_LOG = 48  # a few dozen values are too short to tell
DRIFT = 0.5  # standard deviations between the last quarter and the rest
GROWTH = 1.25  # ratio of changes at high and at low level
# A window of the long members holds two weeks of hours; of shorter seasons, twice what others hold.
# Where there were not four times as many of them as they have steps, errors were larger.
LONGEST_LONG_WINDOW, FEWEST_LONG_WINDOWS = 336, 4
# Eight seasons are what exponential smoothing can make use of, and 400 steps what it does soon.
MOST_SEASONS_SMOOTHED, LONGEST_SMOOTHED, LONGEST_WITHOUT_SEASON = 8, 400, 60
FEWEST_TO_SMOOTH = 12  # windows, by which the smoothing parameters are compared
FEWEST_FOR_RIDGE = 3  # windows, each of which is left out in turn to choose the penalty
RIDGE_ALPHAS = np.logspace(-2, 5, 8)
# More windows tell a linear regressor nothing new, and would have to be written out.
MOST_WINDOWS_OF_RIDGE, MOST_WINDOWS_SMOOTHED = 10_000, 1500
WIDEST_JOINT = 400  # values in a window that a ridge reads of all columns together
WIDEST_RIDGE = 1000  # values in a window, covariates among them: wider ones take it minutes
# A calendar is written out beside the rows: of more values than 400 MB hold there is none.
MOST_CALENDAR_VALUES = 50_000_000
# Of panels cut to uneven lengths, the last rows held out and nothing set, the MASE where the
# shortest series counts, and shares of 0.5, 0.75 and 1 of the median length decide which one does:
# 40 of days, 20 to 1,649 values            .847  .805  .805  .805
# 42 of hours, 30 to 974                    6.67  1.17  1.19  1.21
# the same, 35 to 878                       5.25  1.15  1.17  1.12
# 45 of weeks, six of 17 to 20, others 130  1.09  .604  .604  .604
# the same, 20 to 125                       1.03  .734  .689  .707
# the same, 21 to 122                       .781  .747  .690  .702
# Above 0.5 weeks gain what hours lose, and more series are too short to be learned from.
SHARE_OF_MEDIAN = 0.5

# Of more series, so many evenly spaced ones are looked at: medians over a thousand are as good as
# certain, and over all of 30,000 they would take longer than a linear regressor to train.
MOST_SERIES_LOOKED_AT = 1000


class Window(NamedTuple):
    """How long a window should be, why, and after how many steps the series repeat themselves."""

    length: int
    reason: str
    season_length: int | None = None


def looked_at(panel):
    """Return the values of the series of a panel, or of a thousand evenly spaced ones.

    Parameters
    ----------
    panel : Panel

    Returns
    -------
    series : list of ndarray of shape (n_steps, n_columns)
        NaN is missing. Values of which squares would overflow or vanish are divided.
    """
    n_series = len(panel)
    if n_series <= MOST_SERIES_LOOKED_AT:
        return [of_usual_size(one.y) for one in panel.series]
    numbers = np.linspace(0, n_series - 1, MOST_SERIES_LOOKED_AT).round().astype(int)
    return [of_usual_size(panel.series[number].y) for number in numbers]


def shortest_that_counts(panel):
    """Return the length of the shortest series, but for those shorter than half the median.

    A window that suits these would be too short for all the others. Of two series the shorter one
    counts unless the other is more than three times as long.
    """
    lengths = panel.lengths
    return int(lengths[lengths >= SHARE_OF_MEDIAN * np.median(lengths)].min())


def choose_window(panel, horizon, *, suits_all=False):
    """Choose the length of windows.

    Parameters
    ----------
    panel : Panel

    horizon : int

    suits_all : bool, default=False
        Whether the shortest series counts, too, however much shorter it is than the others.

    Returns
    -------
    Window
    """
    series, freq = looked_at(panel), panel.freq
    shown = infer_season_length(series, freq, horizon=horizon)
    season = short_season(panel, horizon) if shown > LONGEST_SEASON else shown
    shortest = int(panel.lengths.min()) if suits_all else shortest_that_counts(panel)
    room = max(1, (shortest - horizon) // 2)
    if season > 1:
        n_seasons = _n_seasons(season, room)
        wanted = n_seasons * season + (season < LONG_SEASON or n_seasons == 1)
        counted = "one season" if n_seasons == 1 else f"{n_seasons} seasons"
        reason = f"{counted} of {season} steps{' and a step' if wanted % season else ''}"
    else:
        memory = _memory(series)
        wanted = max(2 * SHORTEST_WINDOW, memory + 1)
        is_too_long = shown > LONGEST_SEASON
        reason = f"a season of {shown} steps is too long" if is_too_long else "no season"
        reason += "; changes " + (
            f"are correlated up to {memory} steps apart" if memory else "are not correlated"
        )
    if wanted > room:
        among = " of the shortest series" if len(panel) > 1 else ""
        reason += f"; cut to {room}: no more than half of {shortest} values{among}, {horizon} ahead"
    return Window(min(wanted, room), reason, shown)


def short_season(panel, horizon):
    """Return the length of the season that windows can hold several times, 1 if there is none."""
    series = looked_at(panel)
    return infer_season_length(series, panel.freq, longest=LONGEST_SEASON, horizon=horizon)


def _n_seasons(season, room):
    """Two weeks of days, two years of months, four days of hours.

    With a step more a window holds the last season's value and its predecessor; several long
    seasons do that anyway, and can be cut in segments.
    """
    if season < LONG_SEASON:
        return -(-SHORTEST_WINDOW // season)
    return max(1, min(N_LONG_SEASONS, LONGEST_WINDOW // season, room // season))


def _memory(series):
    """Return the largest lag at which changes are still correlated, in the median of the series."""
    lags = []
    for values in series:
        changes = np.diff(pd.DataFrame(values).interpolate().bfill().to_numpy(), axis=0)
        lags += [_last_correlated(column) for column in changes.T]
    return int(np.median(lags))


def _last_correlated(changes):
    n = len(changes)
    centered = changes - changes.mean() if n else changes
    if not n or not centered.any():
        return 0
    spectrum = np.fft.rfft(centered, 2 * n)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: min(n, LONGEST_MEMORY)]
    is_certain = np.abs(correlation[1:]) > 3 / np.sqrt(n) * correlation[0]
    return int(1 + np.flatnonzero(is_certain)[-1]) if is_certain.any() else 0


def choose_log(panel, *, is_alone=False):
    """Whether all values are positive, the level of most columns wanders, and changes grow with it.

    Series of a few dozen values are too short to tell.

    Parameters
    ----------
    panel : Panel

    is_alone : bool, default=False
        Whether nothing else was given either. Members then learn logarithms of several series that
        are positive, whatever their changes: on hourly, daily and weekly panels the MASE was 4 to
        9 % lower on validation stretches.

    Returns
    -------
    is_log : bool

    reason : str
        Why.
    """
    if not _is_positive(panel):
        return False, "not all values are positive"
    columns = [column for values in looked_at(panel) for column in values.T]
    long_enough = [column for column in columns if np.isfinite(column).sum() >= FEWEST_FOR_LOG]
    if len(long_enough) <= len(columns) / 2:
        return False, f"fewer than {FEWEST_FOR_LOG} values are too few to tell"
    if is_alone and len(panel) > 1:
        return True, "several series, all positive"
    if float(np.median([_drift(column) for column in long_enough])) <= DRIFT:
        return False, "the level does not wander"
    if float(np.median([_growth(column) for column in long_enough])) <= GROWTH:
        return False, "changes do not grow with the level"
    return True, "the level wanders, and changes grow with it"


def _is_positive(panel):
    """Tell whether every column of every series holds values, and all are above zero."""
    if (panel.y <= 0).any():
        return False
    is_missing = np.isnan(panel.y)
    return not (is_missing.any() and panel.reduced(np.logical_and, is_missing).any())


def _drift(values):
    """Return by how many standard deviations the last quarter lies off the rest."""
    known = values[np.isfinite(values)]
    rest, last = np.split(known, [3 * len(known) // 4])
    scale = rest.std()
    return abs(last.mean() - rest.mean()) / scale if scale > 0 else 0.0


def _growth(values):
    """Return how much larger changes are above the median than below it."""
    level, change = values[:-1], np.abs(np.diff(values))
    is_known = np.isfinite(change)
    level, change = level[is_known], change[is_known]
    is_high = level > np.median(level) if len(level) else level
    if not np.any(is_high) or not change[~is_high].any():
        return 1.0
    return change[is_high].mean() / change[~is_high].mean()


def count_windows(panel, window_length, horizon):
    """Return how many windows of a panel have ``horizon`` steps after them."""
    return int(np.maximum(0, panel.lengths - window_length - horizon + 1).sum())


def default_members(panel, horizon, n_ahead, *, window, calendar, given):
    """Choose the members of a forecast.

    Parameters
    ----------
    panel : Panel

    horizon, n_ahead : int
        Steps that are forecast, and that a regressor predicts at once.

    window : Window
        As :func:`choose_window` returns it, or as given.

    calendar : CalendarFeatures

    given : dict
        What is not left to choose, of ``window_length``, ``normalize`` and ``columns``.

    Returns
    -------
    members : list of MemberSettings
        An LSTM and a ridge with a calendar, each on a window of a few seasons and on a long one,
        and exponential smoothing; those that the series are long enough for. Where some are much
        shorter than the others, a ridge on a window that these have, too.
    """
    n_columns = panel.y_all.shape[1]
    season, long = short_season(panel, horizon), None
    if "window_length" not in given:
        long = _long_window(panel, horizon, season, window.length)
    make = partial(_default_member, panel, n_ahead, given)
    if len(panel.y) * calendar.n_features > MOST_CALENDAR_VALUES:
        calendar = CalendarFeatures(())

    def of_ridge(window):
        n_covariates = panel.X_all.shape[1]
        return {
            "regressor": RidgeCV(alphas=RIDGE_ALPHAS),
            "calendar": calendar,
            "max_windows": MOST_WINDOWS_OF_RIDGE,
            "sees_covariates": window.length * (1 + 2 * n_covariates) <= WIDEST_RIDGE,
        }

    is_wide = window.length * n_columns > WIDEST_JOINT
    members = [make("LSTM", window, columns="shared", calendar=calendar)]
    if count_windows(panel, window.length, n_ahead) >= FEWEST_FOR_RIDGE:
        members.append(
            make("ridge", window, columns="shared" if is_wide else "joint", **of_ridge(window))
        )
    shortest = int(panel.lengths.min())
    if "window_length" not in given and shortest < window.length and len(members) > 1:
        short = Window(shortest, f"all that the shortest series has, {shortest} values")
        members.append(make("short ridge", short, columns="shared", **of_ridge(short)))
    if long is not None:
        members += [
            make("long LSTM", long, columns="shared", normalize="window"),
            make("long ridge", long, columns="shared", **of_ridge(long)),
        ]
    smoothed = window if "window_length" in given else _smoothed_window(panel, horizon)
    if smoothed is not None:
        season = infer_season_length(looked_at(panel), panel.freq, horizon=horizon)
        season = season if season <= smoothed.length else 1
        is_separate = given.get("columns") == "separate"
        alone = {**given, "columns": "separate" if is_separate else "shared"}  # it knows no other
        member = _default_member(
            panel,
            n_ahead,
            alone,
            "smoothing",
            smoothed,
            columns="shared",
            regressor=ExponentialSmoothing(season),
            sees_covariates=False,
            max_windows=MOST_WINDOWS_SMOOTHED,
            season_length=None if "window_length" in given else season,
        )
        members.append(member)
    return members


def _default_member(panel, n_ahead, given, name, window, *, columns, **settings):
    """Put a member together; what is given takes the place of what was chosen."""
    columns = given.get("columns", columns)
    chosen: dict[str, Any] = {"normalize": "last", "calendar": CalendarFeatures(())} | settings
    if "normalize" in given:
        chosen["normalize"] = given["normalize"]
    if "regressor" not in chosen:
        n_windows = count_windows(panel, window.length, n_ahead)
        if columns == "separate":
            n_windows //= len(panel)
        elif columns == "shared":
            n_windows *= panel.y_all.shape[1]
        regressor = default_regressor(n_windows, window.length)
        chosen["regressor"] = regressor.set_params(ensemble_size=1)
    return MemberSettings(
        name=name, window_length=window.length, columns=columns, reason=window.reason, **chosen
    )


def _long_window(panel, horizon, season, length):
    """Return a window that is longer than the usual one, None if the series are too short for it.

    Those of the middle length decide: shorter ones are forecast by the other members.
    """
    n_steps = int(np.median(panel.lengths))
    if season >= LONG_SEASON:
        long = max(1, LONGEST_LONG_WINDOW // season) * season
        reason = f"{long // season} seasons of {season} steps"
    else:
        long = 2 * (length - 1) + 1 if season > 1 else 2 * length
        reason = "twice the usual one"
    is_known_twice = 2 * long <= n_steps - horizon
    n_windows = count_windows(panel, long, horizon)
    if long <= length or not is_known_twice or n_windows < FEWEST_LONG_WINDOWS * long:
        return None
    return Window(long, reason)


def _smoothed_window(panel, horizon):
    """Return whole seasons, as many as are of use and known; None if not even one is."""
    season = infer_season_length(looked_at(panel), panel.freq, horizon=horizon)
    n_steps = shortest_that_counts(panel)
    room = min(n_steps - horizon - max(horizon, season, FEWEST_TO_SMOOTH), 2 * n_steps // 3)
    if season == 1:
        length = min(room, LONGEST_WITHOUT_SEASON)
        return Window(length, "no season") if length > 1 else None
    n_seasons = min(MOST_SEASONS_SMOOTHED, room // season, max(2, LONGEST_SMOOTHED // season))
    if n_seasons < 1:
        return None
    counted = "one season" if n_seasons == 1 else f"{n_seasons} seasons"
    return Window(n_seasons * season, f"{counted} of {season} steps")


def default_regressor(n_windows, window_length):
    """Return the regressor of a forecaster that was given none.

    Small networks with a linear path beside them, trained briefly with a rate that falls to
    nothing, averaged: what did well on the stretch before the test part of a dozen series. Of very
    many windows each epoch draws some, so that the number of updates, and the time, is bounded.
    """
    batch_size = SMALLEST_BATCH
    while batch_size < LARGEST_BATCH and n_windows > 2 * batch_size * UPDATES_OF_AN_EPOCH:
        batch_size *= 2
    epochs = int(np.clip(N_UPDATES * batch_size / max(n_windows, 1), FEWEST_EPOCHS, MOST_EPOCHS))
    most = N_UPDATES * batch_size // FEWEST_EPOCHS
    return LSTMRegressor(
        32,
        segment_length=_segment_length(window_length),
        skip_connection=True,
        ensemble_size=3,
        dropout=0.2,
        loss="huber",
        learning_rate=0.005,
        learning_rate_schedule="cosine",
        batch_size=batch_size,
        epochs=epochs,
        max_samples=most if n_windows > most else None,
    )


def _segment_length(window_length):
    """Return the longest segments, up to 24 steps, that cut a long window evenly."""
    if window_length < FEWEST_STEPS_CUT:
        return None
    divisors = [n for n in range(2, LONGEST_SEGMENT + 1) if window_length % n == 0]
    return divisors[-1] if divisors else None
