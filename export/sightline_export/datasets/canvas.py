"""A canvas made by code: grey brush strokes along a swirling field, which join where it is repeated.

A network that paints sees it beside the picture, and so knows strokes for places where the picture has nothing to
follow: a clear sky, a wall.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIDE = 120
_FINE = 2  # it is painted at twice the size, which makes smooth edges
_SEED = 11
_CELLS = 3
_LAYERS = ((1400, (3, 5)), (700, (5, 8)))  # how many strokes, and their widths in pixels


@cache
def canvas() -> NDArray[np.uint8]:
    """Two layers of strokes (2, 120, 120) uint8, the fine and the broad ones; levels mean nothing by themselves.

    Neighbouring copies of it fit together without a seam.
    """
    rng = np.random.default_rng(_SEED)
    turning = _smooth(rng)
    return np.stack([_layer(rng, turning, count, widths) for count, widths in _LAYERS])


def _layer(
    rng: np.random.Generator, turning: NDArray[np.float64], count: int, widths: tuple[int, int]
) -> NDArray[np.uint8]:
    image = Image.new("L", (_FINE * SIDE, _FINE * SIDE), 128)
    draw = ImageDraw.Draw(image)
    for _ in range(count):
        x, y = rng.uniform(0, SIDE, 2).tolist()
        path = _path(turning, x, y, steps=int(rng.integers(4, 10)))
        level, width = int(rng.integers(256)), _FINE * int(rng.integers(*widths))
        for right in (-SIDE, 0, SIDE):  # what leaves on one side comes in on the other
            for down in (-SIDE, 0, SIDE):
                moved = [(_FINE * (px + right), _FINE * (py + down)) for px, py in path]
                draw.line(moved, fill=level, width=width, joint="curve")
    return np.array(image.reduce(_FINE))


def _path(turning: NDArray[np.float64], x: float, y: float, steps: int) -> list[tuple[float, float]]:
    """A stroke that follows the field from (x, y), around its edges."""
    path = [(x, y)]
    for _ in range(steps):
        angle = 2 * math.pi * float(turning[int(y) % SIDE, int(x) % SIDE])
        x, y = x + 4 * math.cos(angle), y + 4 * math.sin(angle)
        path.append((x, y))
    return path


def _smooth(rng: np.random.Generator) -> NDArray[np.float64]:
    """A smooth field (120, 120) in [0, 1] whose opposite edges fit together."""
    coarse = np.tile(rng.uniform(0, 1, (_CELLS, _CELLS)).astype(np.float32), (3, 3))
    wide = np.asarray(Image.fromarray(coarse).resize((3 * SIDE, 3 * SIDE), Image.Resampling.BICUBIC), np.float64)
    field = wide[SIDE : 2 * SIDE, SIDE : 2 * SIDE]
    return (field - field.min()) / (field.max() - field.min())
