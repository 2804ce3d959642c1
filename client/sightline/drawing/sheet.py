"""A contact sheet: a picture, and those that are most like it."""

from __future__ import annotations

from collections.abc import Sequence

import PIL.Image
from PIL import ImageDraw

from sightline.drawing.canvas import canvas_for
from sightline.drawing.colours import INK, PALE, PAPER

TILE = 160
"""Side in pixels of the square that each picture is fitted into."""
_COLUMNS = 6
_GAP = 8


def draw_matches(
    picture: PIL.Image.Image, matches: Sequence[tuple[PIL.Image.Image | None, float, str]]
) -> PIL.Image.Image:
    """Return a sheet with a picture first and what was found for it behind, in the order given.

    Args:
        picture: RGB, what was searched for.
        matches: Picture, score and name of each find; None where its picture cannot be shown, which leaves a grey tile.

    Returns:
        RGB; tiles of 160 pixels with score and name below each, six in a row.

    Example:
        ```python
        (match,) = index.search(client, "new.jpg", top=1)
        draw_matches(open_upright("new.jpg"), [(open_upright(match.name), match.score, match.name)]).save("sheet.png")
        ```
    """
    tiles = [(picture, "searched for", ""), *((found, f"{score:.3f}", name) for found, score, name in matches)]
    canvas = canvas_for(PIL.Image.new("RGB", (TILE, TILE)))
    width, height = TILE + _GAP, TILE + 2 * canvas.text_height + _GAP
    columns, rows = min(_COLUMNS, len(tiles)), -(-len(tiles) // _COLUMNS)
    sheet = PIL.Image.new("RGB", (columns * width + _GAP, rows * height + _GAP), PAPER)
    pen = ImageDraw.Draw(sheet)
    for place, (tile, *texts) in enumerate(tiles):
        left, top = _GAP + place % columns * width, _GAP + place // columns * height
        if tile is None:
            pen.rectangle((left, top, left + TILE - 1, top + TILE - 1), fill=PALE)
        else:
            shown = _fitted(tile)
            sheet.paste(shown, (left + (TILE - shown.width) // 2, top + (TILE - shown.height) // 2))
        for line, text in enumerate(texts):
            where = (left, top + TILE + canvas.padding + line * canvas.text_height)
            pen.text(where, canvas.shortened(text, TILE), fill=INK, font=canvas.font)
    return sheet


def _fitted(picture: PIL.Image.Image) -> PIL.Image.Image:
    """The picture at the largest size that a tile takes; the pixels of small ones can be seen."""
    scale = TILE / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    resample = PIL.Image.Resampling.LANCZOS if scale < 1 else PIL.Image.Resampling.NEAREST
    return picture.resize(size, resample)
