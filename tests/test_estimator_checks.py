"""scikit-learn's own estimator checks; what is expected to fail has a sentence here."""

import pytest
from sklearn.utils import estimator_checks as checks

from sklearn_lstm import (
    LSTMClassifier,
    LSTMRegressor,
    SequencePadder,
    SequenceWindower,
    make_lstm_pipeline,
)

ORDER = "A row's window holds the rows before it: in another order it is another window."
SUBSET = "A row's window holds the rows before it: without them it is another window."
OF_A_SERIES = {
    "check_methods_sample_order_invariance": ORDER,
    "check_methods_subset_invariance": SUBSET,
}
WEIGHTS = {
    "check_sample_weight_equivalence_on_dense_data": "Weights and repetitions are equal to 1e-7 "
    "only where training runs in float64 and one batch holds all rows."
}
CASES = {
    "windower": (SequenceWindower(), OF_A_SERIES),
    "flattening windower": (SequenceWindower(flatten=True), OF_A_SERIES),
    "regressor": (LSTMRegressor(units=8, epochs=5), WEIGHTS),
    "classifier": (LSTMClassifier(units=8, epochs=20, learning_rate=0.02), WEIGHTS),
    "pipeline": (make_lstm_pipeline(epochs=5, random_state=0), OF_A_SERIES),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES)
def test_estimator_checks(case):
    estimator, expected = CASES[case]
    results = checks.check_estimator(estimator, on_fail=None, on_skip=None)
    failures = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert failures.keys() == expected.keys(), failures
    assert sum(r["status"] != "skipped" for r in results) > 45


EXTRA_CHECKS = [
    checks.check_param_validation,
    checks.check_dataframe_column_names_consistency,
]
TRANSFORMER_CHECKS = [
    checks.check_transformer_get_feature_names_out,
    checks.check_transformer_get_feature_names_out_pandas,
    checks.check_get_feature_names_out_error,
    checks.check_set_output_transform,
    checks.check_set_output_transform_pandas,
    checks.check_set_output_transform_polars,
    checks.check_global_output_transform_pandas,
    checks.check_global_set_output_transform_polars,
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("check", EXTRA_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("case", ["windower", "flattening windower", "regressor", "classifier"])
def test_checks_that_check_estimator_leaves_out(case, check):
    estimator, _ = CASES[case]
    check(type(estimator).__name__, estimator)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("check", TRANSFORMER_CHECKS, ids=lambda check: check.__name__)
def test_transformer_checks_that_check_estimator_leaves_out(check):
    check("SequenceWindower", SequenceWindower(3, flatten=True))


# Its input is a list, which check_estimator has none of.
@pytest.mark.parametrize(
    "check",
    [
        checks.check_param_validation,
        checks.check_no_attributes_set_in_init,
        checks.check_parameters_default_constructible,
        checks.check_estimator_cloneable,
        checks.check_set_params,
    ],
    ids=lambda check: check.__name__,
)
def test_checks_that_ask_the_padder_for_its_parameters_alone(check):
    check("SequencePadder", SequencePadder())
