"""A heat map over the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ImageDraw

from sightline.drawing.canvas import canvas_for
from sightline.drawing.colours import INK, heat_colours

if TYPE_CHECKING:
    from sightline.results import Explanation

_OPACITY_COLD, _OPACITY_HOT = 90, 190
_SCALE_PARTS = 4  # the scale takes a quarter of the width


def draw_explanation(picture: PIL.Image.Image, explanation: Explanation) -> PIL.Image.Image:
    """Return the picture in grey under its heat map, with label, score and method below it.

    Args:
        picture: RGB, of the size of the heat map.
        explanation: Hot is bright yellow; where it is cold, the picture is darkened and stays visible.

    Returns:
        RGB; the picture, or a whole multiple of it, with one line below.

    Example:
        ```python
        draw_explanation(open_upright("digit.png"), client.explain("digit.png")).save("answer.png")
        ```
    """
    # in grey, so that every colour is that of the heat
    canvas = canvas_for(picture.convert("L"))
    hotness: NDArray[np.uint8] = np.rint(explanation.heatmap * 255).astype(np.uint8)
    heat = PIL.Image.fromarray(hotness)
    levels = np.asarray(heat.resize(canvas.picture.size, PIL.Image.Resampling.BILINEAR))
    opacity: NDArray[np.uint8] = np.linspace(_OPACITY_COLD, _OPACITY_HOT, 256).astype(np.uint8)
    colours = heat_colours()
    canvas.picture.paste(PIL.Image.fromarray(colours[levels]), (0, 0), PIL.Image.fromarray(opacity[levels]))

    gap, row = canvas.padding, canvas.text_height + 2 * canvas.padding
    width = max(canvas.picture.width, 16 * canvas.text_size)
    paper = canvas.with_room_below(row, width)
    middle = canvas.picture.height + row // 2
    scale = width // _SCALE_PARTS
    text = canvas.shortened(
        f"{explanation.label} {explanation.score:.2f}, {explanation.method}", width - scale - 3 * gap
    )
    pen = ImageDraw.Draw(paper)
    pen.text((gap, middle), text, fill=INK, font=canvas.font, anchor="lm")
    bar = PIL.Image.fromarray(colours[None]).resize((scale, canvas.text_size), PIL.Image.Resampling.BILINEAR)
    paper.paste(bar, (width - scale - gap, middle - canvas.text_size // 2))
    return paper
