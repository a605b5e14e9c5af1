"""The table, line by line."""

import importlib
import pkgutil

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
