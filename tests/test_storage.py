import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge

from sklearn_lstm import LSTMForecaster, LSTMRegressor, load_forecaster, save_forecaster


class Stranger(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=60, tz="Europe/Berlin", name="day")
    series = {name: pd.Series(rng.random(60), index=days) for name in ("north", "south")}
    return pd.concat(series, names=["region"]).rename("load")


@pytest.mark.parametrize("regressor", [Ridge(), LSTMRegressor(3, epochs=1)])
def test_a_forecaster_comes_back_as_it_was(panel, regressor, tmp_path):
    model = LSTMForecaster(regressor, window_length=5, horizon=2, random_state=0).fit(panel)
    save_forecaster(model, tmp_path / "m.skops", columns={"target": "load", "known_ahead": ["x"]})
    found, columns = load_forecaster(tmp_path / "m.skops")
    pd.testing.assert_series_equal(found.predict(), model.predict())
    pd.testing.assert_frame_equal(found.predict_interval(), model.predict_interval())
    assert columns == {"target": "load", "known_ahead": ["x"]}
    assert repr(found) == repr(model)
    assert list(tmp_path.iterdir()) == [tmp_path / "m.skops"]
    later = panel.groupby(level=0).tail(1) + 1
    later.index = later.index.map(lambda key: (key[0], key[1] + pd.Timedelta("1D")))
    pd.testing.assert_series_equal(found.update(later).predict(), model.update(later).predict())


def test_other_types_are_refused_by_name(tmp_path):
    import skops.io

    path = tmp_path / "m.skops"
    skops.io.dump({"forecaster": Stranger()}, path)
    with pytest.raises(ValueError, match=r"m\.skops was refused: it asks for \S*Stranger"):
        load_forecaster(path)
    stranger = LSTMForecaster(Stranger(), window_length=3).fit(np.random.default_rng(0).random(50))
    with pytest.raises(ValueError, match=r"holds \S*Stranger, which would not be trusted"):
        save_forecaster(stranger, tmp_path / "n.skops")
    assert list(tmp_path.iterdir()) == [path]


def test_damaged_and_foreign_files_are_refused(tmp_path):
    import skops.io

    path = tmp_path / "m.skops"
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
    with pytest.raises(ValueError, match="holds no forecaster"):
        load_forecaster(path)
    with pytest.raises(FileNotFoundError, match=r"none\.skops"):
        load_forecaster(tmp_path / "none.skops")


def test_a_missing_skops_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skops.io", None)
    with pytest.raises(ImportError, match=r"pip install 'sklearn-lstm\[cli\]'"):
        load_forecaster("m.skops")
