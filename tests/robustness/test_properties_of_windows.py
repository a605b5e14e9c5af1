"""What holds of windows and targets whatever the rows: seen by loops in plain Python."""

import pickle
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_lstm import SequenceWindower, make_lstm_pipeline, make_supervised

NAMES = {"text": list("dbac"), "number": [3, 1, 0, 2], "mixed": ["b", "a", "", " "]}


@dataclass
class Table:
    """Rows of one series, or of several that alternate, with uneven steps between them."""

    X: pd.DataFrame
    series: np.ndarray
    steps: np.ndarray

    @property
    def rows(self):
        return self.X.to_numpy()

    @property
    def unit(self):
        """str or int : How ``max_gap`` says one step."""
        return "1D" if self.X.index.levels[-1].dtype.kind == "M" else 1

    def where(self, chosen):
        return Table(self.X[chosen], self.series[chosen], self.steps[chosen])


@st.composite
def tables(draw, min_rows=1, max_step=3):
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    n_rows, names = draw(st.integers(min_rows, 30)), NAMES[draw(st.sampled_from(list(NAMES)))]
    series = rng.integers(0, draw(st.integers(1, 4)), n_rows)
    steps = np.empty(n_rows, dtype=int)
    for one in np.unique(series):
        is_one = series == one
        steps[is_one] = rng.integers(0, 9) + rng.integers(1, max_step + 1, is_one.sum()).cumsum()
    has_times = draw(st.booleans())
    labels = pd.Timestamp("2023-12-20") + pd.to_timedelta(steps, "D") if has_times else steps
    index = pd.MultiIndex.from_arrays([[names[one] for one in series], labels])
    values = rng.standard_normal((n_rows, draw(st.integers(1, 3))))
    return Table(pd.DataFrame(values, index).rename(columns="x{}".format), series, steps)


def window_by_a_walk_back(table, row, window_length, max_gap, padding):
    """Go back from a row through the earlier rows of its series, as far as the gaps allow."""
    window, at = [table.rows[row]], row
    for earlier in range(row - 1, -1, -1):
        if table.series[earlier] != table.series[row]:
            continue
        if max_gap is not None and table.steps[at] - table.steps[earlier] > max_gap:
            break
        window.insert(0, table.rows[earlier])
        at = earlier
    window = window[-window_length:]
    before = window[0] if padding == "edge" else np.full(table.rows.shape[1], np.nan)
    return [before] * (window_length - len(window)) + window


options = {
    "window_length": st.integers(1, 9),
    "max_gap": st.sampled_from([None, 1, 2]),
    "padding": st.sampled_from(["nan", "edge"]),
}


def windower_of(table, window_length, max_gap, padding, **params):
    max_gap = max_gap and max_gap * pd.Timedelta(table.unit) if table.unit == "1D" else max_gap
    max_gap = max_gap.to_pytimedelta() if isinstance(max_gap, pd.Timedelta) else max_gap
    return SequenceWindower(window_length, max_gap=max_gap, padding=padding, **params)


@given(table=tables(), flatten=st.booleans(), **options)
def test_a_row_gets_the_window_that_ends_at_it(table, flatten, **options):
    windows = windower_of(table, flatten=flatten, **options).fit_transform(table.X)
    n_rows = len(table.rows)
    expected = np.array([window_by_a_walk_back(table, i, **options) for i in range(n_rows)])
    if flatten:
        expected = expected.transpose(0, 2, 1).reshape(n_rows, -1)
    assert_array_equal(np.asarray(windows), expected)
    if not flatten:
        assert_array_equal(np.asarray(windows)[:, -1], table.rows)


@given(table=tables(min_rows=2), cut=st.floats(0.1, 0.9), **options)
def test_what_was_fitted_is_history_of_what_is_later(table, cut, **options):
    day = np.quantile(table.steps, cut, method="lower")
    fitted, later = table.where(table.steps <= day), table.where(table.steps > day)
    if not len(later.X):
        return
    windower = windower_of(table, **options).fit(fitted.X)
    whole = np.array([window_by_a_walk_back(table, i, **options) for i in range(len(table.X))])
    assert_array_equal(np.asarray(windower.transform(later.X)), whole[table.steps > day])


@given(table=tables(min_rows=2), seed=st.integers(0, 99), **options)
def test_noise_in_later_rows_changes_no_window(table, seed, **options):
    rng = np.random.default_rng(seed)
    day = rng.choice(table.steps)
    noisy = table.X.copy()
    noisy[table.steps > day] = 1e9 * rng.standard_normal()
    windows, others = (
        np.asarray(windower_of(table, **options).fit(table.X).transform(X))
        for X in (table.X, noisy)
    )
    assert_array_equal(windows[table.steps <= day], others[table.steps <= day])


@given(table=tables(), seed=st.integers(0, 99), **options)
def test_windows_move_with_their_rows_and_columns(table, seed, **options):
    """However series alternate, as long as the rows of each stay in order."""
    rng = np.random.default_rng(seed)
    order = np.empty(len(table.X), dtype=int)
    series = rng.permutation(table.series)
    for one in np.unique(table.series):
        order[series == one] = np.flatnonzero(table.series == one)
    columns = rng.permutation(table.X.columns)
    windows = np.asarray(windower_of(table, **options).fit_transform(table.X))
    moved = windower_of(table, **options).fit_transform(table.X.iloc[order][columns])
    at = [table.X.columns.get_loc(name) for name in columns]
    assert_array_equal(np.asarray(moved), windows[order][:, :, at])


@given(table=tables(min_rows=2), seed=st.integers(0, 99), **options)
def test_windows_that_are_not_written_out_are_selected_as_an_array_is(table, seed, **options):
    rng = np.random.default_rng(seed)
    windows = windower_of(table, **options).fit_transform(table.X)
    array = np.asarray(windows)
    rows = rng.integers(0, len(array), rng.integers(0, 9))
    assert windows.shape == array.shape
    assert windows.dtype == array.dtype
    for chosen in (rows, rng.random(len(array)) < 0.5, slice(1, None, 2), slice(None, None, -1)):
        assert_array_equal(np.asarray(windows[chosen]), array[chosen])
    assert_array_equal(np.asarray(pickle.loads(pickle.dumps(windows))), array)


@given(table=tables(), **options)
def test_a_windower_hands_over_the_same_history_after_a_pickle(table, **options):
    later = table.X.copy()
    steps = table.steps + 40
    labels = pd.Timestamp("2023-12-20") + pd.to_timedelta(steps, "D")
    labels = labels if table.unit == "1D" else steps
    later.index = pd.MultiIndex.from_arrays([later.index.get_level_values(0), labels])
    windower = windower_of(table, **options).fit(table.X)
    again = pickle.loads(pickle.dumps(windower))
    assert_array_equal(np.asarray(again.transform(later)), np.asarray(windower.transform(later)))


@given(
    table=tables(min_rows=2, max_step=1),
    horizon=st.one_of(st.integers(1, 6), st.lists(st.integers(1, 6), min_size=1, unique=True)),
)
def test_a_target_is_the_value_as_many_steps_after_its_row(table, horizon):
    steps = horizon if isinstance(horizon, list) else [horizon]
    values = dict(zip(zip(table.series, table.steps, strict=True), table.rows[:, 0], strict=True))
    expected = {
        row: [values.get((one, step + ahead)) for ahead in steps]
        for row, (one, step) in enumerate(zip(table.series, table.steps, strict=True))
    }
    expected = {row: targets for row, targets in expected.items() if None not in targets}
    if not expected:
        with pytest.raises(ValueError, match="horizon"):
            make_supervised(table.X, target="x0", horizon=horizon)
        return
    X, y = make_supervised(table.X, target="x0", horizon=horizon)
    pd.testing.assert_frame_equal(X, table.X.iloc[list(expected)])
    assert X.index.equals(y.index)
    assert_array_equal(y.to_numpy().reshape(len(X), -1), list(expected.values()))


@given(table=tables(min_rows=2, max_step=5), horizon=st.integers(1, 4))
def test_no_target_comes_from_another_series_or_another_row(table, horizon):
    """Whatever is done about holes: no pair is made of anything else."""
    places = {one: np.flatnonzero(table.series == one).tolist() for one in set(table.series)}
    following = {
        row: of_series[at + horizon]
        for of_series in places.values()
        for at, row in enumerate(of_series[:-horizon])
    }
    try:
        X, y = make_supervised(table.X, target="x0", horizon=horizon)
    except ValueError as error:
        assert "horizon" in str(error)  # noqa: PT017
        return
    values = table.rows[:, 0]
    rows = {values[row]: values[following[row]] for row in following}
    assert [rows[value] for value in X["x0"]] == y.tolist()


@pytest.fixture(scope="module")
def pipeline():
    """An LSTM behind scaler and windower, fitted on 40 days of two columns."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((40, 2)), pd.date_range("2024-01-01", periods=40))
    model = make_lstm_pipeline(4, units=2, epochs=1, random_state=0)
    return model.fit(X.rename(columns=str), X[0])


@settings(max_examples=50)
@given(n_rows=st.integers(1, 30), gap=st.integers(0, 5), seed=st.integers(0, 99))
def test_a_pipeline_predicts_for_every_row_from_none_that_is_later(pipeline, n_rows, gap, seed):
    rng = np.random.default_rng(seed)
    days = pd.date_range("2024-02-10", periods=n_rows) + pd.Timedelta(days=gap)
    X = pd.DataFrame(rng.standard_normal((n_rows, 2)), days, columns=["0", "1"])
    predicted = pipeline.predict(X)
    assert predicted.shape == (n_rows,)
    assert np.isfinite(predicted).all()
    n_known = rng.integers(1, n_rows + 1)
    assert_allclose(pipeline.predict(X[:n_known]), predicted[:n_known], rtol=1e-10)
    assert_array_equal(pickle.loads(pickle.dumps(pipeline)).predict(X), predicted)
