"""What a forecaster shows of itself: the call that makes it, and after a fit what was chosen."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_html_repr

from sklearn_lstm import LSTMForecaster

NAME = "<b>sold</b> & more"
SUMMARY = "sklearn-lstm-summary"


# The same, printed by scikit-learn alone.
Plain = type("LSTMForecaster", (LSTMForecaster,), {"__repr__": BaseEstimator.__repr__})


@pytest.fixture(scope="module")
def y():
    t = np.arange(100)
    noise = np.random.default_rng(0).standard_normal(100)
    days = pd.date_range("2024-01-01", periods=100)
    return pd.Series(50 + 5 * np.sin(2 * np.pi * t / 7) + noise, days, name=NAME)


@pytest.fixture(scope="module")
def fitted(y):
    return LSTMForecaster(Ridge(), horizon=3).fit(y)


def test_unfitted_it_is_printed_as_ever():
    params = {
        "regressor": Ridge(alpha=3.5),
        "window_length": 14,
        "horizon": 3,
        "normalize": "standard",
        "missing": "interpolate",
        "random_state": 0,
    }
    for wrapped in (
        lambda one: one,
        lambda one: GridSearchCV(one, {"horizon": [1, 2]}),
        lambda one: make_pipeline(FunctionTransformer(), one),
    ):
        printed = repr(wrapped(LSTMForecaster(**params)))
        assert printed == repr(wrapped(Plain(**params)))
        assert max(map(len, printed.splitlines())) <= 80
        assert SUMMARY not in wrapped(LSTMForecaster(**params))._repr_html_()
    with pytest.raises(NotFittedError):
        LSTMForecaster().summary()


def test_fitted_it_says_what_was_chosen_and_stays_a_call(fitted):
    call, *lines = repr(fitted).splitlines()
    assert call == "LSTMForecaster(horizon=3, regressor=Ridge())"
    assert lines == [
        f"# 3 steps of {NAME!r} from 100 rows, one each 'D'",
        "# season: 7 steps",
        "# log: no, the level does not wander",
        "# intervals: errors on rows held back (conformal)",
        "# 100% Ridge, window of 15 (2 seasons of 7 steps and a step)",
    ]
    again = eval(repr(fitted))
    assert again.get_params(deep=False).keys() == fitted.get_params(deep=False).keys()
    assert (again.horizon, str(again.regressor)) == (3, "Ridge()")
    assert "#" not in repr(GridSearchCV(fitted, {"horizon": [1]}))


def test_the_summary_has_members_and_their_errors(y, fitted):
    summary = fitted.summary()
    for line in repr(fitted).splitlines()[1:5]:
        assert line.removeprefix("# ") in summary
    assert "2 seasons of 7 steps and a step" in summary
    assert "On rows held back: mean absolute error" in summary
    alone = LSTMForecaster(
        Ridge(), window_length=5, log=True, interval_method=None, columns="shared"
    ).fit(pd.DataFrame(dict.fromkeys("abcdefg", y)))
    summary = alone.summary()
    for part in ("a step of 7 columns from 100 rows", "season: not looked for",
                 "log: yes, as given", "intervals: none", "as given"):  # fmt: skip
        assert part in summary


def test_the_table_in_a_notebook_is_escaped_and_goes_with_the_display(y, fitted):
    shown = fitted._repr_html_()
    assert shown == shown.replace(NAME, "")
    assert "&lt;b&gt;sold&lt;/b&gt; &amp; more" in shown[shown.index(SUMMARY) :]
    assert "2 seasons of 7 steps and a step" in shown[shown.index(SUMMARY) :]
    bundle = fitted._repr_mimebundle_()
    assert bundle["text/plain"] == repr(fitted)
    assert bundle["text/html"].count(SUMMARY) == 1
    with config_context(display="text"):
        assert not hasattr(fitted, "_repr_html_")
        assert list(fitted._repr_mimebundle_()) == ["text/plain"]


def test_searches_and_pipelines_around_it_are_drawn(y, fitted):
    search = GridSearchCV(
        LSTMForecaster(Ridge(), window_length=5), {"horizon": [1]}, cv=TimeSeriesSplit(2)
    )
    assert "LSTMForecaster" in estimator_html_repr(search.fit(y))
    assert "LSTMForecaster" in make_pipeline(FunctionTransformer(), fitted)._repr_html_()


def test_arrays_and_panels_have_words_of_their_own(y):
    assert "# a step of y from 100 rows\n" in repr(LSTMForecaster(Ridge()).fit(y.to_numpy()))
    panel = pd.concat({"a": y, "b": y}, names=["shop", "day"]).rename(None)
    assert "# a step of y from 200 rows of 2 series, one each 'D'" in repr(
        LSTMForecaster(Ridge(), window_length=5).fit(panel)
    )


def test_why_logarithms_is_told(y):
    t = np.arange(120)
    noise = np.random.default_rng(0).standard_normal(120)
    growing = pd.Series(np.exp(t / 30 + 0.1 * noise), pd.date_range("2020", periods=120))
    for series, said in (
        (growing, "yes, the level wanders, and changes grow with it"),
        (10 + t / 10 + t % 2, "no, changes do not grow with the level"),
        (y - 50, "no, not all values are positive"),
        (y[:40], "no, fewer than 48 values are too few to tell"),
    ):
        assert f"# log: {said}" in repr(LSTMForecaster(Ridge(), window_length=5).fit(series))
    assert "# log: no, as given" in repr(LSTMForecaster(Ridge(), log=False).fit(y))
