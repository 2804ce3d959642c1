"""Holds a configuration against the graph that it names; texts are those of the C++ backend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sightline_backend.errors import ModelConfigError
from sightline_backend.onnx_runtime.graph import TRITON_TYPES, Graph, GraphTensor, shape_text

_SERVED = frozenset(TRITON_TYPES.values())
_CONTROLS = (
    "CONTROL_SEQUENCE_START",
    "CONTROL_SEQUENCE_END",
    "CONTROL_SEQUENCE_READY",
    "CONTROL_SEQUENCE_CORRID",
)
_Config = Mapping[str, Any]


def validate(config: _Config, graph: Graph) -> None:
    """Check inputs, outputs and sequence controls of a configuration.

    Raises:
        ModelConfigError: the graph does not offer what the configuration promises.
    """
    _validate_offered(config)
    controls = sequence_controls(config)
    for control in controls.values():
        _validate_control(config, control, graph)
    _validate_inputs(config, graph, len(controls))
    outputs = {tensor.name: tensor for tensor in graph.outputs}
    for entry in config.get("output", []):
        tensor = outputs.get(entry["name"])
        if tensor is None:
            raise ModelConfigError(_unexpected("output", entry["name"], outputs))
        _validate_type(config, entry, tensor, "output")
        _validate_dims(config, entry, tensor, exact=True)


def sequence_controls(config: _Config) -> dict[str, _Config]:
    """Return the control inputs of a sequence model by kind: those that have a tensor name."""
    entries = config.get("sequence_batching", {}).get("control_input", [])
    return {
        control["kind"]: {"name": entry["name"], **control}
        for entry in entries
        for control in entry.get("control", [])
        if control["kind"] in _CONTROLS and entry.get("name")
    }


def _validate_offered(config: _Config) -> None:
    for offered, what in (
        (config.get("batch_input"), "batch_input"),
        (config.get("batch_output"), "batch_output"),
        (config.get("sequence_batching", {}).get("state"), "implicit state in sequence_batching"),
        (any(entry.get("allow_ragged_batch") for entry in config.get("input", [])), "allow_ragged_batch"),
    ):
        if offered:
            raise ModelConfigError(
                f"unable to load model '{config.get('name', '')}', {what} is only offered by the C++ onnxruntime "
                "backend; serve this model in NVIDIA's container, or leave it out"
            )


def _validate_inputs(config: _Config, graph: Graph, control_count: int) -> None:
    name = config.get("name", "")
    entries: Sequence[_Config] = config.get("input", [])
    expected = sum(not entry.get("optional") for entry in entries) + control_count
    if len(graph.inputs) != expected:
        raise ModelConfigError(
            f"unable to load model '{name}', configuration expects {expected} inputs, model provides "
            f"{len(graph.inputs)}"
        )
    tensors = {tensor.name: tensor for tensor in (*graph.inputs, *graph.initializers)}
    for entry in entries:
        if entry.get("optional") and _batching(config):
            raise ModelConfigError(
                f"unable to load model '{name}', optional input '{entry['name']}' is not supported for models that "
                "support batching"
            )
        tensor = tensors.get(entry["name"])
        if tensor is None:
            raise ModelConfigError(_unexpected("input", entry["name"], tensors))
        _validate_type(config, entry, tensor, "input")
        _validate_dims(config, entry, tensor, exact=False)


def _validate_control(config: _Config, control: _Config, graph: Graph) -> None:
    tensor = next((tensor for tensor in graph.inputs if tensor.name == control["name"]), None)
    if tensor is None:
        raise ModelConfigError(
            f"configuration specified sequence control '{control['name']}', but model does not provide that input"
        )
    problem = f"unable to load model '{config.get('name', '')}', sequence control '{tensor.name}'"
    dims = tensor.dims[1:] if _batching(config) else tensor.dims
    if dims != (1,):
        raise ModelConfigError(f"{problem} in model has dims {shape_text(dims)} but dims [1] is expected")
    data_type = _control_type(control)
    if data_type != tensor.data_type:
        raise ModelConfigError(
            f"{problem}, the model expects data-type {tensor.data_type} but the model configuration specifies "
            f"data-type {data_type}"
        )


def _control_type(control: _Config) -> str:
    for key, data_type in (
        ("int32_false_true", "TYPE_INT32"),
        ("fp32_false_true", "TYPE_FP32"),
        ("bool_false_true", "TYPE_BOOL"),
    ):
        if control.get(key):
            return data_type
    return str(control.get("data_type", "TYPE_INVALID"))


def _validate_type(config: _Config, entry: _Config, tensor: GraphTensor, what: str) -> None:
    name = config.get("name", "")
    if entry["data_type"] not in _SERVED:
        raise ModelConfigError(
            f"unsupported datatype {entry['data_type']} for {what} '{entry['name']}' for model '{name}'"
        )
    if entry["data_type"] != tensor.data_type:
        provided = "TYPE_BYTES" if tensor.data_type == "TYPE_STRING" else tensor.data_type
        raise ModelConfigError(
            f"unable to load model '{name}', configuration expects datatype {entry['data_type']} for {what} "
            f"'{entry['name']}', model provides {provided}"
        )


def _validate_dims(config: _Config, entry: _Config, tensor: GraphTensor, *, exact: bool) -> None:
    reshape = entry.get("reshape")
    given = tuple(int(dim) for dim in (reshape.get("shape", ()) if reshape is not None else entry["dims"]))
    if not tensor.dims:
        if any(dim != 1 for dim in given):
            raise ModelConfigError(
                f"unable to load model '{config.get('name', '')}', scalar tensor '{tensor.name}', should only provide "
                "1 in the model configuration when the model doesn't support batching. Model configuration provided: "
                f"{shape_text(given)}."
            )
        return
    problem = f"model '{config.get('name', '')}', tensor '{tensor.name}'"
    if not _batching(config):
        if not _dims_fit(tensor.dims, given, exact):
            raise ModelConfigError(
                f"{problem}: the model expects {len(tensor.dims)} dimensions (shape {shape_text(tensor.dims)}) but "
                f"the model configuration specifies {len(given)} dimensions (shape {shape_text(given)})"
            )
        return
    if tensor.dims[0] != -1:
        raise ModelConfigError(
            f"{problem}: for the model to support batching the shape should have at least 1 dimension and the first "
            f"dimension must be -1; but shape expected by the model is {shape_text(tensor.dims)}"
        )
    full = (-1, *given)
    if not _dims_fit(tensor.dims, full, exact):
        raise ModelConfigError(
            f"{problem}: the model expects {len(tensor.dims)} dimensions (shape {shape_text(tensor.dims)}) but the "
            f"model configuration specifies {len(full)} dimensions (an initial batch dimension because "
            "max_batch_size > 0 followed by the explicit tensor shape, making complete shape "
            f"{shape_text(full)})"
        )


def _dims_fit(model: tuple[int, ...], given: tuple[int, ...], exact: bool) -> bool:
    return len(model) == len(given) and all(
        (not exact and wanted == -1) or wanted == got for wanted, got in zip(model, given, strict=True)
    )


def _batching(config: _Config) -> bool:
    return int(config.get("max_batch_size", 0)) > 0


def _unexpected(what: str, name: str, allowed: Iterable[str]) -> str:
    return f"unexpected inference {what} '{name}', allowed {what}s are: {', '.join(sorted(allowed))}"
