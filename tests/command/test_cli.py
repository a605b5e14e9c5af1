import re
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, load_forecaster, save_forecaster
from sklearn_lstm.command.cli import main
from sklearn_lstm.command.demo import run_tutorial


def run(*args):
    return subprocess.run(
        [sys.executable, "-m", "sklearn_lstm", *map(str, args)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_the_demo_writes_pictures_forecast_and_model(tmp_path):
    done = run("demo", "--quick", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for heading in ("RMSE", "MAE", "skill", "ridge", "persistence"):
        assert heading in done.stdout
    forecast = pd.read_csv(tmp_path / "out" / "forecast.csv", index_col="date", parse_dates=True)
    assert len(forecast) == 365
    assert forecast.index[-1] == pd.Timestamp("2015-12-31")
    rmse = np.sqrt(((forecast["persistence"] - forecast["temp_max"]) ** 2).mean())
    assert abs(rmse - 2.907) < 0.001
    assert f"{rmse:.3f}" in done.stdout
    for picture in ("forecast.png", "loss.png"):
        assert (tmp_path / "out" / picture).read_bytes()[:4] == b"\x89PNG"
    assert joblib.load(tmp_path / "out" / "model.joblib").estimators_


def test_the_tutorial_has_its_parameters_and_its_loss():
    result = run_tutorial()
    assert result.n_parameters == 10_451
    assert result.loss < 0.02
    assert list(result.forecast.index) == list(range(14, 21))
    assert result.forecast["temperature"].iloc[-1] == 15
    scaler = result.model.regressor_.named_steps["scaler"]
    assert scaler.data_max_ == 35
    assert scaler.data_min_ == 20  # of the 13 training days; the test days go down to 15


@pytest.fixture
def sales(tmp_path):
    """60 months of three columns, then 3 of which only the price is known."""
    months = pd.date_range("2019-01", periods=63, freq="MS")
    t = np.arange(63)
    table = pd.DataFrame(
        {
            "month": months.strftime("%Y-%m-%d"),
            "price": 5 + np.cos(t),
            "sales": 100 + t + 10 * np.sin(2 * np.pi * t / 12),
        }
    )
    table.loc[60:, "sales"] = np.nan
    path = tmp_path / "sales.csv"
    table.to_csv(path, index=False)
    return path


def call(monkeypatch, capsys, *args):
    monkeypatch.setattr(sys, "argv", ["sklearn-lstm", *map(str, args)])
    code = main()
    printed = capsys.readouterr()
    return code, " ".join(printed.out.split()), printed.err


def test_forecast_then_predict_from_newer_rows(sales, tmp_path, monkeypatch, capsys):
    out, picture, model = (tmp_path / name for name in ("f.csv", "f.png", "m.skops"))
    code, printed, error = call(
        monkeypatch, capsys, "forecast", sales, "--target", "sales", "--known-ahead", "price",
        "--horizon", 3, "--out", out, "--plot", picture, "--save", model, "--coverage", 0.5,
    )  # fmt: skip
    assert (code, error) == (0, "")
    for part in ("Time: month.", "60 rows, one each 'MS'.", "50 % interval",
                 "3 rows without sales at the end are the future"):  # fmt: skip
        assert part in printed
    rows = pd.read_csv(out)
    assert list(rows.columns) == ["month", "forecast", "lower", "upper"]
    assert rows["month"].tolist() == ["2024-01-01", "2024-02-01", "2024-03-01"]
    assert (rows["lower"] < rows["forecast"]).all()
    assert (rows["forecast"] < rows["upper"]).all()
    assert picture.read_bytes()[:4] == b"\x89PNG"

    table = pd.read_csv(sales)
    table.loc[60, "sales"] = 150.0
    newer = tmp_path / "newer.csv.gz"
    table[55:].to_csv(newer, index=False)
    again = tmp_path / "again.csv"
    code, printed, _ = call(
        monkeypatch, capsys, "predict", model, newer, "--horizon", 2, "--out", again
    )
    assert code == 0
    assert "5 of 6 rows were known already. 1 new row." in printed
    assert pd.read_csv(again)["month"].tolist() == ["2024-02-01", "2024-03-01"]
    loaded, columns = load_forecaster(model)
    assert columns["target"] == "sales"
    assert columns["time"] == "month"
    index = pd.to_datetime(table["month"])
    new = pd.Series([150.0], index=index[60:61], name="sales")
    loaded.update(new, table[["price"]].set_axis(index)[60:61])
    expected = loaded.predict(2, X=table[["price"]].set_axis(index)[61:])
    np.testing.assert_allclose(pd.read_csv(again)["forecast"], expected)


def test_a_forecast_without_options_beyond_the_target(sales, monkeypatch, capsys):
    code, printed, error = call(
        monkeypatch, capsys, "forecast", sales, "--target", "sales", "--horizon", 2, "--window", 5
    )
    assert (code, error) == (0, "")
    assert "2024-01-01" in printed
    assert re.search(r"100% 1\.00 5 (year )?as given", printed)  # a sine is all ridge


def test_with_nothing_set_it_forecasts_as_a_forecaster_does(sales, tmp_path, monkeypatch, capsys):
    out = tmp_path / "f.csv"
    code, printed, _ = call(
        monkeypatch, capsys, "forecast", sales, "--target", "sales", "--horizon", 4, "--out", out
    )
    assert code == 0
    y = pd.read_csv(sales, index_col="month", parse_dates=True)["sales"][:60]
    forecaster = LSTMForecaster(horizon=4, random_state=0).fit(y)
    rows = pd.read_csv(out)
    np.testing.assert_allclose(rows["forecast"], forecaster.predict())
    np.testing.assert_allclose(rows[["lower", "upper"]], forecaster.predict_interval())
    for name, why in forecaster.members_["why"].items():
        assert re.search(rf"{name} \d+%.*{re.escape(why[:12])}", printed)


def test_missing_values_in_newer_rows_are_told_in_a_line(tmp_path, monkeypatch, capsys):
    path, model = tmp_path / "n.csv", tmp_path / "m.skops"
    days = pd.date_range("2024-01-01", periods=70, name="day")
    y = pd.Series(np.sin(np.arange(70)), days, name="n")
    forecaster = LSTMForecaster(Ridge(), window_length=7).fit(y[:60])
    columns = {"target": "n", "time": "day", "series": None, "known_ahead": []}
    save_forecaster(forecaster, model, columns=columns)
    y.drop(y.index[[62, 63]]).to_csv(path)
    code, printed, error = call(monkeypatch, capsys, "predict", model, path, "--horizon", 1)
    assert (code, error) == (0, "")
    assert "2 of 10 rows lack a value" in printed


def test_what_is_asked_for_reaches_the_forecaster(tmp_path, monkeypatch, capsys):
    path, model, out = (tmp_path / name for name in ("n.csv", "m.skops", "f.csv"))
    days = pd.date_range("2024-01-01", periods=60, name="day")
    y = pd.Series(np.maximum(0, 3 * np.sin(np.arange(60))), days, name="n").round()
    y.iloc[[10, 30]] = np.nan
    y.drop(days[20]).to_csv(path)
    options = [
        path, "--target", "n", "--horizon", 3, "--window", 7, "--save", model, "--out", out,
        "--coverage", 0.5, "--integer", "--any-sign", "--no-calendar",
    ]  # fmt: skip
    code, printed, error = call(monkeypatch, capsys, "forecast", *options)
    assert (code, error) == (0, "")
    assert "60 rows, one each 'D'. 3 rows lack a value: interpolated within windows." in printed
    assert "week" not in printed
    rows = pd.read_csv(out)[["forecast", "lower", "upper"]]
    assert (rows == rows.round()).all(axis=None)
    forecaster, _ = load_forecaster(model)
    for name, value in {"integer": True, "non_negative": False, "calendar": False}.items():
        assert getattr(forecaster, name) == value
    code, printed, _ = call(
        monkeypatch, capsys, "forecast", *options, "--missing", "skip", "--calendar"
    )
    assert code == 0
    assert "3 rows lack a value: windows with one of these are not learned from." in printed
    assert "week" in printed
    for command in ("forecast", "backtest"):
        given = options if command == "forecast" else options[:5]
        code, _, error = call(monkeypatch, capsys, command, *given, "--missing", "error")
        assert code == 2
        assert re.search("2024-01-11|2024-01-21", error)


def test_backtest_prints_scores_beside_naive_ones(sales, tmp_path, monkeypatch, capsys):
    out, picture = tmp_path / "b.csv", tmp_path / "b.png"
    code, printed, error = call(
        monkeypatch, capsys, "backtest", sales, "--target", "sales", "--horizon", 2,
        "--windows", 3, "--out", out, "--plot", picture, "--coverage", 0.5,
    )  # fmt: skip
    assert (code, error) == (0, "")
    for part in ("persistence", "seasonal naive", "RMSE", "MASE", "skill", "season of 12"):
        assert part in printed
    assert "The forecast is" in printed
    assert len(pd.read_csv(out)) == 6
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_backtest_scores_shops_that_end_on_different_days(tmp_path, monkeypatch, capsys):
    days = pd.date_range("2024-01-01", periods=60)
    lengths = {"a": 60, "b": 57, "c": 50, "new": 6}
    noise = np.random.default_rng(0).standard_normal(60)
    parts = [
        pd.DataFrame({"shop": name, "day": days[:n], "sold": 50 + noise[:n]})
        for name, n in lengths.items()
    ]
    path, out = tmp_path / "shops.csv", tmp_path / "b.csv"
    pd.concat(parts).to_csv(path, index=False)
    code, printed, error = call(
        monkeypatch, capsys, "backtest", path, "--target", "sold", "--series", "shop",
        "--horizon", 2, "--windows", 2, "--window", 7, "--out", out,
    )  # fmt: skip
    assert (code, error) == (0, "")
    assert pd.read_csv(out)["series"].value_counts().to_dict() == {"a": 4, "b": 4, "c": 4}
    assert "1 series is left out, with fewer than 9 values in sold: 'new' (6)" in printed


def test_compare_prints_forecasters_from_best_to_worst(sales, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    out, picture = tmp_path / "c.csv", tmp_path / "c.png"
    options = [
        sales, "--target", "sales", "--horizon", 2, "--windows", 3, "--known-ahead", "price",
        "--without", "gradient boosting", "--without", "LSTMForecaster",
    ]  # fmt: skip
    code, printed, error = call(
        monkeypatch, capsys, "compare", *options, "--out", out, "--plot", picture,
        "--coverage", 0.5,
    )  # fmt: skip
    assert (code, error) == (0, "")
    for part in ("MASE RMSE skill WQL coverage seconds", "season of 12", "50 % intervals",
                 "Without AutoETS, AutoTheta, MSTL: statsforecast is not"):  # fmt: skip
        assert part in printed
    assert printed.index("ridge") < printed.index("persistence") < printed.index("seasonal naive")
    rows = pd.read_csv(out)
    assert rows["forecaster"].tolist() == ["ridge", "persistence", "seasonal naive"]
    table = pd.read_csv(sales, index_col="month", parse_dates=True)[:60]
    y = table["sales"]
    naive = (y[-6:] - y.shift(12)[-6:]).abs().mean() / y[:54].diff(12).abs().mean()
    assert rows.loc[2, "MASE"] == pytest.approx(naive)
    assert picture.read_bytes()[:4] == b"\x89PNG"
    code, _, error = call(monkeypatch, capsys, "compare", *options, "--without", "rigde")
    assert code == 2
    assert "Did you mean 'ridge'?" in error


@pytest.mark.parametrize(
    "options",
    [
        ["--out", "no/f.csv"],
        ["--plot", "no/f.png"],
        ["--plot", "f.picture"],
        ["--save", "."],
        ["--out", "f.csv", "--save", "no/m.skops"],
    ],
)
def test_outputs_are_checked_before_the_work(options, sales, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    code, printed, error = call(
        monkeypatch, capsys, "forecast", sales, "--target", "sales", "--horizon", 1, *options
    )
    assert (code, printed) == (2, "")
    assert error.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_the_future_of_what_is_known_ahead_is_asked_for_first(sales, monkeypatch, capsys):
    pd.read_csv(sales)[:60].to_csv(sales, index=False)
    code, _, error = call(
        monkeypatch, capsys, "forecast", sales, "--target", "sales", "--known-ahead", "price",
        "--horizon", 3,
    )  # fmt: skip
    assert code == 2
    assert "Add 3 rows with the time and price of the future, and sales empty" in error


def test_rows_are_counted_and_brackets_are_no_markup(tmp_path, monkeypatch, capsys):
    path, model = tmp_path / "rows.csv", tmp_path / "m.skops"
    rows = pd.DataFrame({"[b]n[/b]": np.sin(np.arange(60.0)), "shop": ["[/x]"] * 60})
    rows.to_csv(path, index=False)
    base = ["--horizon", 2, "--coverage", 0.5]
    code, printed, error = call(
        monkeypatch, capsys, "forecast", path, "--target", "[b]n[/b]", "--series", "shop",
        "--time", "none", "--save", model, *base,
    )  # fmt: skip
    assert (code, error) == (0, "")
    assert "Forecast of [b]n[/b], 50 % interval" in printed
    assert "[/x] │ 60" in printed
    code, printed, error = call(monkeypatch, capsys, "predict", model, path, *base)
    assert (code, error) == (0, "")
    assert "60 new rows." in printed
    assert "[/x] │ 120" in printed


def test_a_model_changed_by_hand_is_damaged(tmp_path, monkeypatch, capsys):
    path, model = tmp_path / "rows.csv", tmp_path / "m.skops"
    pd.DataFrame({"n": np.sin(np.arange(60.0))}).to_csv(path, index=False)
    fitted = LSTMForecaster(Ridge(), window_length=3).fit(np.sin(np.arange(60.0)))
    save_forecaster(fitted, model, columns={"target": "n"})
    code, _, error = call(monkeypatch, capsys, "predict", model, path, "--horizon", 1)
    assert code == 2
    assert "m.skops is damaged, or was changed by hand" in error
    save_forecaster(fitted, model)
    code, _, error = call(monkeypatch, capsys, "predict", model, path, "--horizon", 1)
    assert code == 2
    assert "m.skops does not say from which columns" in error


def test_a_panel_in_a_parquet_file(tmp_path, monkeypatch, capsys):
    days = pd.date_range("2024-01-01", periods=40)
    parts = [
        pd.DataFrame({"shop": name, "day": days, "n": level + np.sin(np.arange(40))})
        for name, level in (("north", 3), ("south", 90))
    ]
    path, out = tmp_path / "panel.parquet", tmp_path / "f.csv"
    pd.concat(parts).to_parquet(path, index=False)
    code, _, error = call(
        monkeypatch, capsys, "forecast", path, "--target", "n", "--series", "shop",
        "--horizon", 2, "--out", out,
    )  # fmt: skip
    assert (code, error) == (0, "")
    rows = pd.read_csv(out)
    assert rows["shop"].tolist() == ["north", "north", "south", "south"]
    assert rows["day"].tolist() == ["2024-02-10", "2024-02-11"] * 2


def test_a_model_of_a_panel_forecasts_series_that_it_does_not_know(tmp_path, monkeypatch, capsys):
    table = pd.DataFrame(
        {
            "shop": np.repeat(["a", "b", "c"], 40),
            "day": np.tile(pd.date_range("2024-01-01", periods=40), 3),
            "n": np.repeat([5.0, 50, 500], 40) + np.tile(np.sin(np.arange(40)), 3),
        }
    )
    path, model, out = (tmp_path / name for name in ("n.csv", "m.skops", "f.csv"))
    y = table[:40].set_index(["shop", "day"])["n"]
    forecaster = LSTMForecaster(Ridge(), window_length=7, horizon=2).fit(y)
    save_forecaster(
        forecaster, model,
        columns={"target": "n", "time": "day", "series": "shop", "known_ahead": []},
    )  # fmt: skip
    table.to_csv(path, index=False)
    options = ["--horizon", 2, "--coverage", 0.5, "--out", out]
    code, printed, error = call(monkeypatch, capsys, "predict", model, path, *options)
    assert (code, error) == (0, "")
    assert "0 new rows. 2 series are new ('b', 'c'): forecast from their own rows." in printed
    rows = pd.read_csv(out)
    assert rows["shop"].tolist() == ["a", "a", "b", "b", "c", "c"]
    assert (rows["lower"] < rows["upper"]).all()
    others = table[40:].set_index(["shop", "day"])["n"]
    expected = [*forecaster.predict(), *forecaster.predict(y=others)]
    np.testing.assert_allclose(rows["forecast"], expected)


def test_a_model_of_one_series_forecasts_another(tmp_path, monkeypatch, capsys):
    path, model, out, picture = (tmp_path / name for name in ("n.csv", "m.skops", "f.csv", "f.png"))
    day = pd.date_range("2024-01-01", periods=60)
    y = pd.Series(np.sin(np.arange(60.0)), day, name="n")
    forecaster = LSTMForecaster(Ridge(), window_length=7, horizon=2).fit(y)
    columns = {"target": "n", "time": "day", "series": None, "known_ahead": []}
    save_forecaster(forecaster, model, columns=columns)
    other = (1000 + 10 * y[:30]).shift(freq="-400D")
    other.rename_axis("day").to_csv(path)
    options = ["--horizon", 2, "--coverage", 0.5, "--out", out, "--plot", picture, "--new-series"]
    code, printed, error = call(monkeypatch, capsys, "predict", model, path, *options)
    assert (code, error) == (0, "")
    assert "new row" not in printed
    rows = pd.read_csv(out, index_col="day", parse_dates=True)
    expected = forecaster.predict(y=other)
    assert rows.index.equals(expected.index)
    np.testing.assert_allclose(rows["forecast"], expected)
    assert rows["forecast"].between(980, 1020).all()
    assert picture.read_bytes()[:4] == b"\x89PNG"
    panel = pd.concat({"007": other, "x": 2 * other}, names=["shop", "day"])
    panel.to_csv(path)
    options = ["--horizon", 2, "--out", out, "--coverage", 0.5, "--series", "shop"]
    code, _, error = call(monkeypatch, capsys, "predict", model, path, *options)
    assert (code, "goes with --new-series" in error) == (2, True)
    code, _, error = call(monkeypatch, capsys, "predict", model, path, *options, "--new-series")
    assert (code, error) == (0, "")
    rows = pd.read_csv(out, dtype={"shop": str})
    assert rows["shop"].tolist() == ["007", "007", "x", "x"]
    np.testing.assert_allclose(rows["forecast"], forecaster.predict(y=panel))


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", [], "is empty"),
        ("day,y\n2024-01-01,1\n", ["--target", "x"], "Did you mean|no column 'x'"),
        ("day,y\n2024-01-01,one\n2024-01-02,two\n", [], "'y' holds text, first 'one'"),
        (
            "day,y\n2024-01-01,1\n2024-01-01,2\n2024-01-02,3\n",
            [],
            "'day' repeats 2024-01-01.*--series",
        ),
        ("day,y\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n", ["--horizon", "9"], "y has 3 values"),
        ("day,y\n2024-01-01,1\n", ["--coverage", "90"], "between 0 and 1"),
        ("day,y\n2024-01-01,1\n", ["--horizon", "0"], "horizon"),
    ],
)
def test_bad_files_are_one_line(content, options, message, tmp_path, monkeypatch, capsys):
    path = tmp_path / "bad.csv"
    path.write_text(content)
    base = ["--target", "y", "--horizon", "1", "--save", tmp_path / "m.skops"]
    code, _, error = call(monkeypatch, capsys, "forecast", path, *base, *options)
    assert code == 2
    assert re.search(message, error)
    assert error.count("\n") == 1
    assert not (tmp_path / "m.skops").exists()
    (tmp_path / "m.skops").write_bytes(b"PK\x03\x04 cut short")
    code, _, error = call(
        monkeypatch, capsys, "predict", tmp_path / "m.skops", path, "--horizon", 1
    )
    assert code == 2
    assert "is no model file, or damaged" in error


def test_counting_rows_is_advised_where_times_have_no_frequency(tmp_path, monkeypatch, capsys):
    path, days = tmp_path / "shops.csv", pd.date_range("2024", periods=60)
    options = ["--target", "y", "--horizon", 1, "--series", "shop"]
    table = pd.DataFrame({"shop": "count rows", "day": days.where(days.day < 9), "y": 1.0})
    table.dropna().to_csv(path, index=False)
    code, _, error = call(monkeypatch, capsys, "forecast", path, *options)
    assert code == 2
    assert re.search("have no frequency.*In the command: --time none", error)
    table[:2].to_csv(path, index=False)
    code, _, error = call(monkeypatch, capsys, "forecast", path, *options)
    assert code == 2
    assert "series 'count rows'" in error
    assert "--time none" not in error


@pytest.mark.parametrize(
    "args",
    [
        ["demo", "--fast"],
        ["forecast-me"],
        ["demo", "--out"],
        ["demo", "--out", __file__],
        ["demo", "--tutorial", "--quick"],
    ],
)
def test_errors_are_one_line_and_exit_code_2(args, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sklearn-lstm", *args])
    assert main() == 2
    error = capsys.readouterr().err
    assert error.startswith("sklearn-lstm: ")
    assert error.count("\n") == 1


def test_help_and_version(monkeypatch, capsys):
    import sklearn_lstm

    for args, printed in (["--version"], sklearn_lstm.__version__), ([], "demo"):
        monkeypatch.setattr(sys, "argv", ["sklearn-lstm", *args])
        assert main() == 0
        assert printed in capsys.readouterr().out


def test_a_missing_dependency_of_the_command_is_named():
    code = (
        "import sys; sys.modules['typer'] = None; sys.argv = ['sklearn-lstm', 'demo'];"
        "import sklearn_lstm.__main__ as m; m.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'sklearn-lstm[cli]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_newcomers_panel_from_forecast_to_predict(tmp_path, monkeypatch, capsys):
    t = np.arange(48)
    months = pd.date_range("2020-01", periods=48, freq="MS").strftime("%Y-%m-%d")
    rain = np.random.default_rng(0).normal(size=48)
    parts = [
        pd.DataFrame({"shop": name, "month": months, "n": level + np.sin(t / 2), "rain": rain})
        for name, level in (("north", 5), ("south", 9))
    ]
    short = parts[0].tail(2).assign(shop="new")
    table = pd.concat([*parts, short]).assign(remark="x")
    path, model, picture = (tmp_path / name for name in ("n.csv", "m.skops", "f.png"))
    table[table["month"] < "2023-11"].to_csv(path, index=False)
    code, printed, error = call(
        monkeypatch, capsys, "forecast", path, "--target", "n", "--series", "shop",
        "--horizon", 2, "--past-only", "rain", "--save", model, "--plot", picture,
        "--window", 4,
    )  # fmt: skip
    assert (code, error) == (0, "")
    assert "Not used: remark." in printed
    assert "92 rows of 2 series" in printed
    forecaster, columns = load_forecaster(model)
    assert forecaster.past_covariates == ["rain"]
    assert columns["past_only"] == ["rain"]
    table.to_csv(path, index=False)
    out = tmp_path / "f.csv"
    code, printed, error = call(
        monkeypatch, capsys, "predict", model, path, "--horizon", 2, "--out", out
    )
    assert (code, error) == (0, "")
    assert "1 new series is left out" in printed
    rows = table[table["shop"] != "new"].assign(month=lambda rows: pd.to_datetime(rows["month"]))
    rows = rows.set_index(["shop", "month"])
    later = rows[rows.index.get_level_values("month") >= "2023-11-01"]
    expected = forecaster.update(later["n"], later[["rain"]]).predict(2)
    np.testing.assert_allclose(pd.read_csv(out)["forecast"], expected)


@pytest.mark.parametrize("error", [ValueError, TypeError, OSError, MemoryError])
def test_what_the_library_refuses_is_one_line(sales, monkeypatch, capsys, error):
    def refuse(*args, **options):
        raise error("coverage=0.9999999 is\ntoo extreme.")

    monkeypatch.setattr("sklearn_lstm.command.tables.table_to_series", refuse)
    code, _, said = call(
        monkeypatch, capsys, "backtest", sales, "--target", "sales", "--horizon", 1
    )
    assert code == 2
    assert said == "sklearn-lstm: coverage=0.9999999 is too extreme.\n"


@pytest.mark.parametrize(
    ("stage", "of"),
    [
        ("read_table", "sklearn_lstm.command.files"),
        ("table_to_series", "sklearn_lstm.command.tables"),
        ("_forecaster", "sklearn_lstm.command.cli"),
        ("_load_tensorflow", "sklearn_lstm.command.cli"),
        ("show_members", "sklearn_lstm.command.cli"),
        ("draw_forecasts", "sklearn_lstm.command.show"),
        ("save_figure", "sklearn_lstm.command.show"),
        ("save_forecaster", "sklearn_lstm._storage"),
    ],
)
def test_ctrl_c_leaves_no_file_at_any_stage(sales, monkeypatch, capsys, stage, of):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    forecaster = LSTMForecaster(Ridge(), window_length=14)
    monkeypatch.setattr("sklearn_lstm.command.cli._forecaster", lambda *args: forecaster)
    monkeypatch.setattr(f"{of}.{stage}", interrupt)
    files = {name: sales.parent / f"new{name}" for name in (".csv", ".png", ".skops")}
    options = zip(("--out", "--plot", "--save"), files.values(), strict=True)
    code, _, said = call(
        monkeypatch, capsys, "forecast", sales, "--target", "sales", "--horizon", 2,
        *(word for option in options for word in option),
    )  # fmt: skip
    assert (code, said) == (130, "Stopped.\n")
    assert list(sales.parent.iterdir()) == [sales]
