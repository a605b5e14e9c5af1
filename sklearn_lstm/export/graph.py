"""A graph of ONNX, put together operation by operation: the only one that knows the package."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

# Those of onnx 1.8, of November 2020: what newer ones brought is not needed, and every runtime of
# the years since reads them.
OPSET, FILE_FORMAT = 13, 7


class Graph:
    """Operations and constants, in the order in which they are added.

    Operations are those of ONNX; a value is known by its name.
    """

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, operator: str, *inputs: Any, name: str | None = None, **attributes: Any) -> str:
        """Add an operation with one output, and return the name of that.

        Parameters
        ----------
        operator : str
            Such as ``"MatMul"``.

        *inputs : str, array-like or None
            Names of values; or numbers, which become constants: whole ones of int64, others of
            float32. None for an optional input that is left out.

        name : str, default=None
            Of the output; None for one that nobody else has.

        **attributes
            Those of the operator.
        """
        return self.add_several(operator, *inputs, names=[name], **attributes)[0]

    def add_several(
        self, operator: str, *inputs: Any, names: list[str | None], **attributes: Any
    ) -> list[str]:
        """Add an operation with several outputs, see :meth:`add`."""
        # ONNX Runtime 1.20 names fused nodes after those they are made of, which so need names.
        node_name = f"{operator}_{len(self._nodes)}"
        outputs = [name or f"{node_name}_{i}" for i, name in enumerate(names)]
        read = [self._named(value) for value in inputs]
        node = helper.make_node(operator, read, outputs, name=node_name, **attributes)
        self._nodes.append(node)
        return outputs

    def cast(self, value: str, dtype: type) -> str:
        """Add a conversion to a type of NumPy, and return the name of its result."""
        return self.add("Cast", value, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def _named(self, value):
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        array = np.asarray(value)
        array = array.astype(np.int64 if array.dtype.kind in "iu" else np.float32)
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def content(
        self, *, given: tuple, returned: tuple, metadata: dict[str, str], version: str
    ) -> bytes:
        """Return the content of a file.

        Parameters
        ----------
        given, returned : tuple of str and list
            Name and shape of the input and of the output, float32; a text in a shape is a number
            that is not fixed.

        metadata : dict of str
            What the file says beside.

        version : str
            Of this package.
        """
        values = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in (given, returned)
        ]
        graph = helper.make_graph(
            self._nodes, "sklearn_lstm", values[:1], values[1:], self._constants
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=FILE_FORMAT,
            producer_name="sklearn-lstm",
            producer_version=version,
        )
        helper.set_model_props(model, metadata)
        return model.SerializeToString()
