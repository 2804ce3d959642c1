"""A foreign network with everything numeric around it: uint8 pixels in, the task's answer out."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

from sightline_backend.pixels import PixelSpec
from sightline_export.errors import GraphRefused
from sightline_export.graph.batch_axis import BATCH
from sightline_export.graph.dataflow import ancestors, reads, rename, value_names
from sightline_export.graph.foreign import OnnxNetwork
from sightline_export.graph.numeric import PREFIX, RAW, SCALED, Finish, after, before
from sightline_export.graph.onnx_file import MAX_PROTOBUF_BYTES, save
from sightline_export.graph.stages import RAW_KEY, SCALED_KEY
from sightline_export.graph.tensors import type_name
from sightline_export.normalisation import Normalisation

PIXELS = "PIXELS"


def fuse(
    network: OnnxNetwork,
    normalisation: Normalisation,
    pixels: PixelSpec,
    finish: Finish,
    output_name: str,
    path: Path,
    max_protobuf_bytes: int = MAX_PROTOBUF_BYTES,
) -> None:
    """Write PIXELS uint8 (B, height, width, channels) -> the network -> `output_name` float32 to `path`.

    normalisation: from levels to what the network was trained on. Of a network that takes uint8 only the order of the
        channels is used: it scales the levels itself.
    finish: softmax over the classes, a vector of length 1, or the network's own answer.
    path: external weights of the network are copied beside it.
    max_protobuf_bytes: from this size on, weights go to `<path>.data`.

    Answers of shape (B, k, 1, 1) become (B, k). Raises GraphRefused where the pixels are not of the network's size or
    number of channels, and where `finish` needs one vector per picture and there is none.
    """
    _require_pixels(network, pixels)
    _require_levels(network, normalisation)
    shape = flat_shape(network.output_shape)
    if finish != "none" and len(shape) != 1:
        raise GraphRefused(
            f"expected one vector per picture from {network.output_name!r}, got the shape {list(shape)}; choose a task "
            "that serves such an answer, or export the network with its pooling and its head"
        )
    model = onnx.load(network.path, load_external_data=False)
    graph = model.graph
    names = _make_room(graph, {PIXELS, output_name})
    start = names.get(network.input_name, network.input_name)
    end = names.get(network.output_name, network.output_name)
    prepare = before(PIXELS, start, normalisation, network.channels, network.datatype, network.layout)
    half_axes = len(network.output_shape) + 1 if _is_half(graph, end) else None
    finishing = after(end, output_name, shape != network.output_shape, finish, half_axes)
    nodes = [*prepare.nodes, *ancestors(graph, [end], [start]), *finishing.nodes]
    used = set[str]().union(*(reads(node) for node in nodes))
    weights = [tensor for tensor in graph.initializer if tensor.name in used]
    for field in (graph.node, graph.initializer, graph.input, graph.output, graph.value_info):
        del field[:]
    graph.node.extend(nodes)
    graph.initializer.extend([*weights, *prepare.constants, *finishing.constants])
    graph.input.append(helper.make_tensor_value_info(PIXELS, TensorProto.UINT8, [BATCH, *pixels.shape]))
    graph.value_info.append(_scaled_info(network, pixels))
    graph.value_info.append(_float_info(RAW, network.output_shape))
    graph.output.append(_float_info(output_name, shape))
    for key, value in ((SCALED_KEY, SCALED), (RAW_KEY, RAW), ("sightline.source", network.original.name)):
        model.metadata_props.add(key=key, value=value)
    save(model, path, network.path.parent, max_protobuf_bytes)


def flat_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one answer without axes of size 1 around a single vector.

    >>> flat_shape((512, 1, 1)), flat_shape((21, 8, 8))
    ((512,), (21, 8, 8))
    """
    longer = [size for size in shape if size != 1]
    if len(shape) > 1 and len(longer) <= 1 and -1 not in shape:
        return (longer[0] if longer else 1,)
    return shape


def _require_pixels(network: OnnxNetwork, pixels: PixelSpec) -> None:
    if pixels.channels != network.channels:
        raise GraphRefused(
            f"expected pixels with {network.channels} channels for {network.input_name!r}, got {pixels.channels} "
            f"({pixels.mode}); decode to {'rgb' if network.channels == 3 else 'gray'}"
        )
    height, width = network.height or pixels.height, network.width or pixels.width
    if (height, width) != (pixels.height, pixels.width):
        got = f"{pixels.width}x{pixels.height}"
        raise GraphRefused(
            f"expected pixels of {width}x{height}, for which the graph was exported, got {got}; "
            f"give --size {width}x{height}, or export the network with dynamic height and width"
        )


def _require_levels(network: OnnxNetwork, normalisation: Normalisation) -> None:
    for option, values in (("mean", normalisation.mean), ("std", normalisation.std)):
        if len(values) not in (1, network.channels):
            raise GraphRefused(
                f"expected 1 or {network.channels} values of {option} for {network.input_name!r}, got {list(values)}; "
                f"give as many with --{option}"
            )


def _is_half(graph: onnx.GraphProto, output: str) -> bool:
    return any(value.name == output and type_name(value) == "FLOAT16" for value in graph.output)


def _make_room(graph: onnx.GraphProto, wanted: set[str]) -> dict[str, str]:
    """Rename the values of the graph that have the names of new ones; gives the new names by the old."""
    taken = value_names(graph)
    renamed: dict[str, str] = {}
    for name in sorted(taken):
        if name in wanted or name.startswith(PREFIX):
            new = f"network_{name}"
            while new in taken:
                new = f"{new}_"
            rename(graph, name, new)
            taken.add(new)
            renamed[name] = new
    return renamed


def _scaled_info(network: OnnxNetwork, pixels: PixelSpec) -> onnx.ValueInfoProto:
    height, width, channels = pixels.shape
    datatype = TensorProto.UINT8 if network.datatype == "UINT8" else TensorProto.FLOAT
    shape = (channels, height, width) if network.layout == "nchw" else (height, width, channels)
    return helper.make_tensor_value_info(SCALED, datatype, [BATCH, *shape])


def _float_info(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
    axes = [None if size == -1 else size for size in shape]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *axes])
