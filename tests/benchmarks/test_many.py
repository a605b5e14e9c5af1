"""The many tasks of the skill benchmark: how they are cut, and that nobody sees what comes."""

import json
import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gmean
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_pinball_loss

from benchmarks.skill import __main__ as command
from benchmarks.skill import contenders, files, many, many_report, many_running, timing
from benchmarks.skill.default_before import default_before
from benchmarks.skill.light_gbm import LightGBM
from sklearn_lstm import LSTMForecaster

RNG_SEED = 0
MANIFEST = [
    ("ukgas.csv", "series", "MS", 3, 12),
    ("presidents.csv", "series", "QS", 4, 4),
    ("births.csv", "series", "D", 30, 7),
    ("lungdeaths.csv", "columns", "MS", 3, 12),
    ("goog.csv", "series", "1", 5, 1),
    ("favourita.csv", "panel", "D", 7, 7),
]


def waves(index, season, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(len(index))
    return 50 + 10 * np.sin(2 * np.pi * t / max(season, 2)) + rng.normal(size=len(t))


def table(name, kind, freq, season):
    if freq == "1":
        index = pd.RangeIndex(90, name="time")
    else:
        index = pd.date_range("2015-01-01", periods=90, freq=freq, name="time")
    n = 3 if kind == "columns" else 1
    names = list("abc") if kind == "columns" else ["value"]
    frame = pd.DataFrame({names[i]: waves(index, season, i) for i in range(n)}, index)
    if name == "presidents.csv":
        frame.iloc[[0, 50, 83]] = np.nan
    if kind == "panel":
        parts = {key: frame + i * frame.shift(3).bfill() for i, key in enumerate(["T4", "T1"])}
        frame = pd.concat(parts, names=["series"])
    return frame.reset_index()


@pytest.fixture
def made_up_tasks(tmp_path, monkeypatch):
    """Small tables of every kind in place of the real ones."""
    folder = tmp_path / "data" / "many"
    folder.mkdir(parents=True)
    columns = ["file", "kind", "freq", "horizon", "season"]
    pd.DataFrame(MANIFEST, columns=columns).to_csv(folder / "manifest.csv", index=False)
    for name, kind, freq, _, season in MANIFEST:
        table(name, kind, freq, season).to_csv(folder / name, index=False)
    monkeypatch.setattr(files, "FOLDER", folder.parent)
    return [f"many-{name.removesuffix('.csv')}" for name, *_ in MANIFEST]


def a_task(horizon, season, **params):
    return many.Task("many-x", "x.csv", "series", "D", horizon, season, **params)


@pytest.mark.parametrize(
    ("n_rows", "horizon", "season", "expected"),
    [
        (192, 12, 12, (38, 1, 27)),
        (72, 12, 12, (15, 1, 4)),  # less than a fifth: the horizon and a quarter
        (4032, 48, 48, (806, 31, 25)),
        (1000, 30, 7, (200, 8, 22)),  # a stride of 7 would always begin on the same day
        (700, 60, 1, (140, 3, 27)),
    ],
)
def test_a_fifth_is_forecast_from_about_25_origins(n_rows, horizon, season, expected):
    data = pd.DataFrame({"value": np.arange(n_rows)})
    assert a_task(horizon, season).windows(data) == expected


def test_a_fit_ends_before_the_first_origin_and_the_last_forecast_with_the_data(made_up_tasks):
    for name in made_up_tasks:
        task = many.task(name)
        data = task.load()
        rows = task.blank(data).predictions
        known = task.before_first_origin(data)
        times = data.index.unique(level=-1)
        assert known.index.unique(level=-1)[-1] == rows["origin"].min()
        assert rows["timestamp"].max() == times[-1]
        assert rows["origin"].nunique() == task.windows(data).n_windows


def test_validation_never_sees_the_test_part(made_up_tasks):
    for name in made_up_tasks:
        task = many.task(name)
        whole, seen = task.load(), task.for_validation().load()
        n_test = task.windows(whole).n_test
        times = whole.index.unique(level=-1)
        assert seen.index.unique(level=-1)[-1] == times[-n_test - 1]
        assert len(seen) == len(whole) * (len(times) - n_test) // len(times)
        assert task.for_validation().windows(seen) == task.windows(seen)


def test_absent_days_are_missing_values(made_up_tasks):
    path = files.FOLDER / "many" / "births.csv"
    whole = pd.read_csv(path)
    whole.drop(index=[10, 70]).to_csv(path, index=False)
    data = many.task("many-births").load()
    assert len(data) == len(whole)
    assert np.flatnonzero(data["value"].isna()).tolist() == [10, 70]


def test_the_last_month_of_births_is_one_forecast(made_up_tasks):
    task = many.task(many.MONTH)
    data = task.load()
    assert task.windows(data) == (30, 1, 1)
    assert len(task.before_first_origin(data)) == 60
    assert len(task.for_validation().load()) == 60


def test_tasks_are_those_of_the_manifest(real_series, monkeypatch):
    monkeypatch.setattr(files, "FOLDER", real_series)
    manifest = pd.read_csv(real_series / "many" / "manifest.csv")
    names = [f"many-{file.removesuffix('.csv')}" for file in manifest["file"]]
    assert set(many.names()) == {*names, many.MONTH}
    assert len(many.names()) == 29
    counts = dict(zip(names, manifest["n_rows"] // manifest["n_series"], strict=True))
    for name in names:
        task = many.task(name)
        n_times = many.n_times(task.load())
        assert n_times == (counts[name] if task.kind == "panel" else len(task.load()))


@pytest.mark.parametrize("name", ["persistence", "seasonal naive"])
def test_naive_contenders_score_as_in_the_backtest(made_up_tasks, name):
    """Series, columns, panels and holes are put beside the truth that they belong to."""
    for of in made_up_tasks:
        task = many.task(of)
        data = task.load()
        expected = task.blank(data).scores().loc[name]
        if of == "many-presidents":  # what is interpolated here is the last value there
            data = data.interpolate().bfill()
            expected = task.blank(data).scores().loc[name]
        result, seconds = contenders.forecast(name, task, data)
        found = result.scores().loc["forecast"]
        assert found[["MASE", "sMAPE", "n"]].tolist() == pytest.approx(
            expected[["MASE", "sMAPE", "n"]].tolist()
        )
        assert seconds > 0


def test_contenders_know_the_rows_until_the_origin_alone(made_up_tasks):
    for name in made_up_tasks:
        task = many.task(name)
        data = task.load()
        noisy = data.copy()
        later = noisy.index.get_level_values("time") > task.blank(data).predictions["origin"].min()
        noisy.loc[later] = np.random.default_rng(RNG_SEED).uniform(1, 9, noisy[later].shape)
        before, after = (contenders.Origins.of(task, of) for of in (data, noisy))
        for mine, other in zip(before.series, after.series, strict=True):
            known = [
                of.known(values, of.n_known[0]) for of, values in ((before, mine), (after, other))
            ]
            assert np.array_equal(*known)
            assert not np.array_equal(mine[-3:], other[-3:])


def test_holes_are_filled_from_the_past():
    origins = contenders.Origins([], np.array([]), 1, 1)
    values = np.array([np.nan, 2.0, np.nan, 4.0, np.nan, 100.0])
    assert origins.known(values, 5).tolist() == [2.0, 3.0, 4.0, 4.0]


def test_naive_bounds_widen_with_each_season():
    known = np.tile([0.0, 10.0], 20) + np.repeat([0.0, 1.0], 20)
    model = contenders._Naive(known, 2)
    found = model.forward(known, 4)
    sigma = np.sqrt(2 * 1.0 / 38)  # two of 38 changes are 1, the others nothing
    assert found["y_pred"].tolist() == [1.0, 11.0, 1.0, 11.0]
    expected = 1.6448536 * sigma * np.sqrt([1, 1, 2, 2])
    assert found["upper"] - found["y_pred"] == pytest.approx(expected)
    assert found["y_pred"] - found["lower"] == pytest.approx(expected)


class FakeModel:
    """Remembers what it is given, and forecasts the last value of it."""

    made: list = []

    def __init__(self, season_length):
        self.season_length, self.fits, self.forwards = season_length, [], []
        FakeModel.made.append(self)

    def fit(self, y):
        self.fits.append(y)
        return self

    def forward(self, y, h, level):
        self.forwards.append(y)
        mean = np.full(h, y[-1])
        return {"mean": mean, f"lo-{level[0]}": mean - 1, f"hi-{level[0]}": mean + 1}


@pytest.fixture
def fake_statsforecast(monkeypatch):
    """Stand in for the package, which the tests don't need."""
    module = ModuleType("statsforecast.models")
    for name in ("AutoETS", "AutoTheta", "MSTL"):
        setattr(module, name, FakeModel)
    monkeypatch.setitem(sys.modules, "statsforecast", ModuleType("statsforecast"))
    monkeypatch.setitem(sys.modules, "statsforecast.models", module)
    monkeypatch.setattr(contenders, "_warm_up", lambda run: None)
    monkeypatch.setattr(FakeModel, "made", [])


def test_a_model_is_fitted_once_and_goes_on_from_each_origin(
    made_up_tasks, fake_statsforecast, monkeypatch
):
    monkeypatch.setattr(contenders, "MOST_ROWS", 70)
    task = many.task("many-lungdeaths")
    data = task.load()
    result, _ = contenders.forecast("AutoTheta", task, data)
    n_known = len(task.before_first_origin(data))
    assert len(FakeModel.made) == 3
    for model, column in zip(FakeModel.made, data, strict=True):
        values = data[column].to_numpy()
        assert model.season_length == 12
        assert [fitted.tolist() for fitted in model.fits] == [values[:n_known][-70:].tolist()]
        assert [len(y) for y in model.forwards] == [70] * task.windows(data).n_windows
        assert model.forwards[-1].tolist() == values[:-3][-70:].tolist()
    rows = result.predictions
    assert rows["y_pred"].to_numpy() == pytest.approx(rows["persistence"].to_numpy())
    assert (rows["upper"] - rows["lower"]).to_numpy() == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("name", "season", "n_rows", "expected"),
    [
        ("AutoETS", 12, 100, 12),
        ("AutoETS", 48, 300, 1),  # ets has no seasons above 24
        ("MSTL", 12, 100, [12]),
        ("MSTL", 48, 500, [48]),
        ("MSTL", 48, 1000, [48, 336]),
        ("MSTL", 7, 1000, [7, 365]),
    ],
)
def test_a_second_season_is_used_where_it_is_known_twice(
    fake_statsforecast, name, season, n_rows, expected
):
    data = pd.DataFrame({"value": waves(range(n_rows), season, 0)})
    contenders.forecast(name, a_task(4, season), data)
    assert FakeModel.made[0].season_length == expected


def test_what_takes_too_long_or_has_no_season_is_said(
    made_up_tasks, fake_statsforecast, monkeypatch
):
    monkeypatch.setattr(contenders, "packages_absent", lambda name: [])
    monkeypatch.setattr(contenders, "WITHIN", 0.0)
    result = many_running.run(many.task("many-goog"), ["AutoETS", "MSTL"], lambda line: None)
    assert result["contenders"] == {
        "AutoETS": {"left_out": "after 0 s of the processor at series 1 of 1, origin 1 of 14"},
        "MSTL": {"left_out": "MSTL needs a season."},
    }


def test_lags_leave_rows_to_learn_from():
    def lags(n_known, horizon, season, differences=()):
        origins = contenders.Origins([np.ones(2000)], np.array([n_known]), horizon, season)
        index = pd.date_range("2000-01-01", periods=2000, name="time")
        return LightGBM(origins, a_task(horizon, season), index, 90)._lags(differences)

    assert lags(1000, 5, 7) == [*range(1, 8), 14, 21, 28]
    assert lags(1000, 5, 1) == [*range(1, 15)]
    # 42 rows are too few to keep some for intervals; one horizon is for the choice of differences
    assert lags(42, 12, 12) == [*range(1, 13)]
    assert lags(42, 12, 12, (12,)) == [*range(1, 9)]


def test_scores_are_those_of_scikit_learn(made_up_tasks):
    task = many.task("many-presidents")
    data = task.load()
    result, _ = contenders.forecast("seasonal naive", task, data)
    scores = many.scores(result)
    rows = result.predictions.dropna()
    losses = [
        mean_pinball_loss(rows["y"], rows[name], alpha=level)
        for level, name in ((0.05, "lower"), (0.5, "y_pred"), (0.95, "upper"))
    ]
    assert len(rows) < len(result.predictions)  # a hole in the truth is not scored
    assert scores["n"] == len(rows)
    assert scores["pinball"] == pytest.approx(np.mean(losses))
    assert scores["WQL"] == pytest.approx(2 * np.sum(losses) / 3 / rows["y"].abs().mean())
    covered = rows["y"].between(rows["lower"], rows["upper"])
    assert scores["coverage"] == pytest.approx(covered.mean())


def test_a_forecaster_is_scored_on_the_rows_of_the_contenders(made_up_tasks):
    for name in made_up_tasks:
        task = many.task(name)
        data = task.load()
        forecaster = LSTMForecaster(
            Ridge(), window_length=6, horizon=task.horizon, log=False, missing="interpolate"
        )
        ours = many.scores(task.backtest(forecaster, data))
        theirs = many.scores(contenders.forecast("persistence", task, data)[0])
        assert ours["n"] == theirs["n"]
        assert ("coverage" in ours) == (name != "many-births")  # 60 days are too few, 30 ahead


def test_with_nothing_set_holes_are_the_only_thing_that_is_said(made_up_tasks):
    full, holed = (many.task(name).load() for name in ("many-ukgas", "many-presidents"))
    default = LSTMForecaster()
    for data, missing in ((full, "error"), (holed, "interpolate")):
        found = many_running.nothing_set(data, 3).get_params(deep=False)
        expected = default.get_params(deep=False) | {"horizon": 3, "random_state": 0}
        if default.missing == "error":
            expected["missing"] = missing
        assert found == expected


def test_the_default_before_is_three_equal_networks():
    index = pd.date_range("2000-01-01", periods=200, freq="MS", name="time")
    t = np.arange(200)
    season = 1 + 0.3 * np.sin(2 * np.pi * t / 12)
    grows = pd.DataFrame({"value": np.exp(t / 50) * season}, index)
    forecaster = default_before(grows, 12)
    assert (forecaster.window_length, forecaster.log, forecaster.normalize) == (25, True, "last")
    network = forecaster.regressor
    assert (network.units, network.ensemble_size, network.dropout) == (32, 3, 0.2)
    # 164 windows: 1250 updates of 32 would be 243 epochs
    assert (network.batch_size, network.epochs, network.max_samples) == (32, 75, None)
    assert network.segment_length is None
    assert not default_before(grows - 1, 12).log  # the first values are below zero


def test_many_windows_are_learned_in_large_batches_and_drawn():
    index = pd.date_range("2020-01-01", periods=25_000, freq="h", name="time")
    data = pd.DataFrame({"value": np.sin(2 * np.pi * np.arange(25_000) / 24)}, index)
    forecaster = default_before(data, 1)
    network = forecaster.regressor
    assert forecaster.window_length % 24 == 0
    assert network.segment_length == 24
    # two batches of 32 and more for each of 300 updates; 1250 updates of 64 would be three epochs
    assert (network.batch_size, network.epochs, network.max_samples) == (64, 5, 1250 * 64 // 5)


def a_result(nothing_set, before, others, coverage=0.85, wql=(0.2, 0.25)):
    def of(mase, share=0.9, loss=0.3):
        scores = {"MASE": mase, "coverage": share, "WQL": loss, "pinball": 1.0, "sMAPE": 5.0}
        return {"scores": {**scores, "MAE": 400.0}, "seconds": 2.0}

    known = {
        "nothing set": of(nothing_set, coverage, wql[0]),
        "default before": of(before, 0.9, wql[1]),
        **{name: of(mase) for name, mase in others.items()},
    }
    facts = {"kind": "series", "freq": "D", "horizon": 7, "season": 7}
    windows = {"n_test": 10, "stride": 1, "n_windows": 4}
    return facts | {"windows": windows, "contenders": known, "machine": "a machine"}


TASKS = {
    "many-nile": a_result(0.8, 1.0, {"AutoETS": 0.9, "seasonal naive": 1.0}),
    "many-lynx": a_result(0.9, 1.2, {"MSTL": 0.8, "seasonal naive": 0.7}, 0.97),
}


def test_targets_are_ratios_over_all_tasks():
    found = {one.title: one for one in many_report.targets(TASKS)}
    values = [one.value for one in found.values()]
    expected = [
        gmean([0.8, 0.75]),
        gmean([0.8 / 0.9, 0.9 / 0.7]),
        0.9 / 0.7,
        0.8,
        (0.05 + 0.07) / 2,
        0.8,
    ]
    assert values == pytest.approx(expected)
    assert [one.verdict for one in found.values()] == [
        "target met, goal met",
        "**target missed**, **goal missed**",
        "**target missed**, **goal missed**",
        "target met",
        "**target missed**, **goal missed**",
        "target met",
    ]


def test_a_line_of_the_page_is_a_task_and_what_is_left_out_is_said():
    nile = TASKS["many-nile"]
    absent = {"LightGBM": {"left_out": "mlforecast not installed"}}
    tasks = TASKS | {"many-nile": nile | {"contenders": nile["contenders"] | absent}}
    page = "\n".join(many_report.sections(tasks))
    assert "| nile | D | 7 | 7 | 4 | **0.8** | 1 | 0.9 |  |  |  |  | 1 |" in page
    assert "- LightGBM, mlforecast not installed: nile" in page
    assert "births" not in page.lower().split("## ")[-1]


def test_births_are_held_against_their_bar():
    result = a_result(1.0, 1.0, {})
    lines = many_report.sections({many.MONTH: result})
    assert "bar ≤ 425 met, goal ≤ 399 **missed**." in lines[2]
    assert many_report.of_tasks({many.MONTH: result} | TASKS) == TASKS


def test_single_contenders_are_renewed_below_the_given_folder(made_up_tasks, tmp_path, capsys):
    out = tmp_path / "out"
    run = ["many-ukgas", "--validation", "--out", str(out), "--contenders"]
    assert command.main([*run, "persistence"]) == 0
    first = json.loads((out / "validation.json").read_text())["many-ukgas"]
    assert list(first["contenders"]) == ["persistence"]
    assert command.main([*run, "seasonal naive"]) == 0
    both = json.loads((out / "validation.json").read_text())["many-ukgas"]
    assert both["contenders"]["persistence"] == first["contenders"]["persistence"]
    assert set(both["contenders"]) == {"persistence", "seasonal naive"}
    assert {path.name for path in out.iterdir()} == {"validation.json", "validation.md"}


@pytest.mark.slow
def test_all_contenders_run_with_tiny_settings(made_up_tasks, tmp_path):
    quick = ["many-presidents", "--quick", "--out", str(tmp_path / "out")]
    assert command.main(quick) == 0
    found = json.loads((tmp_path / "out" / "skill.json").read_text())["many-presidents"]
    assert set(found["contenders"]) == set(many_running.CONTENDERS)
    for name, of in found["contenders"].items():
        if "left_out" in of:
            assert "not installed" in of["left_out"]
        else:
            assert of["scores"]["MASE"] > 0, name
    assert "tiny settings" in (tmp_path / "out" / "skill.md").read_text()


def test_validation_has_no_other_rows(capsys):
    with pytest.raises(SystemExit):
        command.main(["airline", "--validation"])
    assert "no row airline; there are many-ukdriverdeaths" in capsys.readouterr().err
    assert command.arguments(["many", "--validation"]).names == many.names()
    assert command.arguments(["--validation"]).out is None
    assert command.arguments(["many"]).out == command.RESULTS


def test_times_are_those_of_series_as_long_as_they_say():
    lengths = [len(case.series()) for case in list(timing.CASES.values())[:2]]
    assert lengths == [1_000, 10_000]
    panel = timing.CASES["359 series of 80 to 2,600 weeks, 13 ahead"].series()
    sizes = panel.groupby(level=0).size()
    assert (len(sizes), sizes.min(), sizes.max()) == (359, 80, 2_600)


@pytest.mark.slow
def test_a_time_is_held_against_its_target(monkeypatch):
    name = "1,000 hours, 24 ahead"
    monkeypatch.setitem(timing.CASES, name, replace(timing.CASES[name], lengths=(100,)))
    seconds = timing.measure(name, quick=True)
    assert min(seconds.values()) > 0
    result = {"cases": {name: {"fit": 9.0, "predict": 1.5}}, "machine": "a machine"}
    line = next(of for of in many_report.sections({"timing": result}) if of.startswith("| 1,000"))
    assert line == f"| {name} | 10.5 | 9 | ≤ 10 | **target missed** |"
