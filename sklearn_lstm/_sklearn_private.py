"""The only door to scikit-learn's private helpers."""

from numbers import Integral

import numpy as np
from sklearn.base import _fit_context as fit_context
from sklearn.ensemble._base import _set_random_states as set_random_states
from sklearn.utils._param_validation import HasMethods, Interval, RealNotInt, StrOptions
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in

__all__ = [
    "HasMethods",
    "Number",
    "RealNotInt",
    "StrOptions",
    "WholeNumbers",
    "check_feature_names_in",
    "fit_context",
    "set_output_config",
    "set_random_states",
    "validate_parameters",
]


class Number(Interval):
    """An interval of finite numbers, of which True and False are none."""

    def is_satisfied_by(self, value):
        is_number = not isinstance(value, bool | np.bool_) and super().is_satisfied_by(value)
        return is_number and abs(value) < np.inf


class WholeNumbers(Number):
    """Whole numbers from ``left`` to ``right``, both included."""

    def __init__(self, left, right=None):
        super().__init__(Integral, left, right, closed="left" if right is None else "both")


def validate_parameters(estimator):
    """Check parameters as ``fit`` does, for other methods that learn."""
    estimator._validate_params()


def set_output_config(transformer, transform):
    """Remember the container that ``set_output`` asks for, whatever ``transform`` returns now."""
    if transform is not None:
        config = getattr(transformer, "_sklearn_output_config", {})
        transformer._sklearn_output_config = {**config, "transform": transform}
