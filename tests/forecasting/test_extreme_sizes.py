"""Values whose squares overflow or vanish, and forecasts that grow beyond any number."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster
from sklearn_lstm.forecasting.normalize import Normalizer, unit_of, unlogged

VALUES = 10 + np.sin(np.arange(80) / 3)
SCALES = ["last", "window", "standard", "minmax"]


def forecaster(**settings):
    return LSTMForecaster(Ridge(), **{"window_length": 6, "horizon": 3} | settings)


@pytest.fixture(autouse=True)
def no_overflow():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


@pytest.mark.parametrize("normalize", SCALES)
@pytest.mark.parametrize("exponent", [-1000, 990])
def test_the_size_of_a_series_changes_no_forecast(normalize, exponent):
    usual = forecaster(normalize=normalize).fit(VALUES)
    extreme = forecaster(normalize=normalize).fit(np.ldexp(VALUES, exponent))
    for method in ("predict", "predict_interval"):
        found = np.ldexp(getattr(extreme, method)(), -exponent)
        np.testing.assert_allclose(found, getattr(usual, method)(), rtol=1e-9)
    other = np.ldexp(VALUES[20:60], exponent)
    np.testing.assert_allclose(
        np.ldexp(usual.predict(y=other), -exponent), usual.predict(y=VALUES[20:60]), rtol=1e-9
    )


@pytest.mark.parametrize("normalize", SCALES)
def test_columns_and_covariates_may_differ_in_size_by_any_factor(normalize):
    shifts = np.array([-1000, 990])
    y, future = np.c_[VALUES, VALUES[::-1]], VALUES[:3, np.newaxis]
    usual = forecaster(normalize=normalize).fit(y, VALUES[:, np.newaxis])
    extreme = forecaster(normalize=normalize).fit(
        np.ldexp(y, shifts), np.ldexp(VALUES[:, np.newaxis], 990)
    )
    found = np.ldexp(extreme.predict(X=np.ldexp(future, 990)), -shifts)
    np.testing.assert_allclose(found, usual.predict(X=future), rtol=1e-9)


def test_a_scale_is_that_of_the_divided_series_times_the_divisor():
    offsets = np.array([0, 40, 80])
    for how in SCALES:
        usual = Normalizer(how).fit(VALUES[:, np.newaxis], offsets, 3)
        extreme = Normalizer(how).fit(np.ldexp(VALUES, 900)[:, np.newaxis], offsets, 3)
        np.testing.assert_array_equal(extreme.scale_, np.ldexp(usual.scale_, 900))
        np.testing.assert_array_equal(extreme.loc_, np.ldexp(usual.loc_, 900))


def test_a_constant_series_keeps_the_scale_of_one():
    for value in (3.0, 1e300, 1e-300, 0.0):
        fitted = Normalizer("last").fit(np.full((9, 1), value), np.array([0, 9]), 1)
        assert (fitted.loc_[0, 0], fitted.scale_[0, 0]) == (value, 1.0)


def test_units_are_powers_of_two_and_one_for_usual_values():
    largest = np.array([0.0, 1e-99, 1.0, 1e99, 1e-300, 3e300, 5e-324, np.nan])
    unit = unit_of(largest)
    np.testing.assert_array_equal(unit[[0, 1, 2, 3, 7]], 1.0)
    np.testing.assert_array_equal(np.frexp(unit)[0], 0.5)
    assert ((largest / unit)[4:6] >= 0.5).all()
    assert ((largest / unit)[4:6] < 1).all()


def test_without_a_scale_values_must_have_squares():
    with pytest.raises(ValueError, match=r"y holds values as large as 1\.09.*e\+301.*normalize="):
        forecaster(normalize=None).fit(VALUES * 1e300)


def test_values_at_the_end_of_all_numbers_are_refused():
    with pytest.raises(ValueError, match=r"y holds 1e\+306 at row 80"):
        forecaster().fit([*VALUES, 1e306])


def test_a_forecast_that_outgrows_all_numbers_is_an_error_that_names_the_step():
    model = forecaster(log=True).fit(np.exp(2.0 * np.arange(80)))
    with pytest.raises(ValueError, match=r"forecast of step (\d+) is larger.*log=False") as error:
        model.predict(400)
    step = int(str(error.value).split("of step ")[1].split()[0])
    assert np.isfinite(model.predict(step - 1)).all()
    with pytest.raises(ValueError, match=f"forecast of step {step} "):
        model.predict(step)


def test_infinite_bounds_are_an_error_too():
    values = np.array([[[1.0], [np.inf]], [[np.nan], [2.0]]])
    with pytest.raises(ValueError, match="forecast of step 2 is larger than any number"):
        unlogged(values, False)
    np.testing.assert_array_equal(unlogged(np.array([[0.0, np.nan]]), True), [[1.0, np.nan]])


def test_a_horizon_beyond_any_memory_is_refused_before_work():
    with pytest.raises(ValueError, match=r"horizon=1000000000 is too far"):
        forecaster().fit(VALUES).predict(10**9)
