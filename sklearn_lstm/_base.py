"""The story of a fit that the LSTM estimators share."""

from contextlib import nullcontext, suppress
from dataclasses import replace
from itertools import islice, zip_longest
from math import ceil
from numbers import Real
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._atomic import on_snapshot, replaced_at_once, shallow_copy
from ._callbacks import WatchedMixin, fit_task
from ._checks import (
    check_shape_of_windows,
    check_targets,
    check_weights,
    check_windows,
)
from ._progress import told_progress
from ._samples import (
    ending_before,
    follows,
    for_training,
    where,
    without_bounds,
    words_about,
)
from ._sklearn_private import HasMethods, Number, RealNotInt, StrOptions, WholeNumbers
from ._warn import warn_user
from .engine.architecture import (
    Architecture,
    CustomArchitecture,
    check_architecture,
    check_size,
    differences,
)
from .engine.fork import check_not_forked
from .engine.inference import predict
from .engine.interruptions import interruptions_seen
from .engine.loop import ByLength, Patience, Samples, count_drawn, progress_bar, run_epochs
from .engine.loss import Loss
from .engine.member import Member
from .engine.side_by_side import map_side_by_side, shared_bar
from .engine.weights import initial_weights
from .windows.rows import (
    Windows,
    count_missing_steps,
    rows_of,
)

MOST_NETWORKS = 1000  # of an ensemble, whose weights are all kept
MOST_EPOCHS = 10_000_000  # of a fit, each of which has its place on the curves


class _Interrupted(Exception):  # noqa: N818
    """A training was interrupted and is kept: no task has ended of which callbacks were told."""


class BaseLSTM(WatchedMixin, BaseEstimator):
    """Checks data, trains a network on the complete windows, keeps its weights as arrays."""

    n_timesteps_: int
    _members: list[Member]
    _architecture: Architecture | CustomArchitecture
    _loss: Loss  # that the members were last trained with
    _lengths_differ = False  # of the sequences that they were trained on
    decoding = "dense"  # of what predicts no later steps

    _parameter_constraints: dict[str, list] = {
        "units": [WholeNumbers(1), tuple, list],
        "dropout": [Number(Real, 0, 1, closed="left")],
        "bidirectional": ["boolean"],
        "segment_length": [None, WholeNumbers(1)],
        "skip_connection": ["boolean"],
        "pooling": [StrOptions({"last", "mean", "max"})],
        "ensemble_size": [WholeNumbers(1, MOST_NETWORKS)],
        "optimizer": [
            StrOptions({"adam", "adamw", "sgd", "rmsprop"}),
            HasMethods(["apply", "get_config"]),
        ],
        "learning_rate": [Number(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions({"constant", "exponential", "cosine"})],
        "clipnorm": [None, Number(Real, 0, None, closed="neither")],
        "alpha": [Number(Real, 0, None, closed="left")],
        "batch_size": [WholeNumbers(1)],
        "epochs": [WholeNumbers(1, MOST_EPOCHS)],
        "max_samples": [
            None,
            WholeNumbers(1),
            Number(RealNotInt, 0, 1, closed="right"),
        ],
        "shuffle": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Number(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [WholeNumbers(1)],
        "tol": [Number(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "network": [None, callable],
        "network_params": [None, dict],
    }

    @property
    def weights_(self):
        """list of ndarray : The weights of the networks, one after the other; to be read only."""
        check_is_fitted(self)
        return [_read_only(array) for member in self._members for array in member.weights or []]

    @weights_.setter
    def weights_(self, weights):
        given = map(np.array, weights)  # copies, which nobody changes
        self._members = [
            replace(member, weights=list(islice(given, len(member.weights or []))))
            for member in self._members
        ]

    @property
    @on_snapshot
    def model_(self):
        """keras.Model : A new Keras model with the fitted weights."""
        check_is_fitted(self)
        from .engine.keras_builder import mean_network, predicting_network

        models = [self._build_model(member.weights) for member in self._members]
        is_custom = isinstance(self._architecture, CustomArchitecture)
        if not (is_custom and self._loss.customs_predict):
            models = [predicting_network(model, self._loss) for model in models]
        return models[0] if len(models) == 1 else mean_network(models)

    def _build_model(self, weights):
        check_not_forked()
        if isinstance(self._architecture, CustomArchitecture):
            from .engine.custom_network import custom_model

            return custom_model(self._architecture, weights)
        from .engine.keras_builder import plain_network

        model = plain_network(self._architecture, self.dropout, self.alpha)
        model.set_weights(weights)
        return model

    def _fit(self, X, y, sample_weight, validation, *, n_epochs, continues, keeps_optimizer):
        """Train for ``n_epochs``, from the fitted weights on if ``continues``.

        ``validation`` holds X_val, y_val and sample_weight_val, each of which may be None.

        A training that a KeyboardInterrupt ends is kept, and the interrupt raised none the less:
        what the user has called is what ends, be it this fit or a search around it, which must not
        take an unfinished training for a finished one.
        """
        check_not_forked()
        n_networks = int(self.ensemble_size)
        n_whole = None
        with (
            replaced_at_once(self) as fitted,
            suppress(_Interrupted),
            fit_task(
                self,
                fitted,
                X=X,
                y=self._plain_targets(y),
                metadata=None if sample_weight is None else {"sample_weight": sample_weight},
                max_subtasks=n_epochs if n_networks == 1 else n_networks,
                sequential_subtasks=n_networks == 1,
            ) as watch,
        ):
            n_whole = fitted._learn(
                X, y, sample_weight, validation, n_epochs, continues, keeps_optimizer, watch
            )
            if n_whole is not None:
                raise _Interrupted
        if n_whole is not None:
            kept = "best" if self.early_stopping else "last"
            _end_interrupted(n_whole, n_epochs, type(self).__name__, kept)
        return self

    def _plain_targets(self, y):
        """Return the targets as they were given."""
        return y

    def _learn(self, X, y, sample_weight, validation, n_epochs, continues, keeps_optimizer, watch):
        """Train; return the number of whole epochs if the training was interrupted, else None."""
        self._check_units()
        self._check_network_params()
        if continues:
            self._check_same_architecture()
        train = self._check_samples(X, y, sample_weight, reset=not continues)
        validation = self._check_validation(*validation)
        if not continues:
            self._architecture = self._present_architecture()
        if isinstance(self._architecture, Architecture):
            self._architecture = self._architecture._replace(
                n_timesteps=self.n_timesteps_, is_ragged=self._lengths_differ
            )
            check_architecture(self._architecture)
            check_size(self._architecture, self.ensemble_size)
        if self._lengths_differ:
            train = train.of_unequal_lengths(self.n_timesteps_)
            validation = validation and validation.of_unequal_lengths(self.n_timesteps_)
        stops_early = self.early_stopping and not keeps_optimizer
        if not keeps_optimizer:
            self._refuse_samples(train)
        if stops_early and validation is None:
            train, validation = self._split(train)
        self._loss = self._present_loss()
        if not continues:
            self._start(train)
        options = {
            "shuffle": self.shuffle,
            "schedule": "constant" if keeps_optimizer else self.learning_rate_schedule,
            "patience": Patience(self.n_iter_no_change, self.tol) if stops_early else None,
        }
        with config_context(transform_output="default"):  # or scikeras's own transformers warn
            return self._train_members(train, validation, n_epochs, keeps_optimizer, options, watch)

    def _start(self, train):
        """Forget the networks that were fitted, and begin new ones."""
        seeds = check_random_state(self.random_state).randint(2**31 - 1, size=self.ensemble_size)
        weights = np.broadcast_to(train.sample_weight, len(train))
        first_outputs = self._loss.first_outputs(train.y, weights)
        self._members = [
            Member(int(seed), self._initial_weights(int(seed), first_outputs)) for seed in seeds
        ]

    def _initial_weights(self, seed, first_outputs):
        """Return the weights that a training starts from; None where a builder makes them."""
        if isinstance(self._architecture, CustomArchitecture):
            return None
        rng = np.random.default_rng([seed, 0])
        return initial_weights(rng, self._architecture, first_outputs)

    @interruptions_seen()
    def _train_members(self, train, validation, n_epochs, keeps_optimizer, options, watch):
        """Train the networks of the ensemble, side by side where their trainers can.

        Return the number of whole epochs of a training that was interrupted, else None. An ensemble
        that lacks networks is none, so there the interrupt is raised at once.
        """
        trainers, optimizer = self._trainers(train, validation)
        n_networks, name = len(self._members), str(optimizer)
        by_length = None
        if train.is_ragged and self.shuffle:
            by_length = ByLength(train.lengths, int(self.batch_size))

        def shown(i, history, weights):
            of_now = history._replace(weights=weights, optimizer_state=None)
            return self._attributes_with(self._members[i].after(of_now, name))

        watchers = [None] * n_networks
        if watch is not None:
            watchers = watch.of_networks(n_networks, n_epochs, shown)

        def trained(network, stop):
            member, watcher = network
            goes_on = keeps_optimizer and member.optimizer == name
            state = member.weights, member.optimizer_state if goes_on else None
            n_iter = len(member.losses)
            with trainers.lend(member, state) as trainer, watcher or nullcontext():
                history = run_epochs(
                    trainer,
                    len(train),
                    n_drawn=count_drawn(self.max_samples, len(train)),
                    epochs=range(n_iter + 1, n_iter + n_epochs + 1),
                    seed=member.seed,
                    by_length=by_length,
                    progress=bar,
                    stop=stop,
                    watcher=watcher,
                    **options,
                )
            if history.was_interrupted and n_networks > 1:
                raise KeyboardInterrupt
            return history

        with shared_bar(self._progress_bar(n_networks * n_epochs)) as bar:
            networks = list(zip(self._members, watchers, strict=True))
            histories = map_side_by_side(trained, networks, trainers.n_at_once)
        self._members = [
            member.after(history, name)
            for member, history in zip(self._members, histories, strict=True)
        ]
        self._summarize_curves()
        return len(histories[0].losses) if histories[0].was_interrupted else None

    def _attributes_with(self, member):
        """Return what the attributes would be, if this network were the only one."""
        shown = shallow_copy(self)
        shown._members = [member]
        shown._summarize_curves()
        return vars(shown)

    def _progress_bar(self, n_epochs):
        of_many = f" {len(self._members)} networks" if len(self._members) > 1 else ""
        title = f"training{of_many}" if self.verbose > 0 else ""
        return told_progress(n_epochs) or progress_bar(n_epochs, title)

    def _summarize_curves(self):
        """Set the curves: the mean over the networks that were still training in each epoch."""
        self.loss_curve_ = _mean_curve([member.losses for member in self._members])
        curves = [m.validation_losses for m in self._members if m.validation_losses is not None]
        self.validation_loss_curve_ = _mean_curve(curves) if curves else None
        self.n_iter_ = len(self.loss_curve_)

    def _check_samples(self, X, y, sample_weight, *, reset):
        """Check data and keep the complete windows, in float32."""
        array = self._check_windows(X, reset=reset)
        targets = y if follows(y, array) else self._check_targets(y, array, reset=reset)
        self._present_loss().refuse_targets(targets)
        self._check_n_outputs(targets, reset=reset)
        weights = check_weights(sample_weight, array)
        windows, is_complete = self._learnable(array, reset=reset)
        samples = Samples(windows, targets, weights)
        if not is_complete.all():
            samples = samples[where(is_complete)]
        samples = for_training(self._weighed(samples))
        if not samples.sample_weight.any():
            raise ValueError(
                "sample_weight is zero for every row that fit could learn from: give at least one "
                "of the complete windows a positive weight."
            )
        return samples

    def _learnable(self, array, *, reset):
        """Return windows that end at their last known step; and which miss none before their first.

        Takes note of whether they differ in length, and of the longest.
        """
        windows, n_before, n_after = self._locate(array)
        is_complete = n_before == 0
        if not is_complete.any():
            longest = (windows.n_timesteps - n_before - n_after).max()
            raise ValueError(
                f"Found 0 complete windows of {windows.n_timesteps} steps among {len(windows)} "
                f"samples: the longest knows {longest} steps. Lower window_length to {longest} or "
                "less, or fit on more rows. Of sequences that are just shorter, put the NaN at "
                "their end (SequencePadder does)."
            )
        n_after_all = int(n_after[is_complete].min())
        differ = n_after[is_complete].any()
        if differ and self.network is not None:
            raise _unequal_lengths_for_custom()
        may_differ = windows.outside == "end" and self.network is None and not self.skip_connection
        if differ or may_differ:
            windows = ending_before(windows, n_after, windows.n_timesteps - n_after_all)
            self._lengths_differ = True
        else:
            windows = without_bounds(windows)
            self._lengths_differ = self._lengths_differ and not reset
        self.n_timesteps_ = max(windows.n_timesteps, 0 if reset else self.n_timesteps_)
        return windows, is_complete

    def _check_targets(self, y, windows, *, reset):
        """Return targets as numbers, of one or two dimensions."""
        return check_targets(self, y, windows)

    def _check_n_outputs(self, targets, *, reset):
        n_outputs = 1 if targets.ndim == 1 else targets.shape[1]
        if reset:
            self.n_outputs_, self._y_ndim = n_outputs, targets.ndim
        elif n_outputs != self.n_outputs_:
            raise ValueError(
                f"y has {n_outputs} outputs, but this {type(self).__name__} was fitted on "
                f"{self.n_outputs_}. Give it the columns of fit."
            )

    def _refuse_samples(self, samples):
        """Raise an error for samples that ``fit`` can learn nothing from."""

    def _weighed(self, samples):
        """Return samples, weighed by their targets, too."""
        return samples

    def _check_windows(self, X, *, reset):
        """Check the shape of windows, and their values where they are written out in 2-D."""
        if not isinstance(X, Windows):
            return check_windows(self, X, reset=reset)
        check_shape_of_windows(self, X.shape, reset=reset)
        return X

    def _locate(self, array):
        """Return windows as rows and starts, and how many steps each misses before and after."""
        windows = array if isinstance(array, Windows) else rows_of(array)
        n_before, n_after, bad = count_missing_steps(windows)
        if bad is not None:
            raise ValueError(words_about(array, *bad))
        return windows, n_before, n_after

    def _check_validation(self, X_val, y_val, sample_weight_val):
        if X_val is None and y_val is None:
            if sample_weight_val is not None:
                raise ValueError(
                    "sample_weight_val weighs the validation data X_val, y_val, which are missing: "
                    "pass all three. The samples that early_stopping=True keeps apart have their "
                    "sample_weight."
                )
            return None
        if X_val is None or y_val is None:
            raise ValueError(
                f"{'X_val' if X_val is None else 'y_val'} is missing: pass X_val and y_val "
                "together, or neither to validate on the last rows (early_stopping=True)."
            )
        try:
            return self._check_samples(X_val, y_val, sample_weight_val, reset=False)
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
        return self._weighty(samples[:n_train], samples[n_train:])

    def _weighty(self, train, validation):
        """Return both parts, unless one of them weighs nothing."""
        for part, name in ((train, "training"), (validation, "validation")):
            if not part.sample_weight.any():
                raise ValueError(
                    f"sample_weight is zero for all {len(part)} rows of the {name} part that "
                    f"validation_fraction={self.validation_fraction} makes. Weight some of them."
                )
        return train, validation

    def _trainers(self, train, validation):
        """Return what lends each network its ``Trainer``, and the optimizer."""
        from .engine.programs import Hyperparameters, ProgramTrainers, program_key

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
        n_drawn = count_drawn(self.max_samples, len(train))
        hyperparameters = Hyperparameters(
            learning_rate=learning_rate,
            dropout=self.dropout,
            alpha=self.alpha,
            clipnorm=clipnorm,
            batch_size=min(int(self.batch_size), n_drawn),
            n_drawn=n_drawn,
            loss=self._loss,
        )
        architecture, of_fit = self._architecture, (hyperparameters, train, validation)
        if isinstance(architecture, CustomArchitecture):
            from .engine.custom_network import CustomTrainers

            return CustomTrainers(architecture, optimizer, *of_fit), optimizer
        key = program_key(architecture, optimizer, hyperparameters, train, validation)
        n_networks = len(self._members)
        return ProgramTrainers(n_networks, key, architecture, *of_fit), optimizer

    def _present_architecture(self):
        """Return how the parameters, as they are now, put a network together."""
        n_outputs = self._present_loss().n_outputs(self.n_outputs_)
        sizes = self.n_timesteps_, self._n_channels, n_outputs
        if self.network is not None:
            params = dict(self.network_params or {})
            return CustomArchitecture(self.network, params, *sizes, self._classes_for_builder())
        length = self.segment_length
        return Architecture(
            *sizes,
            units=self._units(),
            bidirectional=bool(self.bidirectional),
            segment_length=None if length is None else int(length),
            decoding=self.decoding,
            skip_connection=bool(self.skip_connection),
            pooling=self.pooling,
            is_ragged=self._lengths_differ,
        )

    def _present_loss(self) -> Loss:
        """Return what is to be minimised."""
        raise NotImplementedError

    def _classes_for_builder(self):
        """Return what a custom network is told of the classes; None of numbers."""
        return None

    def _units(self):
        units = self.units if isinstance(self.units, tuple | list) else (self.units,)
        return tuple(int(n) if isinstance(n, np.integer) else n for n in units)

    def _check_units(self):
        units = self._units()
        if not units or not all(
            isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in units
        ):
            raise ValueError(
                f"The 'units' parameter of {type(self).__name__} must be an int of 1 or more, or "
                f"a tuple of these, one for each layer. Got {self.units!r} instead."
            )

    def _check_network_params(self):
        if self.network is None and self.network_params:
            raise ValueError(
                f"network_params={self.network_params!r} are for a builder, but network=None. Set "
                "network, or give units, dropout and the like to the built-in network itself."
            )

    def _check_same_architecture(self):
        loss, present = self._present_loss(), self._present_architecture()
        if (loss.n_outputs(1), loss.link) != (self._loss.n_outputs(1), self._loss.link):
            raise ValueError(
                f"Training can't go on: the loss was {self._loss}, is {loss}, which asks for other "
                "outputs. Set it back, or call fit with warm_start=False first."
            )
        if present != self._architecture:
            changed = differences(self._architecture, present)
            raise ValueError(
                f"Training can't go on: {changed}. Set it back, or call fit with warm_start=False "
                "first."
            )
        if self.ensemble_size != len(self._members):
            raise ValueError(
                f"Training can't go on from {len(self._members)} networks with "
                f"ensemble_size={self.ensemble_size}. Set ensemble_size={len(self._members)}, or "
                "call fit with warm_start=False first."
            )

    def _predict(self, X):
        """Return predictions, float64, ``(n_samples, n_outputs)``; of several levels, for each."""
        if not self.__sklearn_is_fitted__():  # else the check takes as long as a few steps
            check_is_fitted(self)
        members = self._outputs_of_members(X)
        return sum(map(self._loss.predictions, members)) / len(self._members)

    def _outputs_of_members(self, X):
        """Yield the outputs of each network, float64, ``(n_samples, n_outputs)``."""
        windows, n_before, n_after = self._locate(self._check_windows(X, reset=False))
        architecture = self._architecture
        if not isinstance(architecture, Architecture):
            if n_after.any():
                raise _unequal_lengths_for_custom()
            return self._custom_outputs(windows, n_before)
        if n_after.any():
            check_architecture(architecture._replace(is_ragged=True))
        return (
            predict(member, windows, n_before, n_after, architecture) for member in self._members
        )

    def _custom_outputs(self, windows, n_missing):
        from .engine.custom_network import kept_model

        loss: Any = self._loss
        check_not_forked()
        if n_missing.any():
            first, last = windows.starts + n_missing, windows.starts + (windows.n_timesteps - 1)
            windows = replace(windows, first=first, last=last, outside="nearest")
        array = windows.to_array().astype(np.float32)
        for member in self._members:
            model = kept_model(self._architecture, member)
            values = model.predict(array, verbose=0).astype(np.float64)
            yield loss.outputs_beneath(np, values) if loss.customs_predict else values

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_members")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def __setstate__(self, state):
        """Read what was kept before there was a parameter."""
        super().__setstate__({"pooling": "last"} | state)


def _read_only(array):
    """Return a view that can't be written to: predictions go by what is prepared of weights."""
    view = array.view()
    view.flags.writeable = False
    return view


def _end_interrupted(n_whole, n_epochs, name, kept):
    """Say what was kept, and raise the interrupt, even where warnings are errors."""
    try:
        warn_user(
            f"Training interrupted by user after {n_whole} of {n_epochs} epochs: the {name} has "
            f"the weights of the {kept} of these. What fits a copy of it, such as a search or a "
            "forecaster, is as before."
        )
    finally:
        raise KeyboardInterrupt


def _mean_curve(curves):
    """Return the mean of curves of different lengths, epoch by epoch."""
    epochs = zip_longest(*curves)
    return [float(np.mean([x for x in values if x is not None])) for values in epochs]


def _unequal_lengths_for_custom():
    return ValueError(
        "X holds sequences of unequal lengths (NaN at their end), which a custom network is not "
        "given. Set network=None, or give windows of one length."
    )
