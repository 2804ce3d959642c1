"""Expected pixels, served pixels and their difference, side by side and enlarged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]

_PANEL = 384
_GAP = 16
_HEAD = 56
_BACKGROUND, _TEXT, _FAINT, _MARK = (255, 255, 255), (20, 20, 20), (110, 110, 110), (230, 0, 90)


def draw(expected: Pixels, served: Pixels | None, title: str) -> Image.Image:
    """An RGB image. expected, served: uint8 (h, w, c); None where the service does not show its pixels."""
    height, width = expected.shape[:2]
    factor = max(1, _PANEL // max(height, width))
    panels = [(_rgb(expected), "expected (training)")]
    if served is not None:
        difference = np.abs(expected.astype(int) - served.astype(int))
        strongest = max(1, int(difference.max()))
        gain = min(255 // strongest, 32) or 1
        shown = np.minimum(difference * gain, 255).astype(np.uint8)
        panels += [(_rgb(served), "served"), (_rgb(shown), f"difference x {gain}")]
    panel_wh = width * factor, height * factor
    font, small = (ImageFont.load_default(size) for size in (16, 13))
    canvas_width = max(len(panels) * (panel_wh[0] + _GAP) + _GAP, int(font.getlength(title)) + 2 * _GAP)
    canvas = Image.new("RGB", (canvas_width, panel_wh[1] + _HEAD + _GAP), _BACKGROUND)
    pen = ImageDraw.Draw(canvas)
    pen.text((_GAP, 8), title, _TEXT, font)
    for number, (pixels, caption) in enumerate(panels):
        left = _GAP + number * (panel_wh[0] + _GAP)
        pen.text((left, 34), caption, _FAINT, small)
        canvas.paste(Image.fromarray(pixels).resize(panel_wh, Image.Resampling.NEAREST), (left, _HEAD))
        pen.rectangle((left - 1, _HEAD - 1, left + panel_wh[0], _HEAD + panel_wh[1]), outline=(200, 200, 200))
        if served is not None and not np.array_equal(expected, served):
            y, x, _ = (int(i) for i in np.argwhere(expected != served)[0])
            corner = left + x * factor, _HEAD + y * factor
            pen.rectangle(
                (corner[0] - 2, corner[1] - 2, corner[0] + factor + 1, corner[1] + factor + 1), None, _MARK, 2
            )
    return canvas


def _rgb(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))
