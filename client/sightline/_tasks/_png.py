"""Pictures that a model answered with."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image

from sightline._tasks._checks import broken, tensor
from sightline._tasks.call import Answer


def open_png(answer: Answer, name: str) -> PIL.Image.Image:
    """Return the PNG in the tensor `name` with its header read and its pixels not yet."""
    data: object = tensor(answer, name, np.object_, 1)[0]
    if not isinstance(data, bytes):
        raise broken(answer.info, f"{name} as bytes", type(data).__name__, "check its configuration")
    try:
        return PIL.Image.open(io.BytesIO(data), formats=["PNG"])
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as exc:
        raise _no_png(answer, name) from exc


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
