"""Weights of Keras as a network of ONNX, put together by hand. Imported where onnx is at hand only.

ONNX takes steps before windows, has a row of weights for each unit of a gate, and the gates in the
order input, output, forget, cell where Keras has input, forget, cell, output.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, FILE_FORMAT = 17, 8  # old enough for any ONNX Runtime of today
KEPT = 0  # a size that Reshape leaves as it is


def network(problem, weights):
    """Return the bytes of an ONNX file.

    Parameters
    ----------
    problem : Problem

    weights : list of ndarray
        As ``keras.Model.get_weights`` returns them: kernel, recurrent kernel and bias of each
        layer and direction, then kernel and bias of the dense layer.
    """
    *of_lstms, dense_kernel, dense_bias = weights
    n_directions = 1 + problem.bidirectional
    n_weights = 3 * n_directions
    layers = [of_lstms[i : i + n_weights] for i in range(0, len(of_lstms), n_weights)]
    constants = {"dense_kernel": dense_kernel, "dense_bias": dense_bias}
    constants["one_vector"] = np.array([KEPT, -1])
    if len(layers) > 1:
        constants["one_vector_a_step"] = np.array([KEPT, KEPT, -1])
    nodes = [helper.make_node("Transpose", ["windows"], ["steps_0"], perm=[1, 0, 2])]
    for i, (units, of_layer) in enumerate(zip(problem.units, layers, strict=True)):
        constants |= _lstm_constants(f"_{i}", of_layer)
        nodes += [_lstm(i, units, n_directions), *_joined(i, is_last=i == len(layers) - 1)]
    nodes.append(
        helper.make_node("Gemm", ["states", "dense_kernel", "dense_bias"], ["predictions"])
    )
    shape = ["n_windows", problem.n_timesteps, problem.n_features]
    graph = helper.make_graph(
        nodes,
        "lstm",
        [helper.make_tensor_value_info("windows", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("predictions", TensorProto.FLOAT, ["n_windows", 1])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=FILE_FORMAT
    )
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _lstm(i, units, n_directions):
    return helper.make_node(
        "LSTM",
        [f"steps_{i}", f"W_{i}", f"R_{i}", f"B_{i}"],
        [f"Y_{i}", f"Y_h_{i}"],
        hidden_size=units,
        direction="bidirectional" if n_directions == 2 else "forward",
    )


def _joined(i, *, is_last):
    """Put the directions side by side: of the last states, or of each step for the next layer."""
    if is_last:
        moved, perm, shape, joined = f"Y_h_{i}", [1, 0, 2], "one_vector", "states"
    else:
        moved, perm, shape, joined = f"Y_{i}", [0, 2, 1, 3], "one_vector_a_step", f"steps_{i + 1}"
    return [
        helper.make_node("Transpose", [moved], [f"{moved}_moved"], perm=perm),
        helper.make_node("Reshape", [f"{moved}_moved", shape], [joined]),
    ]


def _lstm_constants(suffix, of_layer):
    """Return W, R and B of a layer, each with a part for each direction."""
    kernels, recurrent_kernels, biases = of_layer[0::3], of_layer[1::3], of_layer[2::3]
    nothing = np.zeros_like(biases[0])  # the recurrent bias, which Keras doesn't have
    return {
        f"W{suffix}": np.stack([_reordered(kernel).T for kernel in kernels]),
        f"R{suffix}": np.stack([_reordered(kernel).T for kernel in recurrent_kernels]),
        f"B{suffix}": np.stack([np.concatenate([_reordered(b), nothing]) for b in biases]),
    }


def _reordered(array):
    """Put gates along the last axis in ONNX's order."""
    i, f, c, o = np.split(array, 4, axis=-1)
    return np.concatenate([i, o, f, c], axis=-1)
