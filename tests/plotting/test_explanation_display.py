import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from sklearn_lstm import Explanation, ExplanationDisplay, LSTMForecaster, SequenceWindower, explain


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def many():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 2)), columns=["a", "b"])
    y = pd.Series(np.roll(X["a"], 1), name="sales")
    model = make_pipeline(SequenceWindower(5, flatten=True), LinearRegression()).fit(X, y)
    return explain(model, X, y)


@pytest.fixture(scope="module")
def one():
    """One forecast, of a price known ahead."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"price": rng.normal(size=80)})
    y = pd.Series(10 - 3 * X["price"] + rng.normal(size=80), name="sales")
    model = LSTMForecaster(LinearRegression(), window_length=4, horizon=2).fit(y, X)
    return explain(model, X=pd.DataFrame({"price": [2.0, -1.0]}, index=[80, 81]))


def test_lags_run_along_the_axis_to_the_last_row_and_features_down(many):
    display = many.plot()
    assert isinstance(many, Explanation)
    assert isinstance(display, ExplanationDisplay)
    assert_allclose(display.image_.get_array(), many.importances.to_numpy().T)
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["a", "b"]
    lags = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert lags == ["4", "3", "2", "1", "0"]
    assert display.image_.get_clim() == (0, many.importances.to_numpy().max())
    assert display.colorbar_.ax.get_ylabel() == "rise of the error (sales)"


def test_bars_stand_beside_their_rows(many):
    display = many.plot(unit="pieces")
    assert_allclose([bar.get_width() for bar in display.bars_], many.by_feature)
    assert display.bar_ax_.get_ylim() == display.ax_.get_ylim()
    assert "pieces" in display.colorbar_.ax.get_ylabel()


def test_one_axes_gets_the_map_alone_and_two_get_both(many):
    _, (left, right, last) = plt.subplots(1, 3)
    display = many.plot(left)
    assert display.ax_ is left
    assert display.bar_ax_ is None
    assert display.bars_ is None
    display = many.plot([right, last])
    assert (display.ax_, display.bar_ax_) == (right, last)
    with pytest.raises(ValueError, match="ax holds 3 axes: give one, two or None"):
        many.plot([left, right, last])
    with pytest.raises(TypeError, match="no matplotlib Axes"):
        many.plot(["here"])


def test_effects_on_one_forecast_part_at_zero_and_what_is_not_seen_is_left_out(one):
    display = one.plot()
    low, high = display.image_.get_clim()
    assert low == -high < 0
    drawn = display.image_.get_array()
    assert_allclose(drawn.filled(np.nan), one.effects[0].T)
    assert drawn.mask.sum() == 2  # sales of the two days to come
    assert_allclose([bar.get_width() for bar in display.bars_], np.nansum(one.effects[0], axis=0))
    lags = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert lags == ["3", "2", "1", "0", "-1", "-2"]
    assert display.colorbar_.ax.get_ylabel() == "effect on the prediction (sales)"


def test_one_sample_of_many_is_drawn_with_its_signs(many):
    display = many.plot(sample=7)
    assert_allclose(display.image_.get_array(), many.effects[7].T)
    with pytest.raises(ValueError, match="sample=99 is none of the 80"):
        many.plot(sample=99)


def test_of_long_windows_some_lags_are_written_zero_among_them():
    X = pd.DataFrame({"a": np.random.default_rng(0).normal(size=200)})
    model = make_pipeline(SequenceWindower(50, flatten=True), LinearRegression()).fit(X, X["a"])
    display = explain(model, X).plot()
    lags = [int(label.get_text()) for label in display.ax_.get_xticklabels()]
    assert lags[-1] == 0
    assert 8 <= len(lags) <= 12
