"""Calibration errors to half widths and corrections, beside loops and values found by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_lstm.forecasting.conformal import ConformalErrors, ConformalQuantiles, NoIntervalError

ANY = np.zeros(1, int)
LEVELS = (0.1, 0.5, 0.9)


def column(*values):
    """Errors of one step and one column."""
    return np.array(values, dtype=float)[:, np.newaxis, np.newaxis]


def errors_of(n_errors, *shape, seed=0):
    return np.random.default_rng(seed).standard_normal((n_errors, *shape))


def order_statistic(scores, coverage):
    """The k-th smallest for k = ceil((n + 1) coverage); NaN where there are too few."""
    scores = sorted(scores)
    k = int(np.ceil(round((len(scores) + 1) * coverage, 9)))
    return scores[k - 1] if k <= len(scores) else np.nan


# Errors that come later.


def test_new_errors_count_and_the_old_calibration_is_as_before():
    errors = ConformalErrors(column(1, -2, 3))
    longer = errors.extended(column(-4, 5, 6, 7))
    assert longer.half_width(0.5, ANY) == 4  # of 1 to 7
    assert errors.half_width(0.5, ANY) == 2
    assert type(longer) is ConformalErrors


def test_the_oldest_are_dropped():
    errors = ConformalErrors(column(9, 9, 1)).extended(column(2, -3, 4), n_kept=4)
    assert_array_equal(errors.errors, column(1, 2, -3, 4))
    assert errors.half_width(0.8, ANY) == 4


def test_what_is_not_known_yet_drops_nothing_and_may_come_in_later_rows():
    nan = np.nan
    errors = ConformalErrors(np.array([[1, 10], [2, 20], [3, 30.0]])[..., np.newaxis])
    errors = errors.extended(np.array([[4, nan]])[..., np.newaxis], n_kept=3)
    assert_array_equal(errors.half_width(0.75, ANY)[0, :, 0], [4, 30])
    errors = errors.extended(np.array([[5, 40]])[..., np.newaxis], n_kept=3)
    assert_array_equal(errors.errors[..., 0], [[3, 20], [4, 30], [5, 40]])


def test_all_are_kept_unless_told_otherwise():
    errors = ConformalErrors(errors_of(5, 2, 1))
    for seed in range(10):
        errors = errors.extended(errors_of(3, 2, 1, seed=seed))
    assert errors.errors.shape == (35, 2, 1)


def test_each_series_keeps_its_own_newest():
    errors = ConformalErrors(column(1, 2, 3, 50, 60, 70), np.array([0, 0, 0, 4, 4, 4]))
    errors = errors.extended(column(9, 8), np.array([0, 7]), n_kept=3)
    assert_array_equal(errors.half_width(0.5, np.array([4, 0]))[:, 0, 0], [60, 3])
    # Series 7 has one error, too few, and is judged by all: 2, 3, 8, 9, 50, 60, 70.
    assert errors.half_width(0.75, np.array([7])) == 60
    assert_array_equal(np.unique(errors.series_ids, return_counts=True), [[0, 4, 7], [3, 3, 1]])


@pytest.mark.parametrize("by_series", [False, True])
def test_series_are_named_where_they_are_judged_apart_and_there_alone(by_series):
    ids = np.zeros(3, int)
    errors = ConformalErrors(column(1, 2, 3), ids if by_series else None)
    with pytest.raises(ValueError, match=r"series_ids=.* judges (all|each) series"):
        errors.extended(column(1, 2, 3), None if by_series else ids)
    with pytest.raises(ValueError, match=r"series_ids=.* judges (all|each) series"):
        errors.rolling_half_width(0.5, column(1, 2, 3), ids, None if by_series else ids)


def test_quantiles_are_extended_alike():
    quantiles = ConformalQuantiles(errors_of(9, 2, 1, 3), LEVELS)
    longer = quantiles.extended(errors_of(4, 2, 1, 3, seed=1), n_kept=10)
    assert longer.levels == LEVELS
    expected = np.concatenate([errors_of(9, 2, 1, 3), errors_of(4, 2, 1, 3, seed=1)])[-10:]
    assert_array_equal(longer.errors, expected)


# Half widths as time goes on.


def half_widths_by_loop(calibration, errors, origins, ids, n_kept, coverage):
    """Sort and count anew at each origin; return NaN where too few are known."""
    old_ids = calibration.series_ids
    old_ids = np.zeros(len(calibration.errors), int) if old_ids is None else old_ids
    ids = np.zeros(len(errors), int) if ids is None else ids
    found = np.full(errors.shape, np.nan)
    for i, s, c in np.ndindex(*errors.shape):
        kept = {}
        for series in {*old_ids, *ids}:
            scores = list(np.abs(calibration.errors[old_ids == series, s, c]))
            known = (origins + s + 1 <= origins[i]) & (ids == series)
            scores += list(np.abs(errors[known, s, c]))
            scores = [score for score in scores if np.isfinite(score)]
            kept[series] = scores if n_kept is None else scores[-n_kept:]
        own = order_statistic(kept.get(ids[i], []), coverage)
        everyone = order_statistic(np.concatenate(list(kept.values())), coverage)
        found[i, s, c] = max([everyone, *kept.get(ids[i], [])]) if np.isnan(own) else own
    return found


@pytest.mark.parametrize("n_kept", [None, 5, 12])
@pytest.mark.parametrize("n_calibrated", [0, 2, 9])
@pytest.mark.parametrize("by_series", [False, True])
def test_it_is_what_a_loop_finds(n_kept, n_calibrated, by_series):
    rng = np.random.default_rng(0)
    old_ids, ids = rng.integers(3, size=n_calibrated), rng.integers(4, size=40)
    calibration = ConformalErrors(errors_of(n_calibrated, 3, 2), old_ids if by_series else None)
    errors = errors_of(40, 3, 2, seed=1)
    errors[rng.random(errors.shape) < 0.1] = np.nan
    origins = np.sort(rng.integers(100, 130, size=40))
    ids = ids if by_series else None
    found = calibration.rolling_half_width(0.7, errors, origins, ids, n_kept=n_kept)
    assert_array_equal(found, half_widths_by_loop(calibration, errors, origins, ids, n_kept, 0.7))
    assert np.isfinite(found[-1]).all()


def of_series_that_differ():
    """Three series, one of them with few errors, which lacks some at the second step."""
    ids = np.repeat([0, 1, 2], [20, 4, 9])
    errors = errors_of(33, 2, 1) * np.array([1.0, 40, 0.1])[ids][:, np.newaxis, np.newaxis]
    errors[21:24, 1] = np.nan
    return ConformalErrors(errors, ids)


def test_more_coverage_never_means_less_width():
    errors, series = of_series_that_differ(), np.array([0, 1, 2])
    widths = [errors.half_width(coverage, series) for coverage in np.linspace(0.05, 0.95, 19)]
    levels = [errors.quantile(level, series) for level in np.linspace(0.04, 0.96, 47)]
    for found in (widths, levels):
        assert (np.diff(found, axis=0) >= 0).all()


def test_a_series_with_few_errors_is_judged_step_by_step_by_all_or_its_own_largest():
    errors = of_series_that_differ()
    (first, second) = errors.half_width(0.6, np.array([1]))[0, :, 0]
    own, everyone = np.abs(errors.errors[20:24, 0, 0]), np.abs(errors.errors[:, 1, 0])
    assert first == np.sort(own)[2]  # 5 * 0.6 = 3 of its four
    of_all = np.sort(everyone)[18]  # 31 * 0.6 = 18.6 of thirty; of its one error there is none
    assert second == max(of_all, everyone[20])
    assert errors.half_width(0.95, np.array([1]))[0, 0, 0] == own.max()


def test_the_order_of_the_rows_does_not_matter():
    calibration, errors = ConformalErrors(errors_of(9, 2, 1)), errors_of(30, 2, 1, seed=1)
    origins = np.arange(30)
    shuffled = np.random.default_rng(0).permutation(30)
    found, expected = (
        calibration.rolling_half_width(0.8, errors[rows], origins[rows], n_kept=10)
        for rows in (shuffled, origins)
    )
    assert_array_equal(found, expected[shuffled])


def test_it_is_the_half_width_of_a_calibration_that_is_extended_as_time_goes_on():
    calibration, errors = ConformalErrors(errors_of(8, 3, 1)), errors_of(30, 3, 1, seed=1)
    found = calibration.rolling_half_width(0.8, errors, np.arange(30), n_kept=8)
    for origin in range(30):
        assert_array_equal(found[origin], calibration.half_width(0.8, ANY)[0])
        # The value after this origin makes one error of each step known.
        row = [errors[origin - s, s] if origin >= s else [np.nan] for s in range(3)]
        calibration = calibration.extended(np.array([row]), n_kept=8)


@pytest.mark.parametrize("now", [0, 7, 20])
def test_nothing_of_the_future_is_looked_at(now):
    rng = np.random.default_rng(0)
    calibration, errors = ConformalErrors(errors_of(9, 3, 1)), errors_of(30, 3, 1, seed=1)
    origins, noise = np.arange(30), errors.copy()
    is_future = origins[:, np.newaxis] + np.arange(1, 4) > now
    noise[is_future] = 100 * rng.standard_normal((is_future.sum(), 1))
    found, expected = (
        calibration.rolling_half_width(0.8, part, origins, n_kept=20) for part in (noise, errors)
    )
    assert_array_equal(found[: now + 1], expected[: now + 1])
    assert (found[now + 4 :] != expected[now + 4 :]).any()


def test_intervals_follow_errors_that_grow():
    calibration = ConformalErrors(errors_of(100, 1, 1))
    errors = 5 * errors_of(400, 1, 1, seed=1)
    half_width = calibration.rolling_half_width(0.9, errors, np.arange(400), n_kept=100)
    covered = np.abs(errors) <= half_width
    fixed = np.abs(errors) <= calibration.half_width(0.9, ANY)
    assert abs(covered[150:].mean() - 0.9) < 0.04
    assert fixed[150:].mean() < 0.4


def test_a_bound_below_what_the_coverage_needs_is_refused():
    with pytest.raises(NoIntervalError, match=r"coverage=0\.9 .* 8 calibration errors.*it needs 9"):
        ConformalErrors(column(1)).rolling_half_width(0.9, column(1), ANY, n_kept=8)


# Quantiles and the correction of intervals between them.


def test_a_correction_by_hand():
    # Nine truths, and quantiles -1, 0 and 1 for each.
    truth = np.array([-3.0, -1.5, -0.5, 0, 0.2, 0.7, 1.1, 2, 4])
    errors = truth[:, np.newaxis] - np.array([-1.0, 0, 1])
    quantiles = ConformalQuantiles(errors[:, np.newaxis, np.newaxis], LEVELS)
    # Beyond the nearer one: 2, 0.5, -0.5, -1, -0.8, -0.3, 0.1, 1, 3.
    assert_allclose(quantiles.correction(0.9, ANY), 3)
    assert_allclose(quantiles.correction(0.8, ANY), 2)
    assert_allclose(quantiles.correction(0.5, ANY), 0.1)
    assert_allclose(quantiles.correction(0.2, ANY), -0.8)


def test_steps_columns_and_missing_ones_are_judged_apart():
    errors = errors_of(30, 2, 3, 3)
    errors[np.random.default_rng(1).random((30, 2, 3)) < 0.2] = np.nan
    found = ConformalQuantiles(errors, LEVELS).correction(0.75, ANY)
    assert found.shape == (1, 2, 3)
    for place in np.ndindex(2, 3):
        scores = [max(-low, high) for low, _, high in errors[(slice(None), *place)]]
        known = [score for score in scores if np.isfinite(score)]
        assert found[(0, *place)] == order_statistic(known, 0.75)


def test_too_few_errors_are_refused_with_how_many_it_takes():
    with pytest.raises(NoIntervalError, match=r"coverage=0\.9 .* 8 calibration errors.*needs 9"):
        ConformalQuantiles(errors_of(8, 1, 1, 3), LEVELS).correction(0.9, ANY)


def test_a_series_is_judged_by_its_own_or_else_by_all():
    ids = np.repeat([3, 5], [20, 4])
    errors = errors_of(24, 1, 1, 3)
    quantiles = ConformalQuantiles(errors, LEVELS, ids)
    own = ConformalQuantiles(errors[:20], LEVELS).correction(0.9, ANY)[0]
    of_all = ConformalQuantiles(errors, LEVELS).correction(0.9, ANY)[0]
    found = quantiles.correction(0.9, np.array([5, 3, 5]))
    assert_array_equal(found, [of_all, own, of_all])


@pytest.mark.parametrize(
    ("levels", "coverage", "pair"),
    [
        (LEVELS, 0.9, (0, 2)),
        (LEVELS, 0.2, (0, 2)),
        ((0.05, 0.1, 0.5, 0.9, 0.95), 0.8, (1, 3)),
        ((0.05, 0.1, 0.5, 0.9, 0.95), 0.99, (0, 4)),
        ((0.05, 0.25, 0.4, 0.75), 0.9, (1, 3)),
    ],
)
def test_the_pair_of_levels_that_suits(levels, coverage, pair):
    assert ConformalQuantiles(errors_of(3, 1, 1, len(levels)), levels).pair(coverage) == pair


@pytest.mark.parametrize("levels", [(0.5,), (0.5, 0.9), (0.1, 0.2)])
def test_levels_of_which_no_two_enclose_the_middle_are_refused(levels):
    quantiles = ConformalQuantiles(errors_of(30, 1, 1, len(levels)), levels)
    with pytest.raises(NoIntervalError, match=r"no two lie around 0\.5.*quantile=\["):
        quantiles.correction(0.9, ANY)


def test_bounds_that_would_cross_meet_in_the_middle():
    quantiles = np.array([0.0, 1, 4])[np.newaxis, np.newaxis, np.newaxis]
    conformal = ConformalQuantiles(errors_of(3, 1, 1, 3), LEVELS)
    for correction, bounds in ((1, (-1, 5)), (-1, (1, 3)), (-3, (2, 2))):
        found = conformal.interval(quantiles, np.full((1, 1, 1), correction), 0.8)
        assert_array_equal(np.ravel(found), bounds)


@pytest.mark.parametrize("factor", [0.3, 1, 3])
def test_wrong_quantiles_get_their_coverage_and_keep_their_shape(factor):
    rng = np.random.default_rng(0)
    deviation = rng.uniform(0.5, 3, (4000, 1, 1))
    truth = deviation * rng.standard_normal((4000, 1, 1))
    predicted = factor * deviation[..., np.newaxis] * np.array([-1.28, 0, 1.28])
    conformal = ConformalQuantiles((truth[..., np.newaxis] - predicted)[:2000], LEVELS)
    lower, upper = conformal.interval(predicted, conformal.correction(0.8, ANY), 0.8)
    covered = (lower <= truth) & (truth <= upper)
    assert abs(covered[2000:].mean() - 0.8) < 0.03
    assert np.corrcoef((upper - lower).ravel(), deviation.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("by_series", [False, True])
def test_the_rolling_correction_is_that_of_extended_calibrations(by_series):
    ids = np.repeat(0, 12)
    conformal = ConformalQuantiles(errors_of(12, 2, 1, 3), LEVELS, ids if by_series else None)
    new_ids = np.zeros(25, int) if by_series else None
    errors = errors_of(25, 2, 1, 3, seed=1)
    found = conformal.rolling_correction(0.8, errors, np.arange(25), new_ids, n_kept=12)
    for origin in range(25):
        assert_array_equal(found[origin], conformal.correction(0.8, ANY)[0])
        unknown = np.full((1, 3), np.nan)
        row = [errors[origin - s, s] if origin >= s else unknown for s in range(2)]
        conformal = conformal.extended(
            np.array([row]), np.zeros(1, int) if by_series else None, n_kept=12
        )
