"""Accuracy, calibration and figures per class of classifiers."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sightline_export.measures.figures import Figure, Measurement


def classification(scores: NDArray[np.float32], labels: NDArray[np.int64], names: Sequence[str]) -> Measurement:
    """Accuracy, expected calibration error and, per class, recall and precision.

    scores: (n, k) probabilities. labels: (n,). names: of the k classes; see :func:`row_names`. The calibration error
    has 10 equal bins (Guo et al. 2017).
    """
    predicted = scores.argmax(axis=1)
    right = predicted == labels
    per_class = {
        name: {
            "pictures": float((labels == k).sum()),
            "recall": _ratio((right & (labels == k)).sum(), (labels == k).sum()),
            "precision": _ratio((right & (labels == k)).sum(), (predicted == k).sum()),
        }
        for k, name in enumerate(row_names(names))
    }
    return Measurement(
        figures=(
            Figure("held-out accuracy", float(right.mean())),
            Figure("expected calibration error", calibration_error(scores.max(axis=1), right)),
        ),
        per_class=per_class,
    )


def row_names(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels, and those that several classes share with the position of each: no two are alike.

    >>> row_names(["crane", "dog", "crane"])
    ('crane (0)', 'dog', 'crane (2)')
    """
    rows = tuple(labels)
    while len(set(rows)) < len(rows):
        counts = Counter(rows)
        rows = tuple(f"{row} ({k})" if counts[row] > 1 else row for k, row in enumerate(rows))
    return rows


def calibration_error(confidence: NDArray[np.float32], right: NDArray[np.bool_], bins: int = 10) -> float:
    """Mean gap between confidence and accuracy over equal bins of confidence, weighted by their share of pictures."""
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(float(right[which == b].mean()) - float(confidence[which == b].mean())) * float((which == b).mean())
        for b in range(bins)
        if (which == b).any()
    ]
    return float(sum(gaps))


def _ratio(part: np.integer, whole: np.integer) -> float:
    return float(part) / float(whole) if whole else 0.0
