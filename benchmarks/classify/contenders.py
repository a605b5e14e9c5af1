"""Who takes part beside the LSTM, in this environment; each returns the accuracy of one seed."""

from __future__ import annotations

from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import LabelEncoder

from .choosing import SHARED
from .scaling import padded, scaled

EUCLIDEAN = "1-NN Euclidean"
SCIKERAS = "scikeras, Keras's LSTM"


def of_table(make):
    """Return a contender that reads each sequence as one row, zeros after a shorter one's end."""

    def accuracy(train, test, seed, epochs):
        fit, asked = padded(*scaled(train.X, test.X))
        classifier = make(seed).fit(fit.reshape(len(fit), -1), train.y)
        return float(classifier.score(asked.reshape(len(asked), -1), test.y))

    return accuracy


def keras_network(n_timesteps, n_features, n_classes):
    """Return the network of a tutorial: zeros at the end are masked, the last state is read."""
    import keras

    network = keras.Sequential(
        [
            keras.Input((n_timesteps, n_features)),
            keras.layers.Masking(0.0),
            keras.layers.LSTM(SHARED["units"]),
            keras.layers.Dense(n_classes, activation="softmax"),
        ]
    )
    network.compile("adam", "sparse_categorical_crossentropy")
    return network


def scikeras_accuracy(train, test, seed, epochs):
    """Return the accuracy of Keras's LSTM in scikeras, with as many units and epochs as ours."""
    import keras
    from scikeras.wrappers import KerasClassifier

    fit, asked = padded(*scaled(train.X, test.X))
    labels = LabelEncoder().fit(train.y)
    # With a random_state, scikeras would make all of TensorFlow deterministic, and slower.
    keras.utils.set_random_seed(seed)
    classifier = KerasClassifier(
        lambda: keras_network(*fit.shape[1:], len(labels.classes_)),
        batch_size=SHARED["batch_size"],
        epochs=epochs,
        verbose=0,
    )
    classifier.fit(fit, labels.transform(train.y))
    return float((classifier.predict(asked) == labels.transform(test.y)).mean())


HERE = {
    EUCLIDEAN: of_table(lambda seed: KNeighborsClassifier(1)),
    "logistic regression": of_table(lambda seed: LogisticRegression(max_iter=2000)),
    "MLPClassifier": of_table(lambda seed: MLPClassifier(max_iter=1000, random_state=seed)),
    SCIKERAS: scikeras_accuracy,
}
IN_AEON = ("1-NN DTW", "MiniRocket + ridge")
HAS_SEEDS = ("MLPClassifier", SCIKERAS, "MiniRocket + ridge")
