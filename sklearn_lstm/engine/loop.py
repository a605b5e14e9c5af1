"""A training, epoch by epoch: shuffling, early stopping, interruption, divergence.

It drives a :class:`.protocols.Trainer`, be it the compiled program or scikeras.
"""

from dataclasses import dataclass, replace
from numbers import Integral
from typing import NamedTuple

import numpy as np

from ..windows.rows import FollowingSteps, Windows
from .interruptions import interruptions_seen
from .memory import aligned_empty
from .protocols import Trainer, Watcher

FINAL_SHARE = 0.01  # of the learning rate, where an exponential schedule ends
BLOCK_OF_DRAW = 2**22  # samples; fewer are numbered at once, which takes 32 MB
NUMBERED_AT_ONCE = 2**16  # of those that an epoch takes all of, beside their order
MOST_IN_BLOCKS = 10**9  # samples that NumPy's hypergeometric draws are made for
# Within so many batches samples are sorted by length. Steps run for each that there is, and seconds
# an epoch, without, with 4, 8 and 16: lengths from 1 to 100 1.90, 1.25, 1.13, 1.07 and .193, .131,
# .120, .120; lognormal ones 2.61, 1.51, 1.27, 1.14 and .338, .217, .183, .170.
BATCHES_TOGETHER = 8
SECONDS_OF_A_CALL = 0.1  # about; then it ends, for an interruption or a progress bar
DRAWN_FOR_A_CALL = 2**16  # samples: 1.3 ms to draw, .26 s to train the smallest networks on


@dataclass(frozen=True)
class Samples:
    """What a network learns from, in float32 but where windows are relative to something.

    Targets have the shape ``(n_samples, n_outputs)``, and may be the steps after the windows.
    """

    windows: Windows
    y: np.ndarray | FollowingSteps
    sample_weight: np.ndarray

    @property
    def is_ragged(self):
        """bool : Whether the lengths of windows may differ."""
        return self.windows.outside == "end"

    @property
    def is_weighted(self):
        """bool : Whether some may weigh more or less than 1."""
        weight = self.sample_weight
        return weight.strides != (0,) or weight[0] != 1

    @property
    def lengths(self):
        """ndarray of shape (n_samples,) or None : How many steps each has, if that may differ."""
        return self.windows.last - self.windows.starts + 1 if self.is_ragged else None

    def of_unequal_lengths(self, n_timesteps):
        """Return them as windows whose lengths may differ, the longest of this one."""
        windows = self.windows
        first, last = windows.first, windows.last
        if not self.is_ragged:
            first = np.asarray(windows.starts)
            last = first + (windows.n_timesteps - 1)
        windows = replace(windows, n_timesteps=n_timesteps, first=first, last=last, outside="end")
        return replace(self, windows=windows)

    def __len__(self):
        return len(self.windows)

    def __getitem__(self, selection):
        windows, weight = self.windows[selection], self.sample_weight
        if weight.strides == (0,):  # one weight stands for all
            weight = np.broadcast_to(weight[:1], len(windows))
        else:
            weight = weight[selection]
        return Samples(windows, self.y[selection], weight)


class Patience(NamedTuple):
    """Stop when the validation loss has not fallen by ``tol`` for ``n_iter_no_change`` epochs."""

    n_iter_no_change: int
    tol: float


class History(NamedTuple):
    """How a training went; the optimizer's state is None where it doesn't belong to the weights.

    One that was interrupted ends with an epoch before its last.
    """

    weights: list | None
    optimizer_state: list | None
    losses: list
    validation_losses: list
    was_interrupted: bool = False


def run_epochs(
    trainer: Trainer,
    n_samples,
    *,
    n_drawn=None,
    epochs,
    seed,
    shuffle,
    schedule="constant",
    patience=None,
    by_length=None,
    progress,
    stop,
    watcher: Watcher | None = None,
):
    """Train for the given epochs, a range of their numbers.

    Each epoch passes over ``n_drawn`` of the samples, drawn anew without replacement; None for all.
    What is random in an epoch depends on the seed and its number alone, so that ten epochs are the
    same ten in one call or in ten. A KeyboardInterrupt ends the training, and the history
    says so; it is raised where there are no weights of a whole epoch yet. So does the event
    ``stop``, which another thread may set. ``progress`` is a bar, left open. ``by_length``
    is the :class:`ByLength` of samples whose lengths differ, where they are shuffled. ``watcher``
    may end the training after any epoch, as one that is complete.
    """
    history, is_last = History(None, None, [], []), True
    best = _Best(patience)
    shares = dict(zip(epochs, _shares(schedule, len(epochs)), strict=True))
    n_drawn = n_drawn or n_samples
    one_by_one = patience is not None or watcher is not None
    most = 1 if one_by_one else max(1, DRAWN_FOR_A_CALL // n_drawn)
    # Where an epoch takes a part of the samples, a call copies what it may take of all windows.
    call = epochs[: most if n_drawn == n_samples else 1]
    try:
        with interruptions_seen():
            while call:
                if stop.is_set():
                    raise KeyboardInterrupt
                if watcher is not None:
                    watcher.begin_epoch()
                orders, seeds = _orders(call, n_samples, n_drawn, seed, shuffle, by_length)
                losses, validation_losses = trainer.run(
                    orders, seeds, np.array([shares[i] for i in call]), SECONDS_OF_A_CALL, stop
                )
                del orders  # as large as a column of rows: gone before the next are drawn
                has_made_all = len(losses) == len(call)
                call = call[: len(losses)]
                _check_losses(call, losses, validation_losses)
                is_last = patience is None or best.update(validation_losses)
                history = History(  # in one step: an interruption finds all of a call, or nothing
                    trainer.weights() if is_last else history.weights,
                    None,
                    history.losses + losses,
                    history.validation_losses + (validation_losses or []),
                )
                progress.show(len(call), history)
                is_ended = watcher is not None and watcher.end_epoch(history, trainer.weights)
                if is_ended or best.has_waited_long_enough:
                    break
                n_next = 2 * len(call) if has_made_all else len(call)
                call = epochs[len(history.losses) :][: min(n_next, most)]
            history = history._replace(
                optimizer_state=trainer.optimizer_state() if is_last else None
            )
    except KeyboardInterrupt:
        if not history.losses or not _are_finite(history.weights):
            raise
        return history._replace(was_interrupted=True)
    if not _are_finite(history.weights):
        raise _divergence(epochs[len(history.losses) - 1])
    return history


def count_drawn(max_samples, n_samples):
    """Return how many samples an epoch takes, for a number, a share as float, or None for all."""
    if max_samples is None:
        return n_samples
    if isinstance(max_samples, Integral):
        return min(int(max_samples), n_samples)
    return max(1, round(max_samples * n_samples))


class ByLength(NamedTuple):
    """Batches of samples that are about as long: none waits for a much longer one.

    ``lengths`` are those of the samples. Of every ``BATCHES_TOGETHER`` batches the samples are
    sorted by length, and cut into batches anew, which come in random order: all lengths, and what
    goes with them, remain in any few updates.
    """

    lengths: np.ndarray
    batch_size: int

    def regrouped(self, order, rng):
        """Return an order, whose batches are its slices, with its batches made in this way."""
        size = self.batch_size
        regrouped = order.copy()
        for begin in range(0, len(order), BATCHES_TOGETHER * size):
            part = order[begin : begin + BATCHES_TOGETHER * size]
            n_whole = len(part) // size * size  # the rest stays the last, shorter batch
            whole = part[:n_whole]
            batches = whole[np.argsort(self.lengths[whole], kind="stable")].reshape(-1, size)
            regrouped[begin : begin + n_whole] = rng.permutation(batches).ravel()
        return regrouped


def _orders(epochs, n_samples, n_drawn, seed, shuffle, by_length=None):
    """Return the order of the samples in each epoch, and a seed for what else is random."""
    orders = aligned_empty((len(epochs), n_drawn), np.int32)
    seeds = np.empty(len(epochs), dtype=np.int32)
    for i, epoch in enumerate(epochs):
        rng = np.random.default_rng([seed, epoch])
        _fill_order(orders[i], rng, n_samples, shuffle)
        if by_length is not None:
            orders[i] = by_length.regrouped(orders[i], rng)
        seeds[i] = rng.integers(2**31)
    return orders, seeds


def _fill_order(order, rng, n_samples, shuffle):
    if len(order) == n_samples:
        for begin in range(0, n_samples, NUMBERED_AT_ONCE):
            block = order[begin : begin + NUMBERED_AT_ONCE]
            block[:] = np.arange(begin, begin + len(block), dtype=order.dtype)
        if shuffle:
            rng.shuffle(order)
        return
    order[:] = _drawn(rng, n_samples, len(order), shuffle)
    if not shuffle:
        order.sort()


def _drawn(rng, n_samples, n_drawn, shuffle):
    """Draw samples without replacement.

    Generator.choice keeps a set of what it has drawn where that is a 50th of the samples or less,
    and else numbers all of them, 8 bytes each. So where samples are very many they are cut into
    blocks: how many of each are drawn is hypergeometric, and which ones each block's own draw.
    """
    if not BLOCK_OF_DRAW < n_samples < MOST_IN_BLOCKS or n_drawn <= n_samples // 50:
        return rng.choice(n_samples, n_drawn, replace=False, shuffle=shuffle)
    begins = np.arange(0, n_samples, BLOCK_OF_DRAW)
    sizes = np.minimum(n_samples - begins, BLOCK_OF_DRAW)
    n_of_blocks = rng.multivariate_hypergeometric(sizes, n_drawn)
    drawn = np.empty(n_drawn, dtype=np.int32)
    ends = np.cumsum(n_of_blocks)
    for begin, size, end, n in zip(begins, sizes, ends, n_of_blocks, strict=True):
        drawn[end - n : end] = begin + rng.choice(size, n, replace=False, shuffle=False)
    if shuffle:
        rng.shuffle(drawn)
    return drawn


def _shares(schedule, n_epochs):
    """Return which share of the learning rate each epoch has."""
    progress = np.arange(n_epochs) / n_epochs
    if schedule == "exponential":
        return FINAL_SHARE**progress
    return (1 + np.cos(np.pi * progress)) / 2 if schedule == "cosine" else np.ones(n_epochs)


class _Best:
    """The lowest validation loss so far, and how long it has been the lowest."""

    def __init__(self, patience):
        self._patience = patience
        self._lowest, self._n_waited = np.inf, 0

    def update(self, losses):
        """Take in the last of these losses; return whether it is the lowest."""
        loss = losses[-1]
        self._n_waited = 0 if loss < self._lowest - self._patience.tol else self._n_waited + 1
        is_lower = loss < self._lowest
        self._lowest = min(loss, self._lowest)
        return is_lower

    @property
    def has_waited_long_enough(self):
        return self._patience is not None and self._n_waited >= self._patience.n_iter_no_change


def _check_losses(epochs, *curves):
    finite = np.isfinite([curve for curve in curves if curve is not None]).all(axis=0)
    if not finite.all():
        raise _divergence(epochs[int(np.argmin(finite))])


def _are_finite(weights):
    return all(np.isfinite(weight).all() for weight in weights)


def _divergence(epoch):
    return ValueError(
        f"The training diverged: the loss or a weight became NaN or infinite in epoch {epoch}. "
        "Lower learning_rate (or alpha), scale X and y (MinMaxScaler), or limit the gradients "
        "with clipnorm=1.0."
    )


class _NoBar:
    def show(self, n_new, history):
        pass

    def close(self):
        pass


class _Bar:
    def __init__(self, n_epochs, title):
        from tqdm import tqdm

        self._bar = tqdm(total=n_epochs, desc=title, unit="epoch")

    def show(self, n_new, history):
        curves = {"loss": history.losses, "validation_loss": history.validation_losses}
        last = {name: f"{curve[-1]:.4g}" for name, curve in curves.items() if curve}
        self._bar.set_postfix(last, refresh=False)
        self._bar.update(n_new)

    def close(self):
        self._bar.close()


def progress_bar(n_epochs, title):
    """Return a bar in the terminal, or with an empty title one that shows nothing."""
    return _Bar(n_epochs, title) if title else _NoBar()
