"""Tiny ONNX graphs, written node by node: they load in no time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

FLOAT, UINT8, INT64, STRING = TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT64, TensorProto.STRING
Shape = Sequence[int | str] | None
Value = tuple[str, int, Shape]
"""Name, ONNX element type and shape; a text in the shape is a size that varies."""


def graph(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    constants: dict[str, NDArray[Any]] | None = None,
    *,
    ir_version: int = 10,
    opset: int = 20,
) -> onnx.ModelProto:
    made = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info(*value) for value in outputs],
        [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    return helper.make_model(made, ir_version=ir_version, opset_imports=[helper.make_opsetid("", opset)])


def node(kind: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:
    """`inputs` and `outputs` are names with spaces between them."""
    return helper.make_node(kind, inputs.split(), outputs.split(), **attributes)


def save(model: onnx.ModelProto, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())


def weights(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(4).normal(0, 0.1, shape).astype(np.float32)


def linear(batch: int | str = "batch", takes: int = 4, gives: int = 3) -> onnx.ModelProto:
    """x FP32 (batch, takes) to y FP32 (batch, gives)."""
    nodes = [node("MatMul", "x w", "y")]
    return graph(nodes, [("x", FLOAT, [batch, takes])], [("y", FLOAT, [batch, gives])], {"w": weights(takes, gives)})


def identity(shape: Shape, kind: int = FLOAT, *, ir_version: int = 10, opset: int = 20) -> onnx.ModelProto:
    """x to y, unchanged."""
    return graph(
        [node("Identity", "x", "y")], [("x", kind, shape)], [("y", kind, shape)], ir_version=ir_version, opset=opset
    )


def photo_scores(batch: int | str = "batch", height: int | str = 8, width: int | str = 8) -> onnx.ModelProto:
    """image FP32 (batch, 3, height, width) to scores FP32 (batch, 5)."""
    nodes = [
        node("GlobalAveragePool", "image", "pooled"),
        node("Flatten", "pooled", "flat", axis=1),
        node("MatMul", "flat w", "scores"),
    ]
    inputs = [("image", FLOAT, [batch, 3, height, width])]
    return graph(nodes, inputs, [("scores", FLOAT, [batch, 5])], {"w": weights(3, 5)})


def pixel_scores(batch: int | str = "batch", side: int = 8, classes: int = 3) -> onnx.ModelProto:
    """PIXELS uint8 (batch, side, side, 3) to SCORES FP32 (batch, classes), as `sightline export` writes it."""
    nodes = [
        node("Cast", "PIXELS", "levels", to=FLOAT),
        node("Mul", "levels step", "scaled"),
        node("Flatten", "scaled", "flat", axis=1),
        node("MatMul", "flat w", "raw"),
        node("Softmax", "raw", "SCORES", axis=-1),
    ]
    constants = {"step": np.array(1 / 255, np.float32), "w": weights(side * side * 3, classes)}
    inputs = [("PIXELS", UINT8, [batch, side, side, 3])]
    return graph(nodes, inputs, [("SCORES", FLOAT, [batch, classes])], constants)


def painter(batch: int | str = "batch", size: int = 4) -> onnx.ModelProto:
    """NOISE FP32 (batch, size) to PIXELS uint8 (batch, 4, 4, 3)."""
    nodes = [
        node("MatMul", "NOISE w", "flat"),
        node("Sigmoid", "flat", "unit"),
        node("Mul", "unit levels", "bright"),
        node("Reshape", "bright shape", "picture"),
        node("Cast", "picture", "PIXELS", to=UINT8),
    ]
    constants = {"w": weights(size, 48), "levels": np.array(255, np.float32), "shape": np.array([-1, 4, 4, 3])}
    inputs = [("NOISE", FLOAT, [batch, size])]
    return graph(nodes, inputs, [("PIXELS", UINT8, [batch, 4, 4, 3])], constants)


def chooser(batch: int | str = "batch", size: int = 4) -> onnx.ModelProto:
    """NOISE FP32 (batch, size) and CLASS INT32 (batch, 1) to PIXELS uint8 (batch, 4, 4, 3)."""
    nodes = [
        node("Cast", "CLASS", "class", to=FLOAT),
        node("Concat", "NOISE class", "both", axis=1),
        node("MatMul", "both w", "flat"),
        node("Reshape", "flat shape", "picture"),
        node("Cast", "picture", "PIXELS", to=UINT8),
    ]
    constants = {"w": abs(weights(size + 1, 48)), "shape": np.array([-1, 4, 4, 3])}
    inputs = [("NOISE", FLOAT, [batch, size]), ("CLASS", TensorProto.INT32, [batch, 1])]
    return graph(nodes, inputs, [("PIXELS", UINT8, [batch, 4, 4, 3])], constants)


def pixel_classes(batch: int | str = "batch", side: int = 8) -> onnx.ModelProto:
    """PIXELS uint8 (batch, side, side, 3) to CLASSES uint8 (batch, side, side): which channel is brightest."""
    nodes = [
        node("Cast", "PIXELS", "levels", to=FLOAT),
        node("ArgMax", "levels", "channel", axis=3, keepdims=0),
        node("Cast", "channel", "CLASSES", to=UINT8),
    ]
    inputs = [("PIXELS", UINT8, [batch, side, side, 3])]
    return graph(nodes, inputs, [("CLASSES", UINT8, [batch, side, side])])


def identity_pixels(side: int | str, batch: int | str = "batch") -> onnx.ModelProto:
    """PIXELS uint8 (batch, side, side, 3) to RESULT_PIXELS, unchanged."""
    shape = [batch, side, side, 3]
    return graph(
        [node("Identity", "PIXELS", "RESULT_PIXELS")], [("PIXELS", UINT8, shape)], [("RESULT_PIXELS", UINT8, shape)]
    )


def mapped_scores(side: int = 8, classes: int = 3, map_side: int = 2) -> onnx.ModelProto:
    """`pixel_scores` that also gives CAM FP32 (batch, classes, map_side, map_side)."""
    nodes = [
        node("Cast", "PIXELS", "levels", to=FLOAT),
        node("Flatten", "levels", "flat", axis=1),
        node("MatMul", "flat w", "raw"),
        node("Softmax", "raw", "SCORES", axis=-1),
        node("MatMul", "flat v", "cells"),
        node("Reshape", "cells shape", "CAM"),
    ]
    constants = {
        "w": weights(side * side * 3, classes),
        "v": weights(side * side * 3, classes * map_side**2),
        "shape": np.array([-1, classes, map_side, map_side]),
    }
    outputs = [("SCORES", FLOAT, ["batch", classes]), ("CAM", FLOAT, ["batch", classes, map_side, map_side])]
    return graph(nodes, [("PIXELS", UINT8, ["batch", side, side, 3])], outputs, constants)


def blender(batch: int | str = "batch") -> onnx.ModelProto:
    """PIXELS and OTHER_PIXELS uint8 (batch, 4, 4, 3) to RESULT_PIXELS, the brighter of both."""
    shape = [batch, 4, 4, 3]
    nodes = [node("Max", "PIXELS OTHER_PIXELS", "RESULT_PIXELS")]
    inputs = [(name, UINT8, shape) for name in ("PIXELS", "OTHER_PIXELS")]
    return graph(nodes, inputs, [("RESULT_PIXELS", UINT8, shape)])


def pair(batch: int | str = "batch") -> onnx.ModelProto:
    """left FP32 (batch, 2) and right INT64 (batch, 3) to total FP32 (batch, 1) and copy INT64 (batch, 3)."""
    nodes = [
        node("ReduceSum", "left axes", "total", keepdims=1),
        node("Identity", "right", "copy"),
    ]
    inputs = [("left", FLOAT, [batch, 2]), ("right", INT64, [batch, 3])]
    outputs = [("total", FLOAT, [batch, 1]), ("copy", INT64, [batch, 3])]
    return graph(nodes, inputs, outputs, {"axes": np.array([1])})


def accumulator(batch: int | str = "batch") -> onnx.ModelProto:
    """A sequence model: x, START and READY FP32 (batch, 1) to y FP32 (batch, 1)."""
    nodes = [node("Add", "x START", "sum"), node("Mul", "sum READY", "y")]
    inputs = [(name, FLOAT, [batch, 1]) for name in ("x", "START", "READY")]
    return graph(nodes, inputs, [("y", FLOAT, [batch, 1])])


def with_default() -> onnx.ModelProto:
    """x and bias FP32 (4) to y FP32 (4); bias has a default, so it may be left out."""
    inputs = [("x", FLOAT, [4]), ("bias", FLOAT, [4])]
    return graph([node("Add", "x bias", "y")], inputs, [("y", FLOAT, [4])], {"bias": weights(4)})


def frozen_inside() -> onnx.ModelProto:
    """Looks as if it took any batch, but the batch of the trace is written into a Reshape."""
    nodes = [node("Reshape", "x shape", "flat"), node("MatMul", "flat w", "y")]
    constants = {"shape": np.array([1, 4]), "w": weights(4, 3)}
    return graph(nodes, [("x", FLOAT, ["batch", 4])], [("y", FLOAT, ["batch", 3])], constants)
