"""
A network of your own
=====================

``network=`` takes any builder in the convention of scikeras, and scikit-learn's tools go on as
before: the same pipeline, the same split, early stopping. Here a GRU and a convolution compete
with the LSTM that is built in, and all three with a ridge and with "as today".
"""

# %%
# Builders
# --------
# A builder is given the shapes (``meta``) and parameters of its own, and returns a network of
# Keras.

import keras
import matplotlib.pyplot as plt
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import SequenceWindower, make_lstm_pipeline, make_supervised
from sklearn_lstm.datasets import load_seattle_weather


def gru(meta, units=16):
    return keras.Sequential(
        [
            keras.Input(meta["X_shape_"][1:]),
            keras.layers.GRU(units),
            keras.layers.Dense(meta["n_outputs_"]),
        ]
    )


def convolution(meta, filters=16):
    return keras.Sequential(
        [
            keras.Input(meta["X_shape_"][1:]),
            keras.layers.Conv1D(filters, 3, activation="relu", padding="causal"),
            keras.layers.Conv1D(filters, 3, activation="relu", padding="causal", dilation_rate=3),
            keras.layers.Flatten(),
            keras.layers.Dense(meta["n_outputs_"]),
        ]
    )


# %%
# The same pipeline around each
# -----------------------------
# The last year is kept apart; the network that is built in trains in one compiled program, those
# of one's own at the speed of Keras. Twelve epochs with one seed: enough for a page, too few for
# a verdict.

weather = load_seattle_weather()[["temp_max", "temp_min", "wind"]]
X, y = make_supervised(weather, target="temp_max", horizon=1)
X_train, X_test, y_train, y_test = X[:-365], X[-365:], y[:-365], y[-365:]
networks = {
    "LSTM, built in": {"units": 16},
    "GRU": {"network": gru, "network_params": {"units": 16}},
    "convolution": {"network": convolution, "network_params": {"filters": 16}},
}
errors, curves = {}, {}
for name, params in networks.items():
    model = make_lstm_pipeline(
        window_length=10, scaler=StandardScaler(), target_scaler=StandardScaler(), epochs=12,
        learning_rate=0.01, early_stopping=True, random_state=0, **params,
    )
    model.fit(X_train.to_numpy(), y_train)
    errors[name] = root_mean_squared_error(y_test, model.predict(X_test.to_numpy()))
    curves[name] = model.regressor_[-1].validation_loss_curve_

# %%
# A ridge on the same windows, laid flat, and what costs nothing:

ridge = make_pipeline(StandardScaler(), SequenceWindower(10, flatten=True))
windows = ridge.fit_transform(X_train)[9:]
linear = Ridge().fit(windows, y_train[9:])
errors["ridge"] = root_mean_squared_error(y_test, linear.predict(ridge.transform(X_test)))
errors["as today"] = root_mean_squared_error(y_test, X_test["temp_max"])
print({name: round(error, 2) for name, error in errors.items()})

# %%
# Losses on the last tenth of the training days, and errors in the test year:

colors = dict(zip([*networks, "ridge", "as today"], ["C3", "C1", "C2", "C0", "0.7"], strict=True))
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for name, curve in curves.items():
    left.plot(range(1, len(curve) + 1), curve, color=colors[name], marker=".", label=name)
left.set(ylim=(0, None), xlabel="epoch", title="validation loss")
left.legend(frameon=False)
order = sorted(errors, key=errors.get, reverse=True)
bars = right.barh(order, [errors[name] for name in order], color=[colors[name] for name in order])
right.bar_label(bars, [f" {errors[name]:.2f}" for name in order])
right.set(title="RMSE (°C), a year of test", xlim=(0, 1.12 * max(errors.values())))
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
