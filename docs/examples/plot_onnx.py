"""
Predict without Python
======================

``save_onnx`` writes a fitted pipeline, scalers and all, as a graph that C++, C#, Java, JavaScript
and phones can compute. How far are its predictions from ours, and how fast is it? The one question
is answered by subtracting, the other by a clock.
"""

# %%
# From a pipeline to a file
# -------------------------
# The graph takes windows in the units of X and answers in the unit of y.

import json
import tempfile
from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import onnxruntime
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import SequenceWindower, make_lstm_pipeline, make_supervised, save_onnx
from sklearn_lstm.datasets import load_seattle_weather

plt.rcParams["date.converter"] = "concise"

weather = load_seattle_weather()[["temp_max", "temp_min", "wind"]]
X, y = make_supervised(weather, target="temp_max", horizon=1)
X_train, X_test, y_test = X[:-365], X[-365:], y[-365:]
model = make_lstm_pipeline(
    window_length=14, scaler=StandardScaler(), target_scaler=StandardScaler(), units=16,
    epochs=20, learning_rate=0.005, learning_rate_schedule="cosine", ensemble_size=3,
    random_state=0,
)
model.fit(X_train, y[:-365])
file = Path(tempfile.mkdtemp()) / "temperature.onnx"
save_onnx(model, file)
print(f"{file.stat().st_size / 1000:.1f} kB")

# %%
# Where it runs
# -------------
# The runtime needs neither TensorFlow nor scikit-learn nor this package. Only windows have to be
# cut: the last 14 rows, oldest first.

session = onnxruntime.InferenceSession(file)
print(json.loads(session.get_modelmeta().custom_metadata_map["feature_names"]))
windows = SequenceWindower(14).fit_transform(X)[-365:].astype("float32")
(theirs,) = session.run(None, {"windows": windows})
ours = model.predict(X_test)
print(f"largest difference: {np.abs(theirs - ours).max():.1e} °C")
print(f"mean absolute error: {np.abs(theirs - y_test).mean():.2f} °C, "
      f"of the day before {np.abs(X_test['temp_max'] - y_test).mean():.2f} °C")

# %%
# A window at a time
# ------------------
# As a service would ask, in a loop. How far the two differ, in float32 there and float64 here, is
# far below what a thermometer shows.


def microseconds(predict, n=200):
    """Return how long each of n calls takes."""
    times = [perf_counter()]
    for i in range(n):
        predict(i)
        times.append(perf_counter())
    return 1e6 * np.diff(times)


lstm = model.regressor_[-1]
took = {
    "ONNX Runtime": microseconds(lambda i: session.run(None, {"windows": windows[i : i + 1]})),
    "predict of\nthe LSTM": microseconds(lambda i: lstm.predict(windows[i : i + 1])),
    "predict of\nthe pipeline": microseconds(lambda i: model.predict(X_test[i : i + 1]), n=20),
}

fig, (left, right) = plt.subplots(
    1, 2, figsize=(10, 3.8), width_ratios=(3, 2), layout="constrained"
)
left.plot(y_test.index, 1e6 * (theirs - ours), "o", markersize=2.5, color="C1")
left.axhline(0, color="0.6", linewidth=0.8)
left.set(ylabel="ONNX Runtime less predict\n(millionths of a degree)")
left.set_title(f"Two runtimes, 365 forecasts: {np.abs(theirs - ours).max():.0e} °C apart at most")
names = list(took)
right.barh(names, [np.median(took[name]) for name in names], color=["C1", "C0", "0.7"])
right.set(xscale="log", xlabel="microseconds for a window")
right.invert_yaxis()
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
