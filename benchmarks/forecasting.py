"""How well the forecaster does on six real series: ``python -m benchmarks.forecasting [name ...]``.

Settings are chosen on the stretch before the test part, which has the length of the test part; the
test part is then forecast once, with three seeds. ``--choose`` stops before that.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest

DATA = Path(__file__).parents[2] / "shared" / "data"
RESULT = Path(__file__).parent / "results" / "forecasting.md"
SEEDS = (0, 1, 2)
N_AVERAGED = 5
NO_SKILL = 0.02


@dataclass(frozen=True)
class Case:
    """A series, what is asked of it, and the settings that compete on the stretch before."""

    title: str
    load: Callable
    horizon: int
    n_windows: int
    settings: list[dict]
    bars: dict[str, float] = field(default_factory=dict)
    measure: str = "RMSE"
    ablation: str | None = None
    seasons: tuple[int, ...] = ()
    n_chosen_on: int | None = None


def read(name, time_column, **kwargs):
    return pd.read_csv(DATA / name, parse_dates=[time_column], index_col=time_column, **kwargs)


def of_the_year(index):
    """Sine and cosine of the day of the year: a calendar is known ahead."""
    angle = 2 * np.pi * index.day_of_year / 365.25
    return pd.DataFrame({"sin": np.sin(angle), "cos": np.cos(angle)}, index=index)


def airline():
    return read("airline_passengers.csv", "month")["passengers"], None


def melbourne():
    y = read("melbourne_daily_min_temp.csv", "date")["temp"]
    return y, of_the_year(y.index)


def seattle():
    weather = read("seattle_weather.csv", "date")
    past = weather[["temp_min", "precipitation", "wind"]]
    return weather["temp_max"], past.join(of_the_year(weather.index))


def electricity():
    """Temperature, and whether a day is free: a public holiday, or a weekend in Melbourne."""
    data = read("vic_electricity.csv.gz", "Time")
    weekday = data.index.tz_localize("UTC").tz_convert("Australia/Melbourne").day_of_week
    is_free = data["Holiday"] | (weekday >= 5)
    return data["Demand"], data[["Temperature"]].assign(free=is_free.astype(float))


def walmart():
    """The holidays of the shops, and the time of the year."""
    data = pd.read_csv(DATA / "walmart_weekly.csv", parse_dates=["Date"])
    data = data.set_index(["Store", "Date"])
    once = of_the_year(data.index.get_level_values("Date")).set_axis(data.index)
    twice = pd.DataFrame({"sin2": 2 * once.sin * once.cos, "cos2": once.cos**2 - once.sin**2})
    holiday = data["Holiday_Flag"].astype(float)
    return data["Weekly_Sales"], once.join(twice).assign(holiday=holiday)


def sp500():
    return read("sp500_daily.csv", "date")["close"].reset_index(drop=True), None


def lstm(units, epochs, learning_rate=0.005, **params):
    return LSTMRegressor(units, epochs=epochs, learning_rate=learning_rate, **params)


def grid(windows, regressors, **fixed):
    return [
        {"window_length": window, "regressor": regressor, **fixed}
        for window in windows
        for regressor in regressors
    ]


CASES = {
    "airline": Case(
        "airline_passengers, a month ahead, last 48",
        airline,
        horizon=1,
        n_windows=48,
        n_chosen_on=24,
        settings=grid(
            [13, 14],
            [
                lstm(32, 100, 0.01, batch_size=16),
                lstm(64, 100, 0.01, batch_size=8),
                lstm(128, 60, 0.01, batch_size=8),
            ],
            normalize="last",
            log=True,
        ),
        bars={"LSTM tutorial": 47.53, "seasonal naive": 42.32, "linear on 12 lags": 20.95},
    ),
    "melbourne": Case(
        "melbourne_daily_min_temp, a day ahead, last 365",
        melbourne,
        horizon=1,
        n_windows=365,
        settings=grid(
            [7, 14],
            [lstm(16, 30), lstm(8, 30), lstm(32, 20, 0.003)],
            normalize="standard",
            missing="interpolate",
        ),
        bars={"persistence": 2.582, "ridge on 14 lags": 2.264},
    ),
    "seattle": Case(
        "seattle_weather temp_max, a day ahead, last 365",
        seattle,
        horizon=1,
        n_windows=365,
        settings=grid(
            [7, 14],
            [lstm(16, 20, 0.003), lstm(32, 20, 0.003), lstm(8, 30)],
            normalize="standard",
            past_columns=["temp_min", "precipitation", "wind"],
        ),
        bars={"persistence": 2.907, "ridge": 2.70},
    ),
    "electricity": Case(
        "vic_electricity, 48 half hours ahead, last 8 weeks",
        electricity,
        horizon=48,
        n_windows=56,
        settings=grid(
            [48],
            [
                lstm(64, 8, 0.003, batch_size=128),
                lstm(64, 16, 0.003, batch_size=128),
            ],
            normalize="standard",
        ),
        seasons=(48, 336),
        ablation="the same without covariates",
    ),
    "walmart": Case(
        "walmart_weekly, 8 weeks ahead, 45 stores in one model, last 24 weeks",
        walmart,
        horizon=8,
        n_windows=3,
        settings=[
            setting
            for normalize in ("standard", "last")
            for setting in grid([26, 35], [lstm(32, 40), lstm(64, 20)], normalize=normalize)
        ],
        seasons=(52,),
        measure="MAE",
    ),
    "sp500": Case(
        "sp500_daily close, a day ahead, last 20 %",
        sp500,
        horizon=1,
        n_windows=1021,
        settings=grid([10, 20], [lstm(16, 10), lstm(8, 20, 0.003)], normalize="last", log=True),
        seasons=(5,),
    ),
}


def run(case, setting, y, X, *, seed, coverage=None, season=None, n_windows=None):
    """Fit before the last windows, forecast these in one pass; return the scores."""
    forecaster = LSTMForecaster(horizon=case.horizon, random_state=seed).set_params(**setting)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # skill <= 0 is in the table
        result = backtest(
            forecaster,
            y,
            X,
            n_windows=n_windows or case.n_windows,
            refit=False,
            coverage=coverage,
            season_length=season,
        )
    return result.scores()


def before_the_last(data, n_rows):
    """Leave out the last rows, of each series in a panel."""
    if isinstance(data.index, pd.MultiIndex):
        return data.groupby(level=0, group_keys=False).apply(lambda rows: rows.iloc[:-n_rows])
    return data.iloc[:-n_rows]


def choose(case, y, X):
    """Return the setting with the smallest mean error over the seeds, on what precedes the test."""
    n_test = case.n_windows * case.horizon
    y, X = before_the_last(y, n_test), None if X is None else before_the_last(X, n_test)
    errors = []
    for setting in case.settings:
        runs = [run(case, setting, y, X, seed=seed, n_windows=case.n_chosen_on) for seed in SEEDS]
        errors.append(np.mean([scores.loc["forecast", case.measure] for scores in runs]))
        print(f"  {describe(setting)}: {case.measure} {errors[-1]:.4g}", flush=True)
    return case.settings[int(np.argmin(errors))]


def describe(setting):
    """Write a setting as keyword arguments."""
    of_lstm = setting["regressor"].get_params()
    names = ("units", "epochs", "learning_rate", "batch_size")
    parts = {name: value for name, value in setting.items() if name not in ("regressor", "missing")}
    parts |= {name: of_lstm[name] for name in names}
    return ", ".join(f"{name}={value}" for name, value in parts.items())


def average_of_seeds(regressor):
    return VotingRegressor([(f"seed_{seed}", regressor) for seed in range(N_AVERAGED)])


def contenders(case, setting, X):
    """Yield name, setting, covariates and seeds of everything that forecasts the test part."""
    yield "LSTMForecaster", setting, X, SEEDS
    if case.horizon == 1:
        average = {**setting, "regressor": average_of_seeds(setting["regressor"])}
        yield f"mean of {N_AVERAGED} LSTMs", average, X, SEEDS
    if case.ablation:
        yield case.ablation, setting, None, SEEDS
    yield "ridge, same windows", {**setting, "regressor": Ridge()}, X, SEEDS[:1]


def naive_errors(case, y):
    """Return the errors of persistence and of the seasonal naive forecasts."""
    setting = {"regressor": Ridge(), "window_length": 1, "missing": "interpolate"}
    errors = {}
    for season in case.seasons or [None]:
        scores = run(case, setting, y, None, seed=0, season=season)
        errors["persistence"] = scores.loc["persistence", case.measure]
        name = "seasonal naive" + (f" ({season})" if season else "")
        errors[name] = scores.loc["seasonal naive", case.measure]
    return errors


def report(name, only_choose):
    """Return the part of the result that is about one case."""
    case = CASES[name]
    print(f"{name}: choosing", flush=True)
    y, X = case.load()
    setting = choose(case, y, X)
    if only_choose:
        return ""
    lines = [
        f"## {case.title}",
        "",
        f"Chosen before the test part: {describe(setting)}.",
        "",
        f"| | {case.measure} | spread of {len(SEEDS)} seeds | 90 % interval covers |",
        "|---|---|---|---|",
    ]
    means = []
    for what, of_contender, covariates, seeds in contenders(case, setting, X):
        runs = [run(case, of_contender, y, covariates, seed=seed, coverage=0.9) for seed in seeds]
        scores = pd.DataFrame([of_run.loc["forecast"] for of_run in runs])
        errors = scores[case.measure]
        means.append(errors.mean())
        spread = f"{errors.std(ddof=0):.2g}" if len(seeds) > 1 else ""
        lines.append(f"| {what} | {means[-1]:.4g} | {spread} | {scores.coverage.mean():.1%} |")
        print(lines[-1], flush=True)
    naive = naive_errors(case, y)
    lines += [f"| {what} | {error:.4g} | | |" for what, error in naive.items()]
    lines += [f"| *bar: {what}* | {value} | | |" for what, value in case.bars.items()]
    skill = 1 - means[0] / min(naive.values())
    verdict = f"Skill {skill:+.1%} over the better naive forecast."
    if abs(skill) < NO_SKILL:
        verdict = (
            f"Skill {skill:+.1%}: about zero. Today's price says nearly all that these prices say "
            "about tomorrow's; an LSTM that seems to know more has looked ahead."
        )
    return "\n".join([*lines, "", verdict, ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(CASES)}; all without")
    parser.add_argument("--choose", action="store_true", help="don't look at the test part")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(CASES)
    if unknown:
        parser.error(f"no case {unknown}; there are {', '.join(CASES)}")
    names = arguments.names or list(CASES)
    parts = [report(name, arguments.choose) for name in names]
    if arguments.choose:
        return
    text = "\n".join(parts)
    print(text)
    if names == list(CASES):
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(text)


if __name__ == "__main__":
    main()
