"""How well class maps fit the truth: intersection over union, counted over all pixels of all pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sightline_export.measures.classification import row_names
from sightline_export.measures.figures import Figure, Measurement


def confusion(truth: NDArray[np.uint8], found: NDArray[np.uint8], classes: int) -> NDArray[np.int64]:
    """How many pixels of each class (rows) were given which class (columns).

    truth, found: class maps of the same shape.

    Returns:
        int64, (classes, classes).

    Raises:
        ValueError: the shapes differ, or a class is not below `classes`.

    >>> confusion(np.array([[0, 1]], np.uint8), np.array([[0, 0]], np.uint8), 2).tolist()
    [[1, 0], [1, 0]]
    """
    if truth.shape != found.shape:
        raise ValueError(f"expected class maps of one shape, got {truth.shape} and {found.shape}")
    largest = max(int(truth.max(initial=0)), int(found.max(initial=0)))
    if largest >= classes:
        raise ValueError(f"expected classes below {classes}, got {largest}")
    pairs = truth.astype(np.int64).ravel() * classes + found.ravel()
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def segmentation(
    pairs: Iterable[tuple[NDArray[np.uint8], NDArray[np.uint8]]], names: Sequence[str], floor: float | None = None
) -> Measurement:
    """Mean IoU over the classes that are there, pixel accuracy and, per class, its IoU and its pixels.

    The IoU of a class is the number of pixels that are of it and were found, divided by those that are of it or were
    found (Everingham et al., "The Pascal Visual Object Classes Challenge", 2015). A class that is in no picture, and
    was found in none, is left out of the mean.

    pairs: truth and found class map of each picture.
    names: of the classes, see `sightline_export.measures.classification.row_names`.
    floor: of the mean IoU.

    Raises:
        ValueError: as in `confusion`, or there is no picture.
    """
    total = np.zeros((len(names), len(names)), np.int64)
    for truth, found in pairs:
        total += confusion(truth, found, len(names))
    if not total.any():
        raise ValueError("expected at least one pixel to measure, got none")
    both, there, found_pixels = np.diag(total), total.sum(axis=1), total.sum(axis=0)
    either = there + found_pixels - both
    iou = both / np.maximum(either, 1)
    return Measurement(
        figures=(
            Figure("mean IoU", float(iou[either > 0].mean()), floor),
            Figure("pixel accuracy", float(both.sum() / total.sum())),
        ),
        per_class={
            name: {
                "IoU": float(iou[k]),
                "pixels": float(there[k]),
                "recall": float(both[k] / max(there[k], 1)),
                "precision": float(both[k] / max(found_pixels[k], 1)),
            }
            for k, name in enumerate(row_names(names))
        },
    )
