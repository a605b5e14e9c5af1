"""What training minimises, and how a network's outputs become predictions.

All that depends on the loss is here: the loss of targets and outputs, how many outputs a network
has for so many targets, and what is predicted from them. A new loss is a class and a name.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass


class Loss(ABC):
    """The loss of a network's outputs beside targets.

    Subclasses are frozen dataclasses: losses that are equal share a compiled program.
    """

    @abstractmethod
    def per_target(self, tf, y, outputs):
        """Return the loss of each target.

        Parameters
        ----------
        tf : module
            TensorFlow, handed in so that predictions need not import it.
        y : tensor of shape (n_samples, n_targets)
        outputs : tensor of shape (n_samples, n_outputs)

        Returns
        -------
        losses : tensor of shape (n_samples, n_targets)
        """

    def n_outputs(self, n_targets):
        """Return how many outputs a network needs for so many targets."""
        return n_targets

    def predictions(self, outputs):
        """Turn outputs, shape (n_samples, n_outputs), into predictions, in NumPy.

        By default they are the same array.
        """
        return outputs


@dataclass(frozen=True)
class SquaredError(Loss):
    """The square of the error."""

    def per_target(self, tf, y, outputs):
        return tf.square(outputs - y)


@dataclass(frozen=True)
class AbsoluteError(Loss):
    """The size of the error."""

    def per_target(self, tf, y, outputs):
        return tf.abs(outputs - y)


@dataclass(frozen=True)
class Huber(Loss):
    """Half the square of an error up to 1, and linear beyond."""

    def per_target(self, tf, y, outputs):
        error = outputs - y
        size = tf.abs(error)
        return tf.where(size <= 1, 0.5 * tf.square(error), size - 0.5)


LOSSES: dict[str, Loss] = {
    "squared_error": SquaredError(),
    "absolute_error": AbsoluteError(),
    "huber": Huber(),
}
