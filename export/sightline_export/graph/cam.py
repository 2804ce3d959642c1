"""Class activation maps inside the graph, where a network ends in global average pooling and one linear layer.

Zhou et al., "Learning Deep Features for Discriminative Localization" (2016): the linear layer, applied to each place of
the last feature map instead of to their mean, says what that place adds to each logit. Pooling and linear layers
change places, so the mean of a map and the bias make the logit: that is how a map is proven before it is added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sightline_export.graph.dataflow import ancestors, value_names
from sightline_export.graph.onnx_file import save
from sightline_export.graph.session import open_session, run
from sightline_export.graph.stages import boundaries

CAM = "CAM"
_PREFIX = "sightline_cam_"
_PASSED_THROUGH = ("Identity", "Cast", "Flatten", "Reshape", "Squeeze", "Dropout")
_AXES_NCHW, _AXES_NHWC = {2, 3}, {1, 2}
_TOLERANCE = (
    5e-3  # of the largest logit without its bias: the mean of products is no product of the mean to the last bit
)


@dataclass(frozen=True)
class CamPlace:
    """Where the maps come from.

    features: the value that is pooled. weights: of the linear layer, (k, C) or, where `transposed`, (C, k); None where
        the feature map has one channel per class already.
    bias: of the linear layer. nhwc: whether the channels of the features come last.
    """

    features: str
    weights: TensorProto | None
    transposed: bool
    bias: str | None
    nhwc: bool


def add_cam(path: Path) -> tuple[int, int, int] | None:
    """Add the output CAM float32 (B, k, h, w) to the graph at `path`, which says where its stages are.

    Returns:
        (k, h, w); None, and the file is as it was, where the network does not end so.
    """
    model = onnx.load(path, load_external_data=False)
    found, place = boundaries(model), find_cam(model, path.parent)
    if found is None or place is None or CAM in value_names(model.graph):
        return None
    _append(model.graph, place)
    trial = onnx.ModelProto()
    trial.CopyFrom(model)
    trial.graph.output.append(onnx.ValueInfoProto(name=found.raw))
    try:
        logits, maps = _tried(trial, path.parent)
    except Exception:  # ONNX Runtime's classes share no base: the layer does not fit the feature map
        return None
    bias = _values(model, place.bias, path.parent)
    if maps.ndim != 4 or logits.shape[:2] != maps.shape[:2]:
        return None
    wanted = logits.reshape(maps.shape[:2]) - bias
    if not 0 <= np.abs(maps.mean(axis=(2, 3)) - wanted).max() < _TOLERANCE * np.abs(wanted).max():
        return None
    _, classes, height, width = maps.shape
    for size, axis in zip((classes, height, width), model.graph.output[-1].type.tensor_type.shape.dim[1:], strict=True):
        axis.ClearField("dim_param")
        axis.dim_value = size
    save(model, path, path.parent)
    return classes, height, width


def find_cam(model: onnx.ModelProto, folder: Path) -> CamPlace | None:
    """The last global average pooling, and the linear layer at the network's end, if it ends in one.

    folder: where external data lies.

    Whether nothing but this lies between them is not asked here: exporters write a change of shape in many ways.
    """
    found = boundaries(model)
    if found is None:
        return None
    written = {name: node for node in model.graph.node for name in node.output}
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    node = _before(found.raw, written)
    weights, transposed, bias = None, False, None
    if node is not None and node.op_type == "Add":
        one, other = node.input
        addends = [(value, term) for value, term in ((one, other), (other, one)) if term in constants]
        if len(addends) != 1:
            return None
        value, bias = addends[0]
        node = _before(value, written)
        if node is None or node.op_type != "MatMul":
            return None
    if node is not None and node.op_type in ("Gemm", "MatMul"):
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        plain = all(
            attributes.get(name, usual) == usual for name, usual in (("alpha", 1.0), ("beta", 1.0), ("transA", 0))
        )
        weights = constants.get(node.input[1])
        if not plain or weights is None or len(weights.dims) != 2:
            return None
        transposed = not attributes.get("transB", 0)
        bias = node.input[2] if len(node.input) > 2 and node.input[2] else bias
    pooled = found.raw if weights is None or node is None else node.input[0]
    for pool in reversed(ancestors(model.graph, [pooled])):
        axes = _pooled_axes(pool, constants, folder)
        if axes in (_AXES_NCHW, _AXES_NHWC):
            return CamPlace(pool.input[0], weights, transposed, bias, nhwc=axes == _AXES_NHWC)
    return None


def linear_layer(place: CamPlace, folder: Path) -> NDArray[np.float32] | None:
    """The weights (k, C) of the linear layer; None where there is none. folder: where external data lies."""
    if place.weights is None:
        return None
    weights = np.asarray(numpy_helper.to_array(place.weights, str(folder)), dtype=np.float32)
    return np.swapaxes(weights, 0, 1) if place.transposed else weights


def _before(value: str, written: dict[str, onnx.NodeProto]) -> onnx.NodeProto | None:
    """The node that `value` comes from, without those that only change its shape or type."""
    node = written.get(value)
    while node is not None and node.op_type in _PASSED_THROUGH:
        node = written.get(node.input[0])
    return node


def _pooled_axes(node: onnx.NodeProto, constants: dict[str, TensorProto], folder: Path) -> set[int] | None:
    if node.op_type == "GlobalAveragePool":
        return _AXES_NCHW
    if node.op_type != "ReduceMean":
        return None
    axes = [axis for attribute in node.attribute if attribute.name == "axes" for axis in attribute.ints]
    if len(node.input) > 1 and node.input[1] in constants:
        axes = numpy_helper.to_array(constants[node.input[1]], str(folder)).ravel().tolist()
    return {axis % 4 for axis in axes}


def _append(graph: onnx.GraphProto, place: CamPlace) -> None:
    nodes, constants = list[onnx.NodeProto](), list[TensorProto]()

    def add(operator: str, inputs: list[str], name: str, **attributes: int | list[int]) -> str:
        nodes.append(
            helper.make_node(operator, inputs, [name], name=f"{_PREFIX}{operator.lower()}", **cast(Any, attributes))
        )
        return name

    value = place.features
    if place.nhwc:
        value = add("Transpose", [value], f"{_PREFIX}features", perm=[0, 3, 1, 2])
    if place.weights is not None:
        weights = place.weights.name
        classes, channels = reversed(place.weights.dims) if place.transposed else place.weights.dims
        if place.transposed:
            nodes.append(helper.make_node("Transpose", [weights], [f"{_PREFIX}weights"], perm=[1, 0]))
            weights = f"{_PREFIX}weights"
        constants.append(numpy_helper.from_array(np.array([classes, channels, 1, 1], np.int64), f"{_PREFIX}shape"))
        kernel = add("Reshape", [weights, f"{_PREFIX}shape"], f"{_PREFIX}kernel")
        value = add("Conv", [value, kernel], f"{_PREFIX}maps")
    add("Cast", [value], CAM, to=TensorProto.FLOAT)
    batch = graph.output[0].type.tensor_type.shape.dim[0].dim_param or "batch"
    graph.node.extend(nodes)
    graph.initializer.extend(constants)
    graph.output.append(helper.make_tensor_value_info(CAM, TensorProto.FLOAT, [batch, "classes", "height", "width"]))


def _tried(model: onnx.ModelProto, folder: Path) -> Iterator[NDArray[Any]]:
    """The logits and the maps of a few random pictures."""
    shape = [axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim[1:]]
    pixels = np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)
    answers = dict(
        zip([output.name for output in model.graph.output], run(open_session(model, folder), pixels), strict=True)
    )
    return iter((answers[model.graph.output[-1].name], answers[CAM]))


def _values(model: onnx.ModelProto, name: str | None, folder: Path) -> NDArray[Any]:
    for tensor in model.graph.initializer:
        if tensor.name == name:
            return np.asarray(numpy_helper.to_array(tensor, str(folder)), dtype=np.float64)
    return np.zeros(1)
