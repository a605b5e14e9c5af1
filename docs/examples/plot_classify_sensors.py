"""
Classify windows of a sensor
============================

What is the wearer of a watch doing? Recordings of three axes, not equally long, go into a
pipeline that pads, scales and classifies them. Recordings of one person are alike, so the split
goes by person: the score is that of the next one.
"""

# %%
# Recordings of twelve people
# ---------------------------
# Each has a tempo and a strength of movement of their own. Made up, by a seed; two of the four
# activities differ by no more than the shape of a step.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import LSTMClassifier, SequencePadder

ACTIVITIES = "stairs", "standing", "running", "walking"
rng = np.random.default_rng(0)
people = [(rng.uniform(0.85, 1.15), rng.uniform(0.7, 1.3)) for _ in range(12)]


def recording(activity, tempo, strength):
    """Return the acceleration of three axes, shape (n_timesteps, 3), of 40 to 80 steps."""
    t = np.arange(rng.integers(40, 81))
    pace = {"running": 0.45, "walking": 0.28, "stairs": 0.25, "standing": 0.28}[activity] * tempo
    size = {"running": 2.0, "walking": 1.0, "stairs": 1.0, "standing": 0.0}[activity] * strength
    angle = pace * 2 * np.pi * t / 2 + rng.uniform(0, 2 * np.pi)
    overtone = np.sin(2 * angle + (0 if activity == "walking" else np.pi / 2))
    axes = [np.sin(angle), np.sin(angle) + 0.8 * overtone, np.cos(angle)]
    return size * np.column_stack(axes) + rng.normal(0, 0.6, (len(t), 3))


y, groups, X = [], [], []
for person, (tempo, strength) in enumerate(people):
    for activity in ACTIVITIES * 8:
        X.append(recording(activity, tempo, strength))
        y.append(activity)
        groups.append(person)
y = np.array(y)

# %%
# The next person
# ---------------
# Three folds of four people each. A logistic regression on mean and spread of each axis is what
# costs nothing here.

model = make_pipeline(
    SequencePadder(StandardScaler()),
    LSTMClassifier(
        24, bidirectional=True, pooling="mean", epochs=25, learning_rate=0.01,
        learning_rate_schedule="cosine", random_state=0,
    ),
)
summary = np.array([np.r_[sequence.mean(axis=0), sequence.std(axis=0)] for sequence in X])
by_person = {"cv": GroupKFold(3), "groups": groups}
predicted = cross_val_predict(model, X, y, **by_person)
simple = cross_val_predict(
    make_pipeline(StandardScaler(), LogisticRegression()), summary, y, **by_person
)
accuracy = {"LSTM": accuracy_score(y, predicted), "mean and spread": accuracy_score(y, simple)}
print({name: round(value, 3) for name, value in accuracy.items()})

# %%
# One recording of each activity, and what is taken for what:

fig, axes = plt.subplot_mosaic(
    [[activity, "confused"] for activity in sorted(ACTIVITIES)],
    figsize=(10, 4.6), width_ratios=(3, 2), layout="constrained",
)
for activity in ACTIVITIES:
    ax = axes[activity]
    ax.plot(X[list(y).index(activity)], linewidth=1.2)
    ax.set(xlim=(0, 80), ylim=(-4.5, 4.5), yticks=[])
    ax.set_ylabel(activity, rotation=0, ha="right", va="center")
    ax.spines[["top", "right", "left"]].set_visible(False)
    if activity != max(ACTIVITIES):
        ax.set_xticklabels([])
axes[max(ACTIVITIES)].set_xlabel("steps of the sensor")
axes[min(ACTIVITIES)].set_title("Acceleration along three axes")
ConfusionMatrixDisplay.from_predictions(
    y, predicted, ax=axes["confused"], cmap="Blues", colorbar=False, xticks_rotation=30
)
axes["confused"].set_title(
    f"People not seen: {accuracy['LSTM']:.0%} right\n"
    f"(mean and spread: {accuracy['mean and spread']:.0%})"
)
plt.show()
