"""The scale benchmark: peaks are what they say, data are what they should be, all of it runs."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.scale import footing, partitions, report, rows, series
from benchmarks.scale.__main__ import arguments
from benchmarks.scale.alone import Alone, FailedError, NotThereError
from benchmarks.scale.cases import CASES
from benchmarks.scale.crew import Crew, typical
from benchmarks.scale.growth import n_windows, plot
from benchmarks.scale.paper import on_paper
from benchmarks.speed.outcome import Outcome

ROOT = Path(__file__).parents[2]
N_BYTES = 80_000_000
NEAR = {"abs": 8e6}

has_status = pytest.mark.skipif(not footing.STATUS.exists(), reason="no /proc/self/status")


WAYS = {"the kernel's peak": "", "samples": "footing.begin_anew = lambda: False"}


def measured(code, way=""):
    """Run code in a small process, whose pages nobody takes back meanwhile; return its figures."""
    begin = (
        "import json, time, numpy as np; from benchmarks.scale import footing;"
        "from benchmarks.scale.footing import Work"
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([begin, way, code, "print(json.dumps(figures))"])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@has_status
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_peak_is_seen_though_its_memory_is_free_again(way):
    code = f"""
with Work() as work:
    array = np.ones({N_BYTES} // 8)
    time.sleep(0.05)
    del array
figures = work.peak, work.anonymous_peak, work.seconds"""
    peak, anonymous_peak, seconds = measured(code, way)
    assert peak == pytest.approx(N_BYTES, **NEAR)
    assert anonymous_peak == pytest.approx(N_BYTES, **NEAR)
    assert seconds > 0.05


@has_status
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_was_there_before_does_not_count(way):
    code = f"""
array = np.ones({N_BYTES} // 8)
np.ones({N_BYTES} // 4)
with Work() as work:
    array += 1
figures = [work.peak]"""
    assert measured(code, way) == [pytest.approx(0, **NEAR)]


@has_status
def test_a_later_peak_counts_from_an_earlier_start():
    code = f"""
with Work() as first:
    array = np.ones({N_BYTES} // 8)
with Work(above=first) as second:
    array += 1
figures = [second.peak]"""
    assert measured(code) == [pytest.approx(N_BYTES, **NEAR)]


@has_status
def test_pages_of_a_mapped_file_are_not_anonymous(tmp_path):
    path = tmp_path / "zeros"
    np.zeros(N_BYTES // 8).tofile(path)
    code = f"""
with Work() as work:
    assert np.memmap({str(path)!r}, mode="r", dtype=float).sum() == 0
figures = work.peak, work.anonymous_peak"""
    peak, anonymous_peak = measured(code)
    assert peak > 0.5 * N_BYTES
    assert anonymous_peak == pytest.approx(0, **NEAR)


def test_a_process_answers_and_says_what_went_wrong():
    process = Alone()
    try:
        size = {"n_series": 1, "n_steps": 3, "freq": "D"}
        with pytest.raises(FailedError, match="not JSON serializable"):
            process.call("benchmarks.scale.series:values", **size)
        with pytest.raises(FailedError, match="no_such_function"):
            process.call("benchmarks.scale.series:no_such_function")
        assert process.call("benchmarks.scale.footing:memory", kind="VmRSS") > 1e6
    finally:
        process.close()


def test_a_process_that_ends_is_told():
    process = Alone()
    with pytest.raises(FailedError, match="code 7"):
        process.call("os:_exit", status=7)
    process.close()
    process = Alone()
    with pytest.raises(FailedError, match="more memory than the machine has"):
        process.call("os:_exit", status=footing.OUT_OF_MEMORY)
    process.close()


def test_what_the_package_lacks_is_told_apart_from_failures(monkeypatch, tmp_path):
    (tmp_path / "asking.py").write_text(
        "from benchmarks.scale.alone import NotThereError\n"
        "def ask():\n    raise NotThereError('no such thing')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = Alone()
    with pytest.raises(NotThereError, match="no such thing"):
        process.call("asking:ask")
    process.close()


def test_a_panel_has_increasing_times_of_each_series():
    y = series.panel(3, 400, "h", "float32")
    expected = pd.MultiIndex.from_product(
        [range(3), pd.date_range("2020-01-01", periods=400, freq="h")], names=["series", "time"]
    )
    assert y.index.equals(expected)
    assert y.dtype == np.float32
    assert (y > 0).all()


def test_series_have_their_seasons_and_levels_of_their_own():
    y = series.values(20, 168 * 8, "h")
    centred = y - y.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, axis=1)) ** 2
    share = power[:, [8, 7 * 8]].sum(axis=1) / power.sum(axis=1)
    assert share.min() > 0.7
    assert y.mean(axis=1).max() > 3 * y.mean(axis=1).min()


def test_rows_with_gaps_have_the_next_value_as_target():
    X, y = rows.rows_with_gaps(4, 200)
    known = pd.Series(y, X.index)
    following = X["value"].groupby(level="series").shift(-1)
    times = X.index.get_level_values("time").to_series(index=X.index)
    is_next = times.groupby(level="series").diff().shift(-1) == pd.Timedelta("1h")
    assert 0 < (~is_next).sum() < 30
    assert 600 < len(X) < 800
    pd.testing.assert_series_equal(known[is_next], following[is_next], check_names=False)


def test_short_series_end_on_one_day_and_stand_in_one_file(tmp_path):
    partitions.write_folder(tmp_path / "series", 50, 20)
    files = [pd.read_parquet(path) for path in sorted((tmp_path / "series").iterdir())]
    assert [table["series"].nunique() for table in files] == [20, 20, 10]
    table = pd.concat(files)
    assert table["series"].unique().tolist() == list(range(50))
    lengths = table.groupby("series").size()
    assert (lengths.min() >= 60, lengths.max() <= 120, lengths.nunique() > 10) == (True,) * 3
    assert table.groupby("series")["day"].max().nunique() == 1
    assert (table.groupby("series")["day"].diff().dropna() == pd.Timedelta("1D")).all()


class LastValue:
    """Forecasts the last value of each series, as a forecaster would be asked for it."""

    def predict(self, y):
        last = y.groupby(level=0).tail(1)
        return last.rename(index=lambda day: day + pd.Timedelta("1D"), level="day")


@pytest.mark.slow
def test_a_killed_worker_costs_no_file(tmp_path):
    partitions.write_folder(tmp_path / "series", 400, 50)
    with partitions.workers(2) as client:
        found = partitions.run_twice(client, tmp_path, LastValue(), 200)
    assert (found["n_files"], found["n_changed"], len(found["peaks"])) == (8, 0, 2)
    values = pd.concat(map(pd.read_parquet, sorted((tmp_path / "series").iterdir())))
    expected = values.groupby("series")["value"].last()
    forecast = pd.read_parquet(tmp_path / "killed").set_index("series")["forecast"].sort_index()
    np.testing.assert_allclose(forecast, expected)


def test_numbers_become_medians_and_the_rest_stays():
    answers = [{"seconds": s, "name": "fit", "peaks": [s]} for s in (3, 1, 8)]
    assert typical(answers) == {"seconds": 3, "name": "fit", "peaks": [8]}


def outcome_of(name, figure):
    return Outcome(["", "x"], [["a", 1.0]], {t.what: figure for t in CASES[name].targets})


@pytest.fixture
def results(tmp_path):
    results = report.Results(tmp_path)
    results.begin(
        {
            "processor": "p", "cores": 2, "memory": "1 GiB", "system": "s", "load": 0,
            "python": "3", "versions": {"numpy": "2"}, "rounds": 1, "is_quick": False,
        }
    )  # fmt: skip
    return results


def test_the_page_says_what_is_met_and_what_is_not(results, tmp_path):
    results.add("backtest", {}, "title", outcome_of("backtest", 2.0))
    results.add("window-length", {}, "title", outcome_of("window-length", 2.0))
    results.add("memmap-sampled", {}, "title", Outcome([], [], spoiled="not there"))
    results.add("m5-size", {}, "title", error="too large")
    page = (tmp_path / "scale.md").read_text()
    assert "| backtest | backtest | ≤ 2.5 s | 2 s | yes |" in page
    assert "| window-length | peak, the long window ÷ the short one | ≤ 1.1 | 2 | **no** |" in page
    assert "| memmap-sampled | peak ÷ bytes of the file | ≤ 1 | not there |  |" in page
    assert "| m5-size | save | ≤ 60 s | failed: too large |  |" in page
    assert "| panel-lstm | fit | ≤ 8 s | not measured yet | |" in page
    assert "631 MB" in page


def test_a_later_run_leaves_other_cases_as_they_are(results, tmp_path):
    results.add("backtest", {}, "title", outcome_of("backtest", 2.0))
    later = report.Results(tmp_path)
    later.begin(results.runs["1"] | {"is_quick": True})
    later.add("window-length", {}, "title", outcome_of("window-length", 2.0))
    known = json.loads((tmp_path / "scale.json").read_text())
    assert {name: case["run"] for name, case in known["cases"].items()} == {
        "backtest": "1", "window-length": "2",
    }  # fmt: skip
    assert "| ≤ 1.1 | 2 | quick |" in (tmp_path / "scale.md").read_text()


def test_a_hundred_million_series_on_paper():
    figures = {
        "seconds per 10,000 series": 36.0,
        "bytes of a file": 2e6,
        "bytes of the forecasts": 1e6,
        "bytes of a message": 3e6,
        "largest peak of a worker": 0.5,
    }
    size = {"n_series_of_file": 4000, "n_workers": 2, "n_sampled": 2000}
    text = "\n".join(on_paper(figures, size))
    assert "| 25,000 |" in text
    assert "| 50 GB |" in text
    hours = 1e8 / 1e4 * 36 / 3600
    assert f"7.2 ms ÷ 2 | {hours:.3g} hours |" in text
    assert f"7.2 ms ÷ 100 | {hours / 50:.3g} hours |" in text


def test_windows_of_a_series_are_counted():
    assert n_windows({"n_steps": 10, "window_length": 4, "horizon": 2}) == len(range(4, 9))


def test_growth_is_drawn(tmp_path):
    plot([[10, 0.1, 5.0, 9.0], [100, 0.5, 20.0, 90.0]], tmp_path / "growth.png")
    assert (tmp_path / "growth.png").stat().st_size > 1000


def test_unknown_cases_are_refused(capsys):
    with pytest.raises(SystemExit):
        arguments(["--case", "no-such-case"])
    assert "there are panel-lstm" in capsys.readouterr().err


def test_a_python_without_neuralforecast_has_no_version_of_it():
    assert Crew(1, their_python="/no/such/python").version_of_theirs() is None


@pytest.mark.slow
def test_all_cases_run(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", "--quick", "--out", tmp_path],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    known = json.loads((tmp_path / "scale.json").read_text())["cases"]
    assert set(known) == set(CASES)
    for name, case in known.items():
        figures = case["outcome"]["figures"]
        if not case["outcome"]["spoiled"]:
            assert {target.what for target in CASES[name].targets} <= set(figures)
            assert all(map(math.isfinite, figures.values()))
    assert (tmp_path / "scale_growth.png").exists()
