"""How well boxes fit the truth: average precision, through pycocotools, the code of the COCO benchmark.

Everingham et al., "The Pascal Visual Object Classes Challenge" (2010), for AP at IoU 0.5; Lin et al., "Microsoft COCO:
Common Objects in Context" (2014), for its mean over IoU 0.5 to 0.95 and the interpolation at 101 recalls.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sightline_export.measures.classification import row_names
from sightline_export.measures.figures import Figure, Measurement

MOST_DETECTIONS = 100  # per picture, as in the COCO benchmark


@dataclass(frozen=True, eq=False)
class Boxes:
    """What lies in one picture, or what was found there.

    xyxy: (n, 4) float32 in pixels. classes: (n,) whole numbers from 0 on. scores: (n,) where it was found, or None.
    """

    xyxy: NDArray[np.float32]
    classes: NDArray[np.integer[Any]]
    scores: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.xyxy.shape != (len(self.classes), 4):
            raise ValueError(f"expected {len(self.classes)} boxes, one per class, got shape {self.xyxy.shape}")
        if self.scores is not None and self.scores.shape != self.classes.shape:
            raise ValueError(f"expected {len(self.classes)} scores, one per class, got shape {self.scores.shape}")


def detection(
    truth: Sequence[Boxes], found: Sequence[Boxes], names: Sequence[str], floor: float | None = None
) -> Measurement:
    """mAP at IoU 0.5, the mean over IoU 0.5 to 0.95 and, per class, its objects, AP and recall at IoU 0.5.

    Classes of which there is no object are left out of the means; their rows say 0.

    truth, found: picture by picture. names: of the classes. floor: of the mAP at IoU 0.5.

    Raises ValueError where the lengths differ, there is no object at all, or something found has no score.
    """
    if len(truth) != len(found):
        raise ValueError(f"expected what was found in each of {len(truth)} pictures, got {len(found)}")
    if any(boxes.scores is None for boxes in found):
        raise ValueError("expected a score for every box that was found, got none")
    if not any(len(boxes.classes) for boxes in truth):
        raise ValueError("expected at least one object to measure, got none")
    precision, recall = _evaluated(truth, found, len(names))
    objects = np.bincount(np.concatenate([boxes.classes for boxes in truth]), minlength=len(names))
    there = objects > 0
    average = precision.mean(axis=1)  # (10 IoUs, K)
    return Measurement(
        figures=(
            Figure("mAP at IoU 0.5", float(average[0][there].mean()), floor),
            Figure("mAP at IoU 0.5 to 0.95", float(average[:, there].mean())),
        ),
        per_class={
            name: {
                "objects": float(objects[k]),
                "AP at IoU 0.5": float(average[0, k]) if there[k] else 0.0,
                "recall at IoU 0.5": float(recall[0, k]) if there[k] else 0.0,
            }
            for k, name in enumerate(row_names(names))
        },
    )


def _evaluated(
    truth: Sequence[Boxes], found: Sequence[Boxes], classes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision (10 IoUs, 101 recalls, K) and recall (10 IoUs, K)."""
    cocoeval = cast(Any, import_module("pycocotools.cocoeval"))
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
        evaluation = cocoeval.COCOeval(_indexed(truth, classes), _indexed(found, classes), "bbox")
        evaluation.params.areaRng = [evaluation.params.areaRng[0]]  # objects of any size
        evaluation.params.areaRngLbl = ["all"]
        evaluation.params.maxDets = [MOST_DETECTIONS]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"][:, :, :, 0, 0], evaluation.eval["recall"][:, :, 0, 0]


def _indexed(pictures: Sequence[Boxes], classes: int) -> Any:
    """Boxes as pycocotools takes them: numbers from 1 on, left, top, width and height."""
    annotations: list[dict[str, Any]] = []
    for picture, boxes in enumerate(pictures, start=1):
        scores = boxes.scores if boxes.scores is not None else np.ones(len(boxes.classes), np.float32)
        for (left, top, right, bottom), class_id, score in zip(
            boxes.xyxy.tolist(), boxes.classes.tolist(), scores.tolist(), strict=True
        ):
            width, height = right - left, bottom - top
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": picture,
                    "category_id": class_id + 1,
                    "bbox": [left, top, width, height],
                    "area": width * height,
                    "iscrowd": 0,
                    "score": score,
                }
            )
    coco = cast(Any, import_module("pycocotools.coco")).COCO()
    coco.dataset = {
        "images": [{"id": number} for number in range(1, len(pictures) + 1)],
        "categories": [{"id": number} for number in range(1, classes + 1)],
        "annotations": annotations,
    }
    coco.createIndex()
    return coco
