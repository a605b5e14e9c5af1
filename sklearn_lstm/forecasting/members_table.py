"""What is told about the members of a fitted forecaster, and what each weighs."""

from __future__ import annotations

import pandas as pd
from sklearn.utils.validation import check_is_fitted

from .._atomic import on_snapshot
from .panel_forecaster import PanelForecaster


class MembersTableMixin:
    """The ``members_`` and ``weights_`` of a fitted :class:`LSTMForecaster`."""

    _core: PanelForecaster

    @property
    def weights_(self):
        """ndarray of shape (n_members,) : What each member weighs."""
        check_is_fitted(self)
        return self._core.weights_

    @property
    @on_snapshot
    def members_(self):
        """DataFrame : What makes up the forecast, a row for each member."""
        check_is_fitted(self)
        settings = [member.settings for member in self._core.members_]
        table = {
            "weight": self._core.weights_,
            "error": self._core.relative_errors_,
            "regressor": [type(one.regressor).__name__ for one in settings],
            "window_length": [one.window_length for one in settings],
            "normalize": [one.normalize for one in settings],
            "columns": [one.columns for one in settings],
            "calendar": [", ".join(name for name, _ in one.calendar.cycles) for one in settings],
            "why": [one.reason for one in settings],
        }
        return pd.DataFrame(table, index=pd.Index([one.name for one in settings], name="member"))
