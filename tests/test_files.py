import numpy as np
import pandas as pd
import pytest

from sklearn_lstm._files import find_time_column, later_rows, read_table, table_to_series


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
    assert find_time_column(pd.DataFrame({"month": ["1-01", "1-02"]})) is None


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
    assert any("1 of 4 values of sales are missing" in note for note in found.notes)
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
    ],
)
def test_dates_are_read_as_they_make_sense(texts, expected):
    table = pd.DataFrame({"when": texts, "y": np.arange(float(len(texts)))})
    found = table_to_series(table, "y", time="when").y.index
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
        ({"date": "2024-13-45"}, {"time": "date"}, "can't be read as time"),
    ],
)
def test_bad_columns_are_named(table, change, options, message):
    with pytest.raises(ValueError, match=message):
        table_to_series(table.assign(**change), **{"target": "sales", **options})


def test_later_rows_leave_out_what_is_known(table):
    known = table_to_series(table, "sales").y[:2]
    y, X = later_rows(known, table_to_series(table, "sales", known_ahead=["price"]))
    assert y.tolist() == [3, 4]
    assert X["price"].tolist() == [8, 8]
    counted = table.drop(columns="date")
    y, _ = later_rows(pd.Series([1.0, 2.0]), table_to_series(counted, "sales"))
    assert y.index.tolist() == [2, 3, 4, 5]
    panel = table_to_series(table, "sales", series="shop")
    y, _ = later_rows(panel.y[:1], panel)
    assert y.tolist() == [2, 3, 4]
