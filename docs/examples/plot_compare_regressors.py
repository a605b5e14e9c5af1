"""
LSTM, ridge, gradient boosting or a foundation model?
=====================================================

One forecaster takes any regressor of scikit-learn, and a backtest judges anything that forecasts,
on the same rows. So whether a network pays is a question of one call. Here a ridge and a gradient
boosting see the windows that the LSTM sees, and a model from elsewhere joins as a function.
"""

# %%
# The same windows for all
# ------------------------
# Two weeks of the past and the season of the year; a week ahead, every third day of the last
# year. Small settings: one LSTM of sixteen units and few trees.

import matplotlib.pyplot as plt
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, LSTMRegressor, compare
from sklearn_lstm.datasets import load_seattle_weather

y = load_seattle_weather()["temp_max"]
regressors = {
    "one LSTM": LSTMRegressor(
        16, epochs=20, learning_rate=0.005, learning_rate_schedule="cosine", skip_connection=True
    ),
    "ridge": Ridge(),
    "gradient boosting": HistGradientBoostingRegressor(
        max_iter=25, learning_rate=0.1, max_leaf_nodes=8
    ),
}
forecasters = {
    name: LSTMForecaster(
        regressor, window_length=14, horizon=7, normalize="standard", calendar=True, random_state=0
    )
    for name, regressor in regressors.items()
}

# %%
# Whatever is a function of the history
# -------------------------------------
# A rule of thumb, or a foundation model, joins as ``f(history, horizon)``. This page runs the
# rule; the model takes a download:
#
# .. code-block:: python
#
#    import torch
#    from chronos import BaseChronosPipeline  # pip install chronos-forecasting
#
#    pipeline = BaseChronosPipeline.from_pretrained("amazon/chronos-bolt-small", device_map="cpu")
#
#    def chronos(history, horizon):
#        context = torch.tensor(history.to_numpy(), dtype=torch.float32)
#        _, mean = pipeline.predict_quantiles(context, prediction_length=horizon)
#        return mean[0].numpy()
#
#    forecasters["Chronos-Bolt"] = chronos
#
# A foundation model may have seen public series such as this one when it was trained: judge it on
# your own.


def half_way_to_the_year_before(history, horizon):
    """Return the mean of the last three days and of the month around the same day a year ago."""
    a_year_ago = history.iloc[-365 - 15 : -365 + 15].mean()
    return [(history.iloc[-3:].mean() + a_year_ago) / 2] * horizon


forecasters["half way to last year"] = half_way_to_the_year_before

# %%
# Who is best, and how far ahead
# ------------------------------
# ``LSTMForecaster`` is the forecaster with nothing set, a weighted mean of LSTMs, ridges and
# smoothing. ``skill`` is measured against the better naive forecast.

result = compare(y, horizon=7, n_windows=120, stride=3, forecasters=forecasters)
print(result.scores()[["MASE", "RMSE", "skill", "coverage"]].round(2).to_string())

# %%
# On the left the mean absolute scaled error, on the right the error by how many days ahead: what
# is known of tomorrow fades within days, and by the end of the week what counts is the season.

fig, (left, right) = plt.subplots(
    1, 2, figsize=(11, 4.2), width_ratios=(4, 3), layout="constrained"
)
result.plot(ax=left)
by_step = result.scores("step")["RMSE"].unstack("step").T
for name in result.scores().index:
    is_naive = name in ("persistence", "seasonal naive")
    right.plot(
        by_step[name],
        color="0.7" if is_naive else None,
        linestyle=":" if is_naive else "-",
        label=name,
    )
right.set(xlabel="days ahead", ylabel="RMSE (°C)")
right.set_ylim(top=1.15 * by_step.to_numpy().max())
right.spines[["top", "right"]].set_visible(False)
right.legend(frameon=False, fontsize="x-small", ncols=2, loc="upper left")
plt.show()
