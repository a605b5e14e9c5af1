"""Draw the picture of the front page and the README.

``python docs/pictures/front.py docs/images/forecast.png`` writes it. It compares for a minute, too
long for every build of the documentation, so its result is kept.
"""

import sys

import matplotlib.pyplot as plt

from sklearn_lstm import compare
from sklearn_lstm.datasets import load_seattle_weather

N_SHOWN = 9  # weeks
COLORS = {"LSTMForecaster": "C3", "ridge": "C0", "gradient boosting": "C0"}


def draw_weeks(ax, rows):
    """Draw forecasts from one origin after the other, a week each, with their intervals."""
    truth = rows.set_index("timestamp")["y"]
    ax.plot(truth, "o-", color="0.3", markersize=3, linewidth=0.8, label="came true")
    for i, (origin, week) in enumerate(rows.groupby("origin")):
        days, names = week["timestamp"], ("a week, forecast on the eve", "90 % interval")
        forecast, interval = (None, None) if i else names
        ax.fill_between(
            days, week["lower"], week["upper"], color="C3", alpha=0.18, linewidth=0, label=interval
        )
        ax.plot(days, week["y_pred"], "--", color="C3", linewidth=1.8, label=forecast)
        ax.axvline(origin, color="0.8", linewidth=0.7, zorder=0)
    ax.set_ylabel("highest temperature (°C)")
    ax.set_ylim(top=rows["upper"].max() + 7)
    ax.legend(frameon=False, ncols=3, fontsize="small", loc="upper left")


def draw_skills(ax, skills):
    """Draw a bar for each forecaster; the better naive forecast is the line at zero."""
    order = skills.sort_values()
    colors = [COLORS.get(name, "0.7") for name in order.index]
    bars = ax.barh(order.index, 100 * order, color=colors, height=0.65)
    ax.bar_label(bars, [f"{100 * skill:+.1f}" for skill in order], padding=4)
    ax.axvline(0, color="0.3", linewidth=1)
    ax.set_xlim(100 * order.min() - 8, 100 * order.max() + 8)
    ax.set_title("skill (%) over 52 weeks")


plt.rcParams["date.converter"] = "concise"
y = load_seattle_weather()["temp_max"]
result = compare(y, horizon=7, n_windows=52)
scores = result.scores()
rows = result.results["LSTMForecaster"].predictions
rows = rows[rows["origin"] >= rows["origin"].unique()[-N_SHOWN]]

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), width_ratios=(5, 3), layout="constrained")
draw_weeks(left, rows)
coverage = scores.loc["LSTMForecaster", "coverage"]
left.set_title(f"The last {N_SHOWN} of 52 weeks: {coverage:.1%} of all days within the interval")
draw_skills(right, scores["skill"])
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
fig.savefig(sys.argv[1], dpi=110)
