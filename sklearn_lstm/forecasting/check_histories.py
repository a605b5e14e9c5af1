"""Whether what is known of series is enough to learn from and to forecast them."""

from __future__ import annotations

import warnings

import numpy as np

MOST_NAMED = 3  # series or columns of a message
MOST_STEPS = 1_000_000  # of a forecast, which is fed back step by step beyond the fitted horizon


def named(names):
    """Return the first few names, and how many there are beside them."""
    names = list(names)
    rest = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def check_horizon(horizon):
    """Refuse to forecast for ever."""
    if int(horizon) > MOST_STEPS:
        raise ValueError(
            f"horizon={horizon!r} is too far: no more than {MOST_STEPS} steps are forecast. "
            "Forecast fewer, or fit means of longer spans (resample)."
        )


def warn_of_short(panel, core, *, stacklevel=4):
    """Name the series that are too short for members to learn from.

    Parameters
    ----------
    panel : Panel

    core : PanelForecaster
        Fitted to it.

    stacklevel : int, default=4
        The default is that of a method that scikit-learn wraps.
    """
    needed = core.n_history + core.n_ahead
    is_short = panel.lengths < needed
    if not is_short.any():
        return
    is_lost = core.has_no_history(panel)
    lost = [panel.series[i].name for i in np.flatnonzero(is_lost)]
    room = int(panel.lengths.min()) - core.n_ahead
    shorten = f"set window_length={room}, " if room > 0 else ""
    fate = (
        f" The forecast of {named(lost)} is NaN: {shorten}give more values, or leave them out."
        if lost
        else " They are forecast by what the others tell."
    )
    warnings.warn(
        f"{is_short.sum()} of {len(panel)} series have fewer than {needed} values, so that "
        f"nothing is learned from them: {named(_with_lengths(panel, is_short))}." + fate,
        UserWarning,
        stacklevel=stacklevel,
    )


def check_lengths(panel, n_history):
    """Refuse other series than those of fit that are shorter than a window."""
    is_short = panel.lengths < n_history
    if is_short.any():
        n_short, n_series = is_short.sum(), len(panel)
        which = panel.series[0].name if n_series == 1 else f"{n_short} of {n_series} series"
        them = "it" if n_short == 1 else "them"
        raise ValueError(
            f"{which} {'is' if n_short == 1 else 'are'} too short, a window takes {n_history} "
            f"values: {named(_with_lengths(panel, is_short))}. Give more values of {them}, or "
            f"leave {them} out."
        )


def _with_lengths(panel, is_chosen):
    chosen = [panel.series[i] for i in np.flatnonzero(is_chosen)]
    return [f"{one.name} has {len(one)} value{'s' if len(one) > 1 else ''}" for one in chosen]


def check_histories(panel, is_broken, core, *, is_other):
    """Say why there is no forecast, and which values would help.

    Parameters
    ----------
    panel : Panel

    is_broken : ndarray of bool, shape (n_series, n_columns)
        What has no forecast.

    core : PanelForecaster

    is_other : bool
        Whether these are other series than were fitted.
    """
    if not is_other:  # fit has named those that are too short
        is_broken = is_broken & ~core.has_no_history(panel)[:, np.newaxis]
    if not is_broken.any():
        return
    number, n_columns = int(is_broken.any(axis=1).argmax()), panel.y_all.shape[1]
    series, y = panel.series[number], panel.series[number].y
    name = series.name
    if core.columns in ("shared", "separate"):
        column = int(is_broken[number].argmax())
        name, y = panel.titles[number * n_columns + column], y[:, [column]]
    begin = max(0, len(series) - core.n_history)
    is_missing = np.isnan(y[begin:]).any(axis=1) | np.isnan(series.X[begin:]).any(axis=1)
    if not is_missing.any():
        raise ValueError(
            f"The regressor predicts NaN for {name}, whose last window has no missing value. "
            "Look at the regressor, or at the covariates of the future."
        )
    share = " more than half" if core.fills else f" {is_missing.sum()}"
    later = "Give it later values, or " if is_other else "Bring later values with update(...), or "
    raise ValueError(
        f"The last window of {name} lacks{share} of its {core.n_history} values, "
        f"first {series.timestamp(begin + int(is_missing.argmax()))}. {later}"
        + ("fill them." if core.fills else "fit with missing='interpolate'.")
        + _long_form(panel, series)
    )


def _long_form(panel, series):
    """Return a sentence about columns that end early, empty if none does."""
    if panel.y_all.shape[1] == 1:
        return ""
    is_known = np.isfinite(series.y)
    lasts = len(series) - 1 - is_known[::-1].argmax(axis=0)
    early = np.flatnonzero(lasts < len(series) - 1)
    if not len(early) or panel.layout.levels is not None:
        return ""
    columns = [
        f"{panel.layout.columns[i]!r} after {series.timestamp(int(lasts[i]))}" for i in early
    ]
    code = (
        "y.unstack().dropna()" if panel.layout.is_pandas else "pd.DataFrame(y).unstack().dropna()"
    )
    return (
        f" Columns end early: {named(columns)}. As series of a panel each is forecast from its own "
        f"end on: fit({code})."
    )
