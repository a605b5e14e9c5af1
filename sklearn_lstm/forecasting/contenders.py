"""Whatever can forecast from origins in the past, seen alike by the rolling origin."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Protocol

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from .._callbacks import inner_fit
from .._sklearn_private import validate_parameters
from .baselines import last_values, seasonal_naive
from .calendar import Calendars
from .check_regressor import check_regressor
from .conformal import NoIntervalError
from .extend import check_kind, read_other_panel
from .forecaster import LSTMForecaster
from .learn import learn
from .panel_forecaster import PanelForecaster
from .read_panel import nearest, read_panel, shown
from .time_series import Panel, check_values, name_of, warn_of_missing


@dataclass(frozen=True)
class Asked:
    """What is wanted of every forecast.

    Parameters
    ----------
    horizon : int
        Steps.

    coverage : float or None
        Share of the values that intervals are to cover.

    quantiles : list of float
        Levels.

    season_length : int
        Rows in a season.

    adaptive : bool
        Whether intervals go by the newest errors that are known at an origin.
    """

    horizon: Any
    coverage: float | None
    quantiles: list
    season_length: Any = None
    adaptive: bool = True

    @property
    def names(self):
        """Columns of a forecast."""
        bounds = [] if self.coverage is None else ["lower", "upper"]
        return ["y_pred", *bounds, *self.quantiles]


class Contender(Protocol):
    """Forecasts from origins.

    Attributes
    ----------
    horizon : int or None
        Steps of its forecasts, where none are asked for.

    n_needed : int
        Rows that a series must have at an origin.

    learns : bool
        Whether it is fitted at the first origin of each job.
    """

    horizon: int | None
    n_needed: int
    learns: bool

    def read(self, y: Any, X: Any) -> Panel:
        """Read the series, and refuse what can't be used."""

    def n_reach(self, horizon: int) -> int:
        """Return how many rows after an origin are needed, those of the truth among them."""

    def n_per_fit(self, refit: bool | int, n_windows: int) -> Any:
        """Return from how many origins one job forecasts."""

    def check(self, panel: Panel, n_known: np.ndarray, asked: Asked) -> None:
        """Refuse, before anything is computed, what can't be had; warn of what misleads."""

    def notes(self, panel: Panel, asked: Asked, n_per_fit: int) -> list[str]:
        """Return what is to be said of the forecasts."""

    def forecast(
        self,
        panel: Panel,
        n_known: np.ndarray,
        numbers: np.ndarray,
        known: np.ndarray,
        asked: Asked,
    ) -> dict:
        """Forecast from origins.

        Parameters
        ----------
        panel : Panel
            Series that have rows enough at the first origin, with rows after the last one.

        n_known : ndarray of int, shape (n_series, n_windows)
            How many rows of each are known at each origin.

        numbers, known : ndarray of int, shape (n_origins,)
            Number of the series and how many of its rows are known, of the forecasts that are
            wanted, series by series.

        asked : Asked

        Returns
        -------
        found : dict
            For each name asked for an array of shape (n_origins, horizon, n_columns).
        """


def _of_core(core, panel, numbers, known, asked, since=None, n_updated=0):
    """Return what is asked for from the forecasts of a PanelForecaster."""
    has_bounds = len(asked.names) > 1
    if has_bounds:
        core.check_reach(asked.horizon)
    forecasts = core.forecast_from(panel, numbers, known, asked.horizon, for_bounds=has_bounds)
    found: dict[Any, np.ndarray] = {"y_pred": core.values(forecasts)}
    if not has_bounds:
        return found
    errors = None
    if asked.adaptive:
        errors = core.rolling(panel, forecasts, numbers, known, since, n_updated)
    if asked.coverage is not None:
        bounds = core.interval(forecasts, asked.coverage, errors=errors)
        found["lower"], found["upper"] = bounds
    if asked.quantiles:
        values = core.quantiles(forecasts, asked.quantiles, errors=errors)
        found |= {level: values[..., i] for i, level in enumerate(asked.quantiles)}
    return found


def _notes_on_errors(panel, asked, n_per_fit):
    """Say where intervals can't go by the newest errors, although they were to."""
    is_wanted = asked.adaptive and len(asked.names) > 1 and n_per_fit > 1
    if not is_wanted or len(panel.calendars.grids) == 1:
        return []
    return [
        "Intervals don't adapt to the newest errors: the timestamps of the series lie on "
        f"{len(panel.calendars.grids)} grids, so that it is not sure which were known when."
    ]


class Refitted:
    """A forecaster that is cloned and learns from the rows until each origin.

    Parameters
    ----------
    forecaster : LSTMForecaster

    has_intervals : bool
        Whether intervals or quantiles are wanted of it.
    """

    learns = True

    def __init__(self, forecaster: LSTMForecaster, *, has_intervals: bool) -> None:
        method = (forecaster.interval_method or "conformal") if has_intervals else None
        validate_parameters(forecaster)  # as its fit would
        check_regressor(forecaster.regressor)
        self._forecaster = clone(forecaster).set_params(interval_method=method)
        self._core = PanelForecaster(**self._forecaster.get_params(deep=False))
        self.horizon = self._core.horizon

    @property
    def n_needed(self):
        return self._core.n_needed

    def read(self, y, X):
        log, missing = self._forecaster.log, self._forecaster.missing
        panel = read_panel(y, X, fills_holes=missing != "error")
        check_values(panel, missing, log != "auto" and log)
        return panel

    def n_reach(self, horizon):
        return ceil(horizon / self._core.n_ahead) * self._core.n_ahead

    def n_per_fit(self, refit, n_windows):
        return n_windows if refit is False else 1 if refit is True else refit

    def check(self, panel, n_known, asked):
        if self._forecaster.missing == "auto":
            warn_of_missing(panel, stacklevel=5)
        if len(asked.names) > 1 and asked.horizon > self.horizon:
            raise NoIntervalError(
                f"Intervals reach {self.horizon} steps ahead, the horizon of the forecaster, not "
                f"horizon={asked.horizon}. Set the forecaster's horizon to {asked.horizon}, or "
                "ask for none: coverage=None, quantiles=None."
            )

    def notes(self, panel, asked, n_per_fit):
        return _notes_on_errors(panel, asked, n_per_fit)

    def forecast(self, panel, n_known, numbers, known, asked):
        forecaster = clone(self._forecaster)
        with inner_fit(forecaster):
            core = learn(forecaster, panel.until(n_known[:, 0]), may_lack_windows=True)
        if core.log == "auto":
            check_values(panel.until(n_known[:, -1]), core.missing, core.log_, is_chosen=True)
        # A fit for one origin adapts to nothing, whatever a series has that ended earlier.
        is_adaptive = asked.adaptive and n_known.shape[1] > 1
        return _of_core(core, panel, numbers, known, replace(asked, adaptive=is_adaptive))


class Frozen:
    """A fitted forecaster that learns nothing more.

    Parameters
    ----------
    forecaster : LSTMForecaster
        Fitted.
    """

    learns = False

    def __init__(self, forecaster: LSTMForecaster) -> None:
        check_is_fitted(forecaster)
        self._core, self._fitted = forecaster._core, forecaster._panel
        self.horizon = self._core.horizon

    @property
    def n_needed(self):
        return self._core.n_history

    def read(self, y, X):
        core, fitted = self._core, self._fitted
        panel, _ = read_other_panel(fitted, y, X, fills_holes=core.missing != "error")
        if (panel.layout.levels is None) != (fitted.layout.levels is None):
            raise ValueError(
                f"y is {panel.layout.describe()}, but the frozen forecaster was fitted on "
                f"{fitted.layout.describe()}. Give it the same form."
            )
        unknown = [key for key in panel.keys if key not in set(fitted.keys)]
        if unknown:
            raise ValueError(
                f"y holds {name_of(unknown[0])}, which the frozen forecaster was not fitted on "
                f"({len(fitted.keys)} series: {shown(fitted.keys)}). Leave it out; predict(y=...) "
                f"forecasts other series.{nearest(unknown[0], fitted.keys)}"
            )
        given, known = panel.names, fitted.names
        if panel.layout.levels is None and given != known and None not in (*given, *known, "y"):
            raise ValueError(
                f"y is {given[0]!r}, but the frozen forecaster was fitted on {known[0]!r}. Give "
                "that series, or rename it."
            )
        times = panel.calendars[0].timestamps
        if times is not None:
            check_kind(times, fitted.calendars[0], "y")
        check_values(panel, core.missing, core.log != "auto" and core.log)
        return panel

    def n_reach(self, horizon):
        return ceil(horizon / self._core.n_ahead) * self._core.n_ahead

    def n_per_fit(self, refit, n_windows):
        return n_windows

    def check(self, panel, n_known, asked):
        if self._core.missing == "auto":
            warn_of_missing(panel, self._rows_seen(panel)[self._numbers(panel)], stacklevel=5)
        if len(asked.names) > 1:
            self._core.check_reach(asked.horizon)
        judged = np.flatnonzero(n_known[:, 0] >= self.n_needed)
        calendars, seen = panel.calendars, self._fitted.calendars
        origins = calendars.at((calendars.begins + n_known[:, 0] - 1)[judged], judged)
        numbers = self._numbers(panel)[judged]
        ends = seen.at((seen.ends - 1)[numbers], numbers)
        is_early = np.asarray(origins < ends)
        if is_early.any():
            first = int(is_early.argmax())
            warnings.warn(
                f"The first origin, {origins[first]!s}, lies before {ends[first]!s}, the last row "
                "in the history_ of the frozen forecaster: it is judged on rows that it may have "
                "learned from, which flatters it. Fit it on the rows before, or lower n_windows.",
                UserWarning,
                stacklevel=4,
            )

    def notes(self, panel, asked, n_per_fit):
        return _notes_on_errors(panel, asked, n_per_fit)

    def forecast(self, panel, n_known, numbers, known, asked):
        core = self._core
        check_values(
            panel.until(n_known[:, -1]), core.missing, core.log_, is_chosen=core.log == "auto"
        )
        since = self._rows_seen(panel)
        panel, numbers = self._as_fitted(panel), self._numbers(panel)[numbers]
        n_updated = self._fitted.lengths - core.n_fitted_
        return _of_core(core, panel, numbers, known, asked, since, n_updated)

    def _rows_seen(self, panel):
        """Return how many of the rows given lie before the end of those that it knows."""
        seen = np.zeros(len(self._fitted), dtype=np.intp)
        for given, number in enumerate(self._numbers(panel)):
            own, fitted = panel.calendars[given], self._fitted.calendars[number]
            seen[number] = len(self._fitted.series[number])
            if own.timestamps is not None:
                seen[number] = np.searchsorted(own.timestamps, fitted.timestamps[-1], side="right")
        return seen

    def _numbers(self, panel):
        """Return the number in fit of each series."""
        known = {key: number for number, key in enumerate(self._fitted.keys)}
        return np.array([known[key] for key in panel.keys], dtype=np.intp)

    def _as_fitted(self, panel):
        """Return the panel with the series of fit, in their order; those not given have no row."""
        numbers, n_series = self._numbers(panel), len(self._fitted)
        of_series = (
            panel.calendars.codes, panel.calendars.begins, panel.calendars.n_steps, panel.starts
        )  # fmt: skip
        parts = [np.zeros(n_series, dtype=part.dtype) for part in of_series]
        for part, given in zip(parts, of_series, strict=True):
            part[numbers] = given
        *of_calendars, starts = parts
        calendars = Calendars(panel.calendars.grids, *of_calendars)
        return replace(panel, keys=self._fitted.keys, calendars=calendars, starts=starts)


class FromHistory:
    """What forecasts from the history of each origin, however short, and reads any series."""

    horizon: int | None = None
    n_needed = 1
    learns = False

    def read(self, y, X):
        return read_panel(y, X, fills_holes=True)

    def n_reach(self, horizon):
        return horizon

    def n_per_fit(self, refit, n_windows):
        return n_windows

    def check(self, panel, n_known, asked):
        pass

    def notes(self, panel, asked, n_per_fit):
        return []


class Naive(FromHistory):
    """The last value, or the last season, again.

    Parameters
    ----------
    is_seasonal : bool
    """

    def __init__(self, *, is_seasonal: bool) -> None:
        self._is_seasonal = is_seasonal

    def forecast(self, panel, n_known, numbers, known, asked):
        season = asked.season_length if self._is_seasonal else 1
        filled = last_values(panel.y, panel.offsets)
        begins = panel.offsets[numbers]
        return {"y_pred": seasonal_naive(filled, begins, known, asked.horizon, season)}
