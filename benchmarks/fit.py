"""Time of an epoch, and of a first fit, beside Keras's ``fit`` and scikeras.

    python -m benchmarks.fit

All contenders train the same network on the same data with the same batches, in one process, taking
turns. A ratio is printed only if their final losses agree.
"""

import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from scikeras.wrappers import KerasRegressor

from sklearn_lstm import LSTMRegressor, SequenceWindower

CASES = {  # n_samples, n_timesteps, n_features, units, batch_size, epochs
    "tiny": (8, 5, 1, 50, 1, 100),
    "middle": (2000, 24, 1, 50, 32, 5),
    "large": (8000, 96, 7, 64, 32, 2),
}
ROUNDS = 3


def network(n_timesteps, n_features, units):
    model = keras.Sequential(
        [keras.Input((n_timesteps, n_features)), keras.layers.LSTM(units), keras.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    return model


def data(n_samples, n_timesteps, n_features):
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((n_samples + n_timesteps - 1, n_features)).cumsum(axis=0)
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    X = SequenceWindower(n_timesteps).fit_transform(rows)[n_timesteps - 1 :]
    return X.astype(np.float32), np.append(rows[n_timesteps:, 0], rows[-1, 0])


def contenders(X, y, units, batch_size, epochs):
    shape = (*X.shape[1:], units)

    def ours(seed):
        lstm = LSTMRegressor(units, batch_size=batch_size, epochs=epochs, random_state=seed)
        return lstm.fit(X, y).loss_curve_[-1]

    def keras_fit(seed):
        keras.utils.set_random_seed(seed)
        history = network(*shape).fit(X, y, batch_size, epochs, verbose=0)
        return history.history["loss"][-1]

    def scikeras_fit(seed):
        regressor = KerasRegressor(
            lambda: network(*shape), loss="mse", optimizer="adam", batch_size=batch_size,
            epochs=epochs, verbose=0, random_state=seed,
        )  # fmt: skip
        return regressor.fit(X, y).history_["loss"][-1]

    return {"sklearn-lstm": ours, "Keras fit": keras_fit, "scikeras": scikeras_fit}


def main():
    print(f"Seconds for a whole fit: first, then median of {ROUNDS} more; ratio to sklearn-lstm.\n")
    print("| case | contender | first | later | first ÷ ours | later ÷ ours |")
    print("|---|---|---|---|---|---|")
    for case, (n_samples, n_timesteps, n_features, units, batch_size, epochs) in CASES.items():
        X, y = data(n_samples, n_timesteps, n_features)
        fits = contenders(X, y, units, batch_size, epochs)
        seconds = {name: [] for name in fits}
        losses = {name: [] for name in fits}
        for seed in range(ROUNDS + 1):
            for name, fit in fits.items():
                started = time.perf_counter()
                losses[name].append(fit(seed))
                seconds[name].append(time.perf_counter() - started)
        final = {name: statistics.median(values) for name, values in losses.items()}
        if max(final.values()) > 3 * min(final.values()):
            raise SystemExit(f"{case}: the contenders did not learn alike: {final}")
        ours = seconds["sklearn-lstm"]
        for name, (first, *later) in seconds.items():
            median = statistics.median(later)
            ratios = first / ours[0], median / statistics.median(ours[1:])
            numbers = f"{first:.2f} | {median:.2f} | {ratios[0]:.1f} | {ratios[1]:.1f}"
            print(f"| {case} | {name} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
