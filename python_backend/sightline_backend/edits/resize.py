"""resize: a picture of another size.

`WIDTH` and `HEIGHT` INT32 [1], in pixels, 1 to 65535. One of them alone keeps the ratio of the sides: the other one is
rounded to the nearest whole pixel, and at least 1. Without both the picture keeps its size. Resampling is Pillow's
Lanczos filter, antialiased when shrinking.
"""

from __future__ import annotations

from PIL import Image

from sightline_backend.edits.edit import Edit, Values, check_result_wh, number, parameter
from sightline_backend.pictures import MAX_SIDE


def resized(picture: Image.Image, values: Values, max_pixels: int) -> Image.Image:
    """Return the picture at `WIDTH` x `HEIGHT`."""
    size_wh = wanted_wh(picture.size, _side(values, "WIDTH"), _side(values, "HEIGHT"))
    check_result_wh(size_wh, max_pixels, "ask for fewer pixels")
    if size_wh == picture.size:
        return picture
    # Pillow resamples rows first and keeps what comes of them. Of the two orders, one keeps no more pixels than the
    # picture or the result has; the other may need gigabytes, from 1x65535 to 65535x1 for example.
    if size_wh[0] * picture.height > picture.width * size_wh[1]:
        picture = picture.resize((picture.width, size_wh[1]), Image.Resampling.LANCZOS)
    return picture.resize(size_wh, Image.Resampling.LANCZOS)


def wanted_wh(size_wh: tuple[int, int], width: int | None, height: int | None) -> tuple[int, int]:
    """Return the size of the result.

    >>> wanted_wh((640, 480), 320, None)
    (320, 240)
    """
    if width is None and height is None:
        return size_wh
    own_width, own_height = size_wh
    return width or _in_ratio(own_width, height or 0, own_height), height or _in_ratio(
        own_height, width or 0, own_width
    )


def _in_ratio(side: int, other: int, own_other: int) -> int:
    """side * other / own_other, rounded half up."""
    return max(1, (2 * side * other + own_other) // (2 * own_other))


def _side(values: Values, name: str) -> int | None:
    side = number(values, name, 1, MAX_SIDE)
    return None if side is None else int(side)


RESIZE = Edit("resize", (parameter("WIDTH", "TYPE_INT32"), parameter("HEIGHT", "TYPE_INT32")), resized)
