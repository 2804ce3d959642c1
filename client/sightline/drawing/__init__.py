"""Answers drawn into their pictures, so that a person can look: PIL in, PIL RGB out, and nothing is changed in place.

Sizes of text and lines follow the picture. One whose longer side is below 320 pixels is enlarged by a whole number
first, so that the text can be read.
"""

from sightline.drawing.bars import draw_classification
from sightline.drawing.boxes import draw_detections
from sightline.drawing.heat import draw_explanation
from sightline.drawing.masks import draw_segmentation
from sightline.drawing.sheet import draw_matches
from sightline.drawing.upright import open_upright

__all__ = [
    "draw_classification",
    "draw_detections",
    "draw_explanation",
    "draw_matches",
    "draw_segmentation",
    "open_upright",
]
