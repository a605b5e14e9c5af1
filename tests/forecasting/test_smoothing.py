"""Exponential smoothing as linear maps, against the textbook's recursion value by value."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone, is_regressor
from sklearn.exceptions import NotFittedError

from sklearn_lstm.forecasting import smoothing
from sklearn_lstm.forecasting.smoothing import ExponentialSmoothing, smoothing_maps


def holt_winters(y, n_steps, m, alpha, beta_star, phi, gamma_star):
    """Additive Holt-Winters in its component form, one value after the other.

    ``beta_star`` and ``gamma_star`` are the textbook's: shares of the change of the level, and of
    what the level leaves over.
    """
    n_first = len(y) % m
    level, trend = sum(y[:m]) / m, 0.0
    whole = y[n_first:]
    n_seasons = len(whole) // m
    season = []
    for k in range(m):
        of_place = [
            whole[s * m + k] - sum(whole[s * m : (s + 1) * m]) / m for s in range(n_seasons)
        ]
        season.append(sum(of_place) / n_seasons)
    for t, value in enumerate(y):
        k = (t - n_first) % m
        before = level
        without_season = value - season[k]
        level = alpha * without_season + (1 - alpha) * (before + phi * trend)
        trend = beta_star * (level - before) + (1 - beta_star) * phi * trend
        season[k] = gamma_star * (value - level) + (1 - gamma_star) * season[k]
    forecast, reach = [], 0.0
    for step in range(1, n_steps + 1):
        reach += phi**step
        forecast.append(level + reach * trend + season[(len(y) + step - 1 - n_first) % m])
    return forecast


CHOICES = [
    (0.3, 0.0, 0.0, 0.0),
    (1.0, 0.0, 0.0, 0.3),
    (0.2, 0.1, 0.9, 0.0),
    (0.7, 0.3, 0.9, 1.0),
    (0.5, 0.05, 1.0, 0.6),
    (0.05, 0.1, 0.9, 0.3),
]


@pytest.mark.parametrize(("length", "m", "n_steps"), [(12, 4, 6), (13, 4, 3), (9, 1, 4), (5, 5, 7)])
def test_maps_are_the_recursion_of_the_textbook(length, m, n_steps):
    windows = 20 + 3 * np.random.default_rng(length).standard_normal((4, length))
    choices = CHOICES if m > 1 else [(*rest, 0.0) for *rest, _ in CHOICES]
    maps = smoothing_maps(length, n_steps, m, choices)
    assert maps.shape == (len(choices), length, n_steps)
    for of_choice, choice in zip(maps, choices, strict=True):
        expected = [holt_winters(window.tolist(), n_steps, m, *choice) for window in windows]
        assert_allclose(windows @ of_choice, expected, rtol=1e-10)


def test_the_level_alone_is_a_mean_with_fading_weights():
    alpha, n = 0.35, 8
    (found,) = smoothing_maps(n, 1, 1, [(alpha, 0.0, 0.0, 0.0)])
    fading = alpha * (1 - alpha) ** np.arange(n)[::-1]
    fading[0] += (1 - alpha) ** n  # the first value is the first level
    assert_allclose(found[:, 0], fading)


def test_without_smoothing_the_last_value_is_repeated():
    (found,) = smoothing_maps(6, 3, 1, [(1.0, 0.0, 0.0, 0.0)])
    assert_allclose(np.arange(6) @ found, [5, 5, 5])


def test_whatever_is_added_to_a_window_is_added_to_its_forecast():
    maps = smoothing_maps(11, 5, 3, CHOICES)
    assert_allclose(maps.sum(axis=1), 1)
    windows, targets = lagged(np.random.default_rng(0).standard_normal(60), 11, 5)
    model = ExponentialSmoothing(3).fit(windows, targets)
    higher = clone(model).fit(windows + 1000, targets + 1000)
    assert_allclose(higher.predict(windows + 1000), model.predict(windows) + 1000)
    assert_allclose(model.predict(3 * windows), 3 * model.predict(windows))


def lagged(values, length, n_steps):
    parts = np.lib.stride_tricks.sliding_window_view(values, length + n_steps)
    return parts[:, :length], parts[:, length:]


@pytest.mark.parametrize(("m", "n_choices"), [(1, 8 * 4), (4, 8 * 4 * 5), (24, 4 * 3)])
def test_the_three_with_the_smallest_errors_are_averaged(m, n_choices):
    from sklearn_lstm.forecasting.smoothing import _choices

    choices = _choices(m)
    assert len(choices) == len(set(choices)) == n_choices
    rng = np.random.default_rng(m)
    y = np.cumsum(rng.standard_normal(90)) + 3 * np.sin(2 * np.pi * np.arange(90) / m)
    windows, targets = lagged(y, 2 * m + 3, 2)
    errors = [
        np.mean([
            np.abs(np.subtract(holt_winters(window.tolist(), 2, m, *choice), target))
            for window, target in zip(windows, targets, strict=True)
        ])
        for choice in choices
    ]  # fmt: skip
    best = [choices[i] for i in np.argsort(errors)[:3]]
    model = ExponentialSmoothing(m).fit(windows, targets)
    found = [tuple(one.values()) for one in model.parameters_]
    assert found == best
    expected = [holt_winters(windows[-1].tolist(), 2, m, *choice) for choice in best]
    assert_allclose(model.predict(windows[-1:])[0], np.mean(expected, axis=0))


def test_a_season_is_continued_from_where_the_window_ends():
    y = np.tile([3.0, -1.0, 5.0, 0.0], 12)
    for length in (8, 9, 10, 11):
        windows, targets = lagged(y, length, 6)
        found = ExponentialSmoothing(4).fit(windows, targets).predict(windows)
        assert_allclose(found, targets, atol=1e-9)


def test_a_season_longer_than_the_window_is_left_out():
    windows, targets = lagged(np.random.default_rng(0).standard_normal(50), 5, 2)
    found = ExponentialSmoothing(12).fit(windows, targets)
    assert_allclose(found.coef_, ExponentialSmoothing(1).fit(windows, targets).coef_)
    assert {one["season"] for one in found.parameters_} == {0.0}


def test_some_of_very_many_windows_choose_as_all_do(monkeypatch):
    y = np.cumsum(np.random.default_rng(0).standard_normal(4000))
    windows, targets = lagged(y, 6, 2)
    some = ExponentialSmoothing().fit(windows, targets)
    assert_allclose(some.coef_, ExponentialSmoothing().fit(windows, targets).coef_)
    monkeypatch.setattr(smoothing, "MOST_WINDOWS_COMPARED", len(windows))
    every = ExponentialSmoothing().fit(windows, targets)
    assert every.parameters_[0] == some.parameters_[0]
    assert_allclose(every.coef_, some.coef_, atol=0.1)


def test_one_output_and_several_have_the_shapes_of_their_targets():
    windows, targets = lagged(np.random.default_rng(0).standard_normal(40), 6, 3)
    several = ExponentialSmoothing(2).fit(windows, targets)
    assert several.predict(windows).shape == targets.shape
    assert several.coef_.shape == (6, 3)
    column = ExponentialSmoothing(2).fit(windows, targets[:, :1])
    assert column.predict(windows).shape == (len(windows), 1)
    flat = ExponentialSmoothing(2).fit(windows, targets[:, 0])
    assert flat.predict(windows).shape == (len(windows),)
    assert_allclose(flat.predict(windows), column.predict(windows)[:, 0])


def test_it_is_an_estimator_like_others():
    model = ExponentialSmoothing(season_length=7)
    assert is_regressor(model)
    assert model.get_params() == {"season_length": 7}
    assert clone(model.set_params(season_length=3)).season_length == 3
    with pytest.raises(NotFittedError):
        model.predict(np.zeros((1, 4)))
    windows, targets = lagged(np.arange(30.0) % 3, 6, 2)
    fitted = model.fit(windows, targets)
    assert fitted is model
    assert model.n_features_in_ == 6
    assert model.score(windows, targets) == pytest.approx(1)
    again = pickle.loads(pickle.dumps(model))
    assert_allclose(again.predict(windows), model.predict(windows), rtol=0)
