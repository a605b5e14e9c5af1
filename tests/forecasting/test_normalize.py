import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklearn_lstm.forecasting import normalize
from sklearn_lstm.forecasting.normalize import Normalizer


def end_to_end(series):
    """Return a list of arrays as one, and where each begins."""
    return np.concatenate(series), np.concatenate([[0], np.cumsum(list(map(len, series)))])


@pytest.fixture
def series():
    """Series of several lengths, levels and units; some with holes, some constant."""
    rng = np.random.default_rng(0)
    walks = [
        10.0 ** rng.integers(-6, 7) * (rng.integers(-9, 99) + rng.standard_normal((n, 2)).cumsum(0))
        for n in (50, 3, 2, 80, 1, 17, 200, 5, 50, 4)
    ]
    walks[3][::3, 0] = np.nan
    walks[6][10:190] = np.nan
    walks[8][:, 1] = 0.1
    walks[9][:3, 1] = np.nan
    return walks


def typical_change(values, n_steps):
    """Root mean square change, as a loop over the steps: those that all columns know count."""
    squares = []
    for step in range(1, min(n_steps, len(values) - 1) + 1):
        change = np.square(values[step:] - values[:-step])
        if np.isfinite(change).any(axis=0).all():
            squares.append(np.nanmean(change, axis=0))
    return np.sqrt(np.mean(squares, axis=0)) if squares else np.zeros(values.shape[1])


def expected(how, values, n_steps):
    if how is None:
        loc, scale = np.zeros(2), np.ones(2)
    elif how == "minmax":
        scaler = MinMaxScaler().fit(values)
        loc, scale = scaler.data_min_, scaler.data_range_
    else:
        scaler = StandardScaler().fit(values)
        loc, scale = scaler.mean_, scaler.scale_
    if how == "last":
        change = typical_change(values, n_steps)
        scale = np.where(change > 0, change, scale)
    is_constant = np.nanmin(values, axis=0) == np.nanmax(values, axis=0)
    loc = np.where(is_constant, np.nanmin(values, axis=0), loc)
    return loc, np.where(is_constant, 1.0, scale), is_constant


@pytest.mark.parametrize("rows_of_block", [1, 100, 10**6])
@pytest.mark.parametrize("n_steps", [1, 3, 60])
@pytest.mark.parametrize("how", ["minmax", "standard", "last", "window", None])
@pytest.mark.parametrize("whole_only", [False, True])
def test_the_scales_are_those_of_scikit_learn(
    series, how, n_steps, rows_of_block, whole_only, monkeypatch
):
    monkeypatch.setattr(normalize, "ROWS_OF_BLOCK", rows_of_block)
    if whole_only:
        series = [values for values in series if np.isfinite(values).all()]
    found = Normalizer(how).fit(*end_to_end(series), n_steps)
    wanted = [expected(how, values, n_steps) for values in series]
    for name, values in zip(
        ("loc_", "scale_", "is_constant_"), zip(*wanted, strict=True), strict=True
    ):
        np.testing.assert_allclose(getattr(found, name), np.array(values), rtol=1e-10, err_msg=name)


def test_a_deviation_that_is_rounding_only_is_no_scale():
    values = 0.1 + np.array([0, 1e-17, 3e-17, 2e-17, 1e-16, 0.0])[:, np.newaxis]
    assert len(np.unique(values)) > 1
    found = Normalizer("standard").fit(values, [0, 6], 1)
    assert found.scale_ == StandardScaler().fit(values).scale_ == 1.0


def test_values_come_back(series):
    normalizer = Normalizer("standard").fit(*end_to_end(series), 1)
    z = normalizer.transform(series[3], 3)
    np.testing.assert_allclose(np.nanmean(z, axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(normalizer.inverse_transform(z, 3), series[3])
