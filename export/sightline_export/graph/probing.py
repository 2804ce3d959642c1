"""The untouched graph run once: at which size of picture, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from sightline_export.errors import GraphRefused
from sightline_export.graph.operators import failing_node
from sightline_export.graph.proof import BATCHES, Graph, examples
from sightline_export.graph.session import run
from sightline_export.graph.tensors import dims

_SIDES = (224, 256, 299, 384, 64, 32, 28)  # what networks that leave it open were usually trained on
_OTHER_SIDE = 32  # added to see whether an answer grows with the picture


@dataclass(frozen=True, eq=False)
class Probe:
    """pictures: at least 3, as the graph takes them. answer: of the untouched graph to as many as it takes."""

    pictures: NDArray[Any]
    answer: NDArray[Any]
    height: int
    width: int


def probe(graph: Graph, size: tuple[int, int] | None) -> Probe:
    """Run `graph` on pictures of its own size, of `size` (width, height), or of the first usual size that it takes.

    Raises GraphRefused where it runs at none.
    """
    session = graph.open()
    batch = graph.picture.batch or 1
    reason: Exception | None = None
    for height, width in _sizes(graph, size):
        pictures = examples(graph.picture, max(batch, *BATCHES), height, width)
        try:
            return Probe(pictures, run(session, pictures[:batch])[0], height, width)
        except Exception as error:  # ONNX Runtime's classes share no base of their own
            reason = reason or error
    where = failing_node(reason) if reason else None
    tried = ", ".join(f"{width}x{height}" for height, width in _sizes(graph, size))
    raise GraphRefused(
        f"expected a graph that runs on pictures of {tried}, got an error{f' of {where}' if where else ''}; "
        "give the size that it was exported for with --size WIDTHxHEIGHT"
    ) from reason


def answer_shape(graph: Graph, probe: Probe) -> tuple[int, ...]:
    """Shape of one answer; -1 where it follows from the size of the picture."""
    shape = probe.answer.shape[1:]
    declared = next((dims(value) for value in graph.model.graph.output if value.name == graph.output), None)
    fixed = declared is not None and all(isinstance(axis, int) for axis in declared[1:])
    if fixed or None not in (graph.picture.height, graph.picture.width):
        return shape
    height = graph.picture.height or probe.height + _OTHER_SIDE
    width = graph.picture.width or probe.width + _OTHER_SIDE
    try:
        (other, *_) = run(graph.open(), examples(graph.picture, 1, height, width))
    except Exception:  # the network takes one size after all
        return shape
    return tuple(one if one == two else -1 for one, two in zip(shape, other.shape[1:], strict=True))


def _sizes(graph: Graph, size: tuple[int, int] | None) -> list[tuple[int, int]]:
    picture = graph.picture
    width, height = size or (None, None)
    if size or picture.height or picture.width:
        sides = [(picture.height or height or picture.width, picture.width or width or picture.height)]
        return [(tall, wide) for tall, wide in sides if tall and wide]
    return [(side, side) for side in _SIDES]
