"""Opens ONNX Runtime sessions, and translates what they say. The only module here that needs ONNX Runtime."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt
import onnxruntime

from sightline_backend.cores import physical_cores
from sightline_backend.errors import ModelConfigError, ModelError
from sightline_backend.onnx_runtime.batching import Run
from sightline_backend.onnx_runtime.graph import TRITON_TYPES, Graph, GraphTensor
from sightline_backend.onnx_runtime.providers import Provider
from sightline_backend.onnx_runtime.settings import GraphLevel, SessionSettings
from sightline_backend.spans import span

ort = cast("Any", onnxruntime)  # typed in part only
_LEVELS: dict[GraphLevel, Any] = {
    "disabled": ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
}
_ORT_MESSAGE = re.compile(r"\[ONNXRuntimeError\] : (\d+) : \w+ : (.*)", re.DOTALL)


class _NodeArg(Protocol):
    name: str
    type: str
    shape: list[int | str | None]


class Session(Protocol):
    """What we use of `onnxruntime.InferenceSession`."""

    def get_inputs(self) -> Sequence[_NodeArg]: ...
    def get_outputs(self) -> Sequence[_NodeArg]: ...
    def get_overridable_initializers(self) -> Sequence[_NodeArg]: ...
    def run(self, output_names: list[str], input_feed: dict[str, Any], run_options: object) -> list[Any]: ...


def model_file(version_directory: Path, default_model_filename: str, model_name: str) -> Path:
    """Find the file of a model version; a directory stands for the `model.onnx` inside it.

    Raises:
        ModelConfigError: there is no such file.
    """
    path = version_directory / (default_model_filename or "model.onnx")
    if path.is_dir():
        path /= "model.onnx"
    if not path.is_file():
        raise ModelConfigError(f"unable to find '{path}' for model instance '{model_name}'")
    return path


def available_providers() -> list[str]:
    """Return the names of the execution providers that this build of ONNX Runtime offers."""
    return list(ort.get_available_providers())


def open_session(path: Path, settings: SessionSettings, providers: Sequence[Provider]) -> Session:
    """Open a model file.

    Left to itself, ONNX Runtime binds a thread to each core of the machine, even to cores that this process may not
    use. So it is always told how many.

    Raises:
        ModelConfigError: ONNX Runtime refuses the file, an option or a provider.
    """
    try:
        options = ort.SessionOptions()
        options.graph_optimization_level = _LEVELS[settings.graph_level]
        options.execution_mode = (
            ort.ExecutionMode.ORT_PARALLEL if settings.parallel else ort.ExecutionMode.ORT_SEQUENTIAL
        )
        options.intra_op_num_threads = settings.intra_op_threads or physical_cores()
        options.inter_op_num_threads = settings.inter_op_threads or physical_cores()
        options.enable_cpu_mem_arena = settings.cpu_mem_arena
        if settings.mem_pattern is not None:
            options.enable_mem_pattern = settings.mem_pattern
        for key, value in settings.session_entries.items():
            options.add_session_config_entry(key, value)
        for library in settings.op_libraries:
            options.register_custom_ops_library(library)
        return ort.InferenceSession(path, options, providers=list(providers))
    except Exception as error:
        raise ModelConfigError(error_text(error)) from error


def graph_of(session: Session) -> Graph:
    """Read inputs, outputs and overridable initializers of a session.

    Raises:
        ModelConfigError: one of them is not a tensor.
    """
    return Graph(
        inputs=_tensors(session.get_inputs()),
        outputs=_tensors(session.get_outputs()),
        initializers=_tensors(session.get_overridable_initializers()),
    )


def runner(session: Session, settings: SessionSettings) -> Run:
    """Return the function that runs a session with the configured run options; it raises ModelError."""
    options = ort.RunOptions()
    for key, value in settings.run_entries.items():
        options.add_run_config_entry(key, value)

    def run(output_names: list[str], inputs: dict[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        try:
            with span("inference"):
                return [np.asarray(output) for output in session.run(output_names, inputs, options)]
        except Exception as error:
            raise ModelError(error_text(error)) from error

    return run


def error_text(error: Exception) -> str:
    """Write an error of ONNX Runtime as the C++ backend does: `onnx runtime error <code>: <message>`."""
    match = _ORT_MESSAGE.search(str(error))
    code, message = match.groups() if match else ("1", str(error))
    return f"onnx runtime error {code}: {message}"


def _tensors(arguments: Sequence[_NodeArg]) -> tuple[GraphTensor, ...]:
    return tuple(_tensor(argument) for argument in arguments)


def _tensor(argument: _NodeArg) -> GraphTensor:
    if not argument.type.startswith("tensor("):
        raise ModelConfigError(
            f"Unsupported ONNX Type '{argument.type}' for I/O '{argument.name}', expected 'ONNX_TYPE_TENSOR'."
        )
    return GraphTensor(
        argument.name,
        TRITON_TYPES.get(argument.type, "TYPE_INVALID"),
        tuple(dim if isinstance(dim, int) else -1 for dim in argument.shape),
    )
