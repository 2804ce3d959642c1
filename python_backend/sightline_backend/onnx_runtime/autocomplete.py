"""Fills in what a configuration leaves out, by the C++ backend's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sightline_backend.errors import ModelConfigError
from sightline_backend.model_config import Config
from sightline_backend.onnx_runtime.graph import Graph, GraphTensor

DEFAULT_MAX_BATCH_SIZE = 4


def is_complete(config: Mapping[str, Any]) -> bool:
    """Whether inputs and outputs are given: then nothing is filled in, and the file need not be opened for it."""
    return bool(config.get("input") or config.get("batch_input")) and bool(config.get("output"))


def complete_from_graph(config: Config, graph: Graph) -> list[str]:
    """Fill in, in place, maximum batch size, dynamic batching, inputs and outputs.

    A graph can batch if all its inputs and outputs have a first dimension that varies. `max_batch_size: 0` can't be
    told from one that is not given.

    Returns:
        Warnings for the log.

    Raises:
        ModelConfigError: the configuration wants batches and the graph can't take them.
    """
    if is_complete(config):
        return []
    warnings: list[str] = []
    name = config.get("name", "")
    if all(tensor.dims[:1] == (-1,) for tensor in (*graph.inputs, *graph.outputs)):
        if not config.get("max_batch_size"):
            config["max_batch_size"] = DEFAULT_MAX_BATCH_SIZE
            warnings.append(
                f"autofilled max_batch_size to {DEFAULT_MAX_BATCH_SIZE} for model '{name}' since batching is "
                "supporrted but no max_batch_size is specified in model configuration. Must specify max_batch_size "
                "to utilize autofill with a larger max batch size"
            )
        if config["max_batch_size"] > 1 and "sequence_batching" not in config and "dynamic_batching" not in config:
            config["dynamic_batching"] = {}
    elif config.get("max_batch_size"):
        raise ModelConfigError(
            f"autofill failed for model '{name}': model does not support batching while non-zero max_batch_size is "
            "specified"
        )
    batching = bool(config.get("max_batch_size"))
    if not config.get("input") and not config.get("batch_input"):
        config["input"] = _entries(graph.inputs, batching)
    if not config.get("output"):
        config["output"] = _entries(graph.outputs, batching)
    return warnings


def _entries(tensors: Sequence[GraphTensor], batching: bool) -> list[Config]:
    return [_entry(tensor, batching) for tensor in tensors]


def _entry(tensor: GraphTensor, batching: bool) -> Config:
    dims = list(tensor.dims[1:] if batching else tensor.dims)
    entry: Config = {"name": tensor.name, "data_type": tensor.data_type, "dims": dims or [1]}
    if not dims and batching:
        entry["reshape"] = {"shape": []}
    return entry
