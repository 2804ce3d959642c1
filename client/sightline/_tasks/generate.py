"""unconditional-image-generation: a seed becomes a picture; a class too, where the model takes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sightline._tasks._checks import cut, whole_number
from sightline._tasks._options import require_inputs
from sightline._tasks._png import read_png
from sightline._tasks.call import Answer, Call
from sightline.errors import InvalidRequest
from sightline.results import ModelInfo

_SEED_MIN, _SEED_MAX = -(2**63), 2**63 - 1
_CLASS_ID_MAX = 2**31 - 1
_SHOWN = 20


def generate(*, seed: int, model: str, class_id: int | str | None = None) -> Call[PIL.Image.Image]:
    number = whole_number("seed", seed, model)
    if not _SEED_MIN <= number <= _SEED_MAX:
        raise InvalidRequest(f"expected seed to fit in 64 bits, got {cut(number)}; pass a smaller number", model=model)
    inputs = {"SEED": np.array([[number]], dtype=np.int64)}
    wanted = class_id if class_id is None or isinstance(class_id, str) else whole_number("class_id", class_id, model)

    def options(info: ModelInfo) -> Mapping[str, NDArray[Any]]:
        if wanted is None:
            return {}
        require_inputs(info, ("CLASS_ID",), "a class")
        return {"CLASS_ID": np.array([[_class_number(info, wanted)]], dtype=np.int32)}

    task = "unconditional-image-generation"
    return Call(task, model, ("RESULT",), _decode, inputs=inputs, options=options, takes_image=False)


def _class_number(info: ModelInfo, wanted: int | str) -> int:
    """Return the number of a class; a text is a label, or else a number."""
    if wanted in info.labels:
        return info.labels.index(wanted)
    number = _parsed(wanted) if isinstance(wanted, str) else wanted
    largest = len(info.labels) - 1 if info.labels else _CLASS_ID_MAX
    if not 0 <= number <= largest:
        shown = ", ".join(info.labels[:_SHOWN]) + (", …" if len(info.labels) > _SHOWN else "")
        raise InvalidRequest(
            f"expected a class of {info.name!r}, a number from 0 to {largest}{f' or one of {shown}' if shown else ''}, "
            f"got {cut(wanted)}; correct it, or leave it out",
            model=info.name,
        )
    return number


def _parsed(text: str) -> int:
    """Return a number that is written in digits, or -1."""
    try:
        return int(text) if text.isascii() and text.isdigit() else -1
    except ValueError:  # Python reads some thousand digits at most
        return -1


def _decode(answer: Answer) -> PIL.Image.Image:
    return read_png(answer, "RESULT")
