"""A network that is ready to be exported: how its graph is written, and what it has to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
import torch
from torch import nn

from sightline_export.graph.trace import trace
from sightline_export.model_spec import ModelSpec
from sightline_export.repository.golden import stack
from sightline_export.runtimes import pytorch_runtime
from sightline_export.verification.parity import Runtime
from sightline_export.verification.truth import before_network

if TYPE_CHECKING:
    from sightline_export.graph.foreign import OnnxNetwork


@dataclass(frozen=True, eq=False)
class Candidate:
    """One network with its spec.

    write_graph: writes the served ONNX graph, given the metadata that goes into it. Raises GraphRefused.
    reference: what the graph must answer: PyTorch's answers, or those of the graph that somebody brought.
    origin: where it comes from, such as `recipe cnn`. weights: which weights, in a few words.
    notes: what was repaired on the way, for the person and the card.
    """

    spec: ModelSpec
    write_graph: Callable[[Path, Mapping[str, str]], None]
    reference: Runtime
    reference_name: str
    parameters: int
    origin: str
    weights: str
    notes: tuple[str, ...] = ()


def from_pytorch(spec: ModelSpec, network: nn.Module, origin: str, weights: str) -> Candidate:
    """The candidate that a PyTorch module makes."""
    signature = spec.task.network_signature(spec)
    graph = spec.task.graph(spec, network).eval()
    reference = pytorch_runtime(graph, signature)

    def write(path: Path, metadata: Mapping[str, str]) -> None:
        inputs = before_network(spec, stack(spec.task.requests(spec, 2)), reference)
        trace(
            graph,
            tuple(torch.from_numpy(inputs[tensor.name]) for tensor in signature.inputs),
            signature,
            path,
            metadata,
        )

    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Candidate(spec, write, reference, "PyTorch", parameters, origin, weights)


def from_onnx(spec: ModelSpec, network: OnnxNetwork, origin: str, weights: str) -> Candidate:
    """The candidate that somebody's ONNX file makes."""
    from sightline_export.graph.fuse import fuse
    from sightline_export.graph.reference import reference

    (output,) = spec.task.network_signature(spec).outputs
    finish = spec.task.finish

    def write(path: Path, metadata: Mapping[str, str]) -> None:
        fuse(network, spec.normalisation, spec.pixels, finish, output.name, path)
        model = onnx.load(path, load_external_data=False)
        onnx.helper.set_model_props(model, {entry.key: entry.value for entry in model.metadata_props} | dict(metadata))
        onnx.save(model, path)

    return Candidate(
        spec,
        write,
        reference(network, spec.normalisation, spec.pixels, finish, output.name),
        "the ONNX file",
        _weights(network.path),
        origin,
        weights,
        network.repairs,
    )


def _weights(path: Path) -> int:
    graph = onnx.load(path, load_external_data=False).graph
    return sum(prod(tensor.dims) for tensor in graph.initializer)
