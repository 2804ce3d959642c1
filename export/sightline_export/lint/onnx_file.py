"""What an ONNX file says about itself, before any runtime opens it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sightline_export.lint.findings import Finding
from sightline_export.lint.machine import Machine
from sightline_export.lint.model import Model
from sightline_export.lint.onnx_limits import PORTABLE_IR_VERSION, PORTABLE_OPSET, OnnxLimits
from sightline_export.lint.readable import is_file


@dataclass(frozen=True)
class OnnxFile:
    """ir_version and opset: of the default operator set; 0 where it is not said. missing: external data files."""

    ir_version: int
    opset: int
    missing: tuple[str, ...]

    @property
    def is_portable(self) -> bool:
        """Whether it is old enough for every ONNX Runtime that may serve it."""
        return self.ir_version <= PORTABLE_IR_VERSION and self.opset <= PORTABLE_OPSET


def read_file(path: Path) -> OnnxFile | None:
    """The header of an ONNX file; None where it is none.

    Raises:
        OSError: it can't be read.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = cast(Any, onnx.load(path, load_external_data=False))
    except (DecodeError, ValueError):
        return None
    opsets = {str(one.domain): int(one.version) for one in model.opset_import}
    if not model.HasField("graph"):
        return None
    locations = {
        str(entry.value)
        for tensor in _tensors(model.graph)
        if tensor.data_location == onnx.TensorProto.EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }
    missing = sorted(name for name in locations if not is_file(path.parent / name))
    return OnnxFile(int(model.ir_version), opsets.get("", opsets.get("ai.onnx", 0)), tuple(missing))


def check_file(model: Model, path: Path, file: OnnxFile | None, machine: Machine) -> Iterator[Finding]:
    """Mistakes that the header shows; what it does not show, ONNX Runtime says."""
    if file is None:
        if path.suffix != ".ort":
            yield model.error_in(
                path,
                None,
                "not-onnx",
                "an ONNX file",
                f"{path.stat().st_size} bytes of something else",
                "export the model again",
            )
        return
    if not file.is_portable:
        yield from _check_versions(model, path, file, machine.onnx_limits())
    for name in file.missing:
        yield model.error_in(
            path,
            None,
            "external-data",
            f"the weights in {name} beside the model",
            "no such file",
            f"copy {name} into this folder",
        )


def _check_versions(model: Model, path: Path, file: OnnxFile, limits: OnnxLimits | None) -> Iterator[Finding]:
    """An error where the server does not open a file of such a version, a warning where others do not."""
    ir_edit = f"set ir_version to {PORTABLE_IR_VERSION} and save it again"
    opset_edit = "export it again with opset 20, or convert it with onnx.version_converter"
    for rule, what, found, portable, newest, edit in (
        ("ir-version", "an IR version", file.ir_version, PORTABLE_IR_VERSION, limits and limits.ir_version, ir_edit),
        ("opset", "an opset", file.opset, PORTABLE_OPSET, limits and limits.opset, opset_edit),
    ):
        if limits and newest is not None and found > newest:
            wanted = f"{what} of at most {newest}, the newest that ONNX Runtime {limits.release} opens"
            yield model.error_in(path, None, rule, wanted, str(found), edit)
        elif found > portable:
            wanted = f"{what} of at most {portable}, which ONNX Runtime 1.20 and every container since 24.09 open"
            yield model.warning_in(path, None, rule, wanted, str(found), edit)


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            if attribute.HasField("g"):
                yield from _tensors(attribute.g)
