"""A model of its own for each series, fitted at the same time if asked to."""

from __future__ import annotations

from copy import copy

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from .normalize import Normalizer
from .window_model import NoWindowError


class SeparateModels:
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

    window_length = property(lambda self: self.model.window_length)
    n_ahead = property(lambda self: self.model.n_ahead)
    fills = property(lambda self: self.model.fills)

    def fit(self, series, covariates, clocks):
        """Learn from each series by itself.

        Parameters
        ----------
        series, covariates : as for :meth:`WindowModel.fit`

        clocks : ignored
            The windows of one series are in order.
        """
        # Dask moves a bare array of a task to one worker, and loses it with that worker. A tuple
        # stays within the task.
        jobs = (
            delayed(_fit)(self.model, data, name, self.may_lack_windows)
            for data, name in zip(zip(series, covariates, strict=True), self.names, strict=True)
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

    def forecast(self, histories, covariates, codes, n_steps):
        """Predict what follows histories, each by the model of its series.

        Parameters and results are those of :meth:`WindowModel.forecast`.
        """
        n_origins, _, n_columns = histories.shape
        forecast = np.full((n_origins, n_steps, n_columns), np.nan)
        spread = np.full((n_origins, 1, n_columns), np.nan)
        for code, rows in _rows_by_code(codes):
            if self.models_[code] is not None:
                forecast[rows], spread[rows] = self.models_[code].forecast(
                    histories[rows], covariates[rows], np.zeros(len(rows), dtype=int), n_steps
                )
        return forecast, spread


def _fit(model, data, name, may_lack_windows):
    values, covariates = data
    try:
        return copy(model).fit([values], [covariates], [np.arange(len(values))])
    except NoWindowError as error:
        if may_lack_windows:
            return None
        raise NoWindowError(f"{name}: {error}") from None
    except Exception as error:
        error.add_note(f"This happened in the fit of {name}.")
        raise


def _rows_by_code(codes):
    order = np.argsort(codes, kind="stable")
    present, begins = np.unique(codes[order], return_index=True)
    return zip(present, np.split(order, begins[1:]), strict=False)
