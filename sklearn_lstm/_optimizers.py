"""Optimizers by name, as Keras computes them, in one operation for each variable.

Their variables have no fixed shape, as those of :class:`FusedNetwork` haven't.
"""

import numpy as np
import tensorflow as tf

N_MOMENTS = {"adam": 2, "adamw": 2, "rmsprop": 2, "sgd": 0}
ADAMW_DECAY = 0.004


class FusedOptimizer:
    """Adam [1]_, AdamW [2]_, RMSprop [3]_ or gradient descent, with the defaults of Keras.

    References
    ----------
    .. [1] D. Kingma, J. Ba, "Adam: A method for stochastic optimization", ICLR 2015.
    .. [2] I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019.
    .. [3] G. Hinton, "Lecture 6e of Neural networks for machine learning", 2012.
    """

    def __init__(self, kind, variables):
        self._kind = kind
        self._variables = variables
        self._learning_rate = tf.Variable(0.0)
        self._n_steps = tf.Variable(0.0)
        self._moments = [
            [tf.Variable(v, shape=v.shape) for _ in range(N_MOMENTS[kind])] for v in variables
        ]

    def load(self, state, learning_rate):
        """Start from a state, None for none, with the variables as they are."""
        if state is None:
            zeros = [np.zeros(v.value().shape, np.float32) for v in self._variables]
            state = [0.0, *(zero for zero in zeros for _ in range(N_MOMENTS[self._kind]))]
        for variable, value in zip(self._all(), state, strict=True):
            variable.assign(value)
        self._learning_rate.assign(learning_rate)

    def state(self):
        return [variable.numpy() for variable in self._all()]

    def _all(self):
        return [self._n_steps, *(moment for moments in self._moments for moment in moments)]

    def scale_loss(self, loss):
        return loss

    def apply(self, gradients):
        rate = self._learning_rate.read_value()
        n_steps = self._n_steps.assign_add(1.0, read_value=True)
        powers = {"beta1_power": tf.pow(0.9, n_steps), "beta2_power": tf.pow(0.999, n_steps)}
        for variable, gradient, moments in zip(
            self._variables, gradients, self._moments, strict=True
        ):
            if self._kind == "adamw":
                variable.assign_sub(variable * ADAMW_DECAY * rate, read_value=False)
            self._update(variable.handle, [m.handle for m in moments], gradient, rate, powers)

    def _update(self, variable, moments, gradient, rate, powers):
        if self._kind == "sgd":
            tf.raw_ops.ResourceApplyGradientDescent(var=variable, alpha=rate, delta=gradient)
        elif self._kind == "rmsprop":
            tf.raw_ops.ResourceApplyRMSProp(
                var=variable, ms=moments[0], mom=moments[1], lr=rate, rho=0.9, momentum=0.0,
                epsilon=1e-7, grad=gradient,
            )  # fmt: skip
        else:
            tf.raw_ops.ResourceApplyAdam(
                var=variable, m=moments[0], v=moments[1], **powers, lr=rate, beta1=0.9,
                beta2=0.999, epsilon=1e-7, grad=gradient,
            )  # fmt: skip
