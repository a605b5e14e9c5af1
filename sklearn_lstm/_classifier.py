"""The LSTM classifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple, Self

import numpy as np
from scipy.special import logsumexp
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ._atomic import on_snapshot
from ._base import BaseLSTM
from ._labels import (
    listed,
    numbers_of,
    read_labels,
    refuse_one_class,
    weights_of_classes,
    weights_of_labels,
)
from ._sklearn_private import StrOptions, fit_context, validate_parameters
from .engine.loss import Logistic, Loss, Multinomial

ALL = object()  # of the labels that y holds


class _Labels(NamedTuple):
    """Labels, and all classes that there may be."""

    y: Any
    classes: Any


class LSTMClassifier(ClassifierMixin, BaseLSTM):
    """Long short-term memory network for the classification of sequences.

    One or more LSTM layers [1]_ read a sequence step by step; a dense layer makes the classes'
    log-odds of the states. Use it on sequences, each of which has a class (put
    :class:`SequencePadder` before it where their lengths differ), or behind a
    :class:`SequenceWindower`, to tell a class at each row of a series. Scale X, to mean 0 and
    deviation 1 for example: networks train badly on raw units.

    Parameters
    ----------
    units : int or tuple of int, default=50
        Units of the LSTM layer, or of each of several stacked layers.

    dropout : float, default=0.0
        Share of each LSTM layer's outputs, the last layer's included, that is set to zero in
        training [2]_; in [0, 1).

    bidirectional : bool, default=False
        Whether each layer also reads the window backwards. (A window ends at its own row, so this
        looks at nothing later.)

    segment_length : int, default=None
        Steps of a window that are read at once [3]_: a dense layer with ReLU turns each segment of
        so many steps into ``units`` values, and the LSTM takes ``n_timesteps / segment_length``
        steps. Faster for long sequences,
        which an LSTM hardly learns from step by step. It must divide the length, unless lengths
        differ. None reads step by step.

    skip_connection : bool, default=False
        Whether a linear map of the whole window is added to what the LSTM layers make of it [4]_.
        For windows of one length.

    pooling : {"last", "mean", "max"}, default="last"
        What of the last LSTM layer's states the output reads: the last one, or the mean or the
        largest of all steps. ``"mean"`` and ``"max"`` suit what may happen anywhere in a sequence,
        and long sequences, of whose beginning the last state knows little.

    ensemble_size : int, default=1
        Networks that are trained, from different seeds, and whose probabilities are averaged. Five
        nearly always err less than one. They are trained side by side, one on each core, so that on
        many cores they hardly take longer; built by ``network``, with a Keras optimizer or on a
        GPU, one after the other.

    class_weight : dict, list of dict, "balanced" or None, default=None
        Weights of classes, ``{class: weight}``, those that are not named having 1: a sample's
        weight is multiplied by that of its class. ``"balanced"`` gives all classes the same sum,
        ``n_samples / (n_classes * count)``. Of several labels a list with a dict for each, or
        ``"balanced"``; a sample's weight is the product over its labels. Validation samples are
        weighed in the same way, by their own counts.

    optimizer : {"adam", "adamw", "sgd", "rmsprop"} or keras.optimizers.Optimizer, default="adam"
        Rule that updates the weights. A Keras optimizer lends its settings, its learning rate
        included; the object itself is never changed.

    learning_rate : float, default=0.001
        Step size of an optimizer given by name.

    learning_rate_schedule : {"constant", "exponential", "cosine"}, default="constant"
        What becomes of the learning rate over the ``epochs``: nothing; it falls by the same factor
        in each epoch, towards a hundredth; or along half a cosine wave, towards zero [5]_.
        ``partial_fit`` keeps it constant; a warm start begins anew. A fit that early stopping ends
        never sees the low rates.

    clipnorm : float, default=None
        Largest norm of the gradient of each weight array; longer ones are shortened to it.

    alpha : float, default=0.0
        Strength of the L2 penalty, ``alpha * sum(w ** 2)`` over all kernels, biases apart, which is
        added to the mean loss, as Keras does. That of
        :class:`~sklearn.neural_network.MLPClassifier` is ``alpha / (2 * batch_size)`` here.

    batch_size : int, default=32
        Samples for each update of the weights. The last batch of an epoch may be smaller.

    epochs : int, default=100
        Passes over the training samples, at most.

    max_samples : int or float, default=None
        How many of the training samples an epoch takes, drawn anew for each epoch without
        replacement: a number, of which more than there are means all, or a share in (0, 1], rounded
        and at least one sample. None takes all. It bounds the time of an epoch, and lets early
        stopping look more often, where windows are many and overlap.

    shuffle : bool, default=True
        Whether each epoch takes the windows in a new random order. The steps within a window keep
        theirs. If False, those that ``max_samples`` draws are in the order of X.

    early_stopping : bool, default=False
        Whether to stop when the validation loss no longer falls, and to return the weights of the
        best epoch of this call. If False, all epochs are run.

    validation_fraction : float, default=0.1
        Share of the samples of each class, in (0, 1), that early stopping keeps apart: the last
        ones of the class, rounded up, and all but one at most. So each class is in both parts even
        where they are listed one after the other, and neighbouring windows, which share steps, are
        seldom parted. Of several labels: the last samples. Not used when ``X_val`` is given.

    n_iter_no_change : int, default=10
        Epochs without improvement after which training stops early.

    tol : float, default=1e-4
        By how much the validation loss must fall, in units of the loss, to count as improvement.

    warm_start : bool, default=False
        If True, ``fit`` goes on from the weights of the previous call.

    random_state : int, RandomState instance or None, default=None
        Decides initial weights, shuffling and dropout. With an int, no generator but the
        estimator's own is read or changed, and the result is the same in every process and thread,
        up to rounding where a process has fewer threads.

    verbose : int, default=0
        If positive, show a progress bar with the loss; of an ensemble one for all its networks.

    network : callable, default=None
        Builder of another network in the convention of scikeras, ``builder(meta,
        **network_params) -> keras.Model``, trained through scikeras. It has to end with
        probabilities: ``Dense(meta["n_outputs_"], activation=...)``, a sigmoid for two classes (one
        output) or several labels, a softmax for more classes (``meta["target_type_"]`` says which).
        Targets are 0 and 1, or the numbers of the classes. The parameters of the built-in network
        (``units``, ``dropout``, ``bidirectional``, ``segment_length``, ``skip_connection``,
        ``pooling``, ``alpha``) are then without effect, and so are ``optimizer``,
        ``learning_rate`` and ``clipnorm`` where the builder compiles the model itself. To pickle
        the estimator the builder must be importable.

    network_params : dict, default=None
        Keyword arguments of ``network``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels of the classes, sorted; of several labels their columns.

    weights_ : list of ndarray
        Weights, read-only, in the order of Keras, as :class:`LSTMRegressor` has them. The dense
        layer has one output for two classes, one for each label, else one for each class.

    loss_curve_ : list of float
        Mean training loss of each epoch over the samples that it took, the penalty included: the
        negative logarithm of the probability of the true class, of several labels the mean over
        these. Of an ensemble, the mean over its networks that were still in training.

    validation_loss_curve_ : list of float or None
        Weighted loss on the validation samples after each epoch, without penalty; NaN for epochs of
        a warm start without such samples, None if there never were any.

    n_iter_ : int
        Number of epochs run; in an ensemble the largest.

    n_features_in_ : int
        Number of features of each step; for 2-D input the number of columns.

    n_timesteps_ : int
        Number of steps in a window; of sequences of unequal lengths, in the longest.

    n_outputs_ : int
        Number of targets: 1, or the number of labels.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of 2-D input, if they all are strings.

    model_ : keras.Model
        A new Keras model of Keras's own layers with the fitted weights, built each time it is
        asked for. It gives probabilities: of the second of two classes ``(n_samples, 1)``, else as
        ``predict_proba``. An ensemble is one model, too.

    See Also
    --------
    LSTMRegressor : The same for numbers.
    SequencePadder : Makes an array of sequences of unequal lengths.
    sklearn.neural_network.MLPClassifier : A network without memory.

    Notes
    -----
    Training, prediction, missing steps and unequal lengths are as for :class:`LSTMRegressor`: it
    trains in TensorFlow and predicts in NumPy; a fitted estimator holds arrays only; leading steps
    of NaN are missing history, from which ``fit`` does not learn, trailing ones a shorter sequence.

    Of small sets, up to some hundred sequences, random convolutions with a linear classifier
    (MiniRocket, in the package aeon) are more accurate than one network on all five of the
    benchmarks, and about as accurate as an ensemble. Try them, too.

    References
    ----------
    .. [1] S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997,
       :doi:`10.1162/neco.1997.9.8.1735`.
    .. [2] N. Srivastava et al., "Dropout: a simple way to prevent neural networks from
       overfitting", JMLR 15, 2014.
    .. [3] S. Lin, W. Lin, W. Wu, F. Zhao, R. Mo, H. Zhang, "SegRNN: Segment recurrent neural
       network for long-term time series forecasting", 2023, arXiv:2308.11200.
    .. [4] G. Lai, W. Chang, Y. Yang, H. Liu, "Modeling long- and short-term temporal patterns with
       deep neural networks", SIGIR 2018, :doi:`10.1145/3209978.3210006`.
    .. [5] I. Loshchilov, F. Hutter, "SGDR: Stochastic gradient descent with warm restarts", ICLR
       2017, arXiv:1608.03983.

    Examples
    --------
    Waves that rise first, and waves that fall first:

    >>> import numpy as np
    >>> from sklearn_lstm import LSTMClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.array(["falls", "rises"] * 40)
    >>> wave = np.sin(np.arange(20) / 3)
    >>> X = np.where(y == "rises", 1, -1)[:, None] * wave + rng.normal(0, 0.3, (80, 20))
    >>> lstm = LSTMClassifier(units=8, epochs=20, learning_rate=0.01, random_state=0)
    >>> lstm.fit(X[:60], y[:60]).predict(X[60:64])
    array(['falls', 'rises', 'falls', 'rises'], dtype='<U5')
    >>> lstm.predict_proba(X[60:]).shape
    (20, 2)
    >>> lstm.score(X[60:], y[60:])
    1.0
    """

    _parameter_constraints = {
        **BaseLSTM._parameter_constraints,
        "class_weight": [None, StrOptions({"balanced"}), dict, list],
    }

    def __init__(
        self,
        units: int | tuple[int, ...] = 50,
        *,
        dropout: float = 0.0,
        bidirectional: bool = False,
        segment_length: int | None = None,
        skip_connection: bool = False,
        pooling: str = "last",
        ensemble_size: int = 1,
        class_weight: dict[Any, float] | list[dict[int, float]] | str | None = None,
        optimizer: Any = "adam",
        learning_rate: float = 0.001,
        learning_rate_schedule: str = "constant",
        clipnorm: float | None = None,
        alpha: float = 0.0,
        batch_size: int = 32,
        epochs: int = 100,
        max_samples: int | float | None = None,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        network: Callable[..., Any] | None = None,
        network_params: dict[str, Any] | None = None,
    ) -> None:
        self.units = units
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.segment_length = segment_length
        self.skip_connection = skip_connection
        self.pooling = pooling
        self.ensemble_size = ensemble_size
        self.class_weight = class_weight
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.clipnorm = clipnorm
        self.alpha = alpha
        self.batch_size = batch_size
        self.epochs = epochs
        self.max_samples = max_samples
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.network = network
        self.network_params = network_params

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Train on sequences and their classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_timesteps)
            Sequences. 2-D input is sequences of one feature.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Classes, of any type that can be sorted; or for each label 1 where a sample has it,
            else 0.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, zero or more. The loss of a batch is the sum of its weighted
            losses divided by its number of samples, as in Keras.

        X_val : array-like of shape (n_val_samples, n_timesteps, n_features), default=None
            Sequences, with the dimensions of X, to validate on after each epoch.

        y_val : array-like of shape (n_val_samples,) or (n_val_samples, n_labels), default=None
            Their classes, each of which ``y`` has, too.

        sample_weight_val : array-like of shape (n_val_samples,), default=None
            Weights of the validation samples, 1 each if None.

        Returns
        -------
        self : LSTMClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data can't be used, or the training diverges; the estimator is then as before.

        RuntimeError
            In a process forked from one that had used TensorFlow, where the training would hang.

        KeyboardInterrupt
            Upon Ctrl-C, as for :meth:`LSTMRegressor.fit`.
        """
        continues = self.warm_start and self.__sklearn_is_fitted__()
        return self._fit(
            X,
            y,
            sample_weight,
            (X_val, y_val, sample_weight_val),
            n_epochs=self.epochs,
            continues=continues,
            keeps_optimizer=False,
        )

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch more, early stopping apart.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_timesteps)
            Sequences.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Classes.

        classes : array-like of shape (n_classes,), default=None
            All classes that any call will have; needed in the first call alone, and not for
            several labels, whose columns say it.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, zero or more.

        Returns
        -------
        self : LSTMClassifier
            The fitted estimator.

        Raises
        ------
        ValueError, RuntimeError, KeyboardInterrupt
            As for :meth:`fit`; and if ``classes`` lack in the first call or differ later, or with
            ``class_weight="balanced"``, for which one call knows too little.
        """
        validate_parameters(self)  # scikit-learn's fit_context does so in the first call alone
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' counts the classes of all samples, which partial_fit does "
                "not see. Give weights as a dict {class: weight}."
            )
        is_fitted = self.__sklearn_is_fitted__()
        if is_fitted:
            self._check_same_classes(classes)
        return self._fit(
            X,
            y if is_fitted else _Labels(y, classes),
            sample_weight,
            (None, None, None),
            n_epochs=1,
            continues=is_fitted,
            keeps_optimizer=True,
        )

    @on_snapshot
    def predict(self, X: Any) -> np.ndarray:
        """Predict classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_timesteps)
            Sequences.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable classes; of several labels 1 for those more probable than not, else 0.
        """
        decision = self.decision_function(X)
        if self._target_type == "multilabel-indicator":
            return (decision > 0).astype(int)
        best = (decision > 0).astype(int) if decision.ndim == 1 else decision.argmax(axis=1)
        return self.classes_[best]

    @on_snapshot
    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_timesteps)
            Sequences.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            In the order of ``classes_``; of several labels those of having each. An ensemble's are
            the mean of its networks'.
        """
        return np.exp(self.predict_log_proba(X))

    @on_snapshot
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Predict the logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_timesteps)
            Sequences.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            In the order of ``classes_``, finite also where a probability is nearly zero.
        """
        log_probabilities = self._log_probabilities(X)
        if self._target_type == "multiclass":
            return log_probabilities
        return (
            log_probabilities[:, 0] if self._target_type == "binary" else log_probabilities[..., 1]
        )

    @on_snapshot
    def decision_function(self, X: Any) -> np.ndarray:
        """Return how much speaks for the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_timesteps)
            Sequences.

        Returns
        -------
        scores : ndarray of shape (n_samples,), (n_samples, n_classes) or (n_samples, n_labels)
            Of two classes the log-odds of the second, of labels those of each; of more classes the
            logarithms of their probabilities, up to a number for each sample.
        """
        check_is_fitted(self)
        if len(self._members) == 1:
            (scores,) = self._outputs_of_members(X)
        else:
            scores = self._log_probabilities(X)
            if self._target_type != "multiclass":
                scores = scores[:, :, 1] - scores[:, :, 0]
        return scores[:, 0] if self._target_type == "binary" else scores

    def _log_probabilities(self, X):
        """Return logarithms of the mean probabilities, of classes 0 and 1 for two or for labels."""
        check_is_fitted(self)
        loss: Any = self._loss
        members = [loss.log_probabilities(outputs) for outputs in self._outputs_of_members(X)]
        if len(members) == 1:
            return members[0]
        return logsumexp(members, axis=0) - np.log(len(members))

    def _present_loss(self) -> Loss:
        if self._target_type == "multiclass":
            return Multinomial(len(self.classes_))
        return Logistic()

    def _classes_for_builder(self):
        return {"target_type_": self._target_type, "n_classes_": len(self.classes_)}

    def _check_targets(self, y, windows, *, reset):
        """Return the numbers of classes, or of each label whether it is there."""
        y, classes = y if isinstance(y, _Labels) else (y, ALL)
        y = read_labels(y, type(self).__name__)
        check_consistent_length(windows, y)
        if reset:
            self._set_classes(y, y if classes is ALL else classes)
        if (y.ndim == 2) != (self._target_type == "multilabel-indicator"):
            raise ValueError(
                f"y has the shape {y.shape}, but this {type(self).__name__} was fitted on "
                f"{self._target_type} targets. Give it those."
            )
        if y.ndim == 2:
            return y.astype(np.float64)
        return numbers_of(y, self.classes_, type(self).__name__).astype(np.float64)

    def _plain_targets(self, y):
        return y.y if isinstance(y, _Labels) else y

    def _set_classes(self, y, classes):
        if y.ndim == 2:
            self._target_type, self.classes_ = "multilabel-indicator", np.arange(y.shape[1])
            return
        name = "y" if classes is y else "classes"
        classes = y if classes is y else read_labels(classes, type(self).__name__, name)
        self.classes_ = np.unique(classes)
        refuse_one_class(self.classes_, name, type(self).__name__)
        self._target_type = "binary" if len(self.classes_) == 2 else "multiclass"

    def _check_same_classes(self, classes):
        if classes is None or self._target_type == "multilabel-indicator":
            return
        given = np.unique(read_labels(classes, type(self).__name__, "classes"))
        if not np.array_equal(given, self.classes_):
            raise ValueError(
                f"classes are {listed(given)}, but were {listed(self.classes_)} in the call "
                "before. Leave classes out, or call fit first."
            )

    def _refuse_samples(self, samples):
        if self._target_type != "multilabel-indicator":
            learned = self.classes_[np.unique(samples.y[:, 0]).astype(int)]
            name = "y of the windows that lack no first step, from which fit learns,"
            refuse_one_class(learned, name, type(self).__name__)

    def _weighed(self, samples):
        if self.class_weight is None:
            return samples
        numbers = samples.y.reshape(len(samples), -1).astype(int)
        if self._target_type == "multilabel-indicator":
            weights = weights_of_labels(self.class_weight, numbers)
        else:
            weights = weights_of_classes(self.class_weight, self.classes_, numbers[:, 0])
        return replace(samples, sample_weight=samples.sample_weight * weights)

    def _split(self, samples):
        """Keep the last samples of each class apart; of several labels the last of all."""
        if self._target_type == "multilabel-indicator":
            return super()._split(samples)
        is_validation = np.zeros(len(samples), dtype=bool)
        numbers = samples.y[:, 0]
        for number in np.unique(numbers):
            rows = np.flatnonzero(numbers == number)
            n_validation = min(ceil(self.validation_fraction * len(rows)), len(rows) - 1)
            is_validation[rows[len(rows) - n_validation :]] = True
        if not is_validation.any():
            raise ValueError(
                f"No class has two samples, so that validation_fraction={self.validation_fraction} "
                "leaves none to validate on. Fit on more rows, or set early_stopping=False."
            )
        return self._weighty(samples[~is_validation], samples[is_validation])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
