"""Models that are kept: by pickle, joblib, a file, a copy; and files that are none."""

import copy
import io
import json
import pickle
import tempfile
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from sklearn_lstm import (
    LSTMForecaster,
    SequenceWindower,
    backtest,
    load_forecaster,
    load_model,
    make_lstm_pipeline,
    save_forecaster,
    save_model,
)

from ..cases import Case, gives, refuses

T = np.arange(60)
Y = pd.Series(10 + np.sin(T / 3) + T % 5, pd.date_range("2024-01-01", periods=60), name="sales")
NAMES = ["b", "", "ä ö", ("x", 1), 3, None]


def forecaster(y=Y, **params):
    params = {"window_length": 5, "horizon": 3, **params}
    return LSTMForecaster(Ridge(), **params).fit(y)


def through_file(model, **metadata):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.skops"
        save_model(model, path, **metadata)
        return load_model(path, return_metadata=bool(metadata))


def through_joblib(model):
    memory = io.BytesIO()
    joblib.dump(model, memory)
    memory.seek(0)
    return joblib.load(memory)


WAYS = {
    "a pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "the oldest pickle": lambda model: pickle.loads(pickle.dumps(model, protocol=2)),
    "joblib": through_joblib,
    "a file": through_file,
    "a deep copy": copy.deepcopy,
    "a file of what a pickle gave": lambda m: through_file(pickle.loads(pickle.dumps(m))),
}
SERIES = {
    "a dated series": Y,
    "an array": Y.to_numpy(),
    "periods": Y.set_axis(pd.period_range("2020-01", periods=60, freq="M")),
    "hours over a change of the clock": Y.set_axis(
        pd.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Paris")
    ),
    "business days": Y.set_axis(pd.bdate_range("2024-01-01", periods=60)),
    "numbers": Y.set_axis(np.arange(60) / 4),
    "columns": pd.DataFrame({"a": Y, ("b", 1): 2 * Y}),
    "a panel": pd.concat({"b": Y, "": 3 * Y[:50], "ä": Y[5:]}, names=["shop", "day"]),
    "a panel of numbered series": pd.concat({7: Y, -1: Y[:40]}),
    "a panel of two levels": pd.concat({("a", 1): Y, ("b", 2): Y + 1}),
    "holes": Y.drop(Y.index[[9, 20]]),
}


def agrees(again, model):
    """Compare forecasts and bounds bit by bit, and the indices that they are on."""
    for one, other in ((again, model), (again.fit(Y), model.fit(Y))):
        found, expected = one.predict(), other.predict()
        assert np.array_equal(found, expected)
        if isinstance(expected, pd.Series | pd.DataFrame):
            assert found.index.equals(expected.index)
            assert found.index.names == expected.index.names
        bounds = other.predict_interval(coverage=0.6)
        assert np.array_equal(one.predict_interval(coverage=0.6), bounds)
    return True


KEPT = [
    Case(
        f"{kind} through {way}",
        lambda way=way, kind=kind: (lambda model: agrees(WAYS[way](model), copy.deepcopy(model)))(
            forecaster(SERIES[kind], missing="interpolate")
        ),
        gives(True),
    )
    for kind in SERIES
    for way in (WAYS if kind == "a dated series" else ["a pickle", "a file"])
]
KEPT += [
    Case(
        f"a series named {name!r}",
        lambda name=name: through_file(forecaster(Y.rename(name))).predict().name,
        gives(lambda found, name=name: found == name and type(found) is type(name)),
    )
    for name in NAMES
]


def updated(model):
    return model.update(Y[50:]).predict()


OTHERS = [
    Case(
        "updates after a file",
        lambda: updated(through_file(forecaster(Y[:50]))),
        gives(lambda found: np.array_equal(found, updated(forecaster(Y[:50])))),
    ),
    Case("a clone is not fitted", lambda: clone(forecaster()).predict(), refuses("not fitted")),
    Case(
        "metadata of all plain kinds",
        lambda: through_file(forecaster(), metadata={"a": [1, None, 0.5], "b": {"c": "ä"}})[1],
        gives(lambda found: found == {"a": [1, None, 0.5], "b": {"c": "ä"}}),
    ),
    Case(
        "a windower hands over its history after a file",
        lambda: through_file(SequenceWindower(3).fit(Y.to_frame()[:50])).transform(
            Y.to_frame()[50:]
        ),
        gives(lambda found: np.array_equal(found[:, 0, 0], Y[48:58])),
    ),
    Case(
        "a pipeline of scikit-learn",
        lambda: through_file(
            make_pipeline(SequenceWindower(3, flatten=True), Ridge()).fit(Y.to_frame(), Y)
        ).predict(Y.to_frame()),
        gives(
            lambda found: np.allclose(
                found,
                make_pipeline(SequenceWindower(3, flatten=True), Ridge())
                .fit(Y.to_frame(), Y)
                .predict(Y.to_frame()),
            )
        ),
    ),
    Case(
        "a result of a backtest",
        lambda: (
            lambda result: pickle.loads(pickle.dumps(result)).scores().equals(result.scores())
        )(backtest(forecaster(), Y, n_windows=2, season_length=5)),
        gives(True),
    ),
    Case(
        "separate series",
        lambda: agrees(
            through_file(forecaster(SERIES["a panel"], columns="separate", missing="interpolate")),
            forecaster(SERIES["a panel"], columns="separate", missing="interpolate"),
        ),
        gives(True),
    ),
]


def written(model=None):
    with tempfile.TemporaryDirectory() as folder:
        save_model(forecaster() if model is None else model, Path(folder) / "model")
        return (Path(folder) / "model").read_bytes()


def read(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.skops"
        path.write_bytes(content)
        return load_model(path)


def with_header(**changes):
    """Return a model file of which the header says something else."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written())) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name != "schema.json" and name.endswith(".json"):
                content = json.dumps(json.loads(content) | changes)
            new.writestr(name, content)
    return changed.getvalue()


def saved_over_a_folder():
    with tempfile.TemporaryDirectory() as folder:
        save_model(forecaster(), folder)


class OnlyHere(Ridge):
    """A regressor that no reader of a file can trust."""


DAMAGED = {
    "no byte": lambda: b"",
    "text": lambda: b"a model",
    "a pickle": lambda: pickle.dumps({"a": 1}),
    "half of it": lambda: written()[: len(written()) // 2],
    "all but its end": lambda: written()[:-30],
    "zeros": lambda: bytes(1000),
    "an empty archive": lambda: b"PK\x05\x06" + bytes(18),
    "a header of a list": lambda: with_header(model=[]),
    "a header without objects": lambda: with_header(objects=None),
    "a header of another format": lambda: with_header(format="other"),
    "a header of a later format": lambda: with_header(version=999),
    "a header of a version in words": lambda: with_header(version="new"),
}
REFUSED = [
    Case(f"a file of {name}", lambda make=make: read(make()), refuses("model.skops"))
    for name, make in DAMAGED.items()
]
REFUSED += [
    Case("an unfitted forecaster", lambda: written(LSTMForecaster(Ridge())), refuses("not fitted")),
    Case("an unfitted pipeline", lambda: written(make_lstm_pipeline()), refuses("not fitted")),
    Case("no model", lambda: written(3), refuses("3")),
    Case("a class", lambda: written(Ridge), refuses("Ridge")),
    Case(
        "a regressor of one's own",
        lambda: written(LSTMForecaster(OnlyHere(), window_length=3).fit(Y)),
        refuses("OnlyHere", "joblib"),
    ),
    Case(
        "a series as a forecaster",
        lambda: save_forecaster(Y, "nowhere.skops"),
        refuses("LSTMForecaster", "save_model"),
    ),
    Case(
        "a file that is not there",
        lambda: load_model("nowhere.skops"),
        refuses("nowhere.skops", of=FileNotFoundError),
    ),
    Case(
        "a folder to read",
        lambda: load_forecaster(tempfile.gettempdir()),
        refuses(tempfile.gettempdir(), of=(OSError, ValueError)),
    ),
    Case(
        "a folder to write",
        saved_over_a_folder,
        refuses(tempfile.gettempdir(), of=(OSError, ValueError)),
    ),
]
CASES = [*KEPT, *OTHERS, *REFUSED]
