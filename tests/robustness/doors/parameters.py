"""Every parameter of ``LSTMForecaster`` and of its methods, given what it is not made for."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.ensemble import StackingRegressor, VotingRegressor
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import LSTMForecaster, LSTMRegressor

from ..cases import Case, gives, refuses

VALUES = 10 + np.sin(np.arange(80) / 3)
ODD = [True, "1", 1.5, np.nan, np.inf, None, [], -1, 0, np.float64(2.0), np.array(3)]
NAMES = ["zz", 1.5, np.nan, [], -1, 7, np.array(3)]


def forecaster(**settings):
    return LSTMForecaster(**{"regressor": Ridge(), "window_length": 6, "horizon": 3} | settings)


def fitted():
    return forecaster().fit(VALUES)


def refit(**settings):
    return fitted().set_params(**settings).update(VALUES[:3], refit=True)


def with_parameter(name, value, words=()):
    return [
        Case(
            f"{name}={value!r}",
            lambda: forecaster(**{name: value}).fit(VALUES),
            refuses(name, *words),
        ),
        Case(
            f"{name}={value!r}, set before a refit",
            lambda: refit(**{name: value}),
            refuses(name, *words),
        ),
    ]


def of_parameters():
    bad = {
        "window_length": ODD,
        "horizon": ODD,
        "strategy": NAMES,
        "normalize": NAMES,
        "log": NAMES,
        "columns": NAMES,
        "calendar": NAMES,
        "missing": NAMES,
        "non_negative": NAMES,
        "integer": NAMES,
        "interval_method": NAMES,
        "calibration_fraction": ["1", np.nan, np.inf, None, [], -1, 0, 1, 10**18, np.array(0.2)],
        "past_covariates": ["price", 1, np.nan, np.array(3), ["price"]],
        "random_state": ["1", 1.5, np.inf, [], -1],
        "n_jobs": ["1", 1.5, np.nan, [], np.array(3)],
        "regressor": ["ridge", 1, np.nan, [], Ridge, np.array(3)],
    }
    return [
        case for name, values in bad.items() for odd in values for case in with_parameter(name, odd)
    ]


def same_as(**settings):
    return gives(forecaster(**settings).fit(VALUES).predict())


STACK = [("a", Ridge()), ("b", Ridge(2.0))]
REGRESSORS = [
    Case("a class", lambda: forecaster(regressor=Ridge).fit(VALUES), refuses("Ridge()", "class")),
    Case(
        "a stack without a final estimator",
        lambda: forecaster(regressor=StackingRegressor(STACK)).fit(VALUES).predict(),
        same_as(regressor=StackingRegressor(STACK, final_estimator=RidgeCV())),
    ),
    Case(
        "a stack in a pipeline",
        lambda: (
            forecaster(regressor=make_pipeline(StandardScaler(), StackingRegressor(STACK)))
            .fit(VALUES)
            .predict()
        ),
        gives(lambda forecast: np.isfinite(forecast).all()),
    ),
    Case(
        "a search",
        lambda: forecaster(regressor=GridSearchCV(Ridge(), {"alpha": [1.0]})).fit(VALUES).predict(),
        same_as(),
    ),
    Case(
        "a vote",
        lambda: forecaster(regressor=VotingRegressor([("a", Ridge())])).fit(VALUES).predict(),
        same_as(),
    ),
    Case(
        "a scaler",
        lambda: forecaster(regressor=StandardScaler()).fit(VALUES),
        refuses("regressor", "StandardScaler", "predict"),
    ),
    Case(
        "a pipeline that ends in a scaler",
        lambda: forecaster(regressor=make_pipeline(StandardScaler())).fit(VALUES),
        refuses("regressor", "Pipeline", "predict"),
    ),
    Case(
        "a classifier",
        lambda: forecaster(regressor=LogisticRegression()).fit(VALUES.round()),
        refuses("LogisticRegression", "classifier", "Ridge()"),
    ),
    Case(
        "clusters",
        lambda: forecaster(regressor=KMeans(2)).fit(VALUES),
        refuses("KMeans", "clusterer"),
    ),
    Case(
        "a forecaster",
        lambda: forecaster(regressor=forecaster()).fit(VALUES),
        refuses("LSTMForecaster", "forecaster itself"),
    ),
    Case(
        "an ensemble of a milliard networks",
        lambda: forecaster(regressor=LSTMRegressor(2, ensemble_size=10**9)).fit(VALUES),
        refuses("ensemble_size", "1000000000"),
    ),
]
NUMBERS = [
    Case(
        "a window and a horizon of NumPy's whole numbers",
        lambda: forecaster(window_length=np.int64(6), horizon=np.int32(3)).fit(VALUES).predict(),
        same_as(),
    ),
    *(
        Case(
            f"{name}={limit}",
            lambda name=name, limit=limit: forecaster(**{name: limit}).fit(VALUES),
            refuses(f"{name}={limit}", why),
        )
        for name, why in (("window_length", "80 values"), ("horizon", "too far"))
        for limit in (10**9, 10**18, 10**30)
    ),
    *(
        Case(
            f"predict({odd!r})",
            lambda odd=odd: fitted().predict(odd),
            refuses("horizon", repr(odd)),
        )
        for odd in [*(odd for odd in ODD if odd is not None), 10**9, 10**18]
    ),
    *(
        Case(
            f"coverage={odd!r}",
            lambda odd=odd: fitted().predict_interval(coverage=odd),
            refuses("coverage", repr(odd)),
        )
        for odd in [*ODD, 10**18, 0.9999999, 1 - 1e-15, "0.9", 0.9j]
        if not isinstance(odd, np.float64)
    ),
    *(
        Case(
            f"quantiles={odd!r}",
            lambda odd=odd: fitted().predict_quantiles(odd),
            refuses("quantiles"),
        )
        for odd in [*ODD, [1e-7], [0.5, 1 - 1e-9], ["0.5"], [[0.1, 0.9]], {0.1}, [None], 10**18]
    ),
    Case(
        "what so few errors can tell of",
        lambda: fitted().predict_quantiles([0.01]),
        refuses("quantiles=0.01", "15 calibration errors", "0.937", "calibration_fraction"),
    ),
    Case(
        "the outermost levels that they can",
        lambda: fitted().predict_quantiles([0.0625, 0.937]),
        gives(lambda found: (found[:, 0] < found[:, 1]).all()),
    ),
    Case(
        "the largest coverage that they can",
        lambda: fitted().predict_interval(coverage=0.9375),
        gives(lambda found: (found[:, 0] < found[:, 1]).all()),
    ),
    *(
        Case(
            f"refit={odd!r}",
            lambda odd=odd: fitted().update(VALUES[:3], refit=odd),
            refuses("refit", repr(odd), "True or False"),
        )
        for odd in ["no", 1.5, None, [], 0, np.array(1)]
    ),
]
WINDOWS = np.arange(24.0).reshape(6, 4, 1)


def partly_fitted_then(**settings):
    lstm = LSTMRegressor(2, epochs=1, random_state=0).partial_fit(WINDOWS, np.arange(6.0))
    lstm.set_params(**settings)
    return lstm.partial_fit(WINDOWS, np.arange(6.0))


FURTHER_EPOCHS = [
    Case(
        f"{name}={odd!r} before the second partial_fit",
        lambda name=name, odd=odd: partly_fitted_then(**{name: odd}),
        refuses(name, repr(odd)),
    )
    for name, odd in [
        ("batch_size", -1),
        ("batch_size", True),
        ("dropout", 7),
        ("shuffle", "yes"),
        ("learning_rate", np.nan),
        ("optimizer", "zz"),
    ]
]
CASES = [*of_parameters(), *REGRESSORS, *NUMBERS, *FURTHER_EPOCHS]
