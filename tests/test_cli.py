import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest

from sklearn_lstm._demo import run_tutorial
from sklearn_lstm.cli import main


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
