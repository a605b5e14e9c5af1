"""How much of an epoch one call of a program passes over.

Python hears of a Ctrl-C between calls, and not within one. So an epoch that takes long is made in
several, each of about as many seconds as there may be to wait.
"""

# The first call of a fit is meant to end within a second: two cores do 10 to 170 billion operations
# in one, and the smallest batches take .1 to .3 ms.
FIRST_OPERATIONS, FIRST_BATCHES = 2e10, 1000
MOST_SAMPLES = 2**16  # whose targets a call copies; the smallest networks take .05 to .26 s
VALIDATION_BATCH = 256


class CallSize:
    """How many samples a call may pass over, in whole batches.

    Parameters
    ----------
    batch_size : int
    n_operations : int
        Floating-point operations that a sample takes in training.
    """

    def __init__(self, batch_size, n_operations):
        self._batch_size = batch_size
        self._n_samples = min(
            FIRST_OPERATIONS / n_operations, FIRST_BATCHES * batch_size, MOST_SAMPLES
        )

    @property
    def n_trained(self):
        """int : How many a call trains on, at most."""
        return self._in_batches(self._batch_size)

    @property
    def n_validated(self):
        """int : How many it validates with, at most."""
        return self._in_batches(VALIDATION_BATCH)

    def _in_batches(self, size):
        return max(int(self._n_samples) // size, 1) * size

    def adapt(self, n_passed, seconds, seconds_to_take):
        """Aim at a time, after a call that passed over so many samples in so many seconds.

        A call that lost time to something else, as the first does, is not taken at its word.
        """
        n_in_time = n_passed * seconds_to_take / max(seconds, 1e-6)
        n_at_least, n_at_most = max(self._n_samples / 2, 1), 2 * self._n_samples
        self._n_samples = min(max(n_in_time, n_at_least), n_at_most, MOST_SAMPLES)
