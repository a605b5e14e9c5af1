from importlib.resources import files

import pandas as pd

from benchmarks.data.sources import read_sources
from sklearn_lstm.datasets import load_seattle_weather


def test_seattle_weather_is_a_daily_table_without_gaps():
    weather = load_seattle_weather()
    assert weather.shape == (1461, 5)
    assert weather.index.equals(pd.date_range("2012-01-01", "2015-12-31", name="date"))
    assert weather.index.freqstr == "D"
    assert not weather.isna().any(axis=None)
    assert (weather["temp_max"] >= weather["temp_min"]).mean() > 0.99
    assert set(weather["weather"]) == {"drizzle", "fog", "rain", "snow", "sun"}


def test_the_bundled_table_is_the_one_of_the_list_and_read_as_it_is():
    (listed,) = (source for source in read_sources() if source.file == "seattle_weather.csv")
    path = files("sklearn_lstm.datasets") / "data" / "seattle_weather.csv"
    assert listed.state(path.parent) == "ok"
    table = pd.read_csv(path, parse_dates=["date"])
    bundled = load_seattle_weather().reset_index()
    pd.testing.assert_frame_equal(bundled, table, check_freq=False)
