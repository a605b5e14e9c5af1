"""What the package may not load, and what a fit may not disturb."""

import os
import pickle
import random
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_array_equal

from sklearn_lstm import LSTMRegressor, make_lstm_pipeline

HEAVY = ("tensorflow", "keras", "scikeras", "matplotlib", "typer")


def run(code, *args):
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, args)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    "code",
    [
        "import sklearn_lstm",
        "from sklearn_lstm import SequenceWindower, LSTMRegressor, make_lstm_pipeline",
        "from sklearn_lstm import ForecastDisplay, datasets; datasets.load_seattle_weather()",
        "import sklearn_lstm; dir(sklearn_lstm); sklearn_lstm.make_lstm_pipeline(units=3)",
    ],
)
def test_imports_are_light(code):
    loaded = run(f"import sys; {code}; print(*[m for m in {HEAVY} if m in sys.modules])")
    assert loaded == []


def test_a_name_that_does_not_exist_is_an_attribute_error():
    import sklearn_lstm

    with pytest.raises(AttributeError, match="no attribute 'GRURegressor'"):
        sklearn_lstm.GRURegressor  # noqa: B018
    assert set(sklearn_lstm.__all__) <= set(dir(sklearn_lstm))


def test_an_unpickled_estimator_predicts_without_tensorflow(waves, tmp_path):
    X, y = waves
    model = make_lstm_pipeline(4, units=3, epochs=2, random_state=0).fit(X[:70], y[:70])
    (tmp_path / "model.pkl").write_bytes(pickle.dumps((model, X[70:])))
    printed = run(
        "import pickle, sys; model, X = pickle.load(open(sys.argv[1], 'rb'));"
        "print(*model.predict(X).tolist());"
        "print('tensorflow' in sys.modules, 'keras' in sys.modules)",
        tmp_path / "model.pkl",
    )
    assert printed[-2:] == ["False", "False"]
    assert_array_equal(np.array(printed[:-2], dtype=float), model.predict(X[70:]))


FIT = (
    "import os, sys, numpy as np; from sklearn_lstm import LSTMRegressor;"
    "os.write(2, b'mine\\n');"
    "LSTMRegressor(2, epochs=1).fit(np.zeros((8, 3)), np.zeros(8)); os.write(2, b'too\\n');"
    "print(os.environ.get('TF_CPP_MIN_LOG_LEVEL'))"
)


@pytest.mark.parametrize("level", [None, "0"])
def test_tensorflow_writes_no_log_lines_unless_a_user_sets_their_level(level):
    environment = {name: value for name, value in os.environ.items() if "TF_CPP" not in name}
    environment |= {} if level is None else {"TF_CPP_MIN_LOG_LEVEL": level}
    done = subprocess.run(
        [sys.executable, "-c", FIT], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.split() == [str(level)]
    lines = done.stderr.splitlines()
    assert lines[0] == "mine"
    assert lines[-1] == "too"
    notes = [line for line in lines if line[:1] in "IW"]  # information and warnings
    assert bool(notes) == (level == "0")


def test_a_fit_leaves_global_generators_and_flags_alone(windows):
    X, y = windows

    def state():
        return (
            random.getstate(),
            np.random.get_state()[1].tolist(),
            tf.random.uniform([]).numpy(),
            keras.config.floatx(),
            keras.config.dtype_policy().name,
            tf.config.experimental.is_op_determinism_enabled()
            if hasattr(tf.config.experimental, "is_op_determinism_enabled")
            else None,
            tf.config.functions_run_eagerly(),
            tf.config.threading.get_intra_op_parallelism_threads(),
            dict(os.environ),
        )

    tf.random.set_seed(3)
    before = state()
    tf.random.set_seed(3)
    LSTMRegressor((3, 2), dropout=0.1, bidirectional=True, epochs=2, random_state=0).fit(X, y)
    assert state() == before


def test_without_a_seed_two_fits_differ_and_numpys_seed_decides(windows):
    X, y = windows
    lstm = LSTMRegressor(3, epochs=1)
    first = lstm.fit(X, y).predict(X)
    assert (lstm.fit(X, y).predict(X) != first).any()
    generator = np.random.RandomState(0)
    lstm.set_params(random_state=generator)
    assert (lstm.fit(X, y).predict(X) != lstm.fit(X, y).predict(X)).any()
