"""Digit scenes: several handwritten digits on a photograph, with exact boxes and an exact class of every pixel.

Each scene is drawn from its index alone, so that scene 7 is the same on every machine. Training scenes are made of
training digits and training photographs, held-out scenes of held-out ones. How a digit is drawn is in
:mod:`sightline_export.datasets.scene_drawing`.

A digit's pixels are those with at least half of its ink. Its box is the tightest around all of them, hidden ones
included. Where digits overlap the later one lies on top. A digit of which less than half of the pixels can be seen has
no box; what can be seen of it stays in the class map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline_export.datasets.digits import SOURCE as DIGITS_SOURCE
from sightline_export.datasets.scene_drawing import SIDE, SOLID, background, paint, warped_digit
from sightline_export.datasets.textures import SOURCE as TEXTURES_SOURCE
from sightline_export.datasets.textures import Split

SEED = 20261122
SOURCE = f"digit scenes drawn by this project from {DIGITS_SOURCE}; backgrounds: {TEXTURES_SOURCE}"

DIGIT_HEIGHTS = 14, 44  # % of a scene's side, between which 98 of 100 digits are high
LIMITS = (
    f"It knows handwritten digits drawn over photographs, nearly all {DIGIT_HEIGHTS[0]} to {DIGIT_HEIGHTS[1]} % of the "
    "picture's longer side high and turned by at most 20 degrees. Printed digits, photographs of real writing and "
    "pictures full of writing are outside of what it has seen."
)
"""Of every network that was trained on scenes."""

MOST_DIGITS = 6  # where nothing else is asked for; a training loop learns more from crowded scenes
MOST_OVERLAP = 0.35  # of two boxes, as a share of the smaller one
LEAST_VISIBLE = 0.5  # of a digit's pixels


@dataclass(frozen=True, eq=False)
class Scene:
    """One picture with all that is known of it.

    pixels: (128, 128, 3) uint8 RGB.
    boxes_xyxy: (n, 4) float32, left, top, right, bottom in pixels; right and bottom lie behind the last pixel.
    classes: (n,) int64 in 0..9, the digit in each box.
    class_map: (128, 128) uint8, 0 where there is no digit, 1 + digit where there is one.
    """

    pixels: NDArray[np.uint8]
    boxes_xyxy: NDArray[np.float32]
    classes: NDArray[np.int64]
    class_map: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.boxes_xyxy.shape != (len(self.classes), 4):
            raise ValueError(f"expected {len(self.classes)} boxes, one per class, got shape {self.boxes_xyxy.shape}")


@dataclass(frozen=True, eq=False)
class SceneBatch:
    """Scenes stacked for training.

    pixels: (n, 128, 128, 3) uint8. class_maps: (n, 128, 128) uint8. boxes_xyxy, classes: one array per scene.
    """

    pixels: NDArray[np.uint8]
    class_maps: NDArray[np.uint8]
    boxes_xyxy: tuple[NDArray[np.float32], ...]
    classes: tuple[NDArray[np.int64], ...]


@dataclass(frozen=True, eq=False)
class Placed:
    """The ink (h, w) uint8 of a digit with its top left corner in the picture."""

    digit: int
    ink: NDArray[np.uint8]
    left: int
    top: int

    @property
    def box_xyxy(self) -> tuple[int, int, int, int]:
        height, width = self.ink.shape
        return self.left, self.top, self.left + width, self.top + height

    @property
    def region(self) -> tuple[slice, slice]:
        left, top, right, bottom = self.box_xyxy
        return slice(top, bottom), slice(left, right)


def scene(split: Split, index: int, most_digits: int = MOST_DIGITS) -> Scene:
    """Scene `index` (from 0 on, without end) of a split, always the same.

    most_digits: 1 to so many are drawn, as far as there is room.

    >>> scene("held_out", 0).pixels.shape
    (128, 128, 3)
    """
    rng = np.random.default_rng((SEED, ("train", "held_out").index(split), index))
    canvas = background(split, rng)
    placed = _placed(split, most_digits, rng)
    for digit in placed:
        paint(canvas[digit.region], digit.ink, rng)
    noise = rng.standard_normal((SIDE, SIDE, 3), np.float32)
    canvas += rng.uniform(0, 12) * noise
    class_map, seen = layered(placed)
    return Scene(
        pixels=np.rint(canvas).clip(0, 255).astype(np.uint8),
        boxes_xyxy=np.array([digit.box_xyxy for digit in seen], np.float32).reshape(-1, 4),
        classes=np.array([digit.digit for digit in seen], np.int64),
        class_map=class_map,
    )


def scene_batch(split: Split, indices: Sequence[int], most_digits: int = MOST_DIGITS) -> SceneBatch:
    """Several scenes at once.

    >>> scene_batch("train", range(32)).pixels.shape
    (32, 128, 128, 3)
    """
    scenes = [scene(split, index, most_digits) for index in indices]
    return SceneBatch(
        pixels=np.stack([one.pixels for one in scenes]),
        class_maps=np.stack([one.class_map for one in scenes]),
        boxes_xyxy=tuple(one.boxes_xyxy for one in scenes),
        classes=tuple(one.classes for one in scenes),
    )


def layered(placed: Sequence[Placed]) -> tuple[NDArray[np.uint8], list[Placed]]:
    """The class map (128, 128) of digits of which later ones lie on top, and those of them that are seen well enough.

    >>> layered([])[0].max()
    0
    """
    class_map = np.zeros((SIDE, SIDE), np.uint8)
    on_top = np.full((SIDE, SIDE), -1, np.int64)
    for number, digit in enumerate(placed):
        solid = digit.ink >= SOLID
        class_map[digit.region][solid] = 1 + digit.digit
        on_top[digit.region][solid] = number
    seen = [
        digit
        for number, digit in enumerate(placed)
        if (on_top[digit.region] == number).sum() >= LEAST_VISIBLE * (digit.ink >= SOLID).sum()
    ]
    return class_map, seen


def _placed(split: Split, most_digits: int, rng: np.random.Generator) -> list[Placed]:
    """One digit to `most_digits`, each where it covers little of the boxes of the others."""
    placed: list[Placed] = []
    for _ in range(int(rng.integers(1, most_digits + 1))):
        number, ink = warped_digit(split, rng)
        height, width = (int(side) for side in ink.shape)
        for _ in range(12):
            left, top = int(rng.integers(SIDE - width + 1)), int(rng.integers(SIDE - height + 1))
            candidate = Placed(number, ink, left, top)
            if all(_overlap(candidate, other) <= MOST_OVERLAP for other in placed):
                placed.append(candidate)
                break
    return placed


def _overlap(one: Placed, other: Placed) -> float:
    """The area that two boxes share, of the smaller one."""
    left, top, right, bottom = one.box_xyxy
    left2, top2, right2, bottom2 = other.box_xyxy
    shared = max(0, min(right, right2) - max(left, left2)) * max(0, min(bottom, bottom2) - max(top, top2))
    return shared / min((right - left) * (bottom - top), (right2 - left2) * (bottom2 - top2))
