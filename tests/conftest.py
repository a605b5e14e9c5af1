import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pandas as pd
import pytest

from sklearn_lstm import SequenceWindower, make_supervised

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def shared_data():
    if not SHARED_DATA.is_dir():
        pytest.skip("the folder of real series is not beside the project")
    return SHARED_DATA


@pytest.fixture
def waves():
    """Rows of two features on a daily index, and the first of them a day later."""
    t = np.arange(90)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": np.sin(t / 4) + 0.05 * rng.standard_normal(90), "b": np.cos(t / 4)},
        index=pd.date_range("2024-01-01", periods=90, name="day"),
    )
    return make_supervised(frame, target="a")


@pytest.fixture
def windows():
    """70 complete windows of 6 steps and 3 features, with two targets."""
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((75, 3))
    X = SequenceWindower(6).fit_transform(rows)[5:]
    y = np.column_stack([X[:, -1, 0] - X[:, -2, 1], X[:, :, 2].mean(axis=1)])
    return X, y
