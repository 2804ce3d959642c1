"""Checks that more than one result makes of its fields."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SCORE_MAX = 1 + 1e-5
"""A softmax in float32 may end a few steps above 1."""


def check_array(name: str, array: NDArray[Any], dtype: type[np.generic], shape: tuple[int | None, ...]) -> None:
    """Raise ValueError unless `array` has this dtype and shape; an axis None may have any size above 0."""
    if array.dtype == dtype and array.shape == shape:
        return
    fits = len(shape) == array.ndim and all(
        got > 0 if size is None else got == size for got, size in zip(array.shape, shape, strict=True)
    )
    if array.dtype != dtype or not fits:
        axes = ", ".join("any" if size is None else str(size) for size in shape) + ("," if len(shape) == 1 else "")
        raise ValueError(
            f"expected {name} to be {np.dtype(dtype)} of shape ({axes}), got {array.dtype} of shape {array.shape}"
        )


def check_scores(name: str, scores: NDArray[np.float32]) -> None:
    """Raise ValueError unless every score is in [0, 1]."""
    # NaN is neither
    if scores.size and not (np.minimum.reduce(scores) >= 0 and np.maximum.reduce(scores) <= SCORE_MAX):
        raise ValueError(f"expected {name} in [0, 1], got {scores.tolist()}")
