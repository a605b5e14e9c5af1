import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import num2date
from numpy.testing import assert_array_equal
from sklearn.linear_model import Ridge

from sklearn_lstm import (
    ComparisonDisplay,
    ForecastDisplay,
    LossCurveDisplay,
    LSTMForecaster,
    LSTMRegressor,
    backtest,
    make_lstm_pipeline,
)


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

    with pytest.raises(NotFittedError):
        LossCurveDisplay.from_estimator(LSTMRegressor())
    with pytest.raises(TypeError, match="Ridge holds no loss_curve_"):
        LossCurveDisplay.from_estimator(Ridge().fit(*waves))


@pytest.fixture
def sales():
    """Two shops, 60 days each."""
    days = pd.date_range("2024-01-01", periods=60, name="day")
    t = np.arange(60)
    return pd.DataFrame({"north": np.sin(t) + 5, "south": np.cos(t) * t}, index=days)


def forecaster(**params):
    return LSTMForecaster(Ridge(), window_length=7, **{"horizon": 4, **params})


def test_past_forecast_band_and_truth_are_told_apart_without_colour(sales):
    model = forecaster().fit(sales["north"][:50])
    display = ForecastDisplay.from_estimator(model, sales["north"], coverage=0.8)
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["past", "truth", "80 % interval", "forecast"]
    assert_array_equal(display.forecast_.get_ydata(), model.predict())
    assert_array_equal(display.truth_.get_ydata(), sales["north"][50:54])
    assert_array_equal(display.past_.get_ydata(), sales["north"][38:50])
    lines = [display.past_, display.truth_, display.forecast_]
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == 3
    bounds = model.predict_interval(coverage=0.8)
    corners = display.band_.get_paths()[0].vertices[:, 1]
    assert corners.min() == bounds["lower"].min()
    assert corners.max() == bounds["upper"].max()
    assert display.ax_.get_ylabel() == "north"


def test_what_is_not_asked_for_is_not_drawn(sales):
    model = forecaster(interval_method=None).fit(sales["north"])
    display = ForecastDisplay.from_estimator(model, n_past=0, horizon=2, unit="€")
    assert display.truth_ is display.past_ is display.band_ is None
    assert len(display.ax_.get_lines()) == 1
    assert display.ax_.get_ylabel() == "€"
    with_band = ForecastDisplay.from_estimator(forecaster(horizon=1).fit(sales["north"]))
    assert with_band.band_ is not None  # a single step has an error bar
    _, ax = plt.subplots()
    assert with_band.plot(ax).ax_ is ax


@pytest.mark.parametrize("form", ["frame", "panel", "array"])
def test_one_of_several_series_is_chosen(sales, form):
    data = {
        "frame": sales,
        "panel": sales.unstack().rename_axis(["shop", "day"]).rename("sales"),
        "array": sales.to_numpy(),
    }[form]
    name = 1 if form == "array" else "south"
    model = forecaster(columns="shared").fit(data)
    display = ForecastDisplay.from_estimator(model, series=name)
    expected = forecaster(columns="shared").fit(sales).predict()["south"]
    np.testing.assert_allclose(display.forecast_.get_ydata(), expected)
    first = ForecastDisplay.from_estimator(model, n_past=3)
    assert_array_equal(first.past_.get_ydata(), sales["north"][-3:])
    assert "south" in display.ax_.get_ylabel() or form == "array"
    with pytest.raises(ValueError, match=r"series='east' was not forecast"):
        ForecastDisplay.from_estimator(model, series="east")


@pytest.mark.parametrize("form", ["array", "Series"])
def test_another_series_is_drawn_with_its_own_past(sales, form):
    y, other = sales["north"], sales["south"][:40]
    y, other = (y.to_numpy(), other.to_numpy()) if form == "array" else (y, other.rename("north"))
    model = forecaster().fit(y)
    display = ForecastDisplay.from_estimator(model, y=other, n_past=5, coverage=0.5)
    np.testing.assert_allclose(display.forecast_.get_ydata(), model.predict(y=other))
    assert_array_equal(display.past_.get_ydata(), sales["south"][35:40])
    bounds = np.asarray(model.predict_interval(y=other, coverage=0.5))
    np.testing.assert_allclose(display.lower, bounds[:, 0])


def test_truth_of_an_array_goes_step_by_step(sales):
    y = sales["north"].to_numpy()
    display = ForecastDisplay.from_estimator(forecaster().fit(y[:50]), y[50:], coverage=0.5)
    assert_array_equal(display.truth_.get_xdata(), [50, 51, 52, 53])
    assert_array_equal(display.past_.get_xdata(), range(38, 50))


def test_a_backtest_is_drawn_without_overlap(sales):
    y = sales["north"]
    result = backtest(forecaster(), y, n_windows=3, coverage=0.5, refit=False)
    display = result.plot()
    assert_array_equal(display.truth_.get_ydata(), y[48:])
    assert_array_equal(display.forecast_.get_ydata(), result.predictions["y_pred"])
    assert display.band_ is not None
    overlapping = backtest(forecaster(), y, n_windows=5, stride=1, refit=False)
    assert_array_equal(overlapping.plot().truth_.get_ydata(), y[52:57])
    assert_array_equal(overlapping.plot(step=4).truth_.get_ydata(), y[55:60])
    with pytest.raises(ValueError, match="series='east'"):
        result.plot(series="east")
    with pytest.raises(ValueError, match="step=9 was not forecast"):
        result.plot(step=9)


def test_forecasts_apart_are_not_joined_by_a_line(sales):
    result = backtest(
        forecaster(), sales["north"], n_windows=3, stride=10, coverage=0.5, refit=False
    )
    display = result.plot()
    drawn = display.forecast_.get_ydata()
    assert np.isnan(drawn).tolist() == ([False] * 4 + [True]) * 3
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert "50 % interval" in legend


def test_truth_is_aligned_or_refused(sales):
    y = sales["north"]
    model = forecaster().fit(y[:50])
    display = ForecastDisplay.from_estimator(model, y[50:].to_numpy(), coverage=None)
    assert_array_equal(display.truth_.get_ydata(), y[50:54])
    with pytest.raises(ValueError, match=r"none of the timestamps that are forecast, 2024-02-20"):
        ForecastDisplay.from_estimator(model, y[:50], coverage=None)
    with pytest.raises(ValueError, match=r"Fit with horizon=9.*coverage=None"):
        ForecastDisplay.from_estimator(model, horizon=9)


def test_dates_of_a_zone_keep_their_clock():
    hours = pd.date_range("2024-06-01", periods=48, freq="h", tz="Asia/Tokyo")
    y = pd.Series(np.sin(np.arange(48)), index=hours)
    display = ForecastDisplay.from_estimator(forecaster().fit(y), coverage=None)
    display.figure_.canvas.draw()
    assert str(display.ax_.xaxis.get_major_formatter()._tz) == "Asia/Tokyo"


def test_the_training_of_a_forecaster_is_drawn(sales):
    model = forecaster().set_params(regressor=LSTMRegressor(2, epochs=3)).fit(sales["north"])
    (line,) = LossCurveDisplay.from_estimator(model).ax_.get_lines()
    assert_array_equal(line.get_ydata(), model.regressor_.loss_curve_)


def test_forecasters_are_bars_from_best_to_worst():
    scores = pd.DataFrame(
        {
            "MASE": [0.5, 1.0, 1.2, 40.0, np.nan],
            "RMSE": [2.0, 1.0, 3.0, 4.0, np.nan],
            "coverage": [0.88, np.nan, np.nan, 0.5, np.nan],
        },
        index=["ridge", "seasonal naive", "persistence", "awful", "failed"],
    )
    display = ComparisonDisplay(scores).plot()
    ax = display.ax_
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["ridge", "seasonal naive", "persistence", "awful"]
    assert ax.yaxis_inverted()
    widths = [bar.get_width() for bar in display.bars_]
    assert widths[:3] == [0.5, 1.0, 1.2]
    assert widths[3] >= ax.get_xlim()[1]  # cut, so that the others can be told apart
    assert widths[3] < 5
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["0.5   88 % covered", "1", "1.2", "40   50 % covered"]
    (line,) = ax.get_lines()
    assert_array_equal(line.get_xdata(), [1.0, 1.0])
    _, ax = plt.subplots()
    display = ComparisonDisplay(scores.drop(["seasonal naive", "persistence"])).plot(
        ax, measure="RMSE"
    )
    assert display.figure_ is ax.figure
    assert not ax.get_lines()
    assert ax.get_xlabel() == "RMSE"
    with pytest.raises(ValueError, match="measure='R2' must be one of MASE"):
        display.plot(measure="R2")


def test_the_forecast_goes_on_from_the_last_known_value(sales):
    y = sales["north"].copy()
    y.iloc[49] = np.nan  # of the last day nothing is known
    model = forecaster(missing="interpolate").fit(y[:50])
    display = ForecastDisplay.from_estimator(model, sales["north"], coverage=0.8)
    joins = [line for line in display.ax_.get_lines() if len(line.get_xdata()) == 2]
    ends = [line.get_ydata().tolist() for line in joins]
    assert ends == [[y.iloc[48], y.iloc[50]], [y.iloc[48], model.predict().iloc[0]]]
    assert display.ax_.get_xlabel() == "day"
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["past", "truth", "80 % interval", "forecast"]


@pytest.mark.parametrize("given", [Ridge(), Ridge, None, "model.skops"])
def test_what_is_no_forecaster_is_refused_as_such(given):
    message = r"forecaster=.* is no LSTMForecaster. Fit one around a regressor"
    with pytest.raises(TypeError, match=message):
        ForecastDisplay.from_estimator(given)


@pytest.mark.parametrize("given", [Ridge, None, "model.skops"])
def test_what_is_no_estimator_has_no_losses(given):
    with pytest.raises(TypeError, match=r"is a class|not an estimator"):
        LossCurveDisplay.from_estimator(given)


def test_bad_parameters_of_displays_are_named(sales):
    model = forecaster().fit(sales["north"])
    _, axes = plt.subplots(2)
    for options, message in (
        ({"n_past": -3}, "n_past=-3"),
        ({"n_past": 2.5}, r"n_past=2\.5"),
        ({"coverage": 90}, "coverage=90"),
        ({"horizon": 0}, "horizon=0"),
    ):
        with pytest.raises(ValueError, match=message):
            ForecastDisplay.from_estimator(model, **options)
    for draw in (
        lambda: ForecastDisplay.from_estimator(model, ax=axes),
        lambda: ComparisonDisplay(pd.DataFrame({"MASE": [1.0]}, index=["a"])).plot(axes),
        lambda: LossCurveDisplay(loss_curve=[1.0]).plot("axes"),
        lambda: ForecastDisplay.from_predictions([1.0, 2.0], [1.0, 2.0], past=[0.0]),
    ):
        with pytest.raises(TypeError, match=r"ax=(?s:.)* is no matplotlib Axes|past=.* must be a"):
            draw()
    with pytest.raises(ValueError, match="coverage=90"):
        ForecastDisplay.from_predictions([1.0], [1.0], lower=[0.0], upper=[2.0], coverage=90)
    with pytest.raises(ValueError, match="y_true is empty"):
        ForecastDisplay.from_predictions([], [])
