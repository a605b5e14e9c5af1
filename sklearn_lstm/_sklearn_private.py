"""The only door to scikit-learn's private helpers."""

import numpy as np
from sklearn.base import _fit_context as fit_context
from sklearn.ensemble._base import _set_random_states as set_random_states
from sklearn.utils._param_validation import HasMethods, Interval, RealNotInt, StrOptions
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in

__all__ = [
    "HasMethods",
    "Interval",
    "Number",
    "RealNotInt",
    "StrOptions",
    "check_feature_names_in",
    "fit_context",
    "set_output_config",
    "set_random_states",
]


class Number(Interval):
    """An interval of finite numbers, of which True and False are none."""

    def is_satisfied_by(self, val):
        return not isinstance(val, bool) and super().is_satisfied_by(val) and abs(val) < np.inf


def set_output_config(transformer, transform):
    """Remember the container that ``set_output`` asks for, whatever ``transform`` returns now."""
    if transform is not None:
        config = getattr(transformer, "_sklearn_output_config", {})
        transformer._sklearn_output_config = {**config, "transform": transform}
