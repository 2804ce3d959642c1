"""crop: a part of a picture.

`XYXY` INT32 [4]: left, top, right and bottom in pixels of the sent picture, upright; right and bottom are the first
that no longer belong to it, as in the boxes of a detector. The whole picture where it is left out.
"""

from __future__ import annotations

from PIL import Image

from sightline_backend.edits.edit import Edit, Values, parameter
from sightline_backend.errors import EditError


def cropped(picture: Image.Image, values: Values, max_pixels: int) -> Image.Image:
    """Return the part of the picture inside `XYXY`."""
    if "XYXY" not in values:
        return picture
    left, top, right, bottom = (int(each) for each in values["XYXY"])
    if not (0 <= left < right <= picture.width and 0 <= top < bottom <= picture.height):
        raise EditError(
            f"XYXY: expected left < right and top < bottom inside of {picture.width}x{picture.height} pixels, got "
            f"{left}, {top}, {right}, {bottom}; send left, top, right and bottom in pixels of the upright picture"
        )
    return picture.crop((left, top, right, bottom))


CROP = Edit("crop", (parameter("XYXY", "TYPE_INT32", (4,)),), cropped)
