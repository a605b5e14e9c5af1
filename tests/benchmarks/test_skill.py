"""The skill benchmark: nothing of the test part is learned, and the figures are what they say."""

from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from benchmarks.skill import __main__ as command
from benchmarks.skill import ablation, files, metrics, report, running
from benchmarks.skill.bounds import Published, at_most, better_than, under
from benchmarks.skill.competition import Competition
from benchmarks.skill.long_horizon import LongHorizon
from benchmarks.skill.rolling_origin import RollingOrigin
from benchmarks.skill.rows import CHECKED, ROWS, Row, with_lstm
from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest

FAST = ["etth1-96-96", "etth1-ot", "m4-hourly", "airline", "seattle", "jena-24", "walmart"]
KEYS = {"date", "month", "datetime", "Date", "Time", "Store", "unique_id", "t", "split"}


def is_test_row(name, frame):
    """Tell which rows of a file are its test part, counted here once more."""
    row = np.arange(len(frame))
    if name == "m4_hourly.csv.gz":
        return (frame["split"] == "test").to_numpy()
    if name == "walmart_weekly.csv":
        return frame.groupby("Store").cumcount(ascending=False).to_numpy() < 24
    first = {
        "ETTh1.csv": 8640 + 2880,
        "beijing_pm25.csv": 24 + 8760,
        "airline_passengers.csv": 96,
        "jena_weather_2020_hourly.csv": len(frame) - 878,
    }
    n_last = {
        "melbourne_daily_min_temp.csv": 365,
        "seattle_weather.csv": 365,
        "vic_electricity.csv.gz": 56 * 48,
        "sp500_daily.csv": 1021,
    }
    return row >= (first[name] if name in first else len(frame) - n_last[name])


def with_noise_in_test_part(name, frame, rng):
    """Replace what is to be forecast, and all that is seen beside it, by something else."""
    is_test = is_test_row(name, frame)
    for column in frame.columns.difference(KEYS):
        old = frame.loc[is_test, column]
        if pd.api.types.is_bool_dtype(old) or not pd.api.types.is_numeric_dtype(old):
            frame[column] = frame[column].where(~is_test, rng.permutation(frame[column]))
        else:
            noise = rng.uniform(1, 1000, len(frame))
            frame[column] = frame[column].astype(float).where(~is_test, noise)
    return frame


@pytest.fixture
def read_tables(tables, monkeypatch):
    """Let the benchmark read made up series, and the real ones where they are."""
    monkeypatch.setattr(files, "FOLDER", tables)


@pytest.fixture
def read_made_up_tables(made_up_series, monkeypatch):
    monkeypatch.setattr(files, "FOLDER", made_up_series)


@pytest.fixture
def add_noise(monkeypatch):
    """Return a function after whose call all files have noise in their test part."""
    rng, original = np.random.default_rng(0), files.table

    def noisy():
        monkeypatch.setattr(
            files, "table", lambda name: with_noise_in_test_part(name, original(name), rng)
        )

    return noisy


def fitted_numbers(row):
    """Do what the benchmark does before it looks at the test part; return all that came out."""
    choice = running.choose(row, row.protocol.load(), say=lambda line: None)
    fitted = [
        running.fit(contender, contender.protocol.load(), contender.seeds[0])[0]
        for contender in running.contenders(row, choice)
    ]
    return running.report_choice(choice), [joblib.hash(numbers) for numbers in fitted]


def after_known(row, data):
    """Return the values that are to be forecast."""
    known = row.protocol.before_test(data)
    is_panel = isinstance(getattr(data, "index", None), pd.MultiIndex)
    after = data.drop(known.index) if is_panel else data[len(known) :]
    return np.asarray(after).reshape(len(after), -1)[:, 0]


def is_any_equal(a, b):
    return len(a) != len(b) or bool((a == b).any())


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in ROWS],
)
def test_noise_in_the_test_part_changes_no_fitted_number(read_tables, add_noise, name):
    row = ROWS[name].quick()
    data = row.protocol.load()
    choice, hashes = fitted_numbers(row)
    add_noise()
    assert not is_any_equal(after_known(row, data), after_known(row, row.protocol.load()))
    choice_again, hashes_again = fitted_numbers(row)
    assert choice == choice_again
    assert hashes == hashes_again


def test_a_protocol_that_learns_from_the_test_part_is_found_out(read_tables, add_noise):
    row = ROWS["airline"].quick()
    row = replace(row, protocol=replace(row.protocol, n_windows=47))
    choice, hashes = fitted_numbers(row)
    add_noise()
    choice_again, hashes_again = fitted_numbers(row)
    assert choice != choice_again
    assert not set(hashes) & set(hashes_again)


def test_noise_in_the_test_part_leaves_the_ablation_as_it_is(read_tables, add_noise, monkeypatch):
    monkeypatch.setattr(ablation, "CHANGES", {"all of it": {}})
    lines = [ablation.run(is_quick=True, say=lambda line: None)["lines"]]
    add_noise()
    lines.append(ablation.run(is_quick=True, say=lambda line: None)["lines"])
    assert lines[0]["all of it"]["scores"] == lines[1]["all of it"]["scores"]


def test_test_parts_are_those_of_the_publications(read_tables):
    assert ROWS["etth1-96-96"].protocol.before_test(np.zeros((14400, 7))).shape == (11520, 7)
    months = ROWS["airline"].protocol.before_test(ROWS["airline"].protocol.load())
    assert (len(months), str(months.index[-1].date())) == (96, "1956-12-01")
    hours = ROWS["beijing-pm25"].protocol.before_test(ROWS["beijing-pm25"].protocol.load())
    assert (len(hours), str(hours.index[0])) == (8760, "2010-01-02 00:00:00")
    y = Competition().load()
    split = files.table("m4_hourly.csv.gz").set_index(["unique_id", "t"])["split"]
    assert split.loc[Competition().before_test(y).index].eq("train").all()
    n_series = split.index.unique(level=0).size
    assert split.eq("test").sum() == len(y) - len(Competition().before_test(y)) == n_series * 48


@pytest.mark.parametrize(
    ("name", "contender", "published"),
    [
        ("etth1-96-96", "persistence", {"MSE": 1.295, "MAE": 0.713}),
        ("etth1-ot", "persistence", {"MSE": 0.034, "MAE": 0.139}),
        ("m4-hourly", "seasonal naive", {"sMAPE": 13.912, "MASE": 1.193}),
        ("beijing-pm25", "persistence", {"RMSE": 26.559}),
    ],
)
def test_naive_forecasts_err_as_others_report(real_series, name, contender, published):
    protocol = ROWS[name].protocol
    scores = protocol.naive(protocol.load())[contender]
    assert {measure: scores[measure] for measure in published} == pytest.approx(
        published, abs=1.1e-3
    )


def test_naive_forecasts_err_as_counted_by_hand(read_tables):
    protocol = ROWS["beijing-pm25"].protocol
    air = files.table("beijing_pm25.csv")["pm2.5"].fillna(0).to_numpy()
    changes = [air[hour] - air[hour - 1] for hour in range(24 + 8760, 43824)]
    scores = protocol.naive(protocol.load())["persistence"]
    assert scores["RMSE"] == pytest.approx(np.sqrt(np.mean(np.square(changes))))
    assert scores["MAE"] == pytest.approx(np.mean(np.abs(changes)))


def test_percentage_error_is_that_of_the_competition():
    assert metrics.smape(np.array([1.0, 3.0]), np.array([3.0, 3.0])) == pytest.approx(50)
    y, forecast = np.random.default_rng(0).uniform(1, 9, (2, 20))
    by_hand = [abs(a - f) / ((abs(a) + abs(f)) / 2) for a, f in zip(y, forecast, strict=True)]
    assert metrics.smape(y, forecast) == pytest.approx(100 * sum(by_hand) / len(by_hand))


def test_scaled_error_is_one_where_the_error_is_the_usual_change():
    history = np.tile([0.0, 10.0], 8) + np.repeat([0.0, 2.0, 4.0, 6.0], 4)
    changes = [abs(history[i] - history[i - 4]) for i in range(4, 16)]
    assert metrics.mase(np.zeros(3), np.full(3, np.mean(changes)), history, 4) == 1


def test_errors_of_long_horizons_are_those_of_every_window():
    """Against loops over columns and windows."""
    protocol = LongHorizon(window_length=24, horizon=5, n_test=40)
    rng = np.random.default_rng(0)
    data = rng.normal(3, 2, (8640 + 100, 2)).cumsum(axis=0)
    z = (data - data[:8640].mean(axis=0)) / data[:8640].std(axis=0)
    begin, errors = len(z) - 40, {"persistence": [], "seasonal naive": []}
    for column in z.T:
        for row in range(begin, len(z) - 5 + 1):
            errors["persistence"].append(column[row : row + 5] - column[row - 1])
            errors["seasonal naive"].append(column[row : row + 5] - column[row - 24 : row - 19])
    assert len(errors["persistence"]) == 2 * (40 - 5 + 1)
    naive = protocol.naive(data)
    for name, found in errors.items():
        assert naive[name]["MSE"] == pytest.approx(np.mean(np.square(found)))
        assert naive[name]["MAE"] == pytest.approx(np.mean(np.abs(found)))


def test_long_horizons_learn_from_the_train_rows_and_add_the_last_value_back():
    rng = np.random.default_rng(0)
    data = rng.normal(size=(8640 + 60, 1)).cumsum(axis=0)
    protocol = LongHorizon(window_length=24, horizon=2, n_test=30, n_fitted=300)
    fitted = protocol.fit(protocol.before_test(data), Ridge())
    assert fitted.scaler.mean_ == pytest.approx(data[:8640].mean(axis=0))
    shifted = protocol.fit(protocol.before_test(data), Ridge())
    shifted.regressor_.coef_ *= 0
    shifted.regressor_.intercept_ = np.zeros(2)
    assert protocol.evaluate(shifted, data) == pytest.approx(protocol.naive(data)["persistence"])


@pytest.mark.filterwarnings("ignore:The forecast is no better")
def test_a_frozen_regressor_is_judged_as_backtest_judges_its_own():
    index = pd.date_range("2020-01-01", periods=150, name="day")
    t = np.arange(150)
    frame = pd.DataFrame({"y": np.sin(t / 3) + t / 50, "past": np.cos(t / 3), "c": t % 7}, index)
    protocol = RollingOrigin(
        lambda: frame, horizon=2, n_windows=20, n_validated=10, step=1, season=7, known_ahead=("c",)
    )
    forecaster = LSTMForecaster(
        LSTMRegressor(4, epochs=2), window_length=7, horizon=2, past_covariates=["past"]
    ).set_params(random_state=3)
    fitted = protocol.fit(protocol.before_test(frame), forecaster)
    expected = backtest(
        forecaster, frame["y"], frame[["c", "past"]], n_windows=20, stride=1, refit=False
    ).scores()
    found = protocol.evaluate(fitted, frame)
    assert found["RMSE"] == pytest.approx(expected.loc["forecast", "RMSE"], rel=1e-6)
    last = replace(protocol, scored_step=2).evaluate(fitted, frame)
    assert last["RMSE"] != found["RMSE"]


def test_competition_averages_over_series():
    index = pd.MultiIndex.from_product([["b", "a"], range(1, 148)], names=["unique_id", "t"])
    y = pd.Series(np.random.default_rng(0).uniform(10, 20, len(index)), index)
    scores = Competition().naive(y)
    by_series = []
    for name in ("a", "b"):
        values = y.loc[name].to_numpy()
        after, day = values[99:], values[75:99]
        error = np.abs(after - np.tile(day, 2))
        usual = np.abs(values[24:99] - values[:75]).mean()
        by_series.append((200 * error / (after + np.tile(day, 2))).mean())
        by_series.append(error.mean() / usual)
    assert scores["seasonal naive"]["sMAPE"] == pytest.approx(np.mean(by_series[::2]))
    assert scores["seasonal naive"]["MASE"] == pytest.approx(np.mean(by_series[1::2]))


def test_chosen_is_what_errs_least_on_the_validation_part():
    index = pd.date_range("2020-01-01", periods=120, name="day")
    frame = pd.DataFrame({"y": np.tile([0.0, 5.0, 1.0, 7.0, 2.0], 24)}, index)
    candidates = tuple(
        LSTMForecaster(Ridge(1e-6), window_length=window, log=False) for window in (1, 5)
    )
    row = Row(
        "a week of five days",
        "",
        RollingOrigin(lambda: frame, horizon=1, n_windows=10, n_validated=10, season=5),
        candidates,
        choice_seeds=(None,),
    )
    lines = []
    choice = running.choose(row, frame, lines.append)
    assert choice.lstm.window_length == 5
    assert choice.lstms[0].error > 1 > choice.lstms[1].error
    assert lines[0].strip() == "RMSE on the validation part:"
    for trial, line in zip(choice.lstms, lines[1:3], strict=True):
        assert f"{trial.error:.4g}  LSTMForecaster(" in line


def test_parameters_are_counted():
    X = np.random.default_rng(0).normal(size=(30, 6, 1))
    y = X[:, -1]
    one = LSTMRegressor(3, epochs=1).fit(X, y)
    assert running.n_parameters(one) == 4 * 3 * (1 + 3 + 1) + 3 + 1
    five = with_lstm(LSTMRegressor(3, epochs=1), ensemble_size=5).fit(X, y)
    assert running.n_parameters(five) == 5 * running.n_parameters(one)
    assert running.n_parameters(Ridge().fit(X[:, :, 0], y)) == 6 + 1


def a_result(lstm, ridge=2.0):
    def of(*errors):
        return {"scores": [{"RMSE": error, "MAE": error / 2} for error in errors]}

    fits = {"setting": "LSTMRegressor(8)", "seconds": 1.5, "n_parameters": 12345}
    return {
        "trials": [{"setting": "LSTMRegressor(8)", "error": 0.7}],
        "contenders": {
            "LSTM": of(*lstm) | fits,
            "ridge": of(ridge) | fits,
            "persistence": of(3.0),
            "seasonal naive": of(4.0),
        },
        "machine": "a machine",
    }


@pytest.fixture
def a_row():
    published = (Published("theirs", {"RMSE": 1.9}, "arXiv:0"), Published("old", {"RMSE": 9.0}, ""))
    return replace(ROWS["sp500"], bar=at_most(2.0), goal=at_most(1.5), published=published)


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        ((1.4, 1.6), "bar met, goal met"),
        ((1.6, 1.8), "bar met, **goal missed**"),
        ((2.0004, 2.0004), "**bar missed**, **goal missed**, ridge is better"),
    ],
)
def test_misses_are_shown_as_misses(a_row, errors, verdict):
    cells = dict(zip(report.COLUMNS, report.summary(a_row, a_result(errors)), strict=True))
    assert cells["met?"] == verdict
    assert cells["best known elsewhere"] == "1.9"
    assert (cells["bar"], cells["goal"]) == ("≤ 2", "≤ 1.5")


def test_bounds_are_other_contenders_or_numbers():
    errors = {"LSTM": 2.0, "ridge": 2.0, "persistence": 3.0}
    assert at_most(2.0).is_met(2.0, errors)
    assert not under(2.0).is_met(2.0, errors)
    beaten = better_than("persistence", "ridge")
    assert beaten.limit(errors) == 2.0
    assert not beaten.is_met(2.0, errors)
    assert beaten.is_met(1.99, errors)
    assert str(beaten) == "< persistence and ridge"


def test_spread_is_the_standard_deviation_of_the_seeds():
    assert report.with_spread(a_result((1.0, 2.0, 3.0))["contenders"]["LSTM"], "RMSE") == "2 ± 0.82"
    assert report.with_spread(a_result((1.25,))["contenders"]["LSTM"], "RMSE") == "1.25"
    assert [report.number(value) for value in (None, 0.36649, 49790.4, 12345)] == [
        "",
        "0.3665",
        "49790",
        "12345",
    ]


def test_a_row_is_renewed_and_the_others_stay(tmp_path):
    results = report.Results(tmp_path)
    results.add("airline", a_result((30.0, 30.0)), "a machine")
    results.add("sp500", a_result((1.0, 2.0)), "a machine")
    report.Results(tmp_path).add("sp500", a_result((5.0, 5.0)), "another machine")
    page = (tmp_path / "skill.md").read_text()
    assert "30 ± 0" in page
    assert "5 ± 0" in page
    assert "1.5 ± 0.5" not in page
    assert page.index("## Airline") < page.index("## S&P 500")
    assert "**bar missed**" in page
    assert "- another machine: sp500" in page


def test_quick_run_writes_below_the_folder_it_is_given(read_made_up_tables, tmp_path, capsys):
    names = ["airline", "etth1-ot"]
    assert command.main([*names, "--quick", "--out", str(tmp_path)]) == 0
    assert set(report.Results(tmp_path).rows) == set(names)
    assert "chosen: LSTMForecaster(" in capsys.readouterr().out
    assert "nothing set" in (tmp_path / "skill.md").read_text()


def test_choose_stops_before_the_test_part(read_made_up_tables, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(running, "run", lambda *of: pytest.fail("looks at the test part"))
    assert command.main(["airline", "--quick", "--choose", "--out", str(tmp_path)]) == 0
    assert not list(tmp_path.iterdir())
    assert "chosen" in capsys.readouterr().out


def test_check_fails_where_an_error_is_above_its_bar(read_made_up_tables, monkeypatch, capsys):
    found = {name: {"LSTM": 0.0, "persistence": 99.0} for name in CHECKED}
    monkeypatch.setattr(command, "run", lambda name, row, results: found[name])
    monkeypatch.setattr(command, "errors", lambda result, measure: result)
    assert command.main(["--check"]) == 0
    found["seattle"]["LSTM"] = 1.04 * 2.699
    assert command.main(["--check"]) == 0
    found["seattle"]["persistence"] = 2.7
    assert command.main(["--check"]) == 1
    found["seattle"] = {"LSTM": 1.06 * 2.699, "persistence": 99.0}
    assert command.main(["--check"]) == 1
    assert "or above persistence: seattle" in capsys.readouterr().out


def test_without_the_data_it_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(files, "FOLDER", tmp_path / "nowhere")
    assert command.main(["airline"]) == 1
    assert command.main(["--check"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "has no airline_passengers.csv (" in said[0]
    assert "has no seattle_weather.csv, airline_passengers.csv, ETTh1.csv (" in said[1]
    assert said[1].endswith("skipped.")


def test_unknown_rows_are_named(capsys):
    with pytest.raises(SystemExit):
        command.main(["airlines"])
    assert "no row airlines; there are etth1-96-96" in capsys.readouterr().err
