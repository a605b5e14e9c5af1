"""A model of its own for each series, fitted at the same time if asked to."""

from __future__ import annotations

from copy import copy
from typing import Self

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from .._callbacks import at, places, subtasks
from .normalize import Normalizer
from .window_model import NoWindowError


class LocalModels:
    """Stands where a :class:`WindowModel` stands, and holds one for each series.

    Parameters
    ----------
    model : WindowModel
        What is fitted to each series; it is copied.

    names : list of str
        What messages call the series.

    n_jobs : int or None
        Fits that run at the same time. Each is sent its own series and no other.

    may_lack_windows : bool
        Whether a series without a whole window is forecast as NaN. If False, or if there is no
        other, that is an error.
    """

    def __init__(self, model, names, *, n_jobs, may_lack_windows):
        self.model = model
        self.names = names
        self.n_jobs = n_jobs
        self.may_lack_windows = may_lack_windows

    def fit(
        self,
        values: np.ndarray,
        covariates: np.ndarray,
        offsets: np.ndarray,
        times: np.ndarray | None = None,
    ) -> Self:
        """Learn from each series by itself.

        Parameters
        ----------
        values, covariates, offsets : as for :meth:`WindowModel.fit`

        times : ignored
            The windows of one series are in order.
        """
        # Dask moves a bare array of a task to one worker, and loses it with that worker. A tuple
        # stays within the task.
        series = zip(*(np.split(rows, offsets[1:-1]) for rows in (values, covariates)), strict=True)
        n_series = len(self.names)
        with subtasks("series", n_series, in_order=False):
            of_callbacks = places("series", n_series)
            jobs = (
                delayed(_fit)(self.model, of_series, name, self.may_lack_windows, place)
                for of_series, name, place in zip(series, self.names, of_callbacks, strict=True)
            )
            self.models_ = Parallel(n_jobs=self.n_jobs)(jobs)
        fitted = [model for model in self.models_ if model is not None]
        if not fitted:
            raise NoWindowError("No series has a whole window.")
        self.normalizer_ = Normalizer.side_by_side(
            [None if model is None else model.normalizer_ for model in self.models_]
        )
        self.regressor_ = [model.regressor_ for model in fitted]
        return self

    def forecast(
        self,
        histories: np.ndarray,
        covariates: np.ndarray,
        series_ids: np.ndarray,
        n_steps: int,
        normalizer: Normalizer | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Predict what follows histories, each by the model of its series.

        Parameters and results are those of :meth:`WindowModel.forecast`.
        """
        if normalizer is not None:
            raise ValueError(
                "columns='separate' learned a regressor for each series of fit, and none for "
                "another: it can't forecast the series in y. Fit with columns='joint' or 'shared'."
            )
        n_origins, _, n_columns = histories.shape
        of_levels = () if self.model.n_levels is None else (self.model.n_levels,)
        forecast = np.full((n_origins, n_steps, n_columns, *of_levels), np.nan)
        scale = np.full((n_origins, 1, n_columns), np.nan)
        for series_id, rows in _rows_by_series(series_ids):
            if self.models_[series_id] is not None:
                forecast[rows], scale[rows] = self.models_[series_id].forecast(
                    histories[rows], covariates[rows], np.zeros(len(rows), dtype=int), n_steps
                )
        return forecast, scale


def _fit(model, of_series, name, may_lack_windows, place):
    values, covariates = of_series
    try:
        with at(place):
            return copy(model).fit(values, covariates, np.array([0, len(values)]))
    except NoWindowError as error:
        if may_lack_windows:
            return None
        raise NoWindowError(f"{name}: {error}") from None
    except Exception as error:
        error.add_note(f"This happened in the fit of {name}.")
        raise


def _rows_by_series(series_ids):
    order = np.argsort(series_ids, kind="stable")
    present, begins = np.unique(series_ids[order], return_index=True)
    return zip(present, np.split(order, begins[1:]), strict=False)
