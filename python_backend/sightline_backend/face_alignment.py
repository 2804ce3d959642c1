"""From a picture to the pixels of its largest face, upright and with the eyes where recognition networks expect them.

The eyes come to the places of the template that ArcFace and most networks since use (Deng et al., 2019; 112 x 112
pixels), by the similarity transform that two points determine: turned, scaled and moved, never sheared. Where the
cascade does not find both eyes, they are taken to be where they usually are in the box of a face. What the turned
square takes from beyond the picture is black.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Literal, cast, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image

from sightline_backend.errors import FaceNotFoundError, ParameterError
from sightline_backend.faces import Box, find_faces, numbered, open_for_faces
from sightline_backend.haar_cascades import EYE, windows
from sightline_backend.pixels import PixelSpec, decode
from sightline_backend.spans import span

Fallback = Literal["refuse", "whole"]
FALLBACKS = cast("tuple[Fallback, ...]", get_args(Fallback))

Point = tuple[float, float]
Eyes = tuple[Point, Point]
"""The one further left in the picture, then the other; x and y."""

_TEMPLATE_SIDE = 112
_TEMPLATE: Eyes = ((38.7946, 52.1963), (74.0318, 52.0014))  # edges of pixels are whole numbers here: the paper's + 1/2
_USUAL: Eyes = ((0.28, 0.38), (0.67, 0.38))  # shares of the box that the cascade draws around a face
_EYES_SIDE = 240  # the box is resampled to this side before the eyes are looked for
_EYES_DOWN_TO = 0.6  # nobody has eyes below
_EYE_LEAST = 36  # of _EYES_SIDE: the side of an eye's box
_APART = (0.25, 0.6)  # shares of the box
_SLOPE_MOST = 0.5  # of the line between the eyes


@dataclass(frozen=True)
class FaceAlignment:
    """What a face_align step does.

    pixels: size and colours of the answer; its fit is for pictures without a face only.
    fallback: what becomes of a picture without a face: `refuse` it, or take the `whole` picture.

    Raises:
        ParameterError: another fallback.
    """

    pixels: PixelSpec
    fallback: Fallback = "refuse"

    def __post_init__(self) -> None:
        if self.fallback not in FALLBACKS:
            raise ParameterError(f"fallback: expected one of {', '.join(FALLBACKS)}, got {self.fallback!r}")

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> FaceAlignment:
        """Read the parameters of a face_align model: those of its pixels, and `fallback`.

        Raises:
            ParameterError: one is missing, or has a value that can't be used.
        """
        fallback = cast("Fallback", parameters.get("fallback", "refuse"))
        return cls(PixelSpec.from_parameters(parameters), fallback)

    def parameters(self) -> dict[str, str]:
        """The opposite of `from_parameters`."""
        return {**self.pixels.parameters(), "fallback": self.fallback}

    @property
    def name(self) -> str:
        """Short name, e.g. `rgb_112x112_squash`, with `_or_whole` where a picture without a face is taken whole."""
        return self.pixels.name if self.fallback == "refuse" else f"{self.pixels.name}_or_whole"


def align_face(data: bytes, alignment: FaceAlignment) -> npt.NDArray[np.uint8]:
    """The largest face of a picture file.

    Returns:
        uint8, `alignment.pixels.shape`.

    Raises:
        FaceNotFoundError: there is none, and the fallback is to refuse.
        PictureError: the bytes can't be used.
        PackageMissingError: OpenCV is not installed here.

    >>> align_face(Path("me.jpg").read_bytes(), FaceAlignment(PixelSpec(112, 112))).shape
    (112, 112, 3)
    """
    spec = alignment.pixels
    image = open_for_faces(data, spec.mode).image
    faces = find_faces(image)
    if faces:
        largest = max(faces, key=lambda face: (face.area, face.score)).box_xyxy
        eyes = find_eyes(image, largest) or usual_eyes(largest)
        with span("resize"):
            return turned_upright(image, eyes, spec)
    if alignment.fallback == "whole":
        return decode(data, spec)
    raise FaceNotFoundError(
        "expected a picture with a face, found none; send one in which the face is upright, looks at the camera and is "
        "at least a twentieth of the picture's longer side wide"
    )


def align_batch(files: Sequence[bytes], alignment: FaceAlignment) -> npt.NDArray[np.uint8]:
    """The picture files of one request, (n, *alignment.pixels.shape); raises as :func:`align_face` does."""
    pixels = np.empty((len(files), *alignment.pixels.shape), np.uint8)
    for index, data in enumerate(files):
        with numbered(index, len(files)):
            pixels[index] = align_face(data, alignment)
    return pixels


def find_eyes(image: Image.Image, face: Box) -> Eyes | None:
    """The centres of both eyes of the face in that box, in pixels of `image`; None where either is not found."""
    left, top, right, bottom = face
    side = image.convert("L").resize((_EYES_SIDE, _EYES_SIDE), Image.Resampling.BILINEAR, face)
    upper = np.asarray(side)[: round(_EYES_SIDE * _EYES_DOWN_TO)]
    half = _EYES_SIDE // 2
    found = [_eye(part) for part in (upper[:, :half], upper[:, half:])]
    if found[0] is None or found[1] is None:
        return None
    shares = [(x / _EYES_SIDE, y / _EYES_SIDE) for x, y in (found[0], (found[1][0] + half, found[1][1]))]
    across, down = shares[1][0] - shares[0][0], shares[1][1] - shares[0][1]
    if not _APART[0] <= across <= _APART[1] or abs(down) > _SLOPE_MOST * across:
        return None
    first, second = ((left + x * (right - left), top + y * (bottom - top)) for x, y in shares)
    return first, second


def usual_eyes(face: Box) -> Eyes:
    """Where the eyes usually are in the box that the cascade draws around a face."""
    left, top, right, bottom = face
    first, second = ((left + x * (right - left), top + y * (bottom - top)) for x, y in _USUAL)
    return first, second


def turned_upright(image: Image.Image, eyes: Eyes, spec: PixelSpec) -> npt.NDArray[np.uint8]:
    """The part of `image` that brings the eyes to their places in the template, uint8 `spec.shape`.

    Where the template is smaller than its part of the image, that is averaged down by whole factors first.
    """
    share = min(spec.width, spec.height) / _TEMPLATE_SIDE
    shift = (spec.width - share * _TEMPLATE_SIDE) / 2, (spec.height - share * _TEMPLATE_SIDE) / 2
    goal = [complex(x * share + shift[0], y * share + shift[1]) for x, y in _TEMPLATE]
    seen = [complex(*eye) for eye in eyes]
    turn = (seen[1] - seen[0]) / (goal[1] - goal[0])  # from the answer's pixels to the image's: z -> turn z + start
    start = seen[0] - turn * goal[0]
    factor = max(1, int(hypot(turn.real, turn.imag)))
    if factor > 1:
        image, turn, start = image.reduce(factor), turn / factor, start / factor
    coefficients = (turn.real, -turn.imag, start.real, turn.imag, turn.real, start.imag)
    upright = image.transform(
        (spec.width, spec.height), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
    )
    return np.array(upright).reshape(spec.shape)


def _eye(grey: npt.NDArray[np.uint8]) -> Point | None:
    """Centre of the surest eye in one half of a face."""
    found = windows(EYE, grey, _EYE_LEAST)
    if not found:
        return None
    x, y, w, h, _ = max(found, key=lambda window: window[4])
    return x + w / 2, y + h / 2
