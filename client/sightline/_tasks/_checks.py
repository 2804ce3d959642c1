"""Checks of arguments and answers that more than one task makes."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline._tasks.call import Answer
from sightline.errors import InferenceFailed, InvalidRequest
from sightline.results import ModelInfo
from sightline.results._checks import SCORE_MAX

_MOST_SHOWN = 80  # characters of an argument


def broken(info: ModelInfo, expected: str, got: str, advice: str = "check the model") -> InferenceFailed:
    """Return the error for an answer that is not what its task promises."""
    return InferenceFailed(f"expected {info.name!r} to answer with {expected}, got {got}; {advice}", model=info.name)


def tensor(answer: Answer, name: str, dtype: type[np.generic], *sizes: int | str) -> NDArray[Any]:
    """Return the tensor `name` without its batch axis; a letter in `sizes` stands for any size above 0."""
    array = answer.tensors.get(name)
    if array is not None and array.dtype == dtype and _fits(array.shape, (1, *sizes)):
        return array[0]
    shape = ", ".join(str(size) for size in (1, *sizes))
    got = f"only {', '.join(answer.tensors) or 'nothing'}" if array is None else f"{array.dtype} of shape {array.shape}"
    raise broken(answer.info, f"{name} as {np.dtype(dtype)} of shape ({shape})", got, "check its configuration")


def _fits(shape: tuple[int, ...], sizes: tuple[int | str, ...]) -> bool:
    return len(shape) == len(sizes) and all(
        got > 0 if isinstance(size, str) else got == size for got, size in zip(shape, sizes, strict=True)
    )


def check_finite(info: ModelInfo, name: str, array: NDArray[np.float32]) -> None:
    if not np.isfinite(array).all():
        raise broken(info, f"finite {name}", "NaN or infinity")


def check_scores(info: ModelInfo, name: str, scores: NDArray[np.float32]) -> None:
    # NaN is neither
    if scores.size and not (np.minimum.reduce(scores) >= 0 and np.maximum.reduce(scores) <= SCORE_MAX):
        check_finite(info, name, scores)
        raise broken(info, f"{name} in [0, 1]", f"{scores.min():g} to {scores.max():g}")


def check_class_ids(info: ModelInfo, name: str, class_ids: NDArray[np.integer[Any]]) -> None:
    if not class_ids.size:
        return
    if class_ids.min() < 0:
        raise broken(info, f"{name} of 0 or larger", str(class_ids.min()))
    if info.labels and class_ids.max() >= len(info.labels):
        raise broken(
            info,
            f"{name} below {len(info.labels)}, one for each label",
            str(class_ids.max()),
            "if a new version was just loaded, make a new client",
        )


def label_of(info: ModelInfo, class_id: int) -> str:
    """Return the name of a class that `check_class_ids` let pass; its number where the model has no names."""
    return info.labels[class_id] if info.labels else str(class_id)


def cut(value: object) -> str:
    """Return an argument as a message shows it, without the middle of a long one."""
    try:
        text = repr(value)
    except ValueError:  # Python writes whole numbers of some thousand digits at most
        return "a number of very many digits"
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN // 2]}…{text[-_MOST_SHOWN // 2 :]}"


def whole_number(name: str, value: object, model: str) -> int:
    """Return an argument as an int.

    Raises:
        InvalidRequest: It is not a whole number.
    """
    try:
        return operator.index(value)  # pyright: ignore[reportArgumentType]
    except TypeError as exc:
        raise InvalidRequest(
            f"expected {name} to be an int, got {type(value).__name__}; pass a whole number", model=model
        ) from exc
