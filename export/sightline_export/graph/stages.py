"""A served graph cut where its metadata says: scaling, network, postprocessing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from sightline_export.errors import GraphRefused
from sightline_export.graph.dataflow import ancestors, reads
from sightline_export.graph.session import open_session, run

SCALED_KEY = "sightline.stage.scaled"
RAW_KEY = "sightline.stage.raw"

Stage = Callable[[NDArray[Any]], NDArray[Any]]


@dataclass(frozen=True)
class Boundaries:
    """Names of the values between the stages of one graph.

    input: the uint8 pixels (B, h, w, c).
    scaled: what the network was trained on, in the network's own layout.
    raw: the network's first output before postprocessing.
    output: the graph's first output.
    """

    input: str
    scaled: str
    raw: str
    output: str


@dataclass(frozen=True, eq=False)
class StageValues:
    """The values between the stages in one run, batch axis first."""

    scaled: NDArray[Any]
    raw: NDArray[Any]
    output: NDArray[Any]


@dataclass(frozen=True)
class StagePieces:
    """The three stages as functions, each a session of its own."""

    scale: Stage
    network: Stage
    postprocess: Stage


def boundaries(model: onnx.ModelProto) -> Boundaries | None:
    """Where the stages of `model` begin and end; None where its metadata does not say so.

    Raises GraphRefused where the metadata names a value that the graph does not have.
    """
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    if SCALED_KEY not in metadata or RAW_KEY not in metadata:
        return None
    graph = model.graph
    found = Boundaries(graph.input[0].name, metadata[SCALED_KEY], metadata[RAW_KEY], graph.output[0].name)
    values = {graph.input[0].name}.union(*(node.output for node in graph.node))
    for name in (found.scaled, found.raw):
        if name not in values:
            raise GraphRefused(
                f"expected the value {name!r} that the graph's metadata names, got a graph without it; export it again"
            )
    return found


def run_stages(path: Path, pixels: NDArray[np.uint8]) -> StageValues:
    """One run of the graph at `path` that also gives the values between the stages.

    pixels: (B, h, w, c). Raises GraphRefused where the graph has no stage metadata.
    """
    model, found = _load(path)
    wanted = (found.scaled, found.raw, found.output)
    names = list(dict.fromkeys(wanted))
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    answers = dict(zip(names, run(open_session(model, path.parent), pixels), strict=True))
    return StageValues(*(answers[name] for name in wanted))


def pieces(path: Path) -> StagePieces:
    """The stages of the graph at `path`, to be run on their own.

    Raises GraphRefused where the graph has no stage metadata.
    """
    model, found = _load(path)
    model = onnx.shape_inference.infer_shapes(model)
    cuts = ((found.input, found.scaled), (found.scaled, found.raw), (found.raw, found.output))
    return StagePieces(*(_piece(model, path.parent, start, end) for start, end in cuts))


def _load(path: Path) -> tuple[onnx.ModelProto, Boundaries]:
    model = onnx.load(path, load_external_data=False)
    found = boundaries(model)
    if found is None:
        raise GraphRefused(
            f"expected a graph whose metadata names its stages ({SCALED_KEY}, {RAW_KEY}), got none in {path}; "
            "export the model again"
        )
    return model, found


def _piece(model: onnx.ModelProto, folder: Path, start: str, end: str) -> Stage:
    if start == end:
        return lambda array: array
    pixels = model.graph.input[0].name
    nodes = [_batch_size_of(start, pixels, node) for node in ancestors(model.graph, [end], [start])]
    used = set[str]().union(*(reads(node) for node in nodes))
    if free := used.intersection(value.name for value in model.graph.input) - {start}:
        raise GraphRefused(
            f"expected {end!r} to follow from {start!r} alone, it also needs {min(free)!r}; export the model again"
        )
    graph = helper.make_graph(
        nodes,
        f"{start} to {end}",
        [_value_info(model.graph, start)],
        [onnx.ValueInfoProto(name=end)],
        initializer=[tensor for tensor in model.graph.initializer if tensor.name in used],
    )
    part = helper.make_model(
        graph, ir_version=model.ir_version, opset_imports=model.opset_import, functions=model.functions
    )
    session = open_session(part, folder)
    return lambda array: run(session, array)[0]


def _batch_size_of(start: str, pixels: str, node: onnx.NodeProto) -> onnx.NodeProto:
    """PyTorch's tracer asks the graph's input for the batch size; every other value has the same one."""
    attributes = {attribute.name: attribute.i for attribute in node.attribute}
    if node.op_type != "Shape" or node.input[0] != pixels or attributes != {"start": 0, "end": 1}:
        return node
    return helper.make_node("Shape", [start], node.output, name=node.name, start=0, end=1)


def _value_info(graph: onnx.GraphProto, name: str) -> onnx.ValueInfoProto:
    """Type and shape of the value; stages meet in float32 unless the graph says otherwise."""
    for value in (*graph.input, *graph.value_info, *graph.output):
        if value.name == name and value.type.tensor_type.elem_type:
            return value
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
