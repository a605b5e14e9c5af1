"""The README's code runs as it stands there."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.slow
def test_the_code_of_the_readme_runs_and_beats_persistence():
    names: dict = {}
    for language, code in BLOCKS:
        if language == "python":
            exec(code, names)
    search, X, y = names["search"], names["X"], names["y"]
    assert len(search.cv_results_["params"]) == 6
    assert search.predict(X).shape == y.shape
    persistence = [
        ((X["temp_max"] - y).iloc[test] ** 2).mean() ** 0.5 for _, test in search.cv.split(X)
    ]
    assert -search.best_score_ < sum(persistence) / len(persistence)


def test_there_are_two_set_up_commands():
    commands = [code.strip() for language, code in BLOCKS if language == "console"]
    assert commands == [
        'pip install ".[cli]" && sklearn-lstm demo',
        'pip install -e ".[test]" && pytest',
    ]
