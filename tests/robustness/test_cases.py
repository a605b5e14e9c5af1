"""The table, line by line."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from . import doors

NAMES = sorted(module.name for module in pkgutil.iter_modules(doors.__path__))
CASES = [
    pytest.param(case, id=f"{name}: {case.name}")
    for name in NAMES
    for case in importlib.import_module(f".{name}", doors.__name__).CASES
]


@pytest.mark.parametrize("case", CASES)
def test_what_comes_of_it(case):
    case.check()


def test_the_page_counts_the_table_and_the_properties():
    page = (Path(__file__).parents[2] / "docs" / "robustness.md").read_text()
    n_inputs = int(re.search(r"more than ([\d,]+) inputs", page)[1].replace(",", ""))
    assert n_inputs <= len(CASES) < 1.2 * n_inputs
    files = Path(__file__).parent.glob("test_properties_of_*.py")
    n_properties = sum(file.read_text().count("\n@given(") for file in files)
    assert f"**{n_properties} properties**" in page
