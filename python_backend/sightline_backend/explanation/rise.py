"""RISE: the mean score of pictures of which a random half is hidden, for each place over those that show it.

Petsiuk, Das & Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models" (2018).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sightline_backend.explanation.heatmap import to_heat
from sightline_backend.explanation.masking import Pixels, baseline_colour, blended
from sightline_backend.explanation.spec import ExplainSpec


def half_hidden(pixels: Pixels, spec: ExplainSpec) -> Iterator[Pixels]:
    """The picture (h, w, c) behind one mask after the other, in batches (n, h, w, c)."""
    colour = baseline_colour(pixels, spec.baseline)
    masks = masks_of(spec)
    for first in range(0, len(masks), spec.network_batch_size):
        yield blended(pixels, masks[first : first + spec.network_batch_size], colour)


def rise_heat(scores: npt.NDArray[np.float32], spec: ExplainSpec) -> npt.NDArray[np.float32]:
    """The heat map: for each cell the mean of the scores, weighted by how much of the cell their masks show.

    Args:
        scores: float32 (masks,), of the class, for each picture that :func:`half_hidden` gives.

    Returns:
        float32, `spec.map_hw`; the coldest cell is 0.
    """
    shown = _in_cells(masks_of(spec), spec.stride)  # (masks, rows, columns)
    weighted = np.tensordot(scores.astype(np.float64), shown, axes=1)
    means = weighted / np.maximum(shown.sum(axis=0), 1.0)
    return to_heat(means, float(means.min()), spec.least_range)


@lru_cache(maxsize=4)
def masks_of(spec: ExplainSpec) -> Pixels:
    """The masks: uint8 (masks, h, w), 255 where the picture shows; the same bits for a seed on every machine.

    Each is a grid of `cells` x `cells` fair coins, enlarged bilinearly and shifted by less than one cell.
    """
    bits = np.random.PCG64(np.random.SeedSequence(spec.seed))
    coins = (bits.random_raw(spec.masks * spec.cells**2) >> np.uint64(63)).astype(np.float64)
    grids = coins.reshape(spec.masks, spec.cells, spec.cells)
    shifts = (bits.random_raw(2 * spec.masks) >> np.uint64(33)).astype(np.int64).reshape(spec.masks, 2)
    height, width = spec.pixels.height, spec.pixels.width
    down, across = _enlarging(height, spec.cells), _enlarging(width, spec.cells)
    y, x = shifts[:, 0] % (len(down) - height + 1), shifts[:, 1] % (len(across) - width + 1)
    full = int(down[0].sum()) * int(across[0].sum())
    masks = np.empty((spec.masks, height, width), np.uint8)
    for k, grid in enumerate(grids):
        # whole numbers all the way: no rounding that could differ between machines
        rows, columns = down[y[k] : y[k] + height], across[x[k] : x[k] + width]
        levels = np.matmul(np.matmul(rows, grid), np.swapaxes(columns, 0, 1))
        masks[k] = ((2 * 255 * levels + full) // (2 * full)).astype(np.uint8)
    return masks


def _enlarging(side: int, cells: int) -> npt.NDArray[np.float64]:
    """Whole-number weights (rows, cells) of bilinear enlargement to one cell more than `side` needs."""
    cell = -(-side // cells)
    rows = (cells + 1) * cell
    # the centre of row r lies at (r + 1/2) cells / rows - 1/2 in the grid; times 2 rows it is whole
    centres = (2 * np.arange(rows) + 1) * cells - rows
    below = np.clip(centres // (2 * rows), 0, cells - 1)
    above = np.clip(centres // (2 * rows) + 1, 0, cells - 1)
    share = centres % (2 * rows)
    weights = np.zeros((rows, cells))
    np.add.at(weights, (np.arange(rows), below), 2 * rows - share)
    np.add.at(weights, (np.arange(rows), above), share)
    return weights


def _in_cells(masks: Pixels, stride: int) -> npt.NDArray[np.float64]:
    """Sums over squares of `stride` pixels; those at the right and bottom edge may be cut off."""
    _, height, width = masks.shape
    rows = np.add.reduceat(masks.astype(np.uint32), range(0, height, stride), axis=1)
    return np.add.reduceat(rows, range(0, width, stride), axis=2).astype(np.float64)
