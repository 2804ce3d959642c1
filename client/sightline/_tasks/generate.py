"""unconditional-image-generation: a seed becomes a picture."""

from __future__ import annotations

import numpy as np
import PIL.Image

from sightline._tasks._checks import whole_number
from sightline._tasks._png import load_png, open_png
from sightline._tasks.call import Answer, Call
from sightline.errors import InvalidRequest

_SEED_MIN, _SEED_MAX = -(2**63), 2**63 - 1


def generate(*, seed: int, model: str) -> Call[PIL.Image.Image]:
    number = whole_number("seed", seed, model)
    if not _SEED_MIN <= number <= _SEED_MAX:
        raise InvalidRequest(f"expected seed to fit in 64 bits, got {number}; pass a smaller number", model=model)
    inputs = {"SEED": np.array([[number]], dtype=np.int64)}
    return Call("unconditional-image-generation", model, ("RESULT",), _decode, inputs=inputs, takes_image=False)


def _decode(answer: Answer) -> PIL.Image.Image:
    return load_png(answer, "RESULT", open_png(answer, "RESULT"))
