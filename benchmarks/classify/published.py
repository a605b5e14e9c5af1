"""Accuracies that others report on the same train and test parts."""

from __future__ import annotations

from dataclasses import dataclass

OF_LSTM_FCN = "[repository](https://github.com/titu1994/LSTM-FCN) of arXiv:1709.05206, Results/"
OF_MINIROCKET = "[repository](https://github.com/angus924/minirocket) of arXiv:2012.08791, results/"
OF_REVIEW = "[repository](https://github.com/hfawaz/dl-4-tsc) of arXiv:1809.04356, results/"
OF_AEON = "example results of [aeon](https://github.com/aeon-toolkit/aeon)"


@dataclass(frozen=True)
class Published:
    """An accuracy, and where it stands."""

    name: str
    accuracy: float
    source: str


PUBLISHED = {
    "gunpoint": (
        Published("LSTM-FCN", 1.0, OF_LSTM_FCN),
        Published("1-NN DTW", 0.907, OF_LSTM_FCN),
        Published("HIVE-COTE 2, of the bake-off arXiv:2304.13029", 1.0, OF_AEON),
        Published("MiniRocket, mean of 30 other splits", 0.9924, OF_MINIROCKET),
    ),
    "italy-power-demand": (
        Published("LSTM-FCN", 0.9621, OF_LSTM_FCN),
        Published("1-NN DTW", 0.95, OF_LSTM_FCN),
        Published("HIVE-COTE 2, of the bake-off arXiv:2304.13029", 0.9699, OF_AEON),
        Published("MiniRocket, mean of 30 other splits", 0.9596, OF_MINIROCKET),
    ),
    "japanese-vowels": (
        Published("FCN, convolutions", 0.99, OF_REVIEW),
        Published("MLP", 0.98, OF_REVIEW),
        Published("Encoder, convolutions with attention", 0.97, OF_REVIEW),
    ),
}
