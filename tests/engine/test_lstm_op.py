"""The operation that runs an LSTM: its two gradients, and sizes filled up by zeros."""

import numpy as np
import pytest

from sklearn_lstm.engine.lstm_op import run_lstm
from sklearn_lstm.engine.products import product
from sklearn_lstm.engine.quiet_tensorflow import tf
from sklearn_lstm.engine.roads import padded


def drawn(*shapes):
    rng = np.random.default_rng(0)
    return [tf.constant(0.5 * rng.standard_normal(shape), tf.float32) for shape in shapes]


def of_any_size(array):
    return tf.TensorSpec([None] * len(array.shape))


SIZES = [(1, 2, 2, 4), (5, 3, 4, 6), (8, 2, 1, 4), (9, 16, 8, 96), (19, 4, 2, 10), (4, 1, 2, 386)]


@pytest.mark.parametrize("to_end", [False, True])
@pytest.mark.parametrize(("n_timesteps", "n_samples", "n_inputs", "units"), SIZES)
def test_both_gradients_are_the_same(n_timesteps, n_samples, n_inputs, units, to_end):
    state = n_samples, units
    shape = state if to_end else (n_timesteps, *state)
    x, w, b, h_0, c_0, h_weight, c_weight = drawn(
        (n_timesteps, n_samples, n_inputs), (n_inputs + units, 4 * units), (4 * units,),
        state, state, shape, shape,
    )  # fmt: skip
    gradients = []
    for own_gradient in (False, True):

        @tf.function(input_signature=[of_any_size(array) for array in (x, w, b, h_0, c_0)])
        def gradient(*arguments, own_gradient=own_gradient):
            with tf.GradientTape() as tape:
                tape.watch(arguments)
                h, c = run_lstm(*arguments, own_gradient=own_gradient, to_end=to_end)
                total = tf.reduce_sum(h * h_weight) + tf.reduce_sum(c * c_weight)
            return tape.gradient(total, arguments)

        gradients.append(gradient(x, w, b, h_0, c_0))
    for expected, found in zip(*gradients, strict=True):
        size = np.abs(expected).max()
        np.testing.assert_allclose(found / size, expected / size, atol=2e-6)


@pytest.mark.parametrize("own_gradient", [False, True])
def test_the_last_states_are_those_of_the_last_step(own_gradient):
    x, w, b, h_0, c_0 = arguments = drawn((9, 4, 2), (8, 24), (24,), (4, 6), (4, 6))
    ends, gradients = [], []
    for to_end in (False, True):
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            h, c = run_lstm(x, w, b, h_0, c_0, own_gradient=own_gradient, to_end=to_end)
            ends.append((h, c) if to_end else (h[-1], c[-1]))
            total = tf.reduce_sum(tf.square(ends[-1][0]) - ends[-1][1])
        gradients.append(tape.gradient(total, arguments))
    np.testing.assert_array_equal(*ends)
    for expected, found in zip(*gradients, strict=True):
        np.testing.assert_allclose(found, expected, atol=2e-6)


def test_products_and_their_gradients_are_those_of_matmul():
    a, b = arguments = drawn((5, 3), (3, 7))
    results = []
    for multiply in (tf.matmul, product):
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            found = multiply(a, b)
            total = tf.reduce_sum(found**2)
        results.append([found, *tape.gradient(total, arguments)])
    for expected, found in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_units_are_filled_up_to_an_even_number_that_is_no_multiple_of_64():
    for units, expected in [(1, 2), (50, 50), (63, 66), (64, 66), (65, 66), (127, 130), (256, 258)]:
        assert padded(units) == expected
