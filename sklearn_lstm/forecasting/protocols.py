"""What a panel is forecast by, be it one model for all its series or one for each."""

from __future__ import annotations

from typing import Any, Protocol, Self

import numpy as np

from .normalize import Normalizer


class SeriesModel(Protocol):
    """Learns from series that lie end to end, and predicts what follows histories of them.

    The arrays are those of :class:`.window_model.WindowModel`, where they are described.

    Attributes
    ----------
    normalizer_ : Normalizer
        Of all series that were fitted, in their order.

    regressor_ : estimator or list of estimators
        What was fitted; a list where each series has its own.
    """

    normalizer_: Normalizer
    regressor_: Any

    def fit(
        self,
        values: np.ndarray,
        covariates: np.ndarray,
        offsets: np.ndarray,
        times: np.ndarray | None = None,
    ) -> Self:
        """Learn, or raise :class:`.window_model.NoWindowError`."""

    def forecast(
        self,
        histories: np.ndarray,
        covariates: np.ndarray,
        series_ids: np.ndarray,
        n_steps: int,
        normalizer: Normalizer | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return forecasts and the scale of each history."""
