"""What is too far, too large, too short or no series at all, for the forecaster."""

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, backtest

from ..cases import Case, gives, refuses, warns

VALUES = 10 + np.sin(np.arange(80) / 3)
DAYS = pd.date_range("2024-01-01", periods=80, freq="D")
SERIES = pd.Series(VALUES, index=DAYS)
TIMES = {
    "days": DAYS,
    "periods": DAYS.to_period(),
    "durations": DAYS - DAYS[0],
    "several levels": pd.MultiIndex.from_product([["a", "b"], range(40)]),
}


def forecaster(**settings):
    return LSTMForecaster(Ridge(), **({"window_length": 6, "horizon": 3} | settings))


def fitted(**settings):
    return forecaster(**settings).fit(SERIES)


def with_covariate(size, **settings):
    model = forecaster(**settings).fit(VALUES, size * VALUES[::-1])
    return model.predict(X=size * VALUES[:3])


def each(freq, *lengths):
    """A panel of series from the same day on."""
    parts = {
        name: pd.Series(VALUES[:n], index=pd.date_range("2000-01-01", periods=n, freq=freq))
        for name, n in zip("abc", lengths, strict=False)
    }
    return pd.concat(parts, names=["id", "time"])


def short(n, **settings):
    """Forecast two long series and one of the last values before the same end."""
    panel = pd.concat({"a": SERIES, "b": SERIES + 1, "c": SERIES[-n:]}, names=["id", "day"])
    return LSTMForecaster(Ridge(), horizon=3, **settings).fit(panel).predict()


PLAIN = forecaster().fit(VALUES).predict()
BESIDE = with_covariate(1.0)
INDICES = [
    case
    for name, index in TIMES.items()
    for case in (
        Case(f"{name} as y", lambda y=index: forecaster().fit(y),
             refuses("y is a", type(index).__name__, "holds no values", "pd.Series(")),
        Case(f"{name} as X", lambda X=index: forecaster().fit(VALUES, X), refuses("X is a")),
        Case(f"{name} as update", lambda y=index: fitted().update(y), refuses("y_new is a")),
        Case(f"{name} as other y", lambda y=index: fitted().predict(y=y), refuses("y is a")),
    )
]  # fmt: skip
HORIZONS = [
    Case(f"a horizon of {horizon}, {name}",
         lambda h=horizon, s=settings: LSTMForecaster(horizon=h, **s).fit(SERIES),
         refuses(f"horizon={horizon}", "is too far", "resample"))
    for horizon in (10**6 + 1, 10**9, 10**30)
    for name, settings in {
        "nothing set": {},
        "a ridge": {"regressor": Ridge()},
        "fed back": {"regressor": Ridge(), "window_length": 6, "strategy": "recursive"},
    }.items()
]  # fmt: skip
CASES = [
    *INDICES,
    *HORIZONS,
    Case("an index of numbers is an array", lambda: forecaster().fit(pd.Index(VALUES)).predict(),
         gives(PLAIN)),
    Case("horizon 10**9 of predict", lambda: fitted().predict(10**9), refuses("1000000000")),
    Case("a season of 10**9 rows", lambda: backtest(forecaster(), SERIES, season_length=10**9),
         refuses("season_length=1000000000", "Lower it")),
    Case("covariates of 1e200, no scale", lambda: with_covariate(1e200, normalize=None),
         refuses("X holds values", "normalize=None", "divide X")),
    *(Case(f"covariates {size:g} times", lambda s=size: with_covariate(s), gives(BESIDE, rtol=1e-6))
      for size in (1e-200, 1e-100, 1e100, 1e200)),
    Case("X for update alone", lambda: fitted().update(SERIES.shift(80, freq="D"), SERIES),
         refuses("X_new has the columns", "fit was given no covariates")),
    Case("X for other series alone", lambda: fitted().predict(y=SERIES, X=SERIES),
         refuses("X has the columns", "fit was given no covariates")),
    # The years between, second by second, would be 6 GB.
    *(Case(f"other series each {freq}, fitted each second",
           lambda freq=freq: forecaster(missing="interpolate").fit(each("s", 40, 40)).predict(
               y=each(freq, 26, 20)),
           refuses("y steps by", "but what was fitted by 's'", "resample"))
      for freq in ("QS", "YS", "min")),
    Case("an other series too short by one", lambda: fitted().predict(y=SERIES[:5]),
         refuses("y is too short", "a window takes 6", "y has 5 values")),
    *(Case(f"a series of {n} beside a window of 15", lambda n=n: short(n),
           warns("'c' is NaN", f"{n} value",
                 then=gives(lambda found: found["c"].isna().all() and found["a"].notna().all())))
      for n in (1, 7, 8, 14)),
    *(Case(f"a series of {n}, filled or not",
           lambda n=n: short(n)["c"] - short(n, missing="skip")["c"], gives(np.zeros(3)))
      for n in (18, 30)),
]  # fmt: skip
