import numpy as np
import pandas as pd
import pytest

from sklearn_lstm.windows.time_index import joined_ranges, split_series

DAYS = pd.date_range("2024-01-01", periods=4)


def panel(series, days):
    return pd.MultiIndex.from_arrays([list(series), DAYS[days]], names=["id", "day"])


def rows_by_series(index):
    """The rows of each series by first appearance, as a loop finds them."""
    found = {}
    for row, key in enumerate(index):
        found.setdefault(key[0] if len(key) == 2 else key[:-1], []).append(row)
    return found


@pytest.mark.parametrize("n_levels", [2, 3])
@pytest.mark.parametrize("arranged", ["by series", "by time", "at random"])
def test_the_rows_of_each_series_are_found(n_levels, arranged):
    rng = np.random.default_rng(0)
    names = [list("cab"), ["x", "y"]][: n_levels - 1]
    index = pd.MultiIndex.from_product([*names, DAYS])
    if arranged == "by time":
        index = index[np.argsort(index.codes[-1], kind="stable")]
    if arranged == "at random":
        index = index[rng.permutation(len(index))[:9]]
    split = split_series(index)
    wanted = rows_by_series(index)
    assert split.series_ids == list(wanted)
    for number, rows in enumerate(wanted.values()):
        assert list(split.rows(number)) == rows
        pd.testing.assert_index_equal(split.timestamps(number), index.get_level_values(-1)[rows])
    assert (split.order is None) == (arranged == "by series")


def test_rows_that_lie_series_by_series_are_not_moved():
    index = panel("bbaaa", [0, 1, 0, 1, 2])
    split = split_series(index)
    assert split.order is None
    assert list(split.offsets) == [0, 2, 5]
    assert np.shares_memory(split.codes, index.codes[-1])


@pytest.mark.parametrize(
    ("series", "days", "wrong"),
    [
        ("aabb", [0, 1, 0, 1], None),
        ("aabb", [2, 3, 0, 1], None),
        ("aabb", [0, 1, 1, 0], 1),
        ("aabb", [1, 1, 1, 0], 0),
        ("abab", [1, 0, 2, 0], 1),
        ("abab", [1, 1, 0, 0], 0),
    ],
)
def test_the_first_series_out_of_order_is_named(series, days, wrong):
    split = split_series(panel(series, days))
    assert split.sorted_by(split.level).first_out_of_order() == wrong
    ordered = split.sorted_by(split.level).in_order()
    is_repeated = len(set(zip(series, days, strict=True))) < len(series)
    assert (ordered.first_out_of_order() is None) != is_repeated


def test_values_that_no_row_has_do_not_count():
    index = pd.MultiIndex.from_tuples([("a", "text"), ("a", 1), ("b", 2)])[1:]
    assert list(split_series(index).level) == [1, 2]


def test_one_level_is_not_enough():
    with pytest.raises(ValueError, match=r"must have the levels \(series, ..., time\)"):
        split_series(pd.MultiIndex.from_arrays([DAYS]))


def test_ranges_are_joined_in_small_numbers():
    rng = np.random.default_rng(0)
    for largest, dtype in ((60_000, np.uint16), (70_000, np.uint32)):
        begins, lengths = rng.integers(0, largest - 50, 30), rng.integers(0, 50, 30)
        begins[7], lengths[7] = largest - 1, 1
        pairs = zip(begins, lengths, strict=True)
        wanted = np.concatenate([np.arange(begin, begin + length) for begin, length in pairs])
        found = joined_ranges(begins, lengths)
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype == dtype
    assert joined_ranges(np.array([3]), np.array([0])).shape == (0,)
