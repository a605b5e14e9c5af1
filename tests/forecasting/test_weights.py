"""Weights of members, against sums by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_lstm.forecasting.weights import (
    SHARPNESS,
    crossed_weights,
    member_weights,
    mixed,
    relative_errors,
)

NAN = np.nan


def test_weights_are_the_inverse_of_a_power_of_the_mean_errors():
    errors = np.array([[1.0, 3.0], [4.0, 4.0]])  # means of 2 and 4
    found = member_weights(errors)
    assert_allclose(found, np.array([2**SHARPNESS, 1]) / (2**SHARPNESS + 1))
    assert_allclose(member_weights(1000 * errors), found)


def test_members_that_are_alike_weigh_the_same():
    assert_allclose(member_weights(np.full((4, 7), 0.3)), 0.25)
    assert_allclose(member_weights(np.zeros((3, 5))), 1 / 3)
    assert_allclose(member_weights(np.ones((1, 5))), 1)


def test_a_member_without_error_has_all_the_weight():
    errors = np.array([[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]])
    assert_array_equal(member_weights(errors), [0, 1, 0])
    assert_array_equal(member_weights(errors[[1, 0, 1]]), [0.5, 0, 0.5])


def test_a_member_is_compared_where_it_has_a_forecast():
    # The second has forecasts of the last two alone, where the first is off by 2 and 4.
    errors = np.array([[10.0, 10.0, 2.0, 4.0], [NAN, NAN, 1.0, 2.0]])
    assert_allclose(relative_errors(errors), [1.0, 0.5])
    # Those with the most forecasts are the measure together.
    errors = np.array([[10.0, 10.0, 2.0, 4.0], [10.0, 10.0, 4.0, 8.0], [NAN, NAN, 3.0, 6.0]])
    assert_allclose(relative_errors(errors), [26 / 29, 32 / 29, 1.0])


def test_a_member_that_has_shown_too_little_counts_as_the_worst():
    errors = np.array([[1.0] * 12, [3.0] * 12, [NAN] * 11 + [0.1]])
    assert_allclose(relative_errors(errors), [0.5, 1.5, 1.5])
    nothing = np.array([[1.0] * 12, [3.0] * 12, [NAN] * 12])
    assert_allclose(relative_errors(nothing), [0.5, 1.5, 1.5])
    assert np.isfinite(member_weights(nothing)).all()


@pytest.mark.parametrize("shape", [(3, 4), (3, 0), (1, 0)])
def test_where_nothing_is_known_all_weigh_the_same(shape):
    errors = np.full(shape, NAN)
    assert_array_equal(relative_errors(errors), np.ones(len(errors)))
    assert_allclose(member_weights(errors), 1 / len(errors))


def values_of(*members):
    """Forecasts of (n_members, n_origins), of one step and column each."""
    return np.array(members, dtype=float)[:, :, np.newaxis, np.newaxis]


def test_a_mean_is_weighted_by_members_or_by_members_and_origins():
    values = values_of([1, 2, 3], [5, 6, 7])
    assert_allclose(mixed(values, np.array([0.75, 0.25]))[:, 0, 0], [2, 3, 4])
    weights = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]])
    assert_allclose(mixed(values, weights)[:, 0, 0], [1, 6, 5])


def test_the_mean_of_what_all_agree_about_is_just_that():
    values = values_of(*[[7.0, 0.1, 1e9 + 0.3]] * 3)
    for weights in (np.full(3, 1 / 3), np.array([0.1, 0.2, 0.7]), np.array([0.0, 0.9, 0.1])):
        assert_array_equal(mixed(values, weights), values[0])


def test_a_member_without_weight_does_not_blur_the_others():
    values = values_of([1e20], [1.25], [np.inf], [1.75])
    assert mixed(values, np.array([0.0, 0.5, 0.0, 0.5])) == 1.5


def test_a_mean_is_over_those_that_have_a_forecast():
    values = values_of([1, NAN, NAN, NAN], [5, 6, NAN, NAN], [9, 9, 9, NAN])
    found = mixed(values, np.array([0.5, 0.5, 0.0]))[:, 0, 0]
    assert_allclose(found, [3, 6, 9, NAN])
    assert_allclose(mixed(values[:1], np.ones(1))[:, 0, 0], [1, NAN, NAN, NAN])


def test_a_forecast_with_a_step_missing_is_left_out_as_a_whole():
    values = np.array([[[[1.0], [NAN]]], [[[5.0], [6.0]]]])
    assert_allclose(mixed(values, np.array([0.5, 0.5])), [[[5.0], [6.0]]])


def test_the_mean_of_members_lies_between_them():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((4, 20, 3, 2))
    mean = mixed(values, member_weights(rng.random((4, 20))))
    assert (mean >= values.min(axis=0) - 1e-12).all()
    assert (mean <= values.max(axis=0) + 1e-12).all()


@pytest.mark.parametrize("n_origins", [4, 17, 80])
def test_the_weights_of_a_block_come_from_the_other_blocks(n_origins):
    rng = np.random.default_rng(n_origins)
    errors = rng.random((3, n_origins))
    found = crossed_weights(errors)
    blocks = np.array_split(np.arange(n_origins), 4)
    for block in blocks:
        others = np.setdiff1d(np.arange(n_origins), block)
        expected = errors[:, others].mean(axis=1) ** -SHARPNESS
        expected /= expected.sum()
        assert_allclose(found[:, block], np.tile(expected[:, np.newaxis], len(block)))
        noisy = errors.copy()
        noisy[:, block] = 100 * rng.random((3, len(block)))
        changed = crossed_weights(noisy)
        assert_array_equal(changed[:, block], found[:, block])
        assert (changed[:, others] != found[:, others]).any()


def test_few_origins_have_weights_too():
    assert_allclose(crossed_weights(np.array([[1.0], [1.0]])), 0.5)
    assert_allclose(crossed_weights(np.array([[1.0, 2.0], [2.0, 1.0]])),
                    np.array([[1, 64], [64, 1]]) / 65)  # fmt: skip
    assert crossed_weights(np.empty((2, 0))).shape == (2, 0)
