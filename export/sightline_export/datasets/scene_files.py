"""Held-out digit scenes as the files that a user would send."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from sightline_backend.pictures import encode_png
from sightline_export.datasets.scenes import scene
from sightline_export.model_spec import PictureFile


def scene_pictures(count: int) -> tuple[PictureFile, ...]:
    """The first `count` held-out scenes, PNG and JPEG in turn.

    >>> [file.name for file in scene_pictures(2)]
    ['scene-0.png', 'scene-1.jpg']
    """
    return tuple(_picture(index) for index in range(count))


def _picture(index: int) -> PictureFile:
    pixels = scene("held_out", index).pixels
    if index % 2 == 0:
        return PictureFile(f"scene-{index}.png", encode_png(pixels))
    file = BytesIO()
    Image.fromarray(pixels).save(file, format="JPEG", quality=92)
    return PictureFile(f"scene-{index}.jpg", file.getvalue())
