"""Fitted estimators as files of ONNX, which other runtimes compute."""
