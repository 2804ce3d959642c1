"""A class of every pixel that a network took to a class of every pixel of the picture that was sent.

The way back of `sightline_backend.pixels`: pixel (X, Y) of the sent picture gets the class of the pixel of the network
in which its centre (X + 1/2, Y + 1/2) lies once the picture is fitted. What `crop` leaves out of the picture is of
class 0. What `letterbox` puts beside it falls away.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from sightline_backend.errors import PixelsError
from sightline_backend.fitting import content_wh, resized_and_corner
from sightline_backend.pictures import MAX_PIXELS, MAX_SIDE
from sightline_backend.pixels import PixelSpec
from sightline_backend.spans import span

OUTSIDE = 0


@dataclass(frozen=True)
class MapFit:
    """How the pixels of a network came about: `fit` and `shorter_side` of its pixel specification.

    Raises:
        ParameterError: as in `PixelSpec`.

    >>> MapFit.from_parameters({"fit": "letterbox"}).fit
    'letterbox'
    """

    fit: str = "squash"
    shorter_side: str | None = None

    def __post_init__(self) -> None:
        self.spec(1, 1)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> MapFit:
        """Read the parameters of a class_map step; other keys are left alone."""
        return cls(parameters.get("fit", "squash"), parameters.get("shorter_side"))

    def spec(self, width: int, height: int) -> PixelSpec:
        """The pixel specification of a network whose maps are of this size."""
        chosen = {"fit": self.fit} | ({"shorter_side": self.shorter_side} if self.shorter_side is not None else {})
        return PixelSpec.from_parameters({"width": str(width), "height": str(height)} | chosen)


def to_sent_size(classes: npt.NDArray[np.uint8], size_wh: tuple[int, int], fit: MapFit) -> npt.NDArray[np.uint8]:
    """Bring the map of a network to the size of the sent picture, without mixing classes.

    Args:
        classes: uint8, (h, w), as large as the pixels that the network took.
        size_wh: upright width and height of the picture as it was sent.
        fit: how the picture became those pixels.

    Returns:
        uint8, (size_wh[1], size_wh[0]).

    Raises:
        PixelsError: `classes` is of another type or shape, or no picture has the size `size_wh`.

    >>> to_sent_size(np.array([[1, 2]], np.uint8), (4, 1), MapFit("squash")).tolist()
    [[1, 1, 2, 2]]
    """
    if classes.dtype != np.uint8 or classes.ndim != 2 or classes.size == 0:
        raise PixelsError(
            f"expected CLASSES as uint8 of shape (h, w), got {classes.dtype} of shape {classes.shape}; cast them in "
            "the model"
        )
    width, height = size_wh
    if not (min(size_wh) >= 1 and max(size_wh) <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise PixelsError(
            f"expected SIZE_WH of a picture of at most {MAX_PIXELS / 1e6:g} megapixels and {MAX_SIDE} pixels a side, "
            f"got {width}x{height}; take it from the step that decodes the picture"
        )
    columns, rows = _sources(fit.spec(classes.shape[1], classes.shape[0]), size_wh)
    return _taken(_taken(classes, columns, axis=1), rows, axis=0)


def class_map_png(classes: npt.NDArray[np.uint8], size_wh: tuple[int, int], fit: MapFit) -> bytes:
    """Like `to_sent_size`, encoded as a PNG file of one byte per pixel.

    >>> class_map_png(np.zeros((8, 8), np.uint8), (640, 480), MapFit())[:4]
    b'\\x89PNG'
    """
    file = io.BytesIO()
    with span("postprocess"):
        # Level 1 packs maps, whose rows repeat, in a quarter of the time and nearly as small.
        Image.fromarray(to_sent_size(classes, size_wh, fit)).save(file, "PNG", optimize=False, compress_level=1)
    return file.getvalue()


_Indices = npt.NDArray[np.int64]


def _sources(spec: PixelSpec, size_wh: tuple[int, int]) -> tuple[_Indices, _Indices]:
    """For each column and each row of the sent picture, the one of the network's pixels; outside of 0..n - 1: none.

    Whole numbers throughout: a centre never falls to the wrong side of an edge by rounding.
    """
    columns, rows = (2 * np.arange(side, dtype=np.int64) + 1 for side in size_wh)  # twice the centres
    width, height = size_wh
    if spec.shorter_side is not None:
        (resized_w, resized_h), (x, y) = resized_and_corner(size_wh, spec, spec.shorter_side)
        return columns * resized_w // (2 * width) - x, rows * resized_h // (2 * height) - y
    if spec.fit == "crop":
        # The scale is the larger of w/W and h/H; the middle of the picture is the middle of the pixels.
        pixels, sent = (spec.width, width) if spec.width * height >= spec.height * width else (spec.height, height)
        return (
            ((columns - width) * pixels + spec.width * sent) // (2 * sent),
            ((rows - height) * pixels + spec.height * sent) // (2 * sent),
        )
    shown_w, shown_h = content_wh(size_wh, spec)
    left, top = (spec.width - shown_w) // 2, (spec.height - shown_h) // 2
    return left + columns * shown_w // (2 * width), top + rows * shown_h // (2 * height)


def _taken(classes: npt.NDArray[np.uint8], indices: _Indices, axis: int) -> npt.NDArray[np.uint8]:
    taken = classes.take(indices, axis=axis, mode="clip")
    outside = (indices < 0) | (indices >= classes.shape[axis])
    if outside.any():
        taken[(slice(None),) * axis + (outside,)] = OUTSIDE
    return taken
