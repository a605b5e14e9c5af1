"""The story of a fit that the LSTM estimators share."""

import warnings
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from math import ceil, nan
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._checks import check_targets, check_weights, check_windows
from ._sklearn_private import unchanged_on_error
from .engine.architecture import Architecture, check_segments
from .engine.inference import predict
from .engine.loop import Patience, Samples, run_epochs
from .engine.weights import initial_weights
from .windows.rows import count_missing_history, rows_of


@dataclass(frozen=True)
class Member:
    """One network of an ensemble: its seed, and how its training went so far."""

    seed: int
    losses: list = field(default_factory=list)
    validation_losses: list | None = None
    optimizer: str | None = None
    optimizer_state: list | None = None

    def after(self, history, optimizer):
        """Return what the member is after a history of training."""
        n_new = len(history.losses)
        return Member(
            self.seed,
            self.losses + history.losses,
            _joined(self.validation_losses, len(self.losses), history.validation_losses, n_new),
            optimizer,
            history.optimizer_state,
        )


class BaseLSTM(BaseEstimator):
    """Checks data, trains a network on the complete windows, keeps its weights as arrays."""

    @property
    def model_(self):
        """keras.Model : A new Keras model with the fitted weights."""
        check_is_fitted(self)
        from .engine.keras_builder import mean_network

        models = [self._build_model(weights) for weights in self._weights_by_member()]
        return models[0] if len(models) == 1 else mean_network(models)

    def _build_model(self, weights):
        network, params = self._architecture
        if network is not None:
            return self._build_custom_model(weights)
        from .engine.keras_builder import plain_network

        model = plain_network(
            {
                "X_shape_": (None, self.n_timesteps_, self._n_channels),
                "n_outputs_": self.n_outputs_,
            },
            **params,
            dropout=self.dropout,
            alpha=self.alpha,
        )
        model.set_weights(weights)
        return model

    def _fit(self, X, y, sample_weight, X_val, y_val, *, n_epochs, continues, keeps_optimizer):
        """Train for ``n_epochs``, from the fitted weights on if ``continues``."""
        with unchanged_on_error(self):
            self._check_architecture(continues)
            train = self._check_samples(X, y, sample_weight, reset=not continues)
            validation = self._check_validation(X_val, y_val)
            if self.network is None:
                check_segments(
                    self.segment_length, self.decoding, self.bidirectional, self.n_timesteps_,
                    self.n_outputs_,
                )  # fmt: skip
            stops_early = self.early_stopping and not keeps_optimizer
            if stops_early and validation is None:
                train, validation = self._split(train)
            if not continues:
                self._start()
            options = {
                "shuffle": self.shuffle,
                "schedule": "constant" if keeps_optimizer else self.learning_rate_schedule,
                "patience": Patience(self.n_iter_no_change, self.tol) if stops_early else None,
            }
            self._train_members(train, validation, n_epochs, keeps_optimizer, options)
        return self

    def _start(self):
        """Forget what was fitted, and draw what the new weights depend on."""
        seeds = check_random_state(self.random_state).randint(2**31 - 1, size=self.ensemble_size)
        self._members = [Member(int(seed)) for seed in seeds]
        self._architecture = self._present_architecture()
        self.weights_ = []
        if self.network is None:
            for member in self._members:
                rng = np.random.default_rng([member.seed, 0])
                self.weights_ += initial_weights(rng, self._structure())

    def _train_members(self, train, validation, n_epochs, keeps_optimizer, options):
        """Train the networks of the ensemble, one after the other."""
        members, weights = [], []
        for member, initial in zip(self._members, self._weights_by_member(), strict=True):
            lend, optimizer = self._trainer(member, initial, train, validation, keeps_optimizer)
            n_iter = len(member.losses)
            try:
                with lend as trainer:
                    history = run_epochs(
                        trainer,
                        len(train),
                        epochs=range(n_iter + 1, n_iter + n_epochs + 1),
                        seed=member.seed,
                        progress=self._progress_title(len(members) + 1),
                        **options,
                    )
            except KeyboardInterrupt:
                if not members:
                    raise
                break
            members.append(member.after(history, optimizer))
            weights += history.weights
            if history.was_interrupted:
                break
        self._remember(members, weights)

    def _progress_title(self, number):
        of_many = f" {number} of {len(self._members)}" if len(self._members) > 1 else ""
        return f"training{of_many}" if self.verbose > 0 else ""

    def _remember(self, members, weights):
        """Keep the networks that were trained; of others, those that had been trained before."""
        n_reached, n_members = len(members), len(self._members)
        if n_reached < n_members:
            was_fitted = bool(self._members[-1].losses)
            state = f"the ensemble has {n_reached} of {n_members} networks"
            if was_fitted:
                state = f"of {n_members} networks the last {n_members - n_reached} are as before"
                members = members + self._members[n_reached:]
                weights = weights + self.weights_[len(weights) :]
            warnings.warn(f"Training interrupted by user: {state}.", stacklevel=6)
        self._members, self.weights_ = members, weights
        self._summarize_curves()

    def _summarize_curves(self):
        """Set the curves: the mean over the networks that were still training in each epoch."""
        self.loss_curve_ = _mean_curve([member.losses for member in self._members])
        curves = [m.validation_losses for m in self._members if m.validation_losses is not None]
        self.validation_loss_curve_ = _mean_curve(curves) if curves else None
        self.n_iter_ = len(self.loss_curve_)
        vars(self).pop("_custom_models", None)

    def _weights_by_member(self):
        """Return the list of weights of each network; None where a builder is to make them."""
        n = len(self.weights_) // len(self._members)
        if not n:
            return [None] * len(self._members)
        return [self.weights_[i : i + n] for i in range(0, len(self.weights_), n)]

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

    def _trainer(self, member, weights, train, validation, keeps_optimizer):
        """Return a context that lends a trainer, see :mod:`._epochs`, and the optimizer's name."""
        from .engine.programs import Hyperparameters, program_key, program_trainer

        optimizer, learning_rate, clipnorm = self.optimizer, self.learning_rate, self.clipnorm
        if not isinstance(optimizer, str):
            from .engine.keras_network import optimizer_config

            optimizer, learning_rate = optimizer_config(optimizer, clipnorm)
            clipnorm = None
            if learning_rate is None and self.learning_rate_schedule != "constant":
                raise ValueError(
                    f"learning_rate_schedule={self.learning_rate_schedule!r}, but the optimizer "
                    "has a schedule of its own. Give it a float as learning rate, or set "
                    "learning_rate_schedule='constant'."
                )
        goes_on = keeps_optimizer and member.optimizer == str(optimizer)
        hyperparameters = Hyperparameters(
            learning_rate=learning_rate,
            dropout=self.dropout,
            alpha=self.alpha,
            clipnorm=clipnorm,
            batch_size=min(int(self.batch_size), len(train)),
        )
        state = weights, member.optimizer_state if goes_on else None
        network, params = self._architecture
        if network is not None:
            from .engine.custom_network import custom_trainer

            trainer = custom_trainer(
                network, params, self.loss, optimizer, hyperparameters, member.seed, state, train,
                validation,
            )  # fmt: skip
        else:
            validates = validation is not None
            architecture = self._structure()
            key = program_key(
                architecture, self.loss, optimizer, hyperparameters, validates=validates
            )
            trainer = program_trainer(key, architecture, hyperparameters, state, train, validation)
        return trainer, str(optimizer)

    def _present_architecture(self):
        """Return what the weights belong to: a custom builder or None, and its parameters."""
        if self.network is not None:
            return self.network, dict(self.network_params or {})
        length = self.segment_length
        return None, {
            "units": self._units(),
            "bidirectional": bool(self.bidirectional),
            "segment_length": None if length is None else int(length),
            "decoding": self.decoding,
            "skip_connection": bool(self.skip_connection),
        }

    def _structure(self):
        """Return the architecture of the built-in network, sizes of the data included."""
        _, params = self._architecture
        return Architecture(self.n_timesteps_, self._n_channels, self.n_outputs_, **params)

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
            changed = _differences(self._architecture, self._present_architecture())
            raise ValueError(
                f"Training can't go on: {changed}. Set it back, or call fit with warm_start=False "
                "first."
            )
        if continues and self.ensemble_size != len(self._members):
            raise ValueError(
                f"Training can't go on from {len(self._members)} networks with "
                f"ensemble_size={self.ensemble_size}. Set ensemble_size={len(self._members)}, or "
                "call fit with warm_start=False first."
            )

    def _predict(self, X):
        """Return the network's output, shape ``(n_samples, n_outputs)``, float64."""
        check_is_fitted(self)
        windows, n_missing = self._locate(check_windows(self, X, reset=False))
        if self._architecture[0] is None:
            members = (
                predict(weights, windows, n_missing, self._structure())
                for weights in self._weights_by_member()
            )
        else:
            members = self._custom_predictions(windows, n_missing)
        return sum(members) / len(self._members)

    def _custom_predictions(self, windows, n_missing):
        if not hasattr(self, "_custom_models"):
            self._custom_models = [self._build_custom_model(w) for w in self._weights_by_member()]
        array = windows.to_array().astype(np.float32)
        for sample in np.flatnonzero(n_missing):
            array[sample, : n_missing[sample]] = array[sample, n_missing[sample]]
        for model in self._custom_models:
            yield model.predict(array, verbose=0).astype(np.float64)

    def _build_custom_model(self, weights):
        from .engine.custom_network import custom_model

        network, params = self._architecture
        return custom_model(
            network,
            params,
            n_timesteps=self.n_timesteps_,
            n_features=self._n_channels,
            n_outputs=self.n_outputs_,
            weights=weights,
        )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "weights_")

    def __getstate__(self):
        state = super().__getstate__().copy()
        state.pop("_custom_models", None)
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


def _differences(before, now):
    """Say which parameters of an architecture were changed."""
    (network, params), (network_now, params_now) = before, now
    if network is not network_now:
        return f"network was {network!r}, is {network_now!r}"
    names = [n for n in {**params, **params_now} if params.get(n) != params_now.get(n)]
    return ", ".join(f"{n} was {params.get(n)!r}, is {params_now.get(n)!r}" for n in names)


def _mean_curve(curves):
    """Return the mean of curves of different lengths, epoch by epoch."""
    epochs = zip_longest(*curves)
    return [float(np.mean([x for x in values if x is not None])) for values in epochs]


def _as_float32(array, name):
    with np.errstate(over="ignore"):
        array = np.asarray(array, dtype=np.float32)
    if np.isinf(array).any():
        raise ValueError(
            f"{name} holds values beyond the range of float32, in which networks are trained. "
            f"Scale {name} first (MinMaxScaler)."
        )
    return array
