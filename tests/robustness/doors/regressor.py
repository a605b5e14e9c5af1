"""``LSTMRegressor``: what it reads, its parameters, and what is left after an error."""

import pickle

import numpy as np
import pandas as pd
from sklearn.base import clone

from sklearn_lstm import LSTMRegressor, SequenceWindower

from ..cases import Case, gives, refuses

RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 4, 2))
Y = X[:, -1, 0] - X[:, 0, 1]
FEW = {"units": 2, "epochs": 1, "random_state": 0}


def lstm(**params):
    return LSTMRegressor(**{**FEW, **params})


FITTED = []


def fitted():
    """One network for all that only predict; trained when it is asked for."""
    if not FITTED:
        FITTED.append(lstm().fit(X, Y))
    return FITTED[0]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def by_hand(windows):
    """Predict as the textbook writes an LSTM, in Keras's order of gates: i, f, c, o."""
    kernel, recurrent, bias, dense, offset = fitted().weights_
    predicted = []
    for window in windows:
        h = c = np.zeros(2)
        for step in window[~np.isnan(window).all(axis=1)]:
            i, f, g, o = np.split(step @ kernel + h @ recurrent + bias, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        predicted.append((h @ dense + offset)[0])
    return predicted


def with_value(array, place, value):
    array = array.copy()
    array[place] = value
    return array


LEADING = with_value(X, (slice(0, 3), slice(0, 2)), np.nan)


def unchanged_after(change):
    """Return what a fitted network predicts after something has gone wrong with it."""
    model = pickle.loads(pickle.dumps(fitted()))
    try:
        change(model)
    except (ValueError, TypeError):
        return model.predict(X)
    raise AssertionError("nothing was refused")


def is_fitted_on(rows):
    """Return a judge: are the weights those of a fit on the given windows?"""

    def judge(model):
        expected = lstm().fit(X[rows], Y[rows]).weights_
        return all(map(np.allclose, model.weights_, expected))

    return judge


PREDICTED = [
    Case("windows", lambda: fitted().predict(X), gives(lambda p: np.allclose(p, by_hand(X)))),
    Case(
        "one window",
        lambda: fitted().predict(X[4:5]),
        gives(lambda p: np.allclose(p, by_hand(X[4:5]))),
    ),
    Case(
        "windows in lists",
        lambda: fitted().predict(X.tolist()),
        gives(lambda p: np.allclose(p, by_hand(X))),
    ),
    Case(
        "windows backwards",
        lambda: fitted().predict(X[::-1]),
        gives(lambda p: np.allclose(p, by_hand(X[::-1]))),
    ),
    Case(
        "windows in the order of Fortran",
        lambda: fitted().predict(np.asfortranarray(X)),
        gives(lambda p: np.allclose(p, by_hand(X))),
    ),
    Case(
        "windows of whole numbers",
        lambda: fitted().predict(np.rint(X).astype(int)),
        gives(lambda p: np.allclose(p, by_hand(np.rint(X)))),
    ),
    Case(
        "windows in float16",
        lambda: fitted().predict(X.astype("f2")),
        gives(lambda p: np.allclose(p, by_hand(X.astype("f2").astype(float)))),
    ),
    Case(
        "windows of numbers as objects",
        lambda: fitted().predict(X.astype(object)),
        gives(lambda p: np.allclose(p, by_hand(X))),
    ),
    Case(
        "a window whose first steps are missing",
        lambda: fitted().predict(LEADING),
        gives(lambda p: np.allclose(p, by_hand(LEADING))),
    ),
    Case(
        "huge values",
        lambda: fitted().predict(1e300 * X[:2]),
        gives(lambda p: np.isfinite(p).all()),
    ),
    Case(
        "windows that are not written out",
        lambda: fitted().predict(
            SequenceWindower(4, max_gap=1).fit_transform(pd.DataFrame(X[:, 0], index=range(12)))[3:]
        ),
        gives(lambda p: np.allclose(p, by_hand([X[i : i + 4, 0] for i in range(9)]))),
    ),
    Case("no window", lambda: fitted().predict(X[:0]), refuses("0 sample")),
    Case("windows of another length", lambda: fitted().predict(X[:, :3]), refuses("3", "4")),
    Case(
        "windows of another width",
        lambda: fitted().predict(X[:, :, :1]),
        refuses("1 feature", "2 feature"),
    ),
    Case("four dimensions", lambda: fitted().predict(X[np.newaxis]), refuses("dim")),
    Case("a number", lambda: fitted().predict(1.0), refuses("scalar", "1.0")),
    Case("text", lambda: fitted().predict(X.astype(str)), refuses("X", "text")),
    Case(
        "infinity",
        lambda: fitted().predict(with_value(X, (3, 1, 0), np.inf)),
        refuses("X", "infinity"),
    ),
    Case(
        "a missing step in the middle",
        lambda: fitted().predict(with_value(X, (3, 1), np.nan)),
        refuses("NaN"),
    ),
    Case(
        "a sequence that ends a step sooner",
        lambda: fitted().predict(with_value(X, (3, 3), np.nan)),
        gives(lambda p: np.allclose(p, by_hand(with_value(X, (3, 3), np.nan)))),
    ),
    Case(
        "a window without a known step",
        lambda: fitted().predict(with_value(X, 3, np.nan)),
        refuses("Sample 3", "no known step"),
    ),
    Case(
        "a missing feature of a last step",
        lambda: fitted().predict(with_value(X, (3, 3, 1), np.nan)),
        refuses("step 3", "window 3"),
    ),
    Case(
        "a missing feature of a first step",
        lambda: fitted().predict(with_value(X, (3, 0, 1), np.nan)),
        refuses("NaN"),
    ),
    Case("an unfitted network", lambda: lstm().predict(X), refuses("LSTMRegressor", "not fitted")),
]
LEARNED = [
    Case(
        "incomplete windows are not learned from",
        lambda: lstm().fit(LEADING, Y),
        gives(is_fitted_on(slice(3, None))),
    ),
    Case(
        "windows of weight zero are not learned from",
        lambda: (
            lstm(shuffle=False, batch_size=1)
            .fit(X[:8], Y[:8], sample_weight=np.r_[np.ones(7), 0])
            .n_iter_
        ),
        gives(1),
    ),
    Case("a column of targets", lambda: lstm().fit(X, Y.tolist()).predict(X).shape, gives([12])),
    Case("two targets", lambda: lstm().fit(X, np.c_[Y, Y]).predict(X).shape, gives([12, 2])),
    Case(
        "targets that never change",
        lambda: lstm().fit(X, np.ones(12)).predict(X),
        gives(lambda p: np.isfinite(p).all()),
    ),
    Case(
        "windows that never change",
        lambda: lstm().fit(np.ones_like(X), Y).predict(np.ones_like(X)),
        gives(lambda p: np.allclose(p, p[0])),
    ),
    Case(
        "a single window",
        lambda: lstm().fit(X[:1], Y[:1]).predict(X[:1]),
        gives(lambda p: np.isfinite(p).all()),
    ),
    Case(
        "more samples than there are",
        lambda: lstm(max_samples=10**9).fit(X, Y),
        gives(is_fitted_on(slice(None))),
    ),
    Case("a batch larger than all", lambda: lstm(batch_size=10**6).fit(X, Y).n_iter_, gives(1)),
    Case(
        "numbers of numpy as parameters",
        lambda: LSTMRegressor(np.int64(2), epochs=np.int32(1), random_state=0).fit(X, Y),
        gives(is_fitted_on(slice(None))),
    ),
    Case(
        "rows and columns in the place of windows",
        lambda: lstm().fit(X[:, :, 0], Y).n_timesteps_,
        gives(lambda n: n in (1, 4)),
    ),
    Case("targets in text", lambda: lstm().fit(X, ["a"] * 12), refuses("y")),
    Case("a target too few", lambda: lstm().fit(X, Y[:-1]), refuses("12", "11")),
    Case(
        "a missing target",
        lambda: lstm().fit(X, with_value(Y, 4, np.nan)),
        refuses("y", "NaN", "row 4"),
    ),
    Case(
        "an infinite target",
        lambda: lstm().fit(X, with_value(Y, 4, np.inf)),
        refuses("y", "infinity", "row 4"),
    ),
    Case("no target", lambda: lstm().fit(X, None), refuses("y")),
    Case(
        "only incomplete windows",
        lambda: lstm().fit(with_value(X, (slice(None), 0), np.nan), Y),
        refuses("window"),
    ),
    Case(
        "a weight below zero",
        lambda: lstm().fit(X, Y, sample_weight=with_value(np.ones(12), 2, -1.0)),
        refuses("sample_weight", "-1", "row 2"),
    ),
    Case(
        "weights of other rows",
        lambda: lstm().fit(X, Y, sample_weight=np.ones(5)),
        refuses("sample_weight", "(5,)", "(12,)"),
    ),
    Case("weights in text", lambda: lstm().fit(X, Y, sample_weight=["a"] * 12), refuses("a")),
    Case(
        "validation windows without targets",
        lambda: lstm(early_stopping=True).fit(X, Y, X_val=X),
        refuses("y_val"),
    ),
    Case(
        "validation windows of another length",
        lambda: lstm(early_stopping=True).fit(X, Y, X_val=X[:, 1:], y_val=Y),
        refuses("X_val", "3"),
    ),
    Case(
        "more kept apart than there is",
        lambda: lstm(early_stopping=True, validation_fraction=0.99).fit(X[:2], Y[:2]),
        refuses("validation_fraction"),
    ),
]
INSANE = {
    "units": [0, -1, 1.5, "2", (), (2, 0), None],
    "dropout": [1.0, -0.1, np.nan],
    "epochs": [0, 1.0, 10**18],
    "batch_size": [0, None],
    "loss": ["mse", None],
    "optimizer": ["zz"],
    "learning_rate": [0, np.nan, "fast"],
    "learning_rate_schedule": ["linear"],
    "alpha": [-1.0],
    "clipnorm": [0],
    "max_samples": [0, 1.5],
    "validation_fraction": [1.0],
    "n_iter_no_change": [0],
    "tol": [-0.001],
    "ensemble_size": [0],
    "segment_length": [0, 3],
    "decoding": ["zz"],
    "skip_connection": ["yes"],
    "pooling": ["sum", None],
    "random_state": [-1, "a"],
    "network": ["lstm"],
    "shuffle": ["no"],
}
PARAMETERS = [
    Case(
        f"{name}={value!r}",
        lambda params={name: value}: lstm(**params).fit(X, Y),
        refuses(name, str(value)),
    )
    for name, values in INSANE.items()
    for value in values
]
QUANTILES = [[], [0.5, 0.1], [0.5, 0.5], [0.0, 0.5], [0.5, 1.0], [np.nan], ["a"], None, 0, 1.5]
PARAMETERS += [
    Case(
        f"quantile={level!r}",
        lambda q=level: lstm(loss="quantile", quantile=q).fit(X, Y),
        refuses("quantile"),
    )
    for level in QUANTILES
]
WRONG = {
    "a fit on text": lambda model: model.fit(X, ["a"] * 12),
    "a fit on missing targets": lambda model: model.fit(X, with_value(Y, 0, np.nan)),
    "a fit with insane epochs": lambda model: model.set_params(epochs=-1).fit(X, Y),
    "a fit that diverges from the form": lambda model: model.fit(X[0, 0], Y),
    "more training on other windows": lambda model: model.partial_fit(X[:, :2], Y),
    "a prediction of other windows": lambda model: model.predict(X[:, :2]),
    "parameters that do not exist": lambda model: model.set_params(unit=3),
}
AFTERWARDS = [
    Case(
        f"after {name} it predicts as before",
        lambda c=change: unchanged_after(c),
        gives(lambda p: np.allclose(p, by_hand(X))),
    )
    for name, change in WRONG.items()
]
AGAIN = [
    Case("a clone is not fitted", lambda: clone(fitted()).predict(X), refuses("not fitted")),
    Case(
        "a pickle predicts the same",
        lambda: pickle.loads(pickle.dumps(fitted())).predict(X),
        gives(lambda p: (p == fitted().predict(X)).all()),
    ),
    Case(
        "what is given stays as it is",
        lambda: (lstm().fit(LEADING, Y), LEADING)[1],
        gives(with_value(X, (slice(0, 3), slice(0, 2)), np.nan)),
    ),
]
CASES = [*PREDICTED, *LEARNED, *PARAMETERS, *AFTERWARDS, *AGAIN]
