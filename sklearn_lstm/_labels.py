"""Labels of classes to numbers, and the weights of classes."""

import numpy as np
import pandas as pd
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from ._checks import known_container


def read_labels(y, estimator, name="y"):
    """Return labels as an array of one dimension, or indicators of two; refuse what is neither."""
    if y is None:
        reason = (
            "requires y to be passed, but the target y is None"
            if name == "y"
            else "needs all classes in the first call of partial_fit: pass classes="
        )
        raise ValueError(f"{estimator} {reason}.")
    y = known_container(y, name)
    missing = np.asarray(pd.isna(np.asarray(y, dtype=object)))
    if missing.any():
        row = int(np.argwhere(missing)[0][0])
        raise ValueError(
            f"{name} contains NaN: row {row} has no label ({missing.sum()} of {missing.size} are "
            "missing). Leave these rows out of X and y."
        )
    if name == "y":
        check_classification_targets(y)
        if type_of_target(y).endswith("multioutput"):
            raise ValueError(
                f"y holds several columns of classes, shape {np.shape(y)}; {estimator} takes one "
                "column, or indicators (0 and 1) of several labels. Fit a MultiOutputClassifier."
            )
        if type_of_target(y) == "multilabel-indicator":
            return _indicators(y)
    numpy_dtype = getattr(getattr(y, "dtype", None), "numpy_dtype", None)
    return column_or_1d(np.asarray(y, dtype=numpy_dtype), warn=True)


def _indicators(y):
    """Return indicators of several labels; scikit-learn takes any two numbers for these."""
    y = np.asarray(y)
    is_bad = (y != 0) & (y != 1)
    if is_bad.any():
        row, column = map(int, np.argwhere(is_bad)[0])
        raise ValueError(
            f"y has several columns, which are indicators of labels, 0 or 1, but holds "
            f"{y[row, column]} at row {row}, column {column}. Give (y > 0).astype(int), or one "
            "column of classes."
        )
    return y


def numbers_of(y, classes, estimator):
    """Return the place of each label among the classes."""
    places = {label: place for place, label in enumerate(classes.tolist())}
    labels, which = np.unique(y, return_inverse=True)
    numbers = np.array([places.get(label, -1) for label in labels.tolist()])[which]
    if (numbers < 0).any():
        row = int(np.argmin(numbers))
        raise ValueError(
            f"y holds class {listed(y[[row]])} (row {row}), which is none of those that this "
            f"{estimator} knows: {listed(classes)}. Leave the row out, or fit "
            "anew on rows of all classes."
        )
    return numbers


def refuse_one_class(classes, name, estimator):
    """Refuse what leaves nothing to tell apart."""
    if len(classes) < 2:
        raise ValueError(
            f"{name} holds one class only, {listed(classes)}, but {estimator} needs two or more to "
            "tell apart. Fit on rows of other classes, too."
        )


def weights_of_classes(class_weight, classes, numbers):
    """Return the weight of each sample: that of its class, whose number is given."""
    if class_weight == "balanced":
        counts = np.bincount(numbers, minlength=len(classes))
        return (len(numbers) / (len(classes) * np.maximum(counts, 1)))[numbers]
    if not isinstance(class_weight, dict):
        raise ValueError(
            f"class_weight={class_weight!r} is a list, which is for several labels. Give a dict "
            "{class: weight}."
        )
    return _weights_in(class_weight, classes.tolist())[numbers]


def weights_of_labels(class_weight, indicators):
    """Return the weight of each sample: the product over its labels, shape (n_samples, n)."""
    n_labels = indicators.shape[1]
    if class_weight == "balanced":
        return compute_sample_weight("balanced", indicators)
    if isinstance(class_weight, dict) or [type(w) for w in class_weight] != [dict] * n_labels:
        raise ValueError(
            f"class_weight={class_weight!r} must be a list with a dict for each of {n_labels} "
            "labels, such as {0: 1, 1: 5}, or 'balanced'."
        )
    columns = zip(class_weight, indicators.T, strict=True)
    return np.prod([_weights_in(weights, [0, 1])[column] for weights, column in columns], axis=0)


def _weights_in(class_weight, classes):
    """Return the weights that a dict gives to these classes, in their order."""
    unknown = [label for label in class_weight if label not in classes]
    if unknown:
        raise ValueError(
            f"class_weight names {listed(unknown)}, but the classes are {listed(classes)}. Name "
            "these."
        )
    try:
        weights = np.array([class_weight.get(label, 1.0) for label in classes], dtype=float)
    except (TypeError, ValueError):
        weights = np.array([np.nan])
    if not (np.isfinite(weights) & (weights >= 0)).all() or not weights.any():
        raise ValueError(
            f"class_weight={class_weight!r} must give weights of zero or more, finite, and not "
            "zero to all classes."
        )
    return weights


def listed(labels, n_shown=10):
    """Write labels down, the first of many."""
    labels = np.asarray(labels).tolist()
    shown = ", ".join(map(repr, labels[:n_shown]))
    return shown if len(labels) <= n_shown else f"{shown}, … ({len(labels)})"
