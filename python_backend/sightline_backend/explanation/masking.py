"""Pictures with a part hidden, in whole numbers, so that every machine hides exactly the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sightline_backend.explanation.spec import MEAN

Pixels = npt.NDArray[np.uint8]


def baseline_colour(pixels: Pixels, baseline: str) -> Pixels:
    """The colour that hides a part of `pixels` (h, w, c): uint8 (c,)."""
    if baseline != MEAN:
        return np.full((pixels.shape[2],), int(baseline), np.uint8)
    count = pixels.shape[0] * pixels.shape[1]
    totals = [int(pixels[..., channel].sum(dtype=np.int64)) for channel in range(pixels.shape[2])]
    return np.array([(2 * total + count) // (2 * count) for total in totals], np.uint8)


def blended(pixels: Pixels, shown: Pixels, colour: Pixels) -> Pixels:
    """Mix each picture with the colour that hides: 255 shows the picture, 0 the colour.

    Args:
        pixels: uint8 (h, w, c). shown: uint8 (n, h, w). colour: uint8 (c,).

    Returns:
        uint8 (n, h, w, c).
    """
    share = shown[..., None].astype(np.uint16)
    mixed = share * pixels + (255 - share) * colour + np.uint16(127)  # at most 255² + 127, which fits
    return (mixed // 255).astype(np.uint8)
