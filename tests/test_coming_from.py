"""The code of the page for those who come from scikeras and Keras runs, theirs as ours."""

import re
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from sklearn_lstm.datasets import load_seattle_weather

PAGE = Path(__file__).parents[1] / "docs" / "coming_from.rst"


def their_code(library):
    """The block below the heading of a library, as a reader copies it."""
    section = re.search(rf"^{library}\n-+\n(.*?)\n\n[^\n]+\n---+\n", PAGE.read_text(), re.S | re.M)
    block = re.search(r"\.\. code-block:: python\n\n(.*?)\n\n     -\n", section.group(1), re.S)
    return dedent(block.group(1))


def run(library, **replaced):
    table = load_seattle_weather()[["temp_max", "temp_min", "wind"]][:300]
    names = {"table": table, "y": table["temp_max"]}
    code = their_code(library)
    for old, new in replaced.items():
        assert old in code
        code = code.replace(old, new)
    exec(code, names)
    return names


@pytest.mark.slow
def test_the_search_of_scikeras_runs():
    brief = {"[8, 16]": "[8]", "TimeSeriesSplit(2),": "[(range(200), range(200, 286))],"}
    search = run("scikeras", **brief)["search"]
    assert search.best_params_ == {"model__units": 8}


def test_the_network_of_keras_runs():
    names = run("Keras")
    assert names["predicted"].shape == (286,)
    assert np.isfinite(names["predicted"]).all()
