"""How fast, and how large, beside scikeras, Keras, skorch and PyTorch."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
