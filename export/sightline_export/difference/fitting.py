"""From an upright picture to width x height, with the place, the size and the sampling as separate values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.fitting import LETTERBOX_LEVEL, fitted
from sightline_backend.pictures import ReducedPicture
from sightline_backend.pixels import PixelSpec

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]
Sampler = Callable[[Image.Image, tuple[int, int], Box], Pixels]
"""An image, the size wanted (width, height) and the part of the image to show, to uint8 (height, width, channels)."""


@dataclass(frozen=True)
class Placement:
    """box: the part of the image that is shown. The rest: where in the result, and the level around it."""

    box: Box
    content_wh: tuple[int, int]
    left_top: tuple[int, int] = (0, 0)
    level: int = LETTERBOX_LEVEL


def placement(picture: ReducedPicture, spec: PixelSpec) -> Placement:
    """As `sightline_backend.pixels` defines squash, crop and letterbox."""
    if spec.fit == "squash":
        return Placement(picture.box_xyxy, (spec.width, spec.height))
    if spec.shorter_side is not None:
        return shorter_side(picture, spec, spec.shorter_side)
    left, top, right, bottom = picture.box_xyxy
    width, height = right - left, bottom - top
    if spec.fit == "crop":
        scale = max(spec.width / width, spec.height / height)
        shown_w, shown_h = min(width, spec.width / scale), min(height, spec.height / scale)
        x, y = left + (width - shown_w) / 2, top + (height - shown_h) / 2
        return Placement((x, y, x + shown_w, y + shown_h), (spec.width, spec.height))
    scale = min(spec.width / picture.size_wh[0], spec.height / picture.size_wh[1])
    content_w, content_h = (max(1, int(side * scale + 0.5)) for side in picture.size_wh)
    content = min(content_w, spec.width), min(content_h, spec.height)
    return Placement(picture.box_xyxy, content, ((spec.width - content[0]) // 2, (spec.height - content[1]) // 2))


def shorter_side(picture: ReducedPicture, spec: PixelSpec, side: int) -> Placement:
    """The whole picture with its shorter side of `side` pixels, of which the middle is cut out."""
    scale = side / min(picture.size_wh)
    width, height = (side if wh == min(picture.size_wh) else int(wh * scale) for wh in picture.size_wh)
    at = -round((width - spec.width) / 2), -round((height - spec.height) / 2)
    return Placement(picture.box_xyxy, (width, height), at)


def render(image: Image.Image, place: Placement, spec: PixelSpec, sample: Sampler) -> Pixels:
    """uint8 (h, w, c); what does not fit is cut off."""
    content = sample(image, place.content_wh, place.box)
    pixels = np.full(spec.shape, place.level, np.uint8)
    left, top = place.left_top
    content = content[max(0, -top) :, max(0, -left) :][: spec.height - max(0, top), : spec.width - max(0, left)]
    height, width = content.shape[:2]
    pixels[max(0, top) : max(0, top) + height, max(0, left) : max(0, left) + width] = content
    return pixels


def pillow(method: str) -> Sampler:
    """Pillow's resampling, antialiased when shrinking."""
    filter_ = Image.Resampling[method.upper()]

    def sample(image: Image.Image, size_wh: tuple[int, int], box: Box) -> Pixels:
        if image.width < size_wh[0] and image.height > size_wh[1]:  # as sightline_backend.pixels: down first
            image = image.resize((image.width, size_wh[1]), filter_, (0, box[1], image.width, box[3]))
            box = (box[0], 0, box[2], size_wh[1])
        return channels_last(image.resize(size_wh, filter_, box))

    return sample


def fit_as_trained(picture: ReducedPicture, spec: PixelSpec) -> Pixels:
    """What `sightline_backend.pixels.decode` does after decoding."""
    return fitted(picture.image, picture.box_xyxy, picture.size_wh, spec)


def channels_last(image: Image.Image) -> Pixels:
    """uint8 (h, w, 1) for grey, (h, w, 3) for RGB."""
    array = np.asarray(image, dtype=np.uint8)
    return array[..., None] if array.ndim == 2 else array
