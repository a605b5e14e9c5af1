"""Pictures of forecasts and trainings, in the manner of scikit-learn's displays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


def _pyplot():
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Pictures need matplotlib. Install it with: pip install 'sklearn-lstm[plot]'"
        ) from error
    return plt


def _new_axes(ax):
    if ax is not None:
        return ax
    _, ax = _pyplot().subplots(figsize=(9, 4), layout="constrained")
    return ax


def _tidy(ax):
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", alpha=0.3)


class ForecastDisplay:
    """Predictions beside what came true.

    Make one with :meth:`from_predictions`; the constructor only stores.

    Parameters
    ----------
    y_true : Series of shape (n_samples,)
        What came true, on the index that the picture has as its axis.

    y_pred : ndarray of shape (n_samples,)
        Predictions for the same rows.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes drawn on.

    figure_ : matplotlib Figure
        Figure of these axes.

    truth_, forecast_ : matplotlib Line2D
        The two lines.

    See Also
    --------
    LossCurveDisplay : How the training went.
    """

    ax_: Axes
    truth_: Line2D
    forecast_: Line2D

    def __init__(self, *, y_true: pd.Series, y_pred: np.ndarray) -> None:
        self.y_true = y_true
        self.y_pred = y_pred

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_pred: Any,
        *,
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
        check_consistent_length(y_true, y_pred)
        y_true = pd.Series(y_true)
        if isinstance(y_pred, pd.Series) and not y_pred.index.equals(y_true.index):
            raise ValueError(
                "The index of y_pred is not that of y_true. Bring them together: "
                "y_pred.reindex(y_true.index)."
            )
        display = cls(y_true=y_true, y_pred=column_or_1d(y_pred, dtype=float))
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
            Label of the vertical axis; None for the name of ``y_true``.

        Returns
        -------
        display : ForecastDisplay
            The display itself.
        """
        ax = _new_axes(ax)
        index = self.y_true.index
        is_time = isinstance(index, pd.DatetimeIndex | pd.PeriodIndex)
        moments = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
        (self.truth_,) = ax.plot(moments, self.y_true, color="0.35", linewidth=1, label="truth")
        (self.forecast_,) = ax.plot(
            moments, self.y_pred, color="C3", linewidth=1.3, linestyle="--", label=label
        )
        if is_time:
            from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

            locator = AutoDateLocator()
            ax.xaxis.set_major_locator(locator)
            ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        ax.set_xlabel("date" if is_time else str(index.name or "step"))
        ax.set_ylabel(str(unit or self.y_true.name or "value"))
        ax.legend(frameon=False, ncols=2, loc="upper left")
        ax.margins(x=0.01)
        ax.set_ylim(top=ax.get_ylim()[1] + 0.1 * np.ptp(ax.get_ylim()))
        _tidy(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


class LossCurveDisplay:
    """Loss of each epoch of a training.

    Make one with :meth:`from_estimator`; the constructor only stores.

    Parameters
    ----------
    loss_curve : list of float
        Training loss of each epoch.

    validation_loss_curve : list of float, default=None
        Validation loss of each epoch, NaN where there was none.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes drawn on.

    figure_ : matplotlib Figure
        Figure of these axes.

    See Also
    --------
    ForecastDisplay : Predictions beside what came true.
    """

    ax_: Axes

    def __init__(
        self, *, loss_curve: list[float], validation_loss_curve: list[float] | None = None
    ) -> None:
        self.loss_curve = loss_curve
        self.validation_loss_curve = validation_loss_curve

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Axes | None = None) -> LossCurveDisplay:
        """Draw the training of a fitted estimator.

        Parameters
        ----------
        estimator : LSTMRegressor, or a pipeline or search that ends with one
            A fitted estimator. Others with a ``loss_curve_``, such as ``MLPRegressor``, do too.

        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        Returns
        -------
        display : LossCurveDisplay
            The drawn display.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_lstm import LossCurveDisplay, LSTMRegressor
        >>> X = np.linspace(0, 1, 60).reshape(20, 3)
        >>> lstm = LSTMRegressor(units=2, epochs=4, random_state=0).fit(X, X[:, -1])
        >>> display = LossCurveDisplay.from_estimator(lstm)
        >>> display.ax_.get_xlabel()
        'epoch'
        """
        estimator = _lstm_of(estimator)
        display = cls(
            loss_curve=estimator.loss_curve_,
            validation_loss_curve=getattr(estimator, "validation_loss_curve_", None),
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None) -> LossCurveDisplay:
        """Draw on given or new axes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.

        Returns
        -------
        display : LossCurveDisplay
            The display itself.
        """
        ax = _new_axes(ax)
        epochs = np.arange(1, len(self.loss_curve) + 1)
        ax.plot(epochs, self.loss_curve, color="0.35", label="training")
        if self.validation_loss_curve is not None:
            ax.plot(
                epochs, self.validation_loss_curve, color="C3", linestyle="--", label="validation"
            )
        ax.set_yscale("log")
        ax.locator_params(axis="x", integer=True)
        ax.set_xlabel("epoch")
        ax.set_ylabel("loss")
        ax.legend(frameon=False)
        _tidy(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _lstm_of(estimator):
    """Find the estimator with a loss curve inside fitted pipelines."""
    check_is_fitted(estimator)
    while not hasattr(estimator, "loss_curve_"):
        inner = getattr(estimator, "regressor_", None) or getattr(
            estimator, "best_estimator_", None
        )
        if inner is None and hasattr(estimator, "steps"):
            inner = estimator.steps[-1][1]
        if inner is None:
            raise TypeError(
                f"{type(estimator).__name__} holds no loss_curve_: pass a fitted LSTMRegressor or "
                "a pipeline that ends with one."
            )
        estimator = inner
    return estimator
