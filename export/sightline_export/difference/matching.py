"""Which of many predictions is what the service gave?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sightline_export.difference.variants.variant import Mistake

Array = NDArray[Any]
Explained = Literal["exactly", "nearly", "no"]
NEARLY = 0.1  # of the difference is left unexplained: other libraries resize and round otherwise
NEARLY_IN_GRAPH = 0.02  # float arithmetic differs by much less
_SAME = 0.003
SMALLEST = 1e-12  # scores below it are noise


@dataclass(frozen=True)
class Match:
    """The mistakes, usually one, of the best prediction. left: the part of the difference that they do not explain.

    also: other mistakes that explain it just as well with this picture.
    """

    mistakes: tuple[Mistake, ...]
    explained: Explained
    left: float
    also: tuple[Mistake, ...] = ()


Prediction = tuple[tuple[Mistake, ...], Array]


def best_match(
    served: Array,
    expected: Array,
    predictions: Iterable[Prediction],
    distance: Callable[[Array, Array], float],
    is_equal: Callable[[Array, Array], bool],
    nearly: float = NEARLY,
) -> Match | None:
    """The prediction nearest to what was served; None where none leaves as little as `nearly` of the difference.

    Predictions that equal what was expected say nothing, because this picture does not show that mistake. Of several
    that equal what was served, the one with the fewest mistakes counts, then the earliest.
    """
    whole = distance(expected, served)
    if not np.isfinite(whole) and whole != np.inf:
        return None
    exact: list[tuple[float, tuple[Mistake, ...]]] = []
    nearest: tuple[float, tuple[Mistake, ...]] | None = None
    for mistakes, predicted in predictions:
        if predicted.shape != served.shape or is_equal(predicted, expected):
            continue
        left = distance(predicted, served) / whole if np.isfinite(whole) else distance(predicted, served)
        if is_equal(predicted, served) and left <= nearly:
            exact.append((left, mistakes))
        elif nearest is None or left < nearest[0]:
            nearest = left, mistakes
    if exact:
        least = min(left for left, _ in exact)
        equals = [mistakes for left, mistakes in exact if left <= least + _SAME]
        first = min(equals, key=len)
        others = tuple(mistakes[0] for mistakes in equals if len(mistakes) == 1 and mistakes != first)
        return Match(first, "exactly", 0.0, others if len(first) == 1 else ())
    if nearest is not None and nearest[0] <= nearly:
        return Match(nearest[1], "nearly", nearest[0])
    return None


def mean_difference(a: Array, b: Array) -> float:
    """Infinite where the shapes differ."""
    return float(np.abs(a.astype(np.float64) - b.astype(np.float64)).mean()) if a.shape == b.shape else float("inf")


def score_difference(served: Array, expected: Array) -> Callable[[Array, Array], float]:
    """The distance for answers: of their logarithms where both are probabilities, so that small scores count too."""
    if _are_probabilities(served) and _are_probabilities(expected):
        return lambda a, b: mean_difference(np.log(np.maximum(a, SMALLEST)), np.log(np.maximum(b, SMALLEST)))
    return mean_difference


def _are_probabilities(rows: Array) -> bool:
    return bool(
        rows.ndim == 2
        and np.all(np.isfinite(rows))
        and np.all(rows >= 0)
        and np.allclose(rows.sum(axis=1), 1, atol=1e-3)
    )


def within(tolerance: float) -> Callable[[Array, Array], bool]:
    """Equal up to `tolerance`, relative where values are above 1; NaN equals NaN, infinity itself."""

    def is_equal(a: Array, b: Array) -> bool:
        if a.shape != b.shape:
            return False
        finite = np.isfinite(a) & np.isfinite(b)
        if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
            return False
        a, b = a[finite], b[finite]
        return bool(np.all(np.abs(a - b) <= tolerance * np.maximum(1, np.abs(b))))

    return is_equal
