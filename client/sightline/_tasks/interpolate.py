"""image-to-image with two pictures: one between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sightline._tasks._options import require_inputs
from sightline._tasks._png import read_png
from sightline._tasks.call import Answer, Call
from sightline.errors import InvalidRequest
from sightline.images import ImageLike
from sightline.results import ModelInfo


def interpolate(image: ImageLike, other: ImageLike, fraction: float, *, model: str) -> Call[PIL.Image.Image]:
    try:
        share = float(fraction)
    except (TypeError, ValueError) as exc:
        raise InvalidRequest(
            f"expected fraction to be a number, got {type(fraction).__name__}; pass one from 0 to 1", model=model
        ) from exc
    if not 0 <= share <= 1:
        raise InvalidRequest(
            f"expected fraction in [0, 1], got {fraction}; 0 is the first picture and 1 the other", model=model
        )

    def options(info: ModelInfo) -> Mapping[str, NDArray[Any]]:
        require_inputs(info, ("OTHER", "FRACTION"), "two pictures and a fraction")
        return {"FRACTION": np.array([[share]], dtype=np.float32)}

    return Call("image-to-image", model, ("RESULT",), _decode, image, pictures={"OTHER": other}, options=options)


def _decode(answer: Answer) -> PIL.Image.Image:
    return read_png(answer, "RESULT")
