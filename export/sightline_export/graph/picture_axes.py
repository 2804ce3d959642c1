"""Which input of a foreign graph takes the picture, and how it is laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import onnx

from sightline_export.errors import GraphRefused
from sightline_export.graph.tensors import Dim, dims, free_inputs, type_name

Layout = Literal["nchw", "nhwc"]
Datatype = Literal["FP32", "FP16", "UINT8"]

_DATATYPES: dict[str, Datatype] = {"FLOAT": "FP32", "FLOAT16": "FP16", "UINT8": "UINT8"}
_COLOURS = (1, 3)
# What graphs do to a picture before the first convolution, axis by axis.
_ELEMENTWISE = frozenset(
    {"Add", "BatchNormalization", "Cast", "Clip", "Div", "Identity", "Mul", "Pad", "Resize", "Sub"}
)


@dataclass(frozen=True)
class PictureInput:
    """name, datatype and axes of the input; batch, height and width are None where they are dynamic."""

    name: str
    datatype: Datatype
    layout: Layout
    channels: int
    height: int | None
    width: int | None
    batch: int | None

    def shape(self, batch: int, height: int, width: int) -> tuple[int, int, int, int]:
        """The shape to feed, in the input's own layout."""
        if self.layout == "nchw":
            return batch, self.channels, height, width
        return batch, height, width, self.channels


def picture_input(graph: onnx.GraphProto) -> PictureInput:
    """The one input of `graph`, which must take a batch of pictures.

    Raises GraphRefused where there are several, or where the one is none of (batch, channels, height, width) and
    (batch, height, width, channels) with 1 or 3 channels, float32, float16 or uint8.
    """
    inputs = free_inputs(graph)
    if len(inputs) != 1:
        raise GraphRefused(
            f"expected a graph with one input, the picture, got {len(inputs)}: {[value.name for value in inputs]}; "
            "make the others constants, or wrap the network in one that needs the picture only, and export it again"
        )
    value = inputs[0]
    datatype = _DATATYPES.get(type_name(value))
    if datatype is None:
        raise GraphRefused(
            f"expected the input {value.name!r} as FLOAT, FLOAT16 or UINT8, got {type_name(value)}; convert it inside "
            "the network and export it again"
        )
    axes = dims(value)
    if axes is None or len(axes) != 4:
        got = "no shape" if axes is None else f"{len(axes)} axes {_written(axes)}"
        raise GraphRefused(
            f"expected the input {value.name!r} as (batch, channels, height, width) or (batch, height, width, "
            f"channels), got {got}; export the network with an example of 4 axes"
        )
    layout, channels = _layout(graph, value.name, axes)
    height, width = axes[2:] if layout == "nchw" else axes[1:3]
    return PictureInput(value.name, datatype, layout, channels, _size(height), _size(width), _size(axes[0]))


def _layout(graph: onnx.GraphProto, name: str, axes: tuple[Dim, ...]) -> tuple[Layout, int]:
    if axes[1] in _COLOURS:
        return "nchw", cast(int, axes[1])
    if axes[3] in _COLOURS:
        return "nhwc", cast(int, axes[3])
    found = None if isinstance(axes[1], int) and isinstance(axes[3], int) else _from_convolution(graph, name)
    if found is None:
        raise GraphRefused(
            f"expected 1 or 3 channels in the second or last axis of the input {name!r}, got {_written(axes)}; export "
            "the network for grey or RGB pictures, with the number of channels as a number"
        )
    return found


def _from_convolution(graph: onnx.GraphProto, name: str) -> tuple[Layout, int] | None:
    """Layout and channels by the first convolution, for graphs that leave every axis open."""
    weights = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    layout: Layout = "nchw"
    reached = {name}
    for node in graph.node:
        if not node.input or node.input[0] not in reached:
            continue
        if node.op_type == "Conv" and node.input[1] in weights:
            group = next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
            channels = weights[node.input[1]][1] * group
            return (layout, channels) if channels in _COLOURS else None
        if node.op_type == "Transpose":
            layout = "nhwc"
            reached.update(node.output)
        elif node.op_type in _ELEMENTWISE:
            reached.update(node.output)
    return None


def _size(axis: Dim) -> int | None:
    return axis if isinstance(axis, int) else None


def _written(axes: tuple[Dim, ...]) -> str:
    return f"[{', '.join('?' if axis is None else str(axis) for axis in axes)}]"
