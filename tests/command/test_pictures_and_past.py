"""The line about the past that a forecast comes with, and the formats of its picture."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, backtest
from sklearn_lstm.command.cli import main

BEGINS = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF", ".PDF": b"%PDF"}


@pytest.fixture
def days(tmp_path):
    """100 days of a weekly pattern with noise."""
    t, noise = np.arange(100), np.random.default_rng(0).standard_normal(100)
    index = pd.date_range("2024-01-01", periods=100, name="day")
    y = pd.Series(50 + 5 * np.sin(2 * np.pi * t / 7) + noise, index, name="sold")
    y.to_csv(tmp_path / "days.csv")
    return y


@pytest.fixture
def call(days, tmp_path, monkeypatch, capsys):
    """Call the command with a ridge in the place of members, which trains in no time."""
    monkeypatch.chdir(tmp_path)
    ridge = LSTMForecaster(Ridge(), horizon=3)
    monkeypatch.setattr("sklearn_lstm.command.cli._forecaster", lambda *args: ridge)

    def called(*args):
        words = ["forecast", "days.csv", "--target", "sold", "--horizon", "3", *args]
        monkeypatch.setattr(sys, "argv", ["sklearn-lstm", *words])
        code = main()
        printed = capsys.readouterr()
        return code, " ".join(printed.out.split()), printed.err

    return called


def test_a_forecast_says_how_good_it_would_have_been(call, days):
    code, printed, error = call()
    assert (code, error) == (0, "")
    fitted = LSTMForecaster(Ridge(), horizon=3).fit(days)
    n_forecasts = fitted._core.held_out_["n_forecasts"]
    scores = backtest(
        LSTMForecaster(Ridge(), horizon=3, window_length=15), days,
        n_windows=n_forecasts, stride=1, season_length=7, refit=False,
    ).scores()["MAE"]  # fmt: skip
    forecast, naive = scores["forecast"], min(scores["persistence"], scores["seasonal naive"])
    said = (
        f"On rows held back: mean absolute error {forecast:.4g} over {n_forecasts} forecasts of 3 "
        f"steps, {1 - forecast / naive:.0%} less than repeating the last season ({naive:.4g})."
    )
    assert said in printed
    assert printed.index(said) > printed.index("Forecast of sold")


@pytest.mark.parametrize("suffix", BEGINS)
def test_a_picture_is_what_its_suffix_says(suffix, call, tmp_path):
    code, printed, error = call("--plot", f"f{suffix}")
    assert (code, error) == (0, "")
    assert (tmp_path / f"f{suffix}").read_bytes().startswith(BEGINS[suffix])
    assert f"Wrote f{suffix}" in printed


@pytest.mark.parametrize("name", ["f.jpg", "f", "f.png.zip"])
def test_other_pictures_are_refused_before_the_work(name, call, tmp_path):
    before = sorted(tmp_path.iterdir())
    code, printed, error = call("--plot", name)
    assert (code, printed) == (2, "")
    assert f"--plot {name} must end with .png, .svg or .pdf, such as f" in error
    assert error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before
