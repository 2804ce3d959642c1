"""A painting made by code: short brush strokes that follow a swirling field, in night blue and yellow.

It is a style to learn that belongs to nobody else. Strokes along a smooth field of directions are how Hertzmann,
"Painterly Rendering with Curved Brush Strokes of Multiple Sizes", 1998, paints.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SOURCE = "a painting made by code for Sightline (datasets/painting.py)"
SIDE = 384
_FINE = 2  # it is painted at twice the size, which makes smooth edges
_SEED = 7
_STROKES = 9000
_PALETTE = np.array(
    [
        (9, 22, 66),
        (18, 52, 118),
        (38, 92, 168),
        (92, 152, 206),
        (178, 214, 226),
        (246, 222, 130),
        (238, 176, 58),
        (206, 104, 42),
    ],
    dtype=np.float64,
)  # from the darkest to the warmest


@cache
def painting() -> NDArray[np.uint8]:
    """The painting (384, 384, 3) uint8; the same on every machine, up to Pillow's drawing of lines."""
    rng = np.random.default_rng(_SEED)
    turning, tone = _smooth(rng, cells=5), _smooth(rng, cells=9)
    image = Image.new("RGB", (_FINE * SIDE, _FINE * SIDE), tuple(int(level) for level in _PALETTE[1]))
    draw = ImageDraw.Draw(image)
    for _ in range(_STROKES):
        x, y = rng.uniform(0, SIDE, 2).tolist()
        wanted = float(tone[int(y), int(x)]) * (len(_PALETTE) - 1) + float(rng.normal(0, 0.7))
        colour = _PALETTE[round(min(max(wanted, 0), len(_PALETTE) - 1))] + rng.normal(0, 8, 3)
        path = [(_FINE * x, _FINE * y) for x, y in _path(turning, x, y, steps=int(rng.integers(4, 10)))]
        ink = tuple(int(level) for level in np.clip(colour, 0, 255))
        draw.line(path, fill=ink, width=_FINE * int(rng.integers(3, 7)), joint="curve")
    return np.array(image.reduce(_FINE))


def _path(turning: NDArray[np.float64], x: float, y: float, steps: int) -> list[tuple[float, float]]:
    """A stroke that follows the field from (x, y)."""
    path = [(x, y)]
    for _ in range(steps):
        row, column = min(max(int(y), 0), SIDE - 1), min(max(int(x), 0), SIDE - 1)
        angle = 4 * math.pi * float(turning[row, column])
        x, y = x + 4 * math.cos(angle), y + 4 * math.sin(angle)
        path.append((x, y))
    return path


def _smooth(rng: np.random.Generator, cells: int) -> NDArray[np.float64]:
    """A smooth field (384, 384) in [0, 1] of about cells x cells hills and valleys."""
    coarse = Image.fromarray(rng.uniform(0, 1, (cells, cells)).astype(np.float32))
    field = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), dtype=np.float64)
    return (field - field.min()) / (field.max() - field.min())
