"""ONNX graphs that people bring, made ready for serving or refused with the fix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import TensorProto

from sightline_export.errors import GraphRefused
from sightline_export.graph import proof
from sightline_export.graph.answer import choose_output
from sightline_export.graph.batch_axis import thawed
from sightline_export.graph.onnx_file import load, save, without_links
from sightline_export.graph.operators import data_dependent
from sightline_export.graph.picture_axes import Datatype, Layout, PictureInput, picture_input
from sightline_export.graph.probing import Probe, answer_shape, probe
from sightline_export.graph.tensors import dims, free_inputs
from sightline_export.graph.versions import opset, with_ir_version, with_opset


@dataclass(frozen=True)
class OnnxNetwork:
    """A graph that takes pictures in a dynamic batch, and what has to be known to put pixels before it.

    path: the graph to serve; a repaired copy, or the file that was brought.
    input_name, output_name: in the graph; `output_name` is the one output that is served.
    layout, datatype, channels, height, width: of the input; None for a side that is dynamic.
    output_shape: without the batch axis; -1 where it follows from the picture's size.
    opset, ir_version: of the graph at `path`.
    repairs: what was changed or chosen, one sentence each.
    original: the file that was brought, untouched, or a copy of it where links had to be followed.
    frozen_batch: the batch size that the untouched graph insists on; None where it takes any.
    half: whether it computes in float16, if only in part; processors then agree less closely.
    """

    path: Path
    input_name: str
    output_name: str
    layout: Layout
    datatype: Datatype
    channels: int
    height: int | None
    width: int | None
    output_shape: tuple[int, ...]
    opset: int
    ir_version: int
    repairs: tuple[str, ...]
    original: Path
    frozen_batch: int | None = None
    half: bool = False


def read(path: Path, scratch: Path, size: tuple[int, int] | None = None) -> OnnxNetwork:
    """Read the graph at `path`, repair what can be repaired, and prove that it is still the same network.

    scratch: a folder for the repaired copy.
    size: (width, height) of the pictures, for graphs that take any; without it a few usual ones are tried.
    Raises GraphRefused, with the fix, for everything that can't be served.

    >>> network = read(Path("model.onnx"), Path("scratch"))  # doctest: +SKIP
    >>> network.layout, network.repairs  # doctest: +SKIP
    ('nchw', ("the batch axis, frozen at 1, is dynamic now (rewritten: Reshape_3)",))
    """
    untouched, path = without_links(load(path), path, scratch)
    output = choose_output(untouched.graph)
    picture = _with_batch_of(output, picture_input(untouched.graph))
    _refuse_data_dependent(untouched.graph, output)
    runnable = proof.Graph(with_ir_version(untouched), path.parent, picture, output.name)
    tried = probe(runnable, size)
    model, repairs = _modernised(untouched)
    if len(untouched.graph.output) > 1:
        repairs.append(f"of {len(untouched.graph.output)} outputs {output.name!r} is served")
    graph = proof.Graph(model, path.parent, picture, output.name)
    if graph.model is not untouched:
        graph.open()
    graph, answer, thawing = _with_dynamic_batch(graph, tried)
    repairs += thawing
    target = path
    if graph.model is not untouched:
        _require_same(graph, answer, tried)
        target = scratch / path.name
        save(graph.model, target, path.parent, link=True)
    return OnnxNetwork(
        path=target,
        input_name=picture.name,
        output_name=output.name,
        layout=picture.layout,
        datatype=picture.datatype,
        channels=picture.channels,
        height=picture.height,
        width=picture.width,
        output_shape=answer_shape(graph, tried),
        opset=opset(graph.model),
        ir_version=graph.model.ir_version,
        repairs=tuple(repairs),
        original=path,
        frozen_batch=picture.batch or (1 if thawing else None),
        half=picture.datatype == "FP16"
        or any(tensor.data_type == TensorProto.FLOAT16 for tensor in graph.model.graph.initializer),
    )


def _with_batch_of(output: onnx.ValueInfoProto, picture: PictureInput) -> PictureInput:
    """A batch size that is frozen in the output only is frozen all the same."""
    first = (dims(output) or (None,))[0]
    return replace(picture, batch=picture.batch or (first if isinstance(first, int) else None))


def _modernised(untouched: onnx.ModelProto) -> tuple[onnx.ModelProto, list[str]]:
    repairs: list[str] = []
    model = with_opset(untouched)
    if opset(model) != opset(untouched):
        repairs.append(f"opset {opset(untouched)} was converted to {opset(model)}")
    model = with_ir_version(model)
    if model.ir_version != untouched.ir_version:
        repairs.append(f"IR version {untouched.ir_version} is {model.ir_version} now")
    inputs = free_inputs(model.graph)
    if len(inputs) != len(model.graph.input):
        repairs.append(f"{len(model.graph.input) - len(inputs)} weights are no longer listed among the inputs")
        if model is untouched:
            model = onnx.ModelProto()
            model.CopyFrom(untouched)
        del model.graph.input[:]
        model.graph.input.extend(inputs)
    return model, repairs


def _refuse_data_dependent(graph: onnx.GraphProto, output: onnx.ValueInfoProto) -> None:
    node = data_dependent(graph, [output.name])
    axes = dims(output)
    if node and (axes is None or any(not isinstance(axis, int) for axis in axes[1:])):
        raise proof.depends_on_data(output.name, node)


def _with_dynamic_batch(graph: proof.Graph, tried: Probe) -> tuple[proof.Graph, NDArray[Any], tuple[str, ...]]:
    """The graph, thawed where it has to be, its answer to all pictures of the probe, and what was done."""
    frozen = graph.picture.batch
    refused: GraphRefused | None = None
    if frozen is None:
        try:
            return graph, proof.answer_in_batches(graph, tried.pictures), ()
        except GraphRefused as error:
            refused = error  # dynamic in name only: most of these were exported with one picture
    model, rewritten = thawed(graph.model, graph.picture.name, frozen or 1)
    if refused and not rewritten:
        raise refused
    repaired = proof.Graph(model, graph.folder, graph.picture, graph.output)
    try:
        answer = proof.answer_in_batches(repaired, tried.pictures)
    except GraphRefused as error:
        raise refused or error from error
    nodes = f" (rewritten: {', '.join(rewritten)})" if rewritten else ""
    return repaired, answer, (f"the batch axis, frozen at {frozen or 1}, is dynamic now{nodes}",)


def _require_same(graph: proof.Graph, answer: NDArray[Any], tried: Probe) -> None:
    """Raise GraphRefused unless the repaired graph answers as the untouched one did."""
    ours = answer[: len(tried.answer)]
    if not proof.same(ours, tried.answer):
        raise GraphRefused(
            f"expected the repaired graph to answer as the untouched one, got another {graph.output!r} of shape "
            f"{list(ours.shape)} instead of {list(tried.answer.shape)}; {graph.fix()} and opset_version=20"
        )
