"""What predictions rest on, by feature and lag."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from ..forecasting.forecaster import LSTMForecaster
from ..forecasting.rolling_origin import whole_number
from .cells import Grid
from .changes import replaced_changes, summed_changes
from .explanation import Explanation
from .forecast_subject import ForecastSubject
from .gradients import attribute, check_network
from .opened import unwrapped
from .window_subject import WindowSubject

METHODS = ("occlusion", "permutation", "gradient")


def explain(
    estimator: Any,
    data: Any = None,
    y_true: Any = None,
    *,
    X: Any = None,
    method: str = "occlusion",
    measure: str = "auto",
    output: Any = None,
    segment_length: int = 1,
    n_repeats: int = 5,
    n_windows: int | None = None,
    background: Any = None,
    feature_names: list | None = None,
    max_samples: int | None = 200,
    random_state: int | np.random.RandomState | None = None,
) -> Explanation:
    """Tell what predictions rest on, by feature and lag.

    Parameters
    ----------
    estimator : estimator
        A fitted regressor or classifier that reads windows, a pipeline or search that ends with one
        and has a step that cuts windows (:func:`make_lstm_pipeline`), or an
        :class:`LSTMForecaster`, whatever its regressor. Regressors on flattened windows of a
        :class:`SequenceWindower` do, too.

    data : array-like, default=None
        What ``predict`` takes: windows ``(n_samples, n_timesteps, n_features)``, or the rows from
        which a pipeline cuts them. Of a forecaster the series, as ``y`` of
        :meth:`LSTMForecaster.predict`; None for those of ``fit``.

    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        True values, or classes, of the samples of ``data``. A forecaster's are in the series.

    X : array-like, default=None
        Covariates of a forecaster, as for :meth:`LSTMForecaster.predict`. With ``n_windows`` those
        of ``fit`` are known already.

    method : {"occlusion", "permutation", "gradient"}, default="occlusion"
        What is done to a cell, a segment of steps of one feature, to see what it is worth; see the
        notes.

    measure : {"auto", "change", "error"}, default="auto"
        What importance is: the mean absolute change of predictions, or by how much their mean
        absolute error rises (of a classifier one minus the probability of the true class).
        ``"auto"`` is the error where the truth is known, and the change for ``"gradient"``.

    output : int, label or tuple, default=None
        Which output is explained. Of a regressor the number of a target or quantile; of a
        classifier a class; of a forecaster a step (1 is the next), a column, or both,
        ``(column, step)``. None: all of them, their changes averaged; of a classifier the class
        that is predicted of each sample.

    segment_length : int, default=1
        Steps that are replaced together. Neighbouring steps of a smooth series say the same, so
        that each alone seems worth nothing; and longer segments take less time.

    n_repeats : int, default=5
        Permutations, over which importances are averaged.

    n_windows : int, default=None
        Of a forecaster: explain forecasts of the past, from so many origins of each series, a
        horizon apart; None: the forecast of what is to come.

    background : array-like, default=None
        Windows or rows, in the form of ``data``, that say what is usual; None for ``data``. To
        explain one window they are needed.

    feature_names : list of str, default=None
        Names of the features of windows; None for those of the columns of a DataFrame, or
        ``x0, x1, ...``.

    max_samples : int, default=200
        Windows or origins that are drawn to be explained, None for all. Each is predicted once for
        each cell and repeat. Besides a block of windows, no more than one number for each sample
        and cell is held.

    random_state : int, RandomState instance or None, default=None
        Draws samples and permutations.

    Returns
    -------
    explanation : Explanation
        With ``importances`` of shape (n_timesteps, n_features), ``by_feature``, the signed
        ``effects`` on each sample, and :meth:`~Explanation.plot`.

    Raises
    ------
    ValueError
        If an argument does not suit the estimator or the others, if no window is complete, or if
        there are too few to say what is usual.

    NotFittedError
        If the estimator is not fitted.

    See Also
    --------
    sklearn.inspection.permutation_importance : Importances of columns, without lags.

    Notes
    -----
    The effect of a cell on one prediction is :math:`f(x) - f(x')`, where in :math:`x'` the cell is
    replaced. Its importance is the mean of :math:`|f(x) - f(x')|` over samples and outputs, or of
    :math:`|y - f(x')| - |y - f(x)|`.

    - ``"occlusion"`` [1]_ puts a value there that tells nothing: the mean of that feature and step
      over the windows of ``background`` (over at most 10,000 of them). In a series that is
      forecast it is the window's own mean, over the longest window of the members, since the mean
      of the whole series would be off the level of the window, and its last value would make
      nothing of lag 0; of a covariate its mean over the rows of the series. What the level of a
      window says is thus in ``baseline``, not in an effect.
    - ``"permutation"`` [2]_ [3]_ puts the values of another window there, of the same cell, in each
      repeat one permutation for all cells; with ``background`` those of a window of it, drawn. A
      forecaster's windows are exchanged within their series, on the level of each.
    - ``"gradient"`` [4]_ multiplies the gradient of the prediction, by TensorFlow, with how far the
      value is off the one of ``"occlusion"``: the effect as it would be if the network were linear
      there. It asks for an LSTM behind the step that makes windows, takes one pass for all cells,
      and misses what lies beyond a bend, such as a saturated gate.

    Of a linear regressor the effects of occlusion and of gradients are the same, coefficient times
    deviation, and add up to what occluding everything does. A window that misses its first steps is
    left out; steps that are missing otherwise stay so, and a value stays where none is known to
    stand for it. Occluded windows are none that the estimator has seen, where lags or features go
    together: of two that say the same, each seems to be worth less than both. A calendar that a
    forecaster adds stays as it is, as do its weights.

    References
    ----------
    .. [1] M. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks", ECCV 2014,
       :doi:`10.1007/978-3-319-10590-1_53`.
    .. [2] L. Breiman, "Random forests", Machine Learning 45, 2001, :doi:`10.1023/A:1010933404324`.
    .. [3] A. Fisher, C. Rudin, F. Dominici, "All models are wrong, but many are useful", JMLR
       20(177), 2019.
    .. [4] M. Ancona, E. Ceolini, C. Öztireli, M. Gross, "Towards better understanding of
       gradient-based attribution methods for deep neural networks", ICLR 2018, arXiv:1711.06104.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_lstm import SequenceWindower, explain
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> y = 3 * np.roll(X[:, 0], 2)  # what the first feature was two rows ago
    >>> model = make_pipeline(SequenceWindower(4, flatten=True), Ridge(1e-6)).fit(X, y)
    >>> explanation = explain(model, X, y, random_state=0)
    >>> explanation
    Explanation of 200 predictions by occlusion: rise of the mean absolute error
        importance  most at lag
    x0       2.363            2
    x1   0.000...            3
    >>> explanation.importances.loc[2, "x0"].round(2)
    np.float64(2.36)

    A forecaster's last forecast, by any regressor:

    >>> from sklearn_lstm import LSTMForecaster
    >>> series = np.sin(np.arange(120) * np.pi / 6)
    >>> forecaster = LSTMForecaster(Ridge(1e-6), window_length=12, horizon=3).fit(series)
    >>> explain(forecaster, output=1).effects.shape
    (1, 12, 1)
    """
    _check_choice(method, "method", METHODS)
    _check_choice(measure, "measure", ("auto", "change", "error"))
    length = whole_number(segment_length, "segment_length", 1)
    n_repeats = whole_number(n_repeats, "n_repeats", 5)
    drawing: dict[str, Any] = {
        "output": output,
        "max_samples": whole_number(max_samples, "max_samples", None),
        "rng": check_random_state(random_state),
    }
    subject: Any
    if isinstance(unwrapped(estimator), LSTMForecaster):
        _refuse(
            "an LSTMForecaster", y_true=y_true, background=background, feature_names=feature_names
        )
        n_windows = whole_number(n_windows, "n_windows", None)
        _check_suits_forecaster(method, n_windows, has_other_X=data is None and X is not None)
        subject = ForecastSubject(unwrapped(estimator), data, X, n_windows=n_windows, **drawing)
    else:
        _refuse(f"a {type(estimator).__name__}", X=X, n_windows=n_windows)
        subject = WindowSubject(
            estimator, data, y_true, background=background, feature_names=feature_names, **drawing
        )
    measure = _measure(measure, method, subject.has_truth)
    grid = Grid(subject.lags, subject.is_seen, length)
    changes = _changes(subject, grid, method, measure, n_repeats, drawing["rng"])
    return _summary(subject, grid, changes, method, measure)


def _check_choice(value, name, choices):
    if not (isinstance(value, str) and value in choices):
        raise ValueError(f"{name}={value!r} must be one of {', '.join(map(repr, choices))}.")


REMEDIES = {
    "y_true": "the truth is in the series: set n_windows",
    "background": "what is usual is in the series",
    "feature_names": "its features are named by the columns of y and X; leave feature_names out",
    "X": "give its rows or windows as data",
    "n_windows": "origins are those of a forecaster; it explains the samples of data",
}


def _refuse(what, **given):
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"{name} was given, but the estimator is {what}: {REMEDIES[name]}.")


def _check_suits_forecaster(method, n_windows, has_other_X):
    if n_windows is not None and has_other_X:
        raise ValueError(
            f"X was given with n_windows={n_windows}, but forecasts of the past go by the "
            "covariates of fit. Leave X out, or give data, the series that it belongs to."
        )
    if method == "gradient":
        raise ValueError(
            "method='gradient' goes through one network, but a forecast is a mean of any "
            "regressors on scales of their own. Take method='occlusion'."
        )
    if method == "permutation" and (n_windows or 0) < 2:
        raise ValueError(
            f"method='permutation' exchanges values between windows, and n_windows={n_windows} "
            "gives none to exchange with. Set n_windows=20 or more, or take method='occlusion'."
        )


def _measure(measure, method, has_truth):
    if measure == "error" and method == "gradient":
        raise ValueError(
            "measure='error' needs predictions without a cell, but method='gradient' has none. "
            "Take method='occlusion', or measure='change'."
        )
    if measure == "error" and not has_truth:
        raise ValueError(
            "measure='error' needs the truth: give y_true, or n_windows to a forecaster. Or take "
            "measure='change'."
        )
    if measure == "auto":
        return "error" if has_truth and method != "gradient" else "change"
    return measure


def _changes(subject, grid, method, measure, n_repeats, rng):
    if method == "gradient":
        check_network(subject)
        return summed_changes(subject, grid, partial(attribute, subject))
    donors = [None]
    if method == "permutation":
        donors = [subject.draw_donors(rng) for _ in range(n_repeats)]
    return replaced_changes(subject, grid, donors, by_error=measure == "error")


def _summary(subject, grid, changes, method, measure):
    """Lay the changes out by lag and feature."""
    index = pd.Index(grid.lags, name="lag")
    names = subject.feature_names

    def table(statistic):
        rows = [
            [np.nan if cell is None else statistic(changes.importances[cell]) for cell in row]
            for row in grid.segments
        ]
        return pd.DataFrame(rows, index=index, columns=names)

    def series(cells, index):
        values = [changes.importances[cell].mean() for cell in cells]
        return pd.Series(values, index=index, name="importance")

    unseen = np.full(len(subject), np.nan)
    effects = np.array(
        [
            [unseen if cell is None else changes.effects[cell] for cell in row]
            for row in grid.segments
        ]
    )
    return Explanation(
        importances=table(np.mean),
        importances_std=table(np.std) if method == "permutation" else None,
        by_feature=series(grid.by_feature, pd.Index(names, name="feature")),
        by_lag=series(grid.by_lag, index),
        total=float(changes.importances[grid.everything].mean()),
        effects=np.moveaxis(effects, 2, 0),
        predictions=changes.predictions,
        baseline=changes.baseline,
        samples=subject.samples,
        method=method,
        measure=measure,
        unit=subject.unit,
    )
