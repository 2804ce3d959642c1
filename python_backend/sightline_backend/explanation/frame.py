"""Where in the sent picture a network looks, and a heat map of the one laid over the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sightline_backend.pixels import PixelSpec

_Interval = tuple[float, float]
WHOLE: _Interval = (0.0, 1.0)

Edges = npt.NDArray[np.float64]
"""Where the cells of a heat map begin and end along one side, (cells + 1), rising from 0 to 1."""


@dataclass(frozen=True)
class Frame:
    """From where to where the network's pixels reach, across and down, as shares of the sent picture.

    (0, 1) is the whole picture; a crop shows less of it, and a letterbox reaches beyond it.
    """

    across: _Interval
    down: _Interval


def frame_of(size_wh: tuple[int, int], spec: PixelSpec) -> Frame:
    """Where the pixels of `spec` lie in a picture of `size_wh`; the formulas are those of `sightline_backend.pixels`.

    >>> frame_of((200, 100), PixelSpec(50, 50, fit="crop")).across
    (0.25, 0.75)
    """
    width, height = size_wh
    if spec.fit == "squash":
        return Frame(WHOLE, WHOLE)
    if spec.fit == "letterbox":
        scale = min(spec.width / width, spec.height / height)
        return Frame(_letterboxed(width, spec.width, scale), _letterboxed(height, spec.height, scale))
    if spec.shorter_side is None:
        scale = max(spec.width / width, spec.height / height)
        return Frame(_middle(spec.width / scale / width), _middle(spec.height / scale / height))
    longer = int(spec.shorter_side * max(size_wh) / min(size_wh))
    resized = (longer, spec.shorter_side) if width > height else (spec.shorter_side, longer)
    return Frame(_cut_out(resized[0], spec.width), _cut_out(resized[1], spec.height))


def even_edges(cells: int) -> Edges:
    """The edges of cells of one size.

    >>> even_edges(4).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    return np.arange(cells + 1) / cells


def stride_edges(side: int, stride: int) -> Edges:
    """The edges of cells of `stride` pixels along a side of `side`; what is left of the side is the last cell.

    >>> stride_edges(10, 4).tolist()
    [0.0, 0.4, 0.8, 1.0]
    """
    return np.minimum(np.arange(0, side + stride, stride), side) / side


def to_sent_frame(
    heat: npt.NDArray[np.float32], frame: Frame, edges_hw: tuple[Edges, Edges]
) -> npt.NDArray[np.float32]:
    """Lay a heat map of the network's pixels over the whole sent picture, in cells of one size.

    Each cell of the result has the mean heat of the part of it that the network saw; a cell that it did not see at all
    is cold.

    Args:
        heat: float32 (h, w), over the network's pixels.
        frame: where those lie in the sent picture.
        edges_hw: of the cells of `heat`, down (h + 1) and across (w + 1), in shares of the network's sides.

    Returns:
        float32 (h, w), over the sent picture.
    """
    down, across = (_shares(edges, *reach) for edges, reach in zip(edges_hw, (frame.down, frame.across), strict=True))
    if all(np.array_equal(shares, np.eye(len(shares))) for shares in (down, across)):
        return heat
    laid = np.asarray(down @ heat.astype(np.float64) @ across.T, dtype=np.float64)
    return np.clip(laid, 0.0, 1.0).astype(np.float32)


def _letterboxed(sent: int, side: int, scale: float) -> _Interval:
    content = min(max(1, int(sent * scale + 0.5)), side)
    before = (side - content) // 2
    return -before / content, (side - before) / content


def _middle(share: float) -> _Interval:
    share = min(share, 1.0)
    return (1 - share) / 2, (1 + share) / 2


def _cut_out(resized: int, side: int) -> _Interval:
    before = round((resized - side) / 2)
    return before / resized, (before + side) / resized


def _shares(edges: Edges, start: float, end: float) -> npt.NDArray[np.float64]:
    """(cells, cells): how much each cell along the network's side has in each cell along the picture's side."""
    even = even_edges(len(edges) - 1)
    seen = start + (end - start) * edges  # the network's edges, in shares of the picture
    overlaps = np.minimum(even[1:, None], seen[None, 1:]) - np.maximum(even[:-1, None], seen[None, :-1])
    overlaps = np.maximum(overlaps, 0.0)
    totals = overlaps.sum(axis=1, keepdims=True)
    return np.divide(overlaps, totals, out=np.zeros_like(overlaps), where=totals > 0)
