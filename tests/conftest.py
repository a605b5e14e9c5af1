import os
from importlib.util import find_spec

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from series import write_tables

from benchmarks.data.folder import find_folder
from benchmarks.data.sources import is_complete
from sklearn_lstm import SequenceWindower, make_supervised

# As usual the same examples in every run, so that no change fails by another one's bad luck;
# with --hypothesis-profile=long others each time, and more; =few are enough to show that it runs.
settings.register_profile(
    "usual", deadline=None, derandomize=True, max_examples=200,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.register_profile(
    "long", settings.get_profile("usual"), derandomize=False, max_examples=5000
)
settings.register_profile("few", settings.get_profile("usual"), max_examples=30)
settings.load_profile("usual")

REAL_SERIES = find_folder()
HAS_REAL_SERIES = is_complete(REAL_SERIES)

# scikit-learn has callbacks from 1.9 on.
collect_ignore = [
    "test_without_callbacks.py" if find_spec("sklearn.callback") else "test_callbacks.py"
]


def pytest_collection_modifyitems(config, items):
    """Deselect what is about the real series and nothing else, where these are not."""
    absent = [item for item in items if "real_series" in getattr(item, "fixturenames", ())]
    if absent and not HAS_REAL_SERIES:
        items[:] = [item for item in items if item not in absent]
        config.hook.pytest_deselected(items=absent)


@pytest.fixture(scope="module", autouse=True)
def all_threads():
    """Dask says by the environment of this process how many threads its workers may use."""
    given = os.environ.get("OMP_NUM_THREADS")
    yield
    if given is None:
        os.environ.pop("OMP_NUM_THREADS", None)
    else:
        os.environ["OMP_NUM_THREADS"] = given


@pytest.fixture(scope="session")
def real_series():
    """The folder of the real series; a test that asks for it does not exist without them."""
    return REAL_SERIES


@pytest.fixture(scope="session")
def made_up_series(tmp_path_factory):
    """A folder of tables like the real ones."""
    return write_tables(tmp_path_factory.mktemp("made-up-series"))


@pytest.fixture(params=["real" if HAS_REAL_SERIES else "made up"])
def tables(request):
    """The folder of the real series, or where they are not at hand of tables like them."""
    return REAL_SERIES if request.param == "real" else request.getfixturevalue("made_up_series")


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
