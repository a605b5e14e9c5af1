import json
import pickle
import subprocess
import sys
import tracemalloc
import zipfile
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble import VotingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, TimeSeriesSplit
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_lstm import (
    TRUSTED_TYPES,
    LSTMForecaster,
    LSTMRegressor,
    SequenceWindower,
    backtest,
    load_forecaster,
    load_model,
    lstm_network,
    make_lstm_pipeline,
    save_forecaster,
    save_model,
)
from sklearn_lstm._stable_names import PATHS, class_named
from sklearn_lstm.engine.architecture import Architecture


class Stranger(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "m.skops"


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=60, tz="Europe/Berlin", name="day")
    series = {name: pd.Series(rng.random(60), index=days) for name in ("north", "south")}
    return pd.concat(series, names=["region"]).rename("load")


def reloaded(model, path):
    save_model(model, path)
    return load_model(path)


def pipeline(**params):
    return make_lstm_pipeline(4, units=3, epochs=1, random_state=0, **params)


def lstm(**params):
    return LSTMRegressor(3, epochs=2, random_state=0, **params)


def steps():
    return make_pipeline(
        StandardScaler().set_output(transform="pandas"), SequenceWindower(4), lstm()
    )


@pytest.mark.parametrize("regressor", [Ridge(), LSTMRegressor(3, epochs=1), None])
def test_a_forecaster_comes_back_as_it_was(panel, regressor, path):
    model = LSTMForecaster(regressor, window_length=5, horizon=2, random_state=0).fit(panel)
    save_forecaster(model, path, columns={"target": "load", "known_ahead": ["x"]})
    found, columns = load_forecaster(path)
    pd.testing.assert_series_equal(found.predict(), model.predict())
    pd.testing.assert_frame_equal(found.predict_interval(), model.predict_interval())
    assert columns == {"target": "load", "known_ahead": ["x"]}
    assert repr(found) == repr(model)
    assert list(path.parent.iterdir()) == [path]
    later = panel.groupby(level=0).tail(1) + 1
    later.index = later.index.map(lambda key: (key[0], key[1] + pd.Timedelta("1D")))
    pd.testing.assert_series_equal(found.update(later).predict(), model.update(later).predict())


def test_a_loaded_forecaster_is_backtested_like_the_saved_one(panel, path):
    model = LSTMForecaster(Ridge(), window_length=5, horizon=2).fit(panel)
    save_model(model, path)
    expected, found = (backtest(m, panel, n_windows=3) for m in (model, load_model(path)))
    pd.testing.assert_frame_equal(found.predictions, expected.predictions)


@pytest.mark.parametrize(
    "options", [{"bidirectional": True}, {"ensemble_size": 2, "optimizer": "rmsprop"}]
)
def test_a_regressor_goes_on_with_the_state_of_its_optimizer(windows, options, path):
    X, y = windows
    model = lstm(**options).fit(X, y)
    found = reloaded(model, path)
    assert_array_equal(found.predict(X), model.predict(X))
    assert found.loss_curve_ == model.loss_curve_
    for one in (model, found):
        one.partial_fit(X, y)
    assert_array_equal(found.predict(X), model.predict(X))
    assert found.score(X, y) == model.score(X, y)
    fresh = lstm(**options).fit(X, y)
    for member in fresh._members:
        object.__setattr__(member, "optimizer_state", None)
    assert (fresh.partial_fit(X, y).predict(X) != model.predict(X)).any()


@pytest.mark.parametrize(
    "make",
    [
        pipeline,
        lambda: pipeline(scaler="passthrough", target_scaler="passthrough"),
        steps,
        lambda: VotingRegressor([("lstm", pipeline()), ("steps", steps())]),
        lambda: MultiOutputRegressor(pipeline()),
        lambda: GridSearchCV(
            pipeline(), {"regressor__lstm__units": [2, (2, 1)]}, cv=TimeSeriesSplit(2)
        ),
        lambda: GridSearchCV(
            steps(), {"lstmregressor": [lstm(), lstm(dropout=0.1)]}, cv=3,
            scoring=["neg_mean_absolute_error", "r2"], refit="r2",
        ),
    ],
)  # fmt: skip
def test_estimators_around_them_predict_as_before(waves, make, path):
    X, y = waves
    model = make()
    if isinstance(model, MultiOutputRegressor):
        y = np.column_stack([y, -y])
    model.fit(X[:70], y[:70])
    before = pickle.dumps(model)
    found = reloaded(model, path)
    assert pickle.dumps(model) == before
    assert_array_equal(found.predict(X[70:]), model.predict(X[70:]))
    assert repr(found) == repr(model)
    clone(found).fit(X[:70], y[:70])
    if hasattr(model, "cv_results_"):
        assert repr(found.cv_results_["params"]) == repr(model.cv_results_["params"])
        for name in (name for name in model.cv_results_ if name.startswith(("split", "rank"))):
            assert_array_equal(found.cv_results_[name], model.cv_results_[name])


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("max_gap", [None, "1D", timedelta(days=1), pd.Timedelta("1D")])
def test_a_loaded_windower_hands_history_over(waves, zone, max_gap, path):
    X = waves[0].set_index(waves[0].index.tz_localize(zone))
    windower = SequenceWindower(4, max_gap=max_gap).fit(X[:70])
    found = reloaded(windower, path)
    assert not np.isnan(found.transform(X[70:])).any()
    assert_array_equal(found.transform(X[70:]), windower.transform(X[70:]))
    assert_array_equal(found.transform(X[71:]), windower.transform(X[71:]))
    assert_array_equal(
        pickle.loads(pickle.dumps(windower)).transform(X[70:]), found.transform(X[70:])
    )


def test_a_windower_of_a_panel_keeps_the_history_of_each_series(path):
    keys = [("a", 1), ("b", 2)]
    index = pd.MultiIndex.from_tuples([(*key, t) for key in keys for t in range(6)])
    X = pd.DataFrame({"x": np.arange(12.0)}, index=index)
    is_new = index.get_level_values(-1) == 5
    windower = SequenceWindower(3).fit(X[~is_new])
    expected = [[3.0, 4.0, 5.0], [9.0, 10.0, 11.0]]
    assert_array_equal(reloaded(windower, path).transform(X[is_new])[:, :, 0], expected)


def test_files_name_no_module_of_the_package(panel, waves, path):
    X, y = waves
    models = [LSTMForecaster(columns=c, window_length=4).fit(panel) for c in ("joint", "separate")]
    models += [pipeline().fit(X, y), VotingRegressor([("a", pipeline())]).fit(X, y)]
    for model in models:
        save_model(model, path)
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                assert b"sklearn_lstm" not in archive.read(name)
            header = json.loads(archive.read("sklearn-lstm.json"))
        assert (header["format"], header["version"]) == ("sklearn-lstm model", 2)
        assert {entry["type"] for entry in header["objects"]} <= set(PATHS)


def test_every_stable_name_finds_its_class():
    for name, path in PATHS.items():
        assert class_named(name).__name__ == path.rpartition(".")[2]
    assert set(TRUSTED_TYPES) == {f"sklearn_lstm.{path}" for path in PATHS.values()}


def test_what_fitted_models_hold_has_a_stable_name_and_is_trusted(panel, waves, windows):
    import skops.io

    X, y = waves
    models = [
        LSTMForecaster(window_length=5).fit(panel),
        LSTMForecaster(lstm(), window_length=5, columns="separate", log=True).fit(panel),
        LSTMForecaster(Ridge(), window_length=5, columns="separate").fit(panel),
        LSTMForecaster(Ridge(), window_length=5).fit(panel.to_numpy()),
        lstm(ensemble_size=2, early_stopping=True).fit(*windows),
        steps().fit(X, y),
        pipeline().fit(X, y),
        pipeline().fit(X.tz_localize("UTC"), y),
    ]
    for model in models:
        data = skops.io.dumps(model)
        missing = set(skops.io.get_untrusted_types(data=data)) - set(TRUSTED_TYPES)
        assert not missing, f"add {missing} to PATHS in sklearn_lstm/_stable_names.py"
        skops.io.loads(data, trusted=TRUSTED_TYPES)
    found = skops.io.loads(skops.io.dumps(models[-2]), trusted=TRUSTED_TYPES)
    assert_array_equal(found.predict(X), models[-2].predict(X))


def test_a_class_without_a_stable_name_is_named(windows, path, monkeypatch):
    from sklearn_lstm import _stable_names

    model = lstm().fit(*windows)
    monkeypatch.delitem(_stable_names._NAMES, "sklearn_lstm._regressor.LSTMRegressor")
    with pytest.raises(TypeError, match=r"_regressor\.LSTMRegressor has no stable name.*add it to"):
        save_model(model, path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"network": lstm_network, "network_params": {"units": 2}}, "network"),
        ({"optimizer": __import__("keras").optimizers.Adam(0.01)}, "optimizer"),
    ],
)
def test_code_is_refused_with_its_remedy(windows, options, name, path):
    X, y = windows
    model = LSTMRegressor(3, epochs=1, **options).fit(X, y)
    for holder in (model, VotingRegressor([("a", model)]).fit(X, y[:, 0])):
        with pytest.raises(ValueError, match=rf"^{name}=<.*of LSTMRegressor.*joblib\.dump"):
            save_model(holder, path)
    assert not path.exists()


def test_models_predict_without_tensorflow(panel, waves, path):
    X, y = waves
    saved = {
        "forecaster": LSTMForecaster(window_length=5, random_state=0).fit(panel),
        "pipeline": pipeline().fit(X[:70], y[:70]),
    }
    for name, model in saved.items():
        save_model(model, path.with_name(name))
    X[70:].to_parquet(path)
    code = (
        "import sys, pandas as pd; from sklearn_lstm import load_model; folder = sys.argv[1];"
        "print(*load_model(folder + '/forecaster').predict().tolist(),"
        "*load_model(folder + '/pipeline').predict(pd.read_parquet(folder + '/m.skops')).tolist());"
        "print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path.parent], capture_output=True, text=True, check=True
    )
    *numbers, has_tensorflow, has_keras = done.stdout.split()
    assert (has_tensorflow, has_keras) == ("False", "False")
    expected = [*saved["forecaster"].predict(), *saved["pipeline"].predict(X[70:])]
    assert_array_equal(np.array(numbers, dtype=float), expected)


def test_metadata_of_any_plain_kind_comes_back(path):
    model = Ridge(random_state=np.random.RandomState(0)).fit([[1.0], [2.0]], [1.0, 2.0])
    metadata = {
        "a": (1, None, True, float("inf")),
        ("b", 2): {"type": "x", "state": 1},
        None: np.arange(3),
        "time": pd.Timestamp("2024-01-01", tz="Europe/Berlin").as_unit("s"),
        "period": pd.Period("2024-01", "M"),
        "shape": Architecture(4, 1, 1, (3,)),
        "number": np.float32(0.1),
        "day": pd.Timestamp("2024-01-01").date(),
        "objects": np.array(["a", (1, 2), None], dtype=object),
        "column": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    }
    save_model(model, path, metadata=metadata)
    found, again = load_model(path, return_metadata=True)
    assert_array_equal(again.pop(None), metadata.pop(None))
    assert again["column"].flags.f_contiguous
    assert_array_equal(again.pop("column"), metadata.pop("column"))
    assert again.pop("objects").tolist() == metadata.pop("objects").tolist()
    assert again == metadata
    assert type(again["number"]) is np.float32
    assert again["time"].unit == "s"
    assert (found.coef_ == model.coef_).all()


def test_what_is_shared_stays_shared(path):
    model = LSTMForecaster(Ridge(), window_length=3).fit(np.random.default_rng(0).random(50))
    found = reloaded(model, path)
    assert found.regressor_ is found._core.members_[0].model_.regressor_
    big = np.zeros(50_000)
    save_model(Ridge().fit([[1.0]], [1.0]), path, metadata={"a": big, "b": [big, big]})
    assert path.stat().st_size < 1.2 * big.nbytes


def test_other_types_are_refused_by_name(path):
    import skops.io

    save_model(Ridge().fit([[1.0]], [1.0]), path)
    with zipfile.ZipFile(path) as archive:
        header = archive.read("sklearn-lstm.json")
    skops.io.dump({"parts": [Stranger()]}, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("sklearn-lstm.json", header)
    with pytest.raises(ValueError, match=r"m\.skops was refused: it asks for \S*Stranger"):
        load_model(path)
    path.unlink()
    stranger = LSTMForecaster(Stranger(), window_length=3).fit(np.random.default_rng(0).random(50))
    with pytest.raises(ValueError, match=r"holds \S*Stranger, which would not be trusted"):
        save_forecaster(stranger, path)
    with pytest.raises(ValueError, match=r"can't be written without pickle.*joblib\.dump"):
        save_model(Ridge().fit([[1.0]], [1.0]), path, metadata={"generator": (i for i in "ab")})
    search = RandomizedSearchCV(Ridge(), {"alpha": scipy.stats.randint(1, 9)}, n_iter=2, cv=2)
    with pytest.raises(ValueError, match=r"can't be written without pickle.*joblib\.dump"):
        save_model(search.fit([[1.0], [2.0], [3.0], [4.0]], range(4)), path)
    assert list(path.parent.iterdir()) == []


def test_damaged_and_foreign_files_are_refused(path):
    import skops.io

    model = LSTMForecaster(Ridge(), window_length=3).fit(np.random.default_rng(0).random(50))
    save_forecaster(model, path)
    whole = path.read_bytes()
    for damaged in (b"", b"no model", whole[:200], whole[: len(whole) // 2], whole[:-20]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"m\.skops is no model file, or damaged"):
            load_forecaster(path)
    path.write_bytes(pickle.dumps(model))
    with pytest.raises(ValueError, match="no model file"):
        load_forecaster(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(ValueError, match="no model file"):
        load_forecaster(path)
    skops.io.dump({"a": 1}, path)
    with pytest.raises(ValueError, match=r"holds no model.*skops\.io\.load\(path, trusted="):
        load_forecaster(path)
    save_model(Ridge().fit([[1.0]], [1.0]), path)
    with pytest.raises(ValueError, match="holds no forecaster of sklearn-lstm, but a Ridge"):
        load_forecaster(path)
    with pytest.raises(FileNotFoundError, match=r"none\.skops"):
        load_forecaster(path.with_name("none.skops"))


def with_header(path, **changes):
    """Write the file again with a header of which something was changed."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    header = json.loads(entries["sklearn-lstm.json"]) | changes
    entries["sklearn-lstm.json"] = json.dumps(header).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def test_a_file_of_a_later_format_names_the_version_to_install(windows, path):
    save_model(lstm().fit(*windows), path)
    with_header(path, **{"version": 3, "sklearn-lstm": "7.1.0", "objects": "other"})
    with pytest.raises(ValueError, match=r"has format 3.*pip install 'sklearn-lstm>=7\.1\.0'"):
        load_model(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"objects": [{"type": "Popen", "state": {}}]},
        {"objects": []},
        {"objects": [{"type": "LSTMRegressor", "state": None}]},
        {"model": {"type": "nonsense", "state": 0}},
        {"model": 3},
        {"metadata": 3},
        {"version": "two"},
    ],
)
def test_headers_changed_by_hand_are_refused(windows, changes, path):
    save_model(lstm().fit(*windows), path)
    with_header(path, **changes)
    with pytest.raises(ValueError, match=r"m\.skops (is no model file, or damaged|holds no model)"):
        load_model(path)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"n_steps": 10**10}, "more memory than a file of its size"),
        ({"n_steps": 10**30, "freq": "s"}, "more memory than a file of its size"),
        ({"n_steps": 10**10, "kind": "number", "first": 0, "freq": 1}, "more memory than a file"),
        ({"n_steps": -5}, "-5 is no length"),
        ({"n_steps": 1.5}, "1.5 is no length"),
        ({"name": {"type": "object array", "state": [[10**10], []]}}, "0 items are no array"),
        ({"name": {"type": "small array", "state": ["<f8", 0, [-1]]}}, "-1 is no length"),
        ({"name": [{"type": "small array", "state": ["<f8", 0, [8000]]}] * 5000}, "more memory"),
    ],
)
def test_lengths_changed_by_hand_are_refused_before_memory_is_asked_for(value, message, path):
    y = pd.Series(np.sin(np.arange(8000)), pd.date_range("2020", periods=8000, freq="h"))
    save_model(LSTMForecaster(Ridge(), window_length=4).fit(y), path)
    with zipfile.ZipFile(path) as archive:
        objects = json.loads(archive.read("sklearn-lstm.json"))["objects"]
    (grid,) = (entry["state"]["state"] for entry in objects if entry["type"] == "Grid")
    grid.update(value)
    with_header(path, objects=objects)
    tracemalloc.start()
    with pytest.raises(ValueError, match=rf"m\.skops is no model file, or damaged \(.*{message}"):
        load_model(path)
    assert tracemalloc.get_traced_memory()[1] < 2**28
    tracemalloc.stop()


def test_only_what_is_fitted_is_kept(path):
    with pytest.raises(NotFittedError):
        save_model(LSTMRegressor(), path)
    with pytest.raises(TypeError, match=r"no LSTMForecaster: keep it with save_model"):
        save_forecaster(Ridge().fit([[1.0]], [1.0]), path)
    with pytest.raises(TypeError, match="estimator"):
        save_model({"a": 1}, path)
    assert not path.exists()


def test_a_missing_skops_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(ImportError, match=r"pip install 'sklearn-lstm\[cli\]'"):
        load_forecaster("m.skops")


def fitted_ridge():
    return Ridge().fit([[0.0], [1.0]], [0.0, 1.0])


@pytest.mark.parametrize("entry", ["sklearn-lstm.json", "schema.json", "more.npy"])
def test_a_small_file_that_would_unpack_to_a_large_one_is_refused(entry, path):
    save_model(fitted_ridge(), path)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ({"more.npy": b""} | entries).items():
            archive.writestr(name, content + b" " * 40_000_000 * (name == entry))
    assert path.stat().st_size < 100_000
    with pytest.raises(ValueError, match=r"m\.skops is no model file.*would unpack to 40,0.*bytes"):
        load_model(path)


def test_a_compressed_copy_of_a_model_is_read(path):
    save_model(fitted_ridge(), path)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    assert load_model(path).predict([[0.5]]) == pytest.approx(fitted_ridge().predict([[0.5]]))


@pytest.mark.parametrize("model", [Ridge(), Ridge, None, "ridge", LSTMForecaster(), len])
def test_what_is_no_fitted_model_is_not_written(model, path):
    path.write_text("before")
    for save in (save_model, save_forecaster):
        with pytest.raises((TypeError, NotFittedError)):
            save(model, path)
    assert path.read_text() == "before"


def test_what_is_kept_beside_a_model_is_a_dict(path):
    forecaster = LSTMForecaster(Ridge(), window_length=3).fit(np.arange(20.0))
    with pytest.raises(TypeError, match=r"columns=\['sales'\] must be a dict"):
        save_forecaster(forecaster, path, columns=["sales"])
    with pytest.raises(TypeError, match="metadata='sales' must be a dict"):
        save_model(forecaster, path, metadata="sales")
    with pytest.raises(ValueError, match="is a folder"):
        load_model(path.parent)
    assert not path.exists()
