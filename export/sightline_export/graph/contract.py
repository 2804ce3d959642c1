"""What a graph has to keep so that every runtime serves it: versions, names, a dynamic batch axis, static rest."""

from typing import Any, cast

import onnx

from sightline_export.errors import GraphRefused
from sightline_export.graph.limits import MAX_IR_VERSION, MAX_OPSET
from sightline_export.graph.operators import data_dependent, named
from sightline_export.signature import Signature


class BatchFrozen(GraphRefused):
    """The first axis of an input or output is a number."""


def refuse_unservable(model: onnx.ModelProto, signature: Signature) -> None:
    """Raise GraphRefused unless the graph keeps the contract: IR, opset, names, dynamic batch axis, static rest."""
    if model.ir_version > MAX_IR_VERSION:
        raise GraphRefused(
            f"expected ONNX IR version <= {MAX_IR_VERSION}, got {model.ir_version}: Triton's older runtimes refuse it"
        )
    opset = max(imported.version for imported in model.opset_import if imported.domain in ("", "ai.onnx"))
    if opset > MAX_OPSET:
        raise GraphRefused(f"expected opset <= {MAX_OPSET}, got {opset}: Triton's older runtimes refuse it")
    graph = model.graph
    for kind, found, expected in (
        ("input", graph.input, signature.inputs),
        ("output", graph.output, signature.outputs),
    ):
        names = [value.name for value in found]
        if names != [spec.name for spec in expected]:
            raise GraphRefused(f"expected the {kind}s {[spec.name for spec in expected]}, the graph has {names}")
        for value, spec in zip(found, expected, strict=True):
            first, *rest = _dims(value)
            if not isinstance(first, str):
                raise BatchFrozen(
                    f"expected a dynamic first axis on {kind} {spec.name}, got {first}: the batch size was frozen "
                    "while tracing; look for shapes read as Python numbers in forward()"
                )
            if tuple(rest) != spec.shape:
                node = data_dependent(graph, [value.name])
                because = f"; its size depends on the values in the picture, from {named(node)} on" if node else ""
                raise GraphRefused(
                    f"expected {kind} {spec.name} of shape {list(spec.shape)} per picture, got {rest}{because}"
                )


def _dims(value: onnx.ValueInfoProto) -> list[int | str]:
    """The axes of a graph's input or output: a number, or the name of a dynamic axis."""
    dims = cast(list[Any], value.type.tensor_type.shape.dim)
    return [dim.dim_value if dim.HasField("dim_value") else str(dim.dim_param or "?") for dim in dims]
