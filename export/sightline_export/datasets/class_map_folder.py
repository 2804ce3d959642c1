"""Pictures with a class of every pixel in a folder, as PASCAL VOC distributes them.

Everingham et al., "The Pascal Visual Object Classes Challenge" (2015): pictures in `JPEGImages/`, and for some of them
a PNG of the same name in `SegmentationClass/` whose byte for each pixel is the number of its class, 255 where nobody
can tell. The folders may also be called `images/` and `masks/`, and pictures may be of any format that is served.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sightline_backend.errors import PictureError
from sightline_backend.pictures import open_picture
from sightline_export.errors import SourceUnusable

UNKNOWN = 255
_LAYOUTS = (("JPEGImages", "SegmentationClass"), ("images", "masks"))
_MODES = ("L", "P", "1")  # of a PNG with one number for each pixel


@dataclass(frozen=True, eq=False)
class ClassMapped:
    """A picture as a file, and the class of each of its pixels, uint8 (h, w), `UNKNOWN` where nobody can tell."""

    path: Path
    content: bytes
    class_map: NDArray[np.uint8]


def class_mapped(folder: Path, classes: int) -> Iterator[ClassMapped]:
    """Every picture in `folder` that has a class map, by name; one at a time, since data sets are large.

    classes: how many there are; larger numbers than `UNKNOWN` and these are refused.

    Raises:
        SourceUnusable: no such folders, no pair in them, or a file that is damaged or does not fit the other.
    """
    pictures, maps = _folders(folder)
    by_stem = {path.stem: path for path in sorted(pictures.iterdir()) if path.is_file()}
    pairs = [(by_stem[path.stem], path) for path in sorted(maps.glob("*.png")) if path.stem in by_stem]
    if not pairs:
        raise SourceUnusable(
            f"expected class maps in {maps} with the names of pictures in {pictures}, got none; name them alike, such "
            f"as {pictures.name}/1.jpg and {maps.name}/1.png"
        )
    for picture, class_map in pairs:
        yield _read(picture, class_map, classes)


def _folders(folder: Path) -> tuple[Path, Path]:
    for pictures, maps in _LAYOUTS:
        if (folder / pictures).is_dir() and (folder / maps).is_dir():
            return folder / pictures, folder / maps
    wanted = " or ".join(" and ".join(layout) for layout in _LAYOUTS)
    raise SourceUnusable(f"expected the folders {wanted} in {folder}, got neither; name the folder that holds them")


def _read(picture: Path, path: Path, classes: int) -> ClassMapped:
    try:
        content = picture.read_bytes()
        size_wh = open_picture(content).size
        image = open_picture(path.read_bytes())
    except (OSError, PictureError) as error:
        raise SourceUnusable(f"expected a picture and its class map, got: {picture.name}: {error}") from error
    if image.mode not in _MODES or image.size != size_wh:
        raise SourceUnusable(
            f"expected a PNG of {size_wh[0]}x{size_wh[1]} pixels with one number for each in {path}, got "
            f"{image.width}x{image.height} of mode {image.mode}; write it anew"
        )
    class_map = np.asarray(image).astype(np.uint8)
    largest = int(class_map.max(initial=0, where=class_map != UNKNOWN))
    if largest >= classes:
        raise SourceUnusable(
            f"expected classes from 0 to {classes - 1}, or {UNKNOWN} where nobody can tell, in {path}, got {largest}; "
            "number them as the labels of the model are"
        )
    return ClassMapped(picture, content, class_map)
