"""Gradient times input of a network, in the unit of the prediction."""

from __future__ import annotations

import numpy as np

AT_ONCE = 256  # windows whose gradients are computed together


def attribute(subject, array, others, usual):
    """Return the gradient at windows times how far they are off those that say nothing.

    Parameters
    ----------
    subject : WindowSubject

    array, others : ndarray of shape (n_rows, n_timesteps, n_features)
        Windows, and those that say nothing.

    usual : ndarray of shape (n_rows, n_outputs)
        What is predicted from ``array``.

    Returns
    -------
    attributions : ndarray of shape (n_rows, n_explained, n_timesteps, n_features)
    """
    blocks = (slice(begin, begin + AT_ONCE) for begin in range(0, len(array), AT_ONCE))
    gradients = np.concatenate([_gradients(subject, array[of], usual[of]) for of in blocks])
    off = np.where(np.isnan(array), 0, array - others)
    return np.nan_to_num(gradients) * off[:, np.newaxis]


def check_network(subject):
    """Refuse what has no network right behind the windows."""
    if subject.opened.network is None:
        raise ValueError(
            "method='gradient' goes through the network of an LSTMRegressor or LSTMClassifier "
            f"that reads the windows, not through {subject.opened.predictor!r}. Take "
            "method='occlusion', which asks for no gradient."
        )


def _gradients(subject, array, usual):
    """Return the gradients of what is explained, (n_rows, n_explained, n_timesteps, n_features)."""
    try:
        from ..engine.quiet_tensorflow import tf

        model = subject.network_model
    except ImportError as error:
        raise ImportError(
            "method='gradient' needs TensorFlow, which is not installed. Install it, or take "
            "method='occlusion'."
        ) from error
    inputs = tf.constant(array, dtype=tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(inputs)
        outputs = tf.reshape(model(inputs), (len(array), -1))
        explained = _explained(tf, subject, outputs, usual)
        columns = tf.unstack(explained, axis=1)
    slopes = subject.slopes(array, outputs.numpy().astype(float))
    gradients = [tape.gradient(column, inputs).numpy() for column in columns]
    return np.stack(gradients, axis=1) * slopes[:, :, np.newaxis, np.newaxis]


def _explained(tf, subject, outputs, usual):
    """Pick what is explained from the outputs of a network, of which two classes have but one."""
    if usual.shape[1] == 2 and outputs.shape[1] == 1:
        outputs = tf.concat([1 - outputs, outputs], axis=1)
    if subject.picks_class:
        return tf.gather(outputs, subject.explained_classes(usual), axis=1, batch_dims=1)
    chosen = subject.output_number
    return outputs if chosen is None else outputs[:, chosen : chosen + 1]
