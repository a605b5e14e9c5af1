"""``LSTMClassifier``: labels, weights of classes, sequences of any length, and after an error."""

import pickle

import numpy as np
import pandas as pd
from sklearn.base import clone

from sklearn_lstm import LSTMClassifier

from ..cases import Case, gives, refuses
from .regressor import sigmoid, with_value

RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 4, 2))
Y = np.array(["no", "yes"])[(X[:, -1, 0] > X[:, 0, 1]).astype(int)]
LABELS = np.column_stack([Y == "yes", X[:, 0, 0] > 0]).astype(int)
FEW = {"units": 2, "epochs": 1, "random_state": 0}


def lstm(**params):
    return LSTMClassifier(**{**FEW, **params})


FITTED = []


def fitted():
    """One network for all that only predict; trained when it is asked for."""
    if not FITTED:
        FITTED.append(lstm().fit(X, Y))
    return FITTED[0]


def by_hand(sequences):
    """Return the probability of "yes", as the textbook writes an LSTM."""
    kernel, recurrent, bias, dense, offset = fitted().weights_
    outputs = []
    for sequence in sequences:
        h = c = np.zeros(2)
        for step in sequence[~np.isnan(sequence).all(axis=1)]:
            i, f, g, o = np.split(step @ kernel + h @ recurrent + bias, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        outputs.append((h @ dense + offset)[0])
    return sigmoid(np.array(outputs))


def is_by_hand(sequences):
    return gives(lambda proba: np.allclose(proba[:, 1], by_hand(sequences)))


def unchanged_after(change):
    """Return what a fitted network predicts after something has gone wrong with it."""
    model = pickle.loads(pickle.dumps(fitted()))
    try:
        change(model)
    except (ValueError, TypeError):
        return model.predict_proba(X)
    raise AssertionError("nothing was refused")


ENDED = with_value(X, (slice(0, 3), slice(2, None)), np.nan)
PREDICTED = [
    Case("windows", lambda: fitted().predict_proba(X), is_by_hand(X)),
    Case("windows in lists", lambda: fitted().predict_proba(X.tolist()), is_by_hand(X)),
    Case("one window", lambda: fitted().predict_proba(X[4:5]), is_by_hand(X[4:5])),
    Case("sequences that end sooner", lambda: fitted().predict_proba(ENDED), is_by_hand(ENDED)),
    Case(
        "windows whose first steps are missing",
        lambda: fitted().predict_proba(ENDED[:, ::-1]),
        is_by_hand(ENDED[:, ::-1]),
    ),
    Case(
        "huge values",
        lambda: fitted().predict_log_proba(1e300 * X),
        gives(lambda p: np.isfinite(p).all()),
    ),
    Case(
        "a score of labels that are unknown",
        lambda: fitted().score(X, ["maybe"] * 12),
        gives(0.0),
    ),
    Case("no window", lambda: fitted().predict(X[:0]), refuses("0 sample")),
    Case("windows of another length", lambda: fitted().predict(X[:, :3]), refuses("3", "4")),
    Case("text", lambda: fitted().predict_proba(X.astype(str)), refuses("X", "text")),
    Case(
        "a missing step in the middle",
        lambda: fitted().predict_proba(with_value(X, (3, 1), np.nan)),
        refuses("step 1", "window 3"),
    ),
    Case(
        "no known step",
        lambda: fitted().predict_proba(with_value(X, 3, np.nan)),
        refuses("Sample 3", "no known step"),
    ),
    *(
        Case(
            f"{method} of an unfitted network",
            lambda method=method: getattr(lstm(), method)(X),
            refuses("LSTMClassifier", "not fitted"),
        )
        for method in ("predict", "predict_proba", "predict_log_proba", "decision_function")
    ),
]


def is_fitted_on(y, **params):
    """Return a judge: are the weights those of a fit on these numbers?"""

    def judge(model):
        return all(map(np.allclose, model.weights_, lstm(**params).fit(X, y).weights_))

    return judge


NUMBERS = (Y == "yes").astype(int)
SAME = {
    "labels in a list": Y.tolist(),
    "labels as objects": Y.astype(object),
    "labels that are bool": Y == "yes",
    "labels that are negative": NUMBERS - 5,
    "labels that are whole floats": NUMBERS * 2.0,
    "labels of a category": pd.Series(Y, dtype="category"),
    "labels that may lack": pd.Series(NUMBERS, dtype="Int64"),
    "labels with an index of their own": pd.Series(Y, index=range(12, 0, -1)),
}
LEARNED = [
    Case(name, lambda y=y: lstm().fit(X, y), gives(is_fitted_on(NUMBERS)))
    for name, y in SAME.items()
] + [
    Case("several labels", lambda: lstm().fit(X, LABELS).predict(X).shape, gives([12, 2])),
    Case(
        "a class of one sample",
        lambda: lstm(early_stopping=True).fit(X, np.r_[["new"], Y[1:]]).predict_proba(X).shape,
        gives([12, 3]),
    ),
    Case(
        "weights of classes that all are one",
        lambda: lstm(class_weight={"no": 1, "yes": 1}).fit(X, Y),
        gives(is_fitted_on(NUMBERS)),
    ),
    Case(
        "a part of the classes at a time",
        lambda: (
            lstm().partial_fit(X[Y == "no"], Y[Y == "no"], classes=["no", "yes"]).classes_
            == ["no", "yes"]
        ),
        gives([True, True]),
    ),
    Case("one class", lambda: lstm().fit(X, ["no"] * 12), refuses("y", "one class", "'no'")),
    Case("targets that are continuous", lambda: lstm().fit(X, X[:, 0, 0]), refuses("continuous")),
    Case("no label", lambda: lstm().fit(X, None), refuses("y")),
    Case(
        "a missing label",
        lambda: lstm().fit(X, with_value(Y.astype(object), 4, None)),
        refuses("y", "row 4"),
    ),
    Case("a label too few", lambda: lstm().fit(X, Y[:-1]), refuses("12", "11")),
    Case("two columns of classes", lambda: lstm().fit(X, np.c_[Y, Y]), refuses("y", "(12, 2)")),
    Case(
        "sequences in a list",
        lambda: lstm().fit([X[0], *X[1:, :2]], Y),
        refuses("X", "SequencePadder"),
    ),
    Case(
        "no classes in the first call of partial_fit",
        lambda: lstm().partial_fit(X, Y),
        refuses("classes"),
    ),
    Case(
        "other classes in a later call",
        lambda: clone(fitted()).fit(X, Y).partial_fit(X, Y, classes=["a", "b"]),
        refuses("classes", "'a'", "'no'"),
    ),
    Case(
        "a label unseen to validate on",
        lambda: lstm().fit(X, Y, X_val=X[:1], y_val=["maybe"]),
        refuses("y_val", "'maybe'", "'no'"),
    ),
]
INSANE = {
    "class_weight": [{"maybe": 2}, {"no": -1}, {"no": np.inf}, {"no": "a"}, [{0: 1}], "auto", 2],
    "pooling": ["sum", None],
    "units": [0, "2"],
    "segment_length": [0, 3],
    "validation_fraction": [1.0],
    "epochs": [0],
    "network": ["lstm"],
}
PARAMETERS = [
    Case(
        f"{name}={value!r}",
        lambda params={name: value}: lstm(**params).fit(X, Y),
        refuses(name),
    )
    for name, values in INSANE.items()
    for value in values
]
WRONG = {
    "a fit on one class": lambda model: model.fit(X, ["no"] * 12),
    "a fit on missing labels": lambda model: model.fit(X, [None, *Y[1:]]),
    "a fit on one sequence without steps": lambda model: model.fit(with_value(X, 2, np.nan), Y),
    "more training on a new class": lambda model: model.partial_fit(X, ["maybe"] * 12),
    "more training on several labels": lambda model: model.partial_fit(X, LABELS),
    "weights of classes that are not": lambda model: model.set_params(class_weight={7: 2}).fit(
        X, Y
    ),
}
AFTERWARDS = [
    Case(
        f"after {name} it predicts as before",
        lambda c=change: unchanged_after(c),
        is_by_hand(X),
    )
    for name, change in WRONG.items()
]
AGAIN = [
    Case("a clone is not fitted", lambda: clone(fitted()).predict(X), refuses("not fitted")),
    Case(
        "a pickle predicts the same",
        lambda: pickle.loads(pickle.dumps(fitted())).predict_proba(X),
        gives(lambda p: (p == fitted().predict_proba(X)).all()),
    ),
]
CASES = [*PREDICTED, *LEARNED, *PARAMETERS, *AFTERWARDS, *AGAIN]
