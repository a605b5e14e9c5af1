"""How well it forecasts, beside what others have published on the same data."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
