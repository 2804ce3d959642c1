"""rotate: a picture turned counter-clockwise, on a canvas that holds all of it.

`DEGREES` FP32 [1], any number; 90 where it is left out. Multiples of 90 move pixels and change none. Other angles are
resampled by Pillow's bicubic filter; corners that nothing covers are black.
"""

from __future__ import annotations

from math import ceil, cos, radians, sin
from sys import float_info

from PIL import Image

from sightline_backend.edits.edit import Edit, Values, check_result_wh, number, parameter

_EXACT = {
    0: None,
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


def rotated(picture: Image.Image, values: Values, max_pixels: int) -> Image.Image:
    """Return the picture turned by `DEGREES`."""
    degrees = number(values, "DEGREES", -float_info.max, float_info.max)
    degrees = 90.0 if degrees is None else degrees % 360
    if degrees in _EXACT:
        turn = _EXACT[int(degrees)]
        return picture if turn is None else picture.transpose(turn)
    check_result_wh(
        canvas_wh(picture.size, degrees), max_pixels, "shrink the picture first, or turn it by a multiple of 90"
    )
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True)


def canvas_wh(size_wh: tuple[int, int], degrees: float) -> tuple[int, int]:
    """Return the size that holds a picture turned by so many degrees; Pillow's may be a pixel larger.

    >>> canvas_wh((100, 100), 45)
    (142, 142)
    """
    across, along = abs(cos(radians(degrees))), abs(sin(radians(degrees)))
    width, height = size_wh
    return ceil(width * across + height * along), ceil(width * along + height * across)


ROTATE = Edit("rotate", (parameter("DEGREES", "TYPE_FP32"),), rotated)
