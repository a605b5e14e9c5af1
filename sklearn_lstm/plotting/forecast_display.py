"""Pictures of forecasts and trainings, in the manner of scikit-learn's displays."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from .._checks import as_numbers, check_share
from ._axes import new_axes, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from ..forecasting.forecaster import LSTMForecaster

MOST_DOTS, FEW_DOTS = 30, 8  # steps up to which each has a dot, and a large one
NARROW = 5  # inches, up to which the legend takes two lines


class ForecastDisplay:
    """A forecast, with the past before it, the interval about it and what came true.

    Make one with :meth:`from_estimator` or :meth:`from_predictions`; the constructor only stores.

    Parameters
    ----------
    y_pred : Series of shape (n_steps,)
        The forecast, on the index that the picture has as its axis.

    y_true : Series, default=None
        What came true.

    lower, upper : Series of shape (n_steps,), default=None
        Bounds of the interval, on the index of ``y_pred``.

    past : Series, default=None
        What was known before.

    coverage : float, default=None
        Share of the values that the interval is to cover, for the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes drawn on.

    figure_ : matplotlib Figure
        Figure of these axes.

    forecast_ : matplotlib Line2D
        The forecast: dashed.

    truth_, past_ : matplotlib Line2D or None
        What came true, with dots where they have room, and the past: solid.

    band_ : matplotlib artist or None
        The interval.

    See Also
    --------
    LossCurveDisplay : How the training went.
    """

    ax_: Axes
    forecast_: Line2D
    truth_: Line2D | None
    past_: Line2D | None
    band_: Any

    def __init__(
        self,
        *,
        y_pred: pd.Series,
        y_true: pd.Series | None = None,
        lower: pd.Series | None = None,
        upper: pd.Series | None = None,
        past: pd.Series | None = None,
        coverage: float | None = None,
    ) -> None:
        self.y_pred = y_pred
        self.y_true = y_true
        self.lower = lower
        self.upper = upper
        self.past = past
        self.coverage = coverage

    @classmethod
    def from_estimator(
        cls,
        forecaster: LSTMForecaster,
        y_true: Any = None,
        *,
        horizon: int | None = None,
        X: Any = None,
        y: Any = None,
        coverage: float | None = 0.9,
        series: Any = None,
        n_past: int | None = None,
        ax: Axes | None = None,
        label: str = "forecast",
        unit: str | None = None,
    ) -> ForecastDisplay:
        """Draw what a forecaster expects.

        Parameters
        ----------
        forecaster : LSTMForecaster
            A fitted forecaster.

        y_true : like y of ``fit``, default=None
            What came true, if it is known by now. Timestamps that are not forecast are left out.

        horizon : int, default=None
            Steps to forecast; None for the horizon of the forecaster.

        X : {array-like, DataFrame}, default=None
            Future of the covariates known ahead, as for :meth:`LSTMForecaster.predict`.

        y : {array-like, Series, DataFrame}, default=None
            Another series or panel to forecast instead, as for :meth:`LSTMForecaster.predict`.

        coverage : float, default=0.9
            Share of the values that the band is to cover; None for no band. A forecaster fitted
            with ``interval_method=None`` has none.

        series : label, default=None
            Which column, or series of a panel; None for the first.

        n_past : int, default=None
            Steps of the past to show; None for three horizons or one window, whichever is more.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        label : str, default="forecast"
            Name of the forecast in the legend.

        unit : str, default=None
            Label of the vertical axis; None for the name of the series.

        Returns
        -------
        display : ForecastDisplay
            The drawn display.

        Examples
        --------
        >>> from sklearn.linear_model import Ridge
        >>> from sklearn_lstm import ForecastDisplay, LSTMForecaster
        >>> from sklearn_lstm.datasets import load_seattle_weather
        >>> y = load_seattle_weather()["temp_max"]
        >>> forecaster = LSTMForecaster(Ridge(), window_length=28, horizon=14).fit(y[:-14])
        >>> display = ForecastDisplay.from_estimator(forecaster, y[-14:])
        >>> display.ax_.get_ylabel()
        'temp_max'
        """
        if not hasattr(forecaster, "predict_interval"):
            raise TypeError(
                f"forecaster={forecaster!r} is no LSTMForecaster. Fit one around a regressor, "
                "LSTMForecaster(Ridge()).fit(y), or draw predictions with from_predictions."
            )
        check_is_fitted(forecaster)
        is_number = isinstance(n_past, Integral) and not isinstance(n_past, bool)
        if n_past is not None and not (is_number and n_past >= 0):
            raise ValueError(f"n_past={n_past!r} must be a whole number from 0 on, or None.")
        y_pred = forecaster.predict(horizon, X, y)
        pick = _Picker(y_pred, series)
        parts: dict[str, Any] = {"y_pred": pick(y_pred)}
        if coverage is not None and forecaster.interval_method is not None:
            try:
                bounds = forecaster.predict_interval(horizon, X, y, coverage=coverage)
            except ValueError as error:
                raise ValueError(f"{error} Or draw it without a band: coverage=None.") from error
            parts |= {"lower": pick(bounds, "lower"), "upper": pick(bounds, "upper")}
        else:
            coverage = None
        past = pick(forecaster.history_ if y is None else y)
        n_steps = len(parts["y_pred"])
        is_array = not isinstance(y_pred, pd.Series | pd.DataFrame)
        n_past = max(3 * n_steps, forecaster.window_length_) if n_past is None else n_past
        if y_true is not None:
            parts["y_true"] = pick.of_truth(y_true)
            if not isinstance(y_true, pd.Series | pd.DataFrame):
                parts["y_true"] = parts["y_true"].iloc[:n_steps]
                index = parts["y_pred"].index[: len(parts["y_true"])]
                parts["y_true"] = parts["y_true"].set_axis(index)
        if is_array:
            ahead = pd.RangeIndex(len(past), len(past) + n_steps)
            parts = {name: part.set_axis(ahead[: len(part)]) for name, part in parts.items()}
        elif y_true is not None:
            is_forecast = parts["y_true"].index.isin(parts["y_pred"].index)
            if not is_forecast.any():
                first, last = parts["y_pred"].index[[0, -1]]
                raise ValueError(
                    f"y_true holds none of the timestamps that are forecast, {first!s} to "
                    f"{last!s}. Give it those, or none."
                )
            parts["y_true"] = parts["y_true"][is_forecast]
        past = past.iloc[-n_past:] if n_past else None
        return cls(**parts, past=past, coverage=coverage).plot(ax, label=label, unit=unit)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_pred: Any,
        *,
        lower: Any = None,
        upper: Any = None,
        past: pd.Series | None = None,
        coverage: float | None = None,
        ax: Axes | None = None,
        label: str = "forecast",
        unit: str | None = None,
    ) -> ForecastDisplay:
        """Draw predictions over what came true.

        Parameters
        ----------
        y_true : {Series, array-like} of shape (n_samples,)
            What came true. The index of a Series becomes the horizontal axis.

        y_pred : array-like of shape (n_samples,)
            Predictions for the same rows.

        lower, upper : array-like of shape (n_samples,), default=None
            Bounds of an interval about them.

        past : Series, default=None
            What was known before.

        coverage : float, default=None
            Share of the values that the interval is to cover, for the legend.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        label : str, default="forecast"
            Name of the predictions in the legend.

        unit : str, default=None
            Label of the vertical axis, such as ``"temperature (°C)"``; None for the name of
            ``y_true``.

        Returns
        -------
        display : ForecastDisplay
            The drawn display.

        Examples
        --------
        >>> import pandas as pd
        >>> from sklearn_lstm import ForecastDisplay
        >>> days = pd.date_range("2024-03-01", periods=3)
        >>> y_true = pd.Series([4.0, 5.0, 7.0], index=days, name="temperature (°C)")
        >>> display = ForecastDisplay.from_predictions(y_true, [4.2, 4.9, 6.5])
        >>> display.ax_.get_ylabel()
        'temperature (°C)'
        """
        if isinstance(y_true, pd.Series):
            y_true = _numbers_of(y_true, "y_true")
        else:
            y_true = pd.Series(column_or_1d(y_true, dtype=float))
        if not len(y_true):
            raise ValueError("y_true is empty: give at least one value.")
        if y_true.index.nlevels > 1:
            raise ValueError(
                f"y_true has an index of {y_true.index.nlevels} levels, {y_true.index[0]!r}, ...: "
                "give one of its series, such as y_true.loc[key]."
            )
        if past is not None:
            past = _before(y_true, past)
        if coverage is not None:
            check_share(coverage, "coverage")
        if (lower is None) != (upper is None):
            raise ValueError("lower and upper belong together: pass both, or neither.")
        given = {"y_pred": y_pred, "lower": lower, "upper": upper}
        parts = {
            name: _on_index_of(y_true, values, name)
            for name, values in given.items()
            if values is not None
        }
        display = cls(y_true=y_true, past=past, coverage=coverage, **parts)
        return display.plot(ax, label=label, unit=unit)

    def plot(
        self, ax: Axes | None = None, *, label: str = "forecast", unit: str | None = None
    ) -> ForecastDisplay:
        """Draw on given or new axes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        label : str, default="forecast"
            Name of the predictions in the legend.

        unit : str, default=None
            Label of the vertical axis; None for the name of the series.

        Returns
        -------
        display : ForecastDisplay
            The display itself.
        """
        ax = new_axes(ax)
        index = self.y_pred.index
        size = 6 if len(index) <= FEW_DOTS else 3.5
        dots: dict[str, Any] = {"markersize": size} if len(index) <= MOST_DOTS else {}
        self.past_ = self.truth_ = self.band_ = None
        if self.past is not None:
            timestamps = _timestamps(self.past.index)
            (self.past_,) = ax.plot(timestamps, self.past, color="0.2", linewidth=1.2, label="past")
        if self.y_true is not None:
            timestamps = _timestamps(self.y_true.index)
            hollow = {**dots, "marker": "o", "markerfacecolor": "white"} if dots else {}
            (self.truth_,) = ax.plot(
                timestamps, self.y_true, color="0.35", linewidth=1, label="truth", **hollow
            )
        self._join_to_past(ax)
        timestamps = _timestamps(index)
        if self.lower is not None:
            self.band_ = self._draw_band(ax, timestamps)
        (self.forecast_,) = ax.plot(
            timestamps, self.y_pred, color="C3", linewidth=1.3, linestyle="--", label=label,
            **({**dots, "marker": "D"} if dots else {}),
        )  # fmt: skip
        name = next(
            (part.name for part in (self.y_true, self.past, self.y_pred) if part is not None), None
        )
        _label_axes(ax, index, unit or name)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _join_to_past(self, ax):
        """Draw what leads from the last known value to the first steps, where they follow it."""
        known = None if self.past is None else self.past.dropna()
        if known is None or known.empty or not known.index[-1] < self.y_pred.index[0]:
            return
        ends = _timestamps(known.index[-1:].append(self.y_pred.index[:1]))
        last, first = known.iloc[-1], self.y_pred.iloc[0]
        if self.y_true is not None and self.y_true.index[:1].equals(self.y_pred.index[:1]):
            ax.plot(ends, [last, self.y_true.iloc[0]], color="0.35", linewidth=1)
        ax.plot(ends, [last, first], color="C3", linewidth=1.3, linestyle="--")
        if self.lower is not None and self.upper is not None and len(self.y_pred) > 1:
            bounds = [last, self.lower.iloc[0]], [last, self.upper.iloc[0]]
            ax.fill_between(ends, *bounds, color="C3", alpha=0.18, linewidth=0)

    def _draw_band(self, ax, timestamps):
        share = "" if self.coverage is None else f"{100 * self.coverage:g} % "
        look = {"color": "C3", "label": f"{share}interval"}
        if len(timestamps) == 1:
            reach = [self.y_pred - self.lower, self.upper - self.y_pred]
            return ax.errorbar(
                timestamps, self.y_pred, yerr=np.abs(reach), capsize=4, linestyle="none", **look
            )
        return ax.fill_between(
            timestamps, self.lower, self.upper, alpha=0.18, linewidth=0.8, **look
        )


class _Picker:
    """Takes one series, or column, out of what a forecaster is given or gives."""

    def __init__(self, y_pred, series):
        self.key = self.column = None
        if not isinstance(y_pred, pd.Series | pd.DataFrame):
            self._check(series, range(y_pred.shape[1]) if y_pred.ndim == 2 else [0])
            self.column = int(series or 0)
            return
        columns = list(y_pred.columns) if y_pred.ndim == 2 else [y_pred.name]
        if not isinstance(y_pred.index, pd.MultiIndex):
            self._check(series, columns)
            self.column = columns[0] if series is None else series
            return
        keys = y_pred.index.droplevel(-1).unique().tolist()
        names = keys if y_pred.ndim == 1 else [(key, name) for key in keys for name in columns]
        self._check(series, names)
        chosen = names[0] if series is None else series
        self.key, self.column = chosen if y_pred.ndim == 2 else (chosen, columns[0])

    @staticmethod
    def _check(series, known):
        if series is not None and series not in known:
            known = list(known)
            more = ", ..." if len(known) > 5 else ""
            raise ValueError(
                f"series={series!r} was not forecast: choose one of "
                f"{', '.join(map(repr, known[:5]))}{more}."
            )

    def __call__(self, data, bound=None):
        if not isinstance(data, pd.Series | pd.DataFrame):
            data = np.asarray(data)
            if bound is not None:
                data = data[..., ["lower", "upper"].index(bound)]
            return pd.Series(data if data.ndim == 1 else data[:, self.column])
        if isinstance(data.index, pd.MultiIndex):
            key = self.key if isinstance(self.key, tuple) else (self.key,)
            data = data.xs(key, level=list(range(len(key))))
        if isinstance(data, pd.Series):
            return data if self.key is None else data.rename(f"{self.column}, {self.key}")
        if bound is None:
            return data[self.column]
        column = (self.column, bound) if isinstance(data.columns, pd.MultiIndex) else bound
        return data[column]

    def of_truth(self, y_true):
        """Take it out of what came true, which need not have the form of what was forecast."""
        try:
            picked = self(y_true)
        except (LookupError, TypeError) as error:
            name = self.column if self.key is None else self.key
            raise ValueError(
                f"y_true does not hold the series {name!r} that is drawn. Give it in the form of y "
                "in fit, or None."
            ) from error
        if not len(picked):
            raise ValueError("y_true is empty: give at least one value, or None.")
        return _numbers_of(picked, "y_true")


def _numbers_of(series, name):
    """Return a Series as floats: of text matplotlib would draw a place for each word."""
    return pd.Series(as_numbers(series.to_frame(), name)[:, 0], series.index, name=series.name)


def _before(y_true, past):
    """Return the past as numbers, if its index is of the kind of that of y_true."""
    if not isinstance(past, pd.Series):
        raise TypeError(
            f"past={past!r} must be a Series: its index says where it lies before y_true."
        )
    try:
        past.index[:1].append(y_true.index[:1]).sort_values()
    except TypeError as error:
        raise TypeError(
            f"past has the index {past.index[:1].tolist()}, ..., y_true {y_true.index[0]!r}, ...: "
            f"they have no order ({error}). Give both the same kind of index."
        ) from error
    return _numbers_of(past, "past")


def _on_index_of(y_true, values, name):
    check_consistent_length(y_true, values)
    if isinstance(values, pd.Series) and not values.index.equals(y_true.index):
        raise ValueError(
            f"The index of {name} is not that of y_true. Bring them together: "
            f"{name}.reindex(y_true.index)."
        )
    return pd.Series(column_or_1d(values, dtype=float), index=y_true.index)


def _timestamps(index):
    return index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index


def _label_axes(ax, index, name):
    is_time = isinstance(index, pd.DatetimeIndex | pd.PeriodIndex)
    if is_time:
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        zone = getattr(index, "tz", None)
        locator = AutoDateLocator(tz=zone)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))
    ax.set_xlabel(str(index.name or ("date" if is_time else "step")))
    ax.set_ylabel(str("value" if name is None else name))
    is_narrow = ax.get_position().width * ax.figure.get_figwidth() < NARROW
    ax.legend(frameon=False, ncols=2 if is_narrow else 4, loc="upper left")
    ax.margins(x=0.01)
    headroom = 0.3 if is_narrow else 0.12
    ax.set_ylim(top=ax.get_ylim()[1] + headroom * np.ptp(ax.get_ylim()))
    tidy(ax)
