"""How a picture is brought to the size that is wanted; `sightline_backend.pixels` says what each fit means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from sightline_backend.errors import PictureDamagedError
from sightline_backend.modes import to_mode

if TYPE_CHECKING:
    from sightline_backend.pixels import PixelSpec

LETTERBOX_LEVEL = 114
MAX_RESAMPLED_WHOLE = 8
"""A picture longer than this, as a multiple of its shorter side, is not resampled whole before it is cropped."""

_DRAFT_MARGIN = 2  # a JPEG is decoded at no less than twice the size needed, so that the resampling still decides

Box = tuple[float, float, float, float]


def fitted(image: Image.Image, covered: Box, size_wh: tuple[int, int], spec: PixelSpec) -> npt.NDArray[np.uint8]:
    """Bring an upright image of any mode, of which the picture covers a part, to the pixels that `spec` describes.

    Args:
        image: possibly a reduced one, see `sightline_backend.pictures.ReducedPicture`.
        covered: left, top, right and bottom of the picture in pixels of `image`.
        size_wh: width and height of the picture as it was sent.

    Returns:
        uint8, `spec.shape`.

    Raises:
        PictureDamagedError: the image is in a mode that can't be converted.
    """
    try:
        image = to_mode(image, spec.mode)
    except ValueError as error:
        raise PictureDamagedError(f"expected a grey, colour, palette or CMYK image, got mode {image.mode!r}") from error
    if spec.shorter_side is not None:
        return np.array(_cropped(image, covered, size_wh, spec, spec.shorter_side)).reshape(spec.shape)
    shown_wh = content_wh(size_wh, spec)
    content = np.asarray(_resized(image, shown_wh, _source_box(covered, spec), spec), dtype=np.uint8)
    content = content.reshape(shown_wh[1], shown_wh[0], spec.channels)
    if content.shape == spec.shape:
        return np.array(content)  # Pillow's own memory is read-only
    pixels = np.full(spec.shape, LETTERBOX_LEVEL, np.uint8)
    left, top = (spec.width - shown_wh[0]) // 2, (spec.height - shown_wh[1]) // 2
    pixels[top : top + shown_wh[1], left : left + shown_wh[0]] = content
    return pixels


def _cropped(
    image: Image.Image, covered: Box, size_wh: tuple[int, int], spec: PixelSpec, shorter_side: int
) -> Image.Image:
    """A picture of `size_wh` at the shorter side wanted, of which the middle is cut out."""
    shorter, longer = min(size_wh), max(size_wh)
    (width, height), (x, y) = resized_and_corner(size_wh, spec, shorter_side)
    shown = (x, y, x + spec.width, y + spec.height)
    if longer <= MAX_RESAMPLED_WHOLE * shorter:
        return _resized(image, (width, height), covered, spec).crop(shown)
    left, top, right, bottom = covered
    scale_x, scale_y = (right - left) / width, (bottom - top) / height
    box = (
        left + shown[0] * scale_x,
        top + shown[1] * scale_y,
        min(left + shown[2] * scale_x, right),
        min(top + shown[3] * scale_y, bottom),
    )
    return _resized(image, (spec.width, spec.height), box, spec)


def resized_and_corner(
    size_wh: tuple[int, int], spec: PixelSpec, shorter_side: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Size (w, h) to which `shorter_side` brings a picture, and the left top corner (x, y) of the crop in it."""
    shorter, longer = min(size_wh), max(size_wh)
    longer_side = int(shorter_side * longer / shorter)
    width, height = (longer_side, shorter_side) if size_wh[0] > size_wh[1] else (shorter_side, longer_side)
    return (width, height), (round((width - spec.width) / 2), round((height - spec.height) / 2))


def content_wh(size_wh: tuple[int, int], spec: PixelSpec) -> tuple[int, int]:
    """Size of the part of the result that shows the picture."""
    if spec.fit != "letterbox":
        return spec.width, spec.height
    scale = min(spec.width / size_wh[0], spec.height / size_wh[1])
    width, height = (max(1, int(side * scale + 0.5)) for side in size_wh)
    return min(width, spec.width), min(height, spec.height)


def _source_box(covered: Box, spec: PixelSpec) -> Box:
    """The part of the picture that is shown."""
    if spec.fit != "crop":
        return covered
    left, top, right, bottom = covered
    width, height = right - left, bottom - top
    scale = max(spec.width / width, spec.height / height)
    shown_w, shown_h = min(width, spec.width / scale), min(height, spec.height / scale)
    x, y = left + (width - shown_w) / 2, top + (height - shown_h) / 2
    return x, y, x + shown_w, y + shown_h


def margin_wh(size_wh: tuple[int, int], spec: PixelSpec) -> tuple[int, int]:
    """Smallest size of the whole picture that leaves the resampling enough detail."""
    width, height = size_wh
    if spec.fit == "squash":
        scale_x, scale_y = spec.width / width, spec.height / height
    elif spec.shorter_side is not None:
        scale_x = scale_y = spec.shorter_side / min(size_wh)
    else:
        choose = max if spec.fit == "crop" else min
        scale_x = scale_y = choose(spec.width / width, spec.height / height)
    return int(width * scale_x * _DRAFT_MARGIN + 1), int(height * scale_y * _DRAFT_MARGIN + 1)


def _resized(image: Image.Image, size_wh: tuple[int, int], box: Box, spec: PixelSpec) -> Image.Image:
    method = Image.Resampling[spec.resample.upper()]
    # Pillow resamples across first. For a thin tall picture that blows up the step in between: go down first.
    if image.width < size_wh[0] and image.height > size_wh[1]:
        image = image.resize((image.width, size_wh[1]), method, (0, box[1], image.width, box[3]))
        box = (box[0], 0, box[2], size_wh[1])
    return image.resize(size_wh, method, box)
