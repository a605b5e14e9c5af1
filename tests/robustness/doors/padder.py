"""``SequencePadder``: lists of sequences, and what is none."""

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import SequencePadder

from ..cases import Case, gives, refuses
from .regressor import with_value

NAN = np.nan
SEQUENCES = [np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([[7.0, 8.0]])]
PADDED = [[[1, 2], [3, 4], [5, 6]], [[7, 8], [NAN, NAN], [NAN, NAN]]]


def padded(X):
    return SequencePadder().fit_transform(X)


READ = {
    "a list of arrays": SEQUENCES,
    "a tuple": tuple(SEQUENCES),
    "lists in lists": [s.tolist() for s in SEQUENCES],
    "whole numbers": [s.astype(int) for s in SEQUENCES],
    "numbers as objects": [s.astype(object) for s in SEQUENCES],
    "tables": [pd.DataFrame(s) for s in SEQUENCES],
    "an array with NaN at the end": np.array(PADDED),
    "an array with more NaN at the end": np.pad(
        np.array(PADDED), [(0, 0), (0, 4), (0, 0)], constant_values=NAN
    ),
    "a list of arrays with NaN at the end": list(np.array(PADDED)),
}
CASES = [
    *(Case(name, lambda X=X: padded(X), gives(PADDED)) for name, X in READ.items()),
    Case("one sequence", lambda: padded(SEQUENCES[1:]), gives([[[7, 8]]])),
    Case(
        "missing history stays missing",
        lambda: padded([SEQUENCES[0], np.array([[NAN, NAN], [7.0, 8.0]])]),
        gives([PADDED[0], [[NAN, NAN], [7, 8], [NAN, NAN]]]),
    ),
    Case(
        "a scaler knows known steps alone",
        lambda: SequencePadder(StandardScaler()).fit(SEQUENCES).scaler_.mean_,
        gives([4.0, 5.0]),
    ),
    Case(
        "longer sequences than those of fit",
        lambda: SequencePadder().fit(SEQUENCES[1:]).transform(SEQUENCES),
        gives(PADDED),
    ),
    Case("an empty list", lambda: padded([]), refuses("X", "empty list")),
    Case("no step", lambda: padded([SEQUENCES[0], np.empty((0, 2))]), refuses("X[1]", "(0, 2)")),
    Case("another width", lambda: padded([SEQUENCES[0], [[1.0]]]), refuses("X[1]", "1", "2")),
    Case("one dimension", lambda: padded([SEQUENCES[0], [1.0, 2.0]]), refuses("X[1]", "(2,)")),
    Case("numbers alone", lambda: padded([1.0, 2.0]), refuses("X[0]", "()")),
    Case("an array of two dimensions", lambda: padded(np.ones((3, 4))), refuses("X", "(3, 4)")),
    Case("text", lambda: padded([SEQUENCES[0], [["a", "b"]]]), refuses("X[1]", "no number")),
    Case("a text", lambda: padded("text"), refuses("X is a str", "list of arrays")),
    Case("nothing", lambda: padded(None), refuses("X")),
    Case(
        "no known step",
        lambda: padded([SEQUENCES[0], [[NAN, NAN]]]),
        refuses("Sample 1", "no known step"),
    ),
    Case(
        "a gap",
        lambda: padded([with_value(SEQUENCES[0], 1, NAN)]),
        refuses("sample 0", "step 1"),
    ),
    Case(
        "a value that lacks",
        lambda: padded([with_value(SEQUENCES[0], (2, 1), NAN)]),
        refuses("sample 0", "step 2"),
    ),
    Case(
        "infinity",
        lambda: padded([with_value(SEQUENCES[0], (2, 1), np.inf)]),
        refuses("sample 0", "step 2"),
    ),
    Case(
        "other features than those of fit",
        lambda: SequencePadder().fit(SEQUENCES).transform([np.ones((2, 3))]),
        refuses("3 features", "2 features"),
    ),
    Case(
        "an unfitted padder",
        lambda: SequencePadder().transform(SEQUENCES),
        refuses("SequencePadder", "not fitted"),
    ),
    Case("a scaler that is none", lambda: SequencePadder(3).fit(SEQUENCES), refuses("scaler", "3")),
]
