"""Figures of embeddings: how well a search finds pictures of the same class, and how well pairs are told apart.

Recall at k is that of metric learning (Oh Song et al., "Deep metric learning via lifted structured feature embedding",
2016): every picture is a query once, the gallery is all the others, and a query counts when at least one of its k
nearest pictures is of its own class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sightline_export.measures.classification import row_names

Embeddings = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Retrieval:
    """found: (n,) whether one of the k nearest is of the query's class. share: (n,) which share of the k is."""

    k: int
    found: NDArray[np.bool_]
    share: NDArray[np.float64]
    labels: NDArray[np.int64]

    @property
    def recall(self) -> float:
        """Share of the queries that find a picture of their own class among the k nearest."""
        return float(self.found.mean())

    @property
    def precision(self) -> float:
        """Mean share of the k nearest that are of the query's class."""
        return float(self.share.mean())

    def per_class(self, names: Sequence[str]) -> dict[str, dict[str, float]]:
        """One row for each class; names: of all classes, by label."""
        rows: dict[str, dict[str, float]] = {}
        for label, name in enumerate(row_names(names)):
            own = self.labels == label
            rows[name] = {
                "queries": float(own.sum()),
                f"recall@{self.k}": float(self.found[own].mean()) if own.any() else 0.0,
                f"precision@{self.k}": float(self.share[own].mean()) if own.any() else 0.0,
            }
        return rows


def cosines(embeddings: Embeddings) -> NDArray[np.float32]:
    """(n, d) of any length but zero to the cosine of every pair, (n, n)."""
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return unit @ unit.T


def nearest(embeddings: Embeddings, k: int) -> NDArray[np.intp]:
    """For each picture the k others of the largest cosine, nearest first, (n, k); of equal ones the earlier first.

    Raises ValueError where there are not k others.
    """
    if not 1 <= k < len(embeddings):
        raise ValueError(f"expected k from 1 to {len(embeddings) - 1}, got {k}")
    similar = cosines(embeddings)
    np.fill_diagonal(similar, -np.inf)
    return np.argsort(-similar, axis=1, kind="stable")[:, :k]


def retrieval(embeddings: Embeddings, labels: NDArray[np.int64], k: int) -> Retrieval:
    """Every picture searched among all others. embeddings: (n, d). labels: (n,)."""
    same = labels[nearest(embeddings, k)] == labels[:, None]  # (n, k)
    return Retrieval(k, same.any(axis=1), same.mean(axis=1), labels)


def pairs(embeddings: Embeddings, labels: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The cosine of every pair of different pictures, each pair once, and whether both are of one class."""
    first, second = np.triu_indices(len(labels), k=1)
    return cosines(embeddings)[first, second], labels[first] == labels[second]


def equal_error_rate(similarity: NDArray[np.float32], same: NDArray[np.bool_]) -> tuple[float, float]:
    """The error rate at the threshold where as many strangers are taken for the same as the same for strangers.

    similarity, same: (n,). Between two measured thresholds the error rates are taken as straight lines.

    Returns:
        The equal error rate in [0, 1], and the threshold of similarity that goes with it.

    Raises:
        ValueError: there are not pairs of both kinds.

    >>> equal_error_rate(np.float32([0.9, 0.8, 0.2, 0.1]), np.array([True, True, False, False]))[0]
    0.0
    """
    if not same.any() or same.all():
        raise ValueError("expected pairs of one identity and pairs of two, got only one kind")
    import sklearn.metrics  # slow to import

    curve = cast(Any, sklearn.metrics).roc_curve(same, similarity, drop_intermediate=False)
    accepted, right, thresholds = cast("tuple[NDArray[np.float64], ...]", curve)
    gap = accepted - (1 - right)  # rises from -1, where nobody is taken for anybody, to 1
    after = int(np.argmax(gap >= 0))
    before = after - 1
    share = -gap[before] / (gap[after] - gap[before])
    rate = accepted[before] + share * (accepted[after] - accepted[before])
    return float(rate), float(thresholds[after])


def per_class_error(
    embeddings: Embeddings, labels: NDArray[np.int64], names: Sequence[str], threshold: float
) -> dict[str, dict[str, float]]:
    """For each class, how often pairs are told wrong where a similarity of `threshold` and more means the same."""
    taken = cosines(embeddings) >= threshold
    same = labels[:, None] == labels[None, :]
    other = ~np.eye(len(labels), dtype=np.bool_)
    rows: dict[str, dict[str, float]] = {}
    for label, name in enumerate(row_names(names)):
        own = labels == label
        rows[name] = {
            "pictures": float(own.sum()),
            "same taken for another": _share(~taken[own], (same & other)[own]),
            "another taken for the same": _share(taken[own], ~same[own]),
        }
    return rows


def _share(wrong: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float(wrong[among].mean()) if among.any() else 0.0
