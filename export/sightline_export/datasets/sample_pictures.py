"""Pictures of one's own data as the ones that a model is traced, verified and kept with."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import PurePath

from sightline_backend.errors import PictureError
from sightline_backend.modes import to_mode
from sightline_backend.pictures import open_reduced
from sightline_export.datasets.labelled_pictures import Half
from sightline_export.datasets.photographs import photographs
from sightline_export.errors import SourceUnusable
from sightline_export.model_spec import PictureFile, Pictures

MOST_BYTES = 300_000
"""Larger files are shrunk: every version keeps up to 32 of them."""
_SIDE = 1024
_NAME = 40  # letters of a file's name that are kept


def pictures_of(half: Half) -> Pictures:
    """The pictures of `half`, first one of each class; where they are too few, photographs after them.

    Raises SourceUnusable, naming the file that is no picture.
    """

    def first(count: int) -> tuple[PictureFile, ...]:
        own = [_sample(half.file(index), position) for position, index in enumerate(half.first_of_each(count))]
        return (*own, *photographs(count - len(own)))

    return first


def _sample(file: PictureFile, position: int) -> PictureFile:
    path = PurePath(file.name)
    name = f"{position}-{re.sub('[^A-Za-z0-9]+', '-', path.stem)[:_NAME]}"
    if len(file.content) <= MOST_BYTES:
        return PictureFile(f"{name}{path.suffix.lower()}", file.content)
    try:
        picture = to_mode(open_reduced(file.content, lambda _: (_SIDE, _SIDE)).image, "rgb")
    except PictureError as error:
        raise SourceUnusable(f"{file.name}: {error}") from error
    picture.thumbnail((_SIDE, _SIDE))
    shrunk = BytesIO()
    picture.save(shrunk, "JPEG", quality=90)
    return PictureFile(f"{name}.jpg", shrunk.getvalue())
