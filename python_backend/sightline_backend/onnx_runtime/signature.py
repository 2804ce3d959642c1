"""How the tensors of requests become those of the graph, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from sightline_backend.onnx_runtime.graph import Graph
from sightline_backend.onnx_runtime.texts import to_bytes, to_text
from sightline_backend.onnx_runtime.validation import sequence_controls

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Signature:
    """Names of a validated model's tensors, and which of them need translation.

    Triton has no scalars: a scalar of the graph is a tensor of ones in the configuration, e.g. [1]. And Triton's
    strings are bytes.
    """

    batching: bool
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    optional_names: frozenset[str]
    scalar_names: frozenset[str]
    output_dims: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, config: Mapping[str, Any], graph: Graph) -> Signature:
        """Read the signature from a configuration that `validate` has let pass."""
        inputs: list[Mapping[str, Any]] = config["input"]
        outputs: list[Mapping[str, Any]] = config["output"]
        controls = [str(control["name"]) for control in sequence_controls(config).values()]
        tensors = (*graph.inputs, *graph.initializers, *graph.outputs)
        return cls(
            batching=int(config.get("max_batch_size", 0)) > 0,
            input_names=(*(str(entry["name"]) for entry in inputs), *controls),
            output_names=tuple(str(entry["name"]) for entry in outputs),
            optional_names=frozenset(str(entry["name"]) for entry in inputs if entry.get("optional")),
            scalar_names=frozenset(tensor.name for tensor in tensors if not tensor.dims),
            output_dims={str(entry["name"]): tuple(int(dim) for dim in entry["dims"]) for entry in outputs},
        )

    def to_graph(self, name: str, array: Array) -> Array:
        """Translate an input of a request.

        Raises:
            TextError: a string is not UTF-8.
        """
        if array.dtype.kind == "O":
            array = to_text(name, array)
        return array.reshape(()) if name in self.scalar_names else array

    def from_graph(self, name: str, array: Array) -> Array:
        """Translate an output of the graph."""
        if array.dtype.kind in "OU":
            array = to_bytes(array)
        return array.reshape(self.output_dims[name]) if name in self.scalar_names else array
