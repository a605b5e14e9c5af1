"""The forecaster: a series in, its future out."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._atomic import on_snapshot, replaced_at_once
from .._callbacks import WatchedMixin
from .._checks import check_share
from .._sklearn_private import (
    Number,
    StrOptions,
    WholeNumbers,
    fit_context,
    validate_parameters,
)
from .check_histories import warn_of_short
from .check_regressor import check_regressor
from .description import DescriptionMixin
from .extend import extend_panel
from .forecast_score import RollingScoreMixin
from .learn import learn
from .members_table import MembersTableMixin
from .next_steps import forecast_next
from .panel_forecaster import PanelForecaster
from .read_panel import read_panel
from .time_series import Panel, check_values, warn_of_missing


class LSTMForecaster(
    WatchedMixin, RollingScoreMixin, DescriptionMixin, MembersTableMixin, BaseEstimator
):
    """Forecast the values that follow a series, with intervals.

    Windows of the series, normalised, go into a regressor of scikit-learn, an LSTM or any other;
    what it predicts comes back on the scale of the series and on the timestamps of the future.
    With nothing set, several members that differ do so, and their forecasts are averaged by weights
    that rows held back give.

    Parameters
    ----------
    regressor : estimator, default=None
        What learns the next values from a window: it alone makes the forecast. One that reads
        windows, such as :class:`LSTMRegressor` or a search over one, gets them in the shape
        ``(n_samples, window_length, n_features)``; any other gets their steps side by side, and one
        that predicts a single value is fitted once for each step.

        None for the weighted mean of members: an LSTM and a ridge that see a calendar, an LSTM and
        a ridge on a longer window, and exponential smoothing, as far as the series are long enough
        for each; see the notes.

    window_length : int or "auto", default="auto"
        Steps that the regressor sees; ``"auto"`` for :func:`suggest_window_length`. Series of a
        panel that are shorter than half the median don't shorten it then: a warning names those
        that are too short to learn from. They are forecast by a member with a window that they
        have, or, of a regressor that is given, as NaN.

    horizon : int, default=1
        Steps to forecast: what the regressor is trained for and ``predict`` returns.

    strategy : {"direct", "recursive"}, default="direct"
        Whether the regressor predicts all steps of the horizon at once, or one step, which is fed
        back to predict the next.

    normalize : {"auto", "last", "window", "standard", "minmax"} or None, default="auto"
        What is done to a series before the regressor sees it, and undone after. All scales come
        from the rows of ``fit`` or the window itself. ``"auto"`` is ``"last"`` for a regressor that
        is given, and left to each member otherwise.

        - ``"last"``: the last value of each window is taken from it and added to the forecast, so
          that what is learned holds at any level;
        - ``"window"``: each window to its own mean 0 and variance 1, for series whose level and
          scale wander;
        - ``"standard"``: each series and column to mean 0 and variance 1;
        - ``"minmax"``: to [0, 1];
        - None: nothing.

        Covariates are scaled with ``MinMaxScaler`` under ``"minmax"``, left alone under None, and
        standardised otherwise.

    log : bool or "auto", default="auto"
        Whether to forecast the logarithm of the series, which must be positive. The forecast is
        then nearer to the median than to the mean. ``"auto"`` does so where all values are
        positive, the last quarter lies off the rest by more than half a standard deviation, and
        changes are larger above the median than below it, by a quarter at least; with no regressor
        given for any panel of several series that are positive.

    columns : {"auto", "joint", "shared", "separate"}, default="auto"
        With several columns, whether one regressor sees and predicts them together (``"joint"``),
        learns from each by itself, as if they were one series after the other (``"shared"``), or
        each has a regressor of its own (``"separate"``). The series of a panel share a regressor,
        unless it is ``"separate"``: then every column of every series has its own. ``"auto"`` is
        ``"joint"`` for a regressor that is given, and left to each member otherwise.

    calendar : bool or "auto", default="auto"
        Whether windows hold the hour, the day of the week and the time of the year, as far as the
        timestamps tell them apart, as sines and cosines. A regressor that does not read windows
        gets those of the last step, which say as much to a linear one. ``"auto"``: members whose
        part it is do so; a regressor that is given does not.

    past_covariates : list, default=None
        Columns of ``X`` (positions for arrays) that are not known ahead: seen in the window, never
        asked for in the future. A forecast that is fed back holds their last value.

    missing : {"auto", "interpolate", "skip", "error"}, default="auto"
        What to do about missing values, NaN or absent timestamps. ``"interpolate"`` fills a window
        that knows at least half of its values, from these alone; ``"auto"`` does so, too, and
        counts them in a warning. ``"skip"`` learns from the windows without any.

    non_negative : bool or "auto", default="auto"
        Whether forecasts and bounds below zero are set to zero. ``"auto"``: of those series and
        columns that never were below it.

    integer : bool, default=False
        Whether forecasts are whole numbers. The bounds of an interval are then the outermost
        whole numbers in it, or the forecast where there is none.

    interval_method : {"conformal", "cqr"} or None, default="conformal"
        How intervals are found.

        - ``"conformal"`` fits the regressor twice: first without the last part of the windows,
          whose errors give the width of intervals, then on all of them. Intervals are equally wide
          wherever the scale of the series is the same.
        - ``"cqr"`` trains an LSTM beside it, twice in that way, that predicts quantiles: intervals
          are wide where the noise is. The errors of the quantiles correct them. It needs a
          :class:`LSTMRegressor`, or none given, and ``strategy="direct"`` or a horizon of 1.
        - None saves the fits of a regressor that is given; there are no intervals then.

    calibration_fraction : float, default=0.2
        Share of the windows, the last ones, whose errors are measured. With several members up to
        half of the windows of fewer than 2,000 steps, part by part, each forecast by what was
        learned before it.

    random_state : int, RandomState instance or None, default=None
        Sets every ``random_state`` of the regressor; None leaves them as they are. Separate
        regressors all get the same, so that none depends on how many there are.

    n_jobs : int, default=None
        Separate regressors that are fitted at the same time, see :class:`joblib.Parallel`. It
        changes no result.

    Attributes
    ----------
    regressor_ : estimator or list
        The fitted regressor; that of each member, in the order of ``members_``, where there are
        several. With ``columns="separate"`` a list of one for each series, in the order of
        ``history_``, and within a series for each column.

    members_ : DataFrame
        A row for each member that weighs something, by name: its ``weight``, its ``error`` on the
        rows held back as a multiple of the smallest (NaN where none were), its ``regressor``,
        ``window_length``, ``normalize``, ``columns`` and ``calendar`` (the cycles), and ``why``, a
        reason for the window in words.

    weights_ : ndarray of shape (n_members,)
        Their weights.

    window_length_ : int
        Steps that the regressor sees; those of the longest window of several members.

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
    Members are weighed by the inverse of the sixth power of their errors on rows held back; what
    weighs less than a fiftieth is left out. Neither equal weights nor the best member alone did as
    well on the series that this was developed on, nor did weights that are shrunk towards equal.
    Errors for intervals are those of forecasts with the weights that other origins give.

    Intervals are split-conformal [1]_, each step of the horizon by itself: of the absolute errors
    on the calibration part, measured in units of the scale of their history (which matters for
    ``normalize="window"``, for panels and ``log``), the one that covers the asked share. A series
    of a panel shares the errors of all. Where each has a regressor of its own, it has its own
    errors, too; a series that holds back too few for the asked share goes by those of all, or by
    its own largest where that lies beyond. The final regressor has seen the calibration part, too,
    so the intervals are, if anything, a little wide. No more than the horizon has intervals. Those
    of a series of ``fit`` that is too short for some members go by the errors of the others.

    Those of ``"cqr"`` lie between two predicted quantiles [2]_: of the levels 0.05, 0.1, 0.25,
    0.5, 0.75, 0.9 and 0.95 the pair around 0.5 that suits the asked share best, widened or narrowed
    by an order statistic of how far the truth of the calibration part lay beyond such a pair.
    Settings are those of ``regressor``, or of the first default LSTM as an ensemble of three, but
    for the loss. The forecast stays what it is without; other networks make it, so it may lie
    outside the interval.

    What is ``"auto"``, and the epochs of members, are chosen once from all rows of ``fit``, those
    of the calibration part among them.

    :meth:`update` moves the calibration part along: the errors of forecasts whose truth has come
    take the places of the oldest, so that intervals widen after a break.

    A constant series is forecast as that constant.

    References
    ----------
    .. [1] J. Lei, M. G'Sell, A. Rinaldo, R. Tibshirani, L. Wasserman, "Distribution-free predictive
       inference for regression", JASA 113(523), 2018, :doi:`10.1080/01621459.2017.1307116`.
    .. [2] Y. Romano, E. Patterson, E. Candès, "Conformalized quantile regression", NeurIPS 2019,
       arXiv:1905.03222.

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

    Left alone, it says what it is made of:

    >>> forecaster = LSTMForecaster(horizon=3, random_state=0).fit(sales)
    >>> forecaster.members_[["window_length", "why"]]
                   window_length                           why
    member
    ...
    >>> forecaster.weights_.sum().round(6)
    np.float64(1.0)
    """

    _parameter_constraints = {
        "regressor": "no_validation",  # check_regressor says more
        "window_length": [WholeNumbers(1), StrOptions({"auto"})],
        "horizon": [WholeNumbers(1)],
        "strategy": [StrOptions({"direct", "recursive"})],
        "normalize": [StrOptions({"auto", "minmax", "standard", "last", "window"}), None],
        "log": ["boolean", StrOptions({"auto"})],
        "columns": [StrOptions({"auto", "joint", "shared", "separate"})],
        "calendar": ["boolean", StrOptions({"auto"})],
        "past_covariates": [None, list, tuple],
        "missing": [StrOptions({"auto", "error", "skip", "interpolate"})],
        "non_negative": ["boolean", StrOptions({"auto"})],
        "integer": ["boolean"],
        "interval_method": [StrOptions({"conformal", "cqr"}), None],
        "calibration_fraction": [Number(Real, 0, 1, closed="neither")],
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
        normalize: str | None = "auto",
        log: bool | str = "auto",
        columns: str = "auto",
        calendar: bool | str = "auto",
        past_covariates: list | None = None,
        missing: str = "auto",
        non_negative: bool | str = "auto",
        integer: bool = False,
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
        self.calendar = calendar
        self.past_covariates = past_covariates
        self.missing = missing
        self.non_negative = non_negative
        self.integer = integer
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
            a frequency. Columns that end at different times are such a panel, too:
            ``y.unstack().dropna()``. What is masked is missing; the column of dates of a polars
            table is its index, and answers come in pandas.

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
            then as before, and so it is after a Ctrl-C.
        """
        check_regressor(self.regressor)
        panel = read_panel(y, X, fills_holes=self.missing != "error")
        with replaced_at_once(self) as fitted:
            fitted._take(panel, learn(self, panel))
            warn_of_short(panel, fitted._core)
            if self.missing == "auto":
                warn_of_missing(panel)
        return self

    def _take(self, panel: Panel, core: PanelForecaster) -> None:
        self._core, self._panel = core, panel
        self.window_length_, self.log_ = self._core.window_length_, self._core.log_
        self.regressor_ = self._core.regressor_
        self.freq_ = panel.freq

    @on_snapshot
    def predict(self, horizon: int | None = None, X: Any = None, y: Any = None) -> Any:
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
            the rest. With ``y``, all covariates of its rows and, below these, those known ahead.

        y : {array-like, Series, DataFrame}, default=None
            Another series or panel, in the form of ``fit``, to forecast instead: of each at least
            as many rows as the shortest window of ``members_`` has; those with a longer one then
            stand aside. Nothing is learned from it but, where windows have no scale of their own,
            the scale of each series, and nothing of it is kept. None: what follows the series that
            were fitted.

        Returns
        -------
        forecast : {ndarray, Series, DataFrame} of shape (horizon,) or (horizon, n_columns)
            In the form of ``y``, on the timestamps that follow; for a panel on a MultiIndex.

        Examples
        --------
        A model of some series forecasts others:

        >>> import numpy as np
        >>> from sklearn.linear_model import Ridge
        >>> from sklearn_lstm import LSTMForecaster
        >>> forecaster = LSTMForecaster(Ridge(alpha=1e-6), window_length=6)
        >>> other = 50 + 5 * np.sin(np.arange(200, 230) / 3)
        >>> forecast = forecaster.fit(np.sin(np.arange(80) / 3)).predict(y=other)
        >>> forecast.round(2), np.round(50 + 5 * np.sin(230 / 3), 2)
        (array([54.77]), np.float64(54.77))
        """
        panel, forecasts = self._forecast_next(horizon, X, y)
        return panel.wrap(self._core.values(forecasts, panel))

    @on_snapshot
    def predict_interval(
        self, horizon: int | None = None, X: Any = None, y: Any = None, *, coverage: float = 0.9
    ) -> Any:
        """Return the bounds between which a share of the values to come should lie.

        Parameters
        ----------
        horizon : int, default=None
            Number of steps, no more than ``horizon``; None for ``horizon``.

        X, y : {array-like, Series, DataFrame}, default=None
            As for :meth:`predict`. The interval of another series goes by the errors on those of
            ``fit``, in units of its own scale. Learned from hardly more rows than a window has,
            that scale is too small, and so is the interval, under ``"standard"`` and ``"minmax"``
            most; a window's own (``normalize="window"``) doesn't ask for more rows.

        coverage : float, default=0.9
            The share, between 0 and 1, of each step by itself.

        Returns
        -------
        bounds : {DataFrame, ndarray} of shape (horizon, 2) or (horizon, n_columns, 2)
            Columns ``lower`` and ``upper``, for several series below the name of each.
        """
        check_share(coverage, "coverage")
        panel, forecasts = self._forecast_next(horizon, X, y, calibrated=True)
        bounds = self._core.interval(forecasts, coverage, panel)
        return panel.wrap(np.stack(bounds, axis=-1), ["lower", "upper"])

    @on_snapshot
    def predict_quantiles(
        self, quantiles: Any, horizon: int | None = None, X: Any = None, y: Any = None
    ) -> Any:
        """Return values below which given shares of the values to come should lie.

        Parameters
        ----------
        quantiles : list of float
            The shares, between 0 and 1, such as ``[0.1, 0.5, 0.9]``.

        horizon : int, default=None
            Number of steps, no more than ``horizon``; None for ``horizon``.

        X, y : {array-like, Series, DataFrame}, default=None
            As for :meth:`predict_interval`.

        Returns
        -------
        values : {DataFrame, ndarray} of shape (horizon, n_quantiles) or \
                (horizon, n_columns, n_quantiles)
            A column for each quantile. Other than an interval they need not lie evenly about the
            forecast: errors above and below it are counted apart. Under ``"cqr"`` each is the
            predicted quantile nearest to it, moved by the errors of that one.
        """
        quantiles = np.atleast_1d(quantiles).tolist()
        if not quantiles:
            raise ValueError("quantiles is empty: name at least one, such as [0.1, 0.5, 0.9].")
        for level in quantiles:
            check_share(level, "quantiles")
        panel, forecasts = self._forecast_next(horizon, X, y, calibrated=True)
        return panel.wrap(self._core.quantiles(forecasts, quantiles, panel), quantiles)

    def _forecast_next(self, horizon, X, y, calibrated=False):
        check_is_fitted(self)
        return forecast_next(self._core, self._panel, horizon, X, y, calibrated=calibrated)

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
            regressor stays and a forecast starts after the new values; the errors that they reveal
            take the places of the oldest that intervals go by.

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
        if not isinstance(refit, bool | np.bool_):
            raise TypeError(f"refit={refit!r} must be True or False.")
        if refit:
            validate_parameters(self)
        with replaced_at_once(self) as updated:
            core, known = updated._core, updated._panel
            panel = extend_panel(known, y_new, X_new, fills_holes=core.missing != "error")
            missing = self.missing if refit else core.missing
            if refit:
                updated._take(panel, learn(self, panel))
            else:
                check_values(panel, missing, updated.log_, is_chosen=self.log == "auto")
                updated._core = core.recalibrated(panel, known.lengths)
                updated._panel = panel
            if missing == "auto":
                warn_of_missing(panel, known.lengths, stacklevel=3)
        return self

    @property
    def history_(self):
        """{ndarray, Series, DataFrame} : The series so far, NaN for absent timestamps."""
        check_is_fitted(self)
        return self._panel.history()

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_panel")
