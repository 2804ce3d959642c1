"""Resampling as other libraries do it: without antialiasing, from the nearest two or four points per axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sightline_export.difference.fitting import Box, Pixels, Sampler, channels_last

Taps = tuple[NDArray[np.intp], NDArray[np.float32]]
"""Per output coordinate the source coordinates and their weights, both (n, taps)."""
Coordinates = Callable[[int, float, float], NDArray[np.float64]]
"""Of n output coordinates and an interval of the source: where each is read, counted from the first point."""


def half_pixel(count: int, start: float, end: float) -> NDArray[np.float64]:
    """Centres of pixels lie at one half: OpenCV, PyTorch with align_corners=False."""
    return start + (np.arange(count) + 0.5) * (end - start) / count - 0.5


def corners_aligned(count: int, start: float, end: float) -> NDArray[np.float64]:
    """First and last points meet: PyTorch with align_corners=True."""
    return start + np.arange(count) * (end - start - 1) / max(count - 1, 1)


def asymmetric(count: int, start: float, end: float) -> NDArray[np.float64]:
    """No half pixel at all: old TensorFlow."""
    return start + np.arange(count) * (end - start) / count


def linear(at: NDArray[np.float64], length: int) -> Taps:
    first = np.floor(at)
    part = (at - first)[:, None]
    return _clamped(first[:, None] + np.arange(2), length), np.hstack([1 - part, part]).astype(np.float32)


def cubic(at: NDArray[np.float64], length: int) -> Taps:
    """The kernel of OpenCV and PyTorch, a = -0.75."""
    first = np.floor(at)
    distance = np.abs(np.arange(-1, 3) - (at - first)[:, None])
    a = -0.75
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = a * (((distance - 5) * distance + 8) * distance - 4)
    weights = np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
    return _clamped(first[:, None] + np.arange(-1, 3), length), weights.astype(np.float32)


def nearest_before(at: NDArray[np.float64], length: int) -> Taps:
    return _clamped(np.floor(at + 1e-9)[:, None], length), np.ones((len(at), 1), np.float32)


def points(kernel: Callable[[NDArray[np.float64], int], Taps], coordinates: Coordinates = half_pixel) -> Sampler:
    """A sampler that looks at the nearest points only, however far apart the outputs lie."""

    def sample(image: Image.Image, size_wh: tuple[int, int], box: Box) -> Pixels:
        levels = channels_last(image)
        rows = kernel(coordinates(size_wh[1], box[1], box[3]), image.height)
        columns = kernel(coordinates(size_wh[0], box[0], box[2]), image.width)
        down = _weighted(levels, rows)
        across = np.swapaxes(_weighted(np.swapaxes(down, 0, 1), columns), 0, 1)
        return np.clip(np.floor(across + 0.5), 0, 255).astype(np.uint8)

    return sample


def _weighted(levels: NDArray[Any], taps: Taps) -> NDArray[np.float32]:
    """The first axis resampled."""
    index, weights = taps
    total = np.zeros((len(index), *levels.shape[1:]), np.float32)
    for k in range(index.shape[1]):
        total += levels[index[:, k]].astype(np.float32) * weights[:, k, None, None]
    return total


def _clamped(index: NDArray[Any], length: int) -> NDArray[np.intp]:
    return np.clip(index, 0, length - 1).astype(np.intp)
