"""
Missing values
==============

A sensor fails for a day, or for three weeks. Nothing needs to be filled in ahead, and nothing
should be: what fills a gap from both of its ends knows what came later. The forecaster fills each
window from its own values; this page takes more and more days away, and looks at what that costs.
"""

# %%
# Days are taken away
# -------------------
# The last year stays whole, to judge by; of the three before it a share is lost, some days alone,
# some in runs.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, LSTMRegressor, backtest
from sklearn_lstm.datasets import load_seattle_weather

plt.rcParams["date.converter"] = "concise"

y = load_seattle_weather()["temp_max"]
n_known = len(y) - 365


def with_gaps(share, seed):
    """Return the series with runs of one to eight days missing before the last year."""
    rng = np.random.default_rng(seed)
    is_missing = np.zeros(len(y), dtype=bool)
    while is_missing[:n_known].mean() < share:
        begin = rng.integers(n_known)
        is_missing[begin : min(begin + rng.integers(1, 9), n_known)] = True
    return y.mask(is_missing)


# %%
# Learn with gaps, be judged without
# ----------------------------------
# ``missing="interpolate"`` fills windows of which half is known, from these values alone;
# ``"skip"`` learns from whole windows only, of which there soon are few.
# :class:`~sklearn.frozen.FrozenEstimator` has a fitted forecaster judged as it is, on 52 weeks.

lstm = LSTMRegressor(16, epochs=12, learning_rate=0.005, skip_connection=True)
shares = [0, 0.1, 0.2, 0.3, 0.4]
errors = {}
for missing in ("interpolate", "skip"):
    for name, regressor in {"LSTM": lstm, "ridge": Ridge()}.items():
        for share in shares:
            forecaster = LSTMForecaster(
                regressor, window_length=14, horizon=7, missing=missing, interval_method=None,
                random_state=0,
            )
            fitted = forecaster.fit(with_gaps(share, seed=1)[:n_known])
            result = backtest(FrozenEstimator(fitted), y, n_windows=52)
            errors[name, missing, share] = result.scores()["RMSE"]
errors = pd.DataFrame(errors).T
by_share = errors["forecast"].unstack()
print(by_share.round(2).to_string())

# %%
# A stretch of what was learned from when a third is missing, and what the gaps cost. The dashed
# line is the better naive forecast.

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), width_ratios=(4, 3), layout="constrained")
shown = slice("2013-05-01", "2013-08-31")
gappy = with_gaps(0.3, seed=1)
left.plot(y[shown], color="0.8", label="lost")
left.plot(gappy[shown], color="C0", marker="o", markersize=2.5, label="known")
left.set(title="Three days of ten are missing", ylabel="highest temperature (°C)")
left.legend(frameon=False)
for name, color in (("LSTM", "C3"), ("ridge", "C0")):
    for missing, style in (("interpolate", "o-"), ("skip", "s:")):
        right.plot(
            100 * by_share.columns,
            by_share.loc[(name, missing)],
            style,
            color=color,
            label=f'{name}, "{missing}"',
        )
naive = errors[["persistence", "seasonal naive"]].min(axis=1).iloc[0]
right.axhline(naive, color="0.4", linestyle="--", linewidth=1)
right.set(title="RMSE (°C), 52 weeks", xlabel="days missing in what was learned from (%)")
right.legend(frameon=False, fontsize="small")
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
