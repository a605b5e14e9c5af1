"""Windows that are rows and starts, against what loops write out."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_lstm.windows.rows import (
    BLOCK,
    EvenStarts,
    FollowingSteps,
    Windows,
    count_missing_steps,
    joined_ranges,
    row_numbers,
)


def bound(array, sample, feature):
    return array[sample] if array.ndim == 1 else array[sample, feature]


def looked_up(windows, sample, step, feature):
    """Return one value of a window, before it is relative to anything."""
    row = windows.starts[sample] + step
    if windows.first is not None:
        first = bound(windows.first, sample, feature)
        last = bound(windows.last, sample, feature)
        if not first <= row <= last and windows.outside == "nan":
            return np.nan
        row = first if row < first else min(row, last)
    return windows.rows[row, feature]


def location_and_scale(column, relative):
    if relative == "last":
        return column[-1], 1.0
    mean = sum(column) / len(column)
    deviation = np.sqrt(sum((x - mean) ** 2 for x in column) / len(column))
    return mean, deviation if deviation > 0.1 else 0.1 + 0 * deviation


def written_out(windows):
    """Write windows out value by value."""
    n_samples, n_timesteps, n_features = windows.shape
    array = np.empty(windows.shape)
    for i in range(n_samples):
        for f in range(n_features):
            column = [looked_up(windows, i, t, f) for t in range(n_timesteps)]
            if f < windows.n_relative:
                loc, scale = location_and_scale(column, windows.relative)
                column = [(x - loc) / scale for x in column]
            array[i, :, f] = column
    return array


def followed(windows, n_ahead, n_columns):
    """Write the steps after windows out value by value."""
    array = np.empty((len(windows), n_ahead, n_columns))
    for i in range(len(windows)):
        for f in range(n_columns):
            loc, scale = 0.0, 1.0
            if windows.relative is not None:
                column = [looked_up(windows, i, t, f) for t in range(windows.n_timesteps)]
                loc, scale = location_and_scale(column, windows.relative)
            for t in range(n_ahead):
                row = windows.starts[i] + windows.n_timesteps + t
                array[i, t, f] = (windows.rows[row, f] - loc) / scale
    return array.reshape(len(windows), -1)


def some_windows(
    *, bounds=None, outside="nan", relative=None, n_relative=0, seed=0, n_samples=9, w=4,
    n_features=3, dtype=np.float64,
):  # fmt: skip
    """Windows of random rows at random places; with bounds they may begin before the first row."""
    rng = np.random.default_rng(seed)
    rows = (3 * rng.standard_normal((25, n_features))).astype(dtype)
    if bounds is None:
        starts = rng.integers(0, 25 - w - 3, n_samples)
        return Windows(rows, starts, w, relative=relative, n_relative=n_relative)
    starts = rng.integers(-(w - 1), 25 - w - 3, n_samples)
    width = (n_samples,) if bounds == "of windows" else (n_samples, n_features)
    column = starts if bounds == "of windows" else starts[:, np.newaxis]
    first = np.maximum(column, 0) + rng.integers(0, w, width)
    first = np.minimum(first, column + w - 1)
    last = rng.integers(first, column + w) if outside == "nearest" else 0 * first + column + w - 1
    return Windows(
        rows, starts, w, first=first, last=last, outside=outside, relative=relative,
        n_relative=n_relative,
    )  # fmt: skip


KINDS = {
    "plain": {},
    "float32": {"dtype": np.float32},
    "nan outside": {"bounds": "of windows"},
    "nearest outside": {"bounds": "of windows", "outside": "nearest"},
    "nan outside of features": {"bounds": "of features"},
    "nearest outside of features": {"bounds": "of features", "outside": "nearest"},
    "relative to the last": {"relative": "last", "n_relative": 2},
    "relative to the window": {"relative": "window", "n_relative": 1},
    "relative to the nearest last": {
        "bounds": "of features", "outside": "nearest", "relative": "last", "n_relative": 2,
    },
    "relative to a filled window": {
        "bounds": "of features", "outside": "nearest", "relative": "window", "n_relative": 3,
    },
}  # fmt: skip


@pytest.fixture(params=KINDS)
def windows_of_a_kind(request):
    return some_windows(**KINDS[request.param])


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 2**16),
    n_samples=st.integers(1, 6),
    w=st.integers(1, 6),
    n_features=st.integers(3, 4),
)
def test_what_is_written_out_is_what_loops_look_up(kind, seed, n_samples, w, n_features):
    windows = some_windows(
        **KINDS[kind], seed=seed, n_samples=n_samples, w=w, n_features=n_features
    )
    array = windows.to_array()
    assert array.shape == windows.shape == (n_samples, w, n_features)
    assert array.dtype == windows.dtype
    if windows.relative is None:
        assert_array_equal(array, written_out(windows))
    else:
        assert_allclose(array, written_out(windows), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n_ahead", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_following_steps_are_relative_to_what_their_windows_are(kind, n_ahead):
    windows = some_windows(**KINDS[kind], seed=5)
    n_columns = windows.n_relative or 2
    steps = FollowingSteps(windows, n_ahead, n_columns)
    expected = followed(windows, n_ahead, n_columns)
    assert steps.shape == expected.shape
    assert steps.dtype == windows.dtype
    assert_allclose(steps.to_array(), expected, rtol=1e-9, atol=1e-12)
    assert_allclose(steps[[4, 0]].to_array(), expected[[4, 0]], rtol=1e-9, atol=1e-12)
    assert_array_equal(steps.ravel(), steps.to_array().ravel())


def test_a_nearly_flat_window_is_not_blown_up():
    rows = np.array([[1.0], [1.0], [1.0], [1.001], [5.0]])
    windows = Windows(rows, np.array([0, 1]), 3, relative="window", n_relative=1)
    array, steps = windows.to_array(), FollowingSteps(windows, 1).to_array()
    assert_array_equal(array[0], 0)
    assert_allclose(array[1, :, 0], [-0.01 / 3, -0.01 / 3, 0.02 / 3])
    assert_allclose(steps[:, 0], [0.01, (5 - 3.001 / 3) / 0.1])


INDICES = {
    "one": 3,
    "one from the end": -2,
    "one of NumPy": np.int32(4),
    "a slice": slice(2, 7),
    "every second": slice(None, None, 2),
    "backwards": slice(None, None, -1),
    "an empty slice": slice(5, 5),
    "a list": [0, 3, 3, -1],
    "an empty list": [],
    "an array": np.array([8, 0, 4]),
    "flags": np.arange(9) % 2 == 0,
    "a list of flags": [True] * 4 + [False] * 5,
    "a table of numbers": np.array([[0, 1], [2, 3]]),
    "everything": ...,
    "nothing more": (),
    "a window's step": (2, 1),
    "a value": (2, 1, 0),
    "a value from the ends": (-1, -1, -1),
    "last values": (slice(None), -1, 0),
    "a feature": (slice(2, 5), slice(None), 1),
    "last features": (..., -1),
    "all that is left": (slice(1, 4), ...),
    "a window and all that is left": (3, ...),
    "pairs": ([0, 5, 2], [3, 0, 1]),
    "triples": ([0, 5], [3, 0], [2, 1]),
    "flagged last steps": (np.arange(9) > 5, -1),
    "steps of an array": (slice(None), np.array([0, 2])),
    "a flag for all": True,
    "a table of flags": np.arange(36).reshape(9, 4) % 3 == 0,
    "listed features": ([0, 5], slice(None), 2),
    "features of a window": (3, slice(None), [0, 2]),
    "a new axis": (slice(0, 2), None),
    "a new first axis": (None, slice(0, 2)),
    "every feature of some": (slice(None), slice(None), [2, 0]),
}


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_indices_pick_as_from_an_array(windows_of_a_kind, index):
    found = windows_of_a_kind[index]
    expected = windows_of_a_kind.to_array()[index]
    assert np.shape(found) == np.shape(expected)
    assert_array_equal(np.asarray(found), expected)


@pytest.mark.parametrize("index", [slice(2, 7), [0, 3], np.arange(9) > 3, (slice(3), ...), []])
def test_some_windows_share_the_rows_of_all(windows_of_a_kind, index):
    some = windows_of_a_kind[index]
    assert isinstance(some, Windows)
    assert some.rows is windows_of_a_kind.rows


@pytest.mark.parametrize("index", [9, -10, (9, 0), [0, 9]])
def test_what_is_out_of_bounds_is_an_index_error(windows_of_a_kind, index):
    with pytest.raises(IndexError, match="out of bounds"):
        windows_of_a_kind[index]


def test_windows_are_walked_through_one_by_one(windows_of_a_kind):
    array = windows_of_a_kind.to_array()
    walked = list(windows_of_a_kind)
    assert len(walked) == len(windows_of_a_kind) == 9
    for window, expected in zip(walked, array, strict=True):
        assert_array_equal(window, expected)


def test_sizes_are_those_of_the_array(windows_of_a_kind):
    array = windows_of_a_kind.to_array()
    for name in ("shape", "ndim", "size", "dtype", "nbytes"):
        assert getattr(windows_of_a_kind, name) == getattr(array, name), name
    assert len(windows_of_a_kind) == len(array)
    assert repr(array.shape) in repr(windows_of_a_kind)
    steps = FollowingSteps(windows_of_a_kind, 2, windows_of_a_kind.n_relative or 1)
    for name in ("shape", "ndim", "size", "dtype", "nbytes"):
        assert getattr(steps, name) == getattr(steps.to_array(), name), name


def test_numpy_writes_windows_out_where_it_needs_them(windows_of_a_kind):
    windows, array = windows_of_a_kind, windows_of_a_kind.to_array()
    assert_array_equal(np.asarray(windows), array)
    as_float32 = np.asarray(windows, dtype=np.float32)
    assert as_float32.dtype == np.float32
    assert_array_equal(as_float32, array.astype(np.float32))
    assert_array_equal(windows.astype(np.float32), as_float32)
    assert_array_equal(windows.reshape(9, -1), array.reshape(9, -1))
    assert_array_equal(windows.reshape((9, -1)), array.reshape(9, -1))
    for found, expected in [
        (windows + 1, array + 1),
        (2 * windows - array, 2 * array - array),
        (windows * windows, array * array),
        (-windows, -array),
        (windows > 0, array > 0),
        (windows == array, array == array),
        (np.isnan(windows), np.isnan(array)),
        (np.add.reduce(windows, axis=1), array.sum(axis=1)),
        (np.mean(windows), np.mean(array)),
        (np.nanmax(windows, axis=(0, 1)), np.nanmax(array, axis=(0, 1))),
        (np.concatenate([windows, array]), np.concatenate([array, array])),
        (np.transpose(windows, (1, 0, 2)), array.transpose(1, 0, 2)),
    ]:
        assert_array_equal(found, expected)
        assert type(found) is type(expected)


def test_an_array_without_a_copy_is_refused():
    with pytest.raises(ValueError, match="copy must not be False"):
        some_windows().__array__(copy=False)


def test_what_is_written_out_is_the_callers_own(windows_of_a_kind):
    before = windows_of_a_kind.to_array()
    windows_of_a_kind.to_array()[:] = 99
    windows_of_a_kind[0][:] = 99
    assert_array_equal(windows_of_a_kind.to_array(), before)


def test_pickled_windows_come_back(windows_of_a_kind):
    loaded = pickle.loads(pickle.dumps(windows_of_a_kind))
    assert_array_equal(loaded.to_array(), windows_of_a_kind.to_array())
    assert repr(loaded) == repr(windows_of_a_kind)


def test_windows_and_the_steps_after_them_stay_together_in_a_pickle(windows_of_a_kind):
    steps = FollowingSteps(windows_of_a_kind, 2, windows_of_a_kind.n_relative or 1)
    windows, loaded = pickle.loads(pickle.dumps((windows_of_a_kind, steps)))
    assert loaded.windows.rows is windows.rows
    assert loaded.follow(windows)
    assert loaded[2:5].follow(windows[2:5])
    assert_array_equal(loaded.to_array(), steps.to_array())


def test_steps_follow_just_their_own_windows():
    windows = some_windows()
    steps = FollowingSteps(windows, 1, 1)
    assert steps.follow(windows)
    assert steps[[3, 1]].follow(windows[[3, 1]])
    assert not steps.follow(windows[::-1])
    assert not steps.follow(windows[:8])
    assert not steps[:8].follow(windows)
    assert not steps.follow(Windows(windows.rows.copy(), windows.starts, 4))
    assert not steps.follow(Windows(windows.rows, windows.starts, 3))
    assert not steps.follow(Windows(windows.rows, windows.starts, 4, relative="last", n_relative=1))


def test_one_step_after_each_window_may_have_one_dimension():
    windows = some_windows(relative="last", n_relative=1)
    steps = FollowingSteps(windows, 1, 1)
    flat = steps.flattened()
    assert flat.shape == (9,)
    assert flat.ndim == 1
    assert_array_equal(flat, steps.to_array()[:, 0])
    assert_array_equal(flat[2:4], steps.to_array()[2:4, 0])
    assert flat[3] == steps.to_array()[3, 0]
    assert flat.follow(windows)


@pytest.mark.parametrize("relative", [None, "last", "window"])
@pytest.mark.parametrize("is_bounded", [False, True])
def test_more_windows_than_a_block_are_written_out_alike(relative, is_bounded):
    n_samples = 2 * BLOCK + 3
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((n_samples + 3, 2))
    starts = rng.permutation(n_samples)
    bounds = {"first": starts + 1, "last": starts + 1, "outside": "nearest"} if is_bounded else {}
    windows = Windows(rows, starts, 3, relative=relative, n_relative=bool(relative), **bounds)
    steps = FollowingSteps(windows, 1, 1)
    array, targets = windows.to_array(), steps.to_array()
    assert array.shape == (n_samples, 3, 2)
    assert targets.shape == (n_samples, 1)
    for begin in (0, BLOCK - 2, 2 * BLOCK - 2, n_samples - 4):
        some = windows[begin : begin + 4]
        assert_allclose(array[begin : begin + 4], written_out(some), rtol=1e-9, atol=1e-12)
        assert_allclose(targets[begin : begin + 4], followed(some, 1, 1), rtol=1e-9, atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=6))
def test_ranges_lie_one_after_the_other(pairs):
    begins, lengths = map(np.array, zip(*pairs, strict=True))
    expected = [begin + k for begin, length in pairs for k in range(length)]
    assert joined_ranges(begins, lengths).tolist() == expected


def test_row_numbers_are_small_where_that_is_enough():
    assert row_numbers(np.arange(3), 100).dtype == np.int32
    assert row_numbers(np.arange(3), 2**31 - 1).dtype == np.int64


def missing_steps(windows):
    """Count steps without a value at both ends by a walk; find the first that is bad between."""
    n_before, n_after, first_bad = [], [], None
    for i, window in enumerate(written_out(windows)):
        known = [t for t in range(len(window)) if not np.isnan(window[t]).all()]
        begin, end = (known[0], known[-1] + 1) if known else (len(window), len(window))
        n_before.append(begin)
        n_after.append(len(window) - end)
        bad = [t for t in range(begin, end) if not np.isfinite(window[t]).all()]
        if not known:
            bad = [0]
        if bad and first_bad is None:
            first_bad = i, bad[0]
    return n_before, n_after, first_bad


@settings(deadline=None, max_examples=300)
@given(
    seed=st.integers(0, 2**16),
    n_features=st.integers(1, 2),
    w=st.integers(1, 5),
    is_bounded=st.booleans(),
    n_cut=st.integers(0, 3),
    spoiled=st.lists(
        st.tuples(
            st.integers(0, 24), st.integers(0, 1), st.sampled_from([np.nan, np.inf, -np.inf])
        ),
        max_size=2,
    ),
    unknown=st.lists(st.tuples(st.integers(0, 24), st.integers(1, 4)), max_size=2),
)
def test_missing_steps_are_counted_as_a_walk_would(
    seed, n_features, w, is_bounded, n_cut, spoiled, unknown
):
    windows = some_windows(
        bounds="of windows" if is_bounded else None,
        seed=seed,
        n_samples=5,
        w=w,
        n_features=n_features,
    )
    for begin, n in unknown:
        windows.rows[begin : begin + n] = np.nan
    for row, feature, value in spoiled:
        windows.rows[row, feature % n_features] = value
    if is_bounded:  # some end before their last step
        last = np.maximum(windows.last - np.arange(5) % (n_cut + 1), windows.first)
        windows = replace(windows, last=last)
    n_before, n_after, first_bad = count_missing_steps(windows)
    *expected, bad = missing_steps(windows)
    assert first_bad == bad
    if bad is None:
        assert [list(n_before), list(n_after)] == expected


SELECTIONS = [
    slice(None), slice(3, 20), slice(3, 20, 4), slice(None, None, -1), slice(-5, None),
    slice(20, 3), slice(0, 0), slice(19, 2, -3), slice(None, None, 10**12),
]  # fmt: skip


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
@pytest.mark.parametrize("within", SELECTIONS, ids=str)
def test_slices_of_even_starts_are_even_starts(selection, within):
    expected = np.arange(2, 2 + 25 * 3, 3)
    starts = EvenStarts(2, 3, 25)[selection][within]
    assert isinstance(starts, EvenStarts)
    assert_array_equal(starts, expected[selection][within])
    assert len(starts) == len(expected[selection][within])


@pytest.mark.parametrize(
    "selection",
    [
        np.array([4, 4, 0]),
        np.array([-25, 24, -1], np.int16),
        np.array([3], np.uint8),
        np.arange(25) % 2 == 0,
        [1, -1],
        [],
        7,
        -1,
        (slice(None), np.newaxis),
    ],
    ids=str,
)
def test_other_selections_of_even_starts_are_arrays(selection):
    expected = np.arange(2, 2 + 25 * 3, 3, dtype=np.int32)[selection]
    found = EvenStarts(2, 3, 25)[selection]
    assert isinstance(found, np.ndarray | np.integer)
    assert found.dtype == np.int32
    assert_array_equal(found, expected)


@pytest.mark.parametrize("outside", [25, -26])
def test_even_starts_end(outside):
    with pytest.raises(IndexError, match="out of bounds"):
        EvenStarts(2, 3, 25)[np.array([0, outside])]


def test_even_starts_count_as_numbers_do():
    starts, expected = EvenStarts(2, 3, 25, np.dtype(np.int64)), np.arange(2, 2 + 25 * 3, 3)
    assert_array_equal(starts + 4, expected + 4)
    assert_array_equal(expected - starts, 0)
    assert (starts + 4).dtype == starts.dtype == np.int64
    assert_array_equal(np.diff(starts), 3)
    assert_array_equal(pickle.loads(pickle.dumps(starts)), expected)


def test_windows_with_even_starts_are_those_with_listed_ones():
    rng = np.random.default_rng(0)
    even = Windows(rng.normal(size=(90, 2)), EvenStarts(1, 3, 25), 6)
    listed = replace(even, starts=np.arange(1, 76, 3, dtype=np.int32))
    for windows in (even, listed):
        assert_array_equal(windows.to_array(), written_out(listed))
    for selection in (slice(4, 30, 2), np.array([3, 1]), np.arange(25) > 7, 3):
        assert_array_equal(even[selection], listed[selection])
    assert_array_equal(even.last_values(1), listed.last_values(1))
    targets = [FollowingSteps(windows, 2) for windows in (even, listed)]
    assert_array_equal(*targets)
    assert targets[0].follow(listed)
    assert not targets[0].follow(replace(listed, starts=listed.starts + 1))
