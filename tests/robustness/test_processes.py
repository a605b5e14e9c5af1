"""Forks, workers that are interrupted or killed, and a disk that is full."""

import json
import os
import signal

import pytest

from .children import child

FORK = """
import json, multiprocessing
from joblib import Parallel, delayed, parallel_config
from sklearn_lstm import LSTMForecaster, LSTMRegressor

X = np.random.default_rng(0).standard_normal((600, 5, 1))
y = X[:, -1, 0]
params = {"units": 2, "epochs": 1, "random_state": 0}

def said(call):
    try:
        return type(call()).__name__
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def tried(lstm, forecaster):
    found = {
        "process": os.getpid(),
        "fit": said(lambda: LSTMRegressor(**params).fit(X, y)),
        "refit": said(lambda: lstm.fit(X, y)),
        "partial_fit": said(lambda: lstm.partial_fit(X, y)),
        "forecaster": said(lambda: forecaster.fit(wave)),
        "model_": said(lambda: lstm.model_),
    }
    return found | predicted(lstm, forecaster)

def predicted(lstm, forecaster):
    return {"predict": lstm.predict(X).tolist(), "forecast": forecaster.predict(3).tolist()}

signal.alarm(240)  # what hangs ends
fork = multiprocessing.get_context("fork")
fitted = (
    LSTMRegressor(**params).fit(X, y),
    LSTMForecaster(LSTMRegressor(**params), window_length=5, horizon=3).fit(wave),
)
found = {"parent": predicted(*fitted)}
with fork.Pool(1) as pool:
    found["pool"] = pool.apply(tried, fitted)
with parallel_config("multiprocessing", n_jobs=2):
    found["joblib"] = Parallel()(delayed(tried)(*fitted) for _ in range(2))[0]
found["parent"]["fit"] = said(lambda: LSTMRegressor(**params).fit(X, y))
found["parent"]["process"] = os.getpid()
say("found", json.dumps(found))
"""

FORK_BEFORE = """
import multiprocessing
from sklearn_lstm import LSTMRegressor
import tensorflow

def fitted():
    X = np.random.default_rng(0).standard_normal((60, 5, 1))
    return LSTMRegressor(2, epochs=1).fit(X, X[:, -1, 0]).n_iter_

signal.alarm(240)
with multiprocessing.get_context("fork").Pool(1) as pool:
    say("epochs", pool.apply(fitted))
"""


@pytest.fixture(scope="module")
def forked():
    """What was tried in forks of a process that had used TensorFlow."""
    with child(FORK) as running:
        return json.loads(running.wait_for("found"))


@pytest.mark.parametrize("how", ["pool", "joblib"])
@pytest.mark.parametrize("what", ["fit", "refit", "partial_fit", "forecaster", "model_"])
def test_what_would_hang_in_a_fork_is_refused(forked, how, what):
    assert forked[how]["process"] != forked["parent"]["process"]
    said = forked[how][what]
    assert said.startswith("RuntimeError: TensorFlow would hang in this process")
    for word in ("loky", "spawn", "forkserver"):
        assert word in said


@pytest.mark.parametrize("how", ["pool", "joblib"])
@pytest.mark.parametrize("what", ["predict", "forecast"])
def test_a_fork_predicts(forked, how, what):
    assert forked[how][what] == forked["parent"][what]


def test_the_parent_of_forks_goes_on(forked):
    assert forked["parent"]["fit"] == "LSTMRegressor"


def test_a_fork_before_tensorflow_was_used_may_fit():
    with child(FORK_BEFORE) as running:
        assert running.wait_for("epochs") == "1"


WORKERS = """
import json, time
from joblib import parallel_config
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest

class Slow(Ridge):
    def fit(self, X, y):
        say("worker", os.getpid())
        time.sleep(1000)

class Long(LSTMRegressor):
    def fit(self, X, y):
        from sklearn_lstm.engine.programs import ProgramTrainer

        run, runs = ProgramTrainer.run, []

        def telling(trainer, *args):
            runs.append(trainer)
            if len(runs) == 2:
                say("worker", os.getpid())
            return run(trainer, *args)

        ProgramTrainer.run = telling
        return super().fit(X, y)

X = np.random.default_rng(0).standard_normal((60, 5, 1))
slow = LSTMForecaster(Slow(), window_length=4, interval_method=None)
separate = LSTMForecaster(
    Ridge(), window_length=4, columns="separate", n_jobs=2, interval_method=None
).fit(np.column_stack([wave] * 4))
forecast = separate.predict(3)
separate.set_params(regressor=Slow())
search = GridSearchCV(
    Long(2, epochs=10**6), {"units": [2, 3]}, cv=2, n_jobs=2, error_score=0.0
)
calls = {
    "backtest": lambda: backtest(slow, wave, n_jobs=2),
    "backtest with a bar": lambda: backtest(slow, wave, n_jobs=2, verbose=1),
    "separate": lambda: separate.fit(np.column_stack([2 * wave] * 4)),
    "search": lambda: search.fit(X, X[:, -1, 0]),
}
for name in sys.argv[1:]:
    try:
        calls[name]()
        say("end", "returned")
    except BaseException as error:
        say("end", f"{type(error).__name__}: {error}")
say("after", json.dumps([
    bool(np.array_equal(separate.predict(3), forecast)), slow.__sklearn_is_fitted__(),
    hasattr(search, "cv_results_"),
]))
"""


@pytest.mark.parametrize(
    "name",
    ["backtest", "backtest with a bar", "separate", pytest.param("search", marks=pytest.mark.slow)],
)
def test_workers_that_are_killed_or_interrupted_leave_nothing_behind(name):
    with child(WORKERS, name, name) as running:
        os.kill(int(running.wait_for("worker")), signal.SIGKILL)
        assert running.wait_for("end").startswith("TerminatedWorkerError: ")
        workers = {running.wait_for("worker"), running.wait_for("worker")}
        assert len(workers) == 2
        running.interrupt()
        assert running.wait_for("end").startswith("KeyboardInterrupt")
        assert json.loads(running.wait_for("after")) == [True, False, False]
        _, error, code = running.ends_within(60)
    assert code == 0, error


FULL_DISK = """
import resource
from pathlib import Path
from sklearn.linear_model import Ridge
from sklearn_lstm import LSTMForecaster, load_forecaster, save_forecaster, save_model

path = Path(sys.argv[1])
save = {"save_model": save_model, "save_forecaster": save_forecaster}[sys.argv[2]]
old, new = (LSTMForecaster(Ridge(), window_length=4).fit(factor * wave) for factor in (1, 2))
save(old, path)
before = path.read_bytes()
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, most))
try:
    save(new, path)
    say("error", "none")
except Exception as error:
    say("error", f"{type(error).__name__}: {error}")
other = path.with_name("other.skops")
try:
    save(new, other)
except Exception as error:
    say("another", type(error).__name__)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
say("same", path.read_bytes() == before)
say("files", *sorted(one.name for one in path.parent.iterdir()))
save(new, path)
say("forecast", bool(np.array_equal(load_forecaster(path)[0].predict(), new.predict())))
"""


@pytest.mark.parametrize("save", ["save_model", "save_forecaster"])
def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path, save):
    path = tmp_path / "model.skops"
    with child(FULL_DISK, path, save) as running:
        said = running.wait_for("error")
        assert "Error" in said
        assert "too large" in said or "space" in said
        assert "Error" in running.wait_for("another")
        assert running.wait_for("same") == "True"
        assert running.wait_for("files") == "model.skops"
        assert running.wait_for("forecast") == "True"
