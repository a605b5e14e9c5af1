"""The only door to scikit-learn's private helpers."""

from contextlib import contextmanager
from numbers import Integral

import numpy as np
from sklearn.base import _fit_context as fit_context
from sklearn.ensemble._base import _set_random_states as set_random_states
from sklearn.utils._param_validation import HasMethods, Interval, RealNotInt, StrOptions
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in

__all__ = [
    "HasMethods",
    "Interval",
    "RealNotInt",
    "StrOptions",
    "WholeNumbers",
    "check_feature_names_in",
    "fit_context",
    "set_output_config",
    "set_random_states",
    "unchanged_on_error",
    "validate_parameters",
]


class WholeNumbers(Interval):
    """Whole numbers from ``left`` to ``right``, both included; True is none of them."""

    def __init__(self, left, right=None):
        super().__init__(Integral, left, right, closed="left" if right is None else "both")

    def is_satisfied_by(self, value):
        return not isinstance(value, bool | np.bool_) and super().is_satisfied_by(value)


def validate_parameters(estimator):
    """Check parameters as ``fit`` does, for other methods that learn."""
    estimator._validate_params()


@contextmanager
def unchanged_on_error(estimator):
    """Give the estimator its attributes back when the block raises."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def set_output_config(transformer, transform):
    """Remember the container that ``set_output`` asks for, whatever ``transform`` returns now."""
    if transform is not None:
        config = getattr(transformer, "_sklearn_output_config", {})
        transformer._sklearn_output_config = {**config, "transform": transform}
