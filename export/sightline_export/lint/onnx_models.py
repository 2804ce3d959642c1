"""ONNX models, held against their configuration by the functions that the backend itself runs."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sightline_backend.errors import BackendError
from sightline_backend.model_config import Config, entries, section
from sightline_export.lint.config_text import normalised
from sightline_export.lint.findings import Finding
from sightline_export.lint.instances import kinds
from sightline_export.lint.machine import Machine, own_limits
from sightline_export.lint.model import Model, content
from sightline_export.lint.onnx_file import OnnxFile, check_file, read_file
from sightline_export.lint.onnx_mistakes import mismatches, refused
from sightline_export.lint.onnx_trial import check_rows
from sightline_export.lint.readable import is_file

if TYPE_CHECKING:
    from sightline_backend.onnx_runtime.graph import Graph
    from sightline_backend.onnx_runtime.session import Session
    from sightline_backend.onnx_runtime.settings import SessionSettings


@dataclass(frozen=True)
class Checked:
    """A version that was looked at. config: completed; known: whether all of it is certain."""

    config: Config
    findings: tuple[Finding, ...]
    known: bool = True


def check_onnx(model: Model, folder: Path, machine: Machine) -> Checked:
    """Complete and check the configuration of one version of an ONNX model, as the backend does."""
    from sightline_backend.onnx_runtime.session import model_file

    config: Config = copy.deepcopy(model.config)
    if "/" in str(config["default_model_filename"]):
        return Checked(config, (_in_folder(model),), known=False)
    try:
        path = model_file(folder, str(config["default_model_filename"]), model.name)
    except (BackendError, OSError):
        return Checked(config, (_no_file(model, folder),), known=False)
    settings, wrong = _settings(model)
    file = read_file(path)
    findings = [*wrong, *_check_providers(model, machine), *check_file(model, path, file, machine)]
    if section(config, "model_operations").get("op_library_filename"):
        # its operators are unknown to us, and we run no foreign code
        return Checked(config, (*findings, *_check_libraries(model)), known=False)
    if any(finding.severity == "error" for finding in findings if finding.file != model.file):
        return Checked(config, tuple(findings), known=False)
    if file is not None and _too_new_for_us(file):
        return Checked(config, tuple(findings), known=False)  # the server opens it, this process can't look inside
    opened = _open(path, settings)
    if isinstance(opened, str):
        return Checked(config, (*findings, refused(model, path, opened)), known=False)
    found = _compare(model, config, *opened)
    return Checked(normalised(config), (*findings, *found))


def _too_new_for_us(file: OnnxFile) -> bool:
    if file.is_portable:
        return False
    limits = own_limits()
    return limits is not None and not limits.open(file.ir_version, file.opset)


def _compare(model: Model, config: Config, graph: Graph, session: Session) -> list[Finding]:
    from sightline_backend.onnx_runtime.autocomplete import complete_from_graph
    from sightline_backend.onnx_runtime.validation import validate

    try:
        complete_from_graph(config, graph)
        validate(config, graph)
    except BackendError as error:
        return mismatches(model, config, graph, str(error))
    return [*_frozen(model, config, graph), *_scalars(model, config, graph), *check_rows(model, config, graph, session)]


def _frozen(model: Model, config: Config, graph: Graph) -> Iterator[Finding]:
    if config["max_batch_size"] == 0 and any(tensor.dims[:1] == (1,) for tensor in graph.inputs):
        yield model.warning(
            "no-batching",
            ("max_batch_size",),
            "a graph that takes batches",
            "a first dimension of 1, so that each request carries one picture",
            "export it again with a dynamic batch axis and set max_batch_size",
        )


def _scalars(model: Model, config: Config, graph: Graph) -> Iterator[Finding]:
    scalars = {tensor.name for tensor in graph.outputs if not tensor.dims}
    for index, entry in enumerate(entries(config, "output")):
        if config["max_batch_size"] and entry["name"] in scalars:
            yield model.error(
                "scalar-output",
                ("output", index),
                f"a batch axis in {entry['name']}, as max_batch_size is {config['max_batch_size']}",
                "one number for the whole batch, so that every request fails",
                "take the output out, or export it again with a value for each row",
                answers=True,
            )


def _open(path: Path, settings: SessionSettings) -> tuple[Graph, Session] | str:
    """The graph of a file and its session; the reason where ONNX Runtime does not open it."""
    from sightline_backend.onnx_runtime.providers import CPU
    from sightline_backend.onnx_runtime.session import graph_of, open_session

    try:
        session = open_session(path, settings, [CPU])
        return graph_of(session), session
    except BackendError as error:
        return str(error)


def _settings(model: Model) -> tuple[SessionSettings, list[Finding]]:
    """The options of the session, its optimisation included: that may make sizes known which the file leaves open."""
    from sightline_backend.onnx_runtime.settings import SessionSettings

    try:
        return SessionSettings.from_config(model.config), []
    except BackendError as error:
        finding = model.error(
            "parameter", ("parameters",), "parameters that the backend takes", str(error), "correct the parameter"
        )
        return SessionSettings(), [finding]


def _check_providers(model: Model, machine: Machine) -> Iterator[Finding]:
    from sightline_backend.onnx_runtime.providers import choose_providers
    from sightline_backend.onnx_runtime.session import available_providers

    for kind in kinds(model, machine):
        if kind == "GPU":
            continue  # the ONNX Runtime of this process says nothing about that of a machine with GPUs
        try:
            choose_providers(model.config, kind, 0, available_providers())
        except BackendError as error:
            yield model.error(
                "accelerator",
                ("optimization", "execution_accelerators"),
                "accelerators that this ONNX Runtime has",
                str(error),
                "correct the accelerator, or take it out",
            )
            return


def _check_libraries(model: Model) -> Iterator[Finding]:
    for index, name in enumerate(section(model.config, "model_operations")["op_library_filename"]):
        if not is_file(Path(name)):
            yield model.error(
                "operator-library",
                ("model_operations", "op_library_filename", index),
                "a library of operators that is there",
                str(name),
                "correct its path, or take it out",
            )


def _in_folder(model: Model) -> Finding:
    return model.error(
        "model-file",
        ("default_model_filename",),
        "a file in the version folder itself",
        str(model.config["default_model_filename"]),
        "put the file into the version folder, and name it without its folder",
    )


def _no_file(model: Model, folder: Path) -> Finding:
    name = str(model.config["default_model_filename"]) or "model.onnx"
    return model.error(
        "model-file",
        ("default_model_filename",),
        f"the file {name} in {model.relative(folder)}",
        content(folder),
        "put it there, or name the file that is there in default_model_filename",
    )
