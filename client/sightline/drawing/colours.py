"""Colours that people with any kind of colour vision can tell apart."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Colour: TypeAlias = tuple[int, int, int]

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
PAPER: Colour = (250, 250, 250)
INK: Colour = (33, 33, 33)
PALE: Colour = (222, 222, 222)

# Okabe and Ito, Color Universal Design, 2008, without black
_BASE: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
# The second and the third round are paler and darker.
_PALETTE: tuple[Colour, ...] = (
    *_BASE,
    *((r + (255 - r) // 2, g + (255 - g) // 2, b + (255 - b) // 2) for r, g, b in _BASE),
    *((r * 11 // 20, g * 11 // 20, b * 11 // 20) for r, g, b in _BASE),
)

# inferno of S. van der Walt and N. Smith, at 0, 1/8, … 1: equal steps of heat are equal steps for the eye
_INFERNO = (
    (0, 0, 4),
    (31, 12, 72),
    (85, 15, 109),
    (136, 34, 106),
    (186, 54, 85),
    (227, 89, 51),
    (249, 140, 10),
    (249, 201, 50),
    (252, 255, 164),
)


def class_colour(class_id: int) -> Colour:
    """Return the colour of a class, the same in every picture."""
    return _PALETTE[class_id % len(_PALETTE)]


def text_colour(background: Colour) -> Colour:
    """Return black or white, whichever reads better on `background`."""
    red, green, blue = background
    return BLACK if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else WHITE


def heat_colours() -> NDArray[np.uint8]:
    """Return (256, 3) uint8, from cold to hot."""
    anchors = np.array(_INFERNO, dtype=np.float64)
    places = np.linspace(0, len(anchors) - 1, 256)
    channels = [np.interp(places, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)
