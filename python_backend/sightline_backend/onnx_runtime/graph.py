"""What a model file says about its inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass

TRITON_TYPES = {
    "tensor(bool)": "TYPE_BOOL",
    "tensor(uint8)": "TYPE_UINT8",
    "tensor(uint16)": "TYPE_UINT16",
    "tensor(uint32)": "TYPE_UINT32",
    "tensor(uint64)": "TYPE_UINT64",
    "tensor(int8)": "TYPE_INT8",
    "tensor(int16)": "TYPE_INT16",
    "tensor(int32)": "TYPE_INT32",
    "tensor(int64)": "TYPE_INT64",
    "tensor(float16)": "TYPE_FP16",
    "tensor(float)": "TYPE_FP32",
    "tensor(double)": "TYPE_FP64",
    "tensor(string)": "TYPE_STRING",
}
"""ONNX Runtime's names of the tensor types that are served, and Triton's. BF16 is not: numpy has no such type."""


@dataclass(frozen=True)
class GraphTensor:
    """One input or output of a graph; a dimension that varies is -1."""

    name: str
    data_type: str
    """Triton's name, e.g. TYPE_FP32; TYPE_INVALID if it is not served."""
    dims: tuple[int, ...]


@dataclass(frozen=True)
class Graph:
    """Inputs, outputs and those initializers that a request may override."""

    inputs: tuple[GraphTensor, ...]
    outputs: tuple[GraphTensor, ...]
    initializers: tuple[GraphTensor, ...] = ()


def shape_text(dims: tuple[int, ...] | list[int]) -> str:
    """Write a shape as Triton does.

    >>> shape_text((-1, 3))
    '[-1,3]'
    """
    return f"[{','.join(str(dim) for dim in dims)}]"
