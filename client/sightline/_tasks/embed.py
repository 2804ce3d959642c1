"""image-feature-extraction: a picture becomes a vector of unit length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sightline._tasks._checks import broken, check_finite, tensor
from sightline._tasks.call import Answer, Call
from sightline.images import ImageLike

_TOLERANCE = 1e-3


def embed(image: ImageLike, *, model: str) -> Call[NDArray[np.float32]]:
    return Call("image-feature-extraction", model, ("EMBEDDING",), _decode, image)


def _decode(answer: Answer) -> NDArray[np.float32]:
    vector: NDArray[np.float32] = np.array(tensor(answer, "EMBEDDING", np.float32, "D"))
    check_finite(answer.info, "EMBEDDING", vector)
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if abs(length - 1) > _TOLERANCE:
        raise broken(answer.info, "EMBEDDING of length 1", f"{length:.4g}", "divide by the length in its graph")
    return vector
