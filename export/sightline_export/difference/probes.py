"""Pixels to ask a network with: those of the picture, and others made of them, so that few classes say enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def probes(pixels: Pixels) -> Pixels:
    """uint8 (4, h, w, c): the picture, its mirrored negative, upside down and dark, shifted and tinted.

    pixels: uint8 (h, w, c). The tint shows exchanged channels where the picture is grey.
    """
    h, w, c = pixels.shape
    dark = (pixels[::-1] // 2).astype(np.uint8)
    tinted = (np.roll(pixels, (h // 4, w // 3), axis=(0, 1)) * np.array((1.0, 0.7, 0.4))[:c]).astype(np.uint8)
    return np.ascontiguousarray(np.stack([pixels, 255 - pixels[:, ::-1], dark, tinted]))
