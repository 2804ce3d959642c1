"""What each task sends and how its answer is read; pure, so that every transport shares it."""

from __future__ import annotations

import io
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sightline._tensors import bytes_tensor
from sightline.errors import InferenceFailed, InvalidRequest
from sightline.images import ImageLike, encode_image
from sightline.results import Classification, ModelInfo

Tensors = Mapping[str, NDArray[Any]]
Result = TypeVar("Result")

_SEED_MIN, _SEED_MAX = -(2**63), 2**63 - 1


@dataclass(frozen=True, eq=False)
class Call(Generic[Result]):
    """A request that is ready to be sent, with the function that reads its answer."""

    task: str
    model: str
    inputs: Tensors
    outputs: tuple[str, ...]
    decode: Callable[[ModelInfo, Tensors], Result]


def classify(image: ImageLike, *, model: str, top_k: int) -> Call[Classification]:
    if top_k < 1:
        raise InvalidRequest(f"expected top_k to be 1 or larger, got {top_k}; ask for at least one class", model=model)

    def decode(info: ModelInfo, tensors: Tensors) -> Classification:
        scores = _scores(info, tensors["SCORES"])
        class_ids: NDArray[np.int64] = np.argsort(-scores, kind="stable")[:top_k].astype(np.int64)
        labels = info.labels or tuple(str(class_id) for class_id in range(scores.size))
        return Classification(
            labels=tuple(labels[int(class_id)] for class_id in class_ids),
            scores=scores[class_ids],
            class_ids=class_ids,
        )

    inputs = {"IMAGE": bytes_tensor(encode_image(image))}
    return Call("image-classification", model, inputs, ("SCORES",), decode)


def generate(*, seed: int, model: str) -> Call[PIL.Image.Image]:
    try:
        number = operator.index(seed)
    except TypeError as exc:
        raise InvalidRequest(
            f"expected seed to be an int, got {type(seed).__name__}; pass a number", model=model
        ) from exc
    if not _SEED_MIN <= number <= _SEED_MAX:
        raise InvalidRequest(f"expected seed to fit in 64 bits, got {number}; pass a smaller number", model=model)

    def decode(info: ModelInfo, tensors: Tensors) -> PIL.Image.Image:
        return _picture(info, tensors["RESULT"])

    inputs = {"SEED": np.array([[number]], dtype=np.int64)}
    return Call("unconditional-image-generation", model, inputs, ("RESULT",), decode)


def _scores(info: ModelInfo, tensor: NDArray[Any]) -> NDArray[np.float32]:
    if tensor.dtype != np.float32 or tensor.ndim != 2 or tensor.shape[0] != 1 or tensor.shape[1] == 0:
        raise InferenceFailed(
            f"expected SCORES as float32 of shape (1, K), got {tensor.dtype} of shape {tensor.shape}; "
            f"check the configuration of {info.name!r}",
            model=info.name,
        )
    scores: NDArray[np.float32] = tensor[0]
    if info.labels and len(info.labels) != scores.size:
        raise InferenceFailed(
            f"expected one score for each of the {len(info.labels)} labels of {info.name!r}, got {scores.size}; "
            "if a new version was just loaded, make a new client",
            model=info.name,
        )
    if not np.isfinite(scores).all():
        raise InferenceFailed(
            f"expected finite SCORES from {info.name!r}, got NaN or infinity; check the model", model=info.name
        )
    return scores


def _picture(info: ModelInfo, tensor: NDArray[Any]) -> PIL.Image.Image:
    if tensor.dtype != np.object_ or tensor.size != 1:
        raise InferenceFailed(
            f"expected RESULT as one BYTES element, got {tensor.dtype} of shape {tensor.shape}; "
            f"check the configuration of {info.name!r}",
            model=info.name,
        )
    try:
        picture = PIL.Image.open(io.BytesIO(cast(bytes, tensor.flat[0])), formats=["PNG"])
        picture.load()
    except (OSError, ValueError, SyntaxError, TypeError, PIL.Image.DecompressionBombError) as exc:
        raise InferenceFailed(
            f"expected RESULT of {info.name!r} to be a PNG, got bytes that do not decode as one; check the model",
            model=info.name,
        ) from exc
    return picture
