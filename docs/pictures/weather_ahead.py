"""Draw a forecast of two weeks."""

from sklearn.linear_model import Ridge

from sklearn_lstm import ForecastDisplay, LSTMForecaster
from sklearn_lstm.datasets import load_seattle_weather

y = load_seattle_weather()["temp_max"][:"2015-05-31"]
forecaster = LSTMForecaster(Ridge(), window_length=28, horizon=14).fit(y[:-14])
ForecastDisplay.from_estimator(forecaster, y, n_past=60, unit="highest temperature (°C)")
