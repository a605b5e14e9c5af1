import pickle

import numpy as np
import pandas as pd
import pytest

from sklearn_lstm.forecasting.calendar import grid_of
from sklearn_lstm.forecasting.read_panel import read_panel

LENGTHS = {"b": (0, 40), "a": (5, 38), "c": (12, 20)}


@pytest.fixture
def y():
    days = pd.date_range("2024-01-01", periods=40)
    rng = np.random.default_rng(0)
    parts = {
        name: pd.Series(rng.random(end - begin), days[begin:end])
        for name, (begin, end) in LENGTHS.items()
    }
    return pd.concat(parts, names=["id", "day"]).rename("sales")


def test_series_are_views_on_rows_end_to_end(y):
    panel = read_panel(y)
    values, covariates, offsets = panel.stacked()
    assert list(offsets) == [0, 40, 73, 81]
    np.testing.assert_array_equal(values[:, 0], y)
    assert covariates.shape == (81, 0)
    for series, name in zip(panel.series, "bac", strict=True):
        assert series.key == name
        assert np.shares_memory(series.y, values)
        assert list(series.calendar.timestamps) == list(y[name].index)


@pytest.mark.parametrize("container", ["series", "array"])
def test_what_was_given_may_change_later(y, container):
    given = y.to_numpy(copy=True) if container == "array" else y.copy()
    panel = read_panel(given)
    given[:] = 0
    np.testing.assert_array_equal(panel.y[:, 0], y)


def test_a_cut_panel_copies_nothing_until_it_is_stacked(y):
    panel = read_panel(y)
    cut = panel.keep([True, False, True]).until([10, 3])
    assert cut.keys == ["b", "c"]
    rows, _, starts, ends = cut.parts()
    assert rows is panel.y_all
    assert list(zip(starts, ends, strict=True)) == [(0, 10), (73, 76)]
    values, _, offsets = cut.stacked()
    np.testing.assert_array_equal(values[:, 0], [*y["b"][:10], *y["c"][:3]])
    assert list(offsets) == [0, 10, 13]
    pd.testing.assert_series_equal(
        cut.history(), pd.concat([y.loc[["b"]][:10], y.loc[["c"]][:3]]), check_freq=False
    )


@pytest.mark.parametrize("phases", [(0, 0, 0), (0, 6, 0), (0, 6, 6)])
def test_times_are_small_numbers_on_a_shared_grid(y, phases):
    shift = dict(zip("bac", phases, strict=True))
    y.index = pd.MultiIndex.from_tuples(
        [(name, day + pd.Timedelta(hours=shift[name])) for name, day in y.index]
    )
    panel = read_panel(y)
    assert len(panel.calendars.grids) == len(set(phases))
    clock = panel.times()
    days = y.index.get_level_values(1)
    np.testing.assert_array_equal(clock.argsort(kind="stable"), days.argsort(kind="stable"))
    assert (clock.dtype == np.uint16) == (len(set(phases)) == 1)
    times, counts = panel.calendars.distinct_times()
    wanted = days.value_counts().sort_index()
    np.testing.assert_array_equal(counts, wanted)
    known = panel.calendars.n_known(times[[0, 20, -1]])
    pd.testing.assert_frame_equal(
        pd.DataFrame(known, index=list("bac")),
        pd.DataFrame(
            [[(y[name].index <= day).sum() for day in wanted.index[[0, 20, -1]]] for name in "bac"],
            index=list("bac"),
        ),
    )


def test_many_phases_are_read_as_well(y):
    hours = pd.date_range("2024-01-01", periods=30, freq="h")
    parts = {n: pd.Series(np.arange(30.0), hours + pd.Timedelta(minutes=n)) for n in range(20)}
    given = pd.concat(parts)
    panel = read_panel(given)
    assert len(panel.calendars.grids) == 20
    pd.testing.assert_series_equal(panel.history(), given, check_names=False)
    again = pickle.loads(pickle.dumps(panel))
    pd.testing.assert_series_equal(again.history(), given, check_names=False)


def test_a_pickle_holds_one_grid_and_the_rows_that_are_left(y):
    panel = read_panel(y).until([10, 10, 8])
    again = pickle.loads(pickle.dumps(panel))
    assert again.y_all.shape == (28, 1)
    assert again.keys == ["b", "a", "c"]
    pd.testing.assert_series_equal(again.history(), panel.history())
    many = {f"s{n}": y["b"] for n in range(300)}
    state = pickle.dumps(read_panel(pd.concat(many)))
    assert len(state) < 8 * 300 * 40 + 300 * (4 + 5 * 8) + 2000


@pytest.mark.parametrize("keys", [["s", "t"], [2, 1], [("s", 1), ("s", 2)], [1.5, 2.5]])
def test_series_ids_come_back_as_they_were(y, keys):
    panel = read_panel(pd.concat(dict.fromkeys(keys, y["b"])))
    again = pickle.loads(pickle.dumps(panel))
    assert again.keys == keys
    assert [type(key) for key in again.keys] == [type(key) for key in keys]


def test_holes_are_rows_without_a_value(y):
    holed = y.drop([("a", "2024-01-10"), ("c", "2024-01-15")])
    panel = read_panel(holed.sample(frac=1, random_state=0).sort_index(level=1), fills_holes=True)
    wanted = y.where(y.index.isin(holed.index))
    pd.testing.assert_series_equal(panel.history().sort_index(), wanted.sort_index())


def test_a_grid_that_would_be_nearly_empty_is_refused_before_it_is_made():
    far_apart = pd.DatetimeIndex(["2000-01-01", "2020-01-01"])
    with pytest.raises(
        ValueError, match=r"y has 2 timestamps .* 631,152,000 steps of 's': nearly all"
    ):
        grid_of(far_apart, "s")
    assert (
        grid_of(far_apart, "D").n_steps == 7306
    )  # twenty years and their five leap days, both ends
