import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster
from sklearn_lstm._output_files import written_whole
from sklearn_lstm.command.files import read_table
from sklearn_lstm.command.newer_rows import later_rows, update_from_table
from sklearn_lstm.command.table_times import find_time_column
from sklearn_lstm.command.tables import table_to_series


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "date": pd.date_range("2024-01-01", periods=6).strftime("%Y-%m-%d"),
            "shop": ["a"] * 6,
            "sales": [1.0, 2, 3, 4, np.nan, np.nan],
            "price": [9.0, 9, 8, 8, 7, 7],
        }
    )


def test_formats_are_read_alike(table, tmp_path):
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_csv(tmp_path / "a.csv.gz", index=False)
    table.to_csv(tmp_path / "semicolons.csv", index=False, sep=";")
    table.to_csv(tmp_path / "tabs.tsv", index=False, sep="\t")
    table.to_parquet(tmp_path / "a.parquet", index=False)
    table.set_index("date").to_parquet(tmp_path / "indexed.parquet")
    paths = sorted(tmp_path.iterdir())
    assert len(paths) == 6
    for path in paths:
        pd.testing.assert_frame_equal(read_table(path), table, check_dtype=False)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "empty"),
        ("blank.csv", b"\n\n", "empty"),
        ("header.csv", b"date,sales\n", "no rows"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n", "can't be read as CSV"),
        ("binary.csv", b"\x89PNG\xff\xfe\n\x00", "can't be read as CSV|no rows"),
        ("cut.csv.gz", b"\x1f\x8b\x08\x00", "can't be read as CSV"),
        ("bad.parquet", b"PAR1", "can't be read as Parquet"),
    ],
)
def test_unreadable_files_are_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"(?s){name}.*({message})"):
        read_table(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"no file .*none\.csv"):
        read_table(tmp_path / "none.csv")


def test_the_time_column_is_found(table):
    assert find_time_column(table) == "date"
    assert find_time_column(table.rename(columns={"date": "observed"})) == "observed"
    assert find_time_column(table[["sales", "shop"]]) is None
    two = pd.DataFrame({"born": ["1999-01-01"], "Timestamp": ["2024-01-01"]})
    assert find_time_column(two) == "Timestamp"
    assert find_time_column(pd.DataFrame({"holiday": ["yes", "no"], "day": [1, 2]})) is None
    with pytest.raises(ValueError, match=r"'month' looks like time, but '1-01'.*--time none"):
        find_time_column(pd.DataFrame({"month": ["1-01", "1-02"]}))


def test_the_rows_without_target_at_the_end_are_the_future(table):
    found = table_to_series(table, "sales", known_ahead=["price"])
    assert found.y.tolist() == [1, 2, 3, 4]
    assert found.y.index.tolist() == list(pd.date_range("2024-01-01", periods=4))
    assert found.X["price"].tolist() == [9, 9, 8, 8]
    assert found.X_future["price"].tolist() == [7, 7]
    assert "Time: date." in found.notes
    table.loc[1, "sales"] = np.nan
    found = table_to_series(table, "sales")
    assert found.y.isna().tolist() == [False, True, False, False]
    assert found.X is None


def test_files_out_of_order_are_sorted_and_that_is_said(table):
    found = table_to_series(table[::-1], "sales")
    pd.testing.assert_series_equal(found.y, table_to_series(table, "sales").y)
    assert any("sorted" in note for note in found.notes)


def test_a_panel_keeps_its_series_apart(table):
    other = table.assign(shop="b", sales=table["sales"] * 10)
    other.loc[4, "sales"] = 50
    both = pd.concat([table, other]).sort_values("date", kind="stable")
    found = table_to_series(both, "sales", series="shop", known_ahead=["price"])
    assert found.y["a"].tolist() == [1, 2, 3, 4]
    assert found.y["b"].tolist() == [10, 20, 30, 40, 50]
    assert found.y.index.names == ["shop", "date"]
    assert len(found.X_future.loc["b"]) == 1
    assert not any("sorted" in note for note in found.notes)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2024-01-30", "2024-01-31"], "2024-01-30"),
        (["30/01/2024", "31/01/2024"], "2024-01-30"),
        (["01/02/2024", "02/02/2024", "03/02/2024"], "2024-02-01"),
        (["01/02/2024", "01/03/2024", "01/04/2024"], "2024-01-02"),
        (["2024-01-30 10:00:00", "2024-01-30 11:00:00"], "2024-01-30 10:00"),
        (["Jan 2024", "Feb 2024"], "2024-01-01"),
        (["01.02.2024", "02.02.2024", "03.02.2024"], "2024-02-01"),
        (["01-02-2018", "01-03-2018", "01-04-2018", "01-05-2018"], "2018-01-02"),
        (["05.03.2024"], "2024-03-05"),
        (["05/03/2024"], "2024-05-03"),
        ([2019, 2020, 2021], "2019-01-01"),
        ([202401, 202402], "2024-01-01"),
        ([20240130, 20240131], "2024-01-30"),
        ([1704067200, 1704070800], "2024-01-01"),
        ([1704067200000, 1704070800000], "2024-01-01"),
    ],
)
def test_dates_are_read_as_they_make_sense(texts, expected):
    table = pd.DataFrame({"date": texts, "y": np.arange(float(len(texts)))})
    found = table_to_series(table, "y").y.index
    assert found[0] == pd.Timestamp(expected)


def test_times_of_several_offsets_are_brought_to_utc():
    table = pd.DataFrame(
        {
            "time": ["2024-10-27T02:00:00+02:00", "2024-10-27T02:00:00+01:00"],
            "y": [1.0, 2.0],
        }
    )
    found = table_to_series(table, "y")
    assert found.y.index.tolist() == list(
        pd.date_range("2024-10-27", periods=2, freq="h", tz="UTC")
    )
    assert any("UTC" in note for note in found.notes)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"target": "sale"}, r"no column 'sale'\. Did you mean 'sales'\?.*date, shop, sales"),
        ({}, {"time": "dat"}, "mean 'date'"),
        ({}, {"known_ahead": ["prize"]}, "mean 'price'"),
        ({"sales": "many"}, {}, r"'sales' holds text, first 'many' at row 0 \(6 of 6"),
        ({"price": ["9", "9", "x", "8", "7", "7"]}, {"known_ahead": ["price"]}, "'x' at row 2"),
        ({"sales": np.nan}, {}, "'sales' holds no value"),
        ({"date": "yesterday"}, {"time": "date"}, "'yesterday' at row 0"),
        (
            {"date": ["1-01", "1-02", "1-03", "1-04", "1-05", "1-06"]},
            {"time": "date"},
            "four digits",
        ),
        ({"date": [None, *["2024-01-02"] * 5]}, {"time": "date"}, "lacks the time of row 0"),
        ({"date": "2024-13-45"}, {"time": "date"}, "read as time: '2024-13-45' at row 0"),
        ({"shop": [None, *"abcde"]}, {"series": "shop"}, r"no series in row 0 \(1 of 6 rows\)"),
        ({}, {"series": "sales"}, "'sales' is named twice"),
        ({}, {"known_ahead": ["price", "price"]}, "'price' is named twice"),
        ({"date": "2024-01-01"}, {}, r"'date' repeats 2024-01-01 .*\(5 rows.*--series"),
        ({"date": "2024-01-01"}, {"series": "shop"}, "series 'a' has it twice"),
        ({"sales": pd.Timestamp("2024-01-01")}, {}, "'sales' holds times"),
    ],
)
def test_bad_columns_are_named(table, change, options, message):
    with pytest.raises(ValueError, match=message):
        table_to_series(table.assign(**change), **{"target": "sales", **options})


def test_the_order_of_a_date_is_said_and_kept(table):
    dates = pd.date_range("2024-01-01", periods=12).strftime("%d.%m.%Y")
    found = table_to_series(pd.DataFrame({"date": dates, "y": np.arange(12.0)}), "y")
    assert found.y.index.tolist() == list(pd.date_range("2024-01-01", periods=12))
    assert found.day_first is True
    one = pd.DataFrame({"date": ["01/09/2024"], "y": [1.0]})
    assert table_to_series(one, "y", day_first=True).y.index[0] == pd.Timestamp("2024-09-01")
    ambiguous = table_to_series(one, "y")
    assert "Dates are read as month/day/year: 01/09/2024 is 2024-01-09." in ambiguous.notes
    assert table_to_series(table, "sales").day_first is None


def test_rows_are_counted_when_asked(table):
    found = table_to_series(table, "sales", time="none")
    assert found.y.index.tolist() == [0, 1, 2, 3]
    panel = table_to_series(table, "sales", time="none", series="shop")
    assert panel.y.index.tolist() == [("a", row) for row in range(4)]


def test_what_is_done_is_said(table):
    other = table.assign(shop="b", sales=[1.0, 2, np.nan, np.nan, np.nan, np.nan])
    notes = table_to_series(pd.concat([table, other]), "sales", series="shop").notes
    assert any("6 rows without sales at the end are left out" in note for note in notes)
    assert any("end at different times" in note for note in notes)
    empty = pd.concat([table, other.assign(sales=np.nan)])
    found = table_to_series(empty, "sales", series="shop")
    assert "1 series is left out, with fewer than 1 value in sales: 'b' (0)." in found.notes
    assert found.y.index.unique("shop").tolist() == ["a"]


def test_spreadsheets_of_other_countries(tmp_path):
    path = tmp_path / "europe.csv"
    path.write_text("sep=;\nDatum und Zeit; Wert\n01.02.2024;1.050,5\n02.02.2024;\n", "utf-8-sig")
    found = read_table(path)
    assert list(found.columns) == ["Datum und Zeit", "Wert"]
    assert found["Wert"].tolist()[0] == 1050.5
    path.write_text('"day, local","v; x"\n2024-01-01,1\n2024-01-02,2\n')
    assert list(read_table(path).columns) == ["day, local", "v; x"]
    path.write_bytes("Größe\n1\n".encode("latin-1"))
    with pytest.raises(ValueError, match="save it as UTF-8"):
        read_table(path)
    with pytest.raises(ValueError, match="is a folder"):
        read_table(tmp_path)


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("before")
    with pytest.raises(TypeError), written_whole(path) as unfinished:
        unfinished.write_text(0)
    assert path.read_text() == "before"
    with written_whole(path) as unfinished:
        unfinished.write_text("whole")
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]
    for bad, message in ((tmp_path, "is a folder"), (tmp_path / "no" / "a.csv", "no folder")):
        with pytest.raises(ValueError, match=message), written_whole(bad):
            pass


def test_later_rows_leave_out_what_is_known(table):
    known = table_to_series(table, "sales").y[:2]
    found = table_to_series(table, "sales", known_ahead=["price"])
    y, X = later_rows(known.add([0, 5]), found)
    assert found.notes[-1] == (
        "2 of 4 rows were known already, 1 of them with another value: the model keeps its own."
    )
    assert y.tolist() == [3, 4]
    assert X["price"].tolist() == [8, 8]
    counted = table.drop(columns="date")
    y, _ = later_rows(pd.Series([1.0, 2.0]), table_to_series(counted, "sales"))
    assert y.index.tolist() == [2, 3, 4, 5]
    panel = table_to_series(table, "sales", series="shop")
    y, _ = later_rows(panel.y[:1], panel)
    assert y.tolist() == [2, 3, 4]


def test_other_values_of_all_known_rows_look_like_another_series(table):
    found = table_to_series(table, "sales")
    later_rows(found.y[:2] + 5, found)
    assert "2 of them with another value" in found.notes[-1]
    assert found.notes[-1].endswith("say so (--new-series).")


@pytest.fixture
def shops():
    """50 days of two shops and a price, then 2 of which only the price is known."""
    t = np.arange(52)
    parts = [
        pd.DataFrame(
            {
                "shop": name,
                "day": pd.date_range("2024-01-01", periods=52),
                "price": np.cos(t),
                "n": level + np.sin(t / 3) + np.cos(t),
            }
        )
        for name, level in (("a", 5), ("b", 50))
    ]
    shops = pd.concat(parts, ignore_index=True)
    shops.loc[shops["day"] > "2024-02-19", "n"] = np.nan
    return shops


def read(table, **options):
    return table_to_series(table, "n", series="shop", known_ahead=["price"], **options)


def fitted(table):
    forecaster = LSTMForecaster(Ridge(), window_length=7, horizon=2)
    return forecaster.fit(table.y, table.X)


def test_series_that_a_model_does_not_know_are_forecast_from_their_own_rows(shops):
    is_a = shops["shop"] == "a"
    is_fitted = is_a & (shops["day"] < "2024-02-10")
    forecaster = fitted(read(shops[is_fitted]))
    both = read(shops)
    of_known, of_new = update_from_table(forecaster, both)
    assert both.notes[-3:] == [
        "40 of 50 rows were known already.",
        "10 new rows.",
        "1 series is new ('b'): forecast from its own rows.",
    ]
    known, new = forecaster.predict(**of_known), forecaster.predict(**of_new)
    assert known.index.unique("shop").tolist() == ["a"]
    assert new.index.unique("shop").tolist() == ["b"]
    a, b = read(shops[is_a]), read(shops[~is_a])
    expected = fitted(read(shops[is_fitted])).update(a.y[40:], a.X[40:]).predict(X=a.X_future)
    pd.testing.assert_series_equal(known, expected)
    expected = forecaster.predict(y=b.y, X=pd.concat([b.X, b.X_future]))
    pd.testing.assert_series_equal(new, expected)
    assert forecaster.history_.index.unique("shop").tolist() == ["a"]


def test_series_may_be_called_new_whatever_their_names(shops):
    a, b = (read(shops[shops["shop"] == name].assign(shop="a")) for name in "ab")
    forecaster = fitted(a)
    (call,) = update_from_table(forecaster, b, new_series=True)
    expected = forecaster.predict(y=b.y, X=pd.concat([b.X, b.X_future]))
    pd.testing.assert_series_equal(forecaster.predict(**call), expected)
    pd.testing.assert_series_equal(forecaster.history_, a.y, check_freq=False)
    empty = read(shops[shops["day"] > "2024-02-19"], needs_target=False)
    with pytest.raises(ValueError, match="no value to forecast from"):
        update_from_table(forecaster, empty, new_series=True)


@pytest.mark.parametrize(
    ("in_fit", "later"), [([1], ["1", "x"]), (["1", "x"], [1]), ([1, 2], ["7", "x"]), (["x"], [7])]
)
def test_numbers_that_name_series_are_the_same_as_text(shops, in_fit, later):
    def named(names):
        parts = (
            shops[shops["shop"] == old].assign(shop=new)
            for old, new in zip("ab", names, strict=False)
        )
        return pd.concat([part.astype({"shop": object}) for part in parts])

    begin = named(in_fit)
    forecaster = fitted(read(begin[begin["day"] < "2024-02-10"]))
    table = read(named(later))
    calls = update_from_table(forecaster, table)
    known = {str(name) for name in in_fit}
    new = [str(name) for name in later if str(name) not in known]
    assert f"{10 * (len(later) - len(new))} new rows." in table.notes
    assert forecaster.history_.index.unique("shop").tolist() == in_fit
    assert len(calls) == 1 + bool(new)
    if new:
        assert calls[1]["y"].index.unique("shop").astype(str).tolist() == new


@pytest.mark.parametrize("separator", [",", ";"])
def test_names_keep_their_zeros_and_other_numbers_stay_numbers(separator, tmp_path):
    path = tmp_path / "shops.csv"
    for names in (["001", "010"], [1, 10]):
        pd.DataFrame({"shop": names, "n": [1, 2]}).to_csv(path, sep=separator, index=False)
        assert read_table(path, "shop")["shop"].tolist() == names


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1.050,5", "3,5", "1.050"], [1050.5, 3.5, 1050]),
        (["1.234.567", "3,5"], [1_234_567, 3.5]),
        (["1,5", "2", ""], [1.5, 2, np.nan]),
        (["1,234.5", "7", "1,000"], [1234.5, 7, 1000]),
        (["-0,5", "+1,5e3"], [-0.5, 1500]),
        (["1.5", "1.234"], [1.5, 1.234]),
    ],
)
def test_decimal_commas_go_with_semicolons(tmp_path, cells, expected):
    path = tmp_path / "n.csv"
    path.write_text("\n".join(["row;n", *(f"{row};{cell}" for row, cell in enumerate(cells))]))
    np.testing.assert_array_equal(read_table(path, numbers=["n"])["n"], expected)


@pytest.mark.parametrize(
    ("cells", "first", "second"),
    [
        (["10.123", "9.872", "10,064"], "'10.123' at row 0", "'10,064' at row 2"),
        (["10.123", "10,06"], "'10.123' at row 0", "'10,06' at row 1"),
        (["1,5", "1.5"], "'1.5' at row 1", "'1,5' at row 0"),
        (["1,234.5", "1.234,5"], "'1,234.5' at row 0", "'1.234,5' at row 1"),
    ],
)
def test_numbers_in_two_ways_are_quoted_both(tmp_path, cells, first, second):
    path = tmp_path / "n.csv"
    path.write_text("\n".join(["row;n", *(f"{row};{cell}" for row, cell in enumerate(cells))]))
    with pytest.raises(ValueError, match="can't be told from a point") as refused:
        read_table(path, numbers=["n"])
    assert first in str(refused.value)
    assert second in str(refused.value)
    assert read_table(path)["n"].tolist() == cells  # as long as nobody wants numbers of it


def test_a_thousand_is_not_read_as_one_where_decimals_have_a_comma(tmp_path):
    path = tmp_path / "n.csv"
    path.write_text("price;units;label\n3,50;1.050;1.1\n3,60;2.100;1.2\n")
    with pytest.raises(ValueError, match=r"'1\.050' at row 0 of 'units' may be a thousand times"):
        read_table(path, numbers=["units"])
    found = read_table(path, numbers=["price", "label"])
    assert found["price"].tolist() == [3.5, 3.6]
    assert found["label"].tolist() == [1.1, 1.2]
    note = "Numbers have a decimal comma: '3,50' at row 0 of 'price' is 3.5."
    assert table_to_series(found, "price", time="none").notes == [note]


def test_dates_and_clock_times_in_two_columns_are_one_time(tmp_path):
    hours = pd.date_range("2024-01-01", periods=50, freq="h")
    table = pd.DataFrame({"n": np.arange(50.0), "time": hours.strftime("%H:%M")})
    for dates in (hours.strftime("%Y-%m-%d"), hours.strftime("%d.%m.%Y"), hours.normalize()):
        found = table_to_series(table.assign(date=dates), "n")
        assert found.y.index.tolist() == list(hours)
        assert found.time == "date+time"
        assert found.unused == []
    counted = table.assign(date=hours.strftime("%Y-%m-%d"), hour=hours.hour).drop(columns="time")
    assert table_to_series(counted, "n").y.index.tolist() == list(hours)
    assert table_to_series(counted, "n", time="date+hour").y.index.tolist() == list(hours)
    played = counted[::24].assign(score="10:12").drop(columns="hour")
    assert table_to_series(played, "n").time == "date"  # of days that are there once
    daily = counted[::24]  # the hour of a day that is there once says nothing
    assert table_to_series(daily, "n").time == "date"
    with pytest.raises(ValueError, match="no column 'our'"):
        table_to_series(counted, "n", time="date+our")
    to_24 = counted.assign(hour=hours.hour + 1)
    assert table_to_series(to_24, "n").y.index.tolist() == list(hours + pd.Timedelta("1h"))


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["13/01/2024", "02/14/2024"], "'13/01/2024' at row 0 has the day first, '02/14/2024'"),
        (["2024-01-01", "2024/01/02"], "'2024-01-01' at row 0 and '2024/01/02' at row 1"),
        (["2024-01-01", "Total 2024"], "'Total 2024' at row 1"),
        (["2024-01-01 25:00", "2024-01-01 26:00"], "'2024-01-01 25:00' at row 0"),
    ],
)
def test_dates_in_two_ways_are_quoted_both(texts, words):
    table = pd.DataFrame({"date": texts, "y": 1.0})
    with pytest.raises(ValueError, match="can't be read as time") as refused:
        table_to_series(table, "y", time="date")
    assert words in str(refused.value)


def test_a_day_may_end_at_24(table):
    times = ["2024-02-28 23:00", "2024-02-28 24:00", "2024-02-29 01:00", "2024-02-29 24:00"]
    found = table_to_series(pd.DataFrame({"time": times, "y": 1.0}), "y").y.index
    expected = ["2024-02-28 23:00", "2024-02-29", "2024-02-29 01:00", "2024-03-01"]
    assert found.tolist() == list(map(pd.Timestamp, expected))


def test_covariates_of_the_past_have_no_future_and_the_rest_is_named(table):
    table["weather"] = range(6)
    table["empty"] = np.nan
    found = table_to_series(table, "sales", known_ahead=["price"], past_only=["weather"])
    assert list(found.X.columns) == ["price", "weather"]
    assert list(found.X_future.columns) == ["price"]
    assert found.unused == ["shop"]
    assert table_to_series(table, "sales", past_only=["weather"]).X_future is None


def test_short_series_are_left_out_and_named(table):
    other = table.assign(shop="b")[:2]
    found = table_to_series(pd.concat([table, other]), "sales", series="shop", shortest=3)
    assert found.y.index.unique("shop").tolist() == ["a"]
    assert "1 series is left out, with fewer than 3 values in sales: 'b' (2)." in found.notes
    both = table_to_series(pd.concat([table, other]), "sales", series="shop", shortest=2)
    assert both.y.index.unique("shop").tolist() == ["a", "b"]


def test_rows_counted_by_a_model_go_on_with_the_future_of_covariates(shops):
    one = shops[shops["shop"] == "a"]
    for table, options in ((one, {}), (shops, {"series": "shop"})):
        options |= {"known_ahead": ["price"], "time": "none"}
        forecaster = LSTMForecaster(Ridge(), window_length=7, horizon=2)
        days = [f"2024-01-{day:02}" for day in range(1, 31)]
        is_first = table["day"].astype(str).isin(days)
        first, rest = table_to_series(table[is_first], "n", **options), table[~is_first]
        (call,) = update_from_table(
            forecaster.fit(first.y, first.X), table_to_series(rest, "n", **options)
        )
        all_rows = table_to_series(table, "n", **options)
        expected = LSTMForecaster(Ridge(), window_length=7, horizon=2).fit(first.y, first.X)
        later = all_rows.y.index.difference(first.y.index)
        expected.update(all_rows.y[later], all_rows.X.loc[later])
        pd.testing.assert_series_equal(
            forecaster.predict(**call), expected.predict(X=all_rows.X_future)
        )


def test_new_series_shorter_than_a_window_are_left_out_and_named(shops):
    is_a = shops["shop"] == "a"
    forecaster = fitted(read(shops[is_a & (shops["day"] < "2024-02-10")]))
    few = shops[~is_a & (shops["day"] > "2024-02-15")]
    table = read(pd.concat([shops[is_a], few]))
    assert len(update_from_table(forecaster, table)) == 1
    note = "1 new series is left out, with fewer rows than a window of 7: 'b' (4)."
    assert table.notes[-1] == note


@pytest.mark.parametrize("missing", ["auto", "interpolate", "skip"])
def test_gaps_that_are_filled_are_told(shops, missing):
    one = shops[shops["shop"] == "a"].drop(columns=["shop", "price"])[:50]
    first, rest = one[:30], one[30:].drop(index=[33, 34])
    rest.loc[36, "n"] = np.nan
    forecaster = LSTMForecaster(Ridge(), window_length=3, missing=missing)
    forecaster.fit(table_to_series(first, "n").y)
    table = table_to_series(rest, "n")
    update_from_table(forecaster, table)
    note = "3 of 20 rows lack a value: interpolated within windows."
    assert (table.notes[-1] == note) == (missing != "skip")
    other = table_to_series(rest, "n")
    update_from_table(forecaster, other, new_series=True)
    assert (other.notes[-1] == note) == (missing != "skip")
