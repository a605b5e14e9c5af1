"""The loss of each epoch of a training, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._axes import new_axes, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
        estimator : LSTMRegressor, LSTMForecaster, or a pipeline or search that ends with one
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
        ax = new_axes(ax)
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
        tidy(ax)
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
