"""The digits of scenes cut out, each in a square around it: what teaches a network to tell them apart quickly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_export.datasets.scenes import SceneBatch

_MARGIN = (1.1, 1.6)  # side of the square, as a multiple of the longer side of the box
_SHIFT = 0.1  # of the square's side, to either side


@dataclass(frozen=True, eq=False)
class Crops:
    """pixels: (n, side, side, 3) uint8. masks: (n, side, side) bool, where any digit lies. digits: (n,) int64."""

    pixels: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    digits: NDArray[np.int64]


def scene_crops(scenes: SceneBatch, side: int, rng: np.random.Generator) -> Crops:
    """Every digit that has a box, at one size, with some of what is around it. Margin and place are drawn from `rng`.

    >>> scene_crops(scene_batch("train", range(8)), 32, np.random.default_rng(0)).pixels.shape[1:]
    (32, 32, 3)
    """
    pixels: list[NDArray[np.uint8]] = []
    masks: list[NDArray[np.bool_]] = []
    for scene, class_map, boxes in zip(scenes.pixels, scenes.class_maps, scenes.boxes_xyxy, strict=True):
        picture, mask = Image.fromarray(scene), Image.fromarray(class_map)
        for box in boxes:
            square = _square(box, picture.size, rng)
            pixels.append(np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR, square)))
            masks.append(np.asarray(mask.resize((side, side), Image.Resampling.NEAREST, square)) > 0)
    if not pixels:
        return Crops(np.zeros((0, side, side, 3), np.uint8), np.zeros((0, side, side), np.bool_), np.zeros(0, np.int64))
    return Crops(np.stack(pixels), np.stack(masks), np.concatenate(scenes.classes))


def _square(
    box_xyxy: NDArray[np.float32], size_wh: tuple[int, int], rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """A square around the box, inside the picture."""
    left, top, right, bottom = box_xyxy.tolist()
    square = min(*size_wh, max(right - left, bottom - top) * rng.uniform(*_MARGIN))
    x = (left + right - square) / 2 + rng.uniform(-_SHIFT, _SHIFT) * square
    y = (top + bottom - square) / 2 + rng.uniform(-_SHIFT, _SHIFT) * square
    x, y = min(max(x, 0), size_wh[0] - square), min(max(y, 0), size_wh[1] - square)
    return x, y, x + square, y + square
