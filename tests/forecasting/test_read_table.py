"""Tables of other libraries, masks and odd values: what a forecaster reads in them."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import polars
import pytest
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster
from sklearn_lstm.forecasting.read_table import as_columns, as_table

VALUES = 10 + np.sin(np.arange(80) / 3)
DAYS = pd.date_range("2024-01-01", periods=80, freq="D")


def forecaster(**settings):
    return LSTMForecaster(Ridge(), **{"window_length": 6, "horizon": 3} | settings)


def test_what_a_mask_hides_is_missing():
    mask = np.arange(80) == 70
    masked = np.ma.masked_array(np.where(mask, 1e9, VALUES), mask=mask)
    with_nan = np.where(mask, np.nan, VALUES)
    fitted = forecaster(missing="interpolate").fit(masked)
    np.testing.assert_array_equal(fitted.history_, with_nan)
    np.testing.assert_array_equal(
        fitted.predict(), forecaster(missing="interpolate").fit(with_nan).predict()
    )


def test_masked_whole_numbers_and_objects_are_missing_too():
    whole = np.ma.masked_array([1, 2, 3], mask=[False, True, False])
    for masked in (whole, whole.astype(object)):
        column = as_columns(as_table(masked, "y"), "y")[:, 0]
        np.testing.assert_array_equal(column, [1.0, np.nan, 3.0])


def test_a_polars_table_has_its_dates_as_the_index():
    table = polars.DataFrame({"value": VALUES, "day": DAYS.to_numpy()})
    expected = pd.DataFrame({"value": VALUES}, index=DAYS.rename("day"))
    forecast = forecaster().fit(table).predict()
    pd.testing.assert_frame_equal(forecast, forecaster().fit(expected).predict())


def test_a_polars_table_keeps_its_zone():
    table = polars.DataFrame({"value": VALUES, "day": DAYS.to_numpy()})
    table = table.with_columns(polars.col("day").dt.replace_time_zone("Europe/Berlin"))
    index = as_table(table, "y").index
    assert index.equals(DAYS.tz_localize("Europe/Berlin"))


class OtherTable:
    """A table of a library that can give it to pandas, as those of pyarrow, cudf and xarray."""

    def to_pandas(self):
        return pd.Series(VALUES, index=DAYS)


def test_a_table_that_pandas_can_have_keeps_its_index():
    expected = forecaster().fit(OtherTable().to_pandas()).predict()
    pd.testing.assert_series_equal(forecaster().fit(OtherTable()).predict(), expected)


@pytest.mark.parametrize(
    "objects",
    [
        [Decimal("1.5"), None, 3],
        [1.5, pd.NA, 3.0],
        ["1.5", float("nan"), True + 2],
        [np.float32(1.5), pd.NaT, np.int8(3)],
    ],
)
def test_objects_that_are_numbers_are_read_as_such(objects):
    expected = [[1.5], [np.nan], [3.0]]
    for data in (np.array(objects, dtype=object), pd.Series(objects, dtype=object)):
        np.testing.assert_array_equal(as_columns(data, "y"), expected)


@pytest.mark.parametrize("odd", ["a few", date(2024, 1, 1), 1j, [1], 10**400, pd.Timestamp(0)])
def test_the_first_object_that_is_no_number_is_named(odd):
    objects = np.empty(3, dtype=object)
    objects[:] = 1.0
    objects[2] = odd
    for data in (objects, pd.Series(objects)):
        with pytest.raises(ValueError, match=r"y holds text or other things.*at row 2"):
            as_columns(data, "y")
