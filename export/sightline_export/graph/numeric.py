"""The numeric nodes before and after a network, built by hand so that they fit the opset that its graph has."""

from __future__ import annotations

from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sightline_export.graph.picture_axes import Datatype, Layout
from sightline_export.normalisation import Normalisation

Finish = Literal["none", "softmax", "unit_length"]

PREFIX = "sightline_stage_"
SCALED = f"{PREFIX}scaled"
RAW = f"{PREFIX}raw"


class Chain:
    """Nodes one after the other, each reading what the one before wrote."""

    def __init__(self, start: str, prefix: str) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[TensorProto] = []
        self._last = start
        self._prefix = prefix

    def add(self, operator: str, *more: TensorProto, **attributes: int | list[int]) -> None:
        """One node; `more`: its inputs after the first."""
        name = f"{PREFIX}{self._prefix}_{len(self.nodes)}_{operator.lower()}"
        node = helper.make_node(operator, [self._last, *(tensor.name for tensor in more)], [name], name=name)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        self.constants.extend(more)
        self._last = name

    def name_last(self, name: str) -> None:
        """Give what the last node wrote this name."""
        self.nodes[-1].output[0] = name
        self._last = name


def before(
    start: str, end: str, normalisation: Normalisation, channels: int, datatype: Datatype, layout: Layout
) -> Chain:
    """From uint8 (B, h, w, c) to what the network takes, in the order and precision of Normalisation.

    start, end: names of the pixels and of the network's input. SCALED lies between them.
    """
    chain = Chain(start, "before")
    if datatype == "UINT8":
        chain.add("Identity")
    else:
        chain.add("Cast", to=TensorProto.FLOAT)
    if normalisation.channel_order == "bgr" and channels == 3:
        chain.add("Gather", numpy_helper.from_array(np.array([2, 1, 0], np.int64), f"{PREFIX}bgr"), axis=3)
    for operator, name, values, nothing in (
        ("Mul", "scale", (normalisation.scale,), 1),
        ("Sub", "mean", normalisation.mean, 0),
        ("Div", "std", normalisation.std, 1),
    ):
        if datatype != "UINT8" and any(value != nothing for value in values):
            array = np.array(values, np.float32).reshape(1, 1, 1, -1)
            chain.add(operator, numpy_helper.from_array(array, f"{PREFIX}{name}"))
    if layout == "nchw":
        chain.add("Transpose", perm=[0, 3, 1, 2])
    chain.name_last(SCALED)
    if datatype == "FP16":
        chain.add("Cast", to=TensorProto.FLOAT16)
    else:
        chain.add("Identity")
    chain.name_last(end)
    return chain


def after(start: str, end: str, flatten: bool, finish: Finish, half_axes: int | None = None) -> Chain:
    """From the network's answer to float32 (B, k), or to the answer as it is.

    start, end: names of the network's output and of the graph's. RAW lies between them.
    half_axes: of the network's answer where that is float16, the batch axis included.
    """
    chain = Chain(start, "after")
    if half_axes == 2:
        # ONNX Runtime drops its own cast to float16 before a cast to float32, and the answer's last rounding with it;
        # an operator between the two, which changes nothing, keeps it.
        chain.add("Flatten", axis=1)
    elif half_axes:
        chain.add("Reshape", numpy_helper.from_array(np.zeros(half_axes, np.int64), f"{PREFIX}same_shape"))
    chain.add("Cast", to=TensorProto.FLOAT)
    chain.name_last(RAW)
    if flatten:
        chain.add("Flatten", axis=1)
    if finish == "softmax":
        chain.add("Softmax", axis=1)
    elif finish == "unit_length":
        chain.add("LpNormalization", axis=1, p=2)
    else:
        chain.add("Identity")
    chain.name_last(end)
    return chain
