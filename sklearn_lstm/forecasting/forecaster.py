"""The forecaster: a series in, its future out."""

from __future__ import annotations

from math import ceil
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._checks import check_share
from .._sklearn_private import (
    HasMethods,
    Interval,
    StrOptions,
    fit_context,
    set_random_states,
    unchanged_on_error,
)
from ..windows.sequence_windower import SequenceWindower
from .conformal import ConformalErrors, NoIntervalError
from .defaults import SHORTEST_WINDOW, choose_log, choose_window, count_windows, default_regressor
from .extend import extend_panel, future_covariates
from .local_models import SeparateModels
from .read_panel import nearest, read_panel
from .time_series import Panel, check_values
from .window_model import NoWindowError, WindowModel


class LSTMForecaster(BaseEstimator):
    """Forecast the values that follow a series, with intervals.

    Windows of the series, normalised, go into a regressor of scikit-learn, an LSTM or any other;
    what it predicts comes back on the scale of the series and on the timestamps of the future.

    Parameters
    ----------
    regressor : estimator, default=None
        What learns the next values from a window. None for the mean of three small
        :class:`LSTMRegressor` with a skip connection, trained briefly, in batches and epochs that
        suit the number of windows, and reading windows of 48 steps or more in segments; see
        :func:`suggest_forecaster`. A regressor that reads windows, such as :class:`LSTMRegressor`
        or a search over one, gets them in the shape ``(n_samples, window_length, n_features)``; any
        other gets their steps side by side, and one that predicts a single value is fitted once for
        each step.

    window_length : int or "auto", default="auto"
        Steps that the regressor sees; ``"auto"`` for :func:`suggest_window_length`.

    horizon : int, default=1
        Steps to forecast: what the regressor is trained for and ``predict`` returns.

    strategy : {"direct", "recursive"}, default="direct"
        Whether the regressor predicts all steps of the horizon at once, or one step, which is fed
        back to predict the next.

    normalize : {"last", "window", "standard", "minmax"} or None, default="last"
        What is done to a series before the regressor sees it, and undone after. All scales come
        from the rows of ``fit`` or the window itself.

        - ``"last"``: the last value of each window is taken from it and added to the forecast, so
          that what is learned holds at any level;
        - ``"window"``: each window to its own mean 0 and variance 1, for series whose level and
          spread wander;
        - ``"standard"``: each series and column to mean 0 and variance 1;
        - ``"minmax"``: to [0, 1];
        - None: nothing.

        Covariates are scaled with ``MinMaxScaler`` under ``"minmax"``, left alone under None, and
        standardised otherwise.

    log : bool or "auto", default="auto"
        Whether to forecast the logarithm of the series, which must be positive. The forecast is
        then nearer to the median than to the mean. ``"auto"`` does so where all values are
        positive, the last quarter lies off the rest by more than half a standard deviation, and
        changes are larger above the median than below it, by a quarter at least.

    columns : {"joint", "shared", "separate"}, default="joint"
        With several columns, whether one regressor sees and predicts them together (``"joint"``),
        learns from each by itself, as if they were one series after the other (``"shared"``), or
        each has a regressor of its own (``"separate"``). The series of a panel share a regressor,
        unless it is ``"separate"``: then every column of every series has its own.

    past_covariates : list, default=None
        Columns of ``X`` (positions for arrays) that are not known ahead: seen in the window, never
        asked for in the future. A forecast that is fed back holds their last value.

    missing : {"error", "skip", "interpolate"}, default="error"
        What to do about missing values, NaN or absent timestamps. ``"skip"`` learns from the
        windows without any. ``"interpolate"`` fills a window that knows at least half of its
        values, from these alone.

    interval_method : {"conformal"} or None, default="conformal"
        How intervals are found. ``"conformal"`` fits the regressor twice: first without the last
        part of the windows, whose errors give the width of intervals, then on all of them. None
        saves the first fit; there are no intervals then.

    calibration_fraction : float, default=0.2
        Share of the windows, the last ones, whose errors are measured.

    random_state : int, RandomState instance or None, default=None
        Sets every ``random_state`` of the regressor; None leaves them as they are. Separate
        regressors all get the same, so that none depends on how many there are.

    n_jobs : int, default=None
        Separate regressors that are fitted at the same time, see :class:`joblib.Parallel`. It
        changes no result.

    Attributes
    ----------
    regressor_ : estimator or list of estimator
        The fitted regressor. With ``columns="separate"`` one for each series, in the order of
        ``history_``, and within a series for each column.

    window_length_ : int
        Steps that the regressor sees.

    log_ : bool
        Whether the logarithm is forecast.

    history_ : {ndarray, Series, DataFrame}
        The series known so far, with NaN for absent timestamps.

    freq_ : str, float or None
        Distance between timestamps as pandas writes it, or between the numbers of the index.

    See Also
    --------
    backtest : How good the forecasts would have been.
    ForecastDisplay : The picture of a forecast.

    Notes
    -----
    Intervals are split-conformal [1]_, each step of the horizon by itself: of the absolute errors
    on the calibration part, measured in units of the spread of their history (which matters for
    ``normalize="window"``, for panels and ``log``), the one that covers the asked share. A series
    of a panel shares the errors of all. Where each has a regressor of its own, it has its own
    errors, too; a series that holds back too few for the asked share goes by those of all. The
    final regressor has seen the calibration part, too, so the intervals are, if anything, a little
    wide. No more than the horizon has intervals.

    What is ``"auto"``, and the default regressor's epochs, are chosen once from all rows of
    ``fit``, those of the calibration part among them.

    A constant series is forecast as that constant.

    References
    ----------
    .. [1] J. Lei, M. G'Sell, A. Rinaldo, R. Tibshirani, L. Wasserman, "Distribution-free predictive
       inference for regression", JASA 113(523), 2018, :doi:`10.1080/01621459.2017.1307116`.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_lstm import LSTMForecaster
    >>> months = pd.date_range("2015-01", periods=72, freq="MS")
    >>> sales = pd.Series(100 + 10 * np.sin(np.arange(72) * np.pi / 6), index=months)
    >>> forecaster = LSTMForecaster(Ridge(alpha=1e-6), window_length=12, horizon=3)
    >>> forecaster.fit(sales).predict().round(1)
    2021-01-01    100.0
    2021-02-01    105.0
    2021-03-01    108.7
    Freq: MS, dtype: float64
    """

    _parameter_constraints = {
        "regressor": [None, HasMethods(["fit", "predict"])],
        "window_length": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "horizon": [Interval(Integral, 1, None, closed="left")],
        "strategy": [StrOptions({"direct", "recursive"})],
        "normalize": [StrOptions({"minmax", "standard", "last", "window"}), None],
        "log": ["boolean", StrOptions({"auto"})],
        "columns": [StrOptions({"joint", "shared", "separate"})],
        "past_covariates": [None, list, tuple],
        "missing": [StrOptions({"error", "skip", "interpolate"})],
        "interval_method": [StrOptions({"conformal"}), None],
        "calibration_fraction": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
        "n_jobs": [None, Integral],
    }

    def __init__(
        self,
        regressor: Any = None,
        *,
        window_length: int | str = "auto",
        horizon: int = 1,
        strategy: str = "direct",
        normalize: str | None = "last",
        log: bool | str = "auto",
        columns: str = "joint",
        past_covariates: list | None = None,
        missing: str = "error",
        interval_method: str | None = "conformal",
        calibration_fraction: float = 0.2,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.regressor = regressor
        self.window_length = window_length
        self.horizon = horizon
        self.strategy = strategy
        self.normalize = normalize
        self.log = log
        self.columns = columns
        self.past_covariates = past_covariates
        self.missing = missing
        self.interval_method = interval_method
        self.calibration_fraction = calibration_fraction
        self.random_state = random_state
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, y: Any, X: Any = None) -> Self:
        """Learn to forecast a series, or several.

        Parameters
        ----------
        y : {array-like, Series, DataFrame} of shape (n_steps,) or (n_steps, n_columns)
            One series; several on one time axis, a column each; or a panel of series that may
            differ in length, with a MultiIndex ``(series, ..., time)``. An index of times must have
            a frequency.

        X : {array-like, Series, DataFrame} of shape (n_steps, n_covariates), default=None
            Covariates on the same index. Those that are not in ``past_covariates`` are known ahead,
            such as a calendar or a price list, and ``predict`` asks for their future.

        Returns
        -------
        self : LSTMForecaster
            The fitted forecaster.

        Raises
        ------
        ValueError
            If the data can't be used; the message says where and what to do. The forecaster is
            then as before.
        """
        with unchanged_on_error(self):
            return self._fit(read_panel(y, X, fills_holes=self.missing != "error"))

    _errors: Any
    _error_scale: Any

    def _fit(self, panel: Panel, *, may_lack_windows: bool = False) -> Self:
        self._check_regressor()
        self._splits_columns = self.columns != "joint"
        self._horizon, self._missing = self.horizon, self.missing
        self._is_ahead = self._find_known_ahead(panel.layout.covariates)
        check_values(panel, self._missing, self.log != "auto" and self.log)
        self._choose_settings(panel)
        self._check_lengths(panel)
        self._seed = (
            None
            if self.random_state is None
            else check_random_state(self.random_state).randint(2**31 - 1)
        )
        calibration = self._calibrate(panel) or (None, None)
        self._model = self._train(panel, may_lack_windows=may_lack_windows)
        self._panel = panel
        self._errors, self._error_scale = calibration
        self.regressor_ = self._model.regressor_
        self.freq_ = panel.freq
        return self

    def _check_regressor(self):
        parts = [] if self.regressor is None else self.regressor.get_params().values()
        if any(isinstance(part, SequenceWindower) for part in parts):
            raise ValueError(
                "regressor holds a SequenceWindower, but the forecaster cuts the windows and "
                "scales the series itself. Give it the regressor alone, such as LSTMRegressor()."
            )

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

    def _choose_settings(self, panel):
        """Set what was left to the look of the series."""
        self.log_ = choose_log(panel) if self.log == "auto" else bool(self.log)
        self.window_length_ = self.window_length
        if self.window_length == "auto":
            self.window_length_ = choose_window(panel, self._n_ahead).length
        if self.regressor is None:
            n_windows = count_windows(panel, self.window_length_, self._n_ahead)
            if self.columns == "separate":
                n_windows //= len(panel)
            elif self.columns == "shared":
                n_windows *= len(panel.layout.columns)
            self._regressor = default_regressor(n_windows, self.window_length_)
        else:
            self._regressor = self.regressor

    @property
    def _n_ahead(self):
        return 1 if self.strategy == "recursive" else self.horizon

    @property
    def _n_needed(self):
        """int : Rows that a series must have to be learned from in a backtest."""
        is_chosen = self.window_length == "auto"
        return (SHORTEST_WINDOW if is_chosen else self.window_length) + self._n_ahead

    def _check_lengths(self, panel):
        needed = self.window_length_ + self._n_ahead
        is_short = panel.lengths < needed
        if not is_short.any():
            return
        shortest = panel.series[int(panel.lengths.argmin())]
        ahead = f"horizon={self.horizon}" if self.strategy == "direct" else "one step ahead"
        room = len(shortest) - self._n_ahead
        remedy = "Lower horizon, or give" if self._n_ahead > 1 else "Give"
        if room > 0:
            remedy = f"Lower window_length to {room} or less, or give"
        n_short, n_series = is_short.sum(), len(panel)
        among = f" ({n_short} of {n_series} series are too short)" if n_series > 1 else ""
        raise ValueError(
            f"{shortest.name} has {len(shortest)} values{among}, but "
            f"window_length={self.window_length_} and {ahead} need at least {needed}. {remedy} "
            "more values."
        )

    def _train(self, panel, *, may_lack_windows=False):
        regressor = clone(self._regressor)
        if self._seed is not None:
            set_random_states(regressor, self._seed)
        model = WindowModel(
            regressor,
            window_length=self.window_length_,
            n_ahead=self._n_ahead,
            normalize=self.normalize,
            is_ahead=self._is_ahead,
            fills=self.missing == "interpolate",
        )
        if self.columns == "separate":
            model = SeparateModels(
                model, panel.titles, n_jobs=self.n_jobs, may_lack_windows=may_lack_windows
            )
        values, covariates = self._units(panel.series)
        clocks = np.split(panel.clock(), panel.offsets[1:-1])
        n_split = len(values) // len(clocks)
        return model.fit(values, covariates, [clock for clock in clocks for _ in range(n_split)])

    def _units(self, panel_series):
        """Return values and covariates of each thing that is forecast by itself."""
        values, covariates = [], []
        for series in panel_series:
            with np.errstate(divide="ignore", invalid="ignore"):  # a truth that is only scored
                y = np.log(series.y) if self.log_ else series.y
            units = np.split(y, y.shape[1], axis=1) if self._splits_columns else [y]
            values += units
            covariates += [series.X] * len(units)
        return values, covariates

    def _calibrate(self, panel):
        """Measure the errors of a model that has not seen the last part, and say on which scale."""
        if self.interval_method is None:
            return None
        n_before = self._rows_before_calibration(panel)
        is_known = np.array(
            [
                n >= self.window_length_ + self._n_ahead and np.isfinite(series.y[:n]).any(0).all()
                for n, series in zip(n_before, panel.series, strict=True)
            ]
        )
        if not is_known.any():
            return None
        part, n_before = panel.keep(is_known), n_before[is_known]
        try:
            model = self._train(part.until(n_before), may_lack_windows=True)
        except NoWindowError:
            return None
        origins = [
            np.arange(n, len(series) - self.horizon + 1)
            for n, series in zip(n_before, part.series, strict=True)
        ]
        forecast, spread, truth, codes = self._forecast_from(model, part, origins, self.horizon)
        is_constant = model.normalizer_.is_constant_
        errors = np.where(is_constant[codes][:, np.newaxis], np.nan, (truth - forecast) / spread)
        for column in np.flatnonzero(is_constant.all(axis=0)):
            if (truth == forecast)[..., column].all():
                errors[..., column] = 0.0
        if not np.isfinite(errors).any():
            return None
        scale = np.where(is_constant, np.nan, model.normalizer_.scale_)
        of_all = np.full(
            (len(panel.series), len(scale) // len(part.series), scale.shape[1]), np.nan
        )
        of_all[is_known] = scale.reshape(-1, *of_all.shape[1:])
        kept, n_split = np.flatnonzero(is_known), of_all.shape[1]
        codes = kept[codes // n_split] * n_split + codes % n_split
        by_series = codes if self.columns == "separate" else None
        return ConformalErrors(errors, by_series), of_all.reshape(-1, 1, scale.shape[1])

    def _rows_before_calibration(self, panel):
        """Return how many rows of each series the calibration part leaves."""
        times, counts = panel.calendars.distinct_times(self.window_length_ - 1, self.horizon)
        if not len(times):
            return np.zeros(len(panel), dtype=int)
        n_before = np.cumsum(counts)
        number = int((1 - self.calibration_fraction) * n_before[-1])
        begin = times[np.searchsorted(n_before, number, side="right")]
        return panel.calendars.n_known([begin])[:, 0]

    def _forecast_from(self, model, panel, origins, n_steps):
        """Forecast from moments in the past, all at once.

        Parameters
        ----------
        model : WindowModel

        panel : Panel

        origins : list of ndarray
            For each series, how many of its rows are known at each moment; at least
            ``window_length``, and ``n_steps`` less than there are.

        n_steps : int

        Returns
        -------
        forecast, spread, truth : ndarray of shape (n_units, n_steps or 1, n_columns)
            Series by series; with shared columns one column after the other, each with all its
            origins. Logarithms with ``log=True``.

        codes : ndarray of shape (n_units,)
            Number of the series, or series and column, of each.
        """
        w = self.window_length_
        values, covariates = self._units(panel.series)
        n_split = len(values) // len(origins)
        n_reach = ceil(n_steps / model.n_ahead) * model.n_ahead
        parts = []
        for code, (y, X) in enumerate(zip(values, covariates, strict=True)):
            ends = origins[code // n_split]
            rows = ends[:, np.newaxis] + np.arange(-w, n_reach)
            x = X[np.minimum(rows, len(X) - 1)]
            x[:, w:, ~self._is_ahead] = x[:, w - 1 : w, ~self._is_ahead]
            truth = y[rows[:, w : w + n_steps]]
            parts.append((y[rows[:, :w]], x, truth, np.full(len(ends), code)))
        histories, covariates, truth, codes = map(np.concatenate, zip(*parts, strict=True))
        forecast, spread = model.forecast(histories, covariates, codes, n_steps)
        return forecast, spread, truth, codes

    def _forecast_past(self, panel, origins, n_steps, coverage=None):
        """Forecast from moments in the past, on the scale of the series.

        Returns
        -------
        found : dict of iterators
            ``y_pred``, ``lower``, ``upper``: for each series and column an array of shape
            (n_origins, n_steps).
        """
        forecast, spread, _, codes = self._forecast_from(self._model, panel, origins, n_steps)
        found = {"y_pred": forecast}
        if coverage is not None:
            self._check_horizon(n_steps, calibrated=True)
            radius = self._errors.radius(coverage, codes)[:, :n_steps]
            radius = radius * self._as_calibrated(spread, codes)
            found |= {"lower": forecast - radius, "upper": forecast + radius}
        n_split = panel.series[0].y.shape[1] if self._splits_columns else 1
        units = [codes == code for code in range(len(panel.series) * n_split)]
        return {
            name: iter(
                [
                    self._unlogged(values[unit, :, column])
                    for unit in units
                    for column in range(values.shape[2])
                ]
            )
            for name, values in found.items()
        }

    def predict(self, horizon: int | None = None, X: Any = None) -> Any:
        """Forecast the steps after the last known one.

        Parameters
        ----------
        horizon : int, default=None
            Number of steps; None for ``horizon``. What lies beyond the steps that the regressor
            was trained for is forecast from the forecast.

        X : {array-like, DataFrame} of shape (>= horizon, n_known_ahead), default=None
            Future of the covariates known ahead, if ``fit`` was given any. Rows that it does not
            need, and other columns, are left alone. A regressor that predicts several steps at once
            sees the covariates of all of these; where ``X`` ends before, its last row stands for
            the rest.

        Returns
        -------
        forecast : {ndarray, Series, DataFrame} of shape (horizon,) or (horizon, n_columns)
            In the form of ``y``, on the timestamps that follow; for a panel on a MultiIndex.
        """
        forecast, _ = self._forecast_ahead(horizon, X)
        return self._panel.wrap(self._by_series(self._unlogged(forecast)))

    def predict_interval(
        self, horizon: int | None = None, X: Any = None, *, coverage: float = 0.9
    ) -> Any:
        """Return the bounds between which a share of the values to come should lie.

        Parameters
        ----------
        horizon : int, default=None
            Number of steps, no more than ``horizon``; None for ``horizon``.

        X : {array-like, DataFrame}, default=None
            As for :meth:`predict`.

        coverage : float, default=0.9
            The share, between 0 and 1, of each step by itself.

        Returns
        -------
        bounds : {DataFrame, ndarray} of shape (horizon, 2) or (horizon, n_columns, 2)
            Columns ``lower`` and ``upper``, for several series below the name of each.
        """
        check_share(coverage, "coverage")
        forecast, spread = self._forecast_ahead(horizon, X, calibrated=True)
        codes = np.arange(len(forecast))
        radius = self._errors.radius(coverage, codes)[:, : forecast.shape[1]] * spread
        bounds = np.stack([forecast - radius, forecast + radius], axis=-1)
        return self._panel.wrap(self._by_series(self._unlogged(bounds)), ["lower", "upper"])

    def predict_quantiles(self, quantiles: Any, horizon: int | None = None, X: Any = None) -> Any:
        """Return values below which given shares of the values to come should lie.

        Parameters
        ----------
        quantiles : list of float
            The shares, between 0 and 1, such as ``[0.1, 0.5, 0.9]``.

        horizon : int, default=None
            Number of steps, no more than ``horizon``; None for ``horizon``.

        X : {array-like, DataFrame}, default=None
            As for :meth:`predict`.

        Returns
        -------
        values : {DataFrame, ndarray} of shape (horizon, n_quantiles) or \
                (horizon, n_columns, n_quantiles)
            A column for each quantile. Other than an interval they need not lie evenly about the
            forecast: errors above and below it are counted apart.
        """
        quantiles = np.atleast_1d(quantiles).tolist()
        if not quantiles:
            raise ValueError("quantiles is empty: name at least one, such as [0.1, 0.5, 0.9].")
        for level in quantiles:
            check_share(level, "quantiles")
        forecast, spread = self._forecast_ahead(horizon, X, calibrated=True)
        codes = np.arange(len(forecast))
        errors = np.stack([self._errors.quantile(level, codes) for level in quantiles], axis=-1)
        errors = errors[:, : forecast.shape[1]]
        values = forecast[..., np.newaxis] + errors * spread[..., np.newaxis]
        return self._panel.wrap(self._by_series(self._unlogged(values)), quantiles)

    def _forecast_ahead(self, horizon, X, calibrated=False):
        """Return forecasts and the spread of their errors for what follows each history."""
        check_is_fitted(self)
        n_steps = self._check_horizon(horizon, calibrated)
        covariates = self._covariates_ahead(n_steps, X)
        w = self._model.window_length
        values, _ = self._units([series[-w:] for series in self._panel.series])
        codes = np.arange(len(values))
        forecast, spread = self._model.forecast(np.stack(values), covariates, codes, n_steps)
        self._refuse_broken_history(forecast)
        return forecast, self._as_calibrated(spread, codes) if calibrated else None

    def _as_calibrated(self, spread, codes):
        """Measure the spread of histories with the scale on which errors were measured."""
        normalizer = self._model.normalizer_
        final = normalizer.scale_[codes][:, np.newaxis]
        scale = np.where(np.isnan(self._error_scale[codes]), final, self._error_scale[codes])
        return np.where(normalizer.is_constant_[codes][:, np.newaxis], 0, spread * scale / final)

    def _check_horizon(self, horizon, calibrated):
        n_steps = self._horizon if horizon is None else horizon
        if isinstance(n_steps, bool) or not isinstance(n_steps, Integral) or n_steps < 1:
            raise ValueError(f"horizon={horizon!r} must be a whole number of at least 1.")
        if not calibrated:
            return n_steps
        if self._errors is None:
            raise NoIntervalError(
                "This forecaster has no intervals: "
                + (
                    "it was fitted with interval_method=None. Set it to 'conformal'."
                    if self.interval_method is None
                    else "the series was too short to hold back a calibration part. Shorten "
                    "window_length or horizon, or give more values."
                )
            )
        n_calibrated = self._errors.errors.shape[1]
        if n_steps > n_calibrated:
            raise NoIntervalError(
                f"Intervals reach {n_calibrated} steps ahead, the horizon that was fitted, not "
                f"{n_steps}. Fit with horizon={n_steps}."
            )
        return n_steps

    def _covariates_ahead(self, n_steps, X):
        """Return the covariates of the last window of each unit and of the steps after it."""
        panel, is_ahead = self._panel, self._is_ahead
        names = panel.layout.covariates or []
        columns = [name for name, ahead in zip(names, is_ahead, strict=True) if ahead]
        if columns and X is None:
            timestamps = panel.series[0].calendar.after(n_steps)
            span = "" if timestamps is None else f" from {timestamps[0]!s} to {timestamps[-1]!s}"
            raise ValueError(
                f"X is missing: fit was given covariates that are known ahead ({columns}), so "
                f"predict needs their values of the next {n_steps} steps{span}. Pass X, or name "
                "them in past_covariates."
            )
        if not columns and X is not None and not names:
            raise ValueError("X was given to predict, but not to fit. Give it to both or to none.")
        n_reach = ceil(n_steps / self._model.n_ahead) * self._model.n_ahead
        if columns:
            futures = future_covariates(panel, X, columns, n_steps)
        else:
            futures = [np.empty((n_steps, 0))] * len(panel.series)
        blocks = []
        for series, future in zip(panel.series, futures, strict=True):
            ahead = np.repeat(_last_known(series.X), n_reach, axis=0)
            ahead[:, is_ahead] = future[np.minimum(np.arange(n_reach), len(future) - 1)]
            block = np.concatenate([series.X[-self._model.window_length :], ahead])
            blocks += [block] * (series.y.shape[1] if self._splits_columns else 1)
        return np.stack(blocks)

    def _refuse_broken_history(self, forecast):
        broken = np.isnan(forecast).any(axis=(1, 2))
        if not broken.any():
            return
        unit, panel = int(broken.argmax()), self._panel
        n_split = len(forecast) // len(panel.series)
        series = panel.series[unit // n_split]
        name = panel.titles[unit] if self._splits_columns else series.name
        y = series.y[:, [unit % n_split]] if self._splits_columns else series.y
        begin = len(series) - self._model.window_length
        is_missing = np.isnan(y[begin:]).any(axis=1) | np.isnan(series.X[begin:]).any(axis=1)
        if not is_missing.any():
            raise ValueError(
                f"The regressor predicts NaN for {name}, whose last window has no missing value. "
                "Look at the regressor, or at the covariates of the future."
            )
        share = " more than half" if self._model.fills else f" {is_missing.sum()}"
        raise ValueError(
            f"The last window of {name} lacks{share} of its {self._model.window_length} values, "
            f"first {series.timestamp(begin + int(is_missing.argmax()))}. Bring later values with "
            "update(...), or "
            + ("fill them." if self._model.fills else "fit with missing='interpolate'.")
        )

    def _unlogged(self, values):
        return np.exp(values) if self.log_ else values

    def _by_series(self, values):
        """Bring shared columns, (n_series * n_columns, n_steps, 1, ...), back side by side."""
        n_series = len(self._panel)
        values = values.reshape(n_series, -1, *values.shape[1:])
        return np.moveaxis(values, 1, 3)[:, :, 0] if values.shape[1] > 1 else values[:, 0]

    def update(self, y_new: Any, X_new: Any = None, *, refit: bool = False) -> Self:
        """Go on from new observations.

        Parameters
        ----------
        y_new : like y of fit
            The values that follow those known so far; of a panel, all series or some.

        X_new : like X of fit, default=None
            Their covariates, all columns of ``fit``.

        refit : bool, default=False
            Whether to learn again from everything known, the new values included. If False, the
            regressor stays and a forecast starts after the new values.

        Returns
        -------
        self : LSTMForecaster
            The forecaster itself.

        Raises
        ------
        ValueError
            If the values do not follow, or have another form; the forecaster is then as before.
        """
        check_is_fitted(self)
        with unchanged_on_error(self):
            panel = extend_panel(self._panel, y_new, X_new, fills_holes=self._missing != "error")
            if refit:
                return self._fit(panel)
            check_values(panel, self._missing, self.log_, is_chosen=self.log == "auto")
            self._panel = panel
        return self

    @property
    def history_(self):
        """{ndarray, Series, DataFrame} : The series so far, NaN for absent timestamps."""
        check_is_fitted(self)
        return self._panel.history()

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_panel")


def _last_known(values):
    """Return the last value of each column that is not missing, shape (1, n_columns)."""
    rows = np.where(np.isfinite(values), np.arange(len(values))[:, np.newaxis], -1).max(axis=0)
    return values[rows, np.arange(values.shape[1])][np.newaxis]
