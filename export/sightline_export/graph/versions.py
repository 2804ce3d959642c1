"""IR version and opset within what Triton's runtimes accept."""

from __future__ import annotations

import onnx
from onnx import inliner, version_converter

from sightline_export.errors import GraphRefused
from sightline_export.graph.limits import MAX_IR_VERSION, MAX_OPSET, MIN_IR_VERSION, MIN_OPSET


def opset(model: onnx.ModelProto) -> int:
    """The version of the standard operators that the graph was written for.

    Raises GraphRefused where the file states none.
    """
    versions = [imported.version for imported in model.opset_import if imported.domain in ("", "ai.onnx")]
    if not versions:
        raise GraphRefused("expected a graph with an opset of ONNX's own operators, got none; export it again")
    return max(versions)


def with_ir_version(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph, said in an IR version that Triton's runtimes read; nothing in it changes."""
    wanted = min(max(model.ir_version, MIN_IR_VERSION), MAX_IR_VERSION)
    if wanted == model.ir_version:
        return model
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.ir_version = wanted
    return copy


def with_opset(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network in an opset that Triton's runtimes know; whether it still gives the same is for others to prove.

    Raises GraphRefused where ONNX has no conversion for an operator in it.
    """
    found = opset(model)
    wanted = min(max(found, MIN_OPSET), MAX_OPSET)
    if wanted == found:
        return model
    source = inliner.inline_local_functions(model) if model.functions else model
    try:
        converted = version_converter.convert_version(source, wanted)
    except Exception as error:  # its C++ raises RuntimeError, ConvertError and others
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise GraphRefused(
            f"expected an opset from {MIN_OPSET} to {MAX_OPSET}, got {found}, and onnx.version_converter can't convert "
            f"it: {reason[:200]}; export it again with torch.onnx.export(..., opset_version=20)"
        ) from error
    del converted.metadata_props[:]  # the converter forgets some of them
    converted.metadata_props.extend(model.metadata_props)
    converted.ir_version = min(max(converted.ir_version, MIN_IR_VERSION), MAX_IR_VERSION)
    return converted
