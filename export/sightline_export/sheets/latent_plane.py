"""The plane of a two-dimensional latent space, looked at through a served model that takes seeds.

The model draws its two numbers from the seed, so a point of the plane is asked for by the seed whose numbers lie
nearest to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from sightline_backend.noise import normal_noise

SEEDS = range(8_000)


def quantile_grid(side: int) -> NDArray[np.float32]:
    """A grid of points (side, side, 2), x rising with the column and y falling with the row.

    They are spaced by quantiles of the normal distribution: equally likely areas get equally many points.
    """
    normal = NormalDist()
    steps = np.array([normal.inv_cdf((k + 0.5) / side) for k in range(side)], dtype=np.float32)
    x, y = np.meshgrid(steps, steps[::-1])
    return np.stack([x, y], axis=-1)


def nearest_seeds(points: NDArray[np.float32], seeds: Sequence[int] = SEEDS) -> NDArray[np.int64]:
    """For each point (..., 2) the seed whose two numbers lie nearest to it, (...)."""
    latent = np.stack([normal_noise(seed, 2) for seed in seeds])  # (n, 2)
    flat = points.reshape(-1, 1, 2)
    nearest = np.array([np.square(point - latent).sum(axis=1).argmin() for point in flat])
    return np.asarray(seeds, dtype=np.int64)[nearest].reshape(points.shape[:-1])
