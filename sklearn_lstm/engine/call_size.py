"""How much of an epoch one call of a program passes over.

Python hears of a Ctrl-C between calls, and not within one. So an epoch that takes long is made in
several, each of about as many seconds as there may be to wait.
"""

# The first call of a fit is meant to end within a second: two cores do 10 to 170 billion operations
# in one, the smallest batches take .1 to .3 ms, and a step of a sequence 4 to 8 microseconds.
FIRST_OPERATIONS, FIRST_BATCHES, FIRST_STEPS = 2e10, 1000, 50_000
MOST_TARGETS = 2**20  # numbers that a call takes along: 4 MB
VALIDATION_BATCH = 256


class CallSize:
    """How many samples a call may pass over, in whole batches.

    Parameters
    ----------
    batch_size : int
    n_timesteps : int
    n_operations : int
        Floating-point operations that a sample takes.
    n_targets : int, default=1
        Numbers that are taken along with a sample.
    """

    def __init__(self, batch_size, n_timesteps, n_operations, n_targets=1):
        self._batch_size = batch_size
        self._most = MOST_TARGETS / n_targets
        n_batches = min(FIRST_BATCHES, FIRST_STEPS / n_timesteps)
        self._n = min(FIRST_OPERATIONS / n_operations, n_batches * batch_size, self._most)
        self._is_guessed = True

    @property
    def n_samples(self):
        """int : How many a call passes over, at most."""
        return max(int(self._n) // self._batch_size, 1) * self._batch_size

    def adapt(self, n_passed, seconds, aim):
        """Take note that a call passed over so many samples in so many seconds; ``aim`` was meant.

        One that took up to twice the time is left at that: part of it may be none that fewer
        samples would save. The first loses time to something else, so it counts for half at most.
        """
        n_in_time = n_passed * aim / max(seconds, 1e-6)
        if seconds > 2 * aim:
            self._n = max(n_in_time, self._n / 2 if self._is_guessed else 1)
        elif n_in_time > self._n:
            self._n = min(n_in_time, 2 * self._n, self._most)
        self._is_guessed = False
