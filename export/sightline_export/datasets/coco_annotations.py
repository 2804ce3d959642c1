"""One file of COCO annotations: which objects lie in which pictures.

Lin et al., "Microsoft COCO: Common Objects in Context" (2014); https://cocodataset.org/#format-data. Regions of crowds
and boxes without an area are left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sightline_backend.errors import PictureError
from sightline_backend.pixels import PixelSpec, decode_sized
from sightline_export.datasets.fingerprint import fingerprint
from sightline_export.datasets.marked import Marked, fitted_boxes
from sightline_export.errors import SourceUnusable
from sightline_export.measures.detection import Boxes


@dataclass(frozen=True, eq=False)
class CocoPictures:
    """One side of a data set. files: of the pictures. boxes: what lies in each, in its upright pixels."""

    files: tuple[Path, ...]
    boxes: tuple[Boxes, ...]

    def __post_init__(self) -> None:
        if len(self.files) != len(self.boxes):
            raise ValueError(f"expected boxes of {len(self.files)} pictures, got {len(self.boxes)}")

    def __len__(self) -> int:
        return len(self.files)

    @property
    def objects(self) -> int:
        """How many there are in all pictures together."""
        return sum(len(own.classes) for own in self.boxes)

    @property
    def fingerprint(self) -> str:
        """Which pictures these are, and what lies in them."""
        return fingerprint(self.files, [array for own in self.boxes for array in (own.xyxy, own.classes)])

    def some(self, indices: Iterable[int]) -> CocoPictures:
        """These pictures, in this order."""
        chosen = list(indices)
        return CocoPictures(tuple(self.files[n] for n in chosen), tuple(self.boxes[n] for n in chosen))

    def render(self, spec: PixelSpec) -> Marked:
        """All pictures at a network's pixel specification, through the function that decodes requests.

        Raises SourceUnusable, naming the file that is no picture.
        """
        pixels = np.empty((len(self.files), *spec.shape), np.uint8)
        boxes: list[NDArray[np.float32]] = []
        for index, (file, own) in enumerate(zip(self.files, self.boxes, strict=True)):
            pixels[index], size_wh = _decoded(file, spec)
            boxes.append(fitted_boxes(own.xyxy, size_wh, spec))
        return Marked(pixels, boxes, [own.classes.astype(np.int64) for own in self.boxes])


def read_annotations(path: Path, pictures: Path) -> tuple[CocoPictures, tuple[str, ...]]:
    """The pictures of the file `path`, in the folder `pictures`, and the names of the categories in their order.

    Raises SourceUnusable where the file is not in COCO's format, or a picture is missing.
    """
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceUnusable(f"expected COCO annotations in {path}, which cannot be read: {error}") from error
    try:
        return _parsed(document, pictures)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise SourceUnusable(
            f"expected images with id and file_name, annotations with image_id, category_id and bbox, and categories "
            f"with id and name in {path}, got: {type(error).__name__}: {error}; write it anew"
        ) from error


def _parsed(document: Any, pictures: Path) -> tuple[CocoPictures, tuple[str, ...]]:
    """Raises whatever a document in another format makes it raise."""
    names = {int(category["id"]): str(category["name"]) for category in document["categories"]}
    places = {number: place for place, number in enumerate(sorted(names))}
    files = {int(image["id"]): _inside(pictures, str(image["file_name"])) for image in document["images"]}
    if not names or not files:
        raise ValueError("no category, or no image")
    rows: dict[int, list[tuple[list[float], int]]] = {number: [] for number in files}
    for annotation in cast(list[dict[str, Any]], document["annotations"]):
        left, top, width, height = (float(value) for value in annotation["bbox"])
        if not all(map(math.isfinite, (left, top, width, height))):
            raise ValueError(f"the bbox {annotation['bbox']}")
        if not annotation.get("iscrowd") and width > 0 and height > 0:
            box = [left, top, left + width, top + height]
            rows[int(annotation["image_id"])].append((box, places[int(annotation["category_id"])]))
    boxes = tuple(
        Boxes(
            np.array([box for box, _ in own], np.float32).reshape(-1, 4),
            np.array([place for _, place in own], np.int64),
        )
        for own in rows.values()
    )
    return CocoPictures(tuple(files.values()), boxes), tuple(names[number] for number in sorted(names))


def _inside(pictures: Path, name: str) -> Path:
    """The path of a picture; a name that leads out of the folder, or to nothing, is refused."""
    path = pictures / name
    if not path.resolve().is_relative_to(pictures.resolve()):
        raise ValueError(f"the file_name {name!r}, which leads out of {pictures}")
    if not path.is_file():
        raise SourceUnusable(f"expected the picture {path} that the annotations name, there is none; copy it there")
    return path


def _decoded(file: Path, spec: PixelSpec) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    try:
        return decode_sized(file.read_bytes(), spec)
    except (OSError, PictureError) as error:
        raise SourceUnusable(f"expected a picture in {file}, got: {error}; replace or remove it") from error
