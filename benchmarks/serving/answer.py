"""What a system answers about one picture, and whether it is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TOP = 5
TOLERANCE = 1e-4

Ranked = tuple[tuple[str, float], ...]
"""The five best labels with their scores, the best first."""


def ranked(scores: NDArray[np.float32], labels: Sequence[str]) -> Ranked:
    """The best of one picture's scores (K,).

    >>> ranked(np.float32([0.1, 0.7, 0.2]), ["a", "b", "c"])[0][0]
    'b'
    """
    best: list[int] = np.argsort(-scores, kind="stable")[:TOP].tolist()
    return tuple((labels[index], float(scores[index])) for index in best)


def mistake(expected: Ranked, got: Ranked) -> str | None:
    """What is wrong with an answer; None where the labels are the same and each score is within 1e-4."""
    same = [label for label, _ in expected] == [label for label, _ in got]
    if same and all(abs(one - other) <= TOLERANCE for (_, one), (_, other) in zip(expected, got, strict=True)):
        return None
    return f"expected {in_words(expected)}, got {in_words(got)}"


def in_words(answer: Ranked) -> str:
    return ", ".join(f"{label} {score:.4f}" for label, score in answer) or "nothing"
