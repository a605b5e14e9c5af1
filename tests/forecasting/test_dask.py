"""Searches, backtests and fits on a cluster of two worker processes, by joblib's Dask backend."""

import os
import pickle
import pickletools
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from uuid import uuid4

import joblib
import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster, WorkerPlugin
from distributed.protocol.pickle import dumps
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest, make_lstm_pipeline

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The forecast is no better"),
]


class CountsTensorFlow(WorkerPlugin):
    """Counts, within a worker, how often TensorFlow is looked for in order to be imported."""

    def setup(self, worker):
        self.n_imports = 0
        sys.meta_path.insert(0, self)
        worker.counter = self

    def find_spec(self, name, path=None, target=None):
        self.n_imports += name == "tensorflow"


def tensorflow_of(dask_worker):
    return dask_worker.counter.n_imports, id(sys.modules.get("tensorflow"))


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(CountsTensorFlow())
        yield client


@pytest.fixture
def on_dask(client):
    client.wait_for_workers(2, timeout=60)
    with joblib.parallel_config(backend="dask"):
        yield client


@pytest.fixture
def frame():
    t = np.arange(80)
    noise = np.random.default_rng(0).standard_normal((80, 6))
    values = np.column_stack([np.sin(t / k) for k in range(2, 8)]) + 0.1 * noise
    return pd.DataFrame(values, pd.date_range("2024-01-01", periods=80), list("abcdef"))


def rmse(folder, estimator, X, y):
    """Score, and leave a mark of who did."""
    mark(folder)
    return -root_mean_squared_error(y, estimator.predict(X))


def mark(folder):
    (folder / f"{os.getpid()}-{uuid4().hex}").touch()


def search(folder, cv=None):
    return GridSearchCV(
        make_lstm_pipeline(4, units=2, epochs=2, random_state=0),
        {
            "regressor__windower__window_length": [3, 5],
            "regressor__lstm__learning_rate": [0.001, 0.01, 0.1],
        },
        cv=TimeSeriesSplit(3) if cv is None else cv,
        scoring=partial(rmse, folder),
    )


def scores(fitted):
    return {
        name: values
        for name, values in fitted.cv_results_.items()
        if name.startswith(("split", "mean_test", "std_test", "rank"))
    }


def assert_same_scores(found, expected):
    assert scores(found).keys() == scores(expected).keys()
    assert np.isfinite(scores(expected)["mean_test_score"]).all()
    for name, values in scores(expected).items():
        np.testing.assert_allclose(scores(found)[name], values, rtol=1e-6, err_msg=name)


def alone(function):
    """Call in this process, and nowhere else."""
    with joblib.parallel_config(backend="sequential"):
        return function()


def workers_in(folder):
    return {int(path.name.partition("-")[0]) for path in folder.iterdir()}


@pytest.fixture
def folders(tmp_path):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    return tmp_path / "here", tmp_path / "there"


def test_a_search_has_the_scores_of_one_process(on_dask, waves, folders):
    here, there = folders
    expected = alone(lambda: search(here).fit(*waves))
    found = search(there).fit(*waves)
    assert_same_scores(found, expected)
    assert found.best_params_ == expected.best_params_
    assert workers_in(here) == {os.getpid()}
    assert workers_in(there) <= set(on_dask.run(os.getpid).values())
    assert len(list(there.iterdir())) == 6 * 3


@pytest.mark.parametrize("columns", ["joint", "separate"])
def test_a_backtest_is_that_of_one_process(on_dask, frame, columns):
    forecaster = LSTMForecaster(
        LSTMRegressor(2, epochs=2), window_length=5, horizon=2, columns=columns, random_state=0
    )
    options = {"n_windows": 4, "coverage": 0.8, "season_length": 12}
    expected = alone(lambda: backtest(forecaster, frame, **options)).predictions
    found = backtest(forecaster, frame, n_jobs=2, **options).predictions
    pd.testing.assert_frame_equal(found, expected, rtol=1e-6)


def test_separate_series_are_fitted_as_in_one_process(on_dask, frame):
    forecaster = LSTMForecaster(
        LSTMRegressor(2, epochs=2), window_length=5, columns="separate", n_jobs=2, random_state=0
    )
    expected = alone(lambda: forecaster.fit(frame).predict_interval())
    pd.testing.assert_frame_equal(forecaster.fit(frame).predict_interval(), expected, rtol=1e-6)


def test_tensorflow_is_imported_once_by_a_worker(on_dask, waves, tmp_path):
    search(tmp_path).fit(*waves)
    first = on_dask.run(tensorflow_of)
    pids = on_dask.run(os.getpid)
    ran = [address for address, pid in pids.items() if pid in workers_in(tmp_path)]
    assert ran
    search(tmp_path).fit(*waves)
    second = on_dask.run(tensorflow_of)
    for address in ran:
        assert second[address] == first[address]
        assert second[address][0] == 1


class Marking(Ridge):
    """Takes a moment, and leaves a mark."""

    def __init__(self, alpha=1.0, folder=None):
        super().__init__(alpha)
        self.folder = folder

    def fit(self, X, y):
        super().fit(X, y)
        time.sleep(0.1)
        mark(self.folder)
        return self


class Killer(threading.Thread):
    """Kills the first worker of a cluster that has left a mark."""

    def __init__(self, client, folder):
        super().__init__(daemon=True)
        self.pids = set(client.run(os.getpid).values())
        self.folder = folder
        self.n_done = self.victim = None

    def run(self):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            done = [path.name for path in self.folder.iterdir()]
            if done:
                self.victim = next(pid for pid in self.pids if done[0].startswith(f"{pid}-"))
                self.n_done = len(done)
                os.kill(self.victim, signal.SIGKILL)
                return
            time.sleep(0.005)

    def check(self, client, n_tasks):
        self.join(60)
        assert 0 < self.n_done < n_tasks
        client.wait_for_workers(2, timeout=60)
        assert self.victim not in client.run(os.getpid).values()
        assert len(workers_in(self.folder)) > 1


def test_a_search_survives_a_worker(on_dask, waves, folders):
    here, there = folders
    X, y = waves
    folds = list(TimeSeriesSplit(3).split(X))
    expected = alone(lambda: search(here, folds).fit(X, y))
    killer = Killer(on_dask, there)
    on_dask.amm.stop()
    everywhere = [X, y, *(rows for fold in folds for rows in fold)]
    killer.start()
    try:
        with joblib.parallel_config(backend="dask", scatter=everywhere):
            found = search(there, folds).fit(X, y)
    finally:
        on_dask.amm.start()
    killer.check(on_dask, n_tasks=18)
    assert_same_scores(found, expected)


@pytest.mark.parametrize("what", ["separate series", "backtest"])
def test_forecasters_survive_a_worker(on_dask, frame, folders, what):
    frame = pd.concat([frame] * 10, ignore_index=True)  # more than joblib leaves in a task

    def run(folder):
        model = LSTMForecaster(Marking(folder=folder), window_length=5, interval_method=None)
        if what == "backtest":
            return backtest(model, frame, n_windows=12, n_jobs=2).predictions
        return model.set_params(columns="separate", n_jobs=2).fit(frame).predict()

    here, there = folders
    expected = alone(lambda: run(here))
    killer = Killer(on_dask, there)
    killer.start()
    found = run(there)
    killer.check(on_dask, n_tasks=12 if what == "backtest" else 6)
    pd.testing.assert_frame_equal(found, expected)


def kinds_of_tensor():
    import keras
    import tensorflow as tf

    return tf.Tensor, tf.Variable, keras.Variable, keras.Layer


def refuse(tensor, protocol):
    raise TypeError(f"{type(tensor).__name__} in a message")


def forbid_tensors():
    for kind in kinds_of_tensor():
        kind.__reduce_ex__ = refuse


def allow_tensors():
    for kind in kinds_of_tensor():
        del kind.__reduce_ex__


@pytest.fixture
def without_tensors(on_dask):
    """No process of the cluster, nor this one, can put a tensor, variable or layer in a message."""
    forbid_tensors()
    on_dask.run(forbid_tensors)
    yield on_dask
    allow_tensors()
    on_dask.run(allow_tensors)


def why_tensors_stay():
    """Try to pickle a tensor, a variable and a network; return the errors."""
    import keras
    import tensorflow as tf

    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    errors = []
    for thing in (tf.ones(2), tf.Variable(1.0), network.weights[0], network):
        with pytest.raises(TypeError, match="in a message") as caught:
            dumps([thing])
        errors.append(str(caught.value))
    return errors


def test_no_message_holds_a_tensor(without_tensors, waves, frame, folders):
    here, there = folders
    expected = [
        "EagerTensor in a message", "ResourceVariable in a message", "Variable in a message",
        "Sequential in a message",
    ]  # fmt: skip
    assert why_tensors_stay() == expected
    assert list(without_tensors.run(why_tensors_stay).values()) == [expected] * 2
    assert_same_scores(search(there).fit(*waves), alone(lambda: search(here).fit(*waves)))
    forecaster = LSTMForecaster(
        LSTMRegressor(2, epochs=2), window_length=5, columns="separate", n_jobs=2, random_state=0
    )
    forecaster.fit(frame)
    assert all(regressor.n_iter_ == 2 for regressor in forecaster.regressor_)


def fitted(X, y):
    return make_lstm_pipeline(4, units=2, epochs=2, random_state=0).fit(X, y)


def test_what_a_worker_sends_back_names_nothing_of_tensorflow(on_dask, waves):
    (model,) = joblib.Parallel(n_jobs=2)([joblib.delayed(fitted)(*waves)])
    named = [
        argument
        for opcode, argument, _ in pickletools.genops(pickle.dumps(model))
        if isinstance(argument, str)
    ]
    assert any(name.startswith("sklearn_lstm") for name in named)
    assert not any(name.startswith(("tensorflow", "keras")) for name in named)
    np.testing.assert_allclose(model.predict(waves[0]), fitted(*waves).predict(waves[0]), rtol=1e-6)


def test_dask_is_never_imported_unasked():
    code = (
        "import sys; from sklearn.linear_model import Ridge; import sklearn_lstm as s;"
        "y = s.datasets.load_seattle_weather()[['temp_max', 'wind']][-200:];"
        "f = s.LSTMForecaster(Ridge(), window_length=7, columns='separate', n_jobs=1).fit(y);"
        "s.backtest(f, y, n_windows=2, season_length=7);"
        "print({'dask', 'distributed', 'ray'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
