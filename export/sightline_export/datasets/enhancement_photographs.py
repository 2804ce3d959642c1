"""The split of the bundled photographs for the enhancers: which ones they learn from, and which ones judge them.

The split is by picture, and of its own: `datasets.textures` keeps other pictures back for backgrounds.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.modes import to_mode
from sightline_backend.pictures import open_picture
from sightline_export.datasets.textures import SOURCE as SOURCE
from sightline_export.datasets.textures import Texture, textures
from sightline_export.errors import SourceUnusable
from sightline_export.model_spec import PictureFile

HELD_OUT = ("chelsea", "china", "coffee", "flower")
LEAST_SIDE = 32
"""A smaller picture says nothing about an enhancer."""
GOLDEN_WH = (160, 120)
_OTHERS_WH = ((200, 150), (90, 230), (300, 97))
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif")


@cache
def training_photographs() -> tuple[Texture, ...]:
    """The photographs and textures that enhancers are trained on.

    >>> "coffee" in [photograph.name for photograph in training_photographs()]
    False
    """
    return tuple(photograph for photograph in _all() if photograph.name not in HELD_OUT)


@cache
def held_out_photographs() -> tuple[Texture, ...]:
    """The photographs that judge them: a cat, a temple, a cup, a flower."""
    return tuple(photograph for photograph in _all() if photograph.name in HELD_OUT)


def judging_photographs(folder: Path | None) -> tuple[Texture, ...]:
    """The photographs that measure an enhancer: those in `folder`, in the order of their names, or the held-out ones.

    Raises SourceUnusable where the folder has no pictures, or one of them can't be used.
    """
    if folder is None:
        return held_out_photographs()
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in _SUFFIXES)
    if not files:
        raise SourceUnusable(
            f"expected pictures ({', '.join(_SUFFIXES)}) in the folder {folder}, got none; name a folder that has some"
        )
    return tuple(Texture(str(file.relative_to(folder)), _pixels(file), "not stated") for file in files)


def held_out_crops(count: int) -> tuple[PictureFile, ...]:
    """Small parts of the held-out photographs as PNG and JPEG files in turn; always the same ones."""
    rng = np.random.default_rng(5)
    crops: list[PictureFile] = []
    for index in range(count):
        photograph = held_out_photographs()[index % len(HELD_OUT)]
        width, height = GOLDEN_WH if index < len(HELD_OUT) else _OTHERS_WH[index % len(_OTHERS_WH)]
        h, w = (int(size) for size in photograph.pixels.shape[:2])
        top, left = int(rng.integers(h - height + 1)), int(rng.integers(w - width + 1))
        crop = photograph.pixels[top : top + height, left : left + width]
        suffix, format = (("png", "PNG"), ("jpg", "JPEG"))[index % 2]
        crops.append(PictureFile(f"{photograph.name}-{index}.{suffix}", encoded(crop, format)))
    return tuple(crops)


def encoded(pixels: NDArray[np.uint8], format: str = "PNG") -> bytes:
    """The picture (h, w, 3) as a file."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, format, quality=92)
    return file.getvalue()


def _pixels(file: Path) -> NDArray[np.uint8]:
    try:
        pixels = np.array(to_mode(open_picture(file.read_bytes()), "rgb"))
    except (OSError, ValueError) as error:  # of which the errors of pictures are
        raise SourceUnusable(f"{file}: {error}") from error
    if min(pixels.shape[:2]) < LEAST_SIDE:
        raise SourceUnusable(
            f"expected pictures of at least {LEAST_SIDE}x{LEAST_SIDE} pixels, got {pixels.shape[1]}x{pixels.shape[0]} "
            f"in {file}; take it away"
        )
    return pixels


def _all() -> tuple[Texture, ...]:
    found = (*textures("train"), *textures("held_out"))
    return tuple(sorted(found, key=lambda photograph: photograph.name))
