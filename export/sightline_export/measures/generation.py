"""Figures of models that draw pictures from seeds: what a classifier sees in them.

Pictures are sent to the classifier as the files that the model gave, the way a user would send them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sightline_export.measures.figures import Figure, Measurement
from sightline_export.verification.parity import Runtime

JUDGED = range(1_000_000, 1_001_000)  # seeds
SURE = 0.9  # a picture counts as recognised from this score on


def generated(model: Runtime, seeds: Sequence[int], class_id: int | None = None) -> NDArray[np.object_]:
    """The pictures of these seeds, all of one class where the model takes one: PNG files (n, 1)."""
    inputs: dict[str, NDArray[np.generic]] = {"SEED": np.array(seeds, dtype=np.int64)[:, None]}
    if class_id is not None:
        inputs["CLASS_ID"] = np.full((len(seeds), 1), class_id, dtype=np.int32)
    return model(inputs)["RESULT"].astype(np.object_)


def recognition(model: Runtime, judge: Runtime, name: str, labels: Sequence[str], floor: float) -> Measurement:
    """Which classes `judge`, whose name is `name`, sees in the pictures of the seeds `JUDGED`.

    floor: of the share recognised. Every class has to be among them.
    """
    scores = judge({"IMAGE": generated(model, JUDGED)})["SCORES"]
    counts = np.bincount(scores.argmax(axis=1)[scores.max(axis=1) >= SURE], minlength=len(labels))
    share = float(counts.sum() / len(JUDGED))
    return Measurement(
        figures=(
            Figure(f"share of {len(JUDGED)} pictures recognised by {name} with score >= {SURE}", share, floor),
            Figure("different digits among them", int((counts > 0).sum()), floor=len(labels)),
        ),
        per_class={label: {"recognised pictures": float(n)} for label, n in zip(labels, counts, strict=True)},
    )


def obedience(model: Runtime, judge: Runtime, name: str, labels: Sequence[str], floor: float) -> Measurement:
    """In how many pictures `judge`, whose name is `name`, sees the class that was named.

    Every class is named with every seed of `JUDGED`. floor: of the share over all classes, and of each class.
    """
    shares = [
        float((judge({"IMAGE": generated(model, JUDGED, k)})["SCORES"].argmax(axis=1) == k).mean())
        for k in range(len(labels))
    ]
    count = len(JUDGED) * len(labels)
    return Measurement(
        figures=(
            Figure(f"share of {count} pictures in which {name} sees the named class", float(np.mean(shares)), floor),
            Figure("the same of the class where it is least", min(shares), floor),
        ),
        per_class={label: {"named class seen": share} for label, share in zip(labels, shares, strict=True)},
    )
