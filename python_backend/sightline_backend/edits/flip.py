"""flip: a mirrored picture.

`DIRECTION` BYTES [1]: `horizontal` swaps left and right, `vertical` swaps top and bottom; horizontal where it is left
out.
"""

from __future__ import annotations

from PIL import Image

from sightline_backend.edits.edit import Edit, Values, parameter
from sightline_backend.errors import EditError

_TRANSPOSE = {b"horizontal": Image.Transpose.FLIP_LEFT_RIGHT, b"vertical": Image.Transpose.FLIP_TOP_BOTTOM}


def flipped(picture: Image.Image, values: Values, max_pixels: int) -> Image.Image:
    """Return the picture mirrored along `DIRECTION`."""
    direction = bytes(values["DIRECTION"][0]) if "DIRECTION" in values else b"horizontal"
    if direction not in _TRANSPOSE:
        got = repr(direction[:40].decode("utf-8", "backslashreplace"))
        raise EditError(f"DIRECTION: expected 'horizontal' or 'vertical', got {got}; send one of these words")
    return picture.transpose(_TRANSPOSE[direction])


FLIP = Edit("flip", (parameter("DIRECTION", "TYPE_STRING"),), flipped)
