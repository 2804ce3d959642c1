"""Pictures that a model answered with."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image

from sightline._tasks._checks import broken, tensor
from sightline._tasks.call import Answer

MAX_PIXELS = 200_000_000
"""Of an answer: a picture of 50 megapixels, the largest that a server takes, at twice its width and height."""


def open_png(answer: Answer, name: str) -> PIL.Image.Image:
    """Return the PNG in the tensor `name` with its header read and its pixels not yet."""
    # The class itself rather than PIL.Image.open, whose own limit is lower; it warns of a large picture or refuses it.
    from PIL.PngImagePlugin import PngImageFile

    data: object = tensor(answer, name, np.object_, 1)[0]
    if not isinstance(data, bytes):
        raise broken(answer.info, f"{name} as bytes", type(data).__name__, "check its configuration")
    try:
        picture = PngImageFile(io.BytesIO(data))
    except (OSError, ValueError, SyntaxError) as exc:
        raise _no_png(answer, name) from exc
    width, height = picture.size
    if width * height > MAX_PIXELS:
        expected = f"{name} of at most {MAX_PIXELS // 1_000_000} megapixels"
        raise broken(answer.info, expected, f"one of {width}x{height}", "send a smaller picture")
    return picture


def read_png(answer: Answer, name: str) -> PIL.Image.Image:
    """Return the PNG in the tensor `name`."""
    return load_png(answer, name, open_png(answer, name))


def load_png(answer: Answer, name: str, picture: PIL.Image.Image) -> PIL.Image.Image:
    """Return `picture` with its pixels read."""
    try:
        picture.load()
    except (OSError, ValueError, SyntaxError) as exc:
        raise _no_png(answer, name) from exc
    return picture


def _no_png(answer: Answer, name: str) -> Exception:
    return broken(answer.info, f"a PNG as {name}", "bytes that do not decode as one")
