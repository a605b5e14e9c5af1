"""The operation that runs an LSTM: its two gradients, and sizes filled up by zeros."""

import numpy as np
import pytest

from sklearn_lstm.engine.lstm_op import run_lstm
from sklearn_lstm.engine.quiet_tensorflow import tf
from sklearn_lstm.engine.roads import padded


def drawn(*shapes):
    rng = np.random.default_rng(0)
    return [tf.constant(0.5 * rng.standard_normal(shape), tf.float32) for shape in shapes]


@pytest.mark.parametrize(
    ("n_timesteps", "n_samples", "n_inputs", "units"),
    [(1, 2, 2, 4), (5, 3, 4, 6), (9, 16, 8, 96), (4, 1, 2, 386)],
)
def test_both_gradients_are_the_same(n_timesteps, n_samples, n_inputs, units):
    state = n_samples, units
    x, w, b, h_0, c_0, h_weight, c_weight = drawn(
        (n_timesteps, n_samples, n_inputs), (n_inputs + units, 4 * units), (4 * units,),
        state, state, (n_timesteps, *state), (n_timesteps, *state),
    )  # fmt: skip
    gradients = []
    for is_wide in (False, True):
        with tf.GradientTape() as tape:
            tape.watch([x, w, b, h_0, c_0])
            h, c = run_lstm(x, w, b, h_0, c_0, is_wide=is_wide)
            total = tf.reduce_sum(h * h_weight) + tf.reduce_sum(c * c_weight)
        gradients.append(tape.gradient(total, [x, w, b, h_0, c_0]))
    for expected, found in zip(*gradients, strict=True):
        size = np.abs(expected).max()
        np.testing.assert_allclose(found / size, expected / size, atol=2e-6)


def test_units_are_filled_up_to_an_even_number_that_is_no_multiple_of_64():
    for units, expected in [(1, 2), (50, 50), (63, 66), (64, 66), (65, 66), (127, 130), (256, 258)]:
        assert padded(units) == expected
