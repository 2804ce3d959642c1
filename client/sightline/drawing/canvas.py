"""The size of what is drawn: pictures enlarged, text and lines that fit them, room below for a legend."""

from __future__ import annotations

from dataclasses import dataclass

import PIL.Image
from PIL import ImageFont

from sightline.drawing.colours import PAPER

_READABLE_SIDE = 320
_TEXT_MIN = 12
_ELLIPSIS = "…"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, eq=False)
class Canvas:
    """A picture that is large enough to draw in, with the measures that fit it."""

    picture: PIL.Image.Image
    """RGB, a copy."""
    factor: int
    """How many pixels of it stand for one of the original, along each axis."""
    font: Font
    text_size: int
    line_width: int

    @property
    def text_height(self) -> int:
        return self.text_size + self.padding

    @property
    def padding(self) -> int:
        return max(2, self.text_size // 4)

    def text_width(self, text: str) -> int:
        return int(self.font.getlength(text) + 0.999)

    def shortened(self, text: str, width: int) -> str:
        """Return as much of `text` as is at most `width` pixels wide."""
        if self.text_width(text) <= width:
            return text
        kept = text
        while kept and self.text_width(kept + _ELLIPSIS) > width:
            kept = kept[:-1]
        return kept.rstrip() + _ELLIPSIS if kept else ""

    def with_room_below(self, height: int, least_width: int = 0) -> PIL.Image.Image:
        """Return the picture on paper that is `height` pixels taller."""
        width = max(self.picture.width, least_width)
        paper = PIL.Image.new("RGB", (width, self.picture.height + height), PAPER)
        paper.paste(self.picture, ((width - self.picture.width) // 2, 0))
        return paper


def canvas_for(picture: PIL.Image.Image) -> Canvas:
    """Return a canvas with the picture, enlarged by a whole number where its longer side is below 320 pixels."""
    factor = -(-_READABLE_SIDE // max(picture.size))
    enlarged = picture.convert("RGB").resize(
        (picture.width * factor, picture.height * factor), PIL.Image.Resampling.NEAREST
    )
    longer = max(enlarged.size)
    text_size = max(_TEXT_MIN, round(longer / 48))
    return Canvas(enlarged, factor, ImageFont.load_default(text_size), text_size, max(2, round(longer / 320)))
