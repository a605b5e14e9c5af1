"""Ctrl-C, sent while a training runs: what was called ends, and nothing is half changed."""

import json

import pandas as pd
import pytest

from .children import child

# Says "training" when a network has been trained for a whole epoch and goes on.
TELLING = """
from sklearn_lstm.engine.programs import ProgramTrainer

run, runs = ProgramTrainer.run, []

def telling(trainer, *args):
    runs.append(trainer)
    if len(runs) == 2:
        say("training")
    return run(trainer, *args)

ProgramTrainer.run = telling
"""

CALLS = """
import json
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn_lstm import (
    LSTMForecaster, LSTMRegressor, backtest, compare, make_lstm_pipeline, make_supervised
)

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 5, 1))
y = X[:, -1, 0]
short, long = (LSTMRegressor(2, epochs=n, random_state=0) for n in (2, 10**5))
outcomes = {}

def outcome(name, call, estimator=None, *, is_error=False):
    before = dict(vars(estimator)) if estimator is not None else {}
    runs.clear()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("error" if is_error else "always")
        try:
            call()
            end = "returned"
        except BaseException as error:
            end = type(error).__name__
    after = dict(vars(estimator)) if estimator is not None else {}
    outcomes[name] = {
        "end": end,
        "is_as_before": list(after) == list(before)
        and all(after[key] is before[key] for key in before),
        "warned": [str(one.message) for one in warned],
    }

def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.weights_, other.weights_, strict=True))

def whole(lstm, n_epochs, X=X, y=y):
    return clone(lstm).set_params(epochs=n_epochs, early_stopping=False).fit(X, y)

lstm = clone(long)
outcome("fit", lambda: lstm.fit(X, y), lstm)
outcomes["fit"]["n_iter"] = lstm.n_iter_
outcomes["fit"]["has_those_weights"] = same(lstm, whole(lstm, lstm.n_iter_))

lstm = clone(long).set_params(early_stopping=True, tol=0, n_iter_no_change=10**5)
outcome("early stopping", lambda: lstm.fit(X, y), lstm)
best = int(np.argmin(lstm.validation_loss_curve_)) + 1
outcomes["early stopping"]["has_those_weights"] = same(lstm, whole(lstm, best, X[:54], y[:54]))

lstm = clone(short).set_params(warm_start=True).fit(X, y).set_params(epochs=10**5)
outcome("warm start", lambda: lstm.fit(X, y), lstm)
outcomes["warm start"]["n_iter"] = lstm.n_iter_
twin = clone(short).set_params(warm_start=True).fit(X, y).set_params(epochs=lstm.n_iter_ - 2)
outcomes["warm start"]["has_those_weights"] = same(lstm, twin.fit(X, y))

lstm = clone(long)
outcome("warnings as errors", lambda: lstm.fit(X, y), is_error=True)
outcomes["warnings as errors"]["n_iter"] = lstm.n_iter_

ensemble = clone(short).set_params(ensemble_size=2).fit(X, y).set_params(epochs=10**5)
outcome("ensemble", lambda: ensemble.fit(X, y), ensemble)

search = GridSearchCV(long, {"units": [2, 3]}, cv=2, error_score=0.0)
outcome("search", lambda: search.fit(X, y), search)
search = GridSearchCV(long, {"units": [2, 3]}, cv=2, error_score=0.0)
outcome("search, warnings as errors", lambda: search.fit(X, y), search, is_error=True)
outcomes["search"]["has_a_rank"] = hasattr(search, "cv_results_")

steps = make_pipeline(clone(long))
outcome("pipeline", lambda: steps.fit(X, y))
outcomes["pipeline"]["n_iter"] = steps[-1].n_iter_

rows, targets = make_supervised(wave)
model = make_lstm_pipeline(3, units=2, epochs=2, random_state=0).fit(rows, targets)
model.set_params(regressor__lstm__epochs=10**5)
outcome("make_lstm_pipeline", lambda: model.fit(rows, targets), model)

unfitted = LSTMForecaster(clone(long), window_length=4)
outcome("forecaster", lambda: unfitted.fit(wave), unfitted)

forecaster = LSTMForecaster(clone(short), window_length=4).fit(wave[:40])
forecast = forecaster.predict(3)
forecaster.set_params(regressor__epochs=10**5)
outcome("forecaster again", lambda: forecaster.fit(wave), forecaster)
outcomes["forecaster again"]["has_those_weights"] = np.array_equal(forecaster.predict(3), forecast)
outcome("update", lambda: forecaster.update(wave[40:], refit=True), forecaster)
outcomes["update"]["has_those_weights"] = np.array_equal(forecaster.predict(3), forecast)

outcome("backtest", lambda: backtest(forecaster, wave, n_windows=2), forecaster)
names = "LSTMForecaster", "ridge", "gradient boosting", "AutoETS", "AutoTheta", "MSTL"
mine = {**dict.fromkeys(names, "drop"), "mine": forecaster}
outcome("compare", lambda: compare(wave, horizon=1, forecasters=mine, coverage=None), forecaster)
say("done")
say(json.dumps(outcomes))
"""

N_CALLS = CALLS.count("\noutcome(")


@pytest.fixture(scope="module")
def outcomes():
    """What came of each call, interrupted by a signal in its second epoch or later."""
    with child(TELLING + CALLS) as running:
        for _ in range(N_CALLS):
            running.wait_for("training")
            running.interrupt()
        running.wait_for("done")
        return json.loads(running.process.stdout.readline())


KEPT = "fit", "early stopping", "warm start", "warnings as errors"
LEFT = (
    "ensemble", "make_lstm_pipeline", "forecaster", "forecaster again", "update", "backtest",
    "compare",
)  # fmt: skip
OF_SKLEARN = "search", "search, warnings as errors", "pipeline"  # they remember other things, too


def test_all_calls_are_judged(outcomes):
    assert sorted(outcomes) == sorted([*KEPT, *LEFT, *OF_SKLEARN])
    assert len(outcomes) == N_CALLS


@pytest.mark.parametrize("name", [*KEPT, *LEFT, *OF_SKLEARN])
def test_what_was_called_ends(outcomes, name):
    assert outcomes[name]["end"] == "KeyboardInterrupt"


@pytest.mark.parametrize("name", LEFT)
def test_what_stands_around_a_fit_is_as_before(outcomes, name):
    assert outcomes[name]["is_as_before"]


def test_a_search_ranks_nothing(outcomes):
    assert not outcomes["search"]["has_a_rank"]


@pytest.mark.parametrize("name", ["forecaster again", "update"])
def test_a_fitted_forecaster_forecasts_as_before(outcomes, name):
    assert outcomes[name]["has_those_weights"]


@pytest.mark.parametrize("name", ["fit", "early stopping", "warm start"])
def test_a_fit_keeps_the_weights_of_whole_epochs(outcomes, name):
    assert outcomes[name]["has_those_weights"]
    assert len(outcomes[name]["warned"]) == 1


@pytest.mark.parametrize(("name", "n_before"), [("fit", 0), ("warm start", 2)])
def test_a_fit_says_how_much_it_learned(outcomes, name, n_before):
    told = outcomes[name]
    assert f"after {told['n_iter'] - n_before} of 100000 epochs" in told["warned"][0]
    assert "the last of these" in told["warned"][0]
    assert "the best of these" in outcomes["early stopping"]["warned"][0]


def test_a_warning_that_is_an_error_takes_nothing_away(outcomes):
    assert outcomes["warnings as errors"]["n_iter"] >= 1


def test_the_last_step_of_a_pipeline_is_fitted_in_place_and_has_its_weights(outcomes):
    assert outcomes["pipeline"]["n_iter"] >= 1


COMMAND = """
from sklearn_lstm.__main__ import main

sys.argv[0] = "sklearn-lstm"
main()
"""


@pytest.mark.parametrize("module", ["typer", "pandas", "sklearn_lstm.command.show"])
def test_the_command_stops_while_it_is_imported(module):
    script = f"""
class Stopping:
    def find_spec(name, *rest):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Stopping)
"""
    with child(script + COMMAND, "--version") as running:
        out, error, code = running.ends_within(60)
    assert (out, error, code) == ("", "Stopped.\n", 130)


@pytest.mark.parametrize("name", ["forecast", "backtest"])
def test_the_command_stops_without_a_file(tmp_path, name):
    table = tmp_path / "table.csv"
    days = pd.date_range("2024-01-01", periods=200)
    pd.DataFrame({"day": days, "y": range(200)}).to_csv(table, index=False)
    options = ["--out", tmp_path / "out.csv", "--plot", tmp_path / "plot.png"]
    if name == "forecast":
        options += ["--save", tmp_path / "model.skops"]
    arguments = [name, table, "--target", "y", "--horizon", 3, *options]
    with child(TELLING + COMMAND, *arguments) as running:
        running.wait_for("training")
        running.interrupt()
        _, error, code = running.ends_within(60)
    assert error.splitlines()[-1] == "Stopped.", error
    assert "Traceback" not in error
    assert code == 130
    assert list(tmp_path.iterdir()) == [table]
