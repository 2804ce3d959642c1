"""The served graph as it is in the repository, whole and in stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from sightline_export.errors import GraphRefused
from sightline_export.graph.session import open_session, run
from sightline_export.graph.stages import Stage, StagePieces, pieces

BATCH = 16
PixelChange = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


@dataclass(frozen=True, eq=False)
class StagedGraph:
    """whole: pixels uint8 (B, h, w, c) to the first output (B, …). stages: None where the graph does not name them."""

    whole: Callable[[NDArray[np.uint8]], NDArray[Any]]
    stages: StagePieces | None

    def with_pixels(self, change: PixelChange) -> StagedGraph:
        """This graph, given changed pixels."""
        if self.stages is None:
            whole = self.whole
            return StagedGraph(lambda pixels: whole(change(pixels)), None)
        return _of_stages(replace(self.stages, scale=_after(change, self.stages.scale)))

    def with_scale(self, scale: Stage) -> StagedGraph:
        """This graph with another scaling; it must name its stages."""
        return _of_stages(replace(self.named_stages(), scale=scale))

    def with_postprocessing(self, postprocess: Stage) -> StagedGraph:
        """This graph with another postprocessing; it must name its stages."""
        return _of_stages(replace(self.named_stages(), postprocess=postprocess))

    def with_answer(self, change: Stage) -> StagedGraph:
        """This graph, its answer changed."""
        if self.stages is None:
            whole = self.whole
            return StagedGraph(lambda pixels: change(whole(pixels)), None)
        return _of_stages(replace(self.stages, postprocess=_after(self.stages.postprocess, change)))

    def at(self, pixels: NDArray[np.uint8]) -> StagedGraph:
        """This graph for these pixels (B, h, w, c) only: the network runs once, however its postprocessing changes."""
        if self.stages is None:
            answer = self.in_batches(pixels)
            return StagedGraph(lambda _: answer, None)
        stages = self.stages
        parts = (pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH))
        raw = np.concatenate([stages.network(stages.scale(part)) for part in parts])
        return _of_stages(StagePieces(lambda pixels: pixels, lambda pixels: raw, stages.postprocess))

    def named_stages(self) -> StagePieces:
        """The stages; ValueError where the graph does not name them."""
        if self.stages is None:
            raise ValueError("expected a graph that names its stages, got one that does not")
        return self.stages

    def in_batches(self, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        """`whole` for any number of pictures."""
        parts = [self.whole(pixels[start : start + BATCH]) for start in range(0, len(pixels), BATCH)]
        return np.concatenate(parts)


def staged_graph(path: Path, output_name: str, shape: tuple[int, int, int]) -> StagedGraph:
    """Read the graph at `path`. Stages that can't be cut out are left out.

    shape: (h, w, c) of the pixels. Raises GraphRefused where it can't be read, or does not give one vector for each
    picture.
    """
    expected = f"expected a graph that gives a vector {output_name} for pixels {list(shape)} in {path}"
    try:
        session = open_session(onnx.load(path, load_external_data=False), path.parent)
        names = [str(output.name) for output in session.get_outputs()]
        at = names.index(output_name)
        answer = run(session, np.zeros((1, *shape), np.uint8))[at]
    except Exception as error:  # ONNX and ONNX Runtime raise classes of their own
        reason = " ".join(str(error).split())[:160]
        raise GraphRefused(f"{expected}, got: {reason}; export the model again") from error
    if answer.ndim != 2 or answer.dtype.kind != "f":
        raise GraphRefused(
            f"{expected}, got {answer.dtype} {list(answer.shape[1:])}; scores and embeddings can be compared, boxes, "
            "masks and pictures can't"
        )
    try:
        stages = pieces(path) if at == 0 else None
    except Exception:  # the whole graph can be compared all the same
        stages = None
    return StagedGraph(lambda pixels: run(session, pixels)[at], stages)


def _of_stages(stages: StagePieces) -> StagedGraph:
    return StagedGraph(lambda pixels: stages.postprocess(stages.network(stages.scale(pixels))), stages)


def _after(first: Stage, second: Stage) -> Stage:
    return lambda array: second(first(array))
