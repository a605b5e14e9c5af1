"""How well it classifies, beside neighbours, linear models, Keras's LSTM and MiniRocket."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
