"""What a fit costs is bounded: updates, errors that are measured, memory."""

import sys
from math import ceil
from subprocess import run

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster
from sklearn_lstm.forecasting.calibration import MOST_ORIGINS_JUDGED
from sklearn_lstm.forecasting.defaults import N_UPDATES, default_regressor


def n_updates(lstm, n_windows):
    n_drawn = n_windows if lstm.max_samples is None else lstm.max_samples
    assert 1 <= n_drawn <= n_windows
    return lstm.epochs * ceil(n_drawn / lstm.batch_size)


@pytest.mark.parametrize(
    "n_windows", [8_001, 19_200, 19_201, 38_401, 76_801, 153_601, 400_000, 10**7, 10**9]
)
def test_many_windows_take_as_many_updates_as_are_aimed_for(n_windows):
    lstm = default_regressor(n_windows, 30)
    assert n_updates(lstm, n_windows) == N_UPDATES == 1250
    assert lstm.max_samples < n_windows
    assert lstm.epochs >= 5


def test_no_number_of_windows_takes_more_updates_than_are_aimed_for():
    for n_windows in np.unique(np.geomspace(1, 10**6, 2_000).astype(int)):
        lstm = default_regressor(n_windows, 30)
        # The last batch of an epoch may be a small one.
        assert n_updates(lstm, n_windows) <= N_UPDATES + lstm.epochs
        if lstm.max_samples is None:
            assert n_windows <= 64_000


N_SERIES, LENGTH, W = 205, 110, 2


@pytest.fixture(scope="module")
def large_panel():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((N_SERIES, LENGTH)).cumsum(axis=1)
    index = pd.MultiIndex.from_product([range(N_SERIES), range(LENGTH)])
    return pd.Series(values.ravel(), index)


def fitted(panel, **params):
    return LSTMForecaster(
        Ridge(), window_length=W, normalize=None, log=False, calibration_fraction=0.95, **params
    ).fit(panel)


def all_errors(panel):
    """Return the error of every window of the calibration part, and the windows before it."""
    values = panel.to_numpy().reshape(N_SERIES, LENGTH)
    n_times = LENGTH - W
    first = int(0.05 * N_SERIES * n_times) // N_SERIES  # time of the first window held back
    windows = np.lib.stride_tricks.sliding_window_view(values, W, axis=1)[:, :n_times]
    targets = values[:, W:]
    ridge = Ridge().fit(windows[:, :first].reshape(-1, W), targets[:, :first].ravel())
    held_back = windows[:, first:].reshape(-1, W)
    return targets[:, first:].ravel() - ridge.predict(held_back)


def test_errors_are_measured_from_some_of_very_many_origins(large_panel):
    expected = all_errors(large_panel)
    assert MOST_ORIGINS_JUDGED < len(expected) < 1.1 * MOST_ORIGINS_JUDGED
    found = fitted(large_panel)._core.errors_.errors[:, 0, 0]
    assert len(found) == MOST_ORIGINS_JUDGED
    ordered = np.sort(expected)
    places = np.searchsorted(ordered, found - 1e-9)
    assert len(np.unique(places)) == len(found)  # none is drawn twice
    assert_allclose(ordered[places], found, rtol=0, atol=1e-8)


def test_all_errors_are_measured_where_these_are_not_too_many(large_panel):
    some = large_panel[large_panel.index.get_level_values(0) < 190]
    found = fitted(some)._core.errors_.errors
    n_held_back = LENGTH - W - int(0.05 * (LENGTH - W))
    assert len(found) == 190 * n_held_back <= MOST_ORIGINS_JUDGED


def test_which_errors_are_measured_depends_on_the_seed_alone(large_panel):
    errors = [
        fitted(large_panel, random_state=seed)._core.errors_.errors for seed in (3, 3, 4, None)
    ]
    assert_array_equal(errors[0], errors[1])
    assert not np.array_equal(errors[0], errors[2])
    assert_array_equal(errors[3], fitted(large_panel)._core.errors_.errors)
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    fitted(large_panel)
    assert_array_equal(np.random.get_state()[1], before)


def test_the_drawn_errors_give_nearly_the_interval_of_all(large_panel):
    bounds = fitted(large_panel).predict_interval(coverage=0.8)
    ordered = np.sort(np.abs(all_errors(large_panel)))
    width = (bounds["upper"] - bounds["lower"]) / 2
    assert_allclose(width, width.iloc[0])
    share = np.searchsorted(ordered, width.iloc[0]) / len(ordered)
    assert share == pytest.approx(0.8, abs=0.005)


MEMORY = """
import sys
import numpy as np, pandas as pd
from sklearn_lstm import LSTMForecaster, LSTMRegressor, SequenceWindower

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024

def panel(n_series, length):
    index = pd.MultiIndex.from_product([range(n_series), range(length)])
    values = np.sin(np.arange(n_series * length) / 9)
    return pd.DataFrame({"u": values}, index=index)

lstm = LSTMRegressor(3, epochs=1, batch_size=64, max_samples=640, random_state=0)

def fit(X):
    y = X["u"].to_numpy()
    if sys.argv[1] == "regressor":
        windows = SequenceWindower(200).fit_transform(X)
        lstm.fit(windows, y).predict(windows[::len(y) // 100])
        return windows.nbytes
    forecaster = LSTMForecaster(lstm, window_length=200, interval_method=None)
    forecaster.fit(X["u"]).predict()
    return (len(y) - 200 * X.index.levshape[0]) * 200 * 8

fit(panel(3, 500))
before = peak()
written_out = fit(panel(100, 2_000))
print(peak() - before, written_out)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
@pytest.mark.parametrize("what", ["regressor", "forecaster"])
def test_windows_of_a_panel_are_never_all_written_out(what):
    finished = run([sys.executable, "-c", MEMORY, what], capture_output=True, text=True, check=True)
    growth, written_out = map(int, finished.stdout.split())
    assert written_out > 250e6
    assert growth < written_out / 5
