"""Weights of members from their errors, and the mean of their forecasts."""

from __future__ import annotations

import numpy as np

# Chosen on the validation stretches of the tasks in benchmarks/skill: between 4 and 10 hardly
# anything changes, equal weights are worse by a tenth, and the best alone by a twentieth. Weights
# for each of two or four blocks of steps change the geometric mean over 38 tasks by -1 %, all of
# which comes from one (solar, -30 %); the median stays, and the worst is 12 % worse.
SHARPNESS = 6.0
# A member is compared on the origins that it can forecast; on fewer than that share of them it has
# shown too little, and counts as the worst.
SMALLEST_SHARE_COMPARED = 0.25
FEWEST_COMPARED = 2
N_CROSSED = 4  # blocks of origins, each mixed by the weights that the others give


def member_weights(errors):
    """Weigh members by the inverse of a power of their mean errors.

    Parameters
    ----------
    errors : ndarray of shape (n_members, n_origins)
        Mean absolute errors, in units that make origins comparable. NaN where a member has no
        forecast.

    Returns
    -------
    weights : ndarray of shape (n_members,)
        Not negative; their sum is 1.
    """
    relative = relative_errors(errors)
    if not (relative > 0).all():
        return np.where(relative > 0, 0.0, 1.0) / max(1, (~(relative > 0)).sum())
    weights = (relative.min() / relative) ** SHARPNESS
    return weights / weights.sum()


def relative_errors(errors):
    """Return the error of each member over that of those with the most forecasts, where both are.

    Parameters
    ----------
    errors : ndarray of shape (n_members, n_origins)

    Returns
    -------
    relative : ndarray of shape (n_members,)
        The largest of all where a member has too few forecasts to tell; 1 where none can tell.
    """
    known = np.isfinite(errors)
    counts = known.sum(axis=1)
    most = counts.max(initial=0)
    if most == 0:
        return np.ones(len(errors))
    of_most = errors[counts == most]
    reference = np.where(np.isfinite(of_most).all(axis=0), of_most.mean(axis=0), np.nan)
    compared = known & np.isfinite(reference)
    enough = compared.sum(axis=1) >= max(FEWEST_COMPARED, SMALLEST_SHARE_COMPARED * most)
    enough |= counts == most
    totals = np.where(compared, errors, 0).sum(axis=1)
    references = np.where(compared, reference, 0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(enough, totals / references, np.nan)
    relative[~np.isfinite(relative)] = np.nanmax(relative) if np.isfinite(relative).any() else 1.0
    return relative


def mixed(values, weights):
    """Return the weighted mean of the members that have a forecast.

    Parameters
    ----------
    values : ndarray of shape (n_members, n_origins, n_steps, n_columns)

    weights : ndarray of shape (n_members,) or (n_members, n_origins)

    Returns
    -------
    mean : ndarray of shape (n_origins, n_steps, n_columns)
        NaN where no member has a forecast.
    """
    if len(values) == 1:
        return values[0]
    known = np.isfinite(values).all(axis=(2, 3))
    weights = np.where(known, weights.reshape(len(values), -1), 0.0)
    total = weights.sum(axis=0)
    # Where those that weigh something have nothing to say, the others speak.
    weights = np.where(total > 0, weights, known)
    with np.errstate(invalid="ignore"):
        weights = weights / weights.sum(axis=0)
        # From the heaviest on, so that the mean of what all agree about is just that.
        heaviest = np.where(known, weights, -1.0).argmax(axis=0)
        first = values[heaviest, np.arange(len(heaviest))]
        mean = first.copy()
        for of_member, weight, is_known in zip(values, weights, known, strict=True):
            deviation = np.where(is_known[:, np.newaxis, np.newaxis], of_member - first, 0)
            mean += deviation * weight[:, np.newaxis, np.newaxis]
    return mean


def crossed_weights(errors):
    """Return the weights of each origin as the origins of other blocks give them.

    Errors of forecasts that were mixed by weights found on these very errors would be too small.

    Parameters
    ----------
    errors : ndarray of shape (n_members, n_origins)
        In the order of time.

    Returns
    -------
    weights : ndarray of shape (n_members, n_origins)
    """
    n_origins = errors.shape[1]
    weights = np.empty(errors.shape)
    for block in np.array_split(np.arange(n_origins), min(N_CROSSED, max(1, n_origins))):
        others = np.delete(errors, block, axis=1)
        weights[:, block] = member_weights(others if others.shape[1] else errors)[:, np.newaxis]
    return weights
