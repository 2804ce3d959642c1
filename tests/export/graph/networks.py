"""Small ONNX graphs as people bring them, every one with the same weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SIDE = 16
CLASSES = 5
WIDTH = 4


@dataclass(frozen=True)
class Made:
    """What is special about one graph; the default is float32 NCHW with a dynamic batch.

    flatten: between pooling and the last layer: "flatten", or Reshape to [batch, width] "whole" or [batch, -1] "open".
    tail: nodes after the logits. outputs: of the graph.
    """

    opset: int = 17
    ir_version: int = 8
    batch: int | str = "n"
    channels: int | str = 3
    height: int | str = SIDE
    width: int | str = SIDE
    nhwc: bool = False
    datatype: int = TensorProto.FLOAT
    flatten: str = "flatten"
    tail: Sequence[onnx.NodeProto] = ()
    outputs: Sequence[onnx.ValueInfoProto] | None = None
    more_inputs: Sequence[onnx.ValueInfoProto] = ()
    weights_as_inputs: bool = False
    input_name: str = "x"
    constants: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])

    def model(self) -> onnx.ModelProto:
        draw = np.random.default_rng(5)
        real = np.float16 if self.datatype == TensorProto.FLOAT16 else np.float32
        colours = self.channels if isinstance(self.channels, int) else 3
        weights: dict[str, NDArray[Any]] = {
            "kernel": draw.standard_normal((WIDTH, colours, 3, 3)).astype(real),
            "offset": draw.standard_normal(WIDTH).astype(real),
            "matrix": draw.standard_normal((WIDTH, CLASSES)).astype(real),
            **self.constants,
        }
        nodes: list[onnx.NodeProto] = []
        last = self.input_name
        if self.datatype == TensorProto.UINT8:
            nodes.append(helper.make_node("Cast", [last], ["levels"], name="cast", to=TensorProto.FLOAT))
            last = "levels"
            weights["kernel"] /= 255
        if self.nhwc:
            nodes.append(helper.make_node("Transpose", [last], ["planes"], name="transpose", perm=[0, 3, 1, 2]))
            last = "planes"
        nodes += [
            helper.make_node("Conv", [last, "kernel", "offset"], ["features"], name="conv", pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["features"], ["bright"], name="relu"),
            helper.make_node("GlobalAveragePool", ["bright"], ["pooled"], name="pool"),
        ]
        nodes.append(self._flatten(weights))
        nodes.append(helper.make_node("MatMul", ["vector", "matrix"], ["logits"], name="head"))
        float_type = TensorProto.FLOAT16 if real is np.float16 else TensorProto.FLOAT
        sides = [self.height, self.width]
        shape = [self.batch, *sides, self.channels] if self.nhwc else [self.batch, self.channels, *sides]
        initializers = [numpy_helper.from_array(array, name) for name, array in weights.items()]
        inputs = [helper.make_tensor_value_info(self.input_name, self.datatype, shape), *self.more_inputs]
        if self.weights_as_inputs:
            inputs += [helper.make_tensor_value_info(w.name, w.data_type, w.dims) for w in initializers]
        outputs = self.outputs or [helper.make_tensor_value_info("logits", float_type, [self.batch, CLASSES])]
        graph = helper.make_graph([*nodes, *self.tail], "made", inputs, outputs, initializers)
        domains = {"", *(node.domain for node in self.tail)}
        opsets = [helper.make_opsetid(domain, 1 if domain else self.opset) for domain in domains]
        return helper.make_model(graph, ir_version=self.ir_version, opset_imports=opsets)

    def _flatten(self, weights: dict[str, NDArray[Any]]) -> onnx.NodeProto:
        if self.flatten == "flatten":
            return helper.make_node("Flatten", ["pooled"], ["vector"], name="flatten", axis=1)
        weights["target"] = np.array([self.batch, -1 if self.flatten == "open" else WIDTH], np.int64)
        return helper.make_node("Reshape", ["pooled", "target"], ["vector"], name="reshape")

    def write(self, folder: Path) -> Path:
        path = folder / "brought.onnx"
        onnx.save(self.model(), path)
        return path


def floats(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
