"""Who takes part: the same network, trained and asked in each library's own way.

A contender is made in a process of its own, where it imports its library, and then works on one
:class:`~.data.Problem` after the other.
"""

from __future__ import annotations

import importlib.util
import pickle
import statistics
import time
from abc import ABC, abstractmethod
from dataclasses import replace

import numpy as np
from joblib import cpu_count

from .data import loss_of_a_constant, rows_of, windows_and_targets

OURS = "sklearn-lstm"
N_THREADS = cpu_count()
LEARNING_RATE, EPSILON = 0.001, 1e-7
TOLERANCE = 1e-4  # of predictions by the same weights


class Contender(ABC):
    """One library; a subclass trains with ``fit`` and answers with ``predict``."""

    packages: tuple[str, ...] = ()

    def take(self, problem):
        """Get ready: data in memory, nothing trained."""
        self.problem = problem
        self.X, self.y = self.layout(*windows_and_targets(problem))
        return loss_of_a_constant(self.y, problem.n_classes)

    def layout(self, X, y):
        return np.ascontiguousarray(X), y

    def take_epochs(self, epochs):
        """Train for so many epochs from now on."""
        self.problem = replace(self.problem, epochs=epochs)

    @abstractmethod
    def fit(self, seed):
        """Train a new network; return the mean loss of its last epoch."""

    @abstractmethod
    def predict(self, X):
        """Return the predictions for some windows."""

    def prepare_predictions(self):  # noqa: B027  (most have nothing to do)
        """Do what a user does once between training and predicting."""

    def seconds_of_prediction(self, n_windows, at_least):
        """Return the median time of a call, called for so many seconds."""
        X, seconds = self.X[:n_windows], []
        self.predict(X)
        while sum(seconds) < at_least or len(seconds) < 3:
            started = time.perf_counter()
            self.predict(X)
            seconds.append(time.perf_counter() - started)
        return statistics.median(seconds)

    def prepare_forecast(self, seed):
        """Train, and return the loss."""
        loss = self.fit(seed)
        self.prepare_predictions()
        return loss

    def forecast(self, n_steps):
        """Predict a step, append it to the window, and so on."""
        window = np.array(self.X[-1:])
        forecast = []
        for _ in range(n_steps):
            forecast.append(float(np.ravel(self.predict(window))[0]))
            window = np.concatenate(
                [window[:, 1:], np.full((1, 1, 1), forecast[-1], dtype=np.float32)], axis=1
            )
        return forecast


class Ours(Contender):
    def __init__(self):
        import keras  # noqa: F401
        import tensorflow  # noqa: F401

        import sklearn_lstm.engine.programs  # noqa: F401  (it would come with the first fit)
        from sklearn_lstm import LSTMClassifier, LSTMForecaster, LSTMRegressor

        self.make_regressor, self.make_forecaster = LSTMRegressor, LSTMForecaster
        self.make_classifier = LSTMClassifier

    def layout(self, X, y):
        return X, y

    def estimator(self, seed):
        problem = self.problem
        make = self.make_classifier if problem.n_classes else self.make_regressor
        return make(
            problem.units,
            bidirectional=problem.bidirectional,
            learning_rate=LEARNING_RATE,
            batch_size=problem.batch_size,
            epochs=problem.epochs,
            random_state=seed,
        )

    def fit(self, seed):
        self.fitted = self.estimator(seed).fit(self.X, self.y)
        return self.fitted.loss_curve_[-1]

    def fit_ensemble(self, n_networks, seed):
        estimator = self.estimator(seed).set_params(ensemble_size=n_networks)
        return estimator.fit(self.X, self.y).loss_curve_[-1]

    def predict(self, X):
        return self.fitted.predict(X)

    def prepare_predictions(self):
        self.fitted = pickle.loads(pickle.dumps(self.fitted))

    def distance_to_keras(self, n_windows):
        """Return the largest difference to the predictions of Keras with the same weights."""
        X = np.array(self.X[:n_windows])
        theirs = self.fitted.model_.predict(X, verbose=0).ravel()
        return float(np.abs(self.predict(X) - theirs).max())

    def prepare_forecast(self, seed):
        self.forecaster = self.make_forecaster(
            self.estimator(seed),
            window_length=self.problem.n_timesteps,
            strategy="recursive",
            normalize="standard",
            interval_method=None,
        ).fit(rows_of(self.problem)[:, 0])
        return self.forecaster.regressor_.loss_curve_[-1]

    def forecast(self, n_steps):
        return self.forecaster.predict(n_steps).tolist()


def keras_network(problem):
    import keras

    last = len(problem.units) - 1
    layers = [
        keras.layers.LSTM(units, return_sequences=i < last) for i, units in enumerate(problem.units)
    ]
    if problem.bidirectional:
        layers = [keras.layers.Bidirectional(layer) for layer in layers]
    shape = keras.Input((problem.n_timesteps, problem.n_features))
    n_classes = problem.n_classes
    head = keras.layers.Dense(n_classes or 1, activation="softmax" if n_classes else None)
    return keras.Sequential([shape, *layers, head])


def keras_loss(problem):
    return "sparse_categorical_crossentropy" if problem.n_classes else "mse"


class Keras(Contender):
    packages = ("keras",)

    def __init__(self):
        import keras
        import tensorflow  # noqa: F401

        self.keras = keras

    def fit(self, seed):
        self.keras.utils.set_random_seed(seed)
        self.model = keras_network(self.problem)
        self.model.compile(self.keras.optimizers.Adam(LEARNING_RATE), keras_loss(self.problem))
        history = self.model.fit(
            self.X, self.y, self.problem.batch_size, self.problem.epochs, verbose=0
        )
        return history.history["loss"][-1]

    def predict(self, X):
        return self.model.predict(X, verbose=0)


class KerasOnBatch(Keras):
    """Predicts as Keras's documentation advises for small inputs."""

    def predict(self, X):
        return self.model.predict_on_batch(X)


class OnnxRuntime(Ours):
    """Predicts by ONNX Runtime what :func:`sklearn_lstm.to_onnx` has made of our estimator."""

    packages = ("onnx", "onnxruntime")

    def __init__(self):
        import onnxruntime

        from sklearn_lstm import to_onnx

        super().__init__()
        self.runtime, self.to_onnx = onnxruntime, to_onnx

    def layout(self, X, y):
        return np.ascontiguousarray(X), y

    def prepare_predictions(self):
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads = N_THREADS
        self.session = self.runtime.InferenceSession(
            self.to_onnx(self.fitted), options, providers=["CPUExecutionProvider"]
        )
        distance = float(np.abs(self.predict(self.X) - self.fitted.predict(self.X)).max())
        if not distance <= TOLERANCE:
            raise AssertionError(f"ONNX Runtime predicts otherwise than we do: {distance:.2g} away")

    def predict(self, X):
        return self.session.run(None, {"windows": X})[0]


class Scikeras(Contender):
    packages = ("scikeras",)

    def __init__(self):
        import keras
        import tensorflow  # noqa: F401
        from scikeras.wrappers import KerasClassifier, KerasRegressor

        self.keras = keras
        self.make_regressor, self.make_classifier = KerasRegressor, KerasClassifier

    def fit(self, seed):
        # With a random_state, scikeras would make all of TensorFlow deterministic, and slower.
        self.keras.utils.set_random_seed(seed)
        make = self.make_classifier if self.problem.n_classes else self.make_regressor
        self.fitted = make(
            lambda: keras_network(self.problem),
            loss=keras_loss(self.problem),
            optimizer="adam",
            optimizer__learning_rate=LEARNING_RATE,
            batch_size=self.problem.batch_size,
            epochs=self.problem.epochs,
            verbose=0,
        ).fit(self.X, self.y)
        return self.fitted.history_["loss"][-1]

    def predict(self, X):
        return self.fitted.predict(X)


class TorchContender(Contender):
    packages = ("torch",)

    def __init__(self):
        import torch
        import torch._dynamo  # it would come with the first optimizer

        from .torch_network import Network

        torch.set_num_threads(N_THREADS)
        self.torch, self.network = torch, Network

    def layout(self, X, y):
        return np.ascontiguousarray(X), y[:, np.newaxis]


class Skorch(TorchContender):
    packages = ("torch", "skorch")

    def __init__(self):
        import skorch

        super().__init__()
        self.skorch = skorch

    def fit(self, seed):
        self.torch.manual_seed(seed)
        problem = self.problem
        self.fitted = self.skorch.NeuralNetRegressor(
            self.network,
            module__n_features=problem.n_features,
            module__units=problem.units,
            module__bidirectional=problem.bidirectional,
            optimizer=self.torch.optim.Adam,
            optimizer__eps=EPSILON,
            lr=LEARNING_RATE,
            batch_size=problem.batch_size,
            max_epochs=problem.epochs,
            train_split=None,
            iterator_train__shuffle=True,
            verbose=0,
        ).fit(self.X, self.y)
        return self.fitted.history[-1, "train_loss"]

    def predict(self, X):
        return self.fitted.predict(X)


class PyTorch(TorchContender):
    def __init__(self):
        from .torch_network import train

        super().__init__()
        self.train = train

    def fit(self, seed):
        self.torch.manual_seed(seed)
        problem = self.problem
        self.model = self.network(problem.n_features, problem.units, problem.bidirectional)
        X, y = map(self.torch.from_numpy, (self.X, self.y))
        optimizer = self.torch.optim.Adam(
            self.model.parameters(), LEARNING_RATE, eps=EPSILON, fused=True
        )
        return self.train(self.model, optimizer, X, y, problem.batch_size, problem.epochs)

    def prepare_predictions(self):
        self.model.eval()

    def predict(self, X):
        with self.torch.inference_mode():
            return self.model(self.torch.from_numpy(X)).numpy()


class PyTorchInBlocks(PyTorch):
    """Predicts a few windows at a time, whose states stay in the processor's cache."""

    def predict(self, X):
        blocks = np.split(X, range(256, len(X), 256))
        return np.concatenate([super(PyTorchInBlocks, self).predict(block) for block in blocks])


CONTENDERS = {
    OURS: Ours,
    "scikeras": Scikeras,
    "Keras": Keras,
    "skorch": Skorch,
    "PyTorch": PyTorch,
}
OTHER_WAYS_TO_PREDICT = {
    "Keras predict_on_batch": KerasOnBatch,
    "PyTorch in blocks of 256": PyTorchInBlocks,
    "ONNX Runtime": OnnxRuntime,
}


def missing_packages(name):
    return [
        package
        for package in (CONTENDERS | OTHER_WAYS_TO_PREDICT)[name].packages
        if importlib.util.find_spec(package) is None
    ]
