"""Optimizers by name, as Keras computes them, in one operation for each variable.

Their variables have no fixed shape, as those of :class:`FusedNetwork` haven't.
"""

from itertools import chain

import numpy as np

from .quiet_tensorflow import tf
from .tensors import arrays_of, assign, to_scalar, to_tensor

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

    def __init__(self, kind, network):
        self._kind = kind
        self._network = network
        self._n_steps = tf.Variable(0.0)
        self._moments = [
            [tf.Variable(v, shape=v.shape) for v in network.variables]
            for _ in range(N_MOMENTS[kind])
        ]
        self.variables = [self._n_steps, *chain.from_iterable(self._moments)]

    def load(self, state):
        """Start from a state, None for none, with the weights of the network as they are."""
        if state is None:
            zeros = [tf.zeros_like(variable) for variable in self._network.variables]
            self._assign(0.0, [zeros] * len(self._moments))
        else:
            n_steps, *moments = state
            self._assign(
                n_steps, [map(to_tensor, self._network.fuse(of_all)) for of_all in moments]
            )

    def _assign(self, n_steps, moments):
        assign([self._n_steps], [to_scalar(n_steps, np.float32)])
        for variables, values in zip(self._moments, moments, strict=True):
            assign(variables, values)

    def state(self):
        """Return the number of steps, and moments in the shape of Keras's weights."""
        moments = map(arrays_of, self._moments)
        return [self._n_steps.numpy(), *map(self._network.split, moments)]

    def scale_loss(self, loss):
        return loss

    def apply(self, gradients, rate):
        n_steps = tf.convert_to_tensor(self._n_steps.assign_add(1.0))
        powers = {"beta1_power": tf.pow(0.9, n_steps), "beta2_power": tf.pow(0.999, n_steps)}
        for variable, gradient, *moments in zip(
            self._network.variables, gradients, *self._moments, strict=True
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
