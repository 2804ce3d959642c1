"""The median of a few rounds, and between which of them the true one lies."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class MedianInterval:
    """confidence: how sure it is that the true median is in [low, high]."""

    median: float
    low: float
    high: float
    confidence: float
    count: int
    """How many values it is made of."""


def median_interval(values: Iterable[float], confidence: float = CONFIDENCE) -> MedianInterval:
    """The median with the narrowest pair of order statistics that holds the true one with `confidence` or more.

    Nothing is assumed of the values but that they are independent: each is above the true median with probability 1/2,
    so the k-th least and the k-th greatest of n enclose it with probability 1 - 2·P(Bin(n, 1/2) < k). Five values or
    fewer reach no 95 %: then it is the least and the greatest, and `confidence` says how little that is.

    Args:
        values: One per round, at least one.
        confidence: The confidence that is wanted, between 0 and 1.

    Raises:
        ValueError: There is no value, or one is not finite.

    Example:
        >>> median_interval([9.0, 11.0, 10.0, 12.0, 10.0, 11.0])
        MedianInterval(median=10.5, low=9.0, high=12.0, confidence=0.96875, count=6)
    """
    ordered = sorted(values)
    if not ordered or not all(map(math.isfinite, ordered)):
        raise ValueError(f"expected one finite value per round, got {ordered}")
    count = len(ordered)
    ranks = range(1, (count + 1) // 2 + 1)
    rank = max((rank for rank in ranks if coverage(rank, count) >= confidence), default=1)
    median = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    return MedianInterval(median, ordered[rank - 1], ordered[count - rank], coverage(rank, count), count)


def coverage(rank: int, count: int) -> float:
    """How sure it is that the `rank`-th least and the `rank`-th greatest of `count` values enclose the median."""
    below = sum(math.comb(count, fewer) for fewer in range(rank))
    return max(0.0, 1 - 2 * below / 2**count)
