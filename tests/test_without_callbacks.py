"""Before scikit-learn 1.9 there are no callbacks, and nobody who looks for them finds any."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from sklearn_lstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMRegressor,
    SequencePadder,
    SequenceWindower,
    backtest,
    compare,
    make_lstm_pipeline,
)


@pytest.mark.parametrize(
    "estimator",
    [LSTMRegressor(), LSTMClassifier(), LSTMForecaster(), SequencePadder(), SequenceWindower(),
     make_lstm_pipeline()],
    ids=lambda estimator: type(estimator).__name__,
)  # fmt: skip
def test_there_is_no_set_callbacks(estimator):
    assert not hasattr(estimator, "set_callbacks")


@pytest.mark.parametrize("judge", [backtest, compare])
def test_callbacks_of_a_backtest_are_refused(judge):
    forecaster = () if judge is compare else (LSTMForecaster(Ridge()),)
    with pytest.raises(ImportError, match=r"scikit-learn 1\.9"):
        judge(*forecaster, np.sin(np.arange(60)), horizon=1, callbacks=[object()])
