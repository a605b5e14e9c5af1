import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import num2date
from numpy.testing import assert_array_equal

from sklearn_lstm import ForecastDisplay, LossCurveDisplay, LSTMRegressor, make_lstm_pipeline


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_a_forecast_is_drawn_over_the_truth_on_its_dates():
    days = pd.date_range("2024-01-01", periods=5)
    y_true = pd.Series(np.arange(5.0), index=days, name="sales")
    _, ax = plt.subplots()
    display = ForecastDisplay.from_predictions(y_true, y_true + 1, ax=ax, label="LSTM")
    assert display.ax_ is ax
    assert_array_equal(display.forecast_.get_ydata(), y_true + 1)
    assert num2date(display.truth_.get_xdata(orig=False)[0]).day == 1
    assert display.truth_.get_linestyle() != display.forecast_.get_linestyle()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["truth", "LSTM"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("date", "sales")


@pytest.mark.parametrize("index", [None, pd.period_range("2020-01", periods=3, freq="M")])
def test_other_indexes_are_drawn_too(index):
    y_true = [1.0, 2.0, 3.0] if index is None else pd.Series([1.0, 2.0, 3.0], index=index)
    display = ForecastDisplay.from_predictions(y_true, [1, 2, 2], unit="°C")
    assert display.ax_.get_ylabel() == "°C"
    assert display.figure_ is display.ax_.figure
    with pytest.raises(ValueError, match="inconsistent numbers"):
        ForecastDisplay.from_predictions(y_true, [1.0])


def test_losses_of_each_epoch_are_drawn_from_any_pipeline(waves):
    X, y = waves
    model = make_lstm_pipeline(4, units=2, epochs=4, early_stopping=True).fit(X, y)
    display = LossCurveDisplay.from_estimator(model)
    lstm = model.regressor_.named_steps["lstm"]
    training, validation = display.ax_.get_lines()
    assert_array_equal(training.get_xdata(), [1, 2, 3, 4])
    assert_array_equal(training.get_ydata(), lstm.loss_curve_)
    assert_array_equal(validation.get_ydata(), lstm.validation_loss_curve_)
    assert len(LossCurveDisplay.from_estimator(model.regressor_).ax_.get_lines()) == 2


def test_validation_of_a_later_fit_is_drawn_at_its_epochs(windows):
    X, y = windows
    lstm = LSTMRegressor(2, epochs=2, warm_start=True).fit(X, y).fit(X, y, X_val=X, y_val=y)
    _, validation = LossCurveDisplay.from_estimator(lstm).ax_.get_lines()
    assert_array_equal(np.isnan(validation.get_ydata()), [True, True, False, False])


def test_predictions_on_another_index_are_refused():
    y_true = pd.Series([1.0, 2.0], index=[5, 6])
    with pytest.raises(ValueError, match="reindex"):
        ForecastDisplay.from_predictions(y_true, y_true[::-1])


def test_losses_need_a_fitted_lstm(waves):
    from sklearn.exceptions import NotFittedError
    from sklearn.linear_model import Ridge

    with pytest.raises(NotFittedError):
        LossCurveDisplay.from_estimator(LSTMRegressor())
    with pytest.raises(TypeError, match="Ridge holds no loss_curve_"):
        LossCurveDisplay.from_estimator(Ridge().fit(*waves))
