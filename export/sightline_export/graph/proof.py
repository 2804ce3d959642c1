"""Whether a graph answers every picture alone as it does in a batch, and whether a repaired graph is still the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from sightline_export.errors import GraphRefused
from sightline_export.graph.dataflow import ancestors
from sightline_export.graph.operators import data_dependent, failing_node, named, random, refusal
from sightline_export.graph.picture_axes import PictureInput
from sightline_export.graph.session import open_session, run

_TOLERANCE = 1e-4  # of the largest answer: kernels for different batch sizes add up in different orders
_TOLERANCE_HALF = 2e-2
BATCHES = (1, 2, 3)


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph in memory, the folder of its external data, its picture and its answer."""

    model: onnx.ModelProto
    folder: Path
    picture: PictureInput
    output: str

    def open(self) -> Any:
        """A session that gives the answer only; GraphRefused where ONNX Runtime does not open the graph."""
        try:
            return open_session(with_outputs(self.model, [self.output]), self.folder)
        except Exception as error:  # ONNX Runtime's classes share no base of their own
            raise refusal(error, self.model) from error

    def fix(self) -> str:
        """What to do about a batch axis that can't be repaired."""
        axes = {self.picture.name: {0: "batch"}, self.output: {0: "batch"}}
        return f"export it with torch.onnx.export(..., dynamic_axes={axes}) and an example of at least 2 pictures"


def with_outputs(model: onnx.ModelProto, names: list[str]) -> onnx.ModelProto:
    """A copy that gives these values and computes nothing else."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    declared = {value.name: value for value in model.graph.output}
    nodes = ancestors(copy.graph, names)
    del copy.graph.node[:], copy.graph.output[:]
    copy.graph.node.extend(nodes)
    copy.graph.output.extend(declared.get(name, onnx.ValueInfoProto(name=name)) for name in names)
    return copy


def examples(picture: PictureInput, count: int, height: int, width: int) -> NDArray[Any]:
    """Seeded noise of the input's own type and layout."""
    noise = np.random.default_rng(20).standard_normal(picture.shape(count, height, width))
    if picture.datatype == "UINT8":
        return np.clip(noise * 64 + 128, 0, 255).astype(np.uint8)
    return noise.astype(np.float16 if picture.datatype == "FP16" else np.float32)


def answer_in_batches(graph: Graph, pictures: NDArray[Any]) -> NDArray[Any]:
    """The answers to `pictures`, proven to be the same for each picture alone and in batches of 2 and 3.

    pictures: at least 3. Raises GraphRefused naming the node where a batch goes wrong.
    """
    try:
        session = open_session(with_outputs(graph.model, [graph.output]), graph.folder)
        answers = [run(session, pictures[:batch])[0] for batch in sorted({*BATCHES, len(pictures)})]
    except Exception as error:
        raise _fails_in_batch(graph, pictures, error) from error
    singles = np.concatenate([run(session, picture[None])[0] for picture in pictures])
    for batch, answer in zip(sorted({*BATCHES, len(pictures)}), answers, strict=True):
        if len(answer) != batch or not same(answer, singles[:batch]):
            if not same(answer, run(session, pictures[:batch])[0]):
                raise _differs_each_time(graph)
            raise _differs_in_batch(graph, pictures, answer.shape, batch)
    return answers[-1]


def same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Equal but for the order of additions."""
    if one.shape != other.shape:
        return False
    tolerance = _TOLERANCE_HALF if np.float16 in (one.dtype, other.dtype) else _TOLERANCE
    a, b = one.astype(np.float64), other.astype(np.float64)
    size = max(1.0, float(np.max(np.abs(a[np.isfinite(a)]), initial=0.0)))
    return bool(np.allclose(a, b, rtol=0, atol=tolerance * size, equal_nan=True))


def _fails_in_batch(graph: Graph, pictures: NDArray[Any], error: Exception) -> GraphRefused:
    """Again without optimisation, for the name of the node as the graph has it."""
    where = failing_node(error)
    try:
        session = open_session(with_outputs(graph.model, [graph.output]), graph.folder, optimised=False)
        for batch in BATCHES:
            run(session, pictures[:batch])
    except Exception as plain:
        where = failing_node(plain) or where
    return GraphRefused(
        f"expected a graph that takes 1, 2 and 3 pictures at once, got an error of {where or 'ONNX Runtime'}: the "
        f"batch size was frozen when it was exported; {graph.fix()}"
    )


def _differs_each_time(graph: Graph) -> GraphRefused:
    node = random(graph.model.graph, [graph.output])
    return GraphRefused(
        f"expected the same answer to the same pictures, got another one each time{f': {named(node)}' if node else ''};"
        " export the network in evaluation mode (network.eval())"
    )


def _differs_in_batch(graph: Graph, pictures: NDArray[Any], shape: tuple[int, ...], batch: int) -> GraphRefused:
    if (node := data_dependent(graph.model.graph, [graph.output])) and (not shape or shape[0] != batch):
        return depends_on_data(graph.output, node)
    culprit = first_mixed(graph, pictures)
    where = f" from {named(culprit)} on" if culprit else ""
    got = (
        f"the shape {list(shape)} for {batch}"
        if not shape or shape[0] != batch
        else "rows that change with their batch"
    )
    return GraphRefused(
        f"expected one row of {graph.output!r} per picture, whatever else is in the batch, got {got}{where}: the "
        f"batch axis was frozen or mixed with another; {graph.fix()}, in evaluation mode"
    )


def depends_on_data(output: str, node: onnx.NodeProto) -> GraphRefused:
    """An output whose size depends on what is in the picture."""
    return GraphRefused(
        f"expected an output of the same shape for every picture, got {output!r}, whose shape follows from the "
        f"values in the picture ({named(node)}); leave that part out of the export, or pad its result to a fixed number"
    )


def first_mixed(graph: Graph, pictures: NDArray[Any]) -> onnx.NodeProto | None:
    """The first node whose result for a picture changes when another picture joins it."""
    nodes = ancestors(graph.model.graph, [graph.output])
    names = [name for node in nodes for name in node.output if name]
    try:
        session = open_session(with_outputs(graph.model, names), graph.folder, optimised=False)
        alone, both = (dict(zip(names, run(session, pictures[:count]), strict=True)) for count in (1, 2))
    except Exception:  # sequences and the like can't be looked at; the refusal then names no node
        return None
    for node in nodes:
        if not all(_begins_with(both[name], alone[name]) for name in node.output if name):
            return node
    return None


def _begins_with(both: NDArray[Any], alone: NDArray[Any]) -> bool:
    if both.shape == alone.shape:
        return both.dtype == object or same(both, alone) or both.dtype == np.int64  # shapes hold the batch size
    grown = [axis for axis, (two, one) in enumerate(zip(both.shape, alone.shape, strict=False)) if two != one]
    if len(grown) != 1 or both.ndim != alone.ndim:
        return False
    return same(np.take(both, range(alone.shape[grown[0]]), grown[0]), alone)
