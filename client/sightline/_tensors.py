"""Checks of raw tensors before they are sent; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sightline.errors import InvalidRequest

_DATATYPES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
    "bfloat16": "BF16",
    "object": "BYTES",
}


def bytes_tensor(data: bytes) -> NDArray[np.object_]:
    """Return (1, 1) object: a batch of one BYTES element."""
    tensor = np.empty((1, 1), dtype=np.object_)
    tensor[0, 0] = data
    return tensor


def datatype_of(array: NDArray[Any]) -> str:
    """Return Triton's name for the element type of an array that `checked_inputs` let pass."""
    return _DATATYPES[array.dtype.name]


def checked_inputs(model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the tensors in the byte order of the wire, or raise `InvalidRequest` for what cannot travel."""
    if not model:
        raise InvalidRequest("expected the name of a model, got an empty one; `Client.models()` lists them")
    if not inputs:
        raise InvalidRequest("expected at least one input tensor, got none; pass {name: array}", model=model)
    return {name: _checked(model, name, array) for name, array in inputs.items()}


def _checked(model: str, name: str, value: object) -> NDArray[Any]:
    if not isinstance(value, np.ndarray):
        raise InvalidRequest(
            f"expected input {name!r} to be a numpy array, got {type(value).__name__}; wrap it in np.array(…, dtype=…)",
            model=model,
        )
    array = cast(NDArray[Any], value)
    if array.dtype.kind in "SU":
        raise InvalidRequest(
            f"expected the BYTES input {name!r} as an array of dtype object, got {array.dtype}, which drops trailing "
            "zero bytes; use np.array([data], dtype=object)",
            model=model,
        )
    if array.dtype.name not in _DATATYPES:
        raise InvalidRequest(
            f"expected input {name!r} to have one of the dtypes {', '.join(_DATATYPES)}, got {array.dtype}; "
            "convert it with astype",
            model=model,
        )
    if array.dtype.kind == "O":
        for element in cast(list[object], array.ravel().tolist()):
            if not isinstance(element, bytes):
                raise InvalidRequest(
                    f"expected every element of the BYTES input {name!r} to be bytes, got {type(element).__name__}; "
                    "encode it first",
                    model=model,
                )
        return array
    little_endian = cast("np.dtype[Any]", array.dtype.newbyteorder("<"))
    return array.astype(little_endian, copy=False)
