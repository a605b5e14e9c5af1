"""What training minimises, and how a network's outputs become predictions.

All that depends on the loss is here: the loss of targets and outputs, how many outputs a network
has for so many targets, and what is predicted from them. A new loss is a class and a name.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax

# Taken off outputs that are gaps between quantiles, so that gaps begin narrow: they widen faster
# than they narrow. On lines with noise of deviation 0.01 to 1, five epochs from here end with a
# quarter to three quarters of the error of five from 0. On noise of 1.5 around nothing they end
# with twice the error, and after twenty epochs with the same.
NARROW = 2.0
ROUNDED = 1e-7  # what probabilities of float32 are kept away from 0 and 1, as Keras does


class Loss(ABC):
    """The loss of a network's outputs beside targets.

    Subclasses are frozen dataclasses. Losses of one class share a compiled program, which is given
    what else they differ in as numbers.
    """

    customs_predict = False  # whether custom networks' outputs are predictions, not beneath them

    @property
    def link(self):
        """str or None : By what outputs become predictions, if they are not."""
        return None

    @staticmethod
    @abstractmethod
    def per_target(tf, y, outputs, numbers):
        """Return the loss of each target.

        Parameters
        ----------
        tf : module
            TensorFlow, handed in so that predictions need not import it.
        y : tensor of shape (n_samples, n_targets)
        outputs : tensor of shape (n_samples, n_outputs)
        numbers : tensor
            :attr:`numbers` of the loss.

        Returns
        -------
        losses : tensor of shape (n_samples, n_targets)
        """

    @property
    def numbers(self):
        """ndarray of two dimensions, float32 : What two losses of this class may differ in."""
        return np.empty((0, 0), np.float32)

    def n_outputs(self, n_targets):
        """Return how many outputs a network needs for so many targets."""
        return n_targets

    def first_outputs(self, y, sample_weight):
        """Return what outputs begin at, shape (n_targets,); None for near zero.

        Parameters
        ----------
        y : array-like of shape (n_samples, n_targets)
        sample_weight : ndarray of shape (n_samples,)
        """
        return None

    def refuse_targets(self, y):
        """Raise a ValueError for targets that have no loss.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        """
        return None

    def predictions(self, outputs):
        """Turn outputs, shape (n_samples, n_outputs), into predictions, in NumPy.

        By default they are the same array.
        """
        return outputs

    def keras_predictions(self, keras, outputs):
        """Do the same to the outputs of a model of Keras, which is handed in."""
        return outputs

    def onnx_predictions(self, graph, outputs):
        """Do the same in a graph of ONNX, which is handed in, to the outputs of this name."""
        return outputs


def _errors(tf, y, outputs):
    """Return ``outputs - y``, both of one shape, which the gradient of ``-`` would ask for."""
    return tf.add_n([outputs, -y])


@dataclass(frozen=True)
class SquaredError(Loss):
    """The square of the error."""

    @staticmethod
    def per_target(tf, y, outputs, numbers):
        return tf.square(_errors(tf, y, outputs))


@dataclass(frozen=True)
class AbsoluteError(Loss):
    """The size of the error."""

    @staticmethod
    def per_target(tf, y, outputs, numbers):
        return tf.abs(_errors(tf, y, outputs))


@dataclass(frozen=True)
class Huber(Loss):
    """Half the square of an error up to 1, and linear beyond."""

    @staticmethod
    def per_target(tf, y, outputs, numbers):
        error = _errors(tf, y, outputs)
        size = tf.abs(error)
        return tf.where(size <= 1, 0.5 * tf.square(error), size - 0.5)


@dataclass(frozen=True)
class Quantile(Loss):
    """The pinball loss [1]_ of one quantile, or the mean over several that can't cross.

    Outputs lie level by level, the targets of a level side by side, so that segments which are
    decoded in parallel are steps of one level.

    Parameters
    ----------
    levels : float or tuple of float
        Between 0 and 1, in ascending order; a float for predictions without an axis of levels.

    References
    ----------
    .. [1] R. Koenker, G. Bassett, "Regression quantiles", Econometrica 46(1), 1978,
       :doi:`10.2307/1913643`.
    """

    levels: float | tuple[float, ...]

    @property
    def link(self):
        return "quantiles" if np.size(self.levels) > 1 else None

    @property
    def is_joint(self):
        """bool : Whether predictions have an axis of levels."""
        return isinstance(self.levels, tuple)

    @staticmethod
    def per_target(tf, y, outputs, numbers):
        levels, gaps = numbers[0][:, tf.newaxis], numbers[1][:, tf.newaxis]
        n_levels = tf.shape(numbers)[1]
        outputs = tf.reshape(outputs, [tf.shape(y)[0], n_levels, tf.shape(y)[1]])
        error = y[:, tf.newaxis] - _ordered(outputs, gaps, n_levels, tf.cumsum, tf.math.softplus)
        return tf.reduce_mean(tf.maximum(levels * error, (levels - 1) * error), axis=1)

    @property
    def numbers(self):
        """ndarray of shape (2, n_levels) : Levels; and the gap below each in a standard normal."""
        levels = np.atleast_1d(self.levels)
        places = [NormalDist().inv_cdf(level) for level in levels]
        return np.array([levels, np.diff(places, prepend=places[0])], np.float32)

    def n_outputs(self, n_targets):
        return n_targets * np.size(self.levels)

    def predictions(self, outputs):
        """Return predictions of shape (n_samples, n_targets, n_levels), of one float without it."""
        return self._predictions(np, partial(np.logaddexp, 0), outputs)

    def keras_predictions(self, keras, outputs):
        return self._predictions(keras.ops, keras.ops.softplus, outputs)

    def onnx_predictions(self, graph, outputs):
        if not self.is_joint:
            return outputs
        n_levels, gaps = np.size(self.levels), self.numbers[1][:, np.newaxis]
        outputs = graph.add("Reshape", outputs, [0, n_levels, -1])
        gaps = graph.add("Mul", graph.add("Softplus", graph.add("Sub", outputs, NARROW)), gaps)
        above_lowest = graph.add("CumSum", gaps, 1)
        middles = (graph.add("Gather", above_lowest, [k], axis=1) for k in _middles(n_levels))
        middle = graph.add("Mul", graph.add("Add", *middles), 0.5)
        lowest = graph.add("Sub", graph.add("Gather", outputs, [0], axis=1), middle)
        return graph.add("Transpose", graph.add("Add", lowest, above_lowest), perm=[0, 2, 1])

    def _predictions(self, ops, softplus, outputs):
        if not self.is_joint:
            return outputs
        n_levels, gaps = np.size(self.levels), self.numbers[1][:, np.newaxis]
        outputs = ops.reshape(outputs, (-1, n_levels, outputs.shape[1] // n_levels))
        return ops.moveaxis(_ordered(outputs, gaps, n_levels, ops.cumsum, softplus), 1, 2)


def _ordered(outputs, gaps, n_levels, cumsum, softplus):
    """Turn outputs of shape (n_samples, n_levels, n_targets) into quantiles that are ordered.

    The first output is the middle quantile; of an even number, the middle of the two. Each of the
    others says how far its quantile lies above the one before: ``softplus(output - 2)``, in units
    of that gap in a standard normal. A network whose outputs are zero, as they nearly are before
    training, so has the quantiles of a normal of deviation ``softplus(-2) = 0.13``, whichever
    levels they are. Where the scale of the noise changes, all gaps change alike. Rounding keeps the
    order, too: sums and differences by the same are monotone.

    It is written for NumPy, TensorFlow and Keras, whose functions are given.
    """
    gaps = softplus(outputs - NARROW) * gaps
    above_lowest = cumsum(gaps, axis=1)  # the lowest has a gap of zero
    lower, upper = _middles(n_levels)
    middles = above_lowest[:, lower] + above_lowest[:, upper]
    return (outputs[:, 0] - middles / 2)[:, None] + above_lowest


def _middles(n_levels):
    return (n_levels - 1) // 2, n_levels // 2


class _LogLink(Loss):
    """Outputs are logarithms of what is predicted, which so is positive."""

    @property
    def link(self):
        return "log"

    def first_outputs(self, y, sample_weight):
        """Return the logarithms of the means: from 0, which is 1, a thousand is far away."""
        means = np.average(np.asarray(y, dtype=float), axis=0, weights=sample_weight)
        return np.log(np.where(means > 0, means, 1.0))

    def predictions(self, outputs):
        return np.exp(outputs)

    def keras_predictions(self, keras, outputs):
        return keras.ops.exp(outputs)

    def onnx_predictions(self, graph, outputs):
        return graph.add("Exp", outputs)


@dataclass(frozen=True)
class Poisson(_LogLink):
    """Half the Poisson deviance, but for what no prediction changes: for counts."""

    @staticmethod
    def per_target(tf, y, outputs, numbers):
        return tf.exp(outputs) - y * outputs

    def refuse_targets(self, y):
        _refuse(y, np.less, "poisson", "zero or more")


@dataclass(frozen=True)
class Gamma(_LogLink):
    """Half the gamma deviance, but for what no prediction changes: for positive amounts."""

    @staticmethod
    def per_target(tf, y, outputs, numbers):
        return outputs + y * tf.exp(-outputs)

    def refuse_targets(self, y):
        _refuse(y, np.less_equal, "gamma", "more than zero")


def _refuse(y, is_bad, loss, what):
    y = np.asarray(y).reshape(len(y), -1)
    bad = is_bad(y, 0)
    if bad.any():
        row, column = map(int, np.argwhere(bad)[0])
        where = f"row {row}" if y.shape[1] == 1 else f"row {row}, column {column}"
        raise ValueError(
            f"loss={loss!r} is for targets of {what}, but y is {y[row, column]:g} at {where}. "
            "Leave the row out, or take another loss, such as loss='squared_error'. In a pipeline "
            "that scales y, set target_scaler='passthrough': outputs are logarithms already."
        )


class Classification(Loss):
    """The negative logarithm of the probability that outputs give to the true class."""

    customs_predict = True

    @abstractmethod
    def log_probabilities(self, outputs):
        """Return logarithms of probabilities, the classes along the last axis.

        Parameters
        ----------
        outputs : ndarray of shape (n_samples, n_outputs)
        """

    def outputs_beneath(self, ops, predictions):
        """Return the outputs from which these probabilities come, which may be 0 or 1 by rounding.

        Parameters
        ----------
        ops : module
            ``tf.math`` or NumPy.
        predictions : tensor or ndarray of shape (n_samples, n_outputs)
        """
        inside = ops.minimum(ops.maximum(predictions, ROUNDED), 1 - ROUNDED)
        return self._logits(ops, inside)

    @abstractmethod
    def _logits(self, ops, predictions):
        """Do so for probabilities between 0 and 1, both excluded."""


@dataclass(frozen=True)
class Logistic(Classification):
    """For targets that are 0 or 1: two classes, or several labels, each by itself.

    What is predicted is the probability of 1.
    """

    @staticmethod
    def per_target(tf, y, outputs, numbers):
        return tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=outputs)

    def predictions(self, outputs):
        return expit(outputs)

    def keras_predictions(self, keras, outputs):
        return keras.ops.sigmoid(outputs)

    def onnx_predictions(self, graph, outputs):
        return graph.add("Sigmoid", outputs)

    def log_probabilities(self, outputs):
        """Return them in the shape (n_samples, n_outputs, 2)."""
        return np.stack([log_expit(-outputs), log_expit(outputs)], axis=-1)

    def _logits(self, ops, predictions):
        return ops.log(predictions) - ops.log1p(-predictions)


@dataclass(frozen=True)
class Multinomial(Classification):
    """For one target that is the number of a class, of which there are more than two.

    What is predicted are the probabilities of all classes.
    """

    n_classes: int

    @staticmethod
    def per_target(tf, y, outputs, numbers):
        return tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.cast(y[:, 0], tf.int32), logits=outputs
        )[:, tf.newaxis]

    def n_outputs(self, n_targets):
        return self.n_classes

    def predictions(self, outputs):
        return softmax(outputs, axis=1)

    def keras_predictions(self, keras, outputs):
        return keras.ops.softmax(outputs)

    def onnx_predictions(self, graph, outputs):
        return graph.add("Softmax", outputs, axis=1)

    def log_probabilities(self, outputs):
        """Return them in the shape (n_samples, n_classes)."""
        return log_softmax(outputs, axis=1)

    def _logits(self, ops, predictions):
        return ops.log(predictions)


LOSSES: dict[str, Loss] = {
    "squared_error": SquaredError(),
    "absolute_error": AbsoluteError(),
    "huber": Huber(),
    "poisson": Poisson(),
    "gamma": Gamma(),
}
