"""The rules of docs/architecture.md about who imports whom, read from the code."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sklearn_lstm

PACKAGE = Path(sklearn_lstm.__file__).parent
ROOMS = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
}
ENGINE = {"tensorflow", "keras", "scikeras"}
ESTIMATORS = {"_base", "_regressor", "_pipeline"}
FORECASTING = {"_forecaster", "_backtest", "_suggest", "_model_file"}
NETWORKS = {"_lstm_op", "_fused_network", "_optimizers", "_network", "_keras_network"}
TRAINING = {*NETWORKS, "_training", "_scikeras", "_inference"}
MUST_NEVER_IMPORT = {
    "__init__": {*ENGINE, "matplotlib"},
    "_validation": {*ENGINE, *(set(ROOMS) - {"_validation"})},
    "_rows": {*ENGINE, "sklearn", "pandas", *ESTIMATORS},
    "_timeline": {*ENGINE, "sklearn", *ESTIMATORS},
    "_windows": {*ENGINE, *ESTIMATORS},
    "_weights": {*ENGINE, "sklearn", *ESTIMATORS},
    "_inference": {*ENGINE, "sklearn", *ESTIMATORS},
    "_epochs": {*ENGINE, "sklearn", *ESTIMATORS},
    "_threads": {*ENGINE, "sklearn", *ESTIMATORS},
    "_lstm_op": {"keras", "sklearn", "scikeras", *ESTIMATORS},
    "_fused_network": {"keras", "sklearn", "scikeras", *ESTIMATORS},
    "_optimizers": {"keras", "sklearn", "scikeras", *ESTIMATORS, *NETWORKS},
    "_keras_network": {"sklearn", "scikeras", *ESTIMATORS},
    "_network": {"sklearn", "scikeras", *ESTIMATORS},
    "_training": {"keras", "sklearn", "scikeras", *ESTIMATORS},
    "_scikeras": {"sklearn", *ESTIMATORS},
    "_base": {*ENGINE, "_regressor", "_pipeline"},
    "_regressor": {*ENGINE, "_pipeline"},
    "_pipeline": ENGINE,
    "_calendar": {*ENGINE, "sklearn", *ESTIMATORS, *FORECASTING},
    "_panel": {*ENGINE, *ESTIMATORS, *FORECASTING},
    "_normalize": {*ENGINE, "pandas", *ESTIMATORS, *FORECASTING},
    "_window_model": {*ENGINE, "pandas", *TRAINING, *ESTIMATORS, *FORECASTING},
    "_separate_models": {*ENGINE, "dask", "ray", "pandas", *TRAINING, *ESTIMATORS, *FORECASTING},
    "_intervals": {*ENGINE, "sklearn", "pandas", *ESTIMATORS, *FORECASTING},
    "_settings": {*ENGINE, *TRAINING, *FORECASTING},
    "_forecaster": {*ENGINE, *TRAINING, "_backtest", "_naive", "_regressor"},
    "_naive": {*ENGINE, "sklearn", *ESTIMATORS, *FORECASTING},
    "_backtest": {*ENGINE, *TRAINING, "_regressor"},
    "_suggest": {*ENGINE, *TRAINING, "_backtest"},
    "_files": {*ENGINE, "sklearn", *ESTIMATORS, *FORECASTING},
    "_times": {*ENGINE, "sklearn", *ESTIMATORS, *FORECASTING},
    "_tables": {*ENGINE, "sklearn", *ESTIMATORS, *FORECASTING},
    "_following": {*ENGINE, *ESTIMATORS, *FORECASTING},
    "_model_file": {*ENGINE, *TRAINING, "pickle", "joblib"},
    "_plot": {*ENGINE, *TRAINING, *ESTIMATORS, "_backtest"},
    "_demo": {*ENGINE, "typer", "rich"},
    "cli": {"sklearn", "numpy", "pandas"},
}


def imports(path, *, top_level=False):
    """Names of packages and of the project's rooms that a file imports."""
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from (name for name in names if name in ROOMS)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]


@pytest.mark.parametrize("room", MUST_NEVER_IMPORT)
def test_a_room_imports_nothing_it_must_not(room):
    forbidden = set(imports(ROOMS[room])) & MUST_NEVER_IMPORT[room]
    assert not forbidden


def test_every_room_has_rules_or_needs_none():
    free = {"__main__", "datasets.__init__", "datasets._seattle"}
    assert set(ROOMS) == set(MUST_NEVER_IMPORT) | free
    assert not {"utils", "_utils"} & set(ROOMS)


def test_there_are_no_cycles():
    graph = {room: set(imports(path)) & set(ROOMS) for room, path in ROOMS.items()}
    tuple(TopologicalSorter(graph).static_order())


def test_only_one_room_knows_scikeras_and_it_waits_to_be_asked():
    knowing = {room for room, path in ROOMS.items() if "scikeras" in set(imports(path))}
    assert knowing == {"_scikeras"}
    assert "scikeras" not in set(imports(ROOMS["_scikeras"], top_level=True))


def test_only_one_room_knows_scikit_learns_private_helpers():
    private = {
        room
        for room, path in ROOMS.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and not node.level
        and node.module.startswith("sklearn.")
        and any(part.startswith("_") for part in [*node.module.split("."), *(
            alias.name for alias in node.names)])
    }  # fmt: skip
    assert private == {"_validation"}
