"""Pictures made for the test, as files."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def as_png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG file of uint8 (h, w, 1 or 3)."""
    return png_of(Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels))


def png_of(image: Image.Image) -> bytes:
    """A PNG file without EXIF."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
