"""Draw forecasters side by side, on daily temperatures."""

from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, compare
from sklearn_lstm.datasets import load_seattle_weather

y = load_seattle_weather()["temp_max"]


def mean_of_days(history, horizon):
    return [history.iloc[-5:].mean()] * horizon


forecasters = {
    "mean of days": mean_of_days,
    "ridge, a month": LSTMForecaster(Ridge(), window_length=30, horizon=7),
    "gradient boosting": "drop",
}
compare(y, horizon=7, n_windows=52, forecasters=forecasters).plot()
