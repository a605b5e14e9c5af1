"""The rows of the table: data, protocol, settings that compete, bars, and what others report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sklearn.base import clone

from sklearn_lstm import LSTMForecaster, LSTMRegressor

from . import series
from .bounds import Bound, Published, at_most, better_than, under
from .competition import Competition
from .long_horizon import LongHorizon
from .protocol import Protocol
from .rolling_origin import RollingOrigin

SEGRNN = "arXiv:2308.11200 and its repository"
DLINEAR, INFORMER = "arXiv:2205.13504", "arXiv:2012.07436"
DLINEAR_96 = "arXiv:2310.06625, where DLinear sees 96 hours"
M4 = "doi:10.1016/j.ijforecast.2019.04.014"
AIRLINE_TUTORIAL = "Machine Learning Mastery, time series prediction with LSTMs in Keras"
BEIJING_TUTORIAL = "Machine Learning Mastery, multivariate forecasting with LSTMs in Keras"
REFERENCE = "reference figure of the protocol"


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Parameters
    ----------
    title, about : str
        Name of the data, and the protocol in a sentence.

    protocol : Protocol

    candidates : tuple of estimators
        Settings that compete on the stretch before the test part, each as a single network.

    bar, goal : Bound or None
        For the first measure.

    published : tuple of Published

    ensemble_size : int
        Networks whose mean forecasts the test part.

    seeds, choice_seeds : tuple of int
        Of the forecasts of the test part, and of the choice.

    alphas : tuple of float
        Strengths of ridge, of which one is chosen in the same way.

    is_quick : bool
        Whether it only shows that it runs.
    """

    title: str
    about: str
    protocol: Protocol
    candidates: tuple[Any, ...]
    bar: Bound | None = None
    goal: Bound | None = None
    published: tuple[Published, ...] = ()
    ensemble_size: int = 5
    seeds: tuple[int, ...] = (0, 1, 2)
    choice_seeds: tuple[int, ...] = (0, 1)
    alphas: tuple[float, ...] = tuple(10.0**exponent for exponent in range(-3, 7))
    is_quick: bool = False

    def quick(self):
        return replace(
            self,
            protocol=self.protocol.quick(),
            candidates=tuple(map(tiny, self.candidates[:2])),
            ensemble_size=2,
            seeds=(0, 1),
            choice_seeds=(0,),
            alphas=(1.0, 100.0),
            is_quick=True,
        )


def with_lstm(estimator, **params):
    """Return the setting with other parameters of its LSTM."""
    is_forecaster = isinstance(estimator, LSTMForecaster)
    prefix = "regressor__" if is_forecaster else ""
    changed = clone(estimator)
    if is_forecaster and changed.regressor is None:
        changed.set_params(regressor=LSTMRegressor())
    return changed.set_params(**{prefix + name: value for name, value in params.items()})


def with_regressor(estimator, regressor):
    """Return the setting with another regressor on the same windows."""
    if isinstance(estimator, LSTMForecaster):
        return clone(estimator).set_params(regressor=regressor)
    return regressor


def tiny(estimator):
    return with_lstm(estimator, units=4, epochs=1, batch_size=512)


def _long(segment_length, units, epochs, dropout, batch_size=256, loss="absolute_error", **params):
    return LSTMRegressor(
        units,
        dropout=dropout,
        segment_length=segment_length,
        skip_connection=True,
        loss=loss,
        learning_rate=0.002,
        learning_rate_schedule="cosine",
        batch_size=batch_size,
        epochs=epochs,
        **params,
    )


def _monthly(units=32, dropout=0.5, **params):
    rates = {"dropout": dropout, "learning_rate": 0.01}
    return _small(units, 100, 16, "squared_error", **rates, **params)


def _seattle(epochs, **params):
    return _small(64, epochs, loss="squared_error", **params)


def _small(units, epochs, batch_size=32, loss="huber", **params):
    return LSTMRegressor(
        units,
        **{"dropout": 0.2, "skip_connection": True, "learning_rate": 0.005} | params,
        learning_rate_schedule="cosine",
        loss=loss,
        batch_size=batch_size,
        epochs=epochs,
    )


ALPHAS_OF_MANY_WINDOWS = (1.0, 100.0, 1e3, 1e4, 1e5)


def _etth1(window_length, horizon, candidates, bar, goal, published, **of_row):
    return Row(
        f"ETTh1, {window_length} → {horizon} hours",
        "8640 rows train, 2880 validate, 2880 test. All 7 columns are forecast, each from its own "
        "past, z-scored with the mean and deviation of the train rows; every window of the test "
        "part counts, and errors are those of z-scores, averaged over windows, hours and columns. "
        "One network for all columns, fitted on the train rows.",
        LongHorizon(window_length, horizon),
        candidates,
        bar=bar,
        goal=goal,
        published=published,
        alphas=ALPHAS_OF_MANY_WINDOWS,
        **of_row,
    )


def _segrnn(mse, mae=None):
    return Published("SegRNN", {"MSE": mse} | ({"MAE": mae} if mae else {}), SEGRNN)


def _dlinear(mse, mae=None, name="DLinear", source=DLINEAR_96):
    return Published(name, {"MSE": mse} | ({"MAE": mae} if mae else {}), source)


def _informer(mse, mae, name="Informer"):
    return Published(name, {"MSE": mse, "MAE": mae}, INFORMER)


FAR_CANDIDATES = (
    _long(24, 64, 4, 0.3),
    _long(24, 128, 4, 0.5),
    _long(24, 64, 6, 0.5),
    _long(24, 64, 4, 0.3, decoding="parallel"),
)

ETTH1 = {
    "etth1-96-96": _etth1(
        96,
        96,
        (
            _long(24, 64, 6, 0.3),
            _long(24, 128, 4, 0.5),
            _long(24, 64, 6, 0.5, loss="huber"),
            _long(24, 64, 6, 0.3, loss="huber"),
            _long(24, 64, 6, 0.3, decoding="parallel"),
            _long(24, 64, 12, 0.3, max_samples=0.5),
        ),
        at_most(0.376),
        at_most(0.366),
        (
            _segrnn(0.368, 0.395),
            _dlinear(0.386, 0.400),
            _informer(0.865, 0.713),
            Published("GRU", {"MSE": 1.135, "MAE": 0.844}, f"as reported in {SEGRNN}"),
            _informer(0.650, 0.624, "LSTMa, 24 hours only"),
        ),
    ),
    "etth1-336-96": _etth1(
        336,
        96,
        (
            _long(24, 64, 4, 0.5),
            _long(24, 128, 4, 0.5),
            _long(48, 64, 4, 0.5),
            _long(24, 64, 4, 0.5, decoding="parallel"),
        ),
        at_most(0.370),
        at_most(0.360),
        (_dlinear(0.374, 0.394, "NLinear", DLINEAR), _dlinear(0.375, 0.399, source=DLINEAR)),
    ),
    "etth1-720-96": _etth1(
        720,
        96,
        (
            _long(48, 64, 4, 0.5),
            _long(48, 128, 4, 0.5),
            _long(48, 64, 4, 0.5, decoding="parallel"),
            _long(48, 64, 8, 0.5, max_samples=0.5),
        ),
        at_most(0.365),
        at_most(0.350),
        (_segrnn(0.351, 0.392),),
        ensemble_size=3,
        choice_seeds=(0,),
    ),
    "etth1-96-192": _etth1(
        96,
        192,
        (
            _long(24, 64, 5, 0.3),
            _long(24, 128, 5, 0.5),
            _long(24, 64, 5, 0.5),
            _long(24, 64, 5, 0.3, decoding="parallel"),
        ),
        under(0.437),
        under(0.408),
        (_segrnn(0.408), _dlinear(0.437)),
    ),
    "etth1-96-336": _etth1(
        96, 336, FAR_CANDIDATES, under(0.481), under(0.444), (_segrnn(0.444), _dlinear(0.481))
    ),
    "etth1-96-720": _etth1(
        96, 720, FAR_CANDIDATES, under(0.519), under(0.446), (_segrnn(0.446), _dlinear(0.519))
    ),
    "etth1-ot": Row(
        "ETTh1, OT alone, 96 → 24 hours",
        "As above with one column, the oil temperature. The row with nothing set forecasts from "
        "every hour of the test part, too, and is fitted on all that precedes it.",
        LongHorizon(96, 24, "OT"),
        (
            _long(24, 64, 9, 0.3, 128),
            _long(24, 128, 9, 0.3, 128),
            _long(24, 64, 9, 0.3, 128, loss="huber"),
        ),
        bar=at_most(0.033),
        goal=at_most(0.029),
        published=(_informer(0.098, 0.247), _informer(0.114, 0.272, "LSTMa")),
        alphas=ALPHAS_OF_MANY_WINDOWS,
    ),
}


def _m4(window_length):
    regressor = LSTMRegressor(
        48,
        segment_length=24,
        skip_connection=True,
        loss="absolute_error",
        learning_rate=0.005,
        learning_rate_schedule="cosine",
        batch_size=256,
        epochs=6,
    )
    return LSTMForecaster(
        regressor, window_length=window_length, horizon=48, log=True, normalize="window"
    )


def _m4_published(name, smape, mase):
    return Published(name, {"sMAPE": smape, "MASE": mase}, M4)


COMPETITION = {
    "m4-hourly": Row(
        "M4 hourly, 48 hours ahead",
        "The official split: the last 48 hours of each of the 414 series, forecast once by one "
        "model for all, fitted on everything before them. Settings are chosen on the 48 hours "
        "before these.",
        Competition(),
        (_m4(168), _m4(336)),
        bar=at_most(12.0),
        goal=at_most(9.9),
        published=(
            _m4_published("ES-RNN, the winner", 9.328, 0.893),
            _m4_published("seasonal naive", 13.912, 1.193),
            _m4_published("the competition's RNN", 14.698, 3.048),
        ),
        ensemble_size=1,
        alphas=ALPHAS_OF_MANY_WINDOWS,
    )
}


def _grid(regressors, windows, normalizations=("last",), *, horizon=1, log=False, **params):
    return tuple(
        LSTMForecaster(
            regressor,
            window_length=window,
            horizon=horizon,
            normalize=normalize,
            log=log,
            **params,
        )
        for regressor in regressors
        for window in windows
        for normalize in normalizations
    )


def _rmse(name, value, source=REFERENCE):
    return Published(name, {"RMSE": value}, source)


def _last_year(loader):
    return RollingOrigin(
        loader,
        horizon=1,
        n_windows=365,
        n_validated=365,
        season=365,
        known_ahead=series.CALENDAR,
    )


ROLLING = {
    "airline": Row(
        "Airline passengers, a month ahead",
        "The first 96 months are known, the last 48 are forecast one by one, as in the tutorial; "
        "scales come from the known months alone, and settings are chosen on the last 24 of them. "
        "The seasonal naive figure of the tutorial's protocol is that of months 97 to 142.",
        RollingOrigin(series.airline, horizon=1, n_windows=48, n_validated=24, season=12),
        (
            *_grid([_monthly(segment_length=5)], [15], log=True),
            *_grid([_monthly(segment_length=7)], [14], log=True),
            *_grid([_monthly(units=64, dropout=0.7)], [13], log=True),
        ),
        bar=at_most(20.9),
        goal=at_most(16),
        published=(
            _rmse("the tutorial's LSTM", 47.53, AIRLINE_TUTORIAL),
            _rmse("seasonal naive", 42.32),
            _rmse("linear on 12 lags", 20.95),
        ),
        choice_seeds=(0, 1, 2),
    ),
    "beijing-pm25": Row(
        "Beijing PM2.5, an hour ahead, µg/m³",
        "As in the tutorial: without the first day, zero for what is missing, 8760 hours to learn "
        "from and all later ones to forecast; settings are chosen on the last fifth of the 8760. "
        "The hour of the day is known ahead; weather and wind are known until the hour before.",
        RollingOrigin(
            series.beijing,
            horizon=1,
            n_windows=35040,
            n_validated=1752,
            season=24,
            known_ahead=series.CLOCK,
        ),
        _grid(
            [
                _small(32, 5, segment_length=4, skip_connection=False),
                _small(32, 5, segment_length=2, skip_connection=False, dropout=0.4),
                _small(32, 5, skip_connection=False),
                _small(32, 5),
            ],
            [24],
            past_covariates=series.BEIJING_PAST,
        ),
        bar=at_most(26.25),
        goal=at_most(25.5),
        published=(
            _rmse("the tutorial's LSTM", 26.496, BEIJING_TUTORIAL),
            _rmse("persistence", 26.559),
            _rmse("ridge", 26.258),
        ),
    ),
    "melbourne": Row(
        "Melbourne's minimum temperature, a day ahead, °C",
        "The last 365 days, one by one; settings are chosen on the 365 days before. The calendar "
        "is known ahead.",
        _last_year(series.melbourne),
        _grid(
            [
                _small(16, 20, loss="squared_error", skip_connection=False, dropout=0.1),
                _small(32, 30, loss="squared_error", skip_connection=False),
                _small(16, 20, loss="squared_error"),
            ],
            [14],
            ["standard"],
            missing="interpolate",
        ),
        bar=at_most(2.264),
        goal=at_most(0.98 * 2.264),
        published=(_rmse("ridge on 14 lags", 2.264),),
    ),
    "seattle": Row(
        "Seattle's maximum temperature, a day ahead, °C",
        "The last 365 days, one by one; settings are chosen on the 365 days before. The calendar "
        "is known ahead; minimum, rain and wind are known until the day before.",
        _last_year(series.seattle),
        _grid(
            [
                _seattle(20, skip_connection=False, alpha=1e-3, learning_rate=0.01),
                _seattle(20, learning_rate=0.01),
                _seattle(40, alpha=1e-3),
            ],
            [14],
            ["standard"],
            past_covariates=series.SEATTLE_PAST,
        ),
        bar=at_most(2.699),
        goal=at_most(0.98 * 2.699),
        published=(_rmse("ridge", 2.699),),
    ),
    "jena-1": Row(
        "Jena 2020, temperature an hour ahead, °C",
        "24 hours are seen. The last tenth is the test part, settings are chosen on the fifth "
        "before it, and the forecaster is fitted on both that and the rest; -9999 is missing. "
        "The hour of the day is known ahead; pressure, humidity, dew point, sun, wind and rain are "
        "known until the hour before.",
        RollingOrigin(
            series.jena,
            horizon=1,
            n_windows=878,
            n_validated=1757,
            season=24,
            known_ahead=series.CLOCK,
        ),
        _grid(
            [
                _small(32, 10, skip_connection=False),
                _small(64, 10, loss="squared_error", skip_connection=False),
                _small(32, 10),
            ],
            [24],
            past_covariates=series.JENA_PAST,
            missing="interpolate",
        ),
        bar=better_than("persistence", "ridge"),
    ),
    "jena-24": Row(
        "Jena 2020, temperature 24 hours ahead, °C",
        "As before; the next 24 hours are forecast from each hour, and the error is that of the "
        "last of them. Also tried on the validation part: the temperature alone, where no LSTM "
        "beat persistence, other normalisations, all columns, more epochs, more dropout, other "
        "penalties. The settings are those of autumn; in December, the test part, yesterday's "
        "temperature is a far better guess than it was in autumn.",
        RollingOrigin(
            series.jena,
            horizon=24,
            n_windows=878 - 23,
            n_validated=1757 - 23,
            step=1,
            season=24,
            known_ahead=series.CLOCK,
            scored_step=24,
        ),
        _grid(
            [
                _small(32, 5, loss="squared_error", skip_connection=False, alpha=1e-3),
                _small(32, 3, loss="squared_error", skip_connection=False, alpha=1e-3),
                _small(32, 5, loss="squared_error", alpha=3e-3),
            ],
            [24],
            horizon=24,
            past_covariates=series.JENA_PAST,
            missing="interpolate",
        ),
        bar=better_than("persistence", "ridge"),
    ),
    "electricity": Row(
        "Electricity of Victoria, 48 half hours ahead, MW",
        "A forecast for each of the last 56 days; settings are chosen on the 56 days before. "
        "Temperature is known ahead, as it came true, and so is whether a day is free.",
        RollingOrigin(
            series.electricity,
            horizon=48,
            n_windows=56,
            n_validated=56,
            season=336,
            known_ahead=("Temperature", "free"),
        ),
        _grid(
            [
                _small(64, 8, 128, "squared_error", learning_rate=0.003, dropout=0.0),
                _small(64, 10, 128, learning_rate=0.003, segment_length=6),
            ],
            [48],
            ["standard"],
            horizon=48,
        ),
        ensemble_size=3,
        choice_seeds=(0,),
    ),
    "walmart": Row(
        "Walmart's weekly sales, 8 weeks ahead, 45 stores in one model, USD",
        "Three forecasts, of the last 24 weeks; settings are chosen on the 24 weeks before. "
        "Holidays and calendar are known ahead.",
        RollingOrigin(
            series.walmart,
            horizon=8,
            n_windows=3,
            n_validated=3,
            season=52,
            known_ahead=("Holiday_Flag", "sin", "cos", "sin2", "cos2"),
            measures=("MAE", "RMSE"),
        ),
        _grid([_small(32, 10), _small(64, 20)], [26], ["standard", "last"], horizon=8),
    ),
    "sp500": Row(
        "S&P 500, the close a trading day ahead",
        "The last 1021 days, one by one; settings are chosen on the 1021 before. Today's price "
        "says nearly all that these prices say about tomorrow's. Sixty percent of the squared "
        "error falls in the ten weeks from 20 February 2020, and before the test part the LSTM "
        "lost to persistence; a gain of several percent would mean that it has looked ahead.",
        RollingOrigin(series.sp500, horizon=1, n_windows=1021, n_validated=1021, season=5),
        _grid([_small(16, 6), _small(8, 8)], [10, 20], log=True),
    ),
}

ROWS = ETTH1 | COMPETITION | ROLLING
CHECKED = ("airline", "seattle", "etth1-ot")
