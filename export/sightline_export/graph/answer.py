"""Which output of a foreign graph is served."""

from __future__ import annotations

import onnx

from sightline_export.errors import GraphRefused
from sightline_export.graph.tensors import dims, type_name

FLOATS = ("FLOAT", "FLOAT16")


def choose_output(graph: onnx.GraphProto) -> onnx.ValueInfoProto:
    """The first float output with one vector per picture, or else the first float output.

    Raises GraphRefused where no output holds float32 or float16 numbers.
    """
    floats = [value for value in graph.output if type_name(value) in FLOATS]
    if not floats:
        got = [f"{value.name} {type_name(value)}" for value in graph.output]
        raise GraphRefused(
            f"expected an output of type FLOAT or FLOAT16, got {got}; let the network give its scores or its vector, "
            "and export it again"
        )
    return next((value for value in floats if len(dims(value) or ()) == 2), floats[0])
