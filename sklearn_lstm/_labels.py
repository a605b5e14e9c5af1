"""Labels of classes to numbers, and the weights of classes."""

import numpy as np
import pandas as pd
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
            return np.asarray(y)
    numpy_dtype = getattr(getattr(y, "dtype", None), "numpy_dtype", None)
    return column_or_1d(np.asarray(y, dtype=numpy_dtype), warn=True)


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


def weights_of_classes(class_weight, classes, numbers):
    """Return the weight of each class."""
    n_classes = len(classes)
    if class_weight == "balanced":
        counts = np.bincount(numbers.astype(int), minlength=n_classes)
        return len(numbers) / (n_classes * np.maximum(counts, 1))
    if not isinstance(class_weight, dict):
        raise ValueError(
            f"class_weight={class_weight!r} is a list, which is for several labels. Give "
            "a dict {class: weight}."
        )
    known = classes.tolist()
    unknown = [label for label in class_weight if label not in known]
    if unknown:
        raise ValueError(
            f"class_weight names {listed(unknown)}, but the classes are {listed(known)}. "
            "Name these."
        )
    weights = np.array([class_weight.get(label, 1.0) for label in known], dtype=float)
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(
            f"class_weight={class_weight!r} must give weights of zero or more, and finite."
        )
    return weights


def listed(labels, n_shown=10):
    labels = np.asarray(labels).tolist()
    shown = ", ".join(map(repr, labels[:n_shown]))
    return shown if len(labels) <= n_shown else f"{shown}, … ({len(labels)})"
