"""explanation: a picture and a class become a heat map."""

from __future__ import annotations

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sightline._tasks._checks import (
    broken,
    check_class_ids,
    check_finite,
    check_scores,
    cut,
    label_of,
    tensor,
    whole_number,
)
from sightline._tasks.call import Answer, Call
from sightline.errors import InvalidRequest
from sightline.images import ImageLike, picture_size
from sightline.results import Explanation

_SUFFIX = "_explain"
_TOP_CLASS = -1
_CLASS_ID_MAX = 2**31 - 1


def explain(image: ImageLike, *, model: str, class_id: int | None) -> Call[Explanation]:
    wanted = _TOP_CLASS if class_id is None else whole_number("class_id", class_id, model)
    if class_id is not None and not 0 <= wanted <= _CLASS_ID_MAX:
        raise InvalidRequest(
            f"expected class_id from 0 to {_CLASS_ID_MAX}, got {cut(wanted)}; pass None for the top class", model=model
        )

    def decode(answer: Answer) -> Explanation:
        return _decode(answer, wanted)

    served = model if model.endswith(_SUFFIX) else model + _SUFFIX
    inputs = {"CLASS_ID": np.array([[wanted]], dtype=np.int32)}
    return Call("explanation", served, ("HEATMAP", "CLASS_ID", "SCORE"), decode, image, inputs)


def _decode(answer: Answer, wanted: int) -> Explanation:
    info = answer.info
    heatmap: NDArray[np.float32] = np.array(tensor(answer, "HEATMAP", np.float32, "h", "w"))
    class_ids: NDArray[np.int32] = tensor(answer, "CLASS_ID", np.int32, 1)
    scores: NDArray[np.float32] = tensor(answer, "SCORE", np.float32, 1)
    check_finite(info, "HEATMAP", heatmap)
    if not (heatmap.min() >= 0 and heatmap.max() <= 1):
        raise broken(info, "HEATMAP in [0, 1]", f"{heatmap.min():g} to {heatmap.max():g}")
    check_class_ids(info, "CLASS_ID", class_ids)
    check_scores(info, "SCORE", scores)
    class_id = int(class_ids[0])
    if wanted not in (_TOP_CLASS, class_id):
        raise broken(info, f"an explanation of class {wanted}", f"one of class {class_id}")
    size = picture_size(answer.picture)
    return Explanation(
        heatmap=heatmap if size is None else resize_heatmap(heatmap, size),
        label=label_of(info, class_id),
        score=float(scores[0]),
        class_id=class_id,
        method=info.method or "unknown",
    )


def resize_heatmap(heatmap: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return a heat map (h, w) resampled bilinearly to `size`, which is (width, height); still in [0, 1]."""
    # Pillow aligns the edges of both, not the centres of their corner pixels, and averages where it shrinks.
    resized = PIL.Image.fromarray(heatmap).resize(size, PIL.Image.Resampling.BILINEAR)
    return np.clip(np.asarray(resized, dtype=np.float32), 0, 1)
