"""Raw tensors: numpy arrays, Triton's names of their element types, and their bytes on the wire; pure."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sightline.errors import InvalidRequest

DATATYPES = {
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
"""Name of a numpy dtype -> Triton's name."""

_DTYPE_NAMES = {datatype: name for name, datatype in DATATYPES.items()}
# Asking a dtype for its name takes longer than everything else here.
_DATATYPE_OF = {np.dtype(name): datatype for name, datatype in DATATYPES.items() if name != "bfloat16"}
_DTYPE_OF: dict[str, np.dtype[Any]] = {
    datatype: cast(Any, dtype.newbyteorder("<")) for dtype, datatype in _DATATYPE_OF.items()
}
_LENGTH = struct.Struct("<I")


def bytes_tensor(data: bytes) -> NDArray[np.object_]:
    """Return (1, 1) object: a batch of one BYTES element."""
    tensor = np.empty((1, 1), dtype=np.object_)
    tensor[0, 0] = data
    return tensor


def datatype_of(array: NDArray[Any]) -> str:
    """Return Triton's name for the element type of an array that `checked_inputs` let pass."""
    return _DATATYPE_OF.get(array.dtype) or DATATYPES[array.dtype.name]


def dtype_name(datatype: str) -> str:
    """Return numpy's name for an element type of Triton; raise `ValueError` for one that numpy lacks."""
    if datatype not in _DTYPE_NAMES:
        raise ValueError(f"expected a datatype of Triton, got {datatype!r}")
    return _DTYPE_NAMES[datatype]


def element_size(datatype: str) -> int | None:
    """Return the bytes of one element; None for BYTES, whose elements differ."""
    return None if datatype == "BYTES" else _dtype(datatype).itemsize


def to_wire(array: NDArray[Any]) -> bytes:
    """Return the elements in row-major order: fixed-size ones as they are, BYTES each behind its uint32 length."""
    if array.dtype.kind != "O":
        return array.tobytes()
    elements = cast("list[bytes]", array.ravel().tolist())
    return b"".join(part for element in elements for part in (_LENGTH.pack(len(element)), element))


def from_wire(data: bytes | memoryview, datatype: str, shape: Sequence[int]) -> NDArray[Any]:
    """Return the read-only array that `to_wire` made `data` of; raise `ValueError` when they do not fit."""
    if datatype == "BYTES":
        return _bytes_from_wire(data, shape)
    # The size is checked by reshape; an empty tensor has no buffer to look at.
    flat = np.frombuffer(data, dtype=_dtype(datatype)) if len(data) else np.empty(0, _dtype(datatype))
    return flat.reshape(shape)


def _bytes_from_wire(data: bytes | memoryview, shape: Sequence[int]) -> NDArray[np.object_]:
    count = math.prod(shape)
    elements = np.empty(count, dtype=np.object_)
    start = 0
    for place in range(count):
        if start + _LENGTH.size > len(data):
            raise ValueError(f"expected {count} BYTES elements, got {place}")
        end = start + _LENGTH.size + _LENGTH.unpack_from(data, start)[0]
        if end > len(data):
            raise ValueError(f"expected a BYTES element of {end - start} bytes, got {len(data) - start}")
        elements[place] = bytes(data[start + _LENGTH.size : end])
        start = end
    if start != len(data):
        raise ValueError(f"expected {start} bytes for {count} BYTES elements, got {len(data)}")
    elements.flags.writeable = False
    return elements.reshape(shape)


def _dtype(datatype: str) -> np.dtype[Any]:
    if datatype == "BF16":
        import ml_dtypes  # tritonclient brings it

        return np.dtype(cast(Any, ml_dtypes.bfloat16))
    if datatype not in _DTYPE_OF:
        raise ValueError(f"expected a datatype of Triton, got {datatype!r}")
    return _DTYPE_OF[datatype]


def check_name(model: str) -> None:
    """Raise `InvalidRequest` for what cannot be the name of a model."""
    try:
        is_name = bool(model.encode())
    except (AttributeError, UnicodeEncodeError):
        is_name = False
    if not is_name:
        raise InvalidRequest(f"expected the name of a model, got {model!r}; `Client.models()` lists them")


def checked_outputs(model: str, outputs: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the names of wanted outputs, or raise `InvalidRequest` for what is no list of them."""
    if outputs is None:
        return None
    if isinstance(outputs, str) or not outputs:
        raise InvalidRequest(
            f"expected outputs to be a list of names, or None for all, got {outputs!r}; pass ['NAME']", model=model
        )
    return tuple(outputs)


def checked_inputs(model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the tensors in the byte order of the wire, or raise `InvalidRequest` for what cannot travel."""
    check_name(model)
    if not inputs:
        raise InvalidRequest("expected at least one input tensor, got none; pass {name: array}", model=model)
    return {name: _checked(model, name, array) for name, array in inputs.items()}


def _checked(model: str, name: str, value: object) -> NDArray[Any]:
    if not isinstance(value, np.ndarray):
        raise InvalidRequest(
            f"expected input {name!r} to be a numpy array, got {type(value).__name__}; wrap it in np.array(…, dtype=…)",
            model=model,
        )
    array = cast("NDArray[Any]", value)
    if array.dtype.kind in "SU":
        raise InvalidRequest(
            f"expected the BYTES input {name!r} as an array of dtype object, got {array.dtype}, which drops trailing "
            "zero bytes; use np.array([data], dtype=object)",
            model=model,
        )
    if array.dtype not in _DATATYPE_OF and array.dtype.name not in DATATYPES:
        raise InvalidRequest(
            f"expected input {name!r} to have one of the dtypes {', '.join(DATATYPES)}, got {array.dtype}; "
            "convert it with astype",
            model=model,
        )
    if array.dtype.kind == "O":
        _check_elements(model, name, array)
        return array
    return array.astype(cast(Any, array.dtype.newbyteorder("<")), copy=False)


def _check_elements(model: str, name: str, array: NDArray[Any]) -> None:
    for element in cast("list[object]", array.ravel().tolist()):
        if not isinstance(element, bytes):
            advice = (
                "an image goes as the bytes of its file, so np.array([[file_bytes]], dtype=object)"
                if isinstance(element, (int, float))
                else "encode it first"
            )
            raise InvalidRequest(
                f"expected every element of the BYTES input {name!r} to be bytes, got {type(element).__name__}; "
                f"{advice}",
                model=model,
            )
