"""Occlusion: how far the score falls when a square of the picture is hidden.

Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks" (2014), section 4.2; the fall is counted in log
odds as by Zintgraf et al., "Visualizing Deep Neural Network Decisions" (2017), because a score near 1 hardly falls.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from sightline_backend.explanation.heatmap import to_heat
from sightline_backend.explanation.masking import Pixels, baseline_colour
from sightline_backend.explanation.spec import ExplainSpec

_SMALLEST = 1e-4  # scores are told apart down to about this far from 0 and from 1


def occluded(pixels: Pixels, spec: ExplainSpec) -> Iterator[Pixels]:
    """The picture (h, w, c) with a square hidden, once for each place, row by row, in batches (n, h, w, c).

    The square begins beyond the edges, so that every cell is hidden equally often.
    """
    colour = baseline_colour(pixels, spec.baseline)
    places = [(top, left) for top in _starts(spec, 0) for left in _starts(spec, 1)]
    for first in range(0, len(places), spec.network_batch_size):
        some = places[first : first + spec.network_batch_size]
        batch = np.repeat(pixels[None], len(some), axis=0)
        for picture, (top, left) in zip(batch, some, strict=True):
            picture[max(top, 0) : top + spec.patch, max(left, 0) : left + spec.patch] = colour
        yield batch


def occlusion_heat(score: float, scores: npt.NDArray[np.float32], spec: ExplainSpec) -> npt.NDArray[np.float32]:
    """The heat map: for each cell the mean fall of its log odds over the squares that hide it.

    Args:
        score: of the class, for the whole picture.
        scores: float32 (places,), of the class, for each picture that :func:`occluded` gives.

    Returns:
        float32, `spec.map_hw`; cold where hiding a place does not lower the score.
    """
    rows, columns = spec.map_hw
    across = spec.patch // spec.stride  # squares that hide a cell, along each side
    falls = _log_odds(np.array(score)) - _log_odds(scores.astype(np.float64))
    by_place = falls.reshape(rows + across - 1, columns + across - 1)
    windows = np.lib.stride_tricks.sliding_window_view(by_place, (across, across))  # (rows, columns, across, across)
    return to_heat(windows.mean(axis=(2, 3)), 0.0, spec.least_range)


def _log_odds(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.log((scores + _SMALLEST) / (1 - scores + _SMALLEST))


def _starts(spec: ExplainSpec, axis: int) -> range:
    first = spec.stride - spec.patch
    return range(first, spec.map_hw[axis] * spec.stride, spec.stride)
