import pandas as pd

from sklearn_lstm.datasets import load_seattle_weather


def test_seattle_weather_is_a_daily_table_without_gaps():
    weather = load_seattle_weather()
    assert weather.shape == (1461, 5)
    assert weather.index.equals(pd.date_range("2012-01-01", "2015-12-31", name="date"))
    assert weather.index.freqstr == "D"
    assert not weather.isna().any(axis=None)
    assert (weather["temp_max"] >= weather["temp_min"]).mean() > 0.99
    assert set(weather["weather"]) == {"drizzle", "fog", "rain", "snow", "sun"}


def test_the_bundled_table_is_the_shared_one(shared_data):
    shared = pd.read_csv(shared_data / "seattle_weather.csv", parse_dates=["date"])
    bundled = load_seattle_weather().reset_index()
    pd.testing.assert_frame_equal(bundled, shared, check_freq=False)
