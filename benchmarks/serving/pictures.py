"""32 different JPEGs of 640x480, as a phone or a web page sends them: real digits drawn large on photographs."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image

from sightline_export.datasets.digits import load_digits
from sightline_export.datasets.textures import Texture, textures

COUNT = 32
SIZE_WH = (640, 480)
QUALITY = 90
BYTES = (60_000, 100_000)
"""The least and the most bytes of a file; a picture outside is drawn again, from another part, with other noise."""

_DIGIT_SIDE = 400
_NARROWEST = 0.2  # part of the photograph's width that fills the picture
_NOISIEST = 8.0  # levels: the standard deviation of a small sensor's noise
_TRIES = 100


@cache
def pictures(count: int = COUNT) -> tuple[bytes, ...]:
    """The same files on every machine with the same libraries.

    >>> len(pictures()), Image.open(BytesIO(pictures()[0])).size
    (32, (640, 480))
    """
    _, held_out = load_digits()
    photographs = textures("train") + textures("held_out")
    return tuple(
        _picture(held_out.pictures[index], photographs[index % len(photographs)], np.random.default_rng(index))
        for index in range(count)
    )


def _picture(digit: bytes, photograph: Texture, rng: np.random.Generator) -> bytes:
    for _ in range(_TRIES):
        file = BytesIO()
        _drawn(digit, photograph, rng).save(file, "JPEG", quality=QUALITY)
        if BYTES[0] <= len(file.getvalue()) <= BYTES[1]:
            return file.getvalue()
    raise RuntimeError(f"expected a JPEG of {BYTES[0]} to {BYTES[1]} bytes of {photograph.name}, got none")


def _drawn(digit: bytes, photograph: Texture, rng: np.random.Generator) -> Image.Image:
    """The digit in white ink on a part of the photograph."""
    scene = _part(photograph, rng)
    ink = Image.open(BytesIO(digit)).convert("L").resize((_DIGIT_SIDE, _DIGIT_SIDE), Image.Resampling.BICUBIC)
    left, top = (int(rng.integers(side - _DIGIT_SIDE)) for side in SIZE_WH)
    scene.paste((255, 255, 255), (left, top), ink)
    noise = rng.normal(0, rng.uniform(0, _NOISIEST), (SIZE_WH[1], SIZE_WH[0], 3))
    return Image.fromarray((np.asarray(scene) + noise).clip(0, 255).astype(np.uint8))


def _part(photograph: Texture, rng: np.random.Generator) -> Image.Image:
    height, width = photograph.pixels.shape[:2]
    widest = min(width, height * SIZE_WH[0] / SIZE_WH[1])
    part_width = rng.uniform(_NARROWEST, 1) * widest
    part_height = part_width * SIZE_WH[1] / SIZE_WH[0]
    left, top = (rng.uniform(0, 1, 2) * (width - part_width, height - part_height)).tolist()
    box = (left, top, left + part_width, top + part_height)
    return Image.fromarray(photograph.pixels).resize(SIZE_WH, Image.Resampling.BICUBIC, box)
