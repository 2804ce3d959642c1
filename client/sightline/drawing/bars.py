"""Scores of classes as bars below the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import PIL.Image
from PIL import ImageDraw

from sightline.drawing.canvas import canvas_for
from sightline.drawing.colours import INK, PALE, class_colour

if TYPE_CHECKING:
    from sightline.results import Classification

_BARS_MAX = 10
_LABEL_PARTS = 3  # a label takes at most a third of the width


def draw_classification(picture: PIL.Image.Image, classification: Classification) -> PIL.Image.Image:
    """Return the picture with a bar for each class below it, ten at most.

    Args:
        picture: RGB.
        classification: The classes, best first; a bar as wide as its track is a score of 1.

    Returns:
        RGB; the picture, or a whole multiple of it, with the bars below.

    Example:
        ```python
        draw_classification(open_upright("digit.png"), client.classify("digit.png")).save("answer.png")
        ```
    """
    canvas = canvas_for(picture)
    gap, row = canvas.padding, canvas.text_height + canvas.padding
    width = max(canvas.picture.width, 16 * canvas.text_size)
    labels = [canvas.shortened(label, width // _LABEL_PARTS) for label in classification.labels[:_BARS_MAX]]
    scores = [f"{score:.3f}" for score in classification.scores[:_BARS_MAX].tolist()]
    paper = canvas.with_room_below(len(labels) * row + gap, width)
    pen = ImageDraw.Draw(paper)
    left = 2 * gap + max(canvas.text_width(label) for label in labels)
    right = width - 2 * gap - max(canvas.text_width(score) for score in scores)
    for place, (label, score) in enumerate(zip(labels, scores, strict=True)):
        top = canvas.picture.height + gap + place * row
        middle, bottom = top + canvas.text_size // 2, top + canvas.text_size - 1
        filled = round((right - left) * min(float(classification.scores[place]), 1.0))
        pen.text((gap, middle), label, fill=INK, font=canvas.font, anchor="lm")
        pen.rectangle((left, top, right - 1, bottom), fill=PALE)
        if filled:
            colour = class_colour(int(classification.class_ids[place]))
            pen.rectangle((left, top, left + filled - 1, bottom), fill=colour)
        pen.text((width - gap, middle), score, fill=INK, font=canvas.font, anchor="rm")
    return paper
