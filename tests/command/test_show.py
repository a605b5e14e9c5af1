import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest
from sklearn_lstm._progress import listening
from sklearn_lstm.command import show
from sklearn_lstm.command.pictures import draw_forecasts


def test_lines_break_in_a_terminal_alone(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert show._new_console().width == show.WIDTH_OF_FILES
    monkeypatch.setenv("COLUMNS", "70")
    assert show._new_console().width == 70


def test_the_scores_of_a_backtest_fit_in_80_columns(capsys, monkeypatch):
    t = np.arange(80.0)
    y = pd.Series(10_000 + 1000 * np.sin(t) + 500 * np.cos(t * t))
    result = backtest(LSTMForecaster(Ridge(), window_length=5), y, n_windows=3, coverage=0.5)
    monkeypatch.setattr(show.console, "width", 80)
    show.show_scores(result)
    printed = capsys.readouterr().out
    assert "…" not in printed
    assert all(name in printed for name in ("RMSE", "MASE", "skill", "coverage", "width"))


def test_epochs_are_told_of_all_networks_of_an_ensemble(windows):
    told = []
    with listening(lambda *epochs: told.append(epochs)):
        LSTMRegressor(2, epochs=3, ensemble_size=2).fit(*windows)
    numbers = [n for n, _ in told]
    assert numbers == sorted(set(numbers))
    assert (numbers[0], numbers[-1]) == (0, 6)
    assert {n for _, n in told} == {6}
    LSTMRegressor(2, epochs=1).fit(*windows)
    assert len(told) == len(numbers)  # nobody listens any more


def test_up_to_nine_series_are_drawn():
    days = pd.date_range("2024-01-01", periods=6, name="day")
    for n_series, shape in ((1, 1), (2, 2), (4, 4), (11, 9)):
        names = [f"s{i}" for i in range(n_series)]
        index = pd.MultiIndex.from_product([names, days], names=["shop", "day"])
        values = pd.Series(np.arange(6.0 * n_series), index, name="n")
        is_past = index.get_level_values("day") < days[4]
        rows = values[~is_past].rename("forecast").to_frame()
        figure, drawn = draw_forecasts(rows, [values[is_past]], coverage=None, n_past=3)
        assert drawn == names[:9]
        axes = [ax for ax in figure.axes if ax.axison]
        assert len(axes) == shape
        assert [ax.get_title(loc="left") for ax in axes] == names[:9]
        assert axes[-1].get_lines()[0].get_ydata().tolist() == [6 * shape - 5, 6 * shape - 4,
                                                                 6 * shape - 3]  # fmt: skip
