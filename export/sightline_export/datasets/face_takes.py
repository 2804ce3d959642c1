"""Several takes of one picture of a face: what another photograph of the person changes, as far as can be drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

from sightline_export.datasets.faces import encoded, portrait, small_faces


@dataclass(frozen=True, eq=False)
class Takes:
    """files: pictures of faces. persons: (n,) which take is of which; the names of the takes in turn, `TAKES`."""

    files: tuple[bytes, ...]
    persons: NDArray[np.int64]


def _cut(image: Image.Image) -> Image.Image:
    left, top = image.width // 25, image.height // 25
    return image.crop((left, top, image.width - left // 2, image.height - top // 2))


TAKES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as it is": lambda image: image,
    "cut": _cut,
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "turned 8 degrees": lambda image: image.rotate(8, Image.Resampling.BICUBIC),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(max(0.5, max(image.size) / 200))),
}


def held_out_takes() -> Takes:
    """Every take of the portrait, then of the 30 held-out small faces."""
    pictures = [portrait(), *(Image.open(BytesIO(file)) for file in small_faces().held_out)]
    files = tuple(encoded(take(picture)) for picture in pictures for take in TAKES.values())
    return Takes(files, np.repeat(np.arange(len(pictures), dtype=np.int64), len(TAKES)))
