"""The rules of docs/architecture.md about who imports whom, read from the code."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sklearn_lstm

PACKAGE = Path(sklearn_lstm.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
}
HELPERS = {
    "_atomic", "_callbacks", "_checks", "_labels", "_sklearn_private", "_output_files", "_progress",
    "_quantiles", "_warn",
}  # fmt: skip
ESTIMATORS = {"_base", "_classifier", "_pipeline", "_regressor", "_samples"}
NETWORKS = {"tensorflow", "keras", "scikeras"}

# What a folder, or a module of the top level, may import of the package beside itself, and which
# libraries it must never import.
RULES = {
    "windows": (HELPERS, NETWORKS),
    "engine": ({"windows.rows"}, {"sklearn", "pandas"}),
    "estimators": ({*HELPERS, "windows", "engine"}, NETWORKS),
    "forecasting": ({*HELPERS, "windows"}, NETWORKS),
    "model_selection": ({*HELPERS, "windows"}, NETWORKS),
    "plotting": (HELPERS, NETWORKS),
    "inspection": ({*HELPERS, "_pipeline", "windows", "forecasting"}, NETWORKS),
    "export": ({"", *HELPERS, "_classifier", "_regressor", "windows", "engine.architecture",
                "engine.weights"}, NETWORKS),
    "command": ({"", *HELPERS, "_pipeline", "_storage", "windows", "forecasting", "plotting",
                 "datasets"}, {"keras", "scikeras"}),
}  # fmt: skip
EXCEPTIONS = {  # (module, what else it may import)
    ("forecasting.defaults", "_regressor"),  # the one place that knows which regressor it is
    ("forecasting.quantile_intervals", "_regressor"),  # which regressor learns several quantiles
    ("forecasting.backtest_result", "plotting.forecast_display"),  # result.plot()
    ("forecasting.comparison_result", "plotting.comparison_display"),  # result.plot()
    ("inspection.gradients", "engine.quiet_tensorflow"),  # asked for gradients alone
    ("inspection.explanation", "plotting.explanation_display"),  # explanation.plot()
    ("plotting.forecast_display", "forecasting.forecaster"),  # a type
}
HELPERS_OF_THE_TOP = {
    "_storage": {"", "_output_files", "_stable_names", "_flatten", "forecasting"},
    "_flatten": {"_callbacks", "_stable_names", "windows"},
    "_stable_names": set(),
}


def folder(module):
    first, _, rest = module.partition(".")
    return first if rest else "estimators" if module in ESTIMATORS else module


def imports(path, *, top_level=False):
    """Names of libraries, and modules of the package written with a dot in front."""
    here = path.relative_to(PACKAGE).with_suffix("").parts[:-1]
    tree = ast.parse(path.read_text())
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = [*here[: len(here) - node.level + 1], *(node.module or "").split(".")]
            yield "." + ".".join(part for part in base if part)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]


def of_the_package(path):
    return {name[1:] for name in imports(path) if name.startswith(".")}


RULED = [module for module in MODULES if folder(module) in {*RULES, *HELPERS_OF_THE_TOP}]


@pytest.mark.parametrize("module", RULED)
def test_a_module_imports_what_its_folder_may(module):
    own = folder(module)
    allowed, never = RULES.get(own) or (HELPERS_OF_THE_TOP[own], NETWORKS)
    for name in of_the_package(MODULES[module]):
        if folder(name) != own and (module, name) not in EXCEPTIONS:
            assert {name, folder(name)} & allowed, f"{module} imports {name}"
    assert not set(imports(MODULES[module])) & never


def test_nobody_imports_the_command():
    importing = {m for m, path in MODULES.items() if "command" in map(folder, of_the_package(path))}
    assert {folder(m) for m in importing} == {"command", "__main__"}


def test_every_module_stands_in_a_folder_with_a_rule():
    free = {"__init__", "__main__", "datasets", *HELPERS, *HELPERS_OF_THE_TOP}
    assert {folder(module) for module in MODULES} == set(RULES) | free


def test_there_are_no_cycles():
    graph = {
        module: {name for name in of_the_package(path) if name in MODULES}
        for module, path in MODULES.items()
        if module != "plotting.forecast_display"  # it names a type
    }
    tuple(TopologicalSorter(graph).static_order())


def test_only_one_module_knows_scikeras_and_it_waits_to_be_asked():
    knowing = {module for module, path in MODULES.items() if "scikeras" in set(imports(path))}
    assert knowing == {"engine.custom_network"}
    assert "scikeras" not in set(imports(MODULES["engine.custom_network"], top_level=True))


def test_what_predicts_imports_no_tensorflow():
    for module in ("engine.inference", "engine.weights", "engine.architecture", "engine.loop",
                   "engine.fork", "engine.loss", "engine.member", "engine.protocols",
                   "engine.threads", "engine.side_by_side"):  # fmt: skip
        assert not set(imports(MODULES[module])) & {*NETWORKS, ".engine.quiet_tensorflow"}


def test_tensorflow_is_imported_where_it_is_kept_quiet():
    importing = {module for module, path in MODULES.items() if "tensorflow" in set(imports(path))}
    assert importing == {"engine.quiet_tensorflow", "engine.custom_network", "command.cli"}


def test_only_one_module_knows_scikit_learns_private_helpers():
    private = {
        module
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and not node.level
        and node.module.startswith("sklearn.")
        and any(part.startswith("_") for part in [*node.module.split("."), *(
            alias.name for alias in node.names)])
    }  # fmt: skip
    assert private == {"_sklearn_private"}
