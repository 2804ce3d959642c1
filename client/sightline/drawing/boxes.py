"""Boxes with their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import PIL.Image
from PIL import ImageDraw

from sightline.drawing.canvas import Canvas, canvas_for
from sightline.drawing.colours import Colour, class_colour, text_colour

if TYPE_CHECKING:
    from sightline.results import Detection, Detections

Rectangle: TypeAlias = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels, where right and bottom are the first ones outside."""


@dataclass(frozen=True)
class _Tag:
    left: int
    top: int
    right: int
    bottom: int
    text: str
    colour: Colour


def draw_detections(picture: PIL.Image.Image, detections: Detections) -> PIL.Image.Image:
    """Return the picture with a box for each object, its label and score on a tag of the colour of the class.

    Args:
        picture: RGB, of the size that the boxes are in.
        detections: The boxes; those with higher scores are drawn over the others.

    Returns:
        RGB, of the size of `picture` or a whole multiple of it.

    Example:
        ```python
        draw_detections(open_upright("street.jpg"), client.detect("street.jpg")).save("answer.png")
        ```
    """
    canvas = canvas_for(picture)
    pen = ImageDraw.Draw(canvas.picture)
    best_first = sorted(detections, key=lambda each: -each.score)
    boxes = [_rectangle(each, canvas) for each in best_first]
    for detection, box in reversed(list(zip(best_first, boxes, strict=True))):
        left, top, right, bottom = box
        pen.rectangle(
            (left, top, right - 1, bottom - 1), outline=class_colour(detection.class_id), width=canvas.line_width
        )
    tags: list[_Tag] = []
    for detection, box in zip(best_first, boxes, strict=True):
        tag = _tag(canvas, detection, box, tags)
        if tag is not None:
            tags.append(tag)
    for tag in reversed(tags):
        pen.rectangle((tag.left, tag.top, tag.right - 1, tag.bottom - 1), fill=tag.colour)
        middle = (tag.left + canvas.padding, (tag.top + tag.bottom) // 2)
        pen.text(middle, tag.text, fill=text_colour(tag.colour), font=canvas.font, anchor="lm")
    return canvas.picture


def _rectangle(detection: Detection, canvas: Canvas) -> Rectangle:
    left, top, right, bottom = (round(each * canvas.factor) for each in detection.xyxy)
    width, height = canvas.picture.size
    left, top = min(left, width - 1), min(top, height - 1)
    return left, top, min(max(right, left + 1), width), min(max(bottom, top + 1), height)


def _tag(canvas: Canvas, detection: Detection, box: Rectangle, taken: Sequence[_Tag]) -> _Tag | None:
    """Return the tag of a box at the first place that no other covers; None where the picture is too narrow for one."""
    score = f"{detection.score:.2f}"
    room = canvas.picture.width - 2 * canvas.padding
    label = canvas.shortened(detection.label, room - canvas.text_width(f" {score}"))
    text = f"{label} {score}" if label else score
    width, height = canvas.text_width(text) + 2 * canvas.padding, canvas.text_height
    if width > canvas.picture.width or height > canvas.picture.height:
        return None
    tags = [
        _Tag(left, top, left + width, top + height, text, class_colour(detection.class_id))
        for left, top in (_inside(corner, width, height, canvas) for corner in _corners(box, width, height))
    ]
    return next((tag for tag in tags if not any(_overlap(tag, other) for other in taken)), tags[0])


def _corners(box: Rectangle, width: int, height: int) -> Iterator[tuple[int, int]]:
    """Yield where the tag of a box may begin, the best place first: above, inside, below, then further down."""
    left, top, right, bottom = box
    if top >= height:
        yield left, top - height
    yield left, top
    yield right - width, top
    yield left, bottom - height
    yield left, bottom
    yield from ((left, down) for down in range(top + height, bottom, height))


def _inside(corner: tuple[int, int], width: int, height: int, canvas: Canvas) -> tuple[int, int]:
    left, top = corner
    return max(0, min(left, canvas.picture.width - width)), max(0, min(top, canvas.picture.height - height))


def _overlap(one: _Tag, other: _Tag) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom
