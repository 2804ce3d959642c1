"""From two arrays to the place where they differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sightline_export.difference.findings import AnswerEvidence, LabelEvidence, PixelEvidence
from sightline_export.difference.observations import Answers, Pixels


def pixel_evidence(expected: Pixels, served: Pixels) -> PixelEvidence:
    """Of two uint8 (h, w, c) that are not equal."""
    difference = np.abs(expected.astype(int) - served.astype(int))
    y, x, channel = (int(i) for i in np.argwhere(difference)[0])
    names = ("red", "green", "blue") if expected.shape[2] == 3 else ("grey",)
    return PixelEvidence(
        x=x,
        y=y,
        channel=names[channel],
        expected=int(expected[y, x, channel]),
        served=int(served[y, x, channel]),
        pixels=int((difference > 0).any(axis=2).sum()),
        total=difference.shape[0] * difference.shape[1],
        largest=int(difference.max()),
        mean=float(difference.mean()),
    )


def answer_evidence(
    expected: Answers, served: Answers, labels: Sequence[str], served_labels: Sequence[str], *, picture: bool = True
) -> AnswerEvidence | None:
    """Of two vectors; None where their shapes differ."""
    if expected.shape != served.shape or expected.ndim != 1:
        return None
    index = int(np.argmax(np.where(np.isfinite(served), np.abs(expected - served), np.inf)))
    return AnswerEvidence(
        index=index,
        expected=float(expected[index]),
        served=float(served[index]),
        expected_top=_top(expected, labels),
        served_top=_top(served, served_labels),
        picture=picture,
    )


def label_evidence(expected: Sequence[str], served: Sequence[str]) -> LabelEvidence:
    """Of two lists of labels that are not equal."""
    longest = max(len(expected), len(served))
    a, b = ([*labels, *["(none)"] * (longest - len(labels))] for labels in (expected, served))
    different = [i for i in range(longest) if a[i] != b[i]]
    return LabelEvidence(different[0], a[different[0]], b[different[0]], len(different), longest)


def _top(answer: Answers, labels: Sequence[str]) -> str:
    index = int(np.argmax(answer))
    if not np.isfinite(answer[index]):
        return "none, it is no number"
    return labels[index] if index < len(labels) else f"index {index}"
