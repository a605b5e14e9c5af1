"""What a forecaster takes for a regressor."""

from __future__ import annotations

from typing import Any

from sklearn.base import (
    BaseEstimator,
    clone,
    is_classifier,
    is_clusterer,
    is_outlier_detector,
)
from sklearn.linear_model import RidgeCV

from ..windows.sequence_windower import SequenceWindower

KINDS_REFUSED = {
    "classifier": is_classifier,
    "clusterer": is_clusterer,
    "detector of outliers": is_outlier_detector,
}


def check_regressor(regressor: Any) -> None:
    """Refuse what can't learn numbers from windows.

    Parameters
    ----------
    regressor : estimator or None

    Raises
    ------
    TypeError
        If it is a class, or has no method that is needed.
    ValueError
        If it predicts something else than numbers, or cuts windows itself.
    """
    if regressor is None:
        return
    name = regressor.__name__ if isinstance(regressor, type) else type(regressor).__name__
    if isinstance(regressor, type):
        raise TypeError(f"regressor={name} is a class: give it an instance, regressor={name}().")
    if isinstance(regressor, BaseEstimator) and hasattr(regressor, "predict_interval"):
        raise ValueError(
            f"regressor={name}(...) is a forecaster itself. Give it a regressor, such as "
            "LSTMRegressor() or Ridge()."
        )
    lacking = [method for method in ("fit", "get_params") if not hasattr(regressor, method)]
    if not lacking and not hasattr(completed(regressor), "predict"):
        lacking = ["predict"]
    if lacking:
        raise TypeError(
            f"regressor is a {name}, which has no {' and no '.join(lacking)}. Give it a regressor "
            "of scikit-learn, a class of your own that derives from RegressorMixin and "
            "BaseEstimator, or None."
        )
    for kind, is_one in KINDS_REFUSED.items():
        if is_one(regressor):
            raise ValueError(
                f"regressor={name}(...) is a {kind}: it predicts no values. Give it a regressor, "
                "such as LSTMRegressor() or Ridge()."
            )
    if any(isinstance(part, SequenceWindower) for part in regressor.get_params().values()):
        raise ValueError(
            "regressor holds a SequenceWindower, but the forecaster cuts the windows and "
            "scales the series itself. Give it the regressor alone, such as LSTMRegressor()."
        )


def completed(regressor):
    """Return a clone, whose stacks have their final estimator: they show ``predict`` by that."""
    regressor = clone(regressor)
    absent = [
        name
        for name, value in regressor.get_params().items()
        if value is None and name.rpartition("__")[2] == "final_estimator"
    ]
    return regressor.set_params(**{name: RidgeCV() for name in absent})  # as scikit-learn does
