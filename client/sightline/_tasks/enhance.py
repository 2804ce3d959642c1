"""image-to-image: a picture becomes another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import PIL.Image
from numpy.typing import NDArray

from sightline._tasks._options import named_inputs
from sightline._tasks._png import read_png
from sightline._tasks.call import Answer, Call
from sightline.images import ImageLike
from sightline.results import ModelInfo


def enhance(image: ImageLike, *, model: str, inputs: Mapping[str, object] | None = None) -> Call[PIL.Image.Image]:
    def options(info: ModelInfo) -> Mapping[str, NDArray[Any]]:
        return named_inputs(info, inputs or {})

    return Call("image-to-image", model, ("RESULT",), _decode, image, options=options)


def _decode(answer: Answer) -> PIL.Image.Image:
    return read_png(answer, "RESULT")
