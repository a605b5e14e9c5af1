"""What came of an explanation: importances by feature and lag, in numbers and as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from ..plotting.explanation_display import ExplanationDisplay


@dataclass(frozen=True, repr=False, eq=False)
class Explanation:
    """How much predictions rest on each feature at each lag; :func:`explain` makes it.

    All numbers are in the unit of what is predicted, or probabilities of a class.

    Attributes
    ----------
    importances : DataFrame of shape (n_timesteps, n_features)
        A row for each lag, the oldest first; lag 0 is the row itself, or the last known one, and
        lag -1 the first step to come, of which covariates known ahead alone are seen. With
        ``segment_length`` a row for each segment, by its lag nearest to -1 or 0. NaN for what is
        not seen.

    importances_std : DataFrame or None
        Standard deviation over the repeats of a permutation.

    by_feature : Series of length n_features
        Importance of all lags of a feature together, which is not the sum of theirs: what one lag
        tells, another may tell, too.

    by_lag : Series of length n_timesteps
        Importance of all features at a lag together.

    total : float
        Importance of everything together.

    effects : ndarray of shape (n_samples, n_timesteps, n_features)
        Of each sample the prediction less that without the cell, with its sign; of several outputs
        their mean.

    predictions : ndarray of shape (n_samples,)
        What is explained; of several outputs their mean.

    baseline : ndarray of shape (n_samples,)
        Predictions of windows that tell nothing. Of a linear regressor the effects of a sample add
        up to ``predictions - baseline``; of others as far as lags and features add up.

    samples : Index of length n_samples
        Which windows were explained: the index of the rows, or their numbers; of a forecaster the
        last timestamp known, with the series of a panel before it.

    method : {"occlusion", "permutation", "gradient"}
        How they were found.

    measure : {"change", "error"}
        Whether importances are mean absolute changes, or rises of the mean absolute error.

    unit : str or None
        Name of what is predicted, where it is known.
    """

    importances: pd.DataFrame
    importances_std: pd.DataFrame | None
    by_feature: pd.Series
    by_lag: pd.Series
    total: float
    effects: np.ndarray
    predictions: np.ndarray
    baseline: np.ndarray
    samples: pd.Index
    method: str
    measure: str
    unit: str | None = None

    @property
    def feature_names(self):
        """list of str : The features, in the order of columns."""
        return list(self.importances.columns)

    def effects_of(self, sample: int = 0) -> pd.DataFrame:
        """Return the effects of one sample, by lag and feature.

        Parameters
        ----------
        sample : int, default=0
            Number of the sample, see ``samples``.

        Returns
        -------
        effects : DataFrame of shape (n_timesteps, n_features)
        """
        if not -len(self.samples) <= sample < len(self.samples):
            raise ValueError(
                f"sample={sample!r} is none of the {len(self.samples)} that were explained."
            )
        return pd.DataFrame(
            self.effects[sample], index=self.importances.index, columns=self.importances.columns
        )

    def plot(
        self, ax: Any = None, *, sample: int | None = None, unit: str | None = None
    ) -> ExplanationDisplay:
        """Draw importances by lag and feature, and a bar for each feature.

        Parameters
        ----------
        ax : matplotlib Axes, or two of them, default=None
            Axes for the heat map, and for the bars; of one alone no bars. None makes a new figure.

        sample : int, default=None
            Draw the effects on this sample, with their signs. None: importances over all samples;
            of a single one its effects.

        unit : str, default=None
            What the label of the colours calls what is predicted; None for ``unit``.

        Returns
        -------
        display : ExplanationDisplay
            The drawn display.
        """
        from ..plotting.explanation_display import ExplanationDisplay

        unit = self.unit if unit is None else unit
        if sample is None and len(self.samples) == 1 and self.measure == "change":
            sample = 0
        if sample is None:
            values, by_feature = self.importances, self.by_feature
            label = "mean absolute change" if self.measure == "change" else "rise of the error"
        else:
            values = self.effects_of(sample)
            by_feature, label = values.sum(min_count=1), "effect on the prediction"
        display = ExplanationDisplay(
            values=values,
            by_feature=by_feature,
            label=label if unit is None else f"{label} ({unit})",
            is_signed=sample is not None,
        )
        return display.plot(ax)

    def __repr__(self):
        n = len(self.samples)
        measure = {"change": "mean absolute change", "error": "rise of the mean absolute error"}
        table = pd.DataFrame({"importance": self.by_feature.rename_axis(None)})
        table["most at lag"] = self.importances.abs().idxmax()
        table = table.sort_values("importance", ascending=False, kind="stable")
        of = f" of {self.unit}" if self.unit else ""
        return (
            f"Explanation of {n} prediction{'s' if n > 1 else ''}{of} by {self.method}: "
            f"{measure[self.measure]}\n{table.to_string(float_format='{:.4g}'.format)}"
        )
