"""Faces in pictures, as a detector of objects gives them.

The cascade finds upright faces that look at the camera, from about 4 % of the longer side of the picture on. It misses
profiles, faces turned by more than about 15 degrees, and covered ones.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import exp
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from sightline_backend.errors import PictureDamagedError, PictureError
from sightline_backend.haar_cascades import FRONTAL, windows
from sightline_backend.modes import Mode, to_mode
from sightline_backend.pictures import ReducedPicture, open_reduced

MAX_FACES = 64
"""Rows of the padded answer; of more faces those with the highest scores are given."""

KEPT_SIDE = 1600
"""A JPEG is decoded at no less than this longer side, if it has as much."""

_SEARCHED_SIDE = 800  # the longer side of what the cascade looks at, at most
_SEARCHED_LEAST = 160  # and at least: its window is 20 pixels wide
_FRAME = 1 / 8  # of the shorter side, the edge repeated around the picture: the window wants to see past the chin
_FACE_LEAST = 24  # pixels of what the cascade looks at
_FACE_LEAST_SHARE = 0.04  # of the longer side
_FACE_LEAST_SENT = 12  # pixels of the picture before it was enlarged
_EVEN_SUM, _SPREAD = 55.2, 0.5
"""The cascade's last sum becomes the score by a logistic curve. Of 100 small faces 98 were found, with sums of 55.24 to
57.84; the two wrong finds on 498 pictures without a face had 54.8 and 55.4."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Face:
    """One face that was found.

    box_xyxy: left, top, right, bottom, in pixels of the picture.
    score: in [0, 1], higher where the cascade is surer; no probability.
    """

    box_xyxy: Box
    score: float

    @property
    def area(self) -> float:
        left, top, right, bottom = self.box_xyxy
        return (right - left) * (bottom - top)


def open_for_faces(data: bytes, mode: Mode = "rgb") -> ReducedPicture:
    """An upright picture for :func:`find_faces`, large ones decoded reduced where their format allows it.

    Raises:
        PictureError: the bytes can't be used, see `sightline_backend.pictures.open_picture`.
    """
    picture = open_reduced(data, _kept_wh)
    try:
        return replace(picture, image=to_mode(picture.image, mode))
    except ValueError as error:
        raise PictureDamagedError(
            f"expected a grey, colour, palette or CMYK image, got mode {picture.image.mode!r}; convert it first"
        ) from error


def find_faces(image: Image.Image) -> tuple[Face, ...]:
    """The faces of an upright RGB or grey image, in its own pixels, those with the highest scores first.

    Raises:
        PackageMissingError: OpenCV is not installed here.

    >>> find_faces(Image.new("RGB", (1, 1)))
    ()
    """
    longer = max(image.size)
    wanted = min(max(longer, _SEARCHED_LEAST), _SEARCHED_SIDE)
    width, height = (max(1, round(side * wanted / longer)) for side in image.size)
    grey = image.convert("L").resize((width, height), Image.Resampling.BILINEAR)
    frame = round(min(width, height) * _FRAME)
    searched = np.pad(np.asarray(grey), frame, mode="edge")
    least = max(_FACE_LEAST, round(_FACE_LEAST_SHARE * wanted), round(_FACE_LEAST_SENT * wanted / longer))
    scale = image.width / width, image.height / height
    faces: list[Face] = []
    for x, y, w, h, last_sum in windows(FRONTAL, searched, least):
        box = _placed((x, y, x + w, y + h), (frame, frame), scale, image.size)
        if box[0] < box[2] and box[1] < box[3]:
            faces.append(Face(box, 1 / (1 + exp(-(last_sum - _EVEN_SUM) / _SPREAD))))
    return tuple(sorted(faces, key=lambda face: (-face.score, face.box_xyxy)))


def detect_faces(data: bytes) -> tuple[Face, ...]:
    """The faces in a picture file, in pixels of the upright picture as it was sent, the surest first.

    Raises:
        PictureError: the bytes can't be used.
        PackageMissingError: OpenCV is not installed here.
    """
    picture = open_for_faces(data)
    left, top, right, bottom = picture.box_xyxy
    width, height = picture.size_wh
    scale = width / (right - left), height / (bottom - top)
    return tuple(
        replace(face, box_xyxy=_placed(face.box_xyxy, (left, top), scale, picture.size_wh))
        for face in find_faces(picture.image)
    )


def detect_batch(files: Sequence[bytes]) -> dict[str, npt.NDArray[Any]]:
    """The picture files of one request as the tensors of object detection, padded with zeros.

    Returns:
        num_detections int32 (n, 1), detection_boxes float32 (n, MAX_FACES, 4) xyxy in pixels of the picture as it was
        sent, detection_scores float32 (n, MAX_FACES), detection_classes int32 (n, MAX_FACES), all of them 0.

    Raises:
        PictureError: of several pictures the message says which one.
    """
    count = np.zeros((len(files), 1), np.int32)
    boxes = np.zeros((len(files), MAX_FACES, 4), np.float32)
    scores = np.zeros((len(files), MAX_FACES), np.float32)
    for index, data in enumerate(files):
        with numbered(index, len(files)):
            faces = detect_faces(data)[:MAX_FACES]
        count[index] = len(faces)
        for row, face in enumerate(faces):
            boxes[index, row] = face.box_xyxy
            scores[index, row] = face.score
    return {
        "num_detections": count,
        "detection_boxes": boxes,
        "detection_scores": scores,
        "detection_classes": np.zeros(scores.shape, np.int32),
    }


@contextmanager
def numbered(index: int, count: int) -> Generator[None]:
    """Say of a PictureError which picture of several it is about; index counts from 0."""
    try:
        yield
    except PictureError as error:
        if count == 1:
            raise
        raise type(error)(f"picture {index + 1} of {count}: {error}") from error


def _placed(box: Box, origin: tuple[float, float], scale: tuple[float, float], size_wh: tuple[int, int]) -> Box:
    """A box, seen from `origin` and scaled, inside a picture of `size_wh`."""
    x0, x1 = (min(max((side - origin[0]) * scale[0], 0.0), size_wh[0]) for side in (box[0], box[2]))
    y0, y1 = (min(max((side - origin[1]) * scale[1], 0.0), size_wh[1]) for side in (box[1], box[3]))
    return x0, y0, x1, y1


def _kept_wh(size_wh: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, KEPT_SIDE / max(size_wh))
    return max(1, int(size_wh[0] * scale)), max(1, int(size_wh[1] * scale))
