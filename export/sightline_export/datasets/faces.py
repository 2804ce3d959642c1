"""The faces inside scikit-image: one portrait, and 100 small grey faces of 100 pictures.

The portrait is NASA's of Eileen Collins (public domain). The small ones are 25x25 cut-outs of Labeled Faces in the Wild
(G. Huang et al., University of Massachusetts, 2007), published for research; who they are is not said. A handful of
people may be among them twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from sightline_export.model_spec import PictureFile

SOURCE = (
    "100 faces of 25x25 pixels from Labeled Faces in the Wild (G. Huang et al., 2007) and NASA's portrait of Eileen "
    "Collins (public domain), both inside scikit-image"
)
HELD_OUT = 30
SPLIT_SEED = 20261121
_FACES = 100  # then come as many cut-outs of backgrounds


@dataclass(frozen=True)
class SmallFaces:
    """PNG files of 25x25 grey pixels. train, held_out: faces, each of another picture. backgrounds: no faces."""

    train: tuple[bytes, ...]
    held_out: tuple[bytes, ...]
    backgrounds: tuple[bytes, ...]


@cache
def small_faces() -> SmallFaces:
    """The split is the same on every machine: 70 faces to train with, 30 held out, 100 backgrounds."""
    import skimage.data  # slow to import

    levels = np.round(cast(NDArray[np.float64], cast(Any, skimage.data).lfw_subset()) * 255).astype(np.uint8)
    files = [encoded(Image.fromarray(picture)) for picture in levels]
    order = cast("list[int]", np.random.default_rng(SPLIT_SEED).permutation(_FACES).tolist())
    faces = [files[index] for index in order]
    return SmallFaces(tuple(faces[HELD_OUT:]), tuple(faces[:HELD_OUT]), tuple(files[_FACES:]))


@cache
def portrait() -> Image.Image:
    """NASA's portrait of Eileen Collins, 512x512 RGB; nothing is trained on it."""
    import skimage.data  # slow to import

    return Image.fromarray(cast(NDArray[np.uint8], cast(Any, skimage.data).astronaut()))


def encoded(image: Image.Image, format: str = "PNG") -> bytes:
    """The image as a file."""
    file = BytesIO()
    image.save(file, format, **({"quality": 90} if format == "JPEG" else {}))
    return file.getvalue()


def portraits(count: int) -> tuple[PictureFile, ...]:
    """The portrait as people would send it: other parts of it, sizes, light, colours, turned a little; always a face.

    >>> [file.name for file in portraits(2)]
    ['collins-0.jpg', 'collins-1.png']
    """
    return tuple(_portrait(index) for index in range(count))


def _portrait(index: int) -> PictureFile:
    rng = np.random.default_rng(index)
    image = portrait()
    if index:
        left, top, right, bottom = (int(side) for side in rng.uniform((0, 0, 350, 300), (110, 30, 512, 512)))
        turned = image.rotate(float(rng.uniform(-10, 10)), Image.Resampling.BICUBIC, center=(224, 114))
        image = turned.crop((left, top, right, bottom))
        scale = float(rng.uniform(0.4, 1.3))
        image = image.resize([round(side * scale * float(rng.uniform(0.97, 1.03))) for side in image.size])
        image = ImageEnhance.Brightness(image).enhance(float(rng.uniform(0.5, 1.2)))
    if index % 4 == 3:
        image = ImageOps.grayscale(image)
    suffix, format = (("jpg", "JPEG"), ("png", "PNG"), ("webp", "WEBP"))[index % 3]
    return PictureFile(f"collins-{index}.{suffix}", encoded(image, format))
