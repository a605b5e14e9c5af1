"""The folder of the real series."""

import os
from pathlib import Path

VARIABLE = "SKLEARN_LSTM_DATA"
BESIDE_THE_PROJECT = Path(__file__).parents[3] / "shared" / "data"


def find_folder():
    """Return the folder that the environment names, else ``../shared/data``; it may be absent."""
    return Path(os.environ.get(VARIABLE) or BESIDE_THE_PROJECT)
