"""The contact sheet of a classifier: what it got wrong, what it was least sure of, and one picture of each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sightline_backend.modes import to_mode
from sightline_backend.pictures import open_picture
from sightline_export.datasets.labelled_pictures import Half
from sightline_export.held_out import scores_of
from sightline_export.sheets.contact_sheet import grid
from sightline_export.verification.parity import Runtime

COLUMNS = 10
MOST_WRONG = 2 * COLUMNS
MOST_ASKED = 2000
TILE = 83
_LETTERS = 12
_CAPTION = 2 * _LETTERS + 4
_RIGHT, _WRONG, _GROUND = (0, 110, 50), (190, 0, 30), (255, 255, 255)


def classifier_sheet(half: Half, labels: tuple[str, ...], model: Runtime) -> Image.Image:
    """Held-out pictures, each with the label and the score that `model` gave it; a wrong one also says what it is.

    Rows: the wrong answers, the surest first; the right ones, the least sure first; the surest of each class. Of more
    than 2,000 pictures as many are asked, evenly spaced: folders are sorted by class.
    """
    count = min(len(half), MOST_ASKED)
    half = half.some([index * len(half) // count for index in range(count)])
    scores = scores_of(half, model)
    chosen = chosen_pictures(scores, half.labels)
    rows: list[list[Image.Image]] = []
    titles: list[str] = []
    for title, indices in chosen:
        for start in range(0, len(indices), COLUMNS):
            rows.append([_tile(half, index, scores[index], labels) for index in indices[start : start + COLUMNS]])
            titles.append("" if start else title)
    return grid(rows, row_titles=titles, tile=TILE)


def chosen_pictures(scores: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[tuple[str, Sequence[int]], ...]:
    """Which pictures are shown under which title. scores: (n, k). labels: (n,)."""
    predicted, sure = scores.argmax(axis=1), scores.max(axis=1)
    right = predicted == labels
    order = np.argsort(-sure, kind="stable")
    wrong = [int(index) for index in order if not right[index]]
    unsure = [int(index) for index in order[::-1] if right[index]][:COLUMNS]
    surest = {int(labels[index]): int(index) for index in order[::-1] if right[index]}
    each = [index for _, index in sorted(surest.items())][: 2 * COLUMNS]
    rows = ((f"wrong: {len(wrong)} of {len(labels)}", wrong[:MOST_WRONG]), ("least sure", unsure), ("surest", each))
    return tuple((title, indices) for title, indices in rows if indices)


def _tile(half: Half, index: int, scores: NDArray[np.float32], labels: tuple[str, ...]) -> Image.Image:
    """A square with the picture above two lines of text."""
    best, truth = int(scores.argmax()), int(half.labels[index])
    picture = open_picture(half.file(index).content)
    room = TILE - _CAPTION
    scale = room / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    shown = to_mode(picture, "rgb").resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.NEAREST)
    tile = Image.new("RGB", (TILE, TILE), _GROUND)
    tile.paste(shown, ((TILE - size[0]) // 2, (room - size[1]) // 2))
    draw, font = ImageDraw.Draw(tile), ImageFont.load_default(_LETTERS)
    lines = (labels[best], f"{scores[best]:.2f}" if best == truth else f"{scores[best]:.2f} is {labels[truth]}")
    for number, line in enumerate(lines):
        while len(line) > 1 and font.getlength(line) > TILE:
            line = line[:-2] + "…"
        place = (TILE - font.getlength(line)) / 2, room + 1 + number * (_LETTERS + 1)
        draw.text(place, line, _RIGHT if best == truth else _WRONG, font)
    return tile
