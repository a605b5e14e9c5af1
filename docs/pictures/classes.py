"""Draw what a classifier confuses, and its probabilities while a sequence unfolds."""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import LSTMClassifier, SequencePadder

COLORS = {"circle": "C0", "eight": "C1", "spiral": "C2"}
rng = np.random.default_rng(0)


def gesture(kind):
    """Return the path of a hand, shape (n_timesteps, 2), in 30 to 60 steps."""
    angle = np.linspace(0, 2 * np.pi, rng.integers(30, 61))
    radius = 1 - 0.6 * (angle / (2 * np.pi)) ** 2 if kind == "spiral" else 1.0
    turns_back = (kind == "eight") & (angle > np.pi)
    path = np.column_stack([np.where(turns_back, -2 - np.cos(angle), np.cos(angle)), np.sin(angle)])
    return np.reshape(radius, (-1, 1)) * path + rng.normal(0, 0.4, path.shape)


y = rng.choice(list(COLORS), 300)
X = [gesture(kind) for kind in y]
train, y_train = X[:200], y[:200]
begun = [path[: rng.integers(5, len(path))] for path in train]  # to learn what may yet become
model = make_pipeline(
    SequencePadder(StandardScaler()),
    LSTMClassifier(16, epochs=60, learning_rate=0.01, random_state=0),
)
model.fit(train + begun, np.tile(y_train, 2))

_, axes = plt.subplot_mosaic(
    [["confused", "path"], ["confused", "probability"]],
    figsize=(10, 4.4), width_ratios=(2, 3), layout="constrained",
)  # fmt: skip
ConfusionMatrixDisplay.from_estimator(
    model, X[200:], y[200:], ax=axes["confused"], cmap="Blues", colorbar=False
)
axes["confused"].set_title("100 gestures that it has not seen")

path = X[200 + list(y[200:]).index("eight")]
so_far = [path[:n] for n in range(1, len(path) + 1)]
steps = np.arange(1, len(path) + 1)
for values, label, color in zip(path.T, ["to the right", "upwards"], ["0.2", "0.6"], strict=True):
    axes["path"].plot(steps, values, color=color, label=label)
axes["path"].set_title("An eight, and what it is taken for so far")
for kind, probability in zip(model.classes_, model.predict_proba(so_far).T, strict=True):
    axes["probability"].plot(steps, probability, color=COLORS[kind], label=kind)
axes["probability"].set(xlabel="steps read", ylabel="probability", ylim=(0, 1))
axes["path"].legend()
axes["probability"].legend()
