"""How much memory and time panels, long files and many short series take."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
