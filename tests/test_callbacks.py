"""Callbacks of scikit-learn 1.9: every epoch is seen once, nothing that is learned changes."""

import json
import pickle
import re
import sys
import threading
import time
import warnings
from collections import Counter
from pathlib import Path
from types import ModuleType, SimpleNamespace

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMRegressor,
    SequencePadder,
    SequenceWindower,
    backtest,
    compare,
    load_model,
    make_lstm_pipeline,
    save_model,
)

SERIES = np.sin(np.arange(60) / 3)


class Recorder:
    """Writes what it is told to a file, in whichever process or thread."""

    max_propagation_depth = None  # it is handed on to inner estimators, however deep

    def __init__(self, path):
        self.path = path

    def _write(self, hook, context):
        path = []
        while context is not None:
            path.insert(0, [context.estimator_name, context.task_name, context.task_id])
            context = context.parent
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps([hook, path]) + "\n")

    def setup(self, estimator, context):
        self._write("setup", context)

    def on_fit_task_begin(self, estimator, context):
        self._write("begin", context)

    def on_fit_task_end(self, estimator, context):
        self._write("end", context)

    def teardown(self, estimator, context):
        self._write("teardown", context)

    def paths(self, hook, task=None):
        """Return the paths of the tasks of a name."""
        lines = map(json.loads, Path(self.path).read_text(encoding="utf-8").splitlines())
        return [
            tuple(map(tuple, path))
            for of, path in lines
            if of == hook and task in (None, path[-1][1])
        ]


class AtEpoch:
    """Does something at the end of an epoch, counted from 0, which decides about the training."""

    def __init__(self, number, action):
        self.number, self.action, self.torn_down = number, action, 0

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch" and context.task_id == self.number:
            return self.action()

    def teardown(self, estimator, context):
        self.torn_down += 1


@pytest.fixture
def recorder(tmp_path):
    return Recorder(str(tmp_path / "events"))


def raising(error):
    def action():
        raise error

    return action


def stopping():
    return True


def bars_left():
    return [
        thread for thread in threading.enumerate() if type(thread).__name__ == "RichProgressMonitor"
    ]


def running_attributes(estimator):
    return [name for name in vars(estimator) if "callback" in name and name != "_skl_callbacks"]


def assert_same_weights(one, other):
    for weights, others in zip(one.weights_, other.weights_, strict=True):
        assert_array_equal(weights, others)


def count_of_epochs(recorder):
    """Return how many epochs were seen, each with a beginning and an end of its own."""
    begun, ended = recorder.paths("begin", "epoch"), recorder.paths("end", "epoch")
    assert Counter(begun) == Counter(ended)
    assert set(Counter(ended).values()) == {1}
    return len(ended)


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_a_search_over_a_pipeline_with_two_workers_reports_every_epoch_once(
    waves, recorder, backend
):
    X, y = waves
    model = make_lstm_pipeline(4, scaler=StandardScaler(), units=2, epochs=3, random_state=0)
    grid = {"regressor__lstm__units": [1, 2]}
    search = GridSearchCV(model, grid, cv=TimeSeriesSplit(2), n_jobs=2, error_score="raise")
    alone = clone(search).set_params(n_jobs=1).fit(X, y)
    with joblib.parallel_config(backend=backend), warnings.catch_warnings():
        warnings.simplefilter("error")  # such as of a step that knows no callbacks
        search.set_callbacks(recorder).fit(X, y)
    assert count_of_epochs(recorder) == (2 * 2 + 1) * 3
    assert len(recorder.paths("setup")) == len(recorder.paths("teardown")) == 1
    steps = [estimator for estimator, _, _ in recorder.paths("end", "epoch")[0]]
    assert list(dict.fromkeys(steps)) == [
        "GridSearchCV", "ScaledTargetRegressor", "Pipeline", "LSTMRegressor",
    ]  # fmt: skip
    assert_array_equal(search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])
    assert_array_equal(search.predict(X), alone.predict(X))


def test_a_progress_bar_shows_the_epochs_and_ends(waves, capsys):
    X, y = waves
    model = make_lstm_pipeline(4, scaler=StandardScaler(), units=2, epochs=2)
    model.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, y)
    assert "LSTMRegressor - fit" in capsys.readouterr().out
    assert not bars_left()


PARAMS = {
    "plain": {},
    "random": {"dropout": 0.3, "max_samples": 30},
    "scheduled": {"learning_rate_schedule": "cosine", "units": (3, 2)},
    "early stopping": {
        "early_stopping": True, "n_iter_no_change": 1, "tol": 0.05, "learning_rate": 0.05,
    },
    "ensemble": {"ensemble_size": 3, "epochs": 3},
}  # fmt: skip


@pytest.mark.parametrize("params", PARAMS.values(), ids=PARAMS)
def test_what_is_learned_is_the_same_with_callbacks(windows, recorder, params):
    X, y = windows
    lstm = LSTMRegressor(**{"units": 3, "epochs": 5, "random_state": 0} | params)
    without = clone(lstm).fit(X, y)
    lstm.set_callbacks(recorder).fit(X, y)
    assert_same_weights(lstm, without)
    assert lstm.loss_curve_ == without.loss_curve_
    n_epochs = sum(len(member.losses) for member in lstm._members)
    assert count_of_epochs(recorder) == n_epochs
    assert not running_attributes(lstm)


def test_each_call_of_partial_fit_is_an_epoch(windows, recorder):
    X, y = windows[0], windows[1][:, 0] > 0
    lstm, without = (LSTMClassifier(3, random_state=0) for _ in range(2))
    lstm.set_callbacks(recorder)
    for _ in range(2):
        lstm.partial_fit(X, y, classes=[False, True])
        without.partial_fit(X, y, classes=[False, True])
    assert len(recorder.paths("end", "epoch")) == 2
    assert len(recorder.paths("setup")) == len(recorder.paths("teardown")) == 2
    assert_same_weights(lstm, without)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_score_of_each_epoch_is_that_of_a_fit_of_so_many_epochs(windows, weighted):
    X, y = windows
    weights = {"sample_weight": np.linspace(0.5, 2, len(X))} if weighted else {}
    monitor = ScoringMonitor(scoring="r2")
    LSTMRegressor(3, epochs=3, random_state=0).set_callbacks(monitor).fit(X, y, **weights)
    found = {(row["task_name"], row["task_id"]): row["r2"] for row in monitor.get_logs().data}
    expected = {
        ("epoch", k): LSTMRegressor(3, epochs=k + 1, random_state=0)
        .fit(X, y, **weights)
        .score(X, y, **weights)
        for k in range(3)
    }
    assert found == expected | {("fit", 0): expected["epoch", 2]}


def test_scores_of_validation_data_are_had_by_a_function_and_by_the_curve(windows):
    X, y = windows[0], windows[1][:, 0] > 0
    X, y, X_val, y_val = X[:50], y[:50], X[50:], y[50:]
    losses = []

    def scores(lstm, X, y):
        losses.append(lstm.validation_loss_curve_[-1])
        return {"validation": lstm.score(X_val, y_val)}

    monitor = ScoringMonitor(scoring=scores)
    lstm = LSTMClassifier(3, epochs=3, learning_rate=0.05, random_state=0).set_callbacks(monitor)
    lstm.fit(X, y, X_val=X_val, y_val=y_val)
    table = monitor.get_logs().data_as_pandas.query("task_name == 'epoch'")
    expected = [
        LSTMClassifier(3, epochs=k, learning_rate=0.05, random_state=0)
        .fit(X, y).score(X_val, y_val)
        for k in (1, 2, 3)
    ]  # fmt: skip
    assert table["validation"].tolist() == expected
    assert losses[:3] == lstm.validation_loss_curve_


def test_a_monitor_on_a_step_scores_it_in_every_fit_of_a_search(waves):
    X, y = waves
    monitor = ScoringMonitor(scoring="r2")
    model = make_lstm_pipeline(4, scaler=StandardScaler(), units=2, epochs=2, random_state=0)
    model.regressor[-1].set_callbacks(monitor)
    GridSearchCV(model, {"regressor__lstm__units": [1, 2]}, cv=TimeSeriesSplit(2)).fit(X, y)
    table = monitor.get_logs(select="all")
    assert len(table) == 1  # one run, that of the search
    assert (table[0].data_as_pandas["task_name"] == "epoch").sum() == (2 * 2 + 1) * 2


def test_a_callback_stops_a_training_which_is_then_complete(windows):
    X, y = windows
    lstm = LSTMRegressor(3, epochs=6, random_state=0)
    lstm.set_callbacks(AtEpoch(1, stopping)).fit(X, y)
    shorter = LSTMRegressor(3, epochs=2, random_state=0).fit(X, y)
    assert lstm.n_iter_ == 2
    assert_same_weights(lstm, shorter)
    # The optimizer goes on from where it stopped, too.
    assert_same_weights(lstm.set_callbacks().partial_fit(X, y), shorter.partial_fit(X, y))


def test_a_training_that_is_stopped_has_the_best_weights_under_early_stopping(windows):
    X, y = windows
    lstm = LSTMRegressor(
        3, epochs=9, learning_rate=0.5, early_stopping=True, n_iter_no_change=9, random_state=0
    )
    curve = clone(lstm).fit(X, y).validation_loss_curve_
    last = next(k for k in range(1, 9) if curve[k] > min(curve[:k]))  # not the best so far
    shorter = clone(lstm).set_params(epochs=int(np.argmin(curve[:last])) + 1).fit(X, y)
    lstm.set_callbacks(AtEpoch(last, stopping)).fit(X, y)
    assert lstm.validation_loss_curve_ == curve[: last + 1]
    assert_same_weights(lstm, shorter)


def test_an_error_of_a_callback_leaves_the_estimator_as_it_was_and_tears_down(waves):
    X, y = waves
    model = make_lstm_pipeline(4, scaler=StandardScaler(), units=2, epochs=3, random_state=0)
    before = model.fit(X, y).predict(X)
    failing = AtEpoch(1, raising(RuntimeError("no more")))
    failing.max_propagation_depth = None
    bar = ProgressBar(max_propagation_depth=None)
    with pytest.raises(RuntimeError, match="no more"):
        model.set_callbacks(failing, bar).set_params(regressor__lstm__units=3).fit(X, y)
    assert failing.torn_down == 1
    assert not bars_left()
    assert not running_attributes(model)
    assert_array_equal(model.predict(X), before)


class FailsInTheEnd:
    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.parent is None:
            raise RuntimeError("too late?")


@pytest.mark.parametrize(
    "model",
    [
        LSTMRegressor(2, epochs=1, random_state=0),
        make_lstm_pipeline(4, units=2, epochs=1, random_state=0),
        SequenceWindower(3),
    ],
    ids=lambda model: type(model).__name__,
)
def test_an_error_at_the_end_of_a_fit_leaves_the_estimator_as_it_was(model, waves, windows):
    X, y = windows if isinstance(model, LSTMRegressor) else waves
    before = list(vars(clone(model).fit(X, y)))
    with pytest.raises(RuntimeError, match="too late"):
        model.set_callbacks(FailsInTheEnd()).fit(X, y)
    fitted = {name for name in before if name.endswith("_") or name == "_members"}
    assert fitted
    assert not fitted & vars(model).keys()
    assert not running_attributes(model)


def test_an_error_in_the_data_of_a_nested_fit_tears_down(waves):
    X, y = waves
    bar = ProgressBar(max_propagation_depth=None)
    search = GridSearchCV(
        make_lstm_pipeline(4, scaler=StandardScaler(), units=2, epochs=2),
        {"regressor__lstm__learning_rate": [1e30]},  # the loss becomes NaN
        cv=TimeSeriesSplit(2),
        error_score="raise",
    ).set_callbacks(bar)
    with pytest.raises(ValueError, match="diverged"):
        search.fit(X, y)
    assert not bars_left()


@pytest.mark.filterwarnings("ignore:Training interrupted")
def test_ctrl_c_keeps_the_whole_epochs_of_a_network_and_tears_down(windows):
    X, y = windows
    interrupting, bar = AtEpoch(1, raising(KeyboardInterrupt)), ProgressBar()
    lstm = LSTMRegressor(3, epochs=5, random_state=0).set_callbacks(interrupting, bar)
    with pytest.raises(KeyboardInterrupt):
        lstm.fit(X, y)
    assert_same_weights(lstm, LSTMRegressor(3, epochs=2, random_state=0).fit(X, y))
    assert interrupting.torn_down == 1
    assert not bars_left()
    assert not running_attributes(lstm)


def test_ctrl_c_in_an_ensemble_of_a_forecaster_leaves_no_thread():
    interrupting, bar = AtEpoch(0, raising(KeyboardInterrupt)), ProgressBar(None)
    interrupting.max_propagation_depth = None
    forecaster = LSTMForecaster(LSTMRegressor(2, epochs=3, ensemble_size=3), window_length=4)
    with pytest.raises(KeyboardInterrupt):
        forecaster.set_callbacks(interrupting, bar).fit(SERIES)
    assert interrupting.torn_down == 1
    assert not bars_left()
    assert not hasattr(forecaster, "history_")


def test_networks_of_an_ensemble_are_tasks_and_call_one_at_a_time(windows, recorder):
    X, y = windows
    lstm = LSTMRegressor(3, epochs=2, ensemble_size=3, random_state=0)

    class Alone:
        n_inside, predictions = 0, {}

        def setup(self, estimator, context):
            pass

        teardown = on_fit_task_begin = setup

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            Alone.n_inside += 1
            time.sleep(0.01)
            assert Alone.n_inside == 1
            Alone.n_inside -= 1
            if context.task_name == "epoch":
                place = context.parent.task_id, context.task_id
                Alone.predictions[place] = fitted_estimator.predict(X)

    lstm.set_callbacks(recorder, Alone()).fit(X, y)
    root = ("LSTMRegressor", "fit", 0)
    assert sorted(recorder.paths("end", "epoch")) == [
        (root, ("LSTMRegressor", "network", i), ("LSTMRegressor", "epoch", k))
        for i in range(3)
        for k in range(2)
    ]
    assert len(recorder.paths("begin", "network")) == len(recorder.paths("end", "network")) == 3
    mean = np.mean([Alone.predictions[i, 1] for i in range(3)], axis=0)
    np.testing.assert_allclose(mean, lstm.predict(X), rtol=1e-12)


def test_a_forecaster_reports_the_epochs_of_its_members(recorder):
    lstm = LSTMRegressor(2, epochs=3)
    forecaster = LSTMForecaster(lstm, window_length=4, random_state=0)
    without = clone(forecaster).fit(SERIES).predict_interval()
    forecaster.set_callbacks(recorder).fit(SERIES)
    assert_array_equal(forecaster.predict_interval(), without)
    assert count_of_epochs(recorder) == 2 * 3  # without the rows held back, and with these
    rounds = [path[1][1] for path in recorder.paths("end", "epoch")]
    assert rounds == ["calibration"] * 3 + ["training"] * 3


def test_a_search_over_a_forecaster_reports_its_epochs(recorder):
    forecaster = LSTMForecaster(LSTMRegressor(1, epochs=2), interval_method=None)
    search = GridSearchCV(forecaster, {"window_length": [3, 4]}, cv=TimeSeriesSplit(2))
    search.set_callbacks(recorder).fit(SERIES)
    assert count_of_epochs(recorder) == (2 * 2 + 1) * 2
    assert len(recorder.paths("setup")) == 1


def test_learning_again_in_an_update_is_a_fit_of_its_own(recorder):
    forecaster = LSTMForecaster(Ridge(), window_length=4).fit(SERIES).set_callbacks(recorder)
    forecaster.update([0.5])
    assert not Path(recorder.path).exists()
    forecaster.update([0.5], refit=True)
    assert len(recorder.paths("setup")) == len(recorder.paths("teardown")) == 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("interval_method", [None, "conformal", "cqr"])
def test_members_that_know_no_callbacks_are_tasks_none_the_less(recorder, interval_method):
    forecaster = LSTMForecaster(
        LSTMRegressor(1, epochs=1) if interval_method == "cqr" else Ridge(),
        window_length=4,
        interval_method=interval_method,
    )
    forecaster.set_callbacks(recorder).fit(SERIES)
    leaves = [path for path in recorder.paths("end", "fit") if len(path) == 3]
    assert len(leaves) == {None: 1, "conformal": 2, "cqr": 3}[interval_method]


def test_separate_series_in_two_workers_are_seen_once(recorder):
    columns = np.column_stack([SERIES, SERIES[::-1], SERIES**2])
    forecaster = LSTMForecaster(
        LSTMRegressor(1, epochs=2), window_length=4, columns="separate", interval_method=None,
        n_jobs=2,
    )  # fmt: skip
    with joblib.parallel_config(backend="threading"):
        forecaster.set_callbacks(recorder).fit(columns)
    assert count_of_epochs(recorder) == 3 * 2


@pytest.mark.filterwarnings("ignore:The forecast is no better")
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_backtest_reports_from_its_origins_down_to_the_epochs(recorder, n_jobs):
    forecaster = LSTMForecaster(LSTMRegressor(1, epochs=2), window_length=4, random_state=0)
    without = backtest(forecaster, SERIES, n_windows=3).predictions
    with joblib.parallel_config(backend="threading"):
        result = backtest(forecaster, SERIES, n_windows=3, n_jobs=n_jobs, callbacks=[recorder])
    assert result.predictions.equals(without)
    assert count_of_epochs(recorder) == 3 * 2
    levels = [estimator for estimator, _, _ in recorder.paths("end", "epoch")[0]]
    assert list(dict.fromkeys(levels)) == ["Backtest", "LSTMForecaster", "LSTMRegressor"]
    assert len(recorder.paths("setup")) == len(recorder.paths("teardown")) == 1


@pytest.mark.filterwarnings("ignore:The forecast is no better")
def test_origins_of_a_function_are_tasks(recorder):
    def last(history, horizon):
        return history[-1:]

    backtest(last, SERIES, horizon=1, n_windows=4, callbacks=recorder)
    assert len(recorder.paths("end", "origin")) == 4


def test_a_comparison_reports_its_forecasters(recorder):
    dropped = ["LSTMForecaster", "gradient boosting", "AutoETS", "AutoTheta", "MSTL"]
    forecasters = dict.fromkeys(dropped, "drop") | {
        "mine": LSTMForecaster(LSTMRegressor(1, epochs=2), window_length=4)
    }
    result = compare(
        SERIES, horizon=1, n_windows=2, forecasters=forecasters, coverage=None, callbacks=recorder
    )
    assert not result.errors
    assert count_of_epochs(recorder) == 2  # refit=False
    judged = [path for path in recorder.paths("end", "backtest") if len(path) == 2]
    assert len(judged) == len(result.results)


def test_what_is_no_callback_is_refused_before_anything_is_computed():
    with pytest.raises(TypeError, match="FitCallback"):
        backtest(LSTMForecaster(Ridge()), SERIES, callbacks=[ProgressBar])


def fitted_ones():
    X = np.random.default_rng(0).standard_normal((30, 3))
    windows = SequenceWindower(4).fit_transform(X)[4:]
    return {
        "regressor": (LSTMRegressor(1, epochs=1), (windows, X[4:, 0])),
        "classifier": (LSTMClassifier(1, epochs=1), (windows, X[4:, 0] > 0)),
        "pipeline": (make_lstm_pipeline(4, units=1, epochs=1), (X, X[:, 0])),
        "windower": (SequenceWindower(4), (X,)),
        "padder": (SequencePadder(), ([X[:5], X[:7]],)),
        "forecaster": (LSTMForecaster(Ridge(), window_length=4), (SERIES,)),
    }


class Unpicklable(AtEpoch):
    """Reaches no file."""

    def __reduce__(self):
        raise TypeError("a callback was pickled")


@pytest.mark.parametrize("case", fitted_ones())
def test_callbacks_reach_no_pickle_and_no_model_file(tmp_path, case):
    estimator, data = fitted_ones()[case]
    callback = Unpicklable(0, stopping)
    estimator.set_callbacks(callback).fit(*data)
    assert estimator._skl_callbacks == [callback]
    assert not hasattr(pickle.loads(pickle.dumps(estimator)), "_skl_callbacks")
    save_model(estimator, tmp_path / "model.skops")
    assert not hasattr(load_model(tmp_path / "model.skops"), "_skl_callbacks")
    # scikit-learn hands them on to clones, and nothing else of a fit.
    copied = clone(estimator)
    assert copied._skl_callbacks == [callback]
    assert vars(copied).keys() == vars(clone(fitted_ones()[case][0])).keys() | {"_skl_callbacks"}


def test_a_model_file_of_a_search_holds_no_callback_of_its_parts(tmp_path, windows):
    X, y = windows
    callback = Unpicklable(0, stopping)
    pipeline = make_pipeline("passthrough", LSTMRegressor(1, epochs=1, random_state=0))
    pipeline[-1].set_callbacks(callback)
    search = GridSearchCV(pipeline, {"lstmregressor__units": [1]}, cv=2).fit(X, y)
    search.set_callbacks(callback)
    save_model(search, tmp_path / "model.skops")
    assert search._skl_callbacks == [callback]
    loaded = load_model(tmp_path / "model.skops")
    assert_array_equal(loaded.predict(X), search.predict(X))
    assert not hasattr(loaded, "_skl_callbacks")
    assert not hasattr(loaded.estimator[-1], "_skl_callbacks")


def test_callbacks_set_before_a_fit_go_along_to_worker_processes(recorder):
    lstm = pickle.loads(pickle.dumps(LSTMRegressor().set_callbacks(recorder)))
    assert [one.path for one in lstm._skl_callbacks] == [recorder.path]


class FakeTrial:
    """Lags behind in its second epoch."""

    def __init__(self):
        self.reported = []

    def suggest_float(self, name, low, high, log):
        return 0.01

    def report(self, value, step):
        self.reported.append((step, value))

    def should_prune(self):
        return len(self.reported) == 2


@pytest.mark.slow
def test_the_code_of_the_page_runs(monkeypatch):
    page = Path(__file__).parents[1] / "docs" / "watching.rst"
    blocks = re.findall(
        r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)", page.read_text(encoding="utf-8")
    )
    trial, optuna = FakeTrial(), ModuleType("optuna")
    optuna.TrialPruned = type("TrialPruned", (Exception,), {})
    optuna.pruners = SimpleNamespace(MedianPruner=object)
    pruned = pytest.raises(optuna.TrialPruned)

    def optimize(objective, n_trials):
        with pruned:
            objective(trial)

    optuna.create_study = lambda pruner: SimpleNamespace(optimize=optimize)
    monkeypatch.setitem(sys.modules, "optuna", optuna)
    names: dict = {}
    code = "".join(re.sub("^   ", "", block, flags=re.MULTILINE) for block in blocks)
    code = code.replace("n_jobs=2", "n_jobs=None").replace("horizon=7", "window_length=7")
    exec(code.replace("epochs=20", "epochs=3"), names)
    assert len(names["table"]) == 3
    assert names["table"]["validation"].iloc[-1] > names["table"]["validation"].iloc[0]
    assert 1 < names["lstm"].n_iter_ < 10_000
    assert [step for step, _ in trial.reported] == [0, 1]
