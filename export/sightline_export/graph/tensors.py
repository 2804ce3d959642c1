"""Types and shapes of a graph's inputs and outputs, and the numbers in its constants."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from onnx.external_data_helper import uses_external_data

Dim = int | str | None
"""A size, the name of a dynamic axis, or None where nothing is said."""


def dims(value: onnx.ValueInfoProto) -> tuple[Dim, ...] | None:
    """The axes of an input or output; None where the graph does not even say how many there are."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return tuple(
        dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else dim.dim_param or None
        for dim in tensor.shape.dim
    )


def type_name(value: onnx.ValueInfoProto) -> str:
    """FLOAT, FLOAT16, UINT8 …; "no tensor" for sequences and maps."""
    kind = value.type.WhichOneof("value")
    return TensorProto.DataType.Name(value.type.tensor_type.elem_type) if kind == "tensor_type" else "no tensor"


def free_inputs(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    """The inputs that have to be given: old exporters list the weights among the inputs too."""
    weights = {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name not in weights]


def constants(graph: onnx.GraphProto) -> dict[str, NDArray[np.int64]]:
    """The whole numbers written into the graph, such as the targets of Reshape, by name."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    tensors[node.output[0]] = attribute.t
    return {
        name: numpy_helper.to_array(tensor)
        for name, tensor in tensors.items()
        if tensor.data_type == TensorProto.INT64 and len(tensor.dims) == 1 and not uses_external_data(tensor)
    }
