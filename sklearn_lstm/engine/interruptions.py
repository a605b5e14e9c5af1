"""Ctrl-C, whatever code it comes up in."""

from contextlib import contextmanager


@contextmanager
def interruptions_seen():
    """Raise the KeyboardInterrupt that has become a SystemError.

    That is what Python makes of one that code in C has not looked at, TensorFlow's above all. Who
    catches errors, as a search does, would take the fit for a failed one and go on with the next.
    """
    try:
        yield
    except SystemError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise error.__cause__ from None
        raise
