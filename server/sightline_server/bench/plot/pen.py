"""Lines, points and text on a canvas that is drawn larger and then made smaller, so that edges are smooth."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

Colour: TypeAlias = tuple[int, int, int]
Place: TypeAlias = tuple[float, float]

PAPER: Colour = (255, 255, 255)
FACTOR = 3


class Pen:
    """Draws in pixels of the finished picture."""

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        self._image = Image.new("RGB", (width * FACTOR, height * FACTOR), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def finished(self) -> Image.Image:
        """RGB, of the size that was asked for."""
        return self._image.resize(self._size, Image.Resampling.LANCZOS)

    def line(
        self, places: Sequence[Place], colour: Colour, width: float, dash: tuple[float, float] | None = None
    ) -> None:
        """dash: lengths of the strokes and of the gaps between them; None for an unbroken line."""
        for piece in [places] if dash is None else dashes(places, *dash):
            self._draw.line([enlarged(place) for place in piece], colour, round(width * FACTOR), joint="curve")

    def dot(self, place: Place, colour: Colour, radius: float, *, sides: int | None, is_hollow: bool) -> None:
        """A circle, or a polygon of so many sides around it."""
        (x, y), reach = enlarged(place), radius * FACTOR
        fill, width = PAPER if is_hollow else colour, round(1.5 * FACTOR)
        if sides is None:
            self._draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill, colour, width)
        else:
            self._draw.regular_polygon((x, y, reach * 1.35), sides, 0, fill, colour, width)

    def text(self, place: Place, text: str, colour: Colour, size: float, anchor: str = "la") -> float:
        """Writes at `place`, which `anchor` describes as Pillow does; returns the width."""
        font = ImageFont.load_default(size * FACTOR)
        self._draw.text(enlarged(place), text, colour, font, anchor=anchor)
        return font.getlength(text) / FACTOR


def enlarged(place: Place) -> Place:
    return place[0] * FACTOR, place[1] * FACTOR


def dashes(places: Sequence[Place], stroke: float, gap: float) -> list[tuple[Place, Place]]:
    """The strokes of a broken line along `places`; the pattern goes on around corners."""
    found: list[tuple[Place, Place]] = []
    travelled = 0.0
    for (x0, y0), (x1, y1) in pairwise(places):
        length = math.hypot(x1 - x0, y1 - y0)
        along = 0.0
        while along < length:
            phase = (travelled + along) % (stroke + gap)
            until = min(length, along + (stroke - phase if phase < stroke else stroke + gap - phase))
            if phase < stroke:
                ends = [(x0 + (x1 - x0) * part / length, y0 + (y1 - y0) * part / length) for part in (along, until)]
                found.append((ends[0], ends[1]))
            along = until + 1e-9
        travelled += length
    return found
