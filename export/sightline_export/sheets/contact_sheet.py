"""Contact sheets: pictures in rows and columns with titles, so that a person can judge a model by looking."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SHEET = "sheet.png"
"""Name of the file beside a card."""

MOST_BYTES = 300_000
"""Sheets are committed with the cards: a larger one is reduced in its colours."""

COLOURS = ("#e6194b", "#3cb44b", "#ffe119", "#4363d8", "#f58231", "#911eb4", "#46f0f0", "#f032e6", "#bcf60c", "#fabebe")
"""Of classes, in turn; told apart by most people with a colour-vision deficiency by their lightness too."""

_GAP = 6
_TITLE = 12  # height of the letters in pixels
_GROUND = (255, 255, 255)
_INK = (32, 32, 32)


def grid(
    rows: Sequence[Sequence[Image.Image]],
    row_titles: Sequence[str] = (),
    column_titles: Sequence[str] = (),
    tile: int = 96,
    resample: Image.Resampling = Image.Resampling.NEAREST,
) -> Image.Image:
    """The pictures in rows, each fitted into a square of `tile` pixels.

    resample: how a picture is enlarged or reduced; `NEAREST` leaves the pixels of small ones to be seen.

    >>> grid([[Image.new("RGB", (8, 8))] * 3], row_titles=["black"]).size
    (357, 108)
    """
    font = ImageFont.load_default(_TITLE)
    left = _GAP + max((int(font.getlength(title)) + _GAP for title in row_titles), default=0)
    top = _GAP + (_TITLE + _GAP if column_titles else 0)
    columns = max((len(row) for row in rows), default=0)
    sheet = Image.new("RGB", (left + columns * (tile + _GAP), top + len(rows) * (tile + _GAP)), _GROUND)
    draw = ImageDraw.Draw(sheet)
    for column, title in enumerate(column_titles):
        draw.text((left + column * (tile + _GAP), _GAP), title, _INK, font)
    for y, row in enumerate(rows):
        if y < len(row_titles):
            draw.text((_GAP, top + y * (tile + _GAP) + (tile - _TITLE) // 2), row_titles[y], _INK, font)
        for x, picture in enumerate(row):
            shown = _fitted(picture, tile, resample)
            corner = left + x * (tile + _GAP), top + y * (tile + _GAP)
            sheet.paste(shown, (corner[0] + (tile - shown.width) // 2, corner[1] + (tile - shown.height) // 2))
    return sheet


def boxed(
    image: Image.Image, xyxy: NDArray[np.floating], classes: Sequence[int], labels: Sequence[str], scale: int = 1
) -> Image.Image:
    """A copy of the picture, `scale` times as large, with boxes (n, 4) in its pixels, coloured and named by class."""
    shown = image.convert("RGB").resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(shown)
    font = ImageFont.load_default(_TITLE)
    for box, number in zip(xyxy.tolist(), classes, strict=True):
        colour = COLOURS[number % len(COLOURS)]
        x0, y0, x1, y1 = (side * scale for side in box)
        draw.rectangle((x0, y0, max(x0, x1), max(y0, y1)), outline=colour, width=2)
        label = labels[number]
        draw.rectangle((x0, y0, x0 + font.getlength(label) + 4, y0 + _TITLE + 2), fill=colour)
        draw.text((x0 + 2, y0), label, _INK, font)
    return shown


def masked(image: Image.Image, class_map: NDArray[np.uint8], opacity: float = 0.6) -> Image.Image:
    """A copy of the picture under the colours of its classes (h, w); class 0 is left as it is."""
    palette = np.array([(0, 0, 0), *(Image.new("RGB", (1, 1), colour).getpixel((0, 0)) for colour in COLOURS)])
    colours = palette[np.where(class_map > 0, (class_map - 1) % len(COLOURS) + 1, 0)]
    pixels = np.asarray(image.convert("RGB"), dtype=np.float64)
    share = np.where(class_map > 0, opacity, 0.0)[..., None]
    return Image.fromarray(np.round(pixels * (1 - share) + colours * share).astype(np.uint8))


def heated(image: Image.Image, heatmap: NDArray[np.floating], opacity: float = 0.55) -> Image.Image:
    """A copy of the picture under a heat map (h, w) in [0, 1], from blue over green to red."""
    levels = Image.fromarray(np.round(np.asarray(heatmap) * 255).astype(np.uint8)).resize(
        image.size, Image.Resampling.BICUBIC
    )
    heat = np.asarray(levels, dtype=np.float64) / 255
    # Google's Turbo is a table; this is the simple map "jet" in three ramps.
    ramps = [np.clip(1.5 - np.abs(4 * heat - centre), 0, 1) for centre in (3, 2, 1)]
    colours = Image.fromarray(np.round(np.stack(ramps, axis=-1) * 255).astype(np.uint8))
    return Image.blend(image.convert("RGB"), colours, opacity)


def save_sheet(sheet: Image.Image, path: Path) -> None:
    """Write the sheet as a PNG; one above :data:`MOST_BYTES` gets a palette of 256 colours. Raises OSError."""
    whole = _png(sheet.convert("RGB"))
    path.write_bytes(whole if len(whole) <= MOST_BYTES else _png(sheet.convert("RGB").quantize(256)))


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _fitted(picture: Image.Image, tile: int, resample: Image.Resampling) -> Image.Image:
    scale = tile / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    reduced = Image.Resampling.LANCZOS if scale < 1 else resample
    return picture.convert("RGB").resize(size, reduced)
