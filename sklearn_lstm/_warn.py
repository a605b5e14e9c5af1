"""Warnings that point at the user's line."""

import sys
import warnings
from types import FrameType

CALLED_BY_USERS = {"sklearn_lstm", "sklearn", "joblib"}


def warn_user(message):
    """Warn of what was called, at the last line that is no library's between it and here.

    Parameters
    ----------
    message : str
    """
    frame: FrameType | None = sys._getframe(1)
    level = 2
    while frame is not None and _package(frame) in CALLED_BY_USERS:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level - 1 if frame is None else level)


def _package(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]
