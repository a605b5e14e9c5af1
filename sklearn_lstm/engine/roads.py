"""Which way a training goes by its size, and the measurements that say so.

Times are those of one step of training (forward, backward, update), 2 cores, of networks with one
layer, given as steps x samples x features.
"""

from joblib import cpu_count

MAX_PARTS = 8
SMALLEST_PART = 8  # samples, and
SMALLEST_STATE = 640  # numbers that a layer holds at a step: below, parts cost more than they save

# Our own gradient of the LSTM operation against the operation's, how many times as many steps a
# second. In the two parts that a batch has on 2 cores: of 24 x 32 x 4 1.33 with 96 units, 1.14 with
# 128, 1.25 with 256, 1 with 64 to 80; of 24 x 64 x 4 1.08 with 96, 1.05 with 128, 1.14 with 192; of
# 24 x 128 x 4 .94 with 128, 1.04 with 256; of 24 x 256 x 4 .92 with 128, .96 with 256. Of 96 steps
# 1 with 96 x 32 x 7 and 64 units, .94 with 96 x 128 x 7 and 96. The rule takes no case that loses.
FEWEST_UNITS = 96
UNITS_FOR_A_SAMPLE = 4  # of the part of a batch that is computed at a time


def own_gradient_pays(units, n_samples):
    """Tell whether so many samples at a time, or fewer, go back by our own gradient.

    That is in :mod:`.lstm_op`. Layers share that road, and the largest decides.
    """
    return max(units) >= max(FEWEST_UNITS, UNITS_FOR_A_SAMPLE * n_samples)


def number_of_parts(batch_size, units):
    """Return in how many parts a batch is computed, side by side: at most one for each core.

    It is a power of two, so that a search over sizes traces few programs.
    """
    n_worthwhile = min(batch_size // SMALLEST_PART, batch_size * max(units) // SMALLEST_STATE)
    if n_worthwhile < 2:
        return 1
    n_parts = min(cpu_count(), n_worthwhile, MAX_PARTS)
    return 1 << n_parts.bit_length() - 1


def even(n):
    """Return a number of inputs for which the LSTM operation is fast."""
    return n + n % 2


def padded(n_units):
    """Return a number of units for which it is: even, and no multiple of 64.

    The rows of a kernel of 64 units, or a multiple of them, lie so far apart that they fall into
    the same lines of the processor's cache. 24 x 32 x 4 take 30 ms with 256 units and 13 with 258,
    7.0 and 4.2 with 128 and 130, 11.3 and 8.6 with 192 and 194; 96 x 32 x 7 take 5.3 ms with 64
    units and 4.5 with 66. With 32, 96 and 160 units two more gain nothing.
    """
    n_units = even(n_units)
    return n_units if n_units % 64 else n_units + 2
