"""image-classification: a picture becomes scores of classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline._tasks._checks import broken, check_scores, cut, label_of, tensor, whole_number
from sightline._tasks.call import Answer, Call
from sightline.errors import InvalidRequest
from sightline.images import ImageLike
from sightline.results import Classification


def classify(image: ImageLike, *, model: str, top_k: int) -> Call[Classification]:
    k = whole_number("top_k", top_k, model)
    if k < 1:
        raise InvalidRequest(f"expected top_k to be 1 or larger, got {cut(k)}; ask for at least one class", model=model)

    def decode(answer: Answer) -> Classification:
        return _decode(answer, k)

    return Call("image-classification", model, ("SCORES",), decode, image)


def _decode(answer: Answer, k: int) -> Classification:
    info = answer.info
    scores: NDArray[np.float32] = tensor(answer, "SCORES", np.float32, "K")
    if info.labels and len(info.labels) != scores.size:
        raise broken(
            info,
            f"one score for each of its {len(info.labels)} labels",
            str(scores.size),
            "if a new version was just loaded, make a new client",
        )
    check_scores(info, "SCORES", scores)
    class_ids: NDArray[np.int64] = (-scores).argsort(kind="stable")[:k].astype(np.int64, copy=False)
    return Classification(
        labels=tuple(label_of(info, class_id) for class_id in class_ids.tolist()),
        scores=scores[class_ids],
        class_ids=class_ids,
    )
