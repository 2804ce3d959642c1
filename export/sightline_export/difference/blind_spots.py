"""What a picture can't show: mistakes that leave it as it is."""

from __future__ import annotations

import io
from typing import cast

import numpy as np
from PIL import Image

from sightline_backend.fitting import margin_wh
from sightline_backend.pictures import open_reduced
from sightline_backend.pixels import PixelSpec, decode


def blind_spots(data: bytes, spec: PixelSpec, orientation: int) -> tuple[str, ...]:
    """In words, for a picture file that can be decoded. orientation: of its EXIF, 1 where there is none.

    >>> blind_spots(Path("digit.png").read_bytes(), PixelSpec(64, 64), 1)
    ('EXIF orientation', 'transparency', 'reduced JPEGs')
    """
    image = cast("Image.Image", Image.open(io.BytesIO(data)))
    reduced = open_reduced(data, lambda size_wh: margin_wh(size_wh, spec))
    pixels = decode(data, spec).astype(int)
    is_grey = spec.mode == "rgb" and not np.ptp(pixels, axis=2).any()
    spots = {
        "EXIF orientation": orientation == 1,
        "transparency": not image.has_transparency_data,
        "reduced JPEGs": reduced.image.size in (reduced.size_wh, reduced.size_wh[::-1]),
        "colour order": is_grey,
    }
    return tuple(spot for spot, is_blind in spots.items() if is_blind)
