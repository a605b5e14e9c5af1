"""Fitted models where only predictions are wanted: without TensorFlow, and outside Python."""

import os
import pickle
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from textwrap import dedent

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from fastapi.testclient import TestClient
from numpy.testing import assert_allclose, assert_array_equal

import sklearn_lstm
from sklearn_lstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMRegressor,
    SequenceWindower,
    make_lstm_pipeline,
    make_supervised,
    save_forecaster,
    save_model,
    save_onnx,
)
from sklearn_lstm.datasets import load_seattle_weather

PAGE = Path(__file__).parents[1] / "docs" / "deployment.rst"
NETWORKS = ("tensorflow", "keras", "scikeras")

PREDICT = f"""
import pickle, sys
from importlib.util import find_spec
import numpy as np, onnxruntime
from sklearn_lstm import load_forecaster, load_model

assert not any(find_spec(name) for name in {NETWORKS})
folder = sys.argv[1] + "/"
X, windows = pickle.load(open(folder + "X.pkl", "rb"))
pipeline, classifier = pickle.load(open(folder + "models.pkl", "rb"))
session = onnxruntime.InferenceSession(folder + "model.onnx")
forecaster, _ = load_forecaster(folder + "forecaster.skops")
np.savez(
    folder + "predicted.npz",
    pickle=pipeline.predict(X),
    probabilities=classifier.predict_proba(windows),
    model_file=load_model(folder + "model.skops").predict(X),
    forecast=forecaster.predict(),
    bounds=forecaster.predict_interval(),
    onnx=session.run(None, {{"windows": windows}})[0],
)
try:
    pipeline.fit(X, X.iloc[:, 0])
except ImportError as error:
    print(error)
"""


def python_without(names, folder):
    """Make an environment of all packages that are installed here but these, without a network."""
    venv.create(folder, with_pip=False)
    there, scripts = (
        Path(sysconfig.get_path(name, "venv", {"base": str(folder)}))
        for name in ("purelib", "scripts")
    )
    for site_packages in map(Path, sys.path):
        if site_packages.name in ("site-packages", "dist-packages"):
            for entry in site_packages.iterdir():
                name, link = entry.name.split("-")[0].lower(), there / entry.name
                # files .pth would bring the packages that are left out
                if name not in names and entry.suffix != ".pth" and not link.exists():
                    link.symlink_to(entry)
    return scripts / "python"


@pytest.mark.slow
def test_an_environment_without_tensorflow_predicts_the_same_bits(waves, tmp_path):
    X, y = waves
    pipeline = make_lstm_pipeline(4, units=3, epochs=1, random_state=0).fit(X[:70], y[:70])
    windows = np.float32(SequenceWindower(4).fit_transform(X)[3:])
    classifier = LSTMClassifier(3, epochs=1, random_state=0).fit(windows, y[3:] > 0)
    lstm = LSTMRegressor(3, epochs=1, random_state=0)
    forecaster = LSTMForecaster(lstm, window_length=5, horizon=2).fit(y)
    (tmp_path / "X.pkl").write_bytes(pickle.dumps((X[70:], windows)))
    (tmp_path / "models.pkl").write_bytes(pickle.dumps((pipeline, classifier)))
    save_model(pipeline, tmp_path / "model.skops")
    save_forecaster(forecaster, tmp_path / "forecaster.skops")
    save_onnx(pipeline, tmp_path / "model.onnx")

    python = python_without(NETWORKS, tmp_path / "environment")
    environment = os.environ | {"PYTHONPATH": str(Path(sklearn_lstm.__file__).parents[1])}
    done = subprocess.run(
        [python, "-c", PREDICT, tmp_path], env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "pip install tensorflow" in done.stdout
    predicted = np.load(tmp_path / "predicted.npz")
    assert_array_equal(predicted["pickle"], pipeline.predict(X[70:]))
    assert_array_equal(predicted["probabilities"], classifier.predict_proba(windows))
    assert_array_equal(predicted["model_file"], pipeline.predict(X[70:]))
    assert_array_equal(predicted["forecast"], forecaster.predict())
    assert_array_equal(predicted["bounds"], forecaster.predict_interval())
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    assert_array_equal(predicted["onnx"], session.run(None, {"windows": windows})[0])


@pytest.mark.slow
def test_the_keras_model_is_exported_for_serving(tmp_path, windows):
    X, y = windows
    lstm = LSTMRegressor(3, ensemble_size=2, loss="poisson", epochs=1).fit(X, np.abs(y))
    lstm.model_.export(tmp_path / "saved_model", verbose=False)
    read = tf.saved_model.load(tmp_path / "saved_model")
    assert_allclose(read.serve(np.float32(X)), lstm.predict(X), atol=1e-5)


def test_the_web_service_of_the_page_answers(tmp_path, monkeypatch):
    weather = load_seattle_weather()[["temp_max", "temp_min"]][:100]
    X, y = make_supervised(weather, target="temp_max", horizon=1)
    model = make_lstm_pipeline(14, units=3, epochs=1, random_state=0).fit(X, y)
    save_onnx(model, tmp_path / "model.onnx")
    monkeypatch.chdir(tmp_path)
    code = re.search(
        r"A web service\n-+\n.*?\n\n(   import json\n.*?)\n\nWith", PAGE.read_text(), re.S
    )
    service: dict = {"__name__": "service"}
    exec(dedent(code.group(1)), service)
    client = TestClient(service["app"])

    rows = X[-14:].to_dict("records")
    answer = client.post("/predict", json={"rows": rows})
    assert answer.status_code == 200
    assert_allclose(answer.json(), model.predict(X)[-1], atol=1e-4)
    assert client.post("/predict", json={"rows": rows[1:]}).status_code == 422
    assert client.post("/predict", json={"rows": [{"temp_max": 1.0}] * 14}).status_code == 422
