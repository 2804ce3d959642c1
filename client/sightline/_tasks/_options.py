"""Inputs that a caller gives by name, in the form that the model says it takes."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sightline._tasks._checks import cut
from sightline._tensors import dtype_name
from sightline.errors import InvalidRequest
from sightline.results import ModelInfo, TensorInfo

_TRUTHS: Mapping[object, bool] = {1: True, 0: False, "true": True, "false": False, "1": True, "0": False}
_PICTURE = "IMAGE"


def require_inputs(info: ModelInfo, names: Sequence[str], purpose: str) -> None:
    """Raise `InvalidRequest` for a model that lacks an input which its use needs."""
    known = [tensor.name for tensor in info.inputs]
    if not set(names) <= set(known):
        raise InvalidRequest(
            f"expected a model that takes {purpose} ({', '.join(names)}), got {info.name!r}, which takes "
            f"{', '.join(known)}; choose another one, `sightline models` lists the inputs of each",
            model=info.name,
        )


def named_inputs(info: ModelInfo, values: Mapping[str, object]) -> dict[str, NDArray[Any]]:
    """Return the tensors, with a batch axis of 1, for values by the names of inputs; None leaves an input out.

    Raises:
        InvalidRequest: The model has no such input, or a value does not fit it.
    """
    known = {tensor.name.lower(): tensor for tensor in info.inputs if tensor.name != _PICTURE}
    tensors: dict[str, NDArray[Any]] = {}
    for name, value in values.items():
        if name.lower() not in known:
            raise InvalidRequest(_unknown(info, name, list(known)), model=info.name)
        if value is not None:
            tensor = known[name.lower()]
            tensors[tensor.name] = _tensor(info, tensor, value)
    return tensors


def _unknown(info: ModelInfo, name: str, known: Sequence[str]) -> str:
    if not known:
        return f"expected nothing but a picture for {info.name!r}, got {name!r} too; leave it out"
    return f"expected an input of {info.name!r} beside the picture: {', '.join(known)}, got {name!r}; correct the name"


def _tensor(info: ModelInfo, tensor: TensorInfo, value: object) -> NDArray[Any]:
    shape = tensor.shape[1:] if info.max_batch_size > 0 else tensor.shape
    elements = _elements(tensor.datatype, value)
    try:
        converted = [_element(tensor.datatype, each) for each in elements]
    except (TypeError, ValueError, OverflowError) as exc:
        raise InvalidRequest(
            f"expected {tensor.name.lower()} of {info.name!r} as {_kind(tensor.datatype, shape)}, got {cut(value)}; "
            "correct the value",
            model=info.name,
        ) from exc
    array: NDArray[Any] = np.empty(len(converted), np.dtype(cast(Any, dtype_name(tensor.datatype))))
    array[:] = converted
    try:
        array = array.reshape(_shape_of(value, shape))
    except ValueError as exc:
        raise InvalidRequest(
            f"expected {tensor.name.lower()} of {info.name!r} as {_kind(tensor.datatype, shape)}, got "
            f"{len(converted)} values; send as many as it takes",
            model=info.name,
        ) from exc
    return array[np.newaxis] if info.max_batch_size > 0 else array


def _shape_of(value: object, shape: Sequence[int]) -> Sequence[int]:
    """Return the shape to give; where more than one axis is free, that of the array that came."""
    return cast("NDArray[Any]", value).shape if shape.count(-1) > 1 and isinstance(value, np.ndarray) else shape


def _elements(datatype: str, value: object) -> Sequence[object]:
    if isinstance(value, np.ndarray):
        return cast("list[object]", cast("NDArray[Any]", value).ravel().tolist())
    if isinstance(value, str) and datatype != "BYTES":
        return value.split(",")
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
        return cast("Sequence[object]", value)
    return [value]


def _element(datatype: str, value: object) -> object:
    if datatype == "BYTES":
        return value.encode() if isinstance(value, str) else bytes(memoryview(cast(bytes, value)))
    if datatype == "BOOL":
        return _truth(value)
    if datatype.startswith(("INT", "UINT")):
        return _whole(datatype, value)
    number = float(cast(Any, value))
    most = {"FP16": 65504.0, "FP64": math.inf}.get(datatype, float(np.finfo(np.float32).max))
    if math.isfinite(number) and abs(number) > most:
        raise OverflowError(value)
    return number


def _truth(value: object) -> bool:
    key = value.strip().lower() if isinstance(value, str) else value
    if key not in _TRUTHS:
        raise ValueError(value)
    return _TRUTHS[key]


def _whole(datatype: str, value: object) -> int:
    is_whole_float = isinstance(value, float) and value.is_integer()
    number = int(cast(Any, value)) if isinstance(value, str) or is_whole_float else operator.index(cast(Any, value))
    limits = np.iinfo(cast(Any, dtype_name(datatype)))
    if not int(limits.min) <= number <= int(limits.max):
        raise OverflowError(value)
    return number


def _kind(datatype: str, shape: Sequence[int]) -> str:
    one = {"BYTES": "text or bytes", "BOOL": "true or false"}.get(datatype) or (
        "a whole number" if datatype.startswith(("INT", "UINT")) else "a number"
    )
    if list(shape) == [1]:
        return f"{one} ({datatype})"
    axes = ", ".join("any" if size == -1 else str(size) for size in shape)
    return f"values of {datatype} and shape [{axes}], each {one}"
