"""Operations on pictures without a network: what the backend `image_edit` does, one module per operation.

Each takes the bytes of a picture file and optional parameters, and gives a picture. The picture is edited upright (EXIF
orientation is applied first) and as 8-bit RGB, transparency on white, like every other image-to-image model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from sightline_backend.edits.crop import CROP
from sightline_backend.edits.edit import Edit, Values
from sightline_backend.edits.enhance import ENHANCE
from sightline_backend.edits.flip import FLIP
from sightline_backend.edits.resize import RESIZE
from sightline_backend.edits.rotate import ROTATE
from sightline_backend.errors import EditError, ParameterError, PictureDamagedError, PictureError
from sightline_backend.modes import to_mode
from sightline_backend.pictures import MAX_PIXELS, encode_png, open_picture
from sightline_backend.spans import span

EDITS: Mapping[str, Edit] = {edit.name: edit for edit in (RESIZE, ROTATE, FLIP, CROP, ENHANCE)}

__all__ = ["EDITS", "Edit", "Values", "edit_files", "edit_from_parameters", "edited"]


def edit_from_parameters(parameters: Mapping[str, str]) -> Edit:
    """Return the operation that the parameter `operation` of an image_edit model names.

    Raises:
        ParameterError: it is missing, or names no operation.

    >>> edit_from_parameters({"operation": "resize"}).name
    'resize'
    """
    name = parameters.get("operation")
    if name is None or name not in EDITS:
        raise ParameterError(
            f"operation: expected one of {', '.join(EDITS)}, got {name!r}; set the parameter operation in config.pbtxt"
        )
    return EDITS[name]


def edited(data: bytes, edit: Edit, values: Values, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Edit one picture.

    Args:
        data: the untouched bytes of a picture file.
        edit: one of `EDITS`.
        values: the parameters of this picture by the names of their tensors, without a batch axis; those left out have
            the defaults that the operation states.
        max_pixels: refuse a picture, or a result, of more pixels than this.

    Returns:
        The result, in mode RGB.

    Raises:
        PictureError: the bytes can't be used, see `sightline_backend.pictures.open_picture`.
        EditError: a parameter can't be used, or the result would be too large.

    >>> edited(Path("photo.jpg").read_bytes(), EDITS["resize"], {"WIDTH": np.array([320], np.int32)}).size
    (320, 240)
    """
    picture = open_picture(data, max_pixels=max_pixels)
    try:
        picture = to_mode(picture, "rgb")
    except ValueError as error:
        raise PictureDamagedError(
            f"expected a grey, colour, palette or CMYK image, got mode {picture.mode!r}; convert it to RGB first"
        ) from error
    with span("edit"):
        return edit.apply(picture, values, max_pixels)


def edit_files(files: Sequence[bytes], edit: Edit, values: Values) -> list[bytes]:
    """Edit the picture files of one request, which may differ in size and in their parameters.

    Args:
        files: n picture files.
        edit: one of `EDITS`.
        values: arrays of shape (n, ...), by the names of their tensors; those left out are left out for every picture.

    Returns:
        n PNG files.

    Raises:
        PictureError, EditError: as in `edited`; of several pictures the message says which one.
    """
    return [
        _edited_file(data, edit, {name: array[index] for name, array in values.items()}, index, len(files))
        for index, data in enumerate(files)
    ]


def _edited_file(data: bytes, edit: Edit, values: Values, index: int, count: int) -> bytes:
    try:
        pixels: npt.NDArray[np.uint8] = np.asarray(edited(data, edit, values))
    except (PictureError, EditError) as error:
        if count == 1:
            raise
        raise type(error)(f"picture {index + 1} of {count}: {error}") from error
    return encode_png(pixels)
