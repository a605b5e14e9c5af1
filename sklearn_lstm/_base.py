"""The story of a fit that the LSTM estimators share."""

from dataclasses import replace
from math import ceil, nan
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._epochs import Patience, Samples, run_epochs
from ._inference import predict
from ._rows import count_missing_history, rows_of
from ._validation import check_targets, check_weights, check_windows, unchanged_on_error
from ._weights import initial_weights


class BaseLSTM(BaseEstimator):
    """Checks data, trains a network on the complete windows, keeps its weights as arrays."""

    @property
    def model_(self):
        """keras.Model : A new Keras model with the fitted weights."""
        check_is_fitted(self)
        network, params = self._architecture
        if network is not None:
            return self._build_foreign_model()
        from ._network import plain_network

        shape = (None, self.n_timesteps_, self._n_channels)
        model = plain_network(
            {"X_shape_": shape, "n_outputs_": self.n_outputs_},
            **params,
            dropout=self.dropout,
            alpha=self.alpha,
        )
        model.set_weights(self.weights_)
        return model

    def _fit(self, X, y, sample_weight, X_val, y_val, *, n_epochs, continues, keeps_optimizer):
        """Train for ``n_epochs``, from the fitted weights on if ``continues``."""
        with unchanged_on_error(self):
            self._check_architecture(continues)
            train = self._check_samples(X, y, sample_weight, reset=not continues)
            validation = self._check_validation(X_val, y_val)
            stops_early = self.early_stopping and not keeps_optimizer
            if stops_early and validation is None:
                train, validation = self._split(train)
            if not continues:
                self._start()
            with self._trainer(train, validation, keeps_optimizer) as trainer:
                course = run_epochs(
                    trainer,
                    len(train),
                    epochs=range(self.n_iter_ + 1, self.n_iter_ + n_epochs + 1),
                    seed=self._seed,
                    shuffle=self.shuffle,
                    patience=Patience(self.n_iter_no_change, self.tol) if stops_early else None,
                    progress=self.verbose > 0,
                )
            self._remember(course)
        return self

    def _start(self):
        """Forget what was fitted, and draw what the new weights depend on."""
        self._seed = check_random_state(self.random_state).randint(2**31 - 1)
        self._architecture = self._present_architecture()
        self._optimizer = self._optimizer_state = None
        self.loss_curve_, self.validation_loss_curve_, self.n_iter_ = [], None, 0
        network, params = self._architecture
        self.weights_ = (
            None
            if network is not None
            else initial_weights(
                np.random.default_rng([self._seed, 0]),
                **params,
                n_features=self._n_channels,
                n_outputs=self.n_outputs_,
            )
        )

    def _remember(self, course):
        self.weights_ = course.weights
        self._optimizer_state = course.optimizer_state
        self.validation_loss_curve_ = _joined(
            self.validation_loss_curve_, self.n_iter_, course.validation_losses, len(course.losses)
        )
        self.loss_curve_ = self.loss_curve_ + course.losses
        self.n_iter_ = len(self.loss_curve_)
        vars(self).pop("_foreign_model", None)

    def _check_samples(self, X, y, sample_weight, *, reset):
        """Check data and keep the complete windows, in float32."""
        array = check_windows(self, X, reset=reset)
        targets = check_targets(self, y, array)
        n_outputs = 1 if targets.ndim == 1 else targets.shape[1]
        if reset:
            self.n_outputs_, self._y_ndim = n_outputs, targets.ndim
        elif n_outputs != self.n_outputs_:
            raise ValueError(
                f"y has {n_outputs} outputs, but this {type(self).__name__} was fitted on "
                f"{self.n_outputs_}. Give it the columns of fit."
            )
        weights = check_weights(sample_weight, array)
        windows, n_missing = self._locate(array)
        complete = np.flatnonzero(n_missing == 0)
        if not len(complete):
            longest = self.n_timesteps_ - n_missing.min()
            raise ValueError(
                f"Found 0 complete windows of {self.n_timesteps_} steps among {len(windows)} "
                f"samples: the longest knows {longest} steps. Lower window_length to {longest} or "
                "less, or fit on more rows."
            )
        samples = Samples(
            replace(windows, rows=_as_float32(windows.rows, "X")),
            _as_float32(targets.reshape(len(windows), -1), "y"),
            _as_float32(weights, "sample_weight"),
        )[complete]
        if not samples.sample_weight.any():
            raise ValueError(
                "sample_weight is zero for every row that fit could learn from: give at least one "
                "of the complete windows a positive weight."
            )
        return samples

    def _locate(self, array):
        """Return windows as rows and starts, and how many steps of history each is missing."""
        windows = rows_of(array)
        n_missing, bad = count_missing_history(windows)
        if bad is not None:
            sample, step = bad
            raise ValueError(
                f"Input X contains NaN or infinity, first at step {step} of window {sample}: "
                f"{array[sample, step]}. Only the leading steps of a window, those before its "
                "history begins, may be NaN. Fill the value or leave the window out."
            )
        return windows, n_missing

    def _check_validation(self, X_val, y_val):
        if X_val is None and y_val is None:
            return None
        if X_val is None or y_val is None:
            raise ValueError(
                f"{'X_val' if X_val is None else 'y_val'} is missing: pass X_val and y_val "
                "together, or neither to validate on the last rows (early_stopping=True)."
            )
        try:
            return self._check_samples(X_val, y_val, None, reset=False)
        except ValueError as error:
            raise ValueError(f"In the validation data X_val, y_val: {error}") from error

    def _split(self, samples):
        """Keep the last samples apart for validation."""
        n_train = len(samples) - ceil(self.validation_fraction * len(samples))
        if n_train == 0:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of {len(samples)} complete "
                "windows leaves no row to train on. Lower validation_fraction, fit on more rows, "
                "or set early_stopping=False."
            )
        train, validation = samples[:n_train], samples[n_train:]
        for part, name in ((train, "training"), (validation, "validation")):
            if not part.sample_weight.any():
                raise ValueError(
                    f"sample_weight is zero for all {len(part)} rows of the {name} part that "
                    f"validation_fraction={self.validation_fraction} makes. Weight some of them."
                )
        return train, validation

    def _trainer(self, train, validation, keeps_optimizer):
        """Return a context that lends a trainer, see :mod:`._epochs`."""
        from ._training import Architecture, Numbers, program_trainer, recipe_for

        optimizer, learning_rate, clipnorm = self.optimizer, self.learning_rate, self.clipnorm
        if not isinstance(optimizer, str):
            from ._keras_network import optimizer_recipe

            optimizer, learning_rate = optimizer_recipe(optimizer, clipnorm)
            clipnorm = None
        if not keeps_optimizer or self._optimizer != str(optimizer):
            self._optimizer, self._optimizer_state = str(optimizer), None
        numbers = Numbers(
            learning_rate=learning_rate,
            dropout=self.dropout,
            alpha=self.alpha,
            clipnorm=clipnorm,
            batch_size=min(int(self.batch_size), len(train)),
        )
        state = self.weights_, self._optimizer_state
        network, params = self._architecture
        if network is not None:
            from ._scikeras import foreign_trainer

            return foreign_trainer(
                network, params, self.loss, optimizer, numbers, self._seed, state, train, validation
            )
        architecture = Architecture(self._n_channels, self.n_outputs_, **params)
        validates = validation is not None
        recipe = recipe_for(architecture, self.loss, optimizer, numbers, validates=validates)
        return program_trainer(recipe, numbers, state, train, validation)

    def _present_architecture(self):
        """Return what the weights belong to: a foreign builder or None, and its parameters."""
        if self.network is not None:
            return self.network, dict(self.network_params or {})
        return None, {"units": self._units(), "bidirectional": bool(self.bidirectional)}

    def _units(self):
        units = self.units if isinstance(self.units, tuple | list) else (self.units,)
        return tuple(int(n) if isinstance(n, np.integer) else n for n in units)

    def _check_architecture(self, continues):
        units = self._units()
        if not units or not all(
            isinstance(n, Integral) and not isinstance(n, bool) and n >= 1 for n in units
        ):
            raise ValueError(
                f"The 'units' parameter of {type(self).__name__} must be an int of 1 or more, or "
                f"a tuple of these, one for each layer. Got {self.units!r} instead."
            )
        if continues and self._present_architecture() != self._architecture:
            raise ValueError(
                f"Training can't go on from weights of {self._architecture} with "
                f"{self._present_architecture()}: units, bidirectional, network or network_params "
                "were changed. Call fit with warm_start=False first."
            )

    def _predict(self, X):
        """Return the network's output, shape ``(n_samples, n_outputs)``, float64."""
        check_is_fitted(self)
        windows, n_missing = self._locate(check_windows(self, X, reset=False))
        network, params = self._architecture
        if network is None:
            bidirectional = params["bidirectional"]
            return predict(self.weights_, windows, n_missing, bidirectional=bidirectional)
        if not hasattr(self, "_foreign_model"):
            self._foreign_model = self._build_foreign_model()
        array = windows.to_array().astype(np.float32)
        for sample in np.flatnonzero(n_missing):
            array[sample, : n_missing[sample]] = array[sample, n_missing[sample]]
        return self._foreign_model.predict(array, verbose=0).astype(np.float64)

    def _build_foreign_model(self):
        from ._scikeras import foreign_model

        network, params = self._architecture
        return foreign_model(
            network,
            params,
            n_timesteps=self.n_timesteps_,
            n_features=self._n_channels,
            n_outputs=self.n_outputs_,
            weights=self.weights_,
        )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "weights_")

    def __getstate__(self):
        state = super().__getstate__().copy()
        state.pop("_foreign_model", None)
        return state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        return tags


def _joined(before, n_before, new, n_new):
    """Join two curves, NaN where there was no validation; None if there never was."""
    if not before and not new:
        return None
    return (before or [nan] * n_before) + (new or [nan] * n_new)


def _as_float32(array, name):
    with np.errstate(over="ignore"):
        array = np.asarray(array, dtype=np.float32)
    if np.isinf(array).any():
        raise ValueError(
            f"{name} holds values beyond the range of float32, in which networks are trained. "
            f"Scale {name} first (MinMaxScaler)."
        )
    return array
