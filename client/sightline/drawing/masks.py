"""Classes of pixels as colours over the picture, with a legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ImageDraw

from sightline.drawing.canvas import Canvas, canvas_for
from sightline.drawing.colours import INK, PAPER, Colour, class_colour

if TYPE_CHECKING:
    from sightline.results import Segmentation

_BACKGROUNDS = frozenset(
    {"background", "__background__", "_background_", "bg", "none", "void", "unlabeled", "unlabelled"}
)
_OPACITY = 128
_LEGEND_MAX = 24


def draw_segmentation(picture: PIL.Image.Image, segmentation: Segmentation) -> PIL.Image.Image:
    """Return the picture with each class in its colour, half transparent, and a legend below it.

    Args:
        picture: RGB, of the size of the class map.
        segmentation: The classes; class 0 stays as it is where its name says that it is the background.

    Returns:
        RGB; the picture, or a whole multiple of it, with the legend below.

    Example:
        ```python
        draw_segmentation(open_upright("street.jpg"), client.segment("street.jpg")).save("answer.png")
        ```
    """
    canvas = canvas_for(picture)
    colours = [_colour(class_id, label) for class_id, label in enumerate(segmentation.labels)]
    class_map = segmentation.class_map.repeat(canvas.factor, axis=0).repeat(canvas.factor, axis=1)
    levels = np.array([colour or (0, 0, 0) for colour in colours], dtype=np.uint8)
    opacity = np.array([0 if colour is None else _OPACITY for colour in colours], dtype=np.uint8)[class_map]
    opacity[_borders(class_map, max(1, canvas.line_width // 2)) & (opacity > 0)] = 255
    canvas.picture.paste(PIL.Image.fromarray(levels[class_map]), (0, 0), PIL.Image.fromarray(opacity))
    return _with_legend(canvas, segmentation, colours)


def _colour(class_id: int, label: str) -> Colour | None:
    return None if class_id == 0 and label.lower() in _BACKGROUNDS else class_colour(class_id)


def _borders(class_map: NDArray[np.uint8], width: int) -> NDArray[np.bool_]:
    """Return where another class is at most `width` pixels away, along a row or a column."""
    borders = np.zeros(class_map.shape, dtype=np.bool_)
    across = class_map[:, width:] != class_map[:, :-width]
    down = class_map[width:] != class_map[:-width]
    borders[:, :-width] |= across
    borders[:, width:] |= across
    borders[:-width] |= down
    borders[width:] |= down
    return borders


def _with_legend(canvas: Canvas, segmentation: Segmentation, colours: list[Colour | None]) -> PIL.Image.Image:
    counts = np.bincount(segmentation.class_map.ravel(), minlength=len(colours))
    present = [class_id for class_id in np.argsort(-counts, kind="stable").tolist() if counts[class_id]]
    entries: list[tuple[Colour | None, str]] = [
        (colours[class_id], f"{segmentation.labels[class_id]} {counts[class_id] / segmentation.class_map.size:.1%}")
        for class_id in present[:_LEGEND_MAX]
    ]
    if len(present) > _LEGEND_MAX:
        entries.append((PAPER, f"and {len(present) - _LEGEND_MAX} more"))
    return _draw_legend(canvas, entries)


def _draw_legend(canvas: Canvas, entries: list[tuple[Colour | None, str]]) -> PIL.Image.Image:
    swatch, gap, row = canvas.text_size, canvas.padding, canvas.text_height + canvas.padding
    width = max(canvas.picture.width, 16 * canvas.text_size)
    places: list[tuple[int, int, str]] = []
    left, top = gap, gap
    for _, text in entries:
        shown = canvas.shortened(text, width - swatch - 3 * gap)
        needed = swatch + gap + canvas.text_width(shown)
        if left > gap and left + needed > width - gap:
            left, top = gap, top + row
        places.append((left, top, shown))
        left += needed + 4 * gap
    paper = canvas.with_room_below(top + row, width)
    pen = ImageDraw.Draw(paper)
    for (colour, _), (left, top, shown) in zip(entries, places, strict=True):
        down = canvas.picture.height + top
        pen.rectangle(
            (left, down, left + swatch - 1, down + swatch - 1), fill=colour, outline=None if colour == PAPER else INK
        )
        pen.text((left + swatch + gap, down + swatch // 2), shown, fill=INK, font=canvas.font, anchor="lm")
    return paper
