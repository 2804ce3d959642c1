"""The contact sheet of a segmenter: pictures, the classes that it found, and those that are right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_export.sheets.contact_sheet import grid, masked

COLUMNS = 6
TILE = 96
OPACITY = 0.85
"""Of the colours, over the picture in grey."""


def segmentation_sheet(
    pictures: Sequence[Image.Image], found: Sequence[NDArray[np.uint8]], truth: Sequence[NDArray[np.uint8]]
) -> Image.Image:
    """Three rows for every six pictures. found, truth: a class map (h, w) of the size of each picture."""
    rows: list[list[Image.Image]] = []
    for start in range(0, len(pictures), COLUMNS):
        some = slice(start, start + COLUMNS)
        coloured = [
            [
                masked(picture.convert("L"), one, OPACITY)
                for picture, one in zip(pictures[some], maps[some], strict=True)
            ]
            for maps in (found, truth)
        ]
        rows += [list(pictures[some]), *coloured]
    return grid(rows, ["picture", "found", "truth"] * (len(rows) // 3), tile=TILE)
