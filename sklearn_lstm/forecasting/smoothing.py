"""Exponential smoothing as a regressor on windows: linear maps, of which the best are averaged."""

from __future__ import annotations

from itertools import product
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

# Each trend is the share of a change of the level that goes into it, and what is left of it at the
# next step. The grids are those of textbooks, coarse: what is averaged need not be exact.
LEVELS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0)
TRENDS = ((0.0, 0.0), (0.1, 0.9), (0.3, 0.9), (0.05, 1.0))
SEASONS = (0.0, 0.1, 0.3, 0.6, 1.0)
# Of a long season the maps take a second and more; there the trend is the least of what matters.
LONG_SEASON = 24
FEW_LEVELS, FEW_TRENDS, FEW_SEASONS = (0.1, 0.35, 0.7, 1.0), ((0.0, 0.0),), (0.0, 0.3, 0.6)
N_AVERAGED = 3
MOST_WINDOWS_COMPARED = 1500


class ExponentialSmoothing(RegressorMixin, BaseEstimator):
    """Additive exponential smoothing within each window, with a damped trend and a season.

    What it forecasts is a linear function of the window, for each choice of the smoothing
    parameters another one. The three choices with the smallest mean absolute error over all
    steps that are predicted are averaged.

    Parameters
    ----------
    season_length : int, default=1
        Steps in a season; a window should hold two or more. 1: there is none.

    Attributes
    ----------
    coef_ : ndarray of shape (window_length, n_outputs)

    parameters_ : list of dict
        ``level``, ``trend``, ``damping`` and ``season`` of the choices that are averaged.

    References
    ----------
    .. [1] R. J. Hyndman, A. B. Koehler, R. D. Snyder, S. Grose, "A state space framework for
       automatic forecasting using exponential smoothing methods", International Journal of
       Forecasting 18(3), 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lstm.forecasting.smoothing import ExponentialSmoothing
    >>> y = 10 + np.tile([0.0, 3.0, 1.0], 8)
    >>> windows = np.lib.stride_tricks.sliding_window_view(y, 9)
    >>> model = ExponentialSmoothing(season_length=3).fit(windows[:-3, :6], windows[:-3, 6:])
    >>> model.predict(windows[-1:, :6]).round(6), windows[-1, 6:]
    (array([[10., 13., 11.]]), array([10., 13., 11.]))
    """

    def __init__(self, season_length: int = 1) -> None:
        self.season_length = season_length

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Choose the smoothing parameters.

        Parameters
        ----------
        X : ndarray of shape (n_windows, window_length)
        y : ndarray of shape (n_windows,) or (n_windows, n_outputs)

        Returns
        -------
        self : ExponentialSmoothing
        """
        X, y = np.asarray(X), np.asarray(y)
        targets = y.reshape(len(y), -1)
        if len(X) > MOST_WINDOWS_COMPARED:
            rng = np.random.default_rng(0)
            rows = np.sort(rng.choice(len(X), MOST_WINDOWS_COMPARED, replace=False))
            X, targets = X[rows], targets[rows]
        m = self.season_length if self.season_length <= X.shape[1] else 1
        choices = _choices(m)
        maps = smoothing_maps(X.shape[1], targets.shape[1], m, choices)
        errors = [np.abs(targets - X @ of_choice).mean() for of_choice in maps]
        best = np.argsort(errors, kind="stable")[:N_AVERAGED]
        self.coef_ = maps[best].mean(axis=0)
        self.coef_ = self.coef_[:, 0] if y.ndim == 1 else self.coef_
        names = ("level", "trend", "damping", "season")
        self.parameters_ = [dict(zip(names, choices[i], strict=True)) for i in best]
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Forecast the steps after windows, in the shape of the targets of ``fit``."""
        check_is_fitted(self)
        return np.asarray(X) @ self.coef_


def _choices(season_length):
    grids: tuple[Any, ...]
    if season_length < LONG_SEASON:
        grids = LEVELS, TRENDS, SEASONS if season_length > 1 else (0.0,)
    else:
        grids = FEW_LEVELS, FEW_TRENDS, FEW_SEASONS
    return [(level, *trend, season) for level, trend, season in product(*grids)]


def smoothing_maps(window_length, n_steps, season_length, choices):
    """Return what exponential smoothing makes of each value of a window.

    The recursion runs over the rows of the unit matrix, for all choices at once: column ``s`` of a
    state says how much of the window's value ``s`` is in it.

    Parameters
    ----------
    window_length, n_steps, season_length : int

    choices : list of tuple
        Share of a surprise that the level takes, share of the level's change that the trend takes,
        what is left of the trend at the next step, and share of the rest that the season takes.

    Returns
    -------
    maps : ndarray of shape (n_choices, window_length, n_steps)
        Forecasts are ``windows @ map``.
    """
    alpha, beta, phi, gamma = (np.array(of)[:, np.newaxis] for of in zip(*choices, strict=True))
    values, m = np.eye(window_length), season_length
    n_first = window_length % m  # rows before the first whole season
    trend = np.zeros((len(choices), window_length))
    level = trend + values[:m].mean(axis=0)
    seasons = values[n_first:].reshape(-1, m, window_length)
    profile = (seasons - seasons.mean(axis=1, keepdims=True)).mean(axis=0)
    season = np.repeat(profile[np.newaxis], len(choices), axis=0)
    for t in range(window_length):
        now = (t - n_first) % m
        expected = level + phi * trend
        surprise = values[t] - season[:, now] - expected
        trend = phi * trend + beta * alpha * surprise
        level = expected + alpha * surprise
        season[:, now] += gamma * (1 - alpha) * surprise
    maps, reach = np.empty((len(choices), window_length, n_steps)), np.zeros_like(phi)
    for step in range(n_steps):
        reach = reach + phi ** (step + 1)
        maps[:, :, step] = level + reach * trend + season[:, (window_length + step - n_first) % m]
    return maps
