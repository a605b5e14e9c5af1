"""``SequenceWindower`` and ``make_supervised``."""

import numpy as np

from sklearn_lstm import SequenceWindower

from ..cases import Case, gives, refuses

ROWS = np.arange(6.0)[:, np.newaxis]


def ends_with_nan(windows):
    return np.isnan(windows[0, 0, 0]) and windows[0, 1, 0] == 0


CASES = [
    Case("two steps", lambda: SequenceWindower(2).fit_transform(ROWS), gives(ends_with_nan)),
    Case("no step", lambda: SequenceWindower(0).fit(ROWS), refuses("window_length", "0")),
]
