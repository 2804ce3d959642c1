"""Pairs of pictures, decoded alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sightline_backend.errors import PictureError
from sightline_backend.pixels import PixelSpec, decode_batch

Pixels = npt.NDArray[np.uint8]


def decode_pairs(images: Sequence[bytes], others: Sequence[bytes], spec: PixelSpec) -> tuple[Pixels, Pixels]:
    """Decode the files of IMAGE and those of OTHER.

    Returns:
        Both as uint8, (n, *spec.shape).

    Raises:
        PictureError: as `sightline_backend.pixels.decode_batch` does; the message begins with the name of the input.
    """
    return _decoded("IMAGE", images, spec), _decoded("OTHER", others, spec)


def _decoded(name: str, files: Sequence[bytes], spec: PixelSpec) -> Pixels:
    try:
        return decode_batch(files, spec)
    except PictureError as error:
        raise type(error)(f"{name}: {error}") from error
