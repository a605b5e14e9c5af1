"""A panel in, arrays out: members chosen, weighed and fitted, forecasts from any origin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from .._callbacks import subtasks
from .calendar_features import CalendarFeatures
from .calibration import hold_back
from .check_histories import check_horizon
from .check_regressor import check_regressor
from .conformal import ConformalErrors, ConformalQuantiles, NoIntervalError
from .defaults import (
    SHORTEST_WINDOW,
    Window,
    choose_log,
    choose_window,
    default_members,
)
from .held_out import held_out_errors
from .member import ForecastMember, Forecasts, MemberSettings, Task, join_columns, split_columns
from .moving_errors import MovingErrorsMixin
from .normalize import unlogged
from .quantile_intervals import fit_quantiles, quantile_settings
from .read_panel import nearest
from .time_series import check_values
from .weights import crossed_weights, member_weights, mixed, relative_errors
from .window_model import NoWindowError

LIGHTEST = 0.02  # weight below which a member is not worth its final fit


@dataclass(eq=False)
class PanelForecaster(MovingErrorsMixin):
    """What :class:`LSTMForecaster` does, for series that are a panel already.

    Parameters are those of :class:`LSTMForecaster`. It keeps what was learned, not the panel.

    Attributes
    ----------
    members_ : list of ForecastMember
        Fitted, those that weigh something.

    weights_ : ndarray of shape (n_members,)

    relative_errors_ : ndarray of shape (n_members,)
        Mean errors on the calibration part, the smallest is 1; NaN where there was none.

    errors_ : ConformalErrors, ConformalQuantiles or None
        By which intervals go.

    errors_of_few_ : dict of int to ConformalErrors
        Errors of the members up to a length of the window alone, where series of ``fit`` are too
        short for the others.

    quantile_member_ : ForecastMember or None
        What predicts quantiles, if intervals are found by these.

    held_out_ : dict or None
        As :func:`.held_out.held_out_errors` returns them.

    season_length_ : int or None
        Of the season that was looked for to choose a window; 1: there is none.

    log_reason_ : str
        Why logarithms are forecast, or not.
    """

    regressor: Any
    window_length: Any
    horizon: int
    strategy: str
    normalize: str | None
    log: Any
    columns: str
    calendar: Any
    past_covariates: Any
    missing: str
    non_negative: Any
    integer: bool
    interval_method: str | None
    calibration_fraction: float
    random_state: Any
    n_jobs: int | None

    errors_: Any = None
    errors_of_few_: Any = None
    held_out_: Any = None
    season_length_: int | None = None
    log_reason_: str = ""
    relative_errors_: Any = None
    weights_: Any = None
    quantile_member_: Any = None

    def fit(self, panel, *, may_lack_windows=False):
        """Learn to forecast, and measure how far off forecasts are.

        Parameters
        ----------
        panel : Panel

        may_lack_windows : bool, default=False
            Whether a series without a whole window is forecast as NaN, where each has a regressor
            of its own.
        """
        check_regressor(self.regressor)
        check_horizon(self.horizon)
        is_ahead = self._find_known_ahead(panel.layout.covariates)
        check_values(panel, self.missing, self.log != "auto" and self.log)
        self.log_, self.log_reason_ = bool(self.log), "as given"
        if self.log == "auto":
            self.log_, self.log_reason_ = choose_log(panel, is_alone=self.regressor is None)
        self.task_ = Task(self.n_ahead, is_ahead, self.fills, self.n_jobs)
        settings = self._choose_members(panel)
        of_quantiles = None
        if self.interval_method == "cqr":
            of_quantiles = quantile_settings(settings, self.regressor, self.n_ahead, self.horizon)
        self._check_lengths(panel, settings)
        self.is_non_negative_ = self.find_non_negative(panel)
        self.n_fitted_ = panel.lengths
        seed = self.random_state
        if seed is not None:
            seed = check_random_state(seed).randint(2**31 - 1)
        panel = self.logged(panel)
        settings, error_scales = self._calibrate(panel, settings, seed)
        self._fit_members(panel, settings, error_scales, seed, may_lack_windows)
        if of_quantiles is not None:
            self._learn_quantiles(panel, of_quantiles, seed, may_lack_windows)
        return self

    def _learn_quantiles(self, panel, settings, seed, may_lack_windows):
        self.by_unit_, self.by_series_ = settings.columns != "joint", settings.columns == "separate"
        self.quantile_member_, held_back = fit_quantiles(
            panel, settings, self.task_, self.horizon, self.calibration_fraction, seed,
            is_folded=self.regressor is None, may_lack_windows=may_lack_windows,
        )  # fmt: skip
        if held_back is not None:
            errors, series_ids = self._as_judged(held_back.errors()[0], held_back.series_ids)
            self.errors_ = ConformalQuantiles(errors, settings.levels, series_ids)

    def _fit_members(self, panel, settings, error_scales, seed, may_lack_windows):
        """Let members learn from everything; those that find no whole window are left out."""
        self.members_: list[ForecastMember] = []
        errors, kept = [], []
        with subtasks("training", len(settings)):
            for i, (one, scale) in enumerate(zip(settings, error_scales, strict=True)):
                member = ForecastMember(one, self.task_)
                try:
                    member.fit(panel, seed, may_lack_windows=may_lack_windows)
                except NoWindowError as error:
                    errors.append(error)
                    continue
                if scale is not None:
                    member.measure_on(scale)
                self.members_.append(member)
                kept.append(i)
        if not kept:
            raise errors[0]
        if errors:
            self.weights_ = self.weights_[kept] / self.weights_[kept].sum()
            self.relative_errors_ = self.relative_errors_[kept]

    def _find_known_ahead(self, covariates):
        past = list(self.past_covariates or ())
        covariates = covariates or []
        unknown = [column for column in past if column not in covariates]
        if unknown:
            raise ValueError(
                f"past_covariates={past} names {unknown}, but X has {covariates}."
                f"{nearest(unknown[0], covariates)}"
            )
        return np.array([column not in past for column in covariates], dtype=bool)

    def _choose_members(self, panel):
        """Return the settings of the members, first of one that any series is long enough for."""
        window = Window(self.window_length, "as given")
        if self.window_length == "auto":
            window = choose_window(panel, self.n_ahead, suits_all=self.columns == "separate")
        self.season_length_ = window.season_length
        calendar = self._choose_calendar(panel)
        choices = {"normalize": self.normalize, "columns": self.columns}
        given: dict[str, Any] = {name: of for name, of in choices.items() if of != "auto"}
        if self.regressor is None:
            if self.window_length != "auto":
                given["window_length"] = self.window_length
            return default_members(
                panel, self.horizon, self.n_ahead, window=window, calendar=calendar, given=given
            )
        only = MemberSettings(
            type(self.regressor).__name__,
            self.regressor,
            window_length=window.length,
            normalize=given.get("normalize", "last"),
            columns=given.get("columns", "joint"),
            calendar=calendar,
            reason=window.reason,
        )
        return [only]

    def _choose_calendar(self, panel):
        """Return the calendar that members see; with a regressor that is given, if asked for."""
        if self.calendar is False or (self.calendar == "auto" and self.regressor is not None):
            return CalendarFeatures(())
        features = CalendarFeatures.of(panel)
        if self.calendar is True and not features.cycles:
            raise ValueError(
                "calendar=True needs timestamps that run through days, through weeks or, over 500 "
                "days, through years, but y has "
                + (
                    f"{panel.lengths.max()} steps of {panel.freq!r}"
                    if isinstance(panel.freq, str)
                    else "no dates"
                )
                + ". Give it an index of dates, or more of them, or set calendar='auto'."
            )
        return features

    def find_non_negative(self, panel):
        """Tell which columns of which series must not be forecast below zero."""
        shape = len(panel), panel.y_all.shape[1]
        if self.non_negative != "auto":
            return np.full(shape, bool(self.non_negative))
        return ~panel.reduced(np.logical_or, panel.y < 0)

    @property
    def fills(self):
        """bool : Whether missing values are interpolated."""
        return self.missing in ("auto", "interpolate")

    @property
    def n_ahead(self):
        """int : Steps that a regressor predicts at once."""
        return 1 if self.strategy == "recursive" else self.horizon

    @property
    def n_needed(self):
        """int : Rows that a series must have to be learned from in a backtest."""
        is_chosen = self.window_length == "auto"
        return (SHORTEST_WINDOW if is_chosen else self.window_length) + self.n_ahead

    @property
    def window_length_(self):
        """int : Steps of the longest window."""
        longest = max(member.settings.window_length for member in self.members_)
        beside = self.quantile_member_
        return longest if beside is None else max(longest, beside.settings.window_length)

    @property
    def n_history(self):
        """int : Steps that a series must have to be forecast."""
        shortest = min(member.settings.window_length for member in self.members_)
        beside = self.quantile_member_
        return shortest if beside is None else max(shortest, beside.settings.window_length)

    def has_no_history(self, panel):
        """Tell which series are shorter than every window, which is left to choose."""
        return (panel.lengths < self.n_history) & (self.window_length == "auto")

    @property
    def is_ahead_(self):
        """ndarray of bool : Which covariates are known ahead."""
        return self.task_.is_ahead

    @property
    def regressor_(self):
        """estimator or list : What was fitted; a list of several members, or series."""
        regressors = [member.model_.regressor_ for member in self.members_]
        return regressors[0] if len(regressors) == 1 else regressors

    def _check_lengths(self, panel, settings):
        window_length = settings[0].window_length
        needed = window_length + self.n_ahead
        is_short = panel.lengths < needed
        may_be_short = self.window_length == "auto" and self.columns != "separate"
        if not is_short.any() or (may_be_short and not is_short.all()):
            return
        shortest = panel.series[int(panel.lengths.argmin())]
        ahead = f"horizon={self.horizon}" if self.strategy == "direct" else "one step ahead"
        room = len(shortest) - self.n_ahead
        remedy = "Lower horizon, or give" if self.n_ahead > 1 else "Give"
        if room > 0:
            remedy = f"Lower window_length to {room} or less, or give"
        n_short, n_series = is_short.sum(), len(panel)
        among = f" ({n_short} of {n_series} series are too short)" if n_series > 1 else ""
        raise ValueError(
            f"{shortest.name} has {len(shortest)} values{among}, but "
            f"window_length={window_length} and {ahead} need at least {needed}. {remedy} "
            "more values."
        )

    def _calibrate(self, panel, settings, seed):
        """Weigh the members, and measure the errors of their mean, on what is held back.

        Returns
        -------
        settings : list of MemberSettings
            Of the members that weigh something.

        error_scales : list of ndarray or None
            On which scale the errors of each were measured.
        """
        self.weights_, self.relative_errors_ = np.ones(1), np.full(len(settings), np.nan)
        self.errors_of_few_ = {}
        self.by_unit_ = self.by_series_ = False
        if self.interval_method != "conformal" and len(settings) == 1:
            return settings, [None]
        held_back = hold_back(
            panel, settings, self.task_, self.horizon, self.calibration_fraction, seed
        )
        if held_back is None:
            self.weights_ = np.full(len(settings), 1 / len(settings))
            return settings, [None] * len(settings)
        weights = np.ones((1, held_back.truth.shape[0]))
        if len(settings) > 1:
            by_origin = held_back.by_origin()
            self.weights_ = member_weights(by_origin)
            self.relative_errors_ = relative_errors(by_origin)
            smallest = self.relative_errors_.min()
            if smallest == 0:  # a perfect member beside others
                self.relative_errors_ = np.where(self.relative_errors_ == 0, 1.0, np.inf)
            else:
                self.relative_errors_ /= smallest
            weights = crossed_weights(by_origin)
        self.held_out_ = held_out_errors(self, panel, held_back, weights)
        if self.interval_method == "conformal":
            self.errors_ = self._errors_of(held_back, weights, settings)
        kept = self.weights_ >= min(LIGHTEST, self.weights_.max())
        windows = np.array([one.window_length for one in settings])
        if panel.lengths.min() < windows[kept].min():  # a series that the others can't forecast
            kept |= windows == windows.min()
        self.weights_ = self.weights_[kept] / self.weights_[kept].sum()
        self.relative_errors_ = self.relative_errors_[kept]
        chosen = np.flatnonzero(kept)
        if self.errors_ is not None and not self.by_series_:
            self.errors_of_few_ = self._errors_by_window(panel, held_back, settings, chosen)
        return [settings[i] for i in chosen], [held_back.error_scales[i] for i in chosen]

    def _errors_by_window(self, panel, held_back, settings, chosen):
        """Return the errors of those members that forecast the shorter series, by window.

        Others, which know more of the past, have smaller ones. Where each series is judged by its
        own errors, these are of such members already.
        """
        windows = np.array([int(one.window_length) for one in settings])
        found = {}
        for longest, longer in pairwise(np.unique(windows[chosen]).tolist()):
            if ((panel.lengths >= longest) & (panel.lengths < longer)).any():
                few = held_back.of_members(chosen[windows[chosen] <= longest])
                errors = self._errors_of(few, crossed_weights(few.by_origin()), settings)
                if errors is not None:
                    found[longest] = errors
        return found

    def _errors_of(self, held_back, weights, settings):
        """Return the errors of the weighted mean, each on the scale of its own history."""
        mean = replace(
            held_back,
            values=mixed(held_back.values, weights)[np.newaxis],
            scale=mixed(held_back.scale, weights)[np.newaxis],
        )
        self.by_unit_ = all(one.columns in ("shared", "separate") for one in settings)
        self.by_series_ = all(one.columns == "separate" for one in settings)
        errors, series_ids = self._as_judged(mean.errors()[0], held_back.series_ids)
        return ConformalErrors(errors, series_ids) if np.isfinite(errors).any() else None

    def _as_judged(self, errors, series_ids):
        """Return errors as they are judged, those of columns together where these are alike.

        Returns
        -------
        errors : ndarray of shape (n_errors, n_steps, n_columns or 1, ...)

        series_ids : ndarray of shape (n_errors,) or None
            None where all are judged together.
        """
        ids = self._unit_ids(series_ids, errors.shape[2]) if self.by_series_ else None
        return split_columns(errors) if self.by_unit_ else errors, ids

    def _unit_ids(self, series_ids, n_columns):
        """Return the numbers of the columns of series, where errors are told apart by these."""
        if not self.by_unit_:
            return series_ids
        return (series_ids[:, np.newaxis] * n_columns + np.arange(n_columns)).ravel()

    def logged(self, panel):
        """Return a panel of what members forecast: logarithms, where these are chosen."""
        if not self.log_:
            return panel
        with np.errstate(divide="ignore", invalid="ignore"):  # a truth that is only scored
            return replace(panel, y_all=np.log(panel.y_all))

    def forecast_from(self, panel, series_ids, n_known, n_steps, *, for_bounds=False):
        """Forecast from origins in the past.

        Parameters and results are those of :meth:`.member.ForecastMember.forecast_from`;
        ``for_bounds`` tells whether what intervals need is to be there, too.
        """
        panel = self.logged(panel)
        return self.combined(
            lambda one: one.forecast_from(panel, series_ids, n_known, n_steps), for_bounds
        )

    def forecast_next(self, panel, futures, n_steps, *, is_other=False, for_bounds=False):
        """Forecast what follows the last row of each series.

        Parameters and results are those of :meth:`.member.ForecastMember.forecast_next`, and of
        :meth:`forecast_from`.
        """
        panel = self.logged(panel)
        return self.combined(
            lambda one: one.forecast_next(panel, futures, n_steps, is_other=is_other), for_bounds
        )

    def combined(self, forecast, for_bounds):
        """Return the mean of what members forecast, beside it quantiles where bounds need them."""
        forecasts = [forecast(member) for member in self.members_]
        values, scale = (
            mixed(np.stack([one[i] for one in forecasts]), self.weights_) for i in range(2)
        )
        has_quantiles = for_bounds and self.quantile_member_ is not None
        beside = forecast(self.quantile_member_) if has_quantiles else None
        is_there = [np.isfinite(one.values).all(axis=(1, 2)) for one in forecasts]
        windows = [[member.settings.window_length] for member in self.members_]
        longest = np.where(is_there, windows, 0).max(axis=0)
        return Forecasts(values, scale, forecasts[0].series_ids, beside, longest)

    def values(self, forecasts, panel=None):
        """Return forecasts on the scale of the series, (n_origins, n_steps, n_columns).

        Parameters
        ----------
        forecasts : Forecasts

        panel : Panel, default=None
            The series that are forecast, a forecast each, if they may hold other values than those
            of ``fit``.
        """
        values = self._bounded(unlogged(forecasts.values, self.log_), forecasts, panel)
        return np.round(values) if self.integer else values

    def interval(self, forecasts, coverage, panel=None, errors=None):
        """Return lower and upper bounds, each in the shape of :meth:`values`.

        Parameters
        ----------
        errors : RollingErrors, default=None
            None for those of the last calibration.
        """
        values, scale = forecasts.judged[:2]
        errors = self.errors_ if errors is None else errors
        margin = self._of_units(errors, "margin", coverage, forecasts) * scale
        lower, upper = (
            self._bounded(unlogged(bound, self.log_), forecasts, panel)
            for bound in errors.interval(values, margin, coverage)
        )
        if not self.integer:
            return lower, upper
        # The whole numbers between the bounds are the same; there may be none but the forecast,
        # and not even that between quantiles.
        is_between = forecasts.of_quantiles is None
        middle = self.values(forecasts, panel) if is_between else np.round((lower + upper) / 2)
        return np.minimum(np.ceil(lower), middle), np.maximum(np.floor(upper), middle)

    def quantiles(self, forecasts, levels, panel=None, errors=None):
        """Return values at levels, shape (n_origins, n_steps, n_columns, n_levels)."""
        values, scale = forecasts.judged[:2]
        errors, found = self.errors_ if errors is None else errors, []
        for level in levels:
            error = self._of_units(errors, "quantile", level, forecasts)
            of_level = unlogged(errors.at_level(values, level) + error * scale, self.log_)
            of_level = self._bounded(of_level, forecasts, panel)
            found.append(np.round(of_level) if self.integer else of_level)
        # Levels are judged apart, so that they might cross.
        order = np.argsort(np.argsort(levels))
        return np.sort(np.stack(found, axis=-1), axis=-1)[..., order]

    def _of_units(self, errors, statistic, level, forecasts):
        """Return a statistic of errors, shape (n_origins or 1, n_steps, n_columns)."""
        found = self._of_all(errors, statistic, level, forecasts)
        for longest, of_few in (self.errors_of_few_ or {}).items():
            is_few = forecasts.longest == longest
            if is_few.any():
                of_members = self._of_all(of_few, statistic, level, forecasts)
                found = np.where(is_few[:, np.newaxis, np.newaxis], of_members, found)
        return found

    def _of_all(self, errors, statistic, level, forecasts):
        n_steps, n_columns = forecasts.values.shape[1:]
        ids = self._unit_ids(forecasts.series_ids, n_columns)
        found = getattr(errors, statistic)(level, ids)[:, :n_steps]
        return join_columns(found, n_columns) if self.by_unit_ and len(found) > 1 else found

    def _bounded(self, values, forecasts, panel):
        """Keep at zero what would be below, of series that never were."""
        if self.log_:
            return values
        if panel is None:
            is_bounded = self.is_non_negative_[forecasts.series_ids]
        else:
            is_bounded = self.find_non_negative(panel)
        return np.where(is_bounded[:, np.newaxis], np.maximum(values, 0), values)

    def check_reach(self, n_steps):
        """Refuse intervals that there are no errors for."""
        if self.errors_ is None:
            raise NoIntervalError(
                "This forecaster has no intervals: "
                + (
                    "it was fitted with interval_method=None. Set it to 'conformal'."
                    if self.interval_method is None
                    else "the series was too short to hold back a calibration part. Shorten "
                    "window_length or horizon, or give more values."
                )
            )
        n_calibrated = self.errors_.errors.shape[1]
        if n_steps > n_calibrated:
            raise NoIntervalError(
                f"Intervals reach {n_calibrated} steps ahead, the horizon that was fitted, not "
                f"{n_steps}. Fit with horizon={n_steps}."
            )
