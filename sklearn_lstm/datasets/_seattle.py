"""Daily weather in Seattle."""

from importlib.resources import files

import pandas as pd


def load_seattle_weather() -> pd.DataFrame:
    """Load the daily weather at Seattle-Tacoma airport from 2012 to 2015.

    Returns
    -------
    weather : DataFrame of shape (1461, 5)
        On a daily ``DatetimeIndex`` named ``date``, without gaps or missing values:

        - ``precipitation``: in mm,
        - ``temp_max``, ``temp_min``: highest and lowest temperature in °C,
        - ``wind``: average speed in m/s,
        - ``weather``: one of ``"drizzle"``, ``"fog"``, ``"rain"``, ``"snow"``, ``"sun"``.

    Notes
    -----
    The measurements are those of the National Centers for Environmental Information of the NOAA
    [1]_, a work of the United States government in the public domain. The table was taken from the
    package ``vega_datasets`` 0.9.0, MIT licence [2]_.

    References
    ----------
    .. [1] https://www.ncei.noaa.gov/cdo-web
    .. [2] https://github.com/altair-viz/vega_datasets

    Examples
    --------
    >>> from sklearn_lstm.datasets import load_seattle_weather
    >>> weather = load_seattle_weather()
    >>> weather["temp_max"].mean().round(2)
    np.float64(16.44)
    """
    path = files("sklearn_lstm.datasets") / "data" / "seattle_weather.csv"
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, index_col="date", parse_dates=["date"]).asfreq("D")
