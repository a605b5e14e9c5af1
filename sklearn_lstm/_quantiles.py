"""Levels of quantiles: the rules for them, and a score of several."""

from numbers import Real

import numpy as np
from sklearn.metrics import d2_pinball_score


def check_quantile(quantile):
    """Return one level as a float, or several as a tuple; refuse what are no ascending levels."""
    levels = list(quantile) if isinstance(quantile, tuple | list) else [quantile]
    are_shares = all(isinstance(x, Real) and 0 < float(x) < 1 for x in levels)
    if not levels or not are_shares or any(np.diff(np.array(levels, dtype=float)) <= 0):
        raise ValueError(
            f"quantile={quantile!r}, but loss='quantile' asks for a level between 0 and 1, both "
            "excluded, or a list of such levels in ascending order. Set quantile=0.5, or "
            "quantile=[0.05, 0.5, 0.95]."
        )
    floats = tuple(map(float, levels))
    return floats if isinstance(quantile, tuple | list) else floats[0]


def mean_d2_pinball_score(y, quantiles, levels, sample_weight=None):
    """Return the D² of the pinball loss, averaged over levels.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    quantiles : ndarray of shape (n_samples, n_levels) or (n_samples, n_outputs, n_levels)
    levels : ndarray of shape (n_levels,)
    sample_weight : array-like of shape (n_samples,), default=None

    Returns
    -------
    score : float
    """
    scores = [
        d2_pinball_score(y, quantiles[..., k], sample_weight=sample_weight, alpha=level)
        for k, level in enumerate(levels)
    ]
    return float(np.mean(scores))
