"""object-detection: a picture becomes boxes with classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline._tasks._checks import broken, check_class_ids, check_finite, check_scores, label_of, tensor
from sightline._tasks.call import Answer, Call
from sightline.errors import InvalidRequest
from sightline.images import ImageLike, picture_size
from sightline.results import Detections

_OUTPUTS = ("num_detections", "detection_boxes", "detection_scores", "detection_classes")


def detect(image: ImageLike, *, model: str, threshold: float) -> Call[Detections]:
    try:
        limit = float(threshold)
    except (TypeError, ValueError) as exc:
        raise InvalidRequest(
            f"expected threshold to be a number, got {type(threshold).__name__}; pass one from 0 to 1", model=model
        ) from exc
    if not 0 <= limit <= 1:
        raise InvalidRequest(f"expected threshold in [0, 1], got {threshold}; pass a score from 0 to 1", model=model)

    def decode(answer: Answer) -> Detections:
        return _decode(answer, limit)

    return Call("object-detection", model, _OUTPUTS, decode, image)


def _decode(answer: Answer, threshold: float) -> Detections:
    info = answer.info
    boxes, scores, class_ids = _without_padding(answer)
    check_scores(info, "detection_scores", scores)
    check_class_ids(info, "detection_classes", class_ids)
    check_finite(info, "detection_boxes", boxes)
    turned = np.any(boxes[:, :2] > boxes[:, 2:], axis=1)
    if turned.any():
        got = str(boxes[int(np.argmax(turned))].tolist())
        raise broken(info, "detection_boxes as left, top, right, bottom", got, "check the order of their corners")
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= threshold]
    size = picture_size(answer.picture)
    return Detections(
        xyxy=_clip(boxes[order], size),
        scores=scores[order],
        class_ids=class_ids[order].astype(np.int64),
        labels=tuple(label_of(info, class_id) for class_id in class_ids[order].tolist()),
        size=size,
    )


def _without_padding(answer: Answer) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
    """Return boxes (n, 4), scores (n,) and class ids (n,) of the n objects."""
    n = int(tensor(answer, "num_detections", np.int32, 1)[0])
    boxes = tensor(answer, "detection_boxes", np.float32, "N", 4)
    scores = tensor(answer, "detection_scores", np.float32, "N")
    class_ids = tensor(answer, "detection_classes", np.int32, "N")
    if not len(boxes) == len(scores) == len(class_ids):
        got = f"{len(boxes)} boxes, {len(scores)} scores and {len(class_ids)} classes"
        raise broken(answer.info, "as many boxes as scores and classes", got, "check its configuration")
    if not 0 <= n <= len(boxes):
        raise broken(answer.info, f"num_detections from 0 to {len(boxes)}", str(n))
    return boxes[:n], scores[:n], class_ids[:n]


def _clip(boxes: NDArray[np.float32], size: tuple[int, int] | None) -> NDArray[np.float32]:
    width, height = size or (np.inf, np.inf)
    return np.clip(boxes, 0, np.array([width, height, width, height], np.float32))
