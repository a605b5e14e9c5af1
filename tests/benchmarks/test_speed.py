"""The speed benchmark: what is divided by what, what is said of targets, what windows hold."""

import statistics
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.speed import end_to_end, hours, report, training
from benchmarks.speed.cases import CASES
from benchmarks.speed.contenders import CONTENDERS, OURS
from benchmarks.speed.data import Problem, loss_of_a_constant, windows_and_targets
from benchmarks.speed.outcome import Outcome, at_least, at_most, goal
from benchmarks.speed.process import Reply

PROBLEM = Problem(100, 4, 1, (8,), 10, 6)


class CrewOnPaper:
    """Fits take what they are said to: a start, and the same again for each epoch."""

    n_rounds, is_quick, peak_gflops = 3, False, 1.0
    starts = {OURS: 1.0, "Keras": 20.0}
    of_an_epoch = {OURS: 0.5, "Keras": 4.0}

    def __init__(self):
        self.names = list(self.starts)
        self.epochs, self.networks = {}, []

    def only(self, *names):
        return [name for name in names if name in self.names]

    def take(self, problem, names=None):
        self.epochs = dict.fromkeys(names or self.names, problem.epochs)
        return 1.0

    def call(self, name, method, *args):
        if method == "take_epochs":
            (self.epochs[name],) = args
            return Reply(None, 0.0)
        seconds = self.starts[name] + self.epochs[name] * self.of_an_epoch[name]
        if method == "fit_ensemble":
            self.networks.append(args[0])
            return Reply(0.1, seconds * args[0] ** 0.5)
        return Reply(0.1, seconds)

    def take_turns(self, turn, names=None, at_most=None):
        return {
            name: [turn(name, number) for number in range(self.n_rounds)]
            for name in names or self.names
        }


def test_an_epoch_more_has_no_start_in_it():
    outcome = training.marginal_epochs(CrewOnPaper(), PROBLEM)
    seconds = {row[0]: row[1] for row in outcome.rows}
    assert seconds == pytest.approx(CrewOnPaper.of_an_epoch)
    assert outcome.figures["Keras ÷ ours"] == pytest.approx(4.0 / 0.5)
    # 3 passes, 2 operations, 100 windows, 4 steps, 4 gates of 8 units by 1 + 8 inputs
    operations = 3 * 2 * 100 * 4 * 4 * 8 * (1 + 8)
    assert outcome.rows[0][-1] == pytest.approx(100 * operations / 0.5 / 1e9)


def test_classifiers_are_compared_with_keras_and_scikeras():
    crew = CrewOnPaper()
    crew.names += ["scikeras", "PyTorch"]
    crew.starts = crew.starts | {"scikeras": 30.0, "PyTorch": 0.1}
    crew.of_an_epoch = crew.of_an_epoch | {"scikeras": 5.0, "PyTorch": 0.1}
    outcome = CASES["classify"].measure(crew, replace(PROBLEM, n_classes=3))
    assert {row[0]: row[1] for row in outcome.rows} == pytest.approx(
        {OURS: 0.5, "Keras": 4.0, "scikeras": 5.0}
    )
    (target,) = CASES["classify"].targets
    assert target.is_met(outcome.figures[target.what])


def test_classes_are_thirds_of_the_next_value():
    problem = CASES["classify"].size
    X, y = windows_and_targets(problem)
    X_values, values = windows_and_targets(replace(problem, n_classes=None))
    np.testing.assert_array_equal(X, X_values)
    assert np.bincount(y).tolist() == [667, 667, 666]
    assert np.all(np.diff(y[np.argsort(values)]) >= 0)
    assert loss_of_a_constant(y, 3) == pytest.approx(np.log(3), rel=1e-5)
    assert loss_of_a_constant(values, None) == pytest.approx(np.var(values))
    assert "3 classes" in str(problem)


@pytest.mark.slow
def test_classifiers_of_all_contenders_learn_the_same():
    problem = CASES["classify"].quick
    losses = {}
    for name in (OURS, "Keras", "scikeras"):
        contender = CONTENDERS[name]()
        constant = contender.take(problem)
        losses[name] = contender.fit(0)
    assert max(losses.values()) < 0.97 * constant
    assert max(losses.values()) < 1.2 * min(losses.values())


def test_a_whole_fit_holds_its_start():
    outcome = training.epochs(CrewOnPaper(), PROBLEM)
    assert outcome.figures["Keras ÷ ours"] == pytest.approx((20 + 6 * 4) / (1 + 6 * 0.5))


def test_wide_networks_are_trained_without_scikeras_and_skorch():
    crew = CrewOnPaper()
    crew.names += ["scikeras", "skorch"]
    outcome = training.epochs_of_wide(crew, PROBLEM)
    assert [row[0] for row in outcome.rows] == [OURS, "Keras"]


def test_an_ensemble_is_put_beside_one_network():
    crew = CrewOnPaper()
    outcome = training.ensembles(crew, (4, {"like a": PROBLEM, "like b": PROBLEM}))
    assert outcome.figures == {
        "like a, ensemble ÷ one network": pytest.approx(2),
        "like b, ensemble ÷ one network": pytest.approx(2),
    }
    assert set(crew.networks) == {1, 4}


def test_every_target_of_an_ensemble_is_a_figure():
    case = CASES["ensemble"]
    figures = training.ensembles(CrewOnPaper(), case.size).figures
    assert [target.what for target in case.targets] == list(figures)


def test_a_goal_that_is_missed_is_no_failure():
    case = {"outcome": asdict(Outcome([], [], {"ONNX Runtime ÷ ours": 0.5, "Keras ÷ ours": 2.0}))}
    lines = report.target_lines("predict-one", case)
    assert "| predict-one | Keras ÷ ours | ≥ 200 | 2 | **no** |" in lines
    assert "| predict-one | ONNX Runtime ÷ ours | ≥ 1, a goal | 0.5 | not yet |" in lines
    assert goal("a", 1).is_met(1.0)
    assert not at_least("a", 1).is_goal
    assert at_most("a", 1).is_met(1.0)


def test_what_is_not_installed_is_said(monkeypatch):
    monkeypatch.setattr(report, "missing_packages", lambda name: ["onnx"] * name.startswith("ONNX"))
    case = {"outcome": asdict(Outcome([], []))}
    lines = report.target_lines("predict-one", case)
    assert "| predict-one | ONNX Runtime ÷ ours | ≥ 1, a goal | onnx not installed |  |" in lines
    assert "| predict-one | Keras ÷ ours | ≥ 200 | not measured |  |" in lines


@pytest.fixture
def m4(tmp_path, monkeypatch):
    """Two series of the file that the competition's would be in."""
    monkeypatch.setenv("SKLEARN_LSTM_DATA", str(tmp_path))
    lengths = {"H2": 60, "H1": 50}
    rows = [(name, t, 100.0 * n + t) for name, n in lengths.items() for t in range(n)]
    table = pd.DataFrame(rows, columns=["unique_id", "t", "y"])
    table.to_csv(tmp_path / hours.FILE, index=False)
    return [table.y.to_numpy()[:60], table.y.to_numpy()[60:]]


def test_series_keep_their_order_and_lose_the_hours_to_forecast(m4):
    assert hours.is_there(hours.M4)
    for found, expected in zip(hours.known(hours.M4, 2, 55, 10), m4, strict=True):
        np.testing.assert_array_equal(found, expected[-55:][:-10])
    (first,) = hours.load(hours.M4, 1, 55)
    np.testing.assert_array_equal(first, m4[0][-55:])


def test_updates_are_batches_of_windows_with_a_horizon_behind_them():
    task = {"window_length": 5, "horizon": 3, "batch_size": 4, "epochs": 2}
    histories = [np.arange(10.0), np.arange(12.0)]
    n_windows = sum(
        len(np.lib.stride_tricks.sliding_window_view(history, 5 + 3)) for history in histories
    )
    assert n_windows == 8
    assert hours.n_updates(histories, task) == 2 * 2
    assert hours.n_updates(histories, task | {"batch_size": 5}) == 2 * 2
    assert hours.n_updates(histories, task | {"batch_size": 3}) == 2 * 3


def test_the_day_before_has_a_mase_of_one():
    rng = np.random.default_rng(0)
    days = np.arange(6)[:, np.newaxis] + rng.standard_normal(24)  # a unit more on each day
    known, truth = days[:-1].ravel(), days[-1]
    series = [np.concatenate([known, truth])]
    assert end_to_end.mase(series, [known[-24:]], 24) == pytest.approx(1)
    assert end_to_end.mase(series, [truth], 24) == pytest.approx(0, abs=1e-12)


def test_end_to_end_runs_without_series_and_without_other_packages(tmp_path, monkeypatch):
    monkeypatch.setenv("SKLEARN_LSTM_DATA", str(tmp_path))
    forecast = np.zeros(12).tolist()
    answers = [{"fit": 2.0, "forecast": 0.5, "forecasts": [forecast]}] * 3
    monkeypatch.setattr(end_to_end, "ask_ours", lambda crew, series, task: answers[0])

    class Crew:
        n_rounds = 3
        pythons = dict.fromkeys(end_to_end.FORECASTERS, str(tmp_path / "no-python"))

    outcome = end_to_end.end_to_end(Crew(), CASES["end-to-end"].quick)
    assert [row[:5] for row in outcome.rows] == [["one series", OURS, 2.0, 0.5, 1.0]]
    assert any("M4 hourly is left out" in note for note in outcome.notes)
    assert any("left out: neuralforecast, darts, skforecast" in note for note in outcome.notes)


def test_other_packages_take_turns_and_are_divided_by_ours(monkeypatch, m4):
    took = {OURS: 2.0, "darts": 6.0}
    asked = []

    def answer(name, series):
        asked.append((name, series["name"]))
        n_series = 1 if series["name"] == hours.ONE else 2
        return {"fit": took[name], "forecast": 1.0, "forecasts": [[0.0] * 12] * n_series}

    monkeypatch.setattr(end_to_end, "ask_ours", lambda crew, series, task: answer(OURS, series))
    monkeypatch.setattr(end_to_end, "ask", lambda python, name, series, task: answer(name, series))
    monkeypatch.setattr(
        end_to_end, "version_of", lambda package, python: "1" if package == "darts" else None
    )

    class Crew:
        n_rounds = 2
        pythons = dict.fromkeys(end_to_end.FORECASTERS, "python")

    outcome = end_to_end.end_to_end(Crew(), CASES["end-to-end"].quick)
    for name in (hours.M4, hours.ONE):
        assert outcome.figures[f"{name}: darts ÷ ours"] == pytest.approx(7 / 3)
        of_name = [who for who, what in asked if what == name]
        assert of_name == [OURS, "darts", "darts", OURS]
    assert statistics.median(row[2] for row in outcome.rows if row[1] == OURS) == 2.0


def test_our_forecaster_forecasts_each_series(m4):
    task = {"window_length": 6, "horizon": 3, "units": 4, "batch_size": 16, "epochs": 1}
    ours = end_to_end.OurForecaster({"name": hours.M4, "n_series": 2, "n_steps": 55}, task)
    ours.fit()
    forecasts = ours.forecast()
    assert [len(forecast) for forecast in forecasts] == [3, 3]
    # windows are brought to their own scale, so forecasts have the level of their series
    assert np.mean(forecasts[0]) > 6000
    assert 5000 < np.mean(forecasts[1]) < 5500
