"""How a network is put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import gcd
from typing import Any, NamedTuple

MOST_WEIGHTS = 10**9  # some 20 GB in training: weights, gradient and the optimizer's two moments


class Architecture(NamedTuple):
    """How a network of the built-in kind is put together, the sizes of its data included.

    ``n_timesteps`` is None where the weights do not depend on it and nobody needs to know. Where
    lengths differ (``is_ragged``), which changes no weight either, it is that of the longest.
    """

    n_timesteps: int | None
    n_features: int
    n_outputs: int
    units: tuple[int, ...]
    bidirectional: bool = False
    segment_length: int | None = None
    decoding: str = "dense"
    skip_connection: bool = False
    pooling: str = "last"
    is_ragged: bool = False

    @property
    def network(self):
        """None : No builder but the built-in one."""
        return None

    @property
    def params(self):
        """dict : All but the sizes of the data."""
        sizes = {"n_timesteps", "n_features", "n_outputs", "is_ragged"}
        return {name: getattr(self, name) for name in self._fields if name not in sizes}

    @property
    def is_segmented(self):
        return self.segment_length is not None

    @property
    def is_parallel(self):
        return self.decoding == "parallel"

    @property
    def n_directions(self):
        return 2 if self.bidirectional else 1

    @property
    def n_inputs(self):
        """int : Values that the first LSTM layer reads at each of its steps."""
        return self.units[0] if self.is_segmented else self.n_features

    @property
    def n_weights(self):
        """int : Weights of the network, the few of decoding in parallel apart."""
        n, n_inputs = 0, self.n_inputs
        if self.segment_length is not None:
            n = (self.segment_length * self.n_features + 1) * n_inputs
        for n_units in self.units:
            n += self.n_directions * 4 * n_units * (n_inputs + n_units + 1)
            n_inputs = self.n_directions * n_units
        n += (n_inputs + 1) * (self.n_decoded or 0)
        n_skipping = (self.n_timesteps or 0) * self.n_features * self.n_outputs
        return n + (n_skipping if self.skip_connection else 0)

    @property
    def n_decoded(self):
        """int : Outputs that are computed together from one state."""
        return self.segment_length if self.is_parallel else self.n_outputs


@dataclass(frozen=True)
class CustomArchitecture:
    """A builder of another network, what it is called with, and the sizes of its data.

    ``classes`` is what it is told of these: scikit-learn's ``target_type_`` and ``n_classes_``.
    """

    network: Callable[..., Any]
    params: dict[str, Any]
    n_timesteps: int
    n_features: int
    n_outputs: int
    classes: dict[str, Any] | None = None


def differences(before, now):
    """Say in which parameters two architectures differ."""
    if before.network is not now.network:
        return f"network was {before.network!r}, is {now.network!r}"
    params, params_now = ({**a.params, "n_outputs": a.n_outputs} for a in (before, now))
    names = [n for n in {**params, **params_now} if params.get(n) != params_now.get(n)]
    return ", ".join(f"{n} was {params.get(n)!r}, is {params_now.get(n)!r}" for n in names)


def check_size(architecture, n_networks):
    """Refuse what takes the memory of a machine, before it does.

    Parameters
    ----------
    architecture : Architecture
    n_networks : int
    """
    n_weights = architecture.n_weights * n_networks
    if n_weights > MOST_WEIGHTS:
        raise ValueError(
            f"units={architecture.units} and ensemble_size={n_networks} make {n_weights:.2g} "
            f"weights, more than {MOST_WEIGHTS:.0e}. Lower units or ensemble_size."
        )


def check_architecture(architecture):
    """Refuse parts that do not go together, or segments that do not fit, and say what does."""
    if architecture.pooling not in ("last", "mean", "max"):
        raise ValueError(f"pooling={architecture.pooling!r} must be 'last', 'mean' or 'max'.")
    if architecture.is_ragged and architecture.skip_connection:
        raise ValueError(
            "skip_connection=True maps windows of one length, but X holds sequences of unequal "
            "lengths (NaN at their end). Set skip_connection=False."
        )
    _check_segments(architecture)


def _check_segments(architecture):
    n_timesteps, n_outputs = architecture.n_timesteps, architecture.n_outputs
    segment_length, decoding = architecture.segment_length, architecture.decoding
    if decoding not in ("dense", "parallel"):
        raise ValueError(f"decoding={decoding!r} must be 'dense' or 'parallel'.")
    if decoding == "parallel" and segment_length is None:
        raise ValueError(
            "decoding='parallel' decodes the outputs in segments, but segment_length=None. Set "
            "segment_length, or decoding='dense'."
        )
    if decoding == "parallel" and architecture.bidirectional:
        raise ValueError(
            "decoding='parallel' goes on from the state at the window's end, so it can't be "
            "combined with bidirectional=True. Set one of them back."
        )
    if decoding == "parallel" and architecture.pooling != "last":
        raise ValueError(
            "decoding='parallel' goes on from the state at the window's end, so it can't be "
            f"combined with pooling={architecture.pooling!r}. Set one of them back."
        )
    if segment_length is None:
        return
    if segment_length < 1:
        raise ValueError(f"segment_length={segment_length!r} must be None, or 1 or more.")
    if n_timesteps % segment_length and not architecture.is_ragged:
        raise ValueError(
            f"segment_length={segment_length} does not divide the window of {n_timesteps} steps. "
            + _remedy(
                segment_length,
                n_timesteps,
                f"a window of {_around(segment_length, n_timesteps)} steps",
            )
        )
    if decoding == "parallel" and n_outputs % segment_length:
        raise ValueError(
            f"decoding='parallel' decodes segment_length={segment_length} outputs at a time, which "
            f"does not divide the {n_outputs} outputs. "
            + _remedy(segment_length, gcd(n_timesteps, n_outputs), "decoding='dense'")
        )


def _remedy(length, n, other):
    """Name the divisors of n that are nearest to a length, or something else to do."""
    smaller = [d for d in range(1, n + 1) if n % d == 0 and d < length][-1:]
    larger = [d for d in range(1, n + 1) if n % d == 0 and d > length][:1]
    return f"Set segment_length to {' or '.join(map(str, smaller + larger))}, or take {other}."


def _around(length, n):
    multiples = n // length * length, -(-n // length) * length
    return " or ".join(str(multiple) for multiple in multiples if multiple)
