"""Pictures with boxes drawn on them, brought to the pixels of a network: what every detector is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.fitting import LETTERBOX_LEVEL, content_wh
from sightline_backend.pixels import PixelSpec


@dataclass(frozen=True, eq=False)
class Marked:
    """Pictures of one size with the objects in them.

    pixels: (n, h, w, 3) uint8, at the network's pixel specification. boxes_xyxy: (k, 4) float32 for each picture, in
    its pixels. classes: (k,) int64 for each.
    """

    pixels: NDArray[np.uint8]
    boxes_xyxy: Sequence[NDArray[np.float32]]
    classes: Sequence[NDArray[np.int64]]

    def __post_init__(self) -> None:
        if not len(self.pixels) == len(self.boxes_xyxy) == len(self.classes):
            raise ValueError(
                f"expected boxes and classes of {len(self.pixels)} pictures, got {len(self.boxes_xyxy)} and "
                f"{len(self.classes)}"
            )

    def __len__(self) -> int:
        return len(self.pixels)


def fitted_boxes(boxes_xyxy: NDArray[np.float32], size_wh: tuple[int, int], spec: PixelSpec) -> NDArray[np.float32]:
    """Boxes (n, 4) in pixels of a picture of `size_wh`, in those that `spec` makes of it.

    Raises ValueError for the fit crop, which may leave an object out.

    >>> fitted_boxes(np.array([[0, 0, 200, 100]], np.float32), (400, 200), PixelSpec(128, 128, fit="letterbox"))
    array([[ 0., 32., 64., 64.]], dtype=float32)
    """
    if spec.fit == "crop":
        raise ValueError("expected the fit letterbox or squash, got crop")
    shown_w, shown_h = content_wh(size_wh, spec)
    left, top = (spec.width - shown_w) // 2, (spec.height - shown_h) // 2
    stretch = np.array([shown_w / size_wh[0], shown_h / size_wh[1]] * 2, np.float32)
    return boxes_xyxy * stretch + np.array([left, top] * 2, np.float32)


def moved(marked: Marked, rng: np.random.Generator) -> Marked:
    """Each picture 0.7 to 1.4 times as large and shifted by up to a fifth; objects whose middle leaves it are dropped.

    The field's augmentation that is right for every class: a mirrored letter would be another one.
    """
    _, height, width, _ = marked.pixels.shape
    pixels = np.full_like(marked.pixels, LETTERBOX_LEVEL)
    boxes: list[NDArray[np.float32]] = []
    classes: list[NDArray[np.int64]] = []
    side_wh = np.array([width, height], np.float32)
    for index in range(len(marked)):
        scale = rng.uniform(0.7, 1.4)
        corner = side_wh * (rng.uniform(-0.2, 0.2, 2) + (1 - scale) / 2)  # of the picture in the new one
        pixels[index] = _resampled(marked.pixels[index], float(scale), float(corner[0]), float(corner[1]))
        new = (marked.boxes_xyxy[index] * scale + np.tile(corner, 2)).astype(np.float32)
        middle = (new[:, :2] + new[:, 2:]) / 2
        inside = ((middle > 0) & (middle < side_wh)).all(axis=1)
        boxes.append(new[inside].clip(0, np.tile(side_wh, 2)))
        classes.append(marked.classes[index][inside])
    return Marked(pixels, boxes, classes)


def _resampled(pixels: NDArray[np.uint8], scale: float, left: float, top: float) -> NDArray[np.uint8]:
    image = Image.fromarray(pixels)
    back = (1 / scale, 0, -left / scale, 0, 1 / scale, -top / scale)
    grey = (LETTERBOX_LEVEL,) * 3
    moved_image = image.transform(image.size, Image.Transform.AFFINE, back, Image.Resampling.BILINEAR, fillcolor=grey)
    return np.asarray(moved_image)
