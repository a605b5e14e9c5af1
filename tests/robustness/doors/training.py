"""Trainings of ``LSTMRegressor``: odd data and parameters, and an object that is left as it was."""

import copy
import pickle
from functools import cache

import numpy as np
import pandas as pd
from sklearn.base import clone

from sklearn_lstm import LSTMForecaster, LSTMRegressor, SequenceWindower, make_lstm_pipeline
from sklearn_lstm.engine.programs import ProgramTrainer

from ..cases import Case, gives, refuses, warns

RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 4, 2))
Y = X[:, -1, 0]
WAVE = np.sin(np.arange(40) / 3)
HOLES = np.where(np.arange(4)[np.newaxis, :, np.newaxis] < 1, np.nan, X)  # none is complete


def lstm(**params):
    return LSTMRegressor(**{"units": 2, "epochs": 1, "random_state": 0} | params)


@cache  # so that collecting the cases trains nothing
def fitted():
    return lstm(warm_start=True).fit(X, Y)


def is_the_plain_fit(found):
    return np.array_equal(found, fitted().predict(X))


def with_one(array, place, value):
    changed = np.array(array, dtype=float)
    changed[place] = value
    return changed


def a_copy():
    return copy.deepcopy(fitted())


def after(failing, **params):
    """Return what a fitted model predicts after something that is refused."""

    def call():
        tried = a_copy().set_params(**params)
        before = dict(vars(tried))
        try:
            failing(tried)
        except (ValueError, TypeError):
            assert vars(tried).keys() == before.keys()
            assert all(vars(tried)[name] is before[name] for name in before)
            return tried.predict(X)
        raise AssertionError("nothing was refused")

    return call


def interrupted(model, n_epochs, method="fit"):
    """Fit until a Ctrl-C in the epoch after so many; return the model."""
    run, runs = ProgramTrainer.run, []

    def until(trainer, orders, seeds, shares, seconds, stop):
        runs.append(trainer)
        if len(runs) > n_epochs:
            raise KeyboardInterrupt
        return run(trainer, orders, seeds, shares, 0, stop)  # one epoch

    ProgramTrainer.run = until
    try:
        getattr(model, method)(X, Y)
    except KeyboardInterrupt:
        return model
    finally:
        ProgramTrainer.run = run
    raise AssertionError("the interrupt was swallowed")


def is_new(model):
    return vars(model).keys() == vars(clone(model)).keys()


IS_PLAIN = gives(is_the_plain_fit)
PATIENT = {"early_stopping": True, "epochs": 9, "n_iter_no_change": 9}

CASES = [
    # Odd but right.
    Case("two samples", lambda: lstm().fit(X[:2], Y[:2]).predict(X).shape, gives([12])),
    Case("one sample", lambda: lstm().fit(X[:1], Y[:1]).n_iter_, gives(1)),
    Case("one step", lambda: lstm().fit(X[:, :1], Y).n_timesteps_, gives(1)),
    Case("one column of targets", lambda: lstm().fit(X, Y[:, None]).predict(X).shape,
         gives([12, 1])),
    Case("targets of integers", lambda: lstm().fit(X, np.arange(12)).predict(X),
         gives(lambda found: found.dtype == float)),
    Case("targets of booleans", lambda: lstm().fit(X, Y > 0).predict(X).shape, gives([12])),
    Case("targets in a Series with another index",
         lambda: lstm().fit(X, pd.Series(Y, index=range(5, 17))).predict(X), IS_PLAIN),
    Case("targets in a list", lambda: lstm().fit(X, Y.tolist()).predict(X), IS_PLAIN),
    Case("windows in a list", lambda: lstm().fit(X.tolist(), Y).predict(X), IS_PLAIN),
    Case("windows that can't be written to",
         lambda: lstm().fit(np.broadcast_to(X, X.shape), Y).predict(X), IS_PLAIN),
    Case("windows in Fortran's order", lambda: lstm().fit(np.asfortranarray(X), Y).predict(X),
         IS_PLAIN),
    Case("weights of one", lambda: lstm().fit(X, Y, np.ones(12)).predict(X), IS_PLAIN),
    Case("a batch larger than the samples",
         lambda: lstm(batch_size=10**6).fit(X, Y).predict(X), IS_PLAIN),
    Case("more samples drawn than there are",
         lambda: lstm(max_samples=10**6).fit(X, Y).predict(X), IS_PLAIN),
    Case("a constant target", lambda: lstm().fit(X, np.zeros(12)).n_iter_, gives(1)),
    Case("units as a NumPy integer", lambda: lstm(units=np.int64(2)).fit(X, Y).predict(X),
         IS_PLAIN),
    Case("units as a list", lambda: lstm(units=[2]).fit(X, Y).predict(X), IS_PLAIN),
    Case("a window with missing history is left out",
         lambda: lstm().fit(np.concatenate([HOLES[:3], X]), np.append([9, 9, 9], Y)).predict(X),
         IS_PLAIN),
    Case("fit, and fit again", lambda: lstm().fit(X, Y).fit(X, Y).predict(X), IS_PLAIN),
    Case("a first partial_fit is a fit of one epoch",
         lambda: lstm(epochs=50).partial_fit(X, Y).predict(X), IS_PLAIN),
    Case("one epoch, and one partial_fit",
         lambda: len(lstm().fit(X, Y).partial_fit(X, Y).loss_curve_), gives(2)),
    Case("a warm start adds its epochs",
         lambda: len(a_copy().set_params(epochs=3).fit(X, Y).loss_curve_), gives(4)),
    Case("a copy learns, and what it was copied from does not",
         lambda: (copy.copy(fitted()).fit(X, 9 + Y), fitted().predict(X))[1], IS_PLAIN),
    Case("a pickled copy learns on as the first would",
         lambda: pickle.loads(pickle.dumps(fitted())).fit(X, Y).predict(X)
         - a_copy().fit(X, Y).predict(X), gives(np.zeros(12))),
    Case("what fit returns is the object itself",
         lambda: (lambda model: model.fit(X, Y) is model)(lstm()), gives(1)),
    Case("what a windower's fit returns is the windower itself",
         lambda: (lambda one: one.fit(X[0]) is one)(SequenceWindower(2)), gives(1)),
    Case("what a pipeline's fit returns is the pipeline itself",
         lambda: (lambda one: one.fit(X[:, 0], Y) is one)(make_lstm_pipeline(2, units=2, epochs=1)),
         gives(1)),
    Case("what a forecaster's fit and update return is the forecaster itself",
         lambda: (lambda one: one.fit(WAVE).update(WAVE[:2]) is one)(
             LSTMForecaster(lstm(), window_length=3, interval_method=None)), gives(1)),
    Case("the windows given stay as they were",
         lambda: (lambda X: (lstm().fit(X, Y), X)[1])(X.copy()), gives(X)),
    # Refused, and the object as before.
    Case("no sample", lambda: lstm().fit(X[:0], Y[:0]), refuses("0 sample", "minimum of 1")),
    Case("no feature", lambda: lstm().fit(X[:, :, :0], Y), refuses("(12, 4, 0)", "one feature")),
    Case("fewer targets", lambda: lstm().fit(X, Y[:5]), refuses("12", "5")),
    Case("a target of NaN", lambda: lstm().fit(X, with_one(Y, 3, np.nan)), refuses("y", "NaN")),
    Case("an infinite target", lambda: lstm().fit(X, with_one(Y, 3, np.inf)),
         refuses("y", "infinity")),
    Case("NaN amid a window", lambda: lstm().fit(with_one(X, (2, 3, 0), np.nan), Y),
         refuses("step 3 of window 2", "nan", "Fill the value")),
    Case("no complete window", lambda: lstm().fit(HOLES, Y),
         refuses("0 complete windows of 4 steps", "window_length to 3")),
    Case("targets beyond float32", lambda: lstm().fit(X, 1e300 * Y),
         refuses("y", "float32", "Scale y")),
    Case("weights of zero", lambda: lstm().fit(X, Y, np.zeros(12)),
         refuses("sample_weight is zero", "positive weight")),
    Case("a training that diverges",
         lambda: lstm(optimizer="sgd", learning_rate=1e30, epochs=9).fit(X, Y),
         refuses("diverged", "epoch", "learning_rate", "clipnorm")),
    Case("no epoch", lambda: lstm(epochs=0).fit(X, Y), refuses("epochs", "0")),
    Case("units of True", lambda: lstm(units=(True,)).fit(X, Y), refuses("units", "True")),
    Case("validation data without targets", lambda: lstm().fit(X, Y, X_val=X),
         refuses("y_val is missing")),
    Case("after NaN", after(lambda model: model.fit(X, with_one(Y, 0, np.nan))), IS_PLAIN),
    Case("after other windows", after(lambda model: model.fit(X[:, :3], Y)), IS_PLAIN),
    Case("after a parameter that can't go on",
         after(lambda model: model.fit(X, Y), units=3),
         IS_PLAIN),
    Case("after a divergence",
         after(lambda model: model.fit(1e30 * X, 1e30 * Y),
               optimizer="sgd", learning_rate=1e20, epochs=5),
         IS_PLAIN),
    Case("after a partial_fit on fewer columns",
         after(lambda model: model.partial_fit(X[:, :, :1], Y)), IS_PLAIN),
    # Ctrl-C.
    Case("Ctrl-C before an epoch is over", lambda: is_new(interrupted(lstm(epochs=9), 0)),
         gives(1)),
    Case("Ctrl-C in the second epoch", lambda: interrupted(lstm(epochs=9), 1).predict(X),
         warns("interrupted by user after 1 of 9 epochs", "last", then=IS_PLAIN)),
    Case("Ctrl-C in a third, with early stopping",
         lambda: len(interrupted(lstm(**PATIENT), 2).validation_loss_curve_),
         warns("after 2 of 9 epochs", "best", then=gives(2))),
    Case("Ctrl-C in a warm start",
         lambda: interrupted(a_copy().set_params(epochs=9), 1).n_iter_,
         warns("after 1 of 9 epochs", then=gives(2))),
    Case("Ctrl-C in partial_fit",
         lambda: interrupted(a_copy(), 0, "partial_fit").predict(X), IS_PLAIN),
    Case("Ctrl-C in the second of two networks",
         lambda: is_new(interrupted(lstm(ensemble_size=2), 1)), gives(1)),
    Case("a training goes on after Ctrl-C",
         lambda: interrupted(lstm(epochs=9, warm_start=True), 1).set_params(epochs=1).fit(X, Y)
         .predict(X) - a_copy().fit(X, Y).predict(X),
         warns("interrupted", then=gives(np.zeros(12)))),
]  # fmt: skip
